#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of s2v-train's recipes: a folder of their own, runs, what is refused.
# A test sets `recipe` and sources this. S2V_TRAIN is the program, from meson.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99

same() { if cmp -s "$2" "$3"; then is "$1" yes yes; else is "$1" "$2 and $3 differ" "the same bytes"; fi; }
# run ARGUMENTS...: sets code and err.
run() {
    "$S2V_TRAIN" "${recipe:?}" "$@" >out.txt 2>err.txt </dev/null
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
# mpi ARGUMENTS...: mpirun's; those who run tests in containers are root there. Open MPI
# 4.1's mpirun sometimes dies of a signal itself where a process ends in an error, and with
# it goes what that process said: then once more. The shell says so of mpirun alone; of a
# process that dies, mpirun returns the status.
mpi() {
    local try
    for try in 1 2 3; do
        {
            timeout 300 mpirun --allow-run-as-root --oversubscribe "$@" >out.txt 2>err.txt </dev/null
            code=$?
        } 2>shell.txt
        err=$(grep '^s2v-train: ' err.txt)
        grep -q 'Segmentation fault' shell.txt || break
        echo "# mpirun crashed, run $try of 3"
    done
}
# need_mpi: skip the test where mpirun does not run two processes. MPI is yes, from meson,
# if s2v-train was built with it.
need_mpi() {
    [ "$MPI" = yes ] || bail "built without MPI (libopenmpi-dev)"
    command -v mpirun >/dev/null || bail "there is no mpirun (openmpi-bin)"
    export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMP_WAIT_POLICY=passive
    mpi -np 2 true
    [ "$code" = 0 ] || bail "mpirun does not run two processes here: $(head -1 err.txt)"
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
