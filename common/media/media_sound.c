/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sound of any kind becomes mono of one rate, on a given clock.
 *
 * Frames whose time stamps follow one another form a *run*, which goes through
 * one resampler. Where the time stamps jump by more than the jitter of common
 * containers, or the format changes, the run ends and the next one is placed
 * anew: after silence, or with what lies in the past left out.
 *
 * For s2vi_sound_listen the channels are mixed as libswresample does by
 * default, which is what ffmpeg inserts before a filter that asks for mono:
 * training and use hear the same.
 */
#include "media/media_sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

#include "audio/foley_mel.h"
#include "base/error.h"

#define HIGHEST_RATE 768000 /* Hz */

const s2vi_sound_form s2vi_sound_listen = {.rate = S2VI_CLIP_RATE};
const s2vi_sound_form s2vi_sound_foley = {.rate = S2VI_FOLEY_RATE,
                                          .averaged = true};

typedef struct sound {
    const s2vi_sound_span *span;
    int to_rate;              /* of the result */
    int64_t jitter, far_away; /* samples */
    float *data;
    int64_t n, capacity, limit;
    int64_t origin; /* of the result, in 1/1000 sample */
    bool have_origin;
    /* The run. */
    SwrContext *swr; /* NULL: none */
    AVChannelLayout layout;
    int format, rate;
    int64_t start; /* output index of the run's first sample */
    int64_t in;    /* input samples so far */
    int64_t skip;  /* output samples still to leave out */
} sound;

/* Make room for `more` samples, within the limit. */
static int reserve(sound *s, int64_t more, s2v_error *err)
{
    if (more > INT64_MAX / 16 - s->n)
        return s2vi_error_nomem(err, "sound");
    int64_t need = s->n + more;
    if (need <= s->capacity)
        return S2V_OK;
    int64_t capacity = FFMAX(need, s->capacity + s->capacity / 2);
    if ((uint64_t)capacity > SIZE_MAX / sizeof(float))
        return s2vi_error_nomem(err, "sound");
    float *data = realloc(s->data, (size_t)capacity * sizeof(float));
    if (!data)
        return s2vi_error_nomem(err, "sound");
    s->data = data;
    s->capacity = capacity;
    return S2V_OK;
}

static bool full(const sound *s)
{
    return s->n >= s->limit;
}

/* Resample `frame`, or for NULL what the resampler still holds. */
static int convert(sound *s, const AVFrame *frame, s2v_error *err)
{
    int in = frame ? frame->nb_samples : 0;
    int room = swr_get_out_samples(s->swr, in);
    if (room < 0 || reserve(s, room, err) < 0)
        return s2vi_error_nomem(err, "sound");
    float *to = s->data + s->n;
    uint8_t *planes[1] = {(uint8_t *)to};
    int64_t got =
        room
            ? swr_convert(s->swr, planes, room,
                          frame ? (const uint8_t **)frame->extended_data : NULL,
                          in)
            : 0;
    if (got < 0)
        return s2vi_error(err, S2V_ERR_INTERNAL, "resampling failed: %s",
                          av_err2str((int)got));
    int64_t drop = FFMIN(got, s->skip);
    memmove(to, to + drop, (size_t)(got - drop) * sizeof(float));
    s->skip -= drop;
    got = FFMIN(got - drop, s->limit - s->n);
    for (int64_t i = 0; i < got; i++)
        if (!isfinite(to[i]))
            to[i] = 0;
    s->n += got;
    s->in += in;
    return S2V_OK;
}

static int end_run(sound *s, s2v_error *err)
{
    int ret = S2V_OK;
    if (s->swr && !full(s))
        ret = convert(s, NULL, err);
    swr_free(&s->swr);
    av_channel_layout_uninit(&s->layout);
    return ret;
}

static int open_resampler(sound *s, const AVFrame *frame, s2v_error *err)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    s->format = frame->format;
    s->rate = frame->sample_rate;
    int ret = av_channel_layout_copy(&s->layout, &frame->ch_layout);
    if (ret < 0)
        return s2vi_error_nomem(err, "a resampler");
    AVChannelLayout from = s->layout;
    if (from.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&from, s->layout.nb_channels);
    ret = swr_alloc_set_opts2(&s->swr, &mono, AV_SAMPLE_FMT_FLT, s->to_rate,
                              &from, s->format, s->rate, 0, NULL);
    if (ret >= 0 && s->span->form.averaged)
        ret = av_opt_set_double(s->swr, "rematrix_maxval", 1.0, 0);
    if (ret >= 0)
        ret = swr_init(s->swr);
    if (ret < 0)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "audio of %d channels at %d Hz cannot be resampled: %s",
            s->layout.nb_channels, s->rate, av_err2str(ret));
    return S2V_OK;
}

/* Start a run whose first sample belongs at output index `at`. */
static int begin_run(sound *s, const AVFrame *frame, int64_t at, s2v_error *err)
{
    int ret = open_resampler(s, frame, err);
    if (ret < 0)
        return ret;
    int64_t gap = FFMIN(at, s->limit) - s->n;
    if (gap > 0) {
        if ((ret = reserve(s, gap, err)) < 0)
            return ret;
        memset(s->data + s->n, 0, (size_t)gap * sizeof(float));
        s->n += gap;
    }
    s->start = at;
    s->in = 0;
    s->skip = FFMAX(s->n - at, 0);
    return S2V_OK;
}

/* Where the run would go on: the output index of the next input sample. */
static int64_t expected(const sound *s)
{
    return s->swr ? s->start + av_rescale(s->in, s->to_rate, s->rate) : s->n;
}

/* `ts` in 1/1000 sample, or AV_NOPTS_VALUE where that is out of range. */
static int64_t to_fine(const sound *s, int64_t ts, AVRational time_base)
{
    if (ts == AV_NOPTS_VALUE)
        return ts;
    ts = av_rescale_q(ts, time_base, (AVRational){1, s->to_rate * 1000});
    return ts > INT64_MAX / 4 || ts < -INT64_MAX / 4 ? AV_NOPTS_VALUE : ts;
}

/* The output index that the frame's time stamp asks for. */
static int64_t position(sound *s, const s2vi_media_stream *m)
{
    const s2vi_sound_span *span = s->span;
    const int64_t next = expected(s);
    int64_t ts = to_fine(s, s2vi_media_stream_time(m), m->stream->time_base);
    if (ts == AV_NOPTS_VALUE)
        return next;
    if (!s->have_origin) {
        int64_t start =
            span->clocked ? to_fine(s, span->origin, span->time_base) : ts;
        s->have_origin = true;
        s->origin =
            (start == AV_NOPTS_VALUE ? ts : start) + span->skip_ms * s->to_rate;
    }
    ts -= s->origin;
    int64_t at = (ts + (ts < 0 ? -500 : 500)) / 1000;
    return s->swr && llabs((long long)(at - next)) > s->far_away ? next : at;
}

static int add_frame(sound *s, const s2vi_media_stream *m, s2v_error *err)
{
    const AVFrame *frame = m->frame;
    if (frame->nb_samples <= 0 || frame->sample_rate <= 0)
        return S2V_OK;
    int64_t at = position(s, m), next = expected(s);
    bool follows = s->swr && llabs((long long)(at - next)) <= s->jitter;
    bool same = s->swr && frame->format == s->format &&
                frame->sample_rate == s->rate &&
                !av_channel_layout_compare(&frame->ch_layout, &s->layout);
    if (!same || !follows) {
        int ret = end_run(s, err);
        if (ret < 0)
            return ret;
        if (follows) /* another format, but no gap */
            at = next;
        if (at >= s->limit) { /* nothing that counts follows the silence */
            s->limit = s->n;
            return S2V_OK;
        }
        if ((ret = begin_run(s, frame, at, err)) < 0)
            return ret;
    }
    return convert(s, frame, err);
}

static int report(const s2vi_sound_span *span, const s2vi_media_stream *m,
                  s2v_error *err)
{
    double part = s2vi_media_stream_fraction(m);
    double all = part < 0 ? -1 : span->done + (1 - span->done) * part;
    if (span->progress && span->progress(span->opaque, all))
        return s2vi_error(err, S2V_ERR_CANCELLED, "loading '%s' was cancelled",
                          m->path);
    return S2V_OK;
}

int s2vi_sound_decode(float **samples, int64_t *count, s2vi_media_facts *facts,
                      const char *path, const s2vi_sound_span *span,
                      s2v_error *err)
{
    s2vi_media_stream m = {.want = span->track};
    sound s = {.span = span, .limit = span->limit ? span->limit : INT64_MAX};
    *samples = NULL;
    *count = 0;
    if (span->form.rate < 1 || span->form.rate > HIGHEST_RATE)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "expected a sample rate from 1 to %d Hz, found %d",
                          HIGHEST_RATE, span->form.rate);
    s.to_rate = span->form.rate;
    /* Time stamps rounded to whole milliseconds, or to packets, are no gap. */
    s.jitter = s.to_rate / 50;
    s.far_away = (int64_t)s.to_rate * S2VI_CLOCK_JUMP;
    int ret = s2vi_media_stream_open(&m, path, AVMEDIA_TYPE_AUDIO, err);
    if (ret < 0)
        goto fail;
    while (!full(&s) && !(ret = s2vi_media_stream_next(&m, err))) {
        ret = add_frame(&s, &m, err);
        if (ret < 0 || (ret = report(span, &m, err)) < 0)
            goto fail;
    }
    if (ret < 0 && ret != S2V_ERR_EOF)
        goto fail;
    if ((ret = end_run(&s, err)) < 0)
        goto fail;
    s2vi_media_stream_facts(&m, facts);
    *count = s.n;
    *samples = s.n ? s.data : NULL;
    if (s.n)
        s.data = NULL;
fail:
    swr_free(&s.swr);
    av_channel_layout_uninit(&s.layout);
    free(s.data);
    s2vi_media_stream_close(&m);
    return ret;
}
