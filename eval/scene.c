/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scenes out of sound, measured on clips. */
#include "scene.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "clips.h"
#include "generate.h"
#include "measure/vision.h"
#include "media/folder.h"
#include "scene_file.h"
#include "scene_probe.h"
#include "terminal/progress.h"
#include "video/area_downscale.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 64,    /* of what the probe sees */
    STEPS = 4000, /* that it learns in, of many frames; */
    FEW = 300,    /* of few */
    TEXTS = 90,
    LISTENED = 10, /* s of a real sound, at most */
    COLUMNS = 8,   /* of the sheet */
    ROWS = S2VI_PREVIEW_ROWS,
};

typedef struct run {
    s2vi_scene_eval *e;
    s2v_session *session;
    s2vi_scene_probe *probe;
    s2vi_scene_file file;
    s2vi_progress *bar;
    int64_t done;
    /* A clip of a kind: */
    const s2vi_scene_clip *clip;
    s2vi_clip *real; /* at the model's size */
    s2vi_scene_kind kind;
    int64_t at, first;     /* the next frame, and the first that is measured */
    double *level, *truth; /* (frames) */
    float *part;           /* (scenes): sums over its frames */
    /* A frame: */
    uint8_t *packed, *last, *before; /* (N,N,3): it, and the two before */
    float *small;                    /* (side,side,3), for the probe */
    uint32_t *sums;
    float *of_real, *of_made; /* (N,N,3) in [0,1] */
    float *real_features, *made_features;
    uint8_t *moves;
    double *ssim;
    float *window;
    /* The sheet: */
    uint8_t *sheet[ROWS]; /* (COLUMNS,N,N,3) */
    int rows, row;        /* those of this clip; < 0: none */
} run;

static int side_of(const run *r)
{
    return r->e->model.width;
}

static size_t bytes_of(const run *r)
{
    return 3 * (size_t)side_of(r) * (size_t)side_of(r);
}

/* -------------------------------------------------------------- numbers -- */

bool s2vi_scene_has(const s2vi_scene_eval *e, int kind)
{
    return kind < S2VI_SCENE_ALONE + e->groups && e->result[kind].frames;
}

double s2vi_scene_change(const s2vi_scene_eval *e, const s2vi_scene_result *r)
{
    return s2vi_batched_mean(&r->change) /
           s2vi_batched_mean(&e->result[S2VI_SCENE_REAL].change);
}

double s2vi_scene_flicker(const s2vi_scene_result *r)
{
    const double change = s2vi_batched_mean(&r->change);
    return change > 0 ? s2vi_batched_mean(&r->jerk) / change : NAN;
}

/* ------------------------------------------------------------ embedding -- */

/* What the file says of itself. */
static int open_file(run *r, s2v_error *err)
{
    s2vi_scene_eval *e = r->e;
    const s2vi_eval_options *o = e->options;
    const int ret =
        s2vi_scene_file_open(&r->file, o->model, side_of(r), o->device,
                             o->threads, &e->data.vocabulary, err);
    e->groups = r->file.groups;
    memcpy(e->group, r->file.group, sizeof(e->group));
    e->embedded = r->file.width > 0;
    e->data.level = r->file.level;
    return ret;
}

/* How well the frame suits its sound and its text. */
static int embed(run *r, s2vi_scene_result *result, s2v_error *err)
{
    const s2vi_scene_clips *d = &r->e->data;
    const int text = s2vi_scene_text(r->clip, r->at, 0);
    float *picture = r->of_made; /* read before, in [0,1] */
    double of_sound, of_text;
    s2vi_mel_window_of(r->clip->columns, r->at, r->window);
    for (size_t i = 0; i < bytes_of(r); i++)
        picture[i] = (float)r->packed[i] / 127.5f - 1;
    const int ret =
        s2vi_scene_file_embed(&r->file, picture, r->window,
                              d->share + (ptrdiff_t)text * d->vocabulary.count,
                              &of_sound, &of_text, err);
    if (ret < 0)
        return ret;
    s2vi_batched_add(&result->sound, of_sound);
    s2vi_batched_add(&result->text, of_text);
    return S2V_OK;
}

/* --------------------------------------------------------------- frames -- */

/* What the probe says of a frame. */
static int look(run *r, const uint8_t *rgb, s2vi_scene_seen *seen,
                s2v_error *err)
{
    const int N = side_of(r);
    s2vi_area_downscale(rgb, (ptrdiff_t)N * 3, N, N, r->sums, r->e->data.side,
                        r->small);
    return s2vi_scene_probe_look(r->probe, r->small, seen, err);
}

static void pack(run *r, const s2v_video_frame *frame)
{
    const size_t row = (size_t)side_of(r) * 3;
    for (int y = 0; y < side_of(r); y++)
        memcpy(r->packed + (size_t)y * row, frame->data + y * frame->stride,
               row);
}

/* Against the real frame. */
static int compare(run *r, s2vi_scene_result *result, s2v_error *err)
{
    const int N = side_of(r);
    const uint8_t *real = r->real->rgb + (size_t)r->at * bytes_of(r);
    double lpips;
    s2vi_frame_to_float(real, (ptrdiff_t)N * 3, N, N, r->of_real);
    s2vi_frame_to_float(r->packed, (ptrdiff_t)N * 3, N, N, r->of_made);
    s2vi_score_add(
        &result->score, s2vi_ssim(r->of_real, r->of_made, N, N, r->ssim),
        s2vi_square_errors(r->of_real, r->of_made, (int64_t)N * N, r->moves));
    if (!r->e->vision)
        return S2V_OK;
    const int ret =
        s2vi_vision_compare(r->e->vision, r->of_real, r->of_made, &lpips,
                            r->real_features, r->made_features, err);
    if (ret < 0)
        return ret;
    if (!isnan(lpips))
        s2vi_batched_add(&result->score.lpips, lpips);
    s2vi_feature_stats_add(&result->stats, r->made_features);
    return S2V_OK;
}

/* The change from frame to frame, and its change. */
static void follow_motion(run *r, s2vi_scene_result *result)
{
    const size_t n = bytes_of(r);
    const int64_t since = r->at - r->first;
    double change = 0, jerk = 0;
    for (size_t i = 0; i < n && since > 0; i++)
        change += abs(r->packed[i] - r->last[i]);
    for (size_t i = 0; i < n && since > 1; i++)
        jerk += abs(r->packed[i] - 2 * r->last[i] + r->before[i]);
    if (since > 0)
        s2vi_batched_add(&result->change, change / (255 * (double)n));
    if (since > 1)
        s2vi_batched_add(&result->jerk, jerk / (255 * (double)n));
    uint8_t *swap = r->before;
    r->before = r->last;
    r->last = swap;
    memcpy(r->last, r->packed, n);
}

/* Spread over the measured part of the clip. */
static void keep(run *r)
{
    const int64_t frames = r->clip->frames - r->first;
    const int row = r->row + (r->kind == S2VI_SCENE_RIGHT);
    if (r->row < 0 || r->kind > S2VI_SCENE_RIGHT)
        return;
    for (int i = 0; i < COLUMNS; i++)
        if (r->at - r->first == s2vi_preview_frame(frames, COLUMNS, i))
            memcpy(r->sheet[row] + (size_t)i * bytes_of(r), r->packed,
                   bytes_of(r));
}

/* The next frame of a kind, which is in `packed`. */
static int add_frame(run *r, s2v_error *err)
{
    s2vi_scene_result *result = &r->e->result[r->kind];
    s2vi_scene_seen seen;
    if (r->at < r->first) {
        r->at++;
        return S2V_OK;
    }
    int ret = look(r, r->packed, &seen, err);
    if (!ret)
        ret = compare(r, result, err);
    if (!ret && r->e->embedded)
        ret = embed(r, result, err);
    if (ret < 0)
        return ret;
    for (int i = 0; i < r->e->data.scenes; i++)
        r->part[i] += seen.part[i];
    result->frames++;
    result->right += seen.scene == r->clip->scene;
    r->level[r->at - r->first] = seen.intensity;
    follow_motion(r, result);
    keep(r);
    r->at++;
    s2vi_progress_update(r->bar, ++r->done, NULL, 0);
    return S2V_OK;
}

static int take(void *opaque, const s2v_video_frame *frame, s2v_error *err)
{
    run *r = opaque;
    pack(r, frame);
    return add_frame(r, err);
}

static void begin(run *r, s2vi_scene_kind kind)
{
    r->kind = kind;
    r->at = 0;
    memset(r->part, 0, (size_t)r->e->data.scenes * sizeof(*r->part));
}

static int most(const float *part, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (part[i] > part[best])
            best = i;
    return best;
}

static void end(run *r)
{
    s2vi_scene_result *result = &r->e->result[r->kind];
    result->clips++;
    result->clips_right += most(r->part, r->e->data.scenes) == r->clip->scene;
    if (r->clip->intensity)
        s2vi_lagged_add(&result->intensity, r->level, r->truth,
                        r->clip->frames - r->first);
}

/* ---------------------------------------------------------------- clips -- */

static int set_option(run *r, const char *name, const char *value,
                      s2v_error *err)
{
    return s2v_session_set_option(r->session, name, value, err);
}

/* NAME=VALUE of the command line. */
static int set_given(run *r, s2v_error *err)
{
    int ret = S2V_OK;
    for (char **o = r->e->options->set; *o && !ret; o++) {
        char **part = g_strsplit(*o, "=", 2);
        ret = set_option(r, part[0], part[1], err);
        g_strfreev(part);
    }
    return ret;
}

/* The start of clip `index`: of the scene that is heard, or a seed's, unless
 * the command line has another. */
static int set_start(run *r, int index, s2v_error *err)
{
    char seed[24];
    g_snprintf(seed, sizeof(seed), "%u",
               (unsigned)(r->e->options->seed % 1000 * 1000 + (unsigned)index));
    int ret = set_option(r, "morph", "0", err);
    if (!ret)
        ret = set_option(r, "text", "none", err);
    if (!ret)
        ret = set_option(r, "start", "auto", err);
    if (!ret)
        ret = set_option(r, "seed", seed, err);
    return ret ? ret : set_given(r, err);
}

/* The sound moves the layers of a group only; < 0: all. */
static int set_group(run *r, int group, s2v_error *err)
{
    const s2vi_scene_eval *e = r->e;
    char layers[32] = "all";
    int from = 0;
    for (int i = 0; i < group; i++)
        from += e->group[i];
    if (group >= 0)
        g_snprintf(layers, sizeof(layers), "%d-%d", from,
                   from + e->group[group] - 1);
    return set_option(r, "layers", layers, err);
}

static int make(run *r, s2vi_scene_kind kind, const float *samples,
                int64_t count, s2v_error *err)
{
    const s2vi_eval_sound sound = {
        .samples = samples, .count = count, .length = r->clip->samples};
    begin(r, kind);
    const int ret = s2vi_eval_generate(r->session, &sound, r->clip->frames,
                                       S2VI_SCENE_HOP, take, r, err);
    if (!ret)
        end(r);
    return ret;
}

static int add_real(run *r, s2v_error *err)
{
    int ret = S2V_OK;
    begin(r, S2VI_SCENE_REAL);
    while (r->at < r->clip->frames && !ret) {
        memcpy(r->packed, r->real->rgb + (size_t)r->at * bytes_of(r),
               bytes_of(r));
        ret = add_frame(r, err);
    }
    if (!ret)
        end(r);
    return ret;
}

/* The next clip of another scene, or any other; NULL: there is none. */
static const s2vi_scene_clip *other_clip(const run *r, int index)
{
    const s2vi_scene_clips *d = &r->e->data;
    for (int any = 0; any < 2; any++)
        for (int i = 1; i < d->count; i++) {
            const s2vi_scene_clip *c = &d->clip[(index + i) % d->count];
            if (any || c->scene != r->clip->scene)
                return c;
        }
    return NULL;
}

static int make_alone(run *r, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < r->e->groups && !ret; i++) {
        ret = set_group(r, i, err);
        if (!ret)
            ret = make(r, (s2vi_scene_kind)(S2VI_SCENE_ALONE + i),
                       r->clip->sound, r->clip->samples, err);
    }
    return ret ? ret : set_group(r, -1, err);
}

static int measure_kinds(run *r, int index, s2v_error *err)
{
    static const float silence[1];
    const s2vi_scene_clip *c = r->clip, *other = other_clip(r, index);
    int ret = add_real(r, err);
    if (!ret)
        ret = set_start(r, index, err);
    if (!ret)
        ret = make(r, S2VI_SCENE_RIGHT, c->sound, c->samples, err);
    if (!ret)
        ret = make(r, S2VI_SCENE_SILENT, silence, 1, err);
    if (!ret && other)
        ret = make(r, S2VI_SCENE_WRONG, other->sound, other->samples, err);
    return ret || r->e->groups < 2 ? ret : make_alone(r, err);
}

/* A first clip of its scene has two rows of the sheet: real and made. */
static void choose_row(run *r, int index)
{
    const s2vi_scene_clips *d = &r->e->data;
    r->row = r->rows + 2 <= ROWS && r->e->options->sheet ? r->rows : -1;
    for (int i = 0; i < index; i++)
        if (d->clip[i].train < d->clip[i].frames &&
            d->clip[i].scene == d->clip[index].scene)
            r->row = -1;
    if (r->row >= 0)
        r->rows += 2;
}

static int add_row(run *r, int row, s2v_error *err)
{
    if (row < 0 || r->sheet[row])
        return S2V_OK;
    r->sheet[row] = calloc(COLUMNS, bytes_of(r));
    return r->sheet[row] ? S2V_OK : s2vi_error_nomem(err, "a sheet");
}

static int measure_clip(run *r, int index, s2v_error *err)
{
    const s2vi_scene_clip *c = r->clip = &r->e->data.clip[index];
    const s2vi_clip_params params =
        s2vi_scene_eval_clip(r->e->options, side_of(r));
    r->first = c->train;
    choose_row(r, index);
    int ret = add_row(r, r->row, err);
    if (!ret && r->row >= 0)
        ret = add_row(r, r->row + 1, err);
    if (!ret)
        ret = s2vi_clip_load(&r->real, c->path, &params, err);
    if (!ret && r->real->frames < c->frames)
        ret = s2vi_error(err, S2V_ERR_INTERNAL, "%s: it was longer before",
                         c->path);
    r->level = calloc((size_t)c->frames, sizeof(*r->level));
    r->truth = calloc((size_t)c->frames, sizeof(*r->truth));
    if (!ret && (!r->level || !r->truth))
        ret = s2vi_error_nomem(err, "a clip");
    for (int64_t t = c->train; t < c->frames && c->intensity && !ret; t++)
        r->truth[t - c->train] = (double)c->intensity[t];
    if (!ret)
        ret = measure_kinds(r, index, err);
    free(r->level);
    free(r->truth);
    s2vi_clip_close(&r->real);
    return ret;
}

/* Real frames' features are those of what is compared with itself. */
static int measure_clips(run *r, s2v_error *err)
{
    s2vi_scene_eval *e = r->e;
    int ret = set_option(r, "level", "off", err); /* it is levelled */
    for (int i = 0; i < e->data.count && !ret; i++)
        if (e->data.clip[i].train < e->data.clip[i].frames) {
            ret = measure_clip(r, i, err);
            e->measured++;
        }
    for (int k = 0; k < S2VI_SCENE_KINDS && !ret; k++) {
        e->result[k].frechet = NAN;
        if (k && e->vision && e->result[k].frames)
            ret = s2vi_frechet(&e->result[S2VI_SCENE_REAL].stats,
                               &e->result[k].stats, &e->result[k].frechet, err);
    }
    return ret;
}

/* ---------------------------------------------------------------- texts -- */

static int take_first(void *opaque, const s2v_video_frame *frame,
                      s2v_error *err)
{
    (void)err;
    pack(opaque, frame);
    return S2V_OK;
}

/* The picture that a caption chooses, without sound. */
static int try_text(run *r, const s2vi_scene_clip *clip, const char *text,
                    s2v_error *err)
{
    static const float silence[1];
    const s2vi_eval_sound sound = {silence, 1, 0, 2 * S2VI_SCENE_HOP};
    s2vi_scene_seen seen;
    int ret = set_option(r, "text", text, err);
    if (!ret)
        ret = s2vi_eval_generate(r->session, &sound, 1, S2VI_SCENE_HOP,
                                 take_first, r, err);
    if (!ret)
        ret = look(r, r->packed, &seen, err);
    if (ret < 0)
        return ret;
    r->e->texts++;
    r->e->texts_right += seen.scene == clip->scene;
    return S2V_OK;
}

/* Captions of measured clips, evenly spread. */
static int try_texts(run *r, s2v_error *err)
{
    const s2vi_scene_clips *d = &r->e->data;
    int all = 0, k = 0, ret = S2V_OK;
    for (int i = 0; i < d->count; i++)
        all += d->clip[i].train < d->clip[i].frames ? d->clip[i].captions : 0;
    const int n = all < TEXTS ? all : TEXTS;
    for (int i = 0; i < d->count && !ret; i++)
        for (int j = 0; j < d->clip[i].captions && !ret; j++) {
            const s2vi_scene_clip *c = &d->clip[i];
            if (c->train == c->frames)
                continue;
            if ((k + 1) * n / all > k * n / all)
                ret = try_text(r, c, d->text[c->caption[j].text], err);
            k++;
        }
    return ret;
}

/* --------------------------------------------------------- real sounds -- */

/* The scene that one of the words of a folder's name is; -1. */
static int scene_of_name(const s2vi_scene_clips *d, const char *name)
{
    char **words = g_strsplit_set(name, " _-.,", -1);
    int found = -1;
    for (int s = 0; s < d->scenes; s++)
        for (char **w = words; *w; w++)
            if (!g_ascii_strcasecmp(*w, d->scene[s]))
                found = s;
    g_strfreev(words);
    return found;
}

static int take_sound(void *opaque, const s2v_video_frame *frame,
                      s2v_error *err)
{
    run *r = opaque;
    s2vi_scene_seen seen;
    pack(r, frame);
    const int ret = look(r, r->packed, &seen, err);
    for (int i = 0; i < r->e->data.scenes && !ret; i++)
        r->part[i] += seen.part[i];
    return ret;
}

static int play_sound(void *opaque, const char *path, s2v_error *err)
{
    run *r = opaque;
    s2vi_scene_folder *f = &r->e->folder[r->e->folders - 1];
    const int64_t longest = (int64_t)LISTENED * S2VI_CLIP_RATE;
    float *samples = NULL;
    int64_t count = 0;
    int ret = s2vi_sound_load(path, s2vi_sound_listen, &samples, &count, err);
    if (ret < 0)
        return ret;
    count = count < longest ? count : longest;
    const s2vi_eval_sound sound = {samples, count, 0, count};
    memset(r->part, 0, (size_t)r->e->data.scenes * sizeof(*r->part));
    ret = set_start(r, f->sounds, err);
    if (!ret)
        ret = s2vi_eval_generate(r->session, &sound,
                                 (count + S2VI_SCENE_HOP - 1) / S2VI_SCENE_HOP,
                                 S2VI_SCENE_HOP, take_sound, r, err);
    free(samples);
    if (ret < 0)
        return ret;
    f->shown[most(r->part, r->e->data.scenes)]++;
    if (r->row >= 0 && f->sounds < COLUMNS) /* its last frame */
        memcpy(r->sheet[r->row] + (size_t)f->sounds * bytes_of(r), r->packed,
               bytes_of(r));
    f->sounds++;
    s2vi_progress_update(r->bar, ++r->done, NULL, 0);
    return S2V_OK;
}

static int play_folder(run *r, const char *path, s2v_error *err)
{
    s2vi_scene_eval *e = r->e;
    s2vi_scene_folder *f = &e->folder[e->folders++];
    f->name = g_path_get_basename(path);
    f->scene = scene_of_name(&e->data, f->name);
    f->shown = calloc((size_t)e->data.scenes, sizeof(*f->shown));
    r->row = e->options->sheet && r->rows < ROWS ? r->rows++ : -1;
    const int ret =
        f->shown ? add_row(r, r->row, err) : s2vi_error_nomem(err, "results");
    return ret < 0 ? ret : s2vi_folder_each(path, play_sound, r, err);
}

static int play_sounds(run *r, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    int ret = set_option(r, "level", o->level ? o->level : "auto", err);
    r->e->folder = calloc(g_strv_length(o->sounds) + 1, sizeof(*r->e->folder));
    if (!r->e->folder)
        return s2vi_error_nomem(err, "results");
    for (char **s = o->sounds; *s && !ret; s++)
        ret = play_folder(r, *s, err);
    return ret;
}

/* ------------------------------------------------------------- all of it -- */

static int open_probe(run *r, s2v_error *err)
{
    const s2vi_eval_options *o = r->e->options;
    const int64_t frames = r->e->data.train;
    const int64_t steps = frames / 2 < FEW ? FEW : frames / 2;
    const s2vi_scene_probe_params params = {.data = &r->e->data,
                                            .steps = (int)MIN(steps, STEPS),
                                            .seed = o->seed,
                                            .device = o->device,
                                            .threads = o->threads,
                                            .quiet = o->quiet};
    return s2vi_scene_probe_open(&r->probe, &params, err);
}

static int allocate(run *r, s2v_error *err)
{
    const int N = side_of(r);
    const size_t n = bytes_of(r);
    r->packed = calloc(1, n);
    r->last = calloc(1, n);
    r->before = calloc(1, n);
    r->small = calloc(n, sizeof(float));
    r->sums = calloc((size_t)N * 3, sizeof(uint32_t));
    r->of_real = calloc(n, sizeof(float));
    r->of_made = calloc(n, sizeof(float));
    r->moves = calloc(1, n);
    r->ssim = calloc(s2vi_ssim_scratch(N, N), sizeof(double));
    r->window = calloc(S2VI_MEL_WINDOW_NUMBERS, sizeof(float));
    r->part = calloc((size_t)r->e->data.scenes, sizeof(float));
    return r->packed && r->last && r->before && r->small && r->sums &&
                   r->of_real && r->of_made && r->moves && r->ssim &&
                   r->window && r->part
               ? S2V_OK
               : s2vi_error_nomem(err, "frames");
}

static int open_vision(run *r, s2v_error *err)
{
    s2vi_scene_eval *e = r->e;
    const s2vi_eval_options *o = e->options;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .heads = o->lpips,
                                       .width = side_of(r),
                                       .height = side_of(r),
                                       .device = o->device,
                                       .threads = o->threads};
    if (!o->perceptual)
        return S2V_OK;
    int ret = s2vi_vision_open(&e->vision, &params, err);
    if (ret < 0)
        return ret;
    const int channels = s2vi_vision_channels(e->vision);
    e->network = s2vi_vision_network(e->vision);
    r->real_features = calloc((size_t)channels, sizeof(float));
    r->made_features = calloc((size_t)channels, sizeof(float));
    if (!r->real_features || !r->made_features)
        return s2vi_error_nomem(err, "features");
    for (int k = 0; k < S2VI_SCENE_KINDS && !ret; k++)
        ret = s2vi_feature_stats_init(&e->result[k].stats, channels, err);
    return ret;
}

static int make_sheet(run *r, s2v_error *err)
{
    s2vi_preview_row rows[ROWS];
    for (int i = 0; i < r->rows; i++)
        rows[i] = (s2vi_preview_row){.bytes = r->sheet[i]};
    return r->rows ? s2vi_preview_sheet(&r->e->sheet, rows, r->rows, COLUMNS,
                                        side_of(r), COLUMNS, err)
                   : S2V_OK;
}

static void free_run(run *r)
{
    s2vi_progress_close(&r->bar);
    s2v_session_close(&r->session);
    s2vi_scene_probe_close(&r->probe);
    s2vi_scene_file_close(&r->file);
    void *const all[] = {
        r->packed,  r->last,          r->before,       r->small, r->sums,
        r->of_real, r->of_made,       r->moves,        r->ssim,  r->window,
        r->part,    r->real_features, r->made_features};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        free(all[i]);
    for (int i = 0; i < ROWS; i++)
        free(r->sheet[i]);
}

/* The command line says which layers move. */
static bool has_own_layers(const s2vi_eval_options *o)
{
    for (char **s = o->set; *s; s++)
        if (g_str_has_prefix(*s, "layers="))
            return true;
    return false;
}

static int measure(run *r, s2v_model *model, s2v_error *err)
{
    s2vi_scene_eval *e = r->e;
    const s2v_session_params params = {.size = sizeof(params),
                                       .seed = e->options->seed};
    int ret = open_file(r, err);
    if (has_own_layers(e->options))
        e->groups = 0;
    if (!ret)
        ret =
            s2vi_scene_eval_load(e, side_of(r) < SIDE ? side_of(r) : SIDE, err);
    if (!ret)
        ret = allocate(r, err);
    if (!ret)
        ret = open_vision(r, err);
    if (!ret)
        ret = open_probe(r, err);
    if (!ret)
        ret = s2v_session_create(&r->session, model, &params, err);
    r->bar = s2vi_progress_new(
        &(s2vi_progress_params){.unit = "frames", .quiet = e->options->quiet});
    if (!ret)
        ret = measure_clips(r, err);
    if (!ret && e->embedded)
        ret = try_texts(r, err);
    if (!ret)
        ret = play_sounds(r, err);
    return ret ? ret : make_sheet(r, err);
}

int s2vi_scene_eval_run(s2vi_scene_eval *e, s2v_model *model, s2v_error *err)
{
    run r = {.e = e};
    const s2v_model_info *m = &e->model;
    e->model.size = sizeof(e->model);
    s2v_model_get_info(model, &e->model);
    e->ingest = s2vi_eval_ingest(e->options);
    if (m->width < S2VI_SSIM_WINDOW)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a model of frames of at least %d "
                          "pixels, found %d",
                          e->options->model, S2VI_SSIM_WINDOW, m->width);
    const int ret = measure(&r, model, err);
    free_run(&r);
    return ret;
}

void s2vi_scene_eval_free(s2vi_scene_eval *e)
{
    for (int i = 0; i < S2VI_SCENE_KINDS; i++)
        s2vi_feature_stats_free(&e->result[i].stats);
    for (int i = 0; i < e->folders; i++) {
        g_free(e->folder[i].name);
        free(e->folder[i].shown);
    }
    free(e->folder);
    s2vi_scene_clips_close(&e->data);
    s2vi_ingest_close(&e->ingest);
    s2vi_picture_free(&e->sheet);
    s2vi_vision_close(&e->vision);
    *e = (s2vi_scene_eval){0};
}
