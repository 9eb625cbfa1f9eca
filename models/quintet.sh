#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes models/quintet.bin: renders the clip and more of its music, trains,
# measures. In the repository's root, after `. scripts/env`. Four to five hours
# of one core.
set -euo pipefail

export OMP_NUM_THREADS=1
s2v-quintet --size 128 --seed 1 -o quintet.mkv
train() { s2v-train listen-and-move --size 128 --sequence 8 --threads 1 "$@"; }

# Multi-scale L1, at a falling rate: from nothing to players that move.
train quintet.mkv -o l1.bin --rate 1e-3 --iterations 2000
train quintet.mkv -o l1.bin --rate 3e-4 --iterations 6500 --resume l1.bin.ckpt
train quintet.mkv -o l1.bin --rate 1e-4 --iterations 9000 --resume l1.bin.ckpt

# Multi-scale L2 and averaged weights: nearer where the sound leaves room. Then
# in stretches and with noise, against learning by heart.
l2=(--loss l2 --average 0.998)
train quintet.mkv -o l2.bin "${l2[@]}" --init l1.bin --rate 3e-4 --iterations 2500
l2+=(--stretch 16)
train quintet.mkv -o l2.bin "${l2[@]}" --sound-noise 0.2 --resume l2.bin.ckpt --rate 3e-4 --iterations 3500
train quintet.mkv -o l2.bin "${l2[@]}" --sound-noise 0.2 --resume l2.bin.ckpt --rate 1e-4 --iterations 5206

# The same players in twelve more minutes of music; what is held out stays the
# last fifth of the clip.
s2v-quintet --size 128 --seed 1 --duration 900 -o long.mkv
ffmpeg -nostdin -v error -ss 180 -i long.mkv -c copy rest.mkv
more() { train rest.mkv quintet.mkv --split 0.96 -o models/quintet.bin "${l2[@]}" "$@"; }
more --init l2.bin --rate 3e-4 --iterations 1500
more --resume models/quintet.bin.ckpt --rate 1e-4 --iterations 3000 --store f16 \
    --title "quintet: five string players, rendered" --license CC0-1.0 \
    --note "begun with 14206 iterations on the first 80 % of quintet.mkv"

s2v-eval models/quintet.bin quintet.mkv --sheet quintet.png
