/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network_file.h"

#include "base/philox.h"
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(network_convs *l, int index, const char *part, int64_t cout,
                int64_t cin, int64_t k)
{
    network_conv *c = &l->conv[l->count++];
    snprintf(c->name, sizeof(c->name), "features.%d%s", index, part);
    c->cout = cout;
    c->cin = cin;
    c->k = k;
}

static network_convs vgg_convs(const int *index, const int64_t *width, int n)
{
    network_convs l = {.count = 0};
    for (int i = 0; i < n; i++)
        add(&l, index[i], "", width[i], i ? width[i - 1] : 3, 3);
    return l;
}

static network_convs squeezenet_convs(void)
{
    static const int index[] = {3, 4, 6, 7, 9, 10, 11, 12};
    static const int64_t squeeze[] = {16, 16, 32, 32, 48, 48, 64, 64};
    network_convs l = {.count = 0};
    int64_t cin = 64;
    add(&l, 0, "", 64, 3, 3);
    for (int i = 0; i < 8; i++, cin = 8 * squeeze[i - 1]) {
        add(&l, index[i], ".squeeze", squeeze[i], cin, 1);
        add(&l, index[i], ".expand1x1", 4 * squeeze[i], squeeze[i], 1);
        add(&l, index[i], ".expand3x3", 4 * squeeze[i], squeeze[i], 3);
    }
    return l;
}

network_convs network_convs_of(const char *network)
{
    static const int index16[] = {0,  2,  5,  7,  10, 12, 14,
                                  17, 19, 21, 24, 26, 28};
    static const int64_t width16[] = {64,  64,  128, 128, 256, 256, 256,
                                      512, 512, 512, 512, 512, 512};
    static const int index19[] = {0,  2,  5,  7,  10, 12, 14, 16,
                                  19, 21, 23, 25, 28, 30, 32};
    static const int64_t width19[] = {64,  64,  128, 128, 256, 256, 256, 256,
                                      512, 512, 512, 512, 512, 512, 512};
    if (!strcmp(network, "vgg16"))
        return vgg_convs(index16, width16, 13);
    if (!strcmp(network, "vgg19"))
        return vgg_convs(index19, width19, 15);
    return squeezenet_convs();
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Place of a parameter in the bytewise order of names. */
static uint32_t rank_of(const network_convs *l, const char *name)
{
    char text[64][80], *all[64];
    int n = 0;
    for (int i = 0; i < 2 * l->count; i++, n++) {
        snprintf(text[n], sizeof(text[n]), "%s.%s", l->conv[i / 2].name,
                 i % 2 ? "bias" : "weight");
        all[n] = text[n];
    }
    qsort(all, (size_t)n, sizeof(*all), by_name);
    uint32_t rank = 0;
    while (strcmp(all[rank], name))
        rank++;
    return rank;
}

void network_add_tensor(s2vi_writer *w, const network_convs *l, int i,
                        bool caffe)
{
    const network_conv *c = &l->conv[i / 2];
    const bool bias = i % 2;
    const int64_t shape[4] = {c->cout, c->cin, c->k, c->k};
    size_t inputs = (size_t)(c->cin * c->k * c->k);
    size_t n = (size_t)c->cout * (bias ? 1 : inputs);
    double scale = bias ? 0.1 : sqrt(2 / (double)inputs);
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", c->name, bias ? "bias" : "weight");
    if (caffe && !strcmp(name, "features.0.weight"))
        scale /= 64;
    s2vi_philox key = {1234, 1000 + rank_of(l, name), 0};
    float *x = malloc(n * sizeof(*x));
    s2vi_philox_normal(&key, 0, n, x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(scale * x[i]);
    s2vi_writer_add(w, name, S2VI_STORED_F32, bias ? 1 : 4, shape, x, NULL);
    free(x);
}

void network_file_write(const char *path, const char *network,
                        const char *input, bool caffe)
{
    s2v_error err;
    s2vi_writer *w;
    network_convs l = network_convs_of(network);
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    if (input)
        s2vi_writer_set_metadata(w, "input", input, NULL);
    for (int i = 0; i < 2 * l.count; i++)
        network_add_tensor(w, &l, i, caffe);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
}

void heads_file_write(const char *path, const char *network, int missing)
{
    static const int64_t vgg[] = {64, 128, 256, 512, 512};
    static const int64_t squeezenet[] = {64, 128, 256, 384, 384, 512, 512};
    const bool squeeze = !strncmp(network, "squeeze", 7);
    const int64_t *width = squeeze ? squeezenet : vgg;
    s2v_error err;
    s2vi_writer *w;
    char name[32];
    float x[512];
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    for (int i = 0; i < (squeeze ? 7 : 5) - missing; i++) {
        const int64_t shape[4] = {1, width[i], 1, 1};
        s2vi_philox key = {1234, 2000 + (uint32_t)i, 0};
        s2vi_philox_normal(&key, 0, (size_t)width[i], x);
        for (int64_t c = 0; c < width[i]; c++)
            x[c] = fabsf(x[c]) / (float)width[i];
        snprintf(name, sizeof(name), "lin%d.model.1.weight", i);
        s2vi_writer_add(w, name, S2VI_STORED_F32, 4, shape, x, NULL);
    }
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
}
