/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loss curves: the file's text, going on with it, its plot. */
#include "check.h"
#include "curves.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const char *const names[] = {"L1", "d.real", "d.fake"};
static char *folder, *csv, *png;

static void add(s2vi_curves *c, int64_t iteration, double a, double b, double f)
{
    s2v_error err = {0};
    CHECK(!s2vi_curves_add(c, iteration, (const double[]){a, b, f}, &err), "%s",
          err.message);
}

static s2vi_curves *start(int64_t done)
{
    s2v_error err = {0};
    s2vi_curves *c = NULL;
    CHECK(!s2vi_curves_open(&c, csv, names, 3, done, &err), "%s", err.message);
    return c;
}

static void finish(s2vi_curves *c)
{
    s2v_error err = {0};
    CHECK(!s2vi_curves_write(c, &err), "%s", err.message);
    s2vi_curves_close(&c);
    CHECK(!c, "closed");
}

static void is_text(const char *wanted)
{
    char *text = NULL;
    CHECK(g_file_get_contents(csv, &text, NULL, NULL), "%s", csv);
    CHECK(!g_strcmp0(text, wanted), "%s", text);
    g_free(text);
}

#define HEADER "iteration,L1,d.real,d.fake\n"

static void test_text(void)
{
    s2vi_curves *c = start(0);
    add(c, 1, 0.5, -2, NAN);
    add(c, 2, 0.25, 1e-9, 3);
    finish(c);
    is_text(HEADER "1,0.5,-2,\n2,0.25,1e-09,3\n");
    CHECK(g_file_test(png, G_FILE_TEST_EXISTS), "no plot");
    c = start(1); /* the second was after the checkpoint */
    add(c, 2, 0.125, 1, 1);
    finish(c);
    is_text(HEADER "1,0.5,-2,\n2,0.125,1,1\n");
    finish(start(0)); /* anew */
    is_text(HEADER);
}

/* A word in the sentence of a file that cannot be gone on with. */
static void refuse(const char *text, const char *word)
{
    s2v_error err = {0};
    s2vi_curves *c = NULL;
    g_file_set_contents(csv, text, -1, NULL);
    CHECK(s2vi_curves_open(&c, csv, names, 3, 5, &err) == S2V_ERR_INVALID &&
              !c && strstr(err.message, word) && strstr(err.message, csv),
          "%s", err.message);
}

static void test_foreign(void)
{
    refuse("iteration,L1\n1,2\n", "other columns");
    refuse("", "other columns");
    refuse(HEADER "1,2\n", "expected 4 fields");
    refuse(HEADER "1,1,1,1\n3,1,1,1\n2,1,1,1\n", "after 3");
    refuse(HEADER "x,1,1,1\n", "in ascending order");
    g_unlink(csv);
    finish(start(5)); /* none there: it begins here */
    is_text(HEADER);
}

static void test_unwritable(void)
{
    s2v_error err = {0};
    s2vi_curves *c = NULL;
    char *path = g_build_filename(folder, "none", "c.csv", NULL);
    CHECK(!s2vi_curves_open(&c, path, names, 3, 0, &err), "%s", err.message);
    add(c, 1, 1, 1, 1);
    CHECK(s2vi_curves_write(c, &err) == S2V_ERR_IO && strstr(err.message, path),
          "%s", err.message);
    s2vi_curves_close(&c);
    g_free(path);
}

static void test_long(void)
{
    s2vi_curves *c = start(0);
    for (int64_t i = 1; i <= 5000; i++)
        add(c, i, exp(-(double)i / 700), sin((double)i / 99),
            i % 100 ? NAN : 1);
    finish(c);
    char *text = NULL;
    gsize size = 0;
    CHECK(g_file_get_contents(png, &text, &size, NULL) && size > 5000 &&
              !memcmp(text, "\x89PNG", 4),
          "%zu bytes", (size_t)size);
    g_free(text);
    c = start(4000);
    CHECK(c, "not read");
    finish(c);
    CHECK(g_file_get_contents(csv, &text, NULL, NULL), "%s", csv);
    CHECK(g_str_has_prefix(strrchr(g_strchomp(text), '\n') + 1, "4000,"),
          "the last row");
    g_free(text);
}

int main(void)
{
    folder = g_dir_make_tmp("s2v-curves-XXXXXX", NULL);
    csv = g_build_filename(folder, "c.csv", NULL);
    png = g_build_filename(folder, "c.png", NULL);
    test_text();
    test_foreign();
    test_unwritable();
    test_long();
    g_unlink(csv);
    g_unlink(png);
    CHECK(!g_rmdir(folder), "litter in %s", folder);
    g_free(folder);
    g_free(csv);
    g_free(png);
    return check_done();
}
