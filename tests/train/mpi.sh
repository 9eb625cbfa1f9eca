#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train on two processes: the same bytes each time, what one process learns with the
# same batch, resumed with as many and with others; and what ends all of them. TAP.
# S2V_TRAIN, S2V_SHARDS, S2V_IMPACTS, S2V_QUINTET, S2V_TALKERS, S2V_LANDSCAPES and
# MAKE_STYLEGAN are programs, from meson, and S2V_TRAIN_OTHER is s2v-train of another version;
# MPI is yes if they were built with it.
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_mpi

"$S2V_IMPACTS" --count 2 --size 16 --rate 21.5 -o impacts >/dev/null 2>&1 || exit 99
"$S2V_QUINTET" --size 64 --duration 4 -o quintet.mkv >/dev/null 2>&1 || exit 99
"$S2V_TALKERS" -i 1-2 -s 72 -d 2 -o talk >/dev/null 2>&1 || exit 99
"$S2V_SHARDS" hifigan -o sounds impacts -q && "$S2V_SHARDS" man --size 64 -o faces talk -q &&
    "$S2V_SHARDS" stylegan2 --size 32 --fps 2 -o stills impacts -q || exit 99
"$S2V_LANDSCAPES" --count 4 --scenes rain,fire -s 32 -d 2 -o land >/dev/null 2>&1 &&
    "$S2V_SHARDS" embedding --size 32 -o scenes land -q && "$MAKE_STYLEGAN" generator.bin stylegan2 || exit 99

# near A B KIND...: whether losses (.csv) and tensors (.ckpt) are within 1e-4, these by their
# norm. A kind is the first two letters of what Adam keeps of the gradients, or w: weights.
near() {
    python3 - "$@" <<'PY'
import csv, json, struct, sys
import array
def tensors(path):
    data = open(path, "rb").read()
    n, = struct.unpack("<Q", data[:8])
    out = {}
    for name, t in json.loads(data[8:8 + n]).items():
        if name != "__metadata__" and t["dtype"] == "F32":
            a, b = t["data_offsets"]
            out[name] = array.array("f", data[8 + n + a:8 + n + b])
    return out
a, b = (list(csv.reader(open(p + ".csv"))) for p in sys.argv[1:3])
worst, where = 0.0, ""
for row, other in zip(a[1:], b[1:]):
    for name, x, y in zip(a[0], row, other):
        if x and y:
            off = abs(float(x) - float(y)) / max(abs(float(x)), 1)
            worst, where = max((worst, where), (off, name))
a, b = (tensors(p + ".bin.ckpt") for p in sys.argv[1:3])
for kind in sys.argv[3:]:
    names = [k for k in a if (k[:2] == kind if kind != "w" else k[:2] not in ("m.", "v."))]
    off = (sum((x - y) ** 2 for k in names for x, y in zip(a[k], b[k])) /
           sum(x * x for k in names for x in a[k])) ** 0.5
    worst, where = max((worst, where), (off, kind))
print("yes" if worst < 1e-4 and len(a) == len(b) else f"{worst} in {where}")
PY
}
# as_one "KIND..." MODEL ARGUMENTS...: 20 iterations, at a rate at which rounding stays small.
as_one() {
    local kinds model=$2
    read -ra kinds <<<"$1"
    shift 2
    "$S2V_TRAIN" "$model" "$@" -o one.bin --iterations 20 --curves one.csv --threads 1 -q || echo "# no training"
    mpi -np 2 "$S2V_TRAIN" "$model" "$@" -o two.bin --iterations 20 --curves two.csv --threads 1 -q
    is "$model: two processes end" "$code" 0
    is "$model: they learn what one does, within 1e-4" "$(near one two "${kinds[@]}")" yes
}
as_one "w m. v." hifigan sounds --variant v3 --divide 8 --sequence 8 --batch 4 --rate 1e-6 --critic-rate 1e-6
# Its gradients are mostly of absolute values and jump where a difference changes its sign.
as_one w man faces --network small --batch 4 --rate 2e-8 --critic-rate 1e-7
# The right answers of a frame are in the whole batch, half of which the other process has.
embedding=(scenes --size 32 --batch 8 --split 0.6 --rate 1e-6)
as_one "w m. v." embedding "${embedding[@]}"
mpi -np 2 "$S2V_TRAIN" embedding "${embedding[@]}" -o again.bin --iterations 20 --threads 1 -q
same "embedding: the same bytes each time" two.bin again.bin
# Both stages, with discriminators in the second.
semantic=(scenes --generator generator.bin --embedding again.bin --sequence 4 --critic-channels 2 --batch 4 --split 0.6
    --alone 0.5 --rate 1e-6 --critic-rate 1e-6)
as_one w semantic "${semantic[@]}"
mpi -np 2 "$S2V_TRAIN" semantic "${semantic[@]}" -o more.bin --iterations 20 --threads 1 -q
same "semantic: the same bytes each time" two.bin more.bin

small=(--size 32 --batch 4 --base 64 --max 8 --latent 16 --mapping 2 --threads 1)
for name in a b; do
    mpi -np 2 "$S2V_TRAIN" stylegan2 stills -o $name.bin "${small[@]}" --iterations 4 -q
done
same "the same bytes each time" a.bin b.bin
mpi -np 2 "$S2V_TRAIN" stylegan2 stills -o c.bin "${small[@]}" --iterations 2
is "one of them speaks" "$(grep -c '^2 files' err.txt) $(grep -c '^done' err.txt)" "1 1"
mpi -np 2 "$S2V_TRAIN" stylegan2 stills -o c.bin "${small[@]}" --iterations 4 --resume c.bin.ckpt -q
same "a resume is the uninterrupted training" a.bin c.bin
run_one() { "$S2V_TRAIN" "$@" >out.txt 2>err.txt; code=$?; }
run_one stylegan2 --resume c.bin.ckpt --iterations 5 -q
is "one process goes on where two ended" "$code" 0
mpi -np 2 "$S2V_TRAIN" stylegan2 --resume c.bin.ckpt --iterations 6 -q
is "and two where one did" "$code" 0

# A stream a process, each with its recurrent states and its place in the clip.
lm=(quintet.mkv --size 64 --sequence 4 --schedule paper --threads 1)
mpi -np 2 "$S2V_TRAIN" listen-and-move "${lm[@]}" -o l.bin --iterations 4 -q
mpi -np 2 "$S2V_TRAIN" listen-and-move "${lm[@]}" -o m.bin --iterations 2 -q
mpi -np 2 "$S2V_TRAIN" listen-and-move "${lm[@]}" -o m.bin --iterations 4 --resume m.bin.ckpt -q
same "listen-and-move: a resume is the uninterrupted training" l.bin m.bin
run_one listen-and-move "${lm[@]}" -o one.bin --iterations 4 -q
is "two streams are not one" "$(cmp -s l.bin one.bin && echo the same)" ""
run_one listen-and-move "${lm[@]}" -o m.bin --iterations 5 --resume m.bin.ckpt -q
is "listen-and-move: one process goes on" "$code" 0
mpi -np 2 "$S2V_TRAIN" listen-and-move "${lm[@]}" -o m.bin --iterations 6 --resume m.bin.ckpt -q
is "listen-and-move: and two" "$code" 0

# Its batch norms see a part of the batch each.
mpi -np 2 "$S2V_TRAIN" varietysound impacts -o v.bin --size 16 --iterations 2 --width 16 --features 16 \
    --sight-channels 2 --sequence 64 --batch 4 --threads 1 -q
is "varietysound: two processes" "$code" 0

# refuses NAME REGEX MPIRUN'S ARGUMENTS...: one sentence of one process, no files.
refuses() {
    local name=$1 regex=$2
    rm -f x.bin*
    shift 2
    mpi "$@"
    is "$name: status" "$([ "$code" = 0 ] && echo 0)" ""
    like "$name: sentence" "$err" "^s2v-train: $regex"
    is "$name: one" "$(wc -l <<<"$err")" 1
    is "$name: no file" "$(echo x.bin*)" 'x.bin*'
    echo "# $err"
}
one=(-np 1 "$S2V_TRAIN" stylegan2 stills -o x.bin "${small[@]}" -q)
refuses "other options" "process 1 of 2 on $HOSTNAME: expected the options of process 0, '.*seed.*', found '" \
    "${one[@]}" --seed 1 : "${one[@]}" --seed 2
refuses "another model" "process 1 of 2 on $HOSTNAME: expected the model of process 0, 'stylegan2', found 'hifigan'" \
    "${one[@]}" : -np 1 "$S2V_TRAIN" hifigan sounds -o x.bin -q
refuses "another version" "process 1 of 2 on $HOSTNAME: expected the version of process 0, '[0-9.]+', found '0.0.1'" \
    "${one[@]}" : -np 1 "$S2V_TRAIN_OTHER" stylegan2 stills -o x.bin "${small[@]}" -q
refuses "a mistake of one" "process 1 of 2 on $HOSTNAME: --iterations: expected" "${one[@]}" : "${one[@]}" --iterations x
refuses "a batch that cannot be divided" "--batch: expected a multiple of the 2 processes, found 3" \
    -np 2 "$S2V_TRAIN" stylegan2 stills -o x.bin --size 32 --latent 16 --batch 3 -q
mkdir here there && cp -r stills here/ && cp a.bin.ckpt here/from.ckpt && cp c.bin.ckpt there/from.ckpt
from=("$S2V_TRAIN" stylegan2 "$tmp/stills" -o "$tmp/x.bin" "${small[@]}" --iterations 9 --resume from.ckpt -q)
refuses "another checkpoint" "process 1 of 2 on $HOSTNAME: expected the files of process 0, '[0-9a-f]{16} \
of --resume from.ckpt', found '[0-9a-f]{16} of --resume from.ckpt'" \
    -np 1 -wdir "$tmp/here" "${from[@]}" : -np 1 -wdir "$tmp/there" "${from[@]}"
"$S2V_IMPACTS" --count 2 --size 16 --rate 21.5 --seed 9 -o others >/dev/null 2>&1
"$S2V_SHARDS" stylegan2 --size 32 --fps 2 -o there/stills others -q
one=("$S2V_TRAIN" stylegan2 stills -o "$tmp/x.bin" "${small[@]}" -q)
refuses "other clips" "process 1 of 2 on $HOSTNAME: expected the clips of process 0, '.*', found '" \
    -np 1 -wdir "$tmp/here" "${one[@]}" : -np 1 -wdir "$tmp/there" "${one[@]}"
rm -r there/stills
refuses "none" "process 1 of 2 on $HOSTNAME: .*stills" \
    -np 1 -wdir "$tmp/here" "${one[@]}" : -np 1 -wdir "$tmp/there" "${one[@]}"

# What is computed of shards needs room on each machine.
rm -f scenes/prepared*
one=("$S2V_TRAIN" embedding "${embedding[@]}" -o x.bin --threads 1 -q)
# shellcheck disable=SC2016
refuses "a full disk of one" "process 1 of 2 on $HOSTNAME: 'scenes': expected room for [0-9]+ MB of what is computed" \
    -np 1 "${one[@]}" : -np 1 bash -c 'ulimit -f 20; exec "$0" "$@"' "${one[@]}"

# second FILE: the id of the second process of those that write it.
second() {
    local p
    for p in $(pgrep -f -- "-o $1 .*--iterations 100000"); do
        tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qx OMPI_COMM_WORLD_RANK=1 && echo "$p"
    done | head -1
}
# One of them dies: all end, and the last checkpoint is whole.
timeout 300 mpirun --allow-run-as-root --oversubscribe -np 2 "$S2V_TRAIN" stylegan2 stills -o k.bin "${small[@]}" \
    --iterations 100000 --checkpoint-every 1 -q >out.txt 2>err.txt </dev/null &
pid=$!
while kill -0 $pid 2>/dev/null && [ ! -e k.bin.ckpt ]; do sleep 0.05; done
victim=$(second k.bin)
kill -KILL "$victim"
wait $pid && echo "# no error"
is "one dies, all end" "$(kill -0 "$victim" 2>/dev/null && echo running)" ""
like "mpirun says so" "$(cat err.txt)" 'mpirun noticed that process rank 1 .*exited on signal 9'
"$S2V_TRAIN" stylegan2 stills "${small[@]}" --export k.bin.ckpt -o latest.bin -q
is "the last checkpoint is whole" "$?" 0

# A signal to one of them saves, and ends all.
timeout 300 mpirun --allow-run-as-root --oversubscribe -np 2 "$S2V_TRAIN" stylegan2 stills -o t.bin "${small[@]}" \
    --iterations 100000 --checkpoint-every 1 -q >out.txt 2>err.txt </dev/null &
pid=$!
while kill -0 $pid 2>/dev/null && [ ! -e t.bin.ckpt ]; do sleep 0.05; done
victim=$(second t.bin)
kill -TERM "$victim"
wait $pid
"$S2V_TRAIN" stylegan2 stills "${small[@]}" --export t.bin.ckpt -o latest.bin -q
is "a signal to one saves and ends all" "$?" 0
like "and nothing else is said" "$(grep -c 'exited on signal' err.txt)" '^0$'

# A disk that is full.
# shellcheck disable=SC2016
mpi -np 2 bash -c 'ulimit -f 100; exec "$0" "$@"' "$S2V_TRAIN" stylegan2 stills -o x.bin "${small[@]}" --iterations 1 -q
is "a full disk: status" "$([ "$code" = 0 ] && echo 0)" ""
like "a full disk: sentence" "$err" '^s2v-train: cannot write x.bin.ckpt'
is "a full disk: one" "$(wc -l <<<"$err")" 1
finish
