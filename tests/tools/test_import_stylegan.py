#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/import-stylegan on checkpoints that this makes, of every kind, without
PyTorch or TensorFlow: what comes out gives the pictures of the goldens; and pickles
that are programs are refused and not executed. TAP.

usage: test_import_stylegan.py SCRIPT TEST_STYLEGAN GOLDENS
  TEST_STYLEGAN  tests/models/test_stylegan, which compares
  GOLDENS        tests/models/goldens
"""
import argparse
import collections
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile

try:
    import numpy as np
except ImportError:
    print("1..0 # SKIP numpy is missing")
    sys.exit(0)

sys.dont_write_bytecode = True
from checkpoints import (Call, Poison, Reference, dumps, from_bytes, module, named,
                         old_form, persistent, rebuild_tensor, references, safetensors,
                         zip_form)

SCRIPT, PROGRAM, GOLDENS = map(os.path.abspath, sys.argv[1:4])
points, bad = 0, 0


def point(name, ok, found=""):
    global points, bad
    points += 1
    bad += not ok
    print(f"{'' if ok else 'not '}ok {points} - {name}")
    if not ok:
        print("# " + str(found).replace("\n", "\n# "))


for parent in ("torch_utils", "dnnlib", "dnnlib.tflib"):
    module(parent)
reconstruct = named("torch_utils.persistence", "_reconstruct_persistent_obj",
                    lambda meta: None)
EasyDict = named("dnnlib.util", "EasyDict", type("EasyDict", (dict,), {}))


class TFNetwork:
    def __init__(self, state):
        self.kept = state

    def __getstate__(self):
        return self.kept


named("dnnlib.tflib.network", "Network", TFNetwork)


# ---- goldens, and checkpoints of their weights ----


def golden(name):
    with open(os.path.join(GOLDENS, name + ".safetensors"), "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    tensors = {key: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(
        t["shape"]) for key, t in header.items() if not key.startswith(("in.", "out."))}
    return tensors, json.loads(metadata["config"])


BUFFERS = ("noise_const", "w_avg", "resample_filter", "magnitude_ema", "up_filter",
           "down_filter", "freqs", "phases", "transform")
SRC = "import os; os.system('touch executed')"  # never to be executed


def nvidia_module(tensors, name, prefix, config):
    """A persistent object, its parts such objects again."""
    state = {"training": False, "_parameters": collections.OrderedDict(),
             "_buffers": collections.OrderedDict(),
             "_modules": collections.OrderedDict(),
             "_non_persistent_buffers_set": set(), "_init_args": ()}
    state["_init_kwargs"] = EasyDict(name="G")
    if prefix.count(".") == 3 or "synthesis.L" in prefix:
        state["conv_clamp"] = config["clamp"]
    parts = []
    for key, value in tensors.items():
        if not key.startswith(prefix):
            continue
        first, _, rest = key[len(prefix):].partition(".")
        if rest:
            if first not in parts:
                parts.append(first)
            continue
        where = "_buffers" if first in BUFFERS else "_parameters"
        state[where][first] = persistent(value, where == "_parameters")
    if prefix.endswith("torgb."):
        state["_buffers"]["unused"] = None
    for part in parts:
        state["_modules"][part] = nvidia_module(tensors, part, f"{prefix}{part}.",
                                                config)
    return Call(reconstruct, {"type": "class", "version": 6, "module_src": SRC,
                              "class_name": name, "state": state})


def nvidia(tensors, config):
    tensors = dict(tensors)
    if "synthesis.b4.const" in tensors:
        for block in ("b4", "b8.conv0"):
            tensors[f"synthesis.{block}.resample_filter"] = \
                np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype("<f4") / 64
    whole = nvidia_module(tensors, "Generator", "", config)
    return dumps({"G": whole, "D": whole, "G_ema": whole, "augment_pipe": None,
                  "training_set_kwargs": EasyDict(path="x", scale=np.float64(1),
                                                  size=np.arange(3))}, 3)


def sides(config):
    return [4 << i for i in range(config["codes"] // 2)]


def rosinality(tensors, config):
    """{name: array}, as its g_ema."""
    found = {f"style.{i + 1}.{part}": tensors[f"mapping.fc{i}.{part}"]
             for i in range(config["mapping"]) for part in ("weight", "bias")}
    found["input.input"] = tensors["synthesis.b4.const"][None]

    def layer(new, old, noise):
        found[new + ".conv.weight"] = tensors[old + ".weight"][None]
        found[new + ".conv.modulation.weight"] = tensors[old + ".affine.weight"]
        found[new + ".conv.modulation.bias"] = tensors[old + ".affine.bias"]
        if noise is None:
            found[new + ".bias"] = tensors[old + ".bias"].reshape(1, 3, 1, 1)
            return
        found[new + ".activate.bias"] = tensors[old + ".bias"]
        found[new + ".noise.weight"] = tensors[old + ".noise_strength"].reshape(1)
        found[f"noises.noise_{noise}"] = tensors[old + ".noise_const"][None, None]

    layer("conv1", "synthesis.b4.conv1", 0)
    layer("to_rgb1", "synthesis.b4.torgb", None)
    for i, side in enumerate(sides(config)[1:]):
        layer(f"convs.{2 * i}", f"synthesis.b{side}.conv0", 2 * i + 1)
        layer(f"convs.{2 * i + 1}", f"synthesis.b{side}.conv1", 2 * i + 2)
        layer(f"to_rgbs.{i}", f"synthesis.b{side}.torgb", None)
        found[f"convs.{2 * i}.conv.blur.kernel"] = \
            np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype("<f4") / 16
    return found


def rosinality_value(tensors, config):
    arrays = rosinality(tensors, config)
    arrays["latent_avg"] = tensors["mapping.w_avg"]
    found, kept = references(arrays)
    return {"g_ema": found, "latent_avg": found.pop("latent_avg"),
            "args": argparse.Namespace(size=32)}, kept


def tensorflow(tensors, config):
    mapping, synthesis = [], []
    for i in range(config["mapping"]):
        mapping.append((f"Dense{i}/weight", tensors[f"mapping.fc{i}.weight"].T.copy()))
        mapping.append((f"Dense{i}/bias", tensors[f"mapping.fc{i}.bias"]))
    synthesis.append(("4x4/Const/const", tensors["synthesis.b4.const"][None]))
    for i, side in enumerate(sides(config)):
        for conv in ("conv0", "conv1", "torgb")[side == 4:]:
            old = f"synthesis.b{side}.{conv}"
            name = {"conv0": "Conv0_up", "torgb": "ToRGB",
                    "conv1": "Conv" if side == 4 else "Conv1"}[conv]
            weight = tensors[old + ".weight"].transpose(2, 3, 1, 0)
            if conv == "conv0":
                weight = weight[::-1, ::-1]
            new = f"{side}x{side}/{name}/"
            synthesis += [(new + "weight", weight.copy()),
                          (new + "bias", tensors[old + ".bias"]),
                          (new + "mod_weight", tensors[old + ".affine.weight"].T.copy()),
                          (new + "mod_bias", tensors[old + ".affine.bias"] - 1)]
            if conv != "torgb":
                synthesis.append((new + "noise_strength",
                                  tensors[old + ".noise_strength"]))
                at = max(2 * i - (conv == "conv0"), 0)
                synthesis.append((f"noise{at}",
                                  tensors[old + ".noise_const"][None, None]))

    def network(name, variables, components):
        return TFNetwork({"version": 4, "name": name, "static_kwargs": EasyDict(),
                          "components": EasyDict(components),
                          "build_module_src": SRC, "build_func_name": "G",
                          "variables": variables})

    whole = network("Gs", [("dlatent_avg", tensors["mapping.w_avg"])],
                    {"mapping": network("m", mapping, {}),
                     "synthesis": network("s", synthesis, {})})
    return pickle.dumps((whole, whole, whole), 4)


# ---- running ----


def run(content, *arguments):
    with open("file", "wb") as file:
        file.write(content)
    if os.path.exists("made.bin"):
        os.remove("made.bin")
    return subprocess.run([sys.executable, SCRIPT, "file", "-o", "made.bin", *arguments],
                          capture_output=True, text=True, check=False)


def header():
    with open("made.bin", "rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))


def gives(what, content, name, wanted, *arguments):
    """The golden's pictures, and a summary with these words."""
    done = run(content, *arguments)
    point(f"{what}: comes in", done.returncode == 0, done.stderr)
    point(f"{what}: summary", all(w in done.stdout for w in wanted), done.stdout)
    compared = subprocess.run(
        [PROGRAM, "ref", "f64", os.path.join(GOLDENS, name + ".safetensors"),
         "made.bin"], capture_output=True, text=True, check=False)
    point(f"{what}: the golden's pictures", compared.returncode == 0,
          compared.stdout[-2000:])
    point(f"{what}: nothing was executed", not os.path.exists("executed"))


def refuses(what, content, words, *arguments):
    done = run(content, *arguments)
    point(f"{what}: exit status", done.returncode == 1, done.returncode)
    point(f"{what}: one sentence", done.stderr.startswith("scripts/import-stylegan: ")
          and done.stderr.count("\n") == 1
          and all(w in done.stderr for w in words), done.stderr)
    point(f"{what}: nothing is written or executed",
          not {"made.bin", "made.bin.part", "executed"} & set(os.listdir(".")))


def test_kinds():
    tensors, config = golden("stylegan2_classes")
    gives("stylegan2-ada-pytorch", nvidia(tensors, config), "stylegan2_classes",
          ["StyleGAN2, 32x32", "4 classes", "clamp 1.2", "8 style codes",
           "min(96/side, 7)", "licence: CC0-1.0"], "--license", "CC0-1.0")
    metadata = header()["__metadata__"]
    point("metadata", metadata["s2v.model"] == "stylegan2"
          and metadata["s2v.license"] == "CC0-1.0"
          and json.loads(metadata["s2v.config"])["clamp"] == 1.2, metadata)
    for name, title in (("stylegan3_t", "StyleGAN3-T"), ("stylegan3_r", "StyleGAN3-R")):
        tensors, config = golden(name)
        gives(name, nvidia(tensors, config), name,
              [title + ", 32x32", f"clamp {config['clamp']:g}", "licence: unknown"])
    tensors, config = golden("stylegan2")
    gives("TensorFlow", tensorflow(tensors, config), "stylegan2",
          ["StyleGAN2, 32x32", "no clamp"])
    value, kept = rosinality_value(tensors, config)
    gives("rosinality, archive", zip_form(value, kept), "stylegan2", ["StyleGAN2"])
    gives("rosinality, old form", old_form(value, kept), "stylegan2", ["StyleGAN2"])
    arrays = rosinality(tensors, config) | {"latent_avg": tensors["mapping.w_avg"]}
    gives("safetensors, rosinality's names", safetensors(arrays), "stylegan2",
          ["StyleGAN2"])
    gives("safetensors", safetensors(tensors, {"s2v.license": "CC-BY-4.0"}),
          "stylegan2", ["licence: CC-BY-4.0"])


def test_missing_parts():
    tensors, config = golden("stylegan2")
    arrays = {k: v for k, v in rosinality(tensors, config).items() if "noises" not in k}
    done = run(safetensors(arrays))
    found = header()
    point("no average, no noise: both are made", done.returncode == 0
          and "mapping.w_avg" in found and "mapping.w_std" in found
          and "synthesis.b32.conv1.noise_const" in found, done.stderr)
    half = {k: v.astype("<f2") for k, v in tensors.items()}
    done = run(safetensors(half))
    point("half precision becomes single", done.returncode == 0
          and header()["synthesis.b8.conv1.weight"]["dtype"] == "F32", done.stderr)


def test_refusals():
    tensors, config = golden("stylegan2")
    pickle.loads(pickle.dumps(Poison()))
    point("the program does something where it is executed", os.path.exists("executed"))
    os.remove("executed")
    refuses("a program", pickle.dumps(Poison()), ["asks for", "system", "not executed"])
    refuses("a program beside networks", pickle.dumps(
        {"G_ema": {}, "D": Poison()}), ["asks for", "system"])
    refuses("a program in a tensor's numbers", dumps(
        {"G_ema": Call(from_bytes, pickle.dumps(Poison()))}), ["asks for", "system"])
    refuses("a program in an archive", zip_form({"g_ema": Poison()}, []),
            ["asks for", "system"])
    refuses("eval", b"cbuiltins\neval\n(S'open(\"executed\", \"w\")'\ntR.",
            ["asks for builtins.eval"])
    refuses("a name within an allowed one",
            b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.",
            ["asks for collections.OrderedDict.fromkeys"])
    refuses("a tensor beyond its numbers",
            dumps({"g_ema": {"x": Call(rebuild_tensor, Call(
                from_bytes, old_form(Reference("1", np.zeros(2, "<f4")), [])), 0, (9,),
                (1,), False, None)}}), ["reaches beyond its numbers"])
    critic, _ = golden("stylegan2_discriminator")
    refuses("a discriminator", safetensors(critic), ["holds a discriminator alone"])
    refuses("a discriminator in a dictionary", dumps({"D": nvidia_module(
        critic, "Discriminator", "", {"clamp": None})}), ["holds a discriminator alone"])
    wrong = dict(tensors)
    wrong["synthesis.b8.conv1.bias"] = wrong["synthesis.b8.conv1.bias"] * np.nan
    refuses("nan", safetensors({k: v.astype("<f4") for k, v in wrong.items()}),
            ["synthesis.b8.conv1.bias", "not finite"])
    wrong = dict(tensors)
    del wrong["synthesis.b16.torgb.weight"]
    refuses("another architecture", safetensors(wrong), ["not of the skip architecture"])
    wrong = tensors | {"synthesis.b8.conv1.affine.bias": np.zeros(9, "<f4")}
    refuses("another shape", safetensors(wrong), ["affine.bias", "[9]", "[7]"])
    wrong = tensors | {"something.else": np.zeros(9, "<f4")}
    refuses("another tensor", safetensors(wrong), ["something.else"])
    wrong = tensors | {"synthesis.b8.resample_filter": np.eye(4, dtype="<f4")}
    refuses("another filter", safetensors(wrong), ["resampling filter"])
    refuses("no network", dumps({"a": 1}), ["holds no network"])
    refuses("another network", safetensors({"conv.weight": np.zeros(3, "<f4")}),
            ["holds no generator", "conv.weight"])
    refuses("text", b"text\n", ["cannot be read"])
    refuses("nothing", b"", ["cannot be read"])
    refuses("cut short", nvidia(tensors, config)[:-100], ["cannot be read"])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 20))
    refuses("an archive that unpacks to more", bomb.getvalue(), ["larger unpacked"])
    refuses("a pickle that asks for 32 GiB", b"\x80\x02}r\xff\xff\xff\x7f.",
            ["asks for more memory"])
    refuses("a message of several lines", b"F1\n\x1b\x1b\n.", ["cannot be read"])
    good = safetensors(tensors)
    refuses("safetensors, cut in its header", good[:1000], ["header of", "992 are there"])
    refuses("safetensors, cut", good[:-4], ["tensor", "where it does not fit"])
    for what, entry, words in (
            ("beyond the file", {"shape": [4], "data_offsets": [0, 16]}, ["[4]", "0 to 16"]),
            ("before it", {"shape": [1], "data_offsets": [-4, 0]}, ["list of numbers"]),
            ("of another size", {"shape": [1 << 40], "data_offsets": [0, 4]}, ["not fit"]),
            ("without a shape", {"data_offsets": [0, 4]}, ["does not describe the tensor a"]),
            ("of another type", {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]},
             ["F8_E4M3", "F32, F16"])):
        text = json.dumps({"a": {"dtype": "F32"} | entry}).encode()
        refuses(f"safetensors, a tensor {what}",
                struct.pack("<Q", len(text)) + text + bytes(4), words)
    refuses("safetensors without tensors", struct.pack("<Q", 2) + b"{}" + bytes(4),
            ["its tensors are none"])
    wide = {k: v * np.float32(1e30) if k.startswith("mapping.fc") else v
            for k, v in tensors.items() if k != "mapping.w_avg"}
    refuses("an average that is not finite", safetensors(wide),
            ["mapping.w_avg", "not finite"])
    os.mkdir("folder")
    refuses("a folder for the output", good, ["folder cannot be written: it is a folder"],
            "-o", "folder")
    refuses("a folder that is not there", good, ["no/where.bin cannot be written: No such"],
            "-o", "no/where.bin")
    point("nothing is left beside the folder", not os.path.exists("folder.part"))
    os.mkfifo("pipe")
    refuses("a pipe for the output", good, ["pipe cannot be written: it is"], "-o", "pipe")
    refuses("itself", b"", ["would be overwritten"], "-o", "file")
    refuses("an option", b"", ["unknown option --wrong"], "--wrong")
    refuses("a clamp", b"", ["--clamp is much"], "--clamp", "much")


def test_published():
    data = os.environ.get("S2V_TEST_DATA")
    if not data:
        global points
        points += 1
        print(f"ok {points} - a published file # SKIP S2V_TEST_DATA is not set")
        return
    folder = os.path.join(data, "goldens/stylegan")
    with open(os.path.join(folder, "rosinality_64.pt"), "rb") as file:
        done = run(file.read())
    compared = subprocess.run(
        [PROGRAM, "cpu", "f32", os.path.join(folder, "rosinality_64.safetensors"),
         "made.bin"], capture_output=True, text=True, check=False)
    point("a published file", done.returncode == 0 and compared.returncode == 0,
          done.stderr + compared.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        test_kinds()
        test_missing_parts()
        test_refusals()
        test_published()
        os.chdir("/")
    print(f"1..{points}")
    return bad > 0


sys.exit(main())
