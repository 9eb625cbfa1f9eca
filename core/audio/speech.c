/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of speech for MAN.
 *
 * A column depends on its 1024 samples alone, its pitch on those of the two
 * columns before as well, and a frame on its columns alone, each in a fixed
 * order: the result cannot depend on how the sound was cut. A frame shares 20
 * of the 25 columns that it spans with the frame before.
 */
#include "audio/speech.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/sample_queue.h"
#include "audio/stft.h"
#include "audio/yin.h"
#include "base/error.h"

enum {
    BANDS = S2VI_SPEECH_BANDS,
    COLUMNS = S2VI_SPEECH_COLUMNS,
    CEPSTRUM = S2VI_SPEECH_CEPSTRUM,
    LEVELS = S2VI_SPEECH_LEVELS,
    WINDOW = S2VI_YIN_WINDOW, /* 64 ms */
    FFT = 2 * WINDOW,
    BINS = FFT / 2 + 1,
    HOP = 128,               /* samples between columns... */
    EVERY = 2,               /* ...of which a frame takes each second */
    ADVANCE = 5,             /* columns from one frame to the next */
    SPANNED = 25,            /* columns from a frame's first to its last */
    CEPSTRUM_BANDS = 40,     /* of the mel that the MFCC is made of */
    BEFORE = 10 * HOP + 448, /* silent samples before the sound */
    FOLLOWED = 2,            /* columns of a frame on the pitch of one before */
    CAPACITY = 8192,         /* samples there is room for from the start */
};

_Static_assert(S2VI_SPEECH_STEP == HOP * ADVANCE, "a frame's step");
_Static_assert(S2VI_SPEECH_SPAN == HOP * (SPANNED - 1) + WINDOW - BEFORE,
               "its span");
_Static_assert(S2VI_SPEECH_LEAD == BEFORE + FOLLOWED * EVERY * HOP,
               "what it hears before");
_Static_assert(SPANNED == EVERY * (COLUMNS - 1) + 1, "its columns");

static const double LOW = 50.0, HIGH = 7600.0, FLOOR = 0.01;
static const double LOWEST_PITCH = 71.0, HIGHEST_PITCH = 500.0;
static const double LEAST_ENERGY = -30.0, ENERGY_RANGE = 80.0; /* dB */
static const double PI = 3.14159265358979323846;

typedef struct column {
    float mel[BANDS], mfcc[CEPSTRUM], pitch, energy;
    float hertz;    /* 0: unvoiced */
    float followed; /* columns since the one whose own pitch that was */
} column;

struct s2vi_speech {
    s2vi_stft *stft;
    s2vi_mel *mel, *cepstrum_mel;
    double cosine[CEPSTRUM][CEPSTRUM_BANDS]; /* the DCT */
    s2vi_sample_queue samples; /* from the next column's first on */
    column column[SPANNED];    /* the first `columns` of the next frame */
    int columns;
    uint64_t sent;     /* samples, since creation or flush */
    uint64_t received; /* frames */
    bool drained;
};

/* ----------------------------------------------------------- lifetime -- */

static void fill_cosines(s2vi_speech *s)
{
    const double n = CEPSTRUM_BANDS;
    for (int k = 0; k < CEPSTRUM; k++)
        for (int b = 0; b < CEPSTRUM_BANDS; b++)
            s->cosine[k][b] =
                sqrt((k ? 2.0 : 1.0) / n) * cos(PI * k * (b + 0.5) / n);
}

void s2vi_speech_flush(s2vi_speech *s)
{
    static const float silence[BEFORE];
    s2vi_sample_queue_clear(&s->samples);
    /* Fits in what there is from the start. */
    s2vi_sample_queue_append(&s->samples, silence, BEFORE);
    s->columns = 0;
    s->sent = s->received = 0;
    s->drained = false;
}

int s2vi_speech_create(s2vi_speech **out, s2v_error *err)
{
    *out = NULL;
    s2vi_speech *s = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "features of speech");
    s->stft = s2vi_stft_create(WINDOW, FFT);
    s->mel = s2vi_mel_create_hertz(BANDS, FFT, S2VI_SPEECH_RATE, LOW, HIGH);
    s->cepstrum_mel =
        s2vi_mel_create_hertz(CEPSTRUM_BANDS, FFT, S2VI_SPEECH_RATE, LOW, HIGH);
    if (!s->stft || !s->mel || !s->cepstrum_mel ||
        s2vi_sample_queue_create(&s->samples, CAPACITY) < 0) {
        s2vi_speech_close(&s);
        return s2vi_error_nomem(err, "features of speech");
    }
    fill_cosines(s);
    s2vi_speech_flush(s);
    *out = s;
    return S2V_OK;
}

void s2vi_speech_close(s2vi_speech **speech)
{
    s2vi_speech *s = speech ? *speech : NULL;
    if (!s)
        return;
    s2vi_stft_close(&s->stft);
    s2vi_mel_close(&s->mel);
    s2vi_mel_close(&s->cepstrum_mel);
    s2vi_sample_queue_close(&s->samples);
    free(s);
    *speech = NULL;
}

/* -------------------------------------------------------------- sound -- */

int s2vi_speech_reserve(s2vi_speech *s, size_t n)
{
    return s->drained ? S2V_ERR_EOF : s2vi_sample_queue_reserve(&s->samples, n);
}

int s2vi_speech_send(s2vi_speech *s, const float *samples, size_t n)
{
    if (s->drained)
        return S2V_ERR_EOF;
    const int ret = s2vi_sample_queue_append(&s->samples, samples, n);
    if (ret < 0)
        return ret;
    s->sent += n;
    return S2V_OK;
}

void s2vi_speech_drain(s2vi_speech *s)
{
    s->drained = true;
}

/* ------------------------------------------------------------ columns -- */

static float level_of(double part, int least)
{
    const double level = floor(part);
    return (float)fmax(least, fmin(level, LEVELS - 1));
}

int s2vi_speech_pitch_level(double hertz)
{
    if (hertz <= 0.0)
        return 0;
    return (int)level_of(1.0 + (LEVELS - 2) * log(hertz / LOWEST_PITCH) /
                                   log(HIGHEST_PITCH / LOWEST_PITCH),
                         1);
}

/* Of the 1024-point spectrum: each second bin of the one at hand. */
static float energy_level(const double *magnitude)
{
    double sum = 0.0;
    for (int i = 0; i < BINS; i += 2)
        sum += magnitude[i] * magnitude[i];
    if (sum <= 0.0)
        return 0.0f;
    return level_of((10.0 * log10(sum) - LEAST_ENERGY) * LEVELS / ENERGY_RANGE,
                    0);
}

static void fill_spectra(const s2vi_speech *s, const double *magnitude,
                         column *c)
{
    double mel[BANDS];
    s2vi_mel_apply(s->mel, magnitude, mel);
    for (int b = 0; b < BANDS; b++)
        c->mel[b] = (float)(log(mel[b] + FLOOR) / 4.6);
    s2vi_mel_apply(s->cepstrum_mel, magnitude, mel);
    for (int b = 0; b < CEPSTRUM_BANDS; b++)
        mel[b] = log(mel[b] + FLOOR);
    for (int k = 0; k < CEPSTRUM; k++) {
        double sum = 0.0;
        for (int b = 0; b < CEPSTRUM_BANDS; b++)
            sum += s->cosine[k][b] * mel[b];
        c->mfcc[k] = (float)(sum / 10.0);
    }
}

/* `before`: the frame's column before, or NULL. */
static void fill_pitch(const float *window, const column *before, column *c)
{
    const bool may = before && before->followed < FOLLOWED;
    bool followed;
    const double hertz =
        s2vi_yin_follow(window, may ? (double)before->hertz : 0.0, &followed);
    c->hertz = (float)hertz;
    c->followed = followed ? before->followed + 1 : 0;
    c->pitch = (float)s2vi_speech_pitch_level(hertz);
}

static void make_column(s2vi_speech *s, const float *window,
                        const column *before, column *c)
{
    const double *magnitude = s2vi_stft_column(s->stft, window, WINDOW);
    fill_spectra(s, magnitude, c);
    c->energy = energy_level(magnitude);
    fill_pitch(window, before, c);
}

/* The next column, of up to 1024 samples and then silence. */
static void add_column(s2vi_speech *s)
{
    float window[WINDOW] = {0};
    const size_t waiting = s2vi_sample_queue_count(&s->samples);
    memcpy(window, s2vi_sample_queue_data(&s->samples),
           (waiting < WINDOW ? waiting : WINDOW) * sizeof(*window));
    column *c = &s->column[s->columns++];
    make_column(s, window, s->columns > EVERY ? c - EVERY : NULL, c);
    s2vi_sample_queue_drop(&s->samples, HOP);
}

/* ------------------------------------------------------------- frames -- */

/* Column k of a frame's. */
static void put_column(const column *c, int k, float *out)
{
    memcpy(out + S2VI_SPEECH_MEL + k * BANDS, c->mel, sizeof(c->mel));
    memcpy(out + S2VI_SPEECH_MFCC + k * CEPSTRUM, c->mfcc, sizeof(c->mfcc));
    out[S2VI_SPEECH_PITCH + k] = c->pitch;
    out[S2VI_SPEECH_ENERGY + k] = c->energy;
}

int s2vi_speech_receive(s2vi_speech *s, float *out)
{
    if (s->drained && s->received * S2VI_SPEECH_STEP >= s->sent)
        return S2V_ERR_EOF;
    while (s->columns < SPANNED) {
        if (!s->drained && s2vi_sample_queue_count(&s->samples) < WINDOW)
            return S2V_ERR_AGAIN;
        add_column(s);
    }
    for (int k = 0; k < COLUMNS; k++)
        put_column(&s->column[EVERY * k], k, out);
    s->columns = SPANNED - ADVANCE;
    memmove(s->column, s->column + ADVANCE,
            sizeof(*s->column) * (SPANNED - ADVANCE));
    s->received++;
    return S2V_OK;
}

void s2vi_speech_frame(s2vi_speech *s, const float *samples, float *out)
{
    column c = {.hertz = 0};
    for (int k = -FOLLOWED; k < COLUMNS; k++) {
        const column before = c;
        const float *window = samples + (ptrdiff_t)(FOLLOWED + k) * EVERY * HOP;
        if (k < 0) {
            fill_pitch(window, &before, &c);
            continue;
        }
        make_column(s, window, &before, &c);
        put_column(&c, k, out);
    }
}

/* -------------------------------------------------------------- state -- */

static bool is_level(float x)
{
    return x >= 0 && x < LEVELS && x == floorf(x);
}

void s2vi_speech_pass_state(s2vi_speech *s, s2vi_state *state)
{
    s2vi_sample_queue_pass_state(&s->samples, state, "speech.samples");
    s2vi_state_floats(state, "speech.column", (float *)s->column,
                      SPANNED * (sizeof(column) / sizeof(float)), 1e3);
    s2vi_state_int(state, "speech.columns", &s->columns, 0, SPANNED);
    s2vi_state_uint64(state, "speech.sent", &s->sent);
    s2vi_state_uint64(state, "speech.received", &s->received);
    s2vi_state_bool(state, "speech.drained", &s->drained);
    for (int i = 0; i < SPANNED && state->restoring; i++)
        if (!is_level(s->column[i].pitch) || !is_level(s->column[i].energy))
            s2vi_state_fail(state, S2V_ERR_FORMAT,
                            "the state's 'speech.column' holds a level of %g, "
                            "expected 0 to %d",
                            (double)s->column[i].pitch, LEVELS - 1);
}
