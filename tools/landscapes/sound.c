/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

/* ----------------------------------------------------- noise and filters -- */

struct white white_of(uint64_t seed, int voice)
{
    const uint64_t x = render_random(seed, LAND_STREAM_SOUND, (uint64_t)voice);

    return (struct white){(uint32_t)x | 1};
}

static double angle_of(double hz)
{
    return 2 * pi * fmin(hz, 0.45 * LAND_SYNTH) / LAND_SYNTH;
}

void retune_band_pass(struct biquad *f, double hz, double q)
{
    const double w = angle_of(hz), alpha = sin(w) / (2 * q), a0 = 1 + alpha;

    f->b0 = (float)(alpha / a0);
    f->b1 = 0;
    f->b2 = -f->b0;
    f->a1 = (float)(-2 * cos(w) / a0);
    f->a2 = (float)((1 - alpha) / a0);
}

void retune_low_pass(struct biquad *f, double hz)
{
    const double w = angle_of(hz), alpha = sin(w) / sqrt(2), a0 = 1 + alpha;

    f->b0 = (float)((1 - cos(w)) / 2 / a0);
    f->b1 = 2 * f->b0;
    f->b2 = f->b0;
    f->a1 = (float)(-2 * cos(w) / a0);
    f->a2 = (float)((1 - alpha) / a0);
}

struct biquad band_pass(double hz, double q)
{
    struct biquad f = {0};

    retune_band_pass(&f, hz, q);
    return f;
}

struct biquad low_pass(double hz)
{
    struct biquad f = {0};

    retune_low_pass(&f, hz);
    return f;
}

struct biquad high_pass(double hz)
{
    struct biquad f = low_pass(hz);
    const double w = angle_of(hz), a0 = 1 + sin(w) / sqrt(2);

    f.b0 = (float)((1 + cos(w)) / 2 / a0);
    f.b1 = -2 * f.b0;
    f.b2 = f.b0;
    return f;
}

struct wander wander_of(uint64_t seed, int voice, double hz)
{
    struct wander w = {.noise = white_of(seed, voice),
                       .step = (float)(hz / LAND_SYNTH)};

    w.from = white_next(&w.noise);
    w.to = white_next(&w.noise);
    return w;
}

float wander_next(struct wander *w)
{
    w->at += w->step;
    if (w->at >= 1) {
        w->at -= 1;
        w->from = w->to;
        w->to = white_next(&w->noise);
    }
    const float u = w->at * w->at * (3 - 2 * w->at);
    return w->from + u * (w->to - w->from);
}

float sound_curve(const float *curve, size_t i)
{
    enum { EACH = LAND_SYNTH / LAND_STEPS };
    const float *at = curve + LAND_LEAD * LAND_STEPS + i / EACH;
    const float u = (float)(i % EACH) * (1.0f / EACH);

    return at[0] + u * (at[1] - at[0]);
}

/* --------------------------------------------------------------- grains -- */

double bubble_radius(struct land_dice *d, double least, double most)
{
    const double a = 1 / sqrt(least), b = 1 / sqrt(most);
    const double u = land_roll(d, 0, 1);

    return 1 / ((a + u * (b - a)) * (a + u * (b - a)));
}

void add_bubble(float *out, size_t n, double time, double r, double level,
                double rise)
{
    const double decay = 0.13 / r + 0.0072 * pow(r, -1.5), hz = 3 / r;
    const long begin = lround(time * LAND_SYNTH);
    const long length = lround(6 / decay * LAND_SYNTH);
    const double gain = level * pow(r / 0.001, 1.5);
    const double keep = exp(-decay / LAND_SYNTH),
                 ramp = 1 / (2e-4 * LAND_SYNTH);
    const double w = 2 * pi * hz / LAND_SYNTH;
    const double bend = w * rise * decay / LAND_SYNTH; /* radians a sample^2 */
    double c = 1, s = 0, dc = cos(w), ds = sin(w);
    const double ec = cos(2 * bend), es = sin(2 * bend);
    double env = gain;

    if (hz > 0.45 * LAND_SYNTH)
        return;
    for (long i = 0; i < length; i++) {
        const long at = begin + i;
        if (at >= (long)n)
            break;
        if (at >= 0)
            out[at] += (float)(s * env * fmin(1, (double)i * ramp));
        const double nc = c * dc - s * ds, nd = dc * ec - ds * es;
        s = s * dc + c * ds;
        c = nc;
        ds = ds * ec + dc * es;
        dc = nd;
        env *= keep;
    }
}

void add_grain(float *out, size_t n, struct white *noise, double time,
               double lasts, double hz, double level)
{
    const long length = lround(lasts * LAND_SYNTH);
    const long begin = lround(time * LAND_SYNTH);
    const double w = 2 * pi * hz / LAND_SYNTH;

    for (long i = 0; i < length; i++) {
        const long at = begin + i;
        const double u = 2.0 * (double)i / (double)length - 1;
        if (at >= (long)n)
            break;
        const double wave =
            hz > 0 ? sin(w * (double)i) : (double)white_next(noise);
        if (at >= 0)
            out[at] += (float)(level * wave * exp(-4.5 * u * u));
    }
}

double next_time(const struct land_clip *c, const float *curve,
                 struct land_dice *d, double time, double rate, double more)
{
    const double most = rate + more;

    for (;;) {
        time -= log(1 - land_roll(d, 0, 1)) / most;
        if (time >= c->seconds)
            return time;
        if (land_chance(d, (rate + more * land_at(c, curve, time)) / most))
            return time;
    }
}

/* ------------------------------------------------------------- loudness -- */

float *land_bare_sound(const struct land_clip *c, size_t *samples)
{
    const size_t n = (size_t)lround(c->seconds * LAND_SYNTH);
    float *out = calloc(n, sizeof(*out));

    *samples = n;
    if (out)
        land_kind(c->scene)->sound(c, out, n);
    return out;
}

static double gain_at(const struct land_kind *kind, double intensity)
{
    const double at = intensity * (LAND_LEVELS - 1);
    const int i = at < LAND_LEVELS - 2 ? (int)at : LAND_LEVELS - 2;
    const double bare =
        mix((double)kind->loudness[i], (double)kind->loudness[i + 1], at - i);

    return pow(10, (-23 + 24 * (intensity - 0.5) - bare) / 20);
}

/* Straight up to 0.5, then bent: 16 bits hold all. */
static double limited(double x)
{
    const double y = fabs(x) - 0.5;

    return y <= 0 ? x : copysign(0.5 + 0.49 * tanh(y / 0.49), x);
}

static void level(const struct land_clip *c, float *sound, size_t n)
{
    enum { EACH = LAND_SYNTH / LAND_STEPS };
    const struct land_kind *kind = land_kind(c->scene);
    const float *curve = c->intensity + LAND_LEAD * LAND_STEPS;
    double from = gain_at(kind, (double)curve[0]);

    for (size_t i = 0; i < n; i += EACH) {
        const double to = gain_at(kind, (double)curve[i / EACH + 1]);
        for (size_t k = 0; k < EACH && i + k < n; k++)
            sound[i + k] *= (float)mix(from, to, (double)k / (double)EACH);
        from = to;
    }
}

enum { TAPS = 95 }; /* of the decimator */

static void draw_taps(double *taps, int divide)
{
    const double cut = 0.9 / divide;
    double sum = 0;

    for (int i = 0; i < TAPS; i++) {
        const double t = i - (TAPS - 1) / 2, x = pi * cut * t;
        const double window = 0.5 + 0.5 * cos(2 * pi * t / (TAPS + 1));
        taps[i] = (t != 0 ? sin(x) / x : 1) * window;
        sum += taps[i];
    }
    for (int i = 0; i < TAPS; i++)
        taps[i] /= sum;
}

static double decimated(const float *sound, size_t n, size_t at,
                        const double *taps)
{
    const long from = (long)at - (TAPS - 1) / 2;
    const long begin = from < 0 ? -from : 0;
    const long end = from + TAPS > (long)n ? (long)n - from : TAPS;
    double sum = 0;

    for (long i = begin; i < end; i++)
        sum += taps[i] * (double)sound[from + i];
    return sum;
}

int16_t *land_sound(const struct land_clip *c, int divide, size_t *samples)
{
    size_t n;
    float *bare = land_bare_sound(c, &n);
    double taps[TAPS];

    *samples = (n + (size_t)divide - 1) / (size_t)divide;
    int16_t *out = malloc((*samples + 1) * sizeof(*out));
    if (bare && out) {
        level(c, bare, n);
        draw_taps(taps, divide);
        for (size_t i = 0; i < *samples; i++) {
            const double x = divide > 1
                                 ? decimated(bare, n, i * (size_t)divide, taps)
                                 : (double)bare[i];
            out[i] = (int16_t)lrint(limited(x) * 32767);
        }
    } else {
        free(out);
        out = NULL;
    }
    free(bare);
    return out;
}
