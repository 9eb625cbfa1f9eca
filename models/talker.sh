#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains models/talker.bin: renders 300 talking heads, trains on them, evaluates on
# 40 others. Run it from the root of the repository, after `. scripts/env`. It is what
# the card's parts, made while the tool was being developed, come to; it was not run as
# a whole. About four hours on one core of an AMD EPYC with AVX-512.
#
# usage: models/talker.sh SQUEEZENET [LPIPS-HEADS]
#   SQUEEZENET    SqueezeNet 1.1 as safetensors, torchvision's or Caffe's numbers
#   LPIPS-HEADS   LPIPS 0.1 heads for it, to measure LPIPS as well
set -euo pipefail

squeezenet=${1:?the weight file of SqueezeNet 1.1: see the head of this file}
heads=${2-}
export OMP_NUM_THREADS=1
s2v-talkers --identities 1-300 -o talkers
s2v-talkers --identities 301-340 --held-out -o held-out
s2v-train man talkers -o talker.bin --network medium --batch 4 --time 4h \
    --no-critics --rate 0.0002 --split 0.98 --threads 1 --perceptual "$squeezenet" \
    --store f16 --license CC0-1.0 --title "Talking heads, rendered"
s2v-eval talker.bin held-out --sheet talker.png \
    ${heads:+--perceptual "$squeezenet" --lpips "$heads"}
