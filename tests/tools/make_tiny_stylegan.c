/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* make_tiny_stylegan OUT.bin stylegan2|classes|stylegan3: write a StyleGAN of
 * random weights for tests; classes: a stylegan2 of three. */
#include "tiny_stylegan.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const char *const kinds[STYLEGAN_KINDS] = {"stylegan2", "classes",
                                                      "stylegan3"};
    s2v_error err = {0};
    int kind = 0;
    while (argc == 3 && kind < STYLEGAN_KINDS && strcmp(argv[2], kinds[kind]))
        kind++;
    if (argc != 3 || kind == STYLEGAN_KINDS) {
        fprintf(stderr, "usage: make_tiny_stylegan OUT.bin "
                        "stylegan2|classes|stylegan3\n");
        return 2;
    }
    if (tiny_stylegan_write(argv[1], (stylegan_kind)kind, true, &err) < 0) {
        fprintf(stderr, "make_tiny_stylegan: %s\n", err.message);
        return 1;
    }
    return 0;
}
