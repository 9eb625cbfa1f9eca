/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameters: lists, declaring, layouts and initial values. */
#include "nn/param.h"

#include "base/philox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const s2vi_param *s2vi_param_find(const s2vi_param_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (!strcmp(list->param[i].name, name))
            return &list->param[i];
    return NULL;
}

void s2vi_param_list_close(s2vi_param_list *list)
{
    free(list->param);
    *list = (s2vi_param_list){0};
}

int s2vi_param_list_end(s2vi_param_list *list, int before, s2v_error *err)
{
    const s2v_error mistake = list->mistake;
    if (!mistake.code)
        return S2V_OK;
    list->count = before;
    list->mistake = (s2v_error){0};
    return s2vi_error(err, mistake.code, "%s", mistake.message);
}

/* ----------------------------------------------------------- declaring -- */

/* The prefix and what follows; false if there is no room for both. */
static bool join(char out[S2VI_PARAM_NAME], const char *prefix,
                 const char *format, va_list args)
{
    const size_t at = strlen(prefix), room = S2VI_PARAM_NAME - at;
    memmove(out, prefix, at);
    const int n = vsnprintf(out + at, room, format, args);
    return n >= 0 && (size_t)n < room;
}

s2vi_scope s2vi_scope_under(const char *prefix, s2vi_param_list *list,
                            s2vi_graph *graph)
{
    s2vi_scope scope = {.list = list, .graph = graph};
    snprintf(scope.prefix, sizeof(scope.prefix), "%s", prefix);
    return scope;
}

s2vi_scope s2vi_scope_in_v(const s2vi_scope *scope, const char *format,
                           va_list args)
{
    s2vi_scope in = *scope;
    join(in.prefix, scope->prefix, format, args);
    const size_t n = strlen(in.prefix);
    if (n < sizeof(in.prefix) - 1) /* else no name fits behind it */
        memcpy(in.prefix + n, ".", 2);
    return in;
}

s2vi_scope s2vi_scope_in(const s2vi_scope *scope, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const s2vi_scope in = s2vi_scope_in_v(scope, format, args);
    va_end(args);
    return in;
}

/* A convolution's (Cout,Cin,k..) -> (Cout,k..,Cin); others stay. */
static s2vi_shape engine_shape(const s2vi_shape *file)
{
    s2vi_shape shape = *file;
    const int last = file->rank - 1;
    if (last < 2)
        return shape;
    for (int i = 1; i < last; i++)
        shape.dim[i] = file->dim[i + 1];
    shape.dim[last] = file->dim[1];
    return shape;
}

/* The next part of a dotted name, or NULL. */
static const char *next_part(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : NULL;
}

static bool is_number(const char *part)
{
    return strspn(part, "0123456789") == strcspn(part, ".");
}

/* The same but for numbers: convs.0.weight, convs.1.weight. */
static bool same_kind(const char *a, const char *b)
{
    for (; a && b; a = next_part(a), b = next_part(b)) {
        const size_t n = strcspn(a, ".");
        if (!(is_number(a) && is_number(b)) &&
            (n != strcspn(b, ".") || memcmp(a, b, n) != 0))
            return false;
    }
    return !a && !b;
}

/* Where a scope's next parameter goes. */
static int place_of(const s2vi_scope *scope, const char *name)
{
    const s2vi_param_list *list = scope->list;
    for (int i = list->count; scope->by_kind && i > 0; i--)
        if (same_kind(list->param[i - 1].name, name))
            return i;
    return list->count;
}

static void append(const s2vi_scope *scope, const s2vi_param *param)
{
    s2vi_param_list *list = scope->list;
    if (list->mistake.code)
        return;
    s2vi_param *all =
        realloc(list->param, ((size_t)list->count + 1) * sizeof(*all));
    if (!all) {
        s2vi_error_nomem(&list->mistake, "a model's parameters");
        return;
    }
    list->param = all;
    const int at = place_of(scope, param->name);
    memmove(all + at + 1, all + at, (size_t)(list->count - at) * sizeof(*all));
    all[at] = *param;
    list->count++;
}

#define TOO_LONG "parameter '%s...' has a name of more than %d characters"

static s2vi_node *too_long(const s2vi_scope *scope, const char *name)
{
    const int most = S2VI_PARAM_NAME - 1;
    if (scope->list && !scope->list->mistake.code)
        s2vi_error(&scope->list->mistake, S2V_ERR_INTERNAL, TOO_LONG, name,
                   most);
    return scope->graph ? s2vi_graph_mistake(scope->graph, TOO_LONG, name, most)
                        : NULL;
}

static s2vi_node *declare(const s2vi_scope *scope, s2vi_param *p,
                          const char *format, va_list args)
{
    p->shape = engine_shape(&p->file_shape);
    if (!join(p->name, scope->prefix, format, args))
        return too_long(scope, p->name);
    if (scope->list)
        append(scope, p);
    return scope->graph ? s2vi_graph_param(scope->graph, p->name, p->shape)
                        : NULL;
}

s2vi_node *s2vi_declare(const s2vi_scope *scope, s2vi_shape file_shape,
                        s2vi_init init, const char *format, ...)
{
    s2vi_param p = {.file_shape = file_shape, .init = init};
    va_list args;
    va_start(args, format);
    s2vi_node *node = declare(scope, &p, format, args);
    va_end(args);
    return node;
}

s2vi_node *s2vi_declare_buffer(const s2vi_scope *scope, s2vi_shape file_shape,
                               s2vi_init init, const char *format, ...)
{
    s2vi_param p = {.file_shape = file_shape, .init = init, .buffer = true};
    va_list args;
    va_start(args, format);
    s2vi_node *node = declare(scope, &p, format, args);
    va_end(args);
    return node;
}

s2vi_node *s2vi_param_var(s2vi_graph *graph, const s2vi_param_list *list,
                          const char *name)
{
    const s2vi_param *p = s2vi_param_find(list, name);
    return p ? s2vi_graph_param(graph, p->name, p->shape)
             : s2vi_graph_mistake(graph, "no parameter '%s'", name);
}

/* ------------------------------------------------------------ layouts -- */

/* For each element: its place in the file's order and in the engine's. */
static void relayout(const s2vi_param *p, const float *from, float *to,
                     bool to_file)
{
    const s2vi_shape *f = &p->file_shape;
    if (f->rank < 3) {
        memcpy(to, from, (size_t)s2vi_shape_count(f) * sizeof(*to));
        return;
    }
    int64_t taps = 1, cout = f->dim[0], cin = f->dim[1];
    for (int i = 2; i < f->rank; i++)
        taps *= f->dim[i];
    for (int64_t o = 0; o < cout; o++)
        for (int64_t i = 0; i < cin; i++)
            for (int64_t t = 0; t < taps; t++) {
                int64_t file = (o * cin + i) * taps + t;
                int64_t mine = (o * taps + t) * cin + i;
                to[to_file ? file : mine] = from[to_file ? mine : file];
            }
}

void s2vi_param_from_file(const s2vi_param *param, const float *from, float *to)
{
    relayout(param, from, to, false);
}

void s2vi_param_to_file(const s2vi_param *param, const float *from, float *to)
{
    relayout(param, from, to, true);
}

/* ------------------------------------------------------ initial values -- */

/* Stream numbers below this are the models' own noise. */
#define INIT_STREAM 0x10000u

static double dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Modified Gram-Schmidt on `rows` rows of `n` >= rows numbers. */
static void orthonormalise(float *w, int64_t rows, int64_t n)
{
    for (int64_t i = 0; i < rows; i++) {
        float *row = w + i * n;
        for (int64_t j = 0; j < i; j++) {
            double d = dot(row, w + j * n, n);
            for (int64_t k = 0; k < n; k++)
                row[k] -= (float)(d * w[j * n + k]);
        }
        double norm = sqrt(dot(row, row, n));
        for (int64_t k = 0; k < n; k++)
            row[k] = (float)(row[k] / (norm > 0 ? norm : 1));
    }
}

static int orthogonal(float *w, int64_t rows, int64_t columns, s2v_error *err)
{
    if (rows <= columns) {
        orthonormalise(w, rows, columns);
        return S2V_OK;
    }
    float *t = malloc((size_t)(rows * columns) * sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "initial weights");
    for (int64_t i = 0; i < rows * columns; i++)
        t[i % columns * rows + i / columns] = w[i];
    orthonormalise(t, columns, rows);
    for (int64_t i = 0; i < rows * columns; i++)
        w[i] = t[i % columns * rows + i / columns];
    free(t);
    return S2V_OK;
}

static void fill(float *out, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = value;
}

/* How many products are summed for one result. */
static double inputs(const s2vi_param *p)
{
    const s2vi_shape *s = &p->file_shape;
    const double n = (double)s2vi_shape_count(s);
    return p->init == S2VI_INIT_HE_UP ? n / (double)s->dim[1] / 2
                                      : n / (double)s->dim[0];
}

/* Of the normal distributions. */
static double deviation(const s2vi_param *p)
{
    const double fan_in = inputs(p);
    const double fan_out = p->file_shape.rank > 1
                               ? fan_in * (double)p->file_shape.dim[0] /
                                     (double)p->file_shape.dim[1]
                               : fan_in;
    switch (p->init) {
    case S2VI_INIT_NORMAL: return 0.02;
    case S2VI_INIT_UNIT: return 1;
    case S2VI_INIT_FAN_IN: return 1 / sqrt(fan_in);
    case S2VI_INIT_XAVIER: return sqrt(2 / (fan_in + fan_out));
    case S2VI_INIT_HUNDRED: return 100;
    case S2VI_INIT_XAVIER_SMALL: return sqrt(2 / (fan_in + fan_out)) / 50;
    default: return sqrt(2) * (1 / sqrt(fan_in));
    }
}

int s2vi_param_init(const s2vi_param_list *list, int index, uint64_t seed,
                    float *out, s2v_error *err)
{
    const s2vi_param *p = &list->param[index];
    int64_t n = s2vi_shape_count(&p->shape), rows = p->shape.dim[0];
    s2vi_philox key = {.seed = seed, .stream = INIT_STREAM + (uint32_t)index};
    if (p->init == S2VI_INIT_ZERO || p->init == S2VI_INIT_ONE) {
        fill(out, n, p->init == S2VI_INIT_ONE);
        return S2V_OK;
    }
    if (p->init == S2VI_INIT_LOGIT_SCALE) {
        fill(out, n, (float)log(1 / 0.07));
        return S2V_OK;
    }
    if (p->init == S2VI_INIT_UNIFORM) {
        const double most = 1 / sqrt(inputs(p));
        s2vi_philox_uniform(&key, 0, (size_t)n, out);
        for (int64_t i = 0; i < n; i++)
            out[i] = (float)(most * (2 * out[i] - 1));
        return S2V_OK;
    }
    s2vi_philox_normal(&key, 0, (size_t)n, out);
    if (p->init == S2VI_INIT_ORTHOGONAL)
        return orthogonal(out, rows, n / rows, err);
    const double scale = deviation(p);
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(scale * out[i]);
    return S2V_OK;
}
