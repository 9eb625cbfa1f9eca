/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference kernels for double. */
#define REAL  double
#define TABLE s2vi_ref_f64
#include "backend/ref/kernels.inc"
