/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of models of talking heads: a table, and JSON. */
#include "talker.h"

#include "base/error.h"
#include "base/sentence.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const char *const names[S2VI_TALKER_KINDS] = {
    [S2VI_TALKER_TRUTH] = "truth of s2v-talkers",
    [S2VI_TALKER_REAL] = "real frames",
    [S2VI_TALKER_RIGHT] = "generated",
    [S2VI_TALKER_WRONG] = "of the wrong audio",
    [S2VI_TALKER_STILL] = "portrait held still",
};

/* Of those kinds that there are. */
static bool is_there(const s2vi_talker_eval *e, int kind)
{
    return kind != S2VI_TALKER_TRUTH || e->known;
}

static double mse_of(const s2vi_talker_eval *e, const s2vi_talker_result *r)
{
    const int64_t pixels = (int64_t)e->model.width * e->model.height;
    return s2vi_score_mse(&r->score, pixels, 0).all;
}

static double lower_psnr(const s2vi_talker_eval *e, const s2vi_talker_result *r)
{
    const int64_t pixels = (int64_t)e->lower * e->lower;
    return r->lower.ssim.frames
               ? s2vi_psnr(s2vi_score_mse(&r->lower, pixels, 0).all)
               : NAN;
}

static double closures_of(const s2vi_talker_eval *e,
                          const s2vi_talker_result *r)
{
    return e->closures ? (double)r->closures / e->closures : NAN;
}

/* --------------------------------------------------------------- table -- */

static void print_number(FILE *out, int width, int digits, double v)
{
    if (!isfinite(v))
        fprintf(out, " %*s", width, "-");
    else
        fprintf(out, " %*.*f", width, digits, v);
}

static void print_head(const s2vi_talker_eval *e, FILE *out)
{
    const s2v_model_info *m = &e->model;
    fprintf(out, "Model     %s (%s, %dx%d, on %s)\n", e->options->model,
            m->name, m->width, m->height, m->device);
    fprintf(out, "Measured  %lld frames, %.1f s, in %d clip%s\n",
            (long long)e->frames, (double)e->frames / S2VI_FACE_RATE, e->clips,
            S2VI_PLURAL(e->clips));
    fprintf(out, "Truth     ");
    if (e->known)
        fprintf(out, "landmarks and phonemes of s2v-talkers, in %d clip%s%s\n",
                e->known, S2VI_PLURAL(e->known),
                e->known < e->clips ? "; else FaceMesh's landmarks" : "");
    else
        fprintf(out, "FaceMesh's landmarks of the real frames\n");
}

static void print_pictures(const s2vi_talker_eval *e, FILE *out)
{
    fprintf(out, "\n%-21s %7s %7s %6s", "", "SSIM", "PSNR", "CPBD");
    if (e->network)
        fprintf(out, " %7s", "LPIPS");
    fprintf(out, " %7s %7s %7s\n", "drift,%", "colour", "no face");
    for (int k = S2VI_TALKER_REAL; k < S2VI_TALKER_KINDS; k++) {
        const s2vi_talker_result *r = &e->result[k];
        fprintf(out, "%-21s", names[k]);
        print_number(out, 7, 4, s2vi_batched_mean(&r->score.ssim));
        print_number(out, 7, 2,
                     r->score.ssim.frames ? s2vi_psnr(mse_of(e, r)) : NAN);
        print_number(out, 6, 3, s2vi_batched_mean(&r->score.cpbd));
        if (e->network)
            print_number(out, 7, 4, s2vi_batched_mean(&r->score.lpips));
        print_number(out, 7, 2, 100 * s2vi_talker_drift(r));
        print_number(out, 7, 2, 100 * s2vi_batched_mean(&r->colour));
        fprintf(out, " %7lld\n", (long long)r->lost);
    }
}

static void print_lower(const s2vi_talker_eval *e, FILE *out)
{
    fprintf(out, "\n%-21s %7s %7s", "lower face", "SSIM", "PSNR");
    if (e->network)
        fprintf(out, " %7s", "LPIPS");
    fputc('\n', out);
    for (int k = S2VI_TALKER_RIGHT; k < S2VI_TALKER_KINDS; k++) {
        const s2vi_talker_result *r = &e->result[k];
        fprintf(out, "%-21s", names[k]);
        print_number(out, 7, 4, s2vi_batched_mean(&r->lower.ssim));
        print_number(out, 7, 2, lower_psnr(e, r));
        if (e->network)
            print_number(out, 7, 4, s2vi_batched_mean(&r->lower.lpips));
        fputc('\n', out);
    }
}

static void print_faces(const s2vi_talker_eval *e, FILE *out)
{
    fprintf(out, "\n%-20s %6s %6s %6s %4s %6s %6s %6s %6s %6s\n", "", "LMD",
            "blinks", "r", "lag", "r.lips", "p b m", "s.open", "s.move",
            "jitter");
    for (int k = 0; k < S2VI_TALKER_KINDS; k++) {
        const s2vi_talker_result *r = &e->result[k];
        int lag, other;
        const double best = s2vi_lagged_best(&r->opening, &lag);
        if (!is_there(e, k))
            continue;
        fprintf(out, "%-20s", names[k]);
        print_number(out, 6, 2, s2vi_batched_mean(&r->mouth));
        print_number(out, 6, 2, s2vi_talker_blink_rate(r));
        print_number(out, 6, 3, best);
        print_number(out, 4, 0, isnan(best) ? NAN : lag);
        print_number(out, 6, 3, s2vi_lagged_best(&r->height, &other));
        print_number(out, 6, 2, closures_of(e, r));
        print_number(out, 6, 3, s2vi_talker_silent_opening(r));
        print_number(out, 6, 3, s2vi_talker_silent_motion(r));
        print_number(out, 6, 3, s2vi_talker_jitter(r));
        fputc('\n', out);
    }
}

static void print_notes(const s2vi_talker_eval *e, FILE *out)
{
    fprintf(out,
            "\n"
            "Landmarks of frames are FaceMesh's; lengths are in pixels of "
            "frames 256 wide.\n"
            "Drift: change of the upper half's SSIM with the portrait from the "
            "first quarter\n"
            "of each clip to the last; colour: that of the mean colour, %% of "
            "the range.\n"
            "Lower face: a square of %d pixels about the real mouth and chin. "
            "The head moves\n"
            "at random: --set motion=0 and clips of s2v-talkers --motion 0 "
            "leave what the\n"
            "audio tells.\n"
            "LMD: mean distance of the mouth's landmarks, about their mean, "
            "from the truth.\n"
            "Blinks: a second. r: correlation of the inner lips' opening with "
            "the truth's, at\n"
            "the lag in frames (positive: late) where it is greatest; with "
            "s2v-talkers' truth it\n"
            "and s.move are of the opening that the mouth's pixels show, as in "
            "the real frames.\n"
            "r.lips: of the height of the lips' outer edges. p b m: the part "
            "of the truth's\n"
            "closed lips that are found.\n"
            "s.open, s.move: the mouth's opening and its change in silence, by "
            "those in speech.\n"
            "Jitter: rms of the second difference.\n"
            "Wrong audio: the clip's own from its middle on, then its first "
            "half.\n",
            e->lower);
    if (e->network)
        fprintf(out, "LPIPS 0.1 over %s.\n", e->network);
    fprintf(out, "ACD is not measured: there is no network for identities.\n");
}

void s2vi_talker_eval_print(const s2vi_talker_eval *e, FILE *out)
{
    print_head(e, out);
    print_pictures(e, out);
    print_lower(e, out);
    print_faces(e, out);
    print_notes(e, out);
}

/* ---------------------------------------------------------------- JSON -- */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_of(const s2vi_talker_eval *e, const s2vi_talker_result *r)
{
    int lag, of_lips;
    const double best = s2vi_lagged_best(&r->opening, &lag);
    const double lips = s2vi_lagged_best(&r->height, &of_lips);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "ssim", number(s2vi_batched_mean(&r->score.ssim)), "mse",
        r->score.ssim.frames ? number(mse_of(e, r)) : json_null(), "psnr",
        r->score.ssim.frames ? number(s2vi_psnr(mse_of(e, r))) : json_null(),
        "cpbd", number(s2vi_batched_mean(&r->score.cpbd)), "lpips",
        number(s2vi_batched_mean(&r->score.lpips)), "lower_ssim",
        number(s2vi_batched_mean(&r->lower.ssim)), "lower_psnr",
        number(lower_psnr(e, r)), "lower_lpips",
        number(s2vi_batched_mean(&r->lower.lpips)), "lmd",
        number(s2vi_batched_mean(&r->mouth)), "frames", (json_int_t)r->frames,
        "without_face", (json_int_t)r->lost, "blinks_per_second",
        number(s2vi_talker_blink_rate(r)), "opening_r", number(best),
        "opening_lag_frames", isnan(best) ? json_null() : json_integer(lag),
        "lips_r", number(lips), "lips_lag_frames",
        isnan(lips) ? json_null() : json_integer(of_lips), "closures",
        number(closures_of(e, r)), "silent_opening",
        number(s2vi_talker_silent_opening(r)), "silent_motion",
        number(s2vi_talker_silent_motion(r)), "jitter",
        number(s2vi_talker_jitter(r)), "drift_ssim",
        number(s2vi_talker_drift(r)), "drift_colour",
        number(s2vi_batched_mean(&r->colour)));
}

int s2vi_talker_eval_print_json(const s2vi_talker_eval *e, FILE *out,
                                s2v_error *err)
{
    static const char *const keys[S2VI_TALKER_KINDS] = {
        "truth", "real", "right", "wrong", "still"};
    json_t *results = json_object();
    for (int k = 0; k < S2VI_TALKER_KINDS; k++)
        json_object_set_new(results, keys[k],
                            is_there(e, k) ? json_of(e, &e->result[k])
                                           : json_null());
    json_t *object = json_pack(
        "{s:s, s:{s:o, s:s, s:s, s:i}, s:i, s:i, s:I, s:i, s:s?, s:o}",
        "version", s2v_version(), "model", "path",
        json_string_nocheck(e->options->model), "kind", e->model.name, "device",
        e->model.device, "size", e->model.width, "clips", e->clips, "known",
        e->known, "frames", (json_int_t)e->frames, "closures", e->closures,
        "lpips_network", e->network, "results", results);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return s2vi_error_nomem(err, "JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return S2V_OK;
}
