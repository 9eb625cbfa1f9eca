# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times an adversarial iteration of s2v-train beside PyTorch's.

    python3 bench/training.py --python .cache/bench/bin/python --threads 2

The iteration is the paper's: T = 32 frames of 64 x 64, DirConvGRU, both
discriminators with their gradient penalties and Adam, then the generator,
with multi-scale L1.  The two run in turns.  s2v-train is run for few iterations
and for more, on a clip of s2v-quintet: the difference is the time of those
between, reading frames included, starting and saving not.  The peer is
peer_torch.py --train --adversarial, whose frames are in memory.  The ratio is
the median of the rounds'.  Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FEW = 2


def train(arguments, clip, folder, iterations):
    """Seconds of a whole s2v-train, and its most memory in MiB."""
    command = ["s2v-train", "listen-and-move", clip, "-o",
               os.path.join(folder, "model.bin"), "--size",
               str(arguments.size), "--sequence", str(arguments.sequence),
               "--iterations", str(iterations), "--adversarial",
               "--dtype", arguments.dtype, "--device", "cpu",
               "--threads", str(arguments.threads), "--quiet"]
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("s2v-train failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def ours(arguments, clip, folder):
    """Milliseconds of an iteration of s2v-train, and MiB."""
    few, _ = train(arguments, clip, folder, FEW)
    more, memory = train(arguments, clip, folder, FEW + arguments.iterations)
    return (more - few) / arguments.iterations * 1e3, memory


def theirs(arguments):
    """Milliseconds of an iteration of the peer, and MiB."""
    command = [arguments.python, os.path.join(HERE, "peer_torch.py"),
               "--train", "--adversarial", "--threads",
               str(arguments.threads), "--sequence", str(arguments.sequence),
               "--iterations", str(arguments.iterations), "--config",
               "size=%d" % arguments.size]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stderr.strip().split("\n")[-1])
    row = json.loads(said.stdout)
    return row["median_ms"], row["peak_rss_mib"]


def main():
    """Measures, and prints the row."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3",
                        help="one that has PyTorch (default %(default)s)")
    parser.add_argument("--dtype", default="f32", help="s2v-train's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--sequence", type=int, default=32)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, "clip.mkv")
        subprocess.run(["s2v-quintet", "--size", str(arguments.size),
                        "--duration", "60", "-o", clip],
                       check=True, stdout=subprocess.DEVNULL)
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append((ours(arguments, clip, folder), theirs(arguments)))
    print(json.dumps({
        "size": arguments.size, "sequence": arguments.sequence,
        "dtype": arguments.dtype, "threads": arguments.threads,
        "ms": round(statistics.median(r[0][0] for r in rounds), 1),
        "peer_ms": round(statistics.median(r[1][0] for r in rounds), 1),
        "ratio": round(statistics.median(r[1][0] / r[0][0]
                                         for r in rounds), 3),
        "mb": round(max(r[0][1] for r in rounds)),
        "peer_mb": round(max(r[1][1] for r in rounds))}))


if __name__ == "__main__":
    main()
