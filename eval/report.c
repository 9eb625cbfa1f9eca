/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results: a table for people, JSON for programs. */
#include "report.h"

#include "base/error.h"
#include "base/sentence.h"

#include <glib.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static int64_t pixels_of(const s2vi_eval *e)
{
    return (int64_t)e->model.width * e->model.height;
}

static double shift_seconds(const s2vi_eval *e)
{
    return (double)e->shift.delay / S2VI_CLIP_RATE;
}

/* --------------------------------------------------------------- table -- */

static void print_source(const s2vi_eval *e, FILE *out)
{
    static const char *const sources[] = {
        [S2VI_EVAL_SPLIT] = "the first part of the same clips",
        [S2VI_EVAL_OTHERS] = "other clips",
        [S2VI_EVAL_MEASURED] = "the measured frames themselves",
    };
    const s2vi_eval_clips *c = &e->clips;
    fprintf(out, "Training  %lld frames of %d clip%s: %s\n",
            (long long)c->training_frames, c->training_clips,
            S2VI_PLURAL(c->training_clips), sources[c->source]);
    fprintf(out,
            "Moving    %lld of %lld pixels (deviation over the training frames "
            "above %g)\n",
            (long long)c->moving, (long long)pixels_of(e),
            S2VI_MOVING_DEVIATION);
}

static void print_head(const s2vi_eval *e, FILE *out)
{
    const s2vi_eval_clips *c = &e->clips;
    const s2v_model_info *m = &e->model;
    if (e->options->made)
        fprintf(out, "Video     %s (compared at %dx%d, %g frames per second)\n",
                e->options->made, m->width, m->height,
                (double)m->fps_num / m->fps_den);
    else
        fprintf(out, "Model     %s (%s, %dx%d, %g frames per second, on %s)\n",
                e->options->model, m->name, m->width, m->height,
                (double)m->fps_num / m->fps_den, m->device);
    fprintf(out, "Measured  %lld of %lld frames, in %d of %d clip%s\n",
            (long long)c->measured, (long long)c->data.frames,
            c->measured_clips, c->data.count, S2VI_PLURAL(c->data.count));
    print_source(e, out);
    if (e->region.w)
        fprintf(out, "Region    columns %d to %d, rows %d to %d\n", e->region.x,
                e->region.x + e->region.w - 1, e->region.y,
                e->region.y + e->region.h - 1);
}

/* Right-aligned in `width` columns, after a space. */
static void print_number(FILE *out, int width, int digits, double v)
{
    if (isnan(v))
        fprintf(out, " %*s", width, "-");
    else
        fprintf(out, " %*.*f", width, digits, v);
}

static void print_row(const s2vi_eval *e, const char *name,
                      const s2vi_eval_result *r, FILE *out)
{
    s2vi_squares mse = s2vi_score_mse(&r->score, pixels_of(e), e->clips.moving);
    int counted;
    fprintf(out, "%-24s", name);
    print_number(out, 7, 4, s2vi_batched_mean(&r->score.ssim));
    print_number(out, 7, 4, s2vi_batched_deviation(&r->score.ssim));
    print_number(out, 7, 2, s2vi_psnr(mse.all));
    print_number(out, 7, 2, s2vi_psnr(mse.moving));
    print_number(out, 6, 3, s2vi_batched_mean(&r->score.cpbd));
    if (e->options->lpips) {
        print_number(out, 7, 4, s2vi_batched_mean(&r->score.lpips));
        print_number(out, 7, 4, s2vi_batched_deviation(&r->score.lpips));
    }
    if (e->vision)
        print_number(out, 8, 2, r->frechet);
    fprintf(out, " %7lld",
            (long long)(e->vision ? r->stats.count : r->score.ssim.frames));
    if (e->region.w) {
        print_number(out, 7, 3,
                     s2vi_eval_mean_r(r, e->clips.data.count, &counted));
        print_number(out, 7, 3, s2vi_correlation_r(&r->pooled));
    }
    fputc('\n', out);
}

static void print_notes(const s2vi_eval *e, FILE *out)
{
    fprintf(out,
            "\nSSIM with its deviation over batches of %d frames; PSNR in "
            "dB over all pixels\nand over the moving ones.\n",
            S2VI_SCORE_BATCH);
    fprintf(out, "CPBD, sharpness from 0 to 1: the real frames have %.3f.\n",
            s2vi_batched_mean(&e->sharp));
    if (e->options->lpips)
        fprintf(out, "LPIPS 0.1 over %s.\n", s2vi_vision_network(e->vision));
    if (e->vision)
        fprintf(out,
                "Frechet: distance of %s's %s features, mean over\n"
                "places, to those of the real frames; comparable only between "
                "equal numbers\n"
                "of frames.\n",
                s2vi_vision_network(e->vision), s2vi_vision_layer(e->vision));
    if (e->sounds)
        fprintf(out, "Foreign audio: %d file%s, without real frames.\n",
                e->sounds, S2VI_PLURAL(e->sounds));
    if (e->shift.kind == S2VI_EVAL_ROTATED)
        fprintf(out,
                "Shifted: the audio of each clip delayed by %g s, its end "
                "moved to the beginning.\n",
                shift_seconds(e));
    if (e->shift.kind == S2VI_EVAL_FOREIGN)
        fprintf(out, "Foreign: each clip with the audio of the next one, the "
                     "last with the first's.\n");
    if (e->region.w)
        fprintf(out,
                "r: correlation over time of the region's brightness with the "
                "real one's: mean\n"
                "over clips, and over all frames about each clip's mean.\n");
}

/* ---------------------------------------------------------------- sounds -- */

static void print_likeness(const s2vi_eval *e, const char *name,
                           const s2vi_likeness *l, FILE *out)
{
    fprintf(out, "%-40.40s", name);
    print_number(out, 7, 1,
                 (double)l->frames * e->model.fps_den / e->model.fps_num);
    print_number(out, 6, 1, 100.0 * s2vi_likeness_far(l));
    print_number(out, 8, 2, s2vi_likeness_nearest(l));
    print_number(out, 7, 2, s2vi_likeness_motion(l, &e->frames));
    fputc('\n', out);
}

static void print_sounds(const s2vi_eval *e, FILE *out)
{
    fprintf(out, "\n%-40s %7s %6s %8s %7s\n", "", "seconds", "far, %",
            "nearest", "motion");
    print_likeness(e, "matching audio", &e->own, out);
    for (int i = 0; i < e->sounds; i++) {
        char *name = g_path_get_basename(e->likeness[i].sound);
        print_likeness(e, name, &e->likeness[i], out);
        g_free(name);
    }
    fprintf(out,
            "\n"
            "Far: of %d generated frames per second, at %dx%d, the share whose "
            "PSNR to the\n"
            "nearest of %d real frames is below %g dB: they resemble no frame "
            "of the clip.\n"
            "Nearest: the mean PSNR, dB. Motion: mean change between frames, "
            "relative to the\n"
            "real frames.\n",
            S2VI_LIKENESS_RATE, S2VI_LIKENESS_SIDE, S2VI_LIKENESS_SIDE,
            e->frames.count, S2VI_LIKENESS_FAR);
}

void s2vi_eval_print(const s2vi_eval *e, FILE *out)
{
    char wrong[40] = "foreign audio";
    if (e->shift.kind == S2VI_EVAL_ROTATED)
        snprintf(wrong, sizeof(wrong), "audio shifted by %g s",
                 shift_seconds(e));
    print_head(e, out);
    fprintf(out, "\n%-24s %7s %7s %7s %7s %6s", "", "SSIM", "+-", "PSNR",
            "moving", "CPBD");
    if (e->options->lpips)
        fprintf(out, " %7s %7s", "LPIPS", "+-");
    if (e->vision)
        fprintf(out, " %8s", "Frechet");
    fprintf(out, " %7s", "frames");
    if (e->region.w)
        fprintf(out, " %7s %7s", "r", "pooled");
    fputc('\n', out);
    print_row(e, e->options->made ? "generated video" : "matching audio",
              &e->right, out);
    if (e->shift.kind != S2VI_EVAL_NONE)
        print_row(e, wrong, &e->wrong, out);
    print_row(e,
              e->clips.source == S2VI_EVAL_MEASURED ? "mean measured frame"
                                                    : "mean training frame",
              &e->mean, out);
    if (e->sounds && e->vision)
        print_row(e, "foreign audio", &e->foreign, out);
    print_notes(e, out);
    if (e->sounds)
        print_sounds(e, out);
}

/* ---------------------------------------------------------------- JSON -- */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* JSON's integers here end at 2^63 - 1. */
static json_t *json_of_seed(uint64_t seed)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, seed);
    return seed <= INT64_MAX ? json_integer((json_int_t)seed)
                             : json_string(text);
}

static json_t *json_of_correlation(const s2vi_eval *e,
                                   const s2vi_eval_result *r)
{
    int counted;
    double mean = s2vi_eval_mean_r(r, e->clips.data.count, &counted);
    json_t *by_clip = json_array();
    for (int i = 0; i < e->clips.data.count; i++)
        json_array_append_new(by_clip, number(r->clip_r[i]));
    return json_pack("{s:o, s:i, s:o, s:I, s:o}", "mean", number(mean), "clips",
                     counted, "pooled", number(s2vi_correlation_r(&r->pooled)),
                     "frames", (json_int_t)r->pooled.n, "by_clip", by_clip);
}

static json_t *json_of_result(const s2vi_eval *e, const s2vi_eval_result *r)
{
    const s2vi_score *s = &r->score;
    s2vi_squares mse = s2vi_score_mse(s, pixels_of(e), e->clips.moving);
    return json_pack("{s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o}",
                     "frames", (json_int_t)s->ssim.frames, "ssim",
                     number(s2vi_batched_mean(&s->ssim)), "ssim_deviation",
                     number(s2vi_batched_deviation(&s->ssim)), "ssim_batches",
                     (json_int_t)s->ssim.batches, "cpbd",
                     number(s2vi_batched_mean(&s->cpbd)), "cpbd_deviation",
                     number(s2vi_batched_deviation(&s->cpbd)), "lpips",
                     number(s2vi_batched_mean(&s->lpips)), "lpips_deviation",
                     number(s2vi_batched_deviation(&s->lpips)), "frechet",
                     number(r->frechet), "mse", number(mse.all), "psnr",
                     number(s2vi_psnr(mse.all)), "mse_moving",
                     number(mse.moving), "psnr_moving",
                     number(s2vi_psnr(mse.moving)), "correlation",
                     e->region.w ? json_of_correlation(e, r) : json_null());
}

static json_t *json_of_likeness(const s2vi_eval *e, const s2vi_likeness *l)
{
    return json_pack("{s:o*, s:I, s:I, s:o, s:o, s:o}", "sound",
                     l->sound ? json_string_nocheck(l->sound) : NULL, "frames",
                     (json_int_t)l->frames, "compared", (json_int_t)l->compared,
                     "far", number(s2vi_likeness_far(l)), "nearest_psnr",
                     number(s2vi_likeness_nearest(l)), "motion",
                     number(s2vi_likeness_motion(l, &e->frames)));
}

static json_t *json_of_foreign(const s2vi_eval *e)
{
    json_t *each = json_array();
    int64_t frames = 0;
    for (int i = 0; i < e->sounds; i++) {
        json_array_append_new(each, json_of_likeness(e, &e->likeness[i]));
        frames += e->likeness[i].frames;
    }
    return json_pack("{s:i, s:I, s:o, s:i, s:f, s:o, s:o}", "sounds", e->sounds,
                     "frames", (json_int_t)frames, "frechet",
                     number(e->foreign.frechet), "real_frames", e->frames.count,
                     "real_motion", e->frames.motion, "right",
                     json_of_likeness(e, &e->own), "each", each);
}

/* The network that LPIPS and the Frechet distance are named after. */
static json_t *json_of_network(const s2vi_eval *e)
{
    return e->vision
               ? json_pack("{s:s, s:s}", "name", s2vi_vision_network(e->vision),
                           "layer", s2vi_vision_layer(e->vision))
               : json_null();
}

static json_t *json_of_real(const s2vi_eval *e)
{
    return json_pack("{s:o, s:o}", "cpbd", number(s2vi_batched_mean(&e->sharp)),
                     "cpbd_deviation",
                     number(s2vi_batched_deviation(&e->sharp)));
}

static json_t *json_of_results(const s2vi_eval *e)
{
    bool wrong = e->shift.kind != S2VI_EVAL_NONE;
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "real", json_of_real(e),
                     "right", json_of_result(e, &e->right), "shifted",
                     wrong ? json_of_result(e, &e->wrong) : json_null(),
                     "mean_frame", json_of_result(e, &e->mean), "foreign",
                     e->sounds ? json_of_foreign(e) : json_null());
}

static json_t *json_of_clips(const s2vi_eval_clips *c)
{
    json_t *list = json_array();
    for (int i = 0; i < c->data.count; i++) {
        const s2vi_clip *clip = c->data.clip[i].clip;
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:I}", "path",
                                        json_string_nocheck(clip->path),
                                        "frames", (json_int_t)clip->frames,
                                        "first", (json_int_t)c->range[i].first,
                                        "last", (json_int_t)c->range[i].last));
    }
    return list;
}

static json_t *json_of_training(const s2vi_eval *e)
{
    static const char *const sources[] = {
        [S2VI_EVAL_SPLIT] = "split",
        [S2VI_EVAL_OTHERS] = "other clips",
        [S2VI_EVAL_MEASURED] = "measured frames",
    };
    const s2vi_eval_clips *c = &e->clips;
    return json_pack("{s:s, s:f, s:i, s:I, s:I, s:I, s:f}", "source",
                     sources[c->source], "split", e->options->split, "clips",
                     c->training_clips, "frames",
                     (json_int_t)c->training_frames, "moving_pixels",
                     (json_int_t)c->moving, "pixels", (json_int_t)pixels_of(e),
                     "moving_deviation", S2VI_MOVING_DEVIATION);
}

static json_t *json_of_shift(const s2vi_eval *e)
{
    static const char *const kinds[] = {
        [S2VI_EVAL_NONE] = "none",
        [S2VI_EVAL_ROTATED] = "rotated",
        [S2VI_EVAL_FOREIGN] = "foreign",
    };
    return json_pack("{s:s, s:f}", "kind", kinds[e->shift.kind], "seconds",
                     shift_seconds(e));
}

static json_t *json_of_region(const s2vi_eval_region *r)
{
    return r->w ? json_pack("{s:i, s:i, s:i, s:i}", "x", r->x, "y", r->y,
                            "width", r->w, "height", r->h)
                : json_null();
}

static json_t *json_of(const s2vi_eval *e)
{
    const s2v_model_info *m = &e->model;
    json_t *model = json_pack(
        "{s:o, s:s, s:s, s:i, s:i, s:i, s:i}", "path",
        json_string_nocheck(e->options->made ? e->options->made
                                             : e->options->model),
        "kind", m->name, "device", m->device, "width", m->width, "height",
        m->height, "fps_num", m->fps_num, "fps_den", m->fps_den);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
        s2v_version(), "model", model, "seed", json_of_seed(e->options->seed),
        "clips", json_of_clips(&e->clips), "training", json_of_training(e),
        "shift", json_of_shift(e), "region", json_of_region(&e->region),
        "network", json_of_network(e), "results", json_of_results(e));
}

int s2vi_eval_print_json(const s2vi_eval *e, FILE *out, s2v_error *err)
{
    json_t *object = json_of(e);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return s2vi_error_nomem(err, "JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return S2V_OK;
}
