/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viseme.h"

#include <math.h>
#include <string.h>

static const struct viseme table[] = {
    {"pau", {.03, 0, 0, 0}, .25, VISEME_PAUSE, false},
    {"p", {0, 0, .1, 0}, 1, VISEME_CLOSED, false},
    {"b", {0, 0, .1, 0}, 1, VISEME_CLOSED, false},
    {"m", {0, 0, .1, 0}, 1, VISEME_CLOSED, false},
    {"f", {.08, .05, 0, .6}, .9, VISEME_BITTEN, false},
    {"v", {.08, .05, 0, .6}, .9, VISEME_BITTEN, false},
    {"th", {.15, .1, 0, .7}, .8, VISEME_TIP, false},
    {"dh", {.15, .1, 0, .7}, .8, VISEME_TIP, false},
    {"t", {.18, .2, 0, .6}, .5, VISEME_TIP, false},
    {"d", {.18, .2, 0, .6}, .5, VISEME_TIP, false},
    {"n", {.18, .2, 0, .6}, .5, VISEME_TIP, false},
    {"l", {.25, .1, 0, .4}, .5, VISEME_TIP, false},
    {"s", {.08, .35, 0, 1}, .7, VISEME_PLAIN, false},
    {"z", {.08, .35, 0, 1}, .7, VISEME_PLAIN, false},
    {"sh", {.15, -.4, .6, .8}, .8, VISEME_PLAIN, false},
    {"zh", {.15, -.4, .6, .8}, .8, VISEME_PLAIN, false},
    {"ch", {.15, -.4, .6, .8}, .8, VISEME_PLAIN, false},
    {"jh", {.15, -.4, .6, .8}, .8, VISEME_PLAIN, false},
    {"k", {.25, .05, 0, .2}, .2, VISEME_PLAIN, false},
    {"g", {.25, .05, 0, .2}, .2, VISEME_PLAIN, false},
    {"ng", {.25, .05, 0, .2}, .2, VISEME_PLAIN, false},
    {"hh", {.25, .05, 0, .2}, .2, VISEME_PLAIN, false},
    {"r", {.2, -.3, .45, .3}, .5, VISEME_PLAIN, false},
    {"er", {.2, -.3, .45, .3}, .5, VISEME_PLAIN, true},
    {"w", {.08, -.8, 1, 0}, .9, VISEME_PLAIN, false},
    {"y", {.12, .5, 0, .4}, .4, VISEME_PLAIN, false},
    {"iy", {.15, .7, 0, .5}, .7, VISEME_PLAIN, true},
    {"ih", {.25, .45, 0, .4}, .5, VISEME_PLAIN, true},
    {"eh", {.42, .35, 0, .4}, .6, VISEME_PLAIN, true},
    {"ae", {.6, .45, 0, .4}, .7, VISEME_PLAIN, true},
    {"aa", {.8, .05, 0, .2}, .8, VISEME_PLAIN, true},
    {"ah", {.38, 0, 0, .2}, .5, VISEME_PLAIN, true},
    {"ax", {.26, 0, 0, .2}, .3, VISEME_PLAIN, true},
    {"ao", {.6, -.4, .6, .1}, .8, VISEME_PLAIN, true},
    {"uh", {.25, -.5, .6, .1}, .6, VISEME_PLAIN, true},
    {"uw", {.12, -.8, 1, 0}, .9, VISEME_PLAIN, true},
};

static const char diphthongs[][3][4] = {
    {"ey", "eh", "iy"}, {"ay", "aa", "ih"}, {"oy", "ao", "ih"},
    {"aw", "aa", "uh"}, {"ow", "ao", "uw"},
};

/* Consonants that leave width and lips to the vowels around them. */
static const char lenient[][4] = {"p", "b", "m", "f", "v", "th", "dh", "t", "d",
                                  "n", "l", "s", "z", "k", "g",  "ng", "hh"};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int viseme_table(const struct viseme **t)
{
    *t = table;
    return COUNT(table);
}

static const struct viseme *lookup(const char *name)
{
    for (int i = 0; i < COUNT(table); i++)
        if (!strcmp(name, table[i].name))
            return &table[i];
    return NULL;
}

static int find_diphthong(const char *name)
{
    for (int i = 0; i < COUNT(diphthongs); i++)
        if (!strcmp(name, diphthongs[i][0]))
            return i;
    return -1;
}

const struct viseme *viseme_find(const char *name)
{
    const int i = find_diphthong(name);
    const struct viseme *v = lookup(i < 0 ? name : diphthongs[i][1]);

    return v ? v : lookup("ax");
}

bool viseme_is_vowel(const char *name)
{
    const struct viseme *v = lookup(name);

    return find_diphthong(name) >= 0 || (v && v->vowel);
}

static bool is_lenient(const char *name)
{
    for (int i = 0; i < COUNT(lenient); i++)
        if (!strcmp(name, lenient[i]))
            return true;
    return false;
}

/* The first of consecutive segments that ends after a time; n: none does. */
static int first_after(const struct talkers_segment *s, int n, double time)
{
    int from = 0;

    while (from < n) {
        const int middle = from + (n - from) / 2;
        if (s[middle].end > time)
            n = middle;
        else
            from = middle + 1;
    }
    return from;
}

int viseme_near(const struct talkers_segment *s, int n, double time,
                double reach, int *end)
{
    const int from = first_after(s, n, time - reach);

    *end = from + first_after(s + from, n - from, time + reach);
    *end += *end < n;
    return from;
}

/* ----------------------------------------------------------- dominance -- */

/* How fast the dominance falls, per second; lips round early. */
static double theta(const struct viseme *v, int track, bool before)
{
    const bool lips = track == VISEME_WIDTH || track == VISEME_ROUND;

    if (v->kind == VISEME_CLOSED || v->kind == VISEME_BITTEN)
        return 40;
    return !before ? 15 : lips ? 11 : 22;
}

struct blend {
    double sum[VISEME_TRACKS], weight[VISEME_TRACKS];
};

/* A target `away` seconds ago; negative: yet to come. */
static void add(struct blend *b, const struct viseme *v, double away)
{
    const bool loose = is_lenient(v->name);

    for (int k = 0; k < VISEME_TRACKS; k++) {
        const bool lips = k == VISEME_WIDTH || k == VISEME_ROUND;
        const double alpha = v->alpha * (loose && lips ? 0.3 : 1);
        const double d = alpha * exp(-theta(v, k, away < 0) * fabs(away));
        b->sum[k] += d * v->target[k];
        b->weight[k] += d;
    }
}

void viseme_tracks(const struct talkers_segment *s, int n, double time,
                   double tracks[VISEME_TRACKS])
{
    const double reach = 6; /* seconds: exp(-11 * 6) is nothing beside 1 */
    struct blend b = {{0}, {0}};
    int end;

    for (int i = viseme_near(s, n, time, reach, &end); i < end; i++) {
        const struct viseme *v = viseme_find(s[i].name);
        const int pair = find_diphthong(s[i].name);
        const double length = s[i].end - s[i].start;
        if (v->kind == VISEME_PAUSE) { /* from its nearer edge; 0 inside */
            add(&b, v,
                time < s[i].start ? time - s[i].start
                                  : fmax(time - s[i].end, 0));
        } else if (pair >= 0) {
            add(&b, v, time - s[i].start - 0.3 * length);
            add(&b, lookup(diphthongs[pair][2]),
                time - s[i].start - 0.8 * length);
        } else {
            add(&b, v, time - s[i].start - 0.5 * length);
        }
    }
    for (int k = 0; k < VISEME_TRACKS; k++)
        tracks[k] = b.weight[k] > 0 ? b.sum[k] / b.weight[k] : 0;
}

/* ------------------------------------------------------------- closures -- */

/* From 15 ms after its start to its end, widened to the nearest frame. */
static void interval(const struct talkers_segment *s, int fps, double *from,
                     double *to)
{
    *from = fmin(s->start + 0.015, s->end);
    *to = s->end;
    const double middle = (*from + *to) / 2;
    const double frame = (floor(middle * fps) + 0.5) / fps;
    *from = fmin(*from, frame);
    *to = fmax(*to, frame);
}

double viseme_within(const struct talkers_segment *s, int n,
                     enum viseme_kind kind, double time, double ramp, int fps)
{
    double most = 0;
    int end;

    for (int i = viseme_near(s, n, time, ramp + 1.0 / fps, &end); i < end;
         i++) {
        double from, to;
        if (viseme_find(s[i].name)->kind != kind)
            continue;
        interval(&s[i], fps, &from, &to);
        const double away = fmax(fmax(from - time, time - to), 0);
        if (away < ramp) {
            const double w = 1 - away / ramp;
            most = fmax(most, w * w * (3 - 2 * w));
        }
    }
    return most;
}
