/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of music: onsets by spectral flux that vibrato does not set off
 * (Boeck and Widmer 2013), percussive and harmonic parts by a median over time
 * (Fitzgerald 2010), of what is past alone; tempo by autocorrelation.
 */
#include "audio/music.h"

#include "audio/mel.h"
#include "audio/sample_queue.h"
#include "audio/stft.h"
#include "base/error.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = S2VI_MUSIC_RATE,
    SPAN = S2VI_MUSIC_SPAN,
    WINDOW = 400, /* of a column */
    HOP = 160,
    FFT = 512,
    BANDS = 64,
    LOW_BINS = 4,         /* from 31 to 125 Hz */
    COLUMNS = RATE / HOP, /* a second */
    BEFORE = 2,           /* columns in which a click shows before the one that
                             begins with it, as it enters a window */
    AHEAD = (SPAN - WINDOW) / HOP, /* the last column that a frame hears, from
                                      that of its start on */
    FLUX_LAG = 2,
    MEDIAN = 17, /* columns */
    TONES_FFT = 4096,
    TONES = S2VI_MUSIC_TONES,
    PAST = 800, /* columns of onsets that a tempo is found in: 8 s */
    LEAST_PAST = 400,
    LEAST_LAG = 33, /* columns of a beat: 180 a minute */
    MOST_LAG = 100, /* 60 a minute */
    MULTIPLES = 4,  /* of a lag that are looked at together */
    CAPACITY = 8192,
};

/* Features that the automatic gain makes, in their order. */
enum { GAINS = S2VI_MUSIC_HARM + 1 };

static const double FLOOR = 0.01;    /* added before a logarithm */
static const double SILENCE = 0.001; /* -60 dBFS */
/* What counts as 1 at least: noise of an empty room does not. */
static const double LEAST[GAINS] = {0.003, 1, 6, 0.5, 0.5};

struct s2vi_music {
    s2vi_stft *stft, *tones;
    s2vi_mel *mel;
    s2vi_sample_queue samples; /* from sample `origin` on */
    s2vi_frame_rate rate;
    int64_t origin, sent, column, frame;
    bool drained;
    double low[FLUX_LAG + 1][LOW_BINS]; /* logarithms, the newest first */
    double high[FLUX_LAG + 1][BANDS];
    double past[MEDIAN][BANDS]; /* magnitudes; column c at c % MEDIAN */
    double peak[GAINS], sum[GAINS], most[GAINS]; /* of a frame's columns */
    double onset[PAST];                          /* column c at c % PAST */
    double chroma[TONES];
    bool sounded;
    float window[TONES_FFT];
};

/* ----------------------------------------------------------- lifetime -- */

int s2vi_music_create(s2vi_music **out, s2vi_frame_rate rate, s2v_error *err)
{
    s2vi_music *m = *out = calloc(1, sizeof(*m));
    if (!m)
        return s2vi_error_nomem(err, "features of music");
    m->rate = rate;
    m->stft = s2vi_stft_create(WINDOW, FFT);
    m->tones = s2vi_stft_create(TONES_FFT, TONES_FFT);
    m->mel = s2vi_mel_create(BANDS, FFT, RATE, 125, 7500);
    if (!m->stft || !m->tones || !m->mel ||
        s2vi_sample_queue_create(&m->samples, CAPACITY) < 0) {
        s2vi_music_close(out);
        return s2vi_error_nomem(err, "features of music");
    }
    s2vi_music_flush(m);
    return S2V_OK;
}

void s2vi_music_close(s2vi_music **music)
{
    s2vi_music *m = music ? *music : NULL;
    if (!m)
        return;
    s2vi_stft_close(&m->stft);
    s2vi_stft_close(&m->tones);
    s2vi_mel_close(&m->mel);
    s2vi_sample_queue_close(&m->samples);
    free(m);
    *music = NULL;
}

void s2vi_music_flush(s2vi_music *m)
{
    s2vi_sample_queue_clear(&m->samples);
    m->origin = m->sent = m->column = m->frame = 0;
    m->drained = m->sounded = false;
    memset(m->past, 0, sizeof(m->past));
    memset(m->onset, 0, sizeof(m->onset));
    memset(m->chroma, 0, sizeof(m->chroma));
    for (int i = 0; i <= FLUX_LAG; i++) {
        for (int b = 0; b < LOW_BINS; b++)
            m->low[i][b] = log(FLOOR);
        for (int b = 0; b < BANDS; b++)
            m->high[i][b] = log(FLOOR);
    }
    memcpy(m->peak, LEAST, sizeof(m->peak));
}

int s2vi_music_reserve(s2vi_music *m, size_t n)
{
    return m->drained ? S2V_ERR_EOF : s2vi_sample_queue_reserve(&m->samples, n);
}

int s2vi_music_send(s2vi_music *m, const float *samples, size_t n)
{
    if (m->drained)
        return S2V_ERR_EOF;
    const int ret = s2vi_sample_queue_append(&m->samples, samples, n);
    if (!ret)
        m->sent += (int64_t)n;
    return ret;
}

void s2vi_music_drain(s2vi_music *m)
{
    m->drained = true;
}

/* ------------------------------------------------------------- columns -- */

/* The sample at which frame t starts. */
static int64_t start_of(const s2vi_music *m, int64_t t)
{
    return t * RATE * m->rate.den / m->rate.num;
}

/* n samples from sample `at` on; silence before the first and after the last.
 */
static const float *samples_at(s2vi_music *m, int64_t at, int64_t n)
{
    const float *data = s2vi_sample_queue_data(&m->samples);
    const int64_t count = (int64_t)s2vi_sample_queue_count(&m->samples);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = at + i - m->origin;
        m->window[i] = k >= 0 && k < count ? data[k] : 0.0f;
    }
    return m->window;
}

/* Rises since the column FLUX_LAG before, whose maximum over three neighbours
 * is compared with: newest and then, of n bands from `first` on. */
static double flux(const double *now, const double *then, int first, int n)
{
    double sum = 0;
    for (int b = first; b < n; b++) {
        double before = then[b];
        before = fmax(before, then[b > 0 ? b - 1 : b]);
        before = fmax(before, then[b + 1 < n ? b + 1 : b]);
        sum += fmax(0, now[b] - before);
    }
    return sum;
}

/* The first band whose centre is above 500 Hz. */
static int first_high(void)
{
    const double low = log(1 + 125.0 / 700), high = log(1 + 7500.0 / 700);
    const double at = (log(1 + 500.0 / 700) - low) / (high - low) * (BANDS + 1);
    return (int)ceil(at) - 1;
}

static double median(const s2vi_music *m, int b)
{
    double sorted[MEDIAN];
    for (int i = 0; i < MEDIAN; i++) {
        const double x = m->past[i][b];
        int k = i;
        for (; k > 0 && sorted[k - 1] > x; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = x;
    }
    return sorted[MEDIAN / 2];
}

static void split(const s2vi_music *m, const double *now, double *perc,
                  double *harm)
{
    *perc = *harm = 0;
    for (int b = 0; b < BANDS; b++) {
        const double usual = median(m, b);
        *perc += fmax(0, now[b] - usual);
        *harm += fmin(now[b], usual);
    }
}

/* The automatic gain, of one feature. */
static void gain(s2vi_music *m, int feature, double raw)
{
    const double decay = pow(0.5, 1 / (10.0 * COLUMNS));
    double *peak = &m->peak[feature];
    *peak = fmax(fmax(raw, *peak * decay), LEAST[feature]);
    m->sum[feature] += raw / *peak;
    m->most[feature] = fmax(m->most[feature], raw / *peak);
}

static double root_mean_square(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / n);
}

static void next_column(s2vi_music *m)
{
    const int64_t c = m->column++;
    const float *x = samples_at(m, c * HOP, WINDOW);
    const double level = root_mean_square(x, WINDOW);
    const double *magnitude = s2vi_stft_column(m->stft, x, WINDOW);
    double *now = m->past[c % MEDIAN];
    double raw[GAINS] = {level};
    memmove(m->low[1], m->low[0], FLUX_LAG * sizeof(m->low[0]));
    memmove(m->high[1], m->high[0], FLUX_LAG * sizeof(m->high[0]));
    s2vi_mel_apply(m->mel, magnitude, now);
    for (int b = 0; b < LOW_BINS; b++)
        m->low[0][b] = log(magnitude[1 + b] + FLOOR);
    for (int b = 0; b < BANDS; b++)
        m->high[0][b] = log(now[b] + FLOOR);
    raw[S2VI_MUSIC_LOW] = flux(m->low[0], m->low[FLUX_LAG], 0, LOW_BINS);
    raw[S2VI_MUSIC_HIGH] =
        flux(m->high[0], m->high[FLUX_LAG], first_high(), BANDS);
    split(m, now, &raw[S2VI_MUSIC_PERC], &raw[S2VI_MUSIC_HARM]);
    const bool silent = level < SILENCE;
    for (int i = 0; i < GAINS; i++)
        gain(m, i, silent ? 0 : raw[i]);
    m->onset[c % PAST] =
        silent ? 0 : raw[S2VI_MUSIC_LOW] + raw[S2VI_MUSIC_HIGH];
}

/* ------------------------------------------------------------- chroma -- */

static void find_tones(s2vi_music *m)
{
    const double tau = 0.25, dt = (double)m->rate.den / m->rate.num;
    const double width = (double)RATE / TONES_FFT;
    const int64_t end = start_of(m, m->frame) + SPAN;
    const float *x = samples_at(m, end - TONES_FFT, TONES_FFT);
    if (root_mean_square(x, TONES_FFT) < SILENCE)
        return;
    const double *magnitude = s2vi_stft_column(m->tones, x, TONES_FFT);
    double power[TONES] = {0}, sum = 0;
    for (int i = (int)ceil(65 / width); i * width <= 2100; i++) {
        const double tone = 69 + 12 * log2(i * width / 440);
        power[((int)lround(tone) % TONES + TONES) % TONES] +=
            magnitude[i] * magnitude[i];
        sum += magnitude[i] * magnitude[i];
    }
    if (sum <= 0)
        return;
    const double part = m->sounded ? 1 - exp(-dt / tau) : 1;
    for (int k = 0; k < TONES; k++)
        m->chroma[k] += part * (power[k] / sum - m->chroma[k]);
    m->sounded = true;
}

/* -------------------------------------------------------------- tempo -- */

/* The last n columns' onsets, smoothed over 50 ms, since beats are not whole
 * columns apart, less their mean; oldest first. */
static int recent(const s2vi_music *m, double *x)
{
    static const double weight[] = {1, 2, 3, 2, 1};
    const int n = m->column < PAST ? (int)m->column : PAST;
    double mean = 0;
    for (int i = 0; i < n; i++) {
        x[i] = 0;
        for (int k = -2; k <= 2; k++)
            if (i + k >= 0 && i + k < n)
                x[i] +=
                    weight[k + 2] * m->onset[(m->column - n + i + k) % PAST];
        mean += x[i] / n;
    }
    for (int i = 0; i < n; i++)
        x[i] -= mean;
    return n;
}

static void correlate(const double *x, int n, double *r, int lags)
{
    for (int lag = 0; lag < lags; lag++) {
        double sum = 0;
        for (int i = lag; i < n; i++)
            sum += x[i] * x[i - lag];
        r[lag] = sum / (n - lag);
    }
}

/* Where a parabola through three values has its peak, from the middle. */
static double vertex(const double *r, int at)
{
    const double curve = r[at - 1] - 2 * r[at] + r[at + 1];
    return curve < 0 ? 0.5 * (r[at - 1] - r[at + 1]) / curve : 0;
}

/* The largest value near multiple k of a lag that is between two. */
static int near_multiple(const double *r, int lag, int k)
{
    int at = k * lag;
    for (int j = k * lag - k; j <= k * lag + k; j++)
        at = r[j] > r[at] ? j : at;
    return at;
}

/* How well beats `lag` apart explain the onsets; 0: not at all. */
static double rhythm(const double *r, int lags, int lag)
{
    double sum = 0;
    int n = 0;
    for (int k = 1; k <= MULTIPLES && k * lag + k + 1 < lags; k++, n++)
        sum += fmax(0, r[near_multiple(r, lag, k)]);
    return n && r[near_multiple(r, lag, 1)] > 0.2 * r[0] ? sum / n : 0;
}

/* Columns of a beat, or 0. Of several, what is near 120 a minute (a log-normal
 * prior), but twice as fast if beats between are as strong. */
static double period(const double *r, int lags)
{
    double best = 0;
    int lag = 0;
    for (int i = LEAST_LAG; i <= MOST_LAG; i++) {
        const double octaves = log2(60.0 * COLUMNS / i / 120);
        const double prior = exp(-0.5 * octaves * octaves / (0.7 * 0.7));
        const double score = rhythm(r, lags, i) * prior;
        if (score > best) {
            best = score;
            lag = i;
        }
    }
    if (lag / 2 >= LEAST_LAG &&
        rhythm(r, lags, lag / 2) > 0.9 * rhythm(r, lags, lag))
        lag /= 2;
    if (!lag)
        return 0;
    int k = MULTIPLES;
    while (k > 1 && k * lag + k + 1 >= lags)
        k--;
    const int at = near_multiple(r, lag, k);
    return (at + vertex(r, at)) / k;
}

/* Columns from the last one to that which is as far from the frame's start at
 * any rate; a part of one, or below 0. */
static double to_own_column(const s2vi_music *m)
{
    const int64_t num = m->rate.num, last = m->column - 1;
    return (double)(m->frame * COLUMNS * m->rate.den - (last - BEFORE) * num) /
           (double)num;
}

/* Columns since the last beat: that of the comb which meets most. */
static int since_beat(const double *x, int n, double beat)
{
    double best = -HUGE_VAL;
    int found = 0;
    for (int back = 0; back < (int)beat; back++) {
        double sum = 0;
        for (int k = 0; k < 8; k++) {
            const int at = n - 1 - back - (int)lround(k * beat);
            sum += at >= 0 ? x[at] : 0;
        }
        if (sum > best) {
            best = sum;
            found = back;
        }
    }
    return found;
}

static void find_tempo(const s2vi_music *m, float *out)
{
    enum { LAGS = MULTIPLES * MOST_LAG + MULTIPLES + 2 };
    double x[PAST], r[LAGS];
    out[S2VI_MUSIC_TEMPO] = out[S2VI_MUSIC_PHASE] = 0;
    if (m->column < LEAST_PAST)
        return;
    const int n = recent(m, x);
    const int lags = n * 2 / 3 < LAGS ? n * 2 / 3 : LAGS;
    correlate(x, n, r, lags);
    const double beat = period(r, lags);
    if (beat <= 0)
        return;
    out[S2VI_MUSIC_TEMPO] = (float)(60.0 * COLUMNS / beat);
    const double since = since_beat(x, n, beat) + to_own_column(m);
    const double beats = since / beat;
    out[S2VI_MUSIC_PHASE] = (float)(beats - floor(beats));
}

/* ------------------------------------------------------------- frames -- */

/* Columns of frame t and of those before it. */
static int64_t columns_by(const s2vi_music *m, int64_t t)
{
    const int64_t own = t * COLUMNS * m->rate.den / m->rate.num;
    const int64_t next = (t + 1) * COLUMNS * m->rate.den / m->rate.num;
    const int64_t heard = own + AHEAD + 1, due = next - BEFORE;
    const int64_t end = due < heard ? due : heard;
    return end > 0 ? end : 0;
}

/* Samples that no later frame hears. */
static void forget(s2vi_music *m)
{
    const int64_t tones = start_of(m, m->frame) + SPAN - TONES_FFT;
    const int64_t column = m->column * HOP;
    const int64_t past = (tones < column ? tones : column) - m->origin;
    const int64_t count = (int64_t)s2vi_sample_queue_count(&m->samples);
    const int64_t drop = past < count ? past : count;
    if (drop <= 0)
        return;
    s2vi_sample_queue_drop(&m->samples, (size_t)drop);
    m->origin += drop;
}

int s2vi_music_receive(s2vi_music *m, float out[S2VI_MUSIC_COUNT])
{
    const int64_t start = start_of(m, m->frame);
    const int64_t end = columns_by(m, m->frame);
    int columns = 0;
    if (m->drained && start >= m->sent)
        return S2V_ERR_EOF;
    if (!m->drained && m->sent < start + SPAN)
        return S2V_ERR_AGAIN;
    memset(m->sum, 0, sizeof(m->sum));
    memset(m->most, 0, sizeof(m->most));
    for (; m->column < end; columns++)
        next_column(m);
    find_tones(m);
    for (int i = 0; i < GAINS; i++) {
        const bool mean = i == S2VI_MUSIC_LEVEL || i == S2VI_MUSIC_HARM;
        /* Short frames at the beginning have no column. */
        out[i] = (float)(mean && columns ? m->sum[i] / columns : m->most[i]);
    }
    find_tempo(m, out);
    for (int k = 0; k < TONES; k++)
        out[S2VI_MUSIC_CHROMA + k] = (float)m->chroma[k];
    m->frame++;
    forget(m);
    return S2V_OK;
}

/* -------------------------------------------------------------- state -- */

void s2vi_music_pass_state(s2vi_music *m, s2vi_state *state)
{
    const int64_t most = (int64_t)1 << 48;
    s2vi_sample_queue_pass_state(&m->samples, state, "music.samples");
    s2vi_state_int64(state, "music.sent", &m->sent, 0, most);
    s2vi_state_int64(state, "music.origin", &m->origin, 0, m->sent);
    s2vi_state_int64(state, "music.frame", &m->frame, 0, (int64_t)1 << 38);
    s2vi_state_bool(state, "music.drained", &m->drained);
    s2vi_state_doubles(state, "music.low", m->low[0],
                       sizeof(m->low) / sizeof(double), FLT_MAX);
    s2vi_state_doubles(state, "music.high", m->high[0],
                       sizeof(m->high) / sizeof(double), FLT_MAX);
    s2vi_state_doubles(state, "music.past", m->past[0], MEDIAN * BANDS,
                       FLT_MAX);
    s2vi_state_doubles(state, "music.peak", m->peak, GAINS, FLT_MAX);
    s2vi_state_doubles(state, "music.onset", m->onset, PAST, FLT_MAX);
    s2vi_state_doubles(state, "music.chroma", m->chroma, TONES, 2);
    s2vi_state_bool(state, "music.sounded", &m->sounded);
    if (state->restoring) /* a frame computes its columns */
        m->column = m->frame ? columns_by(m, m->frame - 1) : 0;
}
