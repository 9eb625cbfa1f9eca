#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files of s2v-quintet and s2v-impacts have their names once they are complete.
# TAP. The arguments are the two programs.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

programs=()
for program; do
    programs+=("$(realpath "$program")")
done
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99

# all: every name in the folder, the temporary ones included.
all() { (shopt -s dotglob nullglob; echo *); }

# stop PROGRAM SIGNAL: while it writes over an old file.
stop() {
    local name="${1##*/}, $2" temporary
    mkdir run && cd run || exit 99
    echo old >clip.mkv
    env --default-signal=INT "$1" -s 256 -d 3600 -o clip.mkv 2>/dev/null &
    local pid=$!
    for _ in {1..500}; do
        temporary=$(compgen -G '.*.mkv') && break
        sleep 0.02
    done
    like "$name: a temporary name" "$temporary" '^\.s2v-[0-9]+-0\.tmp\.mkv$'
    kill "-$2" $pid
    wait $pid 2>/dev/null
    is "$name: status" "$?" "$((128 + $(kill -l "$2")))"
    is "$name: the old file" "$(cat clip.mkv)" old
    if [ "$2" = KILL ]; then rm "$temporary"; fi
    is "$name: no other file" "$(all)" clip.mkv
    cd .. && rm -r run
}

# fails PROGRAM: files may not grow, as on a full disk.
fails() {
    local name="${1##*/}, full disk" said
    mkdir run && cd run || exit 99
    said=$(ulimit -f 8; "$1" -s 64 -d 2 -o clip.mkv 2>&1)
    is "$name: status" "$?" 1
    like "$name: sentence" "$said" "^${1##*/}: clip\.mkv: cannot .*: File too large$"
    is "$name: no file" "$(all)" ""
    cd .. && rm -r run
}

# writes PROGRAM: what is there already stays what it is.
writes() {
    local name=${1##*/}
    mkdir run && cd run || exit 99
    umask 022
    "$1" -s 16 -d 1 -o plain.wav
    is "$name: permissions of a new file" "$(stat -c %a plain.wav)" 644
    echo old >private.wav
    chmod 600 private.wav
    ln -s private.wav link.wav
    "$1" -s 16 -d 1 -o link.wav
    is "$name: a link stays one" "$(readlink link.wav)" private.wav
    is "$name: its file is written" "$(cmp plain.wav private.wav 2>&1)" ""
    is "$name: permissions stay" "$(stat -c %a private.wav)" 600
    "$1" -s 16 -d 1 -o 'a:b.wav'
    is "$name: a colon in a name" "$(cmp plain.wav 'a:b.wav' 2>&1)" ""
    mkfifo pipe.wav
    timeout 20 cat pipe.wav >piped &
    "$1" -s 16 -d 1 -o pipe.wav
    is "$name: into a pipe" "$?" 0
    wait $!
    like "$name: through a pipe" "$(head -c 4 piped)" RIFF
    is "$name: a pipe stays one" "$(stat -c %F pipe.wav)" fifo
    is "$name: no litter" "$(compgen -G '.*.wav')" ""
    cd .. && rm -r run
}

for program in "${programs[@]}"; do
    for signal in TERM INT HUP KILL; do
        stop "$program" "$signal"
    done
    fails "$program"
    writes "$program"
done
finish
