/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: a status code and one sentence. */
#include "base/error.h"

#include "base/sentence.h"

#include <stdarg.h>

int s2vi_error(s2v_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    err->code = code;
    s2vi_sentence(err->message, sizeof(err->message), format, args);
    va_end(args);
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
    case S2V_ERR_AGAIN: return "no output yet: send more input";
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
