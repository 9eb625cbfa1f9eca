# SPDX-License-Identifier: LGPL-2.1-or-later
"""The discriminators of "Listen and Move" and their loss, plainly.

Section 3.3 and 4 of the paper; equation numbers are the paper's.  Written from
the paper and the list of parameters, not from the library's code.  Letters: T
frames, N the image's side, L layers, C channels.  Arrays are PyTorch's,
channels first: images [1, 3, N, N], videos [1, 3, T, N, N].

A forward pass has one sample, a frame or a sequence, over which batch norm
takes its statistics.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import listen_and_move as lm
import philox

EPSILON = 1e-5  # of every batch norm
TINY = 1e-12  # under the root of the penalty's norm

# Streams of random numbers, keyed by a seed and the sequence's first frame.
STREAM_MIX_IMAGE = 0x100
STREAM_MIX_FAKE = 0x101
STREAM_MIX_SHUFFLED = 0x102
STREAM_FRAME = 0x103
STREAM_SHUFFLE = 0x104

# Watches the input of every LeakyReLU where set: see make_goldens.py.
watch = None


def leaky(x):
    """LeakyReLU(0.2)."""
    if watch is not None:
        watch(x)
    return F.leaky_relu(x, lm.SLOPE)


class BatchNorm(nn.Module):
    """Batch norm with the statistics of this very batch, biased variance."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.batch_norm(x, None, None, self.weight, self.bias,
                            training=True, eps=EPSILON)


class Layer(nn.Module):
    """Figure 3 (a), downwards: halves the side, c_in -> c_out channels."""

    def __init__(self, conv, c_in, c_out, connection, rgb):
        super().__init__()
        self.conv1 = conv(c_in, c_out, 3, padding=1, bias=False)
        self.norm1 = BatchNorm(c_out)
        self.conv2 = conv(c_out, c_out, 3, padding=1, bias=False)
        self.norm2 = BatchNorm(c_out)
        self.shortcut = self.rgb = None
        if connection == "residual":
            self.shortcut = conv(c_in, c_out, 1, bias=False)
        if rgb:
            self.rgb = conv(3, c_in, 1)

    def forward(self, x, pool):
        x = pool(x)
        y = leaky(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return leaky(y)


class Discriminator(nn.Module):
    """D_I (frames None) or D_V: a sample -> its map of decisions."""

    def __init__(self, config, frames=None):
        super().__init__()
        self.video = frames is not None
        self.connection = config["connection"]
        conv = nn.Conv3d if self.video else nn.Conv2d
        # The generator's channels, the other way round.
        channels = lm.layer_channels(config)[::-1]
        outputs = channels[1:] + channels[-1:]
        skip = self.connection == "skip"
        self.halvings = int(math.log2(frames)) if self.video else 0
        self.layers = nn.ModuleList(
            Layer(conv, c_in, c_out, self.connection, skip)
            for c_in, c_out in zip(channels, outputs))
        self.rgb = None if skip else conv(3, channels[0], 1)
        self.decision = conv(outputs[-1], 1, 1, bias=False)

    def pool(self, index):
        """The pooling of layer `index`."""
        if not self.video:
            return lambda x: F.avg_pool2d(x, 2)
        time = 2 if index < self.halvings else 1
        return lambda x: F.avg_pool3d(x, (time, 2, 2))

    def forward(self, v):
        x = None if self.rgb is None else torch.tanh(self.rgb(v))
        for index, layer in enumerate(self.layers):
            pool = self.pool(index)
            if layer.rgb is not None:  # figure 3 (b)
                color = torch.tanh(layer.rgb(v))
                x = color if x is None else x + color
                v = pool(v)
            x = layer(x, pool)
        return self.decision(x)


# Section 4: the loss.

def as_video(v):
    """[T, 3, N, N] -> [1, 3, T, N, N]."""
    return v.permute(1, 0, 2, 3)[None]


def penalty(d, x, y, epsilon):
    """P_D(x, y) of one sample, D being the mean of its decisions."""
    mixed = (epsilon * x + (1 - epsilon) * y).detach().requires_grad_()
    gradient, = torch.autograd.grad(d(mixed).mean(), mixed, create_graph=True)
    return ((gradient.pow(2).sum() + TINY).sqrt() - 1)**2


def image_loss(d, real, fake, frame, epsilon, weight):
    """L_I, equation (5), to be minimised: a dictionary of scalars.

    real, fake [T, 3, N, N]; weight: lambda.
    """
    x, y = real[frame:frame + 1], fake[frame:frame + 1]
    parts = {"real": d(x).mean(), "fake": d(y).mean(),
             "penalty": penalty(d, x, y, epsilon)}
    parts["loss"] = (parts["fake"] - parts["real"]
                     + weight * parts["penalty"])
    return parts


def video_loss(d, real, fake, order, epsilons, weight):
    """The adversarial terms of L_V, equation (6), likewise."""
    v, w, s = as_video(real), as_video(fake), as_video(real[order])
    parts = {"real": d(v).mean(), "fake": d(w).mean(),
             "shuffled": d(s).mean(),
             "penalty": penalty(d, v, w, epsilons[0])
             + penalty(d, v, s, epsilons[1])}
    parts["loss"] = (parts["fake"] + parts["shuffled"] - parts["real"]
                     + weight * parts["penalty"])
    return parts


def generator_loss(d_i, d_v, fake, frame):
    """What the generator minimises but for the reconstruction."""
    parts = {"image": -d_i(fake[frame:frame + 1]).mean(),
             "video": -d_v(as_video(fake)).mean()}
    parts["loss"] = parts["image"] + parts["video"]
    return parts


# Random choices.

def words(seed, stream, clock, count):
    """32-bit words of indices 0 .. count - 1."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    block = philox.philox4x32(
        (blocks, clock & 0xFFFFFFFF, clock >> 32, stream),
        (seed & 0xFFFFFFFF, seed >> 32))
    return [int(word) for word in np.stack(block, axis=1).reshape(-1)[:count]]


def uniform(seed, stream, clock):
    """The first uniform number: float32, as a Python number."""
    word = words(seed, stream, clock, 1)[0]
    return float(np.float32(((word >> 8) + 0.5) / 2.0**24))


def draw(seed, clock, count):
    """(frame, order, epsilons of image, fake, shuffled) of an iteration.

    frame: word 0 of its stream times T, the integer part of the product
    divided by 2^32.  order: 0 .. T - 1; for i from T - 1 down to 1, elements i
    and j swap places, j being word i of its stream times (i + 1), likewise.
    """
    frame = words(seed, STREAM_FRAME, clock, 1)[0] * count >> 32
    order = list(range(count))
    shuffle = words(seed, STREAM_SHUFFLE, clock, count)
    for i in range(count - 1, 0, -1):
        j = shuffle[i] * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    epsilons = [uniform(seed, stream, clock) for stream in
                (STREAM_MIX_IMAGE, STREAM_MIX_FAKE, STREAM_MIX_SHUFFLED)]
    return frame, order, epsilons


def test_discriminator(config, frames, seed, dtype=torch.float64):
    """D_I or D_V with test weights of that seed (see test_weights())."""
    d = Discriminator(config, frames).to(dtype)
    lm.load(d, {
        name[4:]: value for name, value in lm.test_weights(
            {prefix(frames) + name: parameter.shape
             for name, parameter in d.named_parameters()}, seed).items()})
    return d


def prefix(frames):
    """What the names of D_I's or D_V's parameters begin with."""
    return "d_i." if frames is None else "d_v."
