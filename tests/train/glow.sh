#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipe of docs/examples/models, built into s2v-train by a name more in the
# list of recipes and nothing else: it has help, learns, measures, shows, stops
# and goes on exactly. TAP. S2V_TRAIN_GLOW and S2V_QUINTET are programs, from
# meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
"$S2V_QUINTET" --size 64 --duration 6 -o clip.mkv >/dev/null 2>&1 || exit 99

same() { if cmp -s "$2" "$3"; then is "$1" yes yes; else is "$1" "$2 and $3 differ" "the same bytes"; fi; }
# run ARGUMENTS...: sets code, out and err.
run() {
    "$S2V_TRAIN_GLOW" "$@" >out.txt 2>err.txt </dev/null
    code=$? out=$(cat out.txt) err=$(cat err.txt)
}
glow=(glow clip.mkv --size 8 --sequence 8 --threads 1)

run --help
like "--help names it" "$out" "listen-and-move.*varietysound.*hifigan.*  glow +sound to video: one colour a frame"
run glow --help
like "its help" "$code $out" "^0 Usage: s2v-train glow .*--size N.*\(default 16\).*--sequence T.*--rate X.*\(default 0\.001\)"
is "its help: no heading without options" "$(grep -c '^The model:' out.txt)" 0
is "its help: 80 columns" "$(awk 'length > 80' out.txt)" ""
run glow a.mkv -o b.bin --motion gru
like "another recipe's option" "$code $err" "^2 s2v-train: --motion: not an option of glow"
run glo a.mkv -o b.bin
like "a name like it" "$err" "found 'glo': did you mean glow\?"
run glow a.mkv -o b.bin --size 9
like "a bad value" "$err" "--size: expected 8, 16, 32 or 64, found '9'"

run "${glow[@]}" -o a.bin --iterations 60 --hold-out-every 20 --preview p.png --curves a.csv
is "training: status" "$code" 0
like "training: says what it has" "$err" "1 clip, 120 frames at 20 fps: 96 for training, 24 held out"
like "training: held out" "$err" "iteration 20: L2 0\.[0-9]+ of held-out frames: the best so far, saved"
is "training: preview" "$(head -c 4 p.png | tail -c 3)" PNG
# mean FROM TO: of the loss of these iterations, once through the clips.
mean() { awk -F, -v f="$1" -v t="$2" '$1 >= f && $1 <= t { s += $2; n++ } END { print s / n }' a.csv; }
first=$(mean 1 12) last=$(mean 49 60)
is "the loss falls ($first, then $last)" "$(awk -v a="$first" -v b="$last" 'BEGIN { print (b > 0 && b < 0.5 * a) }')" 1
like "the weight file: its kind" "$(head -c 2000 a.bin)" '"s2v\.model":"glow"'
like "the weight file: its config" "$(head -c 2000 a.bin)" '"s2v\.config":"\{\\"size\\":8,\\"bands\\":64\}"'

run "${glow[@]}" -o b.bin --iterations 60 -q
run "${glow[@]}" -o c.bin --iterations 23 -q
run "${glow[@]}" -o c.bin --iterations 60 -q --resume c.bin.ckpt
is "resume" "$code$err" 0
same "resume: the same weights" b.bin c.bin
same "resume: the same checkpoint" b.bin.ckpt c.bin.ckpt
run "${glow[@]}" -o d.bin --sequence 6 --resume c.bin.ckpt
like "another sequence: named" "$code $err" "^1 .*sequence is 8 in the file and 6 in this run"
run "${glow[@]}" -o d.bin --iterations 1 -q --init b.bin
is "--init" "$code$err" 0
finish
