#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cuDNN, the true one, has a plan for every convolution of every model that is
# trained or run at the papers' sizes, on each of several GPUs. No GPU is needed:
# tests/cuda/cudnn.c describes one to it. Nothing is computed. TAP.
#
# S2V_TRAIN, S2V_BENCH, MAKE_MEDIA, MAKE_MODEL and MAKE_FOLEY are programs, from
# meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
"$MAKE_MEDIA" || exit 99
mkdir clips
cp clip.mkv clips
"$MAKE_MODEL" 256.bin --size 256 --channels_min 16 --channels_max 512 >out.txt || exit 99
"$MAKE_FOLEY" foley.bin --size paper >out.txt || exit 99
export S2V_EMULATED_IDLE=1 S2V_EMULATED_REPORT=1

# A critic's last layer, of one channel, has a gradient that begins amid an array,
# where cuDNN may not read it.
SLOW=4
# planned NAME LEAST COMMAND...: it ends well, of LEAST graphs or more, each has a
# plan, and no more than SLOW convolutions are the backend's own.
planned() {
    local name=$1 least=$2 code graphs
    shift 2
    S2V_EMULATED_GPU=$gpu "$@" >out.txt 2>err.txt </dev/null
    code=$?
    graphs=$(sed -n "s/^cuDNN for $gpu: of \([0-9]*\) graphs 0 have no plan, [0-$SLOW] conv.*/\1/p" out.txt | sort -n | tail -n 1)
    [ "${graphs:-0}" -lt "$least" ] || graphs="$least or more"
    is "$gpu: $name" "$code, $graphs, $(grep '^cuDNN' out.txt | grep -cv " 0 have no plan, [0-$SLOW] conv")" "0, $least or more, 0"
    [ "$code" -eq 0 ] || sed 's/^/# /' err.txt
}

move=(listen-and-move clip.mkv -o x.bin --device cuda --iterations 1 --sequence 32 --split 1
    --schedule paper)
sound=(clips -o x.bin --device cuda --iterations 1 --batch 2)
for gpu in a100 h100 rtx5090; do
    planned "256x256, f32 and bf16" 20 "$S2V_BENCH" -d cuda -n 1 -T f32,bf16 --no-floor 256.bin
    S2V_CUDA_TF32=1 planned "256x256, TF32" 20 "$S2V_BENCH" -d cuda -n 1 --no-floor 256.bin
    planned "sound, f32 and bf16" 60 "$S2V_BENCH" -d cuda -n 30 -T f32,bf16 --no-floor foley.bin
    planned "training at 128x128, against critics" 200 "$S2V_TRAIN" "${move[@]}" --size 128 --adversarial
    planned "training by an image network, bf16" 50 "$S2V_TRAIN" "${move[@]}" \
        --size 64 --perceptual net.safetensors --dtype bf16
    [ $gpu = h100 ] || continue # those that take long
    planned "training hifigan v1" 100 "$S2V_TRAIN" hifigan "${sound[@]}" --variant v1
    planned "training varietysound" 50 "$S2V_TRAIN" varietysound "${sound[@]}" --sequence 128 --split 1
done
finish
