#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The leveller of core/audio/level.h, from its description, in double.

Writes the golden gains and samples that tests/audio/level.c compares with:

    python3 tests/reference/level.py > tests/audio/level_golden.h

The loudness is that of ITU-R BS.1770-4. Its filters are given there for 48 kHz;
for 16 kHz they are derived from the analogue prototypes by the bilinear
transform, and the same derivation has to give the standard's own coefficients
at 48 kHz. The sound is filtered as a whole and the energies come from one
running sum: nothing in common with libebur128 or core/audio. The signal is made
of integers alone, so that the C test makes the same one; the sine comes as a
table, in the golden file.
"""
import numpy as np
from scipy.signal import lfilter

RATE = 16000
STEP = 80    # samples with one gain
BLOCK = 6400
HOP = 1600
LENGTH = 78 * RATE + 37  # the last step is not whole
SINE = np.round(32767 * np.sin(2 * np.pi * np.arange(1024) / 1024)).astype(int)

# LUFS; where the sound starts in signal(), and how many samples of it. Silence
# first, the least gain, the greatest, sound from the first sample on.
RUNS = [(-23, 0, LENGTH), (-45, 0, 20 * RATE), (-5, 0, 8 * RATE),
        (-23, 3 * RATE + 123, 8 * RATE + 79)]


def signal():
    """Parts in seconds, beside silence: see tests/audio/level.c."""
    noise = np.zeros(LENGTH, dtype=np.int64)
    state = 1
    for i in range(LENGTH):
        state = (state * 1664525 + 1013904223) % 2**32
        noise[i] = (state >> 16) - 32768
    i = np.arange(LENGTH)
    tone = SINE[i * 64 % 1024]
    parts = [
        (1.2, 1.5, noise >> 13),  # below the gate
        (1.5, 5, tone >> 6),
        (5, 6, noise),            # the gain is on its way as silence comes
        (8, 17, noise),
        (19, 28, tone >> 4),
        (28, 34, np.where(i // 64 % 2, -32768, 32767)),
        # bursts, of which the relative gate leaves the faint halves out
        (34, 50, np.where(i // 16000 % 2, noise >> 1, noise >> 9)),
        (50, 79, noise >> 7),     # until the loud parts are over a minute ago
    ]
    x = np.zeros(LENGTH, dtype=np.int64)
    for begin, end, sound in parts:
        part = slice(round(begin * RATE), round(end * RATE))
        x[part] = sound[part]
    return x / 32768.0


def k_weighting(rate):
    """Two biquads: [(b, a), (b, a)]"""
    f0, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * f0 / rate)
    vh = 10 ** (gain / 20)
    vb = vh ** 0.4996667741545416
    a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    b = np.array([vh + vb * k / q + k * k, 2 * (k * k - vh),
                  vh - vb * k / q + k * k])
    shelf = (b / a[0], a / a[0])
    f0, q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * f0 / rate)
    a = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    return [shelf, (np.array([1.0, -2.0, 1.0]), a / a[0])]


def check_k_weighting():
    """Tables 1 and 2 of BS.1770-4; a full sine of 997 Hz has -3.01 LUFS, give
    or take what the bilinear transform bends at 16 kHz."""
    (b1, a1), (_, a2) = k_weighting(48000)
    assert np.allclose(b1, [1.53512485958697, -2.69169618940638,
                            1.19839281085285], atol=1e-13)
    assert np.allclose(a1[1:], [-1.69065929318241, 0.73248077421585],
                       atol=1e-13)
    assert np.allclose(a2[1:], [-1.99004745483398, 0.99007225036621],
                       atol=1e-13)
    for rate, error in ((48000, 0.001), (RATE, 0.05)):
        x = np.sin(2 * np.pi * 997 * np.arange(5 * rate) / rate)
        y = weighted(x, rate)[rate:]
        assert abs(lufs(np.mean(y * y)) + 3.01) < error


def weighted(x, rate=RATE):
    for b, a in k_weighting(rate):
        x = lfilter(b, a, x)
    return x


def lufs(energy):
    return 10 * np.log10(energy) - 0.691 if energy > 0 else -np.inf


def gated(blocks):
    blocks = np.array(blocks[-600:])
    return lufs(blocks[blocks >= 0.1 * blocks.mean()].mean())


def loudness(x):
    """After each whole step: LUFS, None: silence alone; blocks that count."""
    total = np.concatenate([[0], np.cumsum(weighted(x) ** 2)])

    def energy(begin, end):
        """0 where it is silent"""
        mean = (total[end] - total[max(begin, 0)]) / (end - begin)
        return mean if lufs(mean) >= -70 else 0

    blocks, audible, first, now = [], [], None, None
    for end in range(STEP, len(x) + 1, STEP):
        if len(blocks) < 4 and energy(end - STEP, end) > 0:
            audible.append(energy(end - STEP, end))
            first = end - STEP if first is None else first
            now = lufs(np.mean(audible))
        if first is not None and end - first >= BLOCK and (
                end - first - BLOCK) % HOP == 0:
            if energy(end - BLOCK, end) > 0:
                blocks.append(energy(end - BLOCK, end))
            if len(blocks) >= 4:
                now = gated(blocks)
        yield now, len(blocks)


def gains(x, target):
    """(steps): dB at the end of each; of one that is not whole, as before."""
    gain, out = 0.0, []
    for now, count in loudness(x):
        if now is not None:
            wanted = min(max(target - now, -30), 20)
            down, up = 20 * STEP / RATE, 3 * STEP / RATE
            gain = wanted if count < 4 else (
                min(max(wanted, gain - down), gain + up))
        out.append(gain)
    return np.array(out + [gain] * (len(x) % STEP > 0))


def levelled(x, gain):
    """Amplitudes go straight from one step's gain to the next one's."""
    end = 10 ** (gain / 20)
    begin = np.concatenate([end[:1], end[:-1]])
    ramp = begin[:, None] + (end - begin)[:, None] * np.arange(1, 81) / STEP
    return x * ramp.ravel()[:len(x)]


def places(length):
    """Steps that are compared: the first half second, then four a second."""
    steps = -(-length // STEP)
    return [k for k in range(steps) if k < 100 or k % 50 == 17
            or k == steps - 1]


def rows(values, form, width):
    text = [form % v for v in values]
    for i in range(0, len(text), width):
        print("    " + " ".join(v + "," for v in text[i:i + width]))


if __name__ == "__main__":
    check_k_weighting()
    sound = signal()
    gain, sample = [], []
    for target, begin, length in RUNS:
        x = sound[begin:begin + length]
        g = gains(x, target)
        y = levelled(x, g)
        at = places(length)
        gain += [g[k] for k in at]
        # another sample of each step
        sample += [y[min(80 * k + 7 * k % 80, length - 1)] for k in at]
    print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
    print("/* Written by tests/reference/level.py: do not edit. */")
    print("/* clang-format off */")
    print("enum { LENGTH = %d, RUNS = %d, PLACES = %d };\n"
          % (LENGTH, len(RUNS), len(gain)))
    print("/* LUFS, first sample, samples */")
    print("static const int runs[RUNS][3] = {")
    rows(["{%d, %d, %d}" % run for run in RUNS], "%s", 1)
    print("};\n\n/* 32767 sin(2 pi i / 1024) */")
    print("static const int sine[1024] = {")
    rows(SINE, "%d", 12)
    print("};\n\n/* dB, of each run at its places */")
    print("static const double golden_gain[PLACES] = {")
    rows(gain, "%.10f", 5)
    print("};\n\nstatic const double golden_sample[PLACES] = {")
    rows(sample, "%.10g", 5)
    print("};")
