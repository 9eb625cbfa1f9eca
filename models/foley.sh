#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes models/foley.bin: renders clips of struck objects, trains a vocoder on
# their sound and VarietySound on all of them, measures. In the repository's
# root, after `. scripts/env`. Some three hours of one core.
set -euo pipefail

export OMP_NUM_THREADS=1
# Each clip sounds of one material, whatever is seen: so timbre has to be heard
# in the reference. 64 pixels and 21.5 pictures a second are what sight takes.
s2v-impacts --count 900 --size 64 --rate 21.5 --sound any -o impacts

voice() { s2v-train hifigan impacts -o vocoder.bin --variant v3 --batch 8 --threads 1 "$@"; }
voice --no-critics --rate 1e-3 --iterations 6000

foley() {
    s2v-train varietysound impacts -o models/foley.bin --width 64 --features 64 \
        --clear 1 --split 0.95 --threads 1 --no-critics "$@"
}
