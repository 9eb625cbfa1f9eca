# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ffmpeg and GStreamer add to the library's own time.

    . scripts/env
    python3 bench/wrappers.py --frames-program frames models/quintet.bin

The same sound goes through three programs, whose frames go nowhere:

library    docs/examples/frames.c, raw sound to raw frames in /dev/null
ffmpeg     the filter s2v, to the null muxer
gstreamer  s2vgen, to fakesink

Each is run on a short sound and on a long one; the difference is the time of
the frames between, without starting and ending. A round has all three, in an
order that turns; a wrapper's percent is of the library's time in the same
round, and the median of the rounds counts. The library is run twice a round:
what its second time differs is the noise. Prints one JSON object for each.
"""

import argparse
import array
import json
import math
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import wave

RATE, STEP = 16000, 800


def write_sound(path, frames):
    """A tone and its octave, swelling, as PATH.wav and PATH.f32."""
    sound = array.array("h", (
        int(9830 * math.sin(0.17279 * i) * math.sin(0.0005625 * i) +
            6554 * math.sin(0.34558 * i) * math.sin(0.0004375 * i))
        for i in range(frames * STEP)))
    with wave.open(path + ".wav", "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(sound.tobytes())
    with open(path + ".f32", "wb") as f:
        array.array("f", (x / 32768 for x in sound)).tofile(f)


def command(wrapper, arguments, sound):
    """The words, and the file that becomes the standard input."""
    model = os.path.abspath(arguments.model)
    if wrapper.startswith("library"):
        return [arguments.frames_program, model], sound + ".f32"
    if wrapper == "ffmpeg":
        return ["ffmpeg", "-nostdin", "-v", "error", "-i", sound + ".wav",
                "-filter_complex", "[0:a]s2v=model=" + model, "-an",
                "-f", "null", "-"], os.devnull
    return ["gst-launch-1.0", "-q", "filesrc", "location=" + sound + ".wav",
            "!", "wavparse", "!", "audioconvert", "!", "s2vgen",
            "model=" + model, "!", "fakesink", "sync=false"], os.devnull


def seconds(wrapper, arguments, sound):
    """A run's wall time."""
    words, given = command(wrapper, arguments, sound)
    with open(given, "rb") as stdin, tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        ended = subprocess.run(words, stdin=stdin, stdout=subprocess.DEVNULL,
                               stderr=said, timeout=300, check=False)
        wall = time.perf_counter() - begin
        said.seek(0)
        if ended.returncode:
            raise RuntimeError("%s: %s" % (
                words[0], said.read().decode(errors="replace").strip()
                .split("\n")[-1] or ended.returncode))
    return wall


def frame_ms(wrapper, arguments, folder):
    """Milliseconds of a frame in one pair of runs."""
    short = seconds(wrapper, arguments, os.path.join(folder, "short"))
    long = seconds(wrapper, arguments, os.path.join(folder, "long"))
    return 1e3 * (long - short) / arguments.frames


def measure(arguments, wrappers, folder):
    """{wrapper: [ms of each round]}."""
    times = {wrapper: [] for wrapper in wrappers}
    for wrapper in wrappers:  # does not count: files come into memory
        seconds(wrapper, arguments, os.path.join(folder, "short"))
    for n in range(arguments.rounds):
        turn = n % len(wrappers)
        for wrapper in wrappers[turn:] + wrappers[:turn]:
            times[wrapper].append(frame_ms(wrapper, arguments, folder))
    return times


def missing(wrapper):
    """Why a wrapper cannot be run, or None."""
    program = {"ffmpeg": "ffmpeg", "gstreamer": "gst-launch-1.0"}[wrapper]
    if not shutil.which(program):
        return "%s is not installed" % program
    test = {"ffmpeg": ["ffmpeg", "-hide_banner", "-h", "filter=s2v"],
            "gstreamer": ["gst-inspect-1.0", "s2vgen"]}[wrapper]
    said = subprocess.run(test, capture_output=True, text=True, check=False)
    if said.returncode or "Unknown filter" in said.stdout + said.stderr:
        return "%s lacks it" % program
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames-program", required=True)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("model")
    arguments = parser.parse_args()
    wrappers, rows = ["library", "library again"], []
    for wrapper in ("ffmpeg", "gstreamer"):
        why = missing(wrapper)
        if why:
            rows.append({"wrapper": wrapper, "why": why})
        else:
            wrappers.append(wrapper)
    with tempfile.TemporaryDirectory() as folder:
        write_sound(os.path.join(folder, "short"), 20)
        write_sound(os.path.join(folder, "long"), 20 + arguments.frames)
        times = measure(arguments, wrappers, folder)
    own = times["library"]
    for wrapper in wrappers:
        percent = [100 * (a / b - 1) for a, b in zip(times[wrapper], own)]
        rows.append({"wrapper": wrapper,
                     "ms_median": round(statistics.median(times[wrapper]), 3),
                     "percent": round(statistics.median(percent), 1),
                     "percent_least": round(min(percent), 1),
                     "percent_most": round(max(percent), 1),
                     "rounds": arguments.rounds, "frames": arguments.frames})
    for row in rows:
        print(json.dumps({"model": os.path.basename(arguments.model), **row}))


if __name__ == "__main__":
    main()
