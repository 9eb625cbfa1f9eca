# SPDX-License-Identifier: LGPL-2.1-or-later
"""Philox 4x32-10 counter-based random numbers, in NumPy.

Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
SC 2011.  A number depends on (seed, stream, frame, index) alone:

    key     = (seed low, seed high)
    counter = (index // 4, frame low, frame high, stream)

Normals are Box-Muller on 24-bit uniforms: words (x0, x1) of a block give
indices 0 and 1 (cosine, sine), words (x2, x3) give 2 and 3.
"""

import numpy as np

_LOW32 = np.uint64(0xFFFFFFFF)
_SHIFT32 = np.uint64(32)
_MULTIPLIER0 = np.uint64(0xD2511F53)
_MULTIPLIER1 = np.uint64(0xCD9E8D57)
_WEYL0 = 0x9E3779B9
_WEYL1 = 0xBB67AE85
_ROUNDS = 10


def philox4x32(counter, key):
    """Ten rounds of the bijection.

    counter: 4 arrays (or numbers) that broadcast to [n]; key: 2 integers.
    Returns 4 uint64 arrays [n] of 32-bit words.
    """
    arrays = [np.asarray(word, dtype=np.uint64) for word in counter]
    c0, c1, c2, c3 = [word.copy() for word in np.broadcast_arrays(*arrays)]
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(_ROUNDS):
        product0 = _MULTIPLIER0 * c0
        product1 = _MULTIPLIER1 * c2
        high0, low0 = product0 >> _SHIFT32, product0 & _LOW32
        high1, low1 = product1 >> _SHIFT32, product1 & _LOW32
        c0 = high1 ^ c1 ^ np.uint64(k0)
        c1 = low1
        c2 = high0 ^ c3 ^ np.uint64(k1)
        c3 = low0
        k0 = (k0 + _WEYL0) & 0xFFFFFFFF
        k1 = (k1 + _WEYL1) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _uniform(words):
    """24-bit uniforms in (0, 1), float64, of 32-bit words [n]."""
    return ((words >> np.uint64(8)).astype(np.float64) + 0.5) / 2.0**24


def normal(seed, stream, frame, count):
    """N(0, 1) numbers of indices 0 .. count - 1: float32 [count].

    Logarithm, square root, cosine and sine are taken in float64.
    """
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    counter = (blocks, frame & 0xFFFFFFFF, frame >> 32, stream)
    x0, x1, x2, x3 = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))
    out = np.empty((len(blocks), 4), dtype=np.float64)
    for first, (a, b) in ((0, (x0, x1)), (2, (x2, x3))):
        radius = np.sqrt(-2.0 * np.log(_uniform(a)))
        angle = 2.0 * np.pi * _uniform(b)
        out[:, first] = radius * np.cos(angle)
        out[:, first + 1] = radius * np.sin(angle)
    return out.reshape(-1)[:count].astype(np.float32)
