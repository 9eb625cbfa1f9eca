# SPDX-License-Identifier: LGPL-2.1-or-later
"""The paper's tables 1 and 2, from what s2v-eval measured (scripts/results).

    python3 bench/results.py FOLDER

FOLDER holds CLIP-ROW.json (s2v-eval --json), and CLIP-ROW.seconds where the
time of training is known.  Prints Markdown; what is not there is a dash.
"""

import argparse
import json
import os

CLIPS = ("quintet", "grid_s1", "dancer")
ROWS = {"mfs": "MfS", "dilated": "+ R+D", "sac": "+ SaC", "acin": "+ acIN",
        "convgru": "all + ConvGRU", "dirconvgru": "all + DirConvGRU"}
COLUMNS = {"ssim": ("SSIM", "%.3f"), "lpips": ("LPIPS", "%.3f"),
           "frechet": ("Fréchet", "%.0f"), "psnr": ("PSNR", "%.2f"),
           "cpbd": ("CPBD", "%.3f")}


def read(folder, clip, row):
    """The results of one model, and its training's seconds; None each."""
    stem = os.path.join(folder, "%s-%s." % (clip, row))
    results = seconds = None
    if os.path.exists(stem + "json"):
        with open(stem + "json", encoding="utf-8") as file:
            results = json.load(file)["results"]
    if os.path.exists(stem + "seconds"):
        with open(stem + "seconds", encoding="utf-8") as file:
            seconds = int(file.read())
    return results, seconds


def cell(measured, key, form):
    """A number, with its deviation where it has one."""
    if not measured or measured.get(key) is None:
        return "-"
    text = form % measured[key]
    deviation = measured.get(key + "_deviation")
    return text if deviation is None else text + " ± " + form % deviation


def cells(measured):
    """The columns of table 1."""
    return [cell(measured, key, form) for key, (_, form) in COLUMNS.items()]


def table(heads, rows):
    """Prints a table."""
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def main():
    """Prints a table for each clip, then the one of out-of-domain audio."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    heads = [name for name, _ in COLUMNS.values()]
    foreign = []
    for clip in CLIPS:
        rows, mean, real = [], None, None
        for row, name in ROWS.items():
            results, seconds = read(folder, clip, row)
            results = results or {}
            mean = results.get("mean_frame") or mean
            real = results.get("real") or real
            rows.append([name] + cells(results.get("right")) +
                        ["-" if seconds is None else "%d" % seconds])
            if results.get("foreign"):
                foreign.append([name, clip,
                                "%d" % results["foreign"]["sounds"],
                                cell(results["right"], "frechet", "%.0f"),
                                cell(results["foreign"], "frechet", "%.0f")])
        rows.append(["*mean training frame*"] + cells(mean) + [""])
        rows.append(["*the clip itself*"] + cells(real) + [""])
        print("### %s\n" % clip)
        table([""] + heads + ["seconds"], rows)
    print("## Out-of-domain audio\n")
    table(["", "clip", "sounds", "Fréchet, own audio",
           "Fréchet, other audio"], foreign)


if __name__ == "__main__":
    main()
