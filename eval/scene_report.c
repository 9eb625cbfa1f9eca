/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of models of scenes: a table, and JSON. */
#include "scene.h"

#include "base/error.h"
#include "base/sentence.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME = 32 };

static const char *name_of(const s2vi_scene_eval *e, int kind, char text[NAME])
{
    static const char *const names[] = {[S2VI_SCENE_REAL] = "real frames",
                                        [S2VI_SCENE_RIGHT] = "generated",
                                        [S2VI_SCENE_SILENT] = "without sound",
                                        [S2VI_SCENE_WRONG] =
                                            "another clip's sound"};
    static const char *const groups[] = {"coarse", "mid", "fine"};
    if (kind < S2VI_SCENE_ALONE)
        return names[kind];
    const int group = kind - S2VI_SCENE_ALONE;
    if (e->groups == 3)
        snprintf(text, NAME, "%s codes alone", groups[group]);
    else
        snprintf(text, NAME, "codes of group %d", group);
    return text;
}

static double part(int64_t some, int64_t all)
{
    return all ? (double)some / (double)all : NAN;
}

/* --------------------------------------------------------------- table -- */

static void print_number(FILE *out, int width, int digits, double v)
{
    if (!isfinite(v))
        fprintf(out, " %*s", width, "-");
    else
        fprintf(out, " %*.*f", width, digits, v);
}

static void print_head(const s2vi_scene_eval *e, FILE *out)
{
    const s2v_model_info *m = &e->model;
    const int64_t frames = e->result[S2VI_SCENE_REAL].frames;
    fprintf(out, "Model     %s (%s, %dx%d, on %s)\n", e->options->model,
            m->name, m->width, m->height, m->device);
    fprintf(out, "Measured  %lld frames, %.1f s, in %d clip%s of %d scene%s\n",
            (long long)frames, (double)frames / S2VI_SCENE_RATE, e->measured,
            S2VI_PLURAL(e->measured), e->data.scenes,
            S2VI_PLURAL(e->data.scenes));
    fprintf(out, "Probe     trained on %lld real frames\n",
            (long long)e->data.train);
    if (e->texts)
        fprintf(out,
                "Text      alone chooses the right scene for %d of %d "
                "captions, %.0f %% (chance %.0f %%)\n",
                e->texts_right, e->texts, 100 * part(e->texts_right, e->texts),
                100.0 / e->data.scenes);
}

static void print_scenes(const s2vi_scene_eval *e, FILE *out)
{
    char name[NAME];
    fprintf(out, "\n%-21s %7s %7s %6s %4s %7s %7s", "", "clips,%", "scene,%",
            "r", "lag", "change", "flicker");
    if (e->embedded)
        fprintf(out, " %6s %6s", "sound", "text");
    fputc('\n', out);
    for (int k = 0; k < S2VI_SCENE_KINDS; k++) {
        const s2vi_scene_result *r = &e->result[k];
        int lag;
        const double best = s2vi_lagged_best(&r->intensity, &lag);
        if (!s2vi_scene_has(e, k))
            continue;
        fprintf(out, "%-21s", name_of(e, k, name));
        print_number(out, 7, 1, 100 * part(r->clips_right, r->clips));
        print_number(out, 7, 1, 100 * part(r->right, r->frames));
        print_number(out, 6, 3, best);
        print_number(out, 4, 0, isnan(best) ? NAN : lag);
        print_number(out, 7, 2, s2vi_scene_change(e, r));
        print_number(out, 7, 2, s2vi_scene_flicker(r));
        if (e->embedded) {
            print_number(out, 6, 3, s2vi_batched_mean(&r->sound));
            print_number(out, 6, 3, s2vi_batched_mean(&r->text));
        }
        fputc('\n', out);
    }
}

static double psnr_of(const s2vi_scene_eval *e, const s2vi_scene_result *r)
{
    const int64_t pixels = (int64_t)e->model.width * e->model.height;
    return s2vi_psnr(s2vi_score_mse(&r->score, pixels, 0).all);
}

static void print_pictures(const s2vi_scene_eval *e, FILE *out)
{
    char name[NAME];
    fprintf(out, "\n%-21s %7s %7s", "against real frames", "SSIM", "PSNR");
    if (e->network)
        fprintf(out, " %7s %8s", "LPIPS", "Frechet");
    fputc('\n', out);
    for (int k = S2VI_SCENE_RIGHT; k < S2VI_SCENE_KINDS; k++) {
        const s2vi_scene_result *r = &e->result[k];
        if (!s2vi_scene_has(e, k))
            continue;
        fprintf(out, "%-21s", name_of(e, k, name));
        print_number(out, 7, 4, s2vi_batched_mean(&r->score.ssim));
        print_number(out, 7, 2, psnr_of(e, r));
        if (e->network) {
            print_number(out, 7, 4, s2vi_batched_mean(&r->score.lpips));
            print_number(out, 8, 2, r->frechet);
        }
        fputc('\n', out);
    }
}

static void print_sounds(const s2vi_scene_eval *e, FILE *out)
{
    if (!e->folders)
        return;
    fprintf(out, "\n%-21s %6s %7s  scenes shown\n", "real sounds", "sounds",
            "right");
    for (int i = 0; i < e->folders; i++) {
        const s2vi_scene_folder *f = &e->folder[i];
        fprintf(out, "%-21s %6d", f->name, f->sounds);
        if (f->scene >= 0)
            fprintf(out, " %7d ", f->shown[f->scene]);
        else
            fprintf(out, " %7s ", "-");
        for (int s = 0; s < e->data.scenes; s++)
            if (f->shown[s])
                fprintf(out, " %s %d", e->data.scene[s], f->shown[s]);
        fputc('\n', out);
    }
}

static void print_notes(const s2vi_scene_eval *e, FILE *out)
{
    fprintf(out,
            "\n"
            "clips: those whose frames together show the clip's scene, by a "
            "probe that was\n"
            "trained on real frames; scene: frames. r: correlation of the "
            "probe's intensity\n"
            "with the truth's, at the lag in frames (positive: late) where it "
            "is greatest.\n"
            "change: mean difference of consecutive frames, by that of real "
            "ones; flicker: the\n"
            "mean second difference by the first.\n");
    if (e->embedded)
        fprintf(out, "sound, text: mean cosine with the picture in the file's "
                     "own embedding.\n");
    if (e->network)
        fprintf(out, "LPIPS and the Frechet distance are over %s.\n",
                e->network);
    if (e->folders)
        fprintf(out, "right: sounds that show the scene that the folder's name "
                     "says.\n");
}

void s2vi_scene_eval_print(const s2vi_scene_eval *e, FILE *out)
{
    print_head(e, out);
    print_scenes(e, out);
    print_pictures(e, out);
    print_sounds(e, out);
    print_notes(e, out);
}

/* ---------------------------------------------------------------- JSON -- */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_of(const s2vi_scene_eval *e, const s2vi_scene_result *r)
{
    int lag;
    const double best = s2vi_lagged_best(&r->intensity, &lag);
    return json_pack(
        "{s:I, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:o}",
        "frames", (json_int_t)r->frames, "clips", r->clips, "clips_right",
        number(part(r->clips_right, r->clips)), "frames_right",
        number(part(r->right, r->frames)), "intensity_r", number(best),
        "intensity_lag_frames", isnan(best) ? json_null() : json_integer(lag),
        "frame_difference", number(s2vi_batched_mean(&r->change)), "change",
        number(s2vi_scene_change(e, r)), "flicker",
        number(s2vi_scene_flicker(r)), "sound_picture",
        number(s2vi_batched_mean(&r->sound)), "text_picture",
        number(s2vi_batched_mean(&r->text)), "ssim",
        number(s2vi_batched_mean(&r->score.ssim)), "psnr",
        number(psnr_of(e, r)), "lpips",
        number(s2vi_batched_mean(&r->score.lpips)), "frechet",
        number(e->network ? r->frechet : NAN));
}

static json_t *results_of(const s2vi_scene_eval *e)
{
    static const char *const keys[] = {"real", "right", "silent", "wrong"};
    json_t *results = json_object(), *alone = json_array();
    for (int k = 0; k < S2VI_SCENE_ALONE; k++)
        json_object_set_new(results, keys[k],
                            s2vi_scene_has(e, k) ? json_of(e, &e->result[k])
                                                 : json_null());
    for (int k = S2VI_SCENE_ALONE; s2vi_scene_has(e, k); k++)
        json_array_append_new(alone, json_of(e, &e->result[k]));
    json_object_set_new(results, "groups_alone", alone);
    return results;
}

static json_t *sounds_of(const s2vi_scene_eval *e)
{
    json_t *sounds = json_array();
    for (int i = 0; i < e->folders; i++) {
        const s2vi_scene_folder *f = &e->folder[i];
        json_t *shown = json_object();
        for (int s = 0; s < e->data.scenes; s++)
            json_object_set_new(shown, e->data.scene[s],
                                json_integer(f->shown[s]));
        json_array_append_new(
            sounds,
            json_pack("{s:o, s:i, s:s?, s:o}", "folder",
                      json_string_nocheck(f->name), "sounds", f->sounds,
                      "scene", f->scene < 0 ? NULL : e->data.scene[f->scene],
                      "shown", shown));
    }
    return sounds;
}

int s2vi_scene_eval_print_json(const s2vi_scene_eval *e, FILE *out,
                               s2v_error *err)
{
    json_t *object = json_pack(
        "{s:s, s:{s:o, s:s, s:s, s:i}, s:i, s:i, s:I, s:i, s:i, s:s?, s:o, "
        "s:o}",
        "version", s2v_version(), "model", "path",
        json_string_nocheck(e->options->model), "kind", e->model.name, "device",
        e->model.device, "size", e->model.width, "clips", e->measured, "scenes",
        e->data.scenes, "probe_frames", (json_int_t)e->data.train, "texts",
        e->texts, "texts_right", e->texts_right, "network", e->network,
        "results", results_of(e), "sounds", sounds_of(e));
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return s2vi_error_nomem(err, "the results");
    fprintf(out, "%s\n", text);
    free(text);
    return S2V_OK;
}
