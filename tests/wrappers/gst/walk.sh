#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Walks through a StyleGAN in gst-launch-1.0: options by the library's words, the
# same frames as of the FFmpeg filter, errors. S2V_TINY_STYLEGAN2, FFMPEG and
# GStreamer's paths come from meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 s2vgen >/dev/null 2>&1 || bail "there is no element s2vgen"
for element in audiotestsrc audioconvert wavenc wavparse; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cp "$S2V_TINY_STYLEGAN2" "$tmp/two.bin"
cp "$S2V_TINY_STYLEGAN3" "$tmp/three.bin"
cp "$S2V_TINY_MAN" "$tmp/talker.bin"
cp "$S2V_TINY_SEMANTIC" "$tmp/scene.bin"
unset S2V_MODEL_PATH
cd "$tmp" || exit 99

launch() { timeout 60 gst-launch-1.0 -q "$@"; }
# walk OUT SETTING..
walk() {
    local out=$1
    shift
    launch filesrc location=own.wav ! wavparse ! audioconvert ! \
        s2vgen device=ref threads=1 "$@" ! filesink location="$out"
}

launch audiotestsrc wave=ticks num-buffers=20 samplesperbuffer=800 ! \
    audio/x-raw,rate=16000,channels=1,format=F32LE ! wavenc ! filesink location=own.wav
walk plain.rgb model=two.bin
is "20 frames of 32x32" "$(stat -c %s plain.rgb)" $((20 * 32 * 32 * 3))
walk default.rgb model=two.bin seeds=0-11 speed=12 bpm=auto interp=slerp loop=1 psi=0.7 \
    psi_react=0 cutoff=-1 pulse=0.5 pulse_layers=coarse+mid motion=0 chroma=0 kick=none \
    mix=none noise=const size=0 fps=20
is "the defaults of the options" "$(cmp plain.rgb default.rgb 2>&1)" ""
settings=(seeds=0-3 pulse=0.7 speed=60 chroma=0.3 psi_react=0.2 mix="0-1|5" size=16)
walk set.rgb model=two.bin "${settings[@]}"
is "size=16: 20 frames of 16x16" "$(stat -c %s set.rgb)" $((20 * 16 * 16 * 3))
if "${FFMPEG:-ffmpeg}" -v quiet -h filter=s2v | grep ' seeds ' >/dev/null; then
    graph=$(IFS=:; echo "[0:a]s2v=two.bin:device=ref:threads=1:${settings[*]}")
    "$FFMPEG" -nostdin -v error -i own.wav -filter_complex "$graph" -f rawvideo -pix_fmt rgb24 other.rgb
    is "the FFmpeg filter's frames" "$(cmp set.rgb other.rgb 2>&1)" ""
else
    skip "the FFmpeg filter's frames" "there is no ffmpeg with the filter s2v: run scripts/ffmpeg"
fi

for rate in 12/1:12 30000/1001:30 60/1:60; do
    walk rate.rgb model=two.bin fps="${rate%:*}"
    is "fps=${rate%:*}: frames of a second" "$(stat -c %s rate.rgb)" $((${rate#*:} * 32 * 32 * 3))
done
said=$(timeout 60 gst-launch-1.0 -v filesrc location=own.wav ! wavparse ! audioconvert ! \
    s2vgen model=two.bin device=ref fps=12 ! fakesink 2>&1)
like "fps=12: in the caps" "$said" 's2vgen.*src: caps = video/x-raw.*framerate=\(fraction\)12/1'
walk rate.rgb model=two.bin fps=12 ! videorate ! video/x-raw,framerate=24/1
frames=$(($(stat -c %s rate.rgb) / (32 * 32 * 3))) # videorate may leave the last ones out
is "fps=12 and videorate: 24 frames a second" "$((frames >= 22 && frames <= 24))" 1

# fails NAME REGEX SETTING..
fails() {
    local name=$1 regex=$2 said status
    shift 2
    said=$(timeout 60 gst-launch-1.0 audiotestsrc num-buffers=9 ! audioconvert ! \
        audioresample ! s2vgen "$@" ! fakesink 2>&1)
    status=$?
    is "$name: fails by itself" "$((status != 0 && status != 124))" 1
    like "$name: says why" "$said" "$regex"
}
fails "seeds that are no list" "seeds: expected seeds as 0-11 or 3,7,12-15, found '1-'" \
    model=two.bin seeds=1-
fails "a class that is not there" "class: the model has no classes, found '3'" \
    model=two.bin class=3
fails "a size above" "size: the model makes frames of 32 pixels, expected a power of 2" \
    model=two.bin size=64
fails "a size of a StyleGAN3" "a 'stylegan3' model has no option 'size': it is one of 'stylegan2', 'semantic' models" \
    model=three.bin size=16
fails "a frame rate above" "fps: expected 1 to 60 frames a second, as 12 or 30000/1001, found '61'" \
    model=two.bin fps=61
fails "a frame rate of a scene" "a 'semantic' model has no option 'fps': it is one of 'stylegan2', 'stylegan3' models" \
    model=scene.bin fps=12
fails "noise of a StyleGAN3" "a 'stylegan3' model has no option 'noise': it is one of 'stylegan2', 'semantic' models" \
    model=three.bin noise=none
walk fire.rgb model=scene.bin start=fire
walk text.rgb model=scene.bin text="a fire" start=5
walk other.rgb model=scene.bin start=5
is "a scene: 20 frames of 32x32" "$(stat -c %s fire.rgb)" $((20 * 32 * 32 * 3))
is "a text chooses its start" "$(cmp -s text.rgb other.rgb; echo $?)" 1
fails "a text that is not known" "text: expected a word that the model knows \(blue, deep, fire, gentle, rain, waves\), found none" \
    model=scene.bin text=dragon
fails "a start that is not there" "start: expected auto, seed, a number from 0 to 4294967295 or one of the gallery: deep, fire" \
    model=scene.bin start=dragon
fails "a portrait's option" "a 'stylegan2' model has no option 'blink': it is one of 'man' models" \
    model=two.bin blink=0
finish
