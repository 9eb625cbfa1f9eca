#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Talking heads in gst-launch-1.0: images of many formats, frames of the image's
# size, errors. S2V_GST_MODELS, S2V_TINY_MAN and GStreamer's paths come from
# meson.
set -uo pipefail

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tap.sh"
command -v gst-launch-1.0 >/dev/null || bail "there is no gst-launch-1.0"
gst-inspect-1.0 s2vgen >/dev/null 2>&1 || bail "there is no element s2vgen"
for element in audiotestsrc videotestsrc audioconvert uridecodebin wavenc wavparse pngenc pngdec; do
    gst-inspect-1.0 --exists "$element" || bail "there is no element $element"
done

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cp "$S2V_TINY_MAN" "$tmp/talker.bin"
cp "$S2V_GST_MODELS/gst-small.bin" "$tmp/quintet.bin"
unset S2V_MODEL_PATH
cd "$tmp" || exit 99

launch() { timeout 60 gst-launch-1.0 -q "$@"; }
# image FILE FORMAT WIDTH HEIGHT: a picture
image() {
    launch videotestsrc num-buffers=1 ! "video/x-raw,format=$2,width=$3,height=$4" ! pngenc ! \
        filesink location="$1"
}
# talk OUT PIECE SETTING..: 10 frames of sound, so many samples a buffer
talk() {
    local out=$1 piece=$2
    shift 2
    launch filesrc location=own.wav blocksize="$((4 * piece))" ! wavparse ! audioconvert ! \
        s2vgen model=talker.bin device=ref threads=1 "$@" ! filesink location="$out"
}

launch audiotestsrc wave=pink-noise num-buffers=10 samplesperbuffer=640 ! \
    audio/x-raw,rate=16000,channels=1,format=F32LE ! wavenc ! filesink location=own.wav
image face.png RGB 80 64
crop=crop=8:4:50:50
talk plain.rgb 1024 image=face.png "$crop"
is "10 frames of 32x32" "$(stat -c %s plain.rgb)" $((10 * 32 * 32 * 3))
for piece in 1 100 6400; do
    talk piece.rgb "$piece" image=face.png "$crop"
    is "the same bytes from $piece samples a buffer" "$(cmp plain.rgb piece.rgb 2>&1)" ""
done
talk default.rgb 1024 image="file://$tmp/face.png" "$crop" blink=1 motion=0.5 still=false \
    expression=1 z=0.5 face=1 pad=1 full=false detail=false seed=0 level=auto
is "the defaults of the options, and a URI" "$(cmp plain.rgb default.rgb 2>&1)" ""
for setting in motion=1 still=true expression=2 z=0 seed=5 crop=0:0:64:64; do
    talk other.rgb 1024 image=face.png "$crop" "$setting"
    is "$setting changes frames" "$(cmp -s plain.rgb other.rgb || echo other)" other
done
talk full.rgb 1024 image=face.png "$crop" full=true
is "full=true: frames of the image's size" "$(stat -c %s full.rgb)" $((10 * 80 * 64 * 3))

for format in RGBA GRAY8 GRAY16_BE; do
    image other.png "$format" 80 64
    talk other.rgb 1024 image=other.png "$crop"
    is "an image of $format" "$(stat -c %s other.rgb)" $((10 * 32 * 32 * 3))
done
if gst-inspect-1.0 --exists jpegenc && gst-inspect-1.0 --exists avimux; then
    launch videotestsrc num-buffers=9 ! video/x-raw,width=80,height=64 ! jpegenc ! avimux ! \
        filesink location=film.avi
    talk other.rgb 1024 image=film.avi "$crop"
    is "a film's first frame" "$(stat -c %s other.rgb)" $((10 * 32 * 32 * 3))
else
    skip "a film's first frame" "there is no jpegenc or avimux"
fi

# fails NAME REGEX SETTING..
fails() {
    local name=$1 regex=$2 said status
    shift 2
    said=$(timeout 60 gst-launch-1.0 audiotestsrc num-buffers=9 ! audioconvert ! \
        audioresample ! s2vgen model=talker.bin "$@" ! fakesink 2>&1)
    status=$?
    is "$name: fails by itself" "$((status != 0 && status != 124))" 1
    like "$name: says why" "$said" "$regex"
}
echo text >text.png
head -c 300 face.png >cut.png
image tiny.png RGB 16 16
fails "no image" "talker\.bin: a 'man' model animates an image: set it with image=FILE\."
fails "a missing image" "The image 'nowhere\.png' cannot be read: " image=nowhere.png
fails "an image that is text" "The image 'text\.png' cannot be read: " image=text.png
fails "an image that is sound" "The image 'own\.wav' cannot be read: " image=own.wav
fails "an image that ends" "The image 'cut\.png' cannot be read: " image=cut.png
fails "a crop outside" "crop=60:4:50:50 is not inside the picture, which has 80x64 pixels" \
    image=face.png crop=60:4:50:50
fails "a crop that is none" "crop: expected x:y:width:height in pixels of the image, found 'all'" \
    image=face.png crop=all
fails "no face.bin" "(face\.bin was not found|no face found).* give crop=x:y:w:h" image=face.png
fails "detail without full" "detail=1 is for full=1" image=face.png "$crop" detail=true
fails "a model that takes no image" \
    "s2v_session_set_image: a 'listen-and-move' model takes audio, expected one that takes an image" \
    image=face.png model=quintet.bin
fails "an option of another model" "a 'listen-and-move' model has no option 'blink'" \
    blink=2 model=quintet.bin

data=${S2V_TEST_DATA-}
if [ -d "$data/weights" ]; then
    "$MAKE_FACE_FILE" face.bin "$data"
    fails "a picture without a face" "no face found in face\.png; give crop=x:y:w:h" image=face.png
    fails "16x16 pixels" "no face found in tiny\.png; give crop=x:y:w:h" image=tiny.png
else
    skip "a picture without a face" "S2V_TEST_DATA does not name the folder of real data"
fi
finish
