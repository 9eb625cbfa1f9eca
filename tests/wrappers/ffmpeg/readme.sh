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
is "what was chosen is logged once" "$(grep -c 'Parsed_s2v.*listen-and-move.*20/1 fps.*seed 0' log)" 1

for ext in mkv mov webm.mkv; do
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
finish
