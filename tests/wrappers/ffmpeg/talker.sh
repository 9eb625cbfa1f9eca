#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Talking heads: images as files and as a second input, options and commands,
# errors. S2V_TINY_MAN comes from meson.
# shellcheck source=tests/wrappers/ffmpeg/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ -f "${S2V_TINY_MAN-}" ] || bail "S2V_TINY_MAN names no file: '${S2V_TINY_MAN-}'"
cp "$S2V_TINY_MAN" talker.bin

# image FILE FORMAT SIZE: a picture
image() { run -f lavfi -i "testsrc=s=$3:d=1" -frames:v 1 -pix_fmt "$2" "$1"; }
image face.png rgb24 80x64
run -f lavfi -i "$(sound 16000 16000)" -ac 1 own.wav
talker="s2v=talker.bin:device=ref:crop=8|4|50|50"
# talk OUT SETTING..: one second, 25 frames
talk() {
    local out=$1
    shift
    run -i own.wav -filter_complex "[0:a]$talker:image=face.png$*" -f rawvideo -pix_fmt rgb24 "$out"
}

talk plain.rgb
is "25 frames of 32x32" "$(stat -c %s plain.rgb)" $((25 * 32 * 32 * 3))
is "a file and its sound" "$(run -i own.wav -filter_complex "[0:a]$talker:image=face.png" out.mp4 2>&1; echo $?)" 0
run -i own.wav -i face.png -filter_complex "[0:a][1:v]$talker" -f rawvideo -pix_fmt rgb24 input.rgb
is "an image as the second input: the same bytes" "$(cmp plain.rgb input.rgb 2>&1)" ""
run -i own.wav -f lavfi -i testsrc=s=80x64 -filter_complex "[0:a][1:v]$talker" -f rawvideo -pix_fmt rgb24 input.rgb
is "an endless video as the second input: its first frame" "$(cmp plain.rgb input.rgb 2>&1)" ""
run -i own.wav -filter_complex "[0:a]asetnsamples=77:p=0,$talker:image=face.png" -f rawvideo -pix_fmt rgb24 piece.rgb
is "the same bytes from 77 samples a frame" "$(cmp plain.rgb piece.rgb 2>&1)" ""
talk default.rgb ":blink=1:motion=0.5:still=0:expression=1:z=0.5:face=1:pad=1:full=0:detail=0"
is "the defaults of the options" "$(cmp plain.rgb default.rgb 2>&1)" ""
for setting in motion=1 still=1 expression=2 z=0 seed=5; do
    talk other.rgb ":$setting"
    is "$setting changes frames" "$(cmp -s plain.rgb other.rgb || echo other)" other
done
talk full.rgb :full=1
is "full=1: frames of the image's size" "$(stat -c %s full.rgb)" $((25 * 80 * 64 * 3))
run -i own.wav -i face.png -filter_complex "[0:a][1:v]$talker:full=1" -f rawvideo -pix_fmt rgb24 input.rgb
is "full=1 with the second input: the same bytes" "$(cmp full.rgb input.rgb 2>&1)" ""
run -i own.wav -filter_complex "[0:a]asetnsamples=640,asendcmd=c='0.6 s2v still 1',$talker:image=face.png" \
    -f rawvideo -pix_fmt rgb24 other.rgb
is "a command leaves the frames before it" "$(cmp -n $((8 * 32 * 32 * 3)) plain.rgb other.rgb 2>&1)" ""
is "and changes those after it" "$(cmp -s plain.rgb other.rgb || echo other)" other

for format in rgba gray gray16be pal8; do
    image other.png "$format" 80x64
    is "an image of $format" "$(run -i own.wav -filter_complex "[0:a]$talker:image=other.png" -f null - 2>&1; echo $?)" 0
    is "an input of $format" "$(run -i own.wav -i other.png -filter_complex "[0:a][1:v]$talker" -f null - 2>&1; echo $?)" 0
done

# Orientations of a phone's picture: mirrored, upside down, transposed, turned.
run -f lavfi -i testsrc=s=80x64:d=1 -frames:v 1 -q:v 1 -pix_fmt yuvj444p phone.jpg
# orient N: phone-N.jpg, with EXIF's orientation N
orient() {
    python3 - "$1" <<'PY'
import struct, sys
picture = open("phone.jpg", "rb").read()
entry = struct.pack(">HHIHH", 0x112, 3, 1, int(sys.argv[1]), 0)
exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)
head = b"\xff\xe1" + struct.pack(">H", len(exif) + 2)
open(f"phone-{sys.argv[1]}.jpg", "wb").write(picture[:2] + head + exif + picture[2:])
PY
}
for n in 1 2 3 4 5 6 7 8; do
    orient $n
    run -i own.wav -filter_complex "[0:a]$talker:full=1:image=phone-$n.jpg" -frames:v 1 -f framemd5 file.md5
    run -i own.wav -i phone-$n.jpg -filter_complex "[0:a][1:v]$talker:full=1" -frames:v 1 -f framemd5 input.md5
    is "orientation $n: as ffmpeg turns the second input" "$(diff file.md5 input.md5 2>&1)" ""
    size=80x64
    [ $n -lt 5 ] || size=64x80
    like "orientation $n: $size" "$(cat file.md5)" "dimensions 0: $size"
done

# fails NAME REGEX OPTIONS: says it once
fails() {
    local said status
    said=$(run -i own.wav -filter_complex "[0:a]s2v=$3" -f null - 2>&1)
    status=$?
    is "$1: fails" "$(has_failed $status)" 1
    like "$1: says why" "$said" "$2"
    is "$1: says it once" "$(grep -cE "$2" <<<"$said")" 1
}
own='\[Parsed_s2v_0 @ 0x[0-9a-f]+\] '
echo text >text.png
head -c 300 face.png >cut.png
image tiny.png rgb24 16x16
fails "a missing image" "${own}The image 'nowhere.png' cannot be read: No such file" talker.bin:image=nowhere.png
fails "an image that is text" "${own}The image 'text.png' cannot be read: " talker.bin:image=text.png
fails "an image that is sound" "${own}The image 'own.wav' cannot be read: it has no video" talker.bin:image=own.wav
fails "an image that ends" "${own}The image 'cut.png' cannot be read: " talker.bin:image=cut.png
fails "a crop outside" "${own}crop=60:4:50:50 is not inside the picture, which has 80x64 pixels" 'talker.bin:image=face.png:crop=60|4|50|50'
fails "a crop that is none" "${own}crop: expected x:y:width:height in pixels of the image, found 'all'" talker.bin:image=face.png:crop=all
fails "no face.bin" "${own}(face\.bin was not found|no face found).* give crop=x:y:w:h" talker.bin:image=face.png
fails "a model that takes no image" "${own}s2v_session_set_image: a 'listen-and-move' model takes audio, expected one that takes an image" tiny.bin:image=face.png
fails "an option of another model" "${own}a 'listen-and-move' model has no option 'blink'" tiny.bin:blink=0
said=$(run -i own.wav -filter_complex "[0:a]s2v=talker.bin" -f null - 2>&1)
is "no image: fails" "$(has_failed $?)" 1
like "no image: ffmpeg says so" "$said" "input pad"
if [ -d "${S2V_TEST_DATA-}/weights" ]; then
    "$MAKE_FACE_FILE" face.bin "$S2V_TEST_DATA"
    fails "a picture without a face" "${own}no face found in face\.png; give crop=x:y:w:h" talker.bin:image=face.png
    fails "16x16 pixels" "${own}no face found in tiny\.png; give crop=x:y:w:h" talker.bin:image=tiny.png
else
    skip "a picture without a face" "S2V_TEST_DATA does not name the folder of real data"
fi
finish
