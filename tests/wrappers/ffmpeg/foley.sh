#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# v2sfoley: sound as long as the film, references of all kinds, bad input.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

[[ $("$FFMPEG" -v quiet -h filter=v2sfoley) == "Filter v2sfoley"* ]] || bail "$FFMPEG has no filter v2sfoley"
[ -f "${S2V_TINY_FOLEY-}" ] || bail "S2V_TINY_FOLEY names no file: '${S2V_TINY_FOLEY-}'"
cp "$S2V_TINY_FOLEY" foley.bin

# film RATE FRAMES: a source of so many moving pictures.
film() { echo "testsrc2=s=96x64:r=$1,trim=end_frame=$2"; }
# heard GRAPH: the samples of a graph, 32-bit floats; samples GRAPH: how many.
heard() { run -filter_complex "$1" -f f32le -; }
samples() { echo $(($(heard "$1" | wc -c) / 4)); }
md5_of() { heard "$1" | md5sum; }

# --- the line as users write it
run -f lavfi -i "$(film 25 60)" silent.mp4
run -f lavfi -i "$(sound 44100 50000 stereo)" break.wav
run -i silent.mp4 -filter_complex "${picture_in}v2sfoley=ref=break.wav" -c:v copy out.mp4
is "the plain line works, with the default model" $? 0
is "there are picture and sound" "$("$FFPROBE" -v error -show_entries stream=codec_type -of csv=p=0 out.mp4 | sort | tr '\n' ' ')" "audio video "
packets() { run -i "$1" -map 0:v -c copy -f framemd5 - | grep -v '^#'; }
is "the picture is the same, to the bit" "$(packets out.mp4)" "$(packets silent.mp4)"
is "the sound is as long as the picture" "$("$FFPROBE" -v error -select_streams a -show_entries stream=duration -of csv=p=0 out.mp4)" 2.400000

# --- what docs/ffmpeg.md says of colons and of -vf
mkdir -p "D:/my sounds"
cp break.wav "D:/my sounds/"
run -i silent.mp4 -filter_complex "[0:v]v2sfoley=ref='file\:D\:/my sounds/break.wav'" -c:v copy colon.mp4
is "a reference with colons and a space" "$? $(run -i colon.mp4 -vn -f md5 -)" "0 $(run -i out.mp4 -vn -f md5 -)"
run -i silent.mp4 -vf v2sfoley vf.mp4 2>err
is "-vf v2sfoley fails" "$(has_failed $?)" 1

# --- editing: the library's options, by the same words
plain=$(md5_of "$(film 25 50),v2sfoley")
is "a sensitivity of 1" "$(md5_of "$(film 25 50),v2sfoley=sensitivity=1")" "$plain"
quiet=$(md5_of "$(film 25 50),v2sfoley=sensitivity=0.2")
is "another sensitivity" "$([ "$quiet" != "$plain" ]; echo $?)" 0
is "as a command before the first frame" "$(md5_of "$(film 25 50),sendcmd=c='0 v2sfoley sensitivity 0.2',v2sfoley")" "$quiet"
is "all regions" "$(md5_of "$(film 25 50),v2sfoley=regions=0|0|96|64")" "$plain"
half=$(md5_of "$(film 25 50),v2sfoley=regions=0|0|0.5|1")
is "half of the picture" "$([ "$half" != "$plain" ]; echo $?)" 0
is "which is that of the cropped film" "$(md5_of "$(film 25 50),format=rgb24,crop=48:64:0:0,v2sfoley")" "$half"
is "as a command" "$(md5_of "$(film 25 50),sendcmd=c='0 v2sfoley regions 0|0|48|64',v2sfoley")" "$half"
is "a bad region as a command changes nothing" \
    "$(md5_of "$(film 25 50),sendcmd=c='0 v2sfoley regions 1|2',v2sfoley" 2>/dev/null)" "$plain"
like "a bad region" "$(heard "$(film 25 50),v2sfoley=regions=1|2" 2>&1 >/dev/null)" "regions: expected x:y:width:height.*found '1\|2'"
is "onsets are written" "$(md5_of "$(film 25 50),v2sfoley=onsets=onsets.txt")" "$plain"
is "as times in a label track" "$(grep -cvE '^[0-9.]+'$'\t''[0-9.]+'$'\t''[0-9.]+$' onsets.txt)" 0
echo 0.5 >onsets.txt
corrected=$(md5_of "$(film 25 50),v2sfoley=onsets=onsets.txt")
is "corrected ones are read" "$([ "$corrected" != "$plain" ]; echo $?)" 0
is "and stay" "$(cat onsets.txt)" 0.5
echo soon >onsets.txt
like "a file that is none" "$(heard "$(film 25 50),v2sfoley=onsets=onsets.txt" 2>&1 >/dev/null)" "line 1: expected a time in seconds.*found 'soon'"
printf '0.5\n1.2\n' >onsets.txt
strokes=$(md5_of "$(film 25 50),v2sfoley=ref=break.wav:synthesis=strokes:onsets=onsets.txt")
is "strokes of the reference" "$([ "$strokes" != "$(md5_of "$(film 25 50),v2sfoley=ref=break.wav:onsets=onsets.txt")" ]; echo $?)" 0
like "without one" "$(heard "$(film 25 50),v2sfoley=synthesis=strokes" 2>&1 >/dev/null)" "synthesis: expected a reference"
like "of another kind" "$(heard "$(film 25 50),v2sfoley=synthesis=piano" 2>&1 >/dev/null)" "'vocoder' or 'strokes', found 'piano'"
rm onsets.txt

# --- mixed with the film's own sound
run -f lavfi -i "$(film 25 50)" -itsoffset 0.25 -f lavfi -i "$(sound 48000 96000 stereo)" -t 2 -c:v ffv1 -c:a pcm_f32le own.mkv
run -i own.mkv -filter_complex "[0:v]v2sfoley,aresample=48000" -vn -f f32le made.f32
run -i own.mkv -map 0:a -f f32le own.f32
mixed() { run -i own.mkv -filter_complex "$1" -vn -f f32le mix.f32; }
# furthest MADE OWN: how far mix.f32, stereo, is from so much of made.f32 and of
# own.f32, which begins 0.25 s later; and how many samples it has.
furthest() {
    python3 - "$1" "$2" <<'PY'
import array, sys
made, own, mix = (array.array("f") for _ in range(3))
for to, name in ((made, "made"), (own, "own"), (mix, "mix")):
    to.frombytes(open(name + ".f32", "rb").read())
worst = 0
for i, x in enumerate(mix):
    k = i - 2 * 12000
    want = float(sys.argv[1]) * made[i // 2] + (float(sys.argv[2]) * own[k] if 0 <= k < len(own) else 0)
    worst = max(worst, abs(x - want))
print(worst < 1e-4, len(mix) // 2)
PY
}
mixed "[0:v][0:a]v2sfoley=mix=0"
is "mix: both, at the film's rate, as long as the picture" "$(furthest 1 1)" "True 96000"
mixed "[0:v][0:a]v2sfoley=mix=-20:gain=-40"
is "mix: each with its gain" "$(furthest 0.01 0.1)" "True 96000"
mixed "[0:v]sendcmd=c='0 v2sfoley mix -20'[v];[v][0:a]v2sfoley=mix=0"
is "mix: as a command" "$(furthest 1 0.1)" "True 96000"
is "mix: of silence in the model's format, the sound is as without" \
    "$(heard "anullsrc=r=22050:cl=mono,atrim=end=1[s];$(film 25 50)[v];[v][s]v2sfoley=mix=0" | md5sum)" "$plain"
is "mix: with a reference as an input" \
    "$(run -i own.mkv -i break.wav -filter_complex "[0:v][1:a][0:a]v2sfoley=inputs=2:mix=0" -vn -f f32le - | wc -c)" $((96000 * 8))
like "mix: without its input" "$(run -i own.mkv -filter_complex "[0:v][0:a]v2sfoley" -f null - 2>&1)" "Too many inputs|More input link labels"

# --- as many samples as the film lasts
for rate in 15 43/2 24000/1001 25 30000/1001 30 60; do
    got='' wanted=''
    for n in 1 2 31 100; do
        got+="$(samples "$(film $rate $n),v2sfoley") "
        num=${rate%/*} den=1
        [ "$rate" = "$num" ] || den=${rate#*/}
        wanted+="$(((n * 22050 * den + num - 1) / num)) "
    done
    is "samples at $rate frames a second" "$got" "$wanted"
done
is "no frames: no samples" "$(samples "$(film 25 0),v2sfoley")" 0
run -f lavfi -i "$(film 25 50),settb=1/1000,setpts='if(lt(N,20),40*N,800+100*(N-20))'" -fps_mode passthrough -c:v mpeg4 -enc_time_base 1/1000 variable.mkv
last=$("$FFPROBE" -v error -select_streams v -show_entries packet=pts -of csv=p=0 variable.mkv | sort -n | tail -n 1)
got=$(run -i variable.mkv -filter_complex v2sfoley -vn -f f32le - | wc -c)
is "a variable frame rate: to the last picture and its duration" \
    "$((got / 4 >= last * 22050 / 1000 + 441 && got / 4 <= (last + 101) * 22050 / 1000)) $last" "1 3700"
for pix in yuv420p rgba gray yuv444p10le; do
    is "pictures in $pix" "$(samples "$(film 25 10),format=$pix,v2sfoley")" 8820
done
is "pictures of an odd size" "$(samples "testsrc2=s=33x17:r=25,trim=end_frame=10,v2sfoley")" 8820
run -f lavfi -i "$(film 30000/1001 45)" -c:v mpeg4 ntsc.mp4
is "samples of a file at 29.97" "$(($(run -i ntsc.mp4 -filter_complex v2sfoley -vn -f f32le - | wc -c) / 4))" 33109
is "-ss and -t" "$(($(run -ss 1 -t 0.8 -i silent.mp4 -filter_complex v2sfoley -vn -f f32le - | wc -c) / 4))" 17640

# --- time stamps
first() { run -filter_complex "$1" -f framemd5 - | awk -F, '!/^#/ {print $3 + 0; exit}'; }
is "sound begins with the picture" "$(first "$(film 25 20),setpts=PTS+2/TB,v2sfoley")" 44100
is "an offset changes nothing else" "$(md5_of "$(film 25 20),setpts=PTS+2/TB,v2sfoley")" "$(md5_of "$(film 25 20),v2sfoley")"
is "sound without holes" "$(run -filter_complex "$(film 25 90),v2sfoley" -f framemd5 - |
    awk -F, '!/^#/ {if ($3 + 0 != next_pts) bad = 1; next_pts = $3 + $4} END {print next_pts, bad + 0}')" "79380 0"

# --- references
reference=$(md5_of "$(film 25 40),v2sfoley=ref=break.wav")
is "the same reference, the same sound" "$(md5_of "$(film 25 40),v2sfoley=ref=break.wav")" "$reference"
is "a reference changes the sound" "$([ "$(md5_of "$(film 25 40),v2sfoley")" != "$reference" ] && echo yes)" yes
run -f lavfi -i "$(sound 22050 40000)" -c:a pcm_f32le mono.wav
run -i mono.wav -filter:a "pan=stereo|c0=c0|c1=c0" -c:a pcm_f32le two.wav
run -i mono.wav -filter:a "pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0" -c:a pcm_f32le six.wav
mono=$(md5_of "$(film 25 40),v2sfoley=ref=mono.wav")
is "two equal channels are as loud as one" "$(md5_of "$(film 25 40),v2sfoley=ref=two.wav")" "$mono"
# level FILE: of the sound made with it, in tenths of a dB.
level() {
    run -v info -filter_complex "$(film 25 40),v2sfoley=ref=$1,volumedetect" -f null - 2>&1 |
        sed -n 's/.*mean_volume: -\([0-9]*\)\.\([0-9]\) dB/\1\2/p'
}
is "six equal channels are as loud as one" "$(level six.wav)" "$(level mono.wav)"
for file in ref.flac ref.mp3 ref.mkv ref.u8.wav; do
    codec=()
    case $file in *.mp3) codec=(-c:a mp2 -f mp2) ;; *.mkv) codec=(-c:a aac) ;; *.u8.wav) codec=(-c:a pcm_u8) ;; esac
    run -f lavfi -i "$(sound 48000 200000 5.1)" -ac 2 "${codec[@]}" $file
    is "a reference in $file" "$(samples "$(film 25 10),v2sfoley=ref=$file")" 8820
done
run -i silent.mp4 -i break.wav -c copy -c:a aac both.mp4
is "the sound of a video as the reference" "$(samples "$(film 25 10),v2sfoley=ref=both.mp4")" 8820
run -f lavfi -i "$(sound 8000 1000000)" -c:a pcm_u8 long.wav
is "two minutes of reference" "$(samples "$(film 25 10),v2sfoley=ref=long.wav")" 8820

# --- a reference as the second input
# second FILE [FILTERS]: the sound with that file in the second input; the same
# samples as with ref=FILE.
second() { run -i "$1" -filter_complex "$(film 25 40)[v];[0:a]${2:-anull}[a];[v][a]v2sfoley=inputs=2" -f f32le - | md5sum; }
for file in break.wav mono.wav six.wav ref.flac ref.mp3 ref.mkv ref.u8.wav long.wav; do
    is "$file as the second input" "$(second $file)" "$(md5_of "$(film 25 40),v2sfoley=ref=$file")"
done
is "in small pieces" "$(second break.wav asetnsamples=77:p=0)" "$reference"
is "from a filter" "$(samples "$(film 25 40)[v];sine=f=500:r=22050:d=2[a];[v][a]v2sfoley=inputs=2")" 35280
run -i silent.mp4 -i break.wav -filter_complex "[0:v][1:a]v2sfoley=inputs=2" -c:v copy second.mp4
is "the plain line with two inputs" "$? $(run -i second.mp4 -vn -f md5 -)" "0 $(run -i out.mp4 -vn -f md5 -)"
is "and the same picture" "$(packets second.mp4)" "$(packets silent.mp4)"
run -i both.mp4 -filter_complex "[0:v][0:a]v2sfoley=inputs=2" -vn -f f32le new.f32
is "a video's own sound" "$? $(stat -c %s new.f32)" "0 $((4 * 52920))"
is "-t ends it" "$(run -i silent.mp4 -i long.wav -filter_complex "[0:v][1:a]v2sfoley=inputs=2" -t 1 -vn -f f32le - | wc -c)" 88200

# --- options
loud() { heard "$(film 25 10),v2sfoley=gain=$1" | od -An -v -tf4 -w4 | awk '{s += $1 * $1} END {printf "%.6f", s}'; }
is "6.0206 dB are twice the sound" "$(awk -v a="$(loud 0)" -v b="$(loud 6.0206)" 'BEGIN {print (a > 0 && b > 3.999 * a && b < 4.001 * a)}')" 1
is "any latency: as many samples" "$(samples "$(film 25 90),v2sfoley=latency=500") $(samples "$(film 25 90),v2sfoley=latency=2000")" "79380 79380"
is "two in a graph" "$(samples "$(film 25 20),split[a][b];[a]v2sfoley[x];[b]v2sfoley=ref=break.wav[y];[x][y]amix")" 17640
run -i both.mp4 -filter_complex "${picture_in}v2sfoley=ref=break.wav[new];[0:a][new]amix=normalize=0" -c:v copy mixed.mp4
is "mixed with the sound that is there" "$? $("$FFPROBE" -v error -show_entries stream=codec_type -of csv=p=0 mixed.mp4 | sort | tr '\n' ' ')" "0 audio video "
cp foley.bin elsewhere.bin
is "another model" "$(samples "$(film 25 10),v2sfoley=model=elsewhere.bin")" 8820

# --- bad input
run -f lavfi -i anullsrc=r=22050:cl=mono -t 2 silence.wav
run -f lavfi -i "$(sound 22050 1)" one.wav
echo text >text.wav
head -c 3000 break.wav | tail -c 2000 >noise.wav
# fails NAME REGEX OPTIONS: exits in failure with one sentence; out.mp4 stays.
fails() {
    local said status
    echo before >before
    cp before out.mp4
    said=$("$FFMPEG" -nostdin -hide_banner -y -v error -i silent.mp4 -filter_complex "${picture_in}v2sfoley=$3" out.mp4 2>&1)
    status=$?
    is "$1: fails" "$(has_failed $status)" 1
    like "$1: says why" "$said" "$2"
    is "$1: says it once" "$(grep -cE "$2" <<<"$said")" 1
    is "$1: out.mp4 is left alone" "$(cmp before out.mp4 2>&1)" ""
}
own='\[Parsed_v2sfoley_0 @ 0x[0-9a-f]+\] '
fails "a missing reference" "${own}The reference 'nowhere.wav' cannot be read: No such file" ref=nowhere.wav
fails "a reference that is text" "${own}The reference 'text.wav' cannot be read: " ref=text.wav
fails "a reference that is noise" "${own}The reference 'noise.wav' cannot be read: " ref=noise.wav
fails "a reference without sound" "${own}The reference 'silent.mp4' cannot be read: it has no audio" ref=silent.mp4
fails "a silent reference" "${own}the reference is silent: .*'silence.wav'" ref=silence.wav
fails "a reference of one sample" "${own}the reference has 1 sample, expected at least 1024 .*'one.wav'" ref=one.wav
fails "a missing model" "${own}.*nowhere\.bin" model=nowhere.bin
fails "a model of the other way" "${own}tiny\.bin: a 'listen-and-move' model makes video from audio, expected one that makes audio from video and a reference sound" model=tiny.bin
fails "too small a latency" "${own}a latency of 10 ms, expected 0 .* or at least [0-9]+ ms" latency=10
fails "an unknown device" "${own}.*abacus" device=abacus
fails "two references" "${own}ref=break.wav and inputs=2: expected one of the two, found both" ref=break.wav:inputs=2
# wrong NAME REGEX FILE: as the second input.
wrong() {
    local said
    said=$(run -i silent.mp4 -i "$3" -filter_complex "[0:v][1:a]v2sfoley=inputs=2" -vn -f null - 2>&1)
    is "$1 as the second input: fails" "$(has_failed $?)" 1
    is "$1 as the second input: says it once" "$(grep -cE "$2" <<<"$said")" 1
}
wrong "silence" "${own}the reference is silent: .* \(the second input\)" silence.wav
wrong "one sample" "${own}the reference has 1 sample, expected at least 1024 .*\(the second input\)" one.wav
said=$(run -i break.wav -filter_complex s2v=foley.bin -f null - 2>&1)
like "s2v with a model of sound" "$said" "foley\.bin: a 'varietysound' model makes audio from video, expected one that makes video from audio"
rm foley.bin
is "no model: the installed foley.bin" "$(run -i silent.mp4 -filter_complex "${picture_in}v2sfoley=ref=break.wav" -c:v copy out.mp4 2>&1; echo $?)" 0
finish
