/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows of a log-mel spectrum. */
#include "audio/mel_window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    BANDS = S2VI_MEL_WINDOW_BANDS,
    COLUMNS = S2VI_MEL_WINDOW_COLUMNS,
    EACH = S2VI_LMS_COLUMNS, /* of a frame of lms.h */
    STEP = S2VI_LMS_ADVANCE, /* of them new, but for the first frame */
    FIRST = COLUMNS - EACH,  /* of silence before it */
};

static const double MEAN = -0.4, DEVIATION = 2;

static float scaled(double x)
{
    return (float)((x - MEAN) / DEVIATION);
}

static void fill_silence(float *out, int64_t n)
{
    const float silence = scaled(log(S2VI_LMS_FLOOR));
    for (int64_t i = 0; i < n; i++)
        out[i] = silence;
}

struct s2vi_mel_window {
    s2vi_lms *lms;
    float column[COLUMNS][BANDS]; /* of the last frame */
};

int s2vi_mel_window_create(s2vi_mel_window **out, s2v_error *err)
{
    s2vi_mel_window *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return s2vi_error_nomem(err, "windows of sound");
    fill_silence(w->column[0], COLUMNS * BANDS);
    const int ret = s2vi_lms_create(&w->lms, err);
    if (ret < 0)
        s2vi_mel_window_close(out);
    return ret;
}

void s2vi_mel_window_close(s2vi_mel_window **window)
{
    if (!window || !*window)
        return;
    s2vi_lms_close(&(*window)->lms);
    free(*window);
    *window = NULL;
}

int s2vi_mel_window_reserve(s2vi_mel_window *window, size_t n)
{
    return s2vi_lms_reserve(window->lms, n);
}

int s2vi_mel_window_send(s2vi_mel_window *window, const float *samples,
                         size_t n)
{
    return s2vi_lms_send(window->lms, samples, n);
}

void s2vi_mel_window_drain(s2vi_mel_window *window)
{
    s2vi_lms_drain(window->lms);
}

void s2vi_mel_window_flush(s2vi_mel_window *window)
{
    s2vi_lms_flush(window->lms);
    fill_silence(window->column[0], COLUMNS * BANDS);
}

/* The next frame's columns, as windows have them. */
static int receive(s2vi_lms *lms, float column[EACH][BANDS])
{
    double from[EACH][BANDS];
    const int ret = s2vi_lms_receive_columns(lms, from);
    for (int k = 0; k < EACH && !ret; k++)
        for (int b = 0; b < BANDS; b++)
            column[k][b] = scaled(from[k][b]);
    return ret;
}

static void turn(const float *column, float *out)
{
    for (int b = 0; b < BANDS; b++)
        for (int k = 0; k < COLUMNS; k++)
            out[b * COLUMNS + k] = column[k * BANDS + b];
}

int s2vi_mel_window_receive(s2vi_mel_window *w,
                            float out[S2VI_MEL_WINDOW_NUMBERS])
{
    float fresh[EACH][BANDS];
    const int ret = receive(w->lms, fresh);
    if (ret < 0)
        return ret;
    memmove(w->column[0], w->column[STEP],
            sizeof(w->column[0]) * (COLUMNS - STEP));
    memcpy(w->column[FIRST], fresh, sizeof(fresh));
    turn(w->column[0], out);
    return S2V_OK;
}

/* The first column that has sound. */
static int find_sound(const float window[S2VI_MEL_WINDOW_NUMBERS])
{
    const float most = scaled(log(2 * S2VI_LMS_FLOOR));
    int first = COLUMNS;
    for (int b = 0; b < BANDS; b++)
        for (int k = 0; k < first; k++)
            if (window[b * COLUMNS + k] > most)
                first = k;
    return first;
}

bool s2vi_mel_window_is_silent(const float window[S2VI_MEL_WINDOW_NUMBERS])
{
    return find_sound(window) == COLUMNS;
}

void s2vi_mel_window_repeat(const float window[S2VI_MEL_WINDOW_NUMBERS],
                            float out[S2VI_MEL_WINDOW_NUMBERS])
{
    const int first = find_sound(window), heard = COLUMNS - first;
    memcpy(out, window, S2VI_MEL_WINDOW_NUMBERS * sizeof(*out));
    for (int b = 0; b < BANDS && heard > 0; b++)
        for (int k = 0; k < first; k++) /* the last is beside the first */
            out[b * COLUMNS + k] =
                window[b * COLUMNS + COLUMNS - 1 - (first - 1 - k) % heard];
}

void s2vi_mel_window_pass_state(s2vi_mel_window *w, s2vi_state *state)
{
    s2vi_lms_pass_state(w->lms, state);
    s2vi_state_floats(state, "mel.column", w->column[0], COLUMNS * BANDS, 1e3);
}

/* ---------------------------------------------------------- whole clips -- */

int64_t s2vi_mel_columns_count(int64_t frames)
{
    return frames * STEP + EACH - STEP;
}

int s2vi_mel_columns(const float *samples, size_t n, int64_t frames, float *out,
                     s2v_error *err)
{
    s2vi_lms *lms;
    int ret = s2vi_lms_create(&lms, err);
    if (!ret && s2vi_lms_send(lms, samples, n) < 0)
        ret = s2vi_error_nomem(err, "a clip's sound");
    if (!ret)
        s2vi_lms_drain(lms);
    fill_silence(out, s2vi_mel_columns_count(frames) * BANDS);
    for (int64_t t = 0; t < frames && !ret; t++) {
        float column[EACH][BANDS];
        if (receive(lms, column) < 0)
            break; /* silence follows */
        memcpy(out + t * STEP * BANDS, column, sizeof(column));
    }
    s2vi_lms_close(&lms);
    return ret;
}

void s2vi_mel_window_of(const float *columns, int64_t frame,
                        float out[S2VI_MEL_WINDOW_NUMBERS])
{
    float column[COLUMNS][BANDS];
    const int64_t first = frame * STEP - FIRST;
    for (int k = 0; k < COLUMNS; k++)
        if (first + k < 0)
            fill_silence(column[k], BANDS);
        else
            memcpy(column[k], columns + (first + k) * BANDS, sizeof(column[k]));
    turn(column[0], out);
}
