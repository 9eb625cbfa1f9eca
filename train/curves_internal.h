/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between curves.c (the rows) and curves_plot.c (their picture). */
#ifndef S2VI_TRAIN_CURVES_INTERNAL_H
#define S2VI_TRAIN_CURVES_INTERNAL_H

#include "curves.h"

#include <glib.h>

struct s2vi_curves {
    char *csv, *png;
    char **names; /* n of them, NULL-terminated */
    int n;
    double *row; /* rows x (iteration, n values) */
    int64_t rows, room;
};

/** Write the plot. */
int s2vi_curves_plot(const s2vi_curves *curves, s2v_error *err);

#endif
