/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Geometry targets of faces: values worked out by hand, and maps against
 * goldens, 1e-5 absolute.
 *
 * usage: test-face-maps [GOLDEN]    (without: that of S2V_TEST_DATA)
 */
#include "../check.h"
#include "../must.h"
#include "../worst.h"
#include "data/face_maps.h"
#include "weights/weights.h"

enum { SKIPPED = 77, MAPS = S2VI_FACE_MAPS, HIDDEN = 3 };

/* --------------------------------------------------------------- by hand -- */

enum { SIDE = 96, ROW = MAPS + 2 };

static float picture[SIDE * SIDE * ROW];

static void expect(int x, int y, int channel, double value)
{
    const double found = picture[(y * SIDE + x) * ROW + channel];
    CHECK(fabs(found - value) < 1e-6, "(%d, %d) of %d: %.7f, expected %.7f", x,
          y, channel, found, value);
}

/* All landmarks apart from one another, in a row far from (8, 8). */
static void spread(float landmarks[S2VI_FACE_LANDMARKS][2])
{
    for (int i = 0; i < S2VI_FACE_LANDMARKS; i++) {
        landmarks[i][0] = (float)i + 20.0F;
        landmarks[i][1] = 80;
    }
}

/* Sigma is 5 there: 5 pixels away exp(-1/2). */
static void test_points(void)
{
    float landmarks[S2VI_FACE_LANDMARKS][2];
    spread(landmarks);
    landmarks[30][0] = landmarks[30][1] = 8.5F; /* the tip of the nose: 10 */
    s2vi_face_draw_points(*landmarks, 1u << 12, SIDE, picture + 2, ROW);
    expect(8, 8, 2 + 10, 1);
    expect(13, 8, 2 + 10, exp(-0.5));
    expect(8, 3, 2 + 10, exp(-0.5));
    expect(68, 79, 2 + 12, 0); /* landmark 48: out of sight */
    /* 0, the middle of the left eye: landmarks 42 to 47 are around 64.5. */
    expect(64, 79, 2, exp(-0.25 / 50));
}

/* Sigma is 2.25. */
static void test_contours(void)
{
    float landmarks[S2VI_FACE_LANDMARKS][2], copy[SIDE * SIDE];
    const double sigma2 = 2.25 * 2.25;
    spread(landmarks);
    landmarks[27][0] = landmarks[28][0] = 4; /* the bridge: 4 */
    landmarks[27][1] = landmarks[28][1] = 8.5F;
    landmarks[29][0] = landmarks[30][0] = 20;
    landmarks[29][1] = landmarks[30][1] = 8.5F;
    const float eyes[] = {58.5F, 80, 64.5F, 80};
    s2vi_face_draw_contours(*landmarks, NULL, SIDE, picture, ROW);
    expect(8, 8, 4, 1);
    expect(8, 11, 4, exp(-9 / 2.0 / sigma2));
    expect(2, 8, 4, exp(-1.5 * 1.5 / 2 / sigma2)); /* before its end */
    for (int i = 0; i < SIDE * SIDE; i++)
        copy[i] = picture[i * ROW + MAPS - 1];
    s2vi_face_draw_contours(*landmarks, eyes, SIDE, picture, ROW);
    for (int i = 0; i < SIDE * SIDE; i++)
        CHECK(copy[i] == picture[i * ROW + MAPS - 1],
              "pixel %d: irises unknown are not the eyes' middles", i);
}

static void test_flow(void)
{
    const float flow[2 * 4] = {4, -2, 100, -100, 0, 16, -16, 15};
    const double u[] = {0.25, 1, 0, -1}, v[] = {-0.125, -1, 1, 0.9375};
    float out[4 * 3];
    for (int i = 0; i < 4 * 3; i++)
        out[i] = 7;
    s2vi_face_draw_flow(flow, 0.5, 2, out, 3);
    for (int i = 0; i < 4; i++)
        CHECK(out[3 * i] == u[i] && out[3 * i + 1] == v[i] &&
                  out[3 * i + 2] == 7,
              "pixel %d: (%g, %g), expected (%g, %g)", i, out[3 * i],
              out[3 * i + 1], u[i], v[i]);
}

/* ---------------------------------------------------------------- golden -- */

static float *values(const s2v_weights *file, const char *name, int64_t count)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = malloc((size_t)count * sizeof(*out));
    if (!t || (int64_t)t->count != count || !out) {
        printf("FAIL the golden has no %s of %lld numbers\n", name,
               (long long)count);
        exit(EXIT_FAILURE);
    }
    must(s2vi_weights_read_f32(file, t, out, &err), &err);
    return out;
}

/* Goldens have maps first. */
static void compare_maps(const s2v_weights *file, const char *name,
                         const float *made, int side)
{
    const int n = side * side;
    float *want = values(file, name, (int64_t)MAPS * n);
    double worst = 0;
    for (int i = 0; i < MAPS * n; i++)
        worst = worse(worst, fabs((double)made[i % n * ROW + i / n] - want[i]));
    CHECK(worst <= 1e-5, "%s is %.2e off", name, worst);
    printf("%s: %.2e off\n", name, worst);
    free(want);
}

/* The prefixes "in." and "out." are not in all files. */
static void test_golden(const char *path, const char *in, const char *out)
{
    s2v_weights *file;
    s2v_error err;
    char name[4][32];
    const char *const what[] = {"points", "points_map", "contours_map"};
    must(s2v_weights_open(&file, path, &err), &err);
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof(name[i]), "%s%s", out, what[i]);
    snprintf(name[3], sizeof(name[3]), "%slandmarks", in);
    float *landmarks = values(file, name[3], 2 * S2VI_FACE_LANDMARKS);
    snprintf(name[3], sizeof(name[3]), "%sirises", in);
    float *irises = values(file, name[3], 4);
    float *want = values(file, name[0], 2 * MAPS);
    const s2vi_tensor *map = s2vi_weights_find(file, name[1]);
    const int side = map ? (int)map->shape[1] : 0;
    float points[2 * MAPS];
    s2vi_face_points(landmarks, points);
    for (int i = 0; i < 2 * MAPS; i++)
        CHECK(fabs((double)points[i] - want[i]) <= 1e-5,
              "number %d of the points: %g, expected %g", i, points[i],
              want[i]);
    CHECK(side > 0 && side <= SIDE, "a side of %d", side);
    s2vi_face_draw_points(landmarks, 1u << HIDDEN, side, picture, ROW);
    compare_maps(file, name[1], picture, side);
    s2vi_face_draw_contours(landmarks, irises, side, picture, ROW);
    compare_maps(file, name[2], picture, side);
    free(landmarks);
    free(irises);
    free(want);
    s2v_weights_close(&file);
}

static bool is_there(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file;
}

int main(int argc, char **argv)
{
    char path[1024];
    if (argc > 1) {
        test_points();
        test_contours();
        test_flow();
        test_golden(argv[1], "in.", "out.");
        return check_done();
    }
    const char *data = getenv("S2V_TEST_DATA");
    snprintf(path, sizeof(path), "%s/goldens/man/maps.safetensors",
             data ? data : "");
    if (!data || !is_there(path)) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/man/maps.safetensors\n");
        return SKIPPED;
    }
    test_golden(path, "", "");
    return check_done();
}
