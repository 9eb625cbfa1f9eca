/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of speech against an independent computation, which is not in the
 * repository: the folder in S2V_TEST_DATA holds goldens/man/sound.safetensors.
 * Its tolerances are those that came with it.
 */
#include "audio/speech.h"
#include "audio/yin.h"
#include "weights/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../front_end.h"
#include "../worst.h"

enum { FIRST = -10, COLUMNS = 295, SKIPPED = 77 };

static s2v_weights *file;

/* A tensor as floats, to be freed. */
static float *read_tensor(const char *name, size_t count)
{
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = calloc(count, sizeof(*out));
    const bool whole = t && t->count == count && out &&
                       s2vi_weights_read_f32(file, t, out, NULL) == S2V_OK;
    CHECK(whole, "%s: cannot be read", name);
    return out;
}

/* The largest difference of numbers of a frame's columns. */
static double compare(const float *frame, int t, const float *expected, int n)
{
    double worst = 0.0;
    for (int k = 0; k < S2VI_SPEECH_COLUMNS; k++) {
        const int64_t column = 5 * t - 10 + 2 * k - FIRST;
        for (int i = 0; i < n && column < COLUMNS; i++)
            worst = worse(worst, fabs((double)frame[k * n + i] -
                                      (double)expected[column * n + i]));
    }
    return worst;
}

/* The golden's pitch does not go on where a voice fades, as ours may: in up to
 * two columns after a voiced one, within 20 % of a pitch. */
static bool follows(const float *level, const float *expected, int k)
{
    const double most = 1 + 254 * log(1 / 0.8) / log(500.0 / 71.0);
    return !(expected[0] > 0) && level[k] > 0 &&
           ((expected[-2] > 0 &&
             fabs((double)level[k] - (double)expected[-2]) <= most) ||
            (expected[-4] > 0 &&
             fabs((double)level[k] - (double)expected[-4]) <= 2 * most));
}

/* Columns whose level differs; each by 1 at most. */
static int count_other(const float *frame, int t, const float *expected,
                       const char *name)
{
    const bool pitch = !strcmp(name, "pitch");
    int other = 0;
    for (int k = 0; k < S2VI_SPEECH_COLUMNS; k++) {
        const int column = 5 * t - 10 + 2 * k - FIRST;
        if (column >= COLUMNS)
            continue;
        if (pitch && column >= 4 && follows(frame, expected + column, k))
            continue;
        const float d = fabsf(frame[k] - expected[column]);
        CHECK(d <= 1, "%s of column %d: %g, expected %g", name, column + FIRST,
              (double)frame[k], (double)expected[column]);
        other += d > 0;
    }
    return other;
}

static void test_frames(const float *sound, int n)
{
    float *mel = read_tensor("amf", COLUMNS * S2VI_SPEECH_BANDS);
    float *mfcc = read_tensor("mfcc", COLUMNS * S2VI_SPEECH_CEPSTRUM);
    float *energy = read_tensor("energy_level", COLUMNS);
    float *pitch = read_tensor("pitch_level", COLUMNS);
    float *frame20 = read_tensor("frame20.mfcc169", 169);
    float out[S2VI_SPEECH_NUMBERS];
    double worst_mel = 0.0, worst_mfcc = 0.0;
    int t = 0, other_energy = 0, other_pitch = 0;
    s2vi_speech *speech = NULL;
    CHECK(s2vi_speech_create(&speech, NULL) == S2V_OK, "create");
    CHECK(s2vi_speech_send(speech, sound, (size_t)n) == S2V_OK, "send");
    s2vi_speech_drain(speech);
    for (; s2vi_speech_receive(speech, out) == S2V_OK; t++) {
        worst_mel = worse(worst_mel, compare(out + S2VI_SPEECH_MEL, t, mel,
                                             S2VI_SPEECH_BANDS));
        worst_mfcc = worse(worst_mfcc, compare(out + S2VI_SPEECH_MFCC, t, mfcc,
                                               S2VI_SPEECH_CEPSTRUM));
        other_energy +=
            count_other(out + S2VI_SPEECH_ENERGY, t, energy, "energy");
        other_pitch += count_other(out + S2VI_SPEECH_PITCH, t, pitch, "pitch");
        for (int i = 0; t == 20 && i < 169; i++)
            CHECK(fabsf(out[S2VI_SPEECH_MFCC + i] - frame20[i]) <= 3e-4f,
                  "frame 20, coefficient %d: %g, expected %g", i,
                  (double)out[S2VI_SPEECH_MFCC + i], (double)frame20[i]);
    }
    CHECK(t == n / S2VI_SPEECH_STEP, "%d frames", t);
    CHECK(worst_mel <= 3e-4 && worst_mfcc <= 3e-4,
          "largest error: mel %.2g, MFCC %.2g", worst_mel, worst_mfcc);
    CHECK(other_energy * 100 <= t * S2VI_SPEECH_COLUMNS &&
              other_pitch * 100 <= t * S2VI_SPEECH_COLUMNS,
          "other levels: energy %d, pitch %d of %d columns", other_energy,
          other_pitch, t * S2VI_SPEECH_COLUMNS);
    printf("largest error: mel %.2g, MFCC %.2g; other levels: energy %d, pitch "
           "%d of %d columns\n",
           worst_mel, worst_mfcc, other_energy, other_pitch,
           t * S2VI_SPEECH_COLUMNS);
    s2vi_speech_close(&speech);
    free(mel);
    free(mfcc);
    free(energy);
    free(pitch);
    free(frame20);
}

static void test_yin(const float *sound, int n)
{
    static const int columns[] = {40, 110, 200};
    for (int c = 0; c < 3; c++) {
        char name[16];
        double d[S2VI_YIN_LAGS], worst = 0.0;
        snprintf(name, sizeof(name), "yin.%d", columns[c]);
        float *expected = read_tensor(name, S2VI_YIN_LAGS);
        s2vi_yin_difference(sound + 128 * columns[c] - 448, d);
        for (int l = 0; l < S2VI_YIN_LAGS; l++)
            worst = worse(worst, fabs(d[l] - (double)expected[l]));
        CHECK(worst <= 1e-3, "%s: largest error %.2g", name, worst);
        printf("%s: largest error %.2g\n", name, worst);
        free(expected);
    }
    float *f0 = read_tensor("f0", COLUMNS);
    double worst = 0.0;
    int voiced = 0;
    for (int i = 4; 128 * i + 576 <= n; i++) {
        const double pitch = s2vi_yin_pitch(sound + 128 * i - 448);
        const double expected = (double)f0[i - FIRST];
        CHECK((pitch > 0) == (expected > 0), "column %d: %g Hz, expected %g", i,
              pitch, expected);
        if (expected > 0) {
            worst = worse(worst, fabs(pitch / expected - 1));
            voiced++;
        }
    }
    CHECK(worst <= 1e-4 && voiced > 50, "pitch: largest error %.2g of %d",
          worst, voiced);
    printf("pitch: largest error %.2g of %d columns\n", worst, voiced);
    free(f0);
}

int main(void)
{
    enum { N = 35200 };
    const char *data = getenv("S2V_TEST_DATA");
    char path[4096];
    snprintf(path, sizeof(path), "%s/goldens/man/sound.safetensors",
             data ? data : "");
    if (!data || s2v_weights_open(&file, path, NULL) < 0) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/man/\n");
        return SKIPPED;
    }
    float *sound = read_tensor("sound", N);
    for (int i = 0; i < N; i++)
        sound[i] /= 32768.0f;
    test_frames(sound, N);
    test_yin(sound, N);
    free(sound);
    s2v_weights_close(&file);
    return check_done();
}
