#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# options.sh LIST-OPTIONS VF_S2V.C AF_S2V.C: the filters have all options of the
# families that they run, and no others, and as commands those that may change.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
[ -x "${1-}" ] || bail "not a program: '${1-}'"
[ -f "${2-}" ] || bail "not a file: '${2-}'"
[ -f "${3-}" ] || bail "not a file: '${3-}'"

# The filter's own: seed and level are commands, size and fps are not.
own=$'fps 0\nlevel 1\nseed 1\nsize 0'
listed=$("$1" | sort -u)
table=$(sed -nE 's/^ *V\([A-Z_0-9]+, *"([^"]+)", *".*", (FLAGS|RUNTIME)\).*/\1 \2/p' "$2" |
    sed 's/FLAGS/0/; s/RUNTIME/1/')
is "the library lists more than 40" "$(($(wc -l <<<"$listed") > 40))" 1
is "the table has each of them" "$(comm -23 <(echo "$listed") <(sort <<<"$table"$'\n'"$own"))" ""
is "and no other" "$(comm -13 <(echo "$listed") <(sort <<<"$table"$'\n'"$own"))" ""
is "each once" "$(cut -d' ' -f1 <<<"$table" | sort | uniq -d)" ""

# v2sfoley: its own are not the library's; a reference and the mix can be commands.
own=$'device 0\ndtype 0\ninputs 0\nmix 1\nmodel 0\nref 1\nstate 0\nstate_interval 0\nthreads 0'
listed=$("$1" sound | sort -u)
table=$(sed -nE '/AV_OPT_TYPE_CONST/d; /v2sfoley_options\[\]/,/^};/s/^ *\{ "([^"]+)", .* (FLAGS|RUNTIME)(, "[a-z]+")? \},$/\1 \2/p' "$3" |
    sed 's/FLAGS/0/; s/RUNTIME/1/')
is "v2sfoley has all options of the library, its own, and no others" \
    "$(sort <<<"$table")" "$(sort <<<"$listed"$'\n'"$own")"
finish
