/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is no check, but has to work for one. */
#ifndef S2V_TESTS_MUST_H
#define S2V_TESTS_MUST_H

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

/** Exit, with the sentence of `err`, unless ret says that all went well. */
static inline void must(int ret, const s2v_error *err)
{
    if (ret >= 0)
        return;
    printf("FAIL %s\n", err ? err->message : "cannot go on");
    exit(EXIT_FAILURE);
}

#endif
