/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* StyleGAN3: its configuration, as JSON in a weight file. */
#include "models/stylegan3.h"

#include "weights/fields.h"

enum { MAX_WIDTH = 1 << 12, MAX_BASE = 1 << 18 };

static const char *const variants[] = {"T", "R", NULL};

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_stylegan3_config, member, least, most)

static const s2vi_field table[] = {
    INT(size, 32, 1024),
    INT(z, 1, MAX_WIDTH),
    INT(w, 1, MAX_WIDTH),
    INT(codes, S2VI_STYLEGAN3_LAYERS + 1, S2VI_STYLEGAN3_LAYERS + 1),
    INT(mapping, 1, 32),
    INT(classes, 0, MAX_WIDTH),
    INT(base, 1, MAX_BASE),
    INT(max, 1, MAX_WIDTH),
    S2VI_WORD(s2vi_stylegan3_config, variant, variants),
    S2VI_NUMBER(s2vi_stylegan3_config, clamp, 0, 1 << 20),
};

static const s2vi_fields fields = {S2VI_STYLEGAN3_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_stylegan3_defaults(s2vi_stylegan3_config *c, int size)
{
    *c = (s2vi_stylegan3_config){
        .size = size,
        .z = 512,
        .w = 512,
        .codes = S2VI_STYLEGAN3_LAYERS + 1,
        .mapping = 2,
        .base = 32768,
        .max = 512,
        .clamp = 256,
    };
}

int s2vi_stylegan3_config_check(const s2vi_stylegan3_config *c, s2v_error *err)
{
    const int ret = s2vi_fields_check(&fields, c, err);
    if (ret < 0)
        return ret;
    if (c->size & (c->size - 1))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN3_NAME ": size is %d, expected a power "
                                              "of 2",
                          c->size);
    if (c->base < c->size)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_STYLEGAN3_NAME ": base is %d, which leaves no "
                                              "channels at %d pixels",
                          c->base, c->size);
    return S2V_OK;
}

int s2vi_stylegan3_config_parse(s2vi_stylegan3_config *config, const char *json,
                                s2v_error *err)
{
    s2vi_stylegan3_defaults(config, 256);
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_stylegan3_config_check(config, err);
}

char *s2vi_stylegan3_config_text(const s2vi_stylegan3_config *config)
{
    return s2vi_fields_text(&fields, config);
}
