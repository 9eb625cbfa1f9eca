/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Previews of sound: mel spectrograms as a picture, and a short sound file. */
#include "picture/mel_picture.h"

#include "base/error.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, SCALE = 2, GAP = 4 };

/* Black, violet, orange, pale yellow: as bright as it is loud. */
static void colour(double v, uint8_t *rgb)
{
    static const double stops[4][3] = {
        {0, 0, 0}, {100, 20, 120}, {240, 110, 40}, {255, 250, 200}};
    v = 3 * (v > 0 ? v < 1 ? v : 1 : 0); /* NaN becomes black */
    const int i = v < 3 ? (int)v : 2;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lrint(stops[i][c] +
                                (v - i) * (stops[i + 1][c] - stops[i][c]));
}

/* Highest band first. */
static void draw(const float *mel, int columns, uint8_t *rgb)
{
    const size_t width = (size_t)columns * SCALE;
    for (size_t y = 0; y < BANDS * SCALE; y++)
        for (size_t x = 0; x < width; x++)
            colour(mel[x / SCALE * BANDS + (BANDS - 1 - y / SCALE)],
                   rgb + 3 * (y * width + x));
}

int s2vi_mel_picture_draw(s2vi_picture *picture, const float *const *mel,
                          int rows, int columns, s2v_error *err)
{
    const int width = columns * SCALE, row = BANDS * SCALE + GAP;
    const size_t line = (size_t)width * 3;
    *picture = (s2vi_picture){.width = width, .height = rows * row - GAP};
    picture->rgb = malloc(line * (size_t)picture->height);
    if (!picture->rgb)
        return s2vi_error_nomem(err, "a picture of mels");
    memset(picture->rgb, 128, line * (size_t)picture->height);
    for (int i = 0; i < rows; i++)
        draw(mel[i], columns, picture->rgb + line * (size_t)(i * row));
    return S2V_OK;
}

int s2vi_mel_picture_write(const char *path, const float *above,
                           const float *below, int columns, s2v_error *err)
{
    const float *const both[] = {above, below};
    s2vi_picture p;
    int ret = s2vi_mel_picture_draw(&p, both, 2, columns, err);
    if (!ret)
        ret = s2vi_picture_write_png(path, p.rgb, p.width, p.height,
                                     (ptrdiff_t)p.width * 3, err);
    s2vi_picture_free(&p);
    return ret;
}

static void put(uint8_t **at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *(*at)++ = (uint8_t)(value >> (8 * i));
}

int s2vi_wav_write(const char *path, const float *sound, int64_t n,
                   s2v_error *err)
{
    enum { HEADER = 44, RATE = S2VI_FOLEY_RATE };
    const uint32_t bytes = (uint32_t)(2 * n);
    uint8_t *file = malloc(HEADER + bytes), *at = file;
    GError *why = NULL;
    if (!file)
        return s2vi_error_nomem(err, "a preview");
    memcpy(at, "RIFF....WAVEfmt ", 16);
    at += 4;
    put(&at, HEADER - 8 + bytes, 4);
    at += 8;
    put(&at, 16, 4);
    put(&at, 1, 2); /* PCM, mono */
    put(&at, 1, 2);
    put(&at, RATE, 4);
    put(&at, 2 * RATE, 4);
    put(&at, 2, 2);
    put(&at, 16, 2);
    memcpy(at, "data", 4);
    at += 4;
    put(&at, bytes, 4);
    for (int64_t i = 0; i < n; i++) {
        const float x = fmaxf(-1, fminf(1, sound[i])); /* NaN becomes 1 */
        put(&at, (uint32_t)(int32_t)lrintf(32767 * x) & 0xffff, 2);
    }
    int ret = S2V_OK;
    if (!g_file_set_contents(path, (const char *)file, HEADER + bytes, &why)) {
        ret = s2vi_error(err, S2V_ERR_IO, "cannot write %s: %s", path,
                         why->message);
        g_error_free(why);
    }
    free(file);
    return ret;
}
