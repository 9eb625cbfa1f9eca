#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares ten steps of `s2v-train stylegan2` with PyTorch's, by hand.

usage: check_stylegan2_training.py S2V_TRAIN [classes] [IMAGE-NETWORK]

Trains 16 iterations on random pictures, then ten more, the first of them with both
regularisers, and computes these in float64 from the same checkpoint: all terms of the
losses, then weights, averages and running means. With "classes", pictures are of three
classes. With an image network (a safetensors file of SqueezeNet 1.1), the critic is a
projected one, with DiffAugment.
"""
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch.nn import functional as F

import perceptual
import philox
import projected
import stylegan
import tensorfile

NETWORK = next((a for a in sys.argv[2:] if a != "classes"), None)
N = 64 if NETWORK else 32  # of a map of 3 pixels at least
BATCH, Z, FIRST, STEPS, SEED = 4, 8, 16, 6 if NETWORK else 10, 3
# Maxima and ReLUs of an image network take either side of a tie: smaller steps.
RATE, GAMMA, PATH, MIX, AVERAGE = 5e-4 if NETWORK else 0.0025, 2.0, 2.0, 0.7, 0.99
PICTURES = 6
CONFIG = {"size": N, "z": Z, "w": Z, "codes": 10 if NETWORK else 8, "mapping": 2, "classes": 0,
          "base": 128, "max": 8, "kernel": [1, 3, 3, 1], "slope": 0.2, "clamp": None,
          "group": 4}
CRITIC, GENERATOR = 0, 2  # one more: the lazy one
CLASSES = 3 if "classes" in sys.argv[2:] else 0


def words(stream, frame, blocks):
    at = np.arange(blocks, dtype=np.uint64)
    return philox.philox4x32((at, frame & 0xFFFFFFFF, frame >> 32, stream), (SEED, 0))


def uniform(stream, frame, count):
    x = np.stack(words(stream, frame, (count + 3) // 4), 1).reshape(-1)[:count]
    return ((x >> np.uint64(8)).astype(np.float64) + 0.5) / 2.0 ** 24


def rows(stream, step, n, *shape):
    """What s2vi_normal() gives: a row is a frame of the clock."""
    count = int(np.prod(shape))
    return torch.tensor(np.stack([
        philox.normal(SEED, stream, step * BATCH + i, count) for i in range(n)
    ])).double().reshape(n, *shape)


def class_of(picture):
    return picture * CLASSES // PICTURES


def one_hot(classes):
    return F.one_hot(torch.tensor(classes), CLASSES).double() if CLASSES else None


def pictures(folder):
    rng = np.random.default_rng(5)
    made = rng.integers(0, 256, (PICTURES, N, N, 3), dtype=np.uint8)
    for i, x in enumerate(made):
        inner = os.path.join(folder, f"class{class_of(i)}") if CLASSES else folder
        os.makedirs(inner, exist_ok=True)
        with open(os.path.join(inner, f"{i}.ppm"), "wb") as file:
            file.write(b"P6\n%d %d\n255\n" % (N, N) + x.tobytes())
    return torch.tensor(made).double().permute(0, 3, 1, 2) / 127.5 - 1


def train(program, folder, out, *more):
    subprocess.run([program, "stylegan2", folder, "-o", out, "--size", str(N),
                    "--base", "128", "--max", "8", "--latent", str(Z), "--batch",
                    str(BATCH), "--rate", str(RATE), "--critic-rate", str(RATE), "--r1",
                    str(0 if NETWORK else GAMMA), "--path", str(PATH), "--mix", str(MIX), "--average",
                    str(AVERAGE), "--split", "1", "--seed", str(SEED), "-q",
                    *(["--classes"] if CLASSES else []),
                    *(["--projected", NETWORK] if NETWORK else []), *more], check=True)


def image_network():
    tensors, metadata = tensorfile.read(NETWORK)
    weights = {k: torch.tensor(np.asarray(v)).double() for k, v in tensors.items()}
    return perceptual.Network("squeezenet1.1", "BGR" in metadata.get("input", ""),
                              weights)


def picked(stream, step):
    """Training pictures drawn at random."""
    x = np.stack(words(stream, step, BATCH), 1)
    return [(int(a) << 32 | int(b)) % PICTURES for a, b, _, _ in x]


class Training:
    """The state of a checkpoint, and an iteration from it."""

    def __init__(self, path, real):
        tensors, _ = tensorfile.read(path)
        self.all = {k: torch.tensor(np.asarray(v)).double() for k, v in tensors.items()}
        learned = [k[2:] for k in self.all if k.startswith("m.")]
        self.of_g = [k for k in learned if k.startswith(("mapping", "synthesis"))]
        self.of_d = [k for k in learned if k not in self.of_g]
        self.real = real
        self.network = image_network() if NETWORK else None
        for k in learned:
            self.all[k].requires_grad_()

    def made(self, ws, step):
        noise = {}
        for side in (4, 8, 16, 32, 64)[:4 + (N > 32)]:
            for conv in (0, 1) if side > 4 else (1,):
                noise[f"b{side}.conv{conv}"] = rows(0x400 + 2 * side + conv, step,
                                                    len(ws), 1, side, side)
        return stylegan.stylegan2(self.all, CONFIG, ws, noise)["img"]

    def codes(self, k, step):
        z = philox.normal(SEED, 0x510 + k, step, 2 * BATCH * Z).reshape(-1, Z)
        c = one_hot([class_of(i) for i in picked(0x508 + k, step)])
        w = stylegan.mapping(self.all, CONFIG, torch.tensor(z).double(),
                             c.repeat(2, 1) if CLASSES else None)
        u = uniform(0x518 + k, step, 2 * BATCH).reshape(-1, 2)
        L = CONFIG["codes"]
        ws = w[:BATCH, None].repeat(1, L, 1)
        for i, (which, where) in enumerate(u):
            if which < MIX:
                ws[i, 1 + int(where * (L - 1)):] = w[BATCH + i]
        return w, ws, c

    def augmented(self, x, stream, step):
        u = uniform(stream, step, 7 * BATCH).reshape(BATCH, 7)
        return projected.diffaugment(x, u)

    def projected_critic(self, step):
        """The losses, and what the spectral norms keep."""
        _, ws, c = self.codes(CRITIC, step)
        pick = picked(0x501, step)
        made = self.augmented(self.made(ws, step).detach(), 0x528 + CRITIC, step)
        real = self.augmented(self.real[pick], 0x520 + CRITIC, step)
        of_made, _ = projected.critic(self.all, self.network, made, c)
        of_real, kept = projected.critic(self.all, self.network, real,
                                         one_hot([class_of(i) for i in pick]))
        loss = sum(F.relu(1 + x).mean() for x in of_made) + sum(
            F.relu(1 - x).mean() for x in of_real)
        self.learn(self.of_d, loss, step, False)
        self.all.update(kept)
        return {"d.loss": loss, "d.real": sum(x.mean() for x in of_real) / 4,
                "d.made": sum(x.mean() for x in of_made) / 4}

    def of_generated(self, x, c, k, step):
        """The generator's loss."""
        if not self.network:
            return F.softplus(-self.logits(x, c)).mean()
        x = self.augmented(x, 0x528 + k, step)
        logits, _ = projected.critic(self.all, self.network, x, c)
        return -sum(y.mean() for y in logits)

    def logits(self, x, c):
        d = {k.replace("classes.", "mapping."): self.all[k] for k in self.of_d}
        return stylegan.discriminator(d, CONFIG, x, c)["logits"]

    def learn(self, names, loss, step, average):
        for name, g in zip(names, torch.autograd.grad(
                loss, [self.all[k] for k in names])):
            p, v = self.all[name], self.all["v." + name]
            if average:
                decay = min(AVERAGE, (1 + step) / (10 + step))
                self.all["ema." + name] = torch.lerp(
                    p.detach(), self.all["ema." + name], decay)
            v = self.all["v." + name] = 0.99 * v + 0.01 * g.square()
            hat = v / (1 - 0.99 ** (step + 1))
            p.data -= RATE * g / (hat.sqrt() + 1e-8)

    def critic(self, step):
        if self.network:
            return self.projected_critic(step)
        lazy = step % 16 == 0
        _, ws, c = self.codes(CRITIC + lazy, step)
        made = self.made(ws, step).detach()
        pick = picked(0x501, step)
        real = self.real[pick].requires_grad_()
        of_made = self.logits(made, c)
        of_real = self.logits(real, one_hot([class_of(i) for i in pick]))
        loss = F.softplus(of_made).mean() + F.softplus(-of_real).mean()
        terms = {"d.loss": loss, "d.real": of_real.mean(), "d.made": of_made.mean()}
        if lazy:
            (g,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            terms["d.r1"] = g.square().sum([1, 2, 3]).mean() * GAMMA / 2 * 16
            loss = loss + terms["d.r1"]
        self.learn(self.of_d, loss, step, False)
        return terms

    def generator(self, step):
        lazy = step % 4 == 0
        w, ws, c = self.codes(GENERATOR + lazy, step)
        loss = self.of_generated(self.made(ws, step), c, GENERATOR + lazy, step)
        terms = {"loss": loss}
        if lazy:
            part = ws[:BATCH // 2]
            made = self.made(part, step)
            along = rows(0x500, step, len(part), N, N, 3).permute(0, 3, 1, 2) / N
            (g,) = torch.autograd.grad((made * along).sum(), part, create_graph=True)
            length = (g.square().sum(2).mean(1) + 1e-8).sqrt()
            mean = torch.lerp(length.mean().detach(),
                              self.all["training.path_length"], 0.99)
            self.all["training.path_length"] = mean
            terms["path"] = (length - mean).square().mean() * PATH * 4
            terms["path.length"] = length.mean()
            loss = loss + terms["path"]
        off = (w.detach() - self.all["mapping.w_avg"]).square().mean(0)
        for name, x in ("training.w_variance", off), ("mapping.w_avg",
                                                      w.detach().mean(0)):
            self.all[name] = torch.lerp(x, self.all[name], 0.998)
        self.learn(self.of_g, loss, step, True)
        return terms


def compare(name, got, want, worst):
    got, want = np.asarray(got), want.detach().numpy().reshape(np.shape(got))
    apart = np.abs(got - want).max() / max(np.abs(want).max(), 1e-3)
    if apart > worst[0]:
        worst[:] = [apart, name]


def main():
    CONFIG["classes"] = CLASSES
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "pictures")
        os.mkdir(folder)
        real = pictures(folder)
        out, table = os.path.join(tmp, "a.bin"), os.path.join(tmp, "a.csv")
        train(sys.argv[1], folder, out, "--iterations", str(FIRST))
        mine = Training(out + ".ckpt", real)
        train(sys.argv[1], folder, out, "--iterations", str(FIRST + STEPS), "--resume",
              out + ".ckpt", "--curves", table)
        with open(table, encoding="utf-8") as file:
            told = list(csv.DictReader(file))
        worst, last = [0, ""], [0, ""]
        for step in range(FIRST, FIRST + STEPS):
            terms = mine.critic(step) | mine.generator(step)
            line = told[step - FIRST]
            assert int(line["iteration"]) == step + 1
            for k, value in terms.items():
                compare(f"{k} of iteration {step + 1}", float(line[k]), value, worst)
        tensors, _ = tensorfile.read(out + ".ckpt")
        for k, value in mine.all.items():
            if not k.startswith("m."):
                compare(k, tensors[k], value, last)
        print(f"terms of {STEPS} steps: at most {worst[0]:.1e} apart ({worst[1]})")
        print(f"what they leave: at most {last[0]:.1e} apart ({last[1]})")
        sys.exit(1 if worst[0] > 1e-4 or last[0] > 1e-4 else 0)


if __name__ == "__main__":
    main()
