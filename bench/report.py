# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of scripts/bench as docs/performance.md.

    python3 bench/report.py .cache/bench.jsonl >docs/performance.md
"""

import datetime
import json
import os
import subprocess
import sys

TEXT = """# Performance

Measured by `scripts/bench` on {date}: {cpu}, {cores} processors. s2v {s2v};
oneDNN {onednn}. Figures of one run on one machine; others differ. Frames are
made one by one, as a filter makes them; ms are from a frame's sound to the
frame. s2v-bench(1) explains the columns.

- **dtype**: `bf16` rounds what is multiplied, and sums up in f32; norms and
  recurrent states stay f32.
- **floor**: a frame's time, in times of the model's convolutions and matrix
  products alone, through oneDNN. Below 1 where libs2v has a better way: fewer
  products (Winograd), or tiles of bf16. None for bf16 by AMX: oneDNN 2.6.3's
  convolutions end in an illegal instruction there.
- The models are random weights of the paper's size, 16 to 512 channels.

## Threads

A model uses `threads` CPU threads for each frame, by default one for each
processor that the process may use. Several streams share a model's weights;
each is best given one thread, as below. Where an encoder works at the same time,
see docs/ffmpeg.md: threads wait for one another by spinning unless
`GOMP_SPINCOUNT` or `OMP_WAIT_POLICY` says otherwise.

The instruction set is chosen at run time, within `ONEDNN_MAX_CPU_ISA`.
"""


def command(*words):
    """The first line that a command prints, or ''."""
    try:
        return subprocess.run(words, capture_output=True, text=True,
                              check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor():
    """What /proc/cpuinfo calls the processor."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return "an unknown processor"


def table(heads, rows):
    """Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def number(value, form="%.1f"):
    """A measured number, or a dash."""
    return "-" if value is None else form % value


def s2v_cells(row):
    """The columns of an s2v-bench row."""
    return [str(row["size"]), row["dtype"], str(row["threads"]),
            number(row["ms_median"], "%.2f"), number(row["ms_p99"], "%.2f"),
            number(row["fps"]), number(row["rtf"], "%.2f"),
            number(row["gflops"], "%.0f"),
            number(row["floor_ratio"], "%.2f"), number(row["start_ms"], "%.0f"),
            number(row["rss_mb"], "%.0f")]


HEADS = ["size", "dtype", "threads", "median ms", "p99 ms", "fps", "real time",
         "GFLOPS", "floor", "start ms", "MB"]


def peers(rows):
    """Each peer beside s2v before and after it."""
    out = []
    for row in rows:
        if row["part"] != "peer":
            continue
        own = [r["fps"] for r in rows if r["part"] == "main" and
               (r["size"], r["dtype"]) == (row["size"], row["dtype"])]
        ratio = sum(own) / len(own) / row["fps"]
        out.append([str(row["size"]), row["dtype"], row["peer"],
                    row["version"], number(row["ms_median"], "%.2f"),
                    number(row["fps"]), "%.2f" % ratio])
    return out


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        rows = [json.loads(line) for line in f if line.strip()]

    def of(part):
        return [s2v_cells(r) for r in rows if r["part"] == part]

    version = command("build/tools/bench/s2v-bench", "--version").split()[-1]
    print(TEXT.format(date=datetime.date.today(), cpu=processor(),
                      cores=os.cpu_count(), s2v=version,
                      onednn=command("pkg-config", "--modversion", "dnnl")
                      or command("dpkg-query", "-W", "-f", "${Version}",
                                 "libdnnl-dev") or "?"))
    print("## Listen and Move\n\n" + table(HEADS, of("main")))
    if peers(rows):
        print("## Peers\n\nOn the same weights, checked to give the same "
              "frames first; bench/peers.py has their settings. The last "
              "column is s2v's frames a second, of the rows before and after, "
              "over the peer's.\n")
        print(table(["size", "dtype", "peer", "version", "median ms", "fps",
                     "s2v's over it"], peers(rows)))
    print("## Sound for pictures\n\nPictures of 320x240, 25 a second; the "
          "networks of the papers' sizes, HiFi-GAN V1.\n")
    print(table(HEADS, of("foley")))
    print("## Several streams\n\nquintet.bin; fps of all together, real time "
          "of each.\n")
    print(table(["streams", *HEADS], [[str(r["sessions"]), *s2v_cells(r)]
                                      for r in rows
                                      if r["part"] == "sessions"]))
    print("## Other instruction sets\n\nWith `ONEDNN_MAX_CPU_ISA`.\n")
    print(table(["set", *HEADS], [[r["part"][4:], *s2v_cells(r)]
                                  for r in rows
                                  if r["part"].startswith("isa ")]), end="")


if __name__ == "__main__":
    main()
