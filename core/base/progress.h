/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of a long call, to the user's callback, which may cancel it. */
#ifndef S2VI_BASE_PROGRESS_H
#define S2VI_BASE_PROGRESS_H

#include "s2v/s2v.h"

/** A part of a call: it goes from `from` to `to` of the whole. */
typedef struct s2vi_progress {
    s2v_progress_fn fn; /* NULL: nobody asks */
    void *opaque;
    double from, to;
} s2vi_progress;

/**
 * Report that `done` (0 .. 1) of the part is done.
 *
 * @param progress NULL: nobody asks
 * @return S2V_OK; S2V_ERR_CANCELLED
 */
int s2vi_progress_report(const s2vi_progress *progress, double done,
                         s2v_error *err);

/** The part of a part that goes from `from` to `to` (0 .. 1) of it. */
s2vi_progress s2vi_progress_part(const s2vi_progress *progress, double from,
                                 double to);

#endif
