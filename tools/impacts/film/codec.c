/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures as they come out of a file of few bits: through an encoder of
 * libavcodec and the decoder, one by one. */
#include "film.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const film_codec_names[] = {"none", "mpeg4", "mpeg2video", "mjpeg",
                                        "libx264"};
const int film_codec_count =
    sizeof(film_codec_names) / sizeof(film_codec_names[0]);

struct film_codec {
    AVCodecContext *encoder, *decoder;
    AVFrame *frame, *decoded;
    AVPacket *packet;
    struct SwsContext *to, *from;
    int64_t next;
};

static int complain(const char *what, int codec)
{
    fprintf(stderr, "s2v-impacts: %s: %s; --codec none does without\n",
            film_codec_names[codec], what);
    return -1;
}

/* Bits per pixel from 0.02 to 0.3; pictures of JPEG have three times as many.
 */
static void set_rate(AVCodecContext *c, const char *name, double quality)
{
    const double fps = (double)c->framerate.num / c->framerate.den;
    const double bits = 0.02 * pow(15, quality) * (c->gop_size < 2 ? 3 : 1);

    c->bit_rate = (int64_t)(bits * c->width * c->height * fps) + 8000;
    c->rc_max_rate = 0;
    c->qmin = 2;
    c->qmax = 31;
    if (!strcmp(name, "libx264")) {
        char crf[8];
        snprintf(crf, sizeof(crf), "%d", (int)(40 - 18 * quality));
        c->bit_rate = 0;
        c->qmin = -1;
        c->qmax = -1;
        av_opt_set(c->priv_data, "crf", crf, 0);
        av_opt_set(c->priv_data, "preset", "veryfast", 0);
        av_opt_set(c->priv_data, "tune", "zerolatency", 0);
    }
}

static int open_encoder(struct film_codec *c, int codec, double quality,
                        const AVCodecContext *form)
{
    const char *name = film_codec_names[codec];
    const AVCodec *encoder = avcodec_find_encoder_by_name(name);

    if (!encoder)
        return complain("this FFmpeg has no such encoder", codec);
    c->encoder = avcodec_alloc_context3(encoder);
    if (!c->encoder)
        return complain("not enough memory", codec);
    AVCodecContext *e = c->encoder;
    e->width = form->width;
    e->height = form->height;
    e->framerate = form->framerate;
    e->time_base = av_inv_q(form->framerate);
    e->pix_fmt = codec == 3 ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    e->gop_size = codec == 3 ? 1 : 60;
    e->thread_count = 1;
    e->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_LOW_DELAY;
    e->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    set_rate(e, name, quality);
    return avcodec_open2(e, encoder, NULL) < 0
               ? complain("the encoder cannot be opened", codec)
               : 0;
}

static int open_decoder(struct film_codec *c, int codec)
{
    const AVCodec *decoder = avcodec_find_decoder(c->encoder->codec_id);

    c->decoder = decoder ? avcodec_alloc_context3(decoder) : NULL;
    if (!c->decoder)
        return complain("this FFmpeg has no decoder of it", codec);
    c->decoder->thread_count = 1;
    c->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY | AV_CODEC_FLAG_BITEXACT;
    return avcodec_open2(c->decoder, decoder, NULL) < 0
               ? complain("the decoder cannot be opened", codec)
               : 0;
}

static int open_rest(struct film_codec *c, int codec)
{
    const AVCodecContext *e = c->encoder;
    const int flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT;

    c->frame = av_frame_alloc();
    c->decoded = av_frame_alloc();
    c->packet = av_packet_alloc();
    c->to = sws_getContext(e->width, e->height, AV_PIX_FMT_0RGB32, e->width,
                           e->height, e->pix_fmt, flags, NULL, NULL, NULL);
    c->from =
        sws_getContext(e->width, e->height, e->pix_fmt, e->width, e->height,
                       AV_PIX_FMT_0RGB32, flags, NULL, NULL, NULL);
    if (!c->frame || !c->decoded || !c->packet || !c->to || !c->from)
        return complain("not enough memory", codec);
    c->frame->format = e->pix_fmt;
    c->frame->width = e->width;
    c->frame->height = e->height;
    return av_frame_get_buffer(c->frame, 0) < 0
               ? complain("not enough memory", codec)
               : 0;
}

struct film_codec *film_codec_open(int codec, double quality, int width,
                                   int height, int fps_num, int fps_den)
{
    struct film_codec *c = calloc(1, sizeof(*c));
    AVCodecContext *form = avcodec_alloc_context3(NULL);
    int ret = -1;

    av_log_set_level(AV_LOG_ERROR);
    if (c && form) {
        form->width = width;
        form->height = height;
        /* MPEG-2 has no other rates than some; the quality is all that counts.
         */
        form->framerate =
            codec == 2 ? (AVRational){25, 1} : (AVRational){fps_num, fps_den};
        ret = open_encoder(c, codec, quality, form);
        if (!ret)
            ret = open_decoder(c, codec);
        if (!ret)
            ret = open_rest(c, codec);
    }
    avcodec_free_context(&form);
    if (ret < 0 && c)
        film_codec_close(&c);
    return c;
}

void film_codec_close(struct film_codec **codec)
{
    struct film_codec *c = *codec;

    if (!c)
        return;
    avcodec_free_context(&c->encoder);
    avcodec_free_context(&c->decoder);
    av_frame_free(&c->frame);
    av_frame_free(&c->decoded);
    av_packet_free(&c->packet);
    sws_freeContext(c->to);
    sws_freeContext(c->from);
    free(c);
    *codec = NULL;
}

/* Each picture that goes in comes out; a decoder that keeps one back is asked
 * to give what it has by the next. */
int film_codec_pass(struct film_codec *c, uint8_t *pixels, int stride)
{
    const uint8_t *const from[] = {pixels};
    uint8_t *const to[] = {pixels};

    if (av_frame_make_writable(c->frame) < 0)
        return -1;
    sws_scale(c->to, from, &stride, 0, c->encoder->height, c->frame->data,
              c->frame->linesize);
    c->frame->pts = c->next++;
    c->frame->pict_type = AV_PICTURE_TYPE_NONE;
    if (avcodec_send_frame(c->encoder, c->frame) < 0)
        return -1;
    while (avcodec_receive_packet(c->encoder, c->packet) >= 0) {
        if (avcodec_send_packet(c->decoder, c->packet) < 0)
            return -1;
        av_packet_unref(c->packet);
        while (avcodec_receive_frame(c->decoder, c->decoded) >= 0)
            sws_scale(c->from, (const uint8_t *const *)c->decoded->data,
                      c->decoded->linesize, 0, c->encoder->height, to, &stride);
    }
    return 0;
}
