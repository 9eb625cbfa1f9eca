/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features of speech: known values, and the streaming contract. */
#include "audio/speech.h"
#include "audio/yin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"

enum {
    N = S2VI_SPEECH_NUMBERS,
    LENGTH = 16000 + 321,
    FRAMES = (LENGTH + S2VI_SPEECH_STEP - 1) / S2VI_SPEECH_STEP,
    MOST = FRAMES + 4,
};

static const double PI = 3.14159265358979323846;

/* 0.3 s of a voice of 180 Hz, 0.2 s of silence, 0.2 s of noise, a tone that
 * rises. */
static void make_signal(float *x)
{
    uint32_t state = 1;
    double phase = 0.0;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1664525u + 1013904223u;
        const double noise = (int)(state >> 16) / 32768.0 - 1.0;
        phase += 2.0 * PI * (i < 4800 ? 180.0 : 100.0 + i / 60.0) / 16000.0;
        double v = 0.3 * sin(phase) + 0.1 * sin(2 * phase);
        if (i >= 4800 && i < 8000)
            v = 0.0;
        else if (i >= 8000 && i < 11200)
            v = 0.2 * noise;
        x[i] = (float)v;
    }
}

static s2vi_speech *new_speech(void)
{
    s2vi_speech *speech = NULL;
    if (s2vi_speech_create(&speech, NULL) < 0) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return speech;
}

/* Receive all there is; frame t must not come before its samples, nor late. */
static int receive_all(s2vi_speech *speech, float *out, int have, size_t sent,
                       bool drained)
{
    int ret;
    while ((ret = s2vi_speech_receive(speech, out + N * have)) == S2V_OK) {
        have++;
        CHECK(drained || sent >= 640u * (unsigned)(have - 1) + 2368,
              "frame %d after %zu samples", have - 1, sent);
        if (have == MOST)
            break;
    }
    CHECK(drained || sent < 640u * (unsigned)have + 2368,
          "no frame %d after %zu samples", have, sent);
    CHECK(ret == (drained ? S2V_ERR_EOF : S2V_ERR_AGAIN), "status %d", ret);
    return have;
}

static int stream(s2vi_speech *speech, const float *x, size_t n, size_t chunk,
                  float *out)
{
    int have = 0;
    for (size_t i = 0; i < n; i += chunk) {
        const size_t take = n - i < chunk ? n - i : chunk;
        CHECK(s2vi_speech_send(speech, x + i, take) == S2V_OK, "send");
        have = receive_all(speech, out, have, i + take, false);
    }
    s2vi_speech_drain(speech);
    have = receive_all(speech, out, have, n, true);
    CHECK(s2vi_speech_send(speech, x, 1) == S2V_ERR_EOF, "send after drain");
    CHECK(s2vi_speech_reserve(speech, 1) == S2V_ERR_EOF, "room after drain");
    return have;
}

/* ------------------------------------------------------- known values -- */

static void test_pitch(void)
{
    static const double pitches[] = {72.0, 100.0, 137.0, 220.0, 440.0, 495.0};
    float x[S2VI_YIN_WINDOW];
    for (size_t p = 0; p < sizeof(pitches) / sizeof(*pitches); p++) {
        for (int i = 0; i < S2VI_YIN_WINDOW; i++) {
            const double phase = 2.0 * PI * pitches[p] * i / 16000.0;
            x[i] = (float)(0.3 * sin(phase) + 0.2 * sin(2 * phase + 1));
        }
        const double f = s2vi_yin_pitch(x);
        CHECK(fabs(f / pitches[p] - 1.0) < 0.003, "%g Hz, expected %g", f,
              pitches[p]);
    }
    for (int i = 0; i < S2VI_YIN_WINDOW; i++)
        x[i] *= 0.005f; /* below -50 dB */
    CHECK(s2vi_yin_pitch(x) == 0, "a faint tone has a pitch");
    CHECK(s2vi_speech_pitch_level(0) == 0 && s2vi_speech_pitch_level(60) == 1 &&
              s2vi_speech_pitch_level(71) == 1 &&
              s2vi_speech_pitch_level(499.9) == 254 &&
              s2vi_speech_pitch_level(500) == 255 &&
              s2vi_speech_pitch_level(900) == 255,
          "levels of 0, 60, 71, 499.9, 500, 900 Hz: %d %d %d %d %d %d",
          s2vi_speech_pitch_level(0), s2vi_speech_pitch_level(60),
          s2vi_speech_pitch_level(71), s2vi_speech_pitch_level(499.9),
          s2vi_speech_pitch_level(500), s2vi_speech_pitch_level(900));
}

/* A sine of amplitude a on a bin of the transform: |X| is a W / 4 there and
 * half of that beside, W = 1024: an energy of a W / 4 sqrt(1.5). Twice as loud
 * is 6.02 dB, 19.27 levels, more. */
static void test_energy(void)
{
    static float x[6400], out[12 * N];
    for (int loud = 0; loud < 2; loud++) {
        const double a = loud ? 0.2 : 0.1;
        for (int i = 0; i < 6400; i++)
            x[i] = (float)(a * sin(2.0 * PI * 64.0 / 1024.0 * i));
        s2vi_speech *speech = new_speech();
        stream(speech, x, 6400, 6400, out);
        const double db = 20.0 * log10(a * 1024 / 4 * sqrt(1.5));
        const int expected = (int)floor((db + 30.0) * 3.2);
        const float level = out[5 * N + S2VI_SPEECH_ENERGY + 6];
        CHECK(level == (float)expected, "energy level %g, expected %d",
              (double)level, expected);
        s2vi_speech_close(&speech);
    }
}

/* Silence: the floor in every band, which the DCT puts into coefficient 0
 * alone; no pitch and no energy. */
static void test_silence(void)
{
    static const float x[1280];
    static float out[6 * N];
    s2vi_speech *speech = new_speech();
    CHECK(stream(speech, x, 1280, 1280, out) == 2, "frames");
    const double mel = log(0.01) / 4.6, first = log(0.01) * sqrt(40.0) / 10.0;
    for (int i = 0; i < 2 * N; i++) {
        const int at = i % N;
        double expected = 0.0;
        if (at < S2VI_SPEECH_MFCC)
            expected = mel;
        else if (at < S2VI_SPEECH_PITCH &&
                 (at - S2VI_SPEECH_MFCC) % S2VI_SPEECH_CEPSTRUM == 0)
            expected = first;
        CHECK(fabs((double)out[i] - expected) < 1e-6, "%d: %g, expected %g", at,
              (double)out[i], expected);
    }
    s2vi_speech_close(&speech);
}

/* ---------------------------------------------------------- streaming -- */

static void test_chunks(const float *x)
{
    static const size_t chunks[] = {1, 7, 128, 1023, 4096, 30000};
    static float whole[MOST * N], out[MOST * N];
    s2vi_speech *speech = new_speech();
    CHECK(stream(speech, x, LENGTH, LENGTH, whole) == FRAMES, "frames");
    for (size_t c = 0; c < sizeof(chunks) / sizeof(*chunks); c++) {
        s2vi_speech_flush(speech);
        memset(out, 0x55, sizeof(out));
        const int frames = stream(speech, x, LENGTH, chunks[c], out);
        CHECK(frames == FRAMES, "chunk %zu: %d frames", chunks[c], frames);
        CHECK(!memcmp(out, whole, FRAMES * N * sizeof(*out)),
              "chunk %zu: other bytes", chunks[c]);
    }
    CHECK(allocations > 0, "allocations are not counted");
    const unsigned long before = allocations;
    for (int pass = 0; pass < 3; pass++) {
        s2vi_speech_flush(speech);
        stream(speech, x, LENGTH, 777, out);
    }
    CHECK(allocations == before, "%lu allocations once warm",
          allocations - before);
    s2vi_speech_close(&speech);
    CHECK(!speech, "close leaves the pointer");
    s2vi_speech_close(&speech);
}

/* One frame by itself, while a stream goes on. */
static void test_frame(const float *x)
{
    static float whole[MOST * N], out[N];
    s2vi_speech *speech = new_speech();
    stream(speech, x, LENGTH, LENGTH, whole);
    s2vi_speech_flush(speech);
    s2vi_speech_send(speech, x, 3000);
    for (int t = 4; t < FRAMES - 4; t++) {
        s2vi_speech_frame(speech, x + 640 * t - S2VI_SPEECH_LEAD, out);
        CHECK(!memcmp(out, whole + (ptrdiff_t)t * N, sizeof(out)),
              "frame %d: other bytes", t);
    }
    CHECK(s2vi_speech_receive(speech, out) == S2V_OK &&
              !memcmp(out, whole, sizeof(out)),
          "the stream was changed");
    s2vi_speech_close(&speech);
}

static void test_lengths(const float *x)
{
    static const size_t lengths[] = {0,    1,    639,  640,  641, 2367,
                                     2368, 2369, 3007, 3008, 3009};
    static float out[MOST * N];
    s2vi_speech *speech = new_speech();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        const int expected = (int)((lengths[i] + 639) / 640);
        const int frames = stream(speech, x, lengths[i], 300, out);
        CHECK(frames == expected, "%zu samples: %d frames, expected %d",
              lengths[i], frames, expected);
        s2vi_speech_flush(speech);
    }
    s2vi_speech_close(&speech);
}

static void test_not_finite(void)
{
    static float x[LENGTH], out[MOST * N];
    const float bad[] = {NAN, INFINITY, -3.4e38f, 3.4e38f, 1e-45f};
    for (int i = 0; i < LENGTH; i++)
        x[i] = bad[i % 5];
    s2vi_speech *speech = new_speech();
    stream(speech, x, LENGTH, LENGTH, out);
    for (int i = 0; i < FRAMES * N; i++)
        CHECK(isfinite(out[i]), "feature %d: %f", i, (double)out[i]);
    s2vi_speech_close(&speech);
}

/* Each allocation fails in turn: an error, and nothing half done. */
static void test_no_memory(const float *x)
{
    static float out[MOST * N];
    s2vi_speech *speech = NULL;
    unsigned long k = 0;
    int ret;
    do {
        failing_allocation = ++k;
        ret = s2vi_speech_create(&speech, NULL);
        CHECK(ret == S2V_OK || (ret == S2V_ERR_NOMEM && !speech),
              "allocation %lu: status %d", k, ret);
    } while (ret != S2V_OK && k < 100);
    CHECK(k > 5, "%lu allocations", k);
    failing_allocation = 1;
    ret = s2vi_speech_send(speech, x, LENGTH);
    CHECK(ret == S2V_ERR_NOMEM, "send: status %d", ret);
    failing_allocation = 0;
    CHECK(stream(speech, x, LENGTH, LENGTH, out) == FRAMES,
          "the failed send left something");
    s2vi_speech_close(&speech);
}

int main(void)
{
    static float x[LENGTH];
    make_signal(x);
    test_pitch();
    test_energy();
    test_silence();
    test_chunks(x);
    test_frame(x);
    test_lengths(x);
    test_not_finite();
    test_no_memory(x);
    return check_done();
}
