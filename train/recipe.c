/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of recipes, and what all of them take from the options. */
#include "recipe.h"

#include "base/error.h"
#include "picture/picture.h"
#include "terminal/interrupt.h"

#include <stdio.h>

enum { PREVIEW_COLUMNS = 8 };

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
        .options = o->record_text,
        .ranks = o->ranks,
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

/* -------------------------------------------------- of clips of pictures -- */

typedef struct loading {
    s2vi_clip_params params;
    s2vi_ingest *ingest;
    s2vi_dataset *data;
} loading;

static int add_clip(void *self, const char *path, s2v_error *err)
{
    loading *l = self;
    s2vi_clip *clip = NULL;
    if (s2vi_shards_at(path))
        return s2vi_dataset_add_shards(l->data, path, &l->params, err);
    int ret = s2vi_ingest_clip(l->ingest, &clip, path, &l->params, false, err);
    if (!ret && clip)
        ret = s2vi_dataset_add(l->data, &clip, err);
    s2vi_clip_close(&clip);
    return ret;
}

static int check_held_out(const s2vi_dataset *data, int T, s2v_error *err)
{
    for (int i = 0; i < data->count; i++)
        if (data->clip[i].clip->frames - data->clip[i].train >= T)
            return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "--hold-out-every: expected at least one held-out "
                      "sequence (%d frames) in a clip, found %lld held-out "
                      "frames in total: use a smaller --split or --sequence",
                      T, (long long)(data->frames - data->train));
}

int s2vi_recipe_load_dataset(const s2vi_train_options *o, s2vi_ingest *ingest,
                             s2vi_dataset *data, s2v_error *err)
{
    loading l = {s2vi_recipe_clip(o), ingest, data};
    *ingest = s2vi_recipe_ingest(o);
    int ret = s2vi_recipe_each_clip(o, add_clip, &l, err);
    if (!ret)
        ret = s2vi_ingest_require(ingest, data->count, err);
    if (!ret)
        ret = s2vi_dataset_split(data, o->split, o->sequence, err);
    if (!ret && o->hold_out_every)
        ret = check_held_out(data, o->sequence, err);
    if (!ret && !o->quiet)
        fprintf(stderr,
                "%d clip%s, %lld frames at 20 fps: %lld for training, %lld "
                "held out\n",
                data->count, data->count > 1 ? "s" : "",
                (long long)data->frames, (long long)data->train,
                (long long)(data->frames - data->train));
    return ret;
}

int s2vi_recipe_preview_frames(const s2vi_train_options *o, const char *path,
                               const uint8_t *real, const float *made,
                               s2v_error *err)
{
    const s2vi_preview_row row[] = {{.bytes = real}, {.floats = made}};
    s2vi_picture sheet = {0};
    int ret = s2vi_preview_sheet(&sheet, row, 2, o->sequence, o->size,
                                 PREVIEW_COLUMNS, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, sheet.rgb, sheet.width, sheet.height,
                                     (ptrdiff_t)sheet.width * 3, err);
    s2vi_picture_free(&sheet);
    return ret;
}
