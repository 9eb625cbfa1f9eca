/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Onsets in a mel spectrum, column by column: peaks of its spectral flux, the
 * rise over two columns beyond that of neighbouring bands (Boeck and Widmer,
 * "Maximum filter vibrato suppression for onset detection", DAFx 2013). A
 * column is decided on S2VI_ONSET_AHEAD columns later.
 */
#ifndef S2VI_AUDIO_ONSET_PICKER_H
#define S2VI_AUDIO_ONSET_PICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "audio/foley_mel.h"

enum {
    S2VI_ONSET_LAG = 2,    /* columns over which a rise is measured */
    S2VI_ONSET_AHEAD = 12, /* columns, each way, of the mean it must exceed */
    S2VI_ONSET_SEEN = 2 * S2VI_ONSET_AHEAD + 1,
};

/** All zero at the beginning. */
typedef struct s2vi_onset_picker {
    float before[S2VI_ONSET_LAG][S2VI_FOLEY_MEL_BANDS]; /* the last columns */
    float flux[S2VI_ONSET_SEEN];                        /* a ring */
    int64_t pushed, decided;
} s2vi_onset_picker;

/**
 * Take a column.
 *
 * @param floor what is below it does not count as a rise
 * @param peak  receives the number of the column that was decided on
 * @return whether that is an onset; false also where none was decided on
 */
bool s2vi_onset_picker_push(s2vi_onset_picker *p, const float *column,
                            float floor, int64_t *peak);

/** After the last column: the next onset among those not decided on; false if
 * there are no more. */
bool s2vi_onset_picker_finish(s2vi_onset_picker *p, int64_t *peak);

/** When the onset of a column is heard, in seconds: before its middle. */
double s2vi_onset_time(int64_t column);

#endif
