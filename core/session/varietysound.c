/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The family varietysound: pictures and a reference in, their sound out. */
#include "audio/foley_mel.h"
#include "session/family.h"
#include "session/foley.h"

#include <limits.h>
#include <math.h>

/* ------------------------------------------------------------- models -- */

static int open_network(void **out, const s2v_weights *w,
                        const s2vi_open_params *params, s2v_error *err)
{
    s2vi_foley_model *model = NULL;
    const int ret = s2vi_foley_open(&model, w, params->store,
                                    params->latency_ms, params->progress, err);
    *out = model;
    return ret;
}

static void close_network(void *opaque)
{
    s2vi_foley_model *model = opaque;
    s2vi_foley_close(&model);
}

static void get_info(const void *opaque, s2v_model_info *info)
{
    const s2vi_foley_model *model = opaque;
    info->sample_rate = S2VI_FOLEY_RATE;
    info->width = info->height = model->config.sight.size;
    info->fps_num = S2VI_VISUAL_ENCODER_RATE_NUM;
    info->fps_den = S2VI_VISUAL_ENCODER_RATE_DEN;
    info->latency_samples = s2vi_foley_latency(&model->windows);
}

static s2vi_planned get_plan(const void *opaque, int index)
{
    const s2vi_foley_model *model = opaque;
    const s2vi_foley_windows *w = &model->windows;
    const double features = (double)S2VI_FOLEY_RATE / S2VI_VISUAL_ENCODER_HOP;
    switch (index) {
    case 0: return (s2vi_planned){model->visual_encoder.plan, features};
    case 1: return (s2vi_planned){model->mel.plan, features / w->hop};
    case 2:
        return (s2vi_planned){model->vocoder.plan,
                              features * S2VI_VS_RATIO / w->vocoder};
    case 3: return (s2vi_planned){model->timbre.plan, 0};
    default: return (s2vi_planned){0};
    }
}

/* ------------------------------------------------------------ streams -- */

static int create(void **out, const void *network, const s2vi_logger *logger,
                  s2v_error *err)
{
    s2vi_foley_stream *stream = NULL;
    (void)logger;
    const int ret = s2vi_foley_stream_create(&stream, network, err);
    *out = stream;
    return ret;
}

static void close_stream(void *opaque)
{
    s2vi_foley_stream *stream = opaque;
    s2vi_foley_stream_close(&stream);
}

static int set_reference(void *stream, const float *samples, size_t count,
                         s2v_error *err)
{
    return s2vi_foley_stream_set_reference(stream, samples, count, err);
}

static int send_video(void *stream, const s2v_picture *picture, s2v_error *err)
{
    return s2vi_foley_stream_send(stream, picture, err);
}

static int drain(void *stream, s2v_error *err)
{
    (void)err;
    s2vi_foley_stream_drain(stream);
    return S2V_OK;
}

static int receive_audio(void *stream, s2v_audio_frame *frame, s2v_error *err)
{
    return s2vi_foley_stream_receive(stream, frame, err);
}

static void flush(void *stream)
{
    s2vi_foley_stream_flush(stream);
}

static void pass_state(void *stream, s2vi_state *state)
{
    s2vi_foley_stream_pass_state(stream, state);
}

static void report(const void *stream, const s2vi_logger *logger)
{
    s2vi_foley_stream_report(stream, logger);
}

static int set_gain(void *stream, const s2vi_value *value, s2v_error *err)
{
    (void)err;
    s2vi_foley_stream_set_gain(stream, (float)pow(10.0, value->number / 20.0));
    return S2V_OK;
}

static int set_sensitivity(void *stream, const s2vi_value *value,
                           s2v_error *err)
{
    (void)err;
    s2vi_foley_stream_set_sensitivity(stream, (float)value->number);
    return S2V_OK;
}

static int set_regions(void *stream, const s2vi_value *value, s2v_error *err)
{
    return s2vi_foley_stream_set_regions(stream, value->text, err);
}

static int set_onsets(void *stream, const s2vi_value *value, s2v_error *err)
{
    return s2vi_foley_stream_set_onsets(stream, value->text, err);
}

static int set_synthesis(void *stream, const s2vi_value *value, s2v_error *err)
{
    return s2vi_foley_stream_set_synthesis(stream, value->text, err);
}

static const s2vi_option options[] = {
    {{.name = "latency",
      .kind = S2V_OPTION_INTEGER,
      .when = S2V_OPTION_OPEN,
      .maximum = INT_MAX,
      .default_value = "0",
      .unit = "ms",
      .help = "set the maximum latency, 0 for the best quality"},
     NULL},
    {{.name = "gain",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .minimum = -100,
      .maximum = 100,
      .default_value = "0",
      .unit = "dB",
      .help = "set the gain of the audio"},
     set_gain},
    {{.name = "sensitivity",
      .kind = S2V_OPTION_NUMBER,
      .when = S2V_OPTION_RUNNING,
      .minimum = 0,
      .maximum = 100,
      .default_value = "1",
      .help = "set a factor of the motion that is seen"},
     set_sensitivity},
    {{.name = "regions",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_RUNNING,
      .default_value = "all",
      .help = "set the regions of the picture that sound, x:y:width:height"},
     set_regions},
    {{.name = "onsets",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_START,
      .default_value = "none",
      .help = "set a file that onsets are written to, or read from where it "
              "has any"},
     set_onsets},
    {{.name = "synthesis",
      .kind = S2V_OPTION_TEXT,
      .when = S2V_OPTION_START,
      .default_value = "vocoder",
      .help = "set what makes the sound: vocoder, or strokes of the "
              "reference"},
     set_synthesis},
    {{0}, NULL},
};

const s2vi_family s2vi_family_varietysound = {
    .name = S2VI_FOLEY_NAME,
    .inputs = S2V_MEDIUM_VIDEO | S2V_MEDIUM_REFERENCE,
    .required = S2V_MEDIUM_VIDEO,
    .outputs = S2V_MEDIUM_AUDIO,
    .options = options,
    .open = open_network,
    .close = close_network,
    .info = get_info,
    .plan = get_plan,
    .create = create,
    .close_stream = close_stream,
    .send_video = send_video,
    .set_reference = set_reference,
    .drain = drain,
    .receive_audio = receive_audio,
    .flush = flush,
    .pass_state = pass_state,
    .report = report,
};
