# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long from exec to a model's first frame.

    python3 bench/start.py --bench build/tools/bench/s2v-bench MODEL.bin

Starts `s2v-bench --start` and waits for its line, which it prints when the
first frame is there: the dynamic linker, opening and checking the model,
planning, one frame. The first time is with the model, the program and its
libraries out of the page cache, as far as no other process has them mapped;
the others follow at once. Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import subprocess
import time


def forget(path):
    """Asks the kernel to drop a file's pages."""
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def libraries(program):
    """The files that a program is linked with."""
    found = subprocess.run(["ldd", program], capture_output=True, text=True,
                           check=True).stdout
    return [word for word in found.split() if word.startswith("/")]


def start(arguments):
    """One start: s2v-bench's row, with the time since before exec."""
    command = [arguments.bench, "--json", "--start", "--dtype",
               arguments.dtype, "--threads", str(arguments.threads),
               arguments.model]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        line = child.stdout.readline()
        ms = (time.perf_counter() - begin) * 1e3
    if child.returncode:
        raise SystemExit("s2v-bench ended with %d" % child.returncode)
    used = os.times()
    return {**json.loads(line), "exec_ms": ms,
            "children": used.children_user + used.children_system}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--dtype", default="f32", choices=("f32", "bf16"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("model")
    arguments = parser.parse_args()
    for path in [arguments.bench, arguments.model,
                 *libraries(arguments.bench)]:
        forget(path)
    rows = [start(arguments) for _ in range(1 + arguments.times)]
    cpu = (rows[-1]["children"] - rows[0]["children"]) / arguments.times
    later = [row["exec_ms"] for row in rows[1:]]
    print(json.dumps({
        "model": os.path.basename(arguments.model),
        "size": rows[0]["size"], "dtype": arguments.dtype,
        "first_ms": round(rows[0]["exec_ms"], 1),
        "ms_median": round(statistics.median(later), 1),
        "ms_worst": round(max(later), 1), "cpu_ms": round(1e3 * cpu, 1),
        "times": arguments.times,
        "rss_mb": round(max(row["rss_mb"] for row in rows), 1)}))


if __name__ == "__main__":
    main()
