/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips in two parts, by name: `choose`, on which models and settings are
 * compared, and `report`, on which the chosen one is measured, once. The file
 * has a line `PART NAME` for each clip; # begins a comment.
 */
#ifndef S2VI_EVAL_PARTS_H
#define S2VI_EVAL_PARTS_H

#include <stdbool.h>

#include "s2v/s2v.h"

typedef struct s2vi_parts {
    const char *path; /**< the caller's */
    char **names;     /**< NULL-terminated; without folder and extension */
    bool *report;     /**< (names) */
} s2vi_parts;

/**
 * Read a file of parts.
 *
 * @param parts s2vi_parts_free() in any case
 * @return S2V_OK; S2V_ERR_IO, S2V_ERR_FORMAT: one sentence with the line
 */
int s2vi_parts_read(s2vi_parts *parts, const char *path, s2v_error *err);

/**
 * Whether a clip is in a part. Only its name counts, without folder and
 * extension, so that its feature set is in the same part.
 *
 * @param part "choose" or "report"
 * @return S2V_OK; S2V_ERR_INVALID: the clip is in neither part
 */
int s2vi_parts_has(const s2vi_parts *parts, const char *part, const char *clip,
                   bool *has, s2v_error *err);

void s2vi_parts_free(s2vi_parts *parts);

#endif
