# SPDX-License-Identifier: LGPL-2.1-or-later
"""What VarietySound's visual encoders of motion see and make of a film, in numpy.

The definitions are those of core/video/motion.c, flow.c and
core/models/visual_encoder.c, computed for a whole film at a time: means over
pictures are of all pictures at once, and everything is float64.

    python3 tests/reference/motion.py

writes tests/models/goldens/foley_{differences,flow,motion}.safetensors.
"""

import os

import numpy as np

import tensorfile

SIDE, CHANNELS, FEATURES = 64, 2, 6
PICTURES = 25
KEPT = (0, 1, 5, 14, 24)  # pictures whose planes are in the files
STEP = 3  # of the pixels that are
RECENT = 20


# ------------------------------------------------------------- the film --

def film():
    """(25,64,64,3): a texture that pans, a disc that bounces, slow exposure, a
    cut at picture 14. tests/models/test_front_ends.c has the same formula."""
    k, y, x, c = np.meshgrid(np.arange(PICTURES), np.arange(SIDE),
                             np.arange(SIDE), np.arange(3), indexing="ij")
    pan = x - 0.4 * k + 21.0 * (k >= 14)
    texture = (0.3 * np.sin(0.5 * pan + 0.25 * y + 0.2 * c)
               + 0.25 * np.sin(0.21 * pan - 0.35 * y))
    away = ((x - 32 - 16 * np.sin(0.5 * k)) ** 2
            + (y - 20 - 20 * np.abs(np.cos(0.4 * k))) ** 2)
    value = texture + 0.8 * np.exp(-away / 40)
    value = (0.8 + 0.1 * np.sin(0.3 * k)) * value
    return np.clip(value, -1, 1).astype(np.float32).astype(np.float64)


# ---------------------------------------------------------- optical flow --

def blur(plane, taps):
    """Along both axes, the border repeated."""
    r = len(taps) // 2
    for axis in (0, 1):
        n = plane.shape[axis]
        index = np.clip(np.arange(n)[:, None] + np.arange(-r, r + 1), 0, n - 1)
        plane = np.moveaxis(plane, axis, 0)
        plane = np.einsum("nt...,t->n...", plane[index], taps)
        plane = np.moveaxis(plane, 0, axis)
    return plane


def window(plane, r):
    box = np.full(2 * r + 1, 1 / (2 * r + 1))
    return blur(blur(plane, box), box)


def gradient(plane, axis):
    n = plane.shape[axis]
    at = [np.take(plane, np.clip(np.arange(n) + d, 0, n - 1), axis)
          for d in (-2, -1, 1, 2)]
    return (8 * (at[2] - at[1]) - at[3] + at[0]) / 12


def catmull_rom(t):
    return np.stack([t * (-0.5 + t * (1 - 0.5 * t)),
                     1 + t * t * (-2.5 + 1.5 * t),
                     t * (0.5 + t * (2 - 1.5 * t)),
                     t * t * (-0.5 + 0.5 * t)])


def sample(plane, x, y):
    """Cubic, at positions clamped to the plane."""
    h, w = plane.shape
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = catmull_rom(x - left), catmull_rom(y - top)
    out = 0
    for j in range(4):
        row = np.clip(top + j - 1, 0, h - 1)
        for i in range(4):
            out = out + (down[j] * across[i]
                         * plane[row, np.clip(left + i - 1, 0, w - 1)])
    return out


def pyramid(plane):
    levels = [plane]
    taps = np.array([1, 4, 6, 4, 1]) / 16
    while min(levels[-1].shape) // 2 >= 12:
        levels.append(blur(levels[-1], taps)[::2, ::2])
    return levels


def flow(a, b):
    """(h,w,2): Lucas and Kanade from coarse to fine."""
    noise = 1e-5
    u = v = None
    for a, b in list(zip(pyramid(a), pyramid(b)))[::-1]:
        y, x = np.mgrid[:a.shape[0], :a.shape[1]].astype(float)
        if u is None:
            u, v = np.zeros_like(a), np.zeros_like(a)
        else:
            u, v = (2 * sample(u, x / 2, y / 2), 2 * sample(v, x / 2, y / 2))
        gx, gy = gradient(a, 1), gradient(a, 0)
        xx, xy, yy = (window(g, 3) for g in (gx * gx, gx * gy, gy * gy))
        det = (xx + noise) * (yy + noise) - xy * xy
        sure = (np.maximum(xx * yy - xy * xy, 0) / (xx + yy + noise)
                + 1e-3 * noise)
        for _ in range(3):
            left = a - sample(b, x + u, y + v)
            ex, ey = window(gx * left, 3), window(gy * left, 3)
            u = u + np.clip(((yy + noise) * ex - xy * ey) / det, -2, 2)
            v = v + np.clip(((xx + noise) * ey - xy * ex) / det, -2, 2)
            weight = window(sure, 2)
            u, v = window(u * sure, 2) / weight, window(v * sure, 2) / weight
    return np.stack([u, v], -1)


# ---------------------------------------------------------------- planes --

def halved(planes):
    """(T,n,n) -> (T,n/2,n/2): means of 2x2."""
    T, n, _ = planes.shape
    return planes.reshape(T, n // 2, 2, n // 2, 2).mean((2, 4))


def repeated(planes, side):
    times = side // planes.shape[1]
    return planes.repeat(times, 1).repeat(times, 2)


def since(planes):
    """The change to the picture before; none at the first."""
    return np.diff(planes, axis=0, prepend=planes[:1])


def divisor(measure, floor):
    """(T,M,M): from the measure's means in 8x8 cells over recent pictures."""
    T, M, _ = measure.shape
    cells = min(M, 8)
    each = measure.reshape(T, cells, M // cells, cells, M // cells)
    each = each.mean((2, 4))
    mean = np.stack([each[max(0, k - RECENT + 1):k + 1].mean(0)
                     for k in range(T)])
    mean = (mean + mean.mean((1, 2), keepdims=True)) / 2
    return repeated(mean, M) + floor


def limited(x):
    return x / (1 + np.abs(x) / 8)


def luma(pictures):
    return 0.5 + 0.5 * (pictures @ np.array([0.299, 0.587, 0.114]))


def differences(pictures):
    """(T,N,N,3) -> (T,N/2,N/2,7)."""
    Y = luma(pictures)
    M = Y.shape[1] // 2
    floor = 0.25 / 255
    fine = halved(np.abs(since(Y)))
    moved, changed = [limited(fine / divisor(fine, floor))], []
    for _ in range(3):
        Y = halved(Y)
        d = repeated(since(Y), M)
        by = divisor(np.abs(d), floor)
        moved.append(limited(d / by))
        changed.append(limited(since(np.abs(d)) / by))
    return np.stack(moved + changed, -1)


def flows(pictures):
    """(T,N,N,3) -> (T,N/2,N/2,5)."""
    Y = halved(luma(pictures))
    uv = np.zeros(Y.shape + (2,))
    for k in range(1, len(Y)):
        uv[k] = flow(Y[k - 1], Y[k])
    uv -= uv.mean((1, 2), keepdims=True)
    wide = np.pad(uv, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    divergence = ((wide[:, 1:-1, 2:, 0] - wide[:, 1:-1, :-2, 0])
                  + (wide[:, 2:, 1:-1, 1] - wide[:, :-2, 1:-1, 1])) / 2
    change = since(uv)
    planes = np.stack([uv[..., 0], uv[..., 1], 2 * divergence,
                       change[..., 0], change[..., 1]], -1)
    return limited(planes / divisor(np.abs(uv).mean(-1), 0.05)[..., None])


# --------------------------------------------------------------- encoder --

def convolve(x, weight, bias):
    """3x3, stride 2, zero padded, leaky ReLU; (T,n,n,C), (O,C,3,3)."""
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out, n = bias, x.shape[1]
    for i in range(3):
        for j in range(3):
            seen = wide[:, i:i + n:2, j:j + n:2]
            out = out + seen @ weight[:, :, i, j].T
    return np.where(out > 0, out, 0.2 * out)


def encode(planes, weights):
    x = planes
    for i in range(3):
        x = convolve(x, weights[f"sight.convs.{i}.weight"],
                     weights[f"sight.convs.{i}.bias"])
    seen = np.concatenate([x.max((1, 2)), x.mean((1, 2))], 1)
    return seen @ weights["sight.linear.weight"].T + weights["sight.linear.bias"]


def draw(planes):
    """Weights under their names, as float32 has them."""
    random = np.random.default_rng(5)
    shapes, cin = {}, planes
    for i in range(3):
        cout = CHANNELS << (i + 1)
        shapes[f"sight.convs.{i}.weight"] = (cout, cin, 3, 3)
        shapes[f"sight.convs.{i}.bias"] = (cout,)
        cin = cout
    shapes["sight.linear.weight"] = (FEATURES, 2 * cin)
    shapes["sight.linear.bias"] = (FEATURES,)
    return {name: (random.standard_normal(shape)
                   / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)
            for name, shape in shapes.items()}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    pictures = film()
    d, f = differences(pictures), flows(pictures)
    for name, planes in (("differences", d), ("flow", f),
                         ("motion", np.concatenate([d, f], -1))):
        weights = draw(planes.shape[-1])
        kept = planes[list(KEPT)]
        tensors = dict(weights, planes=kept[:, ::STEP, ::STEP],
                       features=encode(planes, weights)[list(KEPT)])
        tensorfile.write(
            os.path.join(here, "..", "models", "goldens",
                         f"foley_{name}.safetensors"),
            tensors, {"front_end": name, "channels": str(CHANNELS)})


if __name__ == "__main__":
    main()
