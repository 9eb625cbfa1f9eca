#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# FFmpeg's own regression test of the filter, in FFmpeg's build tree.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

[ -f "${S2V_FFMPEG_OBJ-}/ffbuild/config.mak" ] || bail "FFmpeg's build tree is not there: '${S2V_FFMPEG_OBJ-}'"
if ! said=$(make -s -C "$S2V_FFMPEG_OBJ" fate-filter-s2v S2V_FATE_MODEL="$tmp/tiny.bin" 2>&1); then
    tail -n 40 <<<"$said" | sed 's/^/# /'
    is "make fate-filter-s2v" failed passed
else
    is "make fate-filter-s2v" passed passed
fi
finish
