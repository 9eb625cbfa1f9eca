/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of random chains goes through the true NVRTC, which needs no GPU,
 * for each GPU that there is code for; and how sums are shared out.
 *
 * usage: test_sources
 */
#include "../../check.h"
#include "backend/cuda/source.h"

#include "../../ops/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRIDE = 29 }; /* of all cases, one in so many: each takes a while */

static void compile(s2vi_op op, int variant, int capability)
{
    s2vi_cuda_program *program = malloc(sizeof(*program));
    s2v_error err = {.message = "cannot be written"};
    void *image = NULL;
    test_case c;
    case_make(&c, op, variant);
    bool ok =
        program && c.node && s2vi_cuda_write_chain(c.node, program) &&
        !s2vi_cuda_compile_source(program->source, capability, &image, &err);
    check_named(ok && image, s2vi_op_get(op)->name, err.message);
    free(image);
    free(program);
    case_free(&c);
}

/* Capabilities: known ones, and one that only PTX can serve. */
static void test_sources(void)
{
    static const int capabilities[] = {80, 90, 999};
    int turn = 0;
    for (int op = 0; op < S2VI_OP_COUNT; op++) {
        const bool map = s2vi_op_get((s2vi_op)op)->kind == S2VI_KIND_MAP;
        for (int v = 0; (map || op == S2VI_OP_SUM) && v < case_count(op);
             v += STRIDE)
            compile((s2vi_op)op, v, capabilities[turn++ % 3]);
    }
}

/* A source that is none is refused with the compiler's words. */
static void test_refusal(void)
{
    void *image = NULL;
    s2v_error err = {.message = ""};
    check_named(s2vi_cuda_compile_source("float f(", 90, &image, &err) < 0 &&
                    !image,
                "nonsense", "was compiled");
    check_named(strstr(err.message, "error"), "nonsense", err.message);
}

/* Every term of every result is some thread's, and none is two's. */
static void test_shares(s2vi_index count, s2vi_index terms, bool columns)
{
    const s2vi_cuda cuda = {.processors = 132};
    const s2vi_dev_reduce r = s2vi_cuda_reduce(&cuda, count, terms, columns);
    char text[100];
    snprintf(text, sizeof(text), "%u sums of %u: lanes %u, splits %u, chunk %u",
             count, terms, r.lanes, r.splits, r.chunk);
    check_named(r.lanes >= 1 && r.lanes <= S2VI_DEV_BLOCK &&
                    !(r.lanes & (r.lanes - 1)),
                "lanes", text);
    check_named(r.splits >= 1 && r.splits <= 65535 &&
                    (r.splits - 1) * r.chunk < terms &&
                    r.splits * r.chunk >= terms,
                "splits", text);
    check_named(r.count == count && r.terms == terms, "numbers", text);
}

int main(void)
{
    static const s2vi_index sizes[] = {1,    2,     3,      31,      32,
                                       33,   255,   256,    257,     1000,
                                       4096, 65537, 100000, 1048576, 3000000};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < SIZES; j++) {
            test_shares(sizes[i], sizes[j], false);
            test_shares(sizes[i], sizes[j], true);
        }
    test_refusal();
    test_sources();
    return check_done();
}
