# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sound features of MAN in NumPy, double precision.

    S2V_TEST_DATA=DIR python3 tests/reference/man_sound.py

compares them with DIR/goldens/man/sound.safetensors.  Columns, centred on
samples 64 + 128 i, see 1024 samples each; frame t takes 13 of them, i = 5 t +
2 + 2 k for k = -6 .. 6: those centred on 640 t + 320 + 256 k.  Before and
after the sound are zeros.
"""

import json
import os
import struct
import sys

import numpy as np

RATE = 16000
WINDOW = 1024
FFT = 2048  # zero-padded
COLUMNS = 13
BANDS = 256
MFCC_BANDS, MFCC = 40, 13
LOW, HIGH = 50.0, 7600.0  # Hz, of mel bands
FLOOR = 0.01
LAG_MIN, LAG_MAX = 32, 226
PITCH_MIN, PITCH_MAX = 71.0, 500.0
VOICED, VOICED_LEAST = 0.15, 0.30
FOLLOWED, NEAR, FOLLOWING = 0.50, 0.2, 2  # d', of a pitch, columns
SILENT_RMS = 10.0**-2.5


def column_sample(i):
    """The sample that column i is centred on."""
    return 64 + 128 * i


def frame_columns(t):
    """The columns that frame t hears, the oldest first."""
    return 5 * t + 2 + 2 * np.arange(-6, 7)


def windows(sound, columns):
    """[columns, 1024]: samples c - 512 .. c + 511 of each."""
    at = column_sample(np.asarray(columns))[:, None] + np.arange(-512, 512)
    inside = (at >= 0) & (at < len(sound))
    return np.where(inside, sound[np.clip(at, 0, len(sound) - 1)], 0.0)


def spectrum(window):
    """Magnitudes [columns, 1025] of a periodic Hann's FFT of 2048."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.abs(np.fft.rfft(window * hann, FFT))


def mel_filters(bands):
    """HTK's scale, triangles straight in Hz, of height 1: [bands, 1025]."""
    mel = 2595 * np.log10(1 + np.array([LOW, HIGH]) / 700)
    edge = 700 * (10 ** (np.linspace(mel[0], mel[1], bands + 2) / 2595) - 1)
    hz = np.arange(FFT // 2 + 1) * RATE / FFT
    low, centre, high = (edge[i:i + bands, None] for i in range(3))
    rise, fall = (hz - low) / (centre - low), (high - hz) / (high - centre)
    return np.maximum(0, np.minimum(rise, fall))


def amf(magnitude):
    """Audio mel features [columns, 256]."""
    return np.log(magnitude @ mel_filters(BANDS).T + FLOOR) / 4.6


def mfcc(magnitude):
    """[columns, 13]: an orthonormal DCT-II of 40 bands, / 10."""
    log = np.log(magnitude @ mel_filters(MFCC_BANDS).T + FLOOR)
    k, n = np.arange(MFCC)[:, None], np.arange(MFCC_BANDS)
    dct = np.sqrt(2 / MFCC_BANDS) * np.cos(
        np.pi * k * (2 * n + 1) / (2 * MFCC_BANDS))
    dct[0] /= np.sqrt(2)
    return log @ dct.T / 10


def energy(magnitude):
    """The L2 norm of the 1024-point spectrum: of the even bins."""
    return np.sqrt(np.sum(np.square(magnitude[:, ::2]), axis=1))


def energy_level(e):
    with np.errstate(divide="ignore"):
        level = np.floor((20 * np.log10(e) + 30) * 256 / 80)
    return np.where(e > 0, np.clip(level, 0, 255), 0).astype(int)


def yin(window):
    """d' [columns, 227] of de Cheveigne and Kawahara (2002), lags 0 .. 226."""
    count = WINDOW - LAG_MAX
    d = np.stack([np.sum(np.square(window[:, :count]
                                   - window[:, lag:lag + count]), axis=1)
                  for lag in range(LAG_MAX + 1)], axis=1)
    total = np.cumsum(d[:, 1:], axis=1)
    lag = np.arange(1, LAG_MAX + 1)
    out = np.ones_like(d)
    np.divide(d[:, 1:] * lag, total, out=out[:, 1:], where=total > 0)
    return out


def minima(d):
    return [lag for lag in range(LAG_MIN, LAG_MAX)
            if d[lag] < d[lag - 1] and d[lag] <= d[lag + 1]]


def refine(d, lag):
    left, middle, right = d[lag - 1:lag + 2]
    shift = (left - right) / (2 * (left - 2 * middle + right))
    return RATE / (lag + shift)


def pitch_of(d):
    """Hz of one column's d'; 0: unvoiced."""
    lags = minima(d)
    if not lags:
        return 0.0
    below = [lag for lag in lags if d[lag] < VOICED]
    lag = below[0] if below else min(lags, key=lambda i: d[i])
    return refine(d, lag) if d[lag] < VOICED_LEAST else 0.0


def near_of(d, before):
    """Hz of the best minimum near that pitch, where it is good enough; else 0."""
    lags = [lag for lag in minima(d)
            if d[lag] < FOLLOWED and abs(RATE / lag / before - 1) < NEAR]
    return refine(d, min(lags, key=lambda i: d[i])) if lags else 0.0


def pitch(window):
    """Hz [columns], 0 where unvoiced; root mean square; d'."""
    d = yin(window)
    rms = np.sqrt(np.mean(np.square(window), axis=1))
    f0 = np.array([0.0 if r < SILENT_RMS else pitch_of(row)
                   for r, row in zip(rms, d)])
    return f0, rms, d


def contour(sound, which):
    """Hz of the columns `which`; unvoiced ones follow the column 2 before.

    For up to FOLLOWING columns, so that this begins so many before.
    """
    before = np.zeros(len(which))
    for back in range(FOLLOWING, -1, -1):
        f0, rms, d = pitch(windows(sound, np.asarray(which) - 2 * back))
        for i in range(len(which)):
            if not f0[i] and before[i] and rms[i] >= SILENT_RMS:
                f0[i] = near_of(d[i], before[i])
        before = f0
    return before


def pitch_level(f0):
    octave = np.log(PITCH_MAX / PITCH_MIN)
    with np.errstate(divide="ignore"):
        level = 1 + np.floor(254 * np.log(f0 / PITCH_MIN) / octave)
    return np.where(f0 > 0, np.clip(level, 1, 255), 0).astype(int)


def columns(sound, which):
    """Everything of the columns `which`: a dictionary of arrays."""
    sound = np.asarray(sound, dtype=np.float64)
    window = windows(sound, which)
    magnitude = spectrum(window)
    own, rms, d = pitch(window)
    f0 = contour(sound, which)
    e = energy(magnitude)
    return {"amf": amf(magnitude), "mfcc": mfcc(magnitude), "energy": e,
            "energy_level": energy_level(e), "own_f0": own, "f0": f0,
            "pitch_level": pitch_level(f0), "rms": rms, "yin": d,
            "dmin": d[:, LAG_MIN:LAG_MAX].min(axis=1)}


def features(sound, t):
    """Frame t's row of 3523 numbers.

    13 x 256 AMF, 13 x 13 MFCC, 13 pitch levels, 13 energy levels, each column
    after column, the oldest first.
    """
    c = columns(sound, frame_columns(t))
    return np.concatenate([c[name].reshape(-1) for name in
                           ("amf", "mfcc", "pitch_level", "energy_level")])


# Against the golden.

def read(path):
    """All tensors, also of integers, in double precision."""
    kinds = {"F32": "<f4", "I32": "<i4", "I16": "<i2"}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])],
                                kinds[entry["dtype"]])
            .reshape(entry["shape"]).astype(np.float64)
            for name, entry in header.items()}


def check(folder):
    golden = read(os.path.join(folder, "goldens/man/sound.safetensors"))
    sound = golden["sound"] / 32768
    c = columns(sound, golden["column"].astype(int))
    # The golden's pitch does not follow that of columns before.
    c["f0"], c["pitch_level"] = c["own_f0"], pitch_level(c["own_f0"])
    good = True
    for name, bound in (("amf", 3e-4), ("mfcc", 3e-4), ("dmin", 1e-3),
                        ("rms", 1e-4), ("energy", 1e-4), ("f0", 1e-4)):
        error = np.abs(c[name] - golden[name])
        if name in ("energy", "f0"):
            error = error / np.maximum(np.abs(golden[name]), 1e-9)
        good &= report(name, error.max(), bound)
    first = int(golden["column"][0])
    for name in (n for n in golden if n.startswith("yin.")):
        row = c["yin"][int(name[4:]) - first]
        good &= report(name, np.abs(row - golden[name]).max(), 1e-3)
    for name in ("pitch_level", "energy_level"):
        differ = np.abs(c[name] - golden[name])
        good &= report(name + ", columns off", np.mean(differ > 0), 0.01)
        good &= report(name + ", levels off", differ.max(), 1)
    row = features(sound, 20)[COLUMNS * BANDS:COLUMNS * (BANDS + MFCC)]
    good &= report("frame20.mfcc169",
                   np.abs(row - golden["frame20.mfcc169"]).max(), 3e-4)
    return good


def report(name, error, bound):
    print("sound, %s: %.1e%s" % (name, error,
                                 "" if error <= bound else " FAIL"))
    return bool(error <= bound)


if __name__ == "__main__":
    sys.exit(not check(os.environ["S2V_TEST_DATA"]))
