/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN2: its configuration, as JSON in a weight file. */
#include "models/stylegan2.h"

#include "weights/fields.h"

enum { MAX_WIDTH = 1 << 12, MAX_BASE = 1 << 17 };

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_stylegan2_config, member, least, most)

static const s2vi_field table[] = {
    INT(size, 32, 1024),
    INT(z, 1, MAX_WIDTH),
    INT(w, 1, MAX_WIDTH),
    INT(codes, 1, 2 * S2VI_STYLEGAN2_BLOCKS),
    INT(mapping, 1, 32),
    INT(classes, 0, MAX_WIDTH),
    INT(base, 1, MAX_BASE),
    INT(max, 1, MAX_WIDTH),
    S2VI_INTS(s2vi_stylegan2_config, "kernel", kernel, S2VI_STYLEGAN2_TAPS,
              taps),
    S2VI_NUMBER(s2vi_stylegan2_config, slope, 0, 1),
    S2VI_NUMBER(s2vi_stylegan2_config, clamp, 0, 1 << 20),
};

static const s2vi_fields fields = {S2VI_STYLEGAN2_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

int s2vi_stylegan2_side(int block)
{
    return 4 << block;
}

int s2vi_stylegan2_blocks(const s2vi_stylegan2_config *c)
{
    int n = 0;
    while (n < S2VI_STYLEGAN2_BLOCKS && s2vi_stylegan2_side(n) <= c->size)
        n++;
    return n;
}

int s2vi_stylegan2_channels(const s2vi_stylegan2_config *c, int side)
{
    return c->base / side < c->max ? c->base / side : c->max;
}

void s2vi_stylegan2_defaults(s2vi_stylegan2_config *c, int size)
{
    *c = (s2vi_stylegan2_config){
        .size = size,
        .z = 512,
        .w = 512,
        .mapping = 8,
        .base = 32768,
        .max = 512,
        .kernel = {1, 3, 3, 1},
        .taps = 4,
        .slope = 0.2,
    };
    c->codes = 2 * s2vi_stylegan2_blocks(c);
}

/* All taps above 0 would be too much to ask: their sum is. */
static int sum_of(const int *number, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += number[i];
    return sum;
}

int s2vi_stylegan2_config_check(const s2vi_stylegan2_config *c, s2v_error *err)
{
    const int ret = s2vi_fields_check(&fields, c, err);
    const int codes = 2 * s2vi_stylegan2_blocks(c);
    if (ret < 0)
        return ret;
    if (c->size & (c->size - 1))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN2_NAME ": size is %d, expected a power "
                                              "of 2",
                          c->size);
    if (c->codes != codes)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN2_NAME ": codes is %d, expected %d for "
                                              "pictures of %d pixels",
                          c->codes, codes, c->size);
    if (c->base < c->size)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN2_NAME ": base is %d, which leaves no "
                                              "channels at %d pixels",
                          c->base, c->size);
    if (c->taps != 4 || !sum_of(c->kernel, c->taps))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN2_NAME ": kernel is not four numbers, "
                                              "not all of them 0");
    return S2V_OK;
}

int s2vi_stylegan2_config_parse(s2vi_stylegan2_config *config, const char *json,
                                s2v_error *err)
{
    s2vi_stylegan2_defaults(config, 256);
    config->codes = 0; /* as follows from the size, unless the JSON has it */
    const int ret = s2vi_fields_read(&fields, config, json, err);
    if (ret < 0)
        return ret;
    if (!config->codes)
        config->codes = 2 * s2vi_stylegan2_blocks(config);
    return s2vi_stylegan2_config_check(config, err);
}

char *s2vi_stylegan2_config_text(const s2vi_stylegan2_config *config)
{
    return s2vi_fields_text(&fields, config);
}
