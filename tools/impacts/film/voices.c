/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What events sound like: modes of a material, bursts of noise, thumps; and
 * three that are neither: splashes, scraping, nothing. A row each. */
#include "film.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

struct burst {
    double delay; /* s */
    double hertz, decay, level;
};

struct voice {
    const char *name;
    int material;                           /* its modes, or -1 */
    double hardness, modes;                 /* their level */
    struct burst bursts[3];                 /* level 0: none */
    double thump, thump_decay, thump_level; /* a falling tone, Hz */
};

static const struct voice voices[FILM_VOICES] = {
    [FILM_VOICE_WOOD] = {"wood", IMPACTS_WOOD, 0.6, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_METAL] = {"metal", IMPACTS_METAL, 0.7, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_GLASS] = {"glass", IMPACTS_GLASS, 0.6, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_DRUM] = {"drum", IMPACTS_DRUM, 0.5, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_PLASTIC] = {"plastic", IMPACTS_PLASTIC, 0.5, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_STONE] = {"stone", IMPACTS_STONE, 0.7, 1, {{0}}, 0, 0, 0},
    [FILM_VOICE_STEP] = {"step",
                         -1,
                         0,
                         0,
                         {{0, 700, 0.012, 0.35}, {0.03, 2600, 0.03, 0.10}},
                         110,
                         0.045,
                         0.5},
    [FILM_VOICE_STOMP] = {"stomp",
                          IMPACTS_WOOD,
                          0.1,
                          0.2,
                          {{0, 400, 0.02, 0.5}, {0.01, 1800, 0.03, 0.12}},
                          75,
                          0.09,
                          0.8},
    [FILM_VOICE_SLAP] = {"slap",
                         -1,
                         0,
                         0,
                         {{0, 1300, 0.009, 0.8}, {0.002, 3200, 0.006, 0.4}},
                         160,
                         0.03,
                         0.3},
    [FILM_VOICE_CLAP] = {"clap",
                         -1,
                         0,
                         0,
                         {{0, 1100, 0.008, 0.9},
                          {0.004, 2400, 0.014, 0.5},
                          {0.009, 900, 0.02, 0.25}},
                         0,
                         0,
                         0},
    [FILM_VOICE_KNOCK] = {"knock",
                          IMPACTS_WOOD,
                          0.25,
                          0.6,
                          {{0, 500, 0.012, 0.3}},
                          140,
                          0.05,
                          0.5},
    [FILM_VOICE_BALL] = {"ball",
                         IMPACTS_PLASTIC,
                         0.1,
                         0.3,
                         {{0, 450, 0.012, 0.4}},
                         95,
                         0.07,
                         0.8},
    [FILM_VOICE_CHOP] = {"chop",
                         IMPACTS_WOOD,
                         0.5,
                         0.5,
                         {{0, 2800, 0.006, 0.5}, {0, 5500, 0.004, 0.3}},
                         180,
                         0.025,
                         0.3},
    [FILM_VOICE_KEY] = {"key",
                        IMPACTS_PLASTIC,
                        0.9,
                        0.08,
                        {{0, 3200, 0.004, 0.3},
                         {0.001, 1500, 0.007, 0.2},
                         {0.055, 2700, 0.003, 0.06}},
                        0,
                        0,
                        0},
    [FILM_VOICE_DOOR] = {"door",
                         IMPACTS_WOOD,
                         0.2,
                         0.5,
                         {{0, 350, 0.03, 0.7},
                          {0.012, 1900, 0.015, 0.35},
                          {0.05, 900, 0.03, 0.15}},
                         62,
                         0.16,
                         1.0},
    [FILM_VOICE_SPLASH] = {"splash",
                           -1,
                           0,
                           0,
                           {{0, 1400, 0.05, 0.5},
                            {0.02, 3600, 0.16, 0.5},
                            {0.05, 900, 0.22, 0.35}},
                           0,
                           0,
                           0},
    [FILM_VOICE_SCRAPE] = {"scrape", -1, 0, 0, {{0}}, 0, 0, 0},
    [FILM_VOICE_PUNCH] = {"punch",
                          -1,
                          0,
                          0,
                          {{0, 600, 0.012, 0.6}, {0.004, 1500, 0.02, 0.2}},
                          85,
                          0.06,
                          0.7},
};

const char *film_voice_name(enum film_voice voice)
{
    return voices[voice].name;
}

/* A tone that falls by a third, and begins at 0. */
static void add_thump(double *out, size_t n, double start, double hertz,
                      double decay, double level)
{
    double phase = 0;

    for (size_t i = (size_t)ceil(start), k = 0;
         i < n && k < (size_t)(9 * decay * IMPACTS_RATE); i++, k++) {
        const double t = (double)k / IMPACTS_RATE;
        out[i] += level * exp(-t / decay) * sin(phase);
        phase += 2 * pi * hertz * (0.67 + 0.5 * exp(-t / 0.02)) / IMPACTS_RATE;
    }
}

/* Bubbles that rise after a splash: tones whose pitch goes up. */
static void add_bubbles(double *out, size_t n, const struct film_event *e,
                        uint64_t seed, int id)
{
    struct impacts_dice d = {.seed = seed,
                             .stream = FILM_STREAM_VOICE,
                             .counter = 1000 * (uint64_t)id};

    for (int b = 0; b < 14; b++) {
        const double start =
            e->time + 0.02 + pow(impacts_roll(&d, 0, 1), 2) * 0.5;
        const double hertz =
            impacts_roll(&d, 350, 1600) * (1.4 - 0.7 * e->size);
        const double level = e->strength * impacts_roll(&d, 0.02, 0.14);
        double phase = 0;
        for (size_t i = (size_t)(start * IMPACTS_RATE), k = 0;
             i < n && k < IMPACTS_RATE / 12; i++, k++) {
            const double t = (double)k / IMPACTS_RATE;
            out[i] += level * exp(-t / 0.018) * sin(phase);
            phase += 2 * pi * hertz * (1 + 9 * t) / IMPACTS_RATE;
        }
    }
}

/* Noise of a band, whose loudness is that of the movement. */
static void add_scrape(double *out, size_t n, const struct film_event *e,
                       uint64_t seed, int id, double hertz)
{
    const double r = 0.9, w = 2 * pi * hertz / IMPACTS_RATE;
    const size_t length = (size_t)(e->lasts * IMPACTS_RATE);
    double y1 = 0, y2 = 0;

    for (size_t i = (size_t)ceil(e->time * IMPACTS_RATE), k = 0;
         i < n && k < length; i++, k++) {
        const double s = (double)k / (double)length;
        const double rough = render_uniform(seed, FILM_STREAM_VOICE,
                                            (uint64_t)id << 32 | k / 90);
        const double white = 2 * render_uniform(seed, IMPACTS_STREAM_NOISE,
                                                (uint64_t)id << 32 | k) -
                             1;
        const double y = (1 - r) * white + 2 * r * cos(w) * y1 - r * r * y2;
        y2 = y1;
        y1 = y;
        /* It starts with a jerk. */
        out[i] += e->strength * (0.5 + 0.5 * rough) * 0.9 * fmin(1, 40 * s) *
                  pow(1 - s, 0.7) * y;
    }
}

void film_voice_add(const struct film_event *e, int as, uint64_t seed, int id,
                    double *out, size_t n)
{
    const struct voice *v = &voices[as < 0 ? (int)e->voice : as];
    const double level = 0.25 + 0.75 * pow(e->strength, 1.4);
    const double start = e->time * IMPACTS_RATE;
    const struct impacts_blow blow = {
        .time = e->time,
        .strength = fmax(0.2, e->strength),
        .hardness = v->hardness,
        .along = 2 * render_uniform(seed, FILM_STREAM_VOICE, (uint64_t)id) - 1,
        .id = (uint64_t)id};

    if (e->voice == FILM_VOICE_SCRAPE) {
        static const double bands[] = {900, 4200, 6000, 400, 1500, 2800};
        add_scrape(out, n, e, seed, id, as < 0 ? 2300 : bands[as]);
        return;
    }
    if (v->material >= 0) {
        struct impacts_blow b = blow;
        b.strength *= v->modes < 1 ? pow(v->modes, 1 / 1.4) : 1;
        impacts_add_blow(out, n, seed, (int)e->voice,
                         (enum impacts_material)v->material, e->size, &b);
    }
    for (int i = 0; i < 3; i++)
        if (v->bursts[i].level > 0)
            impacts_add_burst(out, n, start + v->bursts[i].delay * IMPACTS_RATE,
                              seed, (uint64_t)(4 * id + i + 1),
                              v->bursts[i].hertz, v->bursts[i].decay,
                              level * v->bursts[i].level);
    if (v->thump_level > 0)
        add_thump(out, n, start, v->thump * (1.3 - 0.6 * e->size),
                  v->thump_decay, level * v->thump_level);
    if (v == &voices[FILM_VOICE_SPLASH])
        add_bubbles(out, n, e, seed, id);
}
