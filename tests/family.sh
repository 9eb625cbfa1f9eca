#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A new family: docs/examples/models/glow is added to a copy of the tree by five
# new and two edited files, as docs/add-a-model.md says, built, trained and run by
# the ffmpeg and the GStreamer plugin that were built before. TAP.
#
# usage: family.sh ROOT BUILD
set -uo pipefail
root=$(realpath "$1") build=$(realpath "$2")
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

mkdir tree
tar -C "$root" --exclude=./.git --exclude=./.cache --exclude=./build --exclude='*.bin' -c . | tar -x -C tree
: >tree/models/quintet.bin # installed, but not built
: >tree/models/foley.bin
: >tree/models/talker.bin
cp -r tree before
examples=tree/docs/examples/models
cp $examples/glow.[ch] tree/core/models/
cp $examples/session_glow.c tree/core/session/glow.c
cp $examples/recipe_glow.c tree/train/recipes/glow.c
cp $examples/test_glow.c tree/tests/models/
sed -i "s/^families = \['listen_and_move', /&'glow', /" tree/core/meson.build
sed -i "s/^recipes = \['listen_and_move', /&'glow', /" tree/train/meson.build
is "new files" "$(diff -rq before tree | grep -c '^Only in tree')" 5
is "edited files" "$(diff -rq before tree | grep -c '^Files')" 2

if ! { meson setup tree/build tree -Dgstreamer=disabled -Dcuda=disabled --prefix "$work/prefix" &&
    ninja -C tree/build install tests/models/test_glow; } >build.log 2>&1; then
    tail -n 20 build.log | sed 's/^/# /'
fi
bin=$work/prefix/bin
lib=$(dirname "$(find prefix -name libs2v.so | head -n 1)")
is "its test: ref" "$(tree/build/tests/models/test_glow ref >/dev/null; echo $?)" 0
is "its test: cpu" "$(tree/build/tests/models/test_glow cpu >/dev/null; echo $?)" 0

"$build/tools/quintet/s2v-quintet" --size 64 --duration 4 -o clip.mkv >quintet.log 2>&1
LD_LIBRARY_PATH=$lib "$bin/s2v-train" glow clip.mkv -o glow.bin --size 16 --sequence 4 \
    --iterations 40 -q
is "s2v-train trains it" "$?" 0
like "s2v-info shows it" "$(LD_LIBRARY_PATH=$lib "$bin/s2v-info" glow.bin)" "glow"

ffmpeg=$build/ffmpeg/bin/ffmpeg plugin=$build/gst-plugin
if [ ! -x "$ffmpeg" ]; then
    skip "ffmpeg runs it" "there is no ffmpeg with the filter"
    skip "GStreamer runs it: the same bytes" "there is no ffmpeg with the filter"
    finish
fi
"$ffmpeg" -v error -nostdin -i clip.mkv -vn -ac 1 -ar 16000 song.wav
LD_LIBRARY_PATH=$lib "$ffmpeg" -v error -nostdin -i song.wav -filter_complex \
    "[0:a]s2v=model=glow.bin[v]" -map "[v]" -f rawvideo -pix_fmt rgb24 frames.rgb
is "ffmpeg runs it" "$(wc -c <frames.rgb)" $((80 * 16 * 16 * 3))
if [ -e "$plugin/libgsts2v.so" ] && command -v gst-launch-1.0 >/dev/null; then
    LD_LIBRARY_PATH=$lib GST_PLUGIN_PATH=$plugin GST_REGISTRY=$work/registry \
        timeout 60 gst-launch-1.0 -q filesrc location=song.wav ! wavparse ! audioconvert ! \
        audioresample ! s2vgen model=glow.bin ! filesink location=gst.rgb >gst.log 2>&1
    is "GStreamer runs it: the same bytes" "$(cmp gst.rgb frames.rgb 2>&1 || cat gst.log)" ""
else
    skip "GStreamer runs it: the same bytes" "there is no GStreamer plugin, or no gst-launch-1.0"
fi
finish
