/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a long job is, on stderr. */
#define _POSIX_C_SOURCE 200809L

#include "terminal/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib.h>

#define REDRAW_SECONDS 0.1
/* The rate is an average over about so many seconds. */
#define RATE_SECONDS   15.0

struct s2vi_progress {
    s2vi_progress_params params;
    bool bar;     /* redraw in place */
    bool visible; /* the cursor's line holds the bar */
    int64_t done, saved;
    char stage[32];    /* or "" */
    double part, left; /* of a total time; part -1: the total is a count */
    GString *values;
    GString *shown; /* the line as it was last printed */
    double last_shown;
    /* The rate in steps a second: weighted sums over past updates. */
    double last_update, steps, seconds;
};

static double now(const s2vi_progress *p)
{
    if (p->params.clock)
        return p->params.clock(p->params.clock_opaque);
    return g_get_monotonic_time() / 1e6;
}

/* The locale's own variables: a program that never called setlocale() may
 * still print UTF-8 to a terminal that shows it. */
static bool locale_is_utf8(void)
{
    const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        char *lower = g_ascii_strdown(value, -1);
        bool utf8 = strstr(lower, "utf-8") || strstr(lower, "utf8");
        g_free(lower);
        return utf8;
    }
    return false;
}

static bool is_terminal(FILE *out)
{
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && term && *term && strcmp(term, "dumb");
}

s2vi_progress *s2vi_progress_new(const s2vi_progress_params *params)
{
    s2vi_progress *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->params = *params;
    if (!p->params.out)
        p->params.out = stderr;
    if (!p->params.unit)
        p->params.unit = "it";
    if (p->params.plain_seconds <= 0)
        p->params.plain_seconds = 30;
    if (!locale_is_utf8())
        p->params.ascii = true;
    p->bar = params->force_bar || is_terminal(p->params.out);
    p->done = params->first;
    p->saved = -1;
    p->part = -1;
    p->values = g_string_new(NULL);
    p->shown = g_string_new(NULL);
    p->last_update = now(p);
    p->last_shown = p->bar ? -HUGE_VAL : p->last_update;
    return p;
}

static int columns(const s2vi_progress *p)
{
    struct winsize size;
    if (p->params.width > 0)
        return p->params.width;
    if (!ioctl(fileno(p->params.out), TIOCGWINSZ, &size) && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static void append_bar(GString *line, double part, int width, bool ascii)
{
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌",
                                          "▋", "▊", "▉", "█"};
    int full = (int)(CLAMP(part, 0, 1) * width * 8 + 0.5);
    g_string_append_c(line, ascii ? '[' : '|');
    for (int i = 0; i < width; i++) {
        int level = CLAMP(full - i * 8, 0, 8);
        g_string_append(line, ascii ? level >= 4 ? "#" : "-" : eighths[level]);
    }
    g_string_append_c(line, ascii ? ']' : '|');
}

static void append_rate(GString *line, const s2vi_progress *p)
{
    if (p->seconds <= 0 || p->steps <= 0)
        return;
    double rate = p->steps / p->seconds;
    if (rate >= 1)
        g_string_append_printf(line, "  %.*f %s/s", rate < 100 ? 2 : 0, rate,
                               p->params.unit);
    else
        g_string_append_printf(line, "  %.2f s/%s", 1 / rate, p->params.unit);
}

static void append_left(GString *line, const s2vi_progress *p)
{
    double left = p->left;
    if (p->part < 0) {
        if (p->params.total <= p->done || p->seconds <= 0 || p->steps <= 0)
            return;
        left = (p->params.total - p->done) * p->seconds / p->steps;
    }
    if (left > 1e9)
        return;
    long long s = (long long)(left + 0.5);
    g_string_append_printf(line, "  %lld:%02lld:%02lld left", s / 3600,
                           s / 60 % 60, s % 60);
}

/* All but the bar: what comes before it and what comes after. */
static void describe(const s2vi_progress *p, GString *head, GString *tail)
{
    if (p->params.total > 0) {
        double part = (double)p->done / p->params.total;
        /* 100 % only when it is true. */
        int percent = p->done >= p->params.total ? 100 : (int)(part * 100);
        g_string_append_printf(head, "%3d%% ", percent);
        g_string_append_printf(tail, " %lld/%lld", (long long)p->done,
                               (long long)p->params.total);
    } else {
        if (p->part >= 0)
            g_string_append_printf(head, "%3d%% ", (int)(p->part * 100));
        g_string_append_printf(tail, " %lld", (long long)p->done);
    }
    if (*p->stage)
        g_string_append_printf(tail, "  %s", p->stage);
    append_rate(tail, p);
    append_left(tail, p);
    g_string_append(tail, p->values->str);
    if (p->saved >= 0)
        g_string_append_printf(tail, "  saved %lld", (long long)p->saved);
}

static int length(const GString *s)
{
    return (int)g_utf8_strlen(s->str, (gssize)s->len);
}

/* Cut at a whole character: a line that wraps could not be redrawn. */
static void cut(GString *s, int width)
{
    if (length(s) > width)
        g_string_truncate(
            s,
            (gsize)(g_utf8_offset_to_pointer(s->str, MAX(width, 0)) - s->str));
}

/* The whole line at most `width` columns wide; 0: as wide as it is. */
static void compose(const s2vi_progress *p, GString *line, int width)
{
    GString *tail = g_string_new(NULL);
    describe(p, line, tail);
    int room = width - length(line) - length(tail) - 2;
    /* A few widths only, or the bar would dance with the numbers beside it. */
    const int bar = room >= 30   ? 30
                    : room >= 20 ? 20
                    : room >= 10 ? 10
                    : room >= 5  ? 5
                                 : 0;
    const double part =
        p->params.total > 0 ? (double)p->done / p->params.total : p->part;
    if (part >= 0 && bar)
        append_bar(line, part, bar, p->params.ascii);
    g_string_append(line, line->len ? tail->str : tail->str + 1);
    if (width)
        cut(line, width);
    g_string_free(tail, TRUE);
}

static void show(s2vi_progress *p)
{
    if (p->params.quiet)
        return;
    GString *line = g_string_new(NULL);
    /* The last column stays free: some terminals wrap when it is written. */
    compose(p, line, p->bar ? MAX(columns(p) - 1, 1) : 0);
    if (p->bar)
        fprintf(p->params.out, "\r%s\033[K", line->str);
    else
        fprintf(p->params.out, "%s\n", line->str + strspn(line->str, " "));
    fflush(p->params.out);
    p->visible = p->bar;
    g_string_assign(p->shown, line->str);
    g_string_free(line, TRUE);
    p->last_shown = now(p);
}

static void keep_values(s2vi_progress *p, const s2vi_progress_value *values,
                        size_t count)
{
    g_string_truncate(p->values, 0);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(p->values, "  %s %.4g", values[i].name,
                               values[i].value);
}

/* Old steps fade with their age, so that the rate follows a change. */
static void keep_rate(s2vi_progress *p, int64_t done, double time)
{
    double seconds = time - p->last_update;
    if (done <= p->done || seconds <= 0)
        return;
    double fade = exp(-seconds / RATE_SECONDS);
    p->steps = p->steps * fade + (double)(done - p->done);
    p->seconds = p->seconds * fade + seconds;
    p->last_update = time;
}

void s2vi_progress_update(s2vi_progress *p, int64_t done,
                          const s2vi_progress_value *values, size_t count)
{
    if (!p)
        return;
    double time = now(p);
    keep_rate(p, done, time);
    p->done = done;
    keep_values(p, values, count);
    if (time - p->last_shown >=
        (p->bar ? REDRAW_SECONDS : p->params.plain_seconds))
        show(p);
}

void s2vi_progress_stage(s2vi_progress *p, const char *stage, double part,
                         double left)
{
    if (!p)
        return;
    g_strlcpy(p->stage, stage ? stage : "", sizeof(p->stage));
    p->part = part;
    p->left = left;
}

void s2vi_progress_saved(s2vi_progress *p, int64_t done)
{
    if (p)
        p->saved = done;
}

void s2vi_progress_hide(s2vi_progress *p)
{
    if (!p || !p->visible)
        return;
    fputs("\r\033[K", p->params.out);
    fflush(p->params.out);
    p->visible = false;
}

void s2vi_progress_message(s2vi_progress *p, const char *format, ...)
{
    if (p && p->params.quiet)
        return;
    FILE *out = p ? p->params.out : stderr;
    bool visible = p && p->visible;
    va_list args;
    va_start(args, format);
    s2vi_progress_hide(p);
    vfprintf(out, format, args);
    va_end(args);
    fputc('\n', out);
    if (visible) {
        fputs(p->shown->str, out);
        p->visible = true;
    }
    fflush(out);
}

void s2vi_progress_close(s2vi_progress **progress)
{
    s2vi_progress *p = *progress;
    if (!p)
        return;
    show(p);
    if (p->visible)
        fputc('\n', p->params.out);
    fflush(p->params.out);
    g_string_free(p->values, TRUE);
    g_string_free(p->shown, TRUE);
    free(p);
    *progress = NULL;
}
