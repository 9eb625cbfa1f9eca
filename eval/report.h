/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results: a table for people, JSON for programs. */
#ifndef S2VI_EVAL_REPORT_H
#define S2VI_EVAL_REPORT_H

#include "measure.h"

#include <stdio.h>

/** What is measured, the table, and an explanation of its columns. */
void s2vi_eval_print(const s2vi_eval *e, FILE *out);

/** One JSON object with every number; what does not exist is null. An infinite
 * PSNR is null too: its mse is 0. S2V_ERR_NOMEM if it cannot be made. */
int s2vi_eval_print_json(const s2vi_eval *e, FILE *out, s2v_error *err);

#endif
