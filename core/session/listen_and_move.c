/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family listen-and-move: sound in, frames of the clip it knows out. */
#include "models/listen_and_move.h"

#include "base/error.h"
#include "models/param_file.h"
#include "session/frame_stream.h"
#include "session/lms_extractor.h"

#include <math.h>
#include <stdlib.h>

typedef struct network {
    s2vi_lm_config config;
    s2vi_graph *graph;
    s2vi_lm_graph lm; /* one frame */
    s2vi_plan *plan;
    s2vi_trained_sound sound;
} network;

/* ------------------------------------------------------------- models -- */

static int read_config(network *n, const s2v_weights *w, s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *config = s2vi_weights_config(w, err);
    s2v_error why;
    if (!config)
        return S2V_ERR_MODEL;
    int ret = s2vi_lm_config_parse(&n->config, config, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : s2vi_trained_sound_read(&n->sound, w, err);
}

static int load_params(network *n, const s2v_weights *w,
                       const s2vi_open_params *params, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_lm_params(&n->config, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, w, NULL, err);
    if (!ret)
        ret = s2vi_param_list_load(&list, w, params->store, err);
    s2vi_param_list_close(&list);
    return ret;
}

static int plan_frame(network *n, s2vi_store *store, s2v_error *err)
{
    const s2vi_lm_options one_frame = {.frames = 1};
    n->graph = s2vi_graph_create();
    if (!n->graph)
        return s2vi_error_nomem(err, "a model's graph");
    int ret = s2vi_lm_build(n->graph, &n->config, &one_frame, &n->lm, err);
    if (ret < 0)
        return ret;
    const s2vi_plan_params params = {
        .outputs = &n->lm.video,
        .n_outputs = 1,
        .effects = n->lm.carry,
        .n_effects = n->lm.n_carry,
        .frozen = true,
    };
    return s2vi_plan_create(&n->plan, n->graph, store, &params, err);
}

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    network *n = *out = calloc(1, sizeof(*n));
    if (!n)
        return s2vi_error_nomem(err, "a model");
    int ret = read_config(n, w, err);
    if (!ret)
        ret = load_params(n, w, params, err);
    if (!ret)
        ret = s2vi_progress_report(params->progress, 0.2, err);
    if (!ret)
        ret = plan_frame(n, params->store, err);
    if (!ret && isnan(n->sound.level))
        s2vi_log(params->logger, S2V_LOG_INFO,
                 "%s: the file has no training loudness (s2v.level): the audio "
                 "is not normalised",
                 params->path);
    return ret;
}

static void close_network(void *opaque)
{
    network *n = opaque;
    if (!n)
        return;
    s2vi_plan_close(&n->plan);
    s2vi_graph_close(&n->graph);
    free(n);
}

static void get_info(const void *opaque, s2v_model_info *info)
{
    const network *n = opaque;
    info->sample_rate = S2VI_LMS_RATE;
    info->width = info->height = n->config.size;
    info->fps_num = S2VI_LMS_RATE / S2VI_LMS_STEP;
    info->fps_den = 1;
    info->latency_samples = S2VI_LMS_SPAN;
}

static s2vi_planned get_plan(const void *opaque, int index)
{
    const network *n = opaque;
    return index
               ? (s2vi_planned){0}
               : (s2vi_planned){n->plan, (double)S2VI_LMS_RATE / S2VI_LMS_STEP};
}

/* ------------------------------------------------------------ streams -- */

static int create(void **stream, const void *opaque, const s2vi_logger *logger,
                  s2v_error *err)
{
    const network *n = opaque;
    const s2vi_frame_network frame = {.plan = n->plan,
                                      .features = {n->lm.features},
                                      .n_features = 1,
                                      .video = n->lm.video,
                                      .extractor = &s2vi_lms_extractor,
                                      .trained = &n->sound,
                                      .level = n->sound.level};
    return s2vi_frame_stream_create(stream, &frame, logger, err);
}

static const s2vi_option options[] = {
    S2VI_FRAME_STREAM_SEED,
    S2VI_FRAME_STREAM_LEVEL,
    {{0}, NULL},
};

const s2vi_family s2vi_family_listen_and_move = {
    .name = S2VI_LM_NAME,
    .inputs = S2V_MEDIUM_AUDIO,
    .required = S2V_MEDIUM_AUDIO,
    .outputs = S2V_MEDIUM_VIDEO,
    .options = options,
    .open = open_network,
    .close = close_network,
    .info = get_info,
    .plan = get_plan,
    .create = create,
    .close_stream = s2vi_frame_stream_close,
    .send_audio = s2vi_frame_stream_send,
    .drain = s2vi_frame_stream_drain,
    .receive_video = s2vi_frame_stream_receive,
    .flush = s2vi_frame_stream_flush,
    .pass_state = s2vi_frame_stream_pass_state,
    .report = s2vi_frame_stream_report,
};
