#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the entities of HTML5 as rows of a C table, in the order of their names:
the name as after "&" and one or two characters."""
from html.entities import html5

for name, text in sorted(html5.items()):
    codes = [f"0x{ord(c):x}" for c in text]
    print(f'{{"{name}", {{{", ".join(codes)}}}, {len(codes)}}},')
