/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * Video to audio with a neural network, through libs2v
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libavcodec/avcodec.h"
#include "libavformat/avformat.h"
#include "libavutil/avstring.h"
#include "libavutil/channel_layout.h"
#include "libavutil/common.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"
#include "libswresample/swresample.h"

#include "audio.h"
#include "s2v_common.h"
#include "s2v_compat.h"

#define REFERENCE_MAX 60    ///< seconds of a reference that count
#define LOST_MIN      0.1   ///< seconds of lost sound that call for a warning
#define MIX_OFF       (-1000) ///< dB: the film's own sound is not wanted
#define JITTER_MAX    0.02  ///< seconds that a container may round the times of sound that goes on
#define NEXT_MAX      2     ///< seconds that a picture may be from the one before in a new filter graph
#define TIME_NUM_MAX  65535 ///< that libs2v takes

typedef struct FoleyContext {
    const AVClass *class;

    char *model_path;
    char *ref;
    int nb_inputs;
    char *device;
    char *dtype;
    int threads;
    double gain;          ///< dB
    double sensitivity;
    char *regions;
    char *onsets;
    char *synthesis;
    double mix;           ///< dB, of the film's own sound; MIX_OFF: it is no input
    int latency;          ///< ms
    char *state;          ///< file; NULL: none
    int state_interval;   ///< seconds

    /* state that is handed over to a rebuilt filter graph, to the end */
    S2VModel model;
    s2v_session *session;
    struct Reference *pending; ///< what has come of the reference of the second input; NULL: it is complete
    float scale;          ///< the gain, as a factor
    struct Mix *mixed;    ///< with the film's own sound; NULL: it is no input
    int tag;              ///< the next sound is the model's first

    AVRational time_base; ///< of the session's input
    AVFrame *held;        ///< the last picture: how long it stays is not known yet
    int64_t held_pts;     ///< in time_base
    int64_t out_start;    ///< time of the first sample, in samples
    int64_t out_count;    ///< samples made
    int64_t out_sure;     ///< made before the film's end
    int started;          ///< the first picture has come
    int drained;          ///< the last one has
    int ended;            ///< all sound was handed on, or none can be
    int resumed;          ///< the next picture is the first of a new graph
    int cut;              ///< freed while the rest of a film that has ended was wanted
    int restored;         ///< the session has the pictures before held_pts, and none is held
    int64_t saves;        ///< of the state, as many as were due
    int warned_state;     ///< it cannot be saved
    int warned_back;
} FoleyContext;

#define STATE offsetof(FoleyContext, model)

#define OFFSET(x) offsetof(FoleyContext, x)
#define FLAGS AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_AUDIO_PARAM
#define RUNTIME FLAGS | AV_OPT_FLAG_RUNTIME_PARAM

static const AVOption v2sfoley_options[] = {
    { "ref",     "set the reference for the timbre, an audio file", OFFSET(ref), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, RUNTIME },
    { "model",   "set the model's weight file", OFFSET(model_path), AV_OPT_TYPE_STRING, { .str = "foley.bin" }, 0, 0, FLAGS },
    { "device",  "set the device to run on: auto, cpu, ref, cuda[:N]", OFFSET(device), AV_OPT_TYPE_STRING, { .str = "auto" }, 0, 0, FLAGS },
    { "dtype",   "set the compute precision: f32, bf16, or auto: bf16 where the processor has it", OFFSET(dtype), AV_OPT_TYPE_STRING, { .str = "f32" }, 0, 0, FLAGS },
    { "threads", "set the number of CPU threads, 0 for the filter graph's", OFFSET(threads), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, INT_MAX, FLAGS },
    { "gain",    "set the gain of the audio in dB", OFFSET(gain), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, -100, 100, RUNTIME },
    { "sensitivity", "set a factor of the motion that is seen", OFFSET(sensitivity), AV_OPT_TYPE_DOUBLE, { .dbl = 1 }, 0, 100, RUNTIME },
    { "regions", "set the regions of the picture that sound, x:y:width:height", OFFSET(regions), AV_OPT_TYPE_STRING, { .str = "all" }, 0, 0, RUNTIME },
    { "onsets",  "set a file that onsets are written to, or read from where it has any", OFFSET(onsets), AV_OPT_TYPE_STRING, { .str = "none" }, 0, 0, FLAGS },
    { "synthesis", "set what makes the sound: vocoder, or strokes of the reference", OFFSET(synthesis), AV_OPT_TYPE_STRING, { .str = "vocoder" }, 0, 0, FLAGS },
    { "mix",     "set the gain in dB of the film's own sound, a further input, that is added", OFFSET(mix), AV_OPT_TYPE_DOUBLE, { .dbl = MIX_OFF }, MIX_OFF, 100, RUNTIME, "mix" },
        { "off", "no such input", 0, AV_OPT_TYPE_CONST, { .dbl = MIX_OFF }, 0, 0, RUNTIME, "mix" },
    { "latency", "set the maximum latency in milliseconds, 0 for the best quality", OFFSET(latency), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, INT_MAX, FLAGS },
    { "state",   "set a file for the state of the stream: read at the start if it exists, saved while it runs", OFFSET(state), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, FLAGS },
    { "state_interval", "set the seconds of audio from one save of the state to the next", OFFSET(state_interval), AV_OPT_TYPE_INT, { .i64 = 60 }, 1, 86400, FLAGS },
    { "inputs",  "set the number of inputs; with 2, the second one is the reference", OFFSET(nb_inputs), AV_OPT_TYPE_INT, { .i64 = 1 }, 1, 2, FLAGS },
    { NULL }
};

AVFILTER_DEFINE_CLASS(v2sfoley);

/* ------------------------------------------------------------ reference */

/** Sound being taken to mono at the model's rate, that of a file or of an input. */
typedef struct Reference {
    AVFormatContext *format; ///< these are of a file
    AVCodecContext *codec;
    int stream;
    AVPacket *packet;
    AVFrame *frame;

    struct SwrContext *swr;
    AVChannelLayout layout; ///< what swr was made for
    int sample_fmt, sample_rate;

    int rate;               ///< of the samples
    float *samples;
    int count, max, room;   ///< samples there, wanted, and room for them
} Reference;

static void reference_free(Reference *r)
{
    avformat_close_input(&r->format);
    avcodec_free_context(&r->codec);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    swr_free(&r->swr);
    av_channel_layout_uninit(&r->layout);
    av_freep(&r->samples);
}

static int reference_open(Reference *r, const char *path)
{
    const AVCodec *decoder;
    int ret;

    if ((ret = avformat_open_input(&r->format, path, NULL, NULL)) < 0 ||
        (ret = avformat_find_stream_info(r->format, NULL)) < 0 ||
        (ret = av_find_best_stream(r->format, AVMEDIA_TYPE_AUDIO, -1, -1, &decoder, 0)) < 0)
        return ret;
    r->stream = ret;
    r->codec  = avcodec_alloc_context3(decoder);
    r->packet = av_packet_alloc();
    r->frame  = av_frame_alloc();
    if (!r->codec || !r->packet || !r->frame)
        return AVERROR(ENOMEM);
    if ((ret = avcodec_parameters_to_context(r->codec, r->format->streams[r->stream]->codecpar)) < 0)
        return ret;
    r->codec->pkt_timebase = r->format->streams[r->stream]->time_base;

    return avcodec_open2(r->codec, decoder, NULL);
}

/**
 * Append what the resampler makes of so much, data being NULL for what it still holds.
 *
 * @return samples, or an error
 */
static int resample_to(struct SwrContext *swr, float **samples, int *room, int *count,
                       const uint8_t **data, int nb_samples)
{
    uint8_t *to;
    int ret = swr_get_out_samples(swr, nb_samples);

    if (ret < 0)
        return ret;
    if (*room - *count < ret) {
        const int more = FFMAX(2 * *room, *count + ret);
        if ((ret = av_reallocp_array(samples, more, sizeof(**samples))) < 0) {
            *count = *room = 0;
            return ret;
        }
        *room = more;
    }
    to  = (uint8_t *)(*samples + *count);
    ret = swr_convert(swr, &to, *room - *count, data, nb_samples);
    if (ret > 0)
        *count += ret;

    return ret;
}

/** Resample so much, NULL for what the resampler still holds. */
static int reference_resample(Reference *r, const AVFrame *frame)
{
    const int ret = resample_to(r->swr, &r->samples, &r->room, &r->count,
                                frame ? (const uint8_t **)frame->extended_data : NULL,
                                frame ? frame->nb_samples : 0);

    return FFMIN(ret, 0);
}

/** All channels count the same, without the 3 dB that a usual mix adds to two. */
static int reference_mix(Reference *r, const AVFrame *frame)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    const int n = frame->ch_layout.nb_channels;
    AVChannelLayout known = { 0 };
    double *matrix;
    int ret;

    if (r->swr && (ret = reference_resample(r, NULL)) < 0)
        return ret;
    swr_free(&r->swr);
    av_channel_layout_uninit(&r->layout);
    if ((ret = av_channel_layout_copy(&r->layout, &frame->ch_layout)) < 0)
        return ret;
    r->sample_fmt  = frame->format;
    r->sample_rate = frame->sample_rate;

    matrix = av_malloc_array(n, sizeof(*matrix));
    if (!matrix)
        return AVERROR(ENOMEM);
    for (int i = 0; i < n; i++)
        matrix[i] = 1.0 / n;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&known, n);
    else
        ret = av_channel_layout_copy(&known, &frame->ch_layout);
    if (ret >= 0 &&
        (ret = swr_alloc_set_opts2(&r->swr, &mono, AV_SAMPLE_FMT_FLT, r->rate,
                                   &known, frame->format, frame->sample_rate, 0, NULL)) >= 0 &&
        (ret = swr_set_matrix(r->swr, matrix, n)) >= 0)
        ret = swr_init(r->swr);
    av_channel_layout_uninit(&known);
    av_free(matrix);

    return ret;
}

/** Take a frame; AVERROR_EOF if that is enough. */
static int reference_take(Reference *r, const AVFrame *frame)
{
    int ret = 0;

    if (!r->swr || frame->format != r->sample_fmt || frame->sample_rate != r->sample_rate ||
        av_channel_layout_compare(&frame->ch_layout, &r->layout))
        ret = reference_mix(r, frame);
    if (ret >= 0)
        ret = reference_resample(r, frame);

    return ret < 0 ? ret : r->count >= r->max ? AVERROR_EOF : 0;
}

/** All has been taken. */
static int reference_finish(Reference *r)
{
    int ret = r->swr && r->count < r->max ? reference_resample(r, NULL) : 0;

    r->count = FFMIN(r->count, r->max);

    return ret;
}

/** Take what the decoder has; AVERROR(EAGAIN) if it wants more. */
static int reference_receive(Reference *r)
{
    int ret;

    while ((ret = avcodec_receive_frame(r->codec, r->frame)) >= 0) {
        ret = reference_take(r, r->frame);
        av_frame_unref(r->frame);
        if (ret < 0)
            return ret;
    }

    return ret;
}

/** Packets that cannot be decoded are left out, as players do. */
static int reference_decode(Reference *r)
{
    int ret, bad = 0;

    do {
        ret = av_read_frame(r->format, r->packet);
        if (ret >= 0 && r->packet->stream_index != r->stream) {
            av_packet_unref(r->packet);
            continue;
        }
        ret = avcodec_send_packet(r->codec, ret < 0 ? NULL : r->packet);
        av_packet_unref(r->packet);
        if (ret == AVERROR(ENOMEM))
            return ret;
        if (ret < 0)
            bad = ret;
        ret = reference_receive(r);
        if (ret < 0 && ret != AVERROR(EAGAIN) && ret != AVERROR_EOF && ret != AVERROR(ENOMEM)) {
            bad = ret;
            ret = 0;
        }
    } while (ret >= 0 || ret == AVERROR(EAGAIN));

    if (ret == AVERROR_EOF)
        ret = reference_finish(r);

    return ret < 0 ? ret : r->count ? 0 : bad;
}

/** @param name of where it is from, for a sentence at log_level */
static int set_reference(AVFilterContext *ctx, int log_level, const Reference *r, const char *name)
{
    FoleyContext *s = ctx->priv;
    s2v_error err = { 0 };
    int ret = s2v_session_set_reference(s->session, r->samples, r->count, &err);

    if (ret >= 0)
        return 0;
    av_strlcatf(err.message, sizeof(err.message), " (%s)", name);

    return ff_s2v_report(ctx, log_level, ret, &err);
}

static Reference new_reference(const FoleyContext *s)
{
    const int rate = s->model.info.sample_rate;

    return (Reference){ .rate = rate, .max = REFERENCE_MAX * rate };
}

/** Read a file and take its timbre. On failure, the one before is kept. */
static int read_reference(AVFilterContext *ctx, int log_level, const char *path)
{
    Reference r = new_reference(ctx->priv);
    char *name;
    int ret;

    if ((ret = reference_open(&r, path)) < 0 || (ret = reference_decode(&r)) < 0) {
        av_log(ctx, log_level, "The reference '%s' cannot be read: %s.\n", path,
               ret == AVERROR_STREAM_NOT_FOUND ? "it has no audio" : av_err2str(ret));
    } else if (!(name = av_asprintf("'%s'", path))) {
        ret = AVERROR(ENOMEM);
    } else {
        ret = set_reference(ctx, log_level, &r, name);
        av_free(name);
    }
    reference_free(&r);

    return ret;
}

static void free_pending(FoleyContext *s)
{
    if (s->pending)
        reference_free(s->pending);
    av_freep(&s->pending);
}

/** Begin to take the reference from the second input. */
static av_cold int expect_reference(FoleyContext *s)
{
    s->pending = av_malloc(sizeof(*s->pending));
    if (!s->pending)
        return AVERROR(ENOMEM);
    *s->pending = new_reference(s);

    return 0;
}

/**
 * Take what the second input has.
 *
 * @return 1 if the reference is complete, 0 if there is more to come
 */
static int feed_reference(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[1];
    AVFrame *frame;
    int64_t pts;
    int status, ret;

    do {
        if ((ret = ff_inlink_consume_frame(inlink, &frame)) < 0)
            return ret;
        if (ret) {
            ret = reference_take(s->pending, frame);
            av_frame_free(&frame);
        } else if (ff_inlink_acknowledge_status(inlink, &status, &pts)) {
            ret = status;
        } else {
            return 0;
        }
    } while (ret >= 0);

    if (ret != AVERROR_EOF || (ret = reference_finish(s->pending)) < 0 ||
        (ret = set_reference(ctx, AV_LOG_ERROR, s->pending, "the second input")) < 0) {
        s->ended = 1;
        return ret;
    }
    free_pending(s);

    return 1;
}

/* -------------------------------------------------------------- options */

/** Set an option of the session; on failure, it is as before. */
static int set_value(AVFilterContext *ctx, int log_level, const char *name, const char *value)
{
    FoleyContext *s = ctx->priv;
    s2v_error err = { 0 };
    int ret = s2v_session_set_option(s->session, name, value, &err);

    return ret < 0 ? ff_s2v_report(ctx, log_level, ret, &err) : 0;
}

/** The same of a number, in millionths: no locale has another word for them. */
static int set_number(AVFilterContext *ctx, int log_level, const char *name, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%"PRId64"e-6", (int64_t)llrint(value * 1e6));

    return set_value(ctx, log_level, name, text);
}

static int set_values(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    int ret;

    if ((ret = set_number(ctx, AV_LOG_ERROR, "sensitivity", s->sensitivity)) < 0 ||
        (ret = set_value(ctx, AV_LOG_ERROR, "regions", s->regions ? s->regions : "all")) < 0 ||
        (ret = set_value(ctx, AV_LOG_ERROR, "synthesis", s->synthesis ? s->synthesis : "vocoder")) < 0)
        return ret;

    return set_value(ctx, AV_LOG_ERROR, "onsets", s->onsets ? s->onsets : "none");
}

/* ------------------------------------------------------------------ mix */

/** The generated sound at the rate of the film's own, and that: one clock, samples at that rate. */
typedef struct Mix {
    struct SwrContext *swr; ///< of the generated sound, mono; NULL: none has come
    int rate;               ///< of all samples
    float scale;            ///< of the film's own sound

    float *made;            ///< samples of the generated sound that wait
    int nb_made, room;
    int64_t next;           ///< time of the first of them, and of what comes out next
    int64_t total;          ///< generated so far
    int complete;           ///< no more will come

    AVFrame **own;          ///< frames of the film's own sound that wait, with their times
    int nb_own;
    int64_t own_end;        ///< time of the last one's end
    int own_began, own_ended;
} Mix;

static void mix_free(Mix **mix)
{
    Mix *m = *mix;

    if (!m)
        return;
    for (int i = 0; i < m->nb_own; i++)
        av_frame_free(&m->own[i]);
    av_freep(&m->own);
    av_freep(&m->made);
    swr_free(&m->swr);
    av_freep(mix);
}

/** Another film follows; the film's own sound is on one clock with it. */
static void mix_restart(Mix *m)
{
    swr_free(&m->swr);
    m->nb_made = m->total = m->complete = 0;
}

static float mix_scale(double mix)
{
    return mix > MIX_OFF ? pow(10.0, mix / 20.0) : 0;
}

static av_cold int mix_create(FoleyContext *s)
{
    s->mixed = av_mallocz(sizeof(*s->mixed));
    if (!s->mixed)
        return AVERROR(ENOMEM);
    s->mixed->scale = mix_scale(s->mix);

    return 0;
}

static AVFilterLink *own_link(AVFilterContext *ctx)
{
    return ctx->inputs[ctx->nb_inputs - 1];
}

/** Keep what the film's own sound has; without a time, a frame follows on the one before. */
static int mix_feed_own(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink = own_link(ctx);
    Mix *m = s->mixed;
    AVFrame *frame;
    int64_t pts;
    int status, ret;

    while ((ret = ff_inlink_consume_frame(inlink, &frame)) > 0) {
        pts = m->own_end;
        if (frame->pts != AV_NOPTS_VALUE)
            pts = av_rescale_q(frame->pts, inlink->time_base, (AVRational){ 1, inlink->sample_rate });
        if (m->own_began && FFABS(pts - m->own_end) <= JITTER_MAX * inlink->sample_rate)
            pts = m->own_end;
        frame->pts   = pts;
        m->own_began = 1;
        m->own_end = frame->pts + frame->nb_samples;
        if ((ret = av_dynarray_add_nofree(&m->own, &m->nb_own, frame)) < 0) {
            av_frame_free(&frame);
            return ret;
        }
    }
    if (!ret && !m->own_ended && ff_inlink_acknowledge_status(inlink, &status, &pts)) {
        if (status != AVERROR_EOF)
            return status;
        m->own_ended = 1;
    }

    return ret;
}

/** Resample so much of the generated sound, NULL for what the resampler still holds. */
static int mix_resample(Mix *m, const float *samples, int count, float scale)
{
    const uint8_t *from = (const uint8_t *)samples;
    const int had = m->nb_made;
    const int ret = resample_to(m->swr, &m->made, &m->room, &m->nb_made,
                                samples ? &from : NULL, count);

    for (int i = 0; i < ret; i++)
        m->made[had + i] *= scale;

    return FFMIN(ret, 0);
}

/** Take generated sound. */
static int mix_take(AVFilterLink *outlink, const s2v_audio_frame *sound)
{
    FoleyContext *s = outlink->src->priv;
    const int rate = s->model.info.sample_rate;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    Mix *m = s->mixed;
    int ret;

    if (!m->swr) {
        m->rate = outlink->sample_rate;
        if (!m->total)
            m->next = av_rescale(s->out_start, m->rate, rate);
        if ((ret = swr_alloc_set_opts2(&m->swr, &mono, AV_SAMPLE_FMT_FLT, m->rate,
                                       &mono, AV_SAMPLE_FMT_FLT, rate, 0, NULL)) < 0 ||
            (ret = swr_init(m->swr)) < 0)
            return ret;
    }
    s->out_count = sound->pts + sound->count;
    m->total    += sound->count;

    return mix_resample(m, sound->samples, sound->count, s->scale);
}

/** All has been generated: as long, to the sample, as the film. */
static int mix_finish(FoleyContext *s)
{
    Mix *m = s->mixed;
    const int rate = s->model.info.sample_rate;
    int ret, left;

    m->complete = 1;
    if (!m->swr)
        return 0;
    if ((ret = mix_resample(m, NULL, 0, s->scale)) < 0)
        return ret;
    left = av_rescale_rnd(s->out_start + s->out_count, m->rate, rate, AV_ROUND_UP) - m->next;
    left = FFMAX(0, left);
    if (m->room < left && (ret = av_reallocp_array(&m->made, left, sizeof(*m->made))) < 0)
        return ret;
    m->room = FFMAX(m->room, left);
    for (; m->nb_made < left; m->nb_made++)
        m->made[m->nb_made] = 0;
    m->nb_made = left;

    return 0;
}

/** Whether the generated sound is heard in a channel: in mono and stereo in all, otherwise in front. */
static int mix_hears(const AVChannelLayout *layout, int channel)
{
    const int centre = av_channel_layout_index_from_channel(layout, AV_CHAN_FRONT_CENTER);

    if (layout->nb_channels < 3)
        return 1;

    return centre >= 0 ? channel == centre : channel < 2;
}

/** Add the film's own sound to samples [m->next, m->next + n), and drop what is over. */
static void mix_add_own(Mix *m, AVFrame *out, int n)
{
    const int channels = out->ch_layout.nb_channels;
    float *to = (float *)out->data[0];
    int over = 0;

    for (int i = 0; i < m->nb_own; i++) {
        const AVFrame *frame = m->own[i];
        const float *from    = (const float *)frame->data[0];
        const int64_t first  = FFMAX(frame->pts, m->next);
        const int64_t end    = FFMIN(frame->pts + frame->nb_samples, m->next + n);

        for (int64_t k = first * channels; k < end * channels; k++)
            to[k - m->next * channels] += m->scale * from[k - frame->pts * channels];
    }
    while (over < m->nb_own && m->own[over]->pts + m->own[over]->nb_samples <= m->next + n)
        av_frame_free(&m->own[over++]);
    m->nb_own -= over;
    memmove(m->own, m->own + over, m->nb_own * sizeof(*m->own));
}

/**
 * Hand on what there is of both.
 *
 * @return 1 if that was anything
 */
static int mix_output(AVFilterLink *outlink)
{
    FoleyContext *s = outlink->src->priv;
    Mix *m = s->mixed;
    const int64_t own = m->own_ended ? INT64_MAX : m->own_end - m->next;
    const int n = FFMIN(m->nb_made, FFMAX(0, own));
    AVFrame *out;
    float *to;
    int ret;

    if (!n)
        return 0;
    out = ff_get_audio_buffer(outlink, n);
    if (!out)
        return AVERROR(ENOMEM);
    if (s->tag && (ret = ff_s2v_tag(&s->model, out)) < 0) {
        av_frame_free(&out);
        return ret;
    }
    s->tag = 0;
    to = (float *)out->data[0];
    for (int i = 0; i < n; i++)
        for (int c = 0; c < out->ch_layout.nb_channels; c++)
            *to++ = mix_hears(&out->ch_layout, c) ? m->made[i] : 0;
    mix_add_own(m, out, n);
    out->pts = m->next;
    s2v_frame_duration(out) = n;
    m->next    += n;
    m->nb_made -= n;
    memmove(m->made, m->made + n, m->nb_made * sizeof(*m->made));
    ret = ff_filter_frame(outlink, out);

    return ret < 0 ? ret : 1;
}

/* ---------------------------------------------------------------- state */

static int keeps_state(const FoleyContext *s)
{
    return s->state && s->state[0];
}

/** After sound was handed on: save the stream, if that is due. */
static void save_state(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    const int64_t due = s->out_count / ((int64_t)s->state_interval * s->model.info.sample_rate);
    char note[160];

    if (!keeps_state(s) || s->drained || !s->held || due <= s->saves)
        return;
    s->saves = due;
    snprintf(note, sizeof(note), "v2sfoley %d %d %"PRId64" %"PRId64" %"PRId64,
             s->time_base.num, s->time_base.den, s->held_pts, s->out_start, s->out_count);
    ff_s2v_save(ctx, s->session, s->state, note, &s->warned_state);
}

/** Go on with the stream that was saved, if there is one. */
static av_cold int restore_state(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    const char *note;
    int end = 0, ret = ff_s2v_restore(ctx, s->session, s->state, &note);

    if (ret <= 0)
        return ret;
    if (sscanf(note, "v2sfoley %d %d %"SCNd64" %"SCNd64" %"SCNd64"%n", &s->time_base.num,
               &s->time_base.den, &s->held_pts, &s->out_start, &s->out_count, &end) < 5 ||
        !end || note[end] || s->time_base.num < 1 || s->time_base.num > TIME_NUM_MAX ||
        s->time_base.den < 1 || s->out_count < 0) {
        av_log(ctx, AV_LOG_ERROR, "%s: the state of a session that was not this filter's.\n", s->state);
        return AVERROR(EINVAL);
    }
    s->saves    = s->out_count / ((int64_t)s->state_interval * s->model.info.sample_rate);
    s->restored = 1;
    av_log(ctx, AV_LOG_INFO, "The stream goes on at %.3f s, from %s.\n",
           (s->out_start + s->out_count) / (double)s->model.info.sample_rate, s->state);

    return 0;
}

/**
 * A picture after a state was restored.
 *
 * @return 1 if it is the next one, 0 if the session has it
 */
static int go_on(AVFilterContext *ctx, int64_t pts)
{
    FoleyContext *s = ctx->priv;

    if (pts < s->held_pts)
        return 0;
    if (pts > s->held_pts)
        av_log(ctx, AV_LOG_WARNING, "Gap of %.3f s in the video since the state was saved: the picture before it stays.\n",
               (pts - s->held_pts) * av_q2d(s->time_base));
    s->restored = 0;
    s->started  = 1;
    s->held_pts = pts;

    return 1;
}

/* --------------------------------------------------------------- filter */

static int add_input(AVFilterContext *ctx, const char *name, enum AVMediaType type)
{
    AVFilterPad pad = { .name = name, .type = type };

    return ff_append_inpad(ctx, &pad);
}

static av_cold int init(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    s2v_model_params params = { .device = s->device, .threads = s->threads,
                                .latency_ms = s->latency, .dtype = s->dtype };
    s2v_error err = { 0 };
    int ret;

    if ((ret = add_input(ctx, "default", AVMEDIA_TYPE_VIDEO)) < 0 ||
        (s->nb_inputs > 1 && (ret = add_input(ctx, "reference", AVMEDIA_TYPE_AUDIO)) < 0) ||
        (s->mix > MIX_OFF && (ret = add_input(ctx, "sound", AVMEDIA_TYPE_AUDIO)) < 0))
        return ret;
    if (s->nb_inputs > 1 && s->ref && s->ref[0]) {
        av_log(ctx, AV_LOG_ERROR, "ref=%s and inputs=2: expected one of the two, found both.\n", s->ref);
        return AVERROR(EINVAL);
    }

    if (keeps_state(s) && (s->nb_inputs > 1 || s->mix > MIX_OFF)) {
        av_log(ctx, AV_LOG_ERROR, "state=%s: expected neither inputs=2 nor mix, which have no state.\n", s->state);
        return AVERROR(EINVAL);
    }

    if (ff_s2v_take(ctx, STATE, sizeof(*s))) {
        s->resumed = s->started;
        return 0;
    }

    ret = ff_s2v_open(ctx, AV_LOG_ERROR, s->model_path, &params,
                      S2V_MEDIUM_VIDEO | S2V_MEDIUM_REFERENCE, S2V_MEDIUM_AUDIO, &s->model);
    if (ret < 0)
        return ret;

    ret = s2v_session_create(&s->session, s->model.handle, NULL, &err);
    if (ret < 0)
        return ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err);
    if ((ret = set_values(ctx)) < 0)
        return ret;
    s->scale = pow(10.0, s->gain / 20.0);
    s->tag   = 1;
    if (s->mix > MIX_OFF && (ret = mix_create(s)) < 0)
        return ret;
    if (s->nb_inputs > 1)
        return expect_reference(s);

    if (s->ref && s->ref[0] && (ret = read_reference(ctx, AV_LOG_ERROR, s->ref)) < 0)
        return ret;

    return restore_state(ctx);
}

/** The reference may be of any format: it is converted as that of a file is. */
static int query_reference_formats(AVFilterLink *inlink)
{
    int ret;

    if ((ret = ff_formats_ref(ff_all_formats(AVMEDIA_TYPE_AUDIO), &inlink->outcfg.formats)) < 0 ||
        (ret = ff_formats_ref(ff_all_samplerates(), &inlink->outcfg.samplerates)) < 0)
        return ret;

    return ff_channel_layouts_ref(ff_all_channel_counts(), &inlink->outcfg.channel_layouts);
}

/** The film's own sound, and the output, are in its format, but for floats. */
static int query_mix_formats(AVFilterContext *ctx)
{
    AVFilterLink *inlink  = own_link(ctx);
    AVFilterLink *outlink = ctx->outputs[0];
    const int sample_fmts[] = { AV_SAMPLE_FMT_FLT, -1 };
    AVFilterFormats *formats = ff_make_format_list(sample_fmts);
    AVFilterFormats *rates   = ff_all_samplerates();
    AVFilterChannelLayouts *layouts = ff_all_channel_layouts();
    int ret;

    if ((ret = ff_formats_ref(formats, &inlink->outcfg.formats)) < 0 ||
        (ret = ff_formats_ref(formats, &outlink->incfg.formats)) < 0 ||
        (ret = ff_formats_ref(rates, &inlink->outcfg.samplerates)) < 0 ||
        (ret = ff_formats_ref(rates, &outlink->incfg.samplerates)) < 0 ||
        (ret = ff_channel_layouts_ref(layouts, &inlink->outcfg.channel_layouts)) < 0)
        return ret;

    return ff_channel_layouts_ref(layouts, &outlink->incfg.channel_layouts);
}

static int query_formats(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink  = ctx->inputs[0];
    AVFilterLink *outlink = ctx->outputs[0];
    const int pix_fmts[]    = { AV_PIX_FMT_RGB24, -1 };
    const int sample_fmts[] = { AV_SAMPLE_FMT_FLT, -1 };
    const int rates[]       = { s->model.info.sample_rate, -1 };
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    AVFilterChannelLayouts *layouts = NULL;
    int ret;

    if (s->nb_inputs > 1 && (ret = query_reference_formats(ctx->inputs[1])) < 0)
        return ret;
    if ((ret = ff_formats_ref(ff_make_format_list(pix_fmts), &inlink->outcfg.formats)) < 0)
        return ret;
    if (s->mixed)
        return query_mix_formats(ctx);
    if ((ret = ff_formats_ref(ff_make_format_list(sample_fmts), &outlink->incfg.formats)) < 0 ||
        (ret = ff_formats_ref(ff_make_format_list(rates), &outlink->incfg.samplerates)) < 0 ||
        (ret = ff_add_channel_layout(&layouts, &mono)) < 0)
        return ret;

    return ff_channel_layouts_ref(layouts, &outlink->incfg.channel_layouts);
}

static int config_output(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    AVFilterLink *inlink = ctx->inputs[0];
    FoleyContext *s = ctx->priv;
    const s2v_model_info *info = &s->model.info;

    outlink->time_base = (AVRational){ 1, outlink->sample_rate };
    if (s->mixed && s->mixed->swr && s->mixed->rate != outlink->sample_rate) {
        av_log(ctx, AV_LOG_ERROR, "The sample rate of the film's own sound changed from %d to %d Hz, expected the same throughout.\n",
               s->mixed->rate, outlink->sample_rate);
        return AVERROR(EINVAL);
    }
    if (s->resumed)
        return 0;
    if (!s->restored)
        s->time_base = inlink->time_base.num <= TIME_NUM_MAX ? inlink->time_base : AV_TIME_BASE_Q;

    av_log(ctx, AV_LOG_INFO, "%s model '%s' on %s: %d Hz, %s\n",
           info->name, s->model_path, info->device, info->sample_rate,
           s->nb_inputs > 1 ? "the second input is the reference" :
           s->ref && s->ref[0] ? s->ref : "no reference, using the mean timbre of the training set");

    return 0;
}

/** Send the held picture to the session; duration 0: unknown. */
static int send_held(AVFilterContext *ctx, int64_t duration)
{
    FoleyContext *s = ctx->priv;
    const s2v_picture picture = {
        .size     = sizeof(picture),
        .data     = s->held->data[0],
        .stride   = s->held->linesize[0],
        .width    = s->held->width,
        .height   = s->held->height,
        .pts      = s->held_pts,
        .duration = duration,
        .time_num = s->time_base.num,
        .time_den = s->time_base.den,
    };
    s2v_error err = { 0 };
    int ret = s2v_session_send_video(s->session, &picture, &err);

    av_frame_free(&s->held);

    return ret < 0 ? ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err) : 0;
}

/** How long a picture stays, by the frame rate or by itself; 0: not known. */
static int64_t usual_duration(AVFilterContext *ctx, const AVFrame *frame)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    const AVRational rate = s2v_link_frame_rate(inlink);

    if (rate.num > 0 && rate.den > 0)
        return av_rescale_q(1, av_inv_q(rate), s->time_base);
    return FFMAX(0, av_rescale_q(s2v_frame_duration(frame), inlink->time_base, s->time_base));
}

/**
 * The first picture of a new filter graph: does it follow on the last one of
 * the graph before? If not, the film is another, or was sought in.
 */
static void resume(AVFilterContext *ctx, int64_t pts)
{
    FoleyContext *s = ctx->priv;
    const double unit = av_q2d(s->time_base);
    const double late = (pts - s->held_pts - usual_duration(ctx, s->held)) * unit;
    const double heard = (s->out_start + s->out_count) / (double)s->model.info.sample_rate;

    s->resumed = 0;
    if (fabs(late) <= NEXT_MAX) {
        av_log(ctx, AV_LOG_VERBOSE, "The filter graph was rebuilt at %.3f s: the audio continues.\n",
               pts * unit);
        return;
    }

    av_log(ctx, AV_LOG_WARNING,
           "The filter graph was rebuilt, and the video continues at %.3f s after %.3f s: %.3f s of audio from %.3f s on are lost (-reinit_filter 0 keeps one graph).\n",
           pts * unit, s->held_pts * unit, FFMAX(0, s->held_pts * unit - heard), heard);
    s2v_session_flush(s->session);
    if (s->mixed)
        mix_restart(s->mixed);
    av_frame_free(&s->held);
    s->out_count = s->out_sure = 0;
    s->started   = 0;
}

/** Take the next picture; the one before can now be seen. */
static int take_picture(AVFilterContext *ctx, AVFrame *frame)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    int64_t pts;
    int ret = 0;

    if (frame->format != inlink->format) {
        av_log(ctx, AV_LOG_ERROR,
               "The pixel format changed from %s to %s, expected a new filter graph: remove -reinit_filter 0.\n",
               av_get_pix_fmt_name(inlink->format), av_get_pix_fmt_name(frame->format));
        av_frame_free(&frame);
        return AVERROR(EINVAL);
    }
    if (frame->pts != AV_NOPTS_VALUE)
        pts = av_rescale_q(frame->pts, inlink->time_base, s->time_base);
    else
        pts = s->started ? s->held_pts + usual_duration(ctx, s->held) : 0;
    if (s->resumed)
        resume(ctx, pts);
    if (s->restored) {
        if (go_on(ctx, pts))
            s->held = frame;
        else
            av_frame_free(&frame);
        return 0;
    }
    if (s->started && pts < s->held_pts && !s->warned_back) {
        av_log(ctx, AV_LOG_WARNING,
               "The time stamps of the video go back by %.3f s at %.3f s: treating the frames as simultaneous.\n",
               (s->held_pts - pts) * av_q2d(s->time_base), s->held_pts * av_q2d(s->time_base));
        s->warned_back = 1;
    }
    if (!s->started)
        s->out_start = av_rescale_q(pts, s->time_base, (AVRational){ 1, s->model.info.sample_rate });
    else
        ret = send_held(ctx, 0);
    s->held_pts = s->started ? FFMAX(pts, s->held_pts) : pts;
    s->held     = frame;
    s->started  = 1;

    return ret;
}

/** The video has ended, at that time if it is known. */
static int drain(AVFilterContext *ctx, int64_t end)
{
    FoleyContext *s = ctx->priv;
    s2v_error err = { 0 };
    int ret;

    if (s->drained)
        return 0;
    s->drained  = 1;
    s->out_sure = s->out_count;
    if (s->restored) {
        av_log(ctx, AV_LOG_WARNING, "The video ends before the state in %s was saved.\n", s->state);
    } else if (!s->held) {
        av_log(ctx, AV_LOG_WARNING, "No video was received, so there is no audio.\n");
    } else {
        int64_t duration = usual_duration(ctx, s->held);
        if (end != AV_NOPTS_VALUE && !duration)
            duration = FFMAX(0, av_rescale_q(end, ctx->inputs[0]->time_base, s->time_base) - s->held_pts);
        if ((ret = send_held(ctx, duration)) < 0)
            return ret;
    }
    ret = s2v_session_drain(s->session, &err);

    return ret < 0 ? ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err) : 0;
}

/**
 * Send the session the next picture, or the end.
 *
 * @return 1 if there was something to send, 0 if the input has nothing at the moment
 */
static int feed(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0];
    AVFrame *frame;
    int64_t pts;
    int status, ret;

    if ((ret = ff_inlink_consume_frame(inlink, &frame)) < 0)
        return ret;
    if (ret) {
        ret = take_picture(ctx, frame);
        return ret < 0 ? ret : 1;
    }
    if (!ff_inlink_acknowledge_status(inlink, &status, &pts))
        return 0;
    if (status != AVERROR_EOF)
        return status;
    s->resumed = 0;
    ret = drain(ctx, pts);

    return ret < 0 ? ret : 1;
}

/** Hand samples of the session's on. */
static int output_sound(AVFilterLink *outlink, const s2v_audio_frame *sound)
{
    FoleyContext *s = outlink->src->priv;
    AVFrame *out = ff_get_audio_buffer(outlink, sound->count);
    float *samples;
    int ret;

    if (!out)
        return AVERROR(ENOMEM);
    if (s->tag && (ret = ff_s2v_tag(&s->model, out)) < 0) {
        av_frame_free(&out);
        return ret;
    }
    s->tag = 0;

    samples = (float *)out->data[0];
    for (size_t i = 0; i < sound->count; i++)
        samples[i] = sound->samples[i] * s->scale;
    out->pts                = s->out_start + sound->pts;
    s2v_frame_duration(out) = sound->count;
    s->out_count            = sound->pts + sound->count;
    ret = ff_filter_frame(outlink, out);
    if (ret >= 0)
        save_state(outlink->src);

    return ret;
}

static int activate(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;
    AVFilterLink *inlink  = ctx->inputs[0];
    AVFilterLink *outlink = ctx->outputs[0];
    s2v_audio_frame sound = { .size = sizeof(sound) };
    s2v_error err = { 0 };
    int ret = 0;

    FF_FILTER_FORWARD_STATUS_BACK_ALL(outlink, ctx);

    /* Pictures wait in the session, where they are small, and not in the link,
     * which is lost if a filter before this one is freed first (uninit).
     * Nothing is made of them before sound is received. */
    while (!s->drained && (ret = feed(ctx)) > 0)
        ;
    if (ret < 0)
        return ret;

    if (!ff_outlink_frame_wanted(outlink))
        return FFERROR_NOT_READY;

    if (s->pending && (ret = feed_reference(ctx)) <= 0) {
        if (!ret)
            ff_inlink_request_frame(ctx->inputs[1]);
        return ret;
    }
    if (s->nb_inputs > 1)
        ff_inlink_set_status(ctx->inputs[1], AVERROR_EOF);
    if (s->mixed && (ret = mix_feed_own(ctx)) < 0)
        return ret;

    for (;;) {
        if (s->mixed && (ret = mix_output(outlink)) != 0) {
            if (ret < 0 || !s->drained || !S2V_END_AT_ONCE)
                return FFMIN(ret, 0);
            continue;
        }
        if (s->mixed && s->mixed->nb_made) {
            ff_inlink_request_frame(own_link(ctx));
            return 0;
        }
        if (s->mixed && s->mixed->complete) {
            ff_outlink_set_status(outlink, AVERROR_EOF, s->mixed->next);
            s->ended = 1;
            return 0;
        }
        ret = s->resumed ? S2V_ERR_AGAIN : s2v_session_receive_audio(s->session, &sound, &err);
        if (s->mixed && (ret == S2V_OK || ret == S2V_ERR_EOF)) {
            ret = ret ? mix_finish(s) : mix_take(outlink, &sound);
            if (ret < 0)
                return ret;
        } else if (ret == S2V_OK) {
            ret = output_sound(outlink, &sound);
            if (ret < 0 || !s->drained || !S2V_END_AT_ONCE)
                return ret;
        } else if (ret == S2V_ERR_EOF) {
            if (keeps_state(s))
                unlink(s->state); /* the next stream starts anew */
            ff_outlink_set_status(outlink, AVERROR_EOF, s->out_start + s->out_count);
            s->ended = 1;
            return 0;
        } else if (ret != S2V_ERR_AGAIN) {
            return ff_s2v_report(ctx, AV_LOG_ERROR, ret, &err);
        } else if ((ret = feed(ctx)) <= 0) {
            break;
        }
    }

    if (!ret)
        ff_inlink_request_frame(inlink);
    return ret;
}

static int set_gain(AVFilterContext *ctx, const char *text)
{
    FoleyContext *s = ctx->priv;
    const AVOption *option = av_opt_find(s, "gain", NULL, 0, 0);
    double gain = 0;
    int ret = av_opt_eval_double(s, option, text, &gain);

    if (ret < 0)
        return ret;
    s->scale = pow(10.0, gain / 20.0);

    return 0;
}

static int set_sensitivity(AVFilterContext *ctx, const char *text)
{
    FoleyContext *s = ctx->priv;
    const AVOption *option = av_opt_find(s, "sensitivity", NULL, 0, 0);
    double factor = 0;
    int ret = av_opt_eval_double(s, option, text, &factor);

    return ret < 0 ? ret : set_number(ctx, AV_LOG_WARNING, "sensitivity", factor);
}

static int set_mix(AVFilterContext *ctx, const char *text)
{
    FoleyContext *s = ctx->priv;
    const AVOption *option = av_opt_find(s, "mix", NULL, 0, 0);
    double mix = 0;
    int ret = s->mixed ? av_opt_eval_double(s, option, text, &mix) : AVERROR(EINVAL);

    if (ret < 0)
        return ret;
    s->mixed->scale = mix_scale(mix);

    return 0;
}

/** In place of the reference there is, or that of the second input. */
static int set_ref(AVFilterContext *ctx, const char *path)
{
    int ret = read_reference(ctx, AV_LOG_WARNING, path);

    if (ret >= 0)
        free_pending(ctx->priv);

    return ret;
}

/*
 * The options themselves keep the values that the filter was made with: a new
 * filter graph's filter, which takes the state over, is known by them.
 */
static int process_command(AVFilterContext *ctx, const char *cmd, const char *arg,
                           char *res, int res_len, int flags)
{
    arg = arg ? arg : "";
    if (!strcmp(cmd, "gain"))
        return set_gain(ctx, arg);
    if (!strcmp(cmd, "mix"))
        return set_mix(ctx, arg);
    if (!strcmp(cmd, "sensitivity"))
        return set_sensitivity(ctx, arg);
    if (!strcmp(cmd, "regions"))
        return set_value(ctx, AV_LOG_WARNING, "regions", arg);
    if (!strcmp(cmd, "ref"))
        return set_ref(ctx, arg);

    return AVERROR(ENOSYS);
}

static void close_state(void *context)
{
    FoleyContext *s = context;

    av_frame_free(&s->held);
    free_pending(s);
    mix_free(&s->mixed);
    s2v_session_close(&s->session);
    ff_s2v_close(&s->model);
}

/**
 * Close what no other filter has taken over. ffmpeg 5.1 has stopped, if the film
 * had ended: it takes nothing more then. Where it has enough, by -t for
 * instance, it does not ask for the rest.
 */
static void close_kept(void *context)
{
    const FoleyContext *s = context;
    const double seen  = s->held_pts * av_q2d(s->time_base);
    const double heard = (s->out_start + s->out_sure) / (double)s->model.info.sample_rate;

    if (s->cut && seen - heard >= LOST_MIN)
        av_log(NULL, AV_LOG_WARNING,
               "v2sfoley was stopped at %.3f s, with the audio from %.3f s on waiting for later frames: it is missing (lower the option latency to reduce this).\n",
               seen, heard);
    close_state(context);
}

static av_cold void uninit(AVFilterContext *ctx)
{
    FoleyContext *s = ctx->priv;

    /* freed before the end, by a program that has not said that it has enough */
    if ((s->started || (s->pending && s->pending->count)) && !s->ended &&
        !(ctx->outputs[0] && ff_outlink_get_status(ctx->outputs[0]))) {
        s->cut = s->drained;
        if (s->pending && ctx->inputs[1])
            feed_reference(ctx); /* what waits in the links, of all: */
        if (s->mixed && own_link(ctx))
            mix_feed_own(ctx);
        while (!s->drained && ctx->inputs[0] && feed(ctx) > 0)
            ;
        if (ff_s2v_keep(ctx, STATE, sizeof(*s), s->model.log, close_kept))
            return;
    }
    close_state(s);
}

static const AVFilterPad v2sfoley_outputs[] = {
    {
        .name         = "default",
        .type         = AVMEDIA_TYPE_AUDIO,
        .config_props = config_output,
    },
};

const S2VFilter ff_af_v2sfoley = {
    S2V_PUBLIC(name)        = "v2sfoley",
    S2V_PUBLIC(description) = NULL_IF_CONFIG_SMALL("Generate audio for silent video with a neural network."),
    S2V_PUBLIC(priv_class)  = &v2sfoley_class,
    S2V_PUBLIC(flags)       = AVFILTER_FLAG_DYNAMIC_INPUTS,
    .priv_size              = sizeof(FoleyContext),
    .init                   = init,
    .uninit                 = uninit,
    .activate               = activate,
    .process_command        = process_command,
    FILTER_OUTPUTS(v2sfoley_outputs),
    FILTER_QUERY_FUNC(query_formats),
};
