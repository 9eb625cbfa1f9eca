#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# symbols.sh LIBRARY HEADER: the library exports what the header declares, all
# of it and nothing else.
here=$(dirname "$0")
. "$here/lib.sh"
command -v nm >/dev/null || skip_all "there is no nm"

nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort >"$tmp/exported"
# S2V_API, type, name and an opening bracket, perhaps over lines.
tr '\n' ' ' <"$2" | sed 's/S2V_API /\n&/g' |
    sed -n 's/^S2V_API [^(]*[ *]\(s2v_[a-z0-9_]*\)(.*/\1/p' |
    sort >"$tmp/declared"

point "the header declares functions" test -s "$tmp/declared"
point "each one is marked S2V_API" test "$(wc -l <"$tmp/declared")" -eq \
    "$(grep -c '^S2V_API ' "$2")"
point "exported (+) and declared (-)" diff -u "$tmp/declared" "$tmp/exported"
point "symbols have a version" sh -c \
    "! nm -D --defined-only '$1' | grep ' s2v_' | grep -v '@@LIBS2V_'"
finish symbols
