#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# s2v-train man on tiny rendered clips: all of it learns, stage after stage; it
# stops, goes on exactly, and says what is wrong. TAP. S2V_TRAIN, S2V_TALKERS
# and S2V_INFO are programs, from meson. Finding faces in real clips needs S2V_TEST_DATA.
recipe="man"
# shellcheck source=tests/train/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export XDG_CACHE_HOME=$tmp/cache
"$S2V_TALKERS" -i 1-3 -s 64 -d 2 -o talkers >/dev/null 2>&1 || exit 99

# names FILE PREFIX: of tensors.
names() {
    python3 - "$1" "$2" <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
print("\n".join(sorted(k for k in json.loads(data[8:8 + n]) if k.startswith(sys.argv[2]))))
PY
}
# idle CHECKPOINT: names of second moments that are still zero.
idle() {
    python3 - "$1" <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
for name, t in json.loads(data[8:8 + n]).items():
    if name.startswith("v."):
        a, b = t["data_offsets"]
        if not any(data[8 + n + a:8 + n + b]):
            print(name)
PY
}

small=(--network small --batch 2 --threads 1 --split 0.7)

# 24 iterations: 5 of sound alone, 11 of the predictor, 4 of frames, 4 with critics.
run talkers -o a.bin "${small[@]}" --iterations 24 --curves a.csv --preview look.png
is "a training ends" "$code" 0
like "it says how much there is" "$err" '3 clips, 150 frames at 25 fps: 105 for training, 45 held out'
is "its preview is a picture" "$(head -c 4 look.png | tail -c 3)" PNG
# Where all decisions are within the hinge, their bias has no gradient.
is "every parameter learns" "$(idle a.bin.ckpt | grep -v 'critic\..*\.conv4\.bias')" ""
like "the moved portrait shows through" "$("$S2V_INFO" a.bin)" '"?blend"?:? *1'
is "the posterior is not exported" "$(names a.bin posterior)" ""
is "the layer that tells mouths is not exported" "$(names a.bin mouth)" ""
is "the critics are not exported" "$(names a.bin critic)" ""
# Columns: iteration, loss, gan, .., lower (7), upper, flow, maps, kl, mouth (12), d.loss, ...
is "the sound is learned first" "$(awk -F, 'NR > 1 && NR < 7 && $9 == "" && $12 > 0' a.csv | wc -l)" 5
is "then the predictor alone" "$(awk -F, 'NR > 6 && NR < 18 && $9 > 0 && $7 == "" && $13 == ""' a.csv | wc -l)" 11
is "then without critics" "$(awk -F, 'NR > 17 && NR < 22 && $7 > 0 && $13 == ""' a.csv | wc -l)" 4
is "then with them" "$(awk -F, 'NR > 21 && $7 > 0 && $13 > 0' a.csv | wc -l)" 4
is "curves tell every iteration" "$(tail -n +2 a.csv | wc -l)" 24

# A resume is the uninterrupted training, at the beginning of a stage, too.
for at in 5 16 21; do
    run talkers -o b.bin "${small[@]}" --iterations 24 --checkpoint-every $at &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ ! -e b.bin.ckpt ]; do sleep 0.02; done
    pkill -KILL -P $pid
    wait $pid 2>/dev/null
    run talkers -o b.bin "${small[@]}" --iterations 24 --resume b.bin.ckpt
    same "resumed after $at: the same weights" a.bin b.bin
    rm -f b.bin b.bin.ckpt
done

run talkers -o c.bin "${small[@]}" --iterations 6 --no-critics --no-pitch --no-energy --no-warp \
    --geometry contours --video partial --sound conv1d
is "ablations train" "$code" 0
run talkers -o c.bin "${small[@]}" --iterations 6 --no-geometry --no-mel --no-pitch --no-energy \
    --no-warp --no-blend
is "a generator that sees the portrait alone trains" "$code" 0
run talkers -o d.bin "${small[@]}" --iterations 6 --hold-out-every 6
like "what is held out is measured beside the portrait" "$err" \
    'SSIM 0\.[0-9]+ \(portrait 0\.[0-9]+\), PSNR [0-9.]+ dB \([0-9.]+\) of 40 held-out frames'

mkdir empty
echo "This is no film." >text.mkv
refused "an empty folder" "'empty': expected a folder of media files" empty
refused "text" ".text.mkv. cannot be read as media" text.mkv
refused "no such network" "--network: expected small, medium, large or paper" talkers --network huge
cp talkers/0001.mkv alone.mkv
if S2V_MODEL_PATH=/nowhere "$S2V_INFO" face.bin >/dev/null 2>&1; then
    skip "no face.bin" "it is installed"
else
    S2V_MODEL_PATH=/nowhere refused "no face.bin" ".*face.bin" alone.mkv --network small
fi
cp talkers/0001.mkv half.mkv
cp talkers/0001.json half.json
head -c 20000 talkers/0001.safetensors >half.safetensors
refused "half a truth" ".*half.safetensors" half.mkv --network small

films=${S2V_TEST_DATA-}/grid_s1/train
if [ -d "$films" ] && [ -n "${MAKE_FACE_FILE-}" ] &&
    "$MAKE_FACE_FILE" face.bin "$S2V_TEST_DATA"; then
    export S2V_MODEL_PATH=$tmp
    mkdir faceless
    cp alone.mkv faceless/wall.mkv
    refused "no face in a clip of a folder" \
        "'faceless/wall.mkv': expected a face in the first frame, found none; --start skips the beginning" \
        faceless --crop 0,0,16,16
    run "$films/bbas3a.mpg" -o e.bin "${small[@]}" --iterations 6
    is "a real clip trains" "$code" 0
    is "its face is kept" "$(find cache/s2v/faces -name '*.safetensors' | wc -l)" 1
    cp e.bin first.bin
    run "$films/bbas3a.mpg" -o e.bin "${small[@]}" --iterations 6
    same "read again, it is the same" e.bin first.bin
else
    skip "a real clip trains" "S2V_TEST_DATA has no films of GRID and weights of face networks"
fi
finish
