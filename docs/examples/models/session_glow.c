/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The family glow: audio in, frames of one colour out; an example.
 *
 * To use it: as core/session/glow.c, and its name, glow, in the list `families`
 * of core/meson.build.
 */
#include "models/glow.h"

#include "base/error.h"
#include "models/param_file.h"
#include "session/frame_stream.h"
#include "session/lms_extractor.h"

#include <math.h>
#include <stdlib.h>

enum { RATE = S2VI_LMS_RATE / S2VI_LMS_STEP }; /* frames a second */

typedef struct network {
    s2vi_glow_config config;
    s2vi_graph *graph;
    s2vi_glow_graph glow; /* one frame */
    s2vi_plan *plan;
    s2vi_trained_sound sound; /* nothing is known of it */
} network;

/* -------------------------------------------------------------- models -- */

static int load_params(network *n, const s2v_weights *w,
                       const s2vi_open_params *params, s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret = s2vi_glow_params(&n->config, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, w, NULL, err);
    if (!ret)
        ret = s2vi_param_list_load(&list, w, params->store, err);
    s2vi_param_list_close(&list);
    return ret;
}

static int plan_frame(network *n, s2vi_store *store, s2v_error *err)
{
    n->graph = s2vi_graph_create();
    if (!n->graph)
        return s2vi_error_nomem(err, "a model's graph");
    const int ret = s2vi_glow_build(n->graph, &n->config, 1, &n->glow, err);
    const s2vi_plan_params params = {
        .outputs = &n->glow.video, .n_outputs = 1, .frozen = true};
    return ret < 0 ? ret
                   : s2vi_plan_create(&n->plan, n->graph, store, &params, err);
}

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    const char *config = s2v_weights_get_metadata(w, "s2v.config");
    network *n = *out = calloc(1, sizeof(*n));
    if (!n)
        return s2vi_error_nomem(err, "a model");
    n->sound.level = NAN;
    int ret = s2vi_glow_config_parse(&n->config, config ? config : "", err);
    if (!ret)
        ret = load_params(n, w, params, err);
    return ret < 0 ? ret : plan_frame(n, params->store, err);
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
    info->fps_num = RATE;
    info->fps_den = 1;
    info->latency_samples = S2VI_LMS_SPAN;
}

static s2vi_planned get_plan(const void *opaque, int index)
{
    const network *n = opaque;
    return index ? (s2vi_planned){0} : (s2vi_planned){n->plan, RATE};
}

/* ------------------------------------------------------------- streams -- */

static int create(void **stream, const void *opaque, const s2vi_logger *logger,
                  s2v_error *err)
{
    const network *n = opaque;
    const s2vi_frame_network frame = {.plan = n->plan,
                                      .features = {n->glow.features},
                                      .n_features = 1,
                                      .video = n->glow.video,
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

const s2vi_family s2vi_family_glow = {
    .name = S2VI_GLOW_NAME,
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
