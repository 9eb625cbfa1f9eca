#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The line of picture and sound of docs/gstreamer.md, as it stands there, on
# films in MPEG-4 part 2, as s2v-impacts writes them, and in H.264, several
# times each, since a line that fails to link does not always end. S2V_IMPACTS,
# S2V_TINY_FOLEY and GStreamer's paths come from meson.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
. "$here/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 v2sfoley >/dev/null 2>&1 || bail "there is no element v2sfoley"
for element in qtdemux mp4mux decodebin opusenc videoconvert x264enc avdec_h264 avdec_mpeg4; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done
[ -f "${S2V_TINY_FOLEY-}" ] || bail "S2V_TINY_FOLEY names no file: '${S2V_TINY_FOLEY-}'"
[ -x "${S2V_IMPACTS-}" ] || bail "s2v-impacts was not built"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/models"
cp "$S2V_TINY_FOLEY" "$tmp/models/foley.bin"
export S2V_MODEL_PATH="$tmp/models"
cd "$tmp" || exit 99
times=3

# The block of the document that names film.video_0, in one line.
line=$(awk '/^    gst-launch-1.0/ {block = ""} /^    / {block = block $0 " "}
    !/^    / {if (block ~ /film\.video_0/) print block; block = ""}' "$here/../../../docs/gstreamer.md" |
    sed 's/\\  */ /g')
is "docs/gstreamer.md has the line" "$(wc -l <<<"$line") ${line:4:14}" "1 gst-launch-1.0"

"$S2V_IMPACTS" --seconds 4 -o mpeg4.mp4 || bail "s2v-impacts failed"
"$S2V_IMPACTS" --seconds 2 --sound drum --seed 2 -o break.wav || bail "s2v-impacts failed"
timeout 60 gst-launch-1.0 -q filesrc location=mpeg4.mp4 ! decodebin ! videoconvert ! \
    video/x-raw,format=I420 ! x264enc ! mp4mux ! filesink location=h264.mp4
# A film whose sound track comes first.
timeout 60 gst-launch-1.0 -q audiotestsrc num-buffers=172 ! audioconvert ! opusenc ! queue ! mux.audio_0 \
    filesrc location=h264.mp4 ! qtdemux ! queue ! mux.video_0 mp4mux name=mux ! filesink location=sound.mp4

# stream FILE PAD: a digest of what was encoded, and in how many buffers.
stream() {
    timeout 60 gst-launch-1.0 -v filesrc location="$1" ! qtdemux name=d "d.$2" ! tee name=t \
        t. ! queue ! filesink location=stream.raw t. ! queue ! fakesink silent=false 2>/dev/null >dump
    md5sum <stream.raw
    grep -c 'last-message = chain ' dump
}
for kind in mpeg4 h264 sound; do
    cp "$kind.mp4" silent.mp4
    wanted=$(stream silent.mp4 video_0)
    is "$kind: a film of 100 pictures" "$(tail -n1 <<<"$wanted")" 100
    for ((i = 1; i <= times; i++)); do
        rm -f out.mp4
        said=$(eval "timeout 60 $line" 2>&1)
        is "$kind, run $i of $times: ends well" "$? $(grep ERROR <<<"$said")" "0 "
        is "$kind, run $i: the picture as it was" "$(stream out.mp4 video_0)" "$wanted"
        like "$kind, run $i: 4 s of sound in packets of 20 ms" "$(stream out.mp4 audio_0 | tail -n1)" '^20[0-2]$'
    done
done
finish
