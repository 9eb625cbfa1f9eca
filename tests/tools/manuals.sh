#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each tool's man page has the options of its --help, and no others. TAP.
# MANUALS is the folder of man pages; the arguments are the tools.
set -uo pipefail
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

options() { grep -oE -- '--[a-z][a-z0-9-]*' | sort -u; }

# help TOOL: all that it says, whatever it trains.
help() {
    case $1 in
    */s2v-train)
        for model in $("$1" --help | sed -n '/^Models:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p'); do
            "$1" "$model" --help
        done
        ;;
    *) "$1" --help ;;
    esac
}

for tool; do
    name=${tool##*/}
    is "$name: the same options in --help and man page" \
        "$(sed -n '/^\.B/s/\\-/-/gp' "$MANUALS/$name.1" | options)" "$(help "$tool" | grep -E '^ +(-., )?--' | options)"
done
finish
