#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# level: sound of any loudness gives the frames of the loudness that the model
# was trained at, in any pieces; a gain is one. errors.sh has what is neither.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"
[ -f "${S2V_LEVEL_MODEL-}" ] || bail "S2V_LEVEL_MODEL names no file: '${S2V_LEVEL_MODEL-}'"
cp "$S2V_LEVEL_MODEL" level.bin

# Full scale; 163 is no part of a step of the leveller.
loud="$(sound 16000 64163),volume=2:precision=float"
own='\[Parsed_s2v_[0-9]+ @ 0x[0-9a-f]+\] '

like "the help tells of it" "$("$FFMPEG" -v quiet -h filter=s2v)" \
    'level +<string> .*auto.*off.*dB.*\(default "auto"\)'

auto=$(frames "$loud,s2v=level.bin")
is "auto: as many frames" "$(wc -l <<<"$auto")" 81
is "auto is the default" "$(frames "$loud,s2v=level.bin:level=auto")" "$auto"
off=$(frames "$loud,s2v=tiny.bin")
is "off is as a file without a level" "$(frames "$loud,s2v=level.bin:level=off")" "$off"
is "and auto is not" "$([ "$auto" = "$off" ] && echo same)" ""
is "auto of a file without a level is off" "$(frames "$loud,s2v=tiny.bin:level=auto")" "$off"
is "0 dB is off" "$(frames "$loud,s2v=level.bin:level=0")" "$off"
# libavfilter's own gain of 6 dB is 1.9952623, too.
is "6 is a gain of 6 dB" "$(frames "$loud,s2v=level.bin:level=6")" \
    "$(frames "$loud,volume=6dB:precision=float,s2v=tiny.bin")"
for n in 1 7 80 333 16000; do
    is "auto: the same from $n samples a frame" \
        "$(frames "$loud,asetnsamples=n=$n:p=0,s2v=level.bin")" "$auto"
done

# psnr LEVEL GAIN: of the frames of louder or quieter sound against the loud
# one's, the worst of those after a second; inf where all are the same.
psnr() {
    run -filter_complex "$loud,asplit[x][y];[x]s2v=level.bin:level=$1[a];
        [y]volume=$2:precision=float,s2v=level.bin:level=$1[b];[a][b]psnr=stats_file=stats.txt" -f null -
    sed -n '21,$s/.*psnr_avg:\([^ ]*\).*/\1/p' stats.txt | sort -g | head -1
}
for gain in -10dB -20dB -30dB; do
    auto=$(psnr auto $gain) off=$(psnr off $gain)
    is "$gain makes no difference with auto ($auto dB), and does with off ($off dB)" \
        "$(awk '{print (($1 == "inf" || $1 > 50) && $2 != "inf" && $2 < 40)}' <<<"$auto $off")" 1
done

# The log, where there is a level and where there is none.
untold='has no training loudness .*: the audio is not normalised'
said=$(run -v verbose -filter_complex "$loud,s2v=tiny.bin" -f null - 2>&1)
is "a file without a level: the log says so, once each time it is opened" \
    "$(grep -c "$untold" <<<"$said")" "$(grep -cE "${own}.*tiny\.bin: listen-and-move, 64x64" <<<"$said")"
like "and that it was" "$said" "${own}.*tiny\.bin: the file $untold"
said=$(run -v verbose -filter_complex "$loud,s2v=level.bin" -f null - 2>&1)
is "a file with a level: it does not" "$(grep -c "$untold" <<<"$said")" 0
finish
