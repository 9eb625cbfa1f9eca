/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights that nobody trained, yet whose frames move visibly with the sound:
 * a fresh model's first convolutions are too small, and its noise is off.
 */
#include "tiny_model.h"

#include "audio/equaliser.h"
#include "audio/feature_range.h"
#include "base/philox.h"
#include "weights/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside the streams that models and their initial values use. */
#define TUNE_STREAM 0x20000u
#define BIAS        0.1f
#define NOISE       0.05f /* of a normalised value */
#define RGB_GAIN    0.7f

tiny_model tiny_model_defaults(void)
{
    tiny_model spec = {.seed = 1};
    s2vi_lm_defaults(&spec.config);
    spec.config.size = 64;
    spec.config.channels_min = 4;
    spec.config.channels_max = 16;
    return spec;
}

const char *tiny_model_features(float low, float high)
{
    static char *text;
    s2vi_feature_range range = {.low = {0}};
    for (int b = 0; b < S2VI_LMS_BANDS; b++) {
        range.low[b] = low;
        range.high[b] = high;
    }
    free(text);
    text = s2vi_feature_range_text(&range);
    if (!text)
        abort();
    return text;
}

const char *tiny_model_spectrum(float fall)
{
    static char *text;
    s2vi_spectrum spectrum;
    for (int b = 0; b < S2VI_LMS_BANDS; b++)
        spectrum.db[b] = -fall * (float)b / (S2VI_LMS_BANDS - 1);
    free(text);
    text = s2vi_spectrum_text(&spectrum);
    if (!text)
        abort();
    return text;
}

/* Change initial values to such as training might have left. */
static void tune(const s2vi_param *p, int index, uint64_t seed, float *values)
{
    int64_t n = s2vi_shape_count(&p->shape);
    const s2vi_philox key = {.seed = seed,
                             .stream = TUNE_STREAM + (uint32_t)index};
    if (p->init == S2VI_INIT_NORMAL) {
        float inputs = (float)n / (float)p->shape.dim[0];
        float gain = strstr(p->name, "rgb") ? RGB_GAIN : 1.0f;
        for (int64_t i = 0; i < n; i++)
            values[i] *= 50.0f * gain / sqrtf(inputs);
    } else if (p->init == S2VI_INIT_ZERO) {
        float scale = strstr(p->name, "noise") ? NOISE : BIAS;
        s2vi_philox_normal(&key, 0, (size_t)n, values);
        for (int64_t i = 0; i < n; i++)
            values[i] *= scale;
    }
}

static bool is(const char *wanted, const char *name)
{
    return wanted && !strcmp(wanted, name);
}

/* `values` and `file` hold the parameter's count of numbers each. */
static int add_param(s2vi_writer *w, const tiny_model *spec,
                     const s2vi_param_list *list, int index, float *values,
                     float *file, s2v_error *err)
{
    const s2vi_param *p = &list->param[index];
    s2vi_shape shape = p->file_shape;
    int ret = s2vi_param_init(list, index, spec->seed, values, err);
    if (ret < 0)
        return ret;
    tune(p, index, spec->seed, values);
    s2vi_param_to_file(p, values, file);
    if (is(spec->flat, p->name))
        shape = (s2vi_shape){.rank = 1, .dim = {s2vi_shape_count(&p->shape)}};
    if (!is(spec->nan, p->name))
        return s2vi_writer_add(w, p->name, S2VI_STORED_F32, shape.rank,
                               shape.dim, file, err);
    /* The writer refuses such a number: it shall not know that it is one. */
    file[0] = NAN;
    return s2vi_writer_add_raw(w, p->name, S2VI_STORED_U32, shape.rank,
                               shape.dim, file, err);
}

/* In the header, call the only tensor of type U32 an F32. */
static int rename_type(const char *path, s2v_error *err)
{
    static const char from[] = "\"U32\"", to[] = "\"F32\"";
    char text[sizeof(from) - 1];
    const size_t n = sizeof(text);
    FILE *f = fopen(path, "r+b");
    bool found = false;
    for (long at = 8; f && !found; at++) {
        if (fseek(f, at, SEEK_SET) || fread(text, 1, n, f) != n)
            break;
        found = !memcmp(text, from, n) && !fseek(f, at, SEEK_SET) &&
                fwrite(to, 1, n, f) == n;
    }
    bool closed = f && !fclose(f);
    return found && closed
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_IO, "%s: cannot put NaN in", path);
}

static int add_params(s2vi_writer *w, const tiny_model *spec, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_lm_params(&spec->config, &list, err);
    for (int i = 0; i < list.count && !ret; i++) {
        size_t n = (size_t)s2vi_shape_count(&list.param[i].shape);
        float *values = calloc(2 * n, sizeof(*values));
        if (!values)
            ret = S2V_ERR_NOMEM;
        else if (!is(spec->missing, list.param[i].name))
            ret = add_param(w, spec, &list, i, values, values + n, err);
        free(values);
    }
    s2vi_param_list_close(&list);
    return ret;
}

static void describe(s2vi_writer *w, const tiny_model *spec, s2v_error *err)
{
    const char *kind = spec->kind ? spec->kind : S2VI_LM_NAME;
    char *text = s2vi_lm_config_text(&spec->config);
    const char *config = spec->config_text ? spec->config_text : text;
    if (*kind)
        s2vi_writer_set_metadata(w, "s2v.model", kind, err);
    if (config && *config)
        s2vi_writer_set_metadata(w, "s2v.config", config, err);
    if (spec->level)
        s2vi_writer_set_metadata(w, "s2v.level", spec->level, err);
    if (spec->spectrum)
        s2vi_writer_set_metadata(w, "s2v.spectrum", spec->spectrum, err);
    if (spec->features)
        s2vi_writer_set_metadata(w, "s2v.features", spec->features, err);
    s2vi_writer_set_metadata(w, "s2v.version", s2v_version(), err);
    s2vi_writer_set_metadata(w, "s2v.training",
                             "not trained: made-up weights, for tests", err);
    s2vi_writer_set_metadata(w, "s2v.license", "CC0-1.0", err);
    free(text);
}

int tiny_model_write(const char *path, const tiny_model *spec, s2v_error *err)
{
    static const int64_t three = 3;
    static const float zeros[3];
    s2vi_writer *w = NULL;
    int ret = s2vi_lm_config_check(&spec->config, err);
    if (!ret)
        ret = s2vi_writer_create(&w, path, err);
    if (ret < 0)
        return ret;
    describe(w, spec, err);
    ret = add_params(w, spec, err);
    if (!ret && spec->extra)
        ret = s2vi_writer_add(w, spec->extra, S2VI_STORED_F32, 1, &three, zeros,
                              err);
    if (ret < 0) {
        s2vi_writer_abort(&w);
        return ret;
    }
    ret = s2vi_writer_commit(&w, err);
    return ret || !spec->nan ? ret : rename_type(path, err);
}
