/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference kernels for float. */
#define REAL  float
#define TABLE s2vi_ref_f32
#include "backend/ref/kernels.inc"
