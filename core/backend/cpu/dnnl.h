/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions by oneDNN (Apache-2.0), 2.x as in Debian 12 or 3.x as in 13.
 */
#ifndef S2VI_CPU_DNNL_H
#define S2VI_CPU_DNNL_H

#include "backend/cpu/cpu.h"

typedef enum s2vi_dnnl_kind {
    S2VI_DNNL_FORWARD,
    S2VI_DNNL_DATA,
    S2VI_DNNL_WEIGHT,
} s2vi_dnnl_kind;

typedef struct s2vi_dnnl_spec {
    s2vi_dnnl_kind kind;
    s2vi_shape x, w, y; /* image, weight, result of the convolution itself */
    s2vi_window window;
    int groups;            /* of channels; 0 and 1: one */
    bool bias, accumulate; /* forward only */
    s2vi_activation act;   /* forward only */
    float slope;
    bool bf16; /* x, packed weights and y; not bias, nor weights to pack */
} s2vi_dnnl_spec;

typedef struct s2vi_dnnl_conv s2vi_dnnl_conv;

/** Make a convolution ready; NULL without (no such one, or no memory). */
s2vi_dnnl_conv *s2vi_dnnl_conv_create(s2vi_cpu *cpu,
                                      const s2vi_dnnl_spec *spec);
/** Another one, for another thread, sharing what is immutable. */
s2vi_dnnl_conv *s2vi_dnnl_conv_clone(const s2vi_dnnl_conv *conv);
void s2vi_dnnl_conv_close(s2vi_dnnl_conv *conv);

/** Bytes of oneDNN's own form of the weights, and of its scratchpad. */
size_t s2vi_dnnl_packed_size(const s2vi_dnnl_conv *conv);
size_t s2vi_dnnl_scratch_size(const s2vi_dnnl_conv *conv);

/** Reorder weights (Cout, kernel, Cin) to oneDNN's form, or back. */
int s2vi_dnnl_pack(const s2vi_dnnl_conv *conv, const void *w, void *packed);
int s2vi_dnnl_unpack(const s2vi_dnnl_conv *conv, void *packed, void *w);

/**
 * Run. FORWARD: x, packed -> y; DATA: y, packed -> x; WEIGHT: x, y -> packed.
 *
 * @param bias NULL unless the spec has one
 */
int s2vi_dnnl_run(const s2vi_dnnl_conv *conv, void *x, void *packed, void *bias,
                  void *y, void *scratch);

#endif
