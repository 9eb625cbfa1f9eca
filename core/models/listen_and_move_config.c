/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listen and Move: its configuration, as JSON in a weight file. */
#include "models/listen_and_move.h"

#include <stddef.h>

#include "weights/fields.h"

static const char *const motions[] = {"dilated", "gru", NULL};
static const char *const connections[] = {"residual", "skip", "none", NULL};
static const char *const predictions[] = {"dirconvgru", "convgru", "none",
                                          NULL};

#define INT(member, least, most) S2VI_INT(s2vi_lm_config, member, least, most)
#define BOOL(member)             S2VI_BOOL(s2vi_lm_config, member)
#define SWITCH(member)           S2VI_SWITCH(s2vi_lm_config, member)
#define WORD(member, list)       S2VI_WORD(s2vi_lm_config, member, list)

/* channels_max is from channels_min on: s2vi_lm_config_check() */
static const s2vi_field table[] = {
    INT(size, 8, 1024),
    INT(channels_min, 1, 1024),
    INT(channels_max, 0, 0),
    INT(bands, 64, 64),
    INT(noise_e, 1, 1024),
    INT(motion_layers, 1, 8),
    WORD(motion, motions),
    BOOL(mfs),
    BOOL(sac),
    BOOL(acin),
    BOOL(noise),
    WORD(connection, connections),
    WORD(prediction, predictions),
    INT(prediction_kernel, 3, 3),
    SWITCH(constant),
    SWITCH(background),
};

static const s2vi_fields fields = {S2VI_LM_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_lm_defaults(s2vi_lm_config *config)
{
    *config = (s2vi_lm_config){
        .size = 128,
        .channels_min = 16,
        .channels_max = 512,
        .bands = 64,
        .noise_e = 2,
        .motion_layers = 3,
        .mfs = true,
        .sac = true,
        .acin = true,
        .noise = true,
        .prediction_kernel = 3,
    };
}

int s2vi_lm_config_check(const s2vi_lm_config *c, s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, c, err);
    if (!ret && c->size & (c->size - 1))
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_LM_NAME ": size is %d, expected a power of 2",
                         c->size);
    if (!ret)
        ret = s2vi_fields_check_range(&fields, "channels_max", c->channels_max,
                                      c->channels_min, 4096, err);
    return ret;
}

int s2vi_lm_config_parse(s2vi_lm_config *config, const char *json,
                         s2v_error *err)
{
    s2vi_lm_defaults(config);
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_lm_config_check(config, err);
}

char *s2vi_lm_config_text(const s2vi_lm_config *config)
{
    return s2vi_fields_text(&fields, config);
}
