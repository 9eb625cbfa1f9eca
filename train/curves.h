/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loss curves: a CSV file with a row for each iteration, and its plot.
 *
 *     s2vi_curves_open(&c, "song.csv", names, n, 0, err);
 *     s2vi_curves_add(c, iteration, values);
 *     s2vi_curves_write(c, err);       // song.csv and song.png, whole
 *     s2vi_curves_close(&c);
 */
#ifndef S2VI_TRAIN_CURVES_H
#define S2VI_TRAIN_CURVES_H

#include "s2v/s2v.h"

typedef struct s2vi_curves s2vi_curves;

/**
 * Start curves, or go on with those of a run that stopped at `done`.
 *
 * @param csv   name that ends in ".csv"; the plot's ends in ".png"
 * @param names of the columns after "iteration"; copied. Those alike up to a
 *              '.' share a panel: "d_v.real", "d_v.fake"
 * @param done  rows up to this iteration are taken over from the file, if it
 *              has these columns; 0: it is written anew
 * @return S2V_OK; S2V_ERR_IO; S2V_ERR_INVALID: a file of other columns
 */
int s2vi_curves_open(s2vi_curves **curves, const char *csv,
                     const char *const *names, int n, int64_t done,
                     s2v_error *err);

/** Add a row; NaN: no value, an empty field and no point in the plot. */
int s2vi_curves_add(s2vi_curves *curves, int64_t iteration,
                    const double *values, s2v_error *err);

/** Write both files; each is whole, or as it was. */
int s2vi_curves_write(const s2vi_curves *curves, s2v_error *err);

void s2vi_curves_close(s2vi_curves **curves);

#endif
