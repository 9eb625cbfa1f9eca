/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One way to speak to oneDNN 2.x (Debian 12) and 3.x (Debian 13): the newer
 * one's, in which descriptions are made and destroyed and an operation is
 * described in one call. For dnnl.c alone.
 */
#ifndef S2VI_CPU_DNNL_COMPAT_H
#define S2VI_CPU_DNNL_COMPAT_H

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

/** The window of a convolution, as oneDNN wants it. */
typedef struct s2vi_dnnl_window {
    dnnl_dims_t stride, dilation, lo, hi;
} s2vi_dnnl_window;

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t s2vi_md;
typedef const_dnnl_memory_desc_t s2vi_const_md;

static inline dnnl_status_t s2vi_md_create(s2vi_md *md, int rank,
                                           const dnnl_dims_t dims,
                                           dnnl_data_type_t type,
                                           dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(md, rank, dims, type, tag);
}

static inline dnnl_status_t s2vi_md_clone(s2vi_md *md, s2vi_const_md from)
{
    return dnnl_memory_desc_clone(md, from);
}

static inline void s2vi_md_destroy(s2vi_md md)
{
    if (md)
        dnnl_memory_desc_destroy(md);
}

static inline dnnl_status_t s2vi_post_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t s2vi_post_eltwise(dnnl_post_ops_t ops,
                                              dnnl_alg_kind_t kind, float alpha)
{
    return dnnl_post_ops_append_eltwise(ops, kind, alpha, 0);
}

static inline dnnl_status_t s2vi_forward(dnnl_primitive_desc_t *pd,
                                         dnnl_engine_t engine, s2vi_const_md x,
                                         s2vi_const_md w, s2vi_const_md bias,
                                         s2vi_const_md y,
                                         const s2vi_dnnl_window *win,
                                         dnnl_primitive_attr_t attr)
{
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_training, dnnl_convolution_direct, x, w, bias,
        y, win->stride, win->dilation, win->lo, win->hi, attr);
}

static inline dnnl_status_t s2vi_backward_data(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, s2vi_const_md x,
    s2vi_const_md w, s2vi_const_md y, const s2vi_dnnl_window *win,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr)
{
    return dnnl_convolution_backward_data_primitive_desc_create(
        pd, engine, dnnl_convolution_direct, x, w, y, win->stride,
        win->dilation, win->lo, win->hi, hint, attr);
}

static inline dnnl_status_t s2vi_backward_weights(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, s2vi_const_md x,
    s2vi_const_md w, s2vi_const_md y, const s2vi_dnnl_window *win,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr)
{
    return dnnl_convolution_backward_weights_primitive_desc_create(
        pd, engine, dnnl_convolution_direct, x, w, NULL, y, win->stride,
        win->dilation, win->lo, win->hi, hint, attr);
}

#else

typedef dnnl_memory_desc_t *s2vi_md;
typedef const dnnl_memory_desc_t *s2vi_const_md;

static inline dnnl_status_t s2vi_md_create(s2vi_md *md, int rank,
                                           const dnnl_dims_t dims,
                                           dnnl_data_type_t type,
                                           dnnl_format_tag_t tag)
{
    *md = malloc(sizeof(**md));
    return *md ? dnnl_memory_desc_init_by_tag(*md, rank, dims, type, tag)
               : dnnl_out_of_memory;
}

static inline dnnl_status_t s2vi_md_clone(s2vi_md *md, s2vi_const_md from)
{
    *md = malloc(sizeof(**md));
    if (!*md)
        return dnnl_out_of_memory;
    **md = *from;
    return dnnl_success;
}

static inline void s2vi_md_destroy(s2vi_md md)
{
    free(md);
}

static inline dnnl_status_t s2vi_post_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f);
}

static inline dnnl_status_t s2vi_post_eltwise(dnnl_post_ops_t ops,
                                              dnnl_alg_kind_t kind, float alpha)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, kind, alpha, 0);
}

static inline dnnl_status_t s2vi_forward(dnnl_primitive_desc_t *pd,
                                         dnnl_engine_t engine, s2vi_const_md x,
                                         s2vi_const_md w, s2vi_const_md bias,
                                         s2vi_const_md y,
                                         const s2vi_dnnl_window *win,
                                         dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t d;
    dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
        &d, dnnl_forward_training, dnnl_convolution_direct, x, w, bias, y,
        win->stride, win->dilation, win->lo, win->hi);
    return status == dnnl_success
               ? dnnl_primitive_desc_create(pd, &d, attr, engine, NULL)
               : status;
}

static inline dnnl_status_t s2vi_backward_data(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, s2vi_const_md x,
    s2vi_const_md w, s2vi_const_md y, const s2vi_dnnl_window *win,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t d;
    dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(
        &d, dnnl_convolution_direct, x, w, y, win->stride, win->dilation,
        win->lo, win->hi);
    return status == dnnl_success
               ? dnnl_primitive_desc_create(pd, &d, attr, engine, hint)
               : status;
}

static inline dnnl_status_t s2vi_backward_weights(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, s2vi_const_md x,
    s2vi_const_md w, s2vi_const_md y, const s2vi_dnnl_window *win,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t d;
    dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(
        &d, dnnl_convolution_direct, x, w, NULL, y, win->stride, win->dilation,
        win->lo, win->hi);
    return status == dnnl_success
               ? dnnl_primitive_desc_create(pd, &d, attr, engine, hint)
               : status;
}

#endif
#endif
