# SPDX-License-Identifier: LGPL-2.1-or-later
"""MAN's networks in a form that suits PyTorch and what it exports to.

The parameters are those of tests/reference/man.py; fold() brings them into this
form, differentiably, so that it also trains:

    talker = Talker(config)
    talker.load_state_dict(fold(model))                            # to generate
    torch.func.functional_call(talker, fold(model), inputs, ...)   # to train

What is folded is what libs2v folds, too: the sum over the modalities is taken
of gamma and beta, not of what they modulate, rho within the weights; gamma and
beta are one convolution, of both kinds of picture where these have one side;
CAM's two halves are one 1x1 convolution; the vectors of all norms are one
matrix product.  Pictures are brought to each side once.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "reference"))

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import man  # noqa: E402
import tensorfile  # noqa: E402

SOUNDS = ("amf", "pitch", "energy")
PICTURES = ("image", "geometry")
GEOMETRY = 17  # channels: u, v, then maps


def group_norm(x):
    """Instance norm, as PyTorch does it fastest."""
    return F.group_norm(x, x.shape[1], eps=man.EPS)


def instance_norm(x):
    """The same by the op that exporters know as it is."""
    return F.instance_norm(x, eps=man.EPS)


norm = group_norm


def up(x):
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def shrink(x, side):
    """The mean over squares: sides are powers of 2."""
    return x if x.shape[-1] == side else F.avg_pool2d(x, x.shape[-1] // side)


def warp(portrait, flow):
    """The portrait moved by the flow, in pixels over 8 of the flow's side."""
    size, side = portrait.shape[-1], flow.shape[-1]
    if side != size:
        flow = F.interpolate(flow, size=(size, size), mode="bilinear",
                             align_corners=False)
    at = (2 * torch.arange(size) + 1 - size) / size
    grid = torch.stack(torch.meshgrid(at, at, indexing="xy"), 2)
    grid = grid + flow.permute(0, 2, 3, 1) * (2 * man.FLOW_SCALE / side)
    return F.grid_sample(portrait, grid, padding_mode="border",
                         align_corners=False)


class Picture(nn.Module):
    """What gamma and beta come from: h channels, by ECA."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.conv = man.conv3(channels, hidden)
        self.eca = man.ECA(hidden)

    def forward(self, x):
        return self.eca(F.relu(self.conv(x)))


class Modulated(nn.Module):
    """One MAN: `both` gives gamma and beta of the two kinds of picture, or
    `coarse` those of the geometry, which is smaller."""

    def __init__(self, config, channels, side):
        super().__init__()
        hidden = config["hidden"]
        self.side, self.coarse = side, None
        self.image = Picture(3, hidden)
        self.geometry = Picture(GEOMETRY, hidden)
        together = side <= config["geometry_size"]
        self.both = man.conv3(hidden * (1 + together), 2 * channels)
        if not together:
            self.coarse = man.conv3(hidden, 2 * channels)

    def forward(self, x, images, maps, vector):
        image = self.image(images[self.side])
        if self.coarse is None:
            drawn = self.geometry(maps[self.side])
            y = self.both(torch.cat([image, drawn], 1)) + vector
        else:
            drawn = self.coarse(self.geometry(maps[max(maps)])) + vector
            scale = self.side // max(maps)
            y = self.both(image) + F.interpolate(
                drawn, scale_factor=float(scale), mode="nearest")
        gamma, beta = y.chunk(2, 1)
        return torch.addcmul(beta, norm(x), gamma)


class Block(nn.Module):
    """man.Block."""

    def __init__(self, config, inputs, outputs, before, side):
        super().__init__()
        middle = min(inputs, outputs)
        self.doubles = side > before
        self.man0 = Modulated(config, inputs, before)
        self.conv0 = man.conv3(inputs, middle)
        self.man1 = Modulated(config, middle, side)
        self.conv1 = man.conv3(middle, outputs)
        self.shortcut = (nn.Conv2d(inputs, outputs, 1, bias=False)
                         if inputs != outputs else None)

    def forward(self, x, images, maps, vectors):
        t = F.leaky_relu(self.man0(x, images, maps, vectors[0]), man.SLOPE)
        t = self.conv0(up(t) if self.doubles else t)
        t = F.leaky_relu(self.man1(t, images, maps, vectors[1]), man.SLOPE)
        t = self.conv1(t)
        x = x if self.shortcut is None else self.shortcut(x)
        return t + (up(x) if self.doubles else x)


class Driven(nn.Module):
    """A convolution, a norm that a vector drives, leaky ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = man.conv3(inputs, outputs)

    def forward(self, x, vector):
        gamma, beta = vector[:, :, None, None].chunk(2, 1)
        return F.leaky_relu(torch.addcmul(beta, norm(self.conv(x)), gamma),
                            man.SLOPE)


def widths_of(config):
    """The predictor's: (inputs, outputs) of each Driven, in order."""
    w = config["predictor_channels"]
    before = [3 * man.FRAMES + 3] + w[:-1]
    pairs = []
    for a, b in zip(before, w):
        pairs += [(a, b), (b, b)]
    for i in reversed(range(len(w) - 1)):
        pairs.append((w[i + 1] + w[i], w[i]))
    return pairs


class Talker(nn.Module):
    """A frame, or several: the networks between sound and picture."""

    def __init__(self, config):
        super().__init__()
        if (config["video"], config["sound"], config["share"], config["warp"],
                config["predictor"], list(config["modalities"])) != (
                    "eca", "lstm", 1, 1, "unet", man.MODALITIES):
            raise SystemExit("this form is of the shipped networks alone")
        self.config = config
        channels, sides = config["channels"], man.block_sides(config["size"])
        inputs = [channels[0]] + channels[:-1]
        self.sides = sorted(set(sides))
        self.encoders = nn.ModuleDict(
            {name: man.encoder(config) for name in SOUNDS})
        self.fc = nn.Linear(man.COLUMNS * man.MFCC, 16 * channels[0])
        self.blocks = nn.ModuleList(
            Block(config, inputs[i], channels[i], sides[i], sides[i + 1])
            for i in range(man.BLOCKS))
        self.cut = [2 * c for i in range(man.BLOCKS)
                    for c in (inputs[i], min(inputs[i], channels[i]))]
        self.vectors = nn.Linear(3 * config["sound_hidden"], sum(self.cut))
        c = channels[man.BLOCKS - 2]
        self.cam = nn.Conv2d(c, c, 1)
        self.out = man.conv3(channels[-1], 3 + config.get("blend", 0))
        self.lstm = man.LSTMEncoder(man.BANDS, config["predictor_lstm"])
        pairs = widths_of(config)
        self.driven = nn.ModuleList(Driven(a, b) for a, b in pairs)
        self.driven_cut = [2 * b for _, b in pairs]
        self.films = nn.Linear(man.predictor_vector(config),
                               sum(self.driven_cut))
        self.drawn = man.conv3(config["predictor_channels"][0], GEOMETRY)

    def predict(self, portrait, previous, features, controls, z):
        """As man.Model.predict()."""
        v = torch.cat([self.lstm(man.split(features)[0]), controls, z], 1)
        vectors = self.films(v).split(self.driven_cut, 1)
        levels = len(self.config["predictor_channels"])
        x = torch.cat([previous, shrink(portrait, previous.shape[-1])], 1)
        skips = []
        for i in range(levels):
            x = F.avg_pool2d(x, 2) if i else x
            for k in (2 * i, 2 * i + 1):
                x = self.driven[k](x, vectors[k])
            skips.append(x)
        for k, skip in enumerate(reversed(skips[:-1]), 2 * levels):
            x = self.driven[k](torch.cat([up(x), skip], 1), vectors[k])
        y = self.drawn(x)
        return torch.cat([y[:, :2], torch.sigmoid(y[:, 2:])], 1)

    def generate(self, portrait, geometry, features):
        """As man.Model.generate(): the frames."""
        mel, mfcc, pitch, energy = man.split(features)
        sounds = (mel, man.one_hot(pitch, mel), man.one_hot(energy, mel))
        code = torch.cat([self.encoders[name](x)
                          for name, x in zip(SOUNDS, sounds)], 1)
        vectors = self.vectors(code)[:, :, None, None].split(self.cut, 1)
        moved = warp(portrait, geometry[:, :2].detach())
        images = {side: shrink(moved, side) for side in self.sides}
        maps = {side: shrink(geometry, side) for side in self.sides
                if side <= geometry.shape[-1]}
        x = self.fc(mfcc).view(len(mfcc), 4, 4, -1).permute(0, 3, 1, 2)
        if self.memory == torch.channels_last:
            x = x.contiguous(memory_format=self.memory)
        for i, block in enumerate(self.blocks):
            if i == man.BLOCKS - 1:
                x = F.relu(self.cam(x))
            x = block(x, images, maps, vectors[2 * i:2 * i + 2])
        x = self.out(F.leaky_relu(x, man.SLOPE))
        made = torch.tanh(x[:, :3])
        if not self.config.get("blend", 0):
            return made
        return torch.lerp(made, moved.to(made.dtype),
                          torch.sigmoid(x[:, 3:] + 2))

    memory = torch.contiguous_format

    def forward(self, portrait, previous, features, controls, z, truth=None,
                given=None, detach=False, frames=True):
        """The frames, or None without `frames`, and the predicted geometry; of
        samples with `given` 1 (n, 1, 1, 1) the generator sees the true one."""
        geometry = self.predict(portrait, previous, features, controls, z)
        if not frames:
            return None, geometry
        seen = geometry.detach() if detach else geometry
        if truth is not None:
            seen = torch.lerp(seen, truth, given)
        return self.generate(portrait, seen, features), geometry


def fold_block(block, prefix, config, side, state, vectors):
    """A MAN's parameters: its modalities' convolutions into the state, its
    sound's rows (weight, bias) to the vectors."""
    rho = torch.softmax(block.rho, 0)
    weights, bias = [], []
    for part, name in zip(rho, PICTURES):
        module = getattr(block, name)
        for key, value in (("conv.weight", module.conv.weight),
                           ("conv.bias", module.conv.bias),
                           ("eca.weight", module.eca.weight)):
            state["%s.%s.%s" % (prefix, name, key)] = value
        weights.append(part * torch.cat([module.gamma.weight,
                                         module.beta.weight]))
        bias.append(part * torch.cat([module.gamma.bias, module.beta.bias]))
    if side <= config["geometry_size"]:
        state[prefix + ".both.weight"] = torch.cat(weights, 1)
        state[prefix + ".both.bias"] = bias[0] + bias[1]
    else:
        for name, w, b in zip(("both", "coarse"), weights, bias):
            state["%s.%s.weight" % (prefix, name)] = w
            state["%s.%s.bias" % (prefix, name)] = b
    sounds = [getattr(block, name) for name in SOUNDS]
    vectors.append((
        torch.cat([part * torch.cat([m.gamma.weight, m.beta.weight])
                   for part, m in zip(rho[2:], sounds)], 1),
        sum(part * torch.cat([m.gamma.bias, m.beta.bias])
            for part, m in zip(rho[2:], sounds))))


def fold_predictor(network, state):
    """The U-Net's parameters; gamma is 1 + what the vector says."""
    layers = [(getattr(d, "conv%d" % k), getattr(d, "film%d" % k))
              for d in network.down for k in (0, 1)]
    layers += [(u.conv, u.film) for u in reversed(network.up)]
    rows = []
    for i, (conv, film) in enumerate(layers):
        state["driven.%d.conv.weight" % i] = conv.weight
        state["driven.%d.conv.bias" % i] = conv.bias
        ones = torch.zeros_like(film.bias)
        ones[:len(ones) // 2] = 1
        rows.append((film.weight, film.bias + ones))
    state["films.weight"], state["films.bias"] = map(torch.cat, zip(*rows))
    state["drawn.weight"] = network.out.weight
    state["drawn.bias"] = network.out.bias
    state.update(("lstm." + name, p)
                 for name, p in network.lstm.named_parameters())


def fold(model):
    """The state of a Talker, of man.Model's parameters."""
    config, g, vectors = model.config, model.generator, []
    sides = man.block_sides(config["size"])
    state = {"encoders." + name: p
             for name, p in model.encoders.named_parameters()}
    for i, block in enumerate(g.blocks):
        prefix = "blocks.%d." % i
        for name, p in block.named_parameters():
            if not name.startswith("man"):
                state[prefix + name] = p
        for k in (0, 1):
            fold_block(getattr(block, "man%d" % k), prefix + "man%d" % k,
                       config, sides[i + k], state, vectors)
    state["vectors.weight"], state["vectors.bias"] = map(
        torch.cat, zip(*vectors))
    w = g.cam.conv1x1.weight
    c = w.shape[0]
    state["cam.weight"] = (
        w[:, :c] * g.cam.gap_fc.weight[:, :, None, None]
        + w[:, c:] * g.cam.gmp_fc.weight[:, :, None, None])
    state["cam.bias"] = g.cam.conv1x1.bias
    for name in ("fc", "out"):
        state[name + ".weight"] = getattr(g, name).weight
        state[name + ".bias"] = getattr(g, name).bias
    fold_predictor(model.predictor, state)
    return state


def read(path):
    """The plain module of a weight file, for inference."""
    tensors, metadata = tensorfile.read(path)
    model = man.Model(json.loads(metadata["s2v.config"]))
    if hasattr(model, "posterior"):
        del model.posterior  # which is not in the file
    model.load_state_dict({name: torch.from_numpy(value)
                           for name, value in tensors.items()})
    return model.eval().requires_grad_(False)
