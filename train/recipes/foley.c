/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recipes varietysound and hifigan have in common. */
#include "recipes/foley.h"

#include "base/error.h"

#include "picture/mel_picture.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

void s2vi_foley_set_defaults(s2vi_train_options *o)
{
    o->rate = 2e-4;
    o->critic_rate = 2e-4;
    o->decay = 0.01;
    o->batch = 16;
}

/* --------------------------------------------------------------- clips -- */

static int check_held_out(const s2vi_foley_clips *t, int64_t units,
                          s2v_error *err)
{
    s2vi_foley_window w;
    if (s2vi_foley_data_held_out(&t->data, 0, units, &w))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected at least one held-out window "
                      "(%d columns) in a clip, found %lld held-out columns in "
                      "total: use a smaller --split or --sequence",
                      t->o->sequence,
                      (long long)(t->data.units - t->data.train) *
                          t->data.columns);
}

static void say_how_much(const s2vi_foley_clips *t)
{
    const s2vi_foley_data *d = &t->data;
    const double second =
        (double)S2VI_FOLEY_MEL_HOP * d->columns / S2VI_FOLEY_RATE;
    if (!t->o->quiet)
        fprintf(
            stderr, "%d clip%s, %.1f s: %.1f s for training, %.1f s held out\n",
            d->count, d->count > 1 ? "s" : "", (double)d->units * second,
            (double)d->train * second, (double)(d->units - d->train) * second);
}

static int add_clip(void *self, const char *path, s2v_error *err)
{
    s2vi_foley_clips *t = self;
    return s2vi_foley_data_add(&t->data, path, &t->source, err);
}

int s2vi_foley_clips_load(s2vi_foley_clips *t, const s2vi_train_options *o,
                          int columns, bool sound_only, s2v_error *err)
{
    const int64_t units = o->sequence / columns;
    *t = (s2vi_foley_clips){.o = o,
                            .ingest = s2vi_recipe_ingest(o),
                            .data.columns = columns,
                            .source = {.clip = s2vi_recipe_clip(o),
                                       .ingest = &t->ingest,
                                       .sound_only = sound_only,
                                       .least = units}};
    int ret = s2vi_recipe_each_clip(o, add_clip, t, err);
    if (!ret)
        ret = s2vi_ingest_require(&t->ingest, t->data.count, err);
    if (!ret)
        ret = s2vi_foley_data_split(&t->data, o->split, units, err);
    if (!ret && o->hold_out_every)
        ret = check_held_out(t, units, err);
    if (!ret)
        say_how_much(t);
    return ret;
}

void s2vi_foley_clips_close(s2vi_foley_clips *t)
{
    s2vi_foley_data_close(&t->data);
    s2vi_ingest_close(&t->ingest);
}

/* --------------------------------------------------- measures, previews -- */

s2vi_measured s2vi_foley_measured(double distance, int64_t columns)
{
    s2vi_measured m = {.score = -distance, .curve = distance};
    snprintf(m.text, sizeof(m.text),
             "mel distance %.4f (%.2f dB) of %lld held-out columns", distance,
             100 * distance, (long long)columns);
    return m;
}

int s2vi_foley_write_sound(const char *png, const float *sound, int columns,
                           s2v_error *err)
{
    const size_t n =
        g_str_has_suffix(png, ".png") ? strlen(png) - 4 : strlen(png);
    char *path = g_strdup_printf("%.*s.wav", (int)n, png);
    int ret =
        s2vi_wav_write(path, sound, (int64_t)columns * S2VI_FOLEY_MEL_HOP, err);
    g_free(path);
    return ret;
}
