#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes models/quintet.bin: renders the clip, trains, measures. In the
# repository's root, after `. scripts/env`. Three to four hours of one core.
set -euo pipefail

export OMP_NUM_THREADS=1
s2v-quintet --size 128 --seed 1 -o quintet.mkv
train() { s2v-train listen-and-move quintet.mkv --size 128 --sequence 8 --threads 1 "$@"; }

# Multi-scale L1, at a falling rate: from nothing to players that move.
train -o l1.bin --rate 1e-3 --iterations 2000
train -o l1.bin --rate 3e-4 --iterations 6500 --resume l1.bin.ckpt
train -o l1.bin --rate 1e-4 --iterations 9000 --resume l1.bin.ckpt

# Multi-scale L2 and averaged weights: nearer where the sound leaves room.
train -o l2.bin --loss l2 --average 0.998 --init l1.bin --rate 3e-4 --iterations 2500
train -o models/quintet.bin --loss l2 --average 0.998 --resume l2.bin.ckpt \
    --rate 1e-4 --iterations 4500 --store f16 \
    --title "quintet: five string players, rendered" --license CC0-1.0 \
    --note "begun with 9000 iterations of multi-scale L1"

s2v-eval models/quintet.bin quintet.mkv --sheet quintet.png
