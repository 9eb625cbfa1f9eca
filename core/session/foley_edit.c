/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts of a picture are looked at, and when it sounds. */
#include "session/foley_edit.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/onset_picker.h"
#include "base/error.h"

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    RATE = S2VI_FOLEY_RATE,
    BEFORE = 3,  /* columns before an onset in which it may rise already */
    AFTER = 6,   /* and after it */
    DUE = 2,     /* columns after it by which it has risen */
    STROKE = 43, /* columns of a stroke that is used again: 0.5 s */
    MOST_SECONDS = 1000000,
    MOST_BYTES = 4 << 20, /* of a file of onsets: 100,000 and more */
};

static const float RANGE = 0.6f;  /* of the mel that counts: 60 dB */
static const float RISEN = 0.03f; /* mean of the bands that is an onset */
static const float QUIET = 0.7f;  /* mel below which nothing is the loudest */

/* ------------------------------------------------------------ regions -- */

static bool read_region(const char *text, double v[4])
{
    char *end = (char *)text;
    for (int i = 0; i < 4; i++) {
        if (i && *end != ':' && *end != '|')
            return false;
        const char *from = end + (i > 0);
        v[i] = g_ascii_strtod(from, &end);
        if (end == from || !(v[i] >= 0 && v[i] <= 65535))
            return false;
    }
    const bool parts = v[0] <= 1 && v[1] <= 1 && v[2] <= 1 && v[3] <= 1;
    bool whole = true;
    for (int i = 0; i < 4; i++)
        whole = whole && v[i] == floor(v[i]);
    return !*end && v[2] > 0 && v[3] > 0 &&
           (parts ? v[0] + v[2] <= 1 + 1e-9 && v[1] + v[3] <= 1 + 1e-9 : whole);
}

int s2vi_foley_regions_parse(s2vi_foley_regions *out, const char *text,
                             s2v_error *err)
{
    s2vi_foley_regions r = {0};
    char **words = g_strsplit(text, "+", -1);
    const char *bad = NULL;
    int ret = S2V_OK;
    const bool all = !*text || !strcmp(text, "all");
    for (int i = 0; !all && words[i] && !bad; i++, r.count++)
        if (r.count == S2VI_FOLEY_REGIONS || !read_region(words[i], r.at[i]))
            bad = words[i];
    if (bad)
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "regions: expected x:y:width:height, in whole pixels "
                         "or all of them in parts of the picture up to 1, and "
                         "at most %d of these with + between, found '%.40s'",
                         S2VI_FOLEY_REGIONS, bad);
    else
        *out = r;
    g_strfreev(words);
    return ret;
}

/* In pixels: left, top, right, bottom. */
static void bounds(const double v[4], int width, int height, double out[4])
{
    const bool parts = v[0] <= 1 && v[1] <= 1 && v[2] <= 1 && v[3] <= 1;
    const double w = parts ? width : 1, h = parts ? height : 1;
    out[0] = v[0] * w;
    out[1] = v[1] * h;
    out[2] = (v[0] + v[2]) * w;
    out[3] = (v[1] + v[3]) * h;
}

int s2vi_foley_regions_view(const s2vi_foley_regions *r, int width, int height,
                            s2vi_foley_view *view, s2v_error *err)
{
    double left = width, top = height, right = 0, bottom = 0;
    *view = (s2vi_foley_view){0, 0, width, height};
    for (int i = 0; i < r->count; i++) {
        double at[4];
        bounds(r->at[i], width, height, at);
        if (at[2] > width + 1e-6 || at[3] > height + 1e-6)
            return s2vi_error(err, S2V_ERR_INVALID,
                              "regions: %g:%g:%g:%g reaches beyond the "
                              "picture of %dx%d",
                              r->at[i][0], r->at[i][1], r->at[i][2],
                              r->at[i][3], width, height);
        left = fmin(left, at[0]);
        top = fmin(top, at[1]);
        right = fmax(right, at[2]);
        bottom = fmax(bottom, at[3]);
    }
    if (!r->count)
        return S2V_OK;
    view->x = (int)fmin(floor(left + 1e-6), width - 1);
    view->y = (int)fmin(floor(top + 1e-6), height - 1);
    view->w = (int)fmax(ceil(fmin(right, width) - 1e-6) - view->x, 1);
    view->h = (int)fmax(ceil(fmin(bottom, height) - 1e-6) - view->y, 1);
    return S2V_OK;
}

void s2vi_foley_regions_mask(const s2vi_foley_regions *r, int width, int height,
                             const s2vi_foley_view *view, int side, float *rgb)
{
    for (int y = 0; r->count > 1 && y < side; y++)
        for (int x = 0; x < side; x++) {
            const double px = view->x + (x + 0.5) * view->w / side;
            const double py = view->y + (y + 0.5) * view->h / side;
            bool in = false;
            for (int i = 0; i < r->count && !in; i++) {
                double at[4];
                bounds(r->at[i], width, height, at);
                in = px >= at[0] && px < at[2] && py >= at[1] && py < at[3];
            }
            for (int c = 0; c < 3 && !in; c++)
                rgb[3 * ((size_t)y * (size_t)side + (size_t)x) + (size_t)c] = 0;
        }
}

/* ------------------------------------------------------------- onsets -- */

/* When it is to sound, and when it did; NaN: it was added. In samples. */
typedef struct onset {
    double to, from;
} onset;

struct s2vi_foley_onsets {
    char *path;
    FILE *out;   /* what is written */
    bool again;  /* it is to be written anew */
    bool broken; /* it cannot be written */
    s2vi_onset_picker picker;
    float loudest;

    onset *onset; /* (count), in order of `to` */
    int count;
    bool moved;     /* any of them */
    int next;       /* the first that `column` is not past */
    int64_t column; /* number of the next */
    float last[BANDS];
    float stroke[STROKE][BANDS]; /* of an added one */
    float record[STROKE][BANDS];
    int recording, playing; /* columns of them; STROKE: none */
    bool known;             /* there is a stroke */
    float opened[BANDS];    /* before the onset that is to come */
    int64_t due;            /* column by which it has; -1: none is to */
    bool risen;
};

static int by_time(const void *a, const void *b)
{
    const onset *x = a, *y = b;
    return (x->to > y->to) - (x->to < y->to);
}

/* The time of a label; NaN for any other text. */
static double label_time(const char *text)
{
    char *end;
    const double v = g_ascii_strtod(text, &end);
    return end != text && !*end && v >= 0 && v <= MOST_SECONDS ? v * RATE : NAN;
}

static int read_line(s2vi_foley_onsets *o, char *line, int number,
                     s2v_error *err)
{
    char *end;
    const double to = g_ascii_strtod(line, &end);
    if (end == line || !(to >= 0 && to <= MOST_SECONDS) ||
        (*end && !g_ascii_isspace(*end)))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "onsets: %s, line %d: expected a time in seconds, "
                          "from 0 to %d, at its beginning, found '%.40s'",
                          o->path, number, MOST_SECONDS, line);
    char **words = g_strsplit_set(g_strstrip(end), "\t ", 2);
    /* Of two words the first one is the end. */
    const char *label = words[0] && words[1] ? g_strstrip(words[1]) : "";
    o->onset[o->count++] = (onset){to * RATE, label_time(label)};
    g_strfreev(words);
    return S2V_OK;
}

/* Times of which both are known have to be in the same order. */
static int check_order(s2vi_foley_onsets *o, s2v_error *err)
{
    double last = -1, last_to = -1;
    qsort(o->onset, (size_t)o->count, sizeof(*o->onset), by_time);
    for (int i = 0; i < o->count; i++) {
        const onset *one = &o->onset[i];
        if (isnan(one->from))
            continue;
        if (one->from <= last || one->to <= last_to)
            return s2vi_error(err, S2V_ERR_FORMAT,
                              "onsets: %s: the onset of %g s was moved to %g "
                              "s, past another one: expected the same order",
                              o->path, one->from / RATE, one->to / RATE);
        o->moved = o->moved || one->to != one->from;
        last = one->from;
        last_to = one->to;
    }
    return S2V_OK;
}

static int read_onsets(s2vi_foley_onsets *o, const char *text, s2v_error *err)
{
    char **lines = g_strsplit(text, "\n", -1);
    int ret = S2V_OK;
    o->onset = calloc(g_strv_length(lines) + 1, sizeof(*o->onset));
    if (!o->onset)
        ret = s2vi_error_nomem(err, "onsets");
    for (int i = 0; lines[i] && !ret; i++) {
        g_strstrip(lines[i]);
        if (*lines[i] && *lines[i] != '#')
            ret = read_line(o, lines[i], i + 1, err);
    }
    g_strfreev(lines);
    return ret < 0 ? ret : check_order(o, err);
}

static int open_out(s2vi_foley_onsets *o, s2v_error *err)
{
    if (o->out)
        fclose(o->out);
    o->again = false;
    o->out = fopen(o->path, "w");
    o->broken = !o->out;
    return o->out ? S2V_OK
                  : s2vi_error(err, S2V_ERR_IO,
                               "onsets: '%s' cannot be written: %s", o->path,
                               strerror(errno));
}

static void restart(s2vi_foley_onsets *o)
{
    o->picker = (s2vi_onset_picker){0};
    o->loudest = QUIET;
    o->next = 0;
    o->column = 0;
    o->recording = o->playing = STROKE;
    o->due = -1;
    memset(o->last, 0, sizeof(o->last));
}

/* What the file holds; NULL where there is none, or a device that can only be
 * written to. */
static int read_text(const char *path, char **text, s2v_error *err)
{
    GError *error = NULL;
    GStatBuf file;
    int ret = S2V_OK;
    *text = NULL;
    if (g_stat(path, &file) || !S_ISREG(file.st_mode))
        return S2V_OK;
    if (file.st_size > MOST_BYTES)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "onsets: %s: expected at most %d bytes, found %lld",
                          path, MOST_BYTES, (long long)file.st_size);
    if (!g_file_get_contents(path, text, NULL, &error))
        ret = s2vi_error(err, S2V_ERR_IO, "onsets: %s", error->message);
    g_clear_error(&error);
    return ret;
}

int s2vi_foley_onsets_open(s2vi_foley_onsets **out, const char *path,
                           s2v_error *err)
{
    s2vi_foley_onsets *o = *out = calloc(1, sizeof(*o));
    char *text = NULL;
    int ret;
    if (!o)
        return s2vi_error_nomem(err, "onsets");
    o->path = g_strdup(path);
    restart(o);
    ret = read_text(path, &text, err);
    if (!ret && text)
        ret = read_onsets(o, text, err);
    if (!ret && !o->count)
        ret = open_out(o, err);
    g_free(text);
    if (ret < 0)
        s2vi_foley_onsets_close(out);
    return ret;
}

void s2vi_foley_onsets_close(s2vi_foley_onsets **out)
{
    s2vi_foley_onsets *o = *out;
    if (!o)
        return;
    s2vi_foley_onsets_finish(o, NULL);
    if (o->out)
        fclose(o->out);
    free(o->onset);
    g_free(o->path);
    free(o);
    *out = NULL;
}

/* What was written stays until there is something else. */
void s2vi_foley_onsets_flush(s2vi_foley_onsets *o)
{
    o->again = o->again || (o->out && o->column);
    restart(o);
}

void s2vi_foley_onsets_learn(s2vi_foley_onsets *o, const float *mel,
                             size_t columns)
{
    size_t best = 0;
    double most = -1;
    for (size_t k = 1; k < columns; k++) {
        double rise = 0;
        for (int b = 0; b < BANDS; b++)
            rise += fmax(mel[k * BANDS + (size_t)b] -
                             mel[(k - 1) * BANDS + (size_t)b],
                         0);
        if (rise > most) {
            most = rise;
            best = k;
        }
    }
    memset(o->stroke, 0, sizeof(o->stroke));
    for (size_t k = 0; k < STROKE && best + k < columns; k++)
        memcpy(o->stroke[k], mel + (best + k) * BANDS, sizeof(o->stroke[k]));
    o->known = columns > 0;
}

/* Linear between the onsets that were moved, and the film's beginning; a second
 * after the last of them all is as it was. */
int64_t s2vi_foley_onsets_warp(const s2vi_foley_onsets *o, int64_t sample)
{
    onset before = {0, 0}, after = {0, 0};
    if (!o->moved)
        return sample;
    const double at = (double)sample;
    int i = 0;
    for (; i < o->count; i++) {
        if (isnan(o->onset[i].from))
            continue;
        after = o->onset[i];
        if (after.from > at)
            break;
        before = after;
    }
    if (i == o->count) {
        const double end = fmax(before.from, before.to) + RATE;
        if (at >= end)
            return sample;
        after = (onset){end, end};
    }
    return (int64_t)ceil(before.to + (at - before.from) *
                                         (after.to - before.to) /
                                         (after.from - before.from));
}

/* ------------------------------------------------------------ columns -- */

static void put(const s2vi_foley_onsets *o, int64_t peak)
{
    const double t = s2vi_onset_time(peak);
    char time[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(time, sizeof(time), "%.6f", t);
    fprintf(o->out, "%s\t%s\t%s\n", time, time, time);
}

static void find(s2vi_foley_onsets *o, const float *column)
{
    int64_t peak;
    for (int b = 0; b < BANDS; b++)
        o->loudest = fmaxf(o->loudest, column[b]);
    if (s2vi_onset_picker_push(&o->picker, column, o->loudest - RANGE, &peak))
        put(o, peak);
}

/* The number of an onset's column. */
static int64_t column_of(const onset *one)
{
    return (int64_t)lrint(one->to / COLUMN);
}

/* What begins at this column; `open` is whether an onset that was found may
 * rise in it. */
static void begin(s2vi_foley_onsets *o, bool *open)
{
    *open = false;
    while (o->next < o->count &&
           column_of(&o->onset[o->next]) + AFTER < o->column)
        o->next++;
    for (int i = o->next; i < o->count; i++) {
        const int64_t at = column_of(&o->onset[i]);
        if (at - BEFORE > o->column)
            break;
        const bool first = o->column == (at > BEFORE ? at - BEFORE : 0);
        if (isnan(o->onset[i].from)) {
            if (first && o->known)
                o->playing = 0;
        } else {
            *open = true;
            if (!first)
                continue;
            memcpy(o->opened, o->last, sizeof(o->opened));
            o->recording = 0;
            o->risen = false;
            o->due = at + DUE;
        }
    }
}

/* Keep the strokes of the film: one of them is that of onsets to be added. */
static void record(s2vi_foley_onsets *o, const float *column)
{
    memcpy(o->record[o->recording++], column, sizeof(o->record[0]));
    if (o->recording < STROKE)
        return;
    memcpy(o->stroke, o->record, sizeof(o->stroke));
    o->known = true;
}

/* Frames that are shown at another time may not sound where they did: such an
 * onset gets the stroke. */
static void check(s2vi_foley_onsets *o, const float *column)
{
    float rise = 0;
    if (o->due < 0)
        return;
    for (int b = 0; b < BANDS; b++)
        rise += fmaxf(column[b] - o->opened[b], 0);
    o->risen = o->risen || rise > RISEN * BANDS;
    if (o->column < o->due)
        return;
    o->due = -1;
    if (o->risen)
        return;
    o->recording = STROKE;
    if (o->known)
        o->playing = BEFORE;
}

static void change(s2vi_foley_onsets *o, float *column)
{
    bool open;
    begin(o, &open);
    for (int b = 0; b < BANDS && !open; b++)
        column[b] = fminf(column[b], o->last[b]);
    check(o, column);
    if (o->recording < STROKE)
        record(o, column);
    for (int b = 0; b < BANDS && o->playing < STROKE; b++)
        column[b] = fmaxf(column[b], o->stroke[o->playing][b]);
    o->playing += o->playing < STROKE;
    memcpy(o->last, column, sizeof(o->last));
}

void s2vi_foley_onsets_pass(s2vi_foley_onsets *o, float *columns, int n)
{
    if (o->again)
        open_out(o, NULL);
    for (int i = 0; i < n; i++, o->column++) {
        if (o->out)
            find(o, columns + (ptrdiff_t)i * BANDS);
        else if (o->count)
            change(o, columns + (ptrdiff_t)i * BANDS);
    }
}

bool s2vi_foley_onsets_are_read(const s2vi_foley_onsets *o)
{
    return o->count > 0;
}

bool s2vi_foley_onsets_read(s2vi_foley_onsets *o, int64_t end, double *sample)
{
    if (o->next == o->count || o->onset[o->next].to >= (double)(end * COLUMN))
        return false;
    *sample = o->onset[o->next++].to;
    return true;
}

void s2vi_foley_onsets_write(s2vi_foley_onsets *o, int64_t column)
{
    if (o->again)
        open_out(o, NULL);
    o->column = column + 1;
    if (o->out)
        put(o, column);
}

int s2vi_foley_onsets_finish(s2vi_foley_onsets *o, s2v_error *err)
{
    int64_t peak;
    while (o->out && s2vi_onset_picker_finish(&o->picker, &peak))
        put(o, peak);
    if (o->broken || (o->out && (fflush(o->out) || ferror(o->out))))
        return s2vi_error(err, S2V_ERR_IO, "onsets: '%s' cannot be written: %s",
                          o->path, strerror(errno));
    return S2V_OK;
}

void s2vi_foley_onsets_pass_state(s2vi_foley_onsets *o, s2vi_state *state)
{
    int count = o->count;
    if (o->out)
        s2vi_state_fail(state, S2V_ERR_INVALID,
                        "onsets: '%.400s' is being written: such a session "
                        "cannot be saved",
                        o->path);
    s2vi_state_int(state, "onsets.count", &count, o->count, o->count);
    s2vi_state_int(state, "onsets.next", &o->next, 0, o->count);
    s2vi_state_int64(state, "onsets.column", &o->column, 0, INT64_MAX / 2);
    s2vi_state_floats(state, "onsets.last", o->last, BANDS, 1e3);
    s2vi_state_floats(state, "onsets.stroke", o->stroke[0], STROKE * BANDS,
                      1e3);
    s2vi_state_floats(state, "onsets.record", o->record[0], STROKE * BANDS,
                      1e3);
    s2vi_state_int(state, "onsets.recording", &o->recording, 0, STROKE);
    s2vi_state_int(state, "onsets.playing", &o->playing, 0, STROKE);
    s2vi_state_bool(state, "onsets.known", &o->known);
    s2vi_state_floats(state, "onsets.opened", o->opened, BANDS, 1e3);
    s2vi_state_int64(state, "onsets.due", &o->due, -1, INT64_MAX / 2);
    s2vi_state_bool(state, "onsets.risen", &o->risen);
}
