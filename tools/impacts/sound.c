/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modal synthesis: a struck object is a set of damped sinusoids. Where it is
 * struck sets how much of each mode sounds, how hard sets the level and how far
 * up the modes go; a burst of noise is the blow itself. Each begins at the
 * moment of contact, to a fraction of a sample.
 *
 * The ratios of the modes are those of physics, where it has simple ones: bars
 * (wood), bells (metal), glasses, a round membrane (drums); Fletcher and
 * Rossing, "The Physics of Musical Instruments", 1998. Plastic and stone are
 * dense sets, dead and short.
 */
#include "impacts.h"

#include <math.h>
#include <stdlib.h>

enum { MODES = 14, ECHOES = 6 };

static const double pi = 3.14159265358979323846;

struct timbre {
    double low, high; /* lowest mode of a large and of a small object, Hz */
    double tilt;      /* fall of the modes: amplitude ratio^-tilt */
    double bright;    /* Hz up to which a hard, strong blow excites modes */
    double decay;     /* seconds, of slow modes */
    double damping;   /* 1/s more for each Hz */
    double noise, noise_hertz, noise_decay; /* the blow */
    double gain;
    int modes;
    double ratio[MODES];
    int diameters[MODES]; /* of a membrane: nodal lines through the middle */
};

static const struct timbre timbres[IMPACTS_MATERIALS] = {
    [IMPACTS_WOOD] = {260,
                      1100,
                      0.5,
                      3800,
                      0.11,
                      0.012,
                      0.35,
                      1900,
                      0.006,
                      0.55,
                      6,
                      {1, 2.756, 5.404, 8.933, 13.34, 18.64},
                      {0}},
    [IMPACTS_METAL] = {320,
                       1300,
                       0.35,
                       9000,
                       2.2,
                       0.0007,
                       0.12,
                       5200,
                       0.004,
                       0.42,
                       14,
                       {0.5, 1, 1.003, 1.2, 1.5, 2, 2.006, 2.52, 2.67, 3.01,
                        4.17, 5.43, 6.80, 8.22},
                       {0}},
    [IMPACTS_GLASS] = {1100,
                       3000,
                       0.6,
                       12000,
                       0.5,
                       0.0009,
                       0.20,
                       7000,
                       0.003,
                       0.40,
                       6,
                       {1, 2.32, 2.33, 4.25, 6.63, 9.38},
                       {0}},
    [IMPACTS_DRUM] = {75,
                      240,
                      0.9,
                      1500,
                      0.38,
                      0.016,
                      0.22,
                      900,
                      0.010,
                      0.75,
                      10,
                      {1, 1.593, 2.135, 2.295, 2.653, 2.917, 3.155, 3.500,
                       3.598, 4.059},
                      {0, 1, 2, 0, 3, 1, 4, 2, 0, 3}},
    [IMPACTS_PLASTIC] = {210,
                         620,
                         0.7,
                         2200,
                         0.05,
                         0.022,
                         0.55,
                         1300,
                         0.009,
                         0.60,
                         8,
                         {1, 1.34, 1.82, 2.41, 2.93, 3.77, 4.61, 5.9},
                         {0}},
    [IMPACTS_STONE] = {1500,
                       3600,
                       0.2,
                       9000,
                       0.024,
                       0.006,
                       1.10,
                       4300,
                       0.005,
                       0.50,
                       9,
                       {1, 1.19, 1.43, 1.61, 1.98, 2.31, 2.77, 3.12, 3.9},
                       {0}},
};

/* One object's modes. */
struct modes {
    const struct timbre *timbre;
    double hertz[MODES], rate[MODES], norm; /* rate of decay, 1/s */
};

/* An object of the seed, by its number, of size 0 (small) to 1. */
static void tune(struct modes *m, uint64_t seed, int object, int material,
                 double size)
{
    const struct timbre *t = &timbres[material];
    struct impacts_dice d = {.seed = seed,
                             .stream = IMPACTS_STREAM_TIMBRE,
                             .counter = (uint64_t)object * 1000};
    const double pitch = t->low *
                         pow(t->high / t->low, fmin(fmax(1 - size, 0), 1)) *
                         impacts_roll(&d, 0.92, 1.09);
    const double life = impacts_roll(&d, 0.8, 1.25);
    double sum = 0;

    m->timbre = t;
    for (int k = 0; k < t->modes; k++) {
        const double off = t == &timbres[IMPACTS_DRUM] ? 0.004 : 0.012;
        m->hertz[k] = pitch * t->ratio[k] * impacts_roll(&d, 1 - off, 1 + off);
        m->rate[k] = (1 / t->decay + t->damping * m->hertz[k]) / life;
        sum += pow(t->ratio[k], -2 * t->tilt);
    }
    m->norm = t->gain / sqrt(sum);
}

/* How much of mode k sounds where it is struck. */
static double place(const struct timbre *t, int k, double at)
{
    const double r = fabs(at);

    if (t == &timbres[IMPACTS_DRUM]) {
        if (t->diameters[k] == 0)
            return 1 - 0.75 * r * r;
        return fmin(1, pow(1.3 * r, t->diameters[k]));
    }
    return 0.3 + 0.7 * fabs(cos(0.5 * pi * (k + 1) * (0.55 * at + 0.2)));
}

/* Adds a damped sinusoid that begins, from 0, at `start` samples. */
static void add_mode(double *out, size_t n, double start, double hertz,
                     double rate, double level)
{
    const double step = 1.0 / IMPACTS_RATE, first = ceil(start);
    const double late = (first - start) * step;
    const double r = exp(-rate * step), w = 2 * pi * hertz * step;
    const double a = 2 * r * cos(w), b = r * r;
    double y0 = level * exp(-rate * late) * sin(2 * pi * hertz * late);
    double y1 = level * exp(-rate * (late + step)) *
                sin(2 * pi * hertz * (late + step));
    const size_t length = (size_t)(9 / rate * IMPACTS_RATE); /* -78 dB */

    for (size_t i = (size_t)first, end = i + length; i < end && i < n; i++) {
        const double y2 = a * y1 - b * y0;
        out[i] += y0;
        y0 = y1;
        y1 = y2;
    }
}

void impacts_add_burst(double *out, size_t n, double start, uint64_t seed,
                       uint64_t id, double hertz, double decay, double level)
{
    const double r = 0.8, w = 2 * pi * hertz / IMPACTS_RATE;
    const double fade = exp(-1 / (decay * IMPACTS_RATE));
    const size_t length = (size_t)(8 * decay * IMPACTS_RATE);
    double y1 = 0, y2 = 0, gain = level;

    for (size_t k = 0, i = (size_t)ceil(start); k < length && i < n; k++, i++) {
        const double white =
            2 * render_uniform(seed, IMPACTS_STREAM_NOISE, id << 32 | k) - 1;
        const double y = (1 - r) * white + 2 * r * cos(w) * y1 - r * r * y2;
        y2 = y1;
        y1 = y;
        out[i] += gain * y;
        gain *= fade;
    }
}

static void strike(const struct modes *m, const struct impacts_blow *b,
                   uint64_t seed, double *out, size_t n)
{
    const struct timbre *t = m->timbre;
    const double reach =
        t->bright * (0.3 + 0.7 * b->strength) * (0.35 + 0.65 * b->hardness);
    const double level = pow(b->strength, 1.4);
    const double start = b->time * IMPACTS_RATE;

    for (int k = 0; k < t->modes; k++) {
        const double f = m->hertz[k] / reach;
        const double a = level * m->norm * place(t, k, b->along) *
                         pow(t->ratio[k], -t->tilt) * exp(-f * f);
        if (m->hertz[k] < 0.45 * IMPACTS_RATE && a > 1e-5)
            add_mode(out, n, start, m->hertz[k], m->rate[k], a);
    }
    impacts_add_burst(out, n, start, seed, b->id, t->noise_hertz,
                      t->noise_decay,
                      level * t->gain * t->noise * (0.4 + 0.6 * b->hardness));
}

void impacts_add_blow(double *out, size_t n, uint64_t seed, int object,
                      enum impacts_material material, double size,
                      const struct impacts_blow *blow)
{
    struct modes m;

    tune(&m, seed, object, (int)material, size);
    strike(&m, blow, seed, out, n);
}

/* The first reflections of the room; none before the sound itself. */
static void add_room(double *out, size_t n, uint64_t seed)
{
    struct impacts_dice d = {.seed = seed, .stream = IMPACTS_STREAM_ROOM};
    const double wet = impacts_roll(&d, 0.02, 0.2);
    size_t delay[ECHOES];
    double gain[ECHOES];

    for (int k = 0; k < ECHOES; k++) {
        const double ms = 5 + 6 * k + impacts_roll(&d, 0, 6);
        delay[k] = (size_t)(ms * IMPACTS_RATE / 1000);
        gain[k] = wet * impacts_roll(&d, 0.4, 1) / (1 + 0.5 * k);
    }
    for (size_t i = n; i-- > 0;) /* backwards: the dry sound is still there */
        for (int k = 0; k < ECHOES; k++)
            if (i >= delay[k])
                out[i] += gain[k] * out[i - delay[k]];
}

/* Noise whose level falls with frequency, as in a room with its window open. */
static void add_background(double *out, size_t n, uint64_t seed, double decibel)
{
    const double level = pow(10, decibel / 20);
    double slow = 0;

    for (size_t i = 0; i < n; i++) {
        const double white =
            2 * render_uniform(seed, IMPACTS_STREAM_BACKGROUND, i) - 1;
        slow += 0.06 * (white - slow);
        out[i] += level * (8 * slow + 0.25 * white);
    }
}

/* Rounds; what would not fit makes all of it softer. */
void impacts_quantise(const double *mix, int16_t *out, size_t n)
{
    double peak = 0.95;

    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs(mix[i]));
    for (size_t i = 0; i < n; i++)
        out[i] = (int16_t)lrint(mix[i] / peak * 0.95 * 32767);
}

int16_t *impacts_sound(const struct impacts_scene *scene,
                       const struct impacts_sound_params *params,
                       size_t *samples)
{
    const size_t n = (size_t)(scene->seconds * IMPACTS_RATE + 0.5);
    double *mix = calloc(n, sizeof(*mix));
    int16_t *out = malloc(n * sizeof(*out));
    struct modes modes[IMPACTS_OBJECTS];

    *samples = n;
    if (!mix || !out) {
        free(mix);
        free(out);
        return NULL;
    }
    for (int i = 0; i < scene->object_count; i++) {
        const struct impacts_object *o = &scene->objects[i];
        tune(&modes[i], scene->seed, i,
             params->material < 0 ? (int)o->material : params->material,
             (sqrt(o->width * o->height) - 20) / 50);
    }
    for (int i = 0; i < scene->event_count; i++) {
        const struct impacts_event *e = &scene->events[i];
        const struct impacts_blow blow = {
            .time = e->time,
            .strength = e->strength,
            .hardness = scene->mallets[e->mallet].hardness,
            .along = e->along,
            .id = (uint64_t)i};
        if (e->hit)
            strike(&modes[e->object], &blow, scene->seed, mix, n);
    }
    add_room(mix, n, scene->seed);
    if (params->background < 0)
        add_background(mix, n, scene->seed, params->background);
    impacts_quantise(mix, out, n);
    free(mix);
    return out;
}
