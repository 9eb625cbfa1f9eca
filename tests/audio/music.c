/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features of music: synthetic sound, and the streaming contract; at 20 frames
 * a second and at other rates. */
#include "audio/music.h"

#include <math.h>

#include "../check.h"

enum {
    RATE = S2VI_MUSIC_RATE,
    SECONDS = 12,
    LENGTH = SECONDS * RATE,
    STEP = RATE / S2VI_MUSIC_FPS,
    FRAMES = LENGTH / STEP,
    MOST = SECONDS * S2VI_MUSIC_MOST,
    COUNT = S2VI_MUSIC_COUNT,
};

static const double PI = 3.14159265358979323846;

typedef float frames[MOST + 1][COUNT];

static float sound[LENGTH];
static frames made, again;
static s2vi_frame_rate rate = {S2VI_MUSIC_FPS, 1}; /* of what is made */

static const s2vi_frame_rate rates[] = {
    {1, 1}, {5, 1}, {12, 1}, {25, 1}, {30000, 1001}, {30, 1}, {60, 1}};
enum { RATES = sizeof(rates) / sizeof(*rates) };

/* The sample at which frame t starts. */
static int start_of(int t)
{
    return (int)floor((double)t * RATE * rate.den / rate.num);
}

/* s at which frame t starts. */
static double time_of(int t)
{
    return (double)t * rate.den / rate.num;
}

/* Send n samples in pieces: of `piece`, or of varying sizes if that is 0.
 * Returns the number of frames. */
static int run(const float *x, int n, int piece, frames out)
{
    s2vi_music *m = NULL;
    s2v_error err;
    unsigned state = 1;
    int have = 0, ret;
    if (s2vi_music_create(&m, rate, &err) < 0)
        exit(EXIT_FAILURE);
    for (int at = 0, take; at < n; at += take) {
        state = state * 1664525u + 1013904223u;
        take = piece ? piece : (int)(state >> 20);
        take = take < n - at ? take : n - at;
        CHECK(!s2vi_music_send(m, x + at, (size_t)take), "not taken");
        while ((ret = s2vi_music_receive(m, out[have])) == S2V_OK)
            have++;
        CHECK(ret == S2V_ERR_AGAIN &&
                  at + take < start_of(have) + S2VI_MUSIC_SPAN,
              "%d frames of %d samples", have, at + take);
    }
    s2vi_music_drain(m);
    CHECK(s2vi_music_send(m, x, 1) == S2V_ERR_EOF, "taken after the drain");
    while (have <= MOST && (ret = s2vi_music_receive(m, out[have])) == S2V_OK)
        have++;
    CHECK(ret == S2V_ERR_EOF, "%d", ret);
    s2vi_music_close(&m);
    return have;
}

/* ------------------------------------------------------------- sounds -- */

static void silence(void)
{
    memset(sound, 0, sizeof(sound));
}

/* Bursts of 5 ms, `bpm` a minute, the first after `start` seconds. */
static void clicks(double bpm, double start)
{
    silence();
    for (double at = start; at < SECONDS - 0.01; at += 60 / bpm)
        for (int i = 0; i < 80; i++)
            sound[(int)(at * RATE) + i] +=
                (float)(0.5 * sin(2 * PI * 2500 * i / RATE) * (80 - i) / 80);
}

static void tone(double hertz, double amplitude)
{
    for (int i = 0; i < LENGTH; i++)
        sound[i] += (float)(amplitude * sin(2 * PI * hertz * i / RATE));
}

/* --------------------------------------------------------------- tests -- */

static void test_tempo(void)
{
    static const double tempi[] = {63, 90, 120, 128.5, 174};
    for (int k = 0; k < 5; k++) {
        clicks(tempi[k], 0.32);
        CHECK(run(sound, LENGTH, 800, made) == FRAMES, "frames");
        CHECK(made[70][S2VI_MUSIC_TEMPO] == 0, "a tempo after 3.5 s");
        for (int t = 4 * 20 + 4; t < FRAMES; t++)
            CHECK(fabs(made[t][S2VI_MUSIC_TEMPO] / tempi[k] - 1) < 0.02,
                  "%g a minute: %g at frame %d", tempi[k],
                  (double)made[t][S2VI_MUSIC_TEMPO], t);
    }
}

/* Since the last click, of a beat: within a frame's 50 ms. */
static void test_phase(void)
{
    static const double tempi[] = {90, 120, 128.5};
    for (int k = 0; k < 3; k++) {
        clicks(tempi[k], 0.32);
        run(sound, LENGTH, 800, made);
        CHECK(made[70][S2VI_MUSIC_PHASE] == 0, "a phase after 3.5 s");
        for (int t = 5 * 20; t < FRAMES; t++) {
            const double beat = (t * 0.05 - 0.32) * tempi[k] / 60;
            const double off = (double)made[t][S2VI_MUSIC_PHASE] - beat;
            CHECK(fabs(off - round(off)) < 0.05 * tempi[k] / 60,
                  "%g a minute: the phase of frame %d is %g off", tempi[k], t,
                  off - round(off));
        }
    }
}

/* Each click is an onset of the frame that it begins in, or the next if it
 * begins in its last 10 ms; none of another frame. */
static void test_onsets(void)
{
    const double bpm = 120;
    clicks(bpm, 0.32);
    run(sound, LENGTH, 800, made);
    for (int t = 0; t < FRAMES; t++) {
        const double beat = (t * 0.05 - 0.32) * bpm / 60; /* of its start */
        const double next = ceil(beat - 1e-9);
        const double ahead = (next - beat) * 60 / bpm; /* s to the click */
        const double onset = (double)made[t][S2VI_MUSIC_HIGH];
        if (next >= 0 && ahead > 0.005 && ahead < 0.035)
            CHECK(onset > 0.8, "frame %d: %g, a click after %g s", t, onset,
                  ahead);
        if (next < 0 || (ahead > 0.065 && ahead < 0.44))
            CHECK(onset < 0.2, "frame %d: %g", t, onset);
    }
}

/* C major, and then the fifth above; a drum is low, a hat is not. */
static void test_chroma(void)
{
    static const double chord[] = {261.63, 329.63, 392.0};
    silence();
    for (int i = 0; i < 3; i++)
        tone(chord[i], 0.1);
    run(sound, LENGTH, 800, made);
    const float *c = made[100] + S2VI_MUSIC_CHROMA;
    double sum = 0;
    for (int k = 0; k < S2VI_MUSIC_TONES; k++)
        sum += (double)c[k];
    CHECK(fabs(sum - 1) < 1e-4, "of sum %g", sum);
    CHECK(c[0] > 0.2 && c[4] > 0.2 && c[7] > 0.2 && c[0] + c[4] + c[7] > 0.95f,
          "C %g, E %g, G %g", (double)c[0], (double)c[4], (double)c[7]);
    CHECK(
        made[100][S2VI_MUSIC_HARM] > 0.8f && made[100][S2VI_MUSIC_PERC] < 0.2f,
        "a chord: harmonic %g, percussive %g",
        (double)made[100][S2VI_MUSIC_HARM], (double)made[100][S2VI_MUSIC_PERC]);
}

static void test_parts(void)
{
    silence();
    for (int i = 0; i < 1600; i++) /* 60 Hz, and from 6 s on noise */
        sound[3 * RATE + i] =
            (float)(0.5 * sin(2 * PI * 60 * i / RATE) * (1600 - i) / 1600);
    for (int i = 0; i < 400; i++)
        sound[6 * RATE + i] = i % 2 ? 0.3f : -0.3f;
    run(sound, LENGTH, 800, made);
    CHECK(made[60][S2VI_MUSIC_LOW] > 0.8f, "a drum: low %g",
          (double)made[60][S2VI_MUSIC_LOW]);
    CHECK(made[60][S2VI_MUSIC_PERC] > 0.8f, "a drum: percussive %g",
          (double)made[60][S2VI_MUSIC_PERC]);
    CHECK(made[120][S2VI_MUSIC_HIGH] > 0.8f, "a hat: high %g",
          (double)made[120][S2VI_MUSIC_HIGH]);
}

/* -66 dBFS is silence, too. */
static void test_silence(void)
{
    silence();
    tone(440, 0.0007);
    run(sound, LENGTH, 800, made);
    for (int t = 0; t < FRAMES; t++)
        for (int i = 0; i < COUNT; i++)
            CHECK(made[t][i] == 0, "frame %d: feature %d is %g", t, i,
                  (double)made[t][i]);
}

static void test_pieces(void)
{
    static const int pieces[] = {0, 1, 799, LENGTH};
    clicks(97, 0.1);
    tone(330, 0.05);
    const int n = LENGTH - 333;
    const int want = run(sound, n, 800, made);
    CHECK(want == (n + 799) / 800, "%d frames", want);
    for (int i = 0; i < 4; i++) {
        const int have = run(sound, n, pieces[i], again);
        CHECK(have == want &&
                  !memcmp(made, again, (size_t)have * sizeof(made[0])),
              "pieces of %d: not the same", pieces[i]);
    }
}

static void test_flush(void)
{
    s2vi_music *m = NULL;
    s2v_error err;
    clicks(97, 0.1);
    run(sound, LENGTH, 800, made);
    if (s2vi_music_create(&m, rate, &err) < 0)
        exit(EXIT_FAILURE);
    for (int pass = 0; pass < 2; pass++) {
        s2vi_music_send(m, sound, 100000);
        for (int t = 0; !s2vi_music_receive(m, again[t]); t++)
            CHECK(!memcmp(made[t], again[t], sizeof(made[t])), "frame %d", t);
        s2vi_music_drain(m);
        s2vi_music_flush(m);
    }
    s2vi_music_close(&m);
}

/* ---- at other rates ---- */

/* Each click is an onset of the frame that shows while it sounds, up to 10 ms
 * early or late: of long frames, 80 ms of which are heard ahead, in the next
 * one otherwise. As many frames have an onset as there are clicks. */
static void check_onsets(int n, double bpm, double start)
{
    const double length = time_of(1), heard = fmin(length, 0.09);
    for (int t = 0; t < n; t++) {
        const double beat = (time_of(t) - start) * bpm / 60;
        const double ahead = (ceil(beat - 1e-9) - beat) * 60 / bpm;
        const double since = 60 / bpm - ahead; /* s since the last click */
        const bool begun = beat > 0;
        const double onset = (double)made[t][S2VI_MUSIC_HIGH];
        if (beat > -1 && ahead > 0.012 && ahead < heard - 0.02)
            CHECK(onset > 0.7, "%d/%d: frame %d: %g, a click after %g s",
                  rate.num, rate.den, t, onset, ahead);
        if (ahead > heard + 0.02 &&
            (!begun || since > 0.03 + fmax(0, length - heard)))
            CHECK(onset < 0.2, "%d/%d: frame %d: %g, no click for %g s",
                  rate.num, rate.den, t, onset, ahead);
    }
}

/* Since the last click, as at 20 a second: within 50 ms. */
static void check_beats(int n, double bpm, double start)
{
    for (int t = (int)ceil(5 / time_of(1)); t < n; t++) {
        const double beat = (time_of(t) - start) * bpm / 60;
        const double off = (double)made[t][S2VI_MUSIC_PHASE] - beat;
        CHECK(fabs((double)made[t][S2VI_MUSIC_TEMPO] / bpm - 1) < 0.02,
              "%d/%d: frame %d: %g a minute", rate.num, rate.den, t,
              (double)made[t][S2VI_MUSIC_TEMPO]);
        CHECK(fabs(off - round(off)) < 0.05 * bpm / 60,
              "%d/%d: the phase of frame %d is %g off", rate.num, rate.den, t,
              off - round(off));
    }
}

static void test_rates(void)
{
    const double bpm = 120, start = 0.32;
    for (int i = 0; i < RATES; i++) {
        rate = rates[i];
        clicks(bpm, start);
        const int n = run(sound, LENGTH - 333, 800, made);
        CHECK(n == (int)ceil((LENGTH - 333) / (RATE * time_of(1))),
              "%d/%d: %d frames", rate.num, rate.den, n);
        check_onsets(n, bpm, start);
        check_beats(n, bpm, start);
    }
    rate = (s2vi_frame_rate){S2VI_MUSIC_FPS, 1};
}

static void test_pieces_of_rates(void)
{
    const int n = LENGTH - 333;
    clicks(97, 0.1);
    tone(330, 0.05);
    for (int i = 0; i < RATES; i++) {
        rate = rates[i];
        const int want = run(sound, n, LENGTH, made);
        for (int piece = 0; piece <= 799; piece += 799) {
            const int have = run(sound, n, piece, again);
            CHECK(have == want &&
                      !memcmp(made, again, (size_t)want * sizeof(made[0])),
                  "%d/%d: pieces of %d: not the same", rate.num, rate.den,
                  piece);
        }
    }
    rate = (s2vi_frame_rate){S2VI_MUSIC_FPS, 1};
}

/* How loud a tone that swells is, and which it is, is the same at a time. */
static void test_level_of_rates(void)
{
    static frames usual;
    for (int i = 0; i < LENGTH; i++)
        sound[i] = (float)(0.3 * fabs(sin(PI * i / (3.0 * RATE))) *
                           sin(2 * PI * (i / (2 * RATE) % 2 ? 392.0 : 261.63) *
                               i / RATE));
    run(sound, LENGTH, 800, usual);
    for (int i = 2; i < RATES; i++) { /* of frames that hear what they show */
        rate = rates[i];
        const int n = run(sound, LENGTH, 800, made);
        for (int t = (int)ceil(0.5 / time_of(1)); t < n - 3; t++) {
            const int at = (int)(time_of(t) * 20);
            const double part = time_of(t) * 20 - at;
            static const int features[] = {S2VI_MUSIC_LEVEL, S2VI_MUSIC_CHROMA,
                                           S2VI_MUSIC_CHROMA + 7};
            for (int f = 0; f < 3; f++) {
                const int k = features[f];
                const double want = (1 - part) * (double)usual[at][k] +
                                    part * (double)usual[at + 1][k];
                CHECK(fabs((double)made[t][k] - want) < 0.08,
                      "%d/%d: frame %d: feature %d is %g, %g at 20", rate.num,
                      rate.den, t, k, (double)made[t][k], want);
            }
        }
    }
    rate = (s2vi_frame_rate){S2VI_MUSIC_FPS, 1};
}

int main(void)
{
    test_tempo();
    test_phase();
    test_onsets();
    test_chroma();
    test_parts();
    test_silence();
    test_pieces();
    test_flush();
    test_rates();
    test_pieces_of_rates();
    test_level_of_rates();
    return check_done();
}
