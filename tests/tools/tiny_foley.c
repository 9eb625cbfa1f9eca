/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights that nobody trained, yet whose sound follows pictures and timbre: a
 * fresh model's last layers are too quiet.
 */
#include "tiny_foley.h"

#include "base/philox.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

#define TUNE_STREAM 0x21000u

tiny_foley tiny_foley_defaults(void)
{
    tiny_foley spec = {.seed = 1, .window = "32"};
    spec.config.generator = (s2vi_vs_config){
        .bands = 80,
        .features = 12,
        .temporal_layers = 2,
        .temporal_channels = 16,
        .temporal_lstm = 8,
        .temporal_out = 8,
        .acoustic_layers = 2,
        .acoustic_channels = 16,
        .acoustic_lstm = 8,
        .background_lstm = 4,
        .background_out = 4,
        .decoder_up_channels = 16,
        .decoder_channels = 16,
        .decoder_layers = 2,
        .decoder_heads = 2,
        .decoder_filter = 16,
    };
    spec.config.has_sight = spec.config.has_vocoder = true;
    spec.config.sight =
        (s2vi_visual_encoder_config){.size = 16, .channels = 4, .features = 12};
    spec.config.vocoder = (s2vi_hifigan_config){
        .bands = 80,
        .channels = 16,
        .n_ups = 3,
        .rate = {8, 8, 4},
        .up_kernel = {16, 16, 8},
        .resblock = 2,
        .n_kernels = 2,
        .kernel = {3, 7},
        .n_dilations = 2,
        .dilation = {{1, 2}, {3, 5}},
    };
    return spec;
}

static float gain(const char *name)
{
    static const struct {
        const char *part;
        float gain;
    } gains[] = {
        {"sight.", 3.0f},        {"temporal.", 5.0f},
        {"acoustic.", 2.0f},     {"decoder.linear", 3.0f},
        {"decoder.input", 6.0f}, {"decoder.ups", 4.0f},
        {"conv_pre", 3.0f},      {"ups.", 2.0f},
        {"conv_post", 1.5f},
    };
    for (size_t i = 0; i < sizeof(gains) / sizeof(*gains); i++)
        if (!strncmp(name, gains[i].part, strlen(gains[i].part)))
            return gains[i].gain;
    return 1.0f;
}

/* Change initial values to such as training might have left. */
static void tune(const s2vi_param *p, int index, uint64_t seed, float *values)
{
    const size_t n = (size_t)s2vi_shape_count(&p->shape);
    const s2vi_philox key = {.seed = seed,
                             .stream = TUNE_STREAM + (uint32_t)index};
    if (p->init == S2VI_INIT_ONE)
        return;
    if (p->init == S2VI_INIT_ZERO && p->buffer && strstr(p->name, ".running_"))
        return;
    if (p->init == S2VI_INIT_ZERO) {
        const float scale = p->buffer ? 0.5f : 0.1f;
        s2vi_philox_normal(&key, 0, n, values);
        for (size_t i = 0; i < n; i++)
            values[i] *= scale;
        return;
    }
    /* Of numbers of one size, whatever they start from: rounding, too, grows
     * from layer to layer. */
    const float he = p->init == S2VI_INIT_HE      ? 0.41f
                     : p->init == S2VI_INIT_HE_UP ? 0.29f
                                                  : 1.0f;
    for (size_t i = 0; i < n; i++)
        values[i] *= gain(p->name) * he;
}

/* Grey is 0.4 of the way up: mels are not clipped. */
static void lift(const s2vi_param *p, float *values)
{
    if (!strcmp(p->name, "decoder.linear.bias"))
        for (int64_t i = 0; i < s2vi_shape_count(&p->shape); i++)
            values[i] += 0.5f;
}

static int add_param(s2vi_writer *w, const s2vi_param_list *list, int index,
                     uint64_t seed, s2v_error *err)
{
    const s2vi_param *p = &list->param[index];
    const size_t n = (size_t)s2vi_shape_count(&p->shape);
    float *values = calloc(2 * n, sizeof(*values));
    if (!values)
        return S2V_ERR_NOMEM;
    int ret = s2vi_param_init(list, index, seed, values, err);
    if (!ret) {
        tune(p, index, seed, values);
        lift(p, values);
        s2vi_param_to_file(p, values, values + n);
        ret = s2vi_writer_add(w, p->name, S2VI_STORED_F32, p->file_shape.rank,
                              p->file_shape.dim, values + n, err);
    }
    free(values);
    return ret;
}

static int add_params(s2vi_writer *w, const tiny_foley *spec, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_foley_params(&spec->config, &list, err);
    for (int i = 0; i < list.count && !ret; i++)
        if (!spec->missing || strcmp(spec->missing, list.param[i].name))
            ret = add_param(w, &list, i, spec->seed, err);
    s2vi_param_list_close(&list);
    return ret;
}

static void describe(s2vi_writer *w, const tiny_foley *spec, s2v_error *err)
{
    char *text = s2vi_foley_config_text(&spec->config);
    const char *config = spec->config_text ? spec->config_text : text;
    s2vi_writer_set_metadata(w, "s2v.model", S2VI_FOLEY_NAME, err);
    if (config)
        s2vi_writer_set_metadata(w, "s2v.config", config, err);
    if (spec->window)
        s2vi_writer_set_metadata(w, "s2v.window", spec->window, err);
    s2vi_writer_set_metadata(w, "s2v.version", s2v_version(), err);
    s2vi_writer_set_metadata(w, "s2v.training",
                             "not trained: made-up weights, for tests", err);
    s2vi_writer_set_metadata(w, "s2v.license", "CC0-1.0", err);
    free(text);
}

int tiny_foley_write(const char *path, const tiny_foley *spec, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = s2vi_foley_config_check(&spec->config, err);
    if (!ret)
        ret = s2vi_writer_create(&w, path, err);
    if (ret < 0)
        return ret;
    describe(w, spec, err);
    ret = add_params(w, spec, err);
    if (ret < 0) {
        s2vi_writer_abort(&w);
        return ret;
    }
    return s2vi_writer_commit(&w, err);
}
