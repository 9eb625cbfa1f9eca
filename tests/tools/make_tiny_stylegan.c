/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* make_tiny_stylegan OUT.bin stylegan2|classes|stylegan3: write a StyleGAN of
 * random weights for tests; classes: a stylegan2 of three. With SIZE BASE MAX
 * LATENT MAPPING, of that size, for scripts/bench. */
#include "tiny_stylegan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const char *const kinds[STYLEGAN_KINDS] = {"stylegan2", "classes",
                                                      "stylegan3"};
    s2v_error err = {0};
    int kind = 0;
    const bool sized = argc == 8;
    while (argc >= 3 && kind < STYLEGAN_KINDS && strcmp(argv[2], kinds[kind]))
        kind++;
    if ((argc != 3 && !sized) || kind == STYLEGAN_KINDS) {
        fprintf(stderr, "usage: make_tiny_stylegan OUT.bin "
                        "stylegan2|classes|stylegan3 "
                        "[SIZE BASE MAX LATENT MAPPING]\n");
        return 2;
    }
    stylegan_size size = {0};
    if (sized)
        size = (stylegan_size){atoi(argv[3]), atoi(argv[4]), atoi(argv[5]),
                               atoi(argv[6]), atoi(argv[7])};
    const int ret =
        sized ? sized_stylegan_write(argv[1], (stylegan_kind)kind, &size, &err)
              : tiny_stylegan_write(argv[1], (stylegan_kind)kind, true, &err);
    if (ret < 0) {
        fprintf(stderr, "make_tiny_stylegan: %s\n", err.message);
        return 1;
    }
    return 0;
}
