/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips that decode to the very bytes that were written. */
#include "write_clip.h"

#include <glib.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ret, const char *what)
{
    if (ret < 0) {
        fprintf(stderr, "writing a clip: %s: %s\n", what, av_err2str(ret));
        abort();
    }
}

static void add_streams(AVFormatContext *out, int size, clip_rate rate)
{
    AVStream *picture = avformat_new_stream(out, NULL);
    AVStream *sound = avformat_new_stream(out, NULL);
    AVCodecParameters *par = picture->codecpar;
    par->codec_type = AVMEDIA_TYPE_VIDEO;
    par->codec_id = AV_CODEC_ID_RAWVIDEO;
    par->format = AV_PIX_FMT_RGB24;
    par->codec_tag = MKTAG('R', 'G', 'B', 24);
    par->width = par->height = size;
    picture->time_base = (AVRational){rate.fps_den, rate.fps_num};
    picture->avg_frame_rate = (AVRational){rate.fps_num, rate.fps_den};
    par = sound->codecpar;
    par->codec_type = AVMEDIA_TYPE_AUDIO;
    par->codec_id = AV_CODEC_ID_PCM_S16LE;
    par->format = AV_SAMPLE_FMT_S16;
    par->sample_rate = rate.sample_rate;
    par->bits_per_coded_sample = 16;
    par->block_align = 2;
    av_channel_layout_default(&par->ch_layout, 1);
    sound->time_base = (AVRational){1, rate.sample_rate};
}

static void write_packet(AVFormatContext *out, int stream, const void *data,
                         size_t bytes, int64_t pts, int64_t duration,
                         AVRational unit)
{
    AVPacket *packet = av_packet_alloc();
    must(av_new_packet(packet, (int)bytes), "packet");
    memcpy(packet->data, data, bytes);
    packet->stream_index = stream;
    packet->pts = packet->dts = pts;
    packet->duration = duration;
    packet->flags |= AV_PKT_FLAG_KEY;
    av_packet_rescale_ts(packet, unit, out->streams[stream]->time_base);
    must(av_interleaved_write_frame(out, packet), "write");
    av_packet_free(&packet);
}

void write_clip(const char *path, const uint8_t *rgb, int frames, int size,
                const int16_t *sound, int samples)
{
    write_clip_at(path, rgb, frames, size, (clip_rate){20, 1, 16000}, sound,
                  samples);
}

void write_clip_at(const char *path, const uint8_t *rgb, int frames, int size,
                   clip_rate rate, const int16_t *sound, int samples)
{
    const int hop = rate.sample_rate * rate.fps_den / rate.fps_num;
    const size_t bytes = (size_t)size * size * 3;
    AVFormatContext *out = NULL;
    must(avformat_alloc_output_context2(&out, NULL, "nut", path), "format");
    add_streams(out, size, rate);
    must(avio_open(&out->pb, path, AVIO_FLAG_WRITE), path);
    must(avformat_write_header(out, NULL), "header");
    for (int t = 0; t < frames || t * hop < samples; t++) {
        int n = FFMIN(hop, samples - t * hop);
        if (t < frames)
            write_packet(out, 0, rgb + (size_t)t * bytes, bytes, t, 1,
                         (AVRational){rate.fps_den, rate.fps_num});
        if (n > 0)
            write_packet(out, 1, sound + t * hop, (size_t)n * 2, t * hop, n,
                         (AVRational){1, rate.sample_rate});
    }
    must(av_write_trailer(out), "trailer");
    avio_closep(&out->pb);
    avformat_free_context(out);
}

void make_sound(int16_t *sound, int samples, unsigned seed)
{
    unsigned state = seed, period = 40;
    for (int i = 0; i < samples; i++) {
        if (i % 1600 == 0) { /* a new note each tenth of a second */
            state = state * 1664525u + 1013904223u;
            period = 20 + (state >> 24);
        }
        sound[i] =
            (int16_t)((int)(i % (int)period) * 16000 / (int)period - 8000);
    }
}
