/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The opening of a mouth from its pixels: a ridge regression (Hoerl and Kennard
 * 1970), fitted to the true openings of a clip's own frames, that then reads
 * those of frames made of the same face. General networks of landmarks see
 * little of an opening of some pixels.
 */
#ifndef S2VI_MEASURE_MOUTH_READER_H
#define S2VI_MEASURE_MOUTH_READER_H

#include "measure/face_measure.h"

#include "s2v/s2v.h"

#include <stdint.h>

enum { S2VI_MOUTH_WIDTH = 24, S2VI_MOUTH_HEIGHT = 20 };

/** Luminance below the nose, upright, 1.4 by 1.2 distances of the eyes. The
 * first is NaN where no face was found. */
typedef float s2vi_mouth_pixels[S2VI_MOUTH_WIDTH * S2VI_MOUTH_HEIGHT];

/** @param rgb (size,size,3), packed */
void s2vi_mouth_crop(const uint8_t *rgb, int size, const s2vi_face_marks marks,
                     s2vi_mouth_pixels out);

/** opening = weight . pixels + bias */
typedef struct s2vi_mouth_reader {
    double weight[S2VI_MOUTH_WIDTH * S2VI_MOUTH_HEIGHT];
    double bias;
} s2vi_mouth_reader;

/**
 * Fit to frames [0, frames) but those of [from, to).
 *
 * @param opening (frames)
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_mouth_reader_fit(s2vi_mouth_reader *reader,
                          const s2vi_mouth_pixels *mouth, const double *opening,
                          int64_t frames, int64_t from, int64_t to,
                          s2v_error *err);

/** NaN: no face was found. */
double s2vi_mouth_reader_read(const s2vi_mouth_reader *reader,
                              const s2vi_mouth_pixels mouth);

/**
 * What a reader says of the frames that it is fitted to, each fifth of them by
 * one that was fitted to the others.
 *
 * @param out (frames)
 */
int s2vi_mouth_reader_cross(const s2vi_mouth_pixels *mouth,
                            const double *opening, int64_t frames, double *out,
                            s2v_error *err);

#endif
