#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real gst-launch-1.0 lines: the README's, files and their frames against the
# FFmpeg filter's, errors. S2V_GST_MODELS, FFMPEG and GStreamer's paths come
# from meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 s2vgen >/dev/null 2>&1 || bail "there is no element s2vgen"
for element in audiotestsrc audioconvert audioresample decodebin wavenc wavparse; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done
[ -f "${S2V_GST_MODELS-}/gst-small.bin" ] || bail "S2V_GST_MODELS has no models"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/models"
cp "$S2V_GST_MODELS/gst-small.bin" "$tmp/models/quintet.bin"
export S2V_MODEL_PATH="$tmp/models"
cd "$tmp" || exit 99

has() {
    for element; do
        gst-inspect-1.0 --exists "$element" || return 1
    done
}
launch() { timeout 120 gst-launch-1.0 -q "$@"; }
# packets FILE STREAM: how many buffers of a kind a file holds.
packets() {
    timeout 60 gst-launch-1.0 -v filesrc location="$1" ! qtdemux name=d "d.$2_0" ! \
        fakesink silent=false 2>/dev/null | grep -c 'last-message = chain '
}

# A moving song at 44.1 kHz in stereo, and one in the model's own format.
launch audiotestsrc wave=pink-noise num-buffers=100 samplesperbuffer=4410 ! \
    audio/x-raw,rate=44100,channels=2 ! wavenc ! filesink location=song.wav
launch audiotestsrc wave=pink-noise num-buffers=61 samplesperbuffer=789 ! \
    audio/x-raw,rate=16000,channels=1,format=F32LE ! wavenc ! filesink location=own.wav

if has x264enc mp4mux qtdemux; then
    launch filesrc location=song.wav ! decodebin ! audioconvert ! audioresample ! \
        s2vgen model=quintet.bin ! videoconvert ! x264enc ! mp4mux ! \
        filesink location=out.mp4
    is "the README's line succeeds" "$?" 0
    is "ten seconds are 200 frames" "$(packets out.mp4 video)" 200
    if has opusenc; then
        launch filesrc location=song.wav ! decodebin ! tee name=t \
            t. ! queue ! audioconvert ! audioresample ! s2vgen model=quintet.bin ! \
            videoconvert ! x264enc ! queue ! mux. \
            t. ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! \
            audioconvert ! audioresample ! opusenc ! queue ! mux. \
            mp4mux name=mux ! filesink location=both.mp4
        is "with the sound teed in, too" "$?" 0
        is "its picture" "$(packets both.mp4 video)" 200
        like "its sound" "$(packets both.mp4 audio)" '^50[01]$'
    else
        skip "with the sound teed in" "there is no opusenc"
    fi
else
    skip "the README's line" "there is no x264enc or mp4mux"
fi

# raw OUT SOURCE...: the frames as bytes.
raw() {
    local out=$1
    shift
    launch "$@" ! s2vgen model=quintet.bin threads=1 ! filesink location="$out"
}
raw own.rgb filesrc location=own.wav ! wavparse
is "61 x 789 samples are 61 frames of 16x16" "$(stat -c %s own.rgb)" $((61 * 16 * 16 * 3))
raw decoded.rgb filesrc location=own.wav ! decodebin ! audioconvert ! audioresample
is "converters change nothing of the model's own format" "$(cmp own.rgb decoded.rgb 2>&1)" ""
launch filesrc location=own.wav ! wavparse ! filesink location=own.raw
for n in 1 7 160 800 4096 48129; do
    raw piece.rgb filesrc location=own.raw blocksize=$((4 * n)) ! \
        audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved
    is "the same bytes from $n samples a buffer" "$(cmp own.rgb piece.rgb 2>&1)" ""
done

if "${FFMPEG:-ffmpeg}" -v quiet -h filter=s2v 2>&1 | grep '^Filter s2v' >/dev/null; then
    for seed in 0 7; do
        launch filesrc location=own.wav ! wavparse ! s2vgen model=quintet.bin \
            seed=$seed threads=1 ! filesink location=gst.rgb
        "$FFMPEG" -nostdin -v error -y -i own.wav -filter_complex \
            "s2v=quintet.bin:seed=$seed:threads=1" -an -f rawvideo ffmpeg.rgb
        is "the FFmpeg filter's bytes, seed $seed" "$(cmp gst.rgb ffmpeg.rgb 2>&1)" ""
    done
else
    skip "the FFmpeg filter's bytes" "${FFMPEG:-ffmpeg} has no filter s2v"
fi

# A loud sound, levelled: the same bytes in both, and not those of the sound as
# it is.
cp "$S2V_GST_MODELS/gst-level.bin" models/level.bin
launch audiotestsrc wave=pink-noise volume=1 num-buffers=61 samplesperbuffer=789 ! \
    audio/x-raw,rate=16000,channels=1,format=F32LE ! wavenc ! filesink location=loud.wav
levelled() { launch filesrc location=loud.wav ! wavparse ! s2vgen model=level.bin threads=1 "$@" ! filesink location=levelled.rgb; }
levelled level=off && mv levelled.rgb off.rgb
levelled && mv levelled.rgb default.rgb
levelled level=auto
is "auto is the default level" "$(cmp default.rgb levelled.rgb 2>&1)" ""
is "the level changes loud sound" "$(cmp -s off.rgb levelled.rgb || echo other)" other
if "${FFMPEG:-ffmpeg}" -v quiet -h filter=s2v 2>&1 | grep '^Filter s2v' >/dev/null; then
    for level in auto off -12.5; do
        levelled level="$level"
        "$FFMPEG" -nostdin -v error -y -i loud.wav -filter_complex \
            "s2v=level.bin:level=$level:threads=1" -an -f rawvideo ffmpeg.rgb
        is "the FFmpeg filter's bytes, level $level" "$(cmp levelled.rgb ffmpeg.rgb 2>&1)" ""
    done
else
    skip "the FFmpeg filter's bytes, levelled" "${FFMPEG:-ffmpeg} has no filter s2v"
fi

# bf16 on a model that is wide enough for it. decibels A B: the PSNR.
decibels() {
    paste <(od -An -v -tu1 -w1 "$1") <(od -An -v -tu1 -w1 "$2") |
        awk '{e += ($1 - $2) ^ 2} END {print e ? 10 * log(65025 * NR / e) / log(10) : "inf"}'
}
cp "$S2V_GST_MODELS/gst-full.bin" models/full.bin
launch audiotestsrc wave=pink-noise num-buffers=16 samplesperbuffer=1000 ! \
    audio/x-raw,rate=16000,channels=1,format=F32LE ! wavenc ! filesink location=short.wav
typed() { launch filesrc location=short.wav ! wavparse ! s2vgen model=full.bin threads=1 "$@" ! filesink location=typed.rgb; }
typed && mv typed.rgb plain.rgb
typed dtype=f32
is "f32 is the default" "$(cmp plain.rgb typed.rgb 2>&1)" ""
said=$(typed dtype=bf16 2>&1)
if [[ $said =~ (dtype \"bf16\": [^$'\n']*) ]]; then
    skip "bf16" "${BASH_REMATCH[1]}"
else
    said=$(decibels plain.rgb typed.rgb)
    is "bf16 is near f32, and not f32 ($said dB)" "$(awk '{print ($1 > 36 && $1 != "inf")}' <<<"$said")" 1
    if "${FFMPEG:-ffmpeg}" -v quiet -h filter=s2v 2>&1 | grep '^Filter s2v' >/dev/null; then
        "$FFMPEG" -nostdin -v error -y -i short.wav -filter_complex \
            "s2v=full.bin:dtype=bf16:threads=1" -an -f rawvideo ffmpeg.rgb
        is "the FFmpeg filter's bytes in bf16" "$(cmp typed.rgb ffmpeg.rgb 2>&1)" ""
    else
        skip "the FFmpeg filter's bytes in bf16" "${FFMPEG:-ffmpeg} has no filter s2v"
    fi
fi

# fails NAME PATTERN ELEMENT...: exits in failure, with the library's sentence.
# The source is live, since gst-launch-1.0 1.22 may miss an error that comes from
# a streaming thread before its own loop runs, and then waits for ever.
fails() {
    local name=$1 pattern=$2 said status
    shift 2
    said=$(timeout 60 gst-launch-1.0 audiotestsrc is-live=true num-buffers=50 ! \
        audioconvert ! audioresample ! "$@" ! fakesink 2>&1)
    status=$?
    is "$name: fails by itself" "$((status != 0 && status != 124))" 1
    like "$name: says why" "$said" "$pattern"
}
fails "no model" 'No model was given: set its weight file with model=FILE' s2vgen
fails "a missing file" 'nowhere\.bin: no such file; looked in' s2vgen model=nowhere.bin
fails "a foreign file" 'own\.wav: ' s2vgen model=own.wav
fails "a model of another kind" "gst-other\.bin: a 'fireworks' model" \
    s2vgen model="$S2V_GST_MODELS/gst-other.bin"
fails "an unknown device" 'abacus' s2vgen model=quintet.bin device=abacus
fails "an unknown dtype" 'dtype "f16", expected "f32", "bf16" or "auto"' s2vgen model=quintet.bin dtype=f16
for wrong in x 61; do
    fails "level '$wrong'" "level: expected auto, off or a gain from -60 to 60 dB, found '$wrong'" \
        s2vgen model=quintet.bin level="$wrong"
done
fails "bf16 on a device without" "dtype \"bf16\": device 'ref' computes in f32" \
    s2vgen model=quintet.bin device=ref dtype=bf16
ONEDNN_MAX_CPU_ISA=AVX2 fails "bf16 on a processor without" \
    "dtype \"bf16\": (this processor lacks AVX512-BF16|device 'ref')" s2vgen model=quintet.bin dtype=bf16
fails "a size that is not the model's" 'RGB frames of 16x16 at 20/1' \
    s2vgen model=quintet.bin ! video/x-raw,width=100

# A file without a sample is no failure, but it is said.
python3 -c 'import wave
file = wave.open("none.wav", "wb")
file.setparams((1, 2, 16000, 0, "NONE", None))
file.close()'
said=$(timeout 60 gst-launch-1.0 filesrc location=none.wav ! wavparse ! audioconvert ! audioresample ! \
    s2vgen model=quintet.bin ! filesink location=none.rgb 2>&1)
is "no samples: no frames" "$? $(stat -c %s none.rgb)" "0 0"
like "no samples: it is said" "$said" 'WARNING: .*No audio was received, so there is no video'

read -r -d '' said < <(gst-inspect-1.0 s2vgen; printf '\0')
for word in model seed level device dtype threads qos; do
    like "gst-inspect-1.0 tells of $word" "$said" "  $word +: [A-Z]"
done

finish
