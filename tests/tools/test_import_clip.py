#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/import-clip on checkpoints that this makes, of every kind, without PyTorch:
the same tensors come out, the library loads them; and pickles that are programs are
refused and not executed. TAP.

usage: test_import_clip.py SCRIPT TEST_CLIP
  TEST_CLIP  tests/models/test_clip, which loads a file
"""
import collections
import io
import json
import os
import pickle
import re
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
from checkpoints import (Call, Poison, Reference, module, named, old_form, rebuild_tensor,
                         references, safetensors, strides, zip_form)

SCRIPT, PROGRAM = map(os.path.abspath, sys.argv[1:3])
points, bad = 0, 0


def point(name, ok, found=""):
    global points, bad
    points += 1
    bad += not ok
    print(f"{'' if ok else 'not '}ok {points} - {name}")
    if not ok:
        print("# " + str(found).replace("\n", "\n# "))


# ---- checkpoints ----

rng = np.random.RandomState(1)
PICTURE, TEXT, E, CONTEXT, VOCABULARY = 128, 64, 12, 7, 20


def numbers(*shape):
    return rng.randn(*shape).astype("<f2")


def tower(prefix, width, mlp):
    found = {}
    for i in range(2):
        block = f"{prefix}transformer.resblocks.{i}."
        found.update({
            block + "attn.in_proj_weight": numbers(3 * width, width),
            block + "attn.in_proj_bias": numbers(3 * width),
            block + "attn.out_proj.weight": numbers(width, width),
            block + "attn.out_proj.bias": numbers(width),
            block + "ln_1.weight": numbers(width), block + "ln_1.bias": numbers(width),
            block + "mlp.c_fc.weight": numbers(mlp, width),
            block + "mlp.c_fc.bias": numbers(mlp),
            block + "mlp.c_proj.weight": numbers(width, mlp),
            block + "mlp.c_proj.bias": numbers(width),
            block + "ln_2.weight": numbers(width), block + "ln_2.bias": numbers(width)})
    return found


def clip():
    """Under OpenAI's names: pictures of 8x8 in patches of 4x4."""
    found = {"visual.class_embedding": numbers(PICTURE),
             "visual.positional_embedding": numbers(5, PICTURE),
             "visual.proj": numbers(PICTURE, E),
             "visual.conv1.weight": numbers(PICTURE, 3, 4, 4)}
    found.update(tower("visual.", PICTURE, 40))
    for name in ("visual.ln_pre", "visual.ln_post"):
        found[name + ".weight"], found[name + ".bias"] = numbers(PICTURE), numbers(PICTURE)
    found.update({"positional_embedding": numbers(CONTEXT, TEXT),
                  "text_projection": numbers(TEXT, E),
                  "token_embedding.weight": numbers(VOCABULARY, TEXT),
                  "ln_final.weight": numbers(TEXT), "ln_final.bias": numbers(TEXT),
                  "logit_scale": np.array(2.5, "<f2")})
    found.update(tower("", TEXT, 24))
    return found


THEIRS = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
          "mlp.c_proj": "mlp.fc2", "attn.out_proj": "self_attn.out_proj",
          "visual.conv1": "vision_model.embeddings.patch_embedding",
          "visual.ln_pre": "vision_model.pre_layrnorm",
          "visual.ln_post": "vision_model.post_layernorm",
          "token_embedding": "text_model.embeddings.token_embedding",
          "ln_final": "text_model.final_layer_norm"}
WHOLE = {"visual.class_embedding": "vision_model.embeddings.class_embedding",
         "visual.positional_embedding":
             "vision_model.embeddings.position_embedding.weight",
         "positional_embedding": "text_model.embeddings.position_embedding.weight",
         "logit_scale": "logit_scale"}


def hugging_face(tensors):
    found = {"text_model.embeddings.position_ids": np.arange(CONTEXT)[None],
             "vision_model.embeddings.position_ids": np.arange(5)[None]}
    for name, value in tensors.items():
        part, _, kind = name.rpartition(".")
        block = re.fullmatch(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.+)", name)
        if name in WHOLE:
            found[WHOLE[name]] = value
        elif name == "visual.proj":
            found["visual_projection.weight"] = value.T
        elif name == "text_projection":
            found["text_projection.weight"] = value.T
        elif block:
            to = f"{'vision' if block[1] else 'text'}_model.encoder.layers.{block[2]}."
            if "in_proj" in name:
                for letter, third in zip("qkv", np.split(value, 3)):
                    kind = name.rpartition("_")[2]
                    found[f"{to}self_attn.{letter}_proj.{kind}"] = third
            else:
                found[to + THEIRS[block[3].rpartition(".")[0]] + "." + kind] = value
        else:
            found[f"{THEIRS[part]}.{kind}"] = value
    return found


def sound():
    """The encoder of sound, narrow."""
    found = {"conv.weight": numbers(3, 1, 3, 3), "conv.bias": numbers(3)}

    def conv(name, *shape):
        found[f"feature_extractor.{name}.weight"] = numbers(*shape)

    def norm(name, width):
        for kind in ("weight", "bias", "running_mean", "running_var"):
            found[f"feature_extractor.{name}.{kind}"] = numbers(width)
        found[f"feature_extractor.{name}.num_batches_tracked"] = np.array(9)

    conv("conv1", 4, 3, 7, 7)
    norm("bn1", 4)
    into = 4
    for stage, width in enumerate((4, 6, 8, 10), 1):
        for block in (0, 1):
            conv(f"layer{stage}.{block}.conv1", width, into, 3, 3)
            norm(f"layer{stage}.{block}.bn1", width)
            conv(f"layer{stage}.{block}.conv2", width, width, 3, 3)
            norm(f"layer{stage}.{block}.bn2", width)
            if stage > 1 and not block:
                conv(f"layer{stage}.{block}.downsample.0", width, into, 1, 1)
                norm(f"layer{stage}.{block}.downsample.1", width)
            into = width
    found["feature_extractor.fc.weight"] = numbers(E, into)
    found["feature_extractor.fc.bias"] = numbers(E)
    return found


def wav2clip():
    """A file's tensors, and those that stay."""
    kept = {n.replace("feature_extractor", "audio_encoder"): v for n, v in sound().items()
            if not n.startswith(("conv.", "feature_extractor.fc"))
            and "num_batches" not in n}
    kept["audio_encoder.conv1.weight"] = numbers(4, 1, 7, 7)
    for name, shape in (("0", (9, 10)), ("3", (E, 9))):
        kept[f"audio_transform.sequential.{name}.weight"] = numbers(*shape)
        kept[f"audio_transform.sequential.{name}.bias"] = numbers(shape[0])
    return kept | {"audio_encoder.fc.weight": numbers(3, 10),
                   "audio_encoder.spectrogram.window": numbers(512),
                   "image_transform.sequential.0.bias": numbers(3),
                   "audio_encoder.bn1.num_batches_tracked": np.array(9)}, kept


def prefixed(tensors):
    return {"module." + name: value for name, value in tensors.items()}


module("__torch__")
module("pytorch_lightning")
Model = named("__torch__.clip.model.___torch_mangle_1", "CLIP", type("CLIP", (), {}))


def scripted(tensors, prefix, kept):
    """An object of TorchScript, its parts such objects again."""
    made = Model()
    made.__dict__.update(training=False, _is_full_backward_hook=None, heads=4)
    for name, value in tensors.items():
        if not name.startswith(prefix):
            continue
        first, _, rest = name[len(prefix):].partition(".")
        if rest and first not in made.__dict__:
            made.__dict__[first] = scripted(tensors, f"{prefix}{first}.", kept)
        elif not rest:
            value = np.ascontiguousarray(value).reshape(value.shape)
            kept.append(Reference(str(len(kept)), value))
            made.__dict__[first] = Call(rebuild_tensor, kept[-1], 0, value.shape,
                                        strides(value.shape), True,
                                        collections.OrderedDict())
    return made


def torchscript(tensors, more=None):
    kept = []
    made = scripted(tensors | {"input_resolution": np.array(8),
                               "context_length": np.array(CONTEXT),
                               "vocab_size": np.array(VOCABULARY)}, "", kept)
    made.__dict__.update(more or {})
    file = io.BytesIO(zip_form(made, kept))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("archive/code/__torch__.py", "open('executed', 'w')")
        archive.writestr("archive/constants.pkl", pickle.dumps(Poison()))
    return file.getvalue()


def references_of(tensors):
    """references() keep no shape ()."""
    found, kept = references(tensors)
    for (name, value), reference in zip(tensors.items(), kept):
        if value.shape == ():
            found[name] = Call(rebuild_tensor, reference, 0, (), (), False,
                               collections.OrderedDict())
    return found, kept


# ---- running ----


def run(content, *arguments):
    with open("file", "wb") as file:
        file.write(content)
    if os.path.exists("made.bin"):
        os.remove("made.bin")
    return subprocess.run([sys.executable, SCRIPT, "file", "-o", "made.bin", *arguments],
                          capture_output=True, text=True, check=False)


def made():
    with open("made.bin", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    return metadata, {
        name: np.frombuffer(data[slice(*t["data_offsets"])],
                            {"F16": "<f2", "F32": "<f4"}[t["dtype"]]).reshape(t["shape"])
        for name, t in header.items()}


def gives(what, content, tensors, words, *arguments):
    """These tensors, and a summary with these words; returns the metadata."""
    done = run(content, *arguments)
    point(f"{what}: comes in", done.returncode == 0, done.stderr)
    if done.returncode:
        return {"s2v.config": "{}"}
    point(f"{what}: summary", all(w in done.stdout for w in words), done.stdout)
    metadata, found = made()
    wrong = [n for n in tensors if n not in found or found[n].dtype != tensors[n].dtype
             or found[n].shape != tensors[n].shape or (found[n] != tensors[n]).any()]
    point(f"{what}: the same tensors", not wrong and len(found) == len(tensors),
          wrong or set(found) - set(tensors))
    loaded = subprocess.run([PROGRAM, "ref", "f64", "file", "made.bin"],
                            capture_output=True, text=True, check=False)
    point(f"{what}: the library loads it", loaded.returncode == 0, loaded.stdout)
    point(f"{what}: nothing was executed", not os.path.exists("executed"))
    return metadata


def refuses(what, content, words, *arguments):
    done = run(content, *arguments)
    point(f"{what}: exit status", done.returncode == 1, done.returncode)
    point(f"{what}: one sentence", done.stderr.startswith("scripts/import-clip: ")
          and done.stderr.count("\n") == 1
          and all(w in done.stderr for w in words), done.stderr)
    point(f"{what}: nothing is written or executed",
          not {"made.bin", "made.bin.part", "executed"} & set(os.listdir(".")))


SIZES = ["pictures of 8x8 in patches of 4x4", "texts of 7 out of 20 tokens",
         "2 and 2 layers of 128 and 64", "2 and 1 heads", "embeddings of 12"]


def test_kinds():
    tensors = clip()
    metadata = gives("OpenAI's archive", torchscript(tensors), tensors,
                     SIZES + ["quick_gelu", "licence: MIT"], "--license", "MIT")
    config = json.loads(metadata["s2v.config"])
    point("metadata", metadata["s2v.model"] == "clip"
          and metadata["s2v.license"] == "MIT"
          and re.fullmatch("file, SHA-256 [0-9a-f]{64}", metadata["s2v.source"])
          and config["picture_mlp"] == 40 and config["text_mlp"] == 24
          and config["exact_gelu"] is False, metadata)
    gives("Hugging Face's safetensors", safetensors(hugging_face(tensors)), tensors,
          SIZES + ["licence: unknown"])
    gives("pytorch_model.bin", zip_form(*references_of(hugging_face(tensors))), tensors,
          SIZES)
    gives("OpenCLIP's state", old_form(*references_of(tensors)), tensors,
          ["gelu, embeddings"], "--activation", "gelu")
    point("OpenCLIP's activation",
          json.loads(made()[0]["s2v.config"])["exact_gelu"] is True)
    single = {n: v.astype("<f4") for n, v in tensors.items()}
    gives("single precision", safetensors(single, {"s2v.license": "CC0-1.0"}), single,
          ["licence: CC0-1.0"])


def test_sound():
    tensors = sound()
    kept = {n: v for n, v in tensors.items() if "num_batches" not in n}
    words = ["an encoder of sound", "ResNet-18 of 4, 6, 8, 10 channels"]
    gives("the encoder of sound", zip_form(*references_of(prefixed(tensors))), kept,
          words)
    metadata = gives("the same in the old form", old_form(*references_of(tensors)), kept,
                     words)
    point("its kind", metadata["s2v.model"] == "sound-clip"
          and json.loads(metadata["s2v.config"]) == {
              "widths": [4, 6, 8, 10], "hidden": 0, "embedding": 12}, metadata)


Callback = named("pytorch_lightning.callbacks", "Early", type("Early", (), {}))


def test_wav2clip():
    tensors, kept = wav2clip()
    state, storages = references_of(tensors)
    callback = Callback()
    callback.__dict__["wait"] = 3
    metadata = gives("Wav2CLIP", zip_form(
        {"state_dict": state, "callbacks": {Callback: callback}, "epoch": 1}, storages),
        kept, ["Wav2CLIP, ResNet-18 of 4, 6, 8, 10 channels"])
    point("Wav2CLIP's configuration", json.loads(metadata["s2v.config"]) == {
        "widths": [4, 6, 8, 10], "hidden": 9, "embedding": 12}, metadata)
    refuses("a program among settings", zip_form(
        {"state_dict": state, "callbacks": {Callback: Poison()}}, storages),
        ["asks for", "system"])


def write_config(name, picture, text):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({"vision_config": picture, "text_config": text}, file)


def test_config():
    tensors = clip()
    data = safetensors(hugging_face(tensors))
    write_config("config.json", {"num_attention_heads": 16, "hidden_act": "gelu"},
                 {"num_attention_heads": 4, "hidden_act": "gelu"})
    metadata = gives("config.json beside it", data, tensors,
                     ["16 and 4 heads", "gelu, embeddings"])
    config = json.loads(metadata["s2v.config"])
    point("its heads", (config["picture_heads"], config["text_heads"],
                        config["exact_gelu"]) == (16, 4, True), config)
    os.remove("config.json")
    write_config("other.json", {"num_attention_heads": 3}, {})
    refuses("heads that do not fit", data,
            ["has 3 heads in a picture tower that is 128 wide"], "--config", "other.json")
    write_config("other.json", {"hidden_act": "relu"}, {"hidden_act": "relu"})
    refuses("an activation", data, ["has the activations relu"], "--config",
            "other.json")
    with open("other.json", "w", encoding="utf-8") as file:
        file.write("[")
    refuses("a broken config.json", data, ["configuration other.json that cannot be read"],
            "--config", "other.json")


def test_halves():
    tensors = clip()
    picture = {n: v for n, v in tensors.items() if n.startswith("visual.")}
    text = {n: v for n, v in tensors.items() if not n.startswith("visual.")}
    refuses("half a CLIP", safetensors(hugging_face(picture)),
            ["file holds CLIP's picture tower alone: its text tower is missing"])
    refuses("the other half", torchscript(text),
            ["holds CLIP's text tower alone: its picture tower is missing"])
    data = torchscript(tensors)
    refuses("an archive that is cut", data[:len(data) // 2], ["file cannot be read"])
    data = safetensors(tensors)
    refuses("a safetensors that is cut", data[:len(data) // 2], ["where it does not fit"])
    for name in ("logit_scale", "ln_final.bias", "visual.proj",
                 "transformer.resblocks.1.mlp.c_fc.bias"):
        refuses(f"without {name}", safetensors({n: v for n, v in tensors.items()
                                                if n != name}), ["tensor", name])
    theirs = hugging_face(tensors)
    del theirs["text_model.encoder.layers.1.self_attn.k_proj.bias"]
    refuses("without k", safetensors(theirs),
            ["lacks a part of transformer.resblocks.1.attn.in_proj_bias"])


def test_refusals():
    tensors = clip()
    pickle.loads(pickle.dumps(Poison()))
    point("the program does something where it is executed", os.path.exists("executed"))
    os.remove("executed")
    refuses("a program", pickle.dumps(Poison()), ["asks for", "system", "not executed"])
    refuses("a program in an archive of TorchScript",
            torchscript(tensors, {"more": Poison()}), ["asks for", "system"])
    refuses("a program in a state", zip_form(Poison(), []), ["asks for", "system"])
    refuses("a class that is called", b"\x80\x02c__torch__.x\nM\nX\x01\x00\x00\x00a\x85R.",
            ["cannot be read"])
    refuses("an object in itself", b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00a"
            b"h\x00sb.", ["cannot be read"])
    wrong = dict(tensors)
    wrong["visual.proj"] = wrong["visual.proj"] * np.float16(np.nan)
    refuses("nan", safetensors(wrong), ["numbers in the tensor visual.proj"])
    refuses("a tensor too many", safetensors(tensors | {"other": numbers(3)}),
            ["has a tensor other, which CLIP has not"])
    refuses("another shape", safetensors(tensors | {"visual.ln_pre.bias": numbers(3)}),
            ["the tensor visual.ln_pre.bias of the shape [3], expected [128]"])
    refuses("a ResNet", safetensors(tensors | {"visual.layer1.0.x": numbers(3)}),
            ["picture tower is a ResNet"])
    refuses("something else", safetensors({"a": numbers(3)}),
            ["holds neither CLIP nor its encoder of sound"])
    refuses("an activation that is not there", safetensors(tensors),
            ["--activation is relu"], "--activation", "relu")
    refuses("an unknown option", safetensors(tensors), ["unknown option --x"], "--x", "1")
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True,
                          text=True, check=False)
    point("--help", done.returncode == 0 and done.stdout.startswith("usage:"),
          done.stdout)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    test_kinds()
    test_sound()
    test_wav2clip()
    test_config()
    test_halves()
    test_refusals()
    os.chdir("/")
print(f"1..{points}")
sys.exit(bad > 0)
