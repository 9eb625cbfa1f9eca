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

int s2vi_talking_heads_side(int size)
{
    return size + size / 8;
}

/* ------------------------------------------------------------ one clip -- */

static void free_clip(s2vi_talking_head *c)
{
    g_free(c->path);
    if (c->mapped)
        return;
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
    if (!ret && !skipped && c.rgb) {
        ret = append(a->data, &c, err);
        rehash(a->data);
    }
    free_clip(&c);
    return ret;
}

/* -------------------------------------------------------------- shards -- */

int s2vi_talking_heads_pack(const s2vi_talking_heads *data, int i,
                            s2vi_shard_item *item, s2v_error *err)
{
    const s2vi_talking_head *c = &data->clip[i];
    const int64_t T = c->frames, S = data->side;
    const int64_t rgb[] = {T, S, S, 3}, marks[] = {T, S2VI_FACE_LANDMARKS, 2};
    const int64_t irises[] = {T, 2, 2}, controls[] = {T, S2VI_TALKING_CONTROLS};
    const int64_t mesh[] = {T, c->points, 2}, triangle[] = {c->triangles, 3};
    item->facts = json_pack("{s:I, s:I, s:i, s:i, s:s}", "frames",
                            (json_int_t)T, "samples", (json_int_t)c->samples,
                            "points", c->mesh ? c->points : 0, "triangles",
                            c->triangle ? c->triangles : 0, "hash", c->hash);
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, c->rgb, 4, rgb);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, c->sound, 1, &c->samples);
    s2vi_shard_put(item, "landmarks", S2VI_STORED_F32, c->landmarks, 3, marks);
    s2vi_shard_put(item, "irises", S2VI_STORED_F32, c->irises, 3, irises);
    s2vi_shard_put(item, "controls", S2VI_STORED_F32, c->controls, 2, controls);
    s2vi_shard_put(item, "mesh", S2VI_STORED_F32, c->mesh, 3, mesh);
    s2vi_shard_put(item, "triangle", S2VI_STORED_I32, c->triangle, 2, triangle);
    s2vi_shard_put(item, "shut", S2VI_STORED_U8, c->shut, 1, &T);
    return item->facts ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

/* One that a clip may lack: NULL then, too. */
static void *map_optional(const s2vi_shard_clip *from, const char *name,
                          s2vi_stored type, int64_t count, int *ret,
                          s2v_error *err)
{
    void *data = count && s2vi_shard_count(from, name)
                     ? s2vi_shard_array(from, name, type, count, err)
                     : NULL;
    if (!data && count && s2vi_shard_count(from, name))
        *ret = S2V_ERR_FORMAT;
    return data;
}

static int map_arrays(const s2vi_talking_heads *data,
                      const s2vi_shard_clip *from, s2vi_talking_head *c,
                      s2v_error *err)
{
    const s2vi_stored f32 = S2VI_STORED_F32;
    const int64_t T = c->frames, S = data->side;
    int ret = S2V_OK;
    c->rgb = s2vi_shard_array(from, "rgb", S2VI_STORED_U8, T * S * S * 3, err);
    if (c->rgb)
        c->sound = s2vi_shard_array(from, "sound", f32, c->samples, err);
    if (c->sound)
        c->landmarks = s2vi_shard_array(from, "landmarks", f32,
                                        T * S2VI_FACE_LANDMARKS * 2, err);
    if (c->landmarks)
        c->controls = s2vi_shard_array(from, "controls", f32,
                                       T * S2VI_TALKING_CONTROLS, err);
    if (c->controls)
        c->shut = s2vi_shard_array(from, "shut", S2VI_STORED_U8, T, err);
    if (!c->shut)
        return S2V_ERR_FORMAT;
    c->irises = map_optional(from, "irises", f32, T * 4, &ret, err);
    c->mesh = map_optional(from, "mesh", f32, T * c->points * 2, &ret, err);
    c->triangle = map_optional(from, "triangle", S2VI_STORED_I32,
                               (int64_t)c->triangles * 3, &ret, err);
    return ret;
}

/* Corners of triangles that the mesh has. */
static int check_triangles(const s2vi_shard_clip *from,
                           const s2vi_talking_head *c, s2v_error *err)
{
    for (int i = 0; i < c->triangles && c->triangle; i++)
        for (int k = 0; k < 3; k++)
            if (c->triangle[i][k] < 0 || c->triangle[i][k] >= c->points)
                return s2vi_error(err, S2V_ERR_FORMAT,
                                  "'%s': expected triangles of the mesh's %d "
                                  "points for '%s', found others",
                                  s2v_weights_get_path(from->w, NULL),
                                  c->points, from->path);
    return S2V_OK;
}

static int add_shard_clip(void *self, const s2vi_shard_clip *from,
                          s2v_error *err)
{
    s2vi_talking_heads *data = self;
    s2vi_talking_head c = {.mapped = true};
    const int64_t points = s2vi_shard_number(from, "points", err);
    const int64_t triangles =
        points < 0 ? -1 : s2vi_shard_number(from, "triangles", err);
    c.points = (int)points;
    c.triangles = (int)triangles;
    c.frames = triangles < 0 ? -1 : s2vi_shard_number(from, "frames", err);
    c.samples = c.frames < 1 ? -1 : s2vi_shard_number(from, "samples", err);
    int ret = c.samples < c.frames * S2VI_TALKING_HOP || c.frames < 1
                  ? S2V_ERR_FORMAT
                  : s2vi_shard_hash(from, c.hash, err);
    if (!ret)
        ret = map_arrays(data, from, &c, err);
    if (!ret)
        ret = check_triangles(from, &c, err);
    if (ret < 0)
        return ret;
    c.path = g_strdup(from->path);
    ret = append(data, &c, err);
    free_clip(&c);
    return ret;
}

static int add_shards(s2vi_talking_heads *data, const char *folder,
                      const s2vi_talking_source *source, s2v_error *err)
{
    s2vi_shards_kind want = s2vi_shards_faces;
    want.size = data->side;
    const int ret = s2vi_shards_read(&data->shards, folder, &want,
                                     &source->clip, add_shard_clip, data, err);
    rehash(data);
    return ret;
}

int s2vi_talking_heads_add(s2vi_talking_heads *data, const char *path,
                           const s2vi_talking_source *source, s2v_error *err)
{
    adding a = {data, source};
    if (s2vi_shards_at(path))
        return add_shards(data, path, source, err);
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
    int ret = s2vi_shards_loudness(data->shards, span, data->count,
                                   &data->level, err);
    free(span);
    for (int i = 0; i < data->count && !ret; i++)
        ret = s2vi_shards_level(data->shards, data->clip[i].mapped,
                                &data->clip[i].sound, data->clip[i].samples,
                                data->level, err);
    return ret;
}

void s2vi_talking_heads_close(s2vi_talking_heads *data)
{
    for (int i = 0; i < data->count; i++)
        free_clip(&data->clip[i]);
    free(data->clip);
    s2vi_shards_close(&data->shards);
    *data = (s2vi_talking_heads){0};
}
