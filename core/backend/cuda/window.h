/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sliding windows and convolutions, for the ops that are made of them. */
#ifndef S2VI_CUDA_WINDOW_H
#define S2VI_CUDA_WINDOW_H

#include "backend/cuda/dnn.h"
#include "backend/cuda/gpu.h"

/** A window of sides `kernel` over the large image x, which gives y; fewer
 * dimensions than three are leading ones of 1. */
s2vi_dev_window s2vi_cuda_window(const s2vi_window *window, const s2vi_shape *x,
                                 const s2vi_shape *y, const int64_t *kernel);

/** Element `at` of `out` is element `at` of `in`, where there is one; `lo`,
 * `factor` and `stride` are the caller's to change. */
s2vi_dev_move s2vi_cuda_move_of(const s2vi_shape *out, const s2vi_shape *in);

/** A convolution, or one of its adjoints; without bias. */
typedef struct s2vi_cuda_product {
    s2vi_cuda *cuda;
    s2vi_op op; /* CONV, CONV_DATA or CONV_WEIGHT */
    s2vi_dev_conv own;
    s2vi_cuda_launch launch; /* of our own kernel */
    /* cuDNN's plans, to set out and to add to it; NULL: our own kernel. */
    const s2vi_dnn_plan *plan[2];
    /* Whether cuDNN gets both factors rounded to bf16, and gives bf16: the
     * elements of a, b and the result. */
    bool bf16, packed; /* packed: b has been rounded once for all */
    s2vi_index count[3];
    s2vi_cuda_launch narrow[2];
    size_t scratch_size; /* of all */
} s2vi_cuda_product;

/** Prepare one: x, w and y are the shapes of the forward convolution. `keeps`:
 * run() may be asked to keep. */
int s2vi_cuda_product_open(s2vi_cuda_product *product, s2vi_cuda *cuda,
                           s2vi_op op, const s2vi_window *window,
                           const s2vi_shape *x, const s2vi_shape *w,
                           const s2vi_shape *y, bool keeps, s2v_error *err);

/** b, the weight, never changes: from now on it is given as pack() makes it.
 * @return bytes of that; 0: it is given as it is */
size_t s2vi_cuda_product_packs(s2vi_cuda_product *product);
int s2vi_cuda_product_pack(const s2vi_cuda_product *product, const void *b,
                           void *to);

/** Where in scratch memory a product in bf16 has its image, for those who can
 * round it by themselves: run() is then given NULL for a; and where run()
 * leaves the result, rounded, for others to go on with. NULL: it is in f32. */
unsigned short *s2vi_cuda_product_image(const s2vi_cuda_product *product,
                                        void *scratch);
const unsigned short *s2vi_cuda_product_sum(const s2vi_cuda_product *product,
                                            const void *scratch);

/** out = the product of a and b, the node's inputs; `keep`: out plus it. In
 * bf16 out is not touched. */
int s2vi_cuda_product_run(const s2vi_cuda_product *product, const void *a,
                          const void *b, void *out, bool keep, void *scratch);

#endif
