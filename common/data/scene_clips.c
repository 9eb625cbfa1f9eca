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
    free(c->rgb);
    free(c->sound);
    free(c->columns);
    free(c->intensity);
    free(c->caption);
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
    rehash(data);
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
    if (!ret && !skipped && c.rgb)
        ret = append(a->data, &c, err);
    free_clip(&c);
    return ret;
}

int s2vi_scene_clips_add(s2vi_scene_clips *data, const char *path,
                         const s2vi_scene_source *source, s2v_error *err)
{
    adding a = {data, source};
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

static int level(s2vi_scene_clips *data, s2v_error *err)
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
    int ret = data->level < 0
                  ? S2V_OK
                  : s2vi_loudness_measure(span, n, &data->level, err);
    free(span);
    for (int i = 0; i < data->count && !ret; i++)
        ret = s2vi_loudness_level(&data->clip[i].sound, data->clip[i].samples,
                                  data->level, err);
    return ret;
}

static int compute_columns(s2vi_scene_clip *c, s2v_error *err)
{
    const int64_t n = s2vi_mel_columns_count(c->frames);
    c->columns = malloc((size_t)n * S2VI_MEL_WINDOW_BANDS * sizeof(float));
    return c->columns ? s2vi_mel_columns(c->sound, (size_t)c->samples,
                                         c->frames, c->columns, err)
                      : s2vi_error_nomem(err, "a clip's sound");
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

int s2vi_scene_clips_prepare(s2vi_scene_clips *data, s2v_error *err)
{
    int ret = level(data, err);
    for (int i = 0; i < data->count && !ret; i++)
        ret = compute_columns(&data->clip[i], err);
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
    *data = (s2vi_scene_clips){0};
}
