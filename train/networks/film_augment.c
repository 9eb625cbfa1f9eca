/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VarietySound: what a camera and a codec change about a film. */
#include "networks/film_augment.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"

enum {
    BLOCK = 8,  /* pixels of a codec's block */
    DRAWN = 24, /* numbers */
};

#define SHAKE_KEPT 0.9 /* what the camera keeps of its offset each picture */
#define PI         3.14159265358979323846

s2vi_film_change s2vi_film_unchanged(void)
{
    return (s2vi_film_change){
        .side = 1, .gain = 1, .gamma = 1, .period = 1, .hold = 1, .key = 1};
}

static double between(double u, double lo, double hi)
{
    return lo + u * (hi - lo);
}

s2vi_film_change s2vi_film_draw(uint64_t seed, uint64_t clock)
{
    const s2vi_philox key = {seed, S2VI_STREAM_FILM, clock};
    s2vi_film_change c = s2vi_film_unchanged();
    float u[DRAWN];
    s2vi_philox_uniform(&key, 0, DRAWN, u);
    c.seed = seed;
    c.clock = clock;
    c.mirror = u[0] < 0.5f;
    c.side = between(u[1], 0.7, 1);
    c.left = u[2] * (1 - c.side);
    c.top = u[3] * (1 - c.side);
    c.shake = u[4] < 0.3f ? between(u[5], 0.001, 0.02) : 0;
    c.gain = exp2(between(u[6], -0.7, 0.7));
    c.gamma = exp2(between(u[7], -0.4, 0.4));
    c.drift = u[8] < 0.3f ? between(u[9], 0.02, 0.2) : 0;
    c.period = between(u[10], 20, 200);
    c.noise = u[11] < 0.5f ? between(u[12], 0.002, 0.03) : 0;
    c.hold = u[13] < 0.3f ? between(u[14], 0.5, 1) : 1;
    c.skip = u[15] < 0.4f ? between(u[16], 0.003, 0.02) : 0;
    c.key = (int)between(u[17], 12, 60);
    return c;
}

/* ------------------------------------------------------------- camera -- */

/* The picture on display at picture i: where frames are rarer, an older one. */
static int64_t held(const s2vi_film_change *c, int64_t i)
{
    const int64_t shown = (int64_t)ceil(floor((double)i * c->hold) / c->hold);
    return shown < i ? shown : i;
}

static float sample(const uint8_t *rgb, int size, double x, double y, int c)
{
    const double most = size - 1;
    x = x < 0 ? 0 : x > most ? most : x;
    y = y < 0 ? 0 : y > most ? most : y;
    const int left = (int)x, top = (int)y;
    const int right = left + (left < size - 1), below = top + (top < size - 1);
    const float fx = (float)(x - left), fy = (float)(y - top);
    const float a = rgb[(top * size + left) * 3 + c];
    const float b = rgb[(top * size + right) * 3 + c];
    const float d = rgb[(below * size + left) * 3 + c];
    const float e = rgb[(below * size + right) * 3 + c];
    const float up = a + fx * (b - a);
    return up + fy * (d + fx * (e - d) - up);
}

/* The cropped picture, `dx` and `dy` of a picture aside. */
static void look(const s2vi_film_change *c, const uint8_t *rgb, int size,
                 double dx, double dy, float *out)
{
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++, out += 3) {
            const int at = c->mirror ? size - 1 - x : x;
            const double px = (c->left + dx) * size + c->side * (at + 0.5);
            const double py = (c->top + dy) * size + c->side * (y + 0.5);
            for (int k = 0; k < 3; k++)
                out[k] = sample(rgb, size, px - 0.5, py - 0.5, k);
        }
}

/* 0 .. 255 of light to [-1, 1], as exposed. */
static void expose(const s2vi_film_change *c, int64_t i, int64_t n, float *out)
{
    float table[256];
    const double gain =
        c->gain * (1 + c->drift * sin(2 * PI * (double)i / c->period));
    if (c->gain == 1 && c->gamma == 1 && c->drift == 0) {
        for (int64_t k = 0; k < n; k++)
            out[k] = out[k] / 127.5f - 1.0f;
        return;
    }
    for (int v = 0; v < 256; v++)
        table[v] = (float)fmin(gain * pow(v / 255.0, c->gamma), 1);
    for (int64_t k = 0; k < n; k++) {
        const int low = (int)out[k], high = low < 255 ? low + 1 : 255;
        const float part = out[k] - (float)low;
        out[k] = 2 * (table[low] + part * (table[high] - table[low])) - 1;
    }
}

/* The same noise in all three colours, as little light has it. */
static void add_noise(const s2vi_film_change *c, int64_t i, int size,
                      float *out)
{
    const s2vi_philox key = {c->seed, S2VI_STREAM_FILM_NOISE + (uint32_t)i,
                             c->clock};
    float row[256];
    for (int y = 0; y < size && c->noise > 0; y++) {
        s2vi_philox_normal(&key, (uint32_t)(y * size), (size_t)size, row);
        for (int x = 0; x < size; x++, out += 3)
            for (int k = 0; k < 3; k++) {
                const float v = out[k] + (float)(2 * c->noise) * row[x];
                out[k] = v < -1 ? -1 : v > 1 ? 1 : v;
            }
    }
}

/* -------------------------------------------------------------- codec -- */

/* Block (bx, by) is that of the picture before where little has changed. */
static void skip_block(const float *before, float *now, int size, double least)
{
    double sum = 0;
    for (int y = 0; y < BLOCK; y++)
        for (int x = 0; x < 3 * BLOCK; x++)
            sum += fabsf(now[y * size * 3 + x] - before[y * size * 3 + x]);
    if (sum / (3 * BLOCK * BLOCK) > 2 * least)
        return;
    for (int y = 0; y < BLOCK; y++)
        memcpy(now + y * size * 3, before + y * size * 3,
               3 * BLOCK * sizeof(*now));
}

static void encode(const s2vi_film_change *c, int64_t i, const float *before,
                   float *now, int size)
{
    if (c->skip == 0 || i % c->key == 0)
        return;
    for (int y = 0; y < size; y += BLOCK)
        for (int x = 0; x < size; x += BLOCK)
            skip_block(before + (y * size + x) * 3, now + (y * size + x) * 3,
                       size, c->skip);
}

void s2vi_film_apply(const s2vi_film_change *c, const uint8_t *rgb, int64_t n,
                     int size, float *out)
{
    const int64_t pixels = (int64_t)size * size * 3;
    const s2vi_philox key = {c->seed, S2VI_STREAM_FILM + 1, c->clock};
    double dx = 0, dy = 0;
    for (int64_t i = 0; i < n; i++, out += pixels) {
        float step[2] = {0};
        if (c->shake > 0)
            s2vi_philox_normal(&key, (uint32_t)(2 * i), 2, step);
        dx = SHAKE_KEPT * dx + c->shake * step[0];
        dy = SHAKE_KEPT * dy + c->shake * step[1];
        const int64_t shown = held(c, i);
        if (shown < i) { /* with its shake, noise and blocks */
            memcpy(out, out - pixels, (size_t)pixels * sizeof(*out));
            continue;
        }
        look(c, rgb + i * pixels, size, dx, dy, out);
        expose(c, i, pixels, out);
        add_noise(c, i, size, out);
        if (i)
            encode(c, i, out - pixels, out, size);
    }
}
