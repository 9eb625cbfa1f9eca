#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train semantic on small rendered clips and a generator of random weights:
# all of it learns in its stage, the generator does not; it stops, goes on
# exactly, and says what is wrong. TAP.
# S2V_TRAIN, S2V_LANDSCAPES, S2V_INFO, MAKE_STYLEGAN and TEST_FILE are programs,
# from meson. LPIPS needs S2V_TEST_DATA.
recipe=semantic
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$S2V_LANDSCAPES" --count 4 --scenes rain,fire -s 32 -d 2 -o clips >/dev/null 2>&1 || exit 99
for kind in stylegan2 classes stylegan3; do
    "$MAKE_STYLEGAN" $kind.bin $kind || exit 99
done
"$S2V_TRAIN" embedding clips -o embedding.bin --size 32 --batch 8 --threads 1 \
    --iterations 20 --split 0.6 -q || exit 99

# filled CSV COLUMN: the iterations that have a value there.
filled() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR > 1 && c && $c != "" { printf "%s%s", sep, $1; sep = " " }' "$1"
}
# falls CSV COLUMN: whether it is lower at the end than at the beginning.
falls() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
        NR == 2 { first = $c } { last = $c } END { print last < 0.8 * first ? "yes" : "from " first " to " last }' "$1"
}

small=(--generator stylegan2.bin --sequence 4 --critic-channels 2 --threads 1)
both=("${small[@]}" --embedding embedding.bin --split 0.6)

run clips -o a.bin "${both[@]}" --iterations 9 --curves a.csv --preview look.png --hold-out-every 9
is "a training ends" "$code" 0
like "it says how much there is" "$err" '4 clips of 2 scenes, .*160 frames at 20 fps: 80 for training, 80 held out'
like "what is held out is measured" "$err" \
    'sound and picture -?[0-9.]+ alike \(real frames -?[0-9.]+\), MSE [0-9.]+ of 2 held-out videos'
is "its preview is a picture" "$(head -c 4 look.png | tail -c 3)" PNG
is "the curves' columns" "$(head -1 a.csv)" \
    "iteration,loss,mse,length,spread,sound-picture,text-picture,intensity,identity,g.video,g.image,d.video,d.image,held-out.similarity"
is "the inversion learns by itself for a third" "$(filled a.csv d.video)" "4 5 6 7 8 9"
# A bias that an instance norm follows has no gradient.
is "every parameter learns" "$(zeros a.bin.ckpt 'v\.(?!d_v.*layer[123]\.0\.bias)')" ""
like "s2v-info knows it" "$("$S2V_INFO" a.bin)" 'Model +semantic'
"$TEST_FILE" a.bin stylegan2.bin embedding.bin >file.txt
is "it has generator and embedding as they were" $? 0
sed 's/^/# /' file.txt

# The paired terms are learned: the random generator makes what it can.
run clips -o learned.bin "${small[@]}" --iterations 40 --alone 1 --rate 0.003 --psi 0 --mse 1 --curves learned.csv
is "the clip's own frames are learned" "$(falls learned.csv mse)" yes

# So is the intensity that the embedding sees in pictures.
run clips -o seen.bin "${both[@]}" --iterations 30 --alone 1 --rate 0.01 --clip 0 --mse 0 --length 0 --spread 0 \
    --intensity 10 --curves seen.csv
is "the clip's intensity is learned" "$(falls seen.csv intensity)" yes

# What begins to learn late begins with the rate, not with more of it: Adam counts from
# the stage's beginning.
run clips -o late.bin "${both[@]}" --iterations 10 --alone 0.9 --rate 0.001
is "the recurrent networks' first step" "$(python3 - late.bin.ckpt <<'PY'
import array, json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
for name, t in json.loads(data[8:8 + n]).items():
    if name == "recurrent.0.fc.weight":
        a, b = t["data_offsets"]
        most = max(map(abs, array.array("f", data[8 + n + a:8 + n + b])))
        print("the rate" if 0.0009 < most < 0.0011 else most)
PY
)" "the rate"

# A resume is the uninterrupted training, from either stage.
run clips -o whole.bin "${both[@]}" --iterations 9
for at in 2 6; do
    run clips -o b.bin "${both[@]}" --iterations 9 --checkpoint-every $at &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ ! -e b.bin.ckpt ]; do sleep 0.02; done
    pkill -KILL -P $pid
    wait $pid 2>/dev/null
    run --resume b.bin.ckpt
    same "resumed after $at: the same weights" whole.bin b.bin
    rm -f b.bin b.bin.ckpt
done
run clips -o c.bin "${both[@]}" --iterations 3
run --resume c.bin.ckpt --iterations 4 --psi 0.5
like "another training's checkpoint is refused" "$err" "c\.bin\.ckpt.*psi"

# What the recurrent networks add to the codes counts, too: here from frame to frame. The
# sound inversion's part alone is 0.47 in the second iteration.
run clips -o long.bin --generator stylegan2.bin --sequence 12 --critic-channels 2 --threads 1 --iterations 2 \
    --alone 0 --rate 0.0005 --feedback previous --length 0 --curves long.csv
is "how far codes are from the start" "$(awk -F, 'NR == 3 { print ($4 > 1 && $4 < 4) ? "far" : $4 }' long.csv)" far

# The published code's shapes, on StyleGAN3, without an embedding.
run clips -o d.bin --generator stylegan3.bin --sequence 2 --critic-channels 2 --threads 1 --iterations 2 \
    --feedback previous --blend 0.4 --dv frame --alone 0 --camera still --store f16
is "StyleGAN3, the frame-wise discriminator" "$code" 0
like "its groups" "$("$S2V_INFO" d.bin)" '"group": \[3, 3, 10\]'
is "a still camera" "$(zeros d.bin 'generator\.synthesis\.input\.affine\.weight')" \
    generator.synthesis.input.affine.weight

refused "no generator" "--generator: expected the weight file of a generator of pictures, found none" clips
refused "classes" ".*classes\.bin: expected a generator without classes, found 3" clips --generator classes.bin
refused "another model" ".*embedding\.bin: expected a generator of 'stylegan2' or 'stylegan3', found 'embedding'" \
    clips --generator embedding.bin
refused "another embedding" ".*stylegan3\.bin: expected an 'embedding' model, found 'stylegan3'" \
    clips --generator stylegan2.bin --embedding stylegan3.bin
run clips -o f.bin "${small[@]}" --iterations 1 --groups 2,6
like "other groups" "$("$S2V_INFO" f.bin)" 'recurrent .*"group": \[2, 6\]'
refused "groups" "--groups: expected 8 codes in all, as the generator takes, found 9" clips "${small[@]}" --groups 4,5
refused "no groups" "--groups: expected 1 to 8 numbers of codes" clips "${small[@]}" --groups 4,x
refused "a long sequence" "--sequence: expected at most the 36 frames" clips --generator stylegan2.bin --sequence 64
for option in clip intensity starts; do
    refused "$option without an embedding" "--$option: expected --embedding as well, by which it counts, found none" \
        clips "${small[@]}" --$option 20
done
refused "a camera that is not there" "--camera free: expected a generator of 'stylegan3', which has a camera, found 'stylegan2'" \
    clips "${small[@]}" --camera free
refused "half of LPIPS" "--perceptual and --lpips: expected both or none, found one" clips "${small[@]}" --lpips x
refused "nothing held out" "--hold-out-every: expected a clip with 4 held-out frames, found none" \
    clips "${small[@]}" --split 0.95 --hold-out-every 5
mkdir other
cp clips/rain-0001.mkv other
echo xyzzy >other/rain-0001.txt
refused "words that are not known" ".xyzzy.: text: expected a word that the model knows \(.*, found none" \
    other "${both[@]}" --split 1

weights=${S2V_TEST_DATA-}/weights
if [ -f "$weights/squeezenet1.1.safetensors" ] && [ -f "$weights/lpips_v0.1_squeeze.safetensors" ]; then
    run clips -o e.bin "${small[@]}" --iterations 2 --curves e.csv \
        --perceptual "$weights/squeezenet1.1.safetensors" --lpips "$weights/lpips_v0.1_squeeze.safetensors"
    is "LPIPS is a term" "$(filled e.csv lpips)" "1 2"
else
    skip "LPIPS is a term" "S2V_TEST_DATA has no weights of LPIPS"
fi
finish
