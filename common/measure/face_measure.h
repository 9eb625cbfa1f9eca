/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures of a talking face from its landmarks over time: blinks, the opening
 * of the mouth, closed lips, movement.
 *
 * Landmarks are iBUG's 68, x and y in pixels of any size. Frames are those of
 * 25 a second, frame t at the time (t + 0.5) / 25. A number that is not there,
 * because no face was found in a frame, is NaN.
 */
#ifndef S2VI_MEASURE_FACE_MEASURE_H
#define S2VI_MEASURE_FACE_MEASURE_H

#include "measure/metrics.h"

#include <stdbool.h>

enum {
    S2VI_FACE_RATE = 25, /* frames a second */
    S2VI_FACE_LAGS = 15, /* frames that the mouth may be late or early */
    S2VI_FACE_MARKS = 68,
    S2VI_FACE_RIGHT_EYE = 36, /* the first of S2VI_FACE_EYE landmarks */
    S2VI_FACE_LEFT_EYE = 42,
    S2VI_FACE_EYE = 6,
};

/** The landmarks of a frame. */
typedef double s2vi_face_marks[S2VI_FACE_MARKS][2];

/** The mean place of landmarks [from, to). */
void s2vi_face_mean(const s2vi_face_marks marks, int from, int to,
                    double mean[2]);

/* ---------------------------------------------------------------- eyes -- */

/** Eye aspect ratio (Soukupova and Cech 2016), mean of both eyes: height by
 * width. */
double s2vi_eye_ratio(const s2vi_face_marks marks);

/**
 * How far the eyes of a real face are shut, 0 to 1, by FaceMesh's landmarks:
 * the ratio's part below its 90th percentile, which is that of open eyes, over
 * the 0.36 that it has where a blink's eyes are shut (median of 207 blinks of
 * 157 clips of GRID; a tenth of them reaches 0.39).
 *
 * @param ratio   (frames), finite
 * @param closure (frames)
 * @return false without memory
 */
bool s2vi_eye_closures(const double *ratio, int64_t frames, double *closure);

/** Below so much of its median the ratio is that of a blink: of real faces, and
 * of landmarks that are exact... */
#define S2VI_BLINK          0.75
/** ...and of FaceMesh's landmarks of rendered faces, whose lids it sees close
 * by a fifth: of the blinks of 19 such clips, this finds 93 %, 0.75 finds 8 %,
 * and both nothing else. */
#define S2VI_BLINK_RENDERED 0.90

/**
 * Blinks: runs of 2 to 12 frames whose ratio is below `shut` times the median
 * of the 2 s before and after.
 *
 * @param ratio (frames)
 */
int s2vi_count_blinks(const double *ratio, int64_t frames, double shut);

/* --------------------------------------------------------------- mouth -- */

/** Height of the gap between the lips, the mean of three places, in distances
 * of the eyes' centres. */
double s2vi_mouth_opening(const s2vi_face_marks marks);

/** The same of the lips' outer edges, which networks place better. */
double s2vi_mouth_height(const s2vi_face_marks marks);

/** Mean distance of the mouth's 20 landmarks in two frames, each set about its
 * own mean: LMD, or the mouth's motion. */
double s2vi_mouth_distance(const s2vi_face_marks a, const s2vi_face_marks b);

/** Mean square, over all landmarks, of the second difference in time: jitter,
 * once the root of its mean is taken. */
double s2vi_square_jerk(const s2vi_face_marks before, const s2vi_face_marks at,
                        const s2vi_face_marks after);

/** Correlations of two series at lags; all zero is the empty one. */
typedef struct s2vi_lagged {
    s2vi_correlation at[2 * S2VI_FACE_LAGS + 1];
} s2vi_lagged;

/** Add a clip, about its means. */
void s2vi_lagged_add(s2vi_lagged *l, const double *made, const double *truth,
                     int64_t frames);

/**
 * The greatest correlation; NaN: one of the two never changes.
 *
 * @param lag set to its lag in frames: positive where `made` is late
 */
double s2vi_lagged_best(const s2vi_lagged *l, int *lag);

/* -------------------------------------------------------------- closing -- */

/** The opening of shut lips: the fifth percentile. NaN: empty. */
double s2vi_least_opening(const double *opening, int64_t frames);

/**
 * The opening at and below which lips count as closed: between the fifth
 * percentile of a series and the 95th, a quarter of the way. NaN: empty.
 */
double s2vi_closed_level(const double *opening, int64_t frames);

/**
 * The level of another series of the same clip, as a network measures it: as
 * many of its frames are closed as of the truth's.
 *
 * @param level of the truth
 * @return NaN: empty
 */
double s2vi_matching_level(const double *opening, const double *truth,
                           int64_t frames, double level);

/**
 * Whether the lips are seen to close for a p, b or m: closed in one of its
 * frames, the one at its middle at least, or in those beside, and open in the
 * 0.2 s before or after.
 *
 * @param from, to seconds
 */
bool s2vi_shows_closure(const double *opening, int64_t frames, double level,
                        double from, double to);

/* -------------------------------------------------------------- silence -- */

typedef enum s2vi_voice {
    S2VI_VOICE_NEITHER, /**< too near to a change */
    S2VI_VOICE_SPEECH,
    S2VI_VOICE_SILENCE,
} s2vi_voice;

/** Frames at least 0.12 s after speech and before it, of pauses of 0.4 s or
 * more, are silence.
 *
 * @param speaks (frames) 1 where there is speech
 * @param voice  (frames)
 */
void s2vi_mark_silence(const uint8_t *speaks, int64_t frames,
                       s2vi_voice *voice);

/** Where sound is above -50 dB of full scale, and less than 25 dB below its
 * loudest frame: recordings have noise.
 *
 * @param hop    samples of a frame
 * @param speaks (frames) 1 or 0
 */
void s2vi_mark_speech(const float *sound, int64_t samples, int64_t hop,
                      int64_t frames, uint8_t *speaks);

#endif
