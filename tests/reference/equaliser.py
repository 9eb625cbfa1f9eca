#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The equaliser of core/audio/equaliser.h, from its description, in double.

Writes the golden gains and features that tests/audio/equaliser.c compares with:

    python3 tests/reference/equaliser.py > tests/audio/equaliser_golden.h

The average is computed anew for each frame from weights over all frames so far,
and the cosines are fitted by least squares: nothing in common with core/audio.
Magnitudes are made of integers, so that the C test makes the same ones.
"""
import numpy as np

BANDS, FRAMES = 64, 1700
TARGET = 20 - np.arange(BANDS) / 4


def magnitudes():
    t, b = np.arange(FRAMES)[:, None], np.arange(BANDS)[None]
    m = ((t * 7 + b * 13 + t * b) % 29 + 1) * (b + 8) / 64
    m[:10] = 0                                     # silence first
    m[300:320] /= 1024                             # below the gate
    m[1450:] *= (b >= 5) & (b <= 8)                # beyond every limit
    return m


def weights(energy):
    """(frames, 1 + frames): of the target and of each frame, after each; and
    how many have counted, until a minute has."""
    rows, counts, w, total = [], [], np.zeros(1 + FRAMES), 4
    w[0] = 1
    target = 10 ** (TARGET / 10)
    for t in range(FRAMES):
        average = w[0] * target + w[1:] @ energy
        if energy[t].sum() >= 1e-3 * average.sum():
            total = min(total + 1, 1200)
            w *= 1 - 1 / total
            w[1 + t] = 1 / total
        rows.append(w.copy())
        counts.append(total - 4)
    return np.array(rows), counts


def gains(averages, counts):
    """(frames, bands): dB"""
    cosines = np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5,
                                      np.arange(BANDS)) / BANDS)
    k, amplitude, out = np.arange(1, 5), np.zeros(4), []
    for average, count in zip(averages, counts):
        db = 10 * np.log10(np.maximum(average, 1e-5 * average.max()))
        fit = np.linalg.lstsq(cosines, TARGET - db, rcond=None)[0]
        wanted = np.clip(fit[1:5], -22 / k, 22 / k)
        change = 0.5 if count >= 20 else np.inf
        amplitude = np.clip(wanted, amplitude - change, amplitude + change)
        gain = cosines[:, 1:5] @ amplitude
        after = (average * 10 ** (gain / 10)).sum()
        out.append(gain + 10 * np.log10(average.sum() / after))
    return out


def rows(values, form, width):
    text = [form % v for v in values]
    for i in range(0, len(text), width):
        print("    " + " ".join(v + "," for v in text[i:i + width]))


if __name__ == "__main__":
    x = np.float32(np.log(magnitudes() + 0.01))
    m = np.maximum(np.exp(np.float64(x)) - 0.01, 0)
    energy = m ** 2
    every_weight, counts = weights(energy)
    averages = [w[0] * 10 ** (TARGET / 10) + w[1:] @ energy
                for w in every_weight]
    every = gains(averages, counts)
    places = [0, 9, 10, 11, 20, 29, 30, 31, 50, 100, 299, 310, 319, 320, 900, 1199, 1200,
              1250, 1449, 1450, 1455, 1500, 1699]
    print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
    print("/* Written by tests/reference/equaliser.py: do not edit. */")
    print("/* clang-format off */")
    print("enum { FRAMES = %d, PLACES = %d };" % (FRAMES, len(places)))
    print("static const int place[PLACES] = {")
    rows(places, "%d", 10)
    print("};\n\n/* dB, of all bands after the frame at each place */")
    print("static const double golden_gain[PLACES * %d] = {" % BANDS)
    g = [every[t] for t in places]
    rows(np.ravel(g), "%.9f", 5)
    print("};\n\nstatic const double golden_feature[PLACES * %d] = {" % BANDS)
    rows(np.ravel([np.log(m[t] * 10 ** (h / 20) + 0.01)
                   for t, h in zip(places, g)]), "%.9f", 5)
    print("};")
