#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train varietysound and hifigan on tiny rendered clips: they learn, stop,
# go on exactly, and say what is wrong. TAP. S2V_TRAIN and S2V_IMPACTS are
# programs, from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
"$S2V_IMPACTS" --count 2 --size 32 --rate 21.5 -d 2 --background -40 -o hits >/dev/null || exit 99
echo "This is no film." >text.mkv
mkdir empty

same() { if cmp -s "$2" "$3"; then is "$1" yes yes; else is "$1" "$2 and $3 differ" "the same bytes"; fi; }
# run ARGUMENTS...: sets code, out and err.
run() {
    "$S2V_TRAIN" "$@" >out.txt 2>err.txt </dev/null
    code=$? out=$(cat out.txt) err=$(cat err.txt)
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
# mean CSV FROM TO COLUMN: of the rows of iterations [FROM, TO].
mean() { awk -F, -v f="$2" -v t="$3" -v c="$4" '$1 >= f && $1 <= t && $1 + 0 { s += $c; n++ } END { print s / n }' "$1"; }
# falls NAME CSV COLUMN FACTOR ITERATIONS: the last five against the first.
falls() {
    local first last
    first=$(mean "$2" 1 1 "$3") last=$(mean "$2" $(($5 - 4)) "$5" "$3")
    echo "# $1: $first, then $last"
    is "$1" "$(awk -v a="$first" -v b="$last" -v f="$4" 'BEGIN { print (a > f * b) }')" 1
}
# adds_up NAME CSV WEIGHTS...: column 3 is the weighted sum of 2, 4, 5.
adds_up() {
    is "$1" "$(awk -F, -v a="$3" -v b="$4" -v c="$5" 'NR > 1 {
        d = $3 - a * $2 - b * $4 - c * $5; if (d * d > 1e-10 * $3 * $3) print NR, d }' "$2")" ""
}
# idle CHECKPOINT: names of first moments that are still zero.
idle() {
    python3 - "$1" <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
for name, t in json.loads(data[8:8 + n]).items():
    if name.startswith("m."):
        a, b = t["data_offsets"]
        if not any(data[8 + n + a:8 + n + b]):
            print(name)
PY
}
png() { head -c 8 "$1" | od -An -tx1 | tr -d ' '; }

sight=(varietysound --width 16 --features 16 --size 16 --sight-channels 4 --batch 2 --sequence 64 --threads 1)
voice=(hifigan --variant v3 --divide 8 --batch 1 --sequence 8 --threads 1)

# ------------------------------------------------------------ mistakes --
refused "an option of another model" "--motion: not an option of varietysound" "${sight[@]}" hits --motion gru
refused "windows of odd length" "--sequence: expected a multiple of 16, found 72" "${sight[@]}" hits --sequence 72
refused "a clip that is too short" "'hits/1\.mkv' is too short: expected at least 256 frames" "${sight[@]}" hits --sequence 1024
refused "a sound that is too short" "'hits/1\.mkv' is too short: expected at least the 1000 columns" "${voice[@]}" hits --sequence 1000
refused "an empty folder" "'empty': expected a folder of media files or feature sets" "${sight[@]}" empty
refused "no media" ".*text\.mkv" "${sight[@]}" text.mkv
refused "no vocoder" "\./text\.mkv: this is text" "${sight[@]}" hits --vocoder text.mkv
refused "nothing held out" "--hold-out-every: expected at least one held-out window \(64 columns\)" "${sight[@]}" hits --hold-out-every 5 --split 0.9
printf 'width = 17\n' >bad.conf
refused "a bad value in a file" "--config 'bad\.conf' line 1, width: expected 16, 32" "${sight[@]}" hits --config bad.conf
printf 'motion = gru\n' >other.conf
refused "another model's option in a file" "--config 'other\.conf' line 1: not an option of varietysound" "${sight[@]}" hits --config other.conf

# ------------------------------------------------------------- bad clips --
head -c $(($(wc -c <hits/2.mkv) / 2)) hits/2.mkv >cut.mkv
cut="'cut\.mkv' is truncated: expected 2\.[0-9]+ s as in its header, found [01]\.[0-9]+ s"
refused "varietysound: a clip that is cut short" "$cut" "${sight[@]}" hits/1.mkv cut.mkv
refused "hifigan: a clip that is cut short" "$cut" "${voice[@]}" hits/1.mkv cut.mkv
refused "varietysound: no such sound track" "'hits/1\.mkv' has no audio track 1" "${sight[@]}" hits --track 1
refused "hifigan: no such sound track" "'hits/1\.mkv' has no audio track 1" "${voice[@]}" hits --track 1
for model in sight voice; do
    declare -n words=$model
    run "${words[@]}" hits/1.mkv -o good.bin --iterations 1 -q
    run "${words[@]}" hits/1.mkv cut.mkv -o some.bin --iterations 1 --skip-bad
    is "${words[0]}: --skip-bad: status" "$code" 0
    same "${words[0]}: --skip-bad: trained on the good one alone" good.bin some.bin
    like "${words[0]}: --skip-bad: the list" "$(tail -n 1 err.txt)" "^  $cut"
done

# ------------------------------------------------------------- the vocoder --
run "${voice[@]}" hits -o voice.bin --iterations 2 --preview voice.png --hold-out-every 2 \
    --curves voices.csv
is "hifigan: status" "$code" 0
like "hifigan: says what it has" "$err" "2 clips, 4\.0 s: 3\.2 s for training, 0\.8 s held out"
like "hifigan: held out" "$err" "iteration 2: mel distance 0\.[0-9]+ .* the best so far, saved"
adds_up "hifigan: its losses, 45 of the mel, 2 of features" voices.csv 45 1 2
is "hifigan: preview" "$(png voice.png)" 89504e470d0a1a0a
is "hifigan: sound" "$(head -c 4 voice.wav)" RIFF
run "${voice[@]}" hits -o once.bin --iterations 2 -q
run "${voice[@]}" hits -o twice.bin --iterations 1 -q
run "${voice[@]}" hits -o twice.bin --iterations 2 -q --resume twice.bin.ckpt
is "hifigan: resume" "$code$err" 0
same "hifigan: one and one are two" once.bin twice.bin
same "hifigan: one and one are two, checkpoint" once.bin.ckpt twice.bin.ckpt
same "hifigan: measuring changes nothing" once.bin voice.bin
is "hifigan: every parameter has a gradient" "$(idle once.bin.ckpt)" ""

# metadata KEY FILE: as it is in the file, but for hashes and scores.
metadata() {
    python3 - "$@" <<'PY'
import json, re, struct, sys
data = open(sys.argv[2], "rb").read()
n, = struct.unpack("<Q", data[:8])
text = json.loads(data[8:8 + n])["__metadata__"]["s2v." + sys.argv[1]]
print(re.sub(r"-?0\.\d{9,}", "SCORE", re.sub("[0-9a-f]{64}", "HASH", text)))
PY
}
# Checkpoints of version 0.1 have these, and must go on.
is "hifigan: what a resume may not change" "$(metadata identity voice.bin.ckpt)" \
    '{"averaged": false, "batch": 1, "clips": "HASH", "critics": true, "divide": 8, "seed": 0, "sequence": 8, "trained_columns": 275}'
is "hifigan: where it goes on" "$(metadata progress voice.bin.ckpt)" '{"best": SCORE, "best_step": 2, "step": 2}'

# -------------------------------------------------------------- learning --
run "${sight[@]}" hits/1.mkv -o a.bin --split 1 --rate 2e-3 --iterations 60 \
    --curves a.csv --preview p.png --vocoder voice.bin
is "varietysound: status" "$code" 0
is "varietysound: nothing on stdout" "$out" ""
like "varietysound: progress" "$err" "100% +60/60.*mel [0-9.]+.*d_t\.loss.*d_m\.loss"
adds_up "varietysound: its losses, 10,000 of the mel" a.csv 10000 1 1
falls "the mel's loss falls to a third" a.csv 2 3 60
falls "so does all that the generator is to lose" a.csv 3 3 60
is "varietysound: preview" "$(png p.png)" 89504e470d0a1a0a
is "varietysound: the window, in features" "$(grep -ao '"s2v.window":"[0-9]*"' a.bin)" '"s2v.window":"16"'
is "varietysound: two windows of sound" "$(wc -c <p.wav)" $((44 + 2 * 2 * 64 * 256))
is "varietysound: every parameter has a gradient" "$(idle a.bin.ckpt)" ""
is "varietysound: no litter" "$(find . -name '*tmp*')" ""

# -------------------------------------------------------------- stopping --
long=(hits/1.mkv --split 1 --rate 2e-3 --iterations 60 -q)
run "${sight[@]}" "${long[@]}" -o b.bin --checkpoint-every 3 --vocoder voice.bin
same "previews and curves change nothing" a.bin b.bin
env --default-signal=INT "$S2V_TRAIN" "${sight[@]}" "${long[@]}" -o c.bin \
    --checkpoint-every 3 --vocoder voice.bin 2>err.txt </dev/null &
pid=$!
for _ in {1..600}; do
    [ -e c.bin.ckpt ] && break
    sleep 0.02
done
kill -INT $pid
wait $pid
is "Ctrl-C: status" $? 130
run "${sight[@]}" "${long[@]}" -o c.bin --resume c.bin.ckpt --vocoder voice.bin
is "Ctrl-C: resume" "$code$err" 0
same "Ctrl-C: ends like a run in one go" a.bin c.bin
same "Ctrl-C: ends like a run in one go, checkpoint" b.bin.ckpt c.bin.ckpt

run "${sight[@]}" "${long[@]}" -o c.bin --batch 3 --resume c.bin.ckpt
like "another batch: named" "$code $err" "^1 .*c\.bin\.ckpt: .*batch is 2 in the file and 3 in this run"
run "${sight[@]}" "${long[@]}" -o c.bin --clear 1 --resume c.bin.ckpt
like "another background: named" "$code $err" "^1 .*clear is 0\.0 in the file and 1\.0 in this run"
run "${sight[@]}" hits/2.mkv --split 1 -o c.bin -q --resume c.bin.ckpt
like "another clip: named" "$code $err" "^1 .*c\.bin\.ckpt: .*the clips"
run "${sight[@]}" "${long[@]}" -o d.bin --resume voice.bin.ckpt
like "another model's checkpoint: named" "$code $err" "^1 .*expected a checkpoint of varietysound, found 'hifigan checkpoint'"
run "${sight[@]}" "${long[@]}" -o d.bin --vocoder a.bin
like "no vocoder: named" "$code $err" "^1 .*a\.bin: expected a vocoder .*found 'varietysound'"

# --------------------------------------------------- averages, held out --
run "${sight[@]}" hits -o e.bin --split 0.5 --iterations 4 --average 0.9 --hold-out-every 2
is "averages: status" "$code" 0
like "averages: held out" "$err" "iteration 2: mel distance 0\.[0-9]+ .* of 128 held-out columns"
is "varietysound: what a resume may not change" "$(metadata identity e.bin.ckpt)" \
    '{"averaged": true, "balance": false, "batch": 2, "clear": 0.0, "clips": "HASH", "critics": true, "seed": 0, "sequence": 64, "squares": false, "trained_columns": 176, "width": 16}'
is "varietysound: where it goes on" "$(metadata progress e.bin.ckpt)" '{"best": SCORE, "best_step": 4, "step": 4}'
run "${sight[@]}" hits -o f.bin --iterations 2 -q --init e.bin --clear 1
is "--init" "$code$err" 0
is "--clear 1: no background is heard" "$(idle f.bin.ckpt | tr '\n' ' ')" \
    "m.background.lstm.weight_ih_l0 m.background.lstm.weight_ih_l0_reverse "

# ------------------------------------------------------ without critics --
# columns CSV: its heading.
columns() { head -n 1 "$1"; }
run "${sight[@]}" "${long[@]}" -o h.bin --no-critics --curves h.csv
is "without critics: status" "$code$err" 0
falls "without critics: the mel's loss falls to a third" h.csv 2 3 60
is "without critics: no loss beside it" "$(columns h.csv)" "iteration,mel,held-out.mel"
is "without critics: none in the checkpoint" "$(grep -c 'windows\.0' h.bin.ckpt)" 0
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --iterations 20
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --resume i.bin.ckpt
same "without critics: 20 and 40 are 60" h.bin i.bin
echo "no-critics = false" >critics.conf
run "${sight[@]}" "${long[@]}" -o i.bin --resume i.bin.ckpt --config critics.conf
like "critics that are not there: named" "$code $err" "^1 .*critics is false in the file and true in this run"
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --loss l2 --curves i.csv
falls "squares fall to a ninth" i.csv 2 9 60
# first CSV: the mel's loss before anything is learned.
first() { sed -n 2p "$1" | cut -d, -f2; }
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --loss l2 --balance --curves b.csv
falls "balanced squares fall to a ninth" b.csv 2 9 60
is "balanced: over a mean square below 1 ($(first i.csv), $(first b.csv))" \
    "$(awk -v a="$(first i.csv)" -v b="$(first b.csv)" 'BEGIN {print (b > 1.01 * a)}')" 1
echo "balance = false" >balance.conf
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --loss l2 --resume i.bin.ckpt --config balance.conf
like "no longer balanced: named" "$code $err" "^1 .*balance is true in the file and false in this run"
moving=("${sight[@]}" --size 32 --front-end motion --augment --onsets 0.3 --no-critics --loss l2)
run "${moving[@]}" "${long[@]}" -o m.bin --iterations 40 --curves o.csv
falls "motion: the mel's squares fall to a third" o.csv 2 3 40
falls "motion: the onsets' loss falls to nine tenths" o.csv 3 1.1 40
run "${moving[@]}" "${long[@]}" -o n.bin --iterations 10
run "${moving[@]}" "${long[@]}" -o n.bin --iterations 40 --resume n.bin.ckpt
same "motion: 10 and 30 are 40" m.bin n.bin
like "motion: in the file's configuration" "$(grep -ao 'front_end[^}]*' m.bin)" '^front_end[^a-z]*motion'
refused "motion: another weight" ".*onsets is 0.29.* in the file and 0.20" "${moving[@]}" "${long[@]}" -o n.bin --onsets 0.2 --resume n.bin.ckpt
refused "motion: another front-end" ".*\"motion\"} in the file and .*\"flow\"} in this run" "${moving[@]}" "${long[@]}" -o n.bin --front-end flow --resume n.bin.ckpt
refused "flow of small frames" "--front-end motion: expected a --size of at least 32, found 16" "${moving[@]}" hits --size 16
run "${sight[@]}" "${long[@]}" -o i.bin --no-critics --dtype bf16 --curves m.csv
if [[ $err =~ (dtype \"bf16\": .*) ]]; then
    skip "mixed precision" "${BASH_REMATCH[1]}"
else
    falls "mixed precision: the mel's loss falls to a third" m.csv 2 3 60
    is "mixed precision: near f32, and not the same ($(first h.csv), $(first m.csv))" \
        "$(awk -v a="$(first h.csv)" -v b="$(first m.csv)" 'BEGIN {d = b / a - 1; print (d != 0 && d < 0.01 && d > -0.01)}')" 1
fi
run "${voice[@]}" hits -o j.bin --iterations 2 -q --no-critics --curves j.csv
is "hifigan without critics" "$code$err $(columns j.csv)" "0 iteration,mel,spectrum,held-out.mel"

# -------------------------------------------------------- feature sets --
mkdir sets
python3 - <<'PY' || exit 99
import json, math, struct
for name in ("one", "two"):
    T, W = 40, 6
    f = [math.sin(0.3 * t + w) for t in range(T) for w in range(W)]
    m = [0.5 + 0.4 * math.sin(0.07 * j + b) for b in range(80) for j in range(4 * T)]
    head = {"features": {"dtype": "F32", "shape": [T, W], "data_offsets": [0, 4 * len(f)]},
            "mel": {"dtype": "F32", "shape": [80, 4 * T],
                    "data_offsets": [4 * len(f), 4 * len(f + m)]}}
    text = json.dumps(head).encode()
    with open(f"sets/{name}.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        out.write(struct.pack(f"<{len(f + m)}f", *f, *m))
PY
run "${sight[@]}" sets -o g.bin --iterations 3
is "feature sets: status" "$code" 0
like "feature sets: says what it has" "$err" "2 clips, 3\.7 s"
is "feature sets: no sight" "$(grep -c 'sight\.' g.bin)" 0
refused "clips and feature sets" "'hits/1\.mkv': expected clips or feature sets, not both" "${sight[@]}" sets hits
finish
