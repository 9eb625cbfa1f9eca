#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes files as C arrays, each with a zero after it.

usage: embed.py OUT.c NAME=FILE...
"""
import sys

with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write("/* Made by embed.py */\n")
    for argument in sys.argv[2:]:
        name, path = argument.split("=", 1)
        with open(path, "rb") as file:
            data = file.read() + b"\0"
        out.write(f"extern const unsigned char {name}[];\n")
        out.write(f"_Alignas(64) const unsigned char {name}[] = {{\n")
        for i in range(0, len(data), 20):
            out.write(",".join(map(str, data[i : i + 20])) + ",\n")
        out.write("};\n")
