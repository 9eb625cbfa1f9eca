/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is trained on: clips in order, dealt out in sequences. */
#include "data/dataset.h"

#include "audio/lms.h"
#include "base/error.h"
#include "base/philox.h"
#include "data/parallel.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Streams of random numbers beside the models' own. */
#define ORDER_STREAM   0x20000u
#define STRETCH_STREAM 0x20001u

static void rehash(s2vi_dataset *data)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (int i = 0; i < data->count; i++)
        g_checksum_update(sum, (const guchar *)data->clip[i].clip->hash, -1);
    memcpy(data->hash, g_checksum_get_string(sum), sizeof(data->hash));
    g_checksum_free(sum);
}

static int append(s2vi_dataset *data, s2vi_clip **clip, s2v_error *err)
{
    const s2vi_clip *c = *clip;
    s2vi_dataset_clip *p =
        realloc(data->clip, ((size_t)data->count + 1) * sizeof(*data->clip));
    if (!p)
        return s2vi_error_nomem(err, "clips");
    data->clip = p;
    s2vi_dataset_clip *mine = &data->clip[data->count];
    *mine = (s2vi_dataset_clip){.clip = *clip};
    *clip = NULL;
    data->count++;
    data->size = c->size;
    data->frames += c->frames;
    return S2V_OK;
}

int s2vi_dataset_add(s2vi_dataset *data, s2vi_clip **clip, s2v_error *err)
{
    const int ret = append(data, clip, err);
    if (!ret)
        rehash(data);
    return ret;
}

/* -------------------------------------------------------------- shards -- */

int s2vi_dataset_pack(const s2vi_clip *c, s2vi_shard_item *item, s2v_error *err)
{
    const int64_t rgb[] = {c->frames, c->size, c->size, 3};
    item->facts = json_pack("{s:I, s:I, s:s}", "frames", (json_int_t)c->frames,
                            "samples", (json_int_t)c->samples, "hash", c->hash);
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, c->rgb, 4, rgb);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, c->sound, 1, &c->samples);
    return item->facts ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

typedef struct adding {
    s2vi_dataset *data;
    int size;
} adding;

static int add_shard_clip(void *self, const s2vi_shard_clip *from,
                          s2v_error *err)
{
    const adding *a = self;
    s2vi_clip *c = calloc(1, sizeof(*c));
    if (!c)
        return s2vi_error_nomem(err, "clips");
    c->mapped = true;
    c->size = a->size;
    c->path = g_strdup(from->path);
    c->frames = s2vi_shard_number(from, "frames", err);
    c->samples = c->frames > 0 ? s2vi_shard_number(from, "samples", err) : -1;
    int ret = c->samples >= c->frames * S2VI_LMS_STEP
                  ? s2vi_shard_hash(from, c->hash, err)
                  : S2V_ERR_FORMAT;
    if (!ret)
        c->rgb = s2vi_shard_array(from, "rgb", S2VI_STORED_U8,
                                  c->frames * 3 * a->size * a->size, err);
    if (c->rgb)
        c->sound =
            s2vi_shard_array(from, "sound", S2VI_STORED_F32, c->samples, err);
    ret = c->sound ? append(a->data, &c, err) : S2V_ERR_FORMAT;
    s2vi_clip_close(&c);
    return ret;
}

int s2vi_dataset_add_shards(s2vi_dataset *data, const char *folder,
                            const s2vi_clip_params *params, s2v_error *err)
{
    s2vi_shards_kind want = s2vi_shards_clips;
    adding a = {data, params->size};
    want.size = params->size;
    const int ret = s2vi_shards_read(&data->shards, folder, &want, params,
                                     add_shard_clip, &a, err);
    rehash(data);
    return ret;
}

static int compute_features(void *self, int i, s2v_error *err)
{
    const s2vi_dataset *data = self;
    const s2vi_dataset_clip *c = &data->clip[i];
    if (s2vi_lms_features(c->clip->sound, (size_t)c->clip->samples, c->features,
                          c->clip->frames, NULL) < 0)
        return s2vi_error_nomem(err, "sound features");
    s2vi_shards_trim(data->shards);
    return S2V_OK;
}

int s2vi_dataset_features(s2vi_dataset *data, s2v_error *err)
{
    for (int i = 0; i < data->count; i++) {
        s2vi_dataset_clip *c = &data->clip[i];
        const size_t rows = (size_t)c->clip->frames;
        if (!c->features)
            c->features =
                s2vi_shards_alloc(data->shards, c->clip->mapped,
                                  rows * S2VI_LMS_BANDS * sizeof(float), err);
        if (!c->features)
            return c->clip->mapped ? S2V_ERR_IO : S2V_ERR_NOMEM;
    }
    return s2vi_parallel(data->count, data->threads, compute_features, data,
                         err);
}

int s2vi_dataset_split(s2vi_dataset *data, double part, int T, s2v_error *err)
{
    int64_t left = (int64_t)(part * (double)data->frames);
    bool fits = false;
    data->train = left;
    for (int i = 0; i < data->count; i++) {
        s2vi_dataset_clip *c = &data->clip[i];
        c->train = left < c->clip->frames ? left : c->clip->frames;
        left -= c->train;
        fits = fits || c->train >= T;
    }
    return fits ? S2V_OK
                : s2vi_error(err, S2V_ERR_INVALID,
                             "no clip has %d frames (%.1f s) in the training "
                             "set (%lld in total): use longer clips, a smaller "
                             "--sequence or a larger --split",
                             T, T / 20.0, (long long)data->train);
}

void s2vi_dataset_close(s2vi_dataset *data)
{
    for (int i = 0; i < data->count; i++) {
        if (!data->clip[i].clip->mapped) {
            free(data->clip[i].features);
            free(data->clip[i].gain);
        }
        s2vi_clip_close(&data->clip[i].clip);
    }
    free(data->clip);
    s2vi_shards_close(&data->shards);
    *data = (s2vi_dataset){0};
}

static int streams(const s2vi_dataset *data)
{
    return data->streams ? data->streams : 1;
}

s2vi_cursor s2vi_dataset_begin(const s2vi_dataset *data, int rank)
{
    return (s2vi_cursor){.epoch = rank,
                         .clip = (int64_t)rank * data->count / streams(data),
                         .frame = -1};
}

/* The first frame of a clip's sequences, this time through. */
static int64_t first_frame(int64_t train, int T, const s2vi_cursor *cursor,
                           uint64_t seed)
{
    s2vi_philox key = {seed, ORDER_STREAM,
                       (uint64_t)cursor->epoch << 20 | (uint64_t)cursor->clip};
    float u;
    s2vi_philox_uniform(&key, 0, 1, &u);
    int64_t spare = train % T + 1;
    int64_t at = (int64_t)(u * (float)spare);
    return at < spare ? at : spare - 1;
}

/* Frames at which a sequence may begin. */
static int64_t beginnings(const s2vi_dataset_clip *c, int T)
{
    return c->train >= T ? c->train - T + 1 : 0;
}

/* Where a stretch begins: any place that a sequence fits. */
static s2vi_cursor draw_stretch(const s2vi_dataset *data, int64_t epoch, int T,
                                uint64_t seed)
{
    const s2vi_philox key = {seed, STRETCH_STREAM, (uint64_t)epoch};
    uint32_t word[4];
    uint64_t places = 0;
    s2vi_philox_block(&key, 0, word);
    for (int i = 0; i < data->count; i++)
        places += (uint64_t)beginnings(&data->clip[i], T);
    s2vi_cursor at = {.epoch = epoch,
                      .frame = (int64_t)(word[0] * places >> 32)};
    while (at.frame >= beginnings(&data->clip[at.clip], T))
        at.frame -= beginnings(&data->clip[at.clip++], T);
    return at;
}

static s2vi_sequence next_of_stretch(const s2vi_dataset *data,
                                     s2vi_cursor *cursor, int T, uint64_t seed)
{
    const int64_t length = (int64_t)data->stretch * T;
    s2vi_cursor begin = draw_stretch(data, cursor->epoch, T, seed);
    const s2vi_dataset_clip *c = &data->clip[cursor->clip];
    bool fresh = cursor->frame < 0;
    if (!fresh && (cursor->frame + T > c->train || cursor->clip != begin.clip ||
                   cursor->frame < begin.frame ||
                   cursor->frame >= begin.frame + length)) {
        begin = draw_stretch(data, cursor->epoch + streams(data), T, seed);
        fresh = true;
    }
    if (fresh)
        *cursor = begin;
    s2vi_sequence s = {&data->clip[cursor->clip], cursor->frame, fresh};
    cursor->frame += T;
    return s;
}

s2vi_sequence s2vi_dataset_next(const s2vi_dataset *data, s2vi_cursor *cursor,
                                int T, uint64_t seed)
{
    if (data->stretch)
        return next_of_stretch(data, cursor, T, seed);
    for (;;) {
        const s2vi_dataset_clip *c = &data->clip[cursor->clip];
        bool fresh = cursor->frame < 0;
        if (fresh && c->train >= T)
            cursor->frame = first_frame(c->train, T, cursor, seed);
        if (cursor->frame >= 0 && cursor->frame + T <= c->train) {
            s2vi_sequence s = {c, cursor->frame, fresh};
            cursor->frame += T;
            return s;
        }
        cursor->frame = -1;
        if (++cursor->clip == data->count) {
            cursor->clip = 0;
            cursor->epoch += streams(data);
        }
    }
}
