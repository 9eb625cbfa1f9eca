/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference's strokes at the film's onsets. */
#include "session/foley_strokes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/onset_picker.h"
#include "base/error.h"

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    RATE = S2VI_FOLEY_RATE,
    SILENCE = 4,             /* columns before a reference: it may begin loud */
    PEAK = 4,                /* columns after an onset in which it is loudest */
    APART = 3,               /* columns between two onsets, at least */
    LEAD = RATE / 100,       /* samples of a stroke before its onset */
    LEAST_FADE = RATE / 100, /* samples at its end, of a quarter of it */
    MOST_FADE = RATE / 5,
    LEVELS = 64, /* columns whose loudness is kept */
    MOST_VOICES = 1 << 16,
};

static const float RANGE = 0.6f; /* of the mel that counts: 60 dB */
static const float QUIET = 0.7f; /* mel below which nothing is the loudest */
static const double WEAK = -30;  /* dB: strokes that are much fainter than the
                                    loudest one are none */
static const double LEAST = -24, MOST = 6; /* dB that a stroke is changed by */
static const double SIMILAR = 6;           /* dB: two such strokes alternate */
/* dB below the reference's loudest stroke that the film's loudest onset has
 * before its first one: a network's are fainter than its reference. */
static const double EXPECTED = 10;

/* Of the reference: samples [from, to), the onset among them. */
typedef struct stroke {
    int64_t from, onset, to;
    double level; /* dB */
} stroke;

/* A stroke that sounds, or will: its first sample is the film's sample `at`. */
typedef struct voice {
    int64_t at;
    int stroke;
    float gain;
} voice;

/* Where onsets are found; a copy looks ahead. */
typedef struct tracker {
    s2vi_onset_picker picker;
    float loudest;
    float level[LEVELS]; /* dB, of the last columns: a ring */
} tracker;

struct s2vi_foley_strokes {
    float *samples; /* the reference's */
    stroke *strokes;
    int count;
    double loudest; /* of them */

    tracker tracker;
    int64_t sure;     /* columns before this one have been decided on */
    int64_t previous; /* column of the last onset */
    double film;      /* dB, the loudest onset so far */
    int last;         /* stroke played last; -1: none */
    voice *voices;
    int n_voices, room;
};

/* ----------------------------------------------------------- lifetime -- */

static void restart(tracker *t)
{
    *t = (tracker){.loudest = QUIET};
}

int s2vi_foley_strokes_create(s2vi_foley_strokes **out, s2v_error *err)
{
    s2vi_foley_strokes *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "strokes");
    s2vi_foley_strokes_flush(s);
    return S2V_OK;
}

void s2vi_foley_strokes_close(s2vi_foley_strokes **out)
{
    s2vi_foley_strokes *s = *out;
    if (!s)
        return;
    free(s->samples);
    free(s->strokes);
    free(s->voices);
    free(s);
    *out = NULL;
}

static void silence_voices(s2vi_foley_strokes *s)
{
    s->film = s->loudest - EXPECTED;
    s->last = -1;
    s->n_voices = 0;
}

void s2vi_foley_strokes_flush(s2vi_foley_strokes *s)
{
    restart(&s->tracker);
    s->sure = 0;
    s->previous = -APART;
    silence_voices(s);
}

int s2vi_foley_strokes_count(const s2vi_foley_strokes *s)
{
    return s->count;
}

/* ------------------------------------------------------------- onsets -- */

static bool push(tracker *t, const float *column, int64_t *peak)
{
    for (int b = 0; b < BANDS; b++)
        t->loudest = fmaxf(t->loudest, column[b]);
    t->level[t->picker.pushed % LEVELS] =
        10 * log10f((float)s2vi_foley_mel_power(column) + 1e-12f);
    return s2vi_onset_picker_push(&t->picker, column, t->loudest - RANGE, peak);
}

/* How loud it is from a column on that was pushed not long ago. */
static double level_at(const tracker *t, int64_t column)
{
    float most = -INFINITY;
    for (int64_t k = column; k <= column + PEAK && k < t->picker.pushed; k++)
        most = fmaxf(most, t->level[k % LEVELS]);
    return most;
}

/* ---------------------------------------------------------- reference -- */

static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Add the onset at a column of the reference, before whose first one SILENCE
 * more were pushed. */
static void add_stroke(s2vi_foley_strokes *s, const tracker *t, int64_t column,
                       size_t count)
{
    const int64_t before = SILENCE * COLUMN;
    const int64_t onset =
        at_least((int64_t)lrint(s2vi_onset_time(column) * RATE) - before, 0);
    s->strokes[s->count++] = (stroke){.from = at_least(onset - LEAD, 0),
                                      .onset = onset,
                                      .to = (int64_t)count,
                                      .level = level_at(t, column)};
}

static void find_strokes(s2vi_foley_strokes *s, const float *mel,
                         size_t columns, size_t count)
{
    static const float silence[BANDS];
    tracker t;
    int64_t peak;
    restart(&t);
    for (int i = 0; i < SILENCE; i++)
        push(&t, silence, &peak);
    for (size_t i = 0; i < columns; i++)
        if (push(&t, mel + i * BANDS, &peak))
            add_stroke(s, &t, peak, count);
    while (s2vi_onset_picker_finish(&t.picker, &peak))
        add_stroke(s, &t, peak, count);
}

/* Leave out what is faint, and end each where the next one begins. */
static void trim_strokes(s2vi_foley_strokes *s)
{
    int n = 0;
    s->loudest = -INFINITY;
    for (int i = 0; i < s->count; i++)
        s->loudest = fmax(s->loudest, s->strokes[i].level);
    for (int i = 0; i + 1 < s->count; i++)
        s->strokes[i].to = s->strokes[i + 1].from;
    for (int i = 0; i < s->count; i++)
        if (s->strokes[i].level >= s->loudest + WEAK &&
            s->strokes[i].to > s->strokes[i].onset)
            s->strokes[n++] = s->strokes[i];
    s->count = n;
}

static void add_whole(s2vi_foley_strokes *s, const float *mel, size_t columns,
                      size_t count)
{
    double power = 0;
    for (size_t i = 0; i < columns; i++)
        power = fmax(power, s2vi_foley_mel_power(mel + i * BANDS));
    s->loudest = 10 * log10(power + 1e-12);
    s->strokes[s->count++] =
        (stroke){.to = (int64_t)count, .level = s->loudest};
}

int s2vi_foley_strokes_learn(s2vi_foley_strokes *s, const float *samples,
                             size_t count, const float *mel, size_t columns,
                             s2v_error *err)
{
    const size_t most = columns / APART + SILENCE;
    s->count = 0;
    free(s->samples);
    free(s->strokes);
    s->samples = calloc(count + 1, sizeof(*s->samples));
    s->strokes = calloc(most, sizeof(*s->strokes));
    if (!s->samples || !s->strokes)
        return s2vi_error_nomem(err, "a reference's strokes");
    for (size_t i = 0; i < count; i++)
        s->samples[i] = isfinite(samples[i]) ? samples[i] : 0;
    find_strokes(s, mel, columns, count);
    trim_strokes(s);
    if (!s->count)
        add_whole(s, mel, columns, count);
    silence_voices(s);
    return S2V_OK;
}

/* ------------------------------------------------------------- voices -- */

/* The stroke of the nearest loudness, relative to the loudest one as that of
 * the onset to the film's; not the last one again, if another is about as near.
 */
static int choose(const s2vi_foley_strokes *s, double level)
{
    int best = -1;
    double least = INFINITY;
    for (int i = 0; i < s->count; i++) {
        const double far =
            fabs(s->strokes[i].level - level) + (i == s->last ? SIMILAR : 0);
        if (far < least) {
            least = far;
            best = i;
        }
    }
    return best;
}

static int make_room(s2vi_foley_strokes *s, s2v_error *err)
{
    if (s->n_voices < s->room)
        return S2V_OK;
    const int room = s->room ? 2 * s->room : 64;
    voice *voices = realloc(s->voices, (size_t)room * sizeof(*voices));
    if (!voices)
        return s2vi_error_nomem(err, "strokes");
    s->voices = voices;
    s->room = room;
    return S2V_OK;
}

static int play(s2vi_foley_strokes *s, double sample, double level,
                s2v_error *err)
{
    s->film = fmax(s->film, level);
    level += s->loudest - s->film;
    const int i = choose(s, level);
    if (i < 0 || s->n_voices >= MOST_VOICES)
        return S2V_OK;
    const int ret = make_room(s, err);
    if (ret < 0)
        return ret;
    const stroke *one = &s->strokes[i];
    const double change = fmin(fmax(level - one->level, LEAST), MOST);
    s->voices[s->n_voices++] =
        (voice){.at = (int64_t)lrint(sample) - (one->onset - one->from),
                .stroke = i,
                .gain = (float)pow(10, change / 20)};
    s->last = i;
    return S2V_OK;
}

static int found(s2vi_foley_strokes *s, const tracker *t, int64_t column,
                 s2vi_foley_onsets *onsets, s2v_error *err)
{
    if (column < s->sure || column < s->previous + APART)
        return S2V_OK;
    s->previous = column;
    if (onsets)
        s2vi_foley_onsets_write(onsets, column);
    return play(s, s2vi_onset_time(column) * RATE, level_at(t, column), err);
}

/* Those before column `end` that a file has. */
static int play_read(s2vi_foley_strokes *s, const tracker *t,
                     s2vi_foley_onsets *onsets, int64_t end, s2v_error *err)
{
    double sample;
    int ret = S2V_OK;
    while (!ret && s2vi_foley_onsets_read(onsets, end, &sample))
        ret =
            play(s, sample,
                 level_at(t, at_least((int64_t)(sample / COLUMN) - 1, 0)), err);
    return ret;
}

int s2vi_foley_strokes_columns(s2vi_foley_strokes *s, const float *columns,
                               int n, const float *ahead, int n_ahead,
                               s2vi_foley_onsets *onsets, s2v_error *err)
{
    const bool reads = onsets && s2vi_foley_onsets_are_read(onsets);
    const int more = n_ahead < S2VI_ONSET_AHEAD ? n_ahead : S2VI_ONSET_AHEAD;
    int64_t peak;
    int ret = S2V_OK;
    for (int i = 0; i < n && !ret; i++) {
        const bool is_onset =
            push(&s->tracker, columns + (ptrdiff_t)i * BANDS, &peak);
        if (reads)
            ret = play_read(s, &s->tracker, onsets,
                            s->tracker.picker.pushed - PEAK, err);
        else if (is_onset)
            ret = found(s, &s->tracker, peak, onsets, err);
    }
    const int64_t end = s->tracker.picker.pushed;
    tracker next = s->tracker;
    for (int i = 0; i < more && !ret; i++)
        if (push(&next, ahead + (ptrdiff_t)i * BANDS, &peak) && peak < end &&
            !reads)
            ret = found(s, &next, peak, onsets, err);
    while (!ret && !reads && s2vi_onset_picker_finish(&next.picker, &peak))
        if (peak < end)
            ret = found(s, &next, peak, onsets, err);
    if (reads && !ret)
        ret = play_read(s, &next, onsets, end, err);
    s->sure = end;
    return ret;
}

/* ------------------------------------------------------------ samples -- */

/* Where the next stroke of the reference cuts off what still rings. */
static int64_t fade_of(const stroke *one)
{
    const int64_t quarter = (one->to - one->onset) / 4;
    return quarter < LEAST_FADE  ? LEAST_FADE
           : quarter > MOST_FADE ? MOST_FADE
                                 : quarter;
}

/* Add what lies in [from, from + n). */
static void add_voice(const s2vi_foley_strokes *s, const voice *v, float *out,
                      int64_t from, int64_t n)
{
    const stroke *one = &s->strokes[v->stroke];
    const int64_t length = one->to - one->from;
    const int64_t lead = one->from ? one->onset - one->from : 0;
    const int64_t fade = fade_of(one);
    int64_t i = at_least(from - v->at, 0);
    const int64_t end = from + n - v->at < length ? from + n - v->at : length;
    for (; i < end; i++) {
        const float in = i < lead ? (float)i / (float)lead : 1;
        const int64_t left = length - i;
        const float out_fade = left < fade ? (float)left / (float)fade : 1;
        out[v->at + i - from] +=
            v->gain * in * out_fade * s->samples[one->from + i];
    }
}

void s2vi_foley_strokes_render(s2vi_foley_strokes *s, float *out, int64_t from,
                               int64_t n)
{
    int left = 0;
    memset(out, 0, (size_t)n * sizeof(*out));
    for (int i = 0; i < s->n_voices; i++) {
        const voice v = s->voices[i];
        const stroke *one = &s->strokes[v.stroke];
        add_voice(s, &v, out, from, n);
        if (v.at + one->to - one->from > from + n)
            s->voices[left++] = v;
    }
    s->n_voices = left;
}

/* -------------------------------------------------------------- state -- */

static void pass_tracker(tracker *t, s2vi_state *state)
{
    s2vi_onset_picker *p = &t->picker;
    const int64_t most = INT64_MAX / 2;
    s2vi_state_floats(state, "strokes.before", p->before[0],
                      S2VI_ONSET_LAG * BANDS, 1e3);
    s2vi_state_floats(state, "strokes.flux", p->flux, S2VI_ONSET_SEEN, 1e3);
    s2vi_state_int64(state, "strokes.pushed", &p->pushed, 0, most);
    s2vi_state_int64(state, "strokes.decided", &p->decided, 0, p->pushed);
    s2vi_state_floats(state, "strokes.loudest", &t->loudest, 1, 1e3);
    s2vi_state_floats(state, "strokes.level", t->level, LEVELS, 1e3);
}

static void pass_voices(s2vi_foley_strokes *s, s2vi_state *state)
{
    const size_t n = s2vi_state_count(state, "strokes.at", S2VI_STATE_INTEGER,
                                      (size_t)s->n_voices, MOST_VOICES);
    int64_t *at = calloc(2 * n + 1, sizeof(*at));
    float *gain = calloc(n + 1, sizeof(*gain));
    s2v_error err;
    while (state->restoring && (size_t)s->room < n && at && gain) {
        s->n_voices = s->room;
        if (make_room(s, &err) < 0)
            break;
    }
    if (!at || !gain || (size_t)s->room < n) {
        s2vi_state_fail(state, S2V_ERR_NOMEM, "out of memory for strokes");
        free(at);
        free(gain);
        s->n_voices = 0;
        return;
    }
    for (size_t i = 0; i < n && !state->restoring; i++) {
        at[i] = s->voices[i].at;
        at[n + i] = s->voices[i].stroke;
        gain[i] = s->voices[i].gain;
    }
    s2vi_state_integers(state, "strokes.at", at, n, INT64_MIN / 4,
                        INT64_MAX / 4);
    s2vi_state_integers(state, "strokes.stroke", at + n, n, 0, s->count - 1);
    s2vi_state_floats(state, "strokes.gain", gain, n, 10);
    for (size_t i = 0; i < n && state->restoring; i++)
        s->voices[i] = (voice){at[i], (int)at[n + i], gain[i]};
    s->n_voices = s2vi_state_ok(state) ? (int)n : 0;
    free(at);
    free(gain);
}

void s2vi_foley_strokes_pass_state(s2vi_foley_strokes *s, s2vi_state *state)
{
    pass_tracker(&s->tracker, state);
    s2vi_state_int64(state, "strokes.sure", &s->sure, 0, INT64_MAX / 2);
    s2vi_state_int64(state, "strokes.previous", &s->previous, -APART,
                     INT64_MAX / 2);
    s2vi_state_number(state, "strokes.film", &s->film, -1e3, 1e3);
    s2vi_state_int(state, "strokes.last", &s->last, -1, s->count - 1);
    pass_voices(s, state);
}
