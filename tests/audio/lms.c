/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log-mel spectrum: against the reference, and the streaming contract. */
#include "audio/lms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"
#include "../worst.h"
#include "lms_golden.h"

enum { BANDS = S2VI_LMS_BANDS, MOST = FRAMES + 8 };

/* As signal() in tests/reference/lms.py. */
static void make_signal(float *x)
{
    uint32_t state = 1, phase = 0, step = 0;
    for (int i = 0; i < LENGTH; i++) {
        state = state * 1664525u + 1013904223u;
        int noise = (int)(state >> 16) - 32768, v = 0;
        if (i >= 4000 && i < 9600) {
            v = noise;
        } else if (i >= 9600 && i < 13600) {
            v = (int)floor(noise / 256.0);
        } else if (i == 14400 || i == 16001) {
            v = 32767;
        } else if (i >= 17600 && i < 22400) {
            v = sine[i * 64 % 1024];
        } else if (i >= 22400 && i < 27200) {
            v = (int)floor(sine[i * 28 % 1024] / 8.0) +
                (int)floor(sine[i * 192 % 1024] / 16.0);
        } else if (i >= 27200) {
            step += 100;
            phase = (phase + step) & 0xFFFFF;
            v = (int)floor(sine[phase >> 10] / 2.0);
        }
        x[i] = (float)v / 32768.0f;
    }
}

static s2vi_lms *new_lms(void)
{
    s2vi_lms *lms = NULL;
    if (s2vi_lms_create(&lms, NULL) < 0) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return lms;
}

/* Receive all there is; frame t must not come before its samples, nor late. */
static int receive_all(s2vi_lms *lms, float *out, int have, size_t sent,
                       bool drained)
{
    int ret;
    while ((ret = s2vi_lms_receive(lms, out + BANDS * have)) == S2V_OK) {
        have++;
        CHECK(drained || sent >= 800u * (unsigned)(have - 1) + 1520,
              "frame %d after %zu samples", have - 1, sent);
        if (have == MOST)
            break;
    }
    CHECK(drained || sent < 800u * (unsigned)have + 1520,
          "no frame %d after %zu samples", have, sent);
    CHECK(ret == (drained ? S2V_ERR_EOF : S2V_ERR_AGAIN), "status %d", ret);
    return have;
}

/* The frames of x in chunks; frames received after each. */
static int stream(s2vi_lms *lms, const float *x, size_t n, size_t chunk,
                  float *out)
{
    int have = 0;
    for (size_t i = 0; i < n; i += chunk) {
        size_t take = n - i < chunk ? n - i : chunk;
        CHECK(s2vi_lms_send(lms, x + i, take) == S2V_OK, "send");
        have = receive_all(lms, out, have, i + take, false);
    }
    s2vi_lms_drain(lms);
    s2vi_lms_drain(lms);
    have = receive_all(lms, out, have, n, true);
    CHECK(s2vi_lms_send(lms, x, 1) == S2V_ERR_EOF, "send after drain");
    return have;
}

/*
 * Of a frame's features, in the log domain. KISS FFT computes in float, and
 * leaves in each magnitude an error of about 1e-7 of the column's energy
 * sqrt(sum x^2); up to 17 bins add up to a band; the logarithm divides by the
 * band's sum + 0.01. Silence, noise and impulses have as much in every band,
 * and stay within 1e-5. A pure tone leaves the far bands at the 0.01 floor: at
 * full scale, energy 14, that makes 5e-4, of a range from -4.6 to 5.
 */
static double tolerance(const float *x, int frame)
{
    double energy = 0.0;
    if (frame * 800 + 1520 <= 17600)
        return 1e-5;
    for (int i = frame * 800; i < frame * 800 + 1520 && i < LENGTH; i++)
        energy += x[i] * x[i] * 400.0 / 1520.0;
    return 1e-5 + 4e-7 * sqrt(energy) / 0.01;
}

static void test_golden(const float *x)
{
    static float out[MOST * BANDS];
    s2vi_lms *lms = new_lms();
    int frames = stream(lms, x, LENGTH, LENGTH, out);
    CHECK(frames == FRAMES, "%d frames, expected %d", frames, FRAMES);
    double worst[2] = {0.0, 0.0}, squares = 0.0;
    for (int i = 0; i < FRAMES * BANDS; i++) {
        double error = fabs(out[i] - golden[i]);
        double allowed = tolerance(x, i / BANDS);
        CHECK(error <= allowed, "frame %d band %d: %.8f, expected %.8f",
              i / BANDS, i % BANDS, out[i], golden[i]);
        worst[allowed > 1e-5] = worse(worst[allowed > 1e-5], error);
        squares += error * error;
    }
    double rms = sqrt(squares / (FRAMES * BANDS));
    CHECK(rms < 3e-5, "root mean square error %.2g", rms);
    printf("golden: largest error %.2g, of tones %.2g; rms %.2g\n", worst[0],
           worst[1], rms);
    s2vi_lms_close(&lms);
    CHECK(!lms, "close leaves the pointer");
    s2vi_lms_close(&lms);
}

static void test_chunks(const float *x)
{
    static const size_t chunks[] = {1, 7, 160, 399, 4096, 30000};
    static float whole[MOST * BANDS], out[MOST * BANDS];
    CHECK(s2vi_lms_features(x, LENGTH, whole, FRAMES, NULL) == S2V_OK,
          "features");
    s2vi_lms *lms = new_lms();
    for (size_t c = 0; c < sizeof(chunks) / sizeof(*chunks); c++) {
        memset(out, 0x55, sizeof(out));
        int frames = stream(lms, x, LENGTH, chunks[c], out);
        CHECK(frames == FRAMES, "chunk %zu: %d frames", chunks[c], frames);
        CHECK(!memcmp(out, whole, FRAMES * BANDS * sizeof(*out)),
              "chunk %zu: other bytes", chunks[c]);
        s2vi_lms_flush(lms);
    }
    s2vi_lms_close(&lms);
}

/* All sound first, then all frames, more than there is room for at first. */
static void test_late_receive(const float *x)
{
    static float whole[MOST * BANDS], out[MOST * BANDS];
    s2vi_lms_features(x, LENGTH, whole, FRAMES, NULL);
    s2vi_lms *lms = new_lms();
    for (size_t i = 0; i < LENGTH; i += 100)
        s2vi_lms_send(lms, x + i, LENGTH - i < 100 ? LENGTH - i : 100);
    s2vi_lms_drain(lms);
    int frames = receive_all(lms, out, 0, LENGTH, true);
    CHECK(frames == FRAMES, "%d frames", frames);
    CHECK(!memcmp(out, whole, FRAMES * BANDS * sizeof(*out)), "other bytes");
    s2vi_lms_close(&lms);
}

static void test_lengths(const float *x)
{
    static const size_t lengths[] = {
        0,    1,    399,  400,  799,  800,  801,  1119, 1120,  1121, 1519,
        1520, 1521, 1599, 1600, 1601, 2319, 2320, 2321, 15999, 16000};
    static float out[MOST * BANDS], clip[MOST * BANDS];
    s2vi_lms *lms = new_lms();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        size_t n = lengths[i];
        int expected = (int)((n + 799) / 800);
        int frames = stream(lms, x + 4000, n, 300, out);
        CHECK(frames == expected, "%zu samples: %d frames, expected %d", n,
              frames, expected);
        s2vi_lms_features(x + 4000, n, clip, expected, NULL);
        CHECK(!memcmp(out, clip, (size_t)expected * BANDS * sizeof(*out)),
              "%zu samples: the whole clip differs", n);
        s2vi_lms_flush(lms);
    }
    s2vi_lms_close(&lms);
}

/* A flush in mid-stream, and after a drain, leaves a stream as new. */
static void test_flush(const float *x)
{
    static float fresh[MOST * BANDS], out[MOST * BANDS];
    float one[BANDS];
    s2vi_lms_features(x, LENGTH, fresh, FRAMES, NULL);
    s2vi_lms *lms = new_lms();
    for (int drained = 0; drained < 2; drained++) {
        s2vi_lms_send(lms, x + 5000, 5003);
        CHECK(s2vi_lms_receive(lms, one) == S2V_OK, "no frame");
        if (drained)
            s2vi_lms_drain(lms);
        s2vi_lms_flush(lms);
        CHECK(s2vi_lms_receive(lms, one) == S2V_ERR_AGAIN, "not empty");
        stream(lms, x, LENGTH, 1000, out);
        CHECK(!memcmp(out, fresh, FRAMES * BANDS * sizeof(*out)),
              "other bytes, drained %d", drained);
        s2vi_lms_flush(lms);
    }
    s2vi_lms_close(&lms);
}

static void test_not_finite(const float *x)
{
    static float dirty[LENGTH], clean[LENGTH];
    static float a[MOST * BANDS], b[MOST * BANDS];
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < LENGTH; i++) {
        dirty[i] = i % 11 ? x[i] : bad[i % 3];
        clean[i] = i % 11 ? x[i] : 0.0f;
    }
    s2vi_lms_features(dirty, LENGTH, a, FRAMES, NULL);
    s2vi_lms_features(clean, LENGTH, b, FRAMES, NULL);
    CHECK(!memcmp(a, b, FRAMES * BANDS * sizeof(*a)), "not taken as 0");
    for (int i = 0; i < LENGTH; i++)
        dirty[i] = i % 2 ? 3.4e38f : i % 3 ? -3.4e38f : 1e-45f;
    s2vi_lms_features(dirty, LENGTH, a, FRAMES, NULL);
    for (int i = 0; i < FRAMES * BANDS; i++)
        CHECK(isfinite(a[i]), "feature %d of huge samples: %f", i, a[i]);
}

static void test_allocations(const float *x)
{
    static float out[MOST * BANDS];
    s2vi_lms *lms = new_lms();
    CHECK(allocations > 0, "allocations are not counted");
    unsigned long before = allocations;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t chunk = 1; chunk < 2000; chunk = chunk * 3 + 1) {
            stream(lms, x, LENGTH, chunk, out);
            s2vi_lms_flush(lms);
        }
    }
    CHECK(allocations == before, "%lu allocations once warm",
          allocations - before);
    s2vi_lms_close(&lms);
}

/* Each allocation fails in turn: an error, no leak, and nothing half done. */
static void test_no_memory(const float *x)
{
    static float whole[MOST * BANDS], out[MOST * BANDS];
    s2vi_lms_features(x, LENGTH, whole, FRAMES, NULL);
    s2v_error err;
    s2vi_lms *lms;
    unsigned long k = 0;
    int ret;
    do {
        failing_allocation = ++k;
        ret = s2vi_lms_create(&lms, &err);
        CHECK(ret == S2V_OK || (ret == S2V_ERR_NOMEM && !lms),
              "allocation %lu: status %d", k, ret);
    } while (ret != S2V_OK && k < 100);
    CHECK(k > 5, "%lu allocations", k);
    failing_allocation = 1;
    ret = s2vi_lms_send(lms, x, LENGTH);
    CHECK(ret == S2V_ERR_NOMEM, "send: status %d", ret);
    failing_allocation = 0;
    ret = s2vi_lms_send(lms, x, SIZE_MAX / sizeof(*x));
    CHECK(ret == S2V_ERR_NOMEM, "send of it all: status %d", ret);
    stream(lms, x, LENGTH, LENGTH, out);
    CHECK(!memcmp(out, whole, FRAMES * BANDS * sizeof(*out)),
          "the failed send left something");
    s2vi_lms_close(&lms);
}

int main(void)
{
    static float x[LENGTH];
    make_signal(x);
    test_golden(x);
    test_chunks(x);
    test_late_receive(x);
    test_lengths(x);
    test_flush(x);
    test_not_finite(x);
    test_allocations(x);
    test_no_memory(x);
    return check_done();
}
