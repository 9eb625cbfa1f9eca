/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP's pictures: small ones against Pillow 13; larger ones against the
 * published code, which is not in the repository (the folder in S2V_TEST_DATA
 * holds goldens/clip). Levels are exact.
 *
 * usage: test-clip-picture [goldens]
 */
#include "video/clip_picture.h"
#include "weights/weights.h"

#include <math.h>

#include "../front_end.h"
#include "../worst.h"

enum { SKIPPED = 77, RGB = 3 };

/* ---------------------------------------------------------- by Pillow -- */

/* Levels 0, 85, 170 and 255 without order. */
static void draw(uint8_t *rgb, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < RGB; c++)
                *rgb++ =
                    (uint8_t)(85 *
                              ((x * 7 + y * 13 + c * 5 + x * y % 5 * 3) % 4));
}

/* 9x7, reduced; the excess of one pixel is half before and half after: 0. */
static const uint8_t reduced[] = {
    135, 76,  148, 171, 144, 126, 92,  87,  185, 139, 163, 78,
    217, 86,  79,  86,  95,  134, 145, 130, 145, 149, 197, 69,
    146, 38,  136, 182, 31,  101, 173, 81,  133, 191, 169, 27,
    71,  157, 140, 139, 134, 70,  97,  184, 135, 166, 74,  140};
/* 5x3, enlarged */
static const uint8_t enlarged[] = {
    202, 0,   110, 255, 50,  51,  207, 213, 0,   152, 255, 32,  95,  214,
    215, 45,  156, 255, 208, 5,   111, 250, 45,  67,  184, 197, 45,  144,
    234, 84,  131, 162, 191, 93,  118, 229, 222, 19,  114, 236, 34,  100,
    136, 164, 182, 127, 169, 194, 208, 50,  139, 194, 40,  150, 236, 33,
    100, 221, 20,  116, 91,  118, 230, 88,  133, 221, 213, 62,  88,  234,
    59,  78,  250, 47,  70,  209, 5,   113, 53,  66,  184, 33,  131, 160,
    146, 196, 44,  209, 172, 24,  255, 53,  55,  203, 0,   112, 36,  42,
    162, 6,   130, 131, 115, 255, 24,  197, 226, 0};

static void test_small(int width, int height, int side, const uint8_t *right)
{
    uint8_t rgb[256], out[256];
    draw(rgb, width, height);
    const s2vi_image p = {rgb, width * RGB, width, height};
    CHECK(s2vi_clip_levels(&p, side, out, NULL) == S2V_OK, "levels");
    for (int i = 0; i < side * side * RGB; i++)
        CHECK(out[i] == right[i], "%dx%d, level %d: %d, expected %d", width,
              height, i, out[i], right[i]);
}

/* Down first gives other levels: those of the transposed picture, transposed.
 */
static void test_order(int width, int height, int side, const uint8_t *right)
{
    uint8_t rgb[256], turned[256], out[256];
    int other = 0;
    draw(rgb, width, height);
    for (int i = 0; i < width * height * RGB; i++)
        turned[(i / RGB % width * height + i / RGB / width) * RGB + i % RGB] =
            rgb[i];
    const s2vi_image p = {turned, height * RGB, height, width};
    CHECK(s2vi_clip_levels(&p, side, out, NULL) == S2V_OK, "levels");
    for (int i = 0; i < side * side; i++)
        other += memcmp(out + (i % side * side + i / side) * RGB,
                        right + i * RGB, RGB) != 0;
    CHECK(other > 0, "the order of passes does not show");
}

/* A picture of that height stays as it is; 1.5 pixels before its middle are 2.
 * Rows may go up. */
static void test_same(void)
{
    enum { W = 7, H = 4 };
    uint8_t rgb[W * H * RGB], out[H * H * RGB], square[H * H * RGB];
    draw(rgb, W, H);
    const s2vi_image p = {rgb, W * RGB, W, H};
    const s2vi_image flipped = {rgb + (ptrdiff_t)(H - 1) * W * RGB, -W * RGB, W,
                                H};
    CHECK(s2vi_clip_levels(&p, H, out, NULL) == S2V_OK, "levels");
    CHECK(s2vi_clip_levels(&flipped, H, square, NULL) == S2V_OK, "levels");
    for (int y = 0; y < H; y++) {
        CHECK(!memcmp(out + y * H * RGB, rgb + (y * W + 2) * RGB, H * RGB),
              "row %d", y);
        CHECK(
            !memcmp(out + y * H * RGB, square + (H - 1 - y) * H * RGB, H * RGB),
            "row %d, flipped", y);
    }
}

static void test_numbers(void)
{
    const uint8_t level[] = {0, 255, 128};
    const double right[] = {-1.7922625, 2.0748837, 0.33994864};
    float out[RGB];
    s2vi_clip_normalise(level, 1, out);
    for (int c = 0; c < RGB; c++)
        CHECK(fabs((double)out[c] - right[c]) < 1e-6,
              "colour %d: %g, expected %g", c, (double)out[c], right[c]);
}

static void test_refused(void)
{
    const uint8_t rgb[RGB] = {1, 2, 3};
    uint8_t out[RGB * 16];
    float numbers[RGB * 16];
    s2v_error err;
    const s2vi_image one = {rgb, RGB, 1, 1}, none = {rgb, 0, 0, 5};
    const s2vi_image wide = {rgb, RGB, S2VI_CLIP_PICTURE_MOST + 1, 1};
    CHECK(s2vi_clip_levels(&one, 4, out, NULL) == S2V_OK, "one pixel");
    CHECK(out[0] == 1 && out[RGB * 16 - 1] == 3, "%d, %d", out[0],
          out[RGB * 16 - 1]);
    CHECK(s2vi_clip_levels(&none, 4, out, &err) == S2V_ERR_INVALID, "none");
    CHECK(strstr(err.message, "a picture of 0x5"), "%s", err.message);
    CHECK(s2vi_clip_levels(&wide, 4, out, &err) == S2V_ERR_INVALID, "wide");
    CHECK(s2vi_clip_picture(&one, 0, numbers, &err) == S2V_ERR_INVALID,
          "side 0");
    unsigned long n = 0;
    int ret = S2V_ERR_NOMEM;
    while (ret == S2V_ERR_NOMEM && n < 100) {
        failing_allocation = ++n;
        ret = s2vi_clip_picture(&one, 4, numbers, NULL);
    }
    failing_allocation = 0;
    CHECK(ret == S2V_OK && n == 11, "%lu allocations", n - 1);
}

/* ---------------------------------------------------- the published code -- */

static s2v_weights *file;

static const s2vi_tensor *find(const char *name)
{
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    CHECK(t, "%s is missing", name);
    if (!t)
        exit(EXIT_FAILURE);
    return t;
}

/* The golden has every `step`-th level of the square's first rows and columns,
 * as (3,rows,columns). */
static uint8_t *test_picture(const char *letter, const char *levels, int step)
{
    enum { SIDE = 224 };
    char name[64];
    snprintf(name, sizeof(name), "%s.picture", letter);
    const s2vi_tensor *picture = find(name);
    snprintf(name, sizeof(name), "%s.%s", letter, levels);
    const s2vi_tensor *golden = find(name);
    const uint8_t *right = s2vi_weights_data(file, golden);
    const int width = (int)picture->shape[1], side = (int)golden->shape[1];
    const s2vi_image p = {s2vi_weights_data(file, picture),
                          (ptrdiff_t)width * RGB, width,
                          (int)picture->shape[0]};
    uint8_t *out = malloc(SIDE * SIDE * RGB);
    int other = 0;
    CHECK(s2vi_clip_levels(&p, SIDE, out, NULL) == S2V_OK, "levels");
    for (int c = 0; c < RGB; c++)
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                other += out[((y * SIDE + x) * step) * RGB + c] != *right++;
    CHECK(other == 0, "%s: %d levels of %d differ", name, other,
          side * side * RGB);
    printf("%s: %d levels are equal\n", name, side * side * RGB - other);
    return out;
}

/* Rows from 96, columns from 100: (3,16,16) */
static void test_tensor(const uint8_t *levels)
{
    enum { SIDE = 224, CROP = 16, N = RGB * CROP * CROP };
    static float out[SIDE * SIDE * RGB];
    float right[N];
    double worst = 0;
    CHECK(s2vi_weights_read_f32(file, find("a.tensor_crop"), right, NULL) ==
              S2V_OK,
          "a.tensor_crop");
    s2vi_clip_normalise(levels, SIDE * SIDE, out);
    for (int i = 0; i < N; i++) {
        const int c = i / (CROP * CROP), y = i / CROP % CROP, x = i % CROP;
        worst = worse(worst,
                      fabs((double)out[((96 + y) * SIDE + 100 + x) * RGB + c] -
                           (double)right[i]));
    }
    printf("a.tensor_crop: error %.2g\n", worst);
    CHECK(worst <= 1e-4, "a.tensor_crop: error %.2g", worst);
}

static int test_goldens(void)
{
    const char *data = getenv("S2V_TEST_DATA");
    char path[4096];
    snprintf(path, sizeof(path), "%s/goldens/clip/preprocess.safetensors",
             data ? data : "");
    if (!data || s2v_weights_open(&file, path, NULL) < 0) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/clip/\n");
        return SKIPPED;
    }
    uint8_t *levels = test_picture("a", "levels", 2);
    test_tensor(levels);
    free(levels);
    free(test_picture("b", "levels_top_left", 1));
    free(test_picture("c", "levels_top_left", 1));
    s2v_weights_close(&file);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    int skipped = 0;
    if (argc > 1) {
        skipped = test_goldens();
    } else {
        test_small(9, 7, 4, reduced);
        test_small(5, 3, 6, enlarged);
        test_order(9, 7, 4, reduced);
        test_order(5, 3, 6, enlarged);
        test_same();
        test_numbers();
        test_refused();
    }
    return skipped ? skipped : check_done();
}
