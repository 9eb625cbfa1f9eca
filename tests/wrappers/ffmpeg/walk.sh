#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Walks through a StyleGAN: options, commands, errors. S2V_TINY_STYLEGAN2,
# S2V_TINY_CLASSES, S2V_TINY_STYLEGAN3 and S2V_TINY_MAN come from meson.
docs=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../docs" && pwd) # lib.sh goes elsewhere
# shellcheck source=tests/wrappers/ffmpeg/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for variable in S2V_TINY_STYLEGAN2 S2V_TINY_CLASSES S2V_TINY_STYLEGAN3 S2V_TINY_MAN; do
    [ -f "${!variable-}" ] || bail "$variable names no file: '${!variable-}'"
done
cp "$S2V_TINY_STYLEGAN2" two.bin
cp "$S2V_TINY_CLASSES" classes.bin
cp "$S2V_TINY_STYLEGAN3" three.bin
cp "$S2V_TINY_MAN" talker.bin
cp "$S2V_TINY_SEMANTIC" scene.bin

# Clicks, of which each is another tone: 20 frames.
run -f lavfi -i "aevalsrc='sin(2*PI*(300+90*floor(8*t))*t)*exp(-30*mod(t,1/8))/2':s=16000:d=1" own.wav
# walk OUT OPTIONS [FILTERS-BEFORE,]
walk() {
    run -i own.wav -filter_complex "[0:a]${3-}s2v=device=ref:threads=1:model=$2" \
        -f rawvideo -pix_fmt rgb24 "$1"
}
frame=$((32 * 32 * 3))

walk plain.rgb two.bin
is "20 frames of 32x32" "$(stat -c %s plain.rgb)" $((20 * frame))
is "a file and its sound" "$(run -i own.wav -filter_complex "[0:a]s2v=model=two.bin:seeds=0-11:pulse=0.7:bpm=auto" out.mp4 2>&1; echo $?)" 0
walk default.rgb "two.bin:seeds=0-11:speed=12:bpm=auto:interp=slerp:loop=1:psi=0.7:psi_react=0:cutoff=-1:center=average:class=0:classes=none:class_react=0.5:class_smooth=1:release=150:pulse=0.5:pulse_source=perc:pulse_layers=coarse+mid:motion=0:motion_source=harm:motion_random=0.5:chroma=0:chroma_seeds=100-111:chroma_layers=fine:kick=none:snare=none:mix=none:contrast=0:flash=0:noise=const:size=0:fps=20:seed=0"
is "the defaults of the options" "$(cmp plain.rgb default.rgb 2>&1)" ""
for setting in seeds=5 "seeds='3,5-7'" speed=600 speed=1beat speed=1beat:bpm=170 interp=spline psi=1 \
    psi_react=1 cutoff=2 center=9 release=20 pulse=2 pulse_source=low \
    pulse_layers="'0-1,4-'" motion=1 motion=1:motion_source=perc motion=1:motion_random=0 \
    chroma=1:chroma_layers=all chroma=1:chroma_layers=all:chroma_seeds=0-11 kick=9 snare=9 \
    "mix='0-1|5,4-|7'" contrast=1 flash=1 noise=none noise=react seed=5; do
    walk "other.rgb" "two.bin:$setting"
    is "$setting changes frames" "$(cmp -s plain.rgb other.rgb || stat -c %s other.rgb)" $((20 * frame))
    mv other.rgb "of-${setting//[^a-z0-9_=]/-}.rgb"
done
for pair in speed=1beat:speed=1beat-bpm=170 motion=1:motion=1-motion_source=perc \
    motion=1:motion=1-motion_random=0 noise=none:noise=react; do
    is "${pair/:/ and } differ" "$(cmp -s "of-${pair%%:*}.rgb" "of-${pair#*:}.rgb" || echo other)" other
done
walk other.rgb "two.bin:speed=600:seeds=4-5"
walk loop.rgb "two.bin:speed=600:seeds=4-5:loop=0"
is "loop=0 changes frames" "$(cmp -s other.rgb loop.rgb || echo other)" other
walk other.rgb "two.bin:mix='0-1\:5,4-\:7'"
is "mix with a colon that is escaped" "$(cmp other.rgb of-mix=-0-1-5-4--7-.rgb 2>&1)" ""
walk small.rgb two.bin:size=16
is "size=16: frames of 16x16" "$(stat -c %s small.rgb)" $((20 * 16 * 16 * 3))
for rate in 12:12 25:25 30000/1001:30 60:60; do
    walk rate.rgb "two.bin:fps=${rate%:*}"
    is "fps=${rate%:*}: frames of a second" "$(stat -c %s rate.rgb)" $((${rate#*:} * frame))
    run -i own.wav -filter_complex "[0:a]s2v=two.bin:fps=${rate%:*}" -c:v rawvideo rate.nut
    is "fps=${rate%:*}: of the stream" \
        "$("$FFPROBE" -v error -select_streams v -show_entries stream=r_frame_rate -of csv=p=0 rate.nut)" \
        "$([ "${rate#*:}" = "${rate%:*}" ] && echo "${rate%:*}/1" || echo "${rate%:*}")"
done
walk rate.rgb two.bin:fps=12
for piece in 1 77 5000; do
    walk other.rgb two.bin:fps=12 "asetnsamples=$piece:p=0,"
    is "fps=12: the same bytes from $piece samples a frame" "$(cmp rate.rgb other.rgb 2>&1)" ""
done
run -i own.wav -filter_complex "[0:a]s2v=two.bin:fps=12,minterpolate=fps=24" -c:v rawvideo rate.nut
is "fps=12 and minterpolate: 24 a second" \
    "$("$FFPROBE" -v error -select_streams v -show_entries stream=r_frame_rate -of csv=p=0 rate.nut)" 24/1
walk class.rgb classes.bin:class=0
for setting in class=2 "classes='0,1,2,0,1,2,0,1,2,0,1,2':class_react=1:class_smooth=0"; do
    walk other.rgb "classes.bin:$setting"
    is "$setting changes frames" "$(cmp -s class.rgb other.rgb || echo other)" other
done
walk three.rgb three.bin
for setting in zoom=2 rotate=90 pan_x=0.1 pan_y=0.1 zoom_react=1 rotate_react=90 pan_x_react=1 pan_y_react=1; do
    walk other.rgb "three.bin:$setting"
    is "$setting changes frames" "$(cmp -s three.rgb other.rgb || echo other)" other
done

# The same bytes at any chunking, with everything at once.
all="two.bin:seeds=3-6:speed=60:pulse=1:motion=0.2:chroma=0.4:chroma_layers=all:kick=20:snare=21:contrast=0.5:flash=0.2:psi_react=0.2"
walk all.rgb "$all"
for piece in 1 77 5000; do
    walk other.rgb "$all" "asetnsamples=$piece:p=0,"
    is "the same bytes from $piece samples a frame" "$(cmp all.rgb other.rgb 2>&1)" ""
done

# --- docs/stylegan.md
cp two.bin ffhq.bin
while read -r recipe; do
    is "${recipe:0:30}..: a recipe" "$(run -i own.wav -filter_complex "[0:a]$recipe" -f null - 2>&1; echo $?)" 0
done < <(sed -n 's/^    \(s2v=.*\)/\1/p' "$docs/stylegan.md")

# --- commands: frames from 0.6 s on, 95 ms of sound ahead
for setting in "psi 0" "pulse 3" "motion 2" "speed 600" "chroma 1" "kick 7" "snare 7" "seeds 9" \
    "bpm 60" "noise none" "psi_react 1" "contrast 2" "mix 4-|8"; do
    before=two.bin:chroma_layers=all
    [ "$setting" != "bpm 60" ] || before=two.bin:speed=1beat:chroma_layers=all
    walk plain.rgb "$before"
    walk other.rgb "$before" "asetnsamples=160,asendcmd=c='0.6 s2v $setting',"
    is "$setting: a command leaves the frames before it" "$(cmp -n $((9 * frame)) plain.rgb other.rgb 2>&1)" ""
    is "$setting: and changes those after it" "$(cmp -s plain.rgb other.rgb || echo other)" other
done
walk plain.rgb two.bin
walk other.rgb two.bin "asetnsamples=160,asendcmd=c='0.6 s2v seeds none',"
is "a command that is wrong changes nothing" "$(cmp plain.rgb other.rgb 2>&1)" ""
walk other.rgb two.bin "asetnsamples=160,asendcmd=c='0.6 s2v size 16',"
is "nor does one for what is set at the beginning" "$(cmp plain.rgb other.rgb 2>&1)" ""
walk other.rgb two.bin "asetnsamples=160,asendcmd=c='0.6 s2v fps 12',"
is "nor one for the frame rate" "$(cmp plain.rgb other.rgb 2>&1)" ""

# fails NAME REGEX OPTIONS: says it once
fails() {
    local said status
    said=$(run -i own.wav -filter_complex "[0:a]s2v=$3" -f null - 2>&1)
    status=$?
    is "$1: fails" "$(has_failed $status)" 1
    like "$1: says why" "$said" "$2"
    is "$1: says it once" "$(grep -cE "$2" <<<"$said")" 1
}
own='\[Parsed_s2v_0 @ 0x[0-9a-f]+\] '
# A scene: its start by name, number or text, and another one while it plays.
walk scene.rgb scene.bin
walk plain.rgb "scene.bin:start=seed:text=none:morph=2:blend=auto:camera=free:level=auto:pulse=0:psi=0.7"
is "a scene's defaults" "$(cmp scene.rgb plain.rgb 2>&1)" ""
for setting in start=fire start=5 "text='a gentle fire'" pulse=3 psi=0.1; do
    walk other.rgb "scene.bin:$setting"
    is "scene: $setting makes another video" "$(cmp -s scene.rgb other.rgb; echo $?)" 1
done
for setting in "start waves" "text rain"; do
    walk other.rgb scene.bin "asetnsamples=160,asendcmd=c='0.6 s2v $setting',"
    is "scene: $setting from 0.6 s on" "$(cmp -s scene.rgb other.rgb; echo $?)" 1
    is "scene: $setting: not before" "$(cmp -n $((9 * 32 * 32 * 3)) scene.rgb other.rgb 2>&1)" ""
done
fails "a text that is not known" "${own}text: expected a word that the model knows \(blue, deep, fire, gentle, rain, waves\), found none" scene.bin:text=dragon
fails "an empty text" "${own}text: expected words, found none" scene.bin:text=
fails "a start that is not there" "${own}start: expected auto, seed, a number from 0 to 4294967295 or one of the gallery: deep, fire, rain, waves, found 'dragon'" scene.bin:start=dragon
fails "a scene's camera" "${own}zoom: the model's generator is a stylegan2, which has no camera, found '2'" scene.bin:zoom=2
fails "seeds that are no list" "${own}seeds: expected seeds as 0-11 or 3,7,12-15, found '1-'" two.bin:seeds=1-
fails "a class of a model without" "${own}class: the model has no classes, found '3'" two.bin:class=3
fails "a class that is not there" "${own}class: the model has 3 classes, expected 0 to 2, or fire, rain, wind, found '3'" classes.bin:class=3
fails "a size above" "${own}size: the model makes frames of 32 pixels, expected a power of 2 from 4 to that, found 64" two.bin:size=64
for rate in 0 61 12.5 fast; do
    fails "$rate frames a second" "${own}fps: expected 1 to 60 frames a second, as 12 or 30000/1001, found '$rate'" "two.bin:fps=$rate"
done
fails "a frame rate of a scene" "${own}a 'semantic' model has no option 'fps': it is one of 'stylegan2', 'stylegan3' models" scene.bin:fps=12
fails "psi that is no number" "${own}psi: expected a number from -2 to 2, found 'much'" two.bin:psi=much
fails "a size of a StyleGAN3" "${own}a 'stylegan3' model has no option 'size': it is one of 'stylegan2', 'semantic' models" three.bin:size=16
fails "noise of a StyleGAN3" "${own}a 'stylegan3' model has no option 'noise': it is one of 'stylegan2', 'semantic' models" three.bin:noise=none
fails "a camera of a StyleGAN2" "${own}a 'stylegan2' model has no option 'zoom': it is one of 'stylegan3', 'semantic' models" two.bin:zoom=2
fails "a portrait's option" "${own}a 'stylegan2' model has no option 'blink': it is one of 'man' models" two.bin:blink=0
fails "a walk's option, of a portrait" "${own}a 'man' model has no option 'seeds': it is one of 'stylegan2', 'stylegan3' models" talker.bin:seeds=0
fails "a walk's option, of listen-and-move" "${own}a 'listen-and-move' model has no option 'pulse': it is one of 'stylegan2', 'stylegan3', 'semantic' models" tiny.bin:pulse=1
finish
