#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs test_tokens with CLIP's list of merges, where one is.

usage: tokens.py PROGRAM

It is looked for in $S2V_CLIP_MERGES, then in the Python packages clip (clip-anytorch)
and open_clip (open_clip_torch), whose licence is MIT. The packages are not imported.
"""
import hashlib
import importlib.util
import os
import subprocess
import sys

NAME = "bpe_simple_vocab_16e6.txt.gz"
SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"


def places():
    yield os.environ.get("S2V_CLIP_MERGES", "")
    for package in ("clip", "open_clip"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            yield os.path.join(folder, NAME)


def is_list(path):
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest() == SHA256


found = next((path for path in places() if is_list(path)), None)
if not found:
    print(f"SKIP: no {NAME}: neither in S2V_CLIP_MERGES nor in the Python packages "
          "clip-anytorch or open_clip_torch")
    sys.exit(77)
sys.exit(subprocess.run([sys.argv[1], found], check=False).returncode)
