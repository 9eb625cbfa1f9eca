/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audio generator of s2v-eval: a session for the frames of a clip, or, for
 * a model without visual encoder, its networks on feature sets.
 */
#ifndef S2VI_EVAL_FOLEY_MAKER_H
#define S2VI_EVAL_FOLEY_MAKER_H

#include "audio/foley_mel.h"
#include "measure/onsets.h"
#include "media/media.h"
#include "s2v/s2v.h"

typedef struct s2vi_foley_maker s2vi_foley_maker;

/** A sound: of feature sets its mel alone. */
typedef struct s2vi_foley_sound {
    float *samples; /**< (count) at 22,050 Hz, or NULL */
    size_t count;
    float *mel; /**< (columns, 80) */
    size_t columns;
} s2vi_foley_sound;

void s2vi_foley_sound_free(s2vi_foley_sound *sound);

/** A clip to make sound for; its pictures are read each time. */
typedef struct s2vi_foley_source_clip {
    char *path;
    s2vi_foley_sound real;
    s2vi_onsets motion;     /**< of its frames, found by the plain detector */
    bool silent;            /**< no part of it can be a reference */
    int track;              /**< as in s2vi_clip_params; of the file */
    s2vi_media_facts facts; /**< of the file; of a feature set all zero */
} s2vi_foley_source_clip;

/**
 * Open the model of a weight file.
 *
 * @param maker set to it, for s2vi_foley_maker_close(); NULL, with S2V_OK,
 *              where the file is a model of another kind
 */
int s2vi_foley_maker_open(s2vi_foley_maker **maker, const char *path,
                          const s2v_model_params *params, s2v_error *err);
void s2vi_foley_maker_close(s2vi_foley_maker **maker);

/** Set options of its session, each NAME=VALUE; S2V_ERR_INVALID: it has none,
 * or not these. */
int s2vi_foley_maker_set(s2vi_foley_maker *maker, char *const *set,
                         s2v_error *err);

/** Whether it wants feature sets; the device's name; the model's side of a
 * picture, 0 without. */
bool s2vi_foley_maker_wants_sets(const s2vi_foley_maker *maker);
const char *s2vi_foley_maker_device(const s2vi_foley_maker *maker);
int s2vi_foley_maker_size(const s2vi_foley_maker *maker);

/**
 * Load a clip's own sound.
 *
 * @param clip all zero but `track`; s2vi_foley_source_clip_free() in any case
 */
int s2vi_foley_maker_load(s2vi_foley_maker *maker, const char *path,
                          s2vi_foley_source_clip *clip, s2v_error *err);
void s2vi_foley_source_clip_free(s2vi_foley_source_clip *clip);

/**
 * Load a reference that is no clip: of a session any file with sound, of
 * feature sets another one.
 */
int s2vi_foley_maker_load_reference(s2vi_foley_maker *maker, const char *path,
                                    s2vi_foley_source_clip *clip,
                                    s2v_error *err);

/**
 * Generate a clip's audio with the timbre of a reference.
 *
 * @param sound receives as many samples or columns as `clip` has; to be freed
 */
int s2vi_foley_make(s2vi_foley_maker *maker, const s2vi_foley_source_clip *clip,
                    const s2vi_foley_sound *reference, s2vi_foley_sound *sound,
                    s2v_error *err);

#endif
