#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""s2v-info as its users meet it.

usage: test_info.py S2V_INFO CORPUS_FOLDER
"""
import json
import os
import subprocess
import sys

tool, corpus = (os.path.abspath(path) for path in sys.argv[1:3])
count = failed = 0


def run(*arguments, **more):
    return subprocess.run([tool, *arguments], capture_output=True, text=True,
                          cwd=corpus, timeout=60, **more)


def check(holds, name, result=None):
    global count, failed
    count += 1
    print(f"{'ok' if holds else 'not ok'} {count} - {name}")
    if not holds:
        failed += 1
        if result:
            for line in (result.stdout + result.stderr).splitlines():
                print("#", line)


def test_report():
    r = run("good-metadata.bin")
    check(r.returncode == 0 and not r.stderr, "a sound file exits with 0", r)
    for line in ("Model       listen-and-move", "Input       audio",
                 "Output      video", "Licence     CC-BY-4.0",
                 "Checksum    verified (SHA-256 ad73b9acd6e4a74b...)",
                 "Tensors     1 tensor, 16 bytes", "Parameters  4 as F32",
                 "  width     64", "  seed      7", "  steps     2000"):
        check(line in r.stdout.splitlines(), f"it prints '{line}'", r)
    check("g.weight" not in r.stdout, "tensors are not listed unasked", r)
    r = run("--tensors", "good-metadata.bin")
    check("  g.weight  F32   2 x 2               4" in r.stdout.splitlines(),
          "--tensors lists them", r)
    r = run("good-foreign-metadata.bin", "good-utf8-name.bin", "-t")
    check(r.returncode == 0 and "unknown" in r.stdout and
          "  format    pt" in r.stdout and "gew\u00f6hnlich.\u97f3" in r.stdout,
          "files of other programs are shown, several at once", r)
    wide = [len(line.rstrip()) for line in r.stdout.splitlines()]
    check(max(wide) <= 80, "a report fits 80 columns", r)


def test_json():
    r = run("--json", "good-metadata.bin")
    report = json.loads(r.stdout)
    check(report["model"] == "listen-and-move" and report["valid"] and
          report["config"]["fps"] == 25 and report["training"]["seed"] == 7 and
          report["tensors"][0]["shape"] == [2, 2] and
          report["parameters"] == 4, "--json tells the same", r)
    r = run("-j", "bad-nan.bin")
    check(r.returncode == 1 and json.loads(r.stdout)["valid"] is False,
          "--json tells that a file is not sound", r)


def test_failures():
    for name in sorted(os.listdir(corpus)):
        r = run("-t", name)
        lines = r.stderr.splitlines()
        if name.startswith("good-"):
            check(r.returncode == 0 and not lines, f"{name} is shown", r)
        else:
            check(r.returncode == 1 and len(lines) == 1 and
                  lines[0].startswith("s2v-info: ") and name in lines[0],
                  f"{name} fails with one sentence", r)
    r = run("bad-sha256.bin", "good-scalar.bin")
    check(r.returncode == 1 and "Checksum    FAILED" in r.stdout and
          "good-scalar.bin" in r.stdout,
          "one bad file does not hide the next", r)
    check("\x1b" not in run("-t", "bad-control-name.bin", "bad-noise.bin",
                            "good-escapes.bin").stdout,
          "no control character reaches the terminal")


def test_usage():
    r = run()
    check(r.returncode == 2 and "--help" in r.stderr and not r.stdout,
          "no file is a mistake of usage", r)
    r = run("--frobnicate")
    check(r.returncode == 2 and not r.stdout, "so is an unknown option", r)
    r = run("--help")
    check(r.returncode == 0 and r.stdout.startswith("Usage: s2v-info"),
          "--help goes to standard output", r)
    r = run("--version")
    check(r.returncode == 0 and r.stdout.startswith("s2v-info "),
          "--version too", r)
    r = run("good-scalar.bin", env=dict(os.environ, S2V_MODEL_PATH="/nowhere"))
    check(r.returncode == 0, "a bare name is found here first", r)
    r = run("none.bin", env=dict(os.environ, S2V_MODEL_PATH="/nowhere"))
    check(r.returncode == 1 and "/nowhere" in r.stderr,
          "a name that is nowhere lists where it was looked for", r)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            r = subprocess.run([tool, "--help"], stdout=full,
                               stderr=subprocess.PIPE, text=True)
        check(r.returncode == 1 and "cannot write" in r.stderr,
              "a full disk behind standard output is told")


test_report()
test_json()
test_failures()
test_usage()
print(f"1..{count}\n# {count} checks, {failed} failed")
sys.exit(failed != 0)
