# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small reader and writer of the safetensors format.

A file is: the header's length (8 bytes, little endian), the header (JSON,
padded with spaces to a multiple of 8), the tensors' bytes, little endian.
"""

import json
import struct

import numpy as np


def write(path, tensors, metadata):
    """Writes {name: array} as F32, in the dictionary's order.

    metadata: {string: string}.
    """
    header = {"__metadata__": metadata}
    offset = 0
    arrays = []
    for name, value in tensors.items():
        array = np.ascontiguousarray(value, dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(np.shape(value)),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
        arrays.append(array)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in arrays:
            file.write(array.tobytes())


def read(path):
    """Reads a file of F32, F16, BF16 and F64 tensors.

    Returns ({name: array}, metadata); 16-bit tensors come back as float32.
    Tensors of other types are left out.
    """
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[begin:end]
        kind = entry["dtype"]
        if kind == "F32":
            array = np.frombuffer(raw, dtype="<f4").copy()
        elif kind == "F64":
            array = np.frombuffer(raw, dtype="<f8").copy()
        elif kind == "F16":
            array = np.frombuffer(raw, dtype="<f2").astype(np.float32)
        elif kind == "BF16":
            high = np.frombuffer(raw, dtype="<u2").astype(np.uint32)
            array = (high << 16).view(np.float32)
        else:
            continue
        tensors[name] = array.reshape(entry["shape"])
    return tensors, metadata
