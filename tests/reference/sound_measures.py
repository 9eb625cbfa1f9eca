#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""MCD, timbre and the matching of onsets, from their definitions, in double.

Writes the golden values that tests/train/test_sound_measures.c compares with:

    python3 tests/reference/sound_measures.py > tests/train/sound_golden.h

Mel spectra and lists of onsets are made of integers, so that the test makes the
same. Cepstra come from a matrix product of all coefficients; the matching tries
augmenting paths, where the library goes through the lists once.
"""
import numpy as np

COLUMNS = 30


class Random:
    """A linear congruential generator (Numerical Recipes), upper bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 16) % n


def mel(seed):
    """(COLUMNS, 80) in [0, 1]: a slope, a swell, noise, silence, a faint part."""
    random = Random(seed)
    out = np.zeros((COLUMNS, 80))
    for t in range(COLUMNS):
        for b in range(80):
            v = 120 + (seed % 7) * b // 3 + 3 * min(t, 20) + random.below(60)
            if t % 10 == 9:
                v = 0
            elif t % 10 == 8:
                v = v // 8
            out[t, b] = np.float32(min(v, 255) / 256)
    return out


def logs(m):
    """Natural logarithms of what the mel was made of."""
    return (100 * m - 80) / 20 * np.log(10)


def mcd(a, b):
    k, n = np.arange(80)[:, None], np.arange(80)[None, :]
    dct = np.sqrt(2 / 80) * np.cos(np.pi * k * (n + 0.5) / 80)
    dct[0] /= np.sqrt(2)
    assert np.allclose(dct @ dct.T, np.eye(80))
    ca, cb = (logs(m) @ dct.T for m in (a, b))
    d = (ca - cb)[:, 1:14]
    return np.mean(10 / np.log(10) * np.sqrt(2 * np.sum(d * d, axis=1)))


def smooth(v):
    """By a Gaussian of sigma 4; then without its mean."""
    window = np.exp(-np.arange(-12, 13) ** 2 / 32)
    v = np.convolve(np.pad(v, 12, mode="edge"), window / window.sum(), "valid")
    return v - v.mean()


def timbre(m):
    level = 100 * m - 80
    power = np.sum(10 ** (level / 10), axis=1)
    sounding = (power > power.max() * 1e-4) & (m.max(axis=1) > 0)
    mean = level[sounding].mean(axis=0)
    deviation = level[sounding].std(axis=0)
    return sounding.sum(), smooth(mean), smooth(deviation)


def cosine(p, q):
    p, q = np.concatenate(p[1:]), np.concatenate(q[1:])
    return p @ q / np.sqrt((p @ p) * (q @ q))


def onsets(seed):
    """Times in ms, ascending, now and then near to each other."""
    random = Random(seed)
    times, at = [], 0
    for _ in range(random.below(25)):
        at += 1 + random.below(90)
        times.append(at)
    return times


def most_pairs(a, b, tolerance):
    """The size of a greatest matching, by augmenting paths."""
    partner = {}

    def augment(i, seen):
        for k, v in enumerate(b):
            if abs(a[i] - v) <= tolerance and k not in seen:
                seen.add(k)
                if k not in partner or augment(partner[k], seen):
                    partner[k] = i
                    return True
        return False

    return sum(augment(i, set()) for i in range(len(a)))


if __name__ == "__main__":
    a, b = mel(5), mel(9)
    ta, tb = timbre(a), timbre(b)
    print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
    print("/* Written by tests/reference/sound_measures.py: do not edit. */")
    print("/* clang-format off */")
    print(f"enum {{ COLUMNS = {COLUMNS}, SOUNDING = {ta[0]} }};")
    print(f"static const double golden_mcd = {mcd(a, b):.12f};")
    print(f"static const double golden_cosine = {cosine(ta, tb):.12f};")
    distance = np.sqrt(np.mean((ta[1] - tb[1]) ** 2))
    print(f"static const double golden_distance = {distance:.12f};")
    for name, values in (("mean", ta[1]), ("deviation", ta[2])):
        text = ["%.9f," % v for v in values]
        print(f"static const double golden_{name}[80] = {{")
        for i in range(0, 80, 5):
            print("    " + " ".join(text[i:i + 5]))
        print("};")
    print("\n/* Pairs within 50 ms of the lists of seeds 2 i and 2 i + 1. */")
    counts = [most_pairs(onsets(2 * i), onsets(2 * i + 1), 50)
              for i in range(60)]
    print("static const int golden_pairs[60] = {")
    for i in range(0, 60, 15):
        print("    " + " ".join("%d," % c for c in counts[i:i + 15]))
    print("};")
