/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzz targets share: what must hold, an input read byte by byte,
 * files, and allocations of libs2v that fail.
 *
 * With clang's libFuzzer a target looks for inputs by itself; with replay.c in
 * its place it runs given files, as a normal test. See tests/fuzz/README.md.
 */
#ifndef S2V_TESTS_FUZZ_H
#define S2V_TESTS_FUZZ_H

#include "s2v/s2v.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** End the process, with the place and the condition, unless it holds. */
#define REQUIRE(holds)                                                         \
    ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/** A call's status and error agree: none, or a sentence. */
void fuzz_require_sentence(int ret, const s2v_error *err);

/* -------------------------------------------------------------- input -- */

/** What is left of an input. */
typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/** The next byte; 0 at the end. */
uint8_t fuzz_byte(fuzz_input *in);

/** Two bytes, as a number. */
uint32_t fuzz_word(fuzz_input *in);

/** The bytes up to a NUL or the end, as a string to be freed; NULL if nothing
 * is left. */
char *fuzz_text(fuzz_input *in);

/* -------------------------------------------------------------- files -- */

/** A path under which those bytes can be read until the next call. */
const char *fuzz_file(const void *data, size_t size);

/** A path in a folder that is removed, with its files, at exit; valid until the
 * next call. */
const char *fuzz_scratch(const char *name);

/* -------------------------------------------------------- allocations -- */

/** Let the k-th allocation by libs2v itself from now on fail; 0: none. */
void fuzz_fail_allocation(unsigned k);

/** Whether that one has come since; none fails any more. */
bool fuzz_allocation_failed(void);

#endif
