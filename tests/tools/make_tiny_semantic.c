/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* make_tiny_semantic OUT.bin [stylegan3]: write a semantic model of random
 * weights for tests, of a StyleGAN2 or 3. */
#include "tiny_semantic.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    s2v_error err = {0};
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: make_tiny_semantic OUT.bin [stylegan3]\n");
        return 2;
    }
    const tiny_semantic spec = {.three = argc == 3};
    if (tiny_semantic_write(argv[1], &spec, &err) < 0) {
        fprintf(stderr, "make_tiny_semantic: %s\n", err.message);
        return 1;
    }
    return 0;
}
