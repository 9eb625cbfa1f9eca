#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-shards and training on what it writes: the same weights as from the clips, every
# recipe; interrupted, resumed, listed, from tar files; what is wrong is said; memory does
# not grow with the number of clips. TAP.
# S2V_SHARDS, S2V_TRAIN, S2V_LANDSCAPES, S2V_IMPACTS, S2V_QUINTET, S2V_TALKERS, MAKE_SHARDS
# and MAKE_STYLEGAN are programs, from meson.
recipe=embedding
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$S2V_LANDSCAPES" --count 4 --scenes rain,fire -s 32 -d 5 -o land >/dev/null 2>&1 || exit 99
"$S2V_IMPACTS" --count 2 --size 32 --rate 21.5 -o impacts >/dev/null 2>&1 || exit 99
"$S2V_QUINTET" --size 64 --duration 4 -o quintet.mkv >/dev/null 2>&1 || exit 99
"$S2V_TALKERS" -i 1-2 -s 72 -d 2 -o talk >/dev/null 2>&1 || exit 99
"$MAKE_STYLEGAN" stylegan2.bin stylegan2 || exit 99

# shards ARGUMENTS...: sets code and err.
shards() {
    "$S2V_SHARDS" "$@" >out.txt 2>err.txt </dev/null
    code=$? err=$(tr '\r' '\n' <err.txt)
}
# sets FOLDER KEY VALUE: an index with another number.
sets() { sed -i "s/\"$2\": [^,]*/\"$2\": $3/" "$1/index.json"; }
# trained NAME MODEL CLIPS SHARDS OPTIONS...: both give the same weight file and, on the
# second start, which finds what the first has prepared, again.
trained() {
    local name=$1 model=$2 clips=$3 folder=$4
    shift 4
    "$S2V_TRAIN" "$model" "$clips" -o a.bin --threads 1 -q "$@" || echo "# no training"
    for again in first second; do
        "$S2V_TRAIN" "$model" "$folder" -o b.bin --threads 1 -q "$@" || echo "# no training"
        same "$name: the weights are those of the clips, $again start" a.bin b.bin
    done
    rm -f [ab].bin*
}
# tensors FILE: SHA-256 of what is behind the header.
tensors() {
    python3 - "$1" <<'PY'
import hashlib, struct, sys
data = open(sys.argv[1], "rb").read()
print(hashlib.sha256(data[8 + struct.unpack("<Q", data[:8])[0]:]).hexdigest())
PY
}

shards embedding --size 32 -o s-land land --jobs 2
is "clips are decoded" "$code" 0
like "how many is said" "$err" 's-land: 4 clips in 1 shard, [0-9.]+ MB'
trained embedding embedding land s-land --size 32 --batch 4 --iterations 2
"$S2V_TRAIN" embedding land -o e.bin --size 32 --batch 4 --iterations 2 -q
shards semantic --size 32 -o s-semantic land
same "shards of embedding and semantic are the same" s-land/00000.safetensors s-semantic/00000.safetensors
side=$(python3 -c 'import json,struct; d=open("stylegan2.bin","rb").read(); n,=struct.unpack("<Q",d[:8]); print(json.loads(json.loads(d[8:8+n])["__metadata__"]["s2v.config"])["size"])')
[ "$side" = 32 ] || shards semantic --size "$side" -o s-generator land
trained semantic semantic land "$([ "$side" = 32 ] && echo s-land || echo s-generator)" --generator stylegan2.bin \
    --sequence 4 --critic-channels 2 --iterations 3
shards listen-and-move --size 64 -o s-quintet quintet.mkv
trained listen-and-move listen-and-move quintet.mkv s-quintet --size 64 --sequence 4 --iterations 2 --schedule paper
shards stylegan2 --size 32 --fps 2 -o s-stills land
trained stylegan2 stylegan2 land s-stills --size 32 --fps 2 --batch 2 --base 64 --max 8 --latent 16 --iterations 2
shards man --size 64 -o s-talk talk
trained man man talk s-talk --network small --batch 2 --iterations 2
# Their hash, in the metadata, is that of shards: clips are not read for it.
shards varietysound --size 32 -o s-impacts impacts
shards hifigan -o s-sounds impacts
for clips in impacts s-impacts; do
    "$S2V_TRAIN" varietysound $clips -o v-$clips.bin --size 32 --iterations 2 --width 16 --features 16 \
        --sight-channels 2 --sequence 64 --batch 2 --threads 1 -q
done
is "varietysound: the weights are those of the clips" "$(tensors v-s-impacts.bin)" "$(tensors v-impacts.bin)"
for clips in impacts s-sounds; do
    "$S2V_TRAIN" hifigan $clips -o h-$clips.bin --iterations 1 --variant v3 --divide 8 --sequence 8 --batch 2 --threads 1 -q
done
is "hifigan: the weights are those of the clips" "$(tensors h-s-sounds.bin)" "$(tensors h-impacts.bin)"

# A checkpoint of clips goes on from shards.
"$S2V_TRAIN" embedding s-land -o e.bin --size 32 --batch 4 --iterations 4 --resume e.bin.ckpt -q
is "a training on clips goes on on their shards" $? 0

# Small shards, one clip at a time; stopped, killed, resumed.
shards embedding --size 32 --shard-size 1 -o s-many land --jobs 1
like "shards are bounded" "$(echo s-many/*.safetensors | wc -w)" '^[2-4]$'
trained "many shards" embedding land s-many --size 32 --batch 4 --iterations 2
"$S2V_SHARDS" embedding --size 32 --shard-size 1 -o s-killed land --jobs 1 -q &
pid=$!
while kill -0 $pid 2>/dev/null && [ ! -e s-killed/00000.safetensors ]; do sleep 0.01; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
shards embedding --size 32 --shard-size 1 -o s-killed land --jobs 1
is "after a kill the same command goes on" "$code" 0
like "all clips are there" "$err" 's-killed: 4 clips'
for f in s-many/*.safetensors; do same "as if it had not been: $f" "$f" "s-killed/${f##*/}"; done
truncate -s 1000 s-killed/00000.safetensors
run s-killed -o x.bin --size 32 -q
like "a half-written shard" "$err" "'./s-killed/00000.safetensors': expected a shard .* found 1000 bytes instead of [0-9]+"
shards embedding --size 32 --shard-size 1 -o s-killed land --jobs 1
like "is written anew" "$code $err" '^0 .*s-killed: 4 clips'
shards --verify -o s-killed
like "and is as it was written" "$code $err" '^0 .*s-killed: [2-4] shards, all as written'
printf 'x' | dd of=s-many/00000.safetensors bs=1 seek=900000 conv=notrunc 2>/dev/null
shards --verify -o s-many
like "other bytes are found" "$code $err" '^1 s2v-shards: ./s-many/00000.safetensors'

# Clips that are no good; a list; more clips later.
mkdir mixed && cp land/*0001* mixed/ && echo nonsense >mixed/bad.mkv
printf '# clips\nmixed\n\nnowhere.mkv\n' >list.txt
shards embedding --size 32 -o s-mixed --list list.txt
is "some were left out" "$code" 3
like "how many" "$err" '1 clip in 1 shard, .*; 2 left out: s-mixed/failed.txt'
is "each is listed" "$(wc -l <s-mixed/failed.txt)" 2
like "and why" "$(cat s-mixed/failed.txt)" 'mixed/bad.mkv.*cannot be read as media'
rm mixed/bad.mkv && cp land/*0002* mixed/
shards embedding --size 32 -o s-mixed mixed
like "more clips are added" "$code $err" '^0 .*s-mixed: 2 clips in 2 shards, .*; 1 of them by earlier runs'
is "nothing failed" "$(ls s-mixed/failed.txt 2>/dev/null)" ""

# WebDataset's tar files.
(cd land && tar cf ../land.tar --sort=name -- *.mkv *.json && tar czf ../land.tgz --sort=name -- *)
mkdir webdataset && for f in land/*.mkv; do
    n=${f##*/} && n=${n%.mkv}
    cp "$f" "webdataset/$n.mkv"
    printf '%s\nwhat is heard\n' "${n%%-*}" >"webdataset/$n.txt"
done
tar cf web.tar -C webdataset --sort=name .
shards embedding --size 32 -o s-web web.tar
if [[ $err == *libarchive* ]]; then
    skip "tar files" "built without libarchive"
else
    like "a tar file of clips and captions" "$code $err" '^0 .*s-web: 4 clips'
    shards embedding --size 32 -o s-dir webdataset
    is "is as its folder" "$(tensors s-web/00000.safetensors)" "$(tensors s-dir/00000.safetensors)"
    shards embedding --size 32 -o s-tgz land.tgz
    is "compressed, with truth beside" "$(tensors s-tgz/00000.safetensors)" "$(tensors s-land/00000.safetensors)"
    shards embedding --size 32 -o s-tgz land.tgz
    like "nothing is decoded twice" "$err" '4 of them by earlier runs'
    head -c 100000 land.tar >cut.tar
    shards embedding --size 32 -o s-cut cut.tar
    like "a truncated tar file" "$code $err" "cut.tar.: expected a tar file, found"
    is "no temporary folders stay" "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 's2v-shards-*' -newer web.tar)" ""
fi

# What does not fit.
copy() { rm -rf bad && cp -r s-land bad; }
copy && sets bad version 2
refused "another version" "'bad': expected shards of version 1, found version 2" bad --size 32
copy && sets bad rate 44100
refused "another sample rate" "'bad': expected shards with a sample rate of 16000, found 44100" bad --size 32
refused "another side" "'s-land': expected shards with pictures of a side of 64, found 32" s-land --size 64
refused "another model's" "'s-stills': expected shards of 'scenes' .for embedding, semantic., found those of 'pictures'" s-stills --size 32
copy && rm bad/00000.safetensors
refused "one is gone" "'./bad/00000.safetensors': expected a shard" bad --size 32
copy && echo '{' >bad/index.json
refused "no JSON" "'bad/index.json': expected the index" bad --size 32
refused "cut already" "--duration: expected clips, found the shards 's-land'" s-land --size 32 --duration 1
recipe=varietysound refused "of another size" "'./s-impacts/00000.safetensors': expected shards with pictures of 64x64" s-impacts
recipe=stylegan2 refused "shards and files" "'land': expected folders of shards or other files" s-stills land --size 32 --latent 16 --max 8
shards varietysound -o s-land impacts
like "a folder of others" "$code $err" "^1 s2v-shards: 's-land': expected a new folder, or shards with the kind"
shards embedding --size 32 --duration 1 -o s-land land
like "and of other options" "$code $err" "^1 s2v-shards: 's-land': expected a new folder, or shards with the options"
shards -o x impacts
like "no model" "$code $err" "^2 s2v-shards: expected the model as the first word .*, found 'impacts'"
(ulimit -f 100; "$S2V_SHARDS" embedding --size 32 -o s-full land -q) >/dev/null 2>err.txt
code=$?
like "a full disk" "$code $(cat err.txt)" '^1 s2v-shards: .*(full|large|space)'
is "leaves no shard" "$(find s-full -name '*.safetensors' -o -name index.json)" ""

# Ten times the clips, the same memory: peak, in MB.
peak() {
    "$S2V_TRAIN" "$@" -o x.bin --threads 1 -v 2>&1 | sed -n 's/.*at most \([0-9]*\) MB of memory.*/\1/p'
}
# flat MODEL KIND SIZE FRAMES OPTIONS...: of 200 clips and of MANY.
flat() {
    local model=$1 kind=$2 few many count=${MANY-2000}
    "$MAKE_SHARDS" "$kind" few 200 "$3" "$4" && "$MAKE_SHARDS" "$kind" many "$count" "$3" "$4" || return
    shift 4
    few=$(peak "$model" few "$@") many=$(peak "$model" many "$@")
    echo "# $model: $few MB of 200 clips, $many MB of $count"
    is "$model: memory is flat" "$((many * 10 <= few * 11))" 1
    rm -rf few many
}
flat varietysound foley 16 20 --size 16 --iterations 10 --width 16 --features 16 --sight-channels 2 --sequence 64 --batch 2
flat embedding scenes 32 4 --size 32 --iterations 4 --batch 8
# Its networks take 400 MB, beside which the clips have to count.
MANY=3000 flat man faces 72 6 --network small --iterations 1 --batch 2
flat stylegan2 pictures 32 8 --size 32 --iterations 4 --batch 2 --base 64 --max 8 --latent 16
finish
