/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained, for tests. */
#ifndef S2V_TESTS_TINY_STYLEGAN_H
#define S2V_TESTS_TINY_STYLEGAN_H

#include <s2v/s2v.h>
#include <stdbool.h>

typedef enum stylegan_kind {
    STYLEGAN2,
    STYLEGAN2_CLASSES, /* of three */
    STYLEGAN3,
    STYLEGAN_KINDS
} stylegan_kind;

/** Write one of 32x32 pixels.
 *
 * @param deviation whether it has mapping.w_std */
int tiny_stylegan_write(const char *path, stylegan_kind kind, bool deviation,
                        s2v_error *err);

#endif
