/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The measured clips and the training set: which frames are measured, the mean
 * training frame and the moving pixels.
 */
#ifndef S2VI_EVAL_CLIPS_H
#define S2VI_EVAL_CLIPS_H

#include "data/dataset.h"
#include "media/ingest.h"
#include "generate.h"
#include "command.h"

/** Where the mean frame and the moving pixels come from. */
typedef enum s2vi_eval_source {
    S2VI_EVAL_SPLIT = 0, /**< the first part of the measured clips */
    S2VI_EVAL_OTHERS,    /**< other clips */
    S2VI_EVAL_MEASURED,  /**< the measured frames: no training part is known */
} s2vi_eval_source;

/** Frames [first, last) of a clip are measured. */
typedef struct s2vi_eval_range {
    int64_t first, last;
} s2vi_eval_range;

typedef struct s2vi_eval_clips {
    s2vi_ingest ingest;
    s2vi_dataset data;
    s2vi_eval_range *range; /**< (data.count) */
    int measured_clips;     /**< with a frame to measure */
    int64_t measured;       /**< frames */
    int64_t generated;      /**< frames that a run makes */
    int64_t hop;            /**< samples to a frame */
    /* Of the training part. */
    s2vi_eval_source source;
    int training_clips;
    int64_t training_frames;
    float *mean;    /**< (size, size, 3) in [0, 1] */
    uint8_t *moves; /**< (size, size) */
    int64_t moving; /**< pixels */
} s2vi_eval_clips;

/**
 * Load all clips to measure, and go through those trained on, one at a time.
 *
 * @param model gives the size and the rate of the frames
 * @return S2V_OK; s2vi_clip_load()'s; S2V_ERR_INVALID: nothing to measure.
 *         s2vi_eval_clips_free() in any case
 */
int s2vi_eval_clips_load(s2vi_eval_clips *clips, const s2vi_eval_options *o,
                         const s2v_model_info *model, s2v_error *err);

/** The clip parameters of the options. */
s2vi_ingest s2vi_eval_ingest(const s2vi_eval_options *o);

void s2vi_eval_clips_free(s2vi_eval_clips *clips);

/**
 * The files that a list of names stands for: a folder for its files, in the
 * order of their names.
 *
 * @param out (free with g_strfreev()) NULL on failure
 */
int s2vi_eval_expand(char *const *names, char ***out, s2v_error *err);

/** The lines of a text file, without empty ones and those that begin with #;
 * or, of a folder, its files. To be freed with g_strfreev(). */
int s2vi_eval_read_list(const char *path, char ***out, s2v_error *err);

/* ------------------------------------------------------- shifted audio -- */

/** The mismatched audio, to test whether the picture follows the audio. */
typedef enum s2vi_eval_wrong {
    S2VI_EVAL_NONE = 0,
    S2VI_EVAL_ROTATED, /**< late, the end heard first */
    S2VI_EVAL_FOREIGN, /**< the next measured clip's sound */
} s2vi_eval_wrong;

/** What was chosen for these clips. */
typedef struct s2vi_eval_shift {
    s2vi_eval_wrong kind;
    int64_t delay; /**< samples, where rotated */
} s2vi_eval_shift;

/**
 * Choose: rotated by `seconds` where every measured clip lasts twice as long;
 * else foreign; for one short clip, rotated by half its length. 0: none.
 */
s2vi_eval_shift s2vi_eval_choose_shift(const s2vi_eval_clips *clips,
                                       double seconds);

/** The sound to make clip `index` with; shift NULL: its own. */
s2vi_eval_sound s2vi_eval_sound_of(const s2vi_eval_clips *clips, int index,
                                   const s2vi_eval_shift *shift);

#endif
