#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: one clear sentence, a failing exit, and nothing is written over.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

run -f lavfi -i "$(sound 16000 16000)" -c:a pcm_s16le song.wav
run -f lavfi -i testsrc=d=1 -c:v mpeg4 silent.mp4
: >empty.bin
head -c 5 tiny.bin >five.bin
head -c 100 tiny.bin >header.bin
head -c "$(($(stat -c %s tiny.bin) - 1))" tiny.bin >short.bin
{ cat tiny.bin; echo; } >long.bin
cp song.wav foreign.bin
head -c 65536 /dev/zero >zeros.bin
mkdir folder.bin

# fails NAME REGEX OPTIONS [INPUT]: exits in failure, with a sentence of the
# filter's that matches, printed once; an output made before stays as it was.
fails() {
    local said status
    echo before >before
    cp before out.mp4
    said=$("$FFMPEG" -nostdin -hide_banner -y -v error -i "${4:-song.wav}" -filter_complex "${sound_in}s2v=$3" out.mp4 2>&1)
    status=$?
    is "$1: fails" "$(has_failed $status)" 1
    like "$1: says why" "$said" "$2"
    is "$1: says it once" "$(grep -cE "$2" <<<"$said")" 1
    # From 7.1 on, ffmpeg opens the output before it looks for a labelled input.
    if [ $# -ge 4 ] && [ -n "$sound_in" ]; then
        skip "$1: out.mp4 is left alone" "this FFmpeg does not"
    else
        is "$1: out.mp4 is left alone" "$(cmp before out.mp4 2>&1)" ""
    fi
}
own='\[Parsed_s2v_0 @ 0x[0-9a-f]+\] '

fails "no model" "${own}No model was given.*model=FILE" seed=1
fails "an empty name" "${own}No model was given" model=
fails "a missing file" "${own}.*nowhere\.bin" model=nowhere.bin
fails "a missing path" "${own}.*/nowhere/x\.bin" model=/nowhere/x.bin
fails "a folder" "${own}.*folder\.bin" model=folder.bin
fails "an empty file" "${own}.*empty\.bin" model=empty.bin
fails "five bytes" "${own}.*five\.bin" model=five.bin
fails "a cut header" "${own}.*header\.bin" model=header.bin
fails "a byte too few" "${own}.*short\.bin" model=short.bin
fails "a byte too many" "${own}.*long\.bin" model=long.bin
fails "a foreign file" "${own}.*foreign\.bin" model=foreign.bin
fails "zeros" "${own}.*zeros\.bin" model=zeros.bin
if [ -f "${S2V_OTHER_MODEL-}" ]; then
    cp "$S2V_OTHER_MODEL" other.bin
    fails "a model of another kind" "${own}.*other\.bin" model=other.bin
else
    points=$((points + 1))
    echo "ok $points - a model of another kind # SKIP S2V_OTHER_MODEL names no file"
fi
fails "an unknown device" "${own}.*abacus" model=tiny.bin:device=abacus
fails "a device that is not there" "${own}.*cuda:99" 'model=tiny.bin:device=cuda\\:99'
fails "an unknown option" "[Oo]ption 'colour'.*not found" model=tiny.bin:colour=red
fails "a seed too large" "parameter 'seed' out of range" model=tiny.bin:seed=4294967296
fails "a seed that is no number" "Unable to parse (\"seed\" )?option value" model=tiny.bin:seed=x
fails "threads below zero" "parameter 'threads' out of range" model=tiny.bin:threads=-1
for wrong in x Auto 61 -60.5 nan 6dB ''; do
    fails "a level of '$wrong'" "${own}level: expected auto, off or a gain from -60 to 60 dB, found '$wrong'" \
        "model=tiny.bin:level=$wrong"
done
fails "no sound in the input" "Cannot find a matching stream|matches no streams" model=tiny.bin silent.mp4

# No sound at all is no failure, but it is said.
run -f lavfi -i "$(sound 16000 0)" -c:a pcm_s16le none.wav
said=$(run -v warning -i none.wav -filter_complex "$sound_in"s2v=tiny.bin -f framemd5 none.txt 2>&1)
is "no samples: no frames" "$? $(grep -cv '^#' none.txt)" "0 0"
like "no samples: it is said" "$said" "${own}No audio was received"

run -i song.wav -filter_complex "$sound_in"s2v=tiny.bin /nowhere/out.mp4 2>err
is "an output that cannot be written fails" "$(($? > 0))" 1
finish
