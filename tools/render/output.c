/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes picture and sound by libavformat: .mkv holds FFV1 and FLAC, both
 * lossless; .mp4 MPEG-4 part 2 and AAC; .wav the sound alone. */
#include "output.h"

#include "file.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/channel_layout.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <string.h>

struct track {
    AVStream *stream;
    AVCodecContext *codec;
    AVFrame *frame;
    int64_t next; /* time stamp of the next frame */
};

struct render_output {
    const char *program;
    char *name;
    struct render_file file;
    int channels;
    AVFormatContext *muxer;
    AVPacket *packet;
    struct track picture, sound;
    struct SwsContext *scaler;
    int filled; /* samples waiting in sound.frame */
};

/* What a file name's ending asks for. */
struct container {
    const char *ending, *muxer;
    enum AVCodecID picture, sound;
    enum AVPixelFormat pixels;
    enum AVSampleFormat samples;
};

static const struct container containers[] = {
    {".mkv", "matroska", AV_CODEC_ID_FFV1, AV_CODEC_ID_FLAC, AV_PIX_FMT_0RGB32,
     AV_SAMPLE_FMT_S16},
    {".mp4", "mp4", AV_CODEC_ID_MPEG4, AV_CODEC_ID_AAC, AV_PIX_FMT_YUV420P,
     AV_SAMPLE_FMT_FLTP},
    {".wav", "wav", AV_CODEC_ID_NONE, AV_CODEC_ID_PCM_S16LE, AV_PIX_FMT_NONE,
     AV_SAMPLE_FMT_S16},
};

static int report(const struct render_output *out, const char *what, int code)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";

    av_strerror(code, text, sizeof(text));
    fprintf(stderr, "%s: %s: %s: %s\n", out->program, out->name, what, text);
    return -1;
}

static const struct container *container_of(const char *program,
                                            const char *name)
{
    const size_t n = sizeof(containers) / sizeof(containers[0]);
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < n; i++)
        if (!strcmp(dot, containers[i].ending))
            return &containers[i];
    fprintf(stderr, "%s: %s: the name must end in .mkv, .mp4 or .wav\n",
            program, name);
    return NULL;
}

static AVCodecContext *new_codec(const struct render_output *out,
                                 enum AVCodecID id)
{
    const AVCodec *encoder = avcodec_find_encoder(id);
    AVCodecContext *codec = encoder ? avcodec_alloc_context3(encoder) : NULL;

    if (!codec) {
        fprintf(stderr, "%s: %s: this FFmpeg has no encoder for %s\n",
                out->program, out->name, avcodec_get_name(id));
        return NULL;
    }
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    if (out->muxer->oformat->flags & AVFMT_GLOBALHEADER)
        codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return codec;
}

/* Opens a configured encoder, and a stream and a frame for it. */
static int open_track(struct render_output *out, struct track *track)
{
    AVCodecContext *codec = track->codec;
    int ret = avcodec_open2(codec, codec->codec, NULL);

    if (ret < 0)
        return report(out, "cannot start the encoder", ret);
    track->stream = avformat_new_stream(out->muxer, NULL);
    track->frame = av_frame_alloc();
    if (!track->stream || !track->frame)
        return report(out, "cannot add a stream", AVERROR(ENOMEM));
    track->stream->time_base = codec->time_base;
    track->stream->avg_frame_rate = codec->framerate;
    ret = avcodec_parameters_from_context(track->stream->codecpar, codec);
    if (ret < 0)
        return report(out, "cannot describe the stream", ret);
    return 0;
}

static int open_picture(struct render_output *out, const struct container *c,
                        const struct render_format *f)
{
    AVCodecContext *codec = new_codec(out, c->picture);

    out->picture.codec = codec;
    if (!codec)
        return -1;
    codec->width = f->size;
    codec->height = f->height ? f->height : f->size;
    codec->pix_fmt = c->pixels;
    codec->time_base = (AVRational){f->fps_den, f->fps_num};
    codec->framerate = (AVRational){f->fps_num, f->fps_den};
    codec->gop_size =
        c->picture == AV_CODEC_ID_FFV1 ? 1 : (f->fps_num - 1) / f->fps_den + 1;
    if (c->picture == AV_CODEC_ID_MPEG4) {
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = 2 * FF_QP2LAMBDA;
    }
    if (open_track(out, &out->picture) < 0)
        return -1;

    AVFrame *frame = out->picture.frame;
    frame->format = codec->pix_fmt;
    frame->width = codec->width;
    frame->height = codec->height;
    int ret = av_frame_get_buffer(frame, 0);
    if (ret < 0)
        return report(out, "cannot hold a picture", ret);
    out->scaler = sws_getContext(codec->width, codec->height, AV_PIX_FMT_0RGB32,
                                 codec->width, codec->height, codec->pix_fmt,
                                 SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT,
                                 NULL, NULL, NULL);
    return out->scaler
               ? 0
               : report(out, "cannot convert pictures", AVERROR(ENOMEM));
}

static int open_sound(struct render_output *out, const struct container *c,
                      int rate)
{
    AVCodecContext *codec = new_codec(out, c->sound);

    out->sound.codec = codec;
    if (!codec)
        return -1;
    codec->sample_rate = rate;
    codec->sample_fmt = c->samples;
    codec->time_base = (AVRational){1, rate};
    codec->bit_rate = c->sound == AV_CODEC_ID_AAC ? 256000 : 0;
    av_channel_layout_default(&codec->ch_layout, out->channels);
    if (open_track(out, &out->sound) < 0)
        return -1;

    AVFrame *frame = out->sound.frame;
    frame->format = codec->sample_fmt;
    frame->sample_rate = rate;
    frame->nb_samples = codec->frame_size ? codec->frame_size : 4096;
    av_channel_layout_default(&frame->ch_layout, out->channels);
    int ret = av_frame_get_buffer(frame, 0);
    return ret < 0 ? report(out, "cannot hold sound", ret) : 0;
}

/* A name with a colon is one of a file, too. */
static int open_file(struct render_output *out)
{
    const int error = render_file_open(&out->file, out->name);

    if (error < 0)
        return AVERROR(-error);
    char *url = av_asprintf("file:%s", out->file.path);
    const int ret = url ? avio_open(&out->muxer->pb, url, AVIO_FLAG_WRITE)
                        : AVERROR(ENOMEM);
    av_free(url);
    return ret;
}

struct render_output *render_output_open(const char *name,
                                         const struct render_format *f)
{
    const struct container *c = container_of(f->program, name);
    struct render_output *out = c ? av_mallocz(sizeof(*out)) : NULL;
    int ret = AVERROR(ENOMEM);

    if (!out) {
        if (c)
            fprintf(stderr, "%s: not enough memory\n", f->program);
        return NULL;
    }
    av_log_set_level(AV_LOG_ERROR);
    out->program = f->program;
    out->channels = f->channels;
    out->name = av_strdup(name);
    out->packet = av_packet_alloc();
    if (!out->name || !out->packet)
        goto fail;
    ret = avformat_alloc_output_context2(&out->muxer, NULL, c->muxer, NULL);
    if (ret < 0)
        goto fail;
    out->muxer->flags |= AVFMT_FLAG_BITEXACT;
    ret = 0;
    if (f->size && c->picture && open_picture(out, c, f) < 0)
        goto fail;
    if (f->rate && open_sound(out, c, f->rate) < 0)
        goto fail;
    ret = open_file(out);
    if (ret < 0)
        goto fail;
    ret = avformat_write_header(out->muxer, NULL);
    if (ret < 0)
        goto fail;
    return out;

fail:
    if (ret < 0)
        report(out, "cannot write the file", ret);
    render_output_free(&out);
    return NULL;
}

/* Encodes a frame, or drains the encoder (NULL), and writes what comes. */
static int encode(struct render_output *out, struct track *track,
                  const AVFrame *frame)
{
    int ret = avcodec_send_frame(track->codec, frame);

    while (ret >= 0) {
        ret = avcodec_receive_packet(track->codec, out->packet);
        if (ret == AVERROR(EAGAIN) || ret == AVERROR_EOF)
            return 0;
        if (ret < 0)
            break;
        out->packet->stream_index = track->stream->index;
        av_packet_rescale_ts(out->packet, track->codec->time_base,
                             track->stream->time_base);
        ret = av_interleaved_write_frame(out->muxer, out->packet);
    }
    return report(out, "cannot write", ret);
}

int render_output_picture(struct render_output *out, const uint8_t *pixels,
                          int stride)
{
    struct track *track = &out->picture;

    if (!track->codec)
        return 0;
    int ret = av_frame_make_writable(track->frame);
    if (ret < 0)
        return report(out, "cannot hold a picture", ret);
    sws_scale(out->scaler, &pixels, &stride, 0, track->codec->height,
              track->frame->data, track->frame->linesize);
    track->frame->pts = track->next++;
    track->frame->quality = track->codec->global_quality;
    return encode(out, track, track->frame);
}

static int send_sound(struct render_output *out)
{
    struct track *track = &out->sound;
    const int whole = track->frame->nb_samples;

    track->frame->nb_samples = out->filled;
    track->frame->pts = track->next;
    track->next += out->filled;
    out->filled = 0;
    const int ret = encode(out, track, track->frame);
    track->frame->nb_samples = whole;
    return ret;
}

static void put_sample(AVFrame *frame, int at, int channels,
                       const int16_t *sample)
{
    for (int c = 0; c < channels; c++) {
        if (frame->format == AV_SAMPLE_FMT_S16)
            ((int16_t *)frame->data[0])[channels * at + c] = sample[c];
        else
            ((float *)frame->data[c])[at] = sample[c] / 32768.0f;
    }
}

int render_output_sound(struct render_output *out, const int16_t *samples,
                        size_t frames)
{
    AVFrame *frame = out->sound.frame;

    if (!out->sound.codec)
        return 0;
    for (size_t i = 0; i < frames; i++) {
        if (!out->filled) {
            const int ret = av_frame_make_writable(frame);
            if (ret < 0)
                return report(out, "cannot hold sound", ret);
        }
        put_sample(frame, out->filled++, out->channels,
                   samples + (size_t)out->channels * i);
        if (out->filled == frame->nb_samples && send_sound(out) < 0)
            return -1;
    }
    return 0;
}

int render_output_finish(struct render_output **output)
{
    struct render_output *out = *output;
    int ret = 0;

    if (out->filled)
        ret = send_sound(out);
    if (!ret && out->picture.codec)
        ret = encode(out, &out->picture, NULL);
    if (!ret && out->sound.codec)
        ret = encode(out, &out->sound, NULL);
    if (!ret) {
        ret = av_write_trailer(out->muxer);
        if (ret >= 0)
            ret = avio_closep(&out->muxer->pb);
        if (ret >= 0)
            ret = AVERROR(-render_file_commit(&out->file));
        if (ret < 0)
            ret = report(out, "cannot complete the file", ret);
    }
    render_output_free(output);
    return ret;
}

static void free_track(struct track *track)
{
    avcodec_free_context(&track->codec);
    av_frame_free(&track->frame);
}

void render_output_free(struct render_output **output)
{
    struct render_output *out = *output;

    if (!out)
        return;
    free_track(&out->picture);
    free_track(&out->sound);
    sws_freeContext(out->scaler);
    av_packet_free(&out->packet);
    if (out->muxer)
        avio_closep(&out->muxer->pb);
    avformat_free_context(out->muxer);
    render_file_drop(&out->file);
    av_freep(&out->name);
    av_freep(output);
}
