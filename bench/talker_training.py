# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times iterations of s2v-train man beside PyTorch's, stage by stage.

    python3 bench/talker_training.py --python .cache/bench/bin/python
        --program build/tests/train/time_man --weights medium.bin
        --clips FOLDER --network medium --batch 4 --threads 2

The two run in turns, each in a process of its own; the ratio is the median of
the rounds', cpu_ratio that of processor times, which other programs on the
machine disturb less.  libs2v draws and augments its batches from clips of s2v-talkers,
which counts; the peer (peer_talker_training.py) has one in memory.  Before,
--check of the peer compares its form of the networks with the plain modules.
Prints one JSON object a stage.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STAGES = ("predictor", "joint", "critics")


def run(command):
    """What a program prints, JSON."""
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        lines = said.stderr.strip().split("\n")
        raise RuntimeError(lines[-1][:200] or "ended with status %d" %
                           said.returncode)
    return json.loads(said.stdout)


def ours(stage, a):
    """Milliseconds of an iteration of libs2v's, MB, and processor time."""
    row = run([a.program, a.clips, a.network, stage, str(a.batch), a.dtype,
               str(a.threads), str(a.iterations)])
    return statistics.median(row["ms"]), row["rss_mb"], row["cpu_ms"]


def peer(stage, a, *more):
    """The peer's row, or what it checks."""
    return run([a.python, os.path.join(HERE, "peer_talker_training.py"),
                "--weights", a.weights, "--stage", stage, "--batch",
                str(a.batch), "--threads", str(a.threads), "--iterations",
                str(a.iterations), *more])


def theirs(stage, a):
    """The same of the peer."""
    row = peer(stage, a)
    return statistics.median(row["ms"]), row["rss_mb"], row["cpu_ms"]


def measure(stage, a):
    """The figures of a stage."""
    difference = None
    if not a.no_check:
        difference = peer(stage, argparse.Namespace(**{**vars(a), "batch": 1}),
                          "--check")["difference"]
    rounds = [(ours(stage, a), theirs(stage, a)) for _ in range(a.rounds)]
    return {"ms": round(statistics.median(r[0][0] for r in rounds), 1),
            "peer_ms": round(statistics.median(r[1][0] for r in rounds), 1),
            "ratio": round(statistics.median(r[1][0] / r[0][0]
                                             for r in rounds), 3),
            "cpu_ratio": round(statistics.median(r[1][2] / r[0][2]
                                                 for r in rounds), 3),
            "mb": max(r[0][1] for r in rounds),
            "peer_mb": max(r[1][1] for r in rounds), "difference": difference}


def main():
    """Measures, and prints the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3",
                        help="one that has PyTorch (default %(default)s)")
    parser.add_argument("--program", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--clips", required=True)
    parser.add_argument("--network", default="medium")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", default="f32", help="libs2v's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-check", action="store_true")
    a = parser.parse_args()
    for stage in a.stages.split(","):
        row = {"stage": stage, "network": a.network, "batch": a.batch,
               "dtype": a.dtype, "threads": a.threads}
        try:
            row.update(measure(stage, a))
        except RuntimeError as error:  # the other stages go on
            row["why"] = str(error)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
