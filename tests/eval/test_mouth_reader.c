/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opening of a mouth from its pixels: of drawn faces that move, turn and
 * are of several sizes, with noise. */
#include "../check.h"
#include "base/philox.h"
#include "measure/mouth_reader.h"

#include <math.h>

enum { FRAMES = 120, SIDE = 128 };

static const double PI = 3.14159265358979323846;

typedef struct face {
    double x, y, roll, scale; /* of the nose; pixels between the eyes */
} face;

/* (u, v) from the nose, in distances of the eyes. */
static void place(const face *f, double u, double v, double out[2])
{
    out[0] = f->x + f->scale * (u * cos(f->roll) - v * sin(f->roll));
    out[1] = f->y + f->scale * (u * sin(f->roll) + v * cos(f->roll));
}

static void mark(const face *f, s2vi_face_marks m)
{
    for (int i = 0; i < S2VI_FACE_MARKS; i++)
        place(f, 0, i >= 27 && i < 36 ? 0 : 0.9, m[i]);
    for (int i = 36; i < 48; i++)
        place(f, i < 42 ? -0.5 : 0.5, -0.4, m[i]);
}

/* A skin of one colour with noise, and a dark ellipse 0.8 below the nose, as
 * high as the mouth is open. */
static void draw(const face *f, double opening, uint64_t frame, uint8_t *rgb)
{
    static float noise[SIDE * SIDE];
    const s2vi_philox key = {7, 1, frame};
    s2vi_philox_normal(&key, 0, (size_t)SIDE * SIDE, noise);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double x = i % SIDE + 0.5 - f->x, y = i / SIDE + 0.5 - f->y;
        const double u = (x * cos(f->roll) + y * sin(f->roll)) / f->scale;
        const double v = (y * cos(f->roll) - x * sin(f->roll)) / f->scale - 0.8;
        const double out = hypot(u / 0.35, v / (opening / 2 + 0.01)) - 1;
        const double part = fmin(1, fmax(0, 0.5 - out * 3));
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)lrint(
                fmin(255, fmax(0, 190 - 150 * part + 4 * (double)noise[i])));
    }
}

static void make(uint64_t seed, double size, s2vi_mouth_pixels *mouth,
                 double *opening)
{
    static uint8_t rgb[SIDE * SIDE * 3];
    const s2vi_philox key = {seed, 2, 0};
    float u[4 * FRAMES];
    s2vi_philox_uniform(&key, 0, 4 * FRAMES, u);
    for (int t = 0; t < FRAMES; t++) {
        const face f = {64 + 6 * ((double)u[4 * t] - 0.5),
                        50 + 6 * ((double)u[4 * t + 1] - 0.5),
                        0.3 * ((double)u[4 * t + 2] - 0.5), size};
        s2vi_face_marks m;
        opening[t] = 0.15 * (1 + sin(2 * PI * (double)u[4 * t + 3]));
        mark(&f, m);
        draw(&f, opening[t], seed * 1000 + (uint64_t)t, rgb);
        s2vi_mouth_crop(rgb, SIDE, (const double(*)[2])m, mouth[t]);
    }
}

static double correlation(const double *a, const double *b)
{
    s2vi_lagged l = {0};
    int lag;
    s2vi_lagged_add(&l, a, b, FRAMES);
    const double r = s2vi_lagged_best(&l, &lag);
    return lag ? NAN : r;
}

static void test_read(void)
{
    static s2vi_mouth_pixels fitted[FRAMES], other[FRAMES];
    double opening[FRAMES], wanted[FRAMES], found[FRAMES];
    s2vi_mouth_reader reader;
    s2v_error err = {0};
    make(1, 26, fitted, opening);
    CHECK(!s2vi_mouth_reader_fit(&reader, (const s2vi_mouth_pixels *)fitted,
                                 opening, FRAMES, 0, 0, &err),
          "%s", err.message);
    /* A face of another size, too. */
    for (int k = 0; k < 2; k++) {
        double worst = 0;
        make((uint64_t)(2 + k), k ? 34 : 26, other, wanted);
        for (int t = 0; t < FRAMES; t++) {
            found[t] = s2vi_mouth_reader_read(&reader, other[t]);
            worst = fmax(worst, fabs(found[t] - wanted[t]));
        }
        const double r = correlation(found, wanted);
        CHECK(r > 0.99, "r %g", r);
        CHECK(worst < 0.06, "off by %g", worst);
    }
    CHECK(!s2vi_mouth_reader_cross((const s2vi_mouth_pixels *)fitted, opening,
                                   FRAMES, found, &err),
          "%s", err.message);
    const double r = correlation(found, opening);
    CHECK(r > 0.99 && r < 1, "r %g", r);
}

/* What a fifth is read by has not seen it. */
static void test_fold_is_not_seen(void)
{
    static s2vi_mouth_pixels mouth[FRAMES];
    double opening[FRAMES], found[FRAMES];
    const s2vi_philox key = {9, 3, 0};
    float u[FRAMES];
    s2vi_philox_uniform(&key, 0, FRAMES, u);
    make(1, 26, mouth, opening);
    for (int t = 0; t < FRAMES; t++)
        opening[t] = (double)u[t];
    s2vi_mouth_reader_cross((const s2vi_mouth_pixels *)mouth, opening, FRAMES,
                            found, NULL);
    const double r = correlation(found, opening);
    CHECK(!(fabs(r) > 0.35), "r %g of openings that are drawn", r);
}

static void test_no_face(void)
{
    static s2vi_mouth_pixels mouth[FRAMES];
    static uint8_t rgb[SIDE * SIDE * 3];
    double opening[FRAMES];
    s2vi_mouth_reader reader;
    s2vi_face_marks none;
    make(1, 26, mouth, opening);
    for (int i = 0; i < S2VI_FACE_MARKS; i++)
        none[i][0] = none[i][1] = NAN;
    s2vi_mouth_crop(rgb, SIDE, (const double(*)[2])none, mouth[5]);
    opening[5] = NAN;
    CHECK(!s2vi_mouth_reader_fit(&reader, (const s2vi_mouth_pixels *)mouth,
                                 opening, FRAMES, 0, 0, NULL),
          "a frame without a face");
    CHECK(isnan(s2vi_mouth_reader_read(&reader, mouth[5])), "no face");
    CHECK(isfinite(s2vi_mouth_reader_read(&reader, mouth[6])), "the next");
}

/* A mouth that does not move. */
static void test_constant(void)
{
    static s2vi_mouth_pixels mouth[FRAMES];
    double opening[FRAMES];
    s2vi_mouth_reader reader;
    make(1, 26, mouth, opening);
    for (int t = 0; t < FRAMES; t++) {
        memcpy(mouth[t], mouth[0], sizeof(mouth[0]));
        opening[t] = 0.2;
    }
    CHECK(!s2vi_mouth_reader_fit(&reader, (const s2vi_mouth_pixels *)mouth,
                                 opening, FRAMES, 0, 0, NULL),
          "one picture");
    CHECK(fabs(s2vi_mouth_reader_read(&reader, mouth[3]) - 0.2) < 1e-6,
          "one picture");
}

int main(void)
{
    test_read();
    test_fold_is_not_seen();
    test_no_face();
    test_constant();
    return check_done();
}
