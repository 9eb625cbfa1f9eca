#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Commands (sendcmd) of both filters, and what their first frames' metadata says.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"
for variable in S2V_TWIN_MODEL S2V_SMALL_MODEL S2V_TINY_FOLEY; do
    [ -f "${!variable-}" ] || bail "$variable names no file: '${!variable-}'"
done
cp "$S2V_TWIN_MODEL" twin.bin
cp "$S2V_SMALL_MODEL" small.bin
cp "$S2V_TINY_FOLEY" foley.bin
song=$(sound 16000 64000)

# made GRAPH: checksums of its frames; marks: `NUMBER KEY=VALUE` of metadata.
made() { frames "$1,metadata=print:file=marks.txt" | awk -F, '{print $6}'; }
marks() { awk '/^frame:/ {sub("frame:", "", $1); n = $1} /^lavfi/ {print n, $0}' marks.txt; }
# told COMMAND: the model's frames where asendcmd sends that.
told() { made "$song,asendcmd=c='$1',s2v=tiny.bin"; }
# id FILE: what metadata says of a model; the checksum is that of the header.
id() { echo "$1 sha256:$(grep -aoE '"s2v.sha256": ?"[0-9a-f]{16}' "$1" | grep -oE '[0-9a-f]{16}$')"; }

# --- metadata
tiny=$(made "$song,s2v=tiny.bin")
like "the weights have a checksum" "$(id tiny.bin)" '^tiny\.bin sha256:[0-9a-f]{16}$'
is "the first frame has the model and the seed, no other has any" "$(marks)" "0 lavfi.s2v.model=$(id tiny.bin)
0 lavfi.s2v.seed=0"
seven=$(made "$song,s2v=tiny.bin:seed=7")
like "another seed" "$(marks)" 'seed=7$'
new=$(made "$song,s2v=tiny.bin:seed=-1")
like "a new seed" "$(marks)" 'seed=[0-9]+$'
seed=$(marks | sed -n 's/.*seed=//p')
is "that makes the same frames again" "$(made "$song,s2v=tiny.bin:seed=$seed")" "$new"
twin=$(made "$song,s2v=$tmp/twin.bin")
like "a path: the name" "$(marks)" "^0 lavfi.s2v.model=$(id twin.bin)"$'\n'

# docs/ffmpeg.md: into a file, and into the video.
run -f lavfi -i "$song" song.wav
run -i song.wav -filter_complex "${sound_in}s2v=tiny.bin:seed=7,metadata=print:file=made-with.txt" first.mp4
run -i first.mp4 -c copy -metadata comment="$(sed -n 's/^lavfi\.//p' made-with.txt | paste -sd ' ')" out.mp4
is "as a comment of the video" "$? $("$FFPROBE" -v error -show_entries format_tags=comment -of csv=p=0 out.mp4)" \
    "0 s2v.model=$(id tiny.bin) s2v.seed=7"

# --- seed
is "a seed before the first frame" "$(told '0 s2v seed 7')" "$seven"
is "and what is said of it" "$(marks | tail -n 1)" "0 lavfi.s2v.seed=7"
got=$(told '2 s2v seed 7')
n=$(marks | awk 'END {print $1}')
is "a seed after two seconds: between frames 34 and 41" "$((n > 34 && n < 41)) $(marks | tail -n 1)" "1 $n lavfi.s2v.seed=7"
is "the frames before are the same" "$(head -n "$n" <<<"$got")" "$(head -n "$n" <<<"$tiny")"
is "those after are not" "$(paste <(echo "$got") <(echo "$tiny") | tail -n "+$((n + 1))" | awk '$1 == $2' | wc -l) $(wc -l <<<"$got")" "0 80"

# --- model
is "a model before the first frame" "$(told '0 s2v model twin.bin')" "$twin"
for at in 1 2.5 3.96; do
    got=$(told "$at s2v model twin.bin")
    n=$(marks | awk 'END {print $1}')
    is "a model at $at s: said once more" "$(marks | tail -n 2)" "$n lavfi.s2v.model=$(id twin.bin)
$n lavfi.s2v.seed=0"
    is "a model at $at s: the frames before are the old one's" "$(head -n "$n" <<<"$got")" "$(head -n "$n" <<<"$tiny")"
    is "a model at $at s: the next one is the new one's first" "$(tail -n "+$((n + 1))" <<<"$got")" \
        "$(made "$song,atrim=start_sample=$((n * 800)),asetpts=PTS-STARTPTS,s2v=twin.bin")"
done
is "its time stamps go on" "$(frames "$song,asendcmd=c='1 s2v model twin.bin',s2v=tiny.bin" | awk -F, '{print $3 + 0}' | tr '\n' ' ')" "$(seq -s ' ' 0 79) "
got=$(told '1 s2v seed 7; 2 s2v model twin.bin')
is "a model keeps the seed" "$(marks | tail -n 1 | sed 's/^[0-9]* //')" lavfi.s2v.seed=7
fast=$(sound 44100 176400)
is "sound of another rate: as many frames" "$(made "$fast,asendcmd=c='1 s2v model twin.bin',s2v=tiny.bin" | wc -l)" 80

# --- level
if [ -f "${S2V_LEVEL_MODEL-}" ]; then
    cp "$S2V_LEVEL_MODEL" level.bin
    off=$(made "$song,s2v=level.bin:level=off")
    is "a level before the first frame" "$(made "$song,asendcmd=c='0 s2v level off',s2v=level.bin")" "$off"
    is "a model keeps the level" "$(made "$song,asendcmd=c='0 s2v level off;0 s2v model level.bin',s2v=tiny.bin")" "$off"
else
    skip "level" "S2V_LEVEL_MODEL names no file"
fi
quiet=$(told '2 s2v level -30')
n=$(paste <(echo "$quiet") <(echo "$tiny") | awk '$1 != $2 {print NR - 1; exit}')
is "a level after two seconds: from then on" "$((n > 30 && n < 42))" 1

# --- what is refused changes nothing
echo text >text.bin
# refused NAME REGEX COMMAND RET
refused() {
    local log
    log=$(run -v verbose -filter_complex "$song,asendcmd=c='1 s2v $3',s2v=tiny.bin" -f framemd5 frames.txt 2>&1)
    is "$1: ffmpeg goes on" "$?" 0
    is "$1: all is as it was" "$(awk -F, '!/^#/ {print $6}' frames.txt)" "$tiny"
    is "$1: says it once" "$(grep -cE "$2" <<<"$log")" 1
    like "$1: an error code" "$log" "Command reply for command #0: ret:$4"
}
own='\[Parsed_s2v_[0-9]+ @ 0x[0-9a-f]+\] '
refused "a missing model" "${own}nowhere\.bin: no such file" 'model nowhere.bin' 'Input/output error'
refused "a model that is none" "${own}text\.bin: " 'model text.bin' 'Invalid data'
refused "a model of sound" "${own}foley\.bin: a 'varietysound' model makes audio from video" 'model foley.bin' 'Invalid argument'
refused "a model of another size" \
    "${own}small\.bin: a model of 16x16, 20/1 fps and 16000 Hz, expected 64x64, .* cannot change them\." \
    'model small.bin' 'Invalid argument'
refused "a model without a name" "${own}The command 'model' requires the name of a weight file" 'model' 'Invalid argument'
refused "a seed that is too large" "seed.* out of range" 'seed 4294967296' 'Numerical result out of range'
refused "a seed that is no number" "Unable to parse" 'seed x' '[A-Z]'
refused "a level that is none" "${own}level: expected auto, off or a gain" 'level loud' 'Invalid argument'
refused "an unknown command" "ret:Function not implemented" 'device cpu' 'Function not implemented'
like "the help marks them" "$("$FFMPEG" -v quiet -h filter=s2v | grep -E ' (model|seed|level) ' | grep -c 'T\. ')" '^3$'

# ------------------------------------------------------------ v2sfoley --

film="testsrc2=s=96x64:r=25,trim=end_frame=100"
heard() { run -filter_complex "$1,ametadata=print:file=marks.txt" -f f32le "$2"; }
rung() { heard "$film,sendcmd=c='$1',v2sfoley" got.f32; }
run -f lavfi -i "$(sound 22050 50000)" ref.wav
heard "$film,v2sfoley" plain.f32
is "the first sound has the model" "$(marks)" "0 lavfi.s2v.model=$(id foley.bin)"
heard "$film,v2sfoley=ref=ref.wav" ref.f32
heard "$film,v2sfoley=gain=6" gain.f32
rung '0 v2sfoley ref ref.wav'
is "a reference before the first sound" "$(cmp got.f32 ref.f32 2>&1)" ""
rung '0 v2sfoley gain 6'
is "a gain before the first sound" "$(cmp got.f32 gain.f32 2>&1)" ""
# first FILE FILE: the first byte that differs; last: the last one.
first() { cmp -l "$1" "$2" | awk 'NR == 1 {print $1}'; }
last() { cmp -l "$1" "$2" | awk 'END {print $1 + 0}'; }
rung '2 v2sfoley gain 6'
n=$(first got.f32 plain.f32)
is "a gain after two seconds: of the sound from then on" "$((n > 1 && n < 4 * 22050 * 2 + 4)) $(($(last got.f32 gain.f32) < n)) $(stat -c %s got.f32)" "1 1 352800"
rung '2 v2sfoley ref ref.wav'
n=$(first got.f32 plain.f32)
is "a reference after two seconds: of the windows from then on" \
    "$((n > 4 * 22050 / 4)) $(($(last got.f32 ref.f32) < 4 * 22050 * 3)) $(stat -c %s got.f32)" "1 1 352800"
# unheard NAME REGEX COMMAND
unheard() {
    local said
    said=$(run -v warning -filter_complex "$film,sendcmd=c='1 v2sfoley $3',v2sfoley" -f f32le got.f32 2>&1)
    is "v2sfoley, $1: goes on as before" "$? $(cmp got.f32 plain.f32 2>&1)" "0 "
    is "v2sfoley, $1: says it once" "$(grep -cE "$2" <<<"$said")" 1
}
own='\[Parsed_v2sfoley_[0-9]+ @ 0x[0-9a-f]+\] '
unheard "a missing reference" "${own}The reference 'nowhere.wav' cannot be read: No such file" 'ref nowhere.wav'
unheard "a gain beyond the range" "gain.* out of range" 'gain 101'
run -f lavfi -i anullsrc=r=22050:cl=mono -t 2 silence.wav
unheard "a silent reference" "${own}the reference is silent: .*'silence.wav'" 'ref silence.wav'

# --- a command outlives a new filter graph: of pictures of two sizes
for size in 96x64 160x90; do
    run -f lavfi -i "testsrc2=s=$size:r=25,trim=end_frame=60" -pix_fmt rgb24 -c:v ppm -f image2pipe "$size.ppm"
done
cat 96x64.ppm 160x90.ppm >film.ppm
two() { run -f ppm_pipe -framerate 25 "${@:2}" -i film.ppm -filter_complex "$1" -f f32le - | md5sum; }
is "a command outlives a new filter graph" "$(two "sendcmd=c='0-1 v2sfoley gain 6',v2sfoley")" "$(two v2sfoley=gain=6 -reinit_filter 0)"
finish
