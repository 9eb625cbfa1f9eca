/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the weight tests share: named checks, TAP lines, a folder to write in.
 */
#ifndef S2V_TESTS_WEIGHTS_HARNESS_H
#define S2V_TESTS_WEIGHTS_HARNESS_H

#include "weights/weights.h"

#if defined(__GNUC__)
#define PRINTF_LIKE(a, b) __attribute__((format(printf, a, b)))
#else
#define PRINTF_LIKE(a, b)
#endif

/** One check, named by `format`; returns `holds`. */
PRINTF_LIKE(2, 3) bool check(bool holds, const char *format, ...);

/** A check that cannot be made here: printed and counted. */
void skip(const char *name, const char *why);

/** That `ret` is `code`, with a sentence that has `part` in it. */
void check_error(const char *name, int ret, int code, const s2v_error *err,
                 const char *part);

/** Print the counts; the program's exit status. */
int report(void);

/** "folder/name" of the scratch folder; valid until the fourth next call. */
const char *scratch(const char *name);

/** A file's bytes (NUL-terminated, caller frees), or NULL. */
uint8_t *slurp(const char *path, size_t *size);

/** Write a file, or abort. */
void spill(const char *path, const void *data, size_t size);

/** Files in the scratch folder, "." and ".." aside. */
int count_scratch_files(void);

void make_scratch(void);
void remove_scratch(void);

void test_dtypes(void);
void test_round_trip(void);
void test_corpus(const char *folder);
void test_starts(const char *folder);
void test_check(void);
void test_paths(void);
void test_writer_arguments(void);
void test_all_or_nothing(void);

#endif
