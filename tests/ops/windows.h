/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makers of cases of ops with sliding windows (cases.h). */
#ifndef S2V_TESTS_OPS_WINDOWS_H
#define S2V_TESTS_OPS_WINDOWS_H

#include "cases.h"

void make_avgpool(test_case *c, s2vi_op op, int variant);
void make_maxpool(test_case *c, s2vi_op op, int variant);
void make_conv(test_case *c, s2vi_op op, int variant);
void make_upconv(test_case *c, s2vi_op op, int variant);

#endif
