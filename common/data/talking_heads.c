/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips of talking heads, with what is known of the face. */
#include "data/talking_heads.h"

#include "base/error.h"
#include "data/talking_faces.h"
#include "data/talking_truth.h"
#include "measure/face_measure.h"
#include "measure/loudness.h"
#include "media/folder.h"
#include "video/face.h"

#include <stdlib.h>
#include <string.h>

/* The lips' distance in distances of the eyes: a mouth below is shut. */
static const double SHUT = 0.04;

/* ------------------------------------------------------------ one clip -- */

static void free_clip(s2vi_talking_head *c)
{
    g_free(c->path);
    free(c->rgb);
    free(c->sound);
    free(c->landmarks);
    free(c->irises);
    free(c->controls);
    free(c->mesh);
    free(c->triangle);
    free(c->shut);
}

static bool is_shut(const float *landmarks)
{
    s2vi_face_marks marks;
    for (int i = 0; i < S2VI_FACE_MARKS; i++)
        for (int k = 0; k < 2; k++)
            marks[i][k] = (double)landmarks[2 * i + k];
    return s2vi_mouth_opening(marks) < SHUT;
}

static int find_shut(s2vi_talking_head *c, s2v_error *err)
{
    c->shut = malloc((size_t)c->frames);
    if (!c->shut)
        return s2vi_error_nomem(err, "a clip");
    for (int64_t t = 0; t < c->frames; t++)
        c->shut[t] =
            is_shut(c->landmarks + t * 2 * (int64_t)S2VI_FACE_LANDMARKS);
    return S2V_OK;
}

/* The clip's sound, and its pictures if they are not there yet. */
static void take(s2vi_talking_head *c, s2vi_clip *clip)
{
    if (!c->rgb) {
        c->rgb = clip->rgb;
        clip->rgb = NULL;
    }
    c->sound = clip->sound;
    clip->sound = NULL;
    c->samples = clip->samples;
    memcpy(c->hash, clip->hash, sizeof(c->hash));
}

/* The face of a clip: the truth beside it, or what is found. */
static int read_face(s2vi_talking_head *c, const s2vi_clip *clip, int side,
                     bool crop, s2v_error *err)
{
    c->frames = clip->frames;
    return clip->size == side
               ? s2vi_talking_truth_read(c, err)
               : s2vi_talking_faces_read(c, clip, side, crop, err);
}

static int load(s2vi_talking_head *c, int side,
                const s2vi_talking_source *source, s2v_error *err)
{
    s2vi_clip_params params = source->clip;
    s2vi_clip *clip = NULL;
    const bool crop = params.crop_w > 0;
    params.size = s2vi_talking_truth_exists(c->path) && !crop
                      ? side
                      : s2vi_talking_faces_side(side);
    params.fps_num = S2VI_TALKING_RATE;
    params.fps_den = 1;
    int ret =
        s2vi_ingest_clip(source->ingest, &clip, c->path, &params, false, err);
    if (!ret && clip) {
        ret = read_face(c, clip, side, crop, err);
        if (!ret)
            ret = find_shut(c, err);
        take(c, clip);
    }
    s2vi_clip_close(&clip);
    return ret;
}

/* ---------------------------------------------------------- all of them -- */

static void rehash(s2vi_talking_heads *data)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (int i = 0; i < data->count; i++)
        g_checksum_update(sum, (const guchar *)data->clip[i].hash, -1);
    memcpy(data->hash, g_checksum_get_string(sum), sizeof(data->hash));
    g_checksum_free(sum);
}

static int append(s2vi_talking_heads *data, s2vi_talking_head *c,
                  s2v_error *err)
{
    s2vi_talking_head *more =
        realloc(data->clip, ((size_t)data->count + 1) * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "clips");
    data->clip = more;
    data->clip[data->count++] = *c;
    data->frames += c->frames;
    *c = (s2vi_talking_head){0};
    rehash(data);
    return S2V_OK;
}

/* What files are added to, and how they are read. */
typedef struct adding {
    s2vi_talking_heads *data;
    const s2vi_talking_source *source;
} adding;

static int add_file(void *self, const char *path, s2v_error *err)
{
    const adding *a = self;
    s2vi_talking_head c = {.path = g_strdup(path)};
    bool skipped = false;
    int ret = load(&c, a->data->side, a->source, err);
    ret = s2vi_ingest_settle(a->source->ingest, ret, &skipped, err);
    if (!ret && !skipped && c.rgb)
        ret = append(a->data, &c, err);
    free_clip(&c);
    return ret;
}

int s2vi_talking_heads_add(s2vi_talking_heads *data, const char *path,
                           const s2vi_talking_source *source, s2v_error *err)
{
    adding a = {data, source};
    return s2vi_folder_each(path, add_file, &a, err);
}

int s2vi_talking_heads_split(s2vi_talking_heads *data, double part,
                             s2v_error *err)
{
    int64_t left = (int64_t)(part * (double)data->frames);
    data->train = left;
    for (int i = 0; i < data->count; i++) {
        s2vi_talking_head *c = &data->clip[i];
        c->train = left < c->frames ? left : c->frames;
        left -= c->train;
    }
    return data->train ? S2V_OK
                       : s2vi_error(err, S2V_ERR_INVALID,
                                    "--split: expected at least one frame in "
                                    "the training set, found none of %lld",
                                    (long long)data->frames);
}

int s2vi_talking_heads_level(s2vi_talking_heads *data, s2v_error *err)
{
    s2vi_sound_span *span = malloc((size_t)data->count * sizeof(*span));
    if (!span)
        return s2vi_error_nomem(err, "a loudness meter");
    for (int i = 0; i < data->count; i++) {
        const s2vi_talking_head *c = &data->clip[i];
        const int64_t n = c->train * S2VI_TALKING_HOP;
        span[i] = (s2vi_sound_span){c->sound, n < c->samples ? n : c->samples};
    }
    int ret = s2vi_loudness_measure(span, data->count, &data->level, err);
    free(span);
    for (int i = 0; i < data->count && !ret; i++)
        ret = s2vi_loudness_level(&data->clip[i].sound, data->clip[i].samples,
                                  data->level, err);
    return ret;
}

void s2vi_talking_heads_close(s2vi_talking_heads *data)
{
    for (int i = 0; i < data->count; i++)
        free_clip(&data->clip[i]);
    free(data->clip);
    *data = (s2vi_talking_heads){0};
}
