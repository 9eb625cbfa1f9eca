/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How intense a scene is, read from where its pictures lie in an embedding. */
#ifndef S2VI_TRAIN_INTENSITY_READING_H
#define S2VI_TRAIN_INTENSITY_READING_H

#include "s2v/s2v.h"

/**
 * The linear reading with the least squared error, ridge regression: of place
 * x it says out[0] x[0] + .. + out[width-1] x[width-1] + out[width].
 *
 * @param place (n,width)
 * @param level (n): what it should say
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_intensity_reading(const float *place, const float *level, int n,
                           int width, float *out, s2v_error *err);

#endif
