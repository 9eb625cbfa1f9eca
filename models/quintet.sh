#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains models/quintet.bin: renders the clip and more of its music, trains,
# evaluates. Run it from the root of the repository, after `. scripts/env`. About
# nine hours on one core, estimated: it was not run as a whole.
#
# usage: models/quintet.sh SQUEEZENET [LPIPS-HEADS]
#   SQUEEZENET    SqueezeNet 1.1 as safetensors, torchvision's or Caffe's numbers
#   LPIPS-HEADS   LPIPS 0.1 heads for it, to measure LPIPS as well
set -euo pipefail

squeezenet=${1:?the weight file of SqueezeNet 1.1: see the head of this file}
heads=${2-}
export OMP_NUM_THREADS=1
s2v-quintet --size 128 --seed 1 -o quintet.mkv
train() { s2v-train listen-and-move --size 128 --sequence 8 --threads 1 "$@"; }
# Without augmentation of level and timbre, which comes last.
plain=(--no-level --level-jitter 0 --spectrum-jitter 0)

# Multi-scale L1, at a falling learning rate.
l1=("${plain[@]}")
train quintet.mkv -o l1.bin "${l1[@]}" --rate 1e-3 --iterations 2000
train quintet.mkv -o l1.bin "${l1[@]}" --rate 3e-4 --iterations 6500 --resume l1.bin.ckpt
train quintet.mkv -o l1.bin "${l1[@]}" --rate 1e-4 --iterations 9000 --resume l1.bin.ckpt

# Multi-scale L2 with a moving average of the weights, for a lower average error.
# Then in stretches and with noise, against overfitting.
l2=("${plain[@]}" --loss l2 --average 0.998)
train quintet.mkv -o l2.bin "${l2[@]}" --init l1.bin --rate 3e-4 --iterations 2500
l2+=(--stretch 16)
train quintet.mkv -o l2.bin "${l2[@]}" --sound-noise 0.2 --resume l2.bin.ckpt --rate 3e-4 --iterations 3500
train quintet.mkv -o l2.bin "${l2[@]}" --sound-noise 0.2 --resume l2.bin.ckpt --rate 1e-4 --iterations 5206

# Twelve more minutes of the same players; the held-out set stays the last fifth of
# the clip.
s2v-quintet --size 128 --seed 1 --duration 900 -o long.mkv
ffmpeg -nostdin -v error -ss 180 -i long.mkv -c copy rest.mkv
more() { train rest.mkv quintet.mkv "${plain[@]}" --split 0.96 --average 0.998 --stretch 16 "$@"; }
more -o more.bin --loss l2 --init l2.bin --rate 3e-4 --iterations 1500
more -o more.bin --loss l2 --resume more.bin.ckpt --rate 1e-4 --iterations 3000 --store f16

# The complete method, for sharp frames.
more -o sharp.bin --init more.bin --adversarial --perceptual "$squeezenet" \
    --rate 1e-4 --critic-rate 4e-4 --iterations 1200 --store f16

# Any level and timbre: twelve more pieces with other instruments and rooms, with
# augmentation of level and spectrum. L2 first again.
pieces=()
for seed in {101..112}; do
    s2v-quintet --size 128 --seed "$seed" --timbre "$seed" -o "piece$seed.mkv"
    pieces+=("piece$seed.mkv")
done
any() {
    train rest.mkv "${pieces[@]}" quintet.mkv --split 0.98824 --average 0.998 --stretch 16 \
        --level-jitter 6 --spectrum-jitter 8 --sound-noise 0.2 "$@"
}
any -o any.bin --loss l2 --init sharp.bin --rate 3e-4 --iterations 3520
gan=(--adversarial --perceptual "$squeezenet" --store f16)
any -o sharp-any.bin --init any.bin "${gan[@]}" --rate 1e-4 --critic-rate 4e-4 --iterations 4481
any -o sharp-any.bin --resume sharp-any.bin.ckpt "${gan[@]}" --rate 3e-5 --critic-rate 1.2e-4 --iterations 6089
any -o sharp-any.bin --resume sharp-any.bin.ckpt "${gan[@]}" --rate 7e-5 --critic-rate 2.8e-4 --iterations 7028
# A longer average of the weights, and less augmentation.
any -o models/quintet.bin --resume sharp-any.bin.ckpt "${gan[@]}" --average 0.9995 \
    --level-jitter 4 --spectrum-jitter 6 --sound-noise 0.1 \
    --rate 1e-4 --critic-rate 4e-4 --iterations 10464 \
    --title "quintet: five string players, rendered" --license CC0-1.0 \
    --note "begun with 17206 iterations of multi-scale L1 and L2, 1200 of the whole method, 3520 of L2"

s2v-eval models/quintet.bin quintet.mkv --sheet quintet.png \
    --perceptual "$squeezenet" ${heads:+--lpips "$heads"}
