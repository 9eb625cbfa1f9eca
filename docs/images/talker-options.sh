#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the pictures of docs/talking-heads.md, talker-OPTION.jpg: the effect of each
# option of talker.bin, on a face and speech that s2v-talkers renders and that were not
# in its training. Needs scripts/build and scripts/ffmpeg; run it after `. scripts/env`.
#
# usage: docs/images/talker-options.sh [FOLDER]
#   FOLDER   where to write (default: where this file is)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
to=$(realpath "${1-$here}")
model=$here/../../models/talker.bin
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
quiet=(-hide_banner -loglevel error -y)

s2v-talkers --identities 401-402 --held-out --size 512 -o faces >/dev/null
for n in 1 2; do ffmpeg "${quiet[@]}" -i faces/040$n.mkv -frames:v 1 face$n.png; done
ffmpeg "${quiet[@]}" -i faces/0401.mkv -vn speech.wav
# Two faces beside each other.
ffmpeg "${quiet[@]}" -i face1.png -i face2.png -filter_complex hstack pair.png

# strip IMAGE SIZE OPTIONS...: strip.png, eight frames of the second and third second.
strip() {
    local image=$1 size=$2 options
    shift 2
    options=$(IFS=:; echo "$*")
    ffmpeg "${quiet[@]}" -i speech.wav -filter_complex \
        "[0:a]s2v=$model:seed=5:image=$image${options:+:$options},trim=start_frame=20,
         select=not(mod(n\,9)),scale=$size:-2:flags=area,tile=8x1:padding=2" -frames:v 1 strip.png
}

# picture NAME IMAGE SIZE OPTIONS...: talker-NAME.jpg, a strip for each OPTIONS.
picture() {
    local name=$1 image=$2 size=$3 inputs=() i=0
    shift 3
    for options; do
        strip "$image" "$size" ${options:+"$options"}
        mv strip.png "row$i.png"
        inputs+=(-i "row$i.png")
        i=$((i + 1))
    done
    ffmpeg "${quiet[@]}" "${inputs[@]}" -filter_complex "vstack=inputs=$#" -q:v 3 "$to/talker-$name.jpg"
}

picture expression face1.png 96 expression=0 expression=1 expression=2
picture motion face1.png 96 motion=0 motion=0.5 motion=1
picture still face1.png 96 motion=1 motion=1:still=1
picture blink face1.png 96 blink=0 blink=1 blink=4
picture z face1.png 96 z=0 z=0.5 z=1
picture pad face1.png 96 pad=0.8 pad=1 pad=1.3
picture face pair.png 96 face=1 face=2
picture crop face1.png 96 'crop=60|40|400|400' 'crop=150|150|250|250'
picture full face1.png 128 full=1 full=1:detail=1
