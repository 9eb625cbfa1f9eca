/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: a status code and one sentence, passed up through `s2v_error *`. */
#ifndef S2VI_BASE_ERROR_H
#define S2VI_BASE_ERROR_H

#include "s2v/s2v.h"

/**
 * Fill `err` (may be NULL) and return `code`, so that a caller can write
 * `return s2vi_error(err, S2V_ERR_IO, "...")`. The sentence says what, where,
 * expected and found; it is cut, at a whole UTF-8 character, if too long.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int s2vi_error(s2v_error *err, int code, const char *format, ...);

/** s2vi_error() for a failed allocation of `what`. */
int s2vi_error_nomem(s2v_error *err, const char *what);

#endif
