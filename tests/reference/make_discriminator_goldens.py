# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the golden files of the discriminators: see README.md.

    python3 tests/reference/make_discriminator_goldens.py
        [--float32 | --search SEEDS] [NAME...]
"""

import argparse
import os
import re
import sys

import numpy as np
import torch

import discriminator as disc
import make_goldens
import philox
import tensorfile

FRAMES = 8
SIZE = 32
LAMBDA = 10
SEED_D_I = 1235  # of the test weights
SEED_D_V = 1236
GRADIENT_SAMPLES = 240
CORNER = 1e-6  # every activation is farther from 0

# Name: (connection, seed of the videos and of the random choices).
GOLDENS = {
    "disc_skip32": ("skip", 3),
    "disc_residual32": ("residual", 7),
    "disc_none32": ("none", 7),
}


def configuration(connection):
    """What the discriminators need of a generator's configuration."""
    return {"size": SIZE, "channels_min": 16, "channels_max": 32,
            "connection": connection}


def video(seed, stream, dtype):
    """clip(normal / 2, -1, 1), index (row N + column) 3 + c: [T, 3, N, N]."""
    frames = np.stack([philox.normal(seed, stream, t, SIZE * SIZE * 3)
                       for t in range(FRAMES)])
    values = np.clip(frames * np.float32(0.5), -1, 1)
    values = values.reshape(FRAMES, SIZE, SIZE, 3).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(values)).to(dtype)


def sampled(gradient):
    """At most GRADIENT_SAMPLES elements, flattened, evenly spread: [n]."""
    flat = gradient.detach().reshape(-1).numpy()
    if flat.size <= GRADIENT_SAMPLES:
        return flat
    return flat[np.arange(GRADIENT_SAMPLES) * flat.size // GRADIENT_SAMPLES]


def store(golden, label, name, gradient):
    golden[label + name] = sampled(gradient)
    golden[label.replace("grad", "gradnorm") + name] = \
        gradient.norm().detach().reshape(1).numpy()


def keep_gradients(golden, d, name, parts):
    """Of the loss, and of the penalty alone, of every parameter."""
    names, parameters = zip(*d.named_parameters())
    for label, value in (("grad.", parts["loss"]),
                         ("penalty.grad.", parts["penalty"])):
        for key, gradient in zip(names, torch.autograd.grad(
                value, parameters, retain_graph=True)):
            store(golden, label, name + key, gradient)


def make(connection, seed, dtype=torch.float64):
    """{name: array} of a golden file."""
    config = configuration(connection)
    d_i = disc.test_discriminator(config, None, SEED_D_I, dtype)
    d_v = disc.test_discriminator(config, FRAMES, SEED_D_V, dtype)
    real, fake = video(seed, 0, dtype), video(seed, 1, dtype)
    frame, order, epsilons = disc.draw(seed, 0, FRAMES)
    golden = {"frame": np.array([frame]), "order": np.array(order)}
    with torch.no_grad():
        golden["d_i.map"] = d_i(real[frame:frame + 1]).reshape(-1).numpy()
        golden["d_v.map"] = d_v(disc.as_video(real)).reshape(-1).numpy()
    losses = {
        "d_i.": (d_i, disc.image_loss(d_i, real, fake, frame, epsilons[0],
                                      LAMBDA)),
        "d_v.": (d_v, disc.video_loss(d_v, real, fake, order, epsilons[1:],
                                      LAMBDA)),
    }
    for name, (d, parts) in losses.items():
        for part, value in parts.items():
            golden[name + part] = value.detach().reshape(1).numpy()
        keep_gradients(golden, d, name, parts)
    fake = fake.clone().requires_grad_()
    parts = disc.generator_loss(d_i, d_v, fake, frame)
    for part, value in parts.items():
        golden["g." + part] = value.detach().reshape(1).numpy()
    gradient, = torch.autograd.grad(parts["loss"], fake)
    # In the memory's order, (T, N, N, 3).
    store(golden, "g.grad", "", gradient.permute(0, 2, 3, 1))
    return golden


def nearest_corner(connection, seed):
    """How near any LeakyReLU's input comes to 0."""
    nearest = []
    disc.watch = lambda x: nearest.append(float(x.detach().abs().min()))
    make(connection, seed)
    disc.watch = None
    return min(nearest)


def compare(name, made, golden):
    """How far a computation is from a golden file: prints a line a kind."""
    worst = {}
    for key, want in golden.items():
        kind = re.sub(r"(grad|gradnorm)\..*", r"\1", key)
        error = np.abs(np.asarray(made[key]) - want).max()
        error /= np.sqrt(np.mean(np.square(want))) + 1e-12
        worst[kind] = max(worst.get(kind, (0, "")), (float(error), key))
    for kind, (error, key) in worst.items():
        print("%s, %s: %.1e (%s)" % (name, kind, error, key), flush=True)


def main():
    parser = argparse.ArgumentParser(description="see the file's head")
    parser.add_argument("--float32", action="store_true",
                        help="write nothing: compare float32 with the files")
    parser.add_argument("--search", type=int, default=0, metavar="SEEDS",
                        help="write nothing: seeds' distances from a corner")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.names or GOLDENS:
        connection, seed = GOLDENS[name]
        path = os.path.join(make_goldens.OUTPUT, name + ".safetensors")
        if arguments.search:
            print(name, sorted(((nearest_corner(connection, s), s) for s in
                                range(arguments.search)), reverse=True)[:3])
        elif arguments.float32:
            compare(name, make(connection, seed, torch.float32),
                    tensorfile.read(path)[0])
        elif nearest_corner(connection, seed) < CORNER:
            sys.exit("%s: an activation within %g of a corner: choose another "
                     "seed" % (name, CORNER))
        else:
            tensorfile.write(path, make(connection, seed), {
                "connection": connection, "size": str(SIZE),
                "frames": str(FRAMES), "channels_min": "16",
                "channels_max": "32", "seed": str(seed)})
            print("%s: %d bytes" % (name, os.path.getsize(path)), flush=True)


if __name__ == "__main__":
    main()
