# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator of "VarietySound", plainly, in the paper's order.

Equation numbers are the paper's, sizes those of its table 3.  Arrays are
PyTorch's, channels first: mel spectrograms [n, bands, T], features of sight
[n, features, T / 4].
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import philox

SLOPE = 0.2
GROUP = 16  # channels of a group in group norm
DROPOUT = 0.1

STREAM_RESAMPLE = 0x200
STREAM_DROPOUT = 0x220

DEFAULTS = {
    "bands": 80, "features": 2048,
    "temporal_layers": 8, "temporal_channels": 512, "temporal_lstm": 256,
    "temporal_out": 8,
    "acoustic_layers": 5, "acoustic_channels": 512, "acoustic_lstm": 256,
    "background_lstm": 128, "background_out": 128,
    "decoder_up_channels": 1024, "decoder_channels": 512,
    "decoder_layers": 4, "decoder_heads": 2, "decoder_filter": 512,
}

# Watches the input of every leaky ReLU and ReLU where set.
watch = None


def leaky(x, slope=SLOPE):
    if watch is not None:
        watch(x)
    return F.leaky_relu(x, slope)


def bilstm(inputs, hidden):
    return nn.LSTM(inputs, hidden, num_layers=2, bidirectional=True,
                   batch_first=True)


def last_hidden(lstm, x):
    """The last layer's hidden states at either end: [n, C, T] -> [n, 2 H]."""
    _, (h, _) = lstm(x.transpose(1, 2))
    return torch.cat([h[-2], h[-1]], dim=1)


class Dropout:
    """Dropout whose mask is the library's random numbers'."""

    def __init__(self, seed, clock=0, p=DROPOUT):
        self.seed, self.clock, self.p = seed, clock, p

    def __call__(self, x, stream):
        """x [n, T, C], in that order of elements."""
        masks = [uniform(self.seed, stream, self.clock + i, x[i].numel())
                 for i in range(len(x))]
        keep = torch.from_numpy(np.stack(masks) > np.float32(self.p))
        return x * keep.view_as(x) / (1 - self.p)


class TemporalEncoder(nn.Module):
    """E_T, figure 3b."""

    def __init__(self, c):
        super().__init__()
        width = c["temporal_channels"]
        self.convs = nn.ModuleList(
            nn.Conv1d(width if i else c["features"], width, 5, padding=2,
                      bias=False)
            for i in range(c["temporal_layers"]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width)
                                   for _ in range(c["temporal_layers"]))
        self.lstm = bilstm(width, c["temporal_lstm"])
        self.linear = nn.Linear(2 * c["temporal_lstm"], c["temporal_out"])

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = leaky(norm(conv(x)))
        y, _ = self.lstm(x.transpose(1, 2))
        return self.linear(y).transpose(1, 2)


class InputGate(nn.Module):
    """V_i *: two convolutions and instance norm."""

    def __init__(self, inputs, width):
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, width, 5, padding=2)
        self.conv2 = nn.Conv1d(width, width, 7, padding=3, bias=False)
        self.norm = nn.InstanceNorm1d(width)

    def forward(self, x):
        return self.norm(self.conv2(leaky(self.conv1(x))))


class Gate(nn.Module):
    """W_s * or W_o *: a convolution and group norm."""

    def __init__(self, inputs, width, kernel):
        super().__init__()
        self.conv = nn.Conv1d(inputs, width, kernel, padding=kernel // 2)
        self.norm = nn.GroupNorm(width // GROUP, width)

    def forward(self, c):
        return self.norm(self.conv(c))


class SGAU(nn.Module):
    """Self-gated acoustic unit, appendix A."""

    def __init__(self, inputs, width):
        super().__init__()
        self.input = InputGate(inputs, width)
        self.output = Gate(inputs, width, 3)
        self.skip = Gate(inputs, width, 5)

    def forward(self, x, c, resample):
        v, skip = self.input(x), self.skip(c)
        x = torch.tanh(skip + v) * torch.sigmoid(self.output(c) + v)
        return resample(x), resample(skip)  # (8), (9)


class AcousticEncoder(nn.Module):
    """E_A, figure 3c."""

    def __init__(self, c):
        super().__init__()
        width = c["acoustic_channels"]
        self.units = nn.ModuleList(SGAU(width if i else c["bands"], width)
                                   for i in range(c["acoustic_layers"]))
        self.lstm = bilstm(width, c["acoustic_lstm"])

    def forward(self, mel, resample):
        x = c = mel  # self-gated
        for i, unit in enumerate(self.units):
            x, c = unit(x, c, lambda y, i=i: resample(y, i))
        return last_hidden(self.lstm, x)


class BackgroundEncoder(nn.Module):
    """E_B, figure 3d, of a masked mel spectrogram."""

    def __init__(self, c):
        super().__init__()
        self.lstm = bilstm(c["bands"], c["background_lstm"])
        self.linear = nn.Linear(2 * c["background_lstm"], c["background_out"])

    def forward(self, masked):
        return self.linear(last_hidden(self.lstm, masked))


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017)."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)  # it would be idle
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (f(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
                   for f in (self.query, self.key, self.value))
        score = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
        y = torch.softmax(score, dim=-1) @ v
        return self.output(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Feed-forward Transformer block, as in FastSpeech 2; x [n, T, C]."""

    def __init__(self, c):
        super().__init__()
        width = c["decoder_channels"]
        self.attention = Attention(width, c["decoder_heads"])
        self.norm1 = nn.LayerNorm(width)
        self.conv1 = nn.Conv1d(width, c["decoder_filter"], 9, padding=4)
        self.conv2 = nn.Conv1d(c["decoder_filter"], width, 1)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x, dropout, stream):
        x = self.norm1(x + dropout(self.attention(x), stream))
        y = self.conv2(leaky(self.conv1(x.transpose(1, 2)), 0))
        return self.norm2(x + dropout(y.transpose(1, 2), stream + 1))


def positions(count, width):
    """Sines in even, cosines in odd channels: [count, width]."""
    place = torch.arange(count, dtype=torch.float64)[:, None]
    rate = 10000 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = place * rate
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class MelDecoder(nn.Module):
    """Figure 3e."""

    def __init__(self, c):
        super().__init__()
        up = c["decoder_up_channels"]
        inputs = (c["temporal_out"] + 2 * c["acoustic_lstm"]
                  + c["background_out"])
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(i, up, 4, stride=2, padding=1)
            for i in (inputs, up))
        self.input = nn.Linear(up, c["decoder_channels"])
        self.blocks = nn.ModuleList(Block(c)
                                    for _ in range(c["decoder_layers"]))
        self.linear = nn.Linear(c["decoder_channels"], c["bands"])

    def forward(self, x, dropout):
        for up in self.ups:
            x = leaky(up(x))
        x = self.input(x.transpose(1, 2))
        x = x + positions(*x.shape[1:]).to(x)
        for i, block in enumerate(self.blocks):
            x = block(x, dropout, STREAM_DROPOUT + 2 * i)
        return self.linear(x).transpose(1, 2)


class Generator(nn.Module):
    """Figure 3a."""

    def __init__(self, config):
        super().__init__()
        self.temporal = TemporalEncoder(config)
        self.acoustic = AcousticEncoder(config)
        self.background = BackgroundEncoder(config)
        self.decoder = MelDecoder(config)

    def forward(self, features, reference, masked, resample=None,
                dropout=None):
        """resample(x, unit) and dropout(x, stream): None: neither."""
        temporal = self.temporal(features)
        timbre = self.acoustic(reference, resample or (lambda x, _: x))
        background = self.background(masked)
        count = temporal.shape[2]
        x = torch.cat([temporal, timbre[:, :, None].expand(-1, -1, count),
                       background[:, :, None].expand(-1, -1, count)], dim=1)
        mel = self.decoder(x, dropout or (lambda x, _: x))
        return mel, temporal, timbre, background


# Data.

def words(seed, stream, frame, count):
    """32-bit words 0 .. count - 1 of a key: integers."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    counter = (blocks, frame & 0xFFFFFFFF, frame >> 32, stream)
    out = philox.philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return [int(word) for word in np.stack(out, axis=1).reshape(-1)[:count]]


def uniform(seed, stream, frame, count):
    """Numbers in (0, 1): float32 [count]."""
    values = np.array(words(seed, stream, frame, count), dtype=np.uint64)
    return (((values >> np.uint64(8)).astype(np.float64) + 0.5)
            / 2.0**24).astype(np.float32)


def draw_resampling(seed, frame, unit, count):
    """Places, numbers in [0, count - 1], from which each column is taken.

    Words of the key in turn: for each segment its length, 19 + floor(14 word /
    2^32), and its stretch, 0.5 + a uniform number; then for i from the last
    segment to the second the one that it changes places with, floor((i + 1)
    word / 2^32).
    """
    source = iter(words(seed, STREAM_RESAMPLE + unit, frame, 4 * count))
    segments = []
    begin = 0
    while begin < count:
        length = min(19 + (next(source) * 14 >> 32), count - begin)
        stretch = 0.5 + ((next(source) >> 8) + 0.5) / 2**24
        segments.append((begin, length, stretch))
        begin += length
    for i in range(len(segments) - 1, 0, -1):
        j = next(source) * (i + 1) >> 32
        segments[i], segments[j] = segments[j], segments[i]
    places = []
    while len(places) < count:
        for begin, length, stretch in segments:
            steps = np.arange(max(1, math.floor(length * stretch + 0.5)))
            places.extend(begin + np.minimum(steps / stretch, length - 1))
    return np.array(places[:count]), segments


def resampling(seed, clock, unit, n, count):
    """(low, high, weight) of n sequences' rows, one after the other."""
    rows = []
    for i in range(n):
        places, segments = draw_resampling(seed, clock + i, unit, count)
        last = np.array([max(b + l - 1 for b, l, _ in segments
                             if b <= place) for place in places])
        low = np.floor(places)
        rows.append(np.stack([low + i * count,
                              np.minimum(low + 1, last) + i * count,
                              places - low]))
    return np.concatenate(rows, axis=1).astype(np.float32)


def mask_energy(mel):
    """Zero in the columns above the median energy; mel [T, bands]."""
    energy = (10.0 ** (10 * mel.astype(np.float64))).sum(axis=1)
    return np.where(energy[:, None] > np.median(energy), 0, mel)
