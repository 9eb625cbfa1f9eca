# SPDX-License-Identifier: LGPL-2.1-or-later
"""BN-Inception, plainly, and its golden file.

    python3 tests/reference/bn_inception.py [--float32]

The network is that of Ioffe and Szegedy 2015, figure 5, under the names that
its public PyTorch weights have: each convolution "NAME" with a norm "NAME_bn".
Arrays are PyTorch's: (T, planes, H, W) -> (T, 1024).

Test weights, WEIGHT_SEED, of parameter p in the network's order: draws v
`normal(seed, stream 1000 + p, 0, index)`; a convolution's weight is
v sqrt(2 / inputs), so that what is seen reaches the last layer; variances and
the norms' weights are 1 + v / 10; all others v / 10. Inputs are
60 `normal(INPUT_SEED, stream planes, 0, index)`, channels last.

The golden `bn_inception.safetensors`: `rgb` (2, 1024), of pictures of 64 x 96;
`flow` (1, 1024), of a flow of 64 x 64; `mean` (1, 1024), of the same flow by
the weights for pictures, each of whose planes becomes the mean of all three.
"""

import argparse
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import make_goldens
import philox
import tensorfile

WEIGHT_SEED, INPUT_SEED = 4322, 78

# 1x1; 3x3's reduction, 3x3; double 3x3's reduction, first, second; projection.
MODULES = {
    "3a": (64, 64, 64, 64, 96, 96, 32),
    "3b": (64, 64, 96, 64, 96, 96, 64),
    "3c": (0, 128, 160, 64, 96, 96, 0),
    "4a": (224, 64, 96, 96, 128, 128, 128),
    "4b": (192, 96, 128, 96, 128, 128, 128),
    "4c": (160, 128, 160, 128, 160, 160, 128),
    "4d": (96, 128, 192, 160, 192, 192, 128),
    "4e": (0, 128, 192, 192, 256, 256, 0),
    "5a": (352, 192, 320, 160, 224, 224, 128),
    "5b": (352, 192, 320, 192, 224, 224, 128),
}


class BNInception(nn.Module):
    def __init__(self, planes):
        super().__init__()
        self.unit("conv1_7x7_s2", planes, 64, 7, 2)
        self.unit("conv2_3x3_reduce", 64, 64, 1)
        self.unit("conv2_3x3", 64, 192, 3)
        cin = 192
        for name, (one, r3, c3, rd, d1, d2, proj) in MODULES.items():
            stride = 1 if one else 2
            at = "inception_" + name
            if one:
                self.unit(at + "_1x1", cin, one, 1)
            self.unit(at + "_3x3_reduce", cin, r3, 1)
            self.unit(at + "_3x3", r3, c3, 3, stride)
            self.unit(at + "_double_3x3_reduce", cin, rd, 1)
            self.unit(at + "_double_3x3_1", rd, d1, 3)
            self.unit(at + "_double_3x3_2", d1, d2, 3, stride)
            if proj:
                self.unit(at + "_pool_proj", cin, proj, 1)
            cin = one + c3 + d2 + (proj or cin)

    def unit(self, name, cin, cout, kernel, stride=1):
        self.add_module(name, nn.Conv2d(cin, cout, kernel, stride,
                                        padding=kernel // 2))
        self.add_module(name + "_bn", nn.BatchNorm2d(cout))

    def run(self, name, x):
        return F.relu(getattr(self, name + "_bn")(getattr(self, name)(x)))

    def inception(self, name, x):
        at = "inception_" + name
        y = self.run(at + "_3x3", self.run(at + "_3x3_reduce", x))
        z = self.run(at + "_double_3x3_reduce", x)
        z = self.run(at + "_double_3x3_2", self.run(at + "_double_3x3_1", z))
        if not MODULES[name][0]:
            return torch.cat([y, z, halve(x)], 1)
        pooled = (F.max_pool2d(x, 3, 1, 1) if name == "5b" else
                  F.avg_pool2d(x, 3, 1, 1, ceil_mode=True,
                               count_include_pad=True))
        return torch.cat([self.run(at + "_1x1", x), y, z,
                          self.run(at + "_pool_proj", pooled)], 1)

    def forward(self, x):
        x = halve(self.run("conv1_7x7_s2", x))
        x = self.run("conv2_3x3", self.run("conv2_3x3_reduce", x))
        x = halve(x)
        for name in MODULES:
            x = self.inception(name, x)
        return x.mean((2, 3))


def halve(x):
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def test_weights(network):
    """{name: float32 tensor}, without the counters."""
    weights = {}
    for name, value in network.state_dict().items():
        if not value.is_floating_point():
            continue
        shape = tuple(value.shape)
        v = philox.normal(WEIGHT_SEED, 1000 + len(weights), 0,
                          int(np.prod(shape))).astype(np.float64)
        if len(shape) == 4:
            v *= np.sqrt(2 / np.prod(shape[1:]))
        else:
            v *= 0.1
            if name.endswith(("_bn.weight", "running_var")):
                v += 1
        weights[name] = torch.from_numpy(v.astype(np.float32).reshape(shape))
    return weights


def network_of(planes, weights, dtype):
    network = BNInception(planes).eval()
    network.load_state_dict(weights, strict=False)
    return network.to(dtype)


def test_input(planes, count, height, width):
    x = 60 * philox.normal(INPUT_SEED, planes, 0,
                           count * height * width * planes)
    x = x.astype(np.float32).reshape(count, height, width, planes)
    return torch.from_numpy(np.moveaxis(x, 3, 1).copy())


def make(dtype):
    rgb = test_weights(BNInception(3))
    flow = test_weights(BNInception(2))
    first = "conv1_7x7_s2.weight"
    mean = {**rgb, first: rgb[first].mean(1, keepdim=True).repeat(1, 2, 1, 1)}
    pictures, motion = test_input(3, 2, 64, 96), test_input(2, 1, 64, 64)
    with torch.no_grad():
        return {name: network_of(planes, weights, dtype)(x.to(dtype)).numpy()
                for name, planes, weights, x in (
                    ("rgb", 3, rgb, pictures), ("flow", 2, flow, motion),
                    ("mean", 2, mean, motion))}


def main():
    parser = argparse.ArgumentParser(description="see the file's head")
    parser.add_argument("--float32", action="store_true",
                        help="write nothing: compare float32 with the file")
    arguments = parser.parse_args()
    path = os.path.join(make_goldens.OUTPUT, "bn_inception.safetensors")
    if not arguments.float32:
        tensorfile.write(path, make(torch.float64),
                         {"network": "bn-inception"})
    golden, _ = tensorfile.read(path)
    made = make(torch.float32)
    for name, want in golden.items():
        rms = np.sqrt(np.mean(np.square(want)))
        print("%s: rms %.3g, float32's largest error %.1e of it" % (
            name, rms, np.abs(made[name] - want).max() / rms))
    apart = np.abs(golden["rgb"][0] - golden["rgb"][1]).mean()
    print("two pictures' features are apart by %.2g of the rms" % (
        apart / np.sqrt(np.mean(np.square(golden["rgb"])))))


if __name__ == "__main__":
    main()
