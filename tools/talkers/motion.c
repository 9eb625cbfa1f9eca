/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How mouth, lids, eyes and head move. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"

static const double step = 1.0 / TALKERS_STEPS;

/* Two equal poles: as fast as it gets without overshoot. */
struct smoother {
    double rate, value, speed;
};

static double smoothed(struct smoother *s, double to)
{
    const double w = s->rate, k = exp(-w * step), away = s->value - to;
    const double drive = s->speed + w * away;

    s->value = to + (away + drive * step) * k;
    s->speed = (s->speed - w * drive * step) * k;
    return s->value;
}

static struct smoother smoother_of(double hertz, double value)
{
    return (struct smoother){6.283185307 * hertz, value, 0};
}

static const struct talkers_segment *segment_at(const struct talkers_speech *s,
                                                double time)
{
    int end;
    const int at = viseme_near(s->segments, s->count, time, 0, &end);

    return !s->count ? NULL : &s->segments[at < s->count ? at : s->count - 1];
}

bool talkers_is_talking(const struct talkers_speech *s, double time)
{
    const struct talkers_segment *g = segment_at(s, time);

    return g && strcmp(g->name, "pau") != 0;
}

/* --------------------------------------------------------------- mouth -- */

/* Level of 40 ms of sound, dB. */
static double level_at(const struct talkers_speech *s, double time)
{
    const long middle = lrint(time * TALKERS_RATE), half = TALKERS_RATE / 50;
    double power = 0;

    for (long i = middle - half; i < middle + half; i++)
        if (i >= 0 && i < (long)s->samples)
            power += (double)s->sound[i] * s->sound[i];
    return 10 * log10(power / (double)(2 * half) / 1073741824 + 1e-9);
}

static double mean_level(const struct talkers_speech *s)
{
    double sum = 0;
    int n = 0;

    for (double t = 0; t < (double)s->samples / TALKERS_RATE; t += 0.02)
        if (talkers_is_talking(s, t)) {
            sum += level_at(s, t);
            n++;
        }
    return n ? sum / n : -30;
}

/* What opens is held shut around p b m, whatever the vowels beside want. */
static double closed_by(const struct talkers_speech *s, double open, double t)
{
    const double shut = viseme_within(s->segments, s->count, VISEME_CLOSED, t,
                                      0.06, TALKERS_FPS);

    return mix(open, fmin(open, 0.005), shut);
}

void talkers_move_mouth(struct talkers_motion *m,
                        const struct talkers_speech *s,
                        const struct talkers_identity *id)
{
    const double mean = mean_level(s);
    const struct talkers_segment *g = s->segments;
    struct smoother jaw = smoother_of(8, 0.03), loud = smoother_of(4, 0);

    for (int i = 0; i < m->count; i++) {
        const double t = i * step;
        struct talkers_expression *e = &m->at[i].face;
        double tracks[VISEME_TRACKS];
        viseme_tracks(g, s->count, t, tracks);
        const double over = (level_at(s, t) - mean) / 12;
        const double louder =
            smoothed(&loud, talkers_is_talking(s, t) ? clamp(over, -1, 1) : 0);
        const double scale = id->opening * (1 + 0.2 * louder);
        e->open = closed_by(s, tracks[VISEME_OPEN] * scale, t);
        e->width = tracks[VISEME_WIDTH];
        e->round = tracks[VISEME_ROUND];
        e->teeth = tracks[VISEME_TEETH];
        e->press = viseme_within(g, s->count, VISEME_CLOSED, t, 0.05, 25);
        e->tuck = viseme_within(g, s->count, VISEME_BITTEN, t, 0.06, 25);
        e->tongue = viseme_within(g, s->count, VISEME_TIP, t, 0.06, 25);
        e->open = mix(e->open, fmin(e->open, 0.10), e->tuck);
        e->jaw = smoothed(&jaw, e->open);
    }
}

/* -------------------------------------------------------------- blinks -- */

/* Seconds of a clock that runs faster the likelier a blink is. */
static double haste(const struct talkers_speech *s, double time)
{
    if (talkers_is_talking(s, time))
        return 0.88;
    for (double back = 0.02; back < 0.3; back += 0.04)
        if (time > back && talkers_is_talking(s, time - back))
            return 2.2; /* a phrase has just ended */
    return 0.58;
}

static struct talkers_blink new_blink(struct talkers_dice *d, double time)
{
    const double close = talkers_roll(d, 0.08, 0.12);
    const double shut = talkers_roll(d, 0, 0.04);

    return (struct talkers_blink){time, close, shut,
                                  talkers_roll(d, 0.15, 0.24)};
}

static double new_gap(struct talkers_dice *d)
{
    return 2.0 * exp(0.6 * talkers_normal(d));
}

int talkers_draw_blinks(struct talkers_blink **blinks,
                        const struct talkers_speech *s,
                        const struct talkers_identity *id, double seconds)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_BLINK};
    const int most = (int)(seconds / 0.3) + 2;
    double waited = 0, gap = new_gap(&d) * talkers_roll(&d, 0.2, 1.2);
    double free_at = 0.3; /* the portrait's eyes are open */
    int n = 0;

    *blinks = malloc((size_t)most * sizeof(**blinks));
    if (!*blinks)
        return -1;
    for (double t = 0; t < seconds && n < most; t += step) {
        waited += step * haste(s, t);
        if (waited < gap || t < free_at)
            continue;
        const struct talkers_blink b = new_blink(&d, t);
        (*blinks)[n++] = b;
        const bool twice = talkers_chance(&d, 0.1);
        const double end = t + b.close + b.shut + b.open;
        waited = 0;
        gap = twice ? 0 : new_gap(&d);
        free_at = end + (twice ? 0.05 : 0.6);
    }
    return n;
}

double talkers_closure(const struct talkers_blink *b, int n, double time)
{
    double most = 0;

    for (int i = 0; i < n; i++) {
        const double t = time - b[i].start;
        const double u = (t - b[i].close - b[i].shut) / b[i].open;
        double c = 1;
        if (t <= 0 || u >= 1)
            continue;
        if (t < b[i].close)
            c = smooth_step(0, b[i].close, t);
        else if (u > 0)
            c = (exp(-4 * u * u) - exp(-4)) / (1 - exp(-4));
        most = fmax(most, c);
    }
    return most;
}

/* ---------------------------------------------------------------- gaze -- */

void talkers_move_gaze(struct talkers_motion *m,
                       const struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_GAZE};
    struct smoother x = smoother_of(12, 0), y = smoother_of(12, 0);
    double to_x = 0, to_y = 0, next = talkers_roll(&d, 0.5, 3);

    for (int i = 0; i < m->count; i++) {
        if (i * step > next) {
            next += talkers_roll(&d, 0.5, 3);
            to_x = clamp(4 * talkers_normal(&d), -9, 9);
            to_y = clamp(2 * talkers_normal(&d), -4, 4);
        }
        m->at[i].face.gaze_x = smoothed(&x, to_x);
        m->at[i].face.gaze_y = smoothed(&y, to_y);
    }
}

/* ---------------------------------------------------------------- head -- */

/* Ornstein and Uhlenbeck's process. */
struct wander {
    double deviation, value;
    struct smoother smooth;
};

static struct wander wander_of(struct talkers_dice *d, double deviation)
{
    const double v = deviation * clamp(talkers_normal(d), -1.5, 1.5);

    return (struct wander){deviation, v, smoother_of(3, 0.4 * v)};
}

static double wandered(struct wander *w, struct talkers_dice *d, double calm)
{
    const double back = step / 1.2;

    w->value +=
        -back * w->value + w->deviation * sqrt(2 * back) * talkers_normal(d);
    w->value = clamp(w->value, -2.8 * w->deviation, 2.8 * w->deviation);
    return smoothed(&w->smooth, calm * w->value);
}

/* A bump of length `lasts` around a time. */
static double pulse(double t, double middle, double lasts)
{
    const double u = (t - middle) / lasts;

    return fabs(u) < 0.5 ? 0.5 + 0.5 * cos(6.283185307 * u) : 0;
}

/* On stressed vowels: some nods, some raised brows. */
static void accentuate(struct talkers_motion *m, const struct talkers_speech *s,
                       const struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_NOD};

    for (int k = 0; k < s->count; k++) {
        if (!s->segments[k].stressed)
            continue;
        const double at = (s->segments[k].start + s->segments[k].end) / 2;
        const double nod = talkers_chance(&d, .25) ? talkers_roll(&d, 2, 4) : 0;
        const double raise =
            talkers_chance(&d, .15) ? talkers_roll(&d, 0.3, 0.8) : 0;
        const int first = (int)fmax((at - 0.2) / step, 0);
        for (int i = first; i < m->count && i * step < at + 0.2; i++) {
            struct talkers_state *now = &m->at[i];
            now->head.pitch += nod * pulse(i * step, at, 0.25);
            now->face.brow =
                fmax(now->face.brow, raise * pulse(i * step, at, 0.35));
        }
    }
}

void talkers_move_head(struct talkers_motion *m, const struct talkers_speech *s,
                       const struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_HEAD};
    struct wander yaw = wander_of(&d, 3.5), pitch = wander_of(&d, 2.5);
    struct wander roll = wander_of(&d, 1.5);
    struct wander x = wander_of(&d, 0.023), y = wander_of(&d, 0.023);
    struct smoother calm = smoother_of(1, 0.4);

    for (int i = 0; i < m->count; i++) {
        struct talkers_pose *h = &m->at[i].head;
        const bool talking = talkers_is_talking(s, i * step);
        const double k = smoothed(&calm, talking ? 1 : 0.4);
        h->yaw = wandered(&yaw, &d, k);
        h->pitch = wandered(&pitch, &d, k);
        h->roll = wandered(&roll, &d, k);
        h->x = wandered(&x, &d, k);
        h->y = wandered(&y, &d, k);
    }
    accentuate(m, s, id);
}
