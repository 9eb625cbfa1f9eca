#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# v2sfoley in real gst-launch-1.0 lines: sound as long as the film, the FFmpeg
# filter's samples, references, latency, errors. S2V_TINY_FOLEY,
# S2V_GST_MODELS, FFMPEG and GStreamer's paths come from meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 v2sfoley >/dev/null 2>&1 || bail "there is no element v2sfoley"
for element in audiotestsrc videotestsrc audioconvert audioresample uridecodebin wavenc wavparse; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done
[ -f "${S2V_TINY_FOLEY-}" ] || bail "S2V_TINY_FOLEY names no file: '${S2V_TINY_FOLEY-}'"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/models"
cp "$S2V_TINY_FOLEY" "$tmp/models/foley.bin"
cp "$S2V_GST_MODELS/gst-small.bin" "$tmp/models/quintet.bin"
export S2V_MODEL_PATH="$tmp/models"
cd "$tmp" || exit 99

launch() { timeout 120 gst-launch-1.0 -q "$@"; }
# film RATE FRAMES OPTIONS...: the samples that the element makes of a test film.
film() {
    local rate=$1 frames=$2
    shift 2
    launch videotestsrc pattern=ball num-buffers="$frames" ! \
        video/x-raw,format=RGB,width=64,height=48,framerate="$rate" ! v2sfoley "$@" ! filesink location=out.f32
}
samples() { film "$@" && echo $(($(stat -c %s out.f32) / 4)); }
sum_of() { film "$@" && md5sum <out.f32; }

launch audiotestsrc wave=ticks num-buffers=40 samplesperbuffer=1000 ! \
    audio/x-raw,rate=44100,channels=2 ! wavenc ! filesink location=break.wav

for rate in 15/1 43/2 24000/1001 25/1 30000/1001 30/1 60/1; do
    got='' wanted=''
    for n in 1 2 31 100; do
        got+="$(samples $rate $n) "
        wanted+="$(((n * 22050 * ${rate#*/} + ${rate%/*} - 1) / ${rate%/*})) "
    done
    is "samples at $rate frames a second" "$got" "$wanted"
done

plain=$(sum_of 25/1 40)
referred=$(sum_of 25/1 40 ref=break.wav)
is "a reference changes the sound" "$([ "$plain" != "$referred" ] && echo yes)" yes
is "the same reference, the same sound" "$(sum_of 25/1 40 ref="file://$tmp/break.wav")" "$referred"
for channels in 1 2; do
    launch audiotestsrc wave=saw num-buffers=40 samplesperbuffer=1000 ! \
        "audio/x-raw,format=F32LE,rate=22050,channels=$channels" ! wavenc ! filesink location=$channels.wav
done
is "two equal channels are as loud as one" "$(sum_of 25/1 40 ref=2.wav)" "$(sum_of 25/1 40 ref=1.wav)"
is "any latency: as many samples" "$(samples 25/1 90 latency=500) $(samples 25/1 90 latency=2000)" "79380 79380"
is "a picture of any size" "$(launch videotestsrc num-buffers=10 ! video/x-raw,format=RGB,width=33,height=17,framerate=25/1 ! \
    v2sfoley ! filesink location=odd.f32 && stat -c %s odd.f32)" 35280

# --- mixed with the film's own sound
# mix FILE WAVE CAPS OPTIONS...: two seconds, with so many of a test sound.
mix() {
    local file=$1 wave=$2 caps=$3
    shift 3
    launch videotestsrc pattern=ball num-buffers=50 ! video/x-raw,format=RGB,width=64,height=48,framerate=25/1 ! \
        queue ! v2sfoley name=m "$@" ! filesink location="$file" \
        audiotestsrc wave="$wave" num-buffers=100 samplesperbuffer=1000 ! "audio/x-raw,format=F32LE,$caps" ! \
        queue ! m.mix
}
# furthest SCALE: how far tone.f32 is from silent.f32 and so much of own.f32.
furthest() {
    python3 - "$1" <<'PY'
import array, sys
tone, silent, own = (array.array("f") for _ in range(3))
for to, name in ((tone, "tone"), (silent, "silent"), (own, "own")):
    to.frombytes(open(name + ".f32", "rb").read())
print(max(abs(t - s - float(sys.argv[1]) * o) for t, s, o in zip(tone, silent, own)) < 1e-6,
      max(own) > 0.5, max(silent) > 1e-3, len(tone), len(silent))
PY
}
stereo="rate=48000,channels=2"
launch audiotestsrc wave=saw num-buffers=100 samplesperbuffer=1000 ! "audio/x-raw,format=F32LE,$stereo" ! filesink location=own.f32
mix silent.f32 silence "$stereo" mix=0
mix tone.f32 saw "$stereo" mix=0
is "mix: both, at the film's rate, as long as the picture" "$(furthest 1)" "True True True 192000 192000"
mix tone.f32 saw "$stereo" mix=-20
is "mix: with its gain" "$(furthest 0.1)" "True True True 192000 192000"
film 25/1 50 && mv out.f32 plain.f32
mix silent.f32 silence "rate=22050,channels=1" mix=0
is "mix: of silence in the model's format, the sound is as without" "$(cmp plain.f32 silent.f32 && echo same)" same
launch videotestsrc pattern=ball num-buffers=50 ! video/x-raw,format=RGB,width=64,height=48,framerate=25/1 ! \
    queue ! v2sfoley name=m ! filesink location=short.f32 \
    audiotestsrc num-buffers=10 samplesperbuffer=1000 ! "audio/x-raw,format=F32LE,$stereo" ! queue ! m.mix
is "mix: after the film's sound has ended, the other goes on" "$(stat -c %s short.f32)" $((192000 * 4))

if [ -x "${FFMPEG-}" ] && "$FFMPEG" -v quiet -h filter=v2sfoley | grep '^Filter v2sfoley' >/dev/null &&
    gst-inspect-1.0 --exists rawvideoparse; then
    "$FFMPEG" -v error -nostdin -f lavfi -i testsrc2=s=64x48:r=25,trim=end_frame=80 -f rawvideo -pix_fmt rgb24 film.rgb
    "$FFMPEG" -v error -nostdin -f rawvideo -pix_fmt rgb24 -s 64x48 -r 25 -i film.rgb \
        -filter_complex v2sfoley=ref=1.wav -vn -f f32le filter.f32
    launch filesrc location=film.rgb ! rawvideoparse format=rgb width=64 height=48 framerate=25/1 ! \
        v2sfoley ref=1.wav ! filesink location=element.f32
    is "the same samples as the FFmpeg filter's" "$(cmp filter.f32 element.f32 2>&1) $(stat -c %s element.f32)" " 282240"
else
    skip "the same samples as the FFmpeg filter's" "there is no ffmpeg with v2sfoley, or no rawvideoparse"
fi

read -r -d '' said < <(gst-inspect-1.0 v2sfoley; printf '\0')
is "the model draws no noise: there is no seed" "$(grep -cE '^  (seed|gain) +: ' <<<"$said")" 1

film 25/1 40 && mv out.f32 plain.f32
is "f32 is the default" "$(film 25/1 40 dtype=f32 && cmp plain.f32 out.f32 2>&1)" ""
said=$(film 25/1 40 dtype=bf16 2>&1)
if [[ $said =~ (dtype \"bf16\": [^$'\n']*) ]]; then
    skip "bf16" "${BASH_REMATCH[1]}"
else
    said=$(paste <(od -An -v -tf4 -w4 plain.f32) <(od -An -v -tf4 -w4 out.f32) |
        awk '{s += $1 * $1; e += ($1 - $2) ^ 2} END {print NR, s && e ? 10 * log(s / e) / log(10) : "inf"}')
    is "bf16 is near f32, and not f32 ($said dB)" "$(awk '{print ($1 == 35280 && $2 > 30 && $2 != "inf")}' <<<"$said")" 1
fi

# Live: a sink on the clock drops nothing that comes in time.
said=$(timeout 60 gst-launch-1.0 -v videotestsrc is-live=true num-buffers=60 pattern=ball ! \
    video/x-raw,format=RGB,width=64,height=48,framerate=25/1 ! queue ! v2sfoley latency=600 ! \
    fakesink sync=true qos=true silent=false 2>&1)
is "live" $? 0
is "live: every sample" "$(grep -o 'chain .*([0-9]* bytes' <<<"$said" | grep -o '([0-9]*' | tr -d '(' | awk '{n += $1} END {print n / 4}')" 52920

# fails NAME REGEX OPTIONS...
fails() {
    local name=$1 regex=$2 said status
    shift 2
    said=$(timeout 60 gst-launch-1.0 videotestsrc num-buffers=5 ! video/x-raw,format=RGB,framerate=25/1 ! \
        v2sfoley "$@" ! fakesink 2>&1)
    status=$?
    is "$name: fails by itself" "$((status != 0 && status != 124))" 1
    like "$name: says why" "$said" "$regex"
}
launch audiotestsrc wave=silence num-buffers=40 ! wavenc ! filesink location=silence.wav
launch audiotestsrc num-buffers=1 samplesperbuffer=1 ! audio/x-raw,rate=22050 ! wavenc ! filesink location=one.wav
echo text >text.wav
fails "a missing reference" "The reference 'nowhere.wav' cannot be read: " ref=nowhere.wav
fails "a reference that is text" "The reference 'text.wav' cannot be read: " ref=text.wav
fails "a silent reference" "the reference is silent: .*'silence.wav'" ref=silence.wav
fails "a reference of one sample" "the reference has 1 sample, expected at least 1024 .*'one.wav'" ref=one.wav
fails "a missing model" "nowhere\.bin: no such file" model=nowhere.bin
fails "a model of the other way" "quintet\.bin: a 'listen-and-move' model makes video from audio, expected one that makes audio from video and a reference sound" model=quintet.bin
fails "too small a latency" "a latency of 10 ms, expected 0 .* or at least [0-9]+ ms" latency=10
fails "an unknown dtype" 'dtype "f16", expected "f32", "bf16" or "auto"' dtype=f16
fails "bf16 on a device without" "dtype \"bf16\": device 'ref' computes in f32" device=ref dtype=bf16
like "s2vgen with a model of sound" "$(timeout 60 gst-launch-1.0 audiotestsrc num-buffers=5 ! s2vgen model=foley.bin ! fakesink 2>&1)" \
    "foley\.bin: a 'varietysound' model makes audio from video, expected one that makes video from audio"
like "gst-inspect-1.0 reads well" "$(gst-inspect-1.0 v2sfoley)" 'Video to audio'
finish
