/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of a media file, decoded frame by frame through libav*. */
#define _POSIX_C_SOURCE 200809L

#include "media/media_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <glib.h>
#include <libavutil/pixdesc.h>

#include "base/error.h"

static const char *type_word(enum AVMediaType type)
{
    return type == AVMEDIA_TYPE_VIDEO ? "video" : "sound";
}

/* What libavformat would say of these is true but no help. */
static int check_file(const char *path, s2v_error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return s2vi_error(err, S2V_ERR_IO, "'%s' cannot be opened: %s", path,
                          g_strerror(errno));
    if (S_ISDIR(st.st_mode))
        return s2vi_error(err, S2V_ERR_IO,
                          "'%s' is a directory: expected a media file", path);
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' is empty: expected a media file, found 0 bytes",
                          path);
    return S2V_OK;
}

/* What the header says, before libavformat estimates what it does not. */
static int read_header(s2vi_media_stream *m, s2v_error *err)
{
    const AVFormatContext *f = m->format;
    m->n_header = f->nb_streams;
    m->header = calloc((size_t)m->n_header + 1, sizeof(*m->header));
    if (!m->header)
        return s2vi_error_nomem(err, m->path);
    /* Of an AVI file that is cut short the duration is an estimate already. */
    const bool avi = !strcmp(f->iformat->name, "avi");
    for (unsigned i = 0; i < m->n_header; i++) {
        const AVStream *s = f->streams[i];
        const int64_t lasts = avi ? s->nb_frames : s->duration;
        if (lasts > 0)
            m->header[i] = (double)lasts * av_q2d(s->time_base);
    }
    if (f->duration > 0)
        m->header[m->n_header] = (double)f->duration / AV_TIME_BASE;
    return S2V_OK;
}

static int open_format(s2vi_media_stream *m, s2v_error *err)
{
    /* "file:" keeps a name such as "12:30.mp4" from being read as a URL. */
    char *url = g_strconcat("file:", m->path, NULL);
    int ret = avformat_open_input(&m->format, url, NULL, NULL);
    g_free(url);
    if (ret == AVERROR(ENOMEM))
        return s2vi_error_nomem(err, m->path);
    if (ret < 0)
        return s2vi_error(
            err, ret == AVERROR(EACCES) ? S2V_ERR_IO : S2V_ERR_FORMAT,
            "'%s' cannot be read as media: expected a file that FFmpeg "
            "decodes, found: %s",
            m->path, av_err2str(ret));
    if ((ret = read_header(m, err)) < 0)
        return ret;
    ret = avformat_find_stream_info(m->format, NULL);
    if (ret < 0)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "'%s' cannot be read as media: no stream information: %s", m->path,
            av_err2str(ret));
    return S2V_OK;
}

static bool is_sound(const AVStream *s)
{
    return s->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
}

/* The sound of number `want`, or where that is 0 the one that the program
 * ffmpeg maps by itself: these are its weights. -1: none. */
static int find_sound(const AVFormatContext *f, int want)
{
    int found = -1, number = 0;
    int64_t best = -1;
    for (unsigned i = 0; i < f->nb_streams; i++) {
        const AVStream *s = f->streams[i];
        if (!is_sound(s))
            continue;
        int64_t score = s->codecpar->ch_layout.nb_channels;
        if (s->event_flags & AVSTREAM_EVENT_FLAG_NEW_PACKETS)
            score += 100000000;
        if (s->disposition & AV_DISPOSITION_DEFAULT)
            score += 5000000;
        if (want ? ++number == want : score > best) {
            found = (int)i;
            best = score;
        }
    }
    return found;
}

/* How many sounds come before stream `end`. */
static int count_sounds(const AVFormatContext *f, unsigned end)
{
    int n = 0;
    for (unsigned i = 0; i < end; i++)
        n += is_sound(f->streams[i]);
    return n;
}

static int find_stream(const s2vi_media_stream *m, enum AVMediaType type,
                       int want)
{
    if (type == AVMEDIA_TYPE_AUDIO)
        return find_sound(m->format, want);
    int index = av_find_best_stream(m->format, type, -1, -1, NULL, 0);
    if (index >= 0 &&
        (m->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return -1;
    return index;
}

int s2vi_media_stream_require(const s2vi_media_stream *m, enum AVMediaType type,
                              int want, s2v_error *err)
{
    if (find_stream(m, type, want) >= 0)
        return S2V_OK;
    const int tracks = count_sounds(m->format, m->format->nb_streams);
    if (want && type == AVMEDIA_TYPE_AUDIO && tracks)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' has no audio track %d: found %d audio track%s, "
                          "counted from 0",
                          m->path, want - 1, tracks, tracks > 1 ? "s" : "");
    GString *found = g_string_new(NULL);
    for (unsigned i = 0; i < m->format->nb_streams; i++) {
        const AVStream *s = m->format->streams[i];
        const char *kind = av_get_media_type_string(s->codecpar->codec_type);
        bool cover = s->disposition & AV_DISPOSITION_ATTACHED_PIC;
        g_string_append_printf(found, "%s%s (%s)", i ? ", " : "",
                               cover  ? "cover picture"
                               : kind ? kind
                                      : "data",
                               avcodec_get_name(s->codecpar->codec_id));
    }
    s2vi_error(err, S2V_ERR_FORMAT,
               "'%s' has no %s: expected a %s stream, found %s", m->path,
               type_word(type), type_word(type),
               found->len ? found->str : "no streams");
    g_string_free(found, TRUE);
    return S2V_ERR_FORMAT;
}

static int open_decoder(s2vi_media_stream *m, s2v_error *err)
{
    const AVCodecParameters *par = m->stream->codecpar;
    const char *name = avcodec_get_name(par->codec_id);
    const char *kind = type_word(par->codec_type);
    const AVCodec *codec = avcodec_find_decoder(par->codec_id);
    if (!codec)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' cannot be decoded: its %s is %s, for which "
                          "this FFmpeg has no decoder",
                          m->path, kind, name);
    m->decoder = avcodec_alloc_context3(codec);
    if (!m->decoder || avcodec_parameters_to_context(m->decoder, par) < 0)
        return s2vi_error_nomem(err, "a decoder");
    m->decoder->pkt_timebase = m->stream->time_base;
    /* One thread: damaged files too decode to the same bytes each time. */
    m->decoder->thread_count = 1;
    m->decoder->flags |= AV_CODEC_FLAG_BITEXACT;
    int ret = avcodec_open2(m->decoder, codec, NULL);
    if (ret < 0)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' cannot be decoded: the decoder of its %s (%s) "
                          "cannot be opened: %s",
                          m->path, kind, name, av_err2str(ret));
    return S2V_OK;
}

/* Find what the header promises for the stream. */
static void find_promise(s2vi_media_stream *m)
{
    const double file = m->header[m->n_header];
    const unsigned index = (unsigned)m->stream->index;
    const double own = index < m->n_header ? m->header[index] : 0;
    m->of_file = own <= 0;
    m->promised = own > 0 && (own < file || file <= 0) ? own : file;
}

int s2vi_media_stream_open(s2vi_media_stream *m, const char *path,
                           enum AVMediaType type, s2v_error *err)
{
    int ret = check_file(path, err);
    if (ret < 0)
        return ret;
    m->path = g_strdup(path);
    if ((ret = open_format(m, err)) < 0 ||
        (ret = s2vi_media_stream_require(m, type, m->want, err)) < 0)
        return ret;
    m->stream = m->format->streams[find_stream(m, type, m->want)];
    find_promise(m);
    /* Where the file ends, all of its streams have to tell. */
    for (unsigned i = 0; i < m->format->nb_streams && !m->of_file; i++)
        if (m->format->streams[i] != m->stream)
            m->format->streams[i]->discard = AVDISCARD_ALL;
    if ((ret = open_decoder(m, err)) < 0)
        return ret;
    m->packet = av_packet_alloc();
    m->frame = av_frame_alloc();
    if (!m->packet || !m->frame)
        return s2vi_error_nomem(err, "decoding");
    return S2V_OK;
}

/* Note to where the packet leads. */
static void note_packet(s2vi_media_stream *m)
{
    const AVPacket *p = m->packet;
    const bool own = p->stream_index == m->stream->index;
    const int64_t at = p->pts == AV_NOPTS_VALUE ? p->dts : p->pts;
    m->packets += own;
    if (at == AV_NOPTS_VALUE || !(own || m->of_file))
        return;
    const double end = ((double)at + (double)p->duration) *
                       av_q2d(m->format->streams[p->stream_index]->time_base);
    m->reach = FFMAX(m->reach, end);
}

/* Give the decoder one more packet, or at the end the word to drain. */
static int feed(s2vi_media_stream *m, s2v_error *err)
{
    int ret;
    do {
        av_packet_unref(m->packet);
        ret = av_read_frame(m->format, m->packet);
        if (ret >= 0)
            note_packet(m);
    } while (ret >= 0 && m->packet->stream_index != m->stream->index);
    if (ret == AVERROR(ENOMEM))
        return s2vi_error_nomem(err, m->path);
    /* Where a broken container cannot go on, what came before still counts. */
    if (ret == AVERROR_INVALIDDATA)
        m->damaged++;
    else if (ret < 0 && ret != AVERROR_EOF)
        return s2vi_error(err, S2V_ERR_IO, "reading '%s' failed: %s", m->path,
                          av_err2str(ret));
    m->draining = ret < 0;
    ret = avcodec_send_packet(m->decoder, m->draining ? NULL : m->packet);
    av_packet_unref(m->packet);
    if (ret == AVERROR(ENOMEM))
        return s2vi_error_nomem(err, m->path);
    if (ret < 0 && ret != AVERROR_EOF)
        m->damaged++;
    return S2V_OK;
}

int s2vi_media_stream_next(s2vi_media_stream *m, s2v_error *err)
{
    for (;;) {
        int ret = avcodec_receive_frame(m->decoder, m->frame);
        if (ret >= 0)
            return S2V_OK;
        if (ret == AVERROR(ENOMEM))
            return s2vi_error_nomem(err, m->path);
        if (ret == AVERROR_EOF || m->draining)
            return S2V_ERR_EOF;
        if (ret != AVERROR(EAGAIN))
            m->damaged++;
        if ((ret = feed(m, err)) < 0)
            return ret;
    }
}

int64_t s2vi_media_stream_time(const s2vi_media_stream *m)
{
    int64_t ts = m->frame->best_effort_timestamp;
    return ts > INT64_MAX / 4 || ts < -INT64_MAX / 4 ? AV_NOPTS_VALUE : ts;
}

int64_t s2vi_media_stream_duration(const s2vi_media_stream *m)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    int64_t duration = m->frame->duration;
#else
    int64_t duration = m->frame->pkt_duration;
#endif
    AVRational rate = m->stream->avg_frame_rate;
    if (duration <= 0 && rate.num > 0 && rate.den > 0)
        duration = av_rescale_q(1, av_inv_q(rate), m->stream->time_base);
    const int64_t most =
        av_rescale_q(S2VI_CLOCK_JUMP, (AVRational){1, 1}, m->stream->time_base);
    return av_clip64(duration, 0, most);
}

double s2vi_media_stream_fraction(const s2vi_media_stream *m)
{
    int64_t ts = s2vi_media_stream_time(m);
    double total = m->format->duration / (double)AV_TIME_BASE, start = 0;
    if (m->format->duration <= 0 || ts == AV_NOPTS_VALUE)
        return -1;
    if (m->stream->start_time != AV_NOPTS_VALUE)
        start = (double)m->stream->start_time;
    return av_clipd((ts - start) * av_q2d(m->stream->time_base) / total, 0, 1);
}

const int32_t *s2vi_media_stream_matrix(const s2vi_media_stream *m)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVCodecParameters *par = m->stream->codecpar;
    const AVPacketSideData *side =
        av_packet_side_data_get(par->coded_side_data, par->nb_coded_side_data,
                                AV_PKT_DATA_DISPLAYMATRIX);
    return side && side->size >= 36 ? (const int32_t *)side->data : NULL;
#else
    size_t size = 0;
    const uint8_t *side =
        av_stream_get_side_data(m->stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return side && size >= 36 ? (const int32_t *)side : NULL;
#endif
}

void s2vi_media_stream_facts(const s2vi_media_stream *m,
                             s2vi_media_facts *facts)
{
    const int64_t start =
        m->of_file ? m->format->start_time : m->stream->start_time;
    double lasts = m->reach;
    if (start != AV_NOPTS_VALUE && start < 0)
        lasts -= (double)start * (m->of_file ? 1.0 / AV_TIME_BASE
                                             : av_q2d(m->stream->time_base));
    facts->packets += m->packets;
    facts->damaged += m->damaged;
    if (m->draining && m->promised - lasts > facts->promised - facts->lasts) {
        facts->promised = m->promised;
        facts->lasts = lasts;
    }
    if (is_sound(m->stream)) {
        facts->track = count_sounds(m->format, (unsigned)m->stream->index);
        facts->tracks = count_sounds(m->format, m->format->nb_streams);
    }
}

void s2vi_media_stream_close(s2vi_media_stream *m)
{
    av_frame_free(&m->frame);
    av_packet_free(&m->packet);
    avcodec_free_context(&m->decoder);
    avformat_close_input(&m->format);
    g_free(m->path);
    free(m->header);
    *m = (s2vi_media_stream){0};
}
