#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# dtype: bf16 is near f32 and not the same, in both filters; what cannot be is
# told in one sentence.
here=$(dirname "$0")
# shellcheck source=lib.sh
. "$here/lib.sh"

[ ! -f "${S2V_TINY_FOLEY-}" ] || cp "$S2V_TINY_FOLEY" foley.bin
song=$(sound 16000 64000)
film="testsrc2=s=96x64:r=25,trim=end_frame=50"
# heard OPTIONS: the samples of the film, one a line.
heard() { run -filter_complex "$film,v2sfoley=$1" -f f32le - | od -An -v -tf4 -w4; }

# refused NAME REGEX GRAPH: fails with one sentence, which matches.
refused() {
    local said status
    said=$(run -filter_complex "$3" -f null - 2>&1)
    status=$?
    is "$1: fails" "$(has_failed $status)" 1
    like "$1: says why" "$said" "$2"
    is "$1: says it once" "$(grep -cE "$2" <<<"$said")" 1
}

filters=(s2v)
graphs=("$song,s2v=tiny.bin")
if [ -f foley.bin ] && "$FFMPEG" -v quiet -h filter=v2sfoley | grep '^Filter v2sfoley' >/dev/null; then
    filters+=(v2sfoley)
    graphs+=("$film,v2sfoley=gain=0")
else
    skip "v2sfoley" "there is no such filter, or S2V_TINY_FOLEY names no file"
fi
for i in "${!filters[@]}"; do
    name=${filters[i]} graph=${graphs[i]}
    own="\\[Parsed_${name}_[0-9]+ @ 0x[0-9a-f]+\\] "
    like "$name: the help tells of it" "$("$FFMPEG" -v quiet -h "filter=$name")" \
        'dtype +<string> .*bf16.*\(default "f32"\)'
    for wrong in f16 F32 bf16x ''; do
        refused "$name: '$wrong'" "${own}dtype \"$wrong\", expected \"f32\", \"bf16\" or \"auto\"" "$graph:dtype=$wrong"
    done
    refused "$name: bf16 on a device without" "${own}dtype \"bf16\": device 'ref' computes in f32" \
        "$graph:device=ref:dtype=bf16"
    # A processor without bf16, or a libs2v without its backend.
    ONEDNN_MAX_CPU_ISA=AVX2 refused "$name: bf16 on a processor without" \
        "${own}dtype \"bf16\": (this processor lacks AVX512-BF16|device 'ref')" "$graph:dtype=bf16"
    is "$name: auto on a processor without bf16" \
        "$(ONEDNN_MAX_CPU_ISA=AVX2 run -filter_complex "$graph:dtype=auto" -f md5 -)" \
        "$(ONEDNN_MAX_CPU_ISA=AVX2 run -filter_complex "$graph" -f md5 -)"
    is "$name: f32 is the default" "$(run -filter_complex "$graph" -f md5 -)" \
        "$(run -filter_complex "$graph:dtype=f32" -f md5 -)"
done

said=$(run -filter_complex "$song,s2v=tiny.bin:dtype=bf16" -f null - 2>&1)
if [[ $said =~ (dtype \"bf16\": [^$'\n']*) ]]; then
    for name in "${filters[@]}"; do
        skip "$name: bf16" "${BASH_REMATCH[1]}"
    done
    finish
fi

like "s2v: the log tells of bf16" \
    "$(run -v verbose -filter_complex "$song,s2v=tiny.bin:dtype=bf16" -f null - 2>&1)" ' in bf16 with '
is "s2v: auto is bf16 where there is such" "$(frames "$song,s2v=tiny.bin:device=cpu:dtype=auto" | md5sum)" \
    "$(frames "$song,s2v=tiny.bin:device=cpu:dtype=bf16" | md5sum)"
# Of all frames together, and of the worst one; inf where two are the same.
said=$(run -v info -filter_complex \
    "$song,asplit[x][y];[x]s2v=tiny.bin[a];[y]s2v=tiny.bin:dtype=bf16[b];[a][b]psnr" -f null - 2>&1 |
    sed -n 's/.*PSNR .* average:\([^ ]*\) min:\([^ ]*\) .*/\1 \2/p')
is "s2v: bf16 is near f32, and not f32 ($said dB)" \
    "$(awk '{print ($1 > 36 && $2 > 30 && $1 != "inf")}' <<<"$said")" 1
is "s2v: as many frames" "$(count "$song,s2v=tiny.bin:dtype=bf16")" 80
is "s2v: bf16 is the same again, on any number of threads" \
    "$(frames "$song,s2v=tiny.bin:dtype=bf16:threads=1" | md5sum)" \
    "$(frames "$song,s2v=tiny.bin:dtype=bf16:threads=2" | md5sum)"
[ "${#filters[@]}" -gt 1 ] || finish

paste <(heard dtype=f32) <(heard dtype=bf16) >both
said=$(awk '{s += $1 * $1; e += ($1 - $2) ^ 2}
    END {print NR, s && e ? sprintf("%.1f", 10 * log(s / e) / log(10)) : "inf"}' both)
is "v2sfoley: bf16 is near f32, and not f32 ($said dB)" \
    "$(awk '{print ($1 == 44100 && $2 > 30 && $2 != "inf")}' <<<"$said")" 1
finish
