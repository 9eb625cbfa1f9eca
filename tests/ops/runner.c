/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running one node's kernel between guards. */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of 0xFF are NaN, in float and in double, that no arithmetic gives. */
enum { GUARD = 256, FILLER = 0xFF };

/* Memory of the backend, and what it is expected to hold. */
typedef struct buffer {
    unsigned char *memory, *image;
    size_t offset, size, total;
} buffer;

typedef struct bench {
    s2vi_backend *backend;
    const test_case *c;
    const run_options *options;
    buffer in[S2VI_MAX_INPUTS], packed[3], out, scratch;
    s2vi_kernel *kernel;
    char *failure;
} bench;

#define FAIL(b, ...) (snprintf((b)->failure, 200, __VA_ARGS__), false)

static void *buffer_data(const buffer *b)
{
    return b->memory ? b->memory + b->offset : NULL;
}

static bool buffer_open(bench *b, buffer *p, size_t size, size_t shift)
{
    p->offset = GUARD + shift;
    p->size = size;
    p->total = p->offset + size + GUARD;
    p->image = malloc(p->total);
    p->memory = b->backend->table->alloc(b->backend, p->total);
    if (!p->image || !p->memory)
        return FAIL(b, "out of memory");
    memset(p->image, FILLER, p->total);
    return true;
}

static void buffer_close(bench *b, buffer *p)
{
    free(p->image);
    b->backend->table->free(b->backend, p->memory);
}

static void buffer_send(bench *b, buffer *p)
{
    if (p->image)
        b->backend->table->upload(b->backend, p->memory, p->image, p->total);
}

/* Fetch; false if the guards, or contents that must stay, have changed. */
static bool buffer_check(bench *b, buffer *p, bool may_change, const char *what)
{
    if (!p->image)
        return true;
    unsigned char *now = malloc(p->total);
    if (!now)
        return FAIL(b, "out of memory");
    b->backend->table->download(b->backend, now, p->memory, p->total);
    size_t after = p->offset + p->size;
    bool lo = !memcmp(now, p->image, p->offset);
    bool hi = !memcmp(now + after, p->image + after, p->total - after);
    bool same = !memcmp(now + p->offset, p->image + p->offset, p->size);
    memcpy(p->image, now, p->total);
    free(now);
    if (!lo || !hi)
        return FAIL(b, "%s: written %s its end", what, lo ? "past" : "before");
    return same || may_change ? true : FAIL(b, "%s: was changed", what);
}

/* ---------------------------------------------------------- numbers -- */

static void store(const bench *b, const double *from, int64_t n, void *to)
{
    for (int64_t i = 0; i < n; i++)
        if (b->backend->dtype == S2VI_F64)
            ((double *)to)[i] = from[i];
        else
            ((float *)to)[i] = (float)from[i];
}

/* The buffer may lie anywhere: copy, do not cast. */
static void load(const bench *b, const buffer *from, int64_t n, double *to)
{
    size_t size = s2vi_dtype_size(b->backend->dtype);
    for (int64_t i = 0; i < n; i++) {
        const unsigned char *p = from->image + from->offset + (size_t)i * size;
        float f;
        if (b->backend->dtype == S2VI_F64) {
            memcpy(&to[i], p, size);
        } else {
            memcpy(&f, p, size);
            to[i] = f;
        }
    }
}

/* ------------------------------------------------------------ phases -- */

static bool is_effect(const s2vi_node *node)
{
    return s2vi_op_get(node->op)->kind == S2VI_KIND_EFFECT;
}

int run_results(const s2vi_node *node)
{
    return node->op == S2VI_OP_ADAM ? 3 : 1;
}

static bool open_inputs(bench *b)
{
    size_t element = s2vi_dtype_size(b->backend->dtype);
    size_t shift = (size_t)b->options->shift * element;
    for (int i = 0; i < b->c->n; i++) {
        int64_t n = s2vi_shape_count(&b->c->operand[i]->shape);
        double *copy = calloc((size_t)n, sizeof(*copy));
        bool ok = copy && buffer_open(b, &b->in[i], (size_t)n * element, shift);
        if (ok) {
            store(b, b->c->data[i], n, copy);
            memcpy(b->in[i].image + b->in[i].offset, copy, b->in[i].size);
            buffer_send(b, &b->in[i]);
        }
        free(copy);
        if (!ok)
            return FAIL(b, "out of memory");
    }
    return true;
}

static bool open_outputs(bench *b)
{
    size_t element = s2vi_dtype_size(b->backend->dtype);
    size_t shift = (size_t)b->options->shift * element;
    size_t size = (size_t)s2vi_shape_count(&b->c->node->shape) * element;
    bool own = !is_effect(b->c->node) && b->options->in_place < 0;
    if (own && !buffer_open(b, &b->out, size, shift))
        return false;
    if (!buffer_open(b, &b->scratch, b->kernel->scratch_size, 0))
        return false;
    buffer_send(b, &b->out);
    buffer_send(b, &b->scratch);
    return true;
}

static bool compile(bench *b)
{
    s2v_error err = {0};
    s2vi_backend *backend = b->backend;
    if (backend->table->compile(backend, b->c->node, b->options->constant,
                                &b->kernel, &err) < 0)
        return FAIL(b, "no kernel: %.150s", err.message);
    return b->kernel ? true : FAIL(b, "no kernel");
}

static bool pack(bench *b)
{
    for (int i = 0; i < 3 && i < b->c->n; i++) {
        size_t size = b->kernel->packed_size[i];
        if (!size)
            continue;
        if (!(b->options->constant & 1u << i))
            return FAIL(b, "packs input %d, which is not constant", i);
        buffer *to = &b->packed[i];
        if (!buffer_open(b, to, size, 0))
            return false;
        buffer_send(b, to);
        if (b->kernel->pack(b->kernel, i, buffer_data(&b->in[i]),
                            buffer_data(to)) < 0)
            return FAIL(b, "packing input %d failed", i);
        if (!buffer_check(b, to, true, "packed input"))
            return false;
    }
    return true;
}

static bool run(bench *b)
{
    void *in[S2VI_MAX_INPUTS];
    for (int i = 0; i < b->c->n; i++)
        in[i] = buffer_data(i < 3 && b->packed[i].memory ? &b->packed[i]
                                                         : &b->in[i]);
    int place = b->options->in_place;
    void *out = buffer_data(place < 0 ? &b->out : &b->in[place]);
    const s2vi_backend_table *table = b->backend->table;
    table->enter(b->backend);
    int ret = b->kernel->run(b->kernel, out, in, buffer_data(&b->scratch),
                             &b->options->clock);
    table->leave(b->backend);
    return ret < 0 ? FAIL(b, "run() returned %d", ret) : true;
}

static bool check(bench *b)
{
    int written = is_effect(b->c->node) ? run_results(b->c->node) : 0;
    for (int i = 0; i < b->c->n; i++) {
        char what[32];
        bool may = i < written || i == b->options->in_place;
        snprintf(what, sizeof(what), "input %d", i);
        if (!buffer_check(b, &b->in[i], may, what))
            return false;
    }
    for (int i = 0; i < 3; i++)
        if (!buffer_check(b, &b->packed[i], false, "packed input"))
            return false;
    return buffer_check(b, &b->out, true, "result") &&
           buffer_check(b, &b->scratch, true, "scratch");
}

static void collect(const bench *b, double *out)
{
    int64_t n = s2vi_shape_count(&b->c->node->shape);
    int place = b->options->in_place;
    if (!is_effect(b->c->node))
        load(b, place < 0 ? &b->out : &b->in[place], n, out);
    else
        for (int i = 0; i < run_results(b->c->node); i++)
            load(b, &b->in[i], n, out + i * n);
}

bool run_case(s2vi_backend *backend, const test_case *c,
              const run_options *options, double *out, char *failure)
{
    bench b = {
        .backend = backend, .c = c, .options = options, .failure = failure};
    bool ok = c->node ? true : FAIL(&b, "the case could not be recorded");
    ok = ok && compile(&b) && open_inputs(&b) && pack(&b) && open_outputs(&b) &&
         run(&b) && check(&b);
    if (ok)
        collect(&b, out);
    for (int i = 0; i < c->n; i++)
        buffer_close(&b, &b.in[i]);
    for (int i = 0; i < 3; i++)
        buffer_close(&b, &b.packed[i]);
    buffer_close(&b, &b.out);
    buffer_close(&b, &b.scratch);
    if (b.kernel)
        b.kernel->close(b.kernel);
    return ok;
}
