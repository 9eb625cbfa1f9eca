# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the golden files of the generator: see README.md.

    python3 tests/reference/make_goldens.py [--threads N] [--float32] [NAME...]
"""

import argparse
import json
import os
import sys
import time

import numpy as np
import torch

import listen_and_move as lm
import philox
import tensorfile

FRAMES = 20
SHORT = 6
GRID = 16  # pixels kept along each side
GRID_OFFSET = 1
GRADIENT_SAMPLES = 300
LOSS_SEED = 9
CORNER = 1e-6  # a short golden's activations are farther from 0

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUT = os.path.join(HERE, "..", "models", "goldens")

FULL = {"motion": "dilated", "mfs": True, "sac": True, "acin": True,
        "noise": True, "connection": "residual", "prediction": "dirconvgru"}
BASELINE = {"motion": "gru", "mfs": True, "sac": False, "acin": False,
            "noise": True, "connection": "residual", "prediction": "none"}

# Name: (changes to the default configuration, with gradients, frames).  The
# short ones of size 32 have so few activations that none need be at a
# LeakyReLU's corner, where rounding decides the gradient: see README.md.
GOLDENS = {
    "full64": ({**FULL, "size": 64, "channels_max": 64}, True, FRAMES),
    "baseline64": ({**BASELINE, "size": 64, "channels_max": 32}, True, FRAMES),
    "sac64": ({**BASELINE, "mfs": False, "sac": True, "size": 64,
               "channels_max": 32}, True, FRAMES),
    "acin64": ({**BASELINE, "acin": True, "prediction": "convgru",
                "size": 64, "channels_max": 32}, True, FRAMES),
    "skip64": ({**FULL, "connection": "skip", "size": 64,
                "channels_max": 32}, True, FRAMES),
    "none64": ({**FULL, "connection": "none", "noise": False, "size": 64,
                "channels_max": 32}, True, FRAMES),
    "full128": ({**FULL, "size": 128, "channels_max": 64}, False, FRAMES),
    "full256": ({**FULL, "size": 256, "channels_max": 512}, False, FRAMES),
    "full32": ({**FULL, "size": 32, "channels_max": 32}, True, SHORT),
    "sac32": ({**BASELINE, "mfs": False, "sac": True, "size": 32,
               "channels_max": 32}, True, SHORT),
    "acin32": ({**BASELINE, "acin": True, "prediction": "convgru",
                "size": 32, "channels_max": 32}, True, SHORT),
}


def rms(x):
    """Root mean square of all elements."""
    return float(x.detach().pow(2).mean().sqrt())


def loss_weights(config, frame):
    """w_t of the loss: [1, 3, N, N]."""
    size = config["size"]
    values = philox.normal(LOSS_SEED, 0, frame, 3 * size * size)
    return torch.from_numpy(values).double().reshape(1, 3, size, size)


def sampled(gradient):
    """At most GRADIENT_SAMPLES elements, flattened, evenly spread: [n]."""
    flat = gradient.reshape(-1).numpy()
    if flat.size <= GRADIENT_SAMPLES:
        return flat
    return flat[np.arange(GRADIENT_SAMPLES) * flat.size // GRADIENT_SAMPLES]


def nearest_corner(config, count):
    """How near any LeakyReLU's input comes to 0 in `count` frames."""
    nearest = []

    def watched(x, leaky=lm.leaky):
        nearest.append(float(x.abs().min()))
        return leaky(x)

    model = lm.test_model(config, torch.float64)
    state = model.initial_state()
    plain, lm.leaky = lm.leaky, watched
    with torch.no_grad():
        for t in range(count):
            _, state = model(*lm.frame_inputs(config, t), state)
    lm.leaky = plain
    return min(nearest)


def make(config, with_gradients, count, dtype=torch.float64):
    """Runs `count` frames one by one: {name: array} of a golden file."""
    model = lm.test_model(config, dtype)
    step = config["size"] // GRID
    rows = {"frames": [], "frame_mean": [], "frame_rms": [], "m": [],
            "x_rms": [], "xpp_rms": []}
    loss = torch.zeros((), dtype=dtype)
    state = model.initial_state()
    with torch.set_grad_enabled(with_gradients):
        for t in range(count):
            trace = {}
            f, e, planes = lm.frame_inputs(config, t, dtype)
            frame, state = model(f, e, planes, state, trace)
            if with_gradients:
                loss = loss + (frame * loss_weights(config, t)).mean()
            image = frame.detach()[0]
            rows["frames"].append(
                image[:, GRID_OFFSET::step, GRID_OFFSET::step].numpy())
            rows["frame_mean"].append(image.mean(dim=(1, 2)).numpy())
            rows["frame_rms"].append(
                image.pow(2).mean(dim=(1, 2)).sqrt().numpy())
            rows["m"].append(trace["m"].detach()[0].numpy())
            rows["x_rms"].append([rms(x) for x in trace["x"]])
            rows["xpp_rms"].append(rms(trace["xpp"]))
    golden = {name: np.stack(values) for name, values in rows.items()}
    if with_gradients:
        loss.backward()
        golden["loss"] = loss.detach().reshape(1).numpy()
        for name, parameter in sorted(model.named_parameters()):
            golden["grad." + name] = sampled(parameter.grad)
            golden["gradnorm." + name] = parameter.grad.norm().reshape(1)
    return golden


def deviation(made, golden):
    """How far a computation is from a golden file: a sentence."""
    words = ["frames %.1e" % np.abs(made["frames"] - golden["frames"]).max()]
    relative = sorted(
        float(np.linalg.norm(made[name] - golden[name])
              / np.linalg.norm(golden[name]))
        for name in golden if name.startswith("grad."))
    if relative:
        words.append("gradients, relative: median %.1e, largest %.1e" % (
            relative[len(relative) // 2], relative[-1]))
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--float32", action="store_true",
                        help="write nothing: compare float32 with the files")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.names or GOLDENS:
        changes, with_gradients, count = GOLDENS[name]
        config = lm.full_config(**changes)
        path = os.path.join(OUTPUT, name + ".safetensors")
        if arguments.float32:
            made = make(config, with_gradients, count, torch.float32)
            print(name + ": " + deviation(made, tensorfile.read(path)[0]),
                  flush=True)
            continue
        if count == SHORT and nearest_corner(config, count) < CORNER:
            sys.exit("%s: an activation within %g of a corner: choose another "
                     "configuration" % (name, CORNER))
        begin = time.time()
        golden = make(config, with_gradients, count)
        tensorfile.write(path, golden, {"s2v.config": json.dumps(config)})
        print("%s: %d bytes, %.1f s" % (name, os.path.getsize(path),
                                        time.time() - begin), flush=True)


if __name__ == "__main__":
    main()
