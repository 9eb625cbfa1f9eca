/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streaming pictures of the decibel mel spectrum: those of the whole sound at
 * 44.1 kHz, below another maximum; at any chunking; after a flush; a saved
 * stream. */
#include "../check.h"
#include "../must.h"
#include "audio/decibel_window.h"

#include <math.h>
#include <string.h>

enum {
    SECONDS = 12,
    SIDE = 64,
    N = SIDE * SIDE,
    SAMPLES = SECONDS * 16000,
    WIDE = SECONDS * 44100,
    FRAMES = SECONDS * 20,
};

static float sound[SAMPLES], wide[WIDE];
static float picture[FRAMES][N], again[FRAMES][N];

/* Chirps up to 4 kHz that beat. */
static double at(double t)
{
    return 0.2 * sin(2 * 3.14159265358979 * (300 * t + 150 * t * t)) *
               (1 + 0.9 * sin(7 * t)) +
           0.1 * sin(2 * 3.14159265358979 * 1234 * t);
}

static int receive_all(s2vi_decibel_window *w, int chunk, float out[][N])
{
    int frames = 0, ret = S2V_OK;
    for (int i = 0; i < SAMPLES; i += chunk) {
        const int n = SAMPLES - i < chunk ? SAMPLES - i : chunk;
        must(s2vi_decibel_window_send(w, sound + i, (size_t)n), NULL);
        if (i + n == SAMPLES)
            s2vi_decibel_window_drain(w);
        while (frames <= FRAMES &&
               !(ret = s2vi_decibel_window_receive(
                     w, out[frames < FRAMES ? frames : FRAMES - 1])))
            frames++;
    }
    CHECK(ret == S2V_ERR_EOF, "%d after the last frame", ret);
    return frames;
}

/* The picture of a frame by the whole sound's spectrum, whose values are lower
 * by the same, but for what is cut off at 80 dB: the worst difference of them,
 * without that. */
static double compare(int frame, const float *spectrum, size_t columns)
{
    static float seen[864 * SIDE], want[N];
    const double heard = (800.0 * frame + 1520 - 16) * 441 / 160;
    const size_t have = (size_t)((heard - 1023) / 512) + 1;
    const size_t n = have < 864 ? have : 864;
    double shift = 0, worst = 0;
    int counted = 0;
    CHECK(have <= columns, "too few columns");
    memset(seen, 0, sizeof(seen));
    memcpy(seen, spectrum + (have - n) * SIDE, n * SIDE * sizeof(*seen));
    s2vi_decibel_mel_image(seen, 864, SIDE, SIDE, SIDE, want);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < N; i++) {
            /* Bands up to 5 kHz that are well above the floor. */
            if (i / SIDE > 44 || want[i] < 0.5f || picture[frame][i] >= 1)
                continue;
            const double off = (double)(picture[frame][i] - want[i]);
            if (!pass) {
                shift += off;
                counted++;
            } else {
                worst = fmax(worst, fabs(off - shift / counted));
            }
        }
    CHECK(counted > 64, "frame %d: %d numbers to compare", frame, counted);
    return worst;
}

static void test_whole(void)
{
    const size_t columns = s2vi_decibel_mel_columns(WIDE);
    float *spectrum = malloc(columns * SIDE * sizeof(*spectrum));
    must(s2vi_decibel_mel(wide, WIDE, SIDE, false, spectrum, NULL), NULL);
    static const int frames[] = {60, 150, 199, 215, 230};
    for (int i = 0; i < 5; i++) {
        const double worst = compare(frames[i], spectrum, columns);
        CHECK(worst < 0.02, "frame %d: %g off", frames[i], worst);
    }
    free(spectrum);
}

/* In silence, S_max rests at what -40 dBFS makes, and nothing is seen; a sine
 * of full scale is S_max itself; ten seconds later, in silence, it was. */
static void test_maximum(void)
{
    s2vi_decibel_window *w;
    must(s2vi_decibel_window_create(&w, SIDE, NULL), NULL);
    for (int i = 0; i < SAMPLES; i++)
        sound[i] = i < 16000 || i >= 32000
                       ? 0
                       : (float)sin(2 * 3.14159265358979 * 1000 * i / 16000.0);
    receive_all(w, 16000, picture);
    float most[3] = {0};
    static const int frames[] = {10, 40, 150};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < N; i++)
            most[k] = fmaxf(most[k], picture[frames[k]][i]);
    CHECK(most[0] == 0, "silence: %g", (double)most[0]);
    CHECK(most[1] > 0.98f && most[1] <= 1, "a sine: %g", (double)most[1]);
    CHECK(most[2] == 1, "louder than S_max: %g", (double)most[2]);
    s2vi_decibel_window_close(&w);
}

int main(void)
{
    s2vi_decibel_window *w;
    for (int i = 0; i < SAMPLES; i++)
        sound[i] = (float)at(i / 16000.0);
    for (int i = 0; i < WIDE; i++)
        wide[i] = (float)at(i / 44100.0);
    must(s2vi_decibel_window_create(&w, SIDE, NULL), NULL);
    CHECK(receive_all(w, 1000, picture) == FRAMES, "frames");
    test_whole();
    static const int chunks[] = {160, 7777, SAMPLES};
    for (int i = 0; i < 3; i++) {
        s2vi_decibel_window_flush(w);
        CHECK(receive_all(w, chunks[i], again) == FRAMES &&
                  !memcmp(again, picture, sizeof(picture)),
              "%d samples at a time: other pictures", chunks[i]);
    }
    s2vi_decibel_window_close(&w);
    test_maximum();
    return check_done();
}
