#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/import-face: what it refuses, and how it says so, without a network. With a
# package in S2V_MEDIAPIPE_WHEEL and the folder S2V_TEST_DATA also what it makes:
# the weights that are there, in order of names, under a prefix. And scripts/setup, which
# runs it. TAP.
#
# usage: import-face.sh SCRIPT SETUP
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

script=$1
setup=$2
command -v python3 >/dev/null || bail "python3 is missing"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# refuses NAME REGEX ARGUMENTS: exit status 1, and one sentence; nothing is written.
refuses() {
    local name=$1 regex=$2 got rc
    shift 2
    got=$(python3 "$script" --output "$tmp/face.bin" "$@" 2>&1)
    rc=$?
    is "$name: exit status" $rc 1
    like "$name" "$got" "^scripts/import-face:\ $regex$"
    is "$name: one line" "$(wc -l <<<"$got")" 1
    is "$name: nothing is written" "$(find "$tmp" -name 'face*')" ""
}

wheel() { # CONTENT of a network
    python3 - "$tmp/package.whl" "$1" <<'EOF'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as package:
    for name in ("mediapipe/modules/face_detection/face_detection_short_range.tflite",
                 "mediapipe/modules/face_landmark/face_landmark.tflite",
                 "mediapipe-0.10.14.dist-info/LICENSE")[:int(sys.argv[2])]:
        package.writestr(name, "something else")
EOF
}

like "help" "$(python3 "$script" --help)" "usage: scripts/import-face"
refuses "an unknown option" "unknown option --wrong, .*" --wrong
refuses "no value" "unknown option --wheel, .*" --wheel
refuses "no file" ".*none.whl: not the package mediapipe .*" --wheel "$tmp/none.whl"
echo text >"$tmp/package.whl"
refuses "no archive" ".*package.whl: not the package mediapipe .*" --wheel "$tmp/package.whl"
wheel 1
refuses "a part is missing" ".*package.whl: not the package .*face_landmark.*" \
    --wheel "$tmp/package.whl"
wheel 3
refuses "other networks" ".*short_range.tflite has the SHA-256 .*, expected [0-9a-f]{64}" \
    --wheel "$tmp/package.whl"
PIP_INDEX_URL=http://127.0.0.1:9 PIP_RETRIES=0 PIP_NO_CACHE_DIR=1 \
    refuses "no network" "pip could not download mediapipe .*"

# A copy of the repository's scripts, where all packages are installed.
mkdir "$tmp/repository" "$tmp/repository/scripts" "$tmp/repository/models" "$tmp/bin"
cp "$script" "$setup" "$tmp/repository/scripts/"
cat >"$tmp/bin/dpkg-query" <<EOF
#!/bin/sh
"$tmp/repository/scripts/setup" --build --list | sed 's/^/installed /; s/\$/, /'
EOF
chmod +x "$tmp/bin/dpkg-query"
run_setup() {
    PATH=$tmp/bin:$PATH PIP_INDEX_URL=http://127.0.0.1:9 PIP_RETRIES=0 PIP_NO_CACHE_DIR=1 \
        "$tmp/repository/scripts/setup" --build 2>&1
    echo "exit status $?"
}
got=$(run_setup)
like "setup without a network" "$got" "^scripts/setup: pip could not download mediapipe .*crop=x:y:w:h"
is "setup without a network: one sentence, and it goes on" "${got#*$'\n'}" "exit status 0"
version=$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' "$script")
echo "FaceMesh of MediaPipe $version, ..." >"$tmp/repository/models/face.bin"
is "setup where face.bin is there" "$(run_setup)" "exit status 0"

if [ -n "${S2V_MEDIAPIPE_WHEEL-}" ] && [ -n "${S2V_TEST_DATA-}" ]; then
    python3 "$script" --output "$tmp/face.bin" --wheel "$S2V_MEDIAPIPE_WHEEL" >/dev/null
    is "the same weights" "$(python3 - "$tmp/face.bin" "$S2V_TEST_DATA" <<'EOF'
import json, struct, sys
def read(path, prefix=""):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return {prefix + name: (t["shape"], data[slice(*t["data_offsets"])])
            for name, t in header.items() if name != "__metadata__"}
expected = read(sys.argv[2] + "/weights/blazeface_short_f16.safetensors", "blazeface.")
expected.update(read(sys.argv[2] + "/weights/facemesh_f16.safetensors", "facemesh."))
print("yes" if read(sys.argv[1]) == expected else "no")
EOF
)" yes
    like "the licence" "$(cat "$tmp/face.LICENSE")" "Apache License"
else
    skip "the same weights" "S2V_MEDIAPIPE_WHEEL or S2V_TEST_DATA is not set"
fi
finish
