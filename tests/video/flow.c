/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Optical flow on motions that are known: the frames are a formula's, so that
 * they move by any part of a pixel without resampling. */
#include "video/flow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../front_end.h"

enum { SIZE = 256, MARGIN = 16, WAVES = 40 };

/* Waves of 6 to 90 pixels in all directions. */
static double texture(double x, double y)
{
    static double wave[WAVES][3];
    if (wave[0][0] == 0) {
        uint32_t state = 11;
        for (int i = 0; i < WAVES; i++)
            for (int k = 0; k < 3; k++) {
                state = state * 1664525u + 1013904223u;
                const double r = (state >> 8) / 16777216.0;
                wave[i][k] = k == 0 ? 6 * pow(15, r) : 6.2831853 * r;
            }
    }
    double sum = 0;
    for (int i = 0; i < WAVES; i++)
        sum += sqrt(wave[i][0]) *
               sin(6.2831853 / wave[i][0] *
                       (x * cos(wave[i][1]) + y * sin(wave[i][1])) +
                   wave[i][2]);
    return 0.5 + sum / 80;
}

/* p -> centre + m (p - centre) + shift */
struct motion {
    double m[4], shift[2];
};

static struct motion motion(double degrees, double zoom, double u, double v)
{
    const double angle = degrees * 3.14159265358979 / 180;
    const double c = zoom * cos(angle), s = zoom * sin(angle);
    return (struct motion){{c, -s, s, c}, {u, v}};
}

static void move(const struct motion *m, double x, double y, double out[2])
{
    const double c = SIZE / 2.0;
    out[0] = c + m->m[0] * (x - c) + m->m[1] * (y - c) + m->shift[0];
    out[1] = c + m->m[2] * (x - c) + m->m[3] * (y - c) + m->shift[1];
}

static void move_back(const struct motion *m, double x, double y, double out[2])
{
    const double c = SIZE / 2.0, det = m->m[0] * m->m[3] - m->m[1] * m->m[2];
    const double dx = x - c - m->shift[0], dy = y - c - m->shift[1];
    out[0] = c + (m->m[3] * dx - m->m[1] * dy) / det;
    out[1] = c + (m->m[0] * dy - m->m[2] * dx) / det;
}

static float frame_a[SIZE * SIZE], frame_b[SIZE * SIZE], out[SIZE * SIZE * 2];

static void make_frames(const struct motion *m)
{
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            double from[2];
            move_back(m, x, y, from);
            frame_a[y * SIZE + x] = (float)texture(x, y);
            frame_b[y * SIZE + x] = (float)texture(from[0], from[1]);
        }
}

/* Mean length of the error, and its 99th percentile's bound, over all pixels
 * that stay in the frame. */
static void check_motion(s2vi_flow *flow, const char *name, struct motion m,
                         double most_mean, double most)
{
    double sum = 0;
    int n = 0, wrong = 0;
    make_frames(&m);
    s2vi_flow_run(flow, frame_a, frame_b, out);
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            double to[2];
            move(&m, x, y, to);
            if (fmin(fmin(x, y), fmin(to[0], to[1])) < MARGIN ||
                fmax(fmax(x, y), fmax(to[0], to[1])) > SIZE - 1 - MARGIN)
                continue;
            const double e = hypot(out[2 * (y * SIZE + x)] - (to[0] - x),
                                   out[2 * (y * SIZE + x) + 1] - (to[1] - y));
            sum += e;
            wrong += e > most;
            n++;
        }
    printf("%-24s mean error %.4f pixels, %.2f %% beyond %.2f\n", name, sum / n,
           100.0 * wrong / n, most);
    CHECK(sum / n < most_mean, "%s: mean error %.4f", name, sum / n);
    CHECK(wrong < n / 100, "%s: %d of %d beyond %.2f", name, wrong, n, most);
}

static void test_motions(s2vi_flow *flow)
{
    check_motion(flow, "none", motion(0, 1, 0, 0), 1e-6, 1e-5);
    check_motion(flow, "0.25, -0.4", motion(0, 1, 0.25, -0.4), 3 * 0.0056, 0.1);
    check_motion(flow, "-1.5, 0.75", motion(0, 1, -1.5, 0.75), 3 * 0.0070, 0.1);
    check_motion(flow, "4.3, 3.6", motion(0, 1, 4.3, 3.6), 3 * 0.0057, 0.1);
    check_motion(flow, "-13, 9.5", motion(0, 1, -13, 9.5), 0.05, 0.3);
    check_motion(flow, "turn of 3 degrees", motion(3, 1, 0, 0), 0.03, 0.15);
    check_motion(flow, "zoom of 4 %", motion(0, 1.04, 0, 0), 0.03, 0.15);
    check_motion(flow, "all of it", motion(-2, 0.97, 2.2, -1.1), 0.04, 0.2);
}

/* A textured disc moves over a background that stays. */
static void test_object(s2vi_flow *flow)
{
    const double u = 5.5, v = -3.25, r = 40;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            const bool in_a = hypot(x - 120, y - 130) < r;
            const bool in_b = hypot(x - 120 - u, y - 130 - v) < r;
            const double back = texture(x + 400, y + 300);
            frame_a[y * SIZE + x] = (float)(in_a ? texture(x, y) : back);
            frame_b[y * SIZE + x] =
                (float)(in_b ? texture(x - u, y - v) : back);
        }
    s2vi_flow_run(flow, frame_a, frame_b, out);
    double inside = 0, outside = 0;
    int ni = 0, no = 0;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            const double d = hypot(x - 120, y - 130);
            const float *f = &out[2 * (y * SIZE + x)];
            if (d < r - 14) {
                inside += hypot(f[0] - u, f[1] - v);
                ni++;
            } else if (d > r + 25) {
                outside += hypot(f[0], f[1]);
                no++;
            }
        }
    printf("a disc: inside %.3f, outside %.3f\n", inside / ni, outside / no);
    CHECK(inside / ni < 3 * 0.0138, "inside: %.4f", inside / ni);
    CHECK(outside / no < 3 * 2.7e-4, "outside: %.5f", outside / no);
}

static void test_flat(s2vi_flow *flow)
{
    for (int i = 0; i < SIZE * SIZE; i++) {
        frame_a[i] = 0.5f;
        frame_b[i] = 0.6f;
    }
    s2vi_flow_run(flow, frame_a, frame_b, out);
    for (int i = 0; i < 2 * SIZE * SIZE; i++)
        if (out[i] != 0.0f) {
            CHECK(0, "flow %g without texture", out[i]);
            break;
        }
}

/* Equal bits, nothing allocated; and how long it takes. */
static void test_again(s2vi_flow *flow)
{
    static float first[SIZE * SIZE * 2];
    const struct motion m = motion(1, 1.01, 1, 1);
    const int times = 10;
    make_frames(&m);
    s2vi_flow_run(flow, frame_a, frame_b, first);
    unsigned long before = allocations;
    const clock_t from = clock(); /* the process's own time */
    for (int i = 0; i < times; i++)
        s2vi_flow_run(flow, frame_a, frame_b, out);
    const double ms = 1e3 * (double)(clock() - from) / CLOCKS_PER_SEC;
    CHECK(!memcmp(first, out, sizeof(first)), "other bits");
    CHECK(allocations == before, "%lu allocations", allocations - before);
    printf("%.1f ms a pair of %d x %d\n", ms / times, SIZE, SIZE);
}

/* Sides of all kinds: no fault, and finite. */
static void test_sizes(void)
{
    static const struct {
        int w, h;
        double measured; /* mean error, of which three times is allowed */
    } sides[] = {{16, 16, 0.038},
                 {17, 40, 0.044},
                 {31, 16, 0.020},
                 {64, 48, 0.011},
                 {129, 33, 0.0054}};
    for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
        const int w = sides[i].w, h = sides[i].h;
        s2vi_flow *flow;
        CHECK(!s2vi_flow_create(&flow, w, h, NULL), "%dx%d", w, h);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                frame_a[y * w + x] = (float)texture(x, y);
                frame_b[y * w + x] = (float)texture(x - 0.5, y);
            }
        s2vi_flow_run(flow, frame_a, frame_b, out);
        double sum = 0;
        for (int k = 0; k < w * h; k++)
            sum += hypot(out[2 * k] - 0.5, out[2 * k + 1]) / (w * h);
        CHECK(sum < 3 * sides[i].measured, "%dx%d: mean error %g", w, h, sum);
        s2vi_flow_close(&flow);
    }
}

static void test_errors(void)
{
    static const int bad[][2] = {{15, 64}, {64, 15}, {4097, 64}, {0, -1}};
    s2v_error err = {0};
    s2vi_flow *flow = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int ret = s2vi_flow_create(&flow, bad[i][0], bad[i][1], &err);
        CHECK(ret == S2V_ERR_INVALID && !flow &&
                  strstr(err.message, "16 to 4096"),
              "%dx%d: %d %s", bad[i][0], bad[i][1], ret, err.message);
    }
    for (unsigned long k = 1; k <= 2; k++) {
        failing_allocation = k;
        int ret = s2vi_flow_create(&flow, 64, 64, &err);
        CHECK(ret == S2V_ERR_NOMEM && !flow, "allocation %lu: %d", k, ret);
    }
    failing_allocation = 0;
    s2vi_flow_close(&flow);
}

static void test_grey(void)
{
    static const uint8_t rgb[] = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255};
    float grey[4];
    s2vi_flow_grey(rgb, 4, grey);
    CHECK(fabsf(grey[0] - 1) < 1e-6f && grey[1] == 0 &&
              fabsf(grey[2] - 0.299f) < 1e-6f &&
              fabsf(grey[3] - 0.114f) < 1e-6f,
          "%g %g %g %g", grey[0], grey[1], grey[2], grey[3]);
}

int main(void)
{
    s2vi_flow *flow;
    if (s2vi_flow_create(&flow, SIZE, SIZE, NULL) < 0)
        return 2;
    test_motions(flow);
    test_object(flow);
    test_flat(flow);
    test_again(flow);
    s2vi_flow_close(&flow);
    test_sizes();
    test_errors();
    test_grey();
    return check_done();
}
