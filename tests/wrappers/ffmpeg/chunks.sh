#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same pictures, to the bit, however the sound is cut into frames.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

for rate in 16000 44100; do
    samples=$((rate * 3 + 123))
    wanted=$(frames "$(sound $rate $samples),asetnsamples=$samples:p=0,s2v=tiny.bin")
    is "$rate Hz: the whole at once" "$(wc -l <<<"$wanted")" 61
    for n in 1 7 160 800 4096; do
        is "$rate Hz: $n samples at once" "$(frames "$(sound $rate $samples),asetnsamples=$n:p=0,s2v=tiny.bin")" "$wanted"
    done
done

# Two at once in a graph do not disturb each other.
wanted=$(frames "$(sound 16000 32000),s2v=tiny.bin,hflip")
run -f lavfi -i "$(sound 16000 32000)" -filter_complex \
    "asplit[a][b];[a]s2v=tiny.bin,hflip[x];[b]asetnsamples=99:p=0,s2v=tiny.bin,hflip[y]" \
    -map '[x]' -f framemd5 x.txt -map '[y]' -f framemd5 y.txt
is "first of two in one graph" "$(grep -v '^#' x.txt)" "$wanted"
is "second of two in one graph" "$(grep -v '^#' y.txt)" "$wanted"
is "two side by side" "$(count "$(sound 16000 32000),asplit[a][b];[a]s2v=tiny.bin[x];[b]s2v=tiny.bin[y];[x][y]hstack")" 40
is "scaled and at another rate" "$(count "$(sound 16000 32000),s2v=tiny.bin,scale=96:96,fps=25")" 50

# Stopping early is no error, and no more sound is read than is wanted.
run -f lavfi -i "aevalsrc=sin(t*999):s=16000" -filter_complex s2v=tiny.bin -an -frames:v 5 -f framemd5 early.txt
is "stops when enough frames were made" "$? $(grep -cv '^#' early.txt)" "0 5"
finish
