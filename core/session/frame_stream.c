/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of sound to frames. */
#include "session/frame_stream.h"

#include "base/error.h"
#include "run/profile.h"
#include "video/pixel.h"

#include <stdlib.h>

typedef struct frame_stream {
    s2vi_frame_network network;
    s2vi_front_end front;
    s2vi_exec *exec;
    s2vi_profile *profile; /* NULL: not wanted */
    uint64_t seed;
    int64_t pts;     /* of the next frame */
    uint8_t *rgb;    /* height x width x 3: the frame given out */
    float *video;    /* as many numbers: a copy, where the device's are not the
                        host's; else NULL */
    float *features; /* of the frame that is made */
} frame_stream;

static size_t height(const frame_stream *s)
{
    return (size_t)s->network.video->shape.dim[1];
}

static size_t width(const frame_stream *s)
{
    return (size_t)s->network.video->shape.dim[2];
}

/* Numbers of a frame. */
static size_t numbers(const frame_stream *s)
{
    return height(s) * width(s) * 3;
}

/* ----------------------------------------------------------- lifetime -- */

int s2vi_frame_stream_create(void **out, const s2vi_frame_network *network,
                             const s2vi_logger *logger, s2v_error *err)
{
    frame_stream *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a stream");
    s->network = *network;
    s->rgb = malloc(numbers(s));
    s->features =
        malloc((size_t)network->extractor->count * sizeof(*s->features));
    if (!s->rgb || !s->features)
        return s2vi_error_nomem(err, "a frame");
    int ret =
        s2vi_front_end_create(&s->front, network->extractor, network->trained,
                              network->level, logger, err);
    if (!ret)
        ret = s2vi_exec_create(&s->exec, network->plan, err);
    if (!ret && (network->grade || !s2vi_exec_view(s->exec, network->video))) {
        s->video = malloc(numbers(s) * sizeof(*s->video));
        if (!s->video)
            return s2vi_error_nomem(err, "a frame");
    }
    if (!ret && getenv("S2V_PROFILE"))
        ret = s2vi_profile_create(&s->profile, s->exec, err);
    return ret;
}

void s2vi_frame_stream_close(void *stream)
{
    frame_stream *s = stream;
    if (!s)
        return;
    s2vi_profile_close(&s->profile);
    s2vi_exec_close(&s->exec);
    s2vi_front_end_close(&s->front);
    free(s->rgb);
    free(s->features);
    free(s->video);
    free(s);
}

void s2vi_frame_stream_flush(void *stream)
{
    frame_stream *s = stream;
    s->pts = 0;
    s2vi_front_end_flush(&s->front);
    s2vi_exec_reset(s->exec);
}

void s2vi_frame_stream_pass_state(void *stream, s2vi_state *state)
{
    frame_stream *s = stream;
    s2vi_state_int64(state, "frames", &s->pts, 0, (int64_t)1 << 53);
    s2vi_front_end_pass_state(&s->front, state);
    s2vi_exec_pass_state(s->exec, state);
}

void s2vi_frame_stream_report(const void *stream, const s2vi_logger *logger)
{
    const frame_stream *s = stream;
    if (s->profile)
        s2vi_profile_report(s->profile, "profile", logger);
}

/* ------------------------------------------------------------ options -- */

int s2vi_frame_stream_set_seed(void *stream, const s2vi_value *value,
                               s2v_error *err)
{
    frame_stream *s = stream;
    (void)err;
    s->seed = value->integer;
    return S2V_OK;
}

int s2vi_frame_stream_set_level(void *stream, const s2vi_value *value,
                                s2v_error *err)
{
    frame_stream *s = stream;
    return s2vi_front_end_set_level(&s->front, value->text, err);
}

/* -------------------------------------------------------------- input -- */

int s2vi_frame_stream_condition(void *stream, const s2vi_node *node,
                                const float *data)
{
    frame_stream *s = stream;
    return s2vi_exec_write(s->exec, node, data);
}

int s2vi_frame_stream_read(const void *stream, const s2vi_node *node,
                           float *data)
{
    const frame_stream *s = stream;
    return s2vi_exec_read(s->exec, node, data);
}

int s2vi_frame_stream_send(void *stream, const float *samples, size_t count,
                           s2v_error *err)
{
    frame_stream *s = stream;
    return s2vi_front_end_send(&s->front, samples, count, err);
}

int s2vi_frame_stream_drain(void *stream, s2v_error *err)
{
    frame_stream *s = stream;
    (void)err;
    s2vi_front_end_drain(&s->front);
    return S2V_OK;
}

/* ------------------------------------------------------------- frames -- */

/* Deal the frame's features out to their inputs. */
static int write_features(const frame_stream *s)
{
    const s2vi_frame_network *net = &s->network;
    const float *next = s->features;
    int ret = S2V_OK;
    for (int i = 0; i < net->n_features && !ret; i++) {
        ret = s2vi_exec_write(s->exec, net->features[i], next);
        next += s2vi_shape_count(&net->features[i]->shape);
    }
    return ret;
}

static int make_frame(frame_stream *s, s2v_error *err)
{
    const s2vi_frame_network *net = &s->network;
    const s2vi_clock clock = {.seed = s->seed, .frame = (uint64_t)s->pts};
    const size_t n = numbers(s);
    int ret = write_features(s);
    if (!ret && net->feed)
        ret = net->feed(net->opaque, s->features, s->exec, err);
    if (!ret)
        ret = s2vi_exec_run(s->exec, &clock, err);
    if (ret < 0)
        return ret;
    const float *video = s->video;
    if (!video)
        video = s2vi_exec_view(s->exec, net->video);
    else if ((ret = s2vi_exec_read(s->exec, net->video, s->video)) < 0)
        return s2vi_error(err, ret, "the frame cannot be read");
    if (net->grade)
        net->grade(net->opaque, s->video, n);
    uint8_t *rgb = s->rgb;
    for (size_t i = 0; i < n; i++)
        rgb[i] = s2vi_pixel_byte(video[i]);
    return S2V_OK;
}

int s2vi_frame_stream_receive(void *stream, s2v_video_frame *frame,
                              s2v_error *err)
{
    frame_stream *s = stream;
    int ret = s2vi_front_end_receive(&s->front, s->features);
    if (!ret)
        ret = make_frame(s, err);
    if (ret < 0)
        return ret;
    *frame = (s2v_video_frame){
        .data = s->rgb,
        .stride = (ptrdiff_t)width(s) * 3,
        .width = (int)width(s),
        .height = (int)height(s),
        .pts = s->pts++,
    };
    return S2V_OK;
}
