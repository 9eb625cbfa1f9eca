#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Write the seed corpus of weight files, sound ("good-") and not ("bad-").

usage: make_corpus.py FOLDER

Independent of the library's own writer, standard library only. The files are
seeds for the fuzzer, and test_weights checks what the reader says of each.
"""
import hashlib
import json
import os
import struct
import sys


def container(header, data=b"", length=None):
    """A safetensors container from a header (text, or a value for JSON)."""
    if not isinstance(header, (bytes, str)):
        header = json.dumps(header, separators=(",", ":"))
    if isinstance(header, str):
        header = header.encode()
    size = len(header) if length is None else length
    return struct.pack("<Q", size) + header + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def floats(*values):
    return struct.pack("<%df" % len(values), *values)


SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "U32": 4, "I32": 4,
         "U64": 8, "I64": 8, "F16": 2, "BF16": 2, "F32": 4, "F64": 8}


def every_dtype():
    header, data = {}, b""
    for dtype, size in SIZES.items():
        part = bytes([1] + [0] * (size - 1))
        header[dtype.lower()] = tensor(dtype, [1], len(data),
                                       len(data) + size)
        data += part
    return container(header, data)


def with_metadata(data=floats(1, 2, 3, 4), digest=None, **more):
    metadata = {"s2v.model": "listen-and-move", "s2v.version": "1",
                "s2v.config": '{"fps":25,"width":64,"height":64}',
                "s2v.training": '{"tool":"s2v-train 0.1.0","seed":7,'
                                '"steps":2000}',
                "s2v.license": "CC-BY-4.0"}
    metadata["s2v.sha256"] = digest or hashlib.sha256(data).hexdigest()
    metadata.update(more)
    return container({"__metadata__": metadata,
                      "g.weight": tensor("F32", [2, 2], 0, 16)}, data)


def good():
    f4 = floats(1, -2, 3.5, 0)
    yield "empty-object", container("{}")
    yield "one-tensor", container({"w": tensor("F32", [2, 2], 0, 16)}, f4)
    yield "every-dtype", every_dtype()
    yield "metadata", with_metadata()
    yield "foreign-metadata", container(
        {"__metadata__": {"format": "pt"},
         "layers.0.conv1.weight": tensor("F16", [1, 2, 1, 1], 0, 4)},
        bytes.fromhex("003c00c0"))
    yield "padded-header", container('{"w":{"dtype":"F32","shape":[1],'
                                     '"data_offsets":[0,4]}}      ',
                                     floats(1))
    yield "scalar", container({"s": tensor("F32", [], 0, 4)}, floats(5))
    yield "zero-sized", container({"a": tensor("F32", [0, 3], 0, 0),
                                   "b": tensor("F32", [1], 0, 4),
                                   "c": tensor("I64", [0], 4, 4)}, floats(1))
    yield "eight-dims", container(
        {"d": tensor("U8", [1, 2, 1, 1, 1, 2, 1, 1], 0, 4)}, b"\1\2\3\4")
    yield "utf8-name", container({"gew\u00f6hnlich.\u97f3": tensor(
        "U8", [1], 0, 1)}, b"\1")
    yield "unordered", container({"second": tensor("F32", [1], 4, 8),
                                  "first": tensor("F32", [1], 0, 4)},
                                 floats(1, 2))
    yield "escapes", container('{"a\\n\\u0041\\"":{"dtype":"U8","shape":[1],'
                               '"data_offsets":[0,1]}}', b"\1")
    yield "brackets-in-name", container({'a"[[[[[[[[[{,,': tensor(
        "U8", [1], 0, 1)}, b"\1")


def bad_container():
    f4 = floats(1, 2, 3, 4)
    w = {"w": tensor("F32", [2, 2], 0, 16)}
    whole = container(w, f4)
    yield "empty", b""
    yield "one-byte", b"\x01"
    yield "short", whole[:5]
    yield "length-only", struct.pack("<Q", 300)
    yield "truncated-header", whole[:30]
    yield "truncated-data", whole[:-3]
    yield "trailing", whole + b"\0\0"
    yield "header-huge", struct.pack("<Q", 2 ** 63) + b"{}"
    yield "header-over-limit", struct.pack("<Q", 100000001) + b"{}"
    yield "header-at-limit", struct.pack("<Q", 100000000) + b"{}"
    yield "header-one-more", struct.pack("<Q", 3) + b"{}"
    yield "header-one", struct.pack("<Q", 1) + b"{}"
    yield "header-zero", struct.pack("<Q", 0) + b"{}"
    yield "header-array", container("[1,2]")
    yield "header-not-json", container('{"w": oops}')
    yield "header-unclosed", container('{"w":{"dtype":"F32"')
    yield "header-two-values", container("{}{}")
    yield "header-not-utf8", container(b'{"\xff\xfe":1}')
    yield "header-nul", container('{"a\\u0000b":1}')
    yield "header-deep", container('{"w":' + "[" * 100 + "]" * 100 + "}")
    yield "depth-eight", container('{"w":' + "[" * 7 + "]" * 7 + "}")
    yield "depth-nine", container('{"w":' + "[" * 8 + "]" * 8 + "}")
    for n in 256, 257:
        yield f"items-{n}", container({"w": tensor("U8", [1] * n, 0, 1)},
                                      b"\1")
    yield "header-long-array", container(
        '{"w":[' + ",".join("1" * 300) + "]}")
    yield "duplicate-name", container(
        '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
        '"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"\1\2")
    yield "metadata-number", container({"__metadata__": {"a": 1}})
    yield "metadata-list", container({"__metadata__": ["a"]})


def bad_tensor():
    f4 = floats(1, 2, 3, 4)
    yield "tensor-number", container({"w": 3})
    yield "tensor-no-shape", container(
        {"w": {"dtype": "U8", "data_offsets": [0, 1]}}, b"\1")
    yield "tensor-extra-key", container(
        {"w": dict(tensor("U8", [1], 0, 1), stride=[1])}, b"\1")
    yield "dtype-unknown", container({"w": tensor("F7", [4], 0, 4)}, b"1234")
    yield "rank-nine", container({"w": tensor("U8", [1] * 9, 0, 1)}, b"\1")
    yield "dim-negative", container({"w": tensor("U8", [-1], 0, 1)}, b"\1")
    yield "dim-real", container({"w": tensor("U8", [1.0], 0, 1)}, b"\1")
    yield "dim-too-big", container(
        '{"w":{"dtype":"U8","shape":[18446744073709551616],'
        '"data_offsets":[0,1]}}', b"\1")
    yield "shape-overflow", container(
        {"w": tensor("F32", [2 ** 62, 2 ** 62], 0, 16)}, f4)
    yield "shape-wraps", container(
        {"w": tensor("F32", [2 ** 62, 4], 0, 0)})
    yield "shape-bytes-wrap", container({"w": tensor("F32", [2 ** 62], 0, 0)})
    yield "shape-mismatch", container({"w": tensor("F32", [3], 0, 16)}, f4)
    yield "offsets-reversed", container({"w": tensor("F32", [4], 16, 0)}, f4)
    yield "offsets-negative", container({"w": tensor("F32", [4], -16, 0)}, f4)
    yield "offsets-one", container(
        {"w": {"dtype": "U8", "shape": [1], "data_offsets": [0]}}, b"\1")
    yield "offsets-outside", container({"w": tensor("F32", [8], 0, 32)}, f4)
    yield "gap", container({"a": tensor("F32", [1], 0, 4),
                            "b": tensor("F32", [1], 8, 12)}, floats(1, 2, 3))
    yield "overlap", container({"a": tensor("F32", [2], 0, 8),
                                "b": tensor("F32", [2], 4, 12)},
                               floats(1, 2, 3))
    yield "same-bytes", container({"a": tensor("F32", [1], 0, 4),
                                   "b": tensor("F32", [1], 0, 4)}, floats(1))
    nan, inf = float("nan"), float("inf")
    yield "nan", container({"w": tensor("F32", [2, 2], 0, 16)},
                           floats(1, 2, nan, 4))
    yield "inf", container({"w": tensor("F32", [4], 0, 16)},
                           floats(1, -inf, 3, 4))
    yield "nan-f16", container({"w": tensor("F16", [2], 0, 4)},
                               bytes.fromhex("003c007e"))
    yield "inf-bf16", container({"w": tensor("BF16", [2], 0, 4)},
                                bytes.fromhex("803f807f"))
    yield "f64-range", container({"w": tensor("F64", [1], 0, 8)},
                                 struct.pack("<d", 1e300))
    yield "sha256", with_metadata(digest="0" * 64)
    yield "sha256-short", with_metadata(digest="abc")
    yield "control-name", container(
        {"\x1b[31m\u202ered\n": tensor("F32", [3], 0, 16)}, f4)


def bad_foreign():
    pad = bytes(range(1, 60))
    yield "zip", b"PK\3\4" + b"\0" * 22 + b"archive/data.pkl" + pad
    yield "pickle", b"\x80\2}q\0(X\5\0\0\0" + pad
    yield "torch-pickle", bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
    yield "gguf", b"GGUF\3\0\0\0" + pad
    yield "mp4", b"\0\0\0\x20ftypisom\0\0\2\0" + pad
    yield "matroska", b"\x1a\x45\xdf\xa3" + pad
    yield "wave", b"RIFF\x24\0\0\0WAVEfmt " + pad
    yield "png", b"\x89PNG\r\n\x1a\n" + pad
    yield "hdf5", b"\x89HDF\r\n\x1a\n" + pad
    yield "npy", b"\x93NUMPY\1\0" + pad
    yield "onnx", b"\x08\x07\x12\x07pytorch\x1a" + pad
    yield "gzip", b"\x1f\x8b\x08\0" + pad
    yield "elf", b"\x7fELF\2\1\1" + pad
    yield "lfs", (b"version https://git-lfs.github.com/spec/v1\n"
                  b"oid sha256:00\nsize 12\n")
    yield "html", b"<!DOCTYPE html>\n<html><body>Not found</body></html>\n"
    yield "json", b'{"model": "quintet", "layers": []}\n'
    yield "text", b"These are not the weights you are looking for.\n"
    yield "zeros", b"\0" * 128
    yield "noise", hashlib.sha256(b"noise").digest() * 4


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for prefix, makers in (("good", [good]),
                           ("bad", [bad_container, bad_tensor, bad_foreign])):
        for maker in makers:
            for name, data in maker():
                assert len(data) < 1024, name
                path = os.path.join(sys.argv[1], f"{prefix}-{name}.bin")
                with open(path, "wb") as f:
                    f.write(data)


if __name__ == "__main__":
    main()
