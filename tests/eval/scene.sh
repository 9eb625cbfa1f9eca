#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-eval of a model of scenes, on small rendered clips and a generator of random
# weights. TAP.
# S2V_EVAL, S2V_TRAIN, S2V_LANDSCAPES and MAKE_STYLEGAN are programs, from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99

"$S2V_LANDSCAPES" --count 8 --scenes rain,fire -s 32 -d 2 -o clips >/dev/null 2>&1 || exit 99
mkdir val "heavy rain" other
mv clips/rain-0003.* clips/fire-0004.* val || exit 99
cp val/rain-0003.mkv "heavy rain/a.mkv"
cp val/fire-0004.mkv other/b.mkv
"$MAKE_STYLEGAN" g.bin stylegan2 || exit 99
"$S2V_TRAIN" embedding clips -o e.bin --size 32 --batch 8 --threads 1 --iterations 20 --split 1 -q || exit 99
"$S2V_TRAIN" semantic clips -o s.bin --generator g.bin --embedding e.bin --sequence 4 --critic-channels 2 \
    --groups 3,5 --threads 1 --iterations 2 --split 1 -q || exit 99

# measure ARGUMENTS...: sets out, err, code.
measure() {
    out=$("$S2V_EVAL" "$@" --threads 1 --device cpu -q 2>err.txt)
    code=$? err=$(cat err.txt)
}
# number PATH: of the JSON in `out`.
number() {
    python3 -c 'import functools, json, sys
v = functools.reduce(lambda v, k: v[int(k) if k.isdigit() else k], sys.argv[1].split("."), json.load(sys.stdin))
print(json.dumps(v))' "$1" <<<"$out"
}
# holds NAME EXPRESSION: of Python, in which j is the JSON.
holds() {
    is "$1" "$(python3 -c 'import json, sys
j = json.load(sys.stdin); r = j["results"]; print(bool(eval(sys.argv[1])))' "$2" <<<"$out")" True
}

measure s.bin val --train clips --json --sheet look.png --sounds "heavy rain" --sounds other
is "it measures" "$code" 0
printf "# %s\n" "${out//$'\n'/$'\n'# }"
is "what is measured" "$(number clips) $(number scenes) $(number probe_frames)" "2 2 240"
holds "frames of both clips" 'r["real"]["frames"] == r["right"]["frames"] == r["silent"]["frames"] == 80'
holds "the probe knows real frames" 'r["real"]["clips_right"] == 1 and r["real"]["frames_right"] > 0.8'
holds "real frames are their own" 'r["real"]["ssim"] > 0.9999 and r["real"]["change"] == 1'
holds "cosines" 'all(-1 <= r[k][m] <= 1 for k in ("real", "right") for m in ("sound_picture", "text_picture"))'
holds "silence stands still" 'r["silent"]["frame_difference"] == 0 and r["silent"]["intensity_r"] is None'
holds "sound moves the picture" 'r["right"]["frame_difference"] > 0 and r["wrong"]["frame_difference"] > 0'
holds "each group alone" 'len(r["groups_alone"]) == 2 and r["groups_alone"][0]["ssim"] != r["groups_alone"][1]["ssim"]'
holds "captions" '0 <= j["texts_right"] <= j["texts"] and j["texts"] >= 2'
holds "real sounds" '[s["sounds"] for s in j["sounds"]] == [1, 1] and [s["scene"] for s in j["sounds"]] == ["rain", None]'
holds "a scene each" 'all(sum(s["shown"].values()) == 1 for s in j["sounds"])'
is "its sheet is a picture" "$(head -c 4 look.png | tail -c 3)" PNG
first=$out
measure s.bin val --train clips --json --sounds "heavy rain" --sounds other
is "the same again" "$(cmp <(echo "$first") <(echo "$out") 2>&1)" ""
if command -v ffmpeg >/dev/null && python3 -c 'import numpy' 2>/dev/null; then
    for clip in val/*.mkv; do
        ffmpeg -nostdin -v error -i "$clip" -f rawvideo -pix_fmt rgb24 - </dev/null
    done >val.rgb
    holds "the frame difference of real frames" 'abs(r["real"]["frame_difference"] - (lambda x: abs(
        x[:, 1:] - x[:, :-1]).mean() / 255)(__import__("numpy").fromfile("val.rgb", "u1").astype(int).reshape(
        2, 40, -1))) < 2e-3'
    holds "their flicker" 'abs(r["real"]["flicker"] - (lambda x: abs(x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]).mean() /
        abs(x[:, 1:] - x[:, :-1]).mean())(__import__("numpy").fromfile("val.rgb", "u1").astype(int).reshape(
        2, 40, -1))) < 0.05'
else
    skip "the frame difference of real frames" "there is no ffmpeg, or no NumPy"
    skip "their flicker" "there is no ffmpeg, or no NumPy"
fi

measure s.bin clips --split 0.5 --set start=rain --set layers=fine
is "a part of the clips" "$code" 0
like "layers for all: no groups alone" "$(grep -c alone <<<"$out")" '^0$|^1$'
like "the table" "$out" 'Probe +trained on [0-9]+ real frames'
like "its rows" "$(sed -n 's/ [ 0-9.-]*$//p' <<<"$out" | tr '\n' ' ')" 'real frames.*generated.*without sound'

# refused NAME REGEX ARGUMENTS...
refused() {
    local name=$1 regex=$2
    shift 2
    measure "$@"
    like "$name: status" "$code" '^[12]$'
    like "$name: sentence" "$err" "^s2v-eval: $regex"
    is "$name: one line" "$(wc -l <err.txt)" 1
}
refused "a region" "--region: it is not for a model of scenes, as 's.bin' is" s.bin val --train clips --region 0,0,1,1
refused "nothing for the probe" "--split: expected clips to measure and others for the probe to learn on" \
    s.bin val --split 0
refused "no captions" ".*a\.mkv.*" s.bin "heavy rain" --train clips
refused "a start that is not there" "start: expected auto, seed, a number" s.bin val --train clips --set start=dragon
finish
