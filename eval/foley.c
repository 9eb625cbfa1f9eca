/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models that make sound for pictures, measured on clips. */
#include "foley.h"

#include "base/error.h"
#include "clips.h"
#include "parts.h"
#include "picture/mel_picture.h"
#include "terminal/progress.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Seconds of decay from which on a sound rings; how much longer or shorter one
 * is that rings as long. */
static const double RINGS = 0.2, AS_LONG = 1.5;

const double s2vi_foley_tolerance[] = {S2VI_ONSET_TOLERANCE, 0.1};

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    SHEET_COLUMNS = 1720, /* of mel: 20 s */
    ROWS = 3,             /* real, own, foreign */
};

/* The sheet's rows, filled clip after clip. */
typedef struct sheet {
    float *mel[ROWS];
    size_t columns;
} sheet;

/* --------------------------------------------------------------- clips -- */

/* A folder's files of another kind are not meant; a file named is. */
static bool is_meant(const s2vi_foley_eval *e, const char *path)
{
    const bool set = g_str_has_suffix(path, ".safetensors");
    for (int i = 0; e->options->clips[i]; i++)
        if (!strcmp(e->options->clips[i], path))
            return true;
    return !g_str_has_suffix(path, ".json") &&
           set == s2vi_foley_maker_wants_sets(e->maker);
}

static int read_truth(s2vi_foley_item *item, s2v_error *err)
{
    char *path = s2vi_truth_path(item->clip.path);
    int ret = S2V_OK;
    item->known = g_file_test(path, G_FILE_TEST_EXISTS);
    if (item->known)
        ret = s2vi_truth_read(&item->truth, path, err);
    g_free(path);
    return ret;
}

static int load(s2vi_foley_eval *e, const char *path, s2v_error *err)
{
    s2vi_foley_item *more =
        realloc(e->item, ((size_t)e->count + 1) * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, path);
    e->item = more;
    s2vi_foley_item *item = &more[e->count++];
    *item = (s2vi_foley_item){.mcd = NAN,
                              .distance = NAN,
                              .to_reference = NAN,
                              .to_itself = NAN,
                              .reference = -1,
                              .clip.track = e->options->track + 1};
    bool skipped;
    int ret = s2vi_foley_maker_load(e->maker, path, &item->clip, err);
    if (!ret)
        ret = s2vi_ingest_check(&e->ingest, path, &item->clip.facts, err);
    ret = s2vi_ingest_settle(&e->ingest, ret, &skipped, err);
    if (skipped) {
        s2vi_foley_source_clip_free(&item->clip);
        e->count--;
        return S2V_OK;
    }
    if (!ret)
        ret = read_truth(item, err);
    if (!ret)
        s2vi_timbre_of_mel(&item->timbre, item->clip.real.mel,
                           item->clip.real.columns);
    if (!ret && item->clip.real.samples)
        ret = s2vi_ringing_of_sound(&item->ringing, item->clip.real.samples,
                                    item->clip.real.count, err);
    return ret;
}

/* Either all clips have a truth, or none. */
static int check_truths(const s2vi_foley_eval *e, s2v_error *err)
{
    const s2vi_foley_item *with = NULL, *without = NULL;
    for (int i = 0; i < e->count; i++)
        *(e->item[i].known ? &with : &without) = &e->item[i];
    if (!with || !without)
        return S2V_OK;
    return s2vi_error(
        err, S2V_ERR_INVALID,
        "'%s' has no ground truth beside it (.json of s2v-impacts), but '%s' "
        "has: expected one for every clip, or for none",
        without->clip.path, with->clip.path);
}

static int load_clips(s2vi_foley_eval *e, s2v_error *err)
{
    char **paths = NULL;
    s2vi_parts parts = {0};
    int ret = s2vi_eval_expand(e->options->clips, &paths, err);
    e->ingest = s2vi_eval_ingest(e->options);
    if (!ret && e->options->parts)
        ret = s2vi_parts_read(&parts, e->options->parts, err);
    for (int i = 0; !ret && paths[i]; i++) {
        bool has = is_meant(e, paths[i]);
        if (has && parts.names)
            ret = s2vi_parts_has(&parts, e->options->part, paths[i], &has, err);
        if (!ret && has)
            ret = load(e, paths[i], err);
    }
    s2vi_parts_free(&parts);
    g_strfreev(paths);
    if (!ret)
        ret = s2vi_ingest_require(&e->ingest, e->count, err);
    if (!ret && !e->count)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "nothing to measure: expected %s, found none",
                         s2vi_foley_maker_wants_sets(e->maker)
                             ? "feature sets (.safetensors), since the model "
                               "has no visual encoder"
                             : "clips with video and audio");
    return ret < 0 ? ret : check_truths(e, err);
}

/* ---------------------------------------------------------- references -- */

static bool sounds_otherwise(const s2vi_foley_item *a, const s2vi_foley_item *b)
{
    return !a->known || !b->known ||
           !g_strv_equal((const char *const *)a->truth.sounds,
                         (const char *const *)b->truth.sounds);
}

/* The next clip of other materials, or the next at all; none that is silent. */
static int choose(const s2vi_foley_eval *e, int of)
{
    int found = -1;
    for (int k = 1; k < e->count; k++) {
        const int i = (of + k) % e->count;
        if (e->item[i].clip.silent)
            continue;
        if (sounds_otherwise(&e->item[of], &e->item[i]))
            return i;
        found = found < 0 ? i : found;
    }
    return found;
}

static int choose_all(s2vi_foley_eval *e, s2v_error *err)
{
    const char *path = e->options->reference;
    if (!path) {
        for (int i = 0; i < e->count; i++)
            e->item[i].reference = choose(e, i);
        return S2V_OK;
    }
    int ret =
        s2vi_foley_maker_load_reference(e->maker, path, &e->reference, err);
    if (!ret && e->reference.silent)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "--reference: '%s' is silent: expected audio", path);
    if (!ret)
        s2vi_timbre_of_mel(&e->reference_timbre, e->reference.real.mel,
                           e->reference.real.columns);
    if (!ret && e->reference.real.samples)
        ret = s2vi_ringing_of_sound(&e->reference_ringing,
                                    e->reference.real.samples,
                                    e->reference.real.count, err);
    return ret;
}

/* ------------------------------------------------------------- onsets -- */

static int find_onsets(const s2vi_foley_sound *s, s2vi_onsets *onsets,
                       s2v_error *err)
{
    return s->samples ? s2vi_onsets_of_sound(onsets, s->samples, s->count, err)
                      : s2vi_onsets_of_mel(onsets, s->mel, s->columns, err);
}

static void add_score(s2vi_foley_score *sum, const s2vi_foley_score *score)
{
    for (int i = 0; i < S2VI_FOLEY_TOLERANCES; i++) {
        s2vi_onset_score *to = &sum->within[i];
        const s2vi_onset_score *from = &score->within[i];
        to->truth += from->truth;
        to->found += from->found;
        to->matched += from->matched;
        to->early += from->early;
        to->off += from->off;
    }
}

static void match(s2vi_foley_score *score, const s2vi_onsets *truth,
                  const s2vi_onsets *found)
{
    for (int i = 0; i < S2VI_FOLEY_TOLERANCES; i++)
        s2vi_onset_match(&score->within[i], truth, found,
                         s2vi_foley_tolerance[i]);
}

/* The onsets of the real sound: a truth where there is no other. What the plain
 * detector finds in the frames is matched with it. */
static int hear_real(s2vi_foley_item *item, s2v_error *err)
{
    s2vi_onsets found;
    int ret = find_onsets(&item->clip.real, &found, err);
    if (ret < 0)
        return ret;
    if (item->known) {
        match(&item->real, &item->truth.onsets, &found);
        s2vi_onsets_free(&found);
    } else {
        item->truth.onsets = found;
    }
    match(&item->motion, &item->truth.onsets, &item->clip.motion);
    return S2V_OK;
}

/* ------------------------------------------------------------- writing -- */

static int write_wav(const s2vi_foley_eval *e, const s2vi_foley_item *item,
                     const char *kind, const s2vi_foley_sound *sound,
                     s2v_error *err)
{
    char *base, *name, *path;
    if (!e->options->wavs || !sound->samples)
        return S2V_OK;
    base = g_path_get_basename(item->clip.path);
    name = g_strdup_printf("%s.%s.wav", base, kind);
    path = g_build_filename(e->options->wavs, name, NULL);
    int ret = s2vi_wav_write(path, sound->samples, (int64_t)sound->count, err);
    g_free(base);
    g_free(name);
    g_free(path);
    return ret;
}

static int init_sheet(const s2vi_foley_eval *e, sheet *s, s2v_error *err)
{
    for (int i = 0; i < ROWS && e->options->sheet; i++) {
        s->mel[i] = calloc(SHEET_COLUMNS * BANDS, sizeof(float));
        if (!s->mel[i])
            return s2vi_error_nomem(err, "the sheet");
    }
    return S2V_OK;
}

/* Clips go side by side for as long as there is room. */
static void keep(sheet *s, const s2vi_foley_sound *const rows[ROWS])
{
    if (!s->mel[0])
        return;
    const size_t n = MIN(SHEET_COLUMNS - s->columns, rows[0]->columns);
    for (int i = 0; i < ROWS; i++)
        if (rows[i]->mel)
            memcpy(s->mel[i] + s->columns * BANDS, rows[i]->mel,
                   n * BANDS * sizeof(float));
    s->columns += n;
}

static void free_sheet(sheet *s)
{
    for (int i = 0; i < ROWS; i++)
        free(s->mel[i]);
}

/* ----------------------------------------------------------- measuring -- */

/* With its own timbre: how near it is. */
static int measure_own(s2vi_foley_eval *e, s2vi_foley_item *item,
                       s2vi_foley_sound *sound, s2v_error *err)
{
    const s2vi_foley_sound *real = &item->clip.real;
    s2vi_onsets found;
    int ret = s2vi_foley_make(e->maker, &item->clip, real, sound, err);
    if (!ret)
        ret = find_onsets(sound, &found, err);
    if (ret < 0)
        return ret;
    match(&item->own, &item->truth.onsets, &found);
    s2vi_onsets_free(&found);
    item->mcd = s2vi_mcd(real->mel, sound->mel, real->columns);
    item->distance = 0;
    for (size_t i = 0; i < real->columns * BANDS; i++)
        item->distance += fabs((double)real->mel[i] - (double)sound->mel[i]);
    item->distance /= (double)(real->columns * BANDS);
    return write_wav(e, item, "own", sound, err);
}

/* Chance: what was found for one clip, against the truth of each other. */
static void match_others(s2vi_foley_eval *e, const s2vi_foley_item *item,
                         const s2vi_onsets *found)
{
    for (int i = 0; i < e->count; i++)
        if (&e->item[i] != item)
            match(&e->chance, &e->item[i].truth.onsets, found);
}

/* Whether what was made rings as its reference, where that rings. */
static int compare_ringing(s2vi_foley_eval *e, const s2vi_ringing *reference,
                           const s2vi_foley_sound *sound, s2v_error *err)
{
    s2vi_ringing made;
    if (!sound->samples || !reference->count || !(reference->decay >= RINGS))
        return S2V_OK;
    const int ret =
        s2vi_ringing_of_sound(&made, sound->samples, sound->count, err);
    const double longer = made.decay / reference->decay;
    e->ringing++;
    e->partials += s2vi_ringing_same_pitch(&made, reference);
    e->decays += longer <= AS_LONG && longer >= 1 / AS_LONG;
    return ret;
}

/* With a foreign timbre: whether it comes when it should, and sounds so. */
static int measure_foreign(s2vi_foley_eval *e, s2vi_foley_item *item,
                           s2vi_foley_sound *sound, s2v_error *err)
{
    const bool chosen = item->reference >= 0;
    const s2vi_foley_sound *reference =
        chosen ? &e->item[item->reference].clip.real : &e->reference.real;
    const s2vi_timbre *timbre =
        chosen ? &e->item[item->reference].timbre : &e->reference_timbre;
    s2vi_timbre made;
    s2vi_onsets found;
    int ret = s2vi_foley_make(e->maker, &item->clip, reference, sound, err);
    if (!ret)
        ret = find_onsets(sound, &found, err);
    if (ret < 0)
        return ret;
    match(&item->foreign, &item->truth.onsets, &found);
    match_others(e, item, &found);
    s2vi_onsets_free(&found);
    s2vi_timbre_of_mel(&made, sound->mel, sound->columns);
    item->to_reference = s2vi_timbre_cosine(&made, timbre);
    item->to_itself = s2vi_timbre_cosine(&made, &item->timbre);
    ret = compare_ringing(
        e, chosen ? &e->item[item->reference].ringing : &e->reference_ringing,
        sound, err);
    return ret < 0 ? ret : write_wav(e, item, "foreign", sound, err);
}

static int measure(s2vi_foley_eval *e, s2vi_foley_item *item, sheet *s,
                   s2v_error *err)
{
    s2vi_foley_sound own = {0}, foreign = {0};
    const s2vi_foley_sound *const rows[ROWS] = {&item->clip.real, &own,
                                                &foreign};
    int ret = S2V_OK;
    if (!item->clip.silent)
        ret = measure_own(e, item, &own, err);
    if (!ret && (item->reference >= 0 || e->reference.path))
        ret = measure_foreign(e, item, &foreign, err);
    if (!ret)
        keep(s, rows);
    s2vi_foley_sound_free(&own);
    s2vi_foley_sound_free(&foreign);
    return ret;
}

static void pool(s2vi_foley_eval *e)
{
    e->mcd = e->distance = e->to_reference = e->to_itself = 0;
    for (int i = 0; i < e->count; i++) {
        const s2vi_foley_item *item = &e->item[i];
        add_score(&e->real, &item->real);
        add_score(&e->own, &item->own);
        add_score(&e->foreign, &item->foreign);
        add_score(&e->motion, &item->motion);
        e->known += item->known;
        e->seconds += (double)item->clip.real.columns * S2VI_FOLEY_MEL_HOP /
                      S2VI_FOLEY_RATE;
        if (!isnan(item->mcd)) {
            e->mcd += item->mcd;
            e->distance += item->distance;
            e->compared++;
        }
        if (!isnan(item->to_reference) && !isnan(item->to_itself)) {
            e->to_reference += item->to_reference;
            e->to_itself += item->to_itself;
            e->nearer += item->to_reference > item->to_itself;
            e->timbres++;
        }
    }
    e->mcd /= e->compared;
    e->distance /= e->compared;
    e->to_reference /= e->timbres;
    e->to_itself /= e->timbres;
}

static int measure_all(s2vi_foley_eval *e, s2v_error *err)
{
    sheet s = {0};
    int ret = init_sheet(e, &s, err);
    s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
        .total = e->count, .unit = "clips", .quiet = e->options->quiet});
    for (int i = 0; i < e->count && !ret; i++)
        ret = hear_real(&e->item[i], err);
    for (int i = 0; i < e->count && !ret; i++) {
        ret = measure(e, &e->item[i], &s, err);
        s2vi_progress_update(bar, i + 1, NULL, 0);
    }
    s2vi_progress_close(&bar);
    if (!ret && e->options->sheet)
        ret = s2vi_mel_picture_draw(&e->sheet, (const float *const *)s.mel,
                                    ROWS, (int)s.columns, err);
    free_sheet(&s);
    return ret;
}

/* --------------------------------------------------------- all of it -- */

static int check_options(const s2vi_eval_options *o, s2v_error *err)
{
    if (o->picture_option)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "--%s: expected a model that generates video, found "
                          "'%s', which generates audio",
                          o->picture_option, o->model);
    if (o->wavs && g_mkdir_with_parents(o->wavs, 0777) < 0)
        return s2vi_error(err, S2V_ERR_IO,
                          "--wavs: the folder '%s' cannot be created", o->wavs);
    return S2V_OK;
}

int s2vi_foley_eval_run(s2vi_foley_eval *e, s2v_error *err)
{
    int ret = check_options(e->options, err);
    if (!ret)
        ret = s2vi_foley_maker_set(e->maker, e->options->set, err);
    if (!ret)
        ret = load_clips(e, err);
    if (!ret)
        ret = choose_all(e, err);
    if (!ret)
        ret = measure_all(e, err);
    if (!ret)
        pool(e);
    return ret;
}

void s2vi_foley_eval_free(s2vi_foley_eval *e)
{
    for (int i = 0; i < e->count; i++) {
        s2vi_foley_source_clip_free(&e->item[i].clip);
        s2vi_truth_free(&e->item[i].truth);
    }
    free(e->item);
    s2vi_foley_source_clip_free(&e->reference);
    s2vi_picture_free(&e->sheet);
    s2vi_ingest_close(&e->ingest);
    *e = (s2vi_foley_eval){0};
}
