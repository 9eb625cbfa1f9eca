# SPDX-License-Identifier: LGPL-2.1-or-later
"""MAN's pitch (YIN) against WORLD's (DIO and StoneMask), on recordings.

    pip install pyworld
    python3 tests/reference/man_pitch.py CLIP...

prints, for all columns of the clips (one each 8 ms): how many are voiced in both or
in neither; among those voiced in both, gross errors (more than 20 %) and the others'
mean and median error.  DIO's settings are the paper's: 71 to 800 Hz, 2 bands an
octave, an allowed range of 0.1, a hop of 256 samples; last, the same with a hop of
128.  Its frames lie at the columns' centres: with 256 it runs twice, for the even and
the odd ones.  Needs ffmpeg.  YIN is that of man_sound.py, which the library matches
(tests/audio: speech-reference).
"""

import subprocess
import sys

import numpy as np
import pyworld

import man_sound

STEP = 128  # samples between columns
GROSS = 0.2


def decode(path):
    """Mono, 16 kHz, in [-1, 1]."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-vn", "-ac", "1", "-ar",
         str(man_sound.RATE), "-f", "f32le", "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, "<f4").astype(np.float64)


def world(sound, count, hop):
    """Hz of columns 0 .. count - 1, 0 where unvoiced."""
    f0 = np.zeros(count)
    for first in range(hop // STEP):
        # Zeros before, so that DIO's frames, multiples of the hop, are columns.
        centre = man_sound.column_sample(first)
        before = -centre % hop
        x = np.concatenate([np.zeros(before), sound])
        found, times = pyworld.dio(
            x, man_sound.RATE, f0_floor=71.0, f0_ceil=800.0, channels_in_octave=2.0,
            allowed_range=0.1, frame_period=1000.0 * hop / man_sound.RATE)
        found = pyworld.stonemask(x, found, times, man_sound.RATE)
        own = f0[first::hop // STEP]
        at = (centre + before) // hop
        own[:] = found[at:at + len(own)]
    return f0


def compare(path):
    """YIN, DIO with a hop of 256, of 128, of each column in the clip: [3, columns]."""
    sound = decode(path)
    count = (len(sound) - STEP) // STEP
    own = man_sound.contour(sound, np.arange(count))
    return np.stack([own, world(sound, count, 256), world(sound, count, 128)])


def report(name, own, other):
    both = (own > 0) & (other > 0)
    error = np.abs(own[both] / other[both] - 1)
    fine = error[error <= GROSS]
    print("%s: %d columns, voicing agrees in %.1f %% (YIN alone voiced %.1f %%, DIO "
          "alone %.1f %%), gross errors %.2f %%, others %.2f %% mean, %.2f %% median"
          % (name, len(own), 100 * np.mean((own > 0) == (other > 0)),
             100 * np.mean((own > 0) & (other == 0)),
             100 * np.mean((own == 0) & (other > 0)), 100 * np.mean(error > GROSS),
             100 * fine.mean(), 100 * np.median(fine)))


def main(paths):
    if not paths:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    found = []
    for path in paths:
        found.append(compare(path))
        report(path, *found[-1][:2])
    own, paper, fine = np.concatenate(found, axis=1)
    report("all", own, paper)
    report("all, DIO's hop 128", own, fine)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
