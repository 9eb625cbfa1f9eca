/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mel spectra in decibels and the encoders' images against librosa's and
 * OpenCV's, which are not in the repository: the folder in S2V_TEST_DATA holds
 * goldens/clip. Bounds as its README has them: 1e-5; of images, 1e-4 of the
 * largest number.
 */
#include "audio/decibel_mel.h"
#include "weights/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "../worst.h"

enum { SKIPPED = 77, N = 22050, COLUMNS = 44, BANDS = 128, ROWS = 9 };

static s2v_weights *open_file(const char *name)
{
    const char *data = getenv("S2V_TEST_DATA");
    s2v_weights *file;
    char path[4096];
    snprintf(path, sizeof(path), "%s/goldens/clip/%s.safetensors",
             data ? data : "", name);
    return data && s2v_weights_open(&file, path, NULL) >= 0 ? file : NULL;
}

/* A tensor as floats, to be freed. */
static float *read_tensor(const s2v_weights *file, const char *name,
                          size_t count)
{
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = calloc(count, sizeof(*out));
    const bool whole = t && t->count == count && out &&
                       s2vi_weights_read_f32(file, t, out, NULL) == S2V_OK;
    CHECK(whole, "%s: cannot be read", name);
    return out;
}

/* ------------------------------------------------------------- spectra -- */

/* Of the file's (bands, n), those columns of ours. */
static double difference(const float *mel, size_t bands, const float *right,
                         const int *columns, int n)
{
    double worst = 0;
    for (size_t b = 0; b < bands; b++)
        for (int k = 0; k < n; k++)
            worst =
                worse(worst, fabs((double)mel[(size_t)columns[k] * bands + b] -
                                  (double)right[b * (size_t)n + (size_t)k]));
    return worst;
}

static void test_mel(const s2v_weights *file, const float *sound, size_t bands)
{
    static const int ends[] = {0, 1, COLUMNS - 2, COLUMNS - 1};
    float *mel = calloc(COLUMNS * bands, sizeof(*mel));
    int all[COLUMNS];
    char name[64];
    for (int k = 0; k < COLUMNS; k++)
        all[k] = k;
    snprintf(name, sizeof(name), "mel%zu.constant", bands);
    float *zeros = read_tensor(file, name, COLUMNS * bands);
    snprintf(name, sizeof(name), "mel%zu.reflect_ends", bands);
    float *reflected = read_tensor(file, name, 4 * bands);
    CHECK(s2vi_decibel_mel(sound, N, bands, false, mel, NULL) == S2V_OK, "mel");
    const double a = difference(mel, bands, zeros, all, COLUMNS);
    CHECK(s2vi_decibel_mel(sound, N, bands, true, mel, NULL) == S2V_OK, "mel");
    const double b = difference(mel, bands, reflected, ends, 4);
    printf("%zu bands: errors %.2g, at reflected ends %.2g\n", bands, a, b);
    CHECK(a <= 1e-5 && b <= 1e-5, "%zu bands: errors %.2g, %.2g", bands, a, b);
    free(mel), free(zeros), free(reflected);
}

/* -------------------------------------------------------------- images -- */

static void compare_rows(const char *name, const float *image, size_t width,
                         const float *rows, const float *right)
{
    double worst = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t x = 0; x < width; x++)
            worst =
                worse(worst, fabs((double)image[(size_t)rows[r] * width + x] -
                                  (double)right[r * width + x]));
    printf("%s: error %.2g\n", name, worst);
    CHECK(worst <= 1e-4, "%s: error %.2g", name, worst);
}

static void test_images(const s2v_weights *file)
{
    enum { LONG = 900, SHORT = 200, WINDOW = S2VI_DECIBEL_MEL_WINDOW };
    const size_t WIDTH = S2VI_SOUND_CLIP_WIDTH, SIDE = 256;
    static float mel[LONG * BANDS], twice[WINDOW * 256], image[512 * 128];
    float *levels = read_tensor(file, "mel_u8", LONG * BANDS);
    float *rows = read_tensor(file, "rows", ROWS);
    float *whole = read_tensor(file, "long.soundclip_rows", ROWS * WIDTH);
    float *part = read_tensor(file, "short.soundclip_rows", ROWS * WIDTH);
    float *square = read_tensor(file, "long.inversion_rows", ROWS * SIDE);
    for (size_t i = 0; i < LONG * BANDS; i++)
        mel[i] = levels[i % BANDS * LONG + i / BANDS] / 256;
    for (size_t i = 0; i < WINDOW * 256; i++)
        twice[i] = mel[i / 2];
    CHECK(s2vi_sound_clip_image(mel, WINDOW, image, NULL) == S2V_OK, "image");
    compare_rows("long", image, WIDTH, rows, whole);
    CHECK(s2vi_sound_clip_image(mel, SHORT, image, NULL) == S2V_OK, "image");
    compare_rows("short", image, WIDTH, rows, part);
    s2vi_decibel_mel_image(twice, WINDOW, 256, SIDE, SIDE, image);
    compare_rows("256x256", image, SIDE, rows, square);
    free(levels), free(rows), free(whole), free(part), free(square);
}

int main(void)
{
    s2v_weights *mel = open_file("mel"), *resize = open_file("mel-resize");
    if (!mel || !resize) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/clip/\n");
        s2v_weights_close(&mel), s2v_weights_close(&resize);
        return SKIPPED;
    }
    float *sound = read_tensor(mel, "sound", N);
    for (int i = 0; i < N; i++)
        sound[i] /= 32768.0f;
    test_mel(mel, sound, 128);
    test_mel(mel, sound, 256);
    test_images(resize);
    free(sound);
    s2v_weights_close(&mel), s2v_weights_close(&resize);
    return check_done();
}
