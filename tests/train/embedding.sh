#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train embedding on small rendered clips: all of it learns, what is held
# out is found; it stops, goes on exactly, and says what is wrong. TAP.
# S2V_TRAIN, S2V_LANDSCAPES and S2V_INFO are programs, from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
"$S2V_LANDSCAPES" --count 4 --scenes rain,fire -s 32 -d 3 -o clips >/dev/null 2>&1 || exit 99

same() { if cmp -s "$2" "$3"; then is "$1" yes yes; else is "$1" "$2 and $3 differ" "the same bytes"; fi; }
# run ARGUMENTS...: sets code and err.
run() {
    "$S2V_TRAIN" embedding "$@" >out.txt 2>err.txt </dev/null
    code=$? err=$(cat err.txt)
}
# refused NAME REGEX ARGUMENTS...: one sentence, a status above 0, no files.
refused() {
    local name=$1 regex=$2
    shift 2
    run "$@" -o x.bin -q
    like "$name: status" "$code" '^[12]$'
    like "$name: sentence" "$err" "^s2v-train: $regex"
    echo "# $err"
    is "$name: one line" "$(wc -l <err.txt)" 1
    is "$name: no file" "$(echo x.bin*)" 'x.bin*'
}
# zeros FILE REGEX: names of tensors, of those whose name matches, that are zero.
zeros() {
    python3 - "$1" "$2" <<'PY'
import json, re, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
for name, t in json.loads(data[8:8 + n]).items():
    if name != "__metadata__" and re.match(sys.argv[2], name):
        a, b = t["data_offsets"]
        if not any(data[8 + n + a:8 + n + b]):
            print(name)
PY
}

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
