/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends: every test of this folder runs on each that is built, on those
 * that are modules where asked by name. */
#ifndef S2V_TESTS_OPS_BACKENDS_H
#define S2V_TESTS_OPS_BACKENDS_H

#include "backend/backend.h"

#include <string.h>

static const char *const backend_names[] = {
    "ref",
#if S2V_HAVE_CPU
    "cpu",
#endif
    "cuda",
};

/* Whether it is to be tested, as the program was called. */
static inline bool backend_is_asked(const char *name, const char *asked)
{
    return asked ? !strcmp(name, asked) : strncmp(name, "cuda", 4) != 0;
}

enum { BACKENDS = sizeof(backend_names) / sizeof(backend_names[0]) };

#endif
