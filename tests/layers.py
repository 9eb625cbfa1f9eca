#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Includes point one way, in core/ without circles. TAP.

usage: layers.py ROOT

LAYERS has what each folder of core/ may include beside itself, PROGRAMS what each
of the programs may (docs/tour.md, "Dependencies between the
parts"); any may include s2v/s2v.h. Of the library, wrappers include that alone.
"""
import os
import re
import sys

GRAPHS = ["run", "backend", "graph", "base"]
FILES = ["weights", "audio", "text", "video"]
LAYERS = {
    "s2v": [],
    "base": [],
    "weights": ["base"],
    "audio": ["base"],
    "text": ["base"],
    "video": ["base"],
    "graph": ["base"],
    "backend": ["graph", "base"],
    "backend/ref": ["backend", "graph", "base"],
    "backend/cpu": ["backend", "graph", "base"],
    "backend/cuda": ["backend", "graph", "base"],
    "run": ["backend", "graph", "base"],
    "nn": GRAPHS,
    "models": ["nn", *GRAPHS, *FILES],
    "session": ["models", "nn", *GRAPHS, *FILES],
}
WRAPPERS = ["ffmpeg-filter", "gst-plugin", "tools/info"]
# Any may include core/, but for the wrappers.
PROGRAMS = {
    "common": [],
    "train": ["common"],
    "eval": ["common"],
    "tools/render": ["common"],
    "tools/bench": ["common"],
    "tools/features": ["common"],
    "tools/impacts": ["common", "tools/render"],
    "tools/info": ["common"],
    "tools/landscapes": ["common", "tools/render"],
    "tools/quintet": ["common", "tools/render"],
    "tools/shards": ["common"],
    "tools/talkers": ["common", "tools/render"],
}
# Made while building.
GENERATED = ["families.inc", "html_entities.inc"]
# (FILE, INCLUDED): why it may point up. There is none.
EXCEPTIONS = {}
# (MODULE, MODULE): why the one may include the other, which includes it. A module
# is the files of one name.
TABLE = "cpu.c is the table of all kernels, cpu.h what they share"
CIRCLES = {
    ("core/backend/backend", "core/backend/module"): "opening by name finds modules, too",
    ("core/backend/cpu/cpu", "core/backend/cpu/conv_bf16"): TABLE,
    ("core/backend/cpu/cpu", "core/backend/cpu/conv_weight"): TABLE,
    ("core/backend/cpu/cpu", "core/backend/cpu/depthwise"): TABLE,
    ("core/backend/cpu/cpu", "core/backend/cpu/pointwise"): TABLE,
    ("core/backend/cpu/cpu", "core/backend/cpu/winograd"): TABLE,
    ("core/graph/graph", "core/graph/ops"): "ops.def is the list of what graph.h numbers",
    ("core/run/plan", "core/run/plan_internal"): "plan.c defines what both headers declare",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)


def read(root):
    """All sources of core/, the wrappers and the programs, by path below ROOT."""
    files = {}
    for top in ["core", "common", "train", "eval", "tools", *WRAPPERS]:
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".c", ".h", ".inc", ".def", ".cu")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        files[os.path.relpath(path, root)] = file.read()
    return files


def includes(files, name):
    """(line, as written, path below ROOT or None) of each include of a file."""
    for match in INCLUDE.finditer(files[name]):
        places = [os.path.dirname(name), "core", "core/include", *PROGRAMS]
        paths = [os.path.normpath(f"{place}/{match[1]}") for place in places]
        path = next((path for path in paths if path in files), None)
        yield files[name].count("\n", 0, match.start()) + 1, match[1], path


def layer(path):
    """core/backend/cpu/chain.c: backend/cpu; core/include/s2v/s2v.h: s2v."""
    folder = re.sub("^core/(include/)?", "", os.path.dirname(path))
    while folder and folder not in LAYERS:
        folder = os.path.dirname(folder)
    return folder


def upward(files):
    """A sentence for each include of core/ that does not point down."""
    wrong = []
    for name in sorted(files):
        for line, written, path in includes(files, name):
            if not name.startswith("core/") or (name, path) in EXCEPTIONS:
                continue
            if written in GENERATED:
                continue
            at = f"{name}:{line}: includes {written}"
            if not path or not path.startswith("core/"):
                wrong.append(f"{at}, which is not in core/")
                continue
            own, other = layer(name), layer(path)
            if not own or not other:
                wrong.append(f"{at}: tests/layers.py has no layer of {path if own else name}")
            elif other not in [own, "s2v", *LAYERS[own]]:
                may = ", ".join(LAYERS[own]) or "nothing"
                wrong.append(f"{at}: the arrow {own} -> {other} points up; {own} may include {may}")
    return wrong


def wrappers(files):
    """A sentence for each include of the library's insides by a wrapper."""
    return [f"{name}:{line}: includes {written}; a wrapper may include s2v/s2v.h alone"
            for name in sorted(files) if not name.startswith("core/")
            if name.startswith(tuple(WRAPPERS))
            for line, written, path in includes(files, name)
            if path and path.startswith("core/") and layer(path) != "s2v"]


def program(path):
    """tools/impacts/scene.c: tools/impacts; a file of no program: ""."""
    folder = os.path.dirname(path)
    while folder and folder not in PROGRAMS:
        folder = os.path.dirname(folder)
    return folder


def across(files):
    """A sentence for each include between programs that PROGRAMS does not allow."""
    wrong = []
    for name in sorted(files):
        own = program(name)
        if not own and name.startswith(("common", "train", "eval", "tools")):
            wrong.append(f"{name}: tests/layers.py has no program of it")
        for line, written, path in includes(files, name) if own else ():
            other = program(path) if path else ""
            if other and other not in [own, *PROGRAMS[own]]:
                may = ", ".join(PROGRAMS[own]) or "none of the programs' folders"
                wrong.append(f"{name}:{line}: includes {written}: {own} -> {other}; "
                             f"{own} may include {may}")
    return wrong


def modules(files):
    """{module: {module that it includes: where}} of core/."""
    stem = {name: os.path.splitext(name)[0] for name in files if name.startswith("core/")}
    to = {module: {} for module in stem.values()}
    for name, module in sorted(stem.items()):
        for line, _, path in includes(files, name):
            if path in stem and stem[path] != module:
                to[module].setdefault(stem[path], f"{name}:{line}")
    return to


def circles(files):
    """A sentence for each circle of modules."""
    to = modules(files)
    for one, other in CIRCLES:
        to.get(one, {}).pop(other, None)
    wrong, done = [], set()

    def follow(module, way):
        if module in way:
            circle = way[way.index(module):] + [module]
            wrong.append("a circle: " + ", ".join(
                f"{to[a][b]} includes {b}" for a, b in zip(circle, circle[1:])))
        elif module not in done:
            for other in sorted(to[module]):
                follow(other, way + [module])
            done.add(module)

    for module in sorted(to):
        follow(module, [])
    return wrong


count = bad = 0


def check(name, found, expected=()):
    """One point: as many sentences as expected, each with the expected part."""
    global count, bad
    count += 1
    good = len(found) == len(expected) and all(part in text for part, text in zip(expected, found))
    bad += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    for text in () if good else found:
        print("#", text)


source = read(sys.argv[1])
check("core/ was read", [] if len(source) > 100 else [f"{len(source)} files in {sys.argv[1]}"])
check("no include of core/ points up", upward(source))
check("no circle of modules", circles(source))
check("wrappers include s2v/s2v.h alone", wrappers(source))
check("programs share by common/ alone", across(source))
check("exceptions are needed",
      [f"{name} does not include {path}" for name, path in EXCEPTIONS
       if path not in [to for _, _, to in includes(source, name)]] +
      [f"{one} does not include {other}" for one, other in CIRCLES
       if other not in modules(source).get(one, {})])

# What is wrong is found and named.
source["core/run/made.h"] = ""
source["core/graph/made.h"] = '\n#include "s2v/s2v.h"\n#include "run/made.h"\n'
check("an arrow that points up", upward(source),
      ["core/graph/made.h:3: includes run/made.h: the arrow graph -> run points up"])
source["core/graph/made.h"] = '#include "networks/made.h"\n'
check("an include of what is not in core/", upward(source),
      ["core/graph/made.h:1: includes networks/made.h, which is not in core/"])
source["core/graph/made.h"] = '#include "backend/cpu/cpu.h"\n'
check("a backend's insides", upward(source), ["the arrow graph -> backend/cpu points up"])
source["core/graph/made.h"] = ""
source["core/run/made.h"] = '#include "run/other.h"\n'
source["core/run/other.c"] = '#include "run/made.h"\n'
source["core/run/other.h"] = ""
check("a circle", circles(source),
      ["core/run/made.h:1 includes core/run/other, core/run/other.c:1 includes core/run/made"])
source["gst-plugin/made.c"] = '#include "s2v/s2v.h"\n#include "base/error.h"\n'
check("a wrapper that includes more", wrappers(source),
      ["gst-plugin/made.c:2: includes base/error.h;"])
source["gst-plugin/made.c"] = ""
source["common/made.c"] = '#include "trainer.h"\n'
source["train/made.c"] = '#include "data/dataset.h"\n#include "likeness.h"\n'
source["train/recipes/made.c"] = '#include "recipes/foley.h"\n#include "brush.h"\n'
source["eval/made.c"] = '#include "base/error.h"\n#include "../train/files.h"\n'
source["tools/quintet/made.c"] = '#include "recipes/foley.h"\n'
check("programs that include one another", across(source),
      ["common/made.c:1: includes trainer.h: common -> train; common may include none",
       "eval/made.c:2: includes ../train/files.h: eval -> train; eval may include common",
       "tools/quintet/made.c:1: includes recipes/foley.h: tools/quintet -> train;",
       "train/made.c:2: includes likeness.h: train -> eval;",
       "train/recipes/made.c:2: includes brush.h: train -> tools/render;"])
print(f"1..{count}")
sys.exit(bad > 0)
