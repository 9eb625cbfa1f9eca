/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faces in pictures, without networks: worked out by hand. */
#include "video/face.h"

#include "../check.h"

#include <math.h>

enum { SIDE = S2VI_BLAZEFACE_SIDE, MESH = S2VI_FACEMESH_SIDE };

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

/* A picture of two halves, twice as wide as high, upside down in memory: each
 * of the square's pixels covers 2x2 of it, and black is above and below. */
static void test_letterbox(void)
{
    enum { W = 2 * SIDE, H = SIDE };
    static uint8_t rgb[W * H * 3];
    static float out[SIDE * SIDE * 3];
    for (int i = 0; i < W * H * 3; i++)
        rgb[i] = i / 3 % W < 3 ? 255 : i % 3 == 1 ? 51 : 0;
    const s2vi_image p = {rgb + (H - 1) * W * 3, -W * 3, W, H};
    s2vi_face_letterbox(&p, SIDE, out);
    const float *row = out + SIDE / 2 * SIDE * 3;
    CHECK(near((double)row[0], 1), "%g", (double)row[0]);
    CHECK(near((double)row[4], (255 + 51) / 2 / 127.5 - 1), "%g",
          (double)row[4]);
    CHECK(near((double)row[3], 0) && near((double)row[7], -0.6), "%g %g",
          (double)row[3], (double)row[7]);
    CHECK(near((double)out[(SIDE / 4 - 1) * SIDE * 3], -1), "above");
    CHECK(near((double)out[SIDE / 4 * SIDE * 3], 1), "first row");
    CHECK(near((double)out[3 * SIDE / 4 * SIDE * 3], -1), "below");
}

/* One pixel becomes the whole square. */
static void test_one_pixel(void)
{
    static const uint8_t rgb[] = {255, 0, 51};
    static float out[SIDE * SIDE * 3];
    const s2vi_image p = {rgb, 3, 1, 1};
    double most = 0;
    s2vi_face_letterbox(&p, SIDE, out);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        most = fmax(most, fabs((double)out[i] - (rgb[i % 3] / 127.5 - 1)));
    CHECK(most < 1e-6, "%g", most);
}

/* Two boxes of one face, averaged by score; another one, surer; one unsure. */
static void test_decode(void)
{
    static float score[S2VI_FACE_ANCHORS];
    static float box[S2VI_FACE_ANCHORS][S2VI_FACE_NUMBERS];
    s2vi_face f[S2VI_FACE_MOST];
    enum { A = 0, B = 1, C = 512 + 6 * 63 + 5, UNSURE = 600 };
    for (int i = 0; i < S2VI_FACE_ANCHORS; i++)
        score[i] = -3;
    score[A] = logf(3); /* 3/4 */
    score[B] = logf(1.5F);
    score[C] = 5;
    score[UNSURE] = -0.01F;
    for (int i = 0; i < 2; i++) {
        box[i][0] = i ? 36 : 27; /* from (4,4): the first anchor's */
        box[i][2] = box[i][3] = 64;
        box[i][4] = i ? 9 : 0;
    }
    box[C][2] = 32;
    box[C][3] = 16;
    const int n = s2vi_face_decode(score, box[0], f);
    CHECK(n == 2, "%d", n);
    CHECK(near(f[0].x, 7.5 / 8) && near(f[0].y, 7.5 / 8), "%g %g", f[0].x,
          f[0].y);
    CHECK(near(f[0].width, 0.25) && near(f[0].height, 0.125), "size");
    CHECK(near(f[1].score, 0.75), "%g", f[1].score);
    CHECK(near(f[1].x * SIDE, 4 + 27 + 9 * 0.6 / 1.35), "%g", f[1].x * SIDE);
    CHECK(near(f[1].point[0][0] * SIDE, 4 + 9 * 0.6 / 1.35), "point %g",
          f[1].point[0][0] * SIDE);
    s2vi_face_to_picture(&f[0], 400, 200);
    CHECK(near(f[0].x, 375) && near(f[0].y, 275), "%g %g", f[0].x, f[0].y);
    CHECK(near(f[0].width, 100) && near(f[0].height, 50), "size");
}

static void test_regions(void)
{
    s2vi_face f = {.x = 10, .y = 20, .width = 4, .height = 8};
    f.point[0][0] = 8, f.point[0][1] = 18;
    f.point[1][0] = 12, f.point[1][1] = 22;
    const s2vi_region r = s2vi_face_mesh_region(&f);
    CHECK(near(r.side, 12) && near(r.angle, atan(1)), "%g %g", r.side, r.angle);
    /* The square's right edge's middle lies to the lower right. */
    const double right[2] = {1, 0.5};
    double place[2], back[2];
    s2vi_region_to_picture(&r, right, place);
    CHECK(near(place[0], 10 + 6 * sqrt(0.5)) &&
              near(place[1], 20 + 6 * sqrt(0.5)),
          "%g %g", place[0], place[1]);
    s2vi_region_from_picture(&r, place, back);
    CHECK(near(back[0], 1) && near(back[1], 0.5), "%g %g", back[0], back[1]);
}

/* 4x4 pixels x + 10 y read as they are, turned by a right angle, beyond the
 * edges, and four pixels as one. */
static void test_read(void)
{
    uint8_t rgb[48];
    float out[8 * 8 * 3];
    for (int i = 0; i < 48; i++)
        rgb[i] = (uint8_t)(i / 3 % 4 + 10 * (i / 12));
    const s2vi_image p = {rgb, 12, 4, 4};
    s2vi_region r = {.x = 2, .y = 2, .side = 4};
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_BLACK, 1, 4, out);
    CHECK(near(255 * (double)out[3 * 6], 12), "%g", 255 * (double)out[18]);
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_BLACK, 2, 2, out);
    CHECK(near(255 * (double)out[0], 5.5), "%g", 255 * (double)out[0]);
    r.angle = 2 * atan(1); /* its rows run down */
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_BLACK, 1, 4, out);
    CHECK(near(255 * (double)out[0], 3) && near(255 * (double)out[3], 13),
          "%g %g", 255 * (double)out[0], 255 * (double)out[3]);
    r = (s2vi_region){.x = 2, .y = 2, .side = 8};
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_MIRROR, 1, 8, out);
    CHECK(near(255 * (double)out[0], 11), "%g", 255 * (double)out[0]);
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_BLACK, 1, 8, out);
    CHECK(near((double)out[0], 0), "%g", (double)out[0]);
    r.x = -1e6; /* far away */
    s2vi_region_read(&p, &r, S2VI_OUTSIDE_MIRROR, 1, 8, out);
    CHECK(out[0] >= 0 && 255 * (double)out[0] < 34, "%g", (double)out[0]);
}

static void test_crops(void)
{
    const double right[2] = {40, 50}, left[2] = {60, 50}, low[2] = {40, 70};
    const s2vi_image p = {NULL, 0, 100, 80};
    s2vi_region r = s2vi_face_crop(right, left, S2VI_FACE_CROP);
    s2v_error err;
    CHECK(near(r.side, 98) && near(r.x, 50) && near(r.y, 54), "%g %g %g",
          r.side, r.x, r.y);
    r = s2vi_face_crop(right, low, 1); /* lying: below is to the left */
    CHECK(near(r.x, 36) && near(r.y, 60), "%g %g", r.x, r.y);
    CHECK(s2vi_face_given_crop(&p, (const int[]){10, 20, 90, 60}, &r, &err) ==
              S2V_OK,
          "inside");
    CHECK(near(r.x, 55) && near(r.y, 50) && near(r.side, 60), "%g %g %g", r.x,
          r.y, r.side);
    CHECK(s2vi_face_given_crop(&p, (const int[]){10, 21, 90, 60}, &r, &err) ==
              S2V_ERR_INVALID,
          "outside");
    CHECK(!strcmp(err.message, "crop=10:21:90:60 is not inside the picture, "
                               "which has 100x80 pixels"),
          "%s", err.message);
    CHECK(s2vi_face_given_crop(&p, (const int[]){-1, 0, 9, 9}, &r, &err) < 0 &&
              s2vi_face_given_crop(&p, (const int[]){0, 0, 0, 9}, &r, &err) < 0,
          "none");
}

/* Landmarks and the next square: point i at (i, 468 - i), in the crop's own
 * pixels. */
static void test_landmarks(void)
{
    static float mesh[S2VI_FACEMESH_POINTS * 3];
    double place[S2VI_FACEMESH_POINTS][2], mark[S2VI_FACE_LANDMARKS][2];
    double right[2], left[2];
    const s2vi_region whole = {.x = MESH / 2, .y = MESH / 2, .side = MESH};
    for (int i = 0; i < S2VI_FACEMESH_POINTS; i++) {
        mesh[3 * i] = (float)i;
        mesh[3 * i + 1] = (float)(468 - i);
    }
    s2vi_face_mesh_to_picture(mesh, &whole, place);
    s2vi_face_landmarks((const double(*)[2])place, mark);
    CHECK(near(mark[0][0], 127) && near(mark[67][1], 468 - 178), "%g %g",
          mark[0][0], mark[67][1]);
    s2vi_face_eyes((const double(*)[2])mark, right, left);
    CHECK(near(right[0], (33 + 160 + 158 + 133 + 153 + 144) / 6.0), "%g",
          right[0]);
    CHECK(near(left[1], 468 - (362 + 385 + 387 + 263 + 373 + 380) / 6.0), "%g",
          left[1]);
    const s2vi_region next = s2vi_face_next_region((const double(*)[2])place);
    CHECK(near(next.side, 1.5 * 467) && near(next.x, 233.5) &&
              near(next.angle, -atan(1)),
          "%g %g %g", next.side, next.x, next.angle);
}

int main(void)
{
    test_letterbox();
    test_one_pixel();
    test_decode();
    test_regions();
    test_read();
    test_crops();
    test_landmarks();
    return check_done();
}
