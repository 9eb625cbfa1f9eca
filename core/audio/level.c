/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The leveller. k_meter.h weights the sound and measures blocks; which blocks
 * count is decided here, since the integrated loudness of EBU R 128 is that of
 * all sound so far, which follows nothing after an hour.
 */
#include "audio/level.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "audio/k_meter.h"
#include "base/error.h"

enum {
    STEP = S2VI_LEVEL_STEP,
    STEP_MS = 1000 * STEP / S2VI_LEVEL_RATE,
    BLOCK_STEPS = 80, /* of a block: 400 ms */
    HOP_STEPS = 20,   /* from one block to the next: 100 ms */
    BLOCKS = 600,     /* that count: a minute */
    FREE_BLOCKS = 4,  /* until then the gain is free */
};

static const double GATE = -70.0;               /* LUFS: silence */
static const double RELATIVE_GATE = 0.1;        /* of the mean energy: -10 LU */
static const double LEAST = -30.0, MOST = 20.0; /* gain, dB */
static const double DOWN = 20.0 * STEP_MS / 1000.0, UP = 3.0 * STEP_MS / 1000.0;
static const float LOUDEST = 1e15f; /* whose energy is finite */

struct s2vi_level {
    double target;
    s2vi_k_meter meter;
    float step[STEP]; /* sound that waits, `held` of it */
    size_t held;
    double audible; /* mean squares of the audible steps of the beginning */
    size_t audible_steps; /* how many; 0: none yet */
    unsigned steps;       /* to the end of the next block */
    double loudness;      /* LUFS; NaN: none yet */
    double block[BLOCKS]; /* mean squares of those that count, a ring */
    size_t count, next;
    bool begun;
    double gain; /* dB, at the end of the last step */
};

int s2vi_level_create(s2vi_level **out, double target, s2v_error *err)
{
    s2vi_level *level = *out = calloc(1, sizeof(*level));
    if (!level)
        return s2vi_error_nomem(err, "a leveller");
    level->target = target;
    s2vi_level_flush(level);
    return S2V_OK;
}

void s2vi_level_close(s2vi_level **out)
{
    s2vi_level *level = out ? *out : NULL;
    if (!level)
        return;
    free(level);
    *out = NULL;
}

static double lufs(double mean_square)
{
    return 10.0 * log10(mean_square) - 0.691;
}

/* The mean of the blocks that count, gated as BS.1770 does: LUFS. */
static double gated(const s2vi_level *level)
{
    double mean = 0.0, sum = 0.0;
    size_t loud = 0;
    for (size_t i = 0; i < level->count; i++)
        mean += level->block[i] / (double)level->count;
    for (size_t i = 0; i < level->count; i++)
        if (level->block[i] >= RELATIVE_GATE * mean) {
            sum += level->block[i];
            loud++;
        }
    return lufs(sum / (double)loud);
}

/* Of the last steps; 0: they are silent. */
static double mean_square(const s2vi_level *level, unsigned steps)
{
    const double loudness =
        s2vi_k_meter_loudness(&level->meter, (size_t)steps * STEP);
    return loudness < GATE ? 0.0 : pow(10.0, (loudness + 0.691) / 10.0);
}

static void add_block(s2vi_level *level)
{
    const double energy = mean_square(level, BLOCK_STEPS);
    if (energy == 0.0)
        return;
    level->block[level->next] = energy;
    level->next = (level->next + 1) % BLOCKS;
    if (level->count < BLOCKS)
        level->count++;
    if (level->count >= FREE_BLOCKS)
        level->loudness = gated(level);
}

/* Silence counts neither before the first sound nor between the first ones: a
 * mean over it would make what comes next too loud. */
static void measure(s2vi_level *level)
{
    s2vi_k_meter_add(&level->meter, level->step, STEP);
    if (level->count < FREE_BLOCKS) {
        const double energy = mean_square(level, 1);
        if (energy > 0.0) {
            level->audible += energy;
            level->audible_steps++;
            level->loudness =
                lufs(level->audible / (double)level->audible_steps);
        }
    }
    if (level->audible_steps == 0 || --level->steps > 0)
        return;
    level->steps = HOP_STEPS;
    add_block(level);
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* The gain at the end of this step, dB. */
static double next_gain(const s2vi_level *level)
{
    if (isnan(level->loudness))
        return level->gain;
    const double wanted = clamp(level->target - level->loudness, LEAST, MOST);
    if (level->count < FREE_BLOCKS)
        return wanted;
    return level->gain + clamp(wanted - level->gain, -DOWN, UP);
}

static void apply(s2vi_level *level, size_t n, float *out)
{
    const double gain = next_gain(level);
    const double to = pow(10.0, gain / 20.0);
    const double from = level->begun ? pow(10.0, level->gain / 20.0) : to;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(level->step[i] *
                         (from + (to - from) * (double)(i + 1) / STEP));
    level->gain = gain;
    level->begun = true;
    level->held = 0;
}

size_t s2vi_level_send(s2vi_level *level, const float **samples, size_t *n,
                       float out[S2VI_LEVEL_STEP])
{
    while (*n && level->held < STEP) {
        float x = isfinite(**samples) ? **samples : 0.0f;
        x = x < LOUDEST ? x : LOUDEST;
        level->step[level->held++] = x > -LOUDEST ? x : -LOUDEST;
        ++*samples;
        --*n;
    }
    if (level->held < STEP)
        return 0;
    measure(level);
    apply(level, STEP, out);
    return STEP;
}

/* What is less than a step keeps the gain. */
size_t s2vi_level_drain(s2vi_level *level, float out[S2VI_LEVEL_STEP])
{
    const size_t n = level->held;
    const double gain = pow(10.0, level->gain / 20.0);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(level->step[i] * gain);
    level->held = 0;
    return n;
}

void s2vi_level_flush(s2vi_level *level)
{
    *level = (s2vi_level){
        .target = level->target, .steps = BLOCK_STEPS, .loudness = NAN};
    s2vi_k_meter_start(&level->meter);
}

void s2vi_level_pass_state(s2vi_level *level, s2vi_state *state)
{
    const double most = FLT_MAX;
    bool measured = !isnan(level->loudness);
    int64_t steps = level->steps;
    if (!measured)
        level->loudness = 0;
    s2vi_k_meter_pass_state(&level->meter, state);
    s2vi_state_floats(state, "level.step", level->step, STEP, most);
    s2vi_state_size(state, "level.held", &level->held, STEP - 1);
    s2vi_state_number(state, "level.audible", &level->audible, 0, most);
    s2vi_state_size(state, "level.audible_steps", &level->audible_steps,
                    SIZE_MAX / 2);
    s2vi_state_int64(state, "level.steps", &steps, 1, BLOCK_STEPS);
    s2vi_state_bool(state, "level.measured", &measured);
    s2vi_state_number(state, "level.loudness", &level->loudness, -1000, 1000);
    s2vi_state_doubles(state, "level.block", level->block, BLOCKS, most);
    s2vi_state_size(state, "level.count", &level->count, BLOCKS);
    s2vi_state_size(state, "level.next", &level->next, BLOCKS - 1);
    s2vi_state_bool(state, "level.begun", &level->begun);
    s2vi_state_number(state, "level.gain", &level->gain, LEAST, MOST);
    level->steps = (unsigned)steps;
    if (!measured)
        level->loudness = NAN;
}

double s2vi_level_gain(const s2vi_level *level)
{
    return level->gain;
}

int s2vi_level_clip(const float *samples, size_t n, double target, float *out)
{
    s2vi_level *level;
    float step[STEP];
    size_t m;
    int ret = s2vi_level_create(&level, target, NULL);
    if (ret < 0)
        return ret;
    while ((m = s2vi_level_send(level, &samples, &n, step)) > 0) {
        memcpy(out, step, m * sizeof(*out));
        out += m;
    }
    m = s2vi_level_drain(level, step);
    memcpy(out, step, m * sizeof(*out));
    s2vi_level_close(&level);
    return S2V_OK;
}
