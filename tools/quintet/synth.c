/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Renders the score to sound: additive bowed strings.
 *
 * Each instrument has its register, body resonances and bow noise of its own.
 * The bow is heard as well as seen: near the frog the tone is bright, near the
 * tip it is soft, and the hiss of the hair rises in pitch on the way. */
#include "quintet.h"

#include <math.h>
#include <stdlib.h>

enum {
    HARMONICS = 40,
    BLOCK = 240, /* samples with one set of amplitudes: 5 ms */
    COMBS = 4,
};

static const double pi = 3.14159265358979323846;

struct timbre {
    double gain, pan; /* pan 0: left, 1: right */
    double attack;    /* seconds */
    double tilt;      /* fall of the harmonics: amplitude k^-tilt */
    double even;      /* amplitude of the even harmonics */
    double cutoff;    /* of the body, Hz */
    double formant, boost;
    double vibrato; /* cents */
    double hiss;    /* centre of the bow noise, Hz */
    double hiss_gain;
};

static const struct timbre timbres[QUINTET_PLAYERS] = {
    {0.80, 0.25, 0.035, 1.0, 1.0, 6000, 3000, 1.5, 16, 5600, 0.10},
    {0.95, 0.12, 0.045, 1.5, 0.5, 2600, 1500, 0.5, 14, 4100, 0.09},
    {1.00, 0.50, 0.050, 1.0, 1.0, 1700, 1050, 2.0, 13, 2900, 0.08},
    {1.15, 0.70, 0.060, 0.9, 1.0, 900, 420, 1.0, 12, 2000, 0.09},
    {1.30, 0.90, 0.070, 0.5, 1.0, 420, 230, 1.0, 6, 1300, 0.09},
};

/* A room: how much comes back, how long it stays, how dull it is. */
struct room {
    double wet, feedback, damping;
};

static const struct room own_room = {0.045, 0.55, 0.45};

/* A number from low to high, the i-th of a timbre. */
static double draw(uint64_t timbre, uint64_t i, double low, double high)
{
    const uint64_t r = render_random(timbre, QUINTET_STREAM_TIMBRE, i);
    return low + (high - low) * (double)(r >> 11) / 9007199254740992.0;
}

/* A factor from 1 / most to most. */
static double draw_factor(uint64_t timbre, uint64_t i, double most)
{
    return pow(most, draw(timbre, i, -1.0, 1.0));
}

/* The instruments of a timbre: their places, registers and manner of playing
 * stay, so that the picture is the same. */
static struct timbre timbre_of(int player, uint64_t timbre)
{
    const uint64_t i = (uint64_t)player << 8;
    struct timbre t = timbres[player];
    if (!timbre)
        return t;
    t.gain *= draw_factor(timbre, i, 1.4);
    t.attack *= draw_factor(timbre, i + 1, 1.8);
    t.tilt = fmax(0.2, t.tilt + draw(timbre, i + 2, -0.6, 0.8));
    t.even = draw(timbre, i + 3, 0.1, 1.3);
    t.cutoff *= draw_factor(timbre, i + 4, 2.5);
    t.formant *= draw_factor(timbre, i + 5, 1.7);
    t.boost = draw(timbre, i + 6, 0.0, 3.0);
    t.vibrato = draw(timbre, i + 7, 0.0, 35.0);
    t.hiss *= draw_factor(timbre, i + 8, 1.5);
    t.hiss_gain = draw(timbre, i + 9, 0.0, 0.25);
    return t;
}

static struct room room_of(uint64_t timbre)
{
    const uint64_t i = (uint64_t)QUINTET_PLAYERS << 8;
    if (!timbre)
        return own_room;
    return (struct room){.wet = draw(timbre, i, 0.0, 0.15),
                         .feedback = draw(timbre, i + 1, 0.4, 0.85),
                         .damping = draw(timbre, i + 2, 0.2, 0.9)};
}

/* A sounding note. */
struct voice {
    const struct timbre *timbre;
    const struct quintet_note *note;
    uint64_t seed, id;
    double hertz, seconds, norm;
    int harmonics;
    double body[HARMONICS]; /* gain of the body at each harmonic */
    double log_k[HARMONICS];
    double phase;
    double noise[2]; /* state of the bow noise's resonator */
};

static double body_gain(const struct timbre *tm, double hertz)
{
    const double r = hertz / tm->cutoff;
    const double octaves = log2(hertz / tm->formant) / 0.45;

    return (1.0 + tm->boost * exp(-octaves * octaves)) / (1.0 + r * r * r * r);
}

/* Amplitudes of the harmonics with the bow at a point, at one loudness. */
static void spectrum(const struct voice *v, double bow, double level,
                     double *out)
{
    const double tilt = v->timbre->tilt + 0.9 * bow + 0.5 * (1.0 - level);

    for (int k = 0; k < v->harmonics; k++)
        out[k] = v->norm * v->body[k] * exp(-tilt * v->log_k[k]);
}

static void start_voice(struct voice *v, const struct timbre *tm,
                        const struct quintet_note *note)
{
    double sum = 0.0, amp[HARMONICS];

    v->timbre = tm;
    v->note = note;
    v->hertz = 440.0 * exp2((note->midi - 69) / 12.0);
    v->seconds = quintet_note_end(note) - quintet_note_onset(note);
    v->norm = 1.0;
    v->harmonics = 0;
    while (v->harmonics < HARMONICS &&
           v->hertz * (v->harmonics + 1) < fmin(9000.0, 4 * tm->cutoff)) {
        const int k = v->harmonics++;
        v->body[k] = body_gain(tm, v->hertz * (k + 1)) * (k % 2 ? tm->even : 1);
        v->log_k[k] = log(k + 1);
    }
    spectrum(v, 0.5, 0.5, amp);
    for (int k = 0; k < v->harmonics; k++)
        sum += amp[k] * amp[k];
    v->norm = tm->gain / sqrt(sum);
}

/* Attack, level and release; zero from a while after the end on. */
static double envelope(const struct voice *v, double t)
{
    const double attack = fmin(t / v->timbre->attack, 1.0);
    const double over = fmin(fmax(t - v->seconds, 0.0) / 0.09, 1.0);

    return quintet_note_level(v->note, t) * (0.5 - 0.5 * cos(pi * attack)) *
           (0.5 + 0.5 * cos(pi * over));
}

static double bow_at(const struct voice *v, double t)
{
    return quintet_note_bow(v->note, fmin(t, v->seconds));
}

/* One cycle sample for two sets of amplitudes: sin(k x) by recurrence. */
static double tone(double phase, const double *a, const double *b, double w,
                   int harmonics)
{
    const double c = 2.0 * cos(phase);
    double s0 = 0.0, s1 = sin(phase), from = 0.0, to = 0.0;

    for (int k = 0; k < harmonics; k++) {
        from += a[k] * s1;
        to += b[k] * s1;
        const double s2 = c * s1 - s0;
        s0 = s1;
        s1 = s2;
    }
    return from + w * (to - from);
}

/* White noise through a resonator; twice_cos sets its centre. */
static double hiss(struct voice *v, double twice_cos)
{
    const double r = 0.985;
    const double white =
        (double)(render_random(v->seed, QUINTET_STREAM_BOW_NOISE, v->id++) >>
                 11) /
            4503599627370496.0 -
        1.0;
    const double y =
        (1.0 - r) * white + r * twice_cos * v->noise[0] - r * r * v->noise[1];

    v->noise[1] = v->noise[0];
    v->noise[0] = y;
    return y;
}

static void render_block(struct voice *v, double t0, double *out, int n,
                         double *a, double *b)
{
    const double t1 = t0 + (double)n / QUINTET_RATE;
    const double bow = bow_at(v, t1);
    const double depth = v->timbre->vibrato * fmin(t0 / 0.4, 1.0);
    const double bend = depth / 1200.0 * sin(2.0 * pi * 5.4 * t0);
    const double turn = 2.0 * pi * v->hertz * exp2(bend) / QUINTET_RATE;
    const double centre = v->timbre->hiss * (0.87 + 0.26 * bow);
    const double twice_cos = 2.0 * cos(2.0 * pi * centre / QUINTET_RATE);
    const double air = v->timbre->hiss_gain * (1.6 - bow);
    const double from = envelope(v, t0), to = envelope(v, t1);

    spectrum(v, bow, fmin(to, 1.0), b);
    for (int i = 0; i < n; i++) {
        const double w = (double)i / n;
        const double s = tone(v->phase, a, b, w, v->harmonics);
        out[i] += (from + w * (to - from)) * (s + air * hiss(v, twice_cos));
        v->phase = fmod(v->phase + turn, 2.0 * pi);
    }
}

static void render_note(struct voice *v, double *out, size_t frames)
{
    const size_t start =
        (size_t)(quintet_note_onset(v->note) * QUINTET_RATE + 0.5);
    const size_t length = (size_t)((v->seconds + 0.1) * QUINTET_RATE);
    double amps[2][HARMONICS];

    spectrum(v, bow_at(v, 0.0), 0.0, amps[0]);
    for (size_t at = 0; at < length && start + at < frames; at += BLOCK) {
        const size_t left = frames - start - at;
        double *a = amps[at / BLOCK % 2], *b = amps[1 - at / BLOCK % 2];
        render_block(v, (double)at / QUINTET_RATE, out + start + at,
                     left < BLOCK ? (int)left : BLOCK, a, b);
    }
}

/* A part: its notes, one after another, placed in the stereo field. */
static int render_part(const struct quintet_score *score, int player,
                       uint64_t seed, uint64_t timbre, double *mix,
                       size_t frames)
{
    const struct quintet_part *part = &score->parts[player];
    const struct timbre tm = timbre_of(player, timbre);
    const double left = cos(0.5 * pi * tm.pan);
    const double right = sin(0.5 * pi * tm.pan);
    double *mono = calloc(frames, sizeof(*mono));

    if (!mono)
        return -1;
    for (size_t i = 0; i < part->count; i++) {
        struct voice v = {.seed = seed,
                          .id = (uint64_t)player << 56 | (uint64_t)i << 32};
        start_voice(&v, &tm, &part->notes[i]);
        render_note(&v, mono, frames);
    }
    for (size_t i = 0; i < frames; i++) {
        mix[2 * i] += (0.6 * left + 0.2) * mono[i];
        mix[2 * i + 1] += (0.6 * right + 0.2) * mono[i];
    }
    free(mono);
    return 0;
}

/* A small room: parallel combs with damping, added to the dry sound. */
static int add_room(double *mix, size_t frames, int channel,
                    const struct room *room)
{
    static const int delays[COMBS] = {1423, 1693, 1949, 2237};
    double *lines = calloc((size_t)COMBS * 2400, sizeof(*lines));
    double damp[COMBS] = {0};

    if (!lines)
        return -1;
    for (size_t i = 0; i < frames; i++) {
        const double dry = mix[2 * i + (size_t)channel];
        double wet = 0.0;
        for (int c = 0; c < COMBS; c++) {
            const size_t length = (size_t)(delays[c] + 29 * channel);
            double *slot = &lines[(size_t)c * 2400 + i % length];
            damp[c] += room->damping * (*slot - damp[c]);
            wet += *slot;
            *slot = dry + room->feedback * damp[c];
        }
        mix[2 * i + (size_t)channel] += room->wet * wet;
    }
    free(lines);
    return 0;
}

/* Scales to a peak of 0.89 and rounds; -80 dB of silence stays silent. */
static void quantise(const double *mix, int16_t *out, size_t samples)
{
    double peak = 1e-4;

    for (size_t i = 0; i < samples; i++)
        peak = fmax(peak, fabs(mix[i]));
    for (size_t i = 0; i < samples; i++)
        out[i] = (int16_t)lrint(mix[i] / peak * 0.89 * 32767.0);
}

int16_t *quintet_synth(const struct quintet_score *score, uint64_t seed,
                       uint64_t timbre, size_t *frames)
{
    const struct room room = room_of(timbre);
    const size_t n = (size_t)(score->seconds * QUINTET_RATE + 0.5);
    double *mix = calloc(2 * n, sizeof(*mix));
    int16_t *out = malloc(2 * n * sizeof(*out));

    *frames = n;
    if (!mix || !out)
        goto fail;
    for (int p = 0; p < QUINTET_PLAYERS; p++)
        if (render_part(score, p, seed, timbre, mix, n) < 0)
            goto fail;
    for (int channel = 0; channel < 2; channel++)
        if (add_room(mix, n, channel, &room) < 0)
            goto fail;
    quantise(mix, out, 2 * n);
    free(mix);
    return out;

fail:
    free(mix);
    free(out);
    return NULL;
}
