/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log lines to the user's callback: one logger a model or session. */
#ifndef S2VI_BASE_LOG_H
#define S2VI_BASE_LOG_H

#include "s2v/s2v.h"

typedef struct s2vi_logger {
    s2v_log_fn fn; /* NULL: silent */
    void *opaque;
} s2vi_logger;

/**
 * Format one line, cut at 1023 bytes or the whole character before them, and
 * hand it to the callback.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void s2vi_log(const s2vi_logger *logger, s2v_log_level level,
              const char *format, ...);

#endif
