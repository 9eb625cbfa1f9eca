/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows of a log-mel spectrum: by lms.h's columns, at any chunking, and of a
 * whole clip alike. */
#include "../check.h"
#include "../must.h"
#include "audio/mel_window.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 20 * 800 + 333, FRAMES = 21, N = S2VI_MEL_WINDOW_NUMBERS };

static float sound[SAMPLES];
static float window[FRAMES][N];

static void make_sound(void)
{
    unsigned state = 1;
    for (int i = 0; i < SAMPLES; i++) {
        state = state * 1664525 + 1013904223;
        const double noise = (double)(state >> 8) / (1 << 24) - 0.5;
        sound[i] = (float)(0.3 * sin(i * 0.05 * (1 + i / 4000.0)) +
                           0.2 * noise * (i / 3000 % 2));
    }
}

/* Sends `chunk` samples at a time; how many frames there were. */
static int receive_all(s2vi_mel_window *w, int chunk, float out[][N])
{
    int frames = 0, ret = S2V_OK;
    for (int at = 0; at <= SAMPLES; at += chunk) {
        const int n = SAMPLES - at < chunk ? SAMPLES - at : chunk;
        must(s2vi_mel_window_send(w, sound + at, (size_t)n), NULL);
        if (at + n == SAMPLES)
            s2vi_mel_window_drain(w);
        while (frames <= FRAMES &&
               !(ret = s2vi_mel_window_receive(
                     w, out[frames < FRAMES ? frames : FRAMES - 1])))
            frames++;
        if (at + n == SAMPLES)
            break;
    }
    CHECK(ret == S2V_ERR_EOF, "%d after the last frame", ret);
    return frames;
}

/* Column k of frame t, band b, by hand: the mean of a frame's last eight is
 * what lms.h gives. */
static void test_columns(void)
{
    float features[FRAMES][S2VI_LMS_BANDS];
    double worst = 0;
    must(s2vi_lms_features(sound, SAMPLES, features[0], FRAMES, NULL), NULL);
    for (int t = 0; t < FRAMES; t++)
        for (int b = 0; b < S2VI_LMS_BANDS; b++) {
            double sum = 0;
            for (int k = 56; k < 64; k++)
                sum += (2 * window[t][b * 64 + k] - 0.4) / 8;
            worst = fmax(worst, fabs(sum - features[t][b]));
        }
    CHECK(worst < 1e-5, "%g off the features", worst);
}

static void test_windows(void)
{
    int shifted = 0, silent = 0;
    for (int t = 0; t < FRAMES; t++)
        for (int b = 0; b < 64; b++)
            for (int k = 0; k < 64; k++) {
                if (t && k < 59)
                    shifted +=
                        window[t][b * 64 + k] != window[t - 1][b * 64 + k + 5];
                if (5 * t - 56 + k < 0)
                    silent += fabs(window[t][b * 64 + k] -
                                   (log(0.01) + 0.4) / 2) > 1e-6;
            }
    CHECK(!shifted, "%d numbers are not those of five columns before", shifted);
    CHECK(!silent, "%d numbers before the beginning", silent);
}

/* Column k of a window whose sound begins with column 56 - 5 t. */
static void test_repeat(void)
{
    static float out[N], none[N];
    for (int t = 0; t < 14; t++) {
        const int first = t < 12 ? 56 - 5 * t : 0, heard = 64 - first;
        int off = 0;
        s2vi_mel_window_repeat(window[t], out);
        for (int b = 0; b < 64; b++)
            for (int k = 0; k < 64; k++)
                off +=
                    out[b * 64 + k] !=
                    window[t][b * 64 + first + (k - first + 8 * heard) % heard];
        CHECK(!off, "frame %d: %d numbers are not those heard", t, off);
    }
    for (int i = 0; i < N; i++)
        none[i] = (float)((log(0.01) + 0.4) / 2);
    s2vi_mel_window_repeat(none, out);
    CHECK(!memcmp(out, none, sizeof(out)), "silence: other numbers");
}

int main(void)
{
    static float other[FRAMES][N];
    static const int chunks[] = {1, 7, 800, 1519, 4096, SAMPLES};
    s2v_error err;
    s2vi_mel_window *w;
    make_sound();
    must(s2vi_mel_window_create(&w, &err), &err);
    CHECK(receive_all(w, 160, window) == FRAMES, "frames");
    for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
        s2vi_mel_window_flush(w);
        CHECK(receive_all(w, chunks[i], other) == FRAMES, "of %d", chunks[i]);
        CHECK(!memcmp(window, other, sizeof(window)), "in chunks of %d",
              chunks[i]);
    }
    s2vi_mel_window_close(&w);
    test_columns();
    test_windows();
    test_repeat();

    const size_t n = (size_t)s2vi_mel_columns_count(FRAMES) * 64;
    float *columns = malloc(n * sizeof(*columns));
    must(s2vi_mel_columns(sound, SAMPLES, FRAMES, columns, &err), &err);
    for (int t = 0; t < FRAMES; t++)
        s2vi_mel_window_of(columns, t, other[t]);
    CHECK(!memcmp(window, other, sizeof(window)), "of a whole clip");
    free(columns);
    return check_done();
}
