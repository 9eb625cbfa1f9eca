/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rooms: image sources of a box (Allen and Berkley, JASA 65, 1979), whose walls
 * absorb what gives the reverberation time (Sabine). Late reflections are so
 * many that some stand for all: they are kept at random, louder for those left
 * out.
 */
#include "film.h"

#include <math.h>
#include <stdlib.h>

static const double c = 343;      /* m/s */
static const double dense = 2500; /* reflections a second that are kept */

enum { TAPS = 6000 };

struct taps {
    int count;
    size_t delay[TAPS];
    float gain[TAPS];
};

/* One image: its place, and how many walls it is behind. */
static void add_image(struct taps *t, const double at[3], int walls,
                      double reflects, double direct, double volume,
                      double seconds, struct impacts_dice *d)
{
    const double way = sqrt(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]);
    const double time = (way - direct) / c;
    const double chance = impacts_roll(d, 0, 1), sign = impacts_roll(d, 0, 1);
    /* Reflections a second at that time. */
    const double all = 4 * 3.14159 * c * way * way / volume;
    const double keep = fmin(1, dense / fmax(all, 1));

    if (time <= 0 || time > seconds || chance > keep || t->count == TAPS)
        return;
    t->delay[t->count] = (size_t)(time * IMPACTS_RATE);
    t->gain[t->count++] =
        (float)(pow(reflects, walls) * direct / way / sqrt(keep) *
                (keep < 1 && sign < 0.5 ? -1 : 1));
}

static void fill_taps(struct taps *t, double seconds, double distance,
                      uint64_t seed)
{
    struct impacts_dice d = {.seed = seed, .stream = FILM_STREAM_ROOM};
    const double large = pow(seconds / 0.5, 0.4);
    const double size[3] = {impacts_roll(&d, 3, 6) * large,
                            impacts_roll(&d, 2.5, 5) * large,
                            impacts_roll(&d, 2.3, 3) * large};
    double from[3], to[3] = {distance, 0.3, 0.1};
    const double volume = size[0] * size[1] * size[2];
    const double walls =
        2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2]);
    const double absorbs = fmin(0.161 * volume / (walls * seconds), 0.95);
    int most[3];

    for (int i = 0; i < 3; i++) {
        from[i] = size[i] * impacts_roll(&d, 0.2, 0.45);
        to[i] = fmin(from[i] + to[i], 0.95 * size[i]);
        most[i] = (int)(c * seconds / (2 * size[i])) + 1;
    }
    const double direct =
        sqrt(pow(to[0] - from[0], 2) + pow(to[1] - from[1], 2) +
             pow(to[2] - from[2], 2));
    for (int x = -most[0]; x <= most[0]; x++)
        for (int y = -most[1]; y <= most[1]; y++)
            for (int z = -most[2]; z <= most[2]; z++)
                for (int p = 0; p < 8; p++) {
                    const int k[3] = {x, y, z};
                    double at[3];
                    int behind = 0;
                    for (int i = 0; i < 3; i++) {
                        const int flip = p >> i & 1;
                        at[i] = 2 * k[i] * size[i] +
                                (flip ? -from[i] : from[i]) - to[i];
                        behind += abs(k[i] - flip) + abs(k[i]);
                    }
                    if (behind)
                        add_image(t, at, behind, sqrt(1 - absorbs), direct,
                                  volume, seconds, &d);
                }
}

int film_room_add(double *samples, size_t n, double seconds, double distance,
                  uint64_t seed)
{
    enum { BLOCK = 256 };
    struct taps *t = calloc(1, sizeof(*t));
    float *dry = malloc((n + 1) * sizeof(*dry));
    float *wet = calloc(n + 1, sizeof(*wet));

    if (!t || !dry || !wet) {
        free(t);
        free(dry);
        free(wet);
        return -1;
    }
    fill_taps(t, seconds, distance, seed);
    for (size_t i = 0; i < n; i++)
        dry[i] = (float)samples[i];
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        float loud = 0;
        for (size_t i = 0; i < count; i++)
            loud = fmaxf(loud, fabsf(dry[first + i]));
        for (int k = 0; loud > 1e-5f && k < t->count; k++) {
            const size_t to = first + t->delay[k];
            const float gain = t->gain[k];
            for (size_t i = 0; i < count && to + i < n; i++)
                wet[to + i] += gain * dry[first + i];
        }
    }
    for (size_t i = 0; i < n; i++)
        samples[i] += (double)wet[i];
    free(t);
    free(dry);
    free(wet);
    return 0;
}
