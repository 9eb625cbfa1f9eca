#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mel spectrum of VarietySound, from its formula, in double.

Writes the golden columns that tests/audio/foley.c compares with:

    python3 tests/reference/foley_mel.py > tests/audio/foley_golden.h

The transform is a matrix of cosines and sines, the reflection NumPy's, and the
filters are computed one weight at a time: nothing in common with core/audio.
The signal is made of integers alone, so that the C test makes the same one.
"""
import numpy as np

LENGTH, SHORT, TINY = 9001, 300, 17


def triangle(phase):
    """A wave of 1024 steps, from -16384 to 16384."""
    phase %= 1024
    return 64 * (phase if phase < 512 else 1024 - phase) - 16384


def signal():
    """Noise, silence, two tones, an impulse, a chirp, faint noise."""
    x = np.zeros(LENGTH, dtype=np.int64)
    state, phase, step = 7, 0, 0
    for i in range(LENGTH):
        state = (state * 1664525 + 1013904223) % 2**32
        noise = (state >> 16) - 32768
        if i < 1500:
            x[i] = noise
        elif 3000 <= i < 4500:
            x[i] = triangle(i * 20) + (triangle(i * 207) >> 1)
        elif i == 5300:
            x[i] = 32767
        elif 6000 <= i < 7800:
            step += 190
            phase = (phase + step) % 2**20
            x[i] = triangle(phase >> 10)
        elif i >= 7800:
            x[i] = noise >> 9
    return x / 32768.0


def hertz(mel):
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel(f):
    return f * 3 / 200 if f < 1000 else 15 + 27 * np.log(f / 1000) / np.log(6.4)


def filters():
    """(80, 513)"""
    edge = [hertz(m) for m in np.linspace(mel(125), mel(7600), 82)]
    weights = np.zeros((80, 513))
    for b in range(80):
        for i in range(513):
            f = i * 22050 / 1024
            up = (f - edge[b]) / (edge[b + 1] - edge[b])
            down = (edge[b + 2] - f) / (edge[b + 2] - edge[b + 1])
            area = (edge[b + 2] - edge[b]) / 2
            weights[b, i] = max(0, min(up, down)) / area
    return weights


def columns(x):
    """(n) -> (1 + n // 256, 80)"""
    count = 1 + len(x) // 256
    x = np.pad(x, 512, mode="reflect")
    n = np.arange(1024)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 1024)
    angle = 2 * np.pi * np.outer(np.arange(513), n) / 1024
    dft = np.cos(angle) - 1j * np.sin(angle)
    bank = filters()
    out = []
    for k in range(count):
        m = bank @ np.abs(dft @ (window * x[256 * k:256 * k + 1024]))
        decibels = 20 * np.log10(np.maximum(m, 1e-5)) - 20
        out.append(np.clip((decibels + 100) / 100, 0, 1))
    return np.array(out)


def table(name, values):
    print("\n/* (columns, 80) */")
    print("static const double %s[%d * 80] = {" % (name, len(values)))
    text = ["%.7f" % v for v in values.ravel()]
    for i in range(0, len(text), 7):
        print("    " + " ".join(v + "," for v in text[i:i + 7]))
    print("};")


if __name__ == "__main__":
    x = signal()
    print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
    print("/* Written by tests/reference/foley_mel.py: do not edit. */")
    print("/* clang-format off */")
    print("enum { LENGTH = %d, SHORT = %d, TINY = %d };"
          % (LENGTH, SHORT, TINY))
    table("golden", columns(x))
    table("golden_short", columns(x[6000:6000 + SHORT]))
    table("golden_tiny", columns(x[:TINY]))
