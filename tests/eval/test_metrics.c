/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metrics against NumPy's (tests/reference/metrics.py), and what they must
 * be on frames that need no computation. */
#include "measure/metrics.h"
#include "measure/sharpness.h"

#include "check.h"
#include "metrics_golden.h"

#include <math.h>

enum { MOST = 150 * 70 * 3 };

static const double near = 1e-5; /* the frames are float, the sums double */

static int next_byte(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> 24);
}

/* As bars() of the Python file. */
static int bars(int x, int n)
{
    const int up = x % 32 - 8, down = x % 32 - 24;
    const int risen = up < 0 ? 0 : up < n ? up : n;
    const int fallen = down < 0 ? 0 : down < n ? down : n;
    return 40 + 150 * (risen - fallen) / n;
}

/* As image() of the Python file. */
static void make_image(const char *kind, int width, int height, uint32_t seed,
                       uint8_t *out)
{
    const bool pure = !strcmp(kind, "noise");
    const bool noise = strstr(kind, "noise") != NULL;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                int v = !strncmp(kind, "bars", 4)
                            ? bars(x + y / 8, kind[4] - '0')
                        : !strncmp(kind, "ramp", 4) ? 5 * x + 3 * y + 40 * c
                        : !strncmp(kind, "dark", 4) ? (x + y + c) % 7
                        : !strncmp(kind, "flat", 4) ? 90
                                                    : 0;
                if (noise)
                    v += next_byte(&seed) / (pure ? 1 : 8);
                *out++ = (uint8_t)(v < 255 ? v : 255);
            }
}

/* As movie() of the Python file. */
static void make_movie(uint32_t seed, uint8_t *out)
{
    for (int t = 0; t < MOVIE_FRAMES; t++)
        for (int i = 0; i < MOVIE_W * MOVIE_H; i++)
            for (int c = 0; c < 3; c++) {
                int swing = (4 * i + c) % 128;
                *out++ = (uint8_t)(60 + next_byte(&seed) * swing / 255);
            }
}

static void load(const char *kind, int width, int height, uint32_t seed,
                 float *out)
{
    static uint8_t bytes[MOST];
    make_image(kind, width, height, seed, bytes);
    s2vi_frame_to_float(bytes, (ptrdiff_t)width * 3, width, height, out);
}

static double ssim(const float *a, const float *b, int width, int height)
{
    double *scratch = malloc(s2vi_ssim_scratch(width, height) * sizeof(double));
    double found = s2vi_ssim(a, b, width, height, scratch);
    free(scratch);
    return found;
}

static void test_pairs(void)
{
    static float a[MOST], b[MOST];
    static const uint8_t moves[MOST];
    for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const struct pair *p = &pairs[i];
        const int pixels = p->width * p->height;
        load(p->a, p->width, p->height, 100 + 2 * i, a);
        load(p->b, p->width, p->height, 101 + 2 * i, b);
        double found = ssim(a, b, p->width, p->height);
        CHECK(fabs(found - p->ssim) < near, "%s: %.9f, expected %.9f", p->name,
              found, p->ssim);
        s2vi_squares s = s2vi_square_errors(a, b, pixels, moves);
        found = s2vi_psnr(s.all / (3.0 * pixels));
        CHECK(fabs(found - p->psnr) < near, "%s: %.9f dB, expected %.9f",
              p->name, found, p->psnr);
        CHECK(s.moving == 0, "%s: %g where nothing moves", p->name, s.moving);
    }
}

static void test_same(void)
{
    static float a[MOST];
    static const uint8_t moves[MOST];
    for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const struct pair *p = &pairs[i];
        load(p->a, p->width, p->height, i, a);
        double found = ssim(a, a, p->width, p->height);
        CHECK(fabs(found - 1) < 1e-12, "%s: %.17g", p->name, found);
        s2vi_squares s =
            s2vi_square_errors(a, a, (int64_t)p->width * p->height, moves);
        CHECK(s.all == 0 && isinf(s2vi_psnr(s.all)), "%s: %g", p->name, s.all);
    }
    CHECK(s2vi_ssim_scratch(10, 64) == 0 && s2vi_ssim_scratch(64, 10) == 0,
          "a frame smaller than the window");
}

static void test_sharpness(void)
{
    static float frame[MOST], scratch[MOST];
    for (uint32_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        const struct single *s = &singles[i];
        load(s->kind, s->width, s->height, 200 + i, frame);
        CHECK(s2vi_cpbd_scratch(s->width, s->height) <= MOST, "%s", s->name);
        double found = s2vi_cpbd(frame, s->width, s->height, scratch);
        CHECK(fabs(found - s->cpbd) < near, "%s: %.9f, expected %.9f", s->name,
              found, s->cpbd);
    }
}

static void test_stride(void)
{
    uint8_t bytes[40] = {0};
    float out[12];
    for (int i = 0; i < 6; i++)
        bytes[34 + i] = (uint8_t)(51 * i); /* the row before, in memory, is */
    bytes[0] = 255;                        /* the second: upside down */
    s2vi_frame_to_float(bytes + 34, -34, 2, 2, out);
    CHECK(out[1] == 51 / 255.0f && out[5] == 1 && out[6] == 1 && out[7] == 0,
          "%g %g %g %g", out[1], out[5], out[6], out[7]);
}

/* A movie and the mean of it and another, as a run of s2v-eval compares them:
 * moments, moving pixels, score. */
static void test_movie(void)
{
    enum { PIXELS = MOVIE_W * MOVIE_H, FRAME = PIXELS * 3 };
    static uint8_t real[MOVIE_FRAMES * FRAME], other[MOVIE_FRAMES * FRAME];
    static float a[FRAME], b[FRAME];
    static uint8_t moves[PIXELS];
    s2vi_correlation r[2] = {{0}}, pool = {0};
    s2vi_score score = {0};
    s2vi_moments m;
    make_movie(1, real);
    make_movie(2, other);
    CHECK(!s2vi_moments_init(&m, PIXELS, NULL), "moments");
    for (int t = 0; t < MOVIE_FRAMES; t++)
        s2vi_moments_add(&m, real + t * FRAME);
    int moving = (int)s2vi_moments_moving(&m, S2VI_MOVING_DEVIATION, moves);
    CHECK(moving == golden_moving, "%d move, expected %d", moving,
          golden_moving);
    double mean = 0;
    s2vi_moments_mean(&m, a);
    for (int i = 0; i < FRAME; i++)
        mean += a[i] / FRAME;
    CHECK(fabs(mean - golden_movie_mean) < near, "mean %.9f", mean);
    s2vi_moments_free(&m);
    for (int t = 0; t < MOVIE_FRAMES; t++) {
        uint8_t *half = other + t * FRAME;
        for (int i = 0; i < FRAME; i++)
            half[i] = (uint8_t)((half[i] + real[t * FRAME + i]) / 2);
        s2vi_frame_to_float(real + t * FRAME, MOVIE_W * 3, MOVIE_W, MOVIE_H, a);
        s2vi_frame_to_float(half, MOVIE_W * 3, MOVIE_W, MOVIE_H, b);
        s2vi_score_add(&score, ssim(a, b, MOVIE_W, MOVIE_H),
                       s2vi_square_errors(a, b, PIXELS, moves));
        s2vi_correlation_add(&r[t / 20],
                             s2vi_brightness(a, MOVIE_W, 9, 3, 4, 5),
                             s2vi_brightness(b, MOVIE_W, 9, 3, 4, 5));
    }
    s2vi_squares mse = s2vi_score_mse(&score, PIXELS, moving);
    CHECK(fabs(s2vi_psnr(mse.all) - golden_movie_psnr) < near, "%.9f dB",
          s2vi_psnr(mse.all));
    CHECK(fabs(s2vi_psnr(mse.moving) - golden_movie_psnr_moving) < near,
          "%.9f dB where it moves", s2vi_psnr(mse.moving));
    CHECK(fabs(s2vi_batched_mean(&score.ssim) - golden_movie_ssim) < near,
          "%.9f", s2vi_batched_mean(&score.ssim));
    for (int i = 0; i < 2; i++) {
        double found = s2vi_correlation_r(&r[i]);
        CHECK(fabs(found - golden_movie_r[i]) < near, "r %.9f", found);
        s2vi_correlation_pool(&pool, &r[i]);
    }
    double found = s2vi_correlation_r(&pool);
    CHECK(fabs(found - golden_movie_r_pooled) < near, "pooled r %.9f", found);
}

/* The deviation is that of the means of whole batches. */
static void test_batches(void)
{
    s2vi_score s = {0};
    CHECK(isnan(s2vi_batched_mean(&s.ssim)), "no frame");
    for (int i = 0; i < 3 * 32 + 31; i++) {
        if (i == 63)
            CHECK(isnan(s2vi_batched_deviation(&s.ssim)), "after one batch");
        int batch = i / 32;
        s2vi_score_add(&s, 0.2 * batch + (i % 2 ? 0.05 : -0.05),
                       (s2vi_squares){3, 1});
    }
    /* Batches 0, 0.2, 0.4: sample deviation 0.2; the rest is left out. */
    double found = s2vi_batched_deviation(&s.ssim);
    CHECK(s.ssim.batches == 3 && fabs(found - 0.2) < 1e-12,
          "%lld batches, %.17g", (long long)s.ssim.batches, found);
    s2vi_squares mse = s2vi_score_mse(&s, 10, 2);
    CHECK(fabs(mse.all - 0.1) < 1e-12, "%.17g", mse.all);
    CHECK(fabs(mse.moving - 1 / 6.0) < 1e-12, "%.17g", mse.moving);
    CHECK(isnan(s2vi_score_mse(&s, 10, 0).moving), "nothing moves");
}

/* Known signals: a line, its mirror image, sine and cosine, a constant. */
static void test_correlation(void)
{
    s2vi_correlation up = {0}, down = {0}, none = {0}, flat = {0};
    for (int i = 0; i < 1000; i++) {
        double at = i * acos(-1) / 50; /* ten whole periods */
        s2vi_correlation_add(&up, sin(at), 1e6 + 2 * sin(at));
        s2vi_correlation_add(&down, i, -3.0 * i);
        s2vi_correlation_add(&none, sin(at), cos(at));
        s2vi_correlation_add(&flat, sin(at), 0.1);
    }
    CHECK(fabs(s2vi_correlation_r(&up) - 1) < 1e-9, "%.17g",
          s2vi_correlation_r(&up));
    CHECK(fabs(s2vi_correlation_r(&down) + 1) < 1e-12, "%.17g",
          s2vi_correlation_r(&down));
    CHECK(fabs(s2vi_correlation_r(&none)) < 1e-12, "%.17g",
          s2vi_correlation_r(&none));
    CHECK(isnan(s2vi_correlation_r(&flat)), "%g", s2vi_correlation_r(&flat));
}

int main(void)
{
    test_pairs();
    test_same();
    test_sharpness();
    test_stride();
    test_movie();
    test_batches();
    test_correlation();
    return check_done();
}
