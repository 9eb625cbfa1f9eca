#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-bench: rows, JSON, errors; no times. TAP. S2V_BENCH, and the models TINY,
# FOLEY, MAN and STYLEGAN, come from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

run() { said=$("$S2V_BENCH" "$@" 2>&1) && code=0 || code=$?; }

# The floor is oneDNN's: there is none without the fast CPU backend.
floor='[0-9.]+' null='[0-9.]+'
run --device cpu --frames 1 --no-floor "$TINY"
[ "$code" -eq 0 ] || floor=- null=null

run --threads 1,2 --frames 3 "$TINY"
like "rows: status" "$code" '^0$'
like "rows: a header" "$said" '^model +size +dtype +threads +sessions +median ms'
like "rows: one thread" "$said" 'tiny\.bin +64 +f32 +1 +1 .* '"$floor\$"
like "rows: two threads" "$said" 'tiny\.bin +64 +f32 +2 +1 '
run --json --frames 1 --device ref "$TINY"
like "JSON" "$said" '^\{"model":".*tiny\.bin","kind":"listen-and-move","size":64,"dtype":"f32","device":"ref","threads":0,"sessions":1,"fps":[0-9.]+,"ms_median":[0-9.]+,"ms_p99":[0-9.]+,"rtf":[0-9.]+,"start_ms":[0-9.]+,"rss_mb":[0-9.]+,"gflops":[0-9.e-]+,"floor_ms":null,"floor_ratio":null,"stream_mb":[0-9.]+,"spread":[0-9.]+,"fps_low":null,"fps_high":null,"processor":"[^"]+"\}$'
run --frames 2 --no-floor --fps 12 "$TINY"
like "fps: of a StyleGAN alone" "$code $said" "^1 s2v-bench: a 'listen-and-move' model has no option 'fps': it is one of 'stylegan2', 'stylegan3' models"
run --json --frames 3 --no-floor --device ref --fps 60 "$STYLEGAN"
like "fps: rtf is relative to it" "$(awk -F'[:,]' '{for (i = 1; i < NF; i++) { if ($i == "\"fps\"") a = $(i+1); if ($i == "\"rtf\"") b = $(i+1) } r = a / b; print (r > 59 && r < 61)}' <<<"$said")" '^1$'
run --json --frames 2 --threads 1 --sessions 2,1 "$TINY"
like "sessions: status" "$code" '^0$'
like "sessions: two, without a floor" "$said" '"sessions":2,.*"floor_ms":'"$null"',"floor_ratio":null,"stream_mb":[0-9.]+,"spread":[0-9.]+,'
like "sessions: one, with a floor" "$said" '"sessions":1,.*"floor_ms":'"$null"',"floor_ratio":'"$null"','
run --no-floor --frames 2 "$TINY"
like "no floor" "$code $said" '^0 .* -$'
run --json --start "$TINY"
like "start: nothing else" "$code $said" '^0 .*"fps":null,.*"start_ms":[0-9.]+,"rss_mb":[0-9.]+,"gflops":null,"floor_ms":null'
run --json --frames 3 --no-floor --profile "$FOLEY"
like "sound for pictures: status" "$code" '^0$'
like "sound for pictures" "$said" '"kind":"varietysound".*"fps":[0-9.]+'
like "sound for pictures: a profile" "$said" 'profile of mel: fewer than 4 runs'
run --json --frames 3 --no-floor "$MAN"
like "a talking head" "$code $said" '^0 .*"kind":"man".*"fps":[0-9.]+'
run --frames 2 nowhere.bin "$TINY"
like "a missing model: status" "$code" '^1$'
like "a missing model: named, once" "$said" '^s2v-bench: nowhere\.bin: no such file[^'$'\n'']*'$'\n''model '
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
run --json --frames 10 --no-floor --threads 1 "$TINY"
echo "$said" >"$tmp/before.json"
like "JSON: the range of the run's fifths" "$said" '"fps_low":[0-9.]+,"fps_high":[0-9.]+,'
run --compare "$tmp"/before.json --frames 10 --no-floor --threads 1 "$TINY"
like "compared" "$code $said" '^0 .*floor +before +ratio noise,%.* [0-9.]+ +[0-9.]+ +[0-9.]+$'
run --compare "$tmp"/before.json --json --frames 10 --no-floor --threads 1 "$TINY"
like "compared as JSON" "$code $said" '^0 .*"before":[0-9.]+,"ratio":[0-9.]+,"noise":[0-9.]+\}$'
run --compare "$tmp"/before.json --frames 3 --no-floor --threads 2 "$TINY"
like "compared: no such row" "$code $said" '^0 .* - +- +-$'
sed 's/"processor":"[^"]*"/"processor":"Abacus"/' "$tmp"/before.json >"$tmp"/other.json
run --compare "$tmp"/other.json --frames 3 --no-floor --threads 1 "$TINY"
like "compared: another processor" "$code $said" "^0 .*the row of '.*other.json' is of another processor: 'Abacus'"
echo '{}' >"$tmp"/other.json
run --compare "$tmp"/other.json "$TINY"
like "compared: not rows" "$code $said" "^1 .*--compare '[^']*other.json', line 1: expected a row that --json printed, found another object\$"
run --compare nowhere.json "$TINY"
like "compared: no such file" "$code $said" "^1 s2v-bench: --compare 'nowhere.json': No such file or directory\$"
run --profile --frames 3 --threads 1 "$TINY"
like "profile: runs" "$said" 'profile: 1[0-9] runs of [0-9.]+ ms and [0-9.]+ GFLOP, [0-9]+ GFLOPS'
like "profile: steps" "$said" 'profile: +[0-9.]+ +[0-9.]+ +[0-9.]+  .*conv.*: 1x64x64x3'
run
like "no model" "$code $said" '^2 s2v-bench: expected a model, found none: see s2v-bench --help$'
run --threads 1,x "$TINY"
like "bad threads" "$code $said" "^2 .*--threads: expected .* found '1,x'"
run --dtype f64 "$TINY"
like "bad dtype" "$code $said" "^2 .*--dtype: expected .* found 'f64'"
run --sessions 0 "$TINY"
like "bad sessions" "$code $said" "^2 .*--sessions: expected .* found '0'"
run --frames 0 "$TINY"
like "bad frames" "$code $said" "^2 .*--frames: expected .* found '0'"
run --device abacus "$TINY"
like "unknown device" "$code $said" "^1 .*abacus"
run --help
like "help" "$code $said" '^0 Usage: s2v-bench'
run --version
like "version" "$said" '^s2v-bench [0-9]'

finish
