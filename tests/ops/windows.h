/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makers of cases of ops with sliding windows (cases.h). */
#ifndef S2V_TESTS_OPS_WINDOWS_H
#define S2V_TESTS_OPS_WINDOWS_H

#include "cases.h"

/* Of make_conv()'s, grouped ones come last. */
enum {
    CASES_CONV = 16 * 16 + 64,
    CASES_CONV_DATA = 16 * 16 + 48,
    CASES_CONV_WEIGHT = 128 + 48,
    CASES_GROUPED = 112,
};

void make_avgpool(test_case *c, s2vi_op op, int variant);
void make_maxpool(test_case *c, s2vi_op op, int variant);
void make_conv(test_case *c, s2vi_op op, int variant);
void make_upconv(test_case *c, s2vi_op op, int variant);

#endif
