/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faces found in pictures: drawn ones (the goldens') and those of films, none
 * of which are in the repository: the folder in S2V_TEST_DATA holds weights/,
 * goldens/man/ and grid_faces/.
 */
#include "../check.h"
#include "../must.h"
#include "backend/backend.h"
#include "face_file.h"
#include "media/media.h"
#include "session/face_finder.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/log.h>
#include <math.h>

enum { SKIPPED = 77, SIDE = S2VI_BLAZEFACE_SIDE, MOST = 8 };

static const char *data;

static s2v_weights *open_file(const char *name)
{
    return face_file_open(data, name);
}

static int open_finder(s2vi_face_finder **finder, s2vi_backend *backend,
                       const char *model, s2v_error *err)
{
    char *folder = g_dir_make_tmp("s2v-faces-XXXXXX", NULL);
    char *path = g_build_filename(folder, "face.bin", NULL);
    s2v_weights *weights;
    must(face_file_write(path, data, model, err), err);
    must(s2v_weights_open(&weights, path, err), err);
    const int ret = s2vi_face_finder_open(finder, weights, backend, err);
    s2v_weights_close(&weights);
    g_remove(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
    return ret;
}

/* ---------------------------------------------------------- drawn faces -- */

/* A drawn face, `times` as large, at (x,y) of a picture. */
static void paste(const uint8_t *from, int times, uint8_t *to, int width, int x,
                  int y)
{
    for (int i = 0; i < SIDE * times; i++)
        for (int j = 0; j < SIDE * times; j++)
            memcpy(to + ((y + i) * width + x + j) * 3,
                   from + (i / times * SIDE + j / times) * 3, 3);
}

/* Where the eyes came to lie in a crop, in parts of its side: level, 1 / scale
 * apart, 0.2 of that above the middle. */
static void check_crop(const s2vi_found_face *f, const s2vi_region *crop)
{
    double eye[2][2], at[2][2];
    const double d = 1 / S2VI_FACE_CROP;
    s2vi_face_eyes((const double(*)[2])f->landmark, eye[0], eye[1]);
    for (int i = 0; i < 2; i++) {
        s2vi_region_from_picture(crop, eye[i], at[i]);
        CHECK(fabs(at[i][1] - (0.5 - 0.2 * d)) < 1e-6, "eye %d at %g", i,
              at[i][1]);
        CHECK(fabs(at[i][0] - (0.5 + (i - 0.5) * d)) < 1e-6, "eye %d at %g", i,
              at[i][0]);
    }
}

static void test_drawn(s2vi_face_finder *finder)
{
    enum { W = 400, H = 260 };
    static uint8_t rgb[W * H * 3];
    static float small[64 * 64 * 3];
    s2vi_found_face found[MOST];
    s2vi_region crop;
    s2v_error err;
    int n;
    s2v_weights *golden = open_file("goldens/man/blazeface");
    const uint8_t *all =
        s2vi_weights_data(golden, s2vi_weights_find(golden, "pictures"));
    memset(rgb, 128, sizeof(rgb));
    paste(all, 1, rgb, W, 10, 70);
    paste(all + 2 * SIDE * SIDE * 3, 2, rgb, W, 140, 2);
    const s2vi_image p = {rgb, W * 3, W, H};
    must(s2vi_face_find(finder, &p, "two.png", found, MOST, &n, &err), &err);
    CHECK(n == 2, "%d faces", n);
    for (int i = 0; i < n; i++) {
        const double x = i ? 10 + SIDE / 2 : 140 + SIDE;
        CHECK(fabs(found[i].face.x - x) < SIDE / 4, "face %d at %g", i,
              found[i].face.x);
        CHECK(found[i].has_mesh, "face %d has no mesh", i);
        must(s2vi_face_choose(&p, found, n, i + 1, "two.png", S2VI_FACE_CROP,
                              &crop, &err),
             &err);
        check_crop(&found[i], &crop);
        s2vi_face_read(&p, &crop, 64, small);
    }
    CHECK(s2vi_face_choose(&p, found, n, 3, "two.png", 4.9, &crop, &err) ==
              S2V_ERR_INVALID,
          "a third face");
    CHECK(!strcmp(err.message, "face=3: there are 2 faces in two.png"), "%s",
          err.message);
    s2v_weights_close(&golden);
}

static void test_none(s2vi_face_finder *finder)
{
    static uint8_t rgb[300 * 200 * 3];
    s2vi_found_face found[MOST];
    s2v_error err;
    int n;
    const s2vi_image whole = {rgb, 900, 300, 200}, pixel = {rgb, 3, 1, 1};
    CHECK(s2vi_face_find(finder, &whole, "a.png", found, MOST, &n, &err) ==
              S2V_ERR_INVALID,
          "black");
    CHECK(!strcmp(err.message, "no face found in a.png; give crop=x:y:w:h"),
          "%s", err.message);
    CHECK(s2vi_face_find(finder, &pixel, "b.png", found, MOST, &n, &err) < 0,
          "one pixel");
    /* eyes found beyond the edge */
    s2vi_found_face off = {.face.point = {{-80, 10}, {-20, 10}}};
    s2vi_region crop;
    CHECK(s2vi_face_choose(&whole, &off, 1, 1, "c.png", 4.9, &crop, &err) ==
              S2V_ERR_INVALID,
          "outside");
    CHECK(!strcmp(err.message, "the face's crop lies outside of c.png, which "
                               "has 300x200 pixels; give crop=x:y:w:h"),
          "%s", err.message);
}

/* -------------------------------------------------------------- films -- */

/* Landmarks lie in their order, the face is followed, and stays in place. */
static void test_film(s2vi_face_finder *finder, const char *name)
{
    char *path = g_build_filename(data, "grid_faces", name, NULL);
    const s2vi_clip_params params = {
        .size = 288, .fps_num = 25, .fps_den = 1, .duration_ms = 1000};
    s2vi_found_face found[MOST], start;
    s2vi_region crop;
    s2vi_clip *clip;
    s2v_error err;
    int n, lost = 0;
    double moved = 0;
    must(s2vi_clip_load(&clip, path, &params, &err), &err);
    const size_t size = (size_t)params.size * (size_t)params.size * 3;
    for (int64_t t = 0; t < clip->frames; t++) {
        const s2vi_image p = {clip->rgb + (size_t)t * size, params.size * 3,
                              params.size, params.size};
        if (t == 0) {
            must(s2vi_face_find(finder, &p, name, found, MOST, &n, &err), &err);
            CHECK(n == 1 && found[0].has_mesh, "%s: %d faces", name, n);
            must(s2vi_face_choose(&p, found, n, 1, name, S2VI_FACE_CROP, &crop,
                                  &err),
                 &err);
            check_crop(found, &crop);
            start = found[0];
        } else {
            must(s2vi_face_follow(finder, &p, found, &err), &err);
        }
        const double(*m)[2] = (const double(*)[2])found[0].landmark;
        lost += !found[0].has_mesh;
        CHECK(m[36][0] < m[39][0] && m[39][0] < m[42][0] && m[42][0] < m[45][0],
              "%s: the eyes are out of order", name);
        CHECK(m[27][1] < m[33][1] && m[33][1] < m[51][1] && m[51][1] < m[8][1],
              "%s: nose, lips and chin are out of order", name);
        moved = fmax(moved, fabs(m[33][0] - start.landmark[33][0]));
    }
    printf("%s: crop of %.0f pixels at (%.0f,%.0f), lost in %d of %d frames, "
           "nose within %.1f pixels\n",
           name, crop.side, crop.x, crop.y, lost, (int)clip->frames, moved);
    CHECK(lost == 0 && moved < 40, "%s: lost %d, moved %g", name, lost, moved);
    s2vi_clip_close(&clip);
    g_free(path);
}

int main(void)
{
    static const char *const films[] = {"bbaf2n.mpg", "brbk7n.mpg",
                                        "lbax4n.mpg", "lrwp9a.mpg",
                                        "sbwe5n.mpg", "swiz3n.mpg"};
    s2vi_backend *backend;
    s2vi_face_finder *finder;
    s2v_error err;
    data = g_getenv("S2V_TEST_DATA");
    if (!data || !g_file_test(data, G_FILE_TEST_IS_DIR)) {
        printf("skipped: S2V_TEST_DATA does not name the folder of real "
               "faces\n");
        return SKIPPED;
    }
    av_log_set_level(AV_LOG_QUIET);
    if (s2vi_backend_open(&backend, "cpu", S2VI_F32, 2, &err) < 0)
        must(s2vi_backend_open(&backend, "ref", S2VI_F32, 2, &err), &err);
    CHECK(open_finder(&finder, backend, "hifigan", &err) == S2V_ERR_MODEL &&
              strstr(err.message, "s2v.model is 'hifigan', expected 'face'"),
          "%s", err.message);
    must(open_finder(&finder, backend, S2VI_FACE_MODEL, &err), &err);
    test_drawn(finder);
    test_none(finder);
    for (size_t i = 0; i < sizeof(films) / sizeof(films[0]); i++)
        test_film(finder, films[i]);
    s2vi_face_finder_close(&finder);
    s2vi_backend_close(&backend);
    return check_done();
}
