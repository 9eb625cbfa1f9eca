/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MAN: its configuration, as JSON in a weight file, and its named sizes. */
#include "models/man.h"

#include "weights/fields.h"

#include <string.h>

enum { MAX_WIDTH = 1 << 12, ALL = (1 << S2VI_MAN_MODALITIES) - 1 };

static const char *const geometries[] = {"flow", "points", "contours",
                                         "flow+contours", NULL};
static const char *const flows[] = {"portrait", "previous", NULL};
static const char *const videos[] = {"conv", "eca", "partial", NULL};
static const char *const sounds[] = {"conv1d", "lstm", NULL};
static const char *const modalities[] = {"image", "geometry", "amf",
                                         "pitch", "energy",   NULL};
static const char *const predictors[] = {"unet", "hourglass", NULL};
static const char *const gans[] = {"hinge", "log", "lsgan", NULL};

#define INT(member, least, most) S2VI_INT(s2vi_man_config, member, least, most)
#define WORD(member, words)      S2VI_WORD(s2vi_man_config, member, words)

static const s2vi_field table[] = {
    INT(size, 16, 256),
    INT(geometry_size, 8, 256),
    WORD(geometry, geometries),
    WORD(flow, flows),
    S2VI_INTS(s2vi_man_config, "channels", channels, S2VI_MAN_BLOCKS,
              n_channels),
    INT(hidden, 1, MAX_WIDTH),
    INT(sound_hidden, 1, MAX_WIDTH),
    WORD(video, videos),
    WORD(sound, sounds),
    INT(share, 0, 1),
    S2VI_SET(s2vi_man_config, modalities, modalities),
    INT(warp, 0, 1),
    INT(blend, 0, 1),
    WORD(predictor, predictors),
    S2VI_INTS(s2vi_man_config, "predictor_channels", predictor_channels,
              S2VI_MAN_LEVELS_MAX, predictor_levels),
    INT(hourglass_width, 2, MAX_WIDTH),
    INT(hourglass_depth, 1, 6),
    INT(predictor_lstm, 1, MAX_WIDTH),
    INT(predictor_portrait, 0, 1),
    INT(controls, 0, 1),
    INT(z, 0, MAX_WIDTH),
    INT(critics, 1, 4),
    INT(critic_channels, 1, MAX_WIDTH),
    INT(critic_portrait, 0, 1),
    WORD(gan, gans),
};

static const s2vi_fields fields = {S2VI_MAN_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

/* ------------------------------------------------------------- presets -- */

typedef struct preset {
    const char *name;
    int size, channels[S2VI_MAN_BLOCKS], hidden;
    int predictor[5], critics, critic_channels;
} preset;

static const preset presets[] = {
    {"small",
     64,
     {128, 128, 128, 128, 128, 96, 64, 32},
     32,
     {16, 32, 48, 64, 96},
     2,
     32},
    {"medium",
     128,
     {160, 160, 160, 160, 128, 96, 64, 32},
     32,
     {24, 48, 64, 96, 128},
     2,
     32},
    {"large",
     256,
     {256, 256, 256, 192, 128, 96, 48, 24},
     24,
     {24, 48, 64, 96, 128},
     3,
     32},
    {"paper",
     256,
     {1024, 1024, 1024, 512, 256, 128, 64, 32},
     128,
     {24, 48, 64, 96, 128},
     3,
     64},
};

bool s2vi_man_set_preset(s2vi_man_config *c, const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(*presets); i++) {
        const preset *p = &presets[i];
        if (strcmp(p->name, name) != 0)
            continue;
        c->size = p->size;
        memcpy(c->channels, p->channels, sizeof(c->channels));
        memcpy(c->predictor_channels, p->predictor, sizeof(p->predictor));
        c->predictor_levels = 5;
        c->hidden = p->hidden;
        c->critics = p->critics;
        c->critic_channels = p->critic_channels;
        return true;
    }
    return false;
}

void s2vi_man_defaults(s2vi_man_config *config)
{
    *config = (s2vi_man_config){
        .geometry_size = 64,
        .geometry = S2VI_MAN_FLOW_CONTOURS,
        .n_channels = S2VI_MAN_BLOCKS,
        .sound_hidden = 128,
        .video = S2VI_MAN_VIDEO_ECA,
        .sound = S2VI_MAN_SOUND_LSTM,
        .share = 1,
        .modalities = ALL,
        .warp = 1,
        .hourglass_width = 64,
        .hourglass_depth = 4,
        .predictor_lstm = 256,
        .predictor_portrait = 1,
        .controls = 1,
        .z = 16,
        .critic_portrait = 1,
    };
    s2vi_man_set_preset(config, "medium");
}

/* ------------------------------------------------------------ questions -- */

bool s2vi_man_has_flow(const s2vi_man_config *c)
{
    return c->geometry == S2VI_MAN_FLOW ||
           c->geometry == S2VI_MAN_FLOW_CONTOURS;
}

int s2vi_man_geometry_channels(const s2vi_man_config *c)
{
    return (s2vi_man_has_flow(c) ? 2 : 0) +
           (c->geometry == S2VI_MAN_FLOW ? 0 : S2VI_MAN_POINTS);
}

bool s2vi_man_has_modality(const s2vi_man_config *c, s2vi_man_modality modality)
{
    return c->modalities & 1 << modality;
}

/* ------------------------------------------------------------- checking -- */

static int refuse(s2v_error *err, const char *what)
{
    return s2vi_error(err, S2V_ERR_MODEL, S2VI_MAN_NAME ": %s", what);
}

static bool is_power_of_2(int n)
{
    return (n & (n - 1)) == 0;
}

static bool all_in_range(const int *channels, int n)
{
    for (int i = 0; i < n; i++)
        if (channels[i] < 1 || channels[i] > MAX_WIDTH)
            return false;
    return true;
}

/* What the parts ask of one another. */
static int check_parts(const s2vi_man_config *c, s2v_error *err)
{
    const int least = c->predictor == S2VI_MAN_UNET ? c->predictor_levels - 1
                                                    : c->hourglass_depth;
    const bool image = s2vi_man_has_modality(c, S2VI_MAN_IMAGE);
    if (c->warp && image &&
        (!s2vi_man_has_flow(c) || c->flow != S2VI_MAN_FLOW_PORTRAIT))
        return refuse(err, "warp needs a flow from the portrait");
    if (c->blend && !(c->warp && image))
        return refuse(err, "blend needs warp, and the image modality");
    if (c->predictor == S2VI_MAN_HOURGLASS && s2vi_man_has_flow(c))
        return refuse(err, "an hourglass predicts maps alone, not flow");
    if (c->predictor == S2VI_MAN_HOURGLASS && c->hourglass_width % 2)
        return refuse(err, "hourglass_width is odd, expected an even number");
    if (c->geometry_size >> least < 2 || c->geometry_size % (1 << least))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_MAN_NAME ": geometry_size is %d, which cannot "
                                        "be halved %d times: expected a "
                                        "multiple of %d from %d on, or fewer "
                                        "levels",
                          c->geometry_size, least, 1 << least, 2 << least);
    return S2V_OK;
}

int s2vi_man_config_check(const s2vi_man_config *c, s2v_error *err)
{
    const int ret = s2vi_fields_check(&fields, c, err);
    if (ret < 0)
        return ret;
    if (!is_power_of_2(c->size) || c->geometry_size > c->size)
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_MAN_NAME ": size is %d and geometry_size %d, "
                                        "expected a power of 2, and at most "
                                        "the first",
                          c->size, c->geometry_size);
    if (c->n_channels != S2VI_MAN_BLOCKS ||
        !all_in_range(c->channels, c->n_channels))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_MAN_NAME ": channels are not %d numbers from 1 "
                                        "to %d",
                          S2VI_MAN_BLOCKS, MAX_WIDTH);
    if (c->predictor_levels < 2 ||
        !all_in_range(c->predictor_channels, c->predictor_levels))
        return s2vi_error(err, S2V_ERR_MODEL,
                          S2VI_MAN_NAME ": predictor_channels are not 2 to %d "
                                        "numbers from 1 to %d",
                          S2VI_MAN_LEVELS_MAX, MAX_WIDTH);
    if (!(c->modalities & ALL))
        return refuse(err, "modalities is an empty list, expected at least "
                           "one");
    return check_parts(c, err);
}

int s2vi_man_config_parse(s2vi_man_config *config, const char *json,
                          s2v_error *err)
{
    s2vi_man_defaults(config);
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_man_config_check(config, err);
}

char *s2vi_man_config_text(const s2vi_man_config *config)
{
    return s2vi_fields_text(&fields, config);
}
