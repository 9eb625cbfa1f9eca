/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw:
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A number depends on (seed, stream, frame, index) alone, so that noise is the
 * same at any chunking, on any device and after a seek. Key = (seed low, seed
 * high); counter = (index / 4, frame low, frame high, stream).
 */
#ifndef S2VI_BASE_PHILOX_H
#define S2VI_BASE_PHILOX_H

#include <stddef.h>
#include <stdint.h>

/** Names a sequence of random numbers. */
typedef struct s2vi_philox {
    uint64_t seed;   /* the user's */
    uint32_t stream; /* one for each use in a model */
    uint64_t frame;  /* the row: one for each frame or step */
} s2vi_philox;

/** The 4 words of block `block`. */
void s2vi_philox_block(const s2vi_philox *key, uint32_t block, uint32_t out[4]);

/** out[i] for i in [first, first + n), uniform in (0, 1), 24 bits. */
void s2vi_philox_uniform(const s2vi_philox *key, uint32_t first, size_t n,
                         float *out);

/**
 * out[i] for i in [first, first + n), N(0, 1) by Box-Muller: words (x0, x1) of
 * a block give indices 0 and 1 (cosine, sine), words (x2, x3) give 2 and 3.
 * u = ((x >> 8) + 0.5) / 2^24; radius = sqrt(-2 ln u0); angle = 2 pi u1.
 */
void s2vi_philox_normal(const s2vi_philox *key, uint32_t first, size_t n,
                        float *out);

#endif
