/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talking heads that nobody trained, whose frames yet move with the sound. */
#include "tiny_man.h"

#include "base/error.h"
#include "models/man_predictor.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

tiny_man tiny_man_defaults(void)
{
    enum { CHANNELS = 8, LEVELS = 3 };
    tiny_man spec = {.seed = 1};
    s2vi_man_config *c = &spec.config;
    s2vi_man_defaults(c);
    c->size = 32;
    c->geometry_size = 16;
    for (int i = 0; i < S2VI_MAN_BLOCKS; i++)
        c->channels[i] = CHANNELS;
    c->channels[S2VI_MAN_BLOCKS - 1] = CHANNELS / 2;
    c->hidden = c->sound_hidden = c->predictor_lstm = CHANNELS;
    c->predictor_levels = LEVELS;
    for (int i = 0; i < LEVELS; i++)
        c->predictor_channels[i] = CHANNELS;
    c->z = 4;
    return spec;
}

/* Modulation begins near none: make it such as training might have left. */
static void tune(const s2vi_param *p, float *values)
{
    const int64_t n = s2vi_shape_count(&p->shape);
    const float factor = p->init == S2VI_INIT_XAVIER_SMALL ? 30.0f : 2.0f;
    for (int64_t i = 0; i < n; i++)
        values[i] *= factor;
}

static int add_params(s2vi_writer *w, const tiny_man *spec,
                      const s2vi_param_list *list, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < list->count && !ret; i++) {
        const s2vi_param *p = &list->param[i];
        const size_t n = (size_t)s2vi_shape_count(&p->shape);
        float *values = calloc(2 * n, sizeof(*values));
        if (!values)
            return s2vi_error_nomem(err, "a tensor");
        ret = s2vi_param_init(list, i, spec->seed, values, err);
        if (!spec->untrained)
            tune(p, values);
        s2vi_param_to_file(p, values, values + n);
        if (!ret && !(spec->missing && !strcmp(spec->missing, p->name)))
            ret =
                s2vi_writer_add(w, p->name, S2VI_STORED_F32, p->file_shape.rank,
                                p->file_shape.dim, values + n, err);
        free(values);
    }
    return ret;
}

static void describe(s2vi_writer *w, const tiny_man *spec, s2v_error *err)
{
    char *text = s2vi_man_config_text(&spec->config);
    const char *config = spec->config_text ? spec->config_text : text;
    s2vi_writer_set_metadata(w, "s2v.model", S2VI_MAN_NAME, err);
    if (config && *config)
        s2vi_writer_set_metadata(w, "s2v.config", config, err);
    if (spec->level)
        s2vi_writer_set_metadata(w, "s2v.level", spec->level, err);
    s2vi_writer_set_metadata(w, "s2v.version", s2v_version(), err);
    s2vi_writer_set_metadata(w, "s2v.license", "CC0-1.0", err);
    free(text);
}

int tiny_man_write(const char *path, const tiny_man *spec, s2v_error *err)
{
    s2vi_writer *w = NULL;
    s2vi_param_list list = {0};
    int ret = s2vi_man_generator_params(&spec->config, &list, err);
    if (!ret)
        ret = s2vi_man_predictor_params(&spec->config, &list, err);
    if (!ret)
        ret = s2vi_writer_create(&w, path, err);
    if (!ret) {
        describe(w, spec, err);
        ret = add_params(w, spec, &list, err);
        if (ret < 0)
            s2vi_writer_abort(&w);
    }
    s2vi_param_list_close(&list);
    return ret ? ret : s2vi_writer_commit(&w, err);
}
