/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model's parameters: look-up, layouts and initial values. */
#include "models/param.h"

#include "base/philox.h"
#include "graph/build.h"

#include <math.h>
#include <stdarg.h>
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

int s2vi_param_append(s2vi_param_list *list, const char *name,
                      const s2vi_shape *file_shape, s2vi_init init,
                      s2v_error *err)
{
    s2vi_param *param =
        realloc(list->param, ((size_t)list->count + 1) * sizeof(*param));
    if (!param)
        return s2vi_error_nomem(err, "a model's parameters");
    list->param = param;
    param += list->count++;
    *param = (s2vi_param){
        .file_shape = *file_shape, .shape = *file_shape, .init = init};
    snprintf(param->name, sizeof(param->name), "%s", name);
    const int last = file_shape->rank - 1;
    if (last < 2)
        return S2V_OK;
    for (int i = 1; i < last; i++)
        param->shape.dim[i] = file_shape->dim[i + 1];
    param->shape.dim[last] = file_shape->dim[1];
    return S2V_OK;
}

void s2vi_param_make(s2vi_param_maker *maker, s2vi_shape file_shape,
                     s2vi_init init, const char *format, ...)
{
    char name[sizeof(maker->list->param->name)];
    if (maker->status < 0)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    maker->status =
        s2vi_param_append(maker->list, name, &file_shape, init, maker->err);
}

s2vi_node *s2vi_param_var(s2vi_graph *graph, const s2vi_param_list *list,
                          const char *format, ...)
{
    char name[sizeof(list->param->name)];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    const s2vi_param *p = s2vi_param_find(list, name);
    s2vi_node *known = s2vi_graph_find(graph, name);
    if (!p)
        return s2vi_graph_mistake(graph, "no parameter '%s'", name);
    return known ? known : s2vi_var(graph, S2VI_VAR_PARAM, p->name, p->shape);
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
    const double fan_in = 1 / sqrt(inputs(p));
    if (p->init == S2VI_INIT_UNIFORM) {
        s2vi_philox_uniform(&key, 0, (size_t)n, out);
        for (int64_t i = 0; i < n; i++)
            out[i] = (float)(fan_in * (2 * out[i] - 1));
        return S2V_OK;
    }
    s2vi_philox_normal(&key, 0, (size_t)n, out);
    if (p->init == S2VI_INIT_ORTHOGONAL)
        return orthogonal(out, rows, n / rows, err);
    const double scale = p->init == S2VI_INIT_NORMAL   ? 0.02
                         : p->init == S2VI_INIT_FAN_IN ? fan_in
                                                       : sqrt(2) * fan_in;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(scale * out[i]);
    return S2V_OK;
}
