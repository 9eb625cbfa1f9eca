#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SSIM, PSNR, CPBD, moving pixels and correlation, by NumPy, for tests/eval.

Writes tests/eval/metrics_golden.h. Written from the papers' definitions, with
every window spelled out; where scikit-image is installed, its SSIM and PSNR
must agree. The images come from integer formulas that the test repeats.

    python3 tests/reference/metrics.py
"""
import os

import numpy as np

# Name, width, height, and the two images' kinds.
PAIRS = [
    ("smallest", 11, 11, "noise", "noise"),
    ("noise", 24, 17, "noise", "noise"),
    ("ramp and noise", 40, 32, "ramp", "ramp+noise"),
    ("ramp and flat", 16, 30, "ramp", "flat"),
    ("dark", 20, 20, "dark", "dark+noise"),
    ("large", 64, 64, "ramp", "dark"),
]
# Name, width, height, kind: of those that are measured by themselves.
SINGLES = [
    ("noise", 64, 64, "noise"),
    ("flat", 64, 64, "flat"),
    ("small", 40, 30, "bars3"),
    ("two blocks and a rest", 150, 70, "bars3+noise"),
] + [("bars of %d" % n, 128, 64, "bars%d" % n) for n in range(1, 8)]
MOVIE = (16, 12, 40)  # width, height, frames


class Random:
    """A linear congruential generator (Numerical Recipes), upper 8 bits."""

    def __init__(self, seed):
        self.state = seed

    def byte(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return self.state >> 24


def bars(x, n):
    """Up within n pixels, from 8 on, and down again, from 24 on, of 32."""
    at = x % 32
    return 40 + 150 * (min(max(at - 8, 0), n) - min(max(at - 24, 0), n)) // n


def image(kind, width, height, seed):
    """(height, width, 3) uint8; values are drawn in memory order."""
    random = Random(seed)
    out = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                base = kind.split("+")[0]
                if base.startswith("bars"):
                    v = bars(x + y // 8, int(base[4:]))
                else:
                    v = {"noise": 0, "flat": 90, "ramp": 5 * x + 3 * y + 40 * c,
                         "dark": (x + y + c) % 7}[base]
                if kind.endswith("noise"):
                    v += random.byte() // (1 if kind == "noise" else 8)
                out[y, x, c] = min(v, 255)
    return out


def ssim(a, b):
    """Wang et al. 2004, with a window of 11 x 11 within the image."""
    at = np.arange(11) - 5
    g = np.exp(-at ** 2 / (2 * 1.5 ** 2))
    w = np.outer(g, g) / np.outer(g, g).sum()
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    values = []
    for c in range(3):
        for y in range(a.shape[0] - 10):
            for x in range(a.shape[1] - 10):
                p = a[y:y + 11, x:x + 11, c] / 255.0
                q = b[y:y + 11, x:x + 11, c] / 255.0
                mp, mq = (w * p).sum(), (w * q).sum()
                vp = (w * (p - mp) ** 2).sum()
                vq = (w * (q - mq) ** 2).sum()
                cov = (w * (p - mp) * (q - mq)).sum()
                values.append((2 * mp * mq + c1) * (2 * cov + c2) /
                              ((mp * mp + mq * mq + c1) * (vp + vq + c2)))
    return np.mean(values)


def run_length(values):
    """Steps in which values rise without a break, the first one given."""
    n = 1
    while n < 101 and n + 1 < len(values) and values[n + 1] > values[n]:
        n += 1
    return n


def cpbd(a):
    """Narvekar and Karam 2011, with Sobel's edges throughout."""
    luma = 255 * (np.float32(a) / np.float32(255) @ [0.299, 0.587, 0.114])
    height, width = luma.shape
    slope = np.zeros_like(luma)
    smooth = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    slope[1:-1, 1:-1] = ((smooth[:, 2:] - smooth[:, :-2]) / 8) ** 2
    edge = np.zeros(luma.shape, bool)
    edge[:, 1:-1] = ((slope[:, 1:-1] > 4 * slope.mean()) &
                     (slope[:, 1:-1] > slope[:, :-2]) &
                     (slope[:, 1:-1] >= slope[:, 2:]))
    dy, dx = np.gradient(luma)
    angle = np.degrees(np.arctan2(dy, dx))
    bh, bw = min(64, height), min(64, width)
    probabilities = []
    for top in range(0, height - bh + 1, bh):
        for left in range(0, width - bw + 1, bw):
            block = np.s_[top:top + bh, left:left + bw]
            if edge[block].sum() <= 0.002 * bh * bw:
                continue
            jnb = 5 if np.ptp(luma[block]) <= 50 else 3
            for y, x in zip(*np.nonzero(edge[block])):
                y, x = y + top, x + left
                if 22.5 < abs(angle[y, x]) < 157.5:
                    continue
                row = luma[y] if abs(angle[y, x]) < 90 else -luma[y]
                w = run_length(row[x:]) + run_length(-row[x::-1])
                probabilities.append(1 - np.exp(-(w / jnb) ** 3.6))
    return np.mean(np.round(probabilities, 2) <= 0.63) if probabilities else 0


def single_lines():
    for i, (name, width, height, kind) in enumerate(SINGLES):
        found = cpbd(image(kind, width, height, 200 + i))
        yield f'    {{"{name}", {width}, {height}, "{kind}", {found:.9f}}},'


def psnr(a, b):
    mse = np.mean((a / 255.0 - b / 255.0) ** 2)
    return 10 * np.log10(1 / mse)


def movie(seed):
    """Frames: pixel i moves by up to 4 i % 128, or not at all."""
    width, height, frames = MOVIE
    random = Random(seed)
    out = np.zeros((frames, height * width, 3), np.uint8)
    for t in range(frames):
        for i in range(height * width):
            for c in range(3):
                swing = (4 * i + c) % 128
                out[t, i, c] = 60 + random.byte() * swing // 255
    return out.reshape(frames, height, width, 3)


def check_against_skimage(a, b, found):
    try:
        from skimage.metrics import (peak_signal_noise_ratio,
                                     structural_similarity)
    except ImportError:
        return False
    theirs = structural_similarity(
        a / 255.0, b / 255.0, data_range=1.0, channel_axis=2,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert abs(theirs - found[0]) < 1e-9, (theirs, found)
    theirs = peak_signal_noise_ratio(a / 255.0, b / 255.0, data_range=1.0)
    assert abs(theirs - found[1]) < 1e-9, (theirs, found)
    return True


def pair_lines():
    checked = False
    for i, (name, width, height, kind_a, kind_b) in enumerate(PAIRS):
        a = image(kind_a, width, height, 100 + 2 * i)
        b = image(kind_b, width, height, 101 + 2 * i)
        found = ssim(a, b), psnr(a, b)
        checked = check_against_skimage(a, b, found)
        yield (f'    {{"{name}", {width}, {height}, "{kind_a}", "{kind_b}", '
               f"{found[0]:.9f}, {found[1]:.9f}}},")
    print("scikit-image", "agrees" if checked else "is not installed")


def luma(frames, x, y, w, h):
    part = frames[:, y:y + h, x:x + w] / 255.0
    return (part @ [0.299, 0.587, 0.114]).mean(axis=(1, 2))


def movie_lines():
    a, b = movie(1), movie(2)
    half = (a.astype(int) + b) // 2  # follows both
    moves = ((a / 255.0).std(axis=0) > 0.05).any(axis=2)
    square = (a / 255.0 - half / 255.0) ** 2
    la, lh = luma(a, 9, 3, 4, 5), luma(half, 9, 3, 4, 5)
    one = np.corrcoef(la[:20], lh[:20])[0, 1]
    two = np.corrcoef(la[20:], lh[20:])[0, 1]
    centred = [np.concatenate([v[:20] - v[:20].mean(), v[20:] - v[20:].mean()])
               for v in (la, lh)]
    frames = [ssim(p, q) for p, q in zip(a, half)]
    return {
        "moving": int(moves.sum()),
        "movie_psnr": 10 * np.log10(1 / square.mean()),
        "movie_psnr_moving": 10 * np.log10(1 / square[:, moves].mean()),
        "movie_ssim": np.mean(frames),
        "movie_mean": (a / 255.0).mean(),
        "movie_r": [one, two],
        "movie_r_pooled": np.corrcoef(*centred)[0, 1],
    }


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "eval", "metrics_golden.h")
    with open(path, "w", encoding="ascii") as f:
        f.write("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
                "/* Written by tests/reference/metrics.py: do not edit. */\n"
                "/* clang-format off */\n"
                "static const struct pair {\n    const char *name;\n"
                "    int width, height;\n    const char *a, *b;\n"
                "    double ssim, psnr;\n} pairs[] = {\n")
        f.write("\n".join(pair_lines()) + "\n};\n\n")
        f.write("static const struct single {\n    const char *name;\n"
                "    int width, height;\n    const char *kind;\n"
                "    double cpbd;\n} singles[] = {\n")
        f.write("\n".join(single_lines()) + "\n};\n\n")
        f.write("enum { MOVIE_W = %d, MOVIE_H = %d, MOVIE_FRAMES = %d };\n"
                % MOVIE)
        for name, value in movie_lines().items():
            if isinstance(value, list):
                text = ", ".join(f"{v:.9f}" for v in value)
                f.write(f"static const double golden_{name}[] = {{{text}}};\n")
            elif isinstance(value, int):
                f.write(f"static const int golden_{name} = {value};\n")
            else:
                f.write(f"static const double golden_{name} = {value:.9f};\n")


main()
