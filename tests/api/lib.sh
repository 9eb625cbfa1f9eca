# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# What the scripts share: a scratch folder, points, and a last line of counts.
set -u
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
points=0 bad=0 skipped=0

# point NAME COMMAND...: fails, with the command's output, if it does.
point() {
    name=$1
    shift
    points=$((points + 1))
    if ! "$@" >"$tmp/output" 2>&1; then
        bad=$((bad + 1))
        echo "FAIL $name: $*"
        cat "$tmp/output"
    fi
}

skip_point() {
    skipped=$((skipped + 1))
    echo "SKIP $*"
}

skip_all() {
    echo "SKIP: $*"
    exit 77
}

finish() {
    echo "$1: $points checks, $bad failed, $skipped skipped"
    [ "$bad" -eq 0 ]
    exit
}
