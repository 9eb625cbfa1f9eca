/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of chains: written as text, and compiled by NVRTC. */
#ifndef S2VI_CUDA_SOURCE_H
#define S2VI_CUDA_SOURCE_H

#include "backend/cuda/gpu.h"

enum { S2VI_CUDA_SOURCE = 12288 }; /* bytes of the longest chain's source */

/** A chain's shape for the device; pointers and reduce.* are not set. */
typedef struct s2vi_cuda_program {
    s2vi_dev_chain params;
    s2vi_index terms; /* of each result; 1: no sum */
    bool columns;     /* as s2vi_cuda_reduce() */
    char source[S2VI_CUDA_SOURCE];
} s2vi_cuda_program;

/** Write the program of a CHAIN, a map or a SUM; false where it is none, or
 * too long. */
bool s2vi_cuda_write_chain(const s2vi_node *node, s2vi_cuda_program *program);

/** Compile source text for a compute capability, to memory of malloc(). */
int s2vi_cuda_compile_source(const char *source, int capability, void **image,
                             s2v_error *err);

#endif
