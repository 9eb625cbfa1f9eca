/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends that are built: every test of this folder runs on each. */
#ifndef S2V_TESTS_OPS_BACKENDS_H
#define S2V_TESTS_OPS_BACKENDS_H

#include "backend/backend.h"

static const char *const backend_names[] = {
    "ref",
#if S2V_HAVE_CPU
    "cpu",
#endif
};

enum { BACKENDS = sizeof(backend_names) / sizeof(backend_names[0]) };

#endif
