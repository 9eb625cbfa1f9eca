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
finish
