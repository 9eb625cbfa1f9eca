# SPDX-License-Identifier: LGPL-2.1-or-later
"""The paper's tables 1 and 2, from what s2v-eval measured (scripts/results).

    python3 bench/results.py [--talkers] FOLDER

FOLDER holds CLIP-ROW.json (s2v-eval --json), and CLIP-ROW.seconds where the
time of training is known.  Prints Markdown; what is not there is a dash.
With --talkers, MAN's tables 2 and 3, of ROW.json and ROW.seconds.
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
PAIRS = {"conv-conv1d": "2D conv, 1D conv", "conv-lstm": "2D conv, LSTM",
         "partial-conv1d": "partial conv, 1D conv",
         "partial-lstm": "partial conv, LSTM", "eca-conv1d": "ECA, 1D conv",
         "eca-lstm": "ECA, LSTM"}
MODALITIES = {"base": "image", "of-mel": "+ geometry + mel", "pitch": "+ pitch",
              "eca-lstm": "+ energy"}
FACES = {"ssim": ("SSIM", "%.3f"), "psnr": ("PSNR", "%.2f"),
         "cpbd": ("CPBD", "%.3f"), "lpips": ("LPIPS", "%.3f"),
         "lmd": ("LMD", "%.2f"), "blinks_per_second": ("blinks/s", "%.2f"),
         "opening_r": ("r", "%.3f"), "opening_lag_frames": ("lag", "%d"),
         "lips_r": ("r.lips", "%.3f"), "closures": ("p b m", "%.2f"), "silent_motion": ("s.move", "%.3f"),
         "jitter": ("jitter", "%.3f")}


def read(folder, name):
    """The results of one model, and its training's seconds; None each."""
    stem = os.path.join(folder, name + ".")
    results = seconds = None
    if os.path.exists(stem + "json"):
        with open(stem + "json", encoding="utf-8") as file:
            results = json.load(file)["results"]
    if os.path.exists(stem + "seconds"):
        with open(stem + "seconds", encoding="utf-8") as file:
            seconds = int(file.read())
    return results, seconds


def talkers(folder):
    """MAN's tables: what each row generates, then what all have in common."""
    for title, rows in (("Networks (table 2)", PAIRS),
                        ("Modalities (table 3)", MODALITIES)):
        lines, common, wrong = [], {}, {}
        for row, name in rows.items():
            results, seconds = read(folder, row)
            results = results or {}
            common = common if not results else results
            wrong[name] = results.get("wrong")
            lines.append([name] + face_cells(results.get("right")) +
                         ["-" if seconds is None else "%d" % seconds])
        lines.append(["*last row, wrong audio*"]
                     + face_cells(list(wrong.values())[-1]) + [""])
        for key, name in (("still", "portrait held still"),
                          ("real", "the clips themselves")):
            lines.append(["*%s*" % name] + face_cells(common.get(key)) + [""])
        print("### %s\n" % title)
        table([""] + [head for head, _ in FACES.values()] + ["seconds"], lines)


def face_cells(measured):
    """The columns of a talking head's row."""
    return [cell(measured, key, form) for key, (_, form) in FACES.items()]


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
    parser.add_argument("--talkers", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    if arguments.talkers:
        talkers(folder)
        return
    heads = [name for name, _ in COLUMNS.values()]
    foreign = []
    for clip in CLIPS:
        rows, mean, real = [], None, None
        for row, name in ROWS.items():
            results, seconds = read(folder, "%s-%s" % (clip, row))
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
