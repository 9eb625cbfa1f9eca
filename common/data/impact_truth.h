/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ground truth of s2v-impacts for a clip: times and materials of impacts.
 */
#ifndef S2VI_DATA_IMPACT_TRUTH_H
#define S2VI_DATA_IMPACT_TRUTH_H

#include "measure/onsets.h"

typedef struct s2vi_truth {
    s2vi_onsets onsets; /**< when objects are struck, seconds, ascending */
    char **sounds;      /**< the materials they sound as, each once, in order of
                             name; NULL-terminated */
} s2vi_truth;

/** The path of a clip's ground truth: its extension becomes .json. For
 * g_free(). */
char *s2vi_truth_path(const char *clip);

/**
 * Read a ground truth of s2v-impacts.
 *
 * @param truth for s2vi_truth_free(); empty on failure
 * @return S2V_OK; S2V_ERR_IO; S2V_ERR_FORMAT and a sentence with the path
 */
int s2vi_truth_read(s2vi_truth *truth, const char *path, s2v_error *err);
void s2vi_truth_free(s2vi_truth *truth);

#endif
