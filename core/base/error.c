/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: a status code and one sentence. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cut before a UTF-8 sequence that vsnprintf may have split at the end. */
static void drop_split_character(char *s)
{
    size_t n = strlen(s), tail = 0;
    while (tail < n && tail < 4 &&
           ((unsigned char)s[n - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (tail < n && (unsigned char)s[n - 1 - tail] >= 0xC0)
        s[n - 1 - tail] = '\0';
}

int s2vi_error(s2v_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    err->code = code;
    int n = vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    if (n < 0)
        err->message[0] = '\0';
    else if ((size_t)n >= sizeof(err->message))
        drop_split_character(err->message);
    return code;
}

int s2vi_error_nomem(s2v_error *err, const char *what)
{
    return s2vi_error(err, S2V_ERR_NOMEM, "out of memory for %s", what);
}

const char *s2v_status_string(int code)
{
    switch (code) {
    case S2V_OK: return "success";
    case S2V_ERR_AGAIN: return "nothing yet: send more";
    case S2V_ERR_EOF: return "end of stream";
    case S2V_ERR_NOMEM: return "out of memory";
    case S2V_ERR_INVALID: return "invalid argument";
    case S2V_ERR_IO: return "input/output error";
    case S2V_ERR_FORMAT: return "malformed file";
    case S2V_ERR_MODEL: return "unusable model";
    case S2V_ERR_DEVICE: return "device error";
    case S2V_ERR_CANCELLED: return "cancelled";
    case S2V_ERR_INTERNAL: return "internal error";
    default: return "unknown status";
    }
}

#define STR_(x) #x
#define STR(x)  STR_(x)

const char *s2v_version(void)
{
    return STR(S2V_VERSION_MAJOR) "." STR(S2V_VERSION_MINOR) "." STR(
        S2V_VERSION_MICRO);
}
