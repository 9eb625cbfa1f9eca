/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The goldens of tests/reference: their weights, sounds and contents. */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_SEED 1234 /* the generator's */

void golden_must(int ret, const s2v_error *err, const char *what)
{
    if (ret >= 0)
        return;
    printf("FAIL: %s: %s\n", what, err->message);
    exit(1);
}

/* Place of a parameter in the bytewise order of names. */
static uint32_t rank_of(const s2vi_param_list *list, const char *name)
{
    uint32_t rank = 0;
    for (int i = 0; i < list->count; i++)
        rank += strcmp(list->param[i].name, name) < 0;
    return rank;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);
    return n >= m && !strcmp(s + n - m, tail);
}

/* The reference's normal numbers: in float64, then rounded, where the library
 * computes in float32. */
void golden_normal(const s2vi_philox *key, int64_t n, float *out)
{
    const double tau = 6.283185307179586476925;
    uint32_t x[4];
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            s2vi_philox_block(key, (uint32_t)(i / 4), x);
        const uint32_t *pair = x + i % 4 / 2 * 2;
        double u0 = ((pair[0] >> 8) + 0.5) / 16777216;
        double u1 = ((pair[1] >> 8) + 0.5) / 16777216;
        out[i] = (float)(sqrt(-2 * log(u0)) *
                         (i % 2 ? sin(tau * u1) : cos(tau * u1)));
    }
}

/* Test weights by the rule of tests/reference/README.md, file layout. */
static void test_weights(const s2vi_param_list *list, const s2vi_param *p,
                         uint64_t seed, float *out)
{
    const s2vi_shape *shape = &p->file_shape;
    int64_t n = s2vi_shape_count(shape);
    bool weight = strstr(strrchr(p->name, '.'), "weight") != NULL;
    double scale = 0.1, offset = 0;
    if (ends_with(p->name, ".weight_g"))
        scale = 0.2, offset = 2;
    else if (weight && shape->rank > 1)
        scale = 1 / sqrt((double)n / (double)shape->dim[0]);
    else if (weight || ends_with(p->name, "gamma.bias") ||
             ends_with(p->name, "running_var"))
        offset = 1;
    s2vi_philox key = {seed, 1000 + rank_of(list, p->name), 0};
    golden_normal(&key, n, out);
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(offset + scale * out[i]);
}

void golden_fill(s2vi_store *store, const s2vi_param_list *params,
                 uint64_t seed)
{
    s2v_error err;
    for (int i = 0; i < params->count; i++) {
        const s2vi_param *p = &params->param[i];
        size_t n = (size_t)s2vi_shape_count(&p->shape);
        float *w = malloc(2 * n * sizeof(*w));
        test_weights(params, p, seed, w);
        s2vi_param_from_file(p, w, w + n);
        golden_must(s2vi_store_add(store, p->name, &p->shape, &err), &err,
                    "store");
        golden_must(s2vi_store_write(store, p->name, w + n, &err), &err,
                    "store");
        free(w);
    }
}

golden golden_open(const char *path, const char *device, s2vi_dtype dtype)
{
    golden g = {0};
    s2v_error err;
    golden_must(s2v_weights_open(&g.file, path, &err), &err, path);
    golden_must(
        s2vi_lm_config_parse(
            &g.config, s2v_weights_get_metadata(g.file, "s2v.config"), &err),
        &err, path);
    golden_must(s2vi_lm_params(&g.config, &g.params, &err), &err, path);
    golden_must(s2vi_backend_open(&g.backend, device, dtype, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&g.store, g.backend, &err), &err, "store");
    golden_fill(g.store, &g.params, WEIGHT_SEED);
    return g;
}

void golden_close(golden *g)
{
    s2vi_store_close(&g->store);
    s2vi_backend_close(&g->backend);
    s2vi_param_list_close(&g->params);
    s2v_weights_close(&g->file);
}

void golden_features(int64_t first, int64_t frames, float *out)
{
    for (int64_t t = 0; t < frames; t++) {
        s2vi_philox key = {77, 0, (uint64_t)(first + t)};
        golden_normal(&key, 64, out + 64 * t);
    }
}

float *golden_read(const golden *g, const char *name, int64_t *count)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(g->file, name);
    if (!t)
        return NULL;
    float *out = malloc(((size_t)t->count + 1) * sizeof(*out));
    golden_must(s2vi_weights_read_f32(g->file, t, out, &err), &err, name);
    *count = (int64_t)t->count;
    return out;
}

double golden_error(const float *a, const float *b, int64_t n)
{
    double worst = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        worst = d > worst || !(d == d) ? d : worst;
        square += (double)b[i] * b[i];
    }
    return worst / (sqrt(square / (double)n) + 1e-12);
}

double golden_bound(const char *path, const char *device, s2vi_dtype dtype,
                    bool gradient, const golden_errors *measured, int n,
                    double asked)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t length = strcspn(name, ".");
    const bool exact = dtype == S2VI_F64;
    if (!strncmp(device, "cuda", 4))
        return asked;
    for (int i = 0; i < n; i++)
        if (!strncmp(measured[i].name, name, length) &&
            !measured[i].name[length]) {
            const golden_errors *m = &measured[i];
            const double three =
                3 * (gradient ? exact ? m->gradient_f64 : m->gradient_f32
                     : exact  ? m->f64
                              : m->f32);
            return three < asked ? three : asked;
        }
    return asked;
}
