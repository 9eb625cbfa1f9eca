/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is measured, and what the model was trained on. */
#include "clips.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "measure/metrics.h"

/* --------------------------------------------------------------- names -- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder's files; hidden ones are not meant. */
static int add_folder(GPtrArray *out, const char *folder, s2v_error *err)
{
    GError *error = NULL;
    guint first = out->len;
    const char *name;
    GDir *dir = g_dir_open(folder, 0, &error);
    if (!dir) {
        int ret = s2vi_error(err, S2V_ERR_IO, "%s", error->message);
        g_error_free(error);
        return ret;
    }
    while ((name = g_dir_read_name(dir))) {
        char *path = g_build_filename(folder, name, NULL);
        if (*name != '.' && !g_file_test(path, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(out, path);
        else
            g_free(path);
    }
    g_dir_close(dir);
    if (out->len == first)
        return s2vi_error(err, S2V_ERR_IO,
                          "'%s': expected a folder with clips, found no file "
                          "in it",
                          folder);
    qsort(out->pdata + first, out->len - first, sizeof(*out->pdata), by_name);
    return S2V_OK;
}

static char **to_words(GPtrArray *names, int ret)
{
    g_ptr_array_add(names, NULL);
    char **words = (char **)g_ptr_array_free(names, FALSE);
    if (ret < 0) {
        g_strfreev(words);
        words = NULL;
    }
    return words;
}

int s2vi_eval_expand(char *const *names, char ***out, s2v_error *err)
{
    GPtrArray *all = g_ptr_array_new();
    int ret = S2V_OK;
    for (int i = 0; names[i] && !ret; i++) {
        if (g_file_test(names[i], G_FILE_TEST_IS_DIR))
            ret = add_folder(all, names[i], err);
        else
            g_ptr_array_add(all, g_strdup(names[i]));
    }
    *out = to_words(all, ret);
    return ret;
}

static int add_lines(GPtrArray *out, const char *path, s2v_error *err)
{
    char *text = NULL;
    gsize size = 0;
    GError *error = NULL;
    if (!g_file_get_contents(path, &text, &size, &error)) {
        int ret = s2vi_error(err, S2V_ERR_IO, "%s", error->message);
        g_error_free(error);
        return ret;
    }
    bool binary = memchr(text, '\0', size) != NULL;
    char **lines = g_strsplit(binary ? "" : text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        g_strstrip(lines[i]);
        if (*lines[i] && *lines[i] != '#')
            g_ptr_array_add(out, g_strdup(lines[i]));
    }
    g_strfreev(lines);
    g_free(text);
    if (out->len)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "'%s': expected a folder, or a text file with a clip's "
                      "name on each line, found %s",
                      path, binary ? "a binary file" : "no names");
}

int s2vi_eval_read_list(const char *path, char ***out, s2v_error *err)
{
    GPtrArray *all = g_ptr_array_new();
    int ret = g_file_test(path, G_FILE_TEST_IS_DIR) ? add_folder(all, path, err)
                                                    : add_lines(all, path, err);
    *out = to_words(all, ret);
    return ret;
}

/* -------------------------------------------------------------- loading -- */

s2vi_ingest s2vi_eval_ingest(const s2vi_eval_options *o)
{
    return (s2vi_ingest){
        .program = "s2v-eval", .quiet = o->quiet, .skip_bad = o->skip_bad};
}

/* @param clip NULL, with S2V_OK, if it is bad and left out */
static int load_clip(s2vi_eval_clips *c, s2vi_clip **clip, const char *path,
                     const s2vi_eval_options *o, const s2v_model_info *model,
                     s2v_error *err)
{
    const s2vi_clip_params params = {
        .size = model->width,
        .fps_num = model->fps_num,
        .fps_den = model->fps_den,
        .crop_x = o->crop[0],
        .crop_y = o->crop[1],
        .crop_w = o->crop[2],
        .crop_h = o->crop[3],
        .track = o->track + 1,
        .start_ms = (int64_t)(o->start * 1000 + 0.5),
        .duration_ms = (int64_t)(o->duration * 1000 + 0.5),
    };
    /* nobody hears the sound of what is measured as it was made */
    return s2vi_ingest_clip(&c->ingest, clip, path, &params, o->made, err);
}

static int load_measured(s2vi_eval_clips *c, const s2vi_eval_options *o,
                         const s2v_model_info *model, s2v_error *err)
{
    char **paths = NULL;
    int ret = s2vi_eval_expand(o->clips, &paths, err);
    for (int i = 0; !ret && paths[i]; i++) {
        s2vi_clip *clip = NULL;
        ret = load_clip(c, &clip, paths[i], o, model, err);
        if (!ret && clip)
            ret = s2vi_dataset_add(&c->data, &clip, err);
        s2vi_clip_close(&clip);
    }
    g_strfreev(paths);
    return ret < 0 ? ret : s2vi_ingest_require(&c->ingest, c->data.count, err);
}

/* Which frames are measured: those after the split, up to the limit. */
static int set_ranges(s2vi_eval_clips *c, const s2vi_eval_options *o,
                      const s2v_model_info *model, s2v_error *err)
{
    const double most = o->limit * model->fps_num / model->fps_den;
    int ret = s2vi_dataset_split(&c->data, o->split, 0, err);
    c->range = calloc((size_t)c->data.count, sizeof(*c->range));
    if (ret < 0 || !c->range)
        return ret < 0 ? ret : s2vi_error_nomem(err, "clips");
    for (int i = 0; i < c->data.count; i++) {
        int64_t first = c->data.clip[i].train;
        int64_t last = c->data.clip[i].clip->frames;
        if (o->limit > 0 && (double)(last - first) > most)
            last = first + (int64_t)(most + 0.5);
        c->range[i] = (s2vi_eval_range){first, last};
        c->measured += last - first;
        c->measured_clips += last > first;
        c->generated += last > first ? last : 0;
    }
    return c->measured ? S2V_OK
                       : s2vi_error(err, S2V_ERR_INVALID,
                                    "nothing to measure: expected frames after "
                                    "the first %g of %lld, found none",
                                    o->split, (long long)c->data.frames);
}

/* ------------------------------------------------------------- training -- */

static void add_frames(s2vi_moments *m, const s2vi_clip *clip, int64_t first,
                       int64_t last)
{
    size_t bytes = (size_t)m->pixels * 3;
    for (int64_t t = first; t < last; t++)
        s2vi_moments_add(m, clip->rgb + (size_t)t * bytes);
}

/* Clips that are only for this: one in memory at a time. */
static int add_others(s2vi_eval_clips *c, s2vi_moments *m, char *const *paths,
                      const s2vi_eval_options *o, const s2v_model_info *model,
                      s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; paths[i] && !ret; i++) {
        s2vi_clip *clip = NULL;
        ret = load_clip(c, &clip, paths[i], o, model, err);
        if (!ret && clip)
            add_frames(m, clip, 0, clip->frames);
        c->training_clips += clip != NULL;
        s2vi_clip_close(&clip);
    }
    return ret;
}

static int add_all_others(s2vi_eval_clips *c, s2vi_moments *m,
                          const s2vi_eval_options *o,
                          const s2v_model_info *model, s2v_error *err)
{
    char **paths = NULL;
    int ret = s2vi_eval_expand(o->train_clips, &paths, err);
    for (int i = -1; !ret && (i < 0 || o->train_lists[i]); i++) {
        if (i >= 0)
            ret = s2vi_eval_read_list(o->train_lists[i], &paths, err);
        if (!ret)
            ret = add_others(c, m, paths, o, model, err);
        g_strfreev(paths);
        paths = NULL;
    }
    return ret;
}

/* The training part of the measured clips; if it has no frame, all that is
 * measured. */
static void add_own(s2vi_eval_clips *c, s2vi_moments *m)
{
    c->source = c->data.train ? S2VI_EVAL_SPLIT : S2VI_EVAL_MEASURED;
    for (int i = 0; i < c->data.count; i++) {
        s2vi_eval_range r = {0, c->range[i].first};
        if (c->source == S2VI_EVAL_MEASURED)
            r = c->range[i];
        add_frames(m, c->data.clip[i].clip, r.first, r.last);
        c->training_clips += r.last > r.first;
    }
}

static int find_moving(s2vi_eval_clips *c, const s2vi_eval_options *o,
                       const s2v_model_info *model, s2v_error *err)
{
    const size_t pixels = (size_t)model->width * (size_t)model->height;
    s2vi_moments m;
    int ret = s2vi_moments_init(&m, (int64_t)pixels, err);
    c->mean = malloc(pixels * 3 * sizeof(*c->mean));
    c->moves = malloc(pixels);
    if (!ret && (!c->mean || !c->moves))
        ret = s2vi_error_nomem(err, "the mean frame");
    if (ret < 0)
        goto fail;
    if (*o->train_clips || *o->train_lists) {
        c->source = S2VI_EVAL_OTHERS;
        ret = add_all_others(c, &m, o, model, err);
    } else {
        add_own(c, &m);
    }
    if (ret < 0)
        goto fail;
    c->training_frames = m.frames;
    s2vi_moments_mean(&m, c->mean);
    c->moving = s2vi_moments_moving(&m, S2VI_MOVING_DEVIATION, c->moves);
fail:
    s2vi_moments_free(&m);
    return ret;
}

int s2vi_eval_clips_load(s2vi_eval_clips *clips, const s2vi_eval_options *o,
                         const s2v_model_info *model, s2v_error *err)
{
    *clips = (s2vi_eval_clips){.ingest = s2vi_eval_ingest(o)};
    clips->hop = (int64_t)S2VI_CLIP_RATE * model->fps_den / model->fps_num;
    int ret = load_measured(clips, o, model, err);
    if (!ret)
        ret = set_ranges(clips, o, model, err);
    return ret < 0 ? ret : find_moving(clips, o, model, err);
}

void s2vi_eval_clips_free(s2vi_eval_clips *clips)
{
    s2vi_dataset_close(&clips->data);
    free(clips->range);
    free(clips->mean);
    free(clips->moves);
    s2vi_ingest_close(&clips->ingest);
    *clips = (s2vi_eval_clips){0};
}

/* ---------------------------------------------------------- wrong sound -- */

static bool is_measured(const s2vi_eval_clips *c, int i)
{
    return c->range[i].last > c->range[i].first;
}

s2vi_eval_shift s2vi_eval_choose_shift(const s2vi_eval_clips *c, double seconds)
{
    s2vi_eval_shift shift = {S2VI_EVAL_ROTATED, 0};
    int64_t shortest = INT64_MAX;
    if (!(seconds > 0))
        return (s2vi_eval_shift){S2VI_EVAL_NONE, 0};
    for (int i = 0; i < c->data.count; i++)
        if (is_measured(c, i))
            shortest = MIN(shortest, c->data.clip[i].clip->samples);
    shift.delay = (int64_t)(seconds * S2VI_CLIP_RATE + 0.5);
    if (shift.delay <= shortest / 2)
        return shift;
    if (c->measured_clips > 1)
        return (s2vi_eval_shift){S2VI_EVAL_FOREIGN, 0};
    shift.delay = shortest / 2;
    return shift;
}

s2vi_eval_sound s2vi_eval_sound_of(const s2vi_eval_clips *c, int index,
                                   const s2vi_eval_shift *shift)
{
    const s2vi_clip *clip = c->data.clip[index].clip, *heard = clip;
    int other = index;
    if (shift && shift->kind == S2VI_EVAL_FOREIGN) {
        do
            other = (other + 1) % c->data.count;
        while (!is_measured(c, other));
        heard = c->data.clip[other].clip;
    }
    return (s2vi_eval_sound){
        .samples = heard->sound,
        .count = heard->samples,
        .delay = shift ? shift->delay : 0,
        .length = clip->samples,
    };
}
