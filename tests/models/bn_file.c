/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bn_file.h"

#include "golden.h"
#include "networks/bn_inception.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_SEED = 4322 };

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static void add_tensor(s2vi_writer *w, const s2vi_param *p, int index,
                       const bn_file *how)
{
    const bool conv = p->file_shape.rank == 4;
    const bool near_one =
        ends_with(p->name, "_bn.weight") || ends_with(p->name, "running_var");
    const bool cut = how->cut && !strcmp(how->cut, p->name);
    const s2vi_philox key = {WEIGHT_SEED, 1000 + (uint32_t)index, 0};
    const int64_t n = s2vi_shape_count(&p->file_shape), *d = p->file_shape.dim;
    const double scale = conv ? sqrt(2 / (double)(n / d[0])) : 0.1;
    const int64_t row[2] = {1, d[0]}, whole[4] = {d[0] - cut, d[1], d[2], d[3]};
    const bool as_row = how->rows && strstr(p->name, "_bn.");
    char name[96];
    float *x = malloc((size_t)n * sizeof(*x));
    golden_normal(&key, n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((near_one ? 1 : 0) + scale * x[i]);
    snprintf(name, sizeof(name), "%s%s", how->prefix ? how->prefix : "",
             p->name);
    if (!how->left_out || strcmp(how->left_out, p->name))
        s2vi_writer_add(w, name, S2VI_STORED_F32,
                        as_row ? 2 : p->file_shape.rank, as_row ? row : whole,
                        x, NULL);
    free(x);
}

/* What comes with public checkpoints, and is not needed. */
static void add_others(s2vi_writer *w)
{
    const int64_t counter = 77, shape[2] = {5, 1024};
    float *x = calloc(5 * 1024, sizeof(*x));
    s2vi_writer_add_raw(w, "conv1_7x7_s2_bn.num_batches_tracked",
                        S2VI_STORED_I64, 0, NULL, &counter, NULL);
    s2vi_writer_add(w, "last_linear.weight", S2VI_STORED_F32, 2, shape, x,
                    NULL);
    free(x);
}

void bn_file_write(const char *path, const bn_file *how)
{
    s2v_error err;
    s2vi_writer *w;
    s2vi_param_list list = {0};
    golden_must(s2vi_bn_inception_params(how->planes, &list, &err), &err, path);
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    for (int i = 0; i < list.count; i++)
        add_tensor(w, &list.param[i], i, how);
    if (how->rows)
        add_others(w);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
    s2vi_param_list_close(&list);
}
