/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained, for tests. */
#ifndef S2V_TESTS_TINY_STYLEGAN_H
#define S2V_TESTS_TINY_STYLEGAN_H

#include "models/stylegan2.h"
#include "models/stylegan3.h"
#include "weights/weights.h"

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

/** Their configurations. */
void tiny_stylegan2(s2vi_stylegan2_config *config, int classes);
void tiny_stylegan3(s2vi_stylegan3_config *config);

/** Add its tensors to a file, under a prefix. A writer keeps its first error,
 * which its commit returns. The configuration's text, which the caller frees.
 */
char *tiny_stylegan_add(s2vi_writer *writer, stylegan_kind kind,
                        const char *prefix, bool deviation, s2v_error *err);

/** Write one of the published kind at another size: for scripts/bench. */
typedef struct stylegan_size {
    int size, base, max, latent, mapping;
} stylegan_size;
int sized_stylegan_write(const char *path, stylegan_kind kind,
                         const stylegan_size *size, s2v_error *err);

#endif
