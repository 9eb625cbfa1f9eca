/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log lines to the user's callback. */
#include "base/log.h"

#include "base/sentence.h"

#include <stdarg.h>

void s2vi_log(const s2vi_logger *logger, s2v_log_level level,
              const char *format, ...)
{
    if (!logger || !logger->fn)
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    s2vi_sentence(line, sizeof(line), format, args);
    va_end(args);
    logger->fn(logger->opaque, level, line);
}
