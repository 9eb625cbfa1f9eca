/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Columns of decibels, each once it is complete, in a ring; a frame's picture
 * is made of the ring. A sample m at 44.1 kHz lies at 160 m / 441 of those that
 * came, and is interpolated by one of 441 filters, a windowed sinc each. A
 * column and a frame depend on their samples alone: any pieces give the same.
 */
#include "audio/decibel_window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/sample_queue.h"
#include "base/error.h"

enum {
    UP = 441, /* of the interpolation */
    DOWN = 160,
    HALF = 16, /* samples on each side that an interpolated one is made of */
    TAPS = 2 * HALF,
    FFT = S2VI_DECIBEL_MEL_FFT,
    HOP = S2VI_DECIBEL_MEL_HOP,
    WINDOW = S2VI_DECIBEL_MEL_WINDOW,
    STEP = S2VI_DECIBEL_WINDOW_STEP,
    SPAN = S2VI_DECIBEL_WINDOW_SPAN,
    CAPACITY = 8192,
};

static const double PI = 3.14159265358979323846;
static const float RANGE = 80, LEAST = -100;                  /* dB */
static const float FALL = (float)HOP / S2VI_DECIBEL_MEL_RATE; /* dB a column */
static const float FLOOR = -40; /* dB below a sine of full scale */

struct s2vi_decibel_window {
    s2vi_power_mel *mel;
    size_t side;
    s2vi_sample_queue samples; /* from `first` on */
    int64_t first, sent;
    int64_t received; /* frames */
    int64_t columns;  /* so far; k is in place k % WINDOW of the ring */
    bool drained;
    float most, floor;      /* S_max, and what it is at least, dB */
    float *ring;            /* (WINDOW,side): dB */
    float *seen;            /* the same, in order and in [0,1] */
    double *power;          /* (side) */
    float filter[UP][TAPS]; /* at 441 places between samples */
};

/* ------------------------------------------------------------- lifetime -- */

/* A sinc of 7.6 kHz, Hann's window over it, of sum 1. */
static void make_filters(s2vi_decibel_window *w)
{
    for (int p = 0; p < UP; p++) {
        double tap[TAPS], sum = 0;
        for (int i = 0; i < TAPS; i++) {
            const double x = i - (HALF - 1) - (double)p / UP;
            const double y = 0.95 * PI * x;
            tap[i] = (fabs(y) < 1e-9 ? 1 : sin(y) / y) *
                     (0.5 + 0.5 * cos(PI * x / HALF));
            sum += tap[i];
        }
        for (int i = 0; i < TAPS; i++)
            w->filter[p][i] = (float)(tap[i] / sum);
    }
}

static float decibels(double S)
{
    return fmaxf((float)(10 * log10(fmax(S, 1e-10))), LEAST);
}

/* The largest of a column's bands, which is left in `power`. */
static float measure(s2vi_decibel_window *w, const float samples[FFT])
{
    float most = LEAST;
    s2vi_power_mel_column(w->mel, samples, w->power);
    for (size_t b = 0; b < w->side; b++)
        most = fmaxf(most, decibels(w->power[b]));
    return most;
}

static void find_floor(s2vi_decibel_window *w)
{
    float sine[FFT];
    for (int i = 0; i < FFT; i++)
        sine[i] = (float)sin(2 * PI * 1000 * i / S2VI_DECIBEL_MEL_RATE);
    w->most = w->floor = measure(w, sine) + FLOOR;
}

int s2vi_decibel_window_create(s2vi_decibel_window **out, size_t side,
                               s2v_error *err)
{
    s2vi_decibel_window *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return s2vi_error_nomem(err, "the mel spectrum");
    w->side = side;
    w->mel = s2vi_power_mel_create(side);
    w->ring = calloc(WINDOW * side, sizeof(*w->ring));
    w->seen = calloc(WINDOW * side, sizeof(*w->seen));
    w->power = calloc(side, sizeof(*w->power));
    if (!w->mel || !w->ring || !w->seen || !w->power ||
        s2vi_sample_queue_create(&w->samples, CAPACITY) < 0) {
        s2vi_decibel_window_close(out);
        return s2vi_error_nomem(err, "the mel spectrum");
    }
    make_filters(w);
    find_floor(w);
    return S2V_OK;
}

void s2vi_decibel_window_close(s2vi_decibel_window **out)
{
    s2vi_decibel_window *w = out ? *out : NULL;
    if (!w)
        return;
    s2vi_power_mel_close(&w->mel);
    s2vi_sample_queue_close(&w->samples);
    free(w->ring);
    free(w->seen);
    free(w->power);
    free(w);
    *out = NULL;
}

/* ---------------------------------------------------------------- sound -- */

int s2vi_decibel_window_reserve(s2vi_decibel_window *w, size_t n)
{
    return w->drained ? S2V_ERR_EOF : s2vi_sample_queue_reserve(&w->samples, n);
}

int s2vi_decibel_window_send(s2vi_decibel_window *w, const float *samples,
                             size_t n)
{
    if (w->drained)
        return S2V_ERR_EOF;
    const int ret = s2vi_sample_queue_append(&w->samples, samples, n);
    if (!ret)
        w->sent += (int64_t)n;
    return ret;
}

void s2vi_decibel_window_drain(s2vi_decibel_window *w)
{
    w->drained = true;
}

void s2vi_decibel_window_flush(s2vi_decibel_window *w)
{
    s2vi_sample_queue_clear(&w->samples);
    w->first = w->sent = w->received = w->columns = 0;
    w->drained = false;
    w->most = w->floor;
}

/* -------------------------------------------------------------- columns -- */

/* Sample i, 0 before the beginning and after the end. */
static float sample_at(const s2vi_decibel_window *w, int64_t i)
{
    return i >= w->first && i < w->sent
               ? s2vi_sample_queue_data(&w->samples)[i - w->first]
               : 0;
}

/* Where sample m at 44.1 kHz lies: before it, and in between. */
static int64_t place_of(int64_t m, int *phase)
{
    const int64_t at = m * DOWN;
    const int64_t before = at >= 0 ? at / UP : -((UP - 1 - at) / UP);
    *phase = (int)(at - before * UP);
    return before;
}

static float interpolate(const s2vi_decibel_window *w, int64_t m)
{
    int phase;
    const int64_t first = place_of(m, &phase) - (HALF - 1);
    const float *tap = w->filter[phase];
    float sum = 0;
    for (int i = 0; i < TAPS; i++)
        sum += tap[i] * sample_at(w, first + i);
    return sum;
}

/* Columns that so many samples complete: those k whose last sample, 512 k +
 * 1023 at 44.1 kHz, needs no more than them. */
static int64_t columns_of(int64_t samples)
{
    const int64_t each = HOP * (int64_t)DOWN;
    const int64_t room =
        (samples - HALF) * UP - (FFT / 2 - 1) * (int64_t)DOWN + each - 1;
    return room > 0 ? room / each : 0;
}

static void add_column(s2vi_decibel_window *w)
{
    const int64_t first = w->columns * HOP - FFT / 2;
    float samples[FFT];
    float *out = w->ring + (size_t)(w->columns % WINDOW) * w->side;
    for (int i = 0; i < FFT; i++)
        samples[i] = interpolate(w, first + i);
    w->most = fmaxf(fmaxf(w->most - FALL, measure(w, samples)), w->floor);
    for (size_t b = 0; b < w->side; b++)
        out[b] = decibels(w->power[b]);
    w->columns++;
}

/* What no later column needs. */
static void drop(s2vi_decibel_window *w)
{
    int phase;
    const int64_t needed =
        place_of(w->columns * HOP - FFT / 2, &phase) - (HALF - 1);
    const int64_t last = needed < w->sent ? needed : w->sent;
    if (last <= w->first)
        return;
    s2vi_sample_queue_drop(&w->samples, (size_t)(last - w->first));
    w->first = last;
}

/* --------------------------------------------------------------- frames -- */

static void make_picture(s2vi_decibel_window *w, float *out)
{
    const int64_t n = w->columns < WINDOW ? w->columns : WINDOW;
    memset(w->seen, 0, WINDOW * w->side * sizeof(*w->seen));
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = w->columns - n + i;
        const float *from = w->ring + (size_t)(k % WINDOW) * w->side;
        for (size_t b = 0; b < w->side; b++) {
            const float below = fmaxf(fminf(from[b] - w->most, 0), -RANGE);
            w->seen[(size_t)i * w->side + b] = below / RANGE + 1;
        }
    }
    s2vi_decibel_mel_image(w->seen, WINDOW, w->side, w->side, w->side, out);
}

int s2vi_decibel_window_receive(s2vi_decibel_window *w, float *out)
{
    const int64_t heard = w->received * STEP + SPAN;
    if (w->drained && w->received * STEP >= w->sent)
        return S2V_ERR_EOF;
    if (!w->drained && w->sent < heard)
        return S2V_ERR_AGAIN;
    while (w->columns < columns_of(heard))
        add_column(w);
    drop(w);
    make_picture(w, out);
    w->received++;
    return S2V_OK;
}

void s2vi_decibel_window_pass_state(s2vi_decibel_window *w, s2vi_state *state)
{
    const int64_t most = (int64_t)1 << 40;
    s2vi_sample_queue_pass_state(&w->samples, state, "decibels.samples");
    s2vi_state_int64(state, "decibels.first", &w->first, 0, most);
    s2vi_state_int64(state, "decibels.sent", &w->sent, 0, most);
    s2vi_state_int64(state, "decibels.frames", &w->received, 0, most);
    s2vi_state_int64(state, "decibels.columns", &w->columns, 0, most);
    s2vi_state_bool(state, "decibels.drained", &w->drained);
    s2vi_state_floats(state, "decibels.most", &w->most, 1, 1e3);
    s2vi_state_floats(state, "decibels.ring", w->ring, WINDOW * w->side, 1e3);
    if (!state->restoring || !s2vi_state_ok(state))
        return;
    /* A hostile state must neither read past the queue nor loop for long. */
    const int64_t count = (int64_t)s2vi_sample_queue_count(&w->samples);
    const int64_t heard = (w->received - 1) * STEP + SPAN;
    if (w->sent - w->first != count ||
        w->columns != (w->received ? columns_of(heard) : 0))
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "'decibels' are not those of one sound");
}
