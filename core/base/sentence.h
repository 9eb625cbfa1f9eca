/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sentences in buffers of a fixed size: of errors and of the log. */
#ifndef S2VI_BASE_SENTENCE_H
#define S2VI_BASE_SENTENCE_H

#include <stdarg.h>
#include <stddef.h>

/** The ending of what there are `n` of: "1 sample", "2 samples". */
#define S2VI_PLURAL(n) ((n) == 1 ? "" : "s")

/**
 * vsnprintf() that cuts what is too long at a whole UTF-8 character.
 *
 * @param size of `out`, at least 1
 */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 0)))
#endif
void s2vi_sentence(char *out, size_t size, const char *format, va_list args);

#endif
