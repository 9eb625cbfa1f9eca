#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Time stamps: an offset is kept, gaps are filled, time never runs back.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

# first_last: the first and last time stamp of framemd5 lines, and their number.
first_last() { awk -F, 'NR == 1 {first = $3 + 0} {last = $3 + 0} END {print first, last, NR}'; }

is "from zero" "$(frames "$(sound 16000 32000),s2v=tiny.bin" | first_last)" "0 39 40"
is "asetpts shifts" "$(frames "$(sound 16000 32000),asetpts=PTS+3/TB,s2v=tiny.bin" | first_last)" "60 99 40"
is "atrim keeps the time" "$(frames "$(sound 44100 88200),atrim=start=0.5,s2v=tiny.bin" | first_last)" "10 39 30"
is "an offset is rounded to a frame" "$(frames "$(sound 16000 16000),asetpts=PTS+0.123/TB,s2v=tiny.bin" | first_last)" "2 21 20"
is "no time stamps at all" "$(frames "$(sound 16000 16000),asetpts=NAN,s2v=tiny.bin" | first_last)" "0 19 20"

run -f lavfi -i "$(sound 48000 240000)" -c:a pcm_s16le song.wav
is "-ss skips" "$(run -ss 2 -i song.wav -filter_complex "$sound_in"s2v=tiny.bin -an -f framemd5 - | grep -v '^#' | first_last)" "0 59 60"
is "-t stops" "$(run -t 1.5 -i song.wav -filter_complex "$sound_in"s2v=tiny.bin -an -f framemd5 - | grep -v '^#' | first_last)" "0 29 30"
is "-itsoffset and -copyts shift" \
    "$(run -itsoffset 2 -copyts -i song.wav -filter_complex "$sound_in"s2v=tiny.bin -an -f framemd5 - | grep -v '^#' | first_last)" "40 139 100"

# A second without sound, in the middle: as if there were a second of silence.
cut="$(sound 16000 48000),aselect='not(between(t,1,1.999))'"
mute="$(sound 16000 48000),volume=0:enable='between(t,1,1.999)'"
for n in 160 1600 800; do
    is "a gap is silence, $n samples at once" \
        "$(frames "${mute/,volume/,asetnsamples=$n,volume},s2v=tiny.bin")" \
        "$(frames "${cut/,aselect/,asetnsamples=$n,aselect},s2v=tiny.bin")"
done
like "a long gap is told" \
    "$(run -v warning -f lavfi -i "$(sound 16000 32000)" -filter_complex "${sound_in}asetnsamples=800,asetpts='PTS+if(gte(T,1),12/TB,0)',s2v=tiny.bin" -f null - 2>&1)" \
    'Gap of 12\.000 s in the audio at 1\.000 s'
is "jitter below a frame changes nothing" \
    "$(frames "$(sound 16000 32000),asetpts='PTS+mod(N,2)*0.04/TB',s2v=tiny.bin")" "$(frames "$(sound 16000 32000),s2v=tiny.bin")"
is "time that runs back loses no sound" \
    "$(frames "$(sound 16000 32000),asetpts='PTS-if(gte(T,1),1/TB,0)',s2v=tiny.bin")" "$(frames "$(sound 16000 32000),s2v=tiny.bin")"
is "constant time loses no sound" \
    "$(frames "$(sound 16000 32000),asetpts=0,s2v=tiny.bin")" "$(frames "$(sound 16000 32000),s2v=tiny.bin")"
finish
