/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models: a weight file checked, loaded and planned. */
#include "session/session.h"

#include "audio/foley_mel.h"
#include "models/param_file.h"
#include "weights/weights.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ loading -- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* Whether the file is of a kind that there is, and which. */
static int read_kind(const s2v_weights *w, bool *is_foley, s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    if (!kind)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: no s2v model (its metadata "
                          "has no 's2v.model')",
                          path);
    if (ends_with(kind, " checkpoint"))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: a training's checkpoint, expected a weight "
                          "file: s2v-train writes it beside, without .ckpt",
                          path);
    *is_foley = !strcmp(kind, S2VI_FOLEY_NAME);
    if (*is_foley || !strcmp(kind, S2VI_LM_NAME))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: a '%.60s' model, expected '%s' or '%s'", path, kind,
                      S2VI_LM_NAME, S2VI_FOLEY_NAME);
}

/* What the file says of the sound that the model was trained on; older ones say
 * nothing. */
static int read_hearing(s2v_model *model, const s2v_weights *w, s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *level = s2v_weights_get_metadata(w, "s2v.level");
    const char *spectrum = s2v_weights_get_metadata(w, "s2v.spectrum");
    const char *range = s2v_weights_get_metadata(w, "s2v.features");
    s2v_error why;
    model->level = NAN;
    if (level) {
        char *end;
        model->level = g_ascii_strtod(level, &end);
        if (end == level || *end ||
            !(model->level >= -70 && model->level <= 10))
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: 's2v.level' is '%.40s', expected LUFS from "
                              "-70 to 10",
                              path, level);
    }
    model->has_spectrum = spectrum != NULL;
    model->has_range = range != NULL;
    int ret = spectrum ? s2vi_spectrum_parse(&model->spectrum, spectrum, &why)
                       : S2V_OK;
    if (!ret && range)
        ret = s2vi_feature_range_parse(&model->range, range, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : S2V_OK;
}

static int read_config(s2v_model *model, const s2v_weights *w, s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *config = s2v_weights_get_metadata(w, "s2v.config");
    s2v_error why;
    if (!config)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: its metadata has no "
                          "'s2v.config'",
                          path);
    int ret = s2vi_lm_config_parse(&model->config, config, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : read_hearing(model, w, err);
}

static int load_params(s2v_model *model, const s2v_weights *w, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_lm_params(&model->config, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, w, NULL, err);
    for (int i = 0; i < list.count && !ret; i++)
        ret = s2vi_param_load(&list.param[i], w, list.param[i].name,
                              model->store, err);
    s2vi_param_list_close(&list);
    return ret;
}

/* ----------------------------------------------------------- planning -- */

static int plan(s2v_model *model, s2v_error *err)
{
    const s2vi_lm_options one_frame = {.frames = 1};
    model->graph = s2vi_graph_create();
    if (!model->graph)
        return s2vi_error_nomem(err, "a model's graph");
    int ret = s2vi_lm_build(model->graph, &model->config, &one_frame,
                            &model->lm, err);
    if (ret < 0)
        return ret;
    const s2vi_plan_params params = {
        .outputs = &model->lm.video,
        .n_outputs = 1,
        .effects = model->lm.carry,
        .n_effects = model->lm.n_carry,
        .frozen = true,
    };
    return s2vi_plan_create(&model->plan, model->graph, model->store, &params,
                            err);
}

static void announce(const s2v_model *model, const char *path)
{
    size_t exec, constants;
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    if (model->foley)
        s2vi_foley_memory(model->foley, &exec, &constants);
    else
        s2vi_plan_memory(model->plan, &exec, &constants);
    if (*model->backend->choice)
        s2vi_log(&model->logger, S2V_LOG_INFO, "%s", model->backend->choice);
    if (*model->backend->remark)
        s2vi_log(&model->logger, S2V_LOG_WARNING, "%s: %s", path,
                 model->backend->remark);
    s2vi_log(&model->logger, S2V_LOG_INFO,
             "%s: %s, %dx%d at %.4g frames/s, on %s in %s with %d thread%s; "
             "%.1f MB of weights, %.1f MB a stream",
             path, info.name, info.width, info.height,
             (double)info.fps_num / info.fps_den, info.device, info.dtype,
             model->backend->threads, model->backend->threads > 1 ? "s" : "",
             (double)constants / 1e6, (double)exec / 1e6);
    if (!model->foley && isnan(model->level))
        s2vi_log(&model->logger, S2V_LOG_INFO,
                 "%s: the file does not say how loud its training was: sound "
                 "is taken as it is",
                 path);
}

static int load_lm(s2v_model *model, const s2v_weights *w, s2v_error *err)
{
    int ret = load_params(model, w, err);
    return ret < 0 ? ret : plan(model, err);
}

static int read_dtype(const char *name, s2vi_dtype *dtype, s2v_error *err)
{
    *dtype = name && !strcmp(name, "bf16") ? S2VI_BF16 : S2VI_F32;
    return !name || !strcmp(name, "f32") || *dtype == S2VI_BF16
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "dtype \"%.40s\", expected \"f32\" or \"bf16\"",
                            name);
}

static int load(s2v_model *model, const s2v_weights *w,
                const s2v_model_params *params, s2v_error *err)
{
    bool is_foley;
    int ret = s2v_weights_verify(w, err);
    if (!ret)
        ret = read_kind(w, &is_foley, err);
    if (!ret && !is_foley)
        ret = read_config(model, w, err);
    if (!ret)
        ret = s2vi_backend_open(&model->backend,
                                params->device ? params->device : "auto",
                                model->dtype, params->threads, err);
    if (!ret)
        ret = s2vi_store_create(&model->store, model->backend, err);
    if (!ret)
        ret = is_foley ? s2vi_foley_open(&model->foley, w, model->store,
                                         params->latency_ms, err)
                       : load_lm(model, w, err);
    if (!ret)
        announce(model, s2v_weights_get_path(w, NULL));
    return ret;
}

/* ------------------------------------------------------------- public -- */

/* The caller may have been built with an older or a newer header. */
static int read_params(s2v_model_params *params, const s2v_model_params *given,
                       s2v_error *err)
{
    *params = (s2v_model_params){.size = sizeof(*params)};
    if (given && given->size < sizeof(given->size))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "s2v_model_params.size is not set");
    if (given)
        memcpy(params, given,
               given->size < sizeof(*params) ? given->size : sizeof(*params));
    if (params->threads < 0 || params->threads > 1024)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "threads is %d, expected 0 (all) to 1024",
                          params->threads);
    if (params->latency_ms < 0)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "latency_ms is %d, expected 0 (the best sound) or "
                          "more",
                          params->latency_ms);
    return S2V_OK;
}

int s2v_model_open(s2v_model **out, const char *path,
                   const s2v_model_params *given, s2v_error *err)
{
    s2v_model_params params;
    s2v_weights *w = NULL;
    *out = NULL;
    int ret = read_params(&params, given, err);
    if (ret < 0)
        return ret;
    if (!path || !*path)
        return s2vi_error(err, S2V_ERR_INVALID, "no model file is named");
    s2v_model *model = *out = calloc(1, sizeof(*model));
    if (!model)
        return s2vi_error_nomem(err, "a model");
    atomic_init(&model->holders, 1);
    model->logger = (s2vi_logger){params.log, params.log_opaque};
    ret = read_dtype(params.dtype, &model->dtype, err);
    if (!ret)
        ret = s2v_weights_open(&w, path, err);
    if (!ret)
        ret = load(model, w, &params, err);
    s2v_weights_close(&w);
    s2vi_backend_rest(model->backend);
    if (ret < 0)
        s2v_model_close(out);
    return ret;
}

static s2v_model_info lm_info(const s2v_model *model)
{
    return (s2v_model_info){
        .name = S2VI_LM_NAME,
        .sample_rate = S2VI_LMS_RATE,
        .width = model->config.size,
        .height = model->config.size,
        .fps_num = S2VI_LMS_RATE / S2VI_LMS_STEP,
        .fps_den = 1,
        .latency_samples = S2VI_LMS_SPAN,
        .input = S2V_MEDIUM_AUDIO,
        .output = S2V_MEDIUM_VIDEO,
    };
}

static s2v_model_info foley_info(const s2vi_foley_model *foley)
{
    return (s2v_model_info){
        .name = S2VI_FOLEY_NAME,
        .sample_rate = S2VI_FOLEY_RATE,
        .width = foley->config.sight.size,
        .height = foley->config.sight.size,
        .fps_num = S2VI_SIGHT_RATE_NUM,
        .fps_den = S2VI_SIGHT_RATE_DEN,
        .latency_samples = s2vi_foley_latency(&foley->windows),
        .input = S2V_MEDIUM_VIDEO,
        .output = S2V_MEDIUM_AUDIO,
    };
}

void s2v_model_get_info(const s2v_model *model, s2v_model_info *info)
{
    s2v_model_info all =
        model->foley ? foley_info(model->foley) : lm_info(model);
    all.size = info->size;
    all.device = model->backend->table->name;
    all.dtype = model->dtype == S2VI_BF16 ? "bf16" : "f32";
    size_t known = info->size < sizeof(all) ? info->size : sizeof(all);
    memset(info, 0, info->size);
    memcpy(info, &all, known);
}

void s2vi_model_hold(s2v_model *model)
{
    atomic_fetch_add(&model->holders, 1);
}

void s2v_model_close(s2v_model **out)
{
    s2v_model *model = out ? *out : NULL;
    if (!model)
        return;
    *out = NULL;
    if (atomic_fetch_sub(&model->holders, 1) > 1)
        return;
    s2vi_foley_close(&model->foley);
    s2vi_plan_close(&model->plan);
    s2vi_graph_close(&model->graph);
    s2vi_store_close(&model->store);
    s2vi_backend_close(&model->backend);
    free(model);
}
