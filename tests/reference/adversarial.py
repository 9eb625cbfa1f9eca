# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ten whole training steps of "Listen and Move", and their golden files.

    python3 tests/reference/adversarial.py [--float32] [--print] [NAME...]

Configuration: the full generator (dilated R, MfS, SaC, acIN, noise, residual,
DirConvGRU) of N = 32, 16 to 32 channels; discriminators with skip connections;
T = 8 frames a step.  Test weights: seeds 1234 (R, G and the prediction layer),
1235 (D_I), 1236 (D_V), see README.md.

Step k = 0 .. 9 has clock c = 8 k and sees frames c .. c + 7 of one endless
clip:

  - sound features of frame t: normal(77, stream 0, frame t, band);
  - real frame t: clip(normal(21, stream 0, frame t) / 2, -1, 1), index
    (row N + column) 3 + channel;
  - seed 5 for all else: motion noise and noise planes of frame t (streams 0,
    1 + 2i, 2 + 2i), and, keyed by the clock, epsilons, the random frame and
    the order of shuffling (streams 0x100 .. 0x104, see README.md).

The recurrent states are zero before step 0.  A step is, in this order:

  1. v~ = G(f), from the states that the last step left, with the weights that
     it left; no gradient.
  2. L_I (5) and L_V's adversarial terms (6), lambda = 10; one step of Adam for
     D_I and for D_V, rate 4e-4.
  3. v~ again, from the same states and with the same noise (the same values:
     the generator has not changed), now with gradients; the new discriminators'
     -E[D_I(v~_t)] - E[D_V(v~)], same t, + alpha = 10 times the root of the
     video's number of values times the reconstruction loss; one step of Adam for
     G, R and the prediction layer, rate 1e-4.
  4. The states of 3, without gradient, are kept for the next step.

Adam: beta 0.3 and 0.999, epsilon 1e-8 (added to the root of the corrected
second moment), moments zero before step 0.

The reconstruction loss is the multi-scale L1 (mean |v~ - v| of the pictures,
and of them pooled by 2, 4, 8, added up), or, in `steps_squeezenet`, the
distance of perceptual.py of a SqueezeNet 1.1 with its test
weights in the Caffe form.

`steps_l1` is for float64: with the paper's rates rounding grows about tenfold a
step, since Adam's first steps are as long for the smallest gradients as for the
greatest.  `steps_slow` and `steps_squeezenet`, both rates a tenth, are calmer.

A golden file holds ten numbers each: `d_i.real`, `d_i.fake`, `d_i.penalty`,
`d_i.loss`, the same of `d_v` with `d_v.shuffled`, as they are in 2. before the
update; `g.image`, `g.video`, `g.reconstruction`, `g.loss` (of all, with alpha),
as they are in 3.  Computed in float64; --float32 compares PyTorch's float32
with the files.
"""

import argparse
import os

import numpy as np
import torch
from torch.nn import functional as F

import discriminator as disc
import listen_and_move as lm
import make_goldens
import perceptual
import philox
import tensorfile

STEPS = 10
FRAMES = 8
LAMBDA = 10
ALPHA = 10
RATE_G = 1e-4
RATE_D = 4e-4
BETAS = (0.3, 0.999)
SEED = 5
SEED_REAL = 21
SEED_D_I = 1235
SEED_D_V = 1236

CONFIG = {**make_goldens.FULL, "size": 32, "channels_max": 32}

# Name: (reconstruction, what both rates are multiplied by).
GOLDENS = {
    "steps_l1": ("l1", 1.0),
    "steps_slow": ("l1", 0.1),
    "steps_squeezenet": ("squeezenet1.1", 0.1),
}


def real_frames(clock, dtype):
    """v of a step: [T, 3, N, N]."""
    size = CONFIG["size"]
    frames = np.stack([philox.normal(SEED_REAL, 0, clock + t, size * size * 3)
                       for t in range(FRAMES)])
    values = np.clip(frames * np.float32(0.5), -1, 1)
    values = values.reshape(FRAMES, size, size, 3).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(values)).to(dtype)


def generator_inputs(config, clock, dtype):
    """(f, e, planes) of T frames."""
    frames = [lm.frame_inputs(config, clock + t, dtype)
              for t in range(FRAMES)]
    planes = [[torch.cat([frame[2][i][n] for frame in frames])
               for n in (0, 1)] for i in range(lm.layer_count(config))]
    return (torch.cat([frame[0] for frame in frames]),
            torch.cat([frame[1] for frame in frames]), planes)


def multiscale_l1(real, made):
    """The reconstruction loss without a perceptual network."""
    total = 0
    for factor in (1, 2, 4, 8):
        total = total + (F.avg_pool2d(made, factor)
                         - F.avg_pool2d(real, factor)).abs().mean()
    return total


def reconstruction(name, dtype):
    """The function (real, made) -> loss: "l1", or by a network's name."""
    if name == "l1":
        return multiscale_l1
    network = perceptual.Network(
        name, True, perceptual.test_weights(name, True, dtype))

    def distance(real, made):
        return perceptual.distance(network, real.permute(0, 2, 3, 1),
                                   made.permute(0, 2, 3, 1))
    return distance


def detached(state):
    """The same nest of lists and dictionaries, without gradients."""
    if isinstance(state, dict):
        return {key: detached(value) for key, value in state.items()}
    if isinstance(state, list):
        return [detached(value) for value in state]
    return state.detach()


class Training:
    """The three networks, their optimisers and the states."""

    def __init__(self, golden, dtype):
        config = lm.full_config(**CONFIG)
        skip = {**config, "connection": "skip"}
        self.config, self.dtype = config, dtype
        self.g = lm.test_model(config, dtype)
        self.d_i = disc.test_discriminator(skip, None, SEED_D_I, dtype)
        self.d_v = disc.test_discriminator(skip, FRAMES, SEED_D_V, dtype)
        loss, rate = GOLDENS[golden]
        self.reconstruction = reconstruction(loss, dtype)
        self.state = self.g.initial_state()
        self.adam = {
            network: torch.optim.Adam(network.parameters(), lr=rate * base,
                                      betas=BETAS, eps=1e-8)
            for network, base in ((self.g, RATE_G), (self.d_i, RATE_D),
                                  (self.d_v, RATE_D))}

    def update(self, network, loss):
        """One step of Adam for one network alone."""
        parameters = list(network.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        self.adam[network].step()

    def step(self, k):
        """Step k: {name: number}."""
        clock = k * FRAMES
        inputs = generator_inputs(self.config, clock, self.dtype)
        real = real_frames(clock, self.dtype)
        frame, order, epsilons = disc.draw(SEED, clock, FRAMES)
        with torch.no_grad():
            fake, _ = self.g(*inputs, self.state)
        image = disc.image_loss(self.d_i, real, fake, frame, epsilons[0],
                                LAMBDA)
        video = disc.video_loss(self.d_v, real, fake, order, epsilons[1:],
                                LAMBDA)
        self.update(self.d_i, image["loss"])
        self.update(self.d_v, video["loss"])
        fake, state = self.g(*inputs, self.state)
        made = disc.generator_loss(self.d_i, self.d_v, fake, frame)
        made["reconstruction"] = self.reconstruction(real, fake)
        made["loss"] = made["loss"] + (ALPHA * real.numel() ** 0.5 *
                                        made["reconstruction"])
        self.update(self.g, made["loss"])
        self.state = detached(state)
        parts = {"d_i.": image, "d_v.": video, "g.": made}
        return {prefix + name: value.item()
                for prefix, values in parts.items()
                for name, value in values.items()}


def make(golden, dtype=torch.float64):
    """{name: array of ten} of a golden file."""
    training = Training(golden, dtype)
    rows = [training.step(k) for k in range(STEPS)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def main():
    parser = argparse.ArgumentParser(description="see the file's head")
    parser.add_argument("--float32", action="store_true",
                        help="write nothing: compare float32 with the files")
    parser.add_argument("--print", action="store_true", help="the losses")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for golden in arguments.names or GOLDENS:
        path = os.path.join(make_goldens.OUTPUT, golden + ".safetensors")
        made = make(golden, torch.float32 if arguments.float32
                    else torch.float64)
        if arguments.float32:
            file = tensorfile.read(path)[0]
            for name, want in file.items():
                error = np.abs(made[name] - want).max()
                print("%s, %s: %.1e of the rms" % (
                    golden, name, error / np.sqrt(np.mean(want**2))))
        else:
            tensorfile.write(path, made, {"steps": str(STEPS),
                                          "frames": str(FRAMES),
                                          "rate": str(GOLDENS[golden][1])})
        if arguments.print:
            for name, values in made.items():
                print("%-17s" % name, " ".join("%9.5f" % v for v in values))


if __name__ == "__main__":
    main()
