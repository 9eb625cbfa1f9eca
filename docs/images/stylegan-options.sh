#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the pictures of docs/stylegan.md, walk-OPTION.jpg: the effect of each option of
# the walk, by a StyleGAN2 of 128 pixels or more, on sound with a drum of 120 beats a
# minute and a tone that changes each second. Needs scripts/build and scripts/ffmpeg;
# run it after `. scripts/env`.
#
# usage: docs/images/stylegan-options.sh MODEL [FOLDER [CLASSES]]
#   MODEL    for instance models/landscape-g.bin
#   FOLDER   where to write (default: where this file is)
#   CLASSES  a StyleGAN2 of the classes fire, underwater and waves, for walk-class.jpg,
#            which is left out without it; that of the document is small, and made by
#            s2v-landscapes --stills 1500 --folders --scenes fire,waves,underwater \
#                -s 64 --seed 5 -o scenes
#            s2v-train stylegan2 scenes --classes -o classes.bin --size 32 --base 1024 \
#                --average 0.995 --diffaugment --threads 1 --iterations 3599 --seed 1
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
model=$(realpath "${1:?the weight file of a StyleGAN2: see the head of this file}")
to=$(realpath "${2-$here}")
classes=${3:+$(realpath "$3")}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
quiet=(-hide_banner -loglevel error -nostdin -y)
side=96

kick='0.8*sin(2*PI*60*t)*exp(-12*mod(t,0.5))'
snare='0.4*(2*random(0)-1)*exp(-25*mod(t+0.5,1))'
tone='0.15*sin(2*PI*261.63*t*pow(2,mod(floor(t)*4,12)/12))'
ffmpeg "${quiet[@]}" -f lavfi -i "aevalsrc='$kick+$snare+$tone':s=16000:d=10" sound.wav

# strip FROM EVERY OPTIONS: strip.png, eight frames, from that one on, each so many-th.
strip() {
    local from=$1 every=$2 options=$3
    ffmpeg "${quiet[@]}" -i sound.wav -filter_complex \
        "[0:a]s2v=model=$model:threads=1${options:+:$options},trim=start_frame=$from,
         select=not(mod(n\,$every)),scale=$side:$side:flags=neighbor,
         tile=8x1:padding=2" -frames:v 1 strip.png
}

# picture NAME FROM EVERY OPTIONS...: walk-NAME.jpg, a strip for each OPTIONS.
picture() {
    local name=$1 from=$2 every=$3 inputs=() i=0
    shift 3
    for options; do
        strip "$from" "$every" "$options"
        mv strip.png "row$i.png"
        inputs+=(-i "row$i.png")
        i=$((i + 1))
    done
    ffmpeg "${quiet[@]}" "${inputs[@]}" -filter_complex "vstack=inputs=$#" -q:v 3 "$to/walk-$name.jpg"
}

# Keyframes, one a second: nothing but the option changes them.
seeds=seeds=0-7:speed=60:pulse=0
picture psi 0 20 "$seeds:psi=0.3" "$seeds:psi=0.7" "$seeds:psi=1"
picture mix 0 20 "$seeds" "$seeds:mix='0-3|40'" "$seeds:mix='4-7|40'" "$seeds:mix='8-|40'"
picture size 0 20 "$seeds" "$seeds:size=32" "$seeds:size=8"
# From one to the next.
way=seeds=0-1:speed=60:pulse=0
picture interp 0 3 "$way" "$way:interp=spline"
# One picture, and what the sound makes of it: a snare at 3.5 s, frame 70, heard 95 ms
# before, with a kick.
stands=seeds=3:speed=0
picture pulse 67 1 "$stands:pulse=0" "$stands:pulse=0.5" "$stands:pulse=1.5"
picture layers 67 1 "$stands:pulse=1.5:pulse_layers=coarse" \
    "$stands:pulse=1.5:pulse_layers=mid" "$stands:pulse=1.5:pulse_layers=fine"
picture release 67 1 "$stands:pulse=1.5:release=50" "$stands:pulse=1.5:release=600"
picture motion 0 10 "$stands:pulse=0:motion=0" "$stands:pulse=0:motion=0.1" \
    "$stands:pulse=0:motion=0.5"
picture chroma 10 20 "$stands:pulse=0:chroma=0" "$stands:pulse=0:chroma=0.5:chroma_layers=all" \
    "$stands:pulse=0:chroma=1"
picture kick 58 2 "$stands:pulse=0:kick=8" "$stands:pulse=0:snare=8"
picture noise 58 2 "$stands:pulse=0:noise=const" "$stands:pulse=0:noise=none" \
    "$stands:pulse=0:noise=react"
picture flash 58 2 "$stands:pulse=0" "$stands:pulse=0:contrast=0.8" "$stands:pulse=0:flash=0.5"
# The tone is C, E, G sharp, a second each: of fire, underwater and waves. The end of
# each second.
if [ "$classes" ]; then
    model=$classes
    stands=seeds=3:speed=0:pulse=0:psi=1
    tones="classes='fire,0,0,0,underwater,0,0,0,waves,0,0,0':class_smooth=0.2"
    picture class 18 20 "$seeds:psi=1:class=fire" "$seeds:psi=1:class=waves" \
        "$stands:class=fire:$tones" "$stands:class=fire:$tones:class_react=1"
fi
