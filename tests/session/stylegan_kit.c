/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained. */
#include "stylegan_kit.h"

#include <stdio.h>
#include <stdlib.h>

const char *write_stylegan(stylegan_kind kind, bool deviation)
{
    const char *path = scratch("stylegan.bin");
    s2v_error err = {0};
    if (tiny_stylegan_write(path, kind, deviation, &err) < 0) {
        printf("cannot write a model: %s\n", err.message);
        exit(1);
    }
    return path;
}
