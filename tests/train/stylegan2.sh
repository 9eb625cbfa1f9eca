#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train stylegan2 on tiny rendered pictures: all of it learns, regularisers
# come when they are due; it stops, goes on exactly, and says what is wrong. TAP.
# S2V_TRAIN, S2V_LANDSCAPES and S2V_INFO are programs, from meson. The Frechet
# distance needs S2V_TEST_DATA.
recipe=stylegan2
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$S2V_LANDSCAPES" --stills 18 -s 32 -o stills >/dev/null 2>&1 || exit 99
"$S2V_LANDSCAPES" --count 1 --scenes rain -s 32 -d 2 -o clips >/dev/null 2>&1 || exit 99

# names FILE REGEX: of tensors.
names() {
    python3 - "$1" "$2" <<'PY'
import json, re, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
print("\n".join(sorted(k for k in json.loads(data[8:8 + n]) if re.match(sys.argv[2], k))))
PY
}
# filled CSV COLUMN: the iterations that have a value there.
filled() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR > 1 && c && $c != "" { printf "%s%s", sep, $1; sep = " " }' "$1"
}

small=(--size 32 --base 128 --max 8 --latent 8 --batch 4 --threads 1)
all=("${small[@]}" --path 2 --diffaugment --mirror)

run stills -o a.bin "${all[@]}" --iterations 18 --curves a.csv --preview look.png --split 0.9
is "a training ends" "$code" 0
like "it says how much there is" "$err" '18 files, 18 pictures: 17 for training, 1 held out'
is "its preview is a picture" "$(head -c 4 look.png | tail -c 3)" PNG
is "every parameter learns" "$(zeros a.bin.ckpt 'v\.')" ""
is "R1 comes every 16 iterations" "$(filled a.csv d.r1)" "1 17"
is "path lengths come every 4" "$(filled a.csv path)" "1 5 9 13 17"
is "the loss is told of all" "$(filled a.csv d.loss | wc -w)" 18
is "w's mean and deviation are exported" "$(names a.bin 'mapping\.w_')" $'mapping.w_avg\nmapping.w_std'
is "neither is zero" "$(zeros a.bin 'mapping\.w_')" ""
is "nothing else is exported" "$(names a.bin '(training|b[0-9])')" ""
like "s2v-info knows it" "$("$S2V_INFO" a.bin)" 'Model +stylegan2'

# A resume is the uninterrupted training, in an iteration with regularisers, too.
for at in 7 16; do
    run stills -o b.bin "${all[@]}" --split 0.9 --iterations 18 --checkpoint-every $at &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ ! -e b.bin.ckpt ]; do sleep 0.02; done
    pkill -KILL -P $pid
    wait $pid 2>/dev/null
    run --resume b.bin.ckpt
    same "resumed after $at: the same weights" a.bin b.bin
    rm -f b.bin b.bin.ckpt
done
run stills -o c.bin "${all[@]}" --split 0.9 --iterations 3
run --resume c.bin.ckpt --iterations 4 --mix 0.9
like "another training's checkpoint is refused" "$err" "c\.bin\.ckpt.*mix"

run stills -o d.bin "${small[@]}" --iterations 3 --r1 0 --mix 0 --average 0 --curves d.csv
is "without regularisers, mixing and averages" "$code" 0
is "there is no R1" "$(head -1 d.csv | tr , '\n' | grep -c r1)" 0
run stills -o e.bin "${small[@]}" --iterations 1 --init a.bin
is "it begins with a model" "$code" 0

# 2 s of a clip at 5 frames/s, their last tenth held out; its sound is not needed.
run clips stills/*-0001.png -o f.bin "${small[@]}" --iterations 1 --fps 5 --split 0.9
like "frames of clips" "$err" '2 files, 11 pictures: 10 for training, 1 held out'

# Classes, of the folders' names: alike in the generator and the discriminator.
"$S2V_LANDSCAPES" --stills 12 --folders --scenes wind,fire,rain -s 32 -o scenes >/dev/null 2>&1 || exit 99
classes=("${all[@]}" --classes --iterations 9)
run scenes -o h.bin "${classes[@]}" --preview look.png
is "a training of classes ends" "$code" 0
like "it says which" "$err" 'classes: fire, rain, wind'
is "every parameter learns" "$(zeros h.bin.ckpt 'v\.')" ""
is "both networks know classes" "$(names h.bin.ckpt 'm\..*embed')" \
    $'m.classes.embed.bias\nm.classes.embed.weight\nm.mapping.embed.bias\nm.mapping.embed.weight'
info=$("$S2V_INFO" h.bin)
like "the file has their number" "$info" 'classes +3'
like "and their names" "$info" '\["fire","rain","wind"\]'
run scenes -o i.bin "${classes[@]}" --iterations 4
run --resume i.bin.ckpt --iterations 9
same "resumed: the same weights" h.bin i.bin
mv scenes/wind scenes/storm
run --resume i.bin.ckpt --iterations 10
like "other classes are refused" "$err" "i\.bin\.ckpt"
mkdir one
mv scenes/fire one
refused "one class" "--classes: expected two folders in 'one' at least, found 'fire' alone" \
    one --classes
refused "no classes" "'stills': expected a folder of folders, each a class, found none" \
    stills --classes
mkdir scenes/empty
refused "an empty class" "'scenes/empty': expected a folder of pictures or clips, found none" \
    scenes --classes

run clips/* -o r.bin "${small[@]}" --iterations 1
like "truth beside clips is passed over" "$err" '1 file, 2 pictures'
refused "truth alone" "expected pictures or clips, found 'clips/rain-0001\.json' and the like alone" clips/*.json
refused "an audio track" "--track" stills --track 1

mkdir empty
echo "This is no picture." >text.png
refused "an empty folder" "'empty': expected a folder of pictures or clips, found none" empty
refused "text" ".text.png. has no decodable video frame" text.png
refused "a side" "--size: expected 32, 64, 128, 256, 512 or 1024" stills --size 48
refused "no channels" "--base: expected at least the side of the pictures, 64, found 32" \
    stills --size 64 --base 32
refused "no network" "--hold-out-every: expected --perceptual FILE" stills --hold-out-every 5

network=${S2V_TEST_DATA-}/weights/squeezenet1.1.safetensors
if [ -f "$network" ]; then
    refused "nothing held out" "--hold-out-every: expected at least two held-out pictures, found 0 of 1" \
        stills/*-0001.png --hold-out-every 5 --perceptual "$network"
    run stills -o g.bin "${small[@]}" --split 0.5 --iterations 2 --hold-out-every 2 \
        --perceptual "$network" --curves g.csv
    like "what is held out is measured" "$err" \
        'Frechet distance [0-9.]+, precision [01]\.[0-9]{3}, recall [01]\.[0-9]{3} \(squeezenet1\.1[a-z-]*\) of 9 held-out pictures and as many samples'
    mkdir critic_of
    mv one/fire scenes/storm critic_of
    projected=("${small[@]}" --projected "$network" --classes --iterations 5)
    run critic_of -o p.bin "${projected[@]}" --curves p.csv
    is "a projected critic" "$code" 0
    is "every parameter of it learns" "$(zeros p.bin.ckpt 'v\.')" ""
    is "it has no R1" "$(head -1 p.csv | tr , '\n' | grep -c r1)" 0
    run critic_of -o q.bin "${projected[@]}" --iterations 2
    is "its projections do not learn" "$(names q.bin.ckpt '[mv]\.critic\.(mix|spread).*')" ""
    run --resume q.bin.ckpt --iterations 5
    same "resumed: the same weights" p.bin q.bin
    refused "R1 of it" "--r1: a projected critic has no R1, expected 0, found 2" \
        stills --projected "$network" --r1 2
    for curve in Frechet precision recall; do
        is "curves tell $curve" "$(filled g.csv held-out.$curve)" 2
    done
else
    skip "what is held out is measured; a projected critic" "S2V_TEST_DATA has no weights of an image network"
fi
finish
