# SPDX-License-Identifier: LGPL-2.1-or-later
"""Models within ONEDNN_MAX_CPU_ISA: their speed, and their frames beside those
without that limit.

    ONEDNN_MAX_CPU_ISA=AVX2 python3 bench/isa.py --bench s2v-bench \\
        --frames-program frames MODEL.bin...

Prints s2v-bench's row of each model with the PSNR of 40 frames.
"""

import argparse
import array
import json
import math
import os
import subprocess

FRAMES, STEP = 40, 800


def frames_of(program, model, env):
    """The bytes of FRAMES frames."""
    sound = array.array("f", (0.4 * math.sin(0.1728 * i) * math.sin(0.0006 * i)
                              for i in range(FRAMES * STEP)))
    return subprocess.run([program, model], input=sound.tobytes(), env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def psnr(a, b):
    """Decibels; None for the same."""
    if len(a) != len(b) or not a:
        raise SystemExit("%d and %d bytes of frames" % (len(a), len(b)))
    square = sum((x - y) ** 2 for x, y in zip(a, b))
    return 10 * math.log10(255 * 255 * len(a) / square) if square else None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--frames-program", required=True)
    parser.add_argument("--threads", default="0")
    parser.add_argument("--frames", default="200")
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    free = {key: value for key, value in os.environ.items()
            if key != "ONEDNN_MAX_CPU_ISA"}
    for model in arguments.models:
        said = subprocess.run(
            [arguments.bench, "--json", "--threads", arguments.threads,
             "--frames", arguments.frames, model],
            stdout=subprocess.PIPE, check=True).stdout
        row = json.loads(said)
        near = psnr(frames_of(arguments.frames_program, model, os.environ),
                    frames_of(arguments.frames_program, model, free))
        row["psnr"] = near and round(near, 1)
        print(json.dumps(row))


if __name__ == "__main__":
    main()
