/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What s2v-talkers knows of a clip: NAME.safetensors and NAME.json beside it.
 */
#ifndef S2VI_EVAL_TALKER_TRUTH_H
#define S2VI_EVAL_TALKER_TRUTH_H

#include "measure/face_measure.h"

#include <stdbool.h>

/** A phoneme. */
typedef struct s2vi_talker_segment {
    double from, to; /**< seconds */
    bool pause;
    bool closed; /**< p, b, m: with closed lips */
} s2vi_talker_segment;

typedef struct s2vi_talker_truth {
    int size; /**< of the frames that the landmarks are in */
    int64_t frames;
    s2vi_face_marks *marks; /**< (frames) */
    s2vi_talker_segment *segment;
    int segments;
} s2vi_talker_truth;

/**
 * Read the truth of a clip; without both files there is none: frames is 0.
 *
 * @param truth for s2vi_talker_truth_free(); empty on failure
 * @return S2V_OK; S2V_ERR_IO; S2V_ERR_FORMAT and a sentence with the path
 */
int s2vi_talker_truth_read(s2vi_talker_truth *truth, const char *clip,
                           s2v_error *err);
void s2vi_talker_truth_free(s2vi_talker_truth *truth);

/** Whether frame t is in speech. */
bool s2vi_talker_speaks(const s2vi_talker_truth *truth, int64_t t);

#endif
