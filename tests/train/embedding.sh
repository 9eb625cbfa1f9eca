#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train embedding on small rendered clips: all of it learns, what is held
# out is found; it stops, goes on exactly, and says what is wrong. TAP.
# S2V_TRAIN, S2V_LANDSCAPES and S2V_INFO are programs, from meson.
recipe=embedding
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$S2V_LANDSCAPES" --count 4 --scenes rain,fire -s 32 -d 3 -o clips >/dev/null 2>&1 || exit 99

small=(--size 32 --batch 8 --threads 1)
run clips -o a.bin "${small[@]}" --iterations 12 --split 0.6 --curves a.csv --preview look.png --hold-out-every 6
is "a training ends" "$code" 0
like "it says how much there is" "$err" \
    '4 clips of 2 scenes, [0-9]+ captions of [0-9]+ words, 240 frames at 20 fps: 120 for training, 120 held out'
like "what is held out is found" "$err" \
    'scene right: sound-picture [0-9.]+ %, sound-text [0-9.]+, text-picture [0-9.]+ \(chance 4[89].[0-9]|50.[0-9]\) of 120 held-out frames'
is "its preview is a picture" "$(head -c 4 look.png | tail -c 3)" PNG
is "every parameter learns" "$(zeros a.bin.ckpt 'v\.')" ""
is "the curves' columns" "$(head -1 a.csv)" \
    "iteration,loss,sound-picture,sound-text,picture-text,sound-sound,scale,held-out.scene"
like "s2v-info knows it" "$("$S2V_INFO" a.bin)" 'Model +embedding'
like "it has the words" "$("$S2V_INFO" a.bin)" 's2v.vocabulary \["'
like "and the loudness" "$("$S2V_INFO" a.bin)" 'Level +-[0-9.]+ LUFS'

# Two scenes are told apart within moments.
run clips -o learned.bin "${small[@]}" --batch 16 --iterations 30 --seed 1 --split 0.8 --hold-out-every 30
like "the scenes are told apart" "$err" 'sound-picture (9[0-9]|100)\.[0-9] %, sound-text (9[0-9]|100)\.'
echo "# $(grep right err.txt)"

# A resume is the uninterrupted training.
run clips -o whole.bin "${small[@]}" --iterations 10
run clips -o b.bin "${small[@]}" --iterations 4
run --resume b.bin.ckpt --iterations 10
same "resumed: the same weights" whole.bin b.bin
run --resume b.bin.ckpt --iterations 11 --batch 4
like "another training's checkpoint is refused" "$err" "b\.bin\.ckpt.*batch"

# A user's own captions.
mkdir own
cp clips/rain-0001.mkv clips/fire-0002.mkv own
printf 'rain at home\na wet street\n' >own/rain-0001.txt
refused "no captions" ".own/fire-0002.mkv.: expected its captions in .own/fire-0002.txt., a line each, or in" own
echo 'my fire' >own/fire-0002.txt
run own -o own.bin "${small[@]}" --iterations 2
is "captions in text files" "$code" 0
like "are scenes" "$err" '2 clips of 2 scenes, 3 captions of 8 words'
printf '\377\n' >own/fire-0002.txt
refused "bytes" ".own/fire-0002.mkv.: .*expected UTF-8" own
run own -o own.bin "${small[@]}" --iterations 2 --skip-bad
like "bad ones are left out" "$err" '1 clip of 1 scene'
mkdir empty
refused "an empty folder" "'empty': expected a folder of media files, found none" empty
refused "nothing held out" "--hold-out-every: expected held-out frames, found none" \
    clips --split 0.999 --hold-out-every 5
finish
