# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wav2CLIP (Wu et al., ICASSP 2022), narrow, and its golden file.

    python3 tests/reference/wav2clip.py

The image of a sound: 16 kHz, ln(power + 1e-7) of a spectrum of 512 points every 353
samples, reflected at the ends, standardised. The network: torchvision's ResNet-18 of one
channel without its last layer, then two linear layers. Everything is in float64.
"""
import os

import torch
from torch.nn import functional as F

import tensorfile

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTHS, HIDDEN, EMBEDDING, SAMPLES = (2, 3, 4, 5), 6, 4, 4000


def image_of(sound):
    """(samples) -> (257, columns)"""
    spectrum = torch.stft(sound, 512, 353, window=torch.hann_window(512).double(),
                          center=True, pad_mode="reflect", return_complex=True)
    x = torch.log(spectrum.abs() ** 2 + 1e-7)
    return (x - x.mean()) / (x.std() + 1e-9)


def shapes():
    found = {"conv1.weight": (WIDTHS[0], 1, 7, 7), "bn1": WIDTHS[0]}
    into = WIDTHS[0]
    for stage, width in enumerate(WIDTHS, 1):
        for block in range(2):
            name = f"layer{stage}.{block}."
            found[name + "conv1.weight"] = (width, into, 3, 3)
            found[name + "bn1"] = width
            found[name + "conv2.weight"] = (width, width, 3, 3)
            found[name + "bn2"] = width
            if stage > 1 and block == 0:
                found[name + "downsample.0.weight"] = (width, into, 1, 1)
                found[name + "downsample.1"] = width
            into = width
    return found


def weights():
    rng = torch.Generator().manual_seed(1)
    p = {}
    for name, shape in shapes().items():
        name = "audio_encoder." + name
        if isinstance(shape, tuple):
            fan = shape[1] * shape[2] * shape[3]
            p[name] = torch.randn(shape, generator=rng) * (2 / fan) ** 0.5
            continue
        p[name + ".weight"] = 1 + 0.3 * torch.randn(shape, generator=rng)
        p[name + ".bias"] = 0.3 * torch.randn(shape, generator=rng)
        p[name + ".running_mean"] = 0.3 * torch.randn(shape, generator=rng)
        p[name + ".running_var"] = 0.5 + torch.rand(shape, generator=rng)
    for name, shape in (("0", (HIDDEN, WIDTHS[3])), ("3", (EMBEDDING, HIDDEN))):
        name = "audio_transform.sequential." + name
        p[name + ".weight"] = torch.randn(shape, generator=rng)
        p[name + ".bias"] = torch.randn(shape[0], generator=rng)
    return p


def embed(p, x):
    """(1, 1, 257, columns) -> (1, embedding)"""
    p = {name: value.double() for name, value in p.items()}

    def conv(x, name, stride, pad):
        return F.conv2d(x, p[f"audio_encoder.{name}.weight"], None, stride, pad)

    def norm(x, name):
        name = "audio_encoder." + name
        return F.batch_norm(x, p[name + ".running_mean"], p[name + ".running_var"],
                            p[name + ".weight"], p[name + ".bias"])

    def linear(x, name):
        name = "audio_transform.sequential." + name
        return F.linear(x, p[name + ".weight"], p[name + ".bias"])

    x = F.max_pool2d(F.relu(norm(conv(x, "conv1", 2, 3), "bn1")), 3, 2, 1)
    for stage in range(1, 5):
        for block in range(2):
            name = f"layer{stage}.{block}."
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(conv(x, name + "conv1", stride, 1), name + "bn1"))
            y = norm(conv(y, name + "conv2", 1, 1), name + "bn2")
            if stride == 2:
                x = norm(conv(x, name + "downsample.0", 2, 0), name + "downsample.1")
            x = F.relu(x + y)
    return linear(F.relu(linear(x.mean((2, 3)), "0")), "3")


def main():
    rng = torch.Generator().manual_seed(2)
    t = torch.arange(SAMPLES) / 16000
    sound = 0.3 * torch.sin(2 * torch.pi * 440 * t) * torch.exp(-5 * t) \
        + 0.01 * torch.randn(SAMPLES, generator=rng)
    image = image_of(sound.double())
    p = weights()
    embedding = embed(p, image[None, None])
    tensors = dict(p)
    tensors.update({"io.sound": sound, "io.image": image, "io.embedding": embedding,
                    "io.normalised": F.normalize(embedding)})
    tensorfile.write(os.path.join(HERE, "../models/goldens/wav2clip.safetensors"),
                     {name: value.numpy() for name, value in tensors.items()}, {})


main()
