/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolutions by oneDNN. */
#include "backend/cpu/dnnl.h"

#include "backend/cpu/dnnl_compat.h"

#include <stdatomic.h>
#include <stdlib.h>

/* What all clones share. */
typedef struct shared {
    atomic_int holders;
    dnnl_primitive_t primitive, pack, unpack;
    s2vi_md x, w, packed, bias, y, scratch; /* bias: NULL without */
    s2vi_dnnl_kind kind;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
} shared;

struct s2vi_dnnl_conv {
    shared *shared;
    dnnl_memory_t x, w, packed, bias, y, scratch;
};

/* -------------------------------------------------------- describing -- */

/* Channels last in memory; oneDNN names dimensions channels second. `any`: in
 * whichever form it likes best. */
static bool describe(s2vi_md *md, const s2vi_shape *s, dnnl_data_type_t type,
                     bool any)
{
    static const dnnl_format_tag_t tag[] = {dnnl_acb, dnnl_acdb, dnnl_acdeb};
    dnnl_dims_t dims;
    dims[0] = s->dim[0];
    dims[1] = s->dim[s->rank - 1];
    for (int i = 1; i < s->rank - 1; i++)
        dims[i + 1] = s->dim[i];
    return s2vi_md_create(md, s->rank, dims, type,
                          any ? dnnl_format_tag_any : tag[s->rank - 3]) ==
           dnnl_success;
}

/* Weights (Cout, kernel, Cin / groups), whose groups are a dimension more. */
static bool describe_weight(s2vi_md *md, const s2vi_dnnl_spec *spec,
                            dnnl_data_type_t type, bool any)
{
    static const dnnl_format_tag_t tag[] = {dnnl_abdc, dnnl_abdec, dnnl_abdefc};
    const s2vi_shape *s = &spec->w;
    dnnl_dims_t dims;
    if (spec->groups <= 1)
        return describe(md, s, type, any);
    dims[0] = spec->groups;
    dims[1] = s->dim[0] / spec->groups;
    dims[2] = s->dim[s->rank - 1];
    for (int i = 1; i < s->rank - 1; i++)
        dims[i + 2] = s->dim[i];
    return s2vi_md_create(md, s->rank + 1, dims, type,
                          any ? dnnl_format_tag_any : tag[s->rank - 3]) ==
           dnnl_success;
}

static dnnl_data_type_t type_of(const s2vi_dnnl_spec *spec)
{
    return spec->bf16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_alg_kind_t algorithm_of(s2vi_activation act)
{
    switch (act) {
    case S2VI_ACT_LRELU: return dnnl_eltwise_relu;
    case S2VI_ACT_TANH: return dnnl_eltwise_tanh;
    default: return dnnl_eltwise_logistic;
    }
}

static dnnl_primitive_attr_t attributes(const s2vi_dnnl_spec *spec)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    if (dnnl_primitive_attr_create(&attr) != dnnl_success)
        return NULL;
    dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (!spec->accumulate && !spec->act)
        return attr;
    bool ok = dnnl_post_ops_create(&ops) == dnnl_success;
    if (ok && spec->accumulate)
        ok = s2vi_post_sum(ops) == dnnl_success;
    if (ok && spec->act)
        ok = s2vi_post_eltwise(ops, algorithm_of(spec->act), spec->slope) ==
             dnnl_success;
    if (ok)
        ok = dnnl_primitive_attr_set_post_ops(attr, ops) == dnnl_success;
    dnnl_post_ops_destroy(ops);
    if (!ok)
        dnnl_primitive_attr_destroy(attr);
    return ok ? attr : NULL;
}

static s2vi_dnnl_window window_of(const s2vi_window *w)
{
    s2vi_dnnl_window win = {{0}, {0}, {0}, {0}};
    for (int i = 0; i < w->rank; i++) {
        win.stride[i] = w->stride[i];
        win.lo[i] = w->pad_lo[i];
        win.hi[i] = w->pad_hi[i];
    }
    return win;
}

static dnnl_status_t primitive_desc(const shared *s, const s2vi_window *w,
                                    s2vi_const_md any,
                                    dnnl_primitive_desc_t *pd,
                                    dnnl_primitive_attr_t attr)
{
    const s2vi_dnnl_window win = window_of(w);
    dnnl_primitive_desc_t hint = NULL;
    if (s->kind == S2VI_DNNL_FORWARD)
        return s2vi_forward(pd, s->engine, s->x, any, s->bias, s->y, &win,
                            attr);
    dnnl_status_t status =
        s2vi_forward(&hint, s->engine, s->x, any, s->bias, s->y, &win, NULL);
    if (status != dnnl_success)
        return status;
    status = (s->kind == S2VI_DNNL_DATA ? s2vi_backward_data
                                        : s2vi_backward_weights)(
        pd, s->engine, s->x, any, s->y, &win, hint, attr);
    dnnl_primitive_desc_destroy(hint);
    return status;
}

static dnnl_status_t make_reorder(const shared *s, s2vi_const_md from,
                                  s2vi_const_md to, dnnl_primitive_t *reorder)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(
        &pd, from, s->engine, to, s->engine, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(reorder, pd);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

/* ---------------------------------------------------------- creating -- */

static void drop(shared *s)
{
    if (atomic_fetch_sub(&s->holders, 1) > 1)
        return;
    dnnl_primitive_destroy(s->primitive);
    dnnl_primitive_destroy(s->pack);
    dnnl_primitive_destroy(s->unpack);
    s2vi_md all[] = {s->x, s->w, s->packed, s->bias, s->y, s->scratch};
    for (int i = 0; i < 6; i++)
        s2vi_md_destroy(all[i]);
    free(s);
}

/* What the primitive has chosen, and the ways there and back. */
static bool make_reorders(shared *s, dnnl_primitive_desc_t pd)
{
    const dnnl_query_t weights = s->kind == S2VI_DNNL_WEIGHT
                                     ? dnnl_query_diff_weights_md
                                     : dnnl_query_weights_md;
    return s2vi_md_clone(&s->packed, dnnl_primitive_desc_query_md(
                                         pd, weights, 0)) == dnnl_success &&
           s2vi_md_clone(&s->scratch, dnnl_primitive_desc_query_md(
                                          pd, dnnl_query_scratchpad_md, 0)) ==
               dnnl_success &&
           make_reorder(s, s->w, s->packed, &s->pack) == dnnl_success &&
           make_reorder(s, s->packed, s->w, &s->unpack) == dnnl_success;
}

static bool make_primitives(shared *s, const s2vi_dnnl_spec *spec)
{
    dnnl_primitive_desc_t pd = NULL;
    s2vi_md any = NULL;
    dnnl_primitive_attr_t attr = attributes(spec);
    bool ok =
        attr && describe_weight(&any, spec, type_of(spec), true) &&
        primitive_desc(s, &spec->window, any, &pd, attr) == dnnl_success &&
        dnnl_primitive_create(&s->primitive, pd) == dnnl_success &&
        make_reorders(s, pd);
    s2vi_md_destroy(any);
    dnnl_primitive_desc_destroy(pd);
    dnnl_primitive_attr_destroy(attr);
    return ok;
}

static bool make_memories(s2vi_dnnl_conv *c)
{
    const shared *s = c->shared;
    struct {
        dnnl_memory_t *memory;
        s2vi_const_md md;
    } all[] = {{&c->x, s->x},       {&c->w, s->w}, {&c->packed, s->packed},
               {&c->bias, s->bias}, {&c->y, s->y}, {&c->scratch, s->scratch}};
    for (int i = 0; i < 6; i++)
        if (all[i].md && dnnl_memory_create(all[i].memory, all[i].md, s->engine,
                                            DNNL_MEMORY_NONE) != dnnl_success)
            return false;
    return true;
}

static s2vi_dnnl_conv *wrap(shared *s)
{
    s2vi_dnnl_conv *c = calloc(1, sizeof(*c));
    if (!c) {
        drop(s);
        return NULL;
    }
    c->shared = s;
    if (!make_memories(c)) {
        s2vi_dnnl_conv_close(c);
        return NULL;
    }
    return c;
}

s2vi_dnnl_conv *s2vi_dnnl_conv_create(s2vi_cpu *cpu, const s2vi_dnnl_spec *spec)
{
    shared *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    atomic_init(&s->holders, 1);
    s->kind = spec->kind;
    s->engine = cpu->engine;
    s->stream = cpu->stream;
    dnnl_dims_t channels = {s2vi_shape_channels(&spec->y)};
    bool ok = describe(&s->x, &spec->x, type_of(spec), false) &&
              describe_weight(&s->w, spec, dnnl_f32, false) &&
              describe(&s->y, &spec->y, type_of(spec), false) &&
              (!spec->bias || s2vi_md_create(&s->bias, 1, channels, dnnl_f32,
                                             dnnl_a) == dnnl_success) &&
              make_primitives(s, spec);
    if (ok)
        return wrap(s);
    drop(s);
    return NULL;
}

s2vi_dnnl_conv *s2vi_dnnl_conv_clone(const s2vi_dnnl_conv *conv)
{
    atomic_fetch_add(&conv->shared->holders, 1);
    return wrap(conv->shared);
}

void s2vi_dnnl_conv_close(s2vi_dnnl_conv *c)
{
    if (!c)
        return;
    dnnl_memory_t all[] = {c->x, c->w, c->packed, c->bias, c->y, c->scratch};
    for (int i = 0; i < 6; i++)
        if (all[i])
            dnnl_memory_destroy(all[i]);
    drop(c->shared);
    free(c);
}

/* ----------------------------------------------------------- running -- */

size_t s2vi_dnnl_packed_size(const s2vi_dnnl_conv *c)
{
    return dnnl_memory_desc_get_size(c->shared->packed);
}

size_t s2vi_dnnl_scratch_size(const s2vi_dnnl_conv *c)
{
    return dnnl_memory_desc_get_size(c->shared->scratch);
}

static int execute(const s2vi_dnnl_conv *c, dnnl_primitive_t primitive,
                   const dnnl_exec_arg_t *args, int n)
{
    return dnnl_primitive_execute(primitive, c->shared->stream, n, args) ==
                   dnnl_success
               ? S2V_OK
               : S2V_ERR_DEVICE;
}

static int reorder(const s2vi_dnnl_conv *c, dnnl_primitive_t primitive,
                   dnnl_memory_t from, dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    return execute(c, primitive, args, 2);
}

int s2vi_dnnl_pack(const s2vi_dnnl_conv *c, const void *w, void *packed)
{
    dnnl_memory_set_data_handle(c->w, (void *)w);
    dnnl_memory_set_data_handle(c->packed, packed);
    return reorder(c, c->shared->pack, c->w, c->packed);
}

int s2vi_dnnl_unpack(const s2vi_dnnl_conv *c, void *packed, void *w)
{
    dnnl_memory_set_data_handle(c->packed, packed);
    dnnl_memory_set_data_handle(c->w, w);
    return reorder(c, c->shared->unpack, c->packed, c->w);
}

int s2vi_dnnl_run(const s2vi_dnnl_conv *c, void *x, void *packed, void *bias,
                  void *y, void *scratch)
{
    static const int names[3][3] = {
        [S2VI_DNNL_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
        [S2VI_DNNL_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS,
                            DNNL_ARG_DIFF_DST},
        [S2VI_DNNL_WEIGHT] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS,
                              DNNL_ARG_DIFF_DST},
    };
    const int *name = names[c->shared->kind];
    dnnl_memory_set_data_handle(c->x, x);
    dnnl_memory_set_data_handle(c->packed, packed);
    dnnl_memory_set_data_handle(c->y, y);
    dnnl_memory_set_data_handle(c->scratch, scratch);
    dnnl_exec_arg_t args[5] = {{name[0], c->x},
                               {name[1], c->packed},
                               {name[2], c->y},
                               {DNNL_ARG_SCRATCHPAD, c->scratch}};
    int n = 4;
    if (c->bias) {
        dnnl_memory_set_data_handle(c->bias, bias);
        args[n++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, c->bias};
    }
    return execute(c, c->shared->primitive, args, n);
}
