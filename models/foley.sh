#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains models/foley.bin: renders clips of struck objects, trains a vocoder on
# their audio and VarietySound on all of them, evaluates. Run it from the root of
# the repository, after `. scripts/env`. Two to three hours on one core.
set -euo pipefail

export OMP_NUM_THREADS=1
# Each clip has the sound of one material, independent of the picture, so that the
# timbre has to come from the reference. The visual encoder takes 64 pixels at 21.5
# per second.
s2v-impacts --count 300 --size 64 --rate 21.5 --sound any -o impacts
s2v-impacts --count 600 --seed 301 --size 64 --rate 21.5 --sound any -o more-impacts

voice() { s2v-train hifigan impacts -o vocoder.bin --variant v3 --batch 8 --no-critics --threads 1 "$@"; }
voice --rate 1e-3 --iterations 2500
cp vocoder.bin first.bin
voice --init first.bin --rate 5e-4 --average 0.99 --iterations 1750
voice --resume vocoder.bin.ckpt --rate 1e-4 --average 0.99 --iterations 2700

foley() { s2v-train varietysound --width 64 --features 64 --clear 1 --no-critics --threads 1 "$@"; }
both=(impacts more-impacts --sequence 256 --batch 8 --split 0.95 --loss l2)
# L2 until the onset times are learned: with absolute differences, silence is the
# best guess before that. Long sounds are learned well before short ones, which
# --balance corrects at the end.
foley impacts -o when.bin --sequence 128 --batch 16 --loss l2 --rate 1e-3 --iterations 1250
foley "${both[@]}" -o more.bin --init when.bin --rate 1e-3 --average 0.998 --iterations 1250
foley "${both[@]}" -o more.bin --resume more.bin.ckpt --rate 4e-4 --average 0.998 --iterations 3300
foley "${both[@]}" -o more.bin --resume more.bin.ckpt --rate 1e-3 --average 0.998 --iterations 4500
foley "${both[@]}" -o more.bin --resume more.bin.ckpt --rate 2.5e-4 --average 0.998 --iterations 5100
foley "${both[@]}" -o models/foley.bin --init more.bin --balance --rate 6e-4 --average 0.997 \
    --iterations 1300 --vocoder vocoder.bin --store f16 \
    --title "foley: things that are struck, rendered" --license CC0-1.0 \
    --note "begun with 1250 iterations at --sequence 128 and 5100 at 256, not balanced"
rm models/foley.bin.ckpt

# Held-out clips: other seeds, larger frames, another frame rate.
s2v-impacts --count 50 --seed 9500 --sound any --size 128 -o held-out
s2v-eval models/foley.bin held-out --sheet foley.png
