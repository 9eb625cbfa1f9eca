/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained. */
#ifndef S2V_TESTS_SESSION_STYLEGAN_KIT_H
#define S2V_TESTS_SESSION_STYLEGAN_KIT_H

#include "harness.h"
#include "tiny_stylegan.h"

/** Write one of 32x32 pixels: its path, as scratch() has it.
 *
 * @param deviation whether it has mapping.w_std */
const char *write_stylegan(stylegan_kind kind, bool deviation);

#endif
