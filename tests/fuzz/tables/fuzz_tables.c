/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz the text files that s2v-train and s2v-eval read beside weight files: the
 * curves of a training that goes on, which are then drawn, and lists of clips.
 * The first byte says which; the second one is the iteration that the training
 * had come to.
 */
#include "fuzz.h"

#include "clips.h"
#include "curves.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void copy_to(const char *path, const fuzz_input *in)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    REQUIRE(fwrite(in->data, 1, in->size, f) == in->size);
    REQUIRE(!fclose(f));
}

static void curves(fuzz_input *in)
{
    static const char *const names[] = {"L1", "d.real", "d.fake"};
    static const double values[] = {0.5, NAN, -1e30};
    const int done = 1 + fuzz_byte(in);
    const char *csv = fuzz_scratch("curves.csv");
    s2vi_curves *c = NULL;
    s2v_error err = {0};
    copy_to(csv, in);
    int ret = s2vi_curves_open(&c, csv, names, 3, done, &err);
    fuzz_require_sentence(ret, &err);
    REQUIRE((ret == S2V_OK) == (c != NULL));
    if (ret < 0)
        return;
    REQUIRE(!s2vi_curves_add(c, done + 1, values, &err));
    REQUIRE(!s2vi_curves_write(c, &err));
    s2vi_curves_close(&c);
    /* What was written is read again. */
    REQUIRE(!s2vi_curves_open(&c, csv, names, 3, done + 1, &err));
    s2vi_curves_close(&c);
}

static void list(fuzz_input *in)
{
    char **lines = NULL;
    s2v_error err = {0};
    const int ret =
        s2vi_eval_read_list(fuzz_file(in->data, in->size), &lines, &err);
    fuzz_require_sentence(ret, &err);
    REQUIRE((ret == S2V_OK) == (lines != NULL));
    for (int i = 0; lines && lines[i]; i++)
        REQUIRE(*lines[i] && *lines[i] != '#' && !strchr(lines[i], '\n'));
    g_strfreev(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    if (fuzz_byte(&in) & 1)
        list(&in);
    else
        curves(&in);
    return 0;
}
