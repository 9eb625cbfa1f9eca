/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sounds behind the events: rooms, streets, wind, rain, mains, voices,
 * music. */
#include "film.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

enum { NONE, ROOM, STREET, WIND, RAIN, HUM, VOICES, MUSIC };

const char *const film_background_names[] = {"none", "room", "street", "wind",
                                             "rain", "hum",  "voices", "music"};
const int film_background_count =
    sizeof(film_background_names) / sizeof(film_background_names[0]);

static double white(uint64_t seed, uint64_t i)
{
    return 2 * render_uniform(seed, FILM_STREAM_BACKGROUND, i) - 1;
}

/* Tones: of the mains, or a chord that changes every 2 s. */
static double tones(int kind, uint64_t seed, double t)
{
    double sum = 0;

    for (int k = 1; k <= 6; k++) {
        const uint64_t bar = (uint64_t)(t / 2);
        const double note =
            floor(12 * render_uniform(seed, FILM_STREAM_BACKGROUND,
                                      7000000 + 8 * bar + (uint64_t)k));
        const double hertz =
            kind == HUM ? 50.0 * k : 130.8 * pow(2, note / 6 + k / 6);
        const double fade = kind == HUM ? 1.0 / k : sin(pi * fmod(t, 2) / 2);
        sum += fade * sin(2 * pi * hertz * t);
    }
    return sum;
}

/* Noise through low-passes, as loud as the kind's curve says. */
static double noise(int kind, uint64_t seed, size_t i, double t, double low[3])
{
    const double x = white(seed, i);
    const double slow = sin(0.7 * t) * sin(0.31 * t + 1);
    const double syllable = fmax(0, sin(2 * pi * 2.1 * t + 3 * sin(0.9 * t)));

    low[0] += (kind == RAIN ? 0.7 : 0.06) * (x - low[0]);
    low[1] += (kind == WIND ? 0.02 + 0.01 * slow : 0.02) * (x - low[1]);
    low[2] += 0.15 * (x - low[2]);
    switch (kind) {
    case ROOM: return 4 * low[0] + 0.1 * x;
    case STREET: return 8 * low[1] * (1 + 0.6 * slow) + low[0];
    case WIND: return 9 * low[1] * (1 + 0.8 * slow);
    case RAIN:
        return (x - low[0]) * (render_uniform(seed, FILM_STREAM_BACKGROUND,
                                              i / 40 + 9000000) > 0.8
                                   ? 3
                                   : 0.6);
    default: return (low[2] - low[0]) * syllable;
    }
}

void film_background_add(double *out, size_t n, int kind, double level,
                         uint64_t seed)
{
    double *x = malloc((n + 1) * sizeof(*x)), low[3] = {0}, power = 0;

    for (size_t i = 0; x && i < n; i++) {
        const double t = (double)i / IMPACTS_RATE;
        x[i] = kind == HUM || kind == MUSIC ? tones(kind, seed, t)
                                            : noise(kind, seed, i, t, low);
        power += x[i] * x[i];
    }
    for (size_t i = 0; x && i < n && power > 0; i++)
        out[i] += level * x[i] / sqrt(power / (double)n);
    free(x);
}
