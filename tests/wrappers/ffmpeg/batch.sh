#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/s2v-batch: several songs, going on, broken songs, signals, odd names.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
script=$here/../../../scripts/s2v-batch
export FFMPEG

# batch ARGUMENTS...: what it says is in `said` and on lines, how it ends in
# `status`.
batch() {
    said=$("$script" --model tiny.bin "$@" 2>&1 </dev/null)
    status=$?
}
# frames FILE: how many pictures a video has.
frames() { "$FFPROBE" -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 "file:$1"; }
song() { run -f lavfi -i "$(sound 8000 "$1")" -c:a pcm_u8 "file:$2"; }
# files FOLDER...: all in them but the lists of settings.
files() { find "$@" -type f ! -name .s2v-batch; }
parts() { find . -name '.s2v-batch.*' | wc -l; }
last() { tail -n 1 <<<"$said"; }

# --- several songs, names
mkdir songs
song 8000 songs/one.wav
song 16000 "songs/two words, and 'more'; [x]: 50%.wav"
song 4000 songs/-dash.wav
song 4000 songs/$'new\nline.wav'
song 4000 songs/UPPER.WAV
echo text >songs/notes.txt
mkdir songs/folder.wav
batch songs
is "a folder: succeeds" "$status" 0
is "a folder: the count" "$(last)" "5 converted, 0 up to date, 0 failed"
is "a folder: nothing else is there but the list" "$(find songs/s2v -type f ! -name .s2v-batch -printf x) $(wc -l <songs/s2v/.s2v-batch)" "xxxxx 5"
is "frames of one second" "$(frames songs/s2v/one.mp4)" 20
is "frames of a song with an odd name" "$(frames "songs/s2v/two words, and 'more'; [x]: 50%.mp4")" 40
is "a song with a leading dash" "$(frames songs/s2v/-dash.mp4)" 10
is "a song with a new line" "$(frames songs/s2v/$'new\nline.mp4')" 10
is "its own sound is in it" "$("$FFPROBE" -v error -select_streams a -show_entries stream=codec_type -of csv=p=0 songs/s2v/one.mp4)" audio

# --- going on
state() { (cd songs/s2v && stat -c '%n %i %y' -- *.mp4); }
changed() { state | grep -cvxFf <(echo "$before"); }
before=$(state)
batch songs
is "again: nothing is made" "$status $(last)" "0 0 converted, 5 up to date, 0 failed"
rm songs/s2v/UPPER.mp4
touch -d '+1 minute' songs/one.wav
batch songs
is "what is missing or older than its song is made" "$(last)" "2 converted, 3 up to date, 0 failed"
touch -d '-1 minute' songs/one.wav
is "the others are not touched" "$(changed)" 2
batch --dry-run --force songs
is "--dry-run makes nothing" "$status $(grep -c -- ' -> ' <<<"$said") $(changed)" "0 5 2"
batch --force songs/one.wav
is "--force makes it again" "$(last)" "1 converted, 0 up to date, 0 failed"

# --- other settings
# again NAME MADE ARGUMENT...: how many of two are regenerated.
again() {
    local name=$1 wanted=$2
    shift 2
    batch -o set -e mkv "$@"
    is "$name" "$status $(last)" "0 $wanted converted, $((2 - wanted)) up to date, 0 failed"
}
two=("songs/two words, and 'more'; [x]: 50%.wav" songs/$'new\nline.wav')
again "two songs" 2 "${two[@]}"
again "the same settings" 0 "${two[@]}"
again "more jobs are no other setting" 0 -j 1 "${two[@]}"
again "another seed" 2 --seed 1 "${two[@]}"
like "it says so" "$said" 'Regenerating videos of other settings: 2, for instance \./set/two words, .*\.mkv with model=tiny\.bin sha256:[0-9a-f]{16} seed=0 track=auto'
again "another seed again" 0 --seed 1 "${two[@]}"
again "another ffmpeg option" 2 --seed 1 "${two[@]}" -- -b:v 1M
again "another track" 2 --seed 1 --track 0 "${two[@]}"
batch -o set -e mkv -s 2 --dry-run "${two[0]}"
like "--dry-run says it, too" "$said" 'other settings: 1, .*track=0'
mv set/.s2v-batch list
again "without a list, all is kept" 0 --seed 2 "${two[@]}"
mv list set/.s2v-batch
cp tiny.bin before.bin
[ ! -f "${S2V_TWIN_MODEL-}" ] || {
    cp "$S2V_TWIN_MODEL" tiny.bin
    again "other weights in a file of that name" 2 --seed 1 --track 0 "${two[@]}"
    cp before.bin tiny.bin
}

# --- options
batch --output out -e mkv --seed=7 songs/one.wav -- -t 0.5
is "--output, --ext and ffmpeg's options" "$status $(frames out/one.mkv)" "0 10"
(cd songs && cp ../tiny.bin . && FFMPEG=$FFMPEG "$script" -m tiny.bin -o ../out -- -dash.wav >/dev/null 2>&1)
is "a line without a song is refused" $? 2
said=$(cd songs && "$script" -m tiny.bin -o ../out ./-dash.wav 2>&1)
is "a leading dash behind ./" "$? $(frames out/-dash.mp4)" "0 10"
cp tiny.bin "it's a \\model: [1],2;.bin"
said=$("$script" -m "it's a \\model: [1],2;.bin" -o odd songs/one.wav 2>&1)
is "a model with an odd name" "$? $(frames odd/one.mp4)" "0 20"

# Both wait until two have begun: they run beside one another.
cat >both <<'BOTH'
#!/bin/sh
case "$*" in *-progress*)
    echo begun >>begun
    for _ in $(seq 300); do
        [ "$(wc -l <begun)" -lt 2 ] || exec "$REAL" "$@"
        sleep 0.1
    done
    exit 1 ;;
esac
exec "$REAL" "$@"
BOTH
chmod +x both
real=$FFMPEG
said=$(REAL=$real FFMPEG=$PWD/both "$script" -m tiny.bin -j 2 -o two songs/one.wav songs/-dash.wav songs/UPPER.WAV 2>&1)
is "two at a time" "$? $(last)" "0 3 converted, 0 up to date, 0 failed"

# --- several sound tracks: one is seen and heard
run -f lavfi -i "$(sound 16000 16000)" -f lavfi -i "$(sound 16000 16000 stereo),asetrate=12000,aresample=16000,volume=0.5" \
    -map 0 -map 1 -c:a pcm_s16le -disposition 0 wide.mkv
run -i wide.mkv -map 0 -c copy -disposition:a:0 default -disposition:a:1 0 marked.mkv
cp wide.mkv wide.mov
lossless=(-c:v ffv1 -c:a pcm_s16le)
# heard FILE [TRACK], seen FILE: checksums of its sound, of its picture.
heard() { run -i "$1" -map "0:a:${2:-0}" -ac 1 -f md5 -; }
seen() { run -i "$1" -map 0:v -f md5 -; }
for track in 0 1; do
    run -i wide.mkv -filter_complex "[0:a:$track]s2v=tiny.bin[v]" -map '[v]' -map "0:a:$track" "${lossless[@]}" "track-$track.mkv"
done
is "the tracks differ in picture" "$([ "$(seen track-0.mkv)" != "$(seen track-1.mkv)" ] && echo yes)" yes
# same NAME FILE TRACK OPTION...: picture and sound are of that track.
same() {
    local name=$1 file=$2 track=$3
    shift 3
    batch -f -o tracks -e mkv "$@" "$file" -- "${lossless[@]}"
    is "$name: made" "$status $(last)" "0 1 converted, 0 up to date, 0 failed"
    is "$name: the sound" "$(heard "tracks/${file%.*}.mkv")" "$(heard wide.mkv "$track")"
    is "$name: the picture" "$(seen "tracks/${file%.*}.mkv")" "$(seen "track-$track.mkv")"
    is "$name: one track" "$("$FFPROBE" -v error -select_streams a -show_entries stream=index -of csv=p=0 "tracks/${file%.*}.mkv")" 1
}
run -i wide.mkv -c copy auto.mkv
run -i marked.mkv -c copy auto-marked.mkv
is "FFmpeg takes the track of more channels" "$(heard auto.mkv)" "$(heard wide.mkv 1)"
is "FFmpeg takes the track that is marked" "$(heard auto-marked.mkv)" "$(heard wide.mkv 0)"
same "more channels" wide.mkv 1
same "marked as default" marked.mkv 0
same "--track 0" wide.mkv 0 --track 0
same "--track 1" marked.mkv 1 --track=1
batch -o tracks --track 2 wide.mkv songs/one.wav
is "a track that is missing fails" "$status $(last)" "1 0 converted, 0 up to date, 2 failed"
like "it says so" "$said" 'FAILED \./wide\.mkv: it has no audio track 2: it has 2, counted from 0'
batch -f -o tracks -e mkv wide.mkv -- "${lossless[@]}" -map 0:a
is "with -map, what it names" "$status $(heard tracks/wide.mkv 0)" "0 $(heard wide.mkv 0)"
batch -f -o tracks -e mkv wide.mkv -- -an
is "with -an, no sound" "$status $("$FFPROBE" -v error -show_entries stream=codec_type -of csv=p=0 tracks/wide.mkv)" "0 video"

# --- containers
codecs() { "$FFPROBE" -v error -show_entries stream=codec_name -of csv=p=0 "$1" | paste -sd ' '; }
batch -o webm -e webm songs/one.wav
is "webm" "$status $(codecs webm/one.webm)" "0 vp9 opus"
batch -o webm -e gif songs/one.wav
is "gif, which has no sound" "$status $(codecs webm/one.gif)" "0 gif"
batch -o none -e xyz songs
is "an unknown container: status 2, one line, no song begun" "$status $(wc -l <<<"$said") $(find none 2>/dev/null)" "2 1 "
like "it says why, and what can be written" "$said" 'cannot write \.xyz \(Unable to .*\); it can write mp4, mkv, mov, webm, '
batch -o none -e ogg songs
like "a container without an encoder" "$status $said" '^2 .* cannot write \.ogg \(it has no encoder for theora\); it can write [a-z0-9, ]+$'
batch -o none -e mkv songs -- -c:v nonesuch
like "an encoder that is missing" "$status $said" "^2 .* cannot write \\.mkv with -c:v nonesuch \\(Unknown encoder 'nonesuch'\\)"

# --- what fails
mkdir bad
song 8000 bad/good.wav
cp tiny.bin bad/noise.flac
: >bad/empty.wav
run -f lavfi -i testsrc=d=1 -c:v mpeg4 bad/silent.mp4
run -f lavfi -i "$(sound 16000 0)" -c:a pcm_s16le bad/none.wav
song 8000 bad/same.wav
cp bad/same.wav bad/same.wave
mkdir -p bad/s2v/inway.mp4
song 8000 bad/inway.wav
batch bad nowhere
is "broken songs: status 1" "$status" 1
is "broken songs: the others are made" "$(last)" "2 converted, 0 up to date, 7 failed"
is "broken songs: nothing half-made" "$(parts) $(files bad/s2v | wc -l)" "0 2"
for why in 'noise\.flac: [A-Z]' 'empty\.wav: .*(Invalid data|End of file)' 'silent\.mp4: it has no audio track' \
    'none\.wav: it has no audio, ' 'same\.wave: .* is also the video of .*same\.wav' 'inway\.wav: .*inway\.mp4' \
    'nowhere: no such file or folder'; do
    like "it says why: $why" "$said" "FAILED [^ ]*$why"
done
echo before >file
batch -o file/videos songs/one.wav
is "an output folder that cannot be made" "$status $(cat file)" "1 before"
like "it says so" "$said" 'one\.wav: .*Not a directory'
said=$(ulimit -f 8; trap '' XFSZ; "$script" -m tiny.bin -o full songs/one.wav 2>&1)
is "a full disk" "$? $(find full -type f | wc -l)" "1 0"
like "it says so, too" "$said" 'one\.wav: .*File too large'
# Many that end by a signal while the shell is busy: none is waited for in vain.
mkdir killed-songs
run -f lavfi -i sine=d=8 killed-songs/1.wav
for k in {2..16}; do cp killed-songs/1.wav "killed-songs/$k.wav"; done
said=$(ulimit -f 40; timeout 120 "$script" -m tiny.bin -o killed-videos -j 2 killed-songs 2>&1)
is "all end by a signal" "$? $(grep -c 'ffmpeg was terminated by SIGXFSZ' <<<"$said")" "1 16"
cp songs/one.wav same.mp4
batch -o . same.mp4
is "a song is not written over" "$status $(cmp same.mp4 songs/one.wav 2>&1)" "1 "
batch -m nowhere.bin songs
is "a missing model: status 2" "$status" 2
like "a missing model" "$said" 'the model cannot be used: nowhere\.bin: no such file'
for wrong in --track=x --track=-1 --jobs=0 --jobs=x --seed=x --ext=a/b --nothing --model=; do
    batch "$wrong" songs
    is "$wrong is refused" "$status" 2
done

# --- signals
run -f lavfi -i anullsrc=r=8000:cl=mono -t 3600 -c:a pcm_u8 long.wav
song 800 short.wav
# How many ffmpeg are at work here.
running() {
    local process n=0
    for process in /proc/[0-9]*; do
        [ "$process/cwd" -ef . ] && [ "$process/exe" -ef "$(command -v "$FFMPEG")" ] && n=$((n + 1))
    done
    echo $n
}
# One ffmpeg is killed: the others go on.
cat >killed <<'KILLED'
#!/bin/sh
case "$*" in *-progress*short.wav*) kill -KILL $$ ;; esac
exec "$REAL" "$@"
KILLED
chmod +x killed
said=$(REAL=$real FFMPEG=$PWD/killed "$script" -m tiny.bin -j 1 -o killed.d short.wav songs/one.wav 2>&1)
is "an ffmpeg that is killed is told as such" "$said" "FAILED ./short.wav: ffmpeg was terminated by SIGKILL
[2/2] ./killed.d/one.mp4
1 converted, 0 up to date, 1 failed"

# stopped SIGNAL: it comes when one song is made and the next one begun. As from
# a terminal, INT goes to all that it started, too.
stopped() {
    rm -rf made
    env --default-signal setsid "$script" -m tiny.bin -j 1 -o made short.wav long.wav >said 2>&1 &
    local i pid=$!
    for ((i = 0; i < 600; i++)); do
        [ -f made/short.mp4 ] && [ "$(parts)" -gt 0 ] && break
        sleep 0.1
    done
    is "SIG$1: comes in the middle" "$(running)" 1
    [ "$1" != INT ] || kill -s INT -- "-$pid"
    [ "$1" = INT ] || kill -s "$1" "$pid"
    wait "$pid" 2>/dev/null
    is "SIG$1: ends by it" "$(kill -l $?)" "$1"
    is "SIG$1: only the finished one is there" "$(cd made && files .)" ./short.mp4
    is "SIG$1: says so, and nothing else" "$(cat said)" "[1/2] ./made/short.mp4
1 converted, 0 up to date, 0 failed, stopped by a signal"
    is "SIG$1: no process stays" "$(running)" 0
}
stopped INT
stopped TERM
stopped HUP
touch "made/.s2v-batch.$HOSTNAME.99999999.0.mp4" "made/.s2v-batch.$HOSTNAME.$$.0.mp4"
cp short.wav long.wav
touch -d '-1 minute' short.wav long.wav
batch -o made short.wav long.wav
is "then it goes on" "$status $(last)" "0 1 converted, 1 up to date, 0 failed"
is "and sweeps up what a killed run left" "$(find . -name '.s2v-batch.*')" "./made/.s2v-batch.$HOSTNAME.$$.0.mp4"

like "--help" "$("$script" --help)" 'usage: scripts/s2v-batch'
finish
