# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of scripts/bench (standard input) as docs/performance.md."""

import datetime
import json
import os
import subprocess
import sys

TEXT = """# Performance

Measured by `scripts/bench` on {date}: {cpu}, {cores} processors with {isa};
{system}; s2v {s2v} ({commit}), oneDNN {onednn}, {compiler}. All figures are of one
build on one machine. Figures in one row were measured in one run.

Frames are generated one by one, with the recurrent states carried over, as in a
filter. The first ten frames are not counted. Models named by their size are the
paper's network, 16 to 512 channels and the video prediction layer, with random
weights; quintet.bin and foley.bin are the included models.

- **dtype**: with `bf16`, operands of convolutions and matrix products are bf16, with
  f32 accumulation; normalisations and recurrent states stay f32.
- **median, p99**: milliseconds from the audio of a frame to the frame. **fps**: mean
  frames per second. **real time**: fps over the frame rate of the video.
- **GFLOPS**: operations per second, counted by the table of ops.
- **floor**: the time of a frame over that of the model's convolutions and matrix
  products alone, through oneDNN, in the same run. It is below 1 where libs2v has a
  faster algorithm: Winograd, or tiles of bf16. Not available for bf16 with AMX,
  where oneDNN 2.6.3's convolutions end in an illegal instruction.
- **start**: milliseconds from opening the file to the first frame; **MB**: peak
  memory of the process.
- A dash: not measured, or not applicable.
"""

THREADS = """## Threads

A model uses `threads` CPU threads for each frame, including the caller's: by default
one per processor available to the process (its affinity is respected). In ffmpeg, the
filter's option `threads` takes precedence, then `-filter_complex_threads`. Worker
threads belong to the thread that generates frames; two streams in a process do not
share them, so several streams are best given one thread each, as in the table above.
A thread that has opened a model or closed a session releases its workers: if a
process has more threads than processors, GNU OpenMP shortens the busy-waiting of all,
which made a pipeline that opened its model on one thread and ran it on another slower
by a third.

Encoders have their own threads. In ffmpeg 5.1, filters and encoders take turns in one
thread, and an encoder's workers continue while the next frame is generated; in
GStreamer, and in ffmpeg 7 and later, they run in parallel. A worker of libs2v that
busy-waits would block a processor that an encoder needs: GNU OpenMP does so for
milliseconds. `scripts/env` sets `GOMP_SPINCOUNT=1000`, some microseconds; elsewhere,
set it or `OMP_WAIT_POLICY=passive`. If the encoder needs the processors all the time,
`threads=1` is as fast as any other setting; see
[ffmpeg.md](ffmpeg.md#threads-and-other-programs) for measurements.

The instruction set is chosen at run time, within `ONEDNN_MAX_CPU_ISA`.
"""

NOT_RUN = """## Not measured

- The CUDA backend on a GPU, see [cuda.md](cuda.md).
- Other processors. The narrower instruction sets above were measured on this
  processor; older ones are slower for other reasons, too.
- ONNX Runtime in bf16: its CPU provider does not support these ops.
"""

HEADS = ["model", "dtype", "threads", "median ms", "p99 ms", "fps",
         "real time", "GFLOPS", "floor", "start ms", "MB"]


def command(*words):
    """The first line that a command prints, or ''."""
    try:
        return subprocess.run(words, capture_output=True, text=True,
                              check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def cpu_info(key):
    """A line of /proc/cpuinfo."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith(key):
                return line.split(":")[1].strip()
    return ""


def instruction_sets():
    """Those that matter here, in words."""
    flags = cpu_info("flags").split()
    names = (("avx2", "AVX2"), ("avx512f", "AVX-512"),
             ("avx512_bf16", "AVX512-BF16"), ("amx_bf16", "AMX"))
    return ", ".join(name for flag, name in names if flag in flags) or "SSE"


def system():
    """The operating system's name and the kernel's release."""
    name = "Linux"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as f:
            for line in f:
                if line.startswith("PRETTY_NAME="):
                    name = line.split("=")[1].strip().strip('"')
    return "%s, Linux %s" % (name, os.uname().release.split("-")[0])


def number(value, form="%.1f"):
    """A measured number, or a dash."""
    return "-" if value is None else form % value


def table(heads, rows):
    """Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def stem(row):
    """The model's file name, or its size alone."""
    name = os.path.basename(row["model"])
    return name[:-4] if name in ("128.bin", "256.bin") else name


def failed(row, width):
    """A row that says why there is none."""
    why = row["why"].replace("|", "/").replace("\n", " ")
    return [row["name"], "not measured: " + why] + [""] * (width - 2)


def s2v_cells(row):
    """The columns of an s2v-bench row."""
    if "why" in row:
        return failed(row, len(HEADS))
    return [stem(row), row["dtype"], str(row["threads"]),
            number(row["ms_median"], "%.2f"), number(row["ms_p99"], "%.2f"),
            number(row["fps"]), number(row["rtf"], "%.2f"),
            number(row["gflops"], "%.0f"),
            number(row["floor_ratio"], "%.2f"), number(row["start_ms"], "%.0f"),
            number(row["rss_mb"], "%.0f")]


def with_front(front, row):
    """s2v_cells() with a column before."""
    if "why" in row:
        return failed(row, len(HEADS) + 1)
    return [front, *s2v_cells(row)]


# A peer's figures, and how they are written: frames, sound, talking heads.
PEER = {"ms_median": "%.2f", "fps": "%.1f", "psnr_to_reference": "%.0f",
        "s2v_fps": "%.1f", "ratio": "%.2f"}
TALKER_PEER = {"ms_median": "%.2f", "fps": "%.1f", "psnr_to_reference": "%.0f",
               "largest_difference": "%.2g", "s2v_fps": "%.1f",
               "ratio": "%.2f"}
FOLEY_PEER = {"rtf": "%.2f", "db": "%.0f", "s2v_rtf": "%.2f", "ratio": "%.2f"}


def peer_cells(row, suffix, figures):
    """The columns of a peer that ran NAME + suffix, NAME-DTYPE-PEER being the
    row's name."""
    *model, dtype, peer = row["name"].split("-")
    start = ["-".join(model) + suffix, dtype]
    if "why" in row:
        why = row["why"].replace("|", "/")
        return [*start, peer, "", "not measured: " + why,
                *[""] * (len(figures) - 1)]
    return [*start, row["peer"] + " " + row["version"].split("+")[0],
            row["setting"],
            *[number(row.get(key), form) for key, form in figures.items()]]


class Rows:
    """All rows, by part."""

    def __init__(self, rows):
        self.rows = rows

    def of(self, part):
        """A part's rows, in the order of the script."""
        return [row for row in self.rows if row["part"] == part]

    def one(self, part, **has):
        """The first measured row of a part with these values, or {}."""
        for row in self.of(part):
            if "why" not in row and all(
                    row.get(key) == value for key, value in has.items()):
                return row
        return {}


def goal(what, wanted, value, form, least=True):
    """A line of the table of goals: reached or not."""
    if value is None:
        return [what, wanted, "-", "not measured"]
    bound = float("".join(c for c in wanted if c in "0123456789."))
    reached = value >= bound if least else value <= bound
    return [what, wanted, form % value, "yes" if reached else "no"]


def goals(rows):
    """What was to be reached, beside what was measured."""
    most = os.cpu_count()
    out = []
    for size, f32, bf16 in ((256, 45, 75), (128, 180, 300)):
        for dtype, fps in (("f32", f32), ("bf16", bf16)):
            row = next((r for r in rows.of("main") if "why" not in r and
                        stem(r) == str(size) and r["dtype"] == dtype and
                        r["threads"] == most), {})
            name = "%d, %s" % (size, dtype)
            out.append(goal(name + ": fps", ">= %d" % fps, row.get("fps"),
                            "%.1f"))
            if (size, dtype) == (256, "f32"):
                out.append(goal(name + ": floor", "<= 1.35",
                                row.get("floor_ratio"), "%.2f", False))
            if size == 256:
                out.append(goal(name + ": memory, MB", "<= 250",
                                row.get("rss_mb"), "%.0f", False))
            ratios = [r["ratio"] for r in rows.of("peers")
                      if r.get("size") == size and r.get("dtype") == dtype and
                      r.get("ratio")]
            out.append(goal(name + ": over the best peer", ">= 1.5 x",
                            min(ratios) if ratios else None, "%.2f x"))
    for dtype, speed in (("f32", 3), ("bf16", 5)):
        for model in ("paper-foley.bin", "foley.bin"):
            row = next((r for r in rows.of("foley") if "why" not in r and
                        stem(r) == model and r["dtype"] == dtype), {})
            out.append(goal("one minute of audio, %s, %s: times real time" %
                            (model, dtype), ">= %d" % speed, row.get("rtf"),
                            "%.1f"))
    out += talker_goals(rows)
    out += stylegan_goals(rows)
    for row in rows.of("nearness"):
        if "why" not in row:
            out.append(goal("%s: bf16 relative to f32, PSNR of %d frames, dB" %
                            (row["name"], row["frames"]), ">= 40",
                            row["psnr"], "%.1f"))
    for dtype in ("f32", "bf16"):
        row = rows.one("startup", dtype=dtype)
        out.append(goal("quintet.bin, %s: exec to the first frame, ms" % dtype,
                        "<= 150", row.get("ms_median"), "%.0f", False))
    for wrapper in ("ffmpeg", "gstreamer"):
        for row in rows.of("wrappers"):
            if row.get("wrapper") == wrapper and "why" not in row:
                out.append(goal("%s overhead, %s, percent" %
                                (wrapper, stem(row)),
                                "<= 5", row["percent"], "%.1f", False))
    out.append(goal("adversarial iteration, f32: over PyTorch", ">= 1 x",
                    rows.one("training", dtype="f32").get("ratio"), "%.2f x"))
    for name in ("pictures", "prompts"):
        ratios = [row["%s_ratio" % name] for row in rows.of("clip")
                  if "why" not in row]
        out.append(goal("CLIP's %s: over the best peer" % name, ">= 1.2 x",
                        min(ratios) if ratios else None, "%.2f x"))
    for row in rows.of("talker_training"):
        if "why" not in row and row["dtype"] == "f32":
            out.append(goal("iteration of man, %s, batch %d, %s: over PyTorch" %
                            (row["network"], row["batch"], row["stage"]),
                            ">= 1 x", row["ratio"], "%.2f x"))
    return out


def talker_goals(rows):
    """Those of talking heads, the portrait being warped."""
    out = []
    for size, f32, bf16 in (("small", 150, None), ("medium", 45, 75),
                            ("large", 18, 33)):
        model = size + "-talker.bin"
        for dtype, fps in (("f32", f32), ("bf16", bf16)):
            row = next((r for r in rows.of("talkers") if "why" not in r and
                        stem(r) == model and r["dtype"] == dtype and
                        r["threads"] == os.cpu_count()), {})
            name = "%s, %s" % (model, dtype)
            if fps:
                out.append(goal(name + ": fps", ">= %d" % fps, row.get("fps"),
                                "%.1f"))
            if size == "medium":
                out.append(goal(name + ": memory, MB", "<= 150",
                                row.get("rss_mb"), "%.0f", False))
                out.append(goal(name + ": file to the first frame, ms",
                                "<= 250", row.get("start_ms"), "%.0f", False))
            ratios = [r["ratio"] for r in rows.of("talker_peers")
                      if r.get("model") == model and r.get("dtype") == dtype
                      and r.get("ratio")]
            out.append(goal(name + ": over the best peer", ">= 1.5 x",
                            min(ratios) if ratios else None, "%.2f x"))
    return out


def stylegan_goals(rows):
    """Those of StyleGANs."""
    out = []
    for model, f32, bf16 in (("stylegan2-256", 13, 23), ("stylegan2-1024", 2.6, 4.6),
                             ("stylegan3-t-256", 1.8, 3),
                             ("landscape-size", 200, None)):
        for dtype, fps in (("f32", f32), ("bf16", bf16)):
            row = next((r for r in rows.of("stylegans") if "why" not in r and
                        stem(r) == model + ".bin" and r["dtype"] == dtype and
                        r["threads"] == os.cpu_count()), {})
            name = "%s, %s" % (model, dtype)
            if fps:
                out.append(goal(name + ": fps", ">= %g" % fps, row.get("fps"),
                                "%.1f"))
                out.append(goal(name + ": over the floor", "<= 1.3",
                                row.get("floor_ratio"), "%.2f", False))
            if model == "stylegan2-1024":
                out.append(goal(name + ": memory, MB", "<= 500",
                                row.get("rss_mb"), "%.0f", False))
            ratios = [r["ratio"] for r in rows.of("stylegan_peers")
                      if r.get("model") == model + ".bin" and
                      r.get("dtype") == dtype and r.get("ratio")]
            out.append(goal(name + ": over the best peer", ">= 1.5 x",
                            min(ratios) if ratios else None, "%.2f x"))
    row = next((r for r in rows.of("stylegans") if "why" not in r and
                stem(r) == "landscape.bin" and r["dtype"] == "f32" and
                r["threads"] == os.cpu_count()), {})
    out.append(goal("landscape.bin, f32: fps", ">= 200", row.get("fps"), "%.1f"))
    out.append(goal("landscape.bin, f32: the first frame, ms", "<= 150",
                    row.get("start_ms"), "%.0f", False))
    out.append(goal("landscape.bin, f32: memory, MB", "<= 150",
                    row.get("rss_mb"), "%.0f", False))
    return out


def training_cells(row):
    """The columns of a training iteration."""
    if "why" in row:
        return failed(row, 7)
    return [row["dtype"], str(row["threads"]), number(row["ms"], "%.0f"),
            number(row["mb"], "%.0f"), number(row["peer_ms"], "%.0f"),
            number(row["peer_mb"], "%.0f"), number(row["ratio"], "%.2f")]


def talker_training_cells(row):
    """The columns of a training iteration of a talking head."""
    if row.get("stage") and "why" in row:
        row = {**row, "name": "%s, %s" % (row["name"], row["stage"])}
    if "why" in row:
        return failed(row, 10)
    return [row["network"], str(row["batch"]), row["stage"],
            *training_cells(row)]


def clip_cells(row):
    """The columns of CLIP's towers."""
    if "why" in row:
        return failed(row, 9)
    return [row["peer"] + " " + row["version"], str(row["threads"]),
            *(number(row[key], form) for name in ("pictures", "prompts")
              for key, form in (("s2v_%s_per_second" % name, "%.1f"),
                                ("%s_per_second" % name, "%.1f"),
                                ("%s_ratio" % name, "%.2f"))),
            str(row["tokens"])]


def start_cells(row):
    """The columns of a start."""
    if "why" in row:
        return failed(row, 6)
    return [row["dtype"], number(row["first_ms"], "%.0f"),
            number(row["ms_median"], "%.0f"), number(row["ms_worst"], "%.0f"),
            number(row["cpu_ms"], "%.0f"), number(row["rss_mb"], "%.0f")]


def wrapper_cells(row):
    """The columns of a wrapper."""
    if "why" in row:
        return [row.get("wrapper", row["name"]),
                "not measured: " + row["why"].replace("|", "/"), "", "", "",
                ""]
    return [row["wrapper"], stem(row), number(row["ms_median"], "%.2f"),
            number(row["percent"]), number(row["percent_least"]),
            number(row["percent_most"])]


def section(title, text, heads, cells):
    """Prints a heading, a paragraph and a table; nothing without rows."""
    if cells:
        print("## %s\n\n%s%s" % (title, text + "\n\n" if text else "",
                                 table(heads, cells)))


def print_all(rows):
    """The whole report."""
    version = command("build/tools/bench/s2v-bench", "--version").split()[-1:]
    print(TEXT.format(
        date=datetime.date.today(), cpu=cpu_info("model name"),
        cores=os.cpu_count(), isa=instruction_sets(), system=system(),
        s2v=" ".join(version), commit=command("git", "rev-parse", "--short",
                                              "HEAD"),
        onednn=command("pkg-config", "--modversion", "dnnl")
        or command("dpkg-query", "-W", "-f", "${Version}", "libdnnl-dev")
        or "?", compiler=command("cc", "--version")))
    section("Targets", "On two cores with AVX-512 and bf16, one "
            "stream, frame by frame.", ["what", "target", "measured",
                                        "reached"], goals(rows))
    section("Listen and Move", "", HEADS,
            [s2v_cells(r) for r in rows.of("main")])
    near = [r for r in rows.of("peers") if r.get("s2v_psnr_to_reference")]
    section(
        "Peers", "The same network in other frameworks, with the same weights, "
        "each with the fastest settings found (bench/peers.py; see the "
        "column). Before the measurement, the first frames are compared with "
        "those of the plain PyTorch module in f32, the reference of libs2v's "
        "tests: at least 80 dB of PSNR are required for f32, 30 dB for bf16%s. "
        "s2v and the peer are timed alternately, three times each; the ratio "
        "is the median. The peers' noise is generated in advance, that of s2v "
        "is included." % (
            "; libs2v's own 8-bit frames of a sound had %.0f dB or "
            "more (48 required)" % min(
                r["s2v_psnr_to_reference"] for r in near) if near else ""),
        ["size", "dtype", "peer", "setting", "median ms", "fps", "PSNR, dB",
         "s2v fps", "speedup"],
        [peer_cells(r, "", PEER) for r in sorted(
            rows.of("peers"), key=lambda r: (
                -int(r["name"].split("-")[0]), r["name"].split("-")[1] != "f32",
                r["name"]))])
    section("Video to audio", "One minute of 256x256 at 25 fps; "
            "paper-foley.bin has random weights and the papers' sizes, "
            "HiFi-GAN V1. median and p99 are from a frame to the audio that "
            "it completes, which is none for most.", HEADS,
            [s2v_cells(r) for r in rows.of("foley")])
    near = [r["s2v_db"] for r in rows.of("foley_peers") if r.get("s2v_db")]
    section("Video to audio: peers", "The same networks, windows and "
            "cross-fades in other frameworks, with the same weights "
            "(bench/peer_foley.py), in times real time. They get the frames "
            "at the networks' size and rate, a whole window at once. Setting: "
            "columns of the mel per run of the vocoder, the faster of two. "
            "dB: signal over difference from the plain PyTorch modules in f32, "
            "compared before the measurement%s. Timed alternately with "
            "s2v-bench, three times each; the ratio is the median." % (
                "; libs2v's own audio: %.0f or more" % min(near)
                if near else ""),
            ["model", "dtype", "peer", "setting", "real time", "dB",
             "s2v real time", "speedup"],
            [peer_cells(r, ".bin", FOLEY_PEER)
             for r in rows.of("foley_peers")])
    section("Talking heads", "A portrait of 256x256 with crop=, its face not "
            "searched; start is from opening the file to the first frame. "
            "small, medium and large have random weights and the sizes of "
            "s2v-train man, with the warped portrait (64x64, 128x128, 256x256 "
            "pixels); talker.bin is the included model.", HEADS,
            [s2v_cells(r) for r in rows.of("talkers")])
    near = [r for r in rows.of("talker_peers")
            if r.get("s2v_psnr_to_reference")]
    section("Talking heads: peers", "The same networks in other frameworks, "
            "with the same weights (bench/peer_talkers.py), one frame at a "
            "time, the frames before carried over. The first frames are "
            "compared before the measurement with those of the plain PyTorch "
            "modules in f32: PSNR and the largest difference, of a range of "
            "2%s. The peers have features, controls and random numbers in "
            "advance. Timed alternately with s2v-bench, three times each; the "
            "ratio is the median." % (
                "; libs2v's own 8-bit frames of a portrait and a sound: %.0f "
                "dB or more, and %d steps of 255 at most" % (
                    min(r["s2v_psnr_to_reference"] for r in near),
                    max(r["s2v_largest_difference"] for r in near))
                if near else ""),
            ["model", "dtype", "peer", "setting", "median ms", "fps",
             "PSNR, dB", "difference", "s2v fps", "speedup"],
            [peer_cells(r, ".bin", TALKER_PEER)
             for r in rows.of("talker_peers")])
    section("StyleGANs", "A walk whose style codes all change from frame to "
            "frame: mapping, synthesis and conversion to 8 bits. Random "
            "weights; base and most channels are 16384 and 512 at 256 pixels, "
            "32768 and 512 at 1024; landscape-size is 128 pixels, base 2048, "
            "at most 128 channels. landscape.bin also hears: a scene out of "
            "sound.", HEADS,
            [s2v_cells(r) for r in rows.of("stylegans")])
    near = [r["s2v_psnr_to_reference"] for r in rows.of("stylegan_peers")
            if r.get("s2v_psnr_to_reference")]
    section("StyleGANs: peers", "The same networks in other frameworks, with "
            "the same weights (bench/peer_stylegan.py), one picture at a time, "
            "each of another z, without the walk and the conversion to 8 bits. "
            "The first frames are compared before the measurement with those "
            "of the plain PyTorch modules in f32%s. Timed alternately with "
            "s2v-bench, three times each; the ratio is the median." % (
                "; libs2v's own 8-bit frames: %.0f dB or more" % min(near)
                if near else ""),
            ["model", "dtype", "peer", "setting", "median ms", "fps",
             "PSNR, dB", "s2v fps", "speedup"],
            [peer_cells(r, ".bin", PEER) for r in rows.of("stylegan_peers")])
    section("Several streams", "On one model, each with one thread. fps is the "
            "total, real time that of each; the weights are shared. MB each: "
            "what a stream adds to the model's; spread: time of the slowest "
            "stream by that of the fastest.",
            ["streams", *HEADS, "MB each", "spread"],
            [with_front(str(r.get("sessions")), r) +
             ([] if "why" in r else
              [number(r.get("stream_mb"), "%.1f"),
               number(r.get("spread"), "%.2f")])
             for r in rows.of("sessions")])
    section("bf16 relative to f32", "The same audio and seed, recurrent states "
            "carried over; 8-bit frames.",
            ["model", "frames", "PSNR, dB", "worst frame, dB"],
            [failed(r, 4) if "why" in r else
             [r["name"], str(r["frames"]), number(r["psnr"]),
              number(r["worst"])] for r in rows.of("nearness")])
    section("Start", "quintet.bin, from before exec to the first frame, "
            "measured from outside (bench/start.py): first with the files "
            "dropped from the page cache (unless mapped by other processes), "
            "then repeatedly. CPU: processor time of one start, including one "
            "frame.",
            ["dtype", "first ms", "again: median ms", "worst ms", "CPU ms",
             "MB"], [start_cells(r) for r in rows.of("startup")])
    section("Other instruction sets", "Limited by `ONEDNN_MAX_CPU_ISA`, which "
            "libs2v's own kernels respect. PSNR: of 40 8-bit frames relative "
            "to those without the limit; a dash: identical.",
            ["set", "PSNR, dB", *HEADS],
            [failed(r, len(HEADS) + 2) if "why" in r else
             [r["name"], number(r.get("psnr")), *s2v_cells(r)]
             for r in rows.of("isa")])
    section("In ffmpeg and GStreamer", "Time per frame in ffmpeg, to the null "
            "muxer, and in gst-launch-1.0, to fakesink, relative to a program "
            "that only uses the library (docs/examples/frames.c); a long run "
            "minus a short one, alternately, with `GOMP_SPINCOUNT=1000` "
            "(bench/wrappers.py). Overhead in percent: median, minimum and "
            "maximum of the rounds. \"Library again\" shows the noise.",
            ["", "model", "ms per frame", "overhead %", "min", "max"],
            [wrapper_cells(r) for r in rows.of("wrappers")])
    section("Training", "An adversarial iteration of s2v-train listen-and-move "
            "(32 frames of 64x64, DirConvGRU, both discriminators with gradient "
            "penalties, multi-scale L1), and the same in eager PyTorch, f32, "
            "timed alternately (bench/training.py). dtype: s2v-train's; MB: "
            "peak memory of the process.",
            ["dtype", "threads", "ms", "MB", "PyTorch, ms", "MB",
             "speedup"],
            [training_cells(r) for r in rows.of("training")])
    section("Training of talking heads", "An iteration of s2v-train man in "
            "three of its stages: the predictor alone; the generator with it, "
            "without discriminators; all against the discriminators. The same "
            "in eager PyTorch, f32, with the same losses and Adam, its batch "
            "in memory where s2v-train draws and augments one; timed "
            "alternately (bench/talker_training.py). dtype: s2v-train's; MB: "
            "peak memory of the process.",
            ["network", "batch", "stage", "dtype", "threads", "ms", "MB",
             "PyTorch, ms", "MB", "speedup"],
            [talker_training_cells(r) for r in rows.of("talker_training")])
    section("CLIP", "Pictures and prompts a second through the towers of a "
            "ViT-B/32 of random weights, one at a time, timed alternately "
            "(bench/peer_clip.py). s2v prepares pictures and finds tokens as "
            "well, and stops at the end of a prompt; peers run all 77 places. "
            "f32.",
            ["peer", "threads", "s2v, pictures/s", "peer", "ratio",
             "s2v, prompts/s", "peer", "ratio", "tokens"],
            [clip_cells(r) for r in rows.of("clip")])
    print(THREADS)
    print(NOT_RUN, end="")


def main():
    print_all(Rows([json.loads(line) for line in sys.stdin if line.strip()]))


if __name__ == "__main__":
    main()
