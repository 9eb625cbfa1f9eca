# SPDX-License-Identifier: LGPL-2.1-or-later
"""HiFi-GAN's discriminators and losses, plainly (sections 2.3 and 2.4).

Equation numbers are the paper's.  Audio is [n, 1, L].
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm, weight_norm

import hifigan

PERIODS = (2, 3, 5, 7, 11)
SCALES = 3


class Period(nn.Module):
    """One sub-discriminator of MPD: figure 2b."""

    def __init__(self, period, divide):
        super().__init__()
        self.period = period
        widths = [1] + [c // divide for c in (32, 128, 512, 1024, 1024)]
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(i, o, (5, 1), (stride, 1), (2, 0)))
            for i, o, stride in zip(widths, widths[1:], (3, 3, 3, 3, 1)))
        self.conv_post = weight_norm(
            nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, x):
        rest = -x.shape[2] % self.period
        if rest:
            x = F.pad(x, (0, rest), mode="reflect")
        x = x.unflatten(2, (-1, self.period))
        return features(self, x)


class Scale(nn.Module):
    """One sub-discriminator of MSD: figure 2a."""

    def __init__(self, norm, divide):
        super().__init__()
        # Inputs, outputs, taps, stride, groups.
        shapes = [(1, 128, 15, 1, 1), (128, 128, 41, 2, 4),
                  (128, 256, 41, 2, 16), (256, 512, 41, 4, 16),
                  (512, 1024, 41, 4, 16), (1024, 1024, 41, 1, 16),
                  (1024, 1024, 5, 1, 1)]
        self.convs = nn.ModuleList(
            norm(nn.Conv1d(max(1, i // divide), o // divide, k, stride,
                           padding=k // 2, groups=groups))
            for i, o, k, stride, groups in shapes)
        self.conv_post = norm(nn.Conv1d(1024 // divide, 1, 3, padding=1))

    def forward(self, x):
        return features(self, x)


def features(d, x):
    """Every layer's result; the last one is the decision map."""
    out = []
    for conv in d.convs:
        x = hifigan.leaky(conv(x))
        out.append(x)
    return out + [d.conv_post(x)]


class MultiPeriod(nn.Module):
    def __init__(self, divide):
        super().__init__()
        self.discriminators = nn.ModuleList(Period(p, divide)
                                            for p in PERIODS)

    def forward(self, x):
        return [d(x) for d in self.discriminators]


class MultiScale(nn.Module):
    def __init__(self, divide):
        super().__init__()
        self.discriminators = nn.ModuleList(
            Scale(weight_norm if i else spectral_norm, divide)
            for i in range(SCALES))
        self.pool = nn.AvgPool1d(4, 2, padding=2)

    def forward(self, x):
        out = []
        for i, d in enumerate(self.discriminators):
            x = self.pool(x) if i else x
            out.append(d(x))
        return out


class Game(nn.Module):
    """Both, and the losses; real and generated pieces are one batch."""

    def __init__(self, divide):
        super().__init__()
        self.mpd = MultiPeriod(divide)
        self.msd = MultiScale(divide)

    def judge(self, real, fake):
        """[(features of real, features of fake)], of each discriminator."""
        both = torch.cat([real, fake])
        return [list(zip(*(f.chunk(2) for f in maps)))
                for maps in self.mpd(both) + self.msd(both)]

    def discriminator_loss(self, real, fake):
        """Equation (1), of all: (real, fake)."""
        of_real = of_fake = 0
        for x, y in self.judge(real.detach(), fake.detach()):
            of_real = of_real + (x[-1] - 1).square().mean()
            of_fake = of_fake + y[-1].square().mean()
        return of_real, of_fake

    def generator_loss(self, real, fake):
        """Equations (2) and (4), of all: (adversarial, features)."""
        adversarial = matching = 0
        for x, y in self.judge(real, fake):
            adversarial = adversarial + (y[-1] - 1).square().mean()
            for a, b in zip(x, y):
                matching = matching + l1(b, a.detach())
        return adversarial, matching


def l1(x, y):
    """The mean absolute difference, which has a corner at 0."""
    if hifigan.watch is not None:
        hifigan.watch(x - y)
    return F.l1_loss(x, y)


def mel_loss(real, fake, size, hop, filters):
    """Equation (3)."""
    def log_mel(x):
        spectrum = torch.stft(x[:, 0], size, hop, center=False,
                              window=torch.hann_window(size).to(x),
                              return_complex=True)
        parts = torch.view_as_real(spectrum)
        magnitude = (parts.square().sum(-1) + 1e-9).sqrt()
        return (filters @ magnitude).clamp(min=1e-5).log()
    return l1(log_mel(fake), log_mel(real).detach())
