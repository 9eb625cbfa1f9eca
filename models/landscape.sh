#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains landscape.bin: renders stills and clips of nine scenes, trains a generator of
# pictures on the stills, a joint embedding and the scene networks on the clips, and
# evaluates on other clips. Run it from the root of the repository, after `. scripts/env`.
# What is there already is kept, an interrupted training goes on: run it again.
#
# usage: models/landscape.sh [SQUEEZENET LPIPS-HEADS]
#   SQUEEZENET    SqueezeNet 1.1 as safetensors, torchvision's or Caffe's numbers, to learn
#                 and measure by LPIPS as well
#   LPIPS-HEADS   LPIPS 0.1 heads for it
# S2V_REAL_SOUNDS may list folders of real sounds, such as ESC-10's, to look at.
set -euo pipefail

squeezenet=${1-} heads=${2-}
export OMP_NUM_THREADS=${OMP_NUM_THREADS-1}
threads=(--threads "$OMP_NUM_THREADS")
about=(--license CC0-1.0 --title "Landscapes, rendered")
lpips=()
[ -z "$heads" ] || lpips=(--perceptual "$squeezenet" --lpips "$heads")

# train MODEL OUTPUT ARGUMENT...: trains, or goes on where it stopped.
train() {
    local model=$1 output=$2
    shift 2
    if [ -e "$output.ckpt" ]; then
        s2v-train "$model" --resume "$output.ckpt" -o "$output" "${threads[@]}"
    elif [ ! -e "$output" ]; then
        s2v-train "$model" "$@" -o "$output" "${threads[@]}" "${about[@]}" --checkpoint-every 5m
    fi
}

[ -d stills ] || s2v-landscapes --stills 14400 -o stills
[ -d landscapes ] || s2v-landscapes --count 360 -o landscapes
[ -d held-out ] || s2v-landscapes --count 90 --seed 9000 -o held-out
train stylegan2 landscape-g.bin stills --diffaugment --preview landscape-g-look.png
train embedding embedding.bin landscapes --hold-out-every 500 --preview embedding-look.png
train semantic landscape.bin landscapes --generator landscape-g.bin --embedding embedding.bin \
    --hold-out-every 500 --preview landscape-look.png --curves landscape.csv "${lpips[@]}"

read -ra folders <<<"${S2V_REAL_SOUNDS-}"
s2v-eval landscape.bin held-out --train landscapes --sheet landscape-sheet.png "${lpips[@]}" \
    "${folders[@]/#/--sounds=}"
