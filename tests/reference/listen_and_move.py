# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator of "Listen and Move", plainly, in the paper's order.

Equation numbers are the paper's.  Nothing here is optimized: the point is to
be easy to hold against the text.  Letters: T frames, B sound bands, E motion
noise, M motion size, Z the generator's input size, N the image's side, C
channels, L generative layers, P the prediction states' channels, K the
prediction kernel's size.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import philox

SLOPE = 0.2  # of every LeakyReLU
EPSILON = 1e-5  # of every instance norm

DEFAULTS = {
    "size": 256,
    "channels_min": 16,
    "channels_max": 512,
    "bands": 64,
    "noise_e": 2,
    "motion": "dilated",  # or "gru"
    "motion_layers": 3,
    "mfs": True,  # motion from sound
    "sac": True,  # sound as content
    "acin": True,  # audio conditional instance norm
    "noise": True,  # noise injection in the layers
    "connection": "residual",  # or "skip", "none"
    "prediction": "dirconvgru",  # or "convgru", "none"
    "prediction_kernel": 3,
}


def full_config(**changes):
    """The default configuration with some keys changed."""
    unknown = set(changes) - set(DEFAULTS)
    if unknown:
        raise KeyError("unknown configuration keys: %s" % sorted(unknown))
    return {**DEFAULTS, **changes}


def layer_count(config):
    """L = log2(N) - 2."""
    return int(math.log2(config["size"])) - 2


def layer_channels(config):
    """Output channels of each layer, innermost first: a list of L."""
    count = layer_count(config)
    return [min(config["channels_max"],
                config["channels_min"] * 2**(count - 1 - i))
            for i in range(count)]


def leaky(x):
    """The activation, phi in the paper."""
    return F.leaky_relu(x, SLOPE)


# Section 3.2: audio temporal coherency.

class MotionGRU(nn.Module):
    """R, baseline: stacked GRU cells of equal input and state size M."""

    def __init__(self, size, layers):
        super().__init__()
        self.layers = nn.ModuleList(nn.GRUCell(size, size)
                                    for _ in range(layers))
        self.size = size

    def initial_state(self, like):
        """Zero states: one [1, M] for each layer."""
        return [like.new_zeros(1, self.size) for _ in self.layers]

    def forward(self, r, state):
        """One frame: r [1, M] -> m [1, M], next state."""
        following = []
        m = r
        for cell, hidden in zip(self.layers, state):
            m = cell(m, hidden)
            following.append(m)
        return m, following


class MotionDilated(nn.Module):
    """R+D: residual dilated GRU layers, equation (1), d = 2^(l - 1).

    The hidden state is the cell's own result, not the sum with its input,
    which would grow without bound.
    """

    def __init__(self, size, layers):
        super().__init__()
        self.layers = nn.ModuleList(nn.GRUCell(size, size)
                                    for _ in range(layers))
        self.size = size

    def initial_state(self, like):
        """Zeros: of layer l = 1.. its cell's last d results [1, M], oldest
        first."""
        return [[like.new_zeros(1, self.size)] * 2**index
                for index in range(len(self.layers))]

    def forward(self, r, state):
        """One frame: r [1, M] -> m [1, M], next state."""
        following = []
        m = r
        for cell, past in zip(self.layers, state):
            h = cell(m, past[0])
            m = leaky(h + m)  # (1)
            following.append(past[1:] + [h])
        return m, following


# Section 3.3: the generator.

class NoiseInjection(nn.Module):
    """A normal plane, shared by the channels, times a scale a channel."""

    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(channels))

    def forward(self, x, plane):
        """x [T, C, H, W], plane [T, 1, H, W] -> [T, C, H, W]."""
        return x + plane * self.scale.reshape(1, -1, 1, 1)


def normalize(x):
    """Instance norm without affine, biased variance: [T, C, H, W]."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = ((x - mean)**2).mean(dim=(2, 3), keepdim=True)
    return (x - mean) / torch.sqrt(variance + EPSILON)


class InstanceNorm(nn.Module):
    """Instance norm with a learned affine: weight [C], bias [C]."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x, f):
        """x [T, C, H, W]; f, the sound, is not used."""
        del f
        gamma = self.weight.reshape(1, -1, 1, 1)
        beta = self.bias.reshape(1, -1, 1, 1)
        return gamma * normalize(x) + beta


class AudioConditionalNorm(nn.Module):
    """acIN: instance norm modulated by sound, equation (2)."""

    def __init__(self, channels, bands):
        super().__init__()
        self.gamma = nn.Linear(bands, channels)
        self.beta = nn.Linear(bands, channels)
        nn.init.ones_(self.gamma.bias)

    def forward(self, x, f):
        """x [T, C, H, W], f [T, B] -> [T, C, H, W]."""
        gamma = leaky(self.gamma(f))[:, :, None, None]  # (2)
        beta = leaky(self.beta(f))[:, :, None, None]
        return gamma * normalize(x) + beta


class Layer(nn.Module):
    """Main layer, figure 3 (a): doubles the side, c_in -> c_out channels."""

    def __init__(self, config, c_in, c_out):
        super().__init__()

        def norm():
            if config["acin"]:
                return AudioConditionalNorm(c_out, config["bands"])
            return InstanceNorm(c_out)

        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.noise1 = NoiseInjection(c_out) if config["noise"] else None
        self.noise2 = NoiseInjection(c_out) if config["noise"] else None
        self.norm1 = norm()
        self.norm2 = norm()
        self.shortcut = None
        if config["connection"] == "residual":
            self.shortcut = nn.Conv2d(c_in, c_out, 1, bias=False)
        self.rgb = None
        if config["connection"] == "skip":
            self.rgb = nn.Conv2d(c_out, 3, 1)

    def forward(self, x, f, planes):
        """x [T, c_in, H, W], f [T, B], planes 2 of [T, 1, 2H, 2W].

        Returns [T, c_out, 2H, 2W].
        """
        upsampled = F.interpolate(x, scale_factor=2, mode="nearest")
        y = self.conv1(upsampled)
        if self.noise1 is not None:
            y = self.noise1(y, planes[0])
        y = leaky(self.norm1(y, f))
        y = self.conv2(y)
        if self.noise2 is not None:
            y = self.noise2(y, planes[1])
        y = self.norm2(y, f)
        if self.shortcut is not None:
            y = y + self.shortcut(upsampled)
        return leaky(y)


class Generator(nn.Module):
    """G but for the prediction layer: z -> the outermost layer's output."""

    def __init__(self, config, z_size):
        super().__init__()
        channels = layer_channels(config)
        self.input = nn.Conv2d(z_size, channels[0], 3, padding=1)
        self.layers = nn.ModuleList(
            Layer(config, c_in, c_out)
            for c_in, c_out in zip(channels[:1] + channels, channels))
        self.rgb = None
        if config["connection"] != "skip":
            self.rgb = nn.Conv2d(channels[-1], 3, 1)

    def forward(self, z, f, planes):
        """z [T, Z], f [T, B], planes: for each layer 2 of [T, 1, N_i, N_i].

        Returns the layers' outputs, innermost first: [T, C_i, N_i, N_i].
        """
        x = self.input(z[:, :, None, None].repeat(1, 1, 4, 4))
        outputs = []
        for layer, pair in zip(self.layers, planes):
            x = layer(x, f, pair)
            outputs.append(x)
        return outputs

    def to_rgb(self, outputs):
        """The layers' outputs, the last replaced by x'' -> [T, 3, N, N]."""
        if self.rgb is not None:
            return torch.tanh(self.rgb(outputs[-1]))
        rgb = None
        for layer, x in zip(self.layers, outputs):
            here = layer.rgb(x)
            if rgb is not None:
                here = here + F.interpolate(rgb, scale_factor=2,
                                            mode="nearest")
            rgb = here
        return torch.tanh(rgb)


# Section 3.4: video temporal coherency.

def translate(x, rows, columns):
    """y[i, j] = x[i - rows, j - columns], zeros outside: [T, C, H, W]."""
    height, width = x.shape[2:]
    y = F.pad(x, (max(columns, 0), max(-columns, 0),
                  max(rows, 0), max(-rows, 0)))
    top, left = max(-rows, 0), max(-columns, 0)
    return y[:, :, top:top + height, left:left + width]


class DirectionalConv(nn.Module):
    """The sum over k of (2k + 1) x 1 kernels, each k pixels off; one bias.

    axis "h": the kernels stand across horizontal motion, (2k + 1) rows x 1
    column; axis "v": 1 row x (2k + 1) columns.  Opposite directions of an
    axis share the weights.
    """

    def __init__(self, axis, c_in, c_out, kernel):
        super().__init__()
        self.axis = axis
        self.reach = (kernel - 1) // 2
        for k in range(self.reach + 1):
            shape = (2 * k + 1, 1) if axis == "h" else (1, 2 * k + 1)
            self.register_parameter("weight%d" % k, nn.Parameter(
                torch.zeros(c_out, c_in, *shape)))
        self.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, x, sign):
        """x [T, c_in, H, W], sign +1 or -1 -> [T, c_out, H, W].

        h+: y[i, j] = b + sum_k sum_(|a| <= k) W_k[a] x[i + a, j - k];
        h-: x[i + a, j + k]; v+: x[i - k, j + a]; v-: x[i + k, j + a].
        """
        y = self.bias.reshape(1, -1, 1, 1)
        for k in range(self.reach + 1):
            weight = getattr(self, "weight%d" % k)
            if self.axis == "h":
                y = y + F.conv2d(translate(x, 0, sign * k), weight,
                                 padding=(k, 0))
            else:
                y = y + F.conv2d(translate(x, sign * k, 0), weight,
                                 padding=(0, k))
        return y


def gru(a, b, h):
    """GRU equations; a, b [T, 3P, H, W] stacked r, z, n; h [T, P, H, W]."""
    a_r, a_z, a_n = a.chunk(3, dim=1)
    b_r, b_z, b_n = b.chunk(3, dim=1)
    r = torch.sigmoid(a_r + b_r)
    z = torch.sigmoid(a_z + b_z)
    n = torch.tanh(a_n + r * b_n)
    return (1 - z) * n + z * h


class ConvGRU(nn.Module):
    """V^c: a GRU of centered K x K convolutions, zero padded."""

    def __init__(self, channels, hidden, kernel):
        super().__init__()
        self.input = nn.Conv2d(channels, 3 * hidden, kernel,
                               padding=kernel // 2)
        self.hidden = nn.Conv2d(hidden, 3 * hidden, kernel,
                                padding=kernel // 2)

    def forward(self, x, h):
        """x [1, C, N, N], h [1, P, N, N] -> next h."""
        return gru(self.input(x), self.hidden(h), h)


class DirConvGRU(nn.Module):
    """V^h or V^v: a GRU of directional convolutions."""

    def __init__(self, axis, channels, hidden, kernel):
        super().__init__()
        self.input = DirectionalConv(axis, channels, 3 * hidden, kernel)
        self.hidden = DirectionalConv(axis, hidden, 3 * hidden, kernel)

    def forward(self, x, h, sign):
        """x [1, C, N, N], h [1, P, N, N], sign +1 or -1 -> next h."""
        return gru(self.input(x, sign), self.hidden(h, sign), h)


class Prediction(nn.Module):
    """The video prediction layer, figure 4."""

    def __init__(self, config):
        super().__init__()
        channels = config["channels_min"]
        kernel = config["prediction_kernel"]
        self.hidden_size = channels  # P = C
        self.c = ConvGRU(channels, channels, kernel)
        self.h = self.v = None
        self.states = 1
        if config["prediction"] == "dirconvgru":
            self.h = DirConvGRU("h", channels, channels, kernel)
            self.v = DirConvGRU("v", channels, channels, kernel)
            self.states = 5
        self.blend = nn.Conv2d(self.states * channels, channels, 1)
        self.mask = nn.Conv2d(self.states * channels, 1, 1)

    def initial_state(self, size, like):
        """Zeros: h+, h-, c, v+, v- (or c alone), each [1, P, N, N]."""
        return [like.new_zeros(1, self.hidden_size, size, size)
                for _ in range(self.states)]

    def forward(self, x, state):
        """One frame: x [1, C, N, N] -> x'' [1, C, N, N], next state."""
        if self.h is None:
            following = [self.c(x, state[0])]
        else:
            following = [self.h(x, state[0], +1),
                         self.h(x, state[1], -1),
                         self.c(x, state[2]),
                         self.v(x, state[3], +1),
                         self.v(x, state[4], -1)]
        together = torch.cat(following, dim=1)  # (3)
        predicted = self.blend(together)  # (4)
        a = torch.sigmoid(self.mask(together))
        return a * x + (1 - a) * predicted, following


# The whole.

class ListenAndMove(nn.Module):
    """R and G with the prediction layer: sound features -> frames."""

    def __init__(self, config):
        super().__init__()
        self.config = dict(config)
        bands, noise = config["bands"], config["noise_e"]
        self.m_size = bands + noise if config["mfs"] else noise
        z_size = bands + self.m_size if config["sac"] else self.m_size
        motion = {"gru": MotionGRU, "dilated": MotionDilated}
        self.r = motion[config["motion"]](self.m_size,
                                          config["motion_layers"])
        self.g = Generator(config, z_size)
        self.p = None
        if config["prediction"] != "none":
            self.p = Prediction(config)

    def initial_state(self):
        """The zero state of a sequence's beginning."""
        like = self.g.input.weight
        state = {"r": self.r.initial_state(like)}
        if self.p is not None:
            state["p"] = self.p.initial_state(self.config["size"], like)
        return state

    def forward(self, f, e, planes, state, trace=None):
        """Makes T frames; T = 1 is the frame-by-frame form.

        f [T, B], e [T, E], planes: for each layer 2 of [T, 1, N_i, N_i]
        (ignored without noise injection).  Returns frames [T, 3, N, N] and
        the next state.  trace, a dictionary, receives "m" [T, M], "x" (the
        layers' outputs) and "xpp" [T, C, N, N].
        """
        r = torch.cat([f, e], dim=1) if self.config["mfs"] else e
        state = dict(state)
        motion = []
        for t in range(len(r)):
            m_t, state["r"] = self.r(r[t:t + 1], state["r"])
            motion.append(m_t)
        m = torch.cat(motion)
        z = torch.cat([f, m], dim=1) if self.config["sac"] else m
        outputs = self.g(z, f, planes)
        xpp = outputs[-1]
        if self.p is not None:
            predicted = []
            for t in range(len(r)):
                xpp_t, state["p"] = self.p(outputs[-1][t:t + 1], state["p"])
                predicted.append(xpp_t)
            xpp = torch.cat(predicted)
        if trace is not None:
            trace.update(m=m, x=outputs, xpp=xpp)
        return self.g.to_rgb(outputs[:-1] + [xpp]), state


# Random numbers, and weights that need no file.

def sound_features(config, frame, seed=77):
    """Test features of a frame: float32 [1, B]."""
    return philox.normal(seed, 0, frame, config["bands"])[None]


def motion_noise(config, frame, seed=5):
    """e_t: float32 [1, E]."""
    return philox.normal(seed, 0, frame, config["noise_e"])[None]


def noise_planes(config, frame, seed=5):
    """Of each layer i, streams 1 + 2i, 2 + 2i: float32 [1, 1, N_i, N_i]."""
    planes = []
    for i in range(layer_count(config)):
        side = 8 * 2**i
        planes.append([philox.normal(seed, stream, frame, side * side)
                       .reshape(1, 1, side, side)
                       for stream in (1 + 2 * i, 2 + 2 * i)])
    return planes


def frame_inputs(config, frame, dtype=torch.float64):
    """(f, e, planes) of a frame as tensors, for ListenAndMove.forward."""
    f = torch.from_numpy(sound_features(config, frame)).to(dtype)
    e = torch.from_numpy(motion_noise(config, frame)).to(dtype)
    planes = [None] * layer_count(config)
    if config["noise"]:
        planes = [[torch.from_numpy(plane).to(dtype) for plane in pair]
                  for pair in noise_planes(config, frame)]
    return f, e, planes


def test_weights(shapes, seed=1234):
    """Weights for tests: {name: shape} -> {name: float32 array}.

    The parameters are numbered from 0 by name, bytewise; number p draws from
    stream 1000 + p.  The formulae are evaluated in float64, then rounded.
    """
    weights = {}
    for number, name in enumerate(sorted(shapes, key=str.encode)):
        shape = tuple(shapes[name])
        count = int(np.prod(shape))
        v = philox.normal(seed, 1000 + number, 0, count).astype(np.float64)
        last = name.rsplit(".", 1)[-1]
        if last == "weight_g":  # the gains of a weight norm
            v = 2.0 + 0.2 * v
        elif last.startswith("weight") and len(shape) > 1:
            v = v / math.sqrt(count // shape[0])
        elif (last.startswith("weight") or last == "running_var"
              or name.endswith(".gamma.bias")):
            v = 1.0 + 0.1 * v
        else:
            v = 0.1 * v
        weights[name] = v.astype(np.float32).reshape(shape)
    return weights


def load(model, weights):
    """Sets every parameter from {name: array}; raises if one is missing."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = torch.from_numpy(np.asarray(weights[name]))
            if value.shape != parameter.shape:
                raise ValueError("%s: shape %s, expected %s" % (
                    name, tuple(value.shape), tuple(parameter.shape)))
            parameter.copy_(value)


def test_model(config, dtype=torch.float64):
    """The network with its test weights."""
    model = ListenAndMove(config).to(dtype)
    load(model, test_weights({name: parameter.shape for name, parameter
                              in model.named_parameters()}))
    return model
