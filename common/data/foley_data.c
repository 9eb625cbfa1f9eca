/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips of pictures, mel and sound, dealt out as random windows. */
#include "data/foley_data.h"

#include "base/error.h"
#include "base/philox.h"
#include "media/folder.h"
#include "models/visual_encoder.h"
#include "models/varietysound.h"
#include "weights/weights.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, HOP = S2VI_FOLEY_MEL_HOP };

/* ---------------------------------------------------------- one clip -- */

static int check(const s2vi_foley_source *source, const char *path,
                 const s2vi_media_facts *facts, s2v_error *err)
{
    return source->ingest ? s2vi_ingest_check(source->ingest, path, facts, err)
                          : S2V_OK;
}

static void free_clip(s2vi_foley_clip *c)
{
    g_free(c->path);
    if (c->mapped)
        return;
    free(c->mel);
    free(c->sound);
    free(c->rgb);
    free(c->features);
}

/* The data's hash goes over what was hashed before and this clip. */
static void rehash(s2vi_foley_data *data, const s2vi_foley_clip *c)
{
    const size_t mel = (size_t)(c->units * data->columns * BANDS);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)data->hash, -1);
    g_checksum_update(sum, (const guchar *)c->mel,
                      (gssize)(mel * sizeof(*c->mel)));
    if (c->rgb)
        g_checksum_update(sum, c->rgb,
                          (gssize)(c->units * data->size * data->size * 3));
    if (c->features)
        g_checksum_update(sum, (const guchar *)c->features,
                          (gssize)((size_t)(c->units * data->features) *
                                   sizeof(*c->features)));
    g_strlcpy(data->hash, g_checksum_get_string(sum), sizeof(data->hash));
    g_checksum_free(sum);
}

/* The same of a shard's clip, which is not read for it. */
static void note_hash(s2vi_foley_data *data, const char *hash)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)data->hash, -1);
    g_checksum_update(sum, (const guchar *)hash, -1);
    g_strlcpy(data->hash, g_checksum_get_string(sum), sizeof(data->hash));
    g_checksum_free(sum);
}

/* Take the clip over, or free it; `noted`: a shard's word of what it is. */
static int append_noted(s2vi_foley_data *data, s2vi_foley_clip *c,
                        const char *noted, s2v_error *err)
{
    s2vi_foley_clip *more =
        realloc(data->clip, ((size_t)data->count + 1) * sizeof(*more));
    if (!more) {
        free_clip(c);
        return s2vi_error_nomem(err, "clips");
    }
    data->clip = more;
    if (noted)
        note_hash(data, noted);
    else
        rehash(data, c);
    data->units += c->units;
    data->clip[data->count++] = *c;
    return S2V_OK;
}

static int append(s2vi_foley_data *data, s2vi_foley_clip *c, s2v_error *err)
{
    return append_noted(data, c, NULL, err);
}

/* Mel, and sound of whole columns, of `samples` samples. */
static int analyse(s2vi_foley_clip *c, int64_t columns, const float *sound,
                   int64_t samples, s2v_error *err)
{
    const int64_t whole = columns * HOP;
    c->mel = malloc((size_t)(columns * BANDS) * sizeof(*c->mel));
    c->sound = calloc((size_t)whole, sizeof(*c->sound));
    if (!c->mel || !c->sound)
        return s2vi_error_nomem(err, c->path);
    memcpy(c->sound, sound,
           (size_t)(samples < whole ? samples : whole) * sizeof(*sound));
    return s2vi_foley_mel(sound, (size_t)samples, c->mel, (size_t)columns, err);
}

static int add_clip(s2vi_foley_data *data, const char *path,
                    const s2vi_foley_source *source, s2v_error *err)
{
    s2vi_clip *clip = NULL;
    s2vi_clip_params params = source->clip;
    params.fps_num = S2VI_VISUAL_ENCODER_RATE_NUM;
    params.fps_den = S2VI_VISUAL_ENCODER_RATE_DEN;
    params.sound = s2vi_sound_foley;
    params.whole = true; /* as a session sees it */
    params.min_frames = source->least;
    int ret = s2vi_clip_load(&clip, path, &params, err);
    if (ret < 0)
        return ret;
    s2vi_foley_clip c = {.path = g_strdup(path), .units = clip->frames};
    ret = check(source, path, &clip->facts, err);
    if (!ret)
        ret = analyse(&c, c.units * data->columns, clip->sound, clip->samples,
                      err);
    if (ret >= 0) {
        free(c.sound); /* nothing is made of it but the mel */
        c.sound = NULL;
        data->size = clip->size;
        c.rgb = clip->rgb;
        clip->rgb = NULL;
        ret = append(data, &c, err);
    } else {
        free_clip(&c);
    }
    s2vi_clip_close(&clip);
    return ret;
}

static int too_short(const char *path, int64_t found,
                     const s2vi_foley_source *source, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "'%s' is too short: expected at least the %lld columns "
                      "of a window (--sequence), found %lld",
                      path, (long long)source->least, (long long)found);
}

static int add_sound(s2vi_foley_data *data, const char *path,
                     const s2vi_foley_source *source, s2v_error *err)
{
    float *sound = NULL;
    int64_t samples = 0;
    s2vi_media_facts facts;
    int ret = s2vi_sound_load_track(path, s2vi_sound_foley, source->clip.track,
                                    &sound, &samples, &facts, err);
    if (ret < 0)
        return ret;
    s2vi_foley_clip c = {.path = g_strdup(path), .units = samples / HOP};
    ret = c.units < source->least ? too_short(path, c.units, source, err)
                                  : check(source, path, &facts, err);
    if (!ret)
        ret = analyse(&c, c.units, sound, samples, err);
    if (ret >= 0)
        ret = append(data, &c, err);
    else
        free_clip(&c);
    free(sound);
    return ret;
}

/* -------------------------------------------------------- feature sets -- */

static const s2vi_tensor *matrix(const s2v_weights *w, const char *name,
                                 s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    if (t && t->rank == 2 && t->count > 0)
        return t;
    s2vi_error(err, S2V_ERR_FORMAT,
               "%s: expected a feature set with the matrices `features` (T,W) "
               "and `mel` (80,4 T), found %s `%s`",
               s2v_weights_get_path(w, NULL), t ? "no matrix" : "no", name);
    return NULL;
}

/* (80,columns) -> (columns,80), the first `columns` of `all`. */
static void turn(const float *mel, int64_t all, int64_t columns, float *out)
{
    for (int64_t j = 0; j < columns; j++)
        for (int64_t b = 0; b < BANDS; b++)
            out[j * BANDS + b] = mel[b * all + j];
}

static int read_set(const s2v_weights *w, int features, s2vi_foley_clip *c,
                    s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const s2vi_tensor *f = matrix(w, "features", err);
    const s2vi_tensor *m = f ? matrix(w, "mel", err) : NULL;
    if (!m)
        return S2V_ERR_FORMAT;
    if (m->shape[0] != BANDS)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s: `mel` has %lld bands, expected %d", path,
                          (long long)m->shape[0], BANDS);
    if (features && f->shape[1] != features)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "%s: `features` are %lld wide, expected %d as in the previous sets",
            path, (long long)f->shape[1], features);
    const int64_t columns = m->shape[1];
    c->units = columns / S2VI_VS_RATIO < f->shape[0] ? columns / S2VI_VS_RATIO
                                                     : f->shape[0];
    float *mel = malloc(m->count * sizeof(*mel));
    c->features = malloc(f->count * sizeof(float));
    c->mel = malloc(m->count * sizeof(float));
    int ret =
        mel && c->features && c->mel ? S2V_OK : s2vi_error_nomem(err, path);
    if (!ret)
        ret = s2vi_weights_read_f32(w, f, c->features, err);
    if (!ret)
        ret = s2vi_weights_read_f32(w, m, mel, err);
    if (!ret)
        turn(mel, columns, c->units * S2VI_VS_RATIO, c->mel);
    free(mel);
    return ret;
}

static int add_set(s2vi_foley_data *data, const char *path,
                   const s2vi_foley_source *source, s2v_error *err)
{
    s2v_weights *w = NULL;
    s2vi_foley_clip c = {.path = g_strdup(path)};
    char *file = g_strconcat(strchr(path, '/') ? "" : "./", path, NULL);
    int ret = s2v_weights_open(&w, file, err);
    if (!ret)
        ret = read_set(w, data->features, &c, err);
    if (!ret && c.units < source->least)
        ret = too_short(
            path, c.units * S2VI_VS_RATIO,
            &(s2vi_foley_source){.least = source->least * S2VI_VS_RATIO}, err);
    if (!ret) {
        data->features = (int)s2vi_weights_find(w, "features")->shape[1];
        ret = append(data, &c, err);
    } else {
        free_clip(&c);
    }
    s2v_weights_close(&w);
    g_free(file);
    return ret;
}

/* -------------------------------------------------------------- shards -- */

int s2vi_foley_data_pack(const s2vi_foley_data *data, int i,
                         s2vi_shard_item *item, s2v_error *err)
{
    const s2vi_foley_clip *c = &data->clip[i];
    const int64_t columns = c->units * data->columns, N = data->size;
    const int64_t mel[] = {columns, BANDS}, sound[] = {columns * HOP};
    const int64_t rgb[] = {c->units, N, N, 3};
    const int64_t features[] = {c->units, data->features};
    item->facts = json_pack("{s:I, s:s}", "units", (json_int_t)c->units, "hash",
                            data->hash);
    s2vi_shard_put(item, "rgb", S2VI_STORED_U8, c->rgb, 4, rgb);
    s2vi_shard_put(item, "features", S2VI_STORED_F32, c->features, 2, features);
    s2vi_shard_put(item, "mel", S2VI_STORED_F32, c->mel, 2, mel);
    s2vi_shard_put(item, "sound", S2VI_STORED_F32, c->sound, 1, sound);
    return item->facts ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

/* The kind of clip that those before are, or the first is. */
static int check_alike(const s2vi_foley_data *data, const s2vi_shard_clip *from,
                       const s2vi_foley_clip *c,
                       const s2vi_foley_source *source, s2v_error *err)
{
    const int64_t W = s2vi_shard_count(from, "features") / c->units;
    const int64_t rgb = s2vi_shard_count(from, "rgb") / c->units;
    const int64_t side = source->clip.size;
    if (source->sound_only)
        return S2V_OK;
    if (data->count && (W > 0) != (data->features > 0))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "'%s': expected clips or feature sets, not both",
                          from->path);
    if (data->features && W != data->features)
        return s2vi_error(
            err, S2V_ERR_FORMAT,
            "%s: `features` are %lld wide, expected %d as in the previous sets",
            from->path, (long long)W, data->features);
    return W || rgb == side * side * 3
               ? S2V_OK
               : s2vi_error(
                     err, S2V_ERR_INVALID,
                     "'%s': expected shards with pictures of %lldx%lld "
                     "(--size), found others: write them with s2v-shards "
                     "--size %lld",
                     s2v_weights_get_path(from->w, NULL), (long long)side,
                     (long long)side, (long long)side);
}

/* Arrays of as many units. */
static int map_clip(const s2vi_foley_data *data, const s2vi_shard_clip *from,
                    const s2vi_foley_source *source, s2vi_foley_clip *c,
                    s2v_error *err)
{
    const int64_t columns = c->units * data->columns, N = source->clip.size;
    const int64_t W = s2vi_shard_count(from, "features") / c->units;
    bool good = true;
    c->mel =
        s2vi_shard_array(from, "mel", S2VI_STORED_F32, columns * BANDS, err);
    if (source->sound_only)
        good = (c->sound = s2vi_shard_array(from, "sound", S2VI_STORED_F32,
                                            columns * HOP, err));
    else if (W)
        good = (c->features = s2vi_shard_array(
                    from, "features", S2VI_STORED_F32, c->units * W, err));
    else
        good = (c->rgb = s2vi_shard_array(from, "rgb", S2VI_STORED_U8,
                                          c->units * N * N * 3, err));
    return c->mel && good ? S2V_OK : S2V_ERR_FORMAT;
}

/* What files are added to, and how they are read. */
typedef struct adding {
    s2vi_foley_data *data;
    const s2vi_foley_source *source;
} adding;

static int add_shard_clip(void *self, const s2vi_shard_clip *from,
                          s2v_error *err)
{
    const adding *a = self;
    s2vi_foley_data *data = a->data;
    char hash[65];
    s2vi_foley_clip c = {.mapped = true,
                         .units = s2vi_shard_number(from, "units", err)};
    if (c.units < 1)
        return S2V_ERR_FORMAT;
    int ret = s2vi_shard_hash(from, hash, err);
    if (!ret)
        ret = check_alike(data, from, &c, a->source, err);
    if (!ret && c.units < a->source->least)
        return S2V_OK; /* no window fits */
    if (!ret)
        ret = map_clip(data, from, a->source, &c, err);
    if (ret < 0)
        return ret;
    c.path = g_strdup(from->path);
    data->features = (int)(s2vi_shard_count(from, "features") / c.units);
    data->size = a->source->sound_only || data->features ? data->size
                                                         : a->source->clip.size;
    return append_noted(data, &c, hash, err);
}

static int add_shards(s2vi_foley_data *data, const char *folder,
                      const s2vi_foley_source *source, s2v_error *err)
{
    adding a = {data, source};
    return s2vi_shards_read(&data->shards, folder,
                            source->sound_only ? &s2vi_shards_sounds
                                               : &s2vi_shards_foley,
                            &source->clip, add_shard_clip, &a, err);
}

/* ------------------------------------------------------------ folders -- */

static int read_file(s2vi_foley_data *data, const char *path,
                     const s2vi_foley_source *source, s2v_error *err)
{
    const bool set = g_str_has_suffix(path, ".safetensors");
    if (!source->sound_only && data->count &&
        set != (data->clip[0].features != NULL))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "'%s': expected clips or feature sets, not both",
                          path);
    if (source->sound_only)
        return add_sound(data, path, source, err);
    return set ? add_set(data, path, source, err)
               : add_clip(data, path, source, err);
}

static int add_file(s2vi_foley_data *data, const char *path,
                    const s2vi_foley_source *source, s2v_error *err)
{
    bool skipped;
    int ret = read_file(data, path, source, err);
    return source->ingest
               ? s2vi_ingest_settle(source->ingest, ret, &skipped, err)
               : ret;
}

int s2vi_foley_data_add(s2vi_foley_data *data, const char *path,
                        const s2vi_foley_source *source, s2v_error *err)
{
    static const char *const sets[] = {".safetensors", NULL};
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return add_file(data, path, source, err);
    if (s2vi_shards_at(path))
        return add_shards(data, path, source, err);
    GPtrArray *files = s2vi_folder_files(path, sets);
    if (!files->len || source->sound_only) {
        g_ptr_array_free(files, TRUE);
        files = s2vi_folder_files(path, s2vi_folder_media);
    }
    int ret = files->len ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "'%s': expected a folder of media files "
                                      "or feature sets (.safetensors), found "
                                      "none",
                                      path);
    for (guint i = 0; i < files->len && !ret; i++)
        ret = add_file(data, files->pdata[i], source, err);
    g_ptr_array_free(files, TRUE);
    return ret;
}

void s2vi_foley_data_close(s2vi_foley_data *data)
{
    for (int i = 0; i < data->count; i++)
        free_clip(&data->clip[i]);
    free(data->clip);
    s2vi_shards_close(&data->shards);
    *data = (s2vi_foley_data){0};
}

/* ------------------------------------------------------------ windows -- */

/* Units at which a window may begin. */
static int64_t beginnings(const s2vi_foley_clip *c, int64_t units)
{
    return c->train >= units ? c->train - units + 1 : 0;
}

int s2vi_foley_data_split(s2vi_foley_data *data, double part, int64_t units,
                          s2v_error *err)
{
    int64_t left = (int64_t)(part * (double)data->units), places = 0;
    data->train = left;
    for (int i = 0; i < data->count; i++) {
        s2vi_foley_clip *c = &data->clip[i];
        c->train = left < c->units ? left : c->units;
        left -= c->train;
        places += beginnings(c, units);
    }
    return places ? S2V_OK
                  : s2vi_error(err, S2V_ERR_INVALID,
                               "no clip has %lld columns in the training set "
                               "(--sequence, --split): %lld in total",
                               (long long)units * data->columns,
                               (long long)data->train * data->columns);
}

s2vi_foley_window s2vi_foley_data_draw(const s2vi_foley_data *data,
                                       uint64_t seed, uint64_t clock,
                                       int64_t units)
{
    const s2vi_philox key = {seed, S2VI_STREAM_FOLEY_WINDOW, clock};
    s2vi_foley_window w = {.clip = data->clip};
    uint64_t places = 0;
    uint32_t word[4];
    for (int i = 0; i < data->count; i++)
        places += (uint64_t)beginnings(&data->clip[i], units);
    s2vi_philox_block(&key, 0, word);
    w.unit = (int64_t)(word[0] * places >> 32);
    while (w.unit >= beginnings(w.clip, units))
        w.unit -= beginnings(w.clip++, units);
    return w;
}

bool s2vi_foley_data_held_out(const s2vi_foley_data *data, int64_t index,
                              int64_t units, s2vi_foley_window *window)
{
    for (int i = 0; i < data->count; i++) {
        const s2vi_foley_clip *c = &data->clip[i];
        const int64_t n = (c->units - c->train) / units;
        if (index < n) {
            *window = (s2vi_foley_window){c, c->train + index * units};
            return true;
        }
        index -= n;
    }
    return false;
}
