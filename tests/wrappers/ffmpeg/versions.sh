#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several releases of FFmpeg, each built and put through the filters' tests; and
# the frames and samples of all, byte for byte. What `scripts/ffmpeg --check` runs.
#
# usage: versions.sh VERSION...
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.." || exit 99
root=$PWD

# shellcheck source=tests/tap.sh
. tests/tap.sh
for model in tiny tiny-foley other twin small; do
    [ -f "build/tests/tools/$model.bin" ] || {
        echo "$0: there is no build/tests/tools/$model.bin: run scripts/build first" >&2
        exit 1
    }
done
export S2V_TINY_MODEL=$root/build/tests/tools/tiny.bin S2V_OTHER_MODEL=$root/build/tests/tools/other.bin
export S2V_TWIN_MODEL=$root/build/tests/tools/twin.bin S2V_SMALL_MODEL=$root/build/tests/tools/small.bin
export S2V_TINY_FOLEY=$root/build/tests/tools/tiny-foley.bin
# shellcheck source=scripts/env
. scripts/env
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# song FILE RATE LAYOUT: six seconds of a moving tone, made once, by the first.
song() {
    [ -f "$1" ] || "$FFMPEG" -nostdin -v error -f lavfi -i \
        "aevalsrc=sin(2*PI*(220+110*floor(4*t))*t)/2+random(0)/9:s=$2:c=$3:d=6" -c:a pcm_s16le "$1"
}

# frames SONG: their checksum.
frames() {
    "$FFMPEG" -nostdin -v error -i "$tmp/$1.wav" -filter_complex "[0:a]s2v=$S2V_TINY_MODEL" -an \
        -f rawvideo -pix_fmt rgb24 - | sha256sum
}

# A film of three seconds, made once, by the first. Its pictures need no
# conversion: that is libswscale's, and may differ from release to release.
film() {
    [ -f "$tmp/film.nut" ] || "$FFMPEG" -nostdin -v error -f lavfi -i testsrc2=s=96x64:r=25:d=3 \
        -c:v rawvideo -pix_fmt rgb24 "$tmp/film.nut"
}

# samples REFERENCE: the checksum of the film's sound.
samples() {
    "$FFMPEG" -nostdin -v error -i "$tmp/film.nut" \
        -filter_complex "[0:v]v2sfoley=model=$S2V_TINY_FOLEY:ref=$tmp/$1.wav" -vn -f f32le - | sha256sum
}

default=$(scripts/ffmpeg --default)
reference='' heard=''
for version in "$@"; do
    scripts/ffmpeg "$version" >&2 || {
        is "FFmpeg $version: built" failed built
        continue
    }
    folder=$root/build/ffmpeg-$version
    [ "$version" != "$default" ] || folder=$root/build/ffmpeg
    export FFMPEG=$folder/bin/ffmpeg FFPROBE=$folder/bin/ffprobe S2V_FFMPEG_OBJ=$folder/obj
    echo "# $("$FFMPEG" -version | head -n 1)"
    for name in frames chunks times changes readme errors dtype commands foley batch fate; do
        said=$("$here/$name.sh" 2>&1)
        code=$?
        grep '^not ok' -A 6 <<<"$said" | sed 's/^/# /'
        is "FFmpeg $version: $name, $(grep -c '^ok' <<<"$said") points, $(grep -c 'SKIP' <<<"$said") skipped" "$code" 0
    done
    song "$tmp/mono.wav" 16000 mono
    song "$tmp/fast.wav" 44100 mono
    got="$(frames mono) $(frames fast)"
    reference=${reference:-$got}
    is "FFmpeg $version: the frames of $1, byte for byte" "$got" "$reference"
    film
    got="$(samples mono) $(samples fast)"
    heard=${heard:-$got}
    is "FFmpeg $version: the samples of $1, byte for byte" "$got" "$heard"
done
finish
