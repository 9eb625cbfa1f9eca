#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The property state: an interrupted stream goes on with the same frames.
# S2V_GST_MODELS and GStreamer's paths come from meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 s2vgen >/dev/null 2>&1 || bail "there is no element s2vgen"
for element in audiotestsrc audioconvert audioresample wavenc wavparse identity; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done
[ -f "${S2V_GST_MODELS-}/gst-level.bin" ] || bail "S2V_GST_MODELS has no models"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cp "$S2V_GST_MODELS/gst-level.bin" "$tmp/model.bin"
cd "$tmp" || exit 99

timeout 120 gst-launch-1.0 -q audiotestsrc wave=pink-noise num-buffers=60 samplesperbuffer=4410 ! \
    audio/x-raw,rate=44100,channels=2 ! wavenc ! filesink location=song.wav

# play OUT AFTER PROPERTY...: frames as raw RGB; breaks after so many.
play() {
    local out=$1 after=$2
    shift 2
    timeout 120 gst-launch-1.0 "${quiet[@]}" filesrc location=song.wav ! wavparse ! audioconvert ! audioresample ! \
        s2vgen model=model.bin "$@" ! identity error-after="$after" ! filesink location="$out" >said 2>&1
}
frame=$((16 * 16 * 3))
quiet=(-q)
play whole -1
is "six seconds are 120 frames" "$(($(stat -c %s whole) / frame))" 120
play one 71 state=stream.state state-interval=1
is "it breaks, and the state is there" "$? $(tr -d '\0' <stream.state | grep -o '"s2v.received":"[0-9]*"')" '1 "s2v.received":"60"'
cp stream.state saved
play two -1 state=stream.state state-interval=1
is "the second run succeeds" "$? $(cat said)" "0 "
is "with the frames of one" "$(head -c $((60 * frame)) one | cat - two | md5sum)" "$(md5sum <whole)"
is "at its end, the file is gone" "$([ -e stream.state ] || echo gone)" gone
cp saved stream.state
play bad -1 state=stream.state seed=9
like "another seed is refused" "$? $(cat said)" '^1 .*its seed is 0, expected 9'
head -c 2000 saved >stream.state
play bad -1 state=stream.state
like "a file that was cut, too" "$? $(cat said)" '^1 .*stream\.state: the state: '
quiet=()
play some -1 state=nowhere/state state-interval=1
like "a folder that is not there stops nothing" "$? $(cmp some whole) $(cat said)" "^0  .*The state cannot be saved to 'nowhere/state'"

# --- v2sfoley: samples go on where they were saved
[ -f "${S2V_TINY_FOLEY-}" ] || { skip "v2sfoley" "S2V_TINY_FOLEY names no file"; finish; }
cp "$S2V_TINY_FOLEY" foley.bin
# hear OUT AFTER PROPERTY...: samples; breaks after so many buffers.
hear() {
    local out=$1 after=$2
    shift 2
    timeout 120 gst-launch-1.0 "${quiet[@]}" videotestsrc pattern=ball num-buffers=250 ! \
        video/x-raw,format=RGB,width=64,height=48,framerate=25/1 ! v2sfoley model=foley.bin latency=500 "$@" ! \
        identity error-after="$after" ! filesink location="$out" >said 2>&1
}
quiet=(-q)
hear heard -1
is "v2sfoley: ten seconds" "$(($(stat -c %s heard) / 4))" 220500
rm -f stream.state
# Buffers of sound are as long as the pictures that had arrived: on a busy machine twenty of
# them may end before the first two seconds do.
for after in 20 40 80; do
    hear first "$after" state=stream.state state-interval=2
    [ -e stream.state ] && break
done
had=$(tr -d '\0' <stream.state | grep -o '"s2v.received":"[0-9]*"' | grep -o '[0-9]*"$' | tr -d '"')
like "v2sfoley: it breaks, and the state is there" "$((had / 22050))" '^[2468]$'
cp stream.state saved
hear rest -1 state=stream.state state-interval=2
is "v2sfoley: the second run succeeds" "$? $(cat said)" "0 "
is "v2sfoley: with the samples of one" "$(head -c $((4 * had)) first | cat - rest | md5sum)" "$(md5sum <heard)"
is "v2sfoley: at its end, the file is gone" "$([ -e stream.state ] || echo gone)" gone
cp saved stream.state
hear bad -1 state=stream.state sensitivity=0.5
like "v2sfoley: another sensitivity is refused" "$? $(cat said)" '^1 .*the state is of another session'
echo words >stream.state
hear bad -1 state=stream.state
like "v2sfoley: another kind of file, too" "$? $(cat said)" '^1 .*stream\.state: the state: '
finish
