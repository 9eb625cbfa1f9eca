/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mel spectra in decibels: what can be worked out by hand. */
#include "audio/decibel_mel.h"

#include <math.h>

#include "../front_end.h"

enum { BANDS = 128, WINDOW = S2VI_DECIBEL_MEL_WINDOW };

/* Before the logarithm, a tone ten times weaker is 20 dB below. */
static void test_levels(void)
{
    enum { N = 44100, COLUMNS = 1 + N / 512 };
    static float sound[N], mel[COLUMNS * BANDS];
    for (int i = 0; i < N; i++)
        sound[i] = (i < N / 2 ? 0.5f : 0.05f) *
                   (float)sin(2 * 3.14159265358979 * 1000 * i / 44100);
    CHECK(s2vi_decibel_mel_columns(N) == COLUMNS, "columns");
    CHECK(s2vi_decibel_mel(sound, N, BANDS, false, mel, NULL) == S2V_OK, "mel");
    const float *loud = mel + 20 * BANDS, *soft = mel + 60 * BANDS;
    int top = 0;
    for (int b = 0; b < BANDS; b++)
        top = loud[b] > loud[top] ? b : top;
    CHECK(loud[top] > 0.999f, "maximum %g", (double)loud[top]);
    CHECK(fabsf(loud[top] - soft[top] - 0.25f) < 1e-4f, "20 dB are %g",
          80 * (double)(loud[top] - soft[top]));
    /* 1 kHz is mel 15 of Slaney's 15 + 27 log6.4(22.05), in 129 steps */
    const double place = 15 / (15 + 27 * log(22.05) / log(6.4)) * 129 - 1;
    CHECK(fabs(top - place) <= 0.5, "1 kHz in band %d, expected %.1f", top,
          place);
    CHECK(loud[127] == 0, "far from the tone: %g", (double)loud[127]);
}

static void test_silence(void)
{
    float sound[3] = {0, NAN, INFINITY}, mel[BANDS];
    CHECK(s2vi_decibel_mel_columns(0) == 0, "columns of none");
    CHECK(s2vi_decibel_mel_columns(3) == 1, "columns of 3");
    CHECK(s2vi_decibel_mel(sound, 3, BANDS, true, mel, NULL) == S2V_OK, "mel");
    for (int b = 0; b < BANDS; b++)
        CHECK(mel[b] == 1, "band %d: %g, expected 1", b, (double)mel[b]);
    CHECK(s2vi_decibel_mel(sound, 0, BANDS, false, mel, NULL) == S2V_OK,
          "none");
    CHECK(s2vi_decibel_mel_scaled(0, 1) == 0, "the floor");
    CHECK(s2vi_decibel_mel_scaled(1e-4, 1) == 0.5f, "40 dB below");
    sound[1] = 1e30f; /* a sum that no float holds, were it not clipped */
    CHECK(s2vi_decibel_mel(sound, 3, BANDS, true, mel, NULL) == S2V_OK, "loud");
    for (int b = 0; b < BANDS; b++)
        CHECK(mel[b] >= 0 && mel[b] <= 1, "band %d: %g", b, (double)mel[b]);
}

/* Column k and band b hold k + b / 1000. */
static void test_window(void)
{
    enum { LONG = WINDOW + 7, SHORT = 5 };
    static float mel[LONG * BANDS], out[WINDOW * BANDS];
    for (int i = 0; i < LONG * BANDS; i++)
        mel[i] = (float)(i / BANDS) + (float)(i % BANDS) / 1000;
    s2vi_decibel_mel_window(mel, LONG, BANDS, out);
    CHECK(out[1] == 3.001f && out[(WINDOW - 1) * BANDS] == WINDOW + 2,
          "the middle of a long one: %g to %g", (double)out[0],
          (double)out[(WINDOW - 1) * BANDS]);
    s2vi_decibel_mel_window(mel, SHORT, BANDS, out);
    CHECK(out[(SHORT - 1) * BANDS] == SHORT - 1 && out[SHORT * BANDS] == 0,
          "a short one ends at %g, then %g", (double)out[(SHORT - 1) * BANDS],
          (double)out[SHORT * BANDS]);
    s2vi_decibel_mel_window(NULL, 0, BANDS, out);
    CHECK(out[0] == 0 && out[WINDOW * BANDS - 1] == 0, "none");
}

static void test_image(void)
{
    /* two columns of two bands, to four by four: at 0, 1/4, 3/4 and 1 */
    const float mel[] = {0, 4, 8, 12};
    const float right[] = {0, 2, 6, 8, 1, 3, 7, 9, 3, 5, 9, 11, 4, 6, 10, 12};
    float out[16];
    s2vi_decibel_mel_image(mel, 2, 2, 4, 4, out);
    for (int i = 0; i < 16; i++)
        CHECK(out[i] == right[i], "pixel %d: %g, expected %g", i,
              (double)out[i], (double)right[i]);
}

static void test_no_memory(void)
{
    const float sound[600] = {0};
    float mel[2 * BANDS];
    static float image[S2VI_SOUND_CLIP_HEIGHT * S2VI_SOUND_CLIP_WIDTH];
    unsigned long n = 0;
    int ret = S2V_ERR_NOMEM;
    while (ret == S2V_ERR_NOMEM && n < 100) {
        failing_allocation = ++n;
        ret = s2vi_decibel_mel(sound, 600, BANDS, false, mel, NULL);
    }
    failing_allocation = 0;
    CHECK(ret == S2V_OK && n > 5, "%lu allocations", n);
    failing_allocation = 1;
    CHECK(s2vi_sound_clip_image(mel, 2, image, NULL) == S2V_ERR_NOMEM, "image");
    failing_allocation = 0;
    CHECK(s2vi_sound_clip_image(mel, 2, image, NULL) == S2V_OK, "image");
}

int main(void)
{
    test_levels();
    test_silence();
    test_window();
    test_image();
    test_no_memory();
    return check_done();
}
