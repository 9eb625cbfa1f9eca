# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the FFmpeg filter share: TAP, a scratch folder, the
# programs. To be sourced; FFMPEG, FFPROBE and S2V_TINY_MODEL come from meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"

: "${FFMPEG:=ffmpeg}" "${FFPROBE:=ffprobe}"
command -v "$FFMPEG" >/dev/null || bail "there is no $FFMPEG: run scripts/ffmpeg"
[[ $("$FFMPEG" -v quiet -h filter=s2v) == "Filter s2v"* ]] || bail "$FFMPEG has no filter s2v"
[ -f "${S2V_TINY_MODEL-}" ] || bail "S2V_TINY_MODEL names no file: '${S2V_TINY_MODEL-}'"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cp "$S2V_TINY_MODEL" "$tmp/tiny.bin"
unset S2V_MODEL_PATH
cd "$tmp" || exit 99

# From FFmpeg 7.1 on, an input's stream that ffmpeg maps to the output by itself
# does not feed a graph whose input has no label.
# shellcheck disable=SC2034 # for those who source this
sound_in='' picture_in=''
if [ "$("$FFMPEG" -version | sed -n 's/^libavfilter *\([0-9]*\)\..*/\1/p')" -ge 10 ]; then
    # shellcheck disable=SC2034
    sound_in='[0:a]' picture_in='[0:v]'
fi

# has_failed STATUS: ffmpeg ended in failure, not by a signal. 129 and more is a
# signal; 160 and more is FFmpeg's own, from 6 on.
has_failed() { echo "$(($1 > 0 && ($1 < 129 || $1 > 159)))"; }

# run ARGUMENTS...: ffmpeg that says errors only, and never asks.
run() { "$FFMPEG" -nostdin -hide_banner -v error -y "$@"; }
# sound RATE SAMPLES [LAYOUT]: a lavfi source of so many samples of a moving tone.
sound() {
    local tone="sin(2*PI*(220+110*floor(4*t))*t)/2"
    echo "aevalsrc=$tone:s=$1:c=mono:d=$(($2 / $1 + 1)),aformat=channel_layouts=${3:-mono},atrim=end_sample=$2"
}
# frames GRAPH: the framemd5 lines of the picture of a complex graph of sources.
frames() { run -filter_complex "$1" -f framemd5 - | grep -v '^#'; }
count() { frames "$1" | wc -l; }
