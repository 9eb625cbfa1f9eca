/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that go on after a failure, and say where and with what: for programs
 * whose checks are in one file. */
#ifndef S2V_TESTS_CHECK_H
#define S2V_TESTS_CHECK_H

#include <stdbool.h>
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

/** The same of something that has a name. */
static inline void check_named(bool ok, const char *what, const char *found)
{
    check_count++;
    if (ok)
        return;
    check_failures++;
    printf("FAIL %s: %s\n", what, found);
}

/** The exit status, after a word on the outcome. */
static inline int check_done(void)
{
    printf("%d checks, %d failed\n", check_count, check_failures);
    return check_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
