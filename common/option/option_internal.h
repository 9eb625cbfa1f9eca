/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parser's files share. */
#ifndef S2V_TOOLS_OPTION_INTERNAL_H
#define S2V_TOOLS_OPTION_INTERNAL_H

#include "option/option.h"

/** Fill `err` with a sentence; S2V_ERR_INVALID. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int option_error(s2v_error *err, const char *format, ...);

#endif
