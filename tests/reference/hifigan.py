# SPDX-License-Identifier: LGPL-2.1-or-later
"""HiFi-GAN, plainly, from the paper (Kong, Kim, Bae, NeurIPS 2020).

Section and table numbers are the paper's.  Arrays are PyTorch's, channels
first: mel spectrograms [n, bands, T], audio [n, 1, T hop].  Weight norm is
folded: every convolution has one weight.
"""

import torch
from torch import nn
from torch.nn import functional as F

SLOPE = 0.1
SLOPE_POST = 0.01  # before the last convolution, as in the authors' weights

# Appendix A.1, table 5.
VERSIONS = {
    1: {"channels": 512, "ups": [(8, 16), (8, 16), (2, 4), (2, 4)],
        "resblock": 1, "kernels": [3, 7, 11],
        "dilations": [(1, 3, 5), (1, 3, 5), (1, 3, 5)]},
    2: {"channels": 128, "ups": [(8, 16), (8, 16), (2, 4), (2, 4)],
        "resblock": 1, "kernels": [3, 7, 11],
        "dilations": [(1, 3, 5), (1, 3, 5), (1, 3, 5)]},
    3: {"channels": 256, "ups": [(8, 16), (8, 16), (4, 8)],
        "resblock": 2, "kernels": [3, 5, 7],
        "dilations": [(1, 2), (2, 6), (3, 12)]},
}

# Watches the input of every LeakyReLU where set.
watch = None


def leaky(x, slope=SLOPE):
    if watch is not None:
        watch(x)
    return F.leaky_relu(x, slope)


def same(channels, kernel, dilation):
    """A convolution that keeps the length."""
    return nn.Conv1d(channels, channels, kernel, dilation=dilation,
                     padding="same")


class PairedBlock(nn.Module):
    """Residual block of V1 and V2: a dilated convolution, then a plain one."""

    def __init__(self, channels, kernel, dilations):
        super().__init__()
        self.convs1 = nn.ModuleList(same(channels, kernel, d)
                                    for d in dilations)
        self.convs2 = nn.ModuleList(same(channels, kernel, 1)
                                    for _ in dilations)

    def forward(self, x):
        for first, second in zip(self.convs1, self.convs2):
            x = x + second(leaky(first(leaky(x))))
        return x


class SingleBlock(nn.Module):
    """Residual block of V3."""

    def __init__(self, channels, kernel, dilations):
        super().__init__()
        self.convs = nn.ModuleList(same(channels, kernel, d)
                                   for d in dilations)

    def forward(self, x):
        for conv in self.convs:
            x = x + conv(leaky(x))
        return x


class Generator(nn.Module):
    """Figure 1: mel spectrogram -> audio."""

    def __init__(self, version, channels=None, bands=80):
        super().__init__()
        config = VERSIONS[version]
        width = channels or config["channels"]
        block = PairedBlock if config["resblock"] == 1 else SingleBlock
        self.kernels = len(config["kernels"])
        self.conv_pre = nn.Conv1d(bands, width, 7, padding=3)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for rate, kernel in config["ups"]:
            self.ups.append(nn.ConvTranspose1d(
                width, width // 2, kernel, rate, padding=(kernel - rate) // 2))
            width //= 2
            for k, d in zip(config["kernels"], config["dilations"]):
                self.resblocks.append(block(width, k, d))
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3)

    def forward(self, mel):
        x = self.conv_pre(mel)
        for i, up in enumerate(self.ups):
            x = up(leaky(x))
            blocks = self.resblocks[i * self.kernels:(i + 1) * self.kernels]
            x = torch.stack([block(x) for block in blocks]).mean(0)
        return torch.tanh(self.conv_post(leaky(x, SLOPE_POST)))
