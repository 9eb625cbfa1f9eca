/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress bar's text, on a clock of the test's own. */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>

#include "check.h"
#include "terminal/progress.h"

static double clock_now;

static double read_clock(void *opaque)
{
    (void)opaque;
    return clock_now;
}

/* What was printed to `file`, for free(); closes it. */
static char *printed(FILE *file)
{
    long size = ftell(file);
    char *text = calloc(1, (size_t)size + 1);
    rewind(file);
    CHECK(fread(text, 1, (size_t)size, file) == (size_t)size, "read back");
    fclose(file);
    return text;
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

/* 1000 steps at 4 a second, a checkpoint and a message on the way. */
static char *run(s2vi_progress_params params)
{
    FILE *file = tmpfile();
    params.out = file;
    params.total = 1000;
    params.clock = read_clock;
    clock_now = 100;
    s2vi_progress *bar = s2vi_progress_new(&params);
    for (int i = 1; i <= 1000; i++) {
        clock_now += 0.25;
        const s2vi_progress_value values[] = {{"l1", 1.0 / i}, {"phi", i}};
        if (i == 500) {
            s2vi_progress_saved(bar, i);
            s2vi_progress_message(bar, "half of %d", 1000);
        }
        s2vi_progress_update(bar, i, values, 2);
    }
    s2vi_progress_close(&bar);
    CHECK(!bar, "the pointer is not cleared");
    return printed(file);
}

static void test_plain(void)
{
    char *text = run((s2vi_progress_params){0});
    char **lines = g_strsplit(text, "\n", -1);
    /* 250 s: lines at 30, 60, ... 240, the message, and the end. */
    CHECK(g_strv_length(lines) == 8 + 1 + 1 + 1, "%u lines: %s",
          g_strv_length(lines), text);
    CHECK(!strcmp(lines[0], "12%  120/1000  4.00 it/s  0:03:40 left"
                            "  l1 0.008333  phi 120"),
          "'%s'", lines[0]);
    CHECK(strstr(text, "\nhalf of 1000\n"), "%s", text);
    CHECK(strstr(text, "100%  1000/1000  4.00 it/s  l1 0.001  phi 1000  "
                       "saved 500\n"),
          "%s", text);
    CHECK(!strchr(text, '\r') && !strchr(text, '\033'), "%s", text);
    g_strfreev(lines);
    free(text);
}

/* Every redrawn line fits the terminal, and the message stands alone. */
static void test_bar(int width, bool ascii)
{
    char *text = run((s2vi_progress_params){
        .force_bar = true, .width = width, .ascii = ascii});
    CHECK(g_utf8_validate(text, -1, NULL), "not UTF-8 at %d", width);
    char **parts = g_strsplit(text, "\r", -1);
    /* Each step, the message's clearing of the line, and the end. */
    CHECK(g_strv_length(parts) == 1 + 1000 + 1 + 1, "%u redraws",
          g_strv_length(parts));
    for (int i = 1; parts[i]; i++) {
        char *end = strstr(parts[i], "\033[K");
        CHECK(end, "'%s' does not clear the line", parts[i]);
        if (end)
            *end = '\0';
        CHECK(g_utf8_strlen(parts[i], -1) < width, "%d: '%s'", width, parts[i]);
    }
    CHECK(count(text, "half of 1000\n") <= 1, "%s", text);
    g_strfreev(parts);
    free(text);
}

static void test_bar_text(void)
{
    char *text = run(
        (s2vi_progress_params){.force_bar = true, .width = 100, .ascii = true});
    CHECK(strstr(text, "\r\033[Khalf of 1000\n 49% ["),
          "the message is not above the bar");
    CHECK(strstr(text, "[##########----------] 500/1000  4.00 it/s"),
          "no half bar: %.200s", strstr(text, "half of"));
    CHECK(text[strlen(text) - 1] == '\n', "no newline at the end");
    free(text);
}

static void test_redraw_limit(void)
{
    FILE *file = tmpfile();
    clock_now = 0;
    s2vi_progress *bar = s2vi_progress_new(&(s2vi_progress_params){
        .out = file, .force_bar = true, .total = 100000, .clock = read_clock});
    for (int i = 1; i <= 100000; i++) {
        clock_now += 0.0001;
        s2vi_progress_update(bar, i, NULL, 0);
    }
    s2vi_progress_close(&bar);
    char *text = printed(file);
    int redraws = count(text, "\r");
    CHECK(redraws >= 95 && redraws <= 102, "%d redraws in 10 s", redraws);
    free(text);
}

static void test_others(void)
{
    char *text = run((s2vi_progress_params){.quiet = true});
    CHECK(!*text, "quiet, but '%s'", text);
    free(text);
    /* Resumed: the rate counts this run's steps only. */
    FILE *file = tmpfile();
    clock_now = 0;
    s2vi_progress *bar =
        s2vi_progress_new(&(s2vi_progress_params){.out = file,
                                                  .total = 2000,
                                                  .first = 1000,
                                                  .clock = read_clock,
                                                  .unit = "step"});
    for (int i = 1001; i <= 1040; i++) {
        clock_now += 2;
        s2vi_progress_update(bar, i, NULL, 0);
    }
    s2vi_progress_close(&bar);
    text = printed(file);
    CHECK(strstr(text, "50%  1015/2000  2.00 s/step  0:32:50 left\n"), "%s",
          text);
    free(text);
    s2vi_progress_update(NULL, 1, NULL, 0);
    s2vi_progress_saved(NULL, 1);
    s2vi_progress_hide(NULL);
    s2vi_progress_close(&bar);
}

int main(void)
{
    test_plain();
    for (int width = 10; width <= 140; width += 13) {
        test_bar(width, true);
        test_bar(width, false);
    }
    test_bar_text();
    test_redraw_limit();
    test_others();
    return check_done();
}
