#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The README's line as it stands: picture and sound in an MP4 file.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

entries() { "$FFPROBE" -v error -select_streams "$2" -show_entries "stream=$3" -of csv=p=0 "$1"; }

mkdir models
mv tiny.bin models/quintet.bin
export S2V_MODEL_PATH="$tmp/nowhere:$tmp/models"
run -f lavfi -i "$(sound 44100 441000 stereo)" -c:a pcm_s16le song.wav

"$FFMPEG" -i song.wav -filter_complex "$sound_in"s2v=model=quintet.bin out.mp4 </dev/null >log 2>&1
is "the README's line succeeds" $? 0
is "one picture and one sound" "$(entries out.mp4 v codec_type)$(entries out.mp4 a codec_type)" videoaudio
is "200 frames at 20 fps from zero" "$(entries out.mp4 v avg_frame_rate,start_time,nb_frames)" 20/1,0.000000,200
is "ten seconds of picture" "$(entries out.mp4 v duration)" 10.000000
is "ten seconds of sound" "$(entries out.mp4 a duration)" 10.000000
is "a codec that browsers play" "$(entries out.mp4 v codec_name,pix_fmt)" h264,yuv420p
run -i out.mp4 -f null - 2>err
is "it decodes without a complaint" "$? $(cat err)" "0 "
is "the encoder warns of nothing" "$(grep -cE 'OpenH264|Slice count|libopenh264 @' log)" 0
said=$(run -i song.wav -filter_complex "${sound_in}s2v=quintet.bin,scale=8:8" -frames:v 1 tiny.mp4 2>&1)
like "its errors are printed" "$? $said" '^[1-9].*OpenH264.*Error:.*width\(8\)'
is "what was chosen is logged once" "$(grep -c 'Parsed_s2v.*listen-and-move.*20/1 fps.*seed 0' log)" 1

for ext in mkv mov webm avi; do
    run -i song.wav -filter_complex "$sound_in"s2v=model=quintet.bin "out.$ext"
    is "out.$ext has both" "$? $(entries "out.$ext" v codec_type)$(entries "out.$ext" a codec_type)" "0 videoaudio"
done

run -i song.wav -filter_complex "${sound_in}s2v=model=quintet.bin,scale=256:256,fps=30" big.mp4
is "scale and fps after it" "$(entries big.mp4 v width,height,avg_frame_rate,nb_frames)" 256,256,30/1,300
run -i out.mp4 -filter_complex "[0:a]s2v=quintet.bin" -frames:v 20 again.mp4
is "the sound of a video will do" "$? $(entries again.mp4 v nb_frames)" "0 20"
run -f lavfi -i "$(sound 44100 4410)" -c:a pcm_u8 -ac 6 six.wav
run -i six.wav -lavfi "$sound_in"s2v=quintet.bin six.mkv
is "six channels of u8" "$?" 0

# Several tracks: the line that names one has it in picture and sound.
run -f lavfi -i "$(sound 16000 16000)" -f lavfi -i "$(sound 16000 16000 stereo),areverse" \
    -map 0 -map 1 -c:a pcm_s16le -disposition 0 two.mkv
sum() { run "${@:2}" -map "0:$1" -f md5 -; }
for n in 0 1; do
    run -i two.mkv -filter_complex "[0:a:$n]s2v=quintet.bin[v]" -map "[v]" -map "0:a:$n" \
        -c:v ffv1 -c:a pcm_s16le both.mkv
    run -i two.mkv -map "0:a:$n" -c copy one.mkv
    run -i one.mkv -filter_complex "$sound_in"s2v=quintet.bin -c:v ffv1 -c:a pcm_s16le alone.mkv
    is "track $n: picture" "$(sum v -i both.mkv)" "$(sum v -i alone.mkv)"
    is "track $n: sound" "$(sum a -i both.mkv)" "$(sum a -i one.mkv)"
done

# A path with a colon, as docs/ffmpeg.md writes it.
mkdir -p C:/models
cp models/quintet.bin "C:/models/my quintet.bin"
run -i two.mkv -filter_complex "[0:a:0]s2v=model='C\:/models/my quintet.bin'" colon.mkv
is "a path with a colon and a space" "$? $(entries colon.mkv v codec_type)" "0 video"

# What takes sound and makes pictures is no filter of sound alone.
run -i song.wav -af s2v=quintet.bin af.mp4 2>err
is "-af s2v fails" "$(has_failed $?)" 1
finish
