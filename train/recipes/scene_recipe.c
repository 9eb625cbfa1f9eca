/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What recipes of captioned clips have in common. */
#include "recipes/scene_recipe.h"

#include "base/error.h"

#include <stdio.h>

typedef struct loading {
    s2vi_scene_source source;
    s2vi_scene_clips *data;
} loading;

static int add_clip(void *self, const char *path, s2v_error *err)
{
    loading *l = self;
    return s2vi_scene_clips_add(l->data, path, &l->source, err);
}

static int check_held_out(const s2vi_train_options *o,
                          const s2vi_scene_clips *data, s2v_error *err)
{
    return !o->hold_out_every || data->train < data->frames
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--hold-out-every: expected held-out frames, found "
                            "none: use a smaller --split");
}

static void say(const s2vi_scene_clips *d)
{
    fprintf(stderr,
            "%d clip%s of %d scene%s, %d captions of %d words, %lld frames at "
            "%d fps: %lld for training, %lld held out\n",
            d->count, d->count > 1 ? "s" : "", d->scenes,
            d->scenes > 1 ? "s" : "", d->texts, d->vocabulary.count,
            (long long)d->frames, S2VI_SCENE_RATE, (long long)d->train,
            (long long)(d->frames - d->train));
}

int s2vi_scene_load(const s2vi_train_options *o, int side, s2vi_ingest *ingest,
                    s2vi_scene_clips *data, s2v_error *err)
{
    *ingest = s2vi_recipe_ingest(o);
    loading l = {{s2vi_recipe_clip(o), ingest}, data};
    data->side = side;
    int ret = s2vi_recipe_each_clip(o, add_clip, &l, err);
    if (!ret)
        ret = s2vi_ingest_require(ingest, data->count, err);
    if (!ret)
        ret = s2vi_scene_clips_split(data, o->split, err);
    if (!ret)
        ret = check_held_out(o, data, err);
    if (!ret)
        ret = s2vi_scene_clips_prepare(data, err);
    if (!ret && !o->quiet)
        say(data);
    return ret;
}
