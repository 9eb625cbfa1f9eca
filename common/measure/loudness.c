/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/loudness.h"

#include "audio/level.h"
#include "base/error.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

int s2vi_loudness_measure_each(const s2vi_sound_span *span, int n,
                               void (*after)(void *self), void *self,
                               double *lufs, s2v_error *err)
{
    ebur128_state *meter = ebur128_init(
        1, S2VI_LEVEL_RATE, EBUR128_MODE_I | EBUR128_MODE_HISTOGRAM);
    if (!meter)
        return s2vi_error_nomem(err, "a loudness meter");
    for (int i = 0; i < n; i++) {
        ebur128_add_frames_float(meter, span[i].samples, (size_t)span[i].count);
        if (after)
            after(self);
    }
    ebur128_loudness_global(meter, lufs);
    ebur128_destroy(&meter);
    *lufs = round(*lufs * 10.0) / 10.0;
    return *lufs > -70.0 ? S2V_OK
                         : s2vi_error(err, S2V_ERR_INVALID,
                                      "the audio of the training set is silent "
                                      "(below -70 LUFS): expected clips whose "
                                      "picture moves with their audio");
}

int s2vi_loudness_measure(const s2vi_sound_span *span, int n, double *lufs,
                          s2v_error *err)
{
    return s2vi_loudness_measure_each(span, n, NULL, NULL, lufs, err);
}

int s2vi_loudness_level(float **sound, int64_t count, double lufs,
                        s2v_error *err)
{
    float *levelled = malloc((size_t)count * sizeof(*levelled));
    int ret = levelled ? s2vi_level_clip(*sound, (size_t)count, lufs, levelled)
                       : S2V_ERR_NOMEM;
    if (!ret) {
        free(*sound);
        *sound = levelled;
        levelled = NULL;
    }
    free(levelled);
    return ret < 0 ? s2vi_error_nomem(err, "sound") : S2V_OK;
}
