/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VarietySound: its configuration, as JSON in a weight file. */
#include "models/varietysound.h"

#include <stddef.h>

#include "weights/fields.h"

enum { MAX_WIDTH = 1 << 14 };

/* A whole number from 1 on. */
#define FIELD(member, most) S2VI_INT(s2vi_vs_config, member, 1, most)

static const s2vi_field table[] = {
    FIELD(bands, MAX_WIDTH),
    FIELD(features, MAX_WIDTH),
    FIELD(temporal_layers, S2VI_VS_MAX_LAYERS),
    FIELD(temporal_channels, MAX_WIDTH),
    FIELD(temporal_lstm, MAX_WIDTH),
    FIELD(temporal_out, MAX_WIDTH),
    FIELD(acoustic_layers, S2VI_VS_MAX_LAYERS),
    FIELD(acoustic_channels, MAX_WIDTH),
    FIELD(acoustic_lstm, MAX_WIDTH),
    FIELD(background_lstm, MAX_WIDTH),
    FIELD(background_out, MAX_WIDTH),
    FIELD(decoder_up_channels, MAX_WIDTH),
    FIELD(decoder_channels, MAX_WIDTH),
    FIELD(decoder_layers, S2VI_VS_MAX_LAYERS),
    FIELD(decoder_heads, MAX_WIDTH),
    FIELD(decoder_filter, MAX_WIDTH),
};

static const s2vi_fields fields = {S2VI_VS_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_vs_defaults(s2vi_vs_config *config)
{
    *config = (s2vi_vs_config){
        .bands = 80,
        .features = 2048,
        .temporal_layers = 8,
        .temporal_channels = 512,
        .temporal_lstm = 256,
        .temporal_out = 8,
        .acoustic_layers = 5,
        .acoustic_channels = 512,
        .acoustic_lstm = 256,
        .background_lstm = 128,
        .background_out = 128,
        .decoder_up_channels = 1024,
        .decoder_channels = 512,
        .decoder_layers = 4,
        .decoder_heads = 2,
        .decoder_filter = 512,
    };
}

int s2vi_vs_config_check(const s2vi_vs_config *c, s2v_error *err)
{
    const int ret = s2vi_fields_check(&fields, c, err);
    if (ret < 0)
        return ret;
    if (c->acoustic_channels % S2VI_VS_GROUP)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_VS_NAME ": acoustic_channels is %d, expected a "
                                       "multiple of %d",
                          c->acoustic_channels, S2VI_VS_GROUP);
    if (c->decoder_channels % c->decoder_heads || c->decoder_channels % 2)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_VS_NAME ": decoder_channels is %d, expected an "
                                       "even multiple of %d heads",
                          c->decoder_channels, c->decoder_heads);
    return S2V_OK;
}

int s2vi_vs_config_parse(s2vi_vs_config *config, const char *json,
                         s2v_error *err)
{
    s2vi_vs_defaults(config);
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_vs_config_check(config, err);
}

char *s2vi_vs_config_text(const s2vi_vs_config *config)
{
    return s2vi_fields_text(&fields, config);
}
