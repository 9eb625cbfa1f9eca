#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes models/foley.bin: renders clips of struck objects, trains a vocoder on
# their sound and VarietySound on all of them, measures. In the repository's
# root, after `. scripts/env`. Two to three hours of one core.
set -euo pipefail

export OMP_NUM_THREADS=1
# Each clip sounds of one material, whatever is seen: timbre has to be heard in
# the reference. 64 pixels, 21.5 a second are what sight takes.
s2v-impacts --count 300 --size 64 --rate 21.5 --sound any -o impacts
s2v-impacts --count 600 --seed 301 --size 64 --rate 21.5 --sound any -o more-impacts

voice() { s2v-train hifigan impacts -o vocoder.bin --variant v3 --batch 8 --no-critics --threads 1 "$@"; }
voice --rate 1e-3 --iterations 2500
cp vocoder.bin first.bin
voice --init first.bin --rate 5e-4 --average 0.99 --iterations 1750
voice --resume vocoder.bin.ckpt --rate 1e-4 --average 0.99 --iterations 2700

foley() { s2v-train varietysound --width 64 --features 64 --clear 1 --no-critics --threads 1 "$@"; }
both=(impacts more-impacts --sequence 256 --batch 8 --split 0.95 --loss l2)
# First until it knows when things sound, by squares: absolute differences call
# silence the best guess. What rings is learned long before what does not;
# --balance then makes up for it.
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

# What it has never seen: other seeds, larger pictures, another rate.
s2v-impacts --count 50 --seed 9500 --sound any --size 128 -o held-out
s2v-eval models/foley.bin held-out --sheet foley.png
