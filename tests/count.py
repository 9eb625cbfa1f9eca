# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts a meson test log: each TAP point, or the whole test."""
import json, re, sys

passed = failed = skipped = 0
try:
    tests = [json.loads(line) for line in open(sys.argv[1])]
except OSError:
    tests = []
for test in tests:
    out, result = test.get("stdout", ""), test["result"]
    points = re.findall(r"^(not )?ok\b([^\n]*)", out, re.M)
    for bad, rest in points:
        reason = re.search(r"# *skip\S* *(.*)", rest, re.I)
        if reason:
            skipped += 1
            print(f"skipped: {test['name']}:{rest}", file=sys.stderr)
        elif bad:
            failed += 1
        else:
            passed += 1
    if result == "SKIP" and not points:
        skipped += 1
        said = (out + test.get("stderr", "")).strip().splitlines()
        said = [line for line in said if line != "1..0"] or ["no reason given"]
        print(f"skipped: {test['name']}: {said[-1]}", file=sys.stderr)
    elif result in ("OK", "EXPECTEDFAIL"):
        passed += not points
    elif result != "SKIP":
        print(f"FAILED: {test['name']}: {result}", file=sys.stderr)
        failed += not any(bad for bad, _ in points)
print(passed, failed, skipped)
