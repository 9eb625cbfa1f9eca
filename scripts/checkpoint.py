# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints of others, read without executing what they bring, and weight files of
s2v: what the scripts import-stylegan and import-clip share.

Pickles may contain programs. Whatever is not a tensor or a plain container is refused
by name, before it is looked up. Needs Python 3.9 or later and NumPy, not PyTorch.
"""
import collections
import hashlib
import io
import json
import math
import os
import pickle
import re
import struct
import sys
import zipfile

try:
    import numpy as np
except ImportError:
    sys.exit(f"scripts/{os.path.basename(sys.argv[0])}: NumPy is missing: install "
             "python3-numpy")


class Failure(Exception):
    """A sentence for the user."""


# ---- pickles, without executing them ----


class Refused(Exception):
    pass


class Storage:
    """The numbers that PyTorch's tensors are views of."""

    def __init__(self, kind, count):
        self.kind, self.count, self.data = kind, count, None


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.storage, self.offset = storage, int(offset)
        self.size = tuple(int(n) for n in size)
        self.stride = tuple(int(n) for n in stride)

    def array(self):
        numbers = numbers_of(self.storage.data or b"", self.storage.kind)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.size, self.stride))
        if 0 in self.size:
            return np.zeros(self.size, np.float32)
        if (min((self.offset, *self.size, *self.stride), default=0) < 0
                or last >= len(numbers) or len(self.size) != len(self.stride)):
            raise Refused("a tensor that reaches beyond its numbers")
        steps = [s * numbers.itemsize for s in self.stride]
        return np.lib.stride_tricks.as_strided(numbers[self.offset:], self.size, steps)


KINDS = {"Float": "<f4", "Double": "<f8", "Half": "<f2", "BFloat16": "bf16",
         "Long": "<i8", "Int": "<i4", "Short": "<i2", "Char": "<i1", "Byte": "<u1",
         "Bool": "<u1", "Untyped": "<u1"}


def numbers_of(data, kind):
    if kind == "bf16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, kind)


class Scripted:
    """An object of TorchScript: of its class, whose name begins with __torch__, only
    the attributes are there."""

    state = {}

    def __setstate__(self, state):
        self.state = state if isinstance(state, dict) else {}

    def tensors(self, prefix=""):
        found = {}
        for name, value in self.state.items():
            if isinstance(value, Scripted):
                found.update(value.tensors(f"{prefix}{name}."))
            elif isinstance(value, Tensor):
                found[prefix + str(name)] = value
        return found


class Ignored:
    def __setstate__(self, state):
        pass


class Dtype:
    def __init__(self, name="f4", *unused):
        self.name = str(name)

    def __setstate__(self, state):
        pass  # little-endian: checked by the size of what is read

    def numpy(self):
        if not re.fullmatch(r"[<|=]?[fiub][1248]", self.name):
            raise Refused(f"numbers of the type {self.name[:20]}")
        return np.dtype("<" + self.name.lstrip("<|="))


class Array:
    """A NumPy array."""

    def __init__(self, *unused):
        self.value = np.zeros(0)

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        if not isinstance(data, bytes) or not isinstance(dtype, Dtype):
            raise Refused("an array that is not of numbers")
        self.value = np.frombuffer(data, dtype.numpy()).reshape(
            shape, order="F" if fortran else "C")

    def array(self):
        return self.value


def scalar(dtype, data):
    return np.frombuffer(data, dtype.numpy())[0]


def from_buffer(data, dtype, shape, order):
    made = Array()
    made.__setstate__((1, shape, dtype, order == "F", bytes(data)))
    return made


def encode(text, encoding):
    if encoding != "latin1":
        raise Refused(f"a text in {str(encoding)[:20]}")
    return text.encode("latin1")


def rebuild_tensor(storage, offset, size, stride, *unused):
    if not isinstance(storage, Storage):
        raise Refused("a tensor without numbers")
    return Tensor(storage, offset, size, stride)


def rebuild_parameter(data, *unused):
    return data


def load_from_bytes(data):
    value = load_torch(data)
    if not isinstance(value, Storage):
        raise Refused("numbers that are not a storage")
    return value


ALLOWED = {
    "collections.OrderedDict": collections.OrderedDict,
    "builtins.set": set,
    "__builtin__.set": set,
    "_codecs.encode": encode,
    "numpy.dtype": Dtype,
    "numpy.ndarray": Array,
    "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch.nn.Parameter": rebuild_parameter,
    "torch.nn.parameter.Parameter": rebuild_parameter,
    "torch.storage._load_from_bytes": load_from_bytes,
    "argparse.Namespace": Ignored,
}
for where in ("numpy.core.multiarray", "numpy._core.multiarray"):
    ALLOWED[where + ".scalar"] = scalar
    ALLOWED[where + "._reconstruct"] = Array
for where in ("numpy.core.numeric", "numpy._core.numeric"):
    ALLOWED[where + "._frombuffer"] = from_buffer


STUBS = {}  # patterns of names, and what stands for them: nothing that acts


class Unpickler(pickle.Unpickler):
    """Knows only what is in ALLOWED and STUBS: all else is refused before it is looked
    up."""

    def __init__(self, file, storages):
        super().__init__(file, encoding="latin1")
        self.storages = storages

    def find_class(self, module, name):
        full = f"{module}.{name}"
        storage = re.fullmatch(r"torch(?:\.storage)?\.(\w+)Storage", full)
        if storage and storage[1] in KINDS:
            return type("Kind", (), {"kind": KINDS[storage[1]]})
        if module.split(".")[0] == "__torch__":
            return Scripted
        for pattern, stub in STUBS.items():
            if re.fullmatch(pattern, full):
                return stub
        if full not in ALLOWED:
            raise Refused(f"a pickle that asks for {full[:80]}, which is no part of a "
                          "network: it may be a program, and is not executed")
        return ALLOWED[full]

    def persistent_load(self, pid):
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise Refused("a reference to something that is no storage")
        key, count = str(pid[2]), int(pid[4])
        if key not in self.storages:
            self.storages[key] = Storage(getattr(pid[1], "kind", "<f4"), count)
        return self.storages[key]


MAGIC = 0x1950A86A20F9469CFC6C  # of torch.save() before 1.6


def load_old(file):
    """The rest of a file of torch.save() in the old form."""
    storages = {}
    for _ in range(2):  # version, properties of the system
        Unpickler(file, storages).load()
    value = Unpickler(file, storages).load()
    for key in Unpickler(file, {}).load():
        count = struct.unpack("<q", file.read(8))[0]
        storage = storages.get(str(key))
        kind = storage.kind if storage else "<f4"
        size = 2 if kind == "bf16" else np.dtype(kind).itemsize
        if count < 0:
            raise Refused("numbers whose count is negative")
        data = file.read(count * size)
        if storage:
            storage.data = data
    return value


def load_zip(data):
    """A file of torch.save() since 1.6."""
    storages = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        main = [n for n in names if n.endswith("data.pkl")]
        if not main:
            raise Refused("an archive without data.pkl")
        if sum(entry.file_size for entry in archive.infolist()) > len(data):
            raise Refused("an archive that is larger unpacked than as a file, which "
                          "PyTorch does not write")
        folder = main[0][:-len("data.pkl")]
        if folder + "byteorder" in names and \
                archive.read(folder + "byteorder") != b"little":
            raise Refused("numbers that are big-endian")
        value = Unpickler(io.BytesIO(archive.read(main[0])), storages).load()
        for key, storage in storages.items():
            storage.data = archive.read(f"{folder}data/{key}")
    return value


def load_torch(data):
    """Whatever torch.save() or pickle.dump() wrote."""
    if data[:2] == b"PK":
        return load_zip(data)
    file = io.BytesIO(data)
    value = Unpickler(file, {}).load()
    return load_old(file) if isinstance(value, int) and value == MAGIC else value


KINDS_SAFETENSORS = {"F32": "<f4", "F16": "<f2", "BF16": "bf16", "F64": "<f8",
                     "I64": "<i8", "U8": "<u1", "I32": "<i4", "BOOL": "<u1"}


def safetensors_entry(name, entry, size):
    """A tensor's kind, its shape and where it is in `size` bytes."""
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= set(entry):
        raise Refused(f"a header that does not describe the tensor {name[:80]}")
    kind, shape, offsets = (entry[k] for k in ("dtype", "shape", "data_offsets"))
    if kind not in KINDS_SAFETENSORS:
        raise Refused(f"the tensor {name[:80]} of the type {str(kind)[:20]}, expected one "
                      f"of {', '.join(KINDS_SAFETENSORS)}")
    if not all(isinstance(x, list) and all(type(n) is int and n >= 0 for n in x)
               for x in (shape, offsets)) or len(offsets) != 2:
        raise Refused(f"the tensor {name[:80]} whose shape or place is no list of numbers")
    kind = KINDS_SAFETENSORS[kind]
    width = 2 if kind == "bf16" else np.dtype(kind).itemsize
    begin, end = offsets
    if end > size or end - begin != math.prod(shape) * width:
        raise Refused(f"the tensor {name[:80]} of the shape {shape} at the bytes {begin} "
                      f"to {end}, where it does not fit: the file is cut short or damaged")
    return kind, shape, begin, end


def load_safetensors(data):
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    found, at = {}, 8 + size
    for name, entry in header.items():
        kind, shape, begin, end = safetensors_entry(name, entry, len(data) - at)
        found[name] = numbers_of(data[at + begin:at + end], kind).reshape(shape)
    return found, metadata if isinstance(metadata, dict) else {}


def is_safetensors(data):
    if len(data) <= 9 or data[8:9] != b"{":
        return False
    size = struct.unpack("<Q", data[:8])[0]
    if len(data) - 8 < size < 1 << 32:
        raise Refused(f"a header of {size} bytes, but {len(data) - 8} are there: the file "
                      "is cut short or damaged")
    return size <= len(data) - 8


def reason(error):
    """What reading a damaged file led to, in a line."""
    if isinstance(error, MemoryError):
        return TOO_MUCH
    text = str(error) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text)[:200]


TOO_MUCH = "it asks for more memory than a checkpoint of its size needs"


def limit_memory(path):
    """A few bytes of a pickle can ask for all of a machine's memory."""
    try:
        import resource  # of Unix alone
        with open("/proc/self/statm", encoding="ascii") as file:
            have = int(file.read().split()[0]) * resource.getpagesize()
        most = have + 16 * os.path.getsize(path) + (4 << 30)
        if resource.getrlimit(resource.RLIMIT_AS)[0] in (resource.RLIM_INFINITY, -1):
            resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        pass


# ---- weight files ----

STORED = {"<f4": "F32", "<f2": "F16"}


def check_finite(name, value):
    bad = int((~np.isfinite(value)).sum())
    if bad:
        raise Failure(f"has {bad} number{'s'[:bad > 1]} in the tensor {name} "
                      f"that {'is' if bad == 1 else 'are'} not finite (nan or "
                      "infinite): its training has diverged, or half precision "
                      "has overflown")


def write(path, metadata, tensors):
    """A weight file: tensors of single or half precision, in their order."""
    arrays = [np.ascontiguousarray(v, v.dtype.newbyteorder("<")).reshape(v.shape)
              for v in tensors.values()]
    data = b"".join(v.tobytes() for v in arrays)
    header = {"__metadata__": metadata | {
        "s2v.sha256": hashlib.sha256(data).hexdigest()}}
    at = 0
    for name, value in zip(tensors, arrays):
        header[name] = {"dtype": STORED[value.dtype.str], "shape": list(value.shape),
                        "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = path + ".part"
    if os.path.exists(path) and not os.path.isfile(path):
        raise Failure(f"{path} cannot be written: it is a folder, a pipe or a device, "
                      "expected a file or a new name")
    try:
        with open(part, "wb") as file:  # whole or not at all
            file.write(struct.pack("<Q", len(text)) + text + data)
        os.replace(part, path)
    except OSError as error:
        if os.path.isfile(part):
            os.remove(part)
        raise Failure(f"{path} cannot be written: {error.strerror}") from error


def license_line(license_):
    return f"licence: {license_}" + (
        " (most published checkpoints forbid commercial use: see where this one is from)"
        if license_ == "unknown" else "")


# ---- the command line ----


def arguments_of(arguments, known, usage):
    """FILE and {option: text or None}; None where the help was asked for."""
    files, options = [], {option: None for option in known}
    while arguments:
        option = arguments.pop(0)
        option = "--output" if option == "-o" else option
        if option in ("-h", "--help"):
            print(usage.split("\n\n", 1)[1].rstrip())
            return None
        if not option.startswith("-"):
            files.append(option)
        elif option not in options or not arguments:
            raise Failure(f"unknown option {option}, or one without its value: see "
                          f"{NAME} --help")
        else:
            options[option] = arguments.pop(0)
    if len(files) != 1:
        raise Failure(f"{len(files)} files are given, expected one: see "
                      f"{NAME} --help")
    output = options["--output"] = options["--output"] or \
        os.path.splitext(os.path.basename(files[0]))[0] + ".bin"
    if os.path.realpath(output) == os.path.realpath(files[0]):
        raise Failure(f"{output} would be overwritten: choose another --output")
    limit_memory(files[0])
    return files[0], options


NAME = "scripts/" + os.path.basename(sys.argv[0])


def run(main):
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(f"{NAME}: {failure}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"{NAME}: {error.filename} cannot be read: {error.strerror}",
              file=sys.stderr)
        sys.exit(1)
    except MemoryError:
        print(f"{NAME}: the file cannot be read: {TOO_MUCH}", file=sys.stderr)
        sys.exit(1)
