/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of models of sound for pictures: a table, and JSON. */
#include "foley.h"

#include "base/error.h"
#include "base/sentence.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* The published numbers are smaller than decibels can be: for them the mel's
 * values, 0 to 1, seem to have stood for the logarithm. */
static double mel_scale(void)
{
    return s2vi_foley_mel_log(1) - s2vi_foley_mel_log(0);
}

/* --------------------------------------------------------------- table -- */

static void print_number(FILE *out, int digits, double v)
{
    if (isnan(v))
        fprintf(out, " %9s", "-");
    else
        fprintf(out, " %9.*f", digits, v);
}

/* Milliseconds, of what was matched. */
static double milliseconds(const s2vi_onset_score *s, double sum)
{
    return s->matched ? 1000 * sum / (double)s->matched : NAN;
}

static void print_row(FILE *out, const char *name, const s2vi_foley_score *all,
                      int i)
{
    const s2vi_onset_score *s = &all->within[i];
    fprintf(out, "%-24s", name);
    print_number(out, 3, s2vi_onset_f1(s));
    print_number(out, 3, s2vi_onset_precision(s));
    print_number(out, 3, s2vi_onset_recall(s));
    print_number(out, 1, milliseconds(s, s->early));
    print_number(out, 1, milliseconds(s, s->off));
    fprintf(out, " %9zu\n", s->truth);
}

static void print_head(const s2vi_foley_eval *e, FILE *out)
{
    const int size = s2vi_foley_maker_size(e->maker);
    fprintf(out, "Model     %s (", e->options->model);
    if (size)
        fprintf(out, "sees %dx%d", size, size);
    else
        fprintf(out, "of feature sets");
    fprintf(out, ", on %s)\n", s2vi_foley_maker_device(e->maker));
    fprintf(out, "Measured  %d clip%s, %.1f s\n", e->count,
            S2VI_PLURAL(e->count), e->seconds);
    if (e->known)
        fprintf(out, "Truth     impact times of s2v-impacts\n");
    else
        fprintf(out, "Truth     onsets detected in the real audio\n");
    if (e->options->reference)
        fprintf(out, "Foreign   %s\n", e->options->reference);
    else
        fprintf(out, "Foreign   %s\n",
                e->known ? "the next clip with other materials"
                         : "the next clip");
}

/* The rows within one tolerance. */
static void print_onsets(const s2vi_foley_eval *e, int i, FILE *out)
{
    char name[24];
    snprintf(name, sizeof(name), "within %g ms",
             1000 * s2vi_foley_tolerance[i]);
    fprintf(out, "\n%-24s %9s %9s %9s %9s %9s %9s\n", name, "F1", "precision",
            "recall", "early", "off", "onsets");
    if (e->known)
        print_row(out, "real audio", &e->real, i);
    print_row(out, "own reference", &e->own, i);
    print_row(out, "foreign reference", &e->foreign, i);
    if (!s2vi_foley_maker_wants_sets(e->maker))
        print_row(out, "motion energy", &e->motion, i);
    if (e->chance.within[i].truth)
        print_row(out, "wrong truth", &e->chance, i);
}

static void print_notes(const s2vi_foley_eval *e, FILE *out)
{
    fprintf(out, "\nearly and off: mean difference of matched onsets, and mean "
                 "absolute difference, ms.\n");
    if (!s2vi_foley_maker_wants_sets(e->maker))
        fprintf(out, "Motion energy: a detector without a model: where motion "
                     "stops.\n");
    if (e->chance.within[0].truth)
        fprintf(out, "Wrong truth: the foreign reference's audio against the "
                     "onsets of each other\nclip, the chance level.\n");
}

void s2vi_foley_eval_print(const s2vi_foley_eval *e, FILE *out)
{
    print_head(e, out);
    for (int i = 0; i < S2VI_FOLEY_TOLERANCES; i++)
        print_onsets(e, i, out);
    if (e->timbres)
        fprintf(out,
                "\n"
                "Timbre    closer to the reference's than to the clip's own in "
                "%d of %d clip%s\n"
                "          (%.1f %%): cosine %.3f with the reference's, %.3f "
                "with its own\n",
                e->nearer, e->timbres, S2VI_PLURAL(e->timbres),
                100.0 * e->nearer / e->timbres, e->to_reference, e->to_itself);
    if (e->ringing)
        fprintf(out,
                "Ringing   of %d clip%s whose reference rings for 0.2 s or "
                "longer: the strongest\n"
                "          partial is one of its three in %d (%.0f %%), the "
                "decay time within a\n"
                "          factor of 1.5 in %d (%.0f %%)\n",
                e->ringing, S2VI_PLURAL(e->ringing), e->partials,
                100.0 * e->partials / e->ringing, e->decays,
                100.0 * e->decays / e->ringing);
    if (e->compared)
        fprintf(out,
                "MCD       %.2f dB to the real audio with its own reference, "
                "%.2f on the mel's scale\n"
                "          (mel distance %.4f), mean of %d clip%s\n",
                e->mcd, e->mcd / mel_scale(), e->distance, e->compared,
                S2VI_PLURAL(e->compared));
    print_notes(e, out);
}

/* ---------------------------------------------------------------- JSON -- */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_of_score(const s2vi_onset_score *s)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "f1",
        number(s2vi_onset_f1(s)), "precision", number(s2vi_onset_precision(s)),
        "recall", number(s2vi_onset_recall(s)), "early_ms",
        number(milliseconds(s, s->early)), "off_ms",
        number(milliseconds(s, s->off)), "truth", (json_int_t)s->truth, "found",
        (json_int_t)s->found, "matched", (json_int_t)s->matched);
}

/* All rows within tolerance i. */
static json_t *json_of_onsets(const s2vi_foley_eval *e, int i)
{
    const bool seen = !s2vi_foley_maker_wants_sets(e->maker);
    return json_pack("{s:f, s:s, s:o, s:o, s:o, s:o, s:o}", "tolerance",
                     s2vi_foley_tolerance[i], "truth",
                     e->known ? "known" : "real audio", "real",
                     e->known ? json_of_score(&e->real.within[i]) : json_null(),
                     "own", json_of_score(&e->own.within[i]), "foreign",
                     json_of_score(&e->foreign.within[i]), "motion_energy",
                     seen ? json_of_score(&e->motion.within[i]) : json_null(),
                     "wrong_truth", json_of_score(&e->chance.within[i]));
}

static json_t *json_of_timbre(const s2vi_foley_eval *e)
{
    return json_pack(
        "{s:i, s:i, s:o, s:o, s:o}", "clips", e->timbres, "nearer", e->nearer,
        "fraction", number((double)e->nearer / e->timbres), "to_reference",
        number(e->to_reference), "to_itself", number(e->to_itself));
}

static const char *reference_of(const s2vi_foley_eval *e, int item)
{
    const int i = e->item[item].reference;
    return i >= 0 ? e->item[i].clip.path : e->options->reference;
}

static json_t *json_of_clips(const s2vi_foley_eval *e)
{
    json_t *list = json_array();
    for (int i = 0; i < e->count; i++) {
        const s2vi_foley_item *item = &e->item[i];
        const char *reference = reference_of(e, i);
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                      "path", json_string_nocheck(item->clip.path), "reference",
                      reference ? json_string_nocheck(reference) : json_null(),
                      "silent", item->clip.silent, "own",
                      json_of_score(&item->own.within[0]), "foreign",
                      json_of_score(&item->foreign.within[0]), "motion_energy",
                      json_of_score(&item->motion.within[0]), "mcd",
                      number(item->mcd), "mel_distance", number(item->distance),
                      "to_reference", number(item->to_reference), "to_itself",
                      number(item->to_itself)));
    }
    return list;
}

int s2vi_foley_eval_print_json(const s2vi_foley_eval *e, FILE *out,
                               s2v_error *err)
{
    json_t *object = json_pack(
        "{s:s, s:{s:o, s:s, s:s, s:i}, s:f, s:o, s:o, s:o, "
        "s:{s:i, s:o, s:o, s:o}, s:{s:i, s:i, s:i}, s:o}",
        "version", s2v_version(), "model", "path",
        json_string_nocheck(e->options->model), "kind", "varietysound",
        "device", s2vi_foley_maker_device(e->maker), "size",
        s2vi_foley_maker_size(e->maker), "seconds", e->seconds, "onsets",
        json_of_onsets(e, 0), "onsets_100ms", json_of_onsets(e, 1), "timbre",
        json_of_timbre(e), "mcd", "clips", e->compared, "mean", number(e->mcd),
        "on_mel_scale", number(e->mcd / mel_scale()), "mel_distance",
        number(e->distance), "ringing", "clips", e->ringing, "partials",
        e->partials, "decays", e->decays, "clips", json_of_clips(e));
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text)
        return s2vi_error_nomem(err, "JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return S2V_OK;
}
