#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The option state: a stream goes on where it was saved, with the same frames.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

# play GRAPH-OPTIONS OPTION...: framemd5 lines of the video, and what ffmpeg says.
play() {
    local options=$1
    shift
    "$FFMPEG" -nostdin -hide_banner -v "${level:-error}" "$@" \
        -filter_complex "[0:a]s2v=tiny.bin${options}[v]" -map '[v]' "${limit[@]}" -f framemd5 - 2>said |
        grep -v '^#'
}
limit=()
run -f lavfi -i "$(sound 44100 352800 stereo)" -c:a pcm_s16le song.wav
run -f lavfi -i "$(sound 16000 128000)" -c:a pcm_f32le model-rate.wav

for song in song.wav model-rate.wav; do
    rm -f stream.state
    whole=$(play '' -i $song)
    limit=(-frames:v 60)
    one=$(play :state=stream.state:state_interval=2 -i $song)
    limit=()
    is "$song: saved at the last multiple of the interval" "$(grep -c . <<<"$one") $(tr -d '\0' <stream.state | grep -o '"s2v.received":"[0-9]*"')" '60 "s2v.received":"40"'
    cp stream.state saved
    level=info two=$(play :state=stream.state:state_interval=2 -i $song)
    is "$song: the second run goes on there" "$(head -n 40 <<<"$one"$'\n')"$'\n'"$two" "$whole"
    like "$song: it says so" "$(cat said)" 'The stream goes on at frame 40, from stream.state'
    is "$song: at its end, the file is gone" "$([ -e stream.state ] || echo gone)" gone
    cp saved stream.state
    part=$(play :state=stream.state -copyts -ss 1 -i $song)
    is "$song: from a second before it on" "$part" "$two"
done

cp saved stream.state
quiet=$(level=warning play :state=stream.state -copyts -ss 5 -i model-rate.wav)
like "what is missing is silence, and it says so" "$(wc -l <<<"$quiet") $(cat said)" '^120 .*Gap of 2\.[0-9]* s in the audio since the state was saved'

# --- refused
# refused OPTIONS: the status, and what is said.
refused() {
    "$FFMPEG" -nostdin -hide_banner -v error -i song.wav -filter_complex "[0:a]s2v=tiny.bin${1}[v]" -map '[v]' -f null - 2>&1
    echo "status $(has_failed $?)"
}
cp saved stream.state
like "another seed" "$(refused :state=stream.state:seed=9)" 'stream\.state: the state is of another session: its seed is 0, expected 9.*status 1'
head -c 3000 saved >stream.state
like "a file that was cut" "$(refused :state=stream.state)" 'stream\.state: the state: .*status 1'
echo words >stream.state
like "another kind of file" "$(refused :state=stream.state)" 'stream\.state: the state: .*status 1'
cp tiny.bin stream.state
like "a weight file" "$(refused :state=stream.state)" 'not the state of a session.*status 1'
limit=(-frames:v 30)
level=warning some=$(play :state=nowhere/stream.state:state_interval=1 -i song.wav)
like "a folder that is not there stops nothing" "$(wc -l <<<"$some") $(cat said)" "^30 .*The state cannot be saved to 'nowhere/stream.state': No such file"

# --- v2sfoley: samples go on where they were saved
[ -f "${S2V_TINY_FOLEY-}" ] || { skip "v2sfoley" "S2V_TINY_FOLEY names no file"; finish; }
cp "$S2V_TINY_FOLEY" foley.bin
run -f lavfi -i "testsrc2=s=96x64:r=25,trim=end_frame=400" -c:v ffv1 film.mkv
run -f lavfi -i "$(sound 44100 50000 stereo)" break.wav
# hear OUT OPTIONS OPTION...: the sound as samples, and what ffmpeg says.
hear() {
    local out=$1 options=$2
    shift 2
    "$FFMPEG" -nostdin -hide_banner -v "${level:-error}" "$@" -filter_complex \
        "[0:v]v2sfoley=ref=break.wav:latency=500${options}[a]" -map '[a]' "${limit[@]}" -f f32le -y "$out" 2>said
}
limit=()
rm -f stream.state
hear whole '' -i film.mkv
limit=(-t 9)
hear one :state=stream.state:state_interval=2 -i film.mkv
limit=()
had=$(tr -d '\0' <stream.state | grep -o '"s2v.received":"[0-9]*"' | tr -dc 0-9)
had=${had#2}
like "v2sfoley: saved after a multiple of the interval" "$((had / 22050))" '^[68]$'
cp stream.state saved
level=info hear two :state=stream.state:state_interval=2 -i film.mkv
is "v2sfoley: the second run goes on there" "$(head -c $((4 * had)) one | cat - two | md5sum)" "$(md5sum <whole)"
like "v2sfoley: it says so" "$(cat said)" 'The stream goes on at [68]\.[0-9]* s, from stream.state'
is "v2sfoley: at its end, the file is gone" "$([ -e stream.state ] || echo gone)" gone
cp saved stream.state
hear part :state=stream.state -copyts -ss 4 -i film.mkv
is "v2sfoley: from before it on" "$(md5sum <part)" "$(md5sum <two)"
cp saved stream.state
level=warning hear late :state=stream.state -copyts -ss 12 -i film.mkv
like "v2sfoley: what is missing is said" "$(cat said)" 'Gap of [0-9.]* s in the video since the state was saved'
# deaf OPTIONS: the status, and what is said.
deaf() {
    hear none ":state=stream.state$1" -i film.mkv
    echo "status $(has_failed $?) $(cat said)"
}
cp saved stream.state
like "v2sfoley: another sensitivity" "$(deaf :sensitivity=0.5)" '^status 1 .*stream\.state: the state is of another session: '
like "v2sfoley: a second input has no state" "$(deaf :inputs=2:ref=)" '^status 1 .*expected neither inputs=2 nor mix'
echo words >stream.state
like "v2sfoley: another kind of file" "$(deaf '')" '^status 1 .*stream\.state: the state: '
finish
