/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small lossless media files whose every picture says its own number: a flat
 * colour whose red, green and blue are the number's digits to base 8, far
 * enough apart to survive scaling. The upper left corner is darker.
 */
#include "make_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>

#define CHUNK 1024 /* samples in a packet */

static int must(int ret, const char *what)
{
    if (ret < 0) {
        fprintf(stderr, "making media: %s: %s\n", what, av_err2str(ret));
        abort();
    }
    return ret;
}

int picture_number(const uint8_t *rgb)
{
    return rgb[0] / 32 + rgb[1] / 32 * 8 + rgb[2] / 32 * 64;
}

static void paint(AVFrame *frame, int number, int dark_width)
{
    /* Offsets of red, green and blue in a pixel. */
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    const int step = desc->comp[0].step;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++) {
            uint8_t *p = frame->data[0] + y * frame->linesize[0] + x * step;
            int dark = x < dark_width && y < frame->height / 2;
            for (int c = 0; c < 3; c++)
                p[desc->comp[c].offset] =
                    (number >> 3 * c & 7) * 32 + (dark ? 10 : 22);
        }
}

static AVCodecContext *open_encoder(const media_spec *s, AVStream *stream,
                                    int global)
{
    enum AVCodecID id = s->codec ? s->codec : AV_CODEC_ID_FFV1;
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *c = avcodec_alloc_context3(codec);
    c->width = s->width ? s->width : 32;
    c->height = s->height ? s->height : 32;
    c->pix_fmt = s->form ? s->form : AV_PIX_FMT_BGR0;
    c->time_base = stream->time_base = s->time_base;
    c->framerate = stream->avg_frame_rate = av_inv_q(s->time_base);
    c->thread_count = 1;
    if (global)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    must(avcodec_open2(c, codec, NULL), "encoder");
    must(avcodec_parameters_from_context(stream->codecpar, c), "parameters");
    return c;
}

static void add_matrix(AVStream *stream, const int32_t *matrix)
{
    const size_t size = 9 * sizeof(*matrix);
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    AVCodecParameters *par = stream->codecpar;
    AVPacketSideData *side =
        av_packet_side_data_new(&par->coded_side_data, &par->nb_coded_side_data,
                                AV_PKT_DATA_DISPLAYMATRIX, size, 0);
    memcpy(side->data, matrix, size);
#else
    memcpy(av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, size),
           matrix, size);
#endif
}

static void write_picture(AVFormatContext *out, AVCodecContext *c,
                          const media_spec *s, int i)
{
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    frame->format = c->pix_fmt;
    frame->width = c->width;
    frame->height = c->height;
    must(av_frame_get_buffer(frame, 0), "frame");
    paint(frame, i, s->dark_width ? s->dark_width : frame->width / 2);
    frame->pts = s->pts ? s->pts[i] : s->first + i;
    must(avcodec_send_frame(c, frame), "encode");
    must(avcodec_receive_packet(c, packet), "encode");
    packet->stream_index = 0;
    packet->duration = s->pts ? 0 : 1;
    av_packet_rescale_ts(packet, s->time_base, out->streams[0]->time_base);
    must(av_interleaved_write_frame(out, packet), "write");
    av_packet_free(&packet);
    av_frame_free(&frame);
}

static int64_t sound_time(const media_spec *s, int64_t i)
{
    return s->sound_first + i + (s->gap && i >= s->gap_at ? s->gap : 0);
}

/* A sample, the impulse or silence: 16 bits, little-endian, or 8 unsigned. */
static void write_sample(uint8_t *to, bool impulse, bool bytes)
{
    if (bytes) {
        *to = impulse ? 0xe0 : 0x80;
    } else {
        to[0] = 0x00;
        to[1] = impulse ? 0x60 : 0x00;
    }
}

/* One packet from sample `i` on; the number of samples in it. */
static int64_t write_sound(AVFormatContext *out, AVStream *stream,
                           const media_spec *s, int64_t i)
{
    int64_t n = FFMIN(CHUNK, s->samples - i);
    if (s->gap && i < s->gap_at)
        n = FFMIN(n, s->gap_at - i);
    const bool bytes = stream->codecpar->codec_id == AV_CODEC_ID_PCM_U8;
    const int width = bytes ? 1 : 2;
    AVPacket *packet = av_packet_alloc();
    must(av_new_packet(packet, (int)n * s->channels * width), "packet");
    for (int64_t k = 0; k < n * s->channels; k++)
        write_sample(packet->data + k * width,
                     i + k / s->channels == s->impulse, bytes);
    packet->stream_index = stream->index;
    packet->pts = packet->dts = sound_time(s, i);
    packet->duration = n;
    packet->flags |= AV_PKT_FLAG_KEY;
    av_packet_rescale_ts(packet, (AVRational){1, s->rate}, stream->time_base);
    must(av_interleaved_write_frame(out, packet), "write");
    av_packet_free(&packet);
    return n;
}

static AVStream *add_sound(AVFormatContext *out, const media_spec *s,
                           int channels, bool standard, bool bytes)
{
    const int bits = bytes ? 8 : 16;
    AVStream *stream = avformat_new_stream(out, NULL);
    AVCodecParameters *par = stream->codecpar;
    par->codec_type = AVMEDIA_TYPE_AUDIO;
    par->codec_id = bytes ? AV_CODEC_ID_PCM_U8 : AV_CODEC_ID_PCM_S16LE;
    par->format = bytes ? AV_SAMPLE_FMT_U8 : AV_SAMPLE_FMT_S16;
    par->sample_rate = s->rate;
    par->bits_per_coded_sample = bits;
    par->block_align = channels * bits / 8;
    par->bit_rate = (int64_t)s->rate * channels * bits; /* AVI needs it */
    av_channel_layout_default(&par->ch_layout, channels);
    stream->disposition = standard ? AV_DISPOSITION_DEFAULT : 0;
    stream->time_base = (AVRational){1, s->rate};
    return stream;
}

/* Pictures and sound in the order of their time stamps. */
static void write_all(AVFormatContext *out, AVCodecContext *c, AVStream *sound,
                      const media_spec *s)
{
    int picture = 0;
    int64_t sample = 0;
    media_spec second = *s;
    second.channels = s->second;
    second.impulse = s->second_impulse;
    while (picture < s->pictures || sample < s->samples) {
        int64_t at = s->pts ? s->pts[FFMIN(picture, s->pictures - 1)]
                            : s->first + picture;
        if (sample >= s->samples ||
            (picture < s->pictures &&
             av_compare_ts(at, s->time_base, sound_time(s, sample),
                           (AVRational){1, s->rate}) <= 0))
            write_picture(out, c, s, picture++);
        else {
            if (s->second)
                write_sound(out, out->streams[sound->index + 1], &second,
                            sample);
            sample += write_sound(out, sound, s, sample);
        }
    }
}

void make_media(const char *path, const media_spec *s)
{
    AVFormatContext *out = NULL;
    AVCodecContext *encoder = NULL;
    AVStream *sound = NULL;
    must(avformat_alloc_output_context2(&out, NULL, NULL, path), "format");
    out->avoid_negative_ts = AVFMT_AVOID_NEG_TS_MAKE_NON_NEGATIVE;
    if (s->pictures) {
        AVStream *stream = avformat_new_stream(out, NULL);
        encoder =
            open_encoder(s, stream, out->oformat->flags & AVFMT_GLOBALHEADER);
        if (s->matrix)
            add_matrix(stream, s->matrix);
    }
    if (s->samples)
        sound = add_sound(out, s, s->channels, s->standard, false);
    if (s->second)
        add_sound(out, s, s->second, s->second_standard, s->second_bytes);
    must(avio_open(&out->pb, path, AVIO_FLAG_WRITE), path);
    must(avformat_write_header(out, NULL), "header");
    write_all(out, encoder, sound, s);
    must(av_write_trailer(out), "trailer");
    avcodec_free_context(&encoder);
    avio_closep(&out->pb);
    avformat_free_context(out);
}
