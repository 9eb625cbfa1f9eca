/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Written by tests/reference/manifold.py: do not edit. */
/* clang-format off */
enum { CHANNELS = 13 };

static const struct golden {
    const char *name;
    int real, made, k, span;
    double precision, recall;
} goldens[] = {
    {"alike", 60, 45, 3, 256, 0.911111111111, 0.916666666667},
    {"narrow", 60, 45, 3, 120, 0.555555555556, 0.000000000000},
    {"one neighbour", 40, 70, 1, 200, 0.728571428571, 0.125000000000},
    {"more neighbours than features", 5, 4, 9, 256, 0.750000000000, 1.000000000000},
};
