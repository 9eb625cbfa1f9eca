/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the trainings of all models take from the options in the same way. */
#include "training.h"

#include "terminal/interrupt.h"

/* Decoding an hour of video takes a while: Ctrl-C counts there, too. */
static int stop_loading(void *opaque, double fraction)
{
    (void)opaque;
    (void)fraction;
    return s2vi_interrupt_requested();
}

s2vi_clip_params s2vi_training_clip(const s2vi_train_options *o)
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

s2vi_ingest s2vi_training_ingest(const s2vi_train_options *o)
{
    return (s2vi_ingest){
        .program = "s2v-train", .quiet = o->quiet, .skip_bad = o->skip_bad};
}

s2vi_dtype s2vi_training_dtype(const s2vi_train_options *o)
{
    return o->dtype == S2VI_DTYPE_BF16 ? S2VI_BF16 : S2VI_F32;
}

s2vi_stored s2vi_training_stored(const s2vi_train_options *o)
{
    static const s2vi_stored stored[] = {
        [S2VI_STORE_F32] = S2VI_STORED_F32,
        [S2VI_STORE_F16] = S2VI_STORED_F16,
        [S2VI_STORE_BF16] = S2VI_STORED_BF16,
    };
    return stored[o->store];
}
