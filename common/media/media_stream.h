/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of a media file, decoded frame by frame through libav*. */
#ifndef S2VI_TRAIN_MEDIA_STREAM_H
#define S2VI_TRAIN_MEDIA_STREAM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/media.h"

typedef struct s2vi_media_stream {
    int want; /* of the streams of a kind: 1 is the first; 0: the best */
    char *path;
    AVFormatContext *format;
    AVStream *stream; /* the one that is decoded */
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;           /* filled by s2vi_media_stream_next() */
    int64_t packets, damaged; /* read, and those that did not decode */
    bool draining;
    /* Seconds: how long it lasts by its header, and to where packets lead; of
     * the stream, or, where the header has no word of it, of the whole file. */
    double promised, reach;
    bool of_file;
    double *header; /* what it says of each stream, then of the file; 0: none */
    unsigned n_header;
} s2vi_media_stream;

/**
 * Open a stream of a kind: number m->want, or the best. A cover picture is not
 * a video stream; of sounds the best is the one that ffmpeg takes where nothing
 * is mapped: with the default disposition, with the most channels, the first.
 *
 * @param m    zeroed but for `want`; to be closed on success and on failure
 * @param path a local file: never taken for a URL
 * @param type AVMEDIA_TYPE_VIDEO or AVMEDIA_TYPE_AUDIO
 */
int s2vi_media_stream_open(s2vi_media_stream *m, const char *path,
                           enum AVMediaType type, s2v_error *err);

/** Fail, and say what there is, if the open file has no stream of `type`, or
 * not so many (`want`, as above). */
int s2vi_media_stream_require(const s2vi_media_stream *m, enum AVMediaType type,
                              int want, s2v_error *err);

/**
 * Decode the next frame into m->frame.
 *
 * @return S2V_OK; S2V_ERR_EOF at the end; S2V_ERR_IO, _NOMEM
 */
int s2vi_media_stream_next(s2vi_media_stream *m, s2v_error *err);

/** Beyond so many seconds a jump of time stamps is another clock, not a gap:
 * what follows goes on where what came before ended. */
#define S2VI_CLOCK_JUMP 3600

/**
 * The frame's time stamp in stream time base; AV_NOPTS_VALUE where it has none
 * or one so far out (2^61) that sums could overflow.
 */
int64_t s2vi_media_stream_time(const s2vi_media_stream *m);

/** How long m->frame lasts in stream time base; 0: the file does not say. */
int64_t s2vi_media_stream_duration(const s2vi_media_stream *m);

/** How far m->frame is into the file, 0 to 1; -1: not known. */
double s2vi_media_stream_fraction(const s2vi_media_stream *m);

/** The stream's display matrix, 9 numbers, or NULL. */
const int32_t *s2vi_media_stream_matrix(const s2vi_media_stream *m);

/** Add what is known of the stream so far. */
void s2vi_media_stream_facts(const s2vi_media_stream *m,
                             s2vi_media_facts *facts);

void s2vi_media_stream_close(s2vi_media_stream *m);

#endif
