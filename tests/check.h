/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that go on after a failure, and say where and with what. */
#ifndef S2VI_TESTS_TRAIN_CHECK_H
#define S2VI_TESTS_TRAIN_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_count, check_failures;

/** CHECK(condition, "format", ...): the text says what was found. */
#define CHECK(condition, ...)                                                  \
    do {                                                                       \
        check_count++;                                                         \
        if (!(condition)) {                                                    \
            check_failures++;                                                  \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);             \
            printf(__VA_ARGS__);                                               \
            printf("\n");                                                      \
        }                                                                      \
    } while (0)

/** The exit status, after a word on the outcome. */
static inline int check_done(void)
{
    printf("%d checks, %d failed\n", check_count, check_failures);
    return check_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
