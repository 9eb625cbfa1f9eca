/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips for training: pictures at a fixed rate, then the sound on their clock.
 *
 * The file is read twice, once for each stream, so that the sound's place is
 * known before its first sample is decoded and no more than the clip is held.
 */
#include "media/media.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "media/media_scale.h"
#include "media/media_sound.h"
#include "media/media_stream.h"

/* Decoding and scaling pictures takes most of the time. */
#define PICTURE_SHARE 0.9

/* A sample below this is silence: -80 dB, as a session takes it. */
static const float SILENCE = 1e-4f;

/* Pictures on their way into a clip. */
typedef struct pictures {
    s2vi_media_stream stream;
    s2vi_scaler scaler;
    s2vi_clip_params params;
    s2vi_clip *clip;
    int64_t capacity; /* frames that clip->rgb has room for */
    int64_t wanted;   /* frames at most */
    AVFrame *shown;   /* the picture on display ... */
    int64_t since;    /* ... from this time stamp */
    int64_t lasts;    /* ... for so long, in the stream's time base */
    bool scaled;      /* the clip's last frame is of this picture */
    int64_t origin;   /* the first picture's time stamp */
    int64_t jump;     /* by which the time stamps have left their clock */
} pictures;

static int hop(const s2vi_clip_params *p)
{
    return (int)((int64_t)p->sound.rate * p->fps_den / p->fps_num);
}

static int check_params(s2vi_clip_params *p, s2v_error *err)
{
    if (!p->fps_num && !p->fps_den) {
        p->fps_num = 20;
        p->fps_den = 1;
    }
    if (!p->sound.rate)
        p->sound = s2vi_sound_listen;
    if (p->size < 1 || p->size > 4096)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a clip's frames must be 1 to 4096 pixels wide, "
                          "found %d",
                          p->size);
    if (p->fps_num < 1 || p->fps_num > 100000 || p->fps_den < 1 ||
        p->fps_den > 100000 ||
        (!p->mute && (int64_t)p->sound.rate * p->fps_den % p->fps_num))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a clip's frame must last a whole number of samples "
                          "at %d Hz, found %d/%d frames per second",
                          p->sound.rate, p->fps_num, p->fps_den);
    if (p->crop_w == 0 && (p->crop_x || p->crop_y || p->crop_h))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "crop %d,%d,%d,%d is empty: expected "
                          "X,Y,WIDTH,HEIGHT with a width of at least 1",
                          p->crop_x, p->crop_y, p->crop_w, p->crop_h);
    const int64_t day_ms = 86400000;
    if (p->start_ms < 0 || p->duration_ms < 0 || p->min_frames < 0 ||
        p->start_ms > 1000 * day_ms || p->duration_ms > 1000 * day_ms)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a clip's start, duration and least frame count "
                          "must lie between 0 and 1000 days, found %lld ms, "
                          "%lld ms and %lld",
                          (long long)p->start_ms, (long long)p->duration_ms,
                          (long long)p->min_frames);
    return S2V_OK;
}

/* Room for one more frame; where it goes. */
static uint8_t *add_frame(pictures *p)
{
    s2vi_clip *clip = p->clip;
    size_t bytes = (size_t)clip->size * clip->size * 3;
    if (clip->frames == p->capacity) {
        int64_t capacity = p->capacity + p->capacity / 2 + 64;
        if ((uint64_t)capacity > SIZE_MAX / bytes)
            return NULL;
        uint8_t *rgb = realloc(clip->rgb, (size_t)capacity * bytes);
        if (!rgb)
            return NULL;
        clip->rgb = rgb;
        p->capacity = capacity;
    }
    return clip->rgb + (size_t)clip->frames * bytes;
}

/* Frame `t` comes before `end` (in the stream's time base, from origin). */
static bool is_before(const pictures *p, int64_t t, int64_t end)
{
    const s2vi_clip_params *c = &p->params;
    int64_t at = t * c->fps_den * 1000 + c->start_ms * c->fps_num;
    return av_compare_ts(at, (AVRational){1, c->fps_num * 1000}, end,
                         p->stream.stream->time_base) < 0;
}

/* Add the frames at which the picture on display is seen, up to `end`. */
static int show_until(pictures *p, int64_t end, s2v_error *err)
{
    s2vi_clip *clip = p->clip;
    size_t bytes = (size_t)clip->size * clip->size * 3;
    while (clip->frames < p->wanted && is_before(p, clip->frames, end)) {
        uint8_t *to = add_frame(p);
        if (!to)
            return s2vi_error_nomem(err, "a clip's pictures");
        if (p->scaled) {
            memcpy(to, to - bytes, bytes);
        } else {
            int ret = s2vi_scaler_run(&p->scaler, p->shown, to, err);
            if (ret < 0)
                return ret;
            p->scaled = true;
        }
        clip->frames++;
    }
    return S2V_OK;
}

/* When the decoded picture comes on, on the clock of the first. */
static int64_t picture_time(pictures *p)
{
    const int64_t far = av_rescale_q(S2VI_CLOCK_JUMP, (AVRational){1, 1},
                                     p->stream.stream->time_base);
    bool first = !p->shown->buf[0];
    int64_t ts = s2vi_media_stream_time(&p->stream);
    int64_t next = first ? 0 : p->since + FFMAX(p->lasts, 1);
    if (ts == AV_NOPTS_VALUE)
        return next;
    if (!first && llabs((long long)(ts - p->jump - next)) > far)
        p->jump = ts - next;
    return ts - p->jump;
}

/* Take over the decoded picture: the one before it was shown until now. */
static int next_picture(pictures *p, s2v_error *err)
{
    AVFrame *frame = p->stream.frame;
    int64_t ts = picture_time(p);
    bool first = !p->shown->buf[0];
    if (!first && ts <= p->since)
        return S2V_OK; /* late: its moment has passed */
    int64_t lasts = s2vi_media_stream_duration(&p->stream);
    if (first) {
        p->origin = ts;
    } else {
        int ret = show_until(p, ts - p->origin, err);
        if (ret < 0)
            return ret;
        if (!lasts)
            lasts = ts - p->since;
    }
    av_frame_unref(p->shown);
    av_frame_move_ref(p->shown, frame);
    p->since = ts;
    p->lasts = lasts;
    p->scaled = false;
    return S2V_OK;
}

static int report(const pictures *p, s2v_error *err)
{
    double part = s2vi_media_stream_fraction(&p->stream);
    if (p->params.progress &&
        p->params.progress(p->params.progress_opaque,
                           part < 0 ? -1 : part * PICTURE_SHARE))
        return s2vi_error(err, S2V_ERR_CANCELLED, "loading '%s' was cancelled",
                          p->clip->path);
    return S2V_OK;
}

static int open_pictures(pictures *p, s2v_error *err)
{
    const s2vi_clip_params *c = &p->params;
    int ret = s2vi_media_stream_open(&p->stream, p->clip->path,
                                     AVMEDIA_TYPE_VIDEO, err);
    if (ret >= 0 && !c->mute) /* said now, not after minutes of decoding */
        ret = s2vi_media_stream_require(&p->stream, AVMEDIA_TYPE_AUDIO,
                                        c->track, err);
    if (ret < 0)
        return ret;
    p->scaler = (s2vi_scaler){
        .path = p->clip->path,
        .size = c->size,
        .crop = {c->crop_x, c->crop_y, c->crop_w, c->crop_h},
        .whole = c->whole,
        .matrix = s2vi_media_stream_matrix(&p->stream),
    };
    p->shown = av_frame_alloc();
    if (!p->shown)
        return s2vi_error_nomem(err, "a clip's pictures");
    p->wanted = INT64_MAX / 1000000000;
    if (c->duration_ms)
        p->wanted = av_rescale_rnd(c->duration_ms, c->fps_num,
                                   1000LL * c->fps_den, AV_ROUND_UP);
    return s2vi_scaler_init(&p->scaler, err);
}

static int load_pictures(pictures *p, s2v_error *err)
{
    s2vi_clip *clip = p->clip;
    int ret = open_pictures(p, err);
    if (ret < 0)
        return ret;
    while (clip->frames < p->wanted &&
           !(ret = s2vi_media_stream_next(&p->stream, err)))
        if ((ret = report(p, err)) < 0 || (ret = next_picture(p, err)) < 0)
            return ret;
    if (ret < 0 && ret != S2V_ERR_EOF)
        return ret;
    s2vi_media_stream_facts(&p->stream, &clip->facts);
    if (!p->shown->buf[0])
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s' has no decodable video frame: expected a clip "
                          "with video, found %lld damaged packets",
                          clip->path, (long long)clip->facts.damaged);
    /* A lone picture of unknown duration is there for a moment: one frame. */
    return show_until(p, p->since - p->origin + FFMAX(p->lasts, 1), err);
}

/* `heard` samples of sound go with the pictures; -1: it was not decoded. */
static int too_short(const pictures *p, int64_t seen, int64_t heard,
                     int64_t least, s2v_error *err)
{
    const s2vi_clip_params *c = &p->params;
    double second = (double)c->fps_den / c->fps_num;
    char sound[64] = "";
    if (heard >= 0)
        g_snprintf(sound, sizeof(sound), " with %.2f s of audio",
                   heard / (double)c->sound.rate);
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "'%s' is too short: expected at least %lld frame%s (%.2f "
                      "s) with video and audio, found %.2f s of video%s",
                      p->clip->path, (long long)least, least > 1 ? "s" : "",
                      least * second, seen * second, sound);
}

static bool is_silent(const float *sound, int64_t n)
{
    int64_t i = 0;
    while (i < n && fabsf(sound[i]) < SILENCE)
        i++;
    return i == n;
}

/* Decode the sound and let the clip end with the earlier of the two. */
static int load_sound(pictures *p, s2v_error *err)
{
    s2vi_clip *clip = p->clip;
    const int64_t step = hop(&p->params), seen = clip->frames;
    const int64_t least = FFMAX(p->params.min_frames, 1);
    s2vi_sound_span span = {
        .form = p->params.sound,
        .track = p->params.track,
        .clocked = true,
        .origin = p->origin,
        .time_base = p->stream.stream->time_base,
        .skip_ms = p->params.start_ms,
        .limit = seen * step + S2VI_CLIP_LOOK_AHEAD,
        .progress = p->params.progress,
        .opaque = p->params.progress_opaque,
        .done = PICTURE_SHARE,
    };
    if (seen < least)
        return too_short(p, seen, -1, least, err);
    if (p->params.mute)
        return S2V_OK;
    int64_t heard = 0;
    int ret = s2vi_sound_decode(&clip->sound, &heard, &clip->facts, clip->path,
                                &span, err);
    if (ret < 0)
        return ret;
    clip->frames = FFMIN(seen, (heard + step - 1) / step);
    if (clip->frames < least)
        return too_short(p, seen, heard, least, err);
    int64_t whole = clip->frames * step;
    clip->samples = FFMAX(whole, FFMIN(heard, whole + S2VI_CLIP_LOOK_AHEAD));
    float *sound = realloc(clip->sound, (size_t)clip->samples * sizeof(float));
    if (!sound)
        return s2vi_error_nomem(err, "a clip's sound");
    for (int64_t i = heard; i < clip->samples; i++)
        sound[i] = 0;
    clip->sound = sound;
    clip->facts.silent = is_silent(sound, clip->samples);
    return S2V_OK;
}

static int finish(s2vi_clip *clip, s2v_error *err)
{
    size_t bytes = (size_t)clip->frames * clip->size * clip->size * 3;
    uint8_t *rgb = realloc(clip->rgb, bytes);
    if (!rgb)
        return s2vi_error_nomem(err, "a clip's pictures");
    clip->rgb = rgb;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, rgb, (gssize)bytes);
    g_checksum_update(sum, (const guchar *)clip->sound,
                      (gssize)(clip->samples * (int64_t)sizeof(float)));
    g_strlcpy(clip->hash, g_checksum_get_string(sum), sizeof(clip->hash));
    g_checksum_free(sum);
    return S2V_OK;
}

int s2vi_clip_load(s2vi_clip **out, const char *path,
                   const s2vi_clip_params *params, s2v_error *err)
{
    *out = NULL;
    pictures p = {.params = *params};
    int ret = check_params(&p.params, err);
    if (ret < 0)
        return ret;
    p.clip = calloc(1, sizeof(*p.clip));
    if (!p.clip)
        return s2vi_error_nomem(err, "a clip");
    p.clip->size = params->size;
    p.clip->path = g_strdup(path);
    if ((ret = load_pictures(&p, err)) < 0 || (ret = load_sound(&p, err)) < 0 ||
        (ret = finish(p.clip, err)) < 0)
        goto fail;
    *out = p.clip;
    p.clip = NULL;
fail:
    av_frame_free(&p.shown);
    s2vi_scaler_free(&p.scaler);
    s2vi_media_stream_close(&p.stream);
    s2vi_clip_close(&p.clip);
    return ret;
}

void s2vi_clip_close(s2vi_clip **clip)
{
    if (!*clip)
        return;
    if (!(*clip)->mapped) {
        free((*clip)->rgb);
        free((*clip)->sound);
    }
    g_free((*clip)->path);
    free(*clip);
    *clip = NULL;
}

int s2vi_sound_load_track(const char *path, s2vi_sound_form form, int track,
                          float **samples, int64_t *count,
                          s2vi_media_facts *facts, s2v_error *err)
{
    const s2vi_sound_span all = {.form = form, .track = track};
    s2vi_media_facts found = {0};
    int ret = s2vi_sound_decode(samples, count, &found, path, &all, err);
    if (ret >= 0 && !*count)
        ret = s2vi_error(err, S2V_ERR_FORMAT,
                         "'%s' has no decodable audio: expected at least one "
                         "sample, found none and %lld damaged packets",
                         path, (long long)found.damaged);
    if (ret >= 0)
        found.silent = is_silent(*samples, *count);
    if (facts)
        *facts = found;
    return ret;
}

int s2vi_sound_load(const char *path, s2vi_sound_form form, float **samples,
                    int64_t *count, s2v_error *err)
{
    return s2vi_sound_load_track(path, form, 0, samples, count, NULL, err);
}
