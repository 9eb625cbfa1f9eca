# SPDX-License-Identifier: LGPL-2.1-or-later
"""MAN, "Multi Modal Adaptive Normalization for Audio to Video Generation".

The networks and the losses, plainly; equation and figure numbers are the
paper's.  Arrays are PyTorch's, channels first.  Where the paper is silent its
sources are its references': SPADE, U-GAT-IT (CAM), pix2pixHD (the critics).

Inputs of n frames:

  portrait  [n, 3, N, N], RGB in [-1, 1]
  previous  [n, 15, P, P]: the five frames before, the oldest first
  features  [n, 3523], as man_sound.features() says
  controls  [n, 4]: eye closure, yaw / 20, pitch / 20, roll / 20 degrees
  z         [n, 16]
  geometry  [n, G, P, P]: the flow u, v in pixels of side P, / 8, then 15 maps
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

SLOPE = 0.2
EPS = 1e-5
COLUMNS, BANDS, LEVELS, MFCC = 13, 256, 256, 13
FRAMES = 5  # that the predictor sees
CONTROLS = 4
FLOW_SCALE = 8
KNOWN_FLOW, KNOWN_MAP = 0.5, 0.05  # more than that: known (partial)
BLOCKS = 8
POSTERIOR_WIDTH = 32
MODALITIES = ["image", "geometry", "amf", "pitch", "energy"]
GEOMETRY = {"flow": (2, 0), "points": (0, 15), "contours": (0, 15),
            "flow+contours": (2, 15)}  # channels of flow, of maps

SMALL = {
    "size": 64, "geometry_size": 64, "geometry": "flow+contours",
    "flow": "portrait", "channels": [128] * 5 + [96, 64, 32], "hidden": 32,
    "sound_hidden": 128, "video": "eca", "sound": "lstm", "share": 1,
    "modalities": MODALITIES, "warp": 1, "predictor": "unet",
    "predictor_channels": [16, 32, 48, 64, 96], "hourglass_width": 64,
    "hourglass_depth": 4, "predictor_lstm": 256, "predictor_portrait": 1,
    "controls": 1, "z": 16, "critics": 2, "critic_channels": 32,
    "critic_portrait": 1, "gan": "hinge",
}
MEDIUM = {**SMALL, "size": 128, "channels": [160] * 4 + [128, 96, 64, 32],
          "predictor_channels": [24, 48, 64, 96, 128]}
LARGE = {**MEDIUM, "size": 256, "hidden": 24, "critics": 3,
         "channels": [256] * 3 + [192, 128, 96, 48, 24]}
PAPER = {**LARGE, "hidden": 128, "geometry": "flow", "flow": "previous",
         "channels": [1024] * 3 + [512, 256, 128, 64, 32], "warp": 0,
         "predictor_portrait": 0, "controls": 0, "critic_channels": 64,
         "critic_portrait": 0, "gan": "log"}

# Watches everything that a kink is in the way of where set: inputs of ReLUs,
# what a threshold is compared with, differences of a maximum's candidates.
watch = None


def watched(x):
    if watch is not None:
        watch(x)
    return x


def leaky(x, slope=SLOPE):
    return F.leaky_relu(watched(x), slope)


def relu(x):
    return F.relu(watched(x))


def norm(x):
    # Not F.instance_norm(): its backward of one sample whose memory is channels
    # last is wrong in PyTorch 2.15; finite differences show it.
    mean = x.mean((2, 3), keepdim=True)
    variance = (x - mean).square().mean((2, 3), keepdim=True)
    return (x - mean) / (variance + EPS).sqrt()


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


def area_rows(to, size, like):
    """[to, size]: the share that each of `size` pixels has in each new one."""
    edge = torch.arange(to + 1, dtype=torch.float64) * size / to
    pixel = torch.arange(size, dtype=torch.float64)
    share = (torch.minimum(edge[1:, None], pixel + 1)
             - torch.maximum(edge[:-1, None], pixel)).clamp(min=0)
    return (share * to / size).to(like)


def area(x, side):
    """The mean over the area that each new pixel covers; never enlarges."""
    assert side <= x.shape[-1]
    if side == x.shape[-1]:
        return x
    rows = area_rows(side, x.shape[-1], x)
    return rows @ x @ rows.T


def nearest(x, side):
    if side == x.shape[-1]:
        return x
    return F.interpolate(x, size=(side, side), mode="nearest-exact")


def split(features):
    """AMF [n, 13, 256], MFCC [n, 169], levels of pitch, of energy [n, 13]."""
    sizes = [COLUMNS * BANDS, COLUMNS * MFCC, COLUMNS, COLUMNS]
    mel, mfcc, pitch, energy = features.split(sizes, dim=1)
    return mel.unflatten(1, (COLUMNS, BANDS)), mfcc, pitch, energy


def one_hot(levels, like):
    return F.one_hot(levels.long(), LEVELS).to(like)


def warp(portrait, geometry):
    """The portrait moved by the flow; none of the gradient into the flow."""
    side, p = portrait.shape[-1], geometry.shape[-1]
    flow = FLOW_SCALE * geometry[:, :2].detach() * side / p
    if side != p:
        flow = F.interpolate(flow, size=(side, side), mode="bilinear",
                             align_corners=False)
    at = torch.arange(side).to(flow)
    place = [(axis + d).clamp(0, side - 1) for axis, d in
             zip((at[None, :], at[:, None]), (flow[:, 0], flow[:, 1]))]
    low = [a.floor().clamp(max=side - 2) for a in place]
    fx, fy = ((a - b)[:, None] for a, b in zip(place, low))
    x, y = (b.long() for b in low)

    def pixel(dy, dx):
        index = ((y + dy) * side + x + dx).flatten(1)[:, None]
        flat = portrait.flatten(2)
        return flat.gather(2, index.expand(-1, flat.shape[1], -1)).view_as(
            portrait)

    return ((pixel(0, 0) * (1 - fx) + pixel(0, 1) * fx) * (1 - fy)
            + (pixel(1, 0) * (1 - fx) + pixel(1, 1) * fx) * fy)


# Video features: figure 3, left.

def eca_taps(width):
    """The kernel size of efficient channel attention: odd, at least 3."""
    taps = int(abs(math.log2(width) + 1) / 2)
    return max(3, taps if taps % 2 else taps + 1)


class ECA(nn.Module):
    """Wang et al. 2020."""

    def __init__(self, width):
        super().__init__()
        taps = eca_taps(width)
        self.weight = nn.Parameter(torch.zeros(1, 1, taps))

    def forward(self, x):
        mean = x.mean((2, 3))[:, None]
        scale = F.conv1d(mean, self.weight, padding=self.weight.shape[2] // 2)
        return x * torch.sigmoid(scale)[:, 0, :, None, None]


def partial_conv(conv, x, m):
    """Liu et al. 2018, 3x3: (y, new mask); m [n, 1, H, W] of 0 and 1."""
    known = F.conv2d(m, torch.ones(1, 1, 3, 3).to(m), padding=1)
    some = (known > 0).to(m)
    y = F.conv2d(x * m, conv.weight, padding=1)
    y = y * (9 / known.clamp(min=1)) + conv.bias[:, None, None]
    return y * some, some


def known_geometry(x, kind):
    """The partial convolution's first mask [n, 1, H, W]."""
    flows, maps = GEOMETRY[kind]
    known = torch.zeros_like(x[:, :1], dtype=torch.bool)
    with torch.no_grad():
        if flows:
            length = FLOW_SCALE * x[:, :2].square().sum(1, keepdim=True).sqrt()
            known |= watched(length - KNOWN_FLOW) > 0
        if maps:
            most = x[:, flows:].amax(1, keepdim=True)
            known |= watched(most - KNOWN_MAP) > 0
    return known.to(x)


class VideoAffine(nn.Module):
    """gamma and beta [n, C, S, S] from a picture or maps of that side."""

    def __init__(self, inputs, hidden, channels, kind):
        super().__init__()
        self.partial = kind == "partial"
        self.conv = conv3(inputs, hidden)
        if kind == "eca":
            self.eca = ECA(hidden)
        self.gamma = conv3(hidden, channels)
        self.beta = conv3(hidden, channels)

    def forward(self, x, m):
        if self.partial:
            t, m = partial_conv(self.conv, x, m)
            t = relu(t)
            return tuple(partial_conv(c, t, m)[0]
                         for c in (self.gamma, self.beta))
        t = relu(self.conv(x))
        if hasattr(self, "eca"):
            t = self.eca(t)
        return self.gamma(t), self.beta(t)


# Sound features: figure 3, right.

class ConvEncoder(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.conv0 = nn.Conv1d(inputs, hidden, 3, padding=1)
        self.conv1 = nn.Conv1d(hidden, hidden, 3, padding=1)

    def forward(self, x):
        x = leaky(self.conv0(x.transpose(1, 2)))
        return leaky(self.conv1(x)).mean(2)


class LSTMEncoder(nn.LSTM):
    def __init__(self, inputs, hidden):
        super().__init__(inputs, hidden, batch_first=True)

    def forward(self, x):
        return super().forward(x)[1][0][-1]


def encoder(config):
    kind = {"conv1d": ConvEncoder, "lstm": LSTMEncoder}[config["sound"]]
    return kind(BANDS, config["sound_hidden"])


class SoundAffine(nn.Module):
    """gamma and beta [n, C, 1, 1] from 13 columns, or from their encoding."""

    def __init__(self, config, channels):
        super().__init__()
        if not config["share"]:
            self.encoder = encoder(config)
        self.gamma = nn.Linear(config["sound_hidden"], channels)
        self.beta = nn.Linear(config["sound_hidden"], channels)

    def forward(self, x):
        if hasattr(self, "encoder"):
            x = self.encoder(x)
        return tuple(f(x)[:, :, None, None] for f in (self.gamma, self.beta))


# The generator.

class MAN(nn.Module):
    """Figure 3, equations (1) and (2)."""

    def __init__(self, config, channels):
        super().__init__()
        self.config = config
        hidden, kind = config["hidden"], config["video"]
        inputs = {"image": 3, "geometry": sum(GEOMETRY[config["geometry"]])}
        for name in config["modalities"]:
            part = (VideoAffine(inputs[name], hidden, channels, kind)
                    if name in inputs else SoundAffine(config, channels))
            self.add_module(name, part)
        self.rho = nn.Parameter(torch.zeros(len(config["modalities"])))

    def affine(self, name, source, side):
        if name not in ("image", "geometry"):
            return getattr(self, name)(source)
        small = area(source, min(side, source.shape[-1]))
        m = (known_geometry(small, self.config["geometry"])
             if name == "geometry" else torch.ones_like(small[:, :1]))
        return tuple(nearest(v, side) for v in getattr(self, name)(small, m))

    def forward(self, x, sources):
        """sources: {modality: what its gamma and beta come from}."""
        y, x = 0, norm(x)
        rho = torch.softmax(self.rho, 0)  # (2)
        for weight, name in zip(rho, self.config["modalities"]):
            gamma, beta = self.affine(name, sources[name], x.shape[-1])
            y = y + weight * (gamma * x + beta)  # (1)
        return y


class Block(nn.Module):
    """MAN ResNet block, figure 4."""

    def __init__(self, config, inputs, outputs, doubles):
        super().__init__()
        middle = min(inputs, outputs)
        self.doubles = doubles
        self.man0 = MAN(config, inputs)
        self.conv0 = conv3(inputs, middle)
        self.man1 = MAN(config, middle)
        self.conv1 = conv3(middle, outputs)
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def up(self, x):
        return nearest(x, 2 * x.shape[-1]) if self.doubles else x

    def forward(self, x, sources):
        t = self.conv0(self.up(leaky(self.man0(x, sources))))
        t = self.conv1(leaky(self.man1(t, sources)))
        if hasattr(self, "shortcut"):
            x = self.shortcut(x)
        return t + self.up(x)


class CAM(nn.Module):
    """Class activation map as in U-GAT-IT; slope: 0 in G, 0.2 in D."""

    def __init__(self, channels, slope):
        super().__init__()
        self.slope = slope
        self.gap_fc = nn.Linear(channels, 1, bias=False)
        self.gmp_fc = nn.Linear(channels, 1, bias=False)
        self.conv1x1 = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x):
        """y, logits [n, 2]: by average, by maximum."""
        flat = x.flatten(2)
        if watch is not None:
            two = flat.topk(2, dim=2).values
            watched(two[..., 0] - two[..., 1])
        logits = torch.cat([self.gap_fc(flat.mean(2)),
                            self.gmp_fc(flat.amax(2))], 1)
        both = torch.cat([x * f.weight[0, :, None, None]
                          for f in (self.gap_fc, self.gmp_fc)], 1)
        return leaky(self.conv1x1(both), self.slope), logits


def attention(y):
    """The attention picture of a CAM's output: [n, 1, H, W]."""
    return y.sum(1, keepdim=True)


def block_sides(size):
    """Sides before block 1 and after blocks 1 .. 8."""
    return [4] + [max(4, size >> (BLOCKS - i)) for i in range(1, BLOCKS + 1)]


class Generator(nn.Module):
    """Figure 2."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        channels, sides = config["channels"], block_sides(config["size"])
        self.fc = nn.Linear(COLUMNS * MFCC, 16 * channels[0])
        inputs = [channels[0]] + channels[:-1]
        self.blocks = nn.ModuleList(
            Block(config, inputs[i], channels[i], sides[i + 1] > sides[i])
            for i in range(BLOCKS))
        self.cam = CAM(channels[BLOCKS - 2], 0)
        self.out = conv3(channels[-1], 3 + config.get("blend", 0))

    def forward(self, mfcc, sources):
        """The frame, and a dictionary of what comes before it."""
        image = sources["image"]
        stages = {}
        if self.config["warp"]:
            image = warp(image, sources["geometry"])
            stages["warped"] = image
        sources = {**sources, "image": image}
        x = self.fc(mfcc).view(len(mfcc), 4, 4, -1).permute(0, 3, 1, 2)
        stages["fc"] = x
        for i, block in enumerate(self.blocks):
            x = block(x, sources)
            stages["block%d" % i] = x
            if i == BLOCKS - 2:
                x, stages["logits"] = self.cam(x)
                stages["cam"] = x
        x = self.out(leaky(x))
        made = torch.tanh(x[:, :3])
        if self.config.get("blend", 0):
            mask = torch.sigmoid(x[:, 3:] + 2)
            made = mask * stages["warped"] + (1 - mask) * made
        return made, stages


# The predictor.

class FiLM(nn.Module):
    """An instance norm driven by a vector."""

    def __init__(self, channels, vector):
        super().__init__()
        self.film = nn.Linear(vector, 2 * channels)

    def forward(self, x, v):
        return film(x, self.film, v)


def film(x, linear, v):
    gamma, beta = linear(v)[:, :, None, None].chunk(2, dim=1)
    return (1 + gamma) * norm(x) + beta


class Down(nn.Module):
    def __init__(self, inputs, width, vector):
        super().__init__()
        self.conv0, self.conv1 = conv3(inputs, width), conv3(width, width)
        self.film0, self.film1 = (nn.Linear(vector, 2 * width)
                                  for _ in range(2))

    def forward(self, x, v):
        x = leaky(film(self.conv0(x), self.film0, v))
        return leaky(film(self.conv1(x), self.film1, v))


class Up(nn.Module):
    def __init__(self, inputs, width, vector):
        super().__init__()
        self.conv = conv3(inputs, width)
        self.film = nn.Linear(vector, 2 * width)

    def forward(self, x, skip, v):
        x = torch.cat([nearest(x, skip.shape[-1]), skip], 1)
        return leaky(film(self.conv(x), self.film, v))


class UNet(nn.Module):
    """x [n, inputs, P, P], v [n, vector] -> geometry."""

    def __init__(self, inputs, widths, vector, flows, maps):
        super().__init__()
        self.flows = flows
        before = [inputs] + widths[:-1]
        self.down = nn.ModuleList(Down(b, w, vector)
                                  for b, w in zip(before, widths))
        self.up = nn.ModuleList(Up(a + b, b, vector)
                                for a, b in zip(widths[1:], widths))
        self.out = conv3(widths[0], flows + maps)

    def forward(self, x, v):
        skips = []
        for i, down in enumerate(self.down):
            x = down(F.avg_pool2d(x, 2) if i else x, v)
            skips.append(x)
        for up, skip in zip(reversed(self.up), reversed(skips[:-1])):
            x = up(x, skip, v)
        y = self.out(x)
        return torch.cat([y[:, :self.flows],
                          torch.sigmoid(y[:, self.flows:])], 1)


class Norm(nn.BatchNorm2d):
    """The batch norm of [14], which no vector drives."""

    def forward(self, x, _):
        return super().forward(x)


def hourglass_norm(channels, vector):
    return FiLM(channels, vector) if vector else Norm(channels)


class Residual(nn.Module):
    """The names are those of [14]."""

    def __init__(self, width, vector):
        super().__init__()
        half = width // 2
        self.convBlock = nn.ModuleList([
            hourglass_norm(width, vector), nn.Identity(),
            nn.Conv2d(width, half, 1),
            hourglass_norm(half, vector), nn.Identity(), conv3(half, half),
            hourglass_norm(half, vector), nn.Identity(),
            nn.Conv2d(half, width, 1)])

    def forward(self, x, v):
        y = x
        for i in (0, 3, 6):
            y = self.convBlock[i + 2](relu(self.convBlock[i](y, v)))
        return x + y


class Levels(nn.Module):
    """The hourglass proper, outermost level `depth`."""

    def __init__(self, width, depth, vector):
        super().__init__()
        self.depth = depth
        for i in range(1, depth + 1):
            for j in (1, 2, 3):
                self.add_module("res%d_%d" % (i, j), Residual(width, vector))
        self.res_center = Residual(width, vector)

    def forward(self, x, v, level=None):
        level = level or self.depth
        skip, down, up = (getattr(self, "res%d_%d" % (level, j))
                          for j in (1, 2, 3))
        d = down(max_pool(x), v)
        inner = (self.forward(d, v, level - 1) if level > 1
                 else self.res_center(d, v))
        y = up(inner, v)
        return skip(x, v) + nearest(y, 2 * y.shape[-1])


def max_pool(x):
    if watch is not None:
        four = F.unfold(x.flatten(0, 1)[:, None], 2, stride=2)
        two = four.topk(2, dim=1).values
        gap = two[:, 0] - two[:, 1]
        watched(gap[two[:, 0] != 0])  # equal zeros of ReLUs have no gradient
    return F.max_pool2d(x, 2)


class Head(nn.Module):
    def __init__(self, width, maps, vector):
        super().__init__()
        self.conv = nn.Conv2d(width, maps, 1)
        self.bn = hourglass_norm(maps, vector)

    def forward(self, x, v):
        return relu(self.bn(self.conv(x), v))


class Hourglass(nn.Module):
    """[14]; vector = 0: as it is there, with batch norm."""

    def __init__(self, inputs, width, depth, maps=15, vector=0):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width // 2, 1)
        self.conv2 = nn.Conv2d(width // 2, width, 1)
        self.hg = Levels(width, depth, vector)
        self.lin = Head(width, maps, vector)

    def forward(self, x, v=None):
        x = relu(self.conv2(relu(self.conv1(x))))
        return self.lin(self.hg(x, v), v)


def predictor_vector(config):
    return (config["predictor_lstm"] + CONTROLS * config["controls"]
            + config["z"])


def predictor_network(config):
    inputs = 3 * (FRAMES + config["predictor_portrait"])
    flows, maps = GEOMETRY[config["geometry"]]
    vector = predictor_vector(config)
    if config["predictor"] == "unet":
        return UNet(inputs, config["predictor_channels"], vector, flows, maps)
    assert not flows
    return Hourglass(inputs, config["hourglass_width"],
                     config["hourglass_depth"], maps, vector)


class Posterior(nn.Module):
    """q(z | true geometry): mean and log variance [n, z] each."""

    def __init__(self, config):
        super().__init__()
        widths = [sum(GEOMETRY[config["geometry"]])] + 4 * [POSTERIOR_WIDTH]
        side = -(-config["geometry_size"] // 16)
        self.conv = nn.ModuleList(conv3(a, b, 2)
                                  for a, b in zip(widths, widths[1:]))
        self.linear = nn.Linear(side * side * POSTERIOR_WIDTH,
                                2 * config["z"])

    def forward(self, x):
        for conv in self.conv:
            x = leaky(conv(x))
        return self.linear(x.permute(0, 2, 3, 1).flatten(1)).chunk(2, dim=1)


def kl(mean, log_variance):
    """To N(0, 1): summed over z, the mean over the samples."""
    each = mean.square() + log_variance.exp() - 1 - log_variance
    return each.sum(1).mean() / 2


class Model(nn.Module):
    """All that makes frames: encoders, generator, predictor, posterior."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        if config["share"]:
            self.encoders = nn.ModuleDict(
                {name: encoder(config) for name in config["modalities"]
                 if name in ("amf", "pitch", "energy")})
        self.generator = Generator(config)
        network = predictor_network(config)
        network.lstm = LSTMEncoder(BANDS, config["predictor_lstm"])
        self.predictor = network
        if config["z"]:
            self.posterior = Posterior(config)

    def predict(self, portrait, previous, features, controls=None, z=None):
        """The geometry [n, G, P, P] of the frames."""
        config = self.config
        v = [self.predictor.lstm(split(features)[0])]
        v += [controls] if config["controls"] else []
        v += [z] if config["z"] else []
        x = [previous]
        if config["predictor_portrait"]:
            x.append(area(portrait, config["geometry_size"]))
        return self.predictor(torch.cat(x, 1), torch.cat(v, 1))

    def generate(self, portrait, geometry, features):
        """The frames, and a dictionary of what comes before them."""
        mel, mfcc, pitch, energy = split(features)
        sounds = {"amf": mel, "pitch": one_hot(pitch, mel),
                  "energy": one_hot(energy, mel)}
        encoded = {name: sounds[name] for name in self.config["modalities"]
                   if name in sounds}
        if self.config["share"]:
            encoded = {name: self.encoders[name](x)
                       for name, x in encoded.items()}
        sources = {"image": portrait, "geometry": geometry, **encoded}
        frames, stages = self.generator(mfcc, sources)
        if self.config["share"]:
            stages.update({"encoded." + n: x for n, x in encoded.items()})
        return frames, stages


# The critics.

class Critic(nn.Module):
    """pix2pixHD's, with a CAM before its last convolution."""

    def __init__(self, inputs, width):
        super().__init__()
        widths = [inputs, width, 2 * width, 4 * width, 8 * width]
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            self.add_module("conv%d" % i, nn.Conv2d(
                a, b, 4, stride=1 if i == 3 else 2, padding=2))
        self.cam = CAM(widths[-1], SLOPE)
        self.conv4 = nn.Conv2d(widths[-1], 1, 4, padding=2)

    def forward(self, x):
        """Four maps, logits [n, 2], decisions [n, 1, H, W]."""
        maps = [leaky(self.conv0(x))]
        for conv in (self.conv1, self.conv2, self.conv3):
            maps.append(leaky(norm(conv(maps[-1]))))
        x, logits = self.cam(maps[-1])
        return maps, logits, self.conv4(x)


def halve(x):
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)


class Critics(nn.ModuleList):
    def __init__(self, config):
        inputs = 6 if config["critic_portrait"] else 3
        super().__init__(Critic(inputs, config["critic_channels"])
                         for _ in range(config["critics"]))
        self.config = config

    def forward(self, frames, portrait):
        x = (torch.cat([frames, portrait], 1)
             if self.config["critic_portrait"] else frames)
        results = []
        for i, critic in enumerate(self):
            x = halve(x) if i else x
            results.append(critic(x))
        return results


# The losses.

def gan_real(p, kind):
    """What D pays for its prediction p of what is real."""
    if kind == "hinge":
        return relu(1 - p).mean()
    return F.softplus(-p).mean() if kind == "log" else (p - 1).square().mean()


def gan_fake(p, kind):
    if kind == "hinge":
        return relu(1 + p).mean()
    return F.softplus(p).mean() if kind == "log" else p.square().mean()


def gan_made(p, kind):
    """What G pays for D's prediction p of what it made."""
    return -p.mean() if kind == "hinge" else gan_real(p, kind)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def critic_loss(critics, real, fake, portrait):
    """{"gan", "cam", "loss"} of equations (4), (3)."""
    kind = critics.config["gan"]
    on_real, on_fake = (critics(x, portrait) for x in (real, fake.detach()))
    terms = {name: mean(gan_real(r[i], kind) + gan_fake(f[i], kind)
                        for r, f in zip(on_real, on_fake))
             for name, i in (("gan", 2), ("cam", 1))}
    return {**terms, "loss": terms["gan"] + terms["cam"]}


def l1(a, b):
    return watched(a - b).abs().mean()


def feature_matching(on_real, on_fake):
    return mean(sum(l1(f, r.detach()) for r, f in zip(real[0], fake[0]))
                for real, fake in zip(on_real, on_fake))


def multiscale_l1(real, made):
    """In place of the perceptual loss where there is no network for it."""
    return sum(l1(F.avg_pool2d(made, k), F.avg_pool2d(real, k))
               for k in (1, 2, 4, 8))


def map_loss(predicted, truth, seen, weight=1):
    """seen [n, maps]: 0 where a map is of something out of sight."""
    error = (predicted - truth).square() * seen[:, :, None, None]
    return (error * weight).mean()


LIDS_AND_LIPS = slice(6, 14)  # of the contours


WEIGHTS = {"gan": 1, "cam": 1, "features": 10, "perceptual": 10, "lower": 100,
           "upper": 25, "flow": 10, "maps": 50, "kl": 0.01}


def generator_loss(critics, real, fake, portrait, predicted, truth, seen,
                   posterior=None, details=0):
    """All terms of L_G without their factors, and their weighted sum.

    critics, fake: None for none, with the terms that need them.
    details: how much more errors of the geometry count where the truth has
    contours of lids and lips.
    """
    terms = {}
    if critics is not None:
        kind = critics.config["gan"]
        with torch.no_grad():
            on_real = critics(real, portrait)
        on_fake = critics(fake, portrait)
        terms = {"gan": mean(gan_made(f[2], kind) for f in on_fake),
                 "cam": mean(gan_made(f[1], kind) for f in on_fake),
                 "features": feature_matching(on_real, on_fake)}
    if fake is not None:
        half = real.shape[2] // 2
        terms.update({
            "perceptual": multiscale_l1(real, fake),
            "lower": l1(real[:, :, half:], fake[:, :, half:]),  # (5)
            "upper": l1(real[:, :, :half], fake[:, :, :half])})
    flows = predicted.shape[1] - seen.shape[1]
    weight = 1
    if details:
        near = truth[:, flows:][:, LIDS_AND_LIPS].sum(1, keepdim=True)
        weight = 1 + details * near
    if flows:
        square = (predicted[:, :flows] - truth[:, :flows]).square()
        terms["flow"] = (square * weight).mean()
    if seen.shape[1]:
        terms["maps"] = map_loss(predicted[:, flows:], truth[:, flows:], seen,
                                 weight)
    if posterior is not None:
        terms["kl"] = kl(*posterior)
    loss = sum(WEIGHTS[name] * value for name, value in terms.items())
    return {**terms, "loss": loss}


# Geometry targets.  Landmarks [68, 2], iBUG's order, pixels of side P; pixel i
# spans i .. i + 1 and is taken at i + 0.5.

POINTS = [range(42, 48), range(36, 42), 42, 45, 39, 36, 22, 26, 21, 17, 30,
          54, 48, 51, 57]
CONTOURS = [
    list(range(0, 9)), list(range(8, 17)), list(range(17, 22)),
    list(range(22, 27)), list(range(27, 31)), list(range(31, 36)),
    list(range(36, 40)), [39, 40, 41, 36], list(range(42, 46)),
    [45, 46, 47, 42], list(range(48, 55)), list(range(54, 60)) + [48],
    list(range(60, 65)), [64, 65, 66, 67, 60]]


def points(landmarks):
    """[15, 2]."""
    return torch.stack([landmarks[list(i)].mean(0) if isinstance(i, range)
                        else landmarks[i] for i in POINTS])


def pixels(side):
    at = torch.arange(side, dtype=torch.float64) + 0.5
    return torch.stack(torch.meshgrid(at, at, indexing="xy"), 2)


def segment_distance2(a, b, p):
    """Squared distances [...] of the places p [..., 2] to the segment a b."""
    d = b - a
    t = ((p - a) @ d / d.dot(d).clamp(min=1e-30)).clamp(0, 1)
    return (a + t[..., None] * d - p).square().sum(-1)


def points_map(landmarks, side, hidden=()):
    """[15, P, P]; hidden: points out of sight."""
    d2 = (pixels(side) - points(landmarks)[:, None, None]).square().sum(-1)
    maps = torch.exp(-d2 / (2 * (5 * side / 96) ** 2))
    maps[list(hidden)] = 0
    return maps


def contours_map(landmarks, irises, side):
    """[15, P, P]; irises [2, 2]: the last map's two points."""
    p = pixels(side)
    d2 = [torch.stack([segment_distance2(landmarks[a], landmarks[b], p)
                       for a, b in zip(line, line[1:])]).amin(0)
          for line in CONTOURS]
    d2.append((p - irises[:, None, None]).square().sum(-1).amin(0))
    return torch.exp(-torch.stack(d2) / (2 * (1.5 * side / 64) ** 2))
