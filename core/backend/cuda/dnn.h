/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cuDNN's convolutions: described as one of its graphs, planned once for a GPU,
 * run many times. Knows nothing of the rest of the backend.
 */
#ifndef S2VI_CUDA_DNN_H
#define S2VI_CUDA_DNN_H

#include "graph/graph.h"

#include <cudnn.h>

/** A convolution of channels-last arrays, or one of its adjoints: all that its
 * plan depends on. Made of 32-bit numbers only, so that two can be compared as
 * memory. Sizes are of the forward convolution, which makes y of x; dimensions
 * that are missing lead, and are 1. */
typedef struct s2vi_dnn_task {
    int32_t op;   /* S2VI_OP_CONV, CONV_DATA or CONV_WEIGHT */
    int32_t bf16; /* arrays are of bf16, not f32; sums are f32 before that */
    int32_t tf32; /* f32 may be multiplied as TF32 */
    int32_t keep; /* the result is added to what is there */
    int32_t images, cin, cout;
    int32_t groups; /* of channels, at least 1 */
    int32_t x[3], y[3], kernel[3], stride[3];
    int32_t pad[3]; /* before; what follows is as much as y needs */
} s2vi_dnn_task;

/** How cuDNN does a task. */
typedef struct s2vi_dnn_plan s2vi_dnn_plan;

/** cuDNN on one GPU, with the plans that it has made. */
typedef struct s2vi_dnn s2vi_dnn;

/** Start cuDNN on the current GPU; its work goes to `stream`. */
int s2vi_dnn_open(s2vi_dnn **dnn, cudaStream_t stream, s2v_error *err);
void s2vi_dnn_close(s2vi_dnn **dnn);

/**
 * The best plan, in cuDNN's opinion, of those that give the same bits each
 * time, round nothing that the task does not say, and need no compiler. Tasks
 * alike share one.
 *
 * @return dnn's; NULL: cuDNN has none
 */
const s2vi_dnn_plan *s2vi_dnn_find(s2vi_dnn *dnn, const s2vi_dnn_task *task);

/** Bytes of device memory that a plan works in. */
size_t s2vi_dnn_workspace(const s2vi_dnn_plan *plan);

/**
 * out = the task's product of a and b: x and w for y, or y and w for x, or x
 * and y for w. All are aligned to S2VI_DNN_ALIGNMENT bytes.
 */
cudnnStatus_t s2vi_dnn_run(const s2vi_dnn *dnn, const s2vi_dnn_plan *plan,
                           const void *a, const void *b, void *out,
                           void *workspace);

enum { S2VI_DNN_ALIGNMENT = 16 };

#endif
