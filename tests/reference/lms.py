#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Log-mel spectrum of Listen and Move, from its formula, in double.

Writes the golden features that tests/audio/lms.c compares with:

    python3 tests/reference/lms.py > tests/audio/lms_golden.h

The transform is a matrix of cosines and sines, and the filters are computed
one weight at a time: slow, and nothing in common with core/audio. The signal
is made of integers alone, so that the C test makes the same one; the sine
comes as a table, in the golden file.
"""
import numpy as np

LENGTH = 31333
SINE = np.round(32767 * np.sin(2 * np.pi * np.arange(1024) / 1024)).astype(int)


def signal():
    """Silence, noise, faint noise, impulses, a loud tone, two, a chirp."""
    x = np.zeros(LENGTH, dtype=np.int64)
    state, phase, step = 1, 0, 0
    for i in range(LENGTH):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = (state >> 16) - 32768
        if 4000 <= i < 9600:
            x[i] = noise
        elif 9600 <= i < 13600:
            x[i] = noise >> 8
        elif i in (14400, 16001):
            x[i] = 32767
        elif 17600 <= i < 22400:
            x[i] = SINE[i * 64 % 1024]
        elif 22400 <= i < 27200:
            x[i] = (SINE[i * 28 % 1024] >> 3) + (SINE[i * 192 % 1024] >> 4)
        elif i >= 27200:
            step += 100
            phase = (phase + step) % 2**20
            x[i] = SINE[phase >> 10] >> 1
    return x / 32768.0


def filters():
    """(64, 257)"""
    mel = lambda f: 1127 * np.log(1 + f / 700)
    edge = np.linspace(mel(125), mel(7500), 66)
    weights = np.zeros((64, 257))
    for b in range(64):
        for i in range(257):
            m = mel(i * 16000 / 512)
            up = (m - edge[b]) / (edge[b + 1] - edge[b])
            down = (edge[b + 2] - m) / (edge[b + 2] - edge[b + 1])
            weights[b, i] = max(0, min(up, down))
    return weights


def features(x):
    """(n) -> (ceil(n / 800), 64)"""
    frames = -(-len(x) // 800)
    x = np.concatenate([x, np.zeros(frames * 800 + 1520)])
    n = np.arange(400)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 400)
    angle = 2 * np.pi * np.outer(np.arange(257), n) / 512
    dft = np.cos(angle) - 1j * np.sin(angle)  # zero-padding adds nothing
    bank = filters()
    columns = [
        np.log(bank @ np.abs(dft @ (window * x[160 * k:160 * k + 400])) + 0.01)
        for k in range(5 * frames + 3)
    ]
    return np.array([np.mean(columns[5 * t:5 * t + 8], axis=0)
                     for t in range(frames)])


def rows(values, form, width):
    text = [form % v for v in values]
    for i in range(0, len(text), width):
        print("    " + " ".join(v + "," for v in text[i:i + width]))


if __name__ == "__main__":
    golden = features(signal())
    print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
    print("/* Written by tests/reference/lms.py: do not edit. */")
    print("/* clang-format off */")
    print("enum { LENGTH = %d, FRAMES = %d };\n" % (LENGTH, len(golden)))
    print("/* 32767 sin(2 pi i / 1024) */")
    print("static const int sine[1024] = {")
    rows(SINE, "%d", 12)
    print("};\n\n/* (frame, band) */")
    print("static const double golden[FRAMES * 64] = {")
    rows(golden.ravel(), "%.8f", 8 - 2)
    print("};")
