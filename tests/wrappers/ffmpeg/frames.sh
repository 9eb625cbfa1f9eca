#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Exactly ceil(duration x 20) frames, at any rate, layout and sample format.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

# Around each multiple of a frame, to the sample.
for rate in 8000 11025 16000 22050 44100 48000 96000; do
    got=
    wanted=
    for samples in 0 1 2 17 $((rate * 499 / 10000)) $((rate / 20)) $((rate / 20 + 1)) \
        $((rate * 501 / 10000 + 1)) $((rate - 1)) $rate $((rate + 1)) $((10 * rate)) $((10 * rate + 1)); do
        got+="$samples:$(count "$(sound $rate "$samples"),s2v=tiny.bin") "
        wanted+="$samples:$(((samples * 20 + rate - 1) / rate)) "
    done
    is "number of frames at $rate Hz" "$got" "$wanted"
done

reference=$(frames "$(sound 16000 40000),s2v=tiny.bin")
for layout in stereo 5.1 7.1; do
    is "frames from $layout" "$(count "$(sound 48000 120000 $layout),s2v=tiny.bin")" 50
done
for format in s16 s16p s32 flt fltp dbl; do
    is "picture from $format is that from float" \
        "$(frames "$(sound 16000 40000),aformat=s16,aformat=$format,s2v=tiny.bin" | md5sum)" \
        "$(frames "$(sound 16000 40000),aformat=s16,s2v=tiny.bin" | md5sum)"
done
is "frames from u8" "$(count "$(sound 16000 40000),aformat=u8,s2v=tiny.bin")" 50

is "the same seed makes the same frames" "$(frames "$(sound 16000 40000),s2v=tiny.bin:seed=0")" "$reference"
is "any number of threads is taken" "$(count "$(sound 16000 8000),s2v=tiny.bin:threads=1")" 10
is "the plain C device is taken" "$(count "$(sound 16000 8000),s2v=tiny.bin:device=ref")" 10
is "sound that is not a number does no harm" \
    "$(count "aevalsrc=0/0:s=16000:d=1,s2v=tiny.bin") $(count "aevalsrc=1/0:s=44100:d=1,s2v=tiny.bin")" "20 20"

head=$(run -f lavfi -i "$(sound 16000 16000)" -filter_complex "$sound_in"s2v=tiny.bin -f framemd5 - | grep '^#[tsd]')
like "time base of a frame" "$head" '#tb 0: 1/20'
like "square pixels" "$head" '#sar 0: 1/1'
is "frames last one tick each" "$(awk -F, '{print $4}' <<<"$reference" | sort -u | tr -d ' ')" 1
is "time stamps count up" "$(awk -F, '$3 != NR - 1' <<<"$reference")" ""
finish
