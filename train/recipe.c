/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of recipes, and what all of them take from the options. */
#include "recipe.h"

#include "base/error.h"
#include "terminal/interrupt.h"

/* recipes.inc: a line S2VI_RECIPE(name) for each name in meson.build */
#define S2VI_RECIPE(name) extern const s2vi_recipe s2vi_recipe_##name;
#include "recipes.inc"
#undef S2VI_RECIPE

const s2vi_recipe *const s2vi_recipes[] = {
#define S2VI_RECIPE(name) &s2vi_recipe_##name,
#include "recipes.inc"
#undef S2VI_RECIPE
    NULL,
};

/* Decoding an hour of video takes a while: Ctrl-C counts there, too. */
static int stop_loading(void *opaque, double fraction)
{
    (void)opaque;
    (void)fraction;
    return s2vi_interrupt_requested();
}

s2vi_clip_params s2vi_recipe_clip(const s2vi_train_options *o)
{
    return (s2vi_clip_params){
        .size = o->size,
        .crop_x = o->crop[0],
        .crop_y = o->crop[1],
        .crop_w = o->crop[2],
        .crop_h = o->crop[3],
        .track = o->track + 1,
        .start_ms = (int64_t)(o->start * 1000 + 0.5),
        .duration_ms = (int64_t)(o->duration * 1000 + 0.5),
        .progress = stop_loading,
    };
}

s2vi_ingest s2vi_recipe_ingest(const s2vi_train_options *o)
{
    return (s2vi_ingest){
        .program = "s2v-train", .quiet = o->quiet, .skip_bad = o->skip_bad};
}

s2vi_trainer_params s2vi_recipe_trainer(const s2vi_train_options *o)
{
    static const s2vi_stored stored[] = {
        [S2VI_STORE_F32] = S2VI_STORED_F32,
        [S2VI_STORE_F16] = S2VI_STORED_F16,
        [S2VI_STORE_BF16] = S2VI_STORED_BF16,
    };
    return (s2vi_trainer_params){
        .rate = o->rate,
        .critic_rate = o->critic_rate,
        .decay = o->decay,
        .average = o->average,
        .seed = o->seed,
        .device = o->device,
        .dtype = o->dtype == S2VI_DTYPE_BF16 ? S2VI_BF16 : S2VI_F32,
        .threads = o->threads,
        .version = o->version,
        .license = o->license,
        .title = o->title,
        .note = o->note,
        .store = stored[o->store],
    };
}

int s2vi_recipe_each_clip(const s2vi_train_options *o,
                          int (*add)(void *self, const char *path,
                                     s2v_error *err),
                          void *self, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < o->n_clips && !ret; i++)
        ret = s2vi_interrupt_requested()
                  ? s2vi_error(err, S2V_ERR_CANCELLED, "interrupted")
                  : add(self, o->clips[i], err);
    return ret;
}
