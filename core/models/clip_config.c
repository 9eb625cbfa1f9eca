/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP: its configuration, as JSON in a weight file. */
#include "models/clip.h"

#include "models/clip_file.h"
#include "weights/fields.h"

enum { MAX_WIDTH = 1 << 13, MAX_VOCABULARY = 1 << 20 };

#define INT(key, member, least, most)                                          \
    {                                                                          \
        .name = (key), .offset = offsetof(s2vi_clip_config, member),           \
        .min = (least), .max = (most)                                          \
    }

static const s2vi_field table[] = {
    INT("size", size, 1, 4096),
    INT("patch", patch, 1, 4096),
    INT("picture_width", picture.width, 1, MAX_WIDTH),
    INT("picture_layers", picture.layers, 1, S2VI_CLIP_LAYERS),
    INT("picture_heads", picture.heads, 1, MAX_WIDTH),
    INT("picture_mlp", picture.mlp, 1, 1 << 16),
    INT("text_width", text.width, 1, MAX_WIDTH),
    INT("text_layers", text.layers, 1, S2VI_CLIP_LAYERS),
    INT("text_heads", text.heads, 1, MAX_WIDTH),
    INT("text_mlp", text.mlp, 1, 1 << 16),
    INT("vocabulary", vocabulary, 1, MAX_VOCABULARY),
    INT("context", context, 2, 1 << 12),
    INT("embedding", embedding, 1, MAX_WIDTH),
    S2VI_BOOL(s2vi_clip_config, exact_gelu),
};

static const s2vi_fields fields = {S2VI_CLIP_NAME, table,
                                   sizeof(table) / sizeof(*table), false};

void s2vi_clip_defaults(s2vi_clip_config *c)
{
    *c = (s2vi_clip_config){
        .picture = {.width = 768, .layers = 12, .heads = 12, .mlp = 3072},
        .text = {.width = 512, .layers = 12, .heads = 8, .mlp = 2048},
        .size = 224,
        .patch = 32,
        .vocabulary = 49408,
        .context = 77,
        .embedding = 512,
    };
}

static int check_tower(const s2vi_clip_tower *t, const char *what,
                       s2v_error *err)
{
    if (t->width % t->heads == 0)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL,
                      S2VI_CLIP_NAME ": %s_width is %d, expected a multiple of "
                                     "its %d heads",
                      what, t->width, t->heads);
}

int s2vi_clip_config_check(const s2vi_clip_config *c, s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, c, err);
    if (ret >= 0 && c->size % c->patch)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         S2VI_CLIP_NAME ": size is %d, expected a multiple of "
                                        "the patch's %d",
                         c->size, c->patch);
    if (ret >= 0)
        ret = check_tower(&c->picture, "picture", err);
    return ret < 0 ? ret : check_tower(&c->text, "text", err);
}

int s2vi_clip_config_read(s2vi_clip_config *config, s2vi_clip_part part,
                          const s2v_weights *weights, s2v_error *err)
{
    s2vi_clip_defaults(config);
    int ret = s2vi_clip_file_sizes(config, part, weights, err);
    const char *json = s2vi_weights_config(weights, NULL);
    if (ret >= 0 && json)
        ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_clip_config_check(config, err);
}

char *s2vi_clip_config_text(const s2vi_clip_config *config)
{
    return s2vi_fields_text(&fields, config);
}
