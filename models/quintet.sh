#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes models/quintet.bin: renders the clip, trains, measures. In the
# repository's root, after `. scripts/env`.
set -euo pipefail

s2v-quintet --size 128 --seed 1 -o quintet.mkv
s2v-train listen-and-move quintet.mkv -o models/quintet.bin --size 128 \
    --iterations 555 --seed 1 --rate 4e-4 --store f16 \
    --title "quintet: five string players, rendered" --license CC0-1.0 \
    --note "provisional: a short training"
s2v-eval models/quintet.bin quintet.mkv --sheet quintet.png
