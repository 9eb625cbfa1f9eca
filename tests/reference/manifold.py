#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Improved precision and recall (Kynkaanniemi et al. 2019), by NumPy.

Writes tests/eval/manifold_golden.h. Written from the paper's equations (1) and (2),
with whole matrices of distances. Features are bytes of a generator that the test
repeats, so that squares of distances are exact, and some of them equal.

    python3 tests/reference/manifold.py
"""
import os

import numpy as np

from metrics import Random

CHANNELS = 13
# Name, real features, generated ones, k; the range of the generated ones' bytes.
CASES = [
    ("alike", 60, 45, 3, 256),
    ("narrow", 60, 45, 3, 120),
    ("one neighbour", 40, 70, 1, 200),
    ("more neighbours than features", 5, 4, 9, 256),
]


def features(random, count, span):
    return np.array([[random.byte() * span // 256 for _ in range(CHANNELS)]
                     for _ in range(count)], dtype=np.float64)


def squares(a, b):
    return np.square(a[:, None] - b[None]).sum(2)


def covered(manifold, points, k):
    """The mean of the paper's f(point, manifold)."""
    to_itself = np.sort(squares(manifold, manifold), axis=1)
    radius = to_itself[:, min(k, len(manifold) - 1)]  # 0: the feature itself
    return (squares(points, manifold) <= radius).any(axis=1).mean()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "eval", "manifold_golden.h")
    with open(path, "w", encoding="ascii") as f:
        f.write("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
                "/* Written by tests/reference/manifold.py: do not edit. */\n"
                "/* clang-format off */\n"
                "enum { CHANNELS = %d };\n\n"
                "static const struct golden {\n    const char *name;\n"
                "    int real, made, k, span;\n    double precision, recall;\n"
                "} goldens[] = {\n" % CHANNELS)
        for i, (name, real, made, k, span) in enumerate(CASES):
            random = Random(i + 1)
            a, b = features(random, real, 256), features(random, made, span)
            f.write('    {"%s", %d, %d, %d, %d, %.12f, %.12f},\n'
                    % (name, real, made, k, span, covered(a, b, k), covered(b, a, k)))
        f.write("};\n")


if __name__ == "__main__":
    main()
