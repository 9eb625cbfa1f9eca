#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train as its users meet it: what it says, what it leaves behind, and that
# nothing is lost. TAP. S2V_TRAIN and MAKE_MEDIA are programs, from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
"$MAKE_MEDIA" || exit 99
echo "This is no film." >text.mkv
: >empty.mkv
mkdir folder

same() { if cmp -s "$2" "$3"; then is "$1" yes yes; else is "$1" "$2 and $3 differ" "the same bytes"; fi; }

# run ARGUMENTS...: sets code, out and err.
run() {
    "$S2V_TRAIN" "$@" >out.txt 2>err.txt </dev/null
    code=$? out=$(cat out.txt) err=$(cat err.txt)
}
# A tiny training, a fraction of a second for every few iterations.
tiny=(--size 64 --channels-max 16 --sequence 4 --split 1 --threads 2 --prediction none
    --schedule paper)
# train CLIP ARGUMENTS...
train() { run listen-and-move "${tiny[@]}" "$@"; }
# refused NAME REGEX ARGUMENTS...: one sentence, a status above 0, no files.
refused() {
    local name=$1 regex=$2
    shift 2
    run "$@"
    like "$name: status" "$code" '^[12]$'
    like "$name: sentence" "$err" "^s2v-train: $regex"
    echo "# $err"
    is "$name: one line" "$(wc -l <err.txt)" 1
    is "$name: no file" "$(echo x.bin*)" 'x.bin*'
}
t=(listen-and-move "${tiny[@]}")

# ------------------------------------------------------------- asking --
run --help
is "--help: status" "$code" 0
like "--help: models" "$out" "Usage: s2v-train MODEL.*listen-and-move"
run listen-and-move --help
is "model's help: status" "$code" 0
like "model's help: options" "$out" "--iterations N.*--resume FILE.*Examples:"
is "model's help: nothing on stderr" "$err" ""
is "model's help: 80 columns" "$(awk 'length > 80' out.txt)" ""
run --version
like "--version" "$code $out" "^0 s2v-train [0-9]+\.[0-9]+"

# ---------------------------------------------------------- mistakes --
refused "nothing at all" "expected the model to train as the first word"
refused "unknown model" "expected the model .* found 'sing'" sing clip.mkv -o x.bin
refused "unknown option" "unknown or ambiguous option '--sizes'" "${t[@]}" --sizes 3 clip.mkv -o x.bin
refused "bad value" "--sequence: expected a whole number from 2 to 4096, found 'many'" "${t[@]}" clip.mkv -o x.bin --sequence many
refused "no clip named" "no clip to train on" "${t[@]}" -o x.bin
refused "no output named" "--output: expected the weight file" "${t[@]}" clip.mkv
refused "missing clip" ".*nowhere\.mkv.*No such file" "${t[@]}" nowhere.mkv -o x.bin
refused "one of two missing" ".*nowhere\.mkv.*No such file" "${t[@]}" clip.mkv nowhere.mkv -o x.bin
refused "clip without sound" ".*silent\.mkv.*sound" "${t[@]}" silent.mkv -o x.bin
refused "clip without picture" ".*sound\.wav.*has no video" "${t[@]}" sound.wav -o x.bin
refused "not media" ".*text\.mkv" "${t[@]}" text.mkv -o x.bin
refused "empty clip" ".*empty\.mkv" "${t[@]}" empty.mkv -o x.bin
refused "a folder" "'folder' is a directory" "${t[@]}" folder -o x.bin
refused "a clip without a sound" "'mute\.mkv' is silent: expected audio, found no sample above -80 dB" "${t[@]}" clip.mkv mute.mkv -o x.bin
head -c $(($(wc -c <long.mkv) * 81 / 120)) long.mkv >cut.mkv
refused "a clip that is cut short" "'cut\.mkv' is truncated: expected 6\.00 s as in its header, found 4\.[0-9]+ s" "${t[@]}" cut.mkv clip.mkv -o x.bin
refused "a sound track that is not there" "'clip\.mkv' has no audio track 1: found 1 audio track, counted from 0" "${t[@]}" clip.mkv -o x.bin --track 1
refused "shorter than a sequence" "no clip has 32 frames \(1\.6 s\) .*6 in total" "${t[@]}" brief.mkv -o x.bin --sequence 32
refused "output in a missing folder" "cannot write no/x\.bin: No such file" "${t[@]}" clip.mkv -o no/x.bin
refused "output is a folder" "cannot write folder: it is a folder" "${t[@]}" clip.mkv -o folder
refused "output is a device" "cannot write /dev/full: it is a pipe or device" "${t[@]}" clip.mkv -o /dev/full
refused "output is the clip" "--output: expected a distinct file" "${t[@]}" clip.mkv -o clip.mkv
refused "missing checkpoint" "cannot open \./nowhere\.ckpt: No such file" "${t[@]}" clip.mkv -o x.bin --quiet --resume nowhere.ckpt
refused "foreign checkpoint" "\./text\.mkv: this is text, expected" "${t[@]}" clip.mkv -o x.bin --quiet --resume text.mkv
refused "missing perceptual file" "nowhere\.safetensors: no such file" "${t[@]}" clip.mkv -o x.bin --quiet --perceptual nowhere.safetensors
mkdir y.bin.ckpt
refused "checkpoint is a folder" "cannot write y\.bin\.ckpt: it is a folder" "${t[@]}" clip.mkv -o y.bin
rmdir y.bin.ckpt

# ------------------------------------------------------------ training --
train clip.mkv -o a.bin --iterations 60 --checkpoint-every 3
is "training: status" "$code" 0
is "training: nothing on stdout" "$out" ""
like "training: says what it has" "$err" "1 clip, 40 frames at 20 fps: 40 for training, 0 held out"
like "training: progress" "$err" "100% +60/60.*L1 [0-9.]+"
like "training: result" "$err" "done after 60 iterations: wrote the model a\.bin; .* --resume a\.bin\.ckpt"
train clip.mkv -o p.bin --iterations 60 --preview a.png --preview-every 7
same "previews change nothing" a.bin p.bin
is "training: preview" "$(head -c 8 a.png | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a
is "training: no litter" "$(find . -name '*tmp*')" ""

train clip.mkv -o b.bin --iterations 60 --checkpoint-every 3 --quiet
is "--quiet: status" "$code" 0
is "--quiet: silent" "$out$err" ""
same "the same once more" a.bin b.bin
same "the same once more, checkpoint" a.bin.ckpt b.bin.ckpt

train clip.mkv other.mkv -o two.bin --iterations 2
like "two clips" "$err" "2 clips, 80 frames"

# The second sound of two.nut has more channels.
train two.nut -o two.bin --iterations 2
like "two sound tracks: the one that is heard" "$err" "s2v-train: 'two\.nut' has 2 audio tracks: using track 1"
train two.nut -o track1.bin --iterations 2 --track 1 -q
is "--track 1: status" "$code$err" 0
same "--track 1: the same" two.bin track1.bin
train two.nut -o track0.bin --iterations 2 --track 0 -q
is "--track 0: another" "$(cmp -s two.bin track0.bin && echo same)" ""

train clip.mkv -o good.bin --iterations 2 -q
train mute.mkv clip.mkv cut.mkv text.mkv -o some.bin --iterations 2 --skip-bad
is "--skip-bad: status" "$code" 0
same "--skip-bad: trained on the good one alone" good.bin some.bin
like "--skip-bad: the list" "$(tail -n 4 err.txt | tr '\n' '|')" \
    "left out \(--skip-bad\): 3\|  'mute\.mkv' is silent.*\|  'cut\.mkv' is truncated.*\|  'text\.mkv' cannot be read"
train mute.mkv -o x.bin --skip-bad
like "--skip-bad: nothing left" "$code $err" "^1 .*s2v-train: --skip-bad: expected at least one good clip, found 1 bad"
train nowhere.mkv clip.mkv -o x.bin --skip-bad
like "--skip-bad: not for a name that is wrong" "$code $err" "^1 s2v-train: 'nowhere\.mkv'.*No such file"

# stop SIGNAL: a training of 60 iterations, stopped early and resumed.
stop() {
    rm -f c.bin c.bin.ckpt
    env --default-signal=INT "$S2V_TRAIN" "${t[@]}" clip.mkv -o c.bin \
        --iterations 60 --checkpoint-every 3 2>err.txt </dev/null &
    local pid=$!
    for _ in {1..600}; do
        [ -e c.bin.ckpt ] && break
        sleep 0.02
    done
    kill "-$1" $pid
    wait $pid
    code=$? err=$(cat err.txt)
    is "$1: status" "$code" "$((128 + $(kill -l "$1")))"
    like "$1: result" "$err" "stopped after [0-9]+ of 60 iterations: .* --resume c\.bin\.ckpt"
    cp c.bin stopped.bin
    run listen-and-move --resume c.bin.ckpt
    is "$1: resume" "$code" 0
    same "$1: ends like a run in one go" a.bin c.bin
    same "$1: ends like a run in one go, checkpoint" a.bin.ckpt c.bin.ckpt
}
stop TERM
stop INT
stop HUP

# stop_unsaved NAME SIGNAL FILE REGEX COMMAND...: a training of FILE, stopped after
# COMMAND, which keeps it from being saved.
stop_unsaved() {
    local name=$1 signal=$2 file=$3 regex=$4
    shift 4
    env --default-signal=INT "$S2V_TRAIN" "${t[@]}" clip.mkv -o "$file" \
        --iterations 1000000 --checkpoint-every 3 2>err.txt </dev/null &
    local pid=$!
    for _ in {1..600}; do
        if [ -e "$file.ckpt" ] || grep -q "training continues" err.txt; then break; fi
        sleep 0.02
    done
    "$@"
    kill "-$signal" $pid
    wait $pid
    is "$name: status" "$?" 1
    like "$name: sentence" "$(tail -n 1 err.txt)" "^s2v-train: cannot write $regex"
}
mkdir moved
stop_unsaved "stopped, the folder is gone" INT moved/c.bin "moved/c\.bin\.ckpt: No such file" mv moved away
rm -r away
limit=$(ulimit -f)
ulimit -S -f 16
stop_unsaved "stopped, the disk is full" TERM full.bin "full\.bin\.ckpt: writing failed: File too large$" true
ulimit -S -f "$limit"
rm -f full.bin*

# A background job of a script, where SIGINT is ignored: said, and TERM works.
rm -f bg.bin bg.bin.ckpt
(trap '' INT; exec "$S2V_TRAIN" "${t[@]}" clip.mkv -o bg.bin --iterations 1000000 \
    --checkpoint-every 3 2>err.txt </dev/null) &
pid=$!
for _ in {1..600}; do
    [ -e bg.bin.ckpt ] && break
    sleep 0.02
done
kill -INT $pid
kill -TERM $pid
wait $pid
code=$? err=$(cat err.txt)
is "ignored SIGINT: status" "$code" 143
like "ignored SIGINT: said" "$err" "SIGINT is ignored here.*kill -TERM $pid stops and saves"
rm -f bg.bin bg.bin.ckpt

train clip.mkv -o seed.bin --iterations 1 --seed 18446744073709551615
like "the greatest seed, as it was given" "$(head -c 8000 seed.bin | tr -d '\0')" 'seed\\": \\"18446744073709551615'
rm -f seed.bin*

# A finished training, resumed: nothing to do, and no picture to make.
cp c.bin.ckpt before.ckpt
train clip.mkv -o c.bin --iterations 60 --resume before.ckpt --preview none.png
is "finished: status" "$code" 0
same "finished: unchanged" a.bin c.bin
is "finished: no picture" "$(echo none*)" 'none*'
mv before.ckpt c.bin.ckpt

# --------------------------------------------------- nothing is lost --
train clip.mkv -o c.bin --iterations 60 --sequence 8 --resume c.bin.ckpt
is "another sequence: status" "$code" 1
like "another sequence: named" "$err" "c\.bin\.ckpt: .*sequence is 4 in the file and 8 in this run"
train other.mkv -o c.bin --iterations 60 --resume c.bin.ckpt
like "another clip: named" "$code $err" "^1 .*c\.bin\.ckpt: .*the clips"
train clip.mkv -o c.bin --iterations 60 --resume a.bin
like "a weight file: named" "$code $err" "^1 .*a\.bin: expected a checkpoint"
head -c 100000 c.bin.ckpt >cut.ckpt
train clip.mkv -o c.bin --iterations 60 --resume cut.ckpt
like "cut short: named" "$code $err" "^1 .*cut\.ckpt: the file is truncated"
same "bad resumes: weights as before" a.bin c.bin
same "bad resumes: checkpoint as before" a.bin.ckpt c.bin.ckpt

# Files that may not grow, as on a full disk.
full() { (
    ulimit -f 16
    run "${t[@]}" clip.mkv -o c.bin --iterations 66 --checkpoint-every 3 --resume c.bin.ckpt "$@"
    echo "$code $err"
); }
said=$(full)
like "full disk: goes on" "$said" "cannot write c\.bin\.ckpt: writing failed: File too large; training continues"
like "full disk: in the end" "$said" "^1 .*s2v-train: cannot write c\.bin\.ckpt: writing failed: File too large$"
same "full disk: weights as before" a.bin c.bin
same "full disk: checkpoint as before" a.bin.ckpt c.bin.ckpt
like "full disk: --quiet tells" "$(full --quiet)" "cannot write c\.bin\.ckpt"
is "full disk: no litter" "$(find . -name '*tmp*')" ""
train clip.mkv -o c.bin --iterations 66 --resume c.bin.ckpt --preview no/where.png --preview-every 3
is "no place for previews: status" "$code" 0
like "no place for previews: told" "$err" "no/where\.png.*No such file.*; training continues"

train clip.mkv -o d.bin --iterations 400 --rate 1 --checkpoint-every 1000
like "too large a rate: no NaN" "$code" "^[01]$"

# --------------------------------------- options of the checkpoint --
held=(--split 0.5 --average 0.9 --rate 0.05)
train clip.mkv -o best.bin --iterations 8 "${held[@]}" --hold-out-every 1
best=$(grep -o "iteration [0-9]*: .*best so far" err.txt | tail -n 1 | grep -o "[0-9]*" | head -n 1)
like "best: said which" "$err" \
    "done after 8 iterations: best\.bin holds the best model by the held-out set, that of iteration $best; .*--export best\.bin\.ckpt"
is "best: it is an earlier one" "$((best < 8))" 1
train clip.mkv -o last.bin --iterations 8 "${held[@]}"
like "no best: said, too" "$err" "done after 8 iterations: wrote the model last\.bin"
cp best.bin kept.bin
run listen-and-move --export best.bin.ckpt -o latest.bin
like "--export: said" "$code $err" "^0 .*wrote the model latest\.bin: that of iteration 8"
same "--export: the latest weights" last.bin latest.bin
same "--export: the best as before" kept.bin best.bin
run listen-and-move --export best.bin.ckpt
like "--export: needs --output" "$code $err" "^2 .*--output: expected the weight file"
run listen-and-move --resume nowhere.ckpt
like "--resume alone, no such file" "$code $err" "^2 .*nowhere\.ckpt"
run listen-and-move --resume best.bin
like "--resume alone, no checkpoint" "$code $err" "^[12] .*best\.bin: expected a checkpoint of s2v-train listen-and-move .*'listen-and-move'"
run varietysound --resume best.bin.ckpt
like "--resume alone, of another model" "$code $err" "^[12] .*expected a checkpoint of s2v-train varietysound .*'listen-and-move checkpoint'"
run listen-and-move --resume best.bin.ckpt --iterations 9 --rate 0.001
like "--resume: held out as before" "$code $err" "^0 .*iteration 9: SSIM"
run listen-and-move --resume best.bin.ckpt --iterations 9 --sequence 8
like "--resume: given anew" "$code $err" "^1 .*sequence is 4 in the file and 8 in this run"
mv clip.mkv gone.mkv
run listen-and-move --resume best.bin.ckpt --iterations 10
like "--resume: the clip is gone" "$code $err" "^1 .*clip\.mkv.*No such file"
run listen-and-move gone.mkv --resume best.bin.ckpt --iterations 10
is "--resume: the clip has moved" "$code" 0
mv gone.mkv clip.mkv
printf 'clip = clip.mkv\nsize = 64\nchannels-max = 16\nsequence = 4\nprediction = none\nschedule = paper\nno-noise = true\n' >six.conf
run listen-and-move --config six.conf -o six.bin --iterations 4 --split 1 --threads 2
cp six.bin.ckpt four.ckpt
run listen-and-move --config six.conf -o six.bin --iterations 6 --split 1 --threads 2
run listen-and-move --resume four.ckpt -o more.bin --iterations 6
same "--resume: options of a --config" six.bin more.bin
same "--resume: options of a --config, checkpoint" six.bin.ckpt more.bin.ckpt

# ------------------------------------------------------ the schedule --
staged=(listen-and-move --size 64 --channels-max 16 --sequence 4 --threads 2)
run "${staged[@]}" long.mkv -o s.bin --iterations 20 --curves s.csv
is "staged: status" "$code" 0
like "staged: a clip that is short" "$err" "[0-9]+ s to learn from: expected at least 60 s"
like "staged: the stage" "$err" "20/20 +finishing .*L2 [0-9.]+"
like "staged: held out, moving" "$err" "iteration 20: SSIM .*moving pixels [0-9.]+ dB \(mean frame [0-9.]+\) of [0-9]+ held-out frames: the best so far"
like "staged: sound that is off" "$err" "s2v-train: audio shifted by 5 s does as well"
is "staged: curves" "$(head -n 1 s.csv)" "iteration,L2,held-out.moving"
run "${staged[@]}" long.mkv -o s.bin --time 2s
like "--time: ends" "$code $err" "^0 .*done after [0-9]+ iterations.*--resume s\\.bin\\.ckpt --time TIME"
# Its last iteration is of the last stage, or on a busy machine of the one before.
like "--time: its share" "$err" "100% +[0-9]+ +(refining|finishing).*0:00:00 left"
run listen-and-move --resume s.bin.ckpt
is "--time: over, resumed" "$code" 0
run listen-and-move --resume s.bin.ckpt --time 3s
like "--time: more of it" "$code $err" "^0 .*done after"
run "${staged[@]}" long.mkv -o x.bin --time 2s --iterations 3
like "--time and --iterations" "$code $err" "^2 .*expected one of the two, found both"
run "${staged[@]}" long.mkv -o x.bin --time soon
like "--time: what it takes" "$code $err" "^2 .*--time: expected a time such as 90s, 45m or 3h, found 'soon'"
run "${staged[@]}" long.mkv -o x.bin --schedule staged --rate 1e-3
like "staged, with a rate" "$code $err" "^2 .*--rate: expected --schedule paper with it"
run "${staged[@]}" long.mkv -o x.bin --rate 1e-3 --iterations 2
like "a rate asks for the paper's" "$code $err" "^0 .*using multi-scale L1"
rm -f x.bin*

# ------------------------------------------------- the whole method --
train clip.mkv -o g.bin --iterations 6 --adversarial --average 0.9 --split 0.5 \
    --hold-out-every 3 --curves g.csv
is "adversarial: status" "$code" 0
like "adversarial: held out" "$err" "iteration 3: SSIM .* held-out frames: the best so far, saved"
is "adversarial: curves" "$(head -c 21 g.csv) $(wc -l <g.csv)" "iteration,L1,g.image, 7"
is "adversarial: the plot" "$(head -c 4 g.png | tail -c 3)" PNG
train clip.mkv -o g.bin --iterations 8 --adversarial --average 0.9 --split 0.5 \
    --resume g.bin.ckpt --curves g.csv
is "adversarial: resumed" "$code $(wc -l <g.csv)" "0 9"
train clip.mkv -o h.bin --iterations 1 --init g.bin
is "from other weights" "$code" 0
seen=(--perceptual net.safetensors --split 0.5 --hold-out-every 2)
train clip.mkv -o l.bin --iterations 4 "${seen[@]}" --lpips heads.safetensors --curves l.csv --verbose
is "LPIPS: status" "$code" 0
like "LPIPS: held out" "$err" "iteration 2: LPIPS 0\.[0-9]+, SSIM .* frames: the best so far, saved"
like "LPIPS: curves" "$(head -n 1 l.csv)" ",held-out\.LPIPS$"
like "--verbose: device, weights" "$err" "f32, (2 threads|1 thread); [0-9]{5,} weights in the generator, 0 in disc"
like "--verbose: time, memory" "$err" "s for 4 iterations, at most [0-9]+ MB of memory"
run "${staged[@]}" long.mkv -o x.bin --iterations 10 --perceptual net.safetensors --lpips heads.safetensors
like "LPIPS, staged: held out by default" "$code $err" "^0 .*iteration 10: LPIPS 0\.[0-9]+, SSIM"
rm -f x.bin*
train clip.mkv -o l.bin --iterations 4 "${seen[@]}"
train clip.mkv -o l.bin --iterations 6 "${seen[@]}" --lpips heads.safetensors --resume l.bin.ckpt --verbose
like "LPIPS after SSIM: its own best" "$err" "iteration 6: LPIPS .*: the best so far, saved"
like "LPIPS after SSIM: the cost of these" "$err" "s for 2 iterations"
train clip.mkv -o x.bin "${seen[@]}" --lpips vgg.safetensors
like "LPIPS's heads of another network" "$code $err" \
    "^1 .*s2v-train: vgg\.safetensors: .*missing .lin5.model.1.weight"
train clip.mkv -o h.bin --iterations 1 --hold-out-every 1 --split 0.95
like "too little held out: named" "$code $err" "^1 .*--hold-out-every: expected at least one held-out sequence"

finish
