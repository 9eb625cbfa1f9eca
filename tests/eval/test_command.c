/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines: what they come to, and the sentence for each bad one. */
#include "command.h"

#include "check.h"

#include <glib.h>

static int parse(s2vi_eval_options *o, const char *line, s2v_error *err)
{
    char **words = NULL;
    int count = 0;
    char *whole = g_strconcat("s2v-eval ", line, NULL);
    g_shell_parse_argv(whole, &count, &words, NULL);
    *err = (s2v_error){0};
    int ret = s2vi_eval_options_parse(o, count, words, err);
    g_strfreev(words);
    g_free(whole);
    return ret;
}

static void test_good(void)
{
    s2vi_eval_options o;
    s2v_error err;
    CHECK(!parse(&o, "m.bin a.mkv b.mkv", &err), "%s", err.message);
    CHECK(!g_strcmp0(o.model, "m.bin") && !g_strcmp0(o.clips[0], "a.mkv") &&
              !g_strcmp0(o.clips[1], "b.mkv") && !o.clips[2],
          "%s %s", o.model, o.clips[0]);
    CHECK(o.track == -1 && !o.skip_bad, "%d", o.track);
    CHECK(o.split == 0.8 && o.shift == 5 && !o.seed && !o.json && !o.sheet,
          "%g %g", o.split, o.shift);
    s2vi_eval_options_free(&o);
    CHECK(!parse(&o,
                 "--json m.bin a --train-clip b c --train d --train-clip e "
                 "--seed 18446744073709551615 --crop 1,2,30,40 --shift 0 "
                 "--threads 3 --track 1 --skip-bad --device ref --sheet s.PNG "
                 "-- --odd",
                 &err),
          "%s", err.message);
    CHECK(o.json && o.split == 0 && o.shift == 0 && o.threads == 3 &&
              o.track == 1 && o.skip_bad && o.seed == UINT64_MAX &&
              o.crop[3] == 40,
          "%g %g %d", o.split, o.shift, o.threads);
    CHECK(g_strv_length(o.clips) == 3 && !strcmp(o.clips[2], "--odd") &&
              g_strv_length(o.train_clips) == 2 &&
              !g_strcmp0(o.train_lists[0], "d"),
          "%u clips", g_strv_length(o.clips));
    s2vi_eval_options_free(&o);
    s2vi_eval_options_free(&o); /* twice does no harm */
}

static void test_bad(void)
{
    static const char *const lines[][2] = {
        {"", "neither"},
        {"m.bin", "no clip"},
        {"--made a", "--made"},
        {"--made a b c", "several"},
        {"--made a b --sounds d --perceptual p", "--sounds"},
        {"--made a b --size 15", "16 to 4096"},
        {"m.bin a --split 1", "--split"},
        {"m.bin a --split -0.1", "a number of at least 0 and below 1"},
        {"m.bin a --split .5 --train d", "--train"},
        {"m.bin a --split", "found none"},
        {"m.bin a --shift nan", "--shift"},
        {"m.bin a --threads 1.5", "a whole number from 0 to 1024, found '1.5'"},
        {"m.bin a --seed -1", "--seed"},
        {"m.bin a --seed 18446744073709551616", "--seed"},
        {"m.bin a --crop 1,2,3", "--crop"},
        {"m.bin a --crop 0.5,0,8,8", "whole pixels"},
        {"m.bin a --region 0,0,0,1", "--region"},
        {"m.bin a --region 0.5,0.5,20,20", "fractions"},
        {"m.bin a --sheet ''", "--sheet"},
        {"m.bin a --sheet x.jpg",
         "--sheet: expected a file name that ends in .png, found 'x.jpg'"},
        {"m.bin a --sheet png", "found 'png'"},
        {"m.bin a --json=yes", "no value"},
        {"m.bin a --track 1.5", "--track"},
        {"m.bin a --bogus", "--bogus"},
        {"m.bin a -z", "-z"},
        {"m.bin a --json -qzj", "unknown option '-z'"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        s2vi_eval_options o;
        s2v_error err;
        int ret = parse(&o, lines[i][0], &err);
        CHECK(ret == S2V_ERR_INVALID, "%s: %d", lines[i][0], ret);
        CHECK(strstr(err.message, lines[i][1]), "%s: '%s' without '%s'",
              lines[i][0], err.message, lines[i][1]);
        CHECK(!o.model && !o.clips, "%s: not cleared", lines[i][0]);
    }
}

static void check_region(const char *text, int size, int x, int y, int w, int h)
{
    s2vi_eval_options o;
    s2vi_eval_region r;
    s2v_error err;
    char *line = g_strconcat("m a --region ", text, NULL);
    CHECK(!parse(&o, line, &err), "%s", err.message);
    int ret = s2vi_eval_options_region(&o, size, &r, &err);
    CHECK(ret == (w ? S2V_OK : S2V_ERR_INVALID), "%s: %d", text, ret);
    CHECK(r.x == x && r.y == y && r.w == w && r.h == h, "%s: %d,%d,%d,%d", text,
          r.x, r.y, r.w, r.h);
    s2vi_eval_options_free(&o);
    g_free(line);
}

static void test_regions(void)
{
    check_region("0,0,1,1", 64, 0, 0, 64, 64); /* fractions: all of it */
    check_region("0.25,0.5,0.5,0.25", 64, 16, 32, 32, 16);
    check_region("0.1,0.1,0.1,0.1", 64, 6, 6, 7, 7); /* 6.4 to 12.8 */
    check_region("16,32,32,16", 64, 16, 32, 32, 16);
    check_region("0,0,64,64", 64, 0, 0, 64, 64);
    check_region("0,0,65,64", 64, 0, 0, 0, 0);
    check_region("63,63,2,1", 64, 0, 0, 0, 0);
    check_region("0.5,0.5,0.6,0.5", 64, 0, 0, 0, 0);
    check_region("0.5,0.5,0.001,0.5", 64, 0, 0, 0, 0); /* no pixel */
}

static void test_words(void)
{
    s2vi_eval_options o;
    s2v_error err;
    CHECK(!parse(&o, "--help", &err) && o.action == S2VI_EVAL_HELP, "help");
    s2vi_eval_options_free(&o);
    CHECK(!parse(&o, "-V", &err) && o.action == S2VI_EVAL_VERSION, "version");
    s2vi_eval_options_free(&o);
}

int main(void)
{
    test_good();
    test_bad();
    test_regions();
    test_words();
    return check_done();
}
