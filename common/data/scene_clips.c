/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips of scenes with captions. */
#include "data/scene_clips.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "data/scene_words.h"
#include "measure/loudness.h"
#include "media/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ one clip -- */

static void free_clip(s2vi_scene_clip *c)
{
    g_free(c->path);
    free(c->caption);
    if (c->mapped)
        return;
    free(c->rgb);
    free(c->sound);
    free(c->columns);
    free(c->intensity);
}

static void take(s2vi_scene_clip *c, s2vi_clip *clip)
{
    c->frames = clip->frames;
    c->rgb = clip->rgb;
    clip->rgb = NULL;
    c->sound = clip->sound;
    clip->sound = NULL;
    c->samples = clip->samples;
}

/* Of pictures and sound, and what is said of them. */
static void hash_clip(s2vi_scene_clip *c, const s2vi_scene_clips *data,
                      const char *media)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)media, -1);
    g_checksum_update(sum, (const guchar *)data->scene[c->scene], -1);
    for (int i = 0; i < c->captions; i++) {
        char *line = g_strdup_printf(
            "%lld %lld %s", (long long)c->caption[i].from,
            (long long)c->caption[i].to, data->text[c->caption[i].text]);
        g_checksum_update(sum, (const guchar *)line, -1);
        g_free(line);
    }
    for (int64_t t = 0; t < c->frames; t++) {
        const guchar third = (guchar)s2vi_scene_third(c, t);
        g_checksum_update(sum, &third, 1);
    }
    memcpy(c->hash, g_checksum_get_string(sum), sizeof(c->hash));
    g_checksum_free(sum);
}

static int load(s2vi_scene_clips *data, s2vi_scene_clip *c,
                const s2vi_scene_source *source, s2v_error *err)
{
    s2vi_clip_params params = source->clip;
    s2vi_clip *clip = NULL;
    params.size = data->side;
    params.fps_num = S2VI_SCENE_RATE;
    params.fps_den = 1;
    int ret =
        s2vi_ingest_clip(source->ingest, &clip, c->path, &params, false, err);
    if (!ret && clip) {
        take(c, clip);
        ret = s2vi_scene_words_read(data, c, params.start_ms / 1000.0, err);
        if (!ret)
            hash_clip(c, data, clip->hash);
    }
    s2vi_clip_close(&clip);
    return ret;
}

/* ---------------------------------------------------------- all of them -- */

static void rehash(s2vi_scene_clips *data)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (int i = 0; i < data->count; i++)
        g_checksum_update(sum, (const guchar *)data->clip[i].hash, -1);
    memcpy(data->hash, g_checksum_get_string(sum), sizeof(data->hash));
    g_checksum_free(sum);
}

static int append(s2vi_scene_clips *data, s2vi_scene_clip *c, s2v_error *err)
{
    s2vi_scene_clip *more =
        realloc(data->clip, ((size_t)data->count + 1) * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "clips");
    data->clip = more;
    data->clip[data->count++] = *c;
    data->frames += c->frames;
    *c = (s2vi_scene_clip){0};
    return S2V_OK;
}

/* What files are added to, and how they are read. */
typedef struct adding {
    s2vi_scene_clips *data;
    const s2vi_scene_source *source;
} adding;

static int add_file(void *self, const char *path, s2v_error *err)
{
    const adding *a = self;
    s2vi_scene_clip c = {.path = g_strdup(path)};
    bool skipped = false;
    int ret = load(a->data, &c, a->source, err);
    ret = s2vi_ingest_settle(a->source->ingest, ret, &skipped, err);
    if (!ret && !skipped && c.rgb) {
        ret = append(a->data, &c, err);
        rehash(a->data);
    }
    free_clip(&c);
    return ret;
}

/* -------------------------------------------------------------- shards -- */

int s2vi_scene_clips_pack(const s2vi_scene_clips *data, int i,
                          s2vi_shard_item *item, s2v_error *err)
{
    const s2vi_scene_clip *c = &data->clip[i];
    const int64_t rgb[] = {c->frames, data->side, data->side, 3};
    json_t *captions = json_array();
    for (int k = 0; k < c->captions; k++)
        json_array_append_new(
            captions, json_pack("[I, I, s]", (json_int_t)c->caption[k].from,
                                (json_int_t)c->caption[k].to,
                                data->text[c->caption[k].text]));
    item->facts =
        json_pack("{s:I, s:I, s:s, s:s, s:o}", "frames", (json_int_t)c->frames,
                  "samples", (json_int_t)c->samples, "hash", c->hash, "scene",
                  data->scene[c->scene], "captions", captions);
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, c->rgb, 4, rgb);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, c->sound, 1, &c->samples);
    s2vi_shard_put(item, "intensity", S2VI_STORED_F32, c->intensity, 1,
                   &c->frames);
    return item->facts ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

static int map_arrays(const s2vi_scene_clips *data, const s2vi_shard_clip *from,
                      s2vi_scene_clip *c, s2v_error *err)
{
    const int64_t T = c->frames, S = data->side;
    c->rgb = s2vi_shard_array(from, "rgb", S2VI_STORED_U8, T * S * S * 3, err);
    if (c->rgb)
        c->sound =
            s2vi_shard_array(from, "sound", S2VI_STORED_F32, c->samples, err);
    if (!c->sound)
        return S2V_ERR_FORMAT;
    const bool curve = s2vi_shard_count(from, "intensity");
    if (curve)
        c->intensity =
            s2vi_shard_array(from, "intensity", S2VI_STORED_F32, T, err);
    return curve && !c->intensity ? S2V_ERR_FORMAT : S2V_OK;
}

static int add_shard_clip(void *self, const s2vi_shard_clip *from,
                          s2v_error *err)
{
    s2vi_scene_clips *data = self;
    s2vi_scene_clip c = {.mapped = true, .path = g_strdup(from->path)};
    c.frames = s2vi_shard_number(from, "frames", err);
    c.samples = c.frames < 1 ? -1 : s2vi_shard_number(from, "samples", err);
    int ret = c.frames < 1 || c.samples < c.frames * S2VI_SCENE_HOP
                  ? S2V_ERR_FORMAT
                  : s2vi_shard_hash(from, c.hash, err);
    if (!ret)
        ret = map_arrays(data, from, &c, err);
    if (!ret)
        ret = s2vi_scene_words_restore(data, &c, from->facts, err);
    if (!ret)
        ret = append(data, &c, err);
    free_clip(&c);
    return ret;
}

static int add_shards(s2vi_scene_clips *data, const char *folder,
                      const s2vi_scene_source *source, s2v_error *err)
{
    s2vi_shards_kind want = s2vi_shards_scenes;
    want.size = data->side;
    const int ret = s2vi_shards_read(&data->shards, folder, &want,
                                     &source->clip, add_shard_clip, data, err);
    rehash(data);
    return ret;
}

int s2vi_scene_clips_add(s2vi_scene_clips *data, const char *path,
                         const s2vi_scene_source *source, s2v_error *err)
{
    adding a = {data, source};
    if (s2vi_shards_at(path))
        return add_shards(data, path, source, err);
    return s2vi_folder_each(path, add_file, &a, err);
}

/* -------------------------------------------------------------- the split --
 */

/* Of n clips of one scene, clip i; the k-th that is held out of `held` is the
 * last of its share of them. */
static bool is_held_out(int i, int n, int held)
{
    return (i + 1) * held / n > i * held / n;
}

static void split_scene(s2vi_scene_clips *data, int scene, double part)
{
    int n = 0, i = 0;
    for (int k = 0; k < data->count; k++)
        n += data->clip[k].scene == scene;
    const int held = (int)lround((1 - part) * n);
    for (int k = 0; k < data->count; k++) {
        s2vi_scene_clip *c = &data->clip[k];
        if (c->scene != scene)
            continue;
        c->train = held ? (is_held_out(i, n, held) ? 0 : c->frames)
                        : (int64_t)ceil(part * (double)c->frames);
        data->train += c->train;
        i++;
    }
}

int s2vi_scene_clips_split(s2vi_scene_clips *data, double part, s2v_error *err)
{
    data->train = 0;
    for (int i = 0; i < data->scenes; i++)
        split_scene(data, i, part);
    return data->train ? S2V_OK
                       : s2vi_error(err, S2V_ERR_INVALID,
                                    "--split: expected at least one frame in "
                                    "the training set, found none of %lld",
                                    (long long)data->frames);
}

/* ---------------------------------------------------------- preparations -- */

static int measure_level(s2vi_scene_clips *data, s2v_error *err)
{
    s2vi_sound_span *span = malloc((size_t)data->count * sizeof(*span));
    int n = 0;
    if (!span)
        return s2vi_error_nomem(err, "a loudness meter");
    for (int i = 0; i < data->count; i++) {
        const s2vi_scene_clip *c = &data->clip[i];
        const int64_t count = c->train * S2VI_SCENE_HOP;
        if (c->train)
            span[n++] = (s2vi_sound_span){
                c->sound, count < c->samples ? count : c->samples};
    }
    const int ret =
        data->level < 0
            ? S2V_OK
            : s2vi_shards_loudness(data->shards, span, n, &data->level, err);
    free(span);
    return ret;
}

/* Of a shard's clip, its levelled sound is not kept. */
static int compute_columns(const s2vi_scene_clips *data, s2vi_scene_clip *c,
                           bool prepared, s2v_error *err)
{
    const size_t n = (size_t)s2vi_mel_columns_count(c->frames);
    float *own = NULL, **sound = c->mapped ? &own : &c->sound;
    if (prepared) {
        c->columns = s2vi_shards_memory(
            data->shards, n * S2VI_MEL_WINDOW_BANDS * sizeof(float), err);
        return c->columns ? S2V_OK : S2V_ERR_IO;
    }
    if (c->mapped && (own = malloc((size_t)c->samples * sizeof(*own))))
        memcpy(own, c->sound, (size_t)c->samples * sizeof(*own));
    int ret = *sound ? s2vi_loudness_level(sound, c->samples, data->level, err)
                     : s2vi_error_nomem(err, "a clip's sound");
    if (!ret)
        c->columns =
            s2vi_shards_alloc(data->shards, c->mapped,
                              n * S2VI_MEL_WINDOW_BANDS * sizeof(float), err);
    if (!ret)
        ret = c->columns ? s2vi_mel_columns(*sound, (size_t)c->samples,
                                            c->frames, c->columns, err)
                         : S2V_ERR_IO;
    free(own);
    s2vi_shards_trim(data->shards);
    return ret;
}

/* For each text, whether it is trained on. */
static bool *find_trained(const s2vi_scene_clips *data)
{
    bool *trained = calloc((size_t)data->texts, sizeof(*trained));
    for (int i = 0; i < data->count && trained; i++)
        for (int k = 0; k < data->clip[i].captions; k++) {
            const s2vi_caption *c = &data->clip[i].caption[k];
            trained[c->text] |= c->from < data->clip[i].train;
        }
    return trained;
}

static int collect_words(s2vi_scene_clips *data, const bool *trained,
                         s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < data->texts && !ret; i++)
        if (trained[i])
            ret = s2vi_vocabulary_add(&data->vocabulary, data->text[i], err);
    return ret;
}

/* Of a text that is held out no word may be known. */
static int compute_shares(s2vi_scene_clips *data, const bool *trained,
                          s2v_error *err)
{
    const size_t n = (size_t)data->vocabulary.count;
    int ret = S2V_OK;
    data->share = calloc((size_t)data->texts * n, sizeof(float));
    if (!data->share)
        return s2vi_error_nomem(err, "captions");
    for (int i = 0; i < data->texts && !ret; i++) {
        s2v_error why;
        ret = s2vi_vocabulary_share(&data->vocabulary, data->text[i],
                                    data->share + (size_t)i * n, &why);
        ret = ret < 0 && trained[i] ? s2vi_error(err, ret, "'%.60s': %.900s",
                                                 data->text[i], why.message)
                                    : S2V_OK;
    }
    return ret;
}

static int prepare_texts(s2vi_scene_clips *data, s2v_error *err)
{
    bool *trained = find_trained(data);
    int ret = trained ? S2V_OK : s2vi_error_nomem(err, "captions");
    if (!ret && !data->vocabulary.count)
        ret = collect_words(data, trained, err);
    if (!ret)
        ret = compute_shares(data, trained, err);
    free(trained);
    return ret;
}

/* All that levels and columns come from; whether they are there already. */
static bool are_prepared(const s2vi_scene_clips *data)
{
    GString *what = g_string_new(NULL);
    bool mapped = true;
    g_string_printf(what, "scenes %s %s %.17g", s2v_version(), data->hash,
                    data->level);
    for (int i = 0; i < data->count; i++) {
        g_string_append_printf(what, " %lld", (long long)data->clip[i].train);
        mapped &= data->clip[i].mapped;
    }
    const bool prepared =
        mapped && s2vi_shards_prepare_begin(data->shards, what->str);
    g_string_free(what, TRUE);
    return prepared;
}

static int prepare_sound(s2vi_scene_clips *data, s2v_error *err)
{
    const bool prepared = are_prepared(data);
    double *level = data->shards
                        ? s2vi_shards_memory(data->shards, sizeof(*level), err)
                        : NULL;
    int ret = data->shards && !level ? S2V_ERR_IO : S2V_OK;
    if (!ret && prepared)
        data->level = *level;
    else if (!ret)
        ret = measure_level(data, err);
    if (!ret && level && !prepared)
        *level = data->level;
    for (int i = 0; i < data->count && !ret; i++)
        ret = compute_columns(data, &data->clip[i], prepared, err);
    if (!ret)
        s2vi_shards_prepare_end(data->shards);
    return ret;
}

int s2vi_scene_clips_prepare(s2vi_scene_clips *data, s2v_error *err)
{
    const int ret = prepare_sound(data, err);
    return ret < 0 ? ret : prepare_texts(data, err);
}

/* ---------------------------------------------------------------- frames -- */

int s2vi_scene_third(const s2vi_scene_clip *c, int64_t frame)
{
    const float i = c->intensity ? c->intensity[frame] : 0;
    return i < 1 / 3.0F ? 0 : i < 2 / 3.0F ? 1 : 2;
}

int s2vi_scene_group(const s2vi_scene_clip *c, int64_t frame)
{
    return 3 * c->scene + s2vi_scene_third(c, frame);
}

int s2vi_scene_text(const s2vi_scene_clip *c, int64_t frame, uint32_t pick)
{
    int n = 0;
    for (int i = 0; i < c->captions; i++)
        n += c->caption[i].from <= frame && frame < c->caption[i].to;
    if (!n)
        return c->caption[0].text;
    n = (int)(pick % (uint32_t)n);
    for (int i = 0;; i++)
        if (c->caption[i].from <= frame && frame < c->caption[i].to && !n--)
            return c->caption[i].text;
}

const s2vi_scene_clip *s2vi_scene_frame(const s2vi_scene_clips *data,
                                        bool held_out, int64_t index,
                                        int64_t *frame)
{
    for (int i = 0; i < data->count; i++) {
        const s2vi_scene_clip *c = &data->clip[i];
        const int64_t n = held_out ? c->frames - c->train : c->train;
        if (index < n) {
            *frame = held_out ? c->train + index : index;
            return c;
        }
        index -= n;
    }
    return NULL;
}

void s2vi_scene_clips_close(s2vi_scene_clips *data)
{
    for (int i = 0; i < data->count; i++)
        free_clip(&data->clip[i]);
    free(data->clip);
    for (int i = 0; i < data->scenes; i++)
        free(data->scene[i]);
    free(data->scene);
    for (int i = 0; i < data->texts; i++)
        free(data->text[i]);
    free(data->text);
    s2vi_vocabulary_close(&data->vocabulary);
    free(data->share);
    s2vi_shards_close(&data->shards);
    *data = (s2vi_scene_clips){0};
}
