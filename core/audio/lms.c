/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log-mel spectrum of Listen and Move (section 3.1 of the paper; window,
 * bands and averaging from the paper, the rest as in VGGish).
 *
 * Two queues: samples not yet consumed by a column, and the up to 8 columns of
 * the next frame, 3 of which it shares with the one after. A column depends on
 * its 400 samples alone, and a frame on its 8 columns alone, each in a fixed
 * order: that is why the result cannot depend on how the sound was cut.
 */
#include "audio/lms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/sample_queue.h"
#include "audio/stft.h"
#include "base/error.h"

enum {
    BANDS = S2VI_LMS_BANDS,
    WINDOW = 400,               /* 25 ms */
    HOP = 160,                  /* 10 ms */
    FFT = 512,                  /* the window zero-padded */
    COLUMNS = S2VI_LMS_COLUMNS, /* A: columns of a frame */
    ADVANCE = S2VI_LMS_ADVANCE, /* H: columns from one frame to the next */
    CAPACITY = 8192,            /* samples there is room for from the start */
    SLICE = 800,                /* samples of a whole clip sent at once */
};

_Static_assert(S2VI_LMS_STEP == HOP * ADVANCE, "a frame's step");
_Static_assert(S2VI_LMS_SPAN == HOP * (COLUMNS - 1) + WINDOW, "its span");

static const double LOW = 125.0, HIGH = 7500.0;

struct s2vi_lms {
    s2vi_stft *stft;
    s2vi_mel *mel;
    s2vi_sample_queue samples;     /* not yet consumed by a column */
    double column[COLUMNS][BANDS]; /* the first `columns` of the next frame */
    int columns;
    double gain[BANDS]; /* of the bands' magnitudes */
    uint64_t sent;      /* samples, since creation or flush */
    uint64_t received;  /* frames */
    bool drained;
};

int s2vi_lms_create(s2vi_lms **out, s2v_error *err)
{
    *out = NULL;
    s2vi_lms *lms = calloc(1, sizeof(*lms));
    if (!lms)
        return s2vi_error_nomem(err, "the log-mel spectrum");
    lms->stft = s2vi_stft_create(WINDOW, FFT);
    lms->mel = s2vi_mel_create(BANDS, FFT, S2VI_LMS_RATE, LOW, HIGH);
    if (!lms->stft || !lms->mel ||
        s2vi_sample_queue_create(&lms->samples, CAPACITY) < 0)
        goto fail;
    s2vi_lms_equalise(lms, NULL);
    *out = lms;
    return S2V_OK;
fail:
    s2vi_lms_close(&lms);
    return s2vi_error_nomem(err, "the log-mel spectrum");
}

void s2vi_lms_close(s2vi_lms **lms)
{
    if (!lms || !*lms)
        return;
    s2vi_stft_close(&(*lms)->stft);
    s2vi_mel_close(&(*lms)->mel);
    s2vi_sample_queue_close(&(*lms)->samples);
    free(*lms);
    *lms = NULL;
}

int s2vi_lms_reserve(s2vi_lms *lms, size_t n)
{
    return s2vi_sample_queue_reserve(&lms->samples, n);
}

int s2vi_lms_send(s2vi_lms *lms, const float *samples, size_t n)
{
    if (lms->drained)
        return S2V_ERR_EOF;
    const int ret = s2vi_sample_queue_append(&lms->samples, samples, n);
    if (ret < 0)
        return ret;
    lms->sent += n;
    return S2V_OK;
}

/* The next column, of up to 400 samples and then silence. */
static void add_column(s2vi_lms *lms)
{
    double *column = lms->column[lms->columns++];
    const size_t n = s2vi_sample_queue_count(&lms->samples);
    const double *magnitude =
        s2vi_stft_column(lms->stft, s2vi_sample_queue_data(&lms->samples),
                         n < WINDOW ? n : WINDOW);
    s2vi_mel_apply(lms->mel, magnitude, column);
    for (int b = 0; b < BANDS; b++)
        column[b] = log(column[b] * lms->gain[b] + S2VI_LMS_FLOOR);
    s2vi_sample_queue_drop(&lms->samples, HOP);
}

static void average_columns(const s2vi_lms *lms, float *out)
{
    for (int b = 0; b < BANDS; b++) {
        double sum = 0.0;
        for (int c = 0; c < COLUMNS; c++)
            sum += lms->column[c][b];
        out[b] = (float)(sum / COLUMNS);
    }
}

/* Whether the next frame's columns are there. */
static int complete(s2vi_lms *lms)
{
    if (lms->drained && lms->received * S2VI_LMS_STEP >= lms->sent)
        return S2V_ERR_EOF;
    while (lms->columns < COLUMNS) {
        if (!lms->drained && s2vi_sample_queue_count(&lms->samples) < WINDOW)
            return S2V_ERR_AGAIN;
        add_column(lms);
    }
    return S2V_OK;
}

static void advance(s2vi_lms *lms)
{
    lms->columns = COLUMNS - ADVANCE;
    memmove(lms->column[0], lms->column[ADVANCE],
            sizeof(lms->column[0]) * (COLUMNS - ADVANCE));
    lms->received++;
}

int s2vi_lms_receive(s2vi_lms *lms, float out[S2VI_LMS_BANDS])
{
    const int ret = complete(lms);
    if (ret < 0)
        return ret;
    average_columns(lms, out);
    advance(lms);
    return S2V_OK;
}

int s2vi_lms_receive_columns(s2vi_lms *lms,
                             double out[S2VI_LMS_COLUMNS][S2VI_LMS_BANDS])
{
    const int ret = complete(lms);
    if (ret < 0)
        return ret;
    memcpy(out, lms->column, sizeof(lms->column));
    advance(lms);
    return S2V_OK;
}

void s2vi_lms_equalise(s2vi_lms *lms, const double *gain)
{
    for (int b = 0; b < BANDS; b++)
        lms->gain[b] = gain ? gain[b] : 1.0;
}

void s2vi_lms_drain(s2vi_lms *lms)
{
    lms->drained = true;
}

void s2vi_lms_flush(s2vi_lms *lms)
{
    s2vi_sample_queue_clear(&lms->samples);
    lms->columns = 0;
    lms->sent = lms->received = 0;
    lms->drained = false;
}

void s2vi_lms_pass_state(s2vi_lms *lms, s2vi_state *state)
{
    s2vi_sample_queue_pass_state(&lms->samples, state, "lms.samples");
    s2vi_state_doubles(state, "lms.column", lms->column[0], COLUMNS * BANDS,
                       1e3);
    s2vi_state_int(state, "lms.columns", &lms->columns, 0, COLUMNS);
    s2vi_state_uint64(state, "lms.sent", &lms->sent);
    s2vi_state_uint64(state, "lms.received", &lms->received);
    s2vi_state_bool(state, "lms.drained", &lms->drained);
}

/* The next slice of a clip, or silence after its end. */
static int send_slice(s2vi_lms *lms, const float **samples, size_t *n)
{
    static const float silence[SLICE];
    size_t take = *n < SLICE ? *n : SLICE;
    if (take == 0)
        return s2vi_lms_send(lms, silence, SLICE);
    int ret = s2vi_lms_send(lms, *samples, take);
    *samples += take;
    *n -= take;
    return ret;
}

int s2vi_lms_features(const float *samples, size_t n, float *out,
                      int64_t frames, const double *gain)
{
    s2vi_lms *lms;
    int ret = s2vi_lms_create(&lms, NULL);
    if (ret < 0)
        return ret;
    s2vi_lms_equalise(lms, gain);
    for (int64_t t = 0; t < frames;) {
        ret = s2vi_lms_receive(lms, out + t * BANDS);
        if (ret == S2V_ERR_AGAIN)
            ret = send_slice(lms, &samples, &n);
        else
            t++;
        if (ret < 0)
            break;
    }
    s2vi_lms_close(&lms);
    return ret;
}
