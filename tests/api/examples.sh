#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples.sh FRAMES SOUND TALK TINY FOLEY MAN: the programs in docs/examples, on
# small models. TAP.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
frames=$1 sound=$2 talk=$3 tiny=$4 foley=$5 man=$6

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Raw input on standard input; says the status, the bytes and what was said.
run() {
    local code=0
    "$@" >"$scratch/out" 2>"$scratch/said" || code=$?
    echo "$code $(stat -c %s "$scratch/out") $(cat "$scratch/said")"
}

# A second of silence: 20 frames of 64x64, and how large they are.
is "frames" "$(head -c 64000 /dev/zero | run "$frames" "$tiny")" \
    "0 $((20 * 64 * 64 * 3)) 64x64, 20/1 frames/s"
# Two seconds of grey: 2 x 22050 samples.
is "sound" "$(head -c $((50 * 16 * 8 * 3)) /dev/zero | tr '\0' '\200' | run "$sound" "$foley" 16 8 25)" \
    "0 $((2 * 22050 * 4)) "
is "sound: a rate that is a fraction" \
    "$(head -c $((30 * 8 * 8 * 3)) /dev/zero | run "$sound" "$foley" 8 8 30000/1001)" "0 $((22073 * 4)) "
like "sound: the wrong model" "$(run "$sound" "$tiny" 8 8 25 </dev/null)" \
    "^1 0 sound: .*a 'listen-and-move' model makes video, expected one that makes audio"
like "sound: no model" "$("$sound" 2>&1)" '^usage: sound MODEL WIDTH HEIGHT FPS$'
# Grey of 16 x 16, a second of silence: 25 frames of 32x32.
face() { head -c $((16 * 16 * 3)) /dev/zero | tr '\0' '\200'; }
is "talk" "$({ face; head -c 64000 /dev/zero; } | run "$talk" "$man" 16 16 crop=0:0:16:16 motion=0)" \
    "0 $((25 * 32 * 32 * 3)) "
like "talk: no face" "$(face | run "$talk" "$man" 16 16)" '^1 0 talk: .*crop'
like "talk: no picture" "$(run "$talk" "$man" 16 16 crop=0:0:16:16 </dev/null)" \
    '^1 0 talk: no whole picture'
like "talk: an unknown option" "$(run "$talk" "$man" 16 16 mood=5 </dev/null)" \
    '^1 0 talk: .*mood'
like "talk: no model" "$("$talk" 2>&1)" '^usage: talk MODEL WIDTH HEIGHT'

finish
