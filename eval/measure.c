/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comparison: made frames against real ones. Nothing is kept of a frame
 * but its score, and the eight frames of the sheet. */
#include "measure.h"

#include "base/error.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run through all clips with one kind of sound. */
typedef struct run {
    s2vi_eval *e;
    s2v_session *session;
    s2vi_clip *video; /* made frames, where there is no model */
    s2vi_progress *bar;
    const s2vi_eval_shift *shift; /* NULL: right sound */
    s2vi_eval_result *result;
    float *real, *made;       /* (size, size, 3) */
    double *scratch;          /* SSIM's */
    float *of_edges;          /* CPBD's */
    float *of_real, *of_made; /* features, where there is a network */
    int64_t done;             /* frames made, of all runs */
    /* Within a clip. */
    int clip;
    int64_t frame;
    s2vi_correlation region, region_mean;
    /* The sheet: rows of real, made and difference. */
    uint8_t *row[3];
    int columns, column;
    int64_t seen; /* measured frames */
} run;

double s2vi_eval_mean_r(const s2vi_eval_result *result, int clips, int *counted)
{
    double sum = 0;
    *counted = 0;
    for (int i = 0; i < clips; i++)
        if (!isnan(result->clip_r[i])) {
            sum += result->clip_r[i];
            ++*counted;
        }
    return *counted ? sum / *counted : NAN;
}

/* --------------------------------------------------------------- sheet -- */

static size_t frame_bytes(const run *r)
{
    return (size_t)r->e->model.width * (size_t)r->e->model.height * 3;
}

static int init_sheet(run *r, s2v_error *err)
{
    r->columns =
        (int)(r->e->clips.measured < S2VI_EVAL_COLUMNS ? r->e->clips.measured
                                                       : S2VI_EVAL_COLUMNS);
    for (int i = 0; i < 3; i++) {
        r->row[i] = malloc((size_t)r->columns * frame_bytes(r));
        if (!r->row[i])
            return s2vi_error_nomem(err, "the sheet");
    }
    return S2V_OK;
}

/* Keep a frame if it is one of those spread over all that are measured. */
static void keep(run *r, const uint8_t *real, const s2v_video_frame *made)
{
    if (!r->columns || r->column == r->columns ||
        r->seen !=
            s2vi_preview_frame(r->e->clips.measured, r->columns, r->column))
        return;
    const size_t line = (size_t)made->width * 3;
    size_t to = (size_t)r->column++ * frame_bytes(r);
    for (int y = 0; y < made->height; y++, real += line, to += line) {
        const uint8_t *m = made->data + y * made->stride;
        memcpy(r->row[0] + to, real, line);
        memcpy(r->row[1] + to, m, line);
        for (size_t i = 0; i < line; i++)
            r->row[2][to + i] = (uint8_t)abs(real[i] - m[i]);
    }
}

static int lay_out(run *r, s2v_error *err)
{
    const s2vi_preview_row rows[3] = {
        {.bytes = r->row[0]}, {.bytes = r->row[1]}, {.bytes = r->row[2]}};
    return s2vi_preview_sheet(&r->e->sheet, rows, 3, r->columns,
                              r->e->model.width, r->columns, err);
}

/* ------------------------------------------------------------ comparing -- */

/* The pair as the network sees it: LPIPS and feature statistics. */
static int look(run *r, const float *made, s2vi_eval_result *result,
                s2v_error *err)
{
    s2vi_eval *e = r->e;
    double lpips;
    if (!e->vision)
        return S2V_OK;
    int ret = s2vi_vision_compare(e->vision, r->real, made, &lpips, r->of_real,
                                  r->of_made, err);
    if (ret < 0)
        return ret;
    if (e->options->lpips)
        s2vi_batched_add(&result->score.lpips, lpips);
    s2vi_feature_stats_add(&result->stats, r->of_made);
    if (result == &e->right)
        s2vi_feature_stats_add(&e->real, r->of_real);
    return S2V_OK;
}

/* One pair of frames, r->real and `made`, into a result. */
static int compare(run *r, const float *made, s2vi_eval_result *result,
                   s2vi_correlation *region, s2v_error *err)
{
    const s2vi_eval *e = r->e;
    const int w = e->model.width, h = e->model.height;
    const s2vi_eval_region *at = &e->region;
    s2vi_score_add(
        &result->score, s2vi_ssim(r->real, made, w, h, r->scratch),
        s2vi_square_errors(r->real, made, (int64_t)w * h, e->clips.moves));
    s2vi_batched_add(&result->score.cpbd, s2vi_cpbd(made, w, h, r->of_edges));
    if (at->w)
        s2vi_correlation_add(
            region, s2vi_brightness(made, w, at->x, at->y, at->w, at->h),
            s2vi_brightness(r->real, w, at->x, at->y, at->w, at->h));
    return look(r, made, result, err);
}

/* A made frame, checked, as floats in r->made. */
static int take_made(run *r, const s2v_video_frame *frame, s2v_error *err)
{
    const s2v_model_info *m = &r->e->model;
    if (frame->width != m->width || frame->height != m->height)
        return s2vi_error(
            err, S2V_ERR_INTERNAL,
            "the model generated a frame of %dx%d: expected %dx%d",
            frame->width, frame->height, m->width, m->height);
    s2vi_frame_to_float(frame->data, frame->stride, frame->width, frame->height,
                        r->made);
    return S2V_OK;
}

/* Made frames from one that is compared with real ones to the next. */
static int likeness_step(const s2vi_eval *e)
{
    const int fps = e->model.fps_num / e->model.fps_den;
    return fps > S2VI_LIKENESS_RATE ? fps / S2VI_LIKENESS_RATE : 1;
}

static int on_frame(void *opaque, const s2v_video_frame *frame, s2v_error *err)
{
    run *r = opaque;
    s2vi_eval *e = r->e;
    const int64_t t = r->frame++;
    s2vi_progress_update(r->bar, ++r->done, NULL, 0);
    if (t < e->clips.range[r->clip].first)
        return S2V_OK;
    int ret = take_made(r, frame, err);
    if (ret < 0)
        return ret;
    const uint8_t *real =
        e->clips.data.clip[r->clip].clip->rgb + (size_t)t * frame_bytes(r);
    s2vi_frame_to_float(real, (ptrdiff_t)frame->width * 3, frame->width,
                        frame->height, r->real);
    ret = compare(r, r->made, r->result, &r->region, err);
    if (!ret && !r->shift && *e->options->sounds)
        ret = s2vi_likeness_add(&e->own, &e->frames, frame, likeness_step(e),
                                err);
    if (!ret && !r->shift) { /* once, not with each sound */
        s2vi_batched_add(&e->sharp, s2vi_cpbd(r->real, frame->width,
                                              frame->height, r->of_edges));
        ret = compare(r, e->clips.mean, &e->mean, &r->region_mean, err);
        keep(r, real, frame);
    }
    r->seen++;
    return ret;
}

static void end_clip(s2vi_eval_result *result, int clip, s2vi_correlation *c)
{
    result->clip_r[clip] = s2vi_correlation_r(c);
    s2vi_correlation_pool(&result->pooled, c);
    *c = (s2vi_correlation){0};
}

/* The frames of a video, as if a model had made them. */
static int play(run *r, int64_t frames, s2v_error *err)
{
    const int size = r->e->model.width;
    int ret = S2V_OK;
    for (int64_t t = 0; t < frames && !ret; t++) {
        const s2v_video_frame frame = {.data = r->video->rgb +
                                               (size_t)t * frame_bytes(r),
                                       .stride = (ptrdiff_t)size * 3,
                                       .width = size,
                                       .height = size};
        ret = on_frame(r, &frame, err);
    }
    return ret;
}

static int run_clip(run *r, s2v_error *err)
{
    const s2vi_eval_clips *c = &r->e->clips;
    const s2vi_eval_sound sound = s2vi_eval_sound_of(c, r->clip, r->shift);
    const int64_t frames = c->range[r->clip].last;
    r->frame = 0;
    int ret = r->video ? play(r, frames, err)
                       : s2vi_eval_generate(r->session, &sound, frames, c->hop,
                                            on_frame, r, err);
    end_clip(r->result, r->clip, &r->region);
    if (!r->shift)
        end_clip(&r->e->mean, r->clip, &r->region_mean);
    return ret;
}

static int run_clips(run *r, s2v_error *err)
{
    const s2vi_eval_clips *c = &r->e->clips;
    int ret = S2V_OK;
    r->seen = 0;
    for (r->clip = 0; r->clip < c->data.count && !ret; r->clip++)
        if (c->range[r->clip].last > c->range[r->clip].first)
            ret = run_clip(r, err);
    return ret;
}

/* -------------------------------------------------------- foreign sounds -- */

static int on_foreign_frame(void *opaque, const s2v_video_frame *frame,
                            s2v_error *err)
{
    run *r = opaque;
    double lpips;
    int ret = s2vi_likeness_add(&r->e->likeness[r->e->sounds - 1],
                                &r->e->frames, frame, likeness_step(r->e), err);
    if (ret < 0 || !r->e->vision)
        return ret;
    ret = take_made(r, frame, err);
    if (!ret)
        ret = s2vi_vision_compare(r->e->vision, r->made, r->made, &lpips, NULL,
                                  r->of_made, err);
    if (!ret)
        s2vi_feature_stats_add(&r->e->foreign.stats, r->of_made);
    return ret;
}

/* A silent one is worth a look, too. @param skipped it is bad and left out */
static int load_sound(run *r, const char *path, float **samples, int64_t *count,
                      bool *skipped, s2v_error *err)
{
    s2vi_ingest *in = &r->e->clips.ingest;
    s2vi_media_facts facts;
    int ret = s2vi_sound_load_track(path, s2vi_sound_listen, 0, samples, count,
                                    &facts, err);
    facts.silent = false;
    facts.tracks = 1; /* --track is of clips */
    if (!ret)
        ret = s2vi_ingest_check(in, path, &facts, err);
    return s2vi_ingest_settle(in, ret, skipped, err);
}

static int run_sound(run *r, const char *path, s2v_error *err)
{
    const int64_t hop = r->e->clips.hop;
    float *samples = NULL;
    int64_t count;
    bool skipped;
    int ret = load_sound(r, path, &samples, &count, &skipped, err);
    if (ret < 0 || skipped) {
        free(samples);
        return ret;
    }
    r->e->sounds++;
    const s2vi_eval_sound sound = {
        .samples = samples, .count = count, .length = count};
    r->e->likeness[r->e->sounds - 1].sound = strdup(path);
    ret = s2vi_eval_generate(r->session, &sound, (count + hop - 1) / hop, hop,
                             on_foreign_frame, r, err);
    free(samples);
    return ret;
}

static int run_sounds(run *r, s2v_error *err)
{
    s2vi_eval *e = r->e;
    char **paths;
    int ret = s2vi_eval_expand(e->options->sounds, &paths, err);
    const int n = ret < 0 ? 0 : (int)g_strv_length(paths);
    s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = n, .unit = "sounds", .quiet = e->options->quiet || !n});
    e->likeness = calloc((size_t)n + 1, sizeof(*e->likeness));
    if (!ret && !e->likeness)
        ret = s2vi_error_nomem(err, "results");
    e->clips.ingest.bar = bar;
    for (int i = 0; i < n && !ret; i++) {
        ret = run_sound(r, paths[i], err);
        s2vi_progress_update(bar, i + 1, NULL, 0);
    }
    e->clips.ingest.bar = NULL;
    s2vi_progress_close(&bar);
    g_strfreev(paths);
    return ret;
}

/* How far each kind of made frames is from the real ones. */
static int compare_stats(s2vi_eval *e, s2v_error *err)
{
    s2vi_eval_result *const each[] = {&e->right, &e->wrong, &e->foreign};
    int ret = S2V_OK;
    for (int i = 0; i < 3 && !ret; i++)
        ret = s2vi_frechet(&e->real, &each[i]->stats, &each[i]->frechet, err);
    return ret;
}

/* ------------------------------------------------------------- all of it -- */

static int init_result(s2vi_eval_result *result, int clips, s2v_error *err)
{
    result->clip_r = malloc((size_t)clips * sizeof(*result->clip_r));
    if (!result->clip_r)
        return s2vi_error_nomem(err, "results");
    for (int i = 0; i < clips; i++)
        result->clip_r[i] = NAN;
    result->frechet = NAN;
    return S2V_OK;
}

static int init_vision(run *r, s2v_error *err)
{
    s2vi_eval *e = r->e;
    const s2vi_eval_options *o = e->options;
    const s2vi_vision_params params = {.network = o->perceptual,
                                       .heads = o->lpips,
                                       .width = e->model.width,
                                       .height = e->model.height,
                                       .device = o->device,
                                       .threads = o->threads};
    s2vi_feature_stats *const all[] = {&e->real, &e->right.stats,
                                       &e->wrong.stats, &e->mean.stats,
                                       &e->foreign.stats};
    if (!o->perceptual)
        return S2V_OK;
    int ret = s2vi_vision_open(&e->vision, &params, err);
    if (ret < 0)
        return ret;
    const int channels = s2vi_vision_channels(e->vision);
    r->of_real = malloc((size_t)channels * sizeof(float));
    r->of_made = malloc((size_t)channels * sizeof(float));
    if (!r->of_real || !r->of_made)
        return s2vi_error_nomem(err, "features");
    for (int i = 0; i < 5 && !ret; i++)
        ret = s2vi_feature_stats_init(all[i], channels, err);
    return ret;
}

/* The video that stands for a model: as many frames as are measured. */
static int open_video(run *r, s2v_error *err)
{
    const s2vi_eval *e = r->e;
    const s2vi_clip_params params = {.size = e->model.width};
    const int64_t needed = e->clips.generated;
    int ret = s2vi_clip_load(&r->video, e->options->made, &params, err);
    if (!ret && r->video->frames < needed)
        ret = s2vi_error(
            err, S2V_ERR_INVALID,
            "--made: expected the %lld frames that are measured (at 20 fps; "
            "--limit measures fewer), found %lld in %s",
            (long long)needed, (long long)r->video->frames, e->options->made);
    return ret;
}

static int init_run(run *r, s2v_model *model, s2v_error *err)
{
    s2vi_eval *e = r->e;
    const s2v_session_params params = {.size = sizeof(params),
                                       .seed = e->options->seed,
                                       .level = e->options->level};
    const bool twice = e->shift.kind != S2VI_EVAL_NONE;
    const int clips = e->clips.data.count;
    size_t values = frame_bytes(r);
    r->real = malloc(values * sizeof(*r->real));
    r->made = malloc(values * sizeof(*r->made));
    r->scratch = malloc(s2vi_ssim_scratch(e->model.width, e->model.height) *
                        sizeof(*r->scratch));
    r->of_edges = malloc(s2vi_cpbd_scratch(e->model.width, e->model.height) *
                         sizeof(*r->of_edges));
    if (!r->real || !r->made || !r->scratch || !r->of_edges)
        return s2vi_error_nomem(err, "a frame");
    int ret = model ? s2v_session_create(&r->session, model, &params, err)
                    : open_video(r, err);
    if (!ret)
        ret = init_result(&e->right, clips, err);
    if (!ret)
        ret = init_result(&e->wrong, clips, err);
    if (!ret)
        ret = init_result(&e->mean, clips, err);
    if (!ret)
        ret = init_result(&e->foreign, clips, err);
    if (!ret)
        ret = init_vision(r, err);
    if (!ret && e->options->sheet)
        ret = init_sheet(r, err);
    r->bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = e->clips.generated * (twice ? 2 : 1),
        .unit = "frames",
        .quiet = e->options->quiet,
    });
    return ret;
}

static void free_run(run *r)
{
    s2vi_progress_close(&r->bar);
    s2v_session_close(&r->session);
    s2vi_clip_close(&r->video);
    free(r->real);
    free(r->made);
    free(r->scratch);
    free(r->of_edges);
    free(r->of_real);
    free(r->of_made);
    for (int i = 0; i < 3; i++)
        free(r->row[i]);
}

static int measure(s2vi_eval *e, s2v_model *model, s2v_error *err)
{
    run r = {.e = e, .result = &e->right};
    int ret = init_run(&r, model, err);
    if (!ret)
        ret = run_clips(&r, err);
    if (!ret && r.columns)
        ret = lay_out(&r, err);
    if (!ret && e->shift.kind != S2VI_EVAL_NONE) {
        r.shift = &e->shift;
        r.result = &e->wrong;
        ret = run_clips(&r, err);
    }
    s2vi_progress_close(&r.bar);
    if (!ret && *e->options->sounds)
        ret = run_sounds(&r, err);
    if (!ret && e->vision)
        ret = compare_stats(e, err);
    free_run(&r);
    return ret;
}

static int check_model(const s2v_model_info *m, const char *path,
                       s2v_error *err)
{
    if (m->sample_rate != S2VI_CLIP_RATE || m->fps_num < 1 || m->fps_den < 1 ||
        S2VI_CLIP_RATE * m->fps_den % m->fps_num)
        return s2vi_error(
            err, S2V_ERR_MODEL,
            "%s: expected a model with audio at %d Hz and frames of whole "
            "samples, found %d Hz and %d/%d frames per second",
            path, S2VI_CLIP_RATE, m->sample_rate, m->fps_num, m->fps_den);
    if (m->width == m->height && s2vi_ssim_scratch(m->width, m->height))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: expected a model with square frames of at least %d "
                      "pixels, found %dx%d",
                      path, S2VI_SSIM_WINDOW, m->width, m->height);
}

int s2vi_eval_run(s2vi_eval *e, s2v_model *model, s2v_error *err)
{
    const s2vi_eval_options *o = e->options;
    e->model = (s2v_model_info){.size = sizeof(e->model),
                                .name = "video",
                                .device = "-",
                                .width = o->size,
                                .height = o->size,
                                .fps_num = 20,
                                .fps_den = 1,
                                .sample_rate = S2VI_CLIP_RATE};
    if (model)
        s2v_model_get_info(model, &e->model);
    int ret = check_model(&e->model, o->model ? o->model : o->made, err);
    if (!ret)
        ret = s2vi_eval_options_region(o, e->model.width, &e->region, err);
    if (!ret)
        ret = s2vi_eval_clips_load(&e->clips, o, &e->model, err);
    if (ret < 0)
        return ret;
    e->shift = s2vi_eval_choose_shift(&e->clips, o->shift);
    if (*o->sounds)
        ret = s2vi_real_frames_make(&e->frames, &e->clips.data, err);
    return ret < 0 ? ret : measure(e, model, err);
}

void s2vi_eval_free(s2vi_eval *e)
{
    s2vi_eval_result *const each[] = {&e->right, &e->wrong, &e->mean,
                                      &e->foreign};
    s2vi_eval_clips_free(&e->clips);
    s2vi_picture_free(&e->sheet);
    s2vi_vision_close(&e->vision);
    s2vi_feature_stats_free(&e->real);
    s2vi_real_frames_free(&e->frames);
    s2vi_likeness_free(&e->own);
    for (int i = 0; i < e->sounds; i++)
        s2vi_likeness_free(&e->likeness[i]);
    free(e->likeness);
    for (int i = 0; i < 4; i++) {
        free(each[i]->clip_r);
        s2vi_feature_stats_free(&each[i]->stats);
    }
    *e = (s2vi_eval){0};
}
