/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of a long call. */
#include "base/progress.h"

#include "base/error.h"

static double at(const s2vi_progress *p, double done)
{
    return p->from + done * (p->to - p->from);
}

int s2vi_progress_report(const s2vi_progress *p, double done, s2v_error *err)
{
    if (!p || !p->fn || !p->fn(p->opaque, at(p, done)))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_CANCELLED,
                      "cancelled by the progress callback, %.0f %% done",
                      100 * at(p, done));
}

s2vi_progress s2vi_progress_part(const s2vi_progress *p, double from, double to)
{
    return (s2vi_progress){p->fn, p->opaque, at(p, from), at(p, to)};
}
