# SPDX-License-Identifier: LGPL-2.1-or-later
"""VGG16, VGG19 and SqueezeNet 1.1 for a perceptual loss, and their goldens.

    python3 tests/reference/perceptual.py [--float32] [--search N] [NAME...]
    python3 tests/reference/perceptual.py --lpips WEIGHTS HEADS

Written from the published definitions: Simonyan and Zisserman, ICLR 2015,
table 1 (D, E); Iandola et al. 2016 and its model file of version 1.1;
torchvision's numbers of the layers; LPIPS's taps.

Test weights: the parameters up to the last tap, numbered from 0 by name,
bytewise; number p draws normal(1234, stream 1000 + p, frame 0, j), times
sqrt(2 / inputs) for weights (so that activations keep their size through the
ReLUs) and 0.1 for biases.  In the Caffe form the first layer's weights are
divided by 64, so that pixels of -128 .. 127 do the same.

Test heads of LPIPS: head i (1, C, 1, 1) is |normal(1234, stream 2000 + i,
frame 0, j)| / C.

Videos: real and made are clip(normal / 2, -1, 1) of stream 0 and 1 at the
golden's seed, frame t, index (row W + column) 3 + channel.

A golden file holds, for T frames:

    NAME            up to 240 elements of the tap's features (T, h, w, C),
                    those at floor(k n / 240)
    NAME.rms        1: root mean square of all
    distance        1
    lpips           T: LPIPS of real and made, heads by the rule below
    grad            up to 480 elements of d distance / d made, (T, H, W, 3)
    grad.norm       1: L2 norm of the whole

Computed in float64; --float32 compares PyTorch's float32 with the files.
--search tries seeds for one at which no activation that the gradient passes
is near a ReLU's corner or a pool's tie, where float32 may take either side.
"""

import argparse
import os

import numpy as np
import torch
from torch.nn import functional as F

import philox
import tensorfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUT = os.path.join(HERE, "..", "models", "goldens")

FRAMES = 2
WEIGHT_SEED = 1234
FEATURE_SAMPLES = 240
GRADIENT_SAMPLES = 480
EPSILON = 1e-8

# Numbers are convolutions' widths, M a pool, T a tap.
VGG = {
    "vgg16": [64, 64, "T", "M", 128, 128, "T", "M", 256, 256, 256, "T", "M",
              512, 512, 512, "T", "M", 512, 512, 512, "T"],
    "vgg19": [64, 64, "T", "M", 128, 128, "T", "M", 256, 256, 256, "T", 256,
              "M", 512, 512, 512, "T", 512, "M", 512, 512, 512, "T"],
}
VGG_TAPS = ["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"]

# Index: (squeeze, each expand); None is a pool.
SQUEEZENET = [(2, None), (3, (16, 64)), (4, (16, 64)), (5, None),
              (6, (32, 128)), (7, (32, 128)), (8, None), (9, (48, 192)),
              (10, (48, 192)), (11, (64, 256)), (12, (64, 256))]
SQUEEZENET_TAPS = {0: "relu1", 4: "fire4", 7: "fire7", 9: "fire9",
                   10: "fire10", 11: "fire11", 12: "fire12"}

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CAFFE_MEAN = (104.0, 117.0, 123.0)  # blue, green, red
CAFFE_INPUT = "BGR in 0..255 minus (104,117,123)"

# Name: (network, in the Caffe form, height, width, seed of the videos).  The
# sizes of the last one make every pool's last window hang over somewhere.
GOLDENS = {
    "vgg16": ("vgg16", False, 64, 64, 10),
    "vgg19": ("vgg19", False, 64, 64, 16),
    "squeezenet": ("squeezenet1.1", True, 64, 64, 19),
    "squeezenet_odd": ("squeezenet1.1", False, 52, 70, 22),
}


def shapes(network):
    """{name: shape} of the parameters that the taps need."""
    found = {}

    def conv(name, cout, cin, size):
        found[name + ".weight"] = (cout, cin, size, size)
        found[name + ".bias"] = (cout,)

    channels, index = 3, 0
    if network in VGG:
        for item in VGG[network]:
            if item == "T":
                continue
            if item == "M":
                index += 1
                continue
            conv("features.%d" % index, item, channels, 3)
            channels = item
            index += 2  # its ReLU is numbered too
        return found
    conv("features.0", 64, 3, 3)
    channels = 64
    for index, fire in SQUEEZENET:
        if fire:
            squeeze, expand = fire
            name = "features.%d." % index
            conv(name + "squeeze", squeeze, channels, 1)
            conv(name + "expand1x1", expand, squeeze, 1)
            conv(name + "expand3x3", expand, squeeze, 3)
            channels = 2 * expand
    return found


def test_weights(network, caffe, dtype):
    """{name: tensor} by the rule above."""
    weights = {}
    table = shapes(network)
    for number, name in enumerate(sorted(table, key=str.encode)):
        shape = table[name]
        values = philox.normal(WEIGHT_SEED, 1000 + number, 0,
                               int(np.prod(shape))).astype(np.float64)
        scale = 0.1
        if name.endswith("weight"):
            scale = np.sqrt(2.0 / np.prod(shape[1:]))
            if caffe and name.startswith("features.0."):
                scale /= 64
        rounded = (scale * values).astype(np.float32).reshape(shape)
        weights[name] = torch.from_numpy(rounded).to(dtype)
    return weights


def videos(seed, height, width):
    """real, made: float32 [T, H, W, 3] each."""
    pair = []
    for stream in range(2):
        frames = [philox.normal(seed, stream, t, height * width * 3)
                  for t in range(FRAMES)]
        half = np.clip(np.stack(frames) * np.float32(0.5), -1, 1)
        pair.append(half.reshape(FRAMES, height, width, 3))
    return pair


class Network:
    """The features of images [T, H, W, 3] in [-1, 1]."""

    def __init__(self, name, caffe, weights):
        self.name, self.caffe, self.weights = name, caffe, weights
        self.margin = None  # with a list: distances from corners and ties

    def prepare(self, video):
        x = video.permute(0, 3, 1, 2)
        mean, std = IMAGENET_MEAN, IMAGENET_STD
        if self.caffe:
            x = (x + 1) * 127.5
            x = x[:, [2, 1, 0]]
            mean, std = CAFFE_MEAN, (1, 1, 1)
        else:
            x = (x + 1) / 2
        mean = torch.tensor(mean, dtype=x.dtype).reshape(1, 3, 1, 1)
        std = torch.tensor(std, dtype=x.dtype).reshape(1, 3, 1, 1)
        return (x - mean) / std

    def conv(self, name, x, **how):
        y = F.conv2d(x, self.weights[name + ".weight"],
                     self.weights[name + ".bias"], **how)
        if self.margin is not None:
            self.margin.append(float(y.abs().min() / y.pow(2).mean().sqrt()))
        return F.relu(y)

    def pool(self, x, size, ceil):
        y = F.max_pool2d(x, size, 2, ceil_mode=ceil)
        if self.margin is not None:
            self.margin.append(tie_margin(x, size, ceil))
        return y

    def taps(self, video, count=None):
        """{tap: [T, h, w, C]} of the first `count` taps."""
        x = self.prepare(video)
        found = {}
        walk = self.vgg if self.name in VGG else self.squeezenet
        for tap, features in walk(x):
            found[tap] = features.permute(0, 2, 3, 1)
            if len(found) == count:
                break
        return found

    def vgg(self, x):
        index, tap = 0, 0
        for item in VGG[self.name]:
            if item == "T":
                yield VGG_TAPS[tap], x
                tap += 1
            elif item == "M":
                x = self.pool(x, 2, False)
                index += 1
            else:
                x = self.conv("features.%d" % index, x, padding=1)
                index += 2

    def squeezenet(self, x):
        x = self.conv("features.0", x, stride=2)
        yield SQUEEZENET_TAPS[0], x
        for index, fire in SQUEEZENET:
            if not fire:
                x = self.pool(x, 3, True)
                continue
            name = "features.%d." % index
            x = self.conv(name + "squeeze", x)
            x = torch.cat([self.conv(name + "expand1x1", x),
                           self.conv(name + "expand3x3", x, padding=1)], 1)
            if index in SQUEEZENET_TAPS:
                yield SQUEEZENET_TAPS[index], x


def tie_margin(x, size, ceil):
    """Least gap of a window's two largest, where the largest is not 0."""
    height, width = x.shape[2:]
    padded = F.pad(x, (0, width % 2 == 0 and ceil, 0,
                       height % 2 == 0 and ceil), value=-1.0)
    windows = padded.unfold(2, size, 2).unfold(3, size, 2)
    top = windows.reshape(-1, size * size).topk(2).values
    top = top[top[:, 0] > 0]
    gap = float((top[:, 0] - top[:, 1].clamp(min=0)).min())
    return gap / float(x.pow(2).mean().sqrt())


def distance(network, real, made):
    """||phi(v) - phi(v~)|| / ||phi(v)||: where places are 4 pixels apart."""
    tap = 2 if network.name in VGG else 1
    a = list(network.taps(real, tap + 1).values())[tap].detach()
    b = list(network.taps(made, tap + 1).values())[tap]
    part = (a - b).pow(2).mean() / (a.pow(2).mean() + EPSILON)
    return (part + EPSILON).sqrt()


def test_heads(network, dtype):
    """[tensor (C)] by the rule above."""
    widths = ([64, 128, 256, 512, 512] if network in VGG else
              [64, 128, 256, 384, 384, 512, 512])
    heads = []
    for i, width in enumerate(widths):
        values = philox.normal(WEIGHT_SEED, 2000 + i, 0, width)
        values = (np.abs(values) / np.float32(width)).astype(np.float32)
        heads.append(torch.from_numpy(values).to(dtype))
    return heads


def lpips(network, heads, real, made):
    """Zhang et al. 2018, eq. (1), as their code has it: [T]."""
    total = 0
    for a, b, w in zip(network.taps(real).values(),
                       network.taps(made).values(), heads):
        a = a / (a.pow(2).sum(3, keepdim=True).sqrt() + 1e-10)
        b = b / (b.pow(2).sum(3, keepdim=True).sqrt() + 1e-10)
        total = total + ((a - b).pow(2) * w).sum(3).mean((1, 2))
    return total


def sampled(x, most):
    """At most `most` elements, flattened, evenly spread."""
    flat = x.detach().reshape(-1).numpy()
    if flat.size <= most:
        return flat
    return flat[np.arange(most) * flat.size // most]


def make(golden, dtype=torch.float64):
    """{name: array} of a golden file."""
    name, caffe, height, width, seed = GOLDENS[golden]
    network = Network(name, caffe, test_weights(name, caffe, dtype))
    real, made = [torch.from_numpy(v).to(dtype)
                  for v in videos(seed, height, width)]
    out = {}
    with torch.no_grad():
        for tap, features in network.taps(made).items():
            out[tap] = sampled(features, FEATURE_SAMPLES)
            out[tap + ".rms"] = features.pow(2).mean().sqrt().reshape(1)
        out["lpips"] = lpips(network, test_heads(name, dtype), real,
                             made).numpy()
    made.requires_grad_()
    value = distance(network, real, made)
    value.backward()
    out["distance"] = value.detach().reshape(1)
    out["grad"] = sampled(made.grad, GRADIENT_SAMPLES)
    out["grad.norm"] = made.grad.norm().reshape(1)
    return out


def real_numbers(weights, heads):
    """Distance and LPIPS of the test videos (seed 1, 64 x 64) by real weight
    files."""
    weights = {name: torch.from_numpy(x.astype(np.float64))
               for name, x in tensorfile.read(weights)[0].items()}
    heads = tensorfile.read(heads)[0]
    heads = [torch.from_numpy(heads["lin%d.model.1.weight" % i].astype(
        np.float64)).reshape(-1) for i in range(len(heads))]
    real, made = [torch.from_numpy(v).double() for v in videos(1, 64, 64)]
    network = Network("squeezenet1.1", True, weights)
    return (distance(network, real, made).item(),
            lpips(network, heads, real, made).numpy())


def margin(golden, seed, network):
    """How far the made video stays from corners and ties: relative."""
    _, _, height, width, _ = GOLDENS[golden]
    network.margin = []
    made = torch.from_numpy(videos(seed, height, width)[1]).double()
    with torch.no_grad():
        network.taps(made, 3)
    return min(network.margin)


def search(golden, seeds):
    name, caffe = GOLDENS[golden][:2]
    network = Network(name, caffe, test_weights(name, caffe, torch.float64))
    best = max((margin(golden, seed, network), seed) for seed in range(seeds))
    print("%s: seed %d, margin %.1e" % (golden, best[1], best[0]), flush=True)


def compare(golden, path):
    """Prints the largest differences of float32: of the file's rms."""
    made, file = make(golden, torch.float32), tensorfile.read(path)[0]
    for name, want in file.items():
        rms = float(np.sqrt(np.mean(np.square(want.astype(np.float64)))))
        worst = float(np.abs(np.asarray(made[name]) - want).max())
        print("%s, %s: %.1e" % (golden, name, worst / rms), flush=True)


def main():
    parser = argparse.ArgumentParser(description="see the file's head")
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--search", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--lpips", nargs=2, metavar="FILE",
                        help="print distance and LPIPS of the test videos by "
                        "the weight files of Caffe's SqueezeNet and its heads")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.lpips:
        print(*real_numbers(*arguments.lpips))
        return
    for name in arguments.names or GOLDENS:
        path = os.path.join(OUTPUT, "perceptual_" + name + ".safetensors")
        if arguments.search:
            search(name, arguments.search)
        elif arguments.float32:
            compare(name, path)
        else:
            network, caffe, height, width, seed = GOLDENS[name]
            about = {"network": network, "height": str(height),
                     "width": str(width), "seed": str(seed)}
            if caffe:
                about["input"] = CAFFE_INPUT
            tensorfile.write(path, make(name), about)
            print("%s: %d bytes" % (path, os.path.getsize(path)), flush=True)


if __name__ == "__main__":
    main()
