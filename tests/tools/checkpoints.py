# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints for the tests of importers, as PyTorch and safetensors write them, made
without PyTorch."""
import collections
import io
import json
import os
import pickle
import struct
import sys
import types
import zipfile

import numpy as np

# ---- modules that are not there, so that pickles can name what is in them ----


def module(name):
    made = sys.modules[name] = types.ModuleType(name)
    return made


def named(where, name, thing):
    thing.__module__, thing.__name__, thing.__qualname__ = where, name, name
    setattr(sys.modules.get(where) or module(where), name, thing)
    return thing


class Call:
    """Pickles as a call of a function with these arguments."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


module("torch")
from_bytes = named("torch.storage", "_load_from_bytes", lambda data: None)
rebuild_tensor = named("torch._utils", "_rebuild_tensor_v2", lambda *a: None)
rebuild_parameter = named("torch._utils", "_rebuild_parameter", lambda *a: None)
KINDS = {}
for kind, dtype in (("Float", "<f4"), ("Half", "<f2"), ("Long", "<i8")):
    KINDS[dtype] = named("torch", kind + "Storage", type(kind, (), {}))


class Reference:
    """A storage, by persistent id."""

    def __init__(self, key, array):
        self.id = ("storage", KINDS[array.dtype.str], key, "cpu", array.size)
        self.array = array


class Pickler(pickle._Pickler):  # the one in Python saves types.FunctionType by name
    def persistent_id(self, obj):
        return obj.id + self.more if isinstance(obj, Reference) else None

    more = ()


def dumps(value, protocol=2, more=()):
    file = io.BytesIO()
    pickler = Pickler(file, protocol)
    pickler.more = more
    pickler.dump(value)
    return file.getvalue()


def old_form(value, references):
    """As torch.save() before 1.6."""
    data = dumps(0x1950A86A20F9469CFC6C) + dumps(1001) + dumps({"little_endian": True})
    data += dumps(value, more=(None,)) + dumps([r.id[2] for r in references])
    for r in references:
        data += struct.pack("<q", r.array.size) + r.array.tobytes()
    return data


def strides(shape):
    return tuple(int(np.prod(shape[i + 1:])) for i in range(len(shape)))


def tensor(storage, shape, parameter=False):
    made = Call(rebuild_tensor, storage, 0, tuple(shape), strides(shape), parameter,
                collections.OrderedDict())
    return Call(rebuild_parameter, made, True, collections.OrderedDict()) \
        if parameter else made


def persistent(array, parameter=True):
    array = np.ascontiguousarray(array)
    reference = Reference("1", array)
    return tensor(Call(from_bytes, old_form(reference, [reference])), array.shape,
                  parameter)


def references(arrays):
    found, kept = collections.OrderedDict(), []
    for i, (name, array) in enumerate(arrays.items()):
        array = np.ascontiguousarray(array)
        kept.append(Reference(str(i), array))
        found[name] = tensor(kept[-1], array.shape)
    return found, kept


def zip_form(value, kept):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", dumps(value))
        archive.writestr("archive/byteorder", "little")
        for r in kept:
            archive.writestr(f"archive/data/{r.id[2]}", r.array.tobytes())
    return file.getvalue()


def safetensors(arrays, metadata=None):
    header, data = {"__metadata__": metadata or {"format": "pt"}}, b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": {"<f4": "F32", "<f2": "F16", "<i8": "I64"}[array.dtype.str],
                        "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Poison:
    def __reduce__(self):
        return os.system, ("touch executed",)
