/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What scenes make sound of: noise, filters, grains and bubbles, at LAND_SYNTH
 * samples a second; and the way from a scene's bare sound to the clip's. */
#ifndef S2V_TOOLS_LANDSCAPES_SOUND_H
#define S2V_TOOLS_LANDSCAPES_SOUND_H

#include "landscapes.h"

/* White noise, -1 to 1: xorshift. */
struct white {
    uint32_t state;
};
struct white white_of(uint64_t seed, int voice);
static inline float white_next(struct white *w)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 17;
    w->state ^= w->state << 5;
    return (float)(int32_t)w->state * (1 / 2147483648.0f);
}

/* A second-order filter (R. Bristow-Johnson's cookbook). */
struct biquad {
    float b0, b1, b2, a1, a2, x1, x2, y1, y2;
};
struct biquad band_pass(double hz, double q); /* 0 dB at its peak */
struct biquad low_pass(double hz);            /* Q 0.7071 */
struct biquad high_pass(double hz);
/* Another frequency and Q for a band-pass, a low-pass, that keeps its state. */
void retune_band_pass(struct biquad *f, double hz, double q);
void retune_low_pass(struct biquad *f, double hz);
static inline float filtered(struct biquad *f, float x)
{
    /* The constant keeps the state from denormal numbers. */
    const float y = f->b0 * x + f->b1 * f->x1 + f->b2 * f->x2 - f->a1 * f->y1 -
                    f->a2 * f->y2 + 1e-18f;

    f->x2 = f->x1;
    f->x1 = x;
    f->y2 = f->y1;
    f->y1 = y;
    return y;
}

/* Noise that wanders slowly: `hz` changes a second, mean 0, -1 to 1. */
struct wander {
    struct white noise;
    float from, to, at, step;
};
struct wander wander_of(uint64_t seed, int voice, double hz);
float wander_next(struct wander *w);

/* A curve of the clip for each sample. */
float sound_curve(const float *curve, size_t i);

/*
 * A bubble of radius r in metres (K. van den Doel, "Physically based models for
 * liquid sounds", 2005): 3 / r Hz, decaying; with `rise` its pitch goes up.
 */
void add_bubble(float *out, size_t n, double time, double r, double level,
                double rise);
/* A radius of a density of r^-1.5. */
double bubble_radius(struct land_dice *d, double least, double most);

/* A burst of noise or of a sine (hz above 0) under a Gaussian window. */
void add_grain(float *out, size_t n, struct white *w, double time, double lasts,
               double hz, double level);

/* Calls for the times of a Poisson process whose rate is `rate` + `more` *
 * curve; from `from` on. Its state is the dice. Returns the next time, or a
 * time after the clip. */
double next_time(const struct land_clip *clip, const float *curve,
                 struct land_dice *d, double time, double rate, double more);

/* The clip's sound at LAND_SYNTH / divide: the scene's, at the loudness of the
 * intensity: -23 LUFS at 0.5, 24 dB from 0 to 1. The caller frees it; NULL
 * without memory. */
int16_t *land_sound(const struct land_clip *clip, int divide, size_t *samples);

/* The scene's alone, without its loudness, at LAND_SYNTH. */
float *land_bare_sound(const struct land_clip *clip, size_t *samples);

#endif
