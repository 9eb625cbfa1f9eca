# SPDX-License-Identifier: LGPL-2.1-or-later
"""Eager PyTorch peer of the "Listen and Move" generator, for comparison.

    python3 bench/peer_torch.py --weights MODEL.bin --threads 2
    python3 bench/peer_torch.py --config size=128 channels_max=512
    python3 bench/peer_torch.py --train --config size=64
    python3 bench/peer_torch.py --train --adversarial --config size=64

Generation: frame by frame, float32, without gradients: median milliseconds
of a frame.  --train: one reconstruction iteration (forward, backward and
Adam) on T frames; with --adversarial a whole one, of which the frames are made
once: both discriminators' losses with gradient penalties and Adam, then the
generator's.  Prints one JSON object.

The network is tests/reference/listen_and_move.py's, in a form that suits
eager PyTorch: a directional convolution is one dense kernel (of the input: of
all T frames at once in training); instance norm is PyTorch's group norm; the
1 x 1 shortcut is taken before the upsampling.  --form reference times the
plain module.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "reference"))

import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import discriminator as disc  # noqa: E402
import listen_and_move as lm  # noqa: E402
import tensorfile  # noqa: E402


# The network in its eager form: functions over the reference's parameters.

def upsample(x):
    """Nearest x2: [T, C, H, W] -> [T, C, 2H, 2W]."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def norm(module, x, f):
    """Instance norm and its affine: x [T, C, H, W], f [T, B]."""
    if isinstance(module, lm.InstanceNorm):
        return F.group_norm(x, x.shape[1], module.weight, module.bias,
                            lm.EPSILON)
    gamma = lm.leaky(module.gamma(f))[:, :, None, None]
    beta = lm.leaky(module.beta(f))[:, :, None, None]
    x = F.group_norm(x, x.shape[1], eps=lm.EPSILON)
    return torch.addcmul(beta, x, gamma)


def layer_forward(layer, x, f, planes):
    """A main layer: x [T, c_in, H, W] -> [T, c_out, 2H, 2W]."""
    y = layer.conv1(upsample(x))
    if layer.noise1 is not None:
        y = torch.addcmul(y, planes[0],
                          layer.noise1.scale.reshape(1, -1, 1, 1))
    y = F.leaky_relu_(norm(layer.norm1, y, f), lm.SLOPE)
    y = layer.conv2(y)
    if layer.noise2 is not None:
        y = torch.addcmul(y, planes[1],
                          layer.noise2.scale.reshape(1, -1, 1, 1))
    y = norm(layer.norm2, y, f)
    if layer.shortcut is not None:
        y = y + upsample(layer.shortcut(x))
    return F.leaky_relu_(y, lm.SLOPE)


class Cell:
    """One prediction cell: its two convolutions with dense kernels.

    A directional convolution of reach R = (K - 1) / 2 along the motion is one
    kernel of K x (R + 1) (for axis "h") taps, the pixels out of the triangle
    zero.  With R zeros on every side the output is R wider than the image;
    the part to keep depends on the sign.
    """

    def __init__(self, module, sign, kernel):
        self.reach = kernel // 2
        self.axis = getattr(module.input, "axis", None)
        self.sign = sign
        self.input = self.dense(module.input)
        self.hidden = self.dense(module.hidden)

    def dense(self, conv):
        """The kernel and bias of a convolution of the cell."""
        if self.axis is None:
            return conv.weight, conv.bias
        c_out, c_in = conv.weight0.shape[:2]
        reach = self.reach
        lines = [F.pad(getattr(conv, "weight%d" % k).reshape(c_out, c_in, -1),
                       (reach - k, reach - k)) for k in range(reach + 1)]
        if self.sign > 0:  # the farthest pixel first
            lines.reverse()
        along = 3 if self.axis == "h" else 2
        return torch.stack(lines, dim=along), conv.bias

    def convolve(self, x, kernel):
        """x [T, C, N, N] -> [T, 3P, N, N]."""
        y = F.conv2d(x, *kernel, padding=self.reach)
        if self.axis is None:
            return y
        begin = 0 if self.sign > 0 else self.reach
        if self.axis == "h":
            return y[:, :, :, begin:begin + x.shape[3]]
        return y[:, :, begin:begin + x.shape[2]]

    def step(self, a, h):
        """a [1, 3P, N, N] of the input, h [1, P, N, N] -> next h."""
        p = h.shape[1]
        b = self.convolve(h, self.hidden)
        r, z = torch.sigmoid(a[:, :2 * p] + b[:, :2 * p]).chunk(2, dim=1)
        n = torch.tanh(torch.addcmul(a[:, 2 * p:], r, b[:, 2 * p:]))
        return torch.lerp(n.to(h.dtype), h, z.to(h.dtype))  # bf16: autocast


class Prediction:
    """The prediction layer; rebuilt when the parameters change."""

    def __init__(self, module, kernel):
        self.cells = [Cell(module.c, 0, kernel)]
        if module.h is not None:
            self.cells = [Cell(module.h, +1, kernel),
                          Cell(module.h, -1, kernel), self.cells[0],
                          Cell(module.v, +1, kernel),
                          Cell(module.v, -1, kernel)]
        self.output = (torch.cat([module.blend.weight, module.mask.weight]),
                       torch.cat([module.blend.bias, module.mask.bias]))

    def forward(self, x, state):
        """x [T, C, N, N], state: D of [1, P, N, N] -> x'', the last state."""
        inputs = [cell.convolve(x, cell.input) for cell in self.cells]
        together = []
        for t in range(len(x)):
            state = [cell.step(a[t:t + 1], h)
                     for cell, a, h in zip(self.cells, inputs, state)]
            together.append(torch.cat(state, dim=1))
        y = F.conv2d(torch.cat(together) if len(x) > 1 else together[0],
                     *self.output)
        mask = torch.sigmoid(y[:, x.shape[1]:])
        return torch.lerp(y[:, :x.shape[1]].to(x.dtype), x,
                          mask.to(x.dtype)), state


class Eager:
    """The whole network: the reference's parameters, the eager form."""

    def __init__(self, model, layout):
        self.model = model
        self.format = (torch.channels_last if layout == "channels_last"
                       else torch.contiguous_format)
        self.prediction = None
        self.fold()

    def fold(self):
        """Rebuilds what is made of the parameters (after each update)."""
        if self.model.p is not None:
            self.prediction = Prediction(
                self.model.p, self.model.config["prediction_kernel"])

    def initial_state(self):
        """The zero state, as the reference's."""
        return self.model.initial_state()

    def __call__(self, f, e, planes, state):
        """As ListenAndMove.forward."""
        model = self.model
        r = torch.cat([f, e], dim=1) if model.config["mfs"] else e
        state = dict(state)
        motion = []
        for t in range(len(r)):
            m_t, state["r"] = model.r(r[t:t + 1], state["r"])
            motion.append(m_t)
        m = torch.cat(motion)
        z = torch.cat([f, m], dim=1) if model.config["sac"] else m
        x = z[:, :, None, None].expand(-1, -1, 4, 4)
        x = model.g.input(x.contiguous(memory_format=self.format))
        outputs = []
        for layer, pair in zip(model.g.layers, planes):
            x = layer_forward(layer, x, f, pair)
            outputs.append(x)
        if self.prediction is not None:
            outputs[-1], state["p"] = self.prediction.forward(x, state["p"])
        return model.g.to_rgb(outputs), state


def detach(state):
    """The state without its history."""
    if isinstance(state, torch.Tensor):
        return state.detach()
    if isinstance(state, dict):
        return {key: detach(value) for key, value in state.items()}
    return [detach(value) for value in state]


def random_inputs(config, frames):
    """Motion noise [T, E] and noise planes [T, 1, N_i, N_i] of PyTorch's."""
    e = torch.randn(frames, config["noise_e"])
    planes = [None] * lm.layer_count(config)
    if config["noise"]:
        planes = [[torch.randn(frames, 1, 8 * 2**i, 8 * 2**i)
                   for _ in range(2)] for i in range(len(planes))]
    return e, planes


def initialize(model):
    """The paper's initialization, for training.

    With the tests' weights the dilated R's state grows without bound over
    the iterations (its residual outputs are its states).
    """
    for name, parameter in model.named_parameters():
        if name.startswith("p.") and parameter.dim() > 1:
            torch.nn.init.orthogonal_(parameter)
        elif parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0.0, 0.02)
        elif name.endswith((".weight", ".gamma.bias")):
            torch.nn.init.ones_(parameter)
        else:
            torch.nn.init.zeros_(parameter)


def build(arguments):
    """The float32 model of --weights or --config.

    Without --weights: the tests' weights, or the paper's initialization.
    """
    if arguments.weights:
        weights, metadata = tensorfile.read(arguments.weights)
        given = json.loads(metadata["s2v.config"])
        config = lm.full_config(**{key: value for key, value in given.items()
                                   if key in lm.DEFAULTS})
        model = lm.ListenAndMove(config)
        lm.load(model, weights)
        return model
    changes = {}
    for item in arguments.config or ["size=64"]:
        key, _, value = item.partition("=")
        try:
            changes[key] = json.loads(value)
        except ValueError:
            changes[key] = value
    config = lm.full_config(**changes)
    if not arguments.train:
        return lm.test_model(config, torch.float32)
    model = lm.ListenAndMove(config)
    initialize(model)
    return model


def prepare(model, arguments, layout):
    """The callable to time."""
    if arguments.form == "reference":
        return model
    if layout == "channels_last":
        model.g.to(memory_format=torch.channels_last)
    else:
        model.g.to(memory_format=torch.contiguous_format)
    return Eager(model, layout)


def read_features(config, arguments, frames):
    """Features [T, B]: of --features, else the tests' random ones."""
    if arguments.features:
        tensors, _ = tensorfile.read(arguments.features)
        features = torch.from_numpy(tensors["features"])
        return features[torch.arange(frames) % len(features)]
    return torch.cat([torch.from_numpy(
        lm.sound_features(config, t, arguments.feature_seed))
        for t in range(frames)])


def time_frames(network, config, features, arguments, keep):
    """Makes len(features) frames: ([milliseconds], [frames kept])."""
    times, kept = [], []
    state = network.initial_state()
    with torch.no_grad():
        for t in range(len(features)):
            f = features[t:t + 1]
            if keep:  # the s2v noise, outside the clock
                e, planes = philox_inputs(config, t, arguments.noise_seed)
            begin = time.perf_counter()
            if not keep:
                e, planes = random_inputs(config, 1)
            frame, state = network(f, e, planes, state)
            times.append((time.perf_counter() - begin) * 1e3)
            if keep:
                kept.append(frame)
    return times, kept


def philox_inputs(config, frame, seed):
    """Motion noise and planes of s2v's random numbers, float32."""
    e = torch.from_numpy(lm.motion_noise(config, frame, seed))
    planes = [None] * lm.layer_count(config)
    if config["noise"]:
        planes = [[torch.from_numpy(plane) for plane in pair]
                  for pair in lm.noise_planes(config, frame, seed)]
    return e, planes


def choose_layout(measure, arguments):
    """The faster memory layout by a short trial, or the one asked for."""
    if arguments.form == "reference":
        return "contiguous"
    if arguments.layout != "auto":
        return arguments.layout
    return min(("contiguous", "channels_last"), key=measure)


def generate(model, arguments):
    """Times generation; returns the row."""
    config = model.config

    def measure(layout):
        network = prepare(model, arguments, layout)
        features = read_features(config, arguments, 8)
        times, _ = time_frames(network, config, features, arguments, False)
        return statistics.median(times[2:])

    with torch.no_grad():
        layout = choose_layout(measure, arguments)
        network = prepare(model, arguments, layout)
    keep = bool(arguments.dump)
    warmup = 0 if keep else 3
    features = read_features(config, arguments, arguments.frames + warmup)
    times, frames = time_frames(network, config, features, arguments, keep)
    if keep:
        tensorfile.write(arguments.dump,
                         {"frames": torch.cat(frames).numpy()},
                         {"s2v.config": json.dumps(config)})
    median = statistics.median(times[warmup:])
    return {"what": "generate", "layout": layout, "frames": arguments.frames,
            "noise": "philox, not timed" if keep else "torch, timed",
            "median_ms": round(median, 3), "fps": round(1e3 / median, 2)}


def multiscale_l1(frames, target):
    """Mean absolute differences at 1, 1/2, 1/4 and 1/8 size, summed."""
    loss = F.l1_loss(frames, target)
    for _ in range(3):
        frames = F.avg_pool2d(frames, 2)
        target = F.avg_pool2d(target, 2)
        loss = loss + F.l1_loss(frames, target)
    return loss


class Critics:
    """D_I and D_V, and the two updates of an adversarial iteration."""

    def __init__(self, config, frames):
        skip = {**config, "connection": "skip"}
        self.image = disc.Discriminator(skip)
        self.video = disc.Discriminator(skip, frames)
        self.adam = [torch.optim.Adam(network.parameters(), lr=4e-4,
                                      betas=(0.3, 0.999))
                     for network in (self.image, self.video)]

    def learn(self, real, fake):
        """One step of both; the frame that the generator's step uses too."""
        frames = len(real)
        frame = torch.randint(frames, ()).item()
        epsilons = torch.rand(3)
        losses = (
            disc.image_loss(self.image, real, fake, frame, epsilons[0], 10),
            disc.video_loss(self.video, real, fake, torch.randperm(frames),
                            epsilons[1:], 10))
        for adam, parts in zip(self.adam, losses):
            adam.zero_grad(set_to_none=True)
            parts["loss"].backward()
            adam.step()
        return frame

    def deceived(self, fake, frame):
        """What the generator minimises."""
        return disc.generator_loss(self.image, self.video, fake, frame)["loss"]


def train(model, arguments):
    """Times iterations; returns the row."""
    config = model.config
    frames = arguments.sequence
    features = read_features(config, arguments, frames)
    coarse = torch.rand(frames, 3, 8, 8) * 2 - 1
    target = F.interpolate(coarse, size=(config["size"], config["size"]),
                           mode="bilinear", align_corners=False)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4,
                                 betas=(0.3, 0.999))
    losses = []
    critics = Critics(config, frames) if arguments.adversarial else None

    def run(layout, count):
        network = prepare(model, arguments, layout)
        state = network.initial_state()
        times = []
        for _ in range(count):
            begin = time.perf_counter()
            e, planes = random_inputs(config, frames)
            if isinstance(network, Eager):
                network.fold()
            made, state = network(features, e, planes, state)
            loss = multiscale_l1(made, target)
            if critics:
                frame = critics.learn(target, made.detach())
                loss = (10 * made.numel() ** 0.5 * loss +
                        critics.deceived(made, frame))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            state = detach(state)
            losses.append(loss.item())
            times.append((time.perf_counter() - begin) * 1e3)
        return times

    layout = choose_layout(lambda name: min(run(name, 2)[1:]), arguments)
    times = run(layout, arguments.iterations + 1)[1:]
    median = statistics.median(times)
    return {"what": "adversarial" if critics else "train", "layout": layout, "sequence": frames,
            "iterations": arguments.iterations,
            "median_ms": round(median, 1),
            "iterations_per_second": round(1e3 / median, 3),
            "loss_first": round(losses[0], 4),
            "loss_last": round(losses[-1], 4)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", metavar="FILE",
                        help="safetensors with metadata s2v.config")
    parser.add_argument("--config", nargs="+", metavar="KEY=VALUE",
                        help="changes to the full configuration")
    parser.add_argument("--train", action="store_true",
                        help="time training in place of generation")
    parser.add_argument("--adversarial", action="store_true",
                        help="with --train: against both discriminators")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", default="auto",
                        choices=("auto", "contiguous", "channels_last"))
    parser.add_argument("--form", default="eager",
                        choices=("eager", "reference"))
    parser.add_argument("--frames", type=int, default=40,
                        help="frames to generate (default %(default)s)")
    parser.add_argument("--sequence", type=int, default=32,
                        help="T, frames of an iteration (default 32)")
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--features", metavar="FILE",
                        help="safetensors with a tensor features [T, B]")
    parser.add_argument("--feature-seed", type=int, default=77)
    parser.add_argument("--noise-seed", type=int, default=5)
    parser.add_argument("--dump", metavar="FILE",
                        help="write the frames [T, 3, N, N] made with s2v's "
                             "random numbers as safetensors")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    model = build(arguments)
    row = (train if arguments.train else generate)(model, arguments)
    row["form"] = arguments.form
    row["threads"] = arguments.threads
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row["peak_rss_mib"] = round(peak / 1024, 1)
    row["torch"] = torch.__version__
    row["config"] = model.config
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
