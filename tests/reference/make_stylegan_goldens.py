# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes tests/models/goldens/stylegan*.safetensors with stylegan.py.

    python3 tests/reference/make_stylegan_goldens.py

Weights are random, also biases, styles' affine parts, noise, magnitudes and the
average; they are in the files, since a test reads them as it reads a model's.
Everything is computed in float64. With S2V_TEST_DATA=DIR it holds stylegan.py
against DIR/goldens/stylegan instead, which the published code made, and prints
the largest errors, of the largest magnitude of a tensor.
"""

import json
import os

import torch

import stylegan
import tensorfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "../models/goldens")

STYLEGAN2 = {"size": 32, "z": 6, "w": 5, "classes": 0, "base": 96, "max": 7,
             "mapping": 3, "codes": 8, "clamp": None, "kernel": [1, 3, 3, 1],
             "slope": 0.2}
STYLEGAN3 = {"size": 32, "z": 6, "w": 5, "classes": 0, "base": 64, "max": 6,
             "mapping": 2, "codes": 16, "clamp": 256, "variant": "T"}
DISCRIMINATOR = {"size": 32, "classes": 0, "base": 96, "max": 7, "group": 4}


def random_weights(shapes, seed):
    rng = torch.Generator().manual_seed(seed)
    p = {}
    for name, shape in shapes.items():
        x = torch.randn(shape, generator=rng)
        if ".fc" in name and "mapping" in name and name.endswith("weight"):
            x = 100 * x
        elif "mapping" in name and name.endswith("bias") and "embed" not in name:
            x = 20 * x
        elif name.endswith("affine.bias"):
            x = 1 + 0.3 * x
        elif name.endswith("magnitude_ema"):
            x = 0.5 + x.abs()
        elif name.endswith("input.transform"):
            x = torch.eye(3) + 0.1 * x
        elif name.endswith("freqs"):
            x = 3 * x
        p[name] = x
    return p


def with_filters(p, config):
    for layer in stylegan.layers(config):
        for kind in ("up", "down"):
            name = f"synthesis.{layer['name']}.{kind}_filter"
            if name in p:
                p[name] = layer[kind].float()
    return p


def leaves(p):
    return {name: x.double().requires_grad_() for name, x in p.items()}


def save(name, p, inputs, outputs, metadata):
    tensors = {key: x.detach().numpy() for key, x in p.items()}
    tensors.update({"in." + key: x.detach().numpy() for key, x in inputs.items()})
    tensors.update({"out." + key: x.detach().numpy() for key, x in outputs.items()})
    metadata = {key: x if key == "kind" else json.dumps(x)
                for key, x in metadata.items()}
    tensorfile.write(os.path.join(FOLDER, name + ".safetensors"), tensors, metadata)


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gradients(loss, named, prefix):
    found = torch.autograd.grad(loss, list(named.values()), create_graph=True,
                                allow_unused=True)
    return {f"{prefix}.{name}": g for name, g in zip(named, found) if g is not None}


def learned(p):
    buffers = ("noise_const", "w_avg", "magnitude_ema", "_filter", "freqs", "phases",
               "transform")
    return {name: x for name, x in p.items()
            if name.startswith("synthesis") and not name.endswith(buffers)}


def style_codes(p, config, z, c, psi, cutoff):
    w = stylegan.mapping(p, config, z, c)
    return w, stylegan.truncate(p, config, w, psi, cutoff)


def classes_of(config, n):
    return torch.eye(config["classes"])[torch.arange(n) % config["classes"]]


def make_generator(name, config, kind, seed, psi, cutoff, grad):
    shapes = getattr(stylegan, kind + "_shapes")(config)
    weights = random_weights(shapes, seed)
    if kind == "stylegan3":
        with_filters(weights, config)
    p, inputs = leaves(weights), {"z": normal(seed + 1, 2, config["z"])}
    if config["classes"]:
        inputs["c"] = classes_of(config, 2)
    w, ws = style_codes(p, config, inputs["z"].double(),
                        inputs["c"].double() if "c" in inputs else None, psi, cutoff)
    made = getattr(stylegan, kind)(p, config, ws)
    step = {"stylegan2": 1, "stylegan3": 7}[kind]
    out = {"w": w, "ws": ws}
    for key, x in made.items():
        out[key] = x if key == "img" else x[:1, :, 1::step, 2::step] if step > 1 \
            else x[:1]
    if grad:
        inputs["y"] = normal(seed + 2, *made["img"].shape)
        loss = (made["img"] * inputs["y"]).sum()
        out.update(gradients(loss, {"ws": ws}, "grad"))
        out.update(gradients(loss, learned(p), "grad"))
        if kind == "stylegan2":
            length = (out["grad.ws"].square().sum(2).mean(1)).sqrt()
            penalty = (length - 0.5).square().mean()
            out["pl_length"], out["pl_penalty"] = length, penalty.reshape(1)
            out.update(gradients(penalty, learned(p), "grad_pl"))
    metadata = {"kind": kind, "config": config, "psi": psi, "cutoff": cutoff,
                "noise": "const"}
    if step > 1:
        metadata["layer_outputs"] = (f"sample 0, all channels, rows 1::{step}, "
                                     f"columns 2::{step}")
    save(name, weights, inputs, out, metadata)


def make_discriminator(name, config, seed, penalised):
    weights = random_weights(stylegan.discriminator_shapes(config), seed)
    p = leaves(weights)
    inputs = {"img": normal(seed + 1, 4, 3, config["size"], config["size"])}
    if config["classes"]:
        inputs["c"] = classes_of(config, 4)
    img = inputs["img"].double().requires_grad_()
    out = stylegan.discriminator(p, config, img,
                                 inputs["c"].double() if "c" in inputs else None)
    out = {key: x[:1] if key.endswith(".x") else x for key, x in out.items()}
    if penalised:
        (g,) = torch.autograd.grad(out["logits"].sum(), img, create_graph=True)
        r1 = g.square().sum([1, 2, 3])
        out["grad_img"], out["r1"] = g, r1
        out.update(gradients(r1.mean() / 2, p, "grad_r1"))
    save(name, weights, inputs, out, {"kind": "stylegan2_discriminator",
                                      "config": config})


def make():
    make_generator("stylegan2", STYLEGAN2, "stylegan2", 10, 0.7, 5, True)
    make_generator("stylegan2_classes",
                   STYLEGAN2 | {"classes": 4, "clamp": 1.2, "mapping": 2},
                   "stylegan2", 20, 1, None, False)
    make_generator("stylegan3_t", STYLEGAN3, "stylegan3", 30, 0.7, 9, True)
    make_generator("stylegan3_r",
                   STYLEGAN3 | {"variant": "R", "classes": 3, "clamp": 2.5},
                   "stylegan3", 40, 0.8, None, False)
    make_discriminator("stylegan2_discriminator", DISCRIMINATOR, 50, True)
    make_discriminator("stylegan2_discriminator_classes",
                       DISCRIMINATOR | {"size": 16, "classes": 3, "group": 2}, 60, False)


# ---- against the published code ----


def compare(name, made, want, step):
    if made.shape != want.shape:
        made = made[:len(want)]
    if made.shape != want.shape:
        made = made[:, :, 1::step, 2::step]
    return float((made - want).abs().max() / want.abs().max())


def check(folder, name):
    tensors, metadata = tensorfile.read(os.path.join(folder, name + ".safetensors"))
    p = {key: torch.from_numpy(x).double() for key, x in tensors.items()}
    config, kind = json.loads(metadata["config"]), metadata["kind"]
    if kind == "fir":
        errors = []
        for i, case in enumerate(json.loads(metadata["cases"])):
            y = stylegan.upfirdn(p[f"in.{i}.x"], p[f"in.{i}.f"], case["up"],
                                 case["down"], case["lo"], case["hi"],
                                 case["gain_total"])
            errors.append(compare("y", y, p[f"out.{i}.y"], 1))
        return max(errors)
    if kind == "stylegan2_discriminator":
        made = stylegan.discriminator(p, config, p["in.img"], p.get("in.c"))
    else:
        w, ws = style_codes(p, config, p["in.z"], p.get("in.c"),
                            json.loads(metadata["psi"]),
                            json.loads(metadata["cutoff"]))
        noise = {key[len("in.noise."):]: x for key, x in p.items()
                 if key.startswith("in.noise.")}
        made = stylegan.stylegan2(p, config, ws, noise) if kind == "stylegan2" \
            else stylegan.stylegan3(p, config, ws)
        made |= {"w": w, "ws": ws}
    step = 7 if "t_128" in name else 5
    return max(compare(key, x, p["out." + key], step) for key, x in made.items()
               if "out." + key in p)


def main():
    data = os.environ.get("S2V_TEST_DATA")
    if not data:
        make()
        return
    for name in ("fir", "stylegan2_64", "stylegan2_32_classes", "stylegan2_32_grad",
                 "discriminator_32", "discriminator_16_classes", "stylegan3_t_64",
                 "stylegan3_t_128", "stylegan3_r_64"):
        folder = os.path.join(data, "goldens/stylegan")
        print(f"{name:26} {check(folder, name):.1e}")


if __name__ == "__main__":
    main()
