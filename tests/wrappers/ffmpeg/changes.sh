#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Inputs whose parameters change: ffmpeg makes its filter graph anew, and no sound
# or frame is lost. Stopping: what was shown has sound, or ffmpeg says what has not.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

[ -f "${S2V_TINY_FOLEY-}" ] || bail "S2V_TINY_FOLEY names no file: '${S2V_TINY_FOLEY-}'"
cp "$S2V_TINY_FOLEY" foley.bin

# --- pictures of two sizes: 60 and 50 frames, 4.4 s
# pictures FILE PIX_FMT SIZE FRAMES SKIPPED
pictures() {
    run -f lavfi -i "testsrc2=s=$3:r=25,trim=start_frame=$5:end_frame=$(($4 + $5))" -pix_fmt "$2" -c:v "${6:-ppm}" -f image2pipe "$1"
}
pictures a.ppm rgb24 96x64 60 0
pictures b.ppm rgb24 160x90 50 60
cat a.ppm b.ppm >film.ppm
read_ppm=(-f ppm_pipe -framerate 25)
# film FILE GRAPH [OPTIONS...]: the samples of its sound.
film() {
    local file=$1 graph=$2
    shift 2
    run "${read_ppm[@]}" "$@" -i "$file" -filter_complex "$graph" -vn -f f32le -
}
whole=$(film film.ppm v2sfoley -reinit_filter 0 | md5sum)
is "another size, the same graph: all the sound" "$(($(film film.ppm v2sfoley -reinit_filter 0 | wc -c) / 4))" 97020
is "another size, a new graph: the same sound, to the bit" "$(film film.ppm v2sfoley | md5sum)" "$whole"
cat film.ppm a.ppm >three.ppm
is "twice another size" "$(film three.ppm v2sfoley | md5sum)" "$(film three.ppm v2sfoley -reinit_filter 0 | md5sum)"
is "with a latency" "$(film film.ppm v2sfoley=latency=500 | md5sum)" "$(film film.ppm v2sfoley=latency=500 -reinit_filter 0 | md5sum)"
run -f lavfi -i "$(sound 22050 50000)" reference.wav
is "with a second input" "$(run "${read_ppm[@]}" -i film.ppm -i reference.wav \
    -filter_complex "[0:v][1:a]v2sfoley=inputs=2" -vn -f f32le - | md5sum)" \
    "$(film film.ppm v2sfoley=ref=reference.wav | md5sum)"
for k in 0 1; do
    run -f lavfi -i "testsrc2=s=$((96 + 64 * k))x$((64 + 26 * k)):r=25,trim=end_frame=50" -f lavfi -i "$(sound 44100 88200)" \
        -output_ts_offset $((2 * k)) -c:v mpeg2video -c:a mp2 "$k.ts"
done
cat 0.ts 1.ts >both.ts
is "with a second input of which only a part has come" \
    "$(run -i both.ts -filter_complex "[0:v][0:a]v2sfoley=inputs=2" -vn -f f32le - 2>/dev/null | md5sum)" \
    "$(run -i both.ts -filter_complex "[0:v]v2sfoley=ref=both.ts" -vn -f f32le - 2>/dev/null | md5sum)"
is "behind another filter" "$(film film.ppm hflip,v2sfoley | wc -c)" 388080
is "time stamps go on" "$(run "${read_ppm[@]}" -i film.ppm -filter_complex v2sfoley -vn -c:a pcm_f32le -f framemd5 - |
    awk -F, '!/^#/ {if ($3 + 0 != next_pts) bad = 1; next_pts = $3 + $4} END {print next_pts, bad + 0}')" "97020 0"
is "two in a graph" "$(film film.ppm "split[a][b];[a]v2sfoley[x];[b]v2sfoley=gain=6[y];[x][y]amerge" | wc -c)" 776160
run "${read_ppm[@]}" -i three.ppm -filter_complex "[0:v]split[a][b];[a]v2sfoley[x];[b]v2sfoley[y]" \
    -map "[x]" -c:a pcm_f32le -f f32le x.raw -map "[y]" -c:a pcm_f32le -f f32le y.raw
is "two in a graph: the same sound, of all pictures" "$(md5sum <x.raw) $(md5sum <y.raw)" \
    "$(film three.ppm v2sfoley | md5sum) $(film three.ppm v2sfoley | md5sum)"
pictures c.pgm gray 160x90 50 60 pgm
cat a.ppm c.pgm >gray.ppm
is "another pixel format" "$(film gray.ppm v2sfoley | wc -c)" 388080
said=$(film gray.ppm v2sfoley -reinit_filter 0 2>&1 >/dev/null)
is "another pixel format, the same graph: fails" "$(has_failed $?)" 1
like "another pixel format, the same graph: says why" "$said" 'The pixel format changed from rgb24 to gray, expected a new filter graph'

# --- MPEG-TS, as two recordings in one file
run -f lavfi -i testsrc2=s=96x64:r=25,trim=end_frame=100 -c:v mpeg2video a.ts
run -f lavfi -i testsrc2=s=160x90:r=25,trim=end_frame=100 -output_ts_offset 4 -c:v mpeg2video b.ts
run -f lavfi -i testsrc2=s=160x90:r=25,trim=end_frame=100 -output_ts_offset 9 -c:v mpeg2video later.ts
cat a.ts b.ts >film.ts
cat a.ts later.ts >later-film.ts
# end FILE: when its last picture has gone, in samples from the first one's time.
end() {
    run -i "$1" -map 0:v -enc_time_base 1/25 -c:v rawvideo -f framemd5 - | awk -F, '!/^#/ {n = $3 + 1} END {print 882 * n}'
}
for file in film later-film; do
    run -i "$file".ts -filter_complex "${picture_in}v2sfoley" -vn -c:a pcm_f32le -f framemd5 sound.txt 2>said.txt
    is "$file.ts: sound to the last picture's end" "$(awk -F, '!/^#/ {n = $3 + $4} END {print n}' sound.txt)" "$(end "$file".ts)"
done
is "film.ts: nothing to be told" "$(run -v warning -i film.ts -filter_complex "${picture_in}v2sfoley" -f null - 2>&1 | grep -c v2sfoley)" 0
like "a change with a jump: tells what was lost, once" \
    "$(run -v warning -i later-film.ts -filter_complex "${picture_in}v2sfoley" -f null - 2>&1 | grep 'lost')" \
    'v2sfoley.*video continues at 8\.9.0 s after 3\.9.0 s: [0-9.]+ s of audio from [0-9.]+ s on are lost'

# --- sound of two layouts
# song FILE RATE SAMPLES LAYOUT OPTIONS...
song() { run -f lavfi -i "$(sound "$2" "$3" "$4")" -b:a 128k "${@:5}" "$1"; }
frames_of() { run "$@" -filter_complex "${sound_in}s2v=tiny.bin" -an -f framemd5 - | grep -v '^#'; }
# told FILE: how many lines of warning the filter says.
told() { run -v warning -i "$1" -filter_complex "${sound_in}s2v=tiny.bin" -an -f null - 2>&1 | grep -c 's2v'; }
song mono.mp2 44100 115200 mono
song stereo.mp2 44100 103680 stereo
cat mono.mp2 stereo.mp2 >layouts.mp2
run -i layouts.mp2 -ac 1 -c:a pcm_f32le layouts.wav
is "another layout: the frames of the mixed sound" "$(frames_of -i layouts.mp2)" "$(frames_of -i layouts.wav)"
is "another layout: nothing to be told" "$(told layouts.mp2)" 0

# --- sound of two rates and layouts, in MPEG-TS, which says when each packet
# begins (FFmpeg's MP2 decoder takes the first packet of another rate for one of
# the rate before, and its ADTS demuxer counts on at the first rate)
at=0
for part in a:44100:mono b:48000:stereo c:22050:mono d:44100:mono; do
    IFS=: read -r name rate layout <<<"$part"
    song "$name".audio.ts "$rate" $((2 * rate)) "$layout" -c:a aac -output_ts_offset "$at" -f mpegts
    packets=$("$FFPROBE" -v error -show_entries packet=pts -of csv=p=0 "$name".audio.ts | grep -c '[0-9]')
    at=$(awk -v t="$at" -v n="$packets" -v r="$rate" 'BEGIN {printf "%.6f", t + n * 1024 / r}')
    [ "$name" != b ] || two=$at
done
cat {a,b}.audio.ts >two.ts
cat {a,b,c,d}.audio.ts >four.ts
# long SECONDS: how many frames that is.
long() { awk -v n="$1" 'BEGIN {n *= 20; print int(n) + (n > int(n))}'; }
got=$(frames_of -i two.ts)
is "another rate and layout: as many frames as the sound is long" "$(wc -l <<<"$got")" "$(long "$two")"
is "another rate and layout: time stamps go on" "$(awk -F, '{if ($3 + 0 != n) bad = 1; n = $3 + $4} END {print bad + 0}' <<<"$got")" 0
is "another rate and layout: the frames before are the same" "$(head -n 38 <<<"$got")" "$(frames_of -i a.audio.ts | head -n 38)"
is "another rate and layout: nothing to be told" "$(told two.ts)" 0
is "four rates" "$(frames_of -i four.ts | wc -l)" "$(long "$at")"
run -i two.ts -c copy two.aac
is "in ADTS: time stamps go on" "$(frames_of -i two.aac | awk -F, '{if ($3 + 0 != n) bad = 1; n = $3 + $4} END {print bad + 0}')" 0

# --- stopping a live input, as q, Ctrl-C and TERM do: 5.1 takes nothing more from
# its graphs then, later releases what was made of the input
drains=$([ -n "$sound_in" ] && echo 1)
# stop SOURCE GRAPH BYTES: TERM when so much of the source has come into in.raw;
# out.raw is what the filter makes of it.
stop() {
    local pid tries=0
    rm -f {in,out}.raw
    "$FFMPEG" -nostdin -hide_banner -v warning -y -re -f lavfi -i "$1" -filter_complex "$2[out]" \
        -map 0 -flush_packets 1 -f "$4" in.raw -map '[out]' -f "$5" out.raw 2>said.txt &
    pid=$!
    while [ "$(stat -c %s in.raw 2>/dev/null || echo 0)" -lt "$3" ] && [ $tries -lt 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -TERM $pid
    wait $pid
}
size() { stat -c %s "$1"; }
stop "testsrc2=s=96x64:r=25:d=600,format=rgb24" "[0:v]v2sfoley" $((40 * 18432)) rawvideo f32le
pictures=$(($(size in.raw) / 18432)) heard=$(($(size out.raw) / 4))
if [ -n "$drains" ]; then
    is "stopped: all pictures have sound ($pictures)" "$heard" $((pictures * 882))
    is "stopped: nothing to be told" "$(grep -c v2sfoley said.txt)" 0
else
    is "stopped: there is less sound than picture ($pictures)" "$((heard < pictures * 882))" 1
    like "stopped: says from where on" "$(grep -c missing said.txt) $(cat said.txt)" \
        '^1 v2sfoley was stopped at [0-9.]+ s, with the audio from [0-9.]+ s on waiting for later frames: it is missing'
fi
stop "aevalsrc=sin(2*PI*440*t)/2:s=16000:d=600:n=320,aformat=flt" "[0:a]s2v=tiny.bin" 100000 f32le rawvideo
wanted=$((($(size in.raw) / 4 + 799) / 800)) made=$(($(size out.raw) / 12288))
if [ -n "$drains" ]; then
    is "stopped: all sound has frames" "$made" "$wanted"
else
    is "stopped: frames but for the last 0.2 s" "$((made >= wanted - 4 && made <= wanted))" 1
fi
finish
