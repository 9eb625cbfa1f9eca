/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound of any kind becomes mono of one rate, on a given clock. */
#ifndef S2VI_TRAIN_MEDIA_SOUND_H
#define S2VI_TRAIN_MEDIA_SOUND_H

#include "media/media.h"
#include "media/media_stream.h"

/** What to take of a file's sound. */
typedef struct s2vi_sound_span {
    s2vi_sound_form form; /* of the result */
    int track;            /* as in s2vi_clip_params */
    bool clocked;         /* false: `origin` is the first sample's own time */
    int64_t origin;       /* time stamp of the result's sample 0 ... */
    AVRational time_base; /* ... in these units ... */
    int64_t skip_ms;      /* ... plus so much */
    int64_t limit;        /* at most so many samples; 0: all */
    s2vi_clip_progress_fn progress; /* may be NULL */
    void *opaque;
    double done; /* the fraction reported before the sound begins */
} s2vi_sound_span;

/**
 * Decode, resample and place the sound.
 *
 * @param samples set to the sound, for free(); NULL on failure or where no
 *                sound lies in the span
 * @param count   number of samples, 0 where no sound lies in the span
 * @param facts   has those of the sound added
 */
int s2vi_sound_decode(float **samples, int64_t *count, s2vi_media_facts *facts,
                      const char *path, const s2vi_sound_span *span,
                      s2v_error *err);

#endif
