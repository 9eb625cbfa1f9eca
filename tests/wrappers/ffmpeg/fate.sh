#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# FFmpeg's own regression tests of the filters, and its documentation of them, in
# FFmpeg's build tree.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

[ -f "${S2V_FFMPEG_OBJ-}/ffbuild/config.mak" ] || bail "FFmpeg's build tree is not there: '${S2V_FFMPEG_OBJ-}'"
# fate NAME VARIABLE=MODEL
fate() {
    local said
    if ! said=$(make -s -C "$S2V_FFMPEG_OBJ" "$1" "$2" 2>&1); then
        tail -n 40 <<<"$said" | sed 's/^/# /'
        is "make $1" failed passed
    else
        is "make $1" passed passed
    fi
}
fate fate-filter-s2v "S2V_FATE_MODEL=$tmp/tiny.bin"
# Both filters have a chapter, and makeinfo complains of nothing in them. Where it
# came later than FFmpeg's configure, make would take another program, or none.
if command -v makeinfo >/dev/null && grep -q '^HAVE_MAKEINFO_HTML=yes' "$S2V_FFMPEG_OBJ/ffbuild/config.mak"; then
    rm -f "$S2V_FFMPEG_OBJ/doc/ffmpeg-filters.html"
    said=$(make -C "$S2V_FFMPEG_OBJ" doc/ffmpeg-filters.html 2>&1)
    is "FFmpeg's documentation builds" $? 0
    is "makeinfo has nothing against them" "$(grep -c '\.texi:[0-9]' <<<"$said")" 0
    is "both filters have a chapter" "$(grep -cE '<h3 .*[0-9]\.[0-9]+ (s2v|v2sfoley)<' \
        "$S2V_FFMPEG_OBJ/doc/ffmpeg-filters.html")" 2
else
    skip "FFmpeg's documentation" "there is no makeinfo, or FFmpeg was configured without"
fi
[ -f "${S2V_TINY_FOLEY-}" ] || bail "S2V_TINY_FOLEY names no file: '${S2V_TINY_FOLEY-}'"
cp "$S2V_TINY_FOLEY" "$tmp/foley.bin"
fate fate-filter-v2sfoley "S2V_FATE_FOLEY=$tmp/foley.bin"
finish
