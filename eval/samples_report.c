/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of StyleGANs: a table, and JSON. */
#include "samples.h"

#include "base/error.h"
#include "base/sentence.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const char *const names[S2VI_SAMPLES_KINDS] = {
    [S2VI_SAMPLES_MADE] = "samples",
    [S2VI_SAMPLES_TRAINING] = "training pictures",
    [S2VI_SAMPLES_MEAN] = "their mean",
};

static bool is_there(const s2vi_samples_eval *e, int kind)
{
    return kind != S2VI_SAMPLES_TRAINING || e->training;
}

void s2vi_samples_eval_print(const s2vi_samples_eval *e, FILE *out)
{
    const s2v_model_info *m = &e->model;
    fprintf(out, "Model     %s (%s, %dx%d, on %s)\n", e->options->model,
            m->name, m->width, m->height, m->device);
    fprintf(out, "Measured  %lld held-out picture%s, and as many samples\n",
            (long long)e->measured, S2VI_PLURAL(e->measured));
    fprintf(out, "Training  %lld picture%s\n\n", (long long)e->training,
            S2VI_PLURAL(e->training));
    fprintf(out, "%-19s %10s %10s %10s\n", "", "Frechet", "precision",
            "recall");
    for (int k = 0; k < S2VI_SAMPLES_KINDS; k++) {
        const s2vi_resemblance *r = &e->result[k];
        if (is_there(e, k))
            fprintf(out, "%-19s %10.4f %10.3f %10.3f\n",
                    k == S2VI_SAMPLES_MEAN && !e->training ? "mean picture"
                                                           : names[k],
                    r->frechet, r->precision, r->recall);
    }
    fprintf(out,
            "\n"
            "By the last features of %s, their mean over all places.\n"
            "Frechet: distance from the held-out pictures'; it falls with "
            "their number.\n"
            "Precision: the part of the row's pictures that resemble a "
            "held-out one; recall:\n"
            "the part of the held-out ones that resemble one of the row's "
            "(Kynkaanniemi et\n"
            "al. 2019, k = %d).\n",
            s2vi_vision_network(e->vision), S2VI_MANIFOLD_NEIGHBOUR);
}

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_of(const s2vi_resemblance *r)
{
    return json_pack("{s:o, s:o, s:o}", "frechet", number(r->frechet),
                     "precision", number(r->precision), "recall",
                     number(r->recall));
}

int s2vi_samples_eval_print_json(const s2vi_samples_eval *e, FILE *out,
                                 s2v_error *err)
{
    static const char *const keys[S2VI_SAMPLES_KINDS] = {"samples", "training",
                                                         "mean"};
    json_t *results = json_object();
    for (int k = 0; k < S2VI_SAMPLES_KINDS; k++)
        json_object_set_new(results, keys[k],
                            is_there(e, k) ? json_of(&e->result[k])
                                           : json_null());
    json_t *object = json_pack(
        "{s:s, s:{s:o, s:s, s:s, s:i, s:i}, s:I, s:I, s:s, s:o}", "version",
        s2v_version(), "model", "path", json_string_nocheck(e->options->model),
        "kind", e->model.name, "device", e->model.device, "size",
        e->model.width, "classes", e->classes, "pictures",
        (json_int_t)e->measured, "training", (json_int_t)e->training, "network",
        s2vi_vision_network(e->vision), "results", results);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return s2vi_error_nomem(err, "JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return S2V_OK;
}
