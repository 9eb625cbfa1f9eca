#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Memory stays flat over an hour of sound, also where it comes in one frame's
# worth after the other and where nobody hurries to take the pictures.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

# peak GRAPH: the most kilobytes that ffmpeg held.
peak() {
    "$FFMPEG" -nostdin -v error -benchmark -v info -filter_complex "$1" -f null - 2>&1 |
        sed -n 's/.*maxrss=\([0-9]*\).*/\1/p'
}
for rate in 16000 44100; do
    source="aevalsrc=sin(2*PI*440*t)*sin(t):s=$rate"
    minute=$(peak "$source:d=60,s2v=tiny.bin")
    hour=$(peak "$source:d=3600,s2v=tiny.bin")
    echo "# $rate Hz: $minute kB after a minute, $hour kB after an hour"
    is "an hour at $rate Hz takes no more memory than a minute" "$((hour < minute + 4096))" 1
done
is "an hour is 72,000 frames" "$(count "anullsrc=r=16000:cl=mono:d=3600,s2v=tiny.bin")" 72000
# Sound for video: an hour of pictures.
if [ -f "${S2V_TINY_FOLEY-}" ]; then
    cp "$S2V_TINY_FOLEY" foley.bin
    minute=$(peak "testsrc2=s=64x48:r=15:d=60,v2sfoley")
    hour=$(peak "testsrc2=s=64x48:r=15:d=3600,v2sfoley")
    echo "# v2sfoley: $minute kB after a minute, $hour kB after an hour"
    is "an hour of pictures takes no more memory than a minute" "$((hour < minute + 4096))" 1
else
    skip "an hour of pictures" "S2V_TINY_FOLEY names no file"
fi
finish
