# SPDX-License-Identifier: LGPL-2.1-or-later
"""The discriminators of "VarietySound" and its losses, plainly.

Equation numbers are the paper's.  Arrays are PyTorch's, channels first: mel
spectrograms [n, bands, T], features of sight [n, features, T / 4].  Every
pass has batch statistics of its own.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import varietysound as vs

STREAM_SHIFT = 0x240
STREAM_WINDOW = 0x241
LAMBDA_MEL = 10000.0
LAMBDA_ADVERSARIAL = 1.0


def norm1d(width):
    return nn.BatchNorm1d(width, track_running_stats=False)


class Alignment(nn.Module):
    """D_t, the time-domain alignment discriminator: figure 3f."""

    def __init__(self, c):
        super().__init__()
        up, width = c["up_channels"], c["channels"]
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(i, up, 4, stride=2, padding=1)
            for i in (c["features"], up))
        self.mel = nn.ModuleList([
            nn.Conv1d(c["bands"], width, 3, padding=1, bias=False)])
        self.mel_norm = nn.ModuleList([norm1d(width)])
        self.convs = nn.ModuleList([
            nn.Conv1d(up + width, width, 4, 2, 1, bias=False),
            nn.Conv1d(width, width, 4, 2, 1, bias=False),
            nn.Conv1d(width, width, 4, 2, 1, bias=False),
            nn.Conv1d(width, 1, 4, 1, 1)])
        self.norms = nn.ModuleList(norm1d(width) for _ in range(3))

    def forward(self, mel, features):
        v = features
        for up in self.ups:
            v = vs.leaky(up(v))
        x = vs.leaky(self.mel_norm[0](self.mel[0](mel)))
        x = torch.cat([v, x], dim=1)
        for conv, norm in zip(self.convs, self.norms):
            x = vs.leaky(norm(conv(x)))
        return torch.sigmoid(self.convs[-1](x))


class Window(nn.Module):
    """One window of D_m: [n, bands, W] -> [n, 1]."""

    def __init__(self, c, columns):
        super().__init__()
        width = c["window_channels"]
        self.convs = nn.ModuleList(
            nn.Conv2d(i, width, 3, stride=2, padding=1, bias=False)
            for i in (1, width, width))
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(width, track_running_stats=False)
            for _ in range(3))
        left = (-(-columns // 8), -(-c["bands"] // 8))
        self.decision = nn.Conv2d(width, 1, left)

    def forward(self, mel):
        x = mel.transpose(1, 2).unsqueeze(1)  # an image, columns down
        for conv, norm in zip(self.convs, self.norms):
            x = vs.leaky(norm(conv(x)))
        return self.decision(x).flatten(1)


class MultiWindow(nn.Module):
    """D_m: rows of every window -> decisions [n, 3]."""

    def __init__(self, c):
        super().__init__()
        self.windows = nn.ModuleList(Window(c, w) for w in c["window"])

    def forward(self, mel, starts):
        """starts[k]: the window's size, and where it begins in each."""
        return torch.cat([
            window(torch.stack([m[:, s:s + size]
                                for m, s in zip(mel, start)]))
            for window, (size, start) in zip(self.windows, starts)], dim=1)


class Game(nn.Module):
    """Both discriminators, and the losses."""

    def __init__(self, c):
        super().__init__()
        self.d_t = Alignment(c)
        self.d_m = MultiWindow(c)

    def temporal_loss(self, real, fake, features, shifts):
        """Equations (4) to (6): (loss, real, fake, shifted)."""
        shifted = torch.stack([m.roll(-s, dims=1)
                               for m, s in zip(real, shifts)])
        parts = (F.mse_loss(*to(self.d_t(real, features), 1)),
                 F.mse_loss(*to(self.d_t(fake, features), 0)),
                 F.mse_loss(*to(self.d_t(shifted, features), 0)))
        return (sum(parts), *parts)

    def window_loss(self, real, fake, starts):
        """Equation (7): (loss, real, fake)."""
        parts = (F.mse_loss(*to(self.d_m(real, starts), 1)),
                 F.mse_loss(*to(self.d_m(fake, starts), 0)))
        return (sum(parts), *parts)

    def generator_loss(self, real, fake, features, starts):
        """Equations (1) to (3): (loss, mel, temporal, windows)."""
        mel = F.l1_loss(fake, real)
        temporal = F.mse_loss(*to(self.d_t(fake, features), 1))
        windows = F.mse_loss(*to(self.d_m(fake, starts), 1))
        loss = LAMBDA_MEL * mel + LAMBDA_ADVERSARIAL * (temporal + windows)
        return loss, mel, temporal, windows


def to(decisions, target):
    return decisions, torch.full_like(decisions, target)


def below(seed, stream, frame, count):
    """A whole number below count: of the key's first word."""
    return vs.words(seed, stream, frame, 1)[0] * count >> 32


def draw_shifts(seed, clock, n, count):
    """From T / 8 to 7 T / 8 columns, a sequence."""
    least = count // 8
    return [least + below(seed, STREAM_SHIFT, clock + i, count - 2 * least + 1)
            for i in range(n)]


def draw_starts(seed, clock, windows, n, count):
    """[(window's size, [where it begins in each sequence])]."""
    return [(size, [below(seed, STREAM_WINDOW + k, clock + i,
                          count - size + 1) for i in range(n)])
            for k, size in enumerate(windows)]


def rows(n, count, starts, columns):
    """The rows, of all sequences one after the other, that a piece has."""
    return np.array([i * count + (s + t) % count
                     for i, s in zip(range(n), starts)
                     for t in range(columns)], dtype=np.float32)
