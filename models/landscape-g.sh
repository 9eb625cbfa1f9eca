#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains models/landscape-g.bin: renders 14,400 stills of nine scenes, trains on 95 % of
# them, evaluates on the others. Run it from the root of the repository, after
# `. scripts/env`. About four hours on one core of an AMD EPYC with AVX-512.
#
# usage: models/landscape-g.sh SQUEEZENET
#   SQUEEZENET    SqueezeNet 1.1 as safetensors, torchvision's or Caffe's numbers: what
#                 is held out is measured by it
set -euo pipefail

squeezenet=${1:?the weight file of SqueezeNet 1.1: see the head of this file}
export OMP_NUM_THREADS=1
s2v-landscapes --stills 14400 -o stills
s2v-train stylegan2 stills -o landscape-g.bin --threads 1 --diffaugment \
    --hold-out-every 2000 --perceptual "$squeezenet" --preview grid.png \
    --curves landscape-g.csv --license CC0-1.0 --title "Landscapes, rendered"
s2v-eval landscape-g.bin stills --perceptual "$squeezenet" --sheet samples.png
