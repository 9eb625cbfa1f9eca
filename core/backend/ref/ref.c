/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference backend's table. */
#include "backend/host.h"
#include "backend/ref/private.h"

#include <stdlib.h>

typedef struct ref_kernel {
    s2vi_kernel base;
    s2vi_ref_fn fn;
} ref_kernel;

static int ref_open(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                    s2v_error *err)
{
    (void)threads; /* one is all it uses */
    *backend = NULL;
    if (dtype == S2VI_BF16)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "dtype \"bf16\": device 'ref' computes in f32 and "
                          "f64 only");
    *backend = calloc(1, sizeof(**backend));
    if (!*backend)
        return s2vi_error_nomem(err, "the reference backend");
    (*backend)->table = &s2vi_backend_ref;
    (*backend)->dtype = dtype == S2VI_F64 ? S2VI_F64 : S2VI_F32;
    (*backend)->threads = 1;
    return S2V_OK;
}

static void ref_close(s2vi_backend *backend)
{
    free(backend);
}

static int kernel_run(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    s2vi_ref_args args = {.node = kernel->node,
                          .out = out,
                          .in = in,
                          .scratch = scratch,
                          .clock = clock};
    ((const ref_kernel *)kernel)->fn(&args);
    return S2V_OK;
}

static int ref_compile(s2vi_backend *backend, const s2vi_node *node,
                       uint32_t constant, s2vi_kernel **kernel, s2v_error *err)
{
    (void)constant; /* nothing is packed */
    *kernel = NULL;
    s2vi_ref_fn fn = backend->dtype == S2VI_F64 ? s2vi_ref_f64[node->op]
                                                : s2vi_ref_f32[node->op];
    if (!fn)
        return s2vi_error(err, S2V_ERR_INTERNAL, "ref: %s is not computed",
                          s2vi_op_get(node->op)->name);
    ref_kernel *k = s2vi_kernel_create(sizeof(*k), node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->base.run = kernel_run;
    k->base.close = s2vi_kernel_free;
    k->base.scratch_size = (size_t)s2vi_ref_scratch(node) * sizeof(double);
    k->fn = fn;
    *kernel = &k->base;
    return S2V_OK;
}

static void ref_enter_leave(s2vi_backend *backend)
{
    (void)backend;
}

const s2vi_backend_table s2vi_backend_ref = {
    .name = "ref",
    .fuses = false,
    .on_host = true,
    .open = ref_open,
    .close = ref_close,
    .alloc = s2vi_host_alloc,
    .free = s2vi_host_free,
    .upload = s2vi_host_copy,
    .download = s2vi_host_copy,
    .compile = ref_compile,
    .enter = ref_enter_leave,
    .leave = ref_enter_leave,
};
