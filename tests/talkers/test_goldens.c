/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tracks of the mouth and maps of a face's geometry against those of an
 * independent implementation, which S2V_TEST_DATA holds.
 */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>
#include <math.h>

#include "check.h"
#include "data/face_maps.h"
#include "viseme.h"
#include "weights/weights.h"

#define SKIPPED 77

enum { SIDE = 64, MAPS = SIDE * SIDE * S2VI_FACE_MAPS };

static float *read_tensor(const s2v_weights *w, const char *name, size_t *n)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    s2v_error err = {0};

    CHECK(t, "%s is missing", name);
    if (!t)
        exit(check_done());
    float *v = g_new(float, t->count);
    CHECK(!s2vi_weights_read_f32(w, t, v, &err), "%s", err.message);
    *n = t->count;
    return v;
}

static s2v_weights *open_golden(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);
    s2v_weights *w = NULL;
    s2v_error err = {0};

    CHECK(!s2v_weights_open(&w, path, &err), "%s", err.message);
    g_free(path);
    if (!w)
        exit(check_done());
    return w;
}

/* --------------------------------------------------------------- tracks -- */

static void test_tracks(const char *folder)
{
    s2v_weights *w = open_golden(folder, "visemes.safetensors");
    const char *phones = s2v_weights_get_metadata(w, "phones");
    char **names = g_strsplit(phones ? phones : "", " ", -1);
    const int n = (int)g_strv_length(names);
    size_t ends, times, values;
    float *end = read_tensor(w, "end", &ends);
    float *time = read_tensor(w, "time", &times);
    float *tracks = read_tensor(w, "tracks", &values);
    struct talkers_segment *s = g_new0(struct talkers_segment, n);
    double worst = 0;

    CHECK(n == (int)ends && n > 10, "%d phones, %zu ends", n, ends);
    CHECK(values == VISEME_TRACKS * times, "%zu values", values);
    for (int i = 0; i < n; i++) {
        g_strlcpy(s[i].name, names[i], sizeof(s[i].name));
        s[i].start = i ? (double)end[i - 1] : 0;
        s[i].end = (double)end[i];
    }
    for (size_t t = 0; t < times; t++) {
        double got[VISEME_TRACKS];
        viseme_tracks(s, n, (double)time[t], got);
        for (int k = 0; k < VISEME_TRACKS; k++)
            worst = fmax(
                worst,
                fabs(got[k] - (double)tracks[VISEME_TRACKS * t + (size_t)k]));
    }
    printf("tracks: worst difference %.2g\n", worst);
    CHECK(worst < 1e-5, "%g", worst);
    g_free(s);
    g_free(end);
    g_free(time);
    g_free(tracks);
    g_strfreev(names);
    s2v_weights_close(&w);
}

/* ----------------------------------------------------------------- maps -- */

/* Channels last here, first there. */
static double map_difference(const float *got, const float *want)
{
    double worst = 0;

    for (int i = 0; i < MAPS; i++) {
        const int k = i % S2VI_FACE_MAPS, at = i / S2VI_FACE_MAPS;
        const double d =
            fabs((double)got[i] - (double)want[k * SIDE * SIDE + at]);
        worst = fmax(worst, d);
    }
    return worst;
}

static void test_maps(const char *folder)
{
    s2v_weights *w = open_golden(folder, "maps.safetensors");
    uint8_t visible[S2VI_FACE_MAPS];
    size_t n;
    float *landmarks = read_tensor(w, "landmarks", &n);
    float *irises = read_tensor(w, "irises", &n);
    float *points = read_tensor(w, "points", &n), got[2 * S2VI_FACE_MAPS];
    float *maps = g_new(float, MAPS);

    s2vi_face_points(got, landmarks);
    for (int i = 0; i < 2 * S2VI_FACE_MAPS; i++)
        CHECK(fabsf(got[i] - points[i]) < 1e-4f, "point %d: %g, not %g", i,
              (double)got[i], (double)points[i]);
    for (int i = 0; i < S2VI_FACE_MAPS; i++)
        visible[i] = i != 3; /* metadata "hidden" */
    s2vi_face_points_map(maps, SIDE, points, visible);
    float *want = read_tensor(w, "points_map", &n);
    CHECK(map_difference(maps, want) < 1e-5, "points: %g",
          map_difference(maps, want));
    g_free(want);
    s2vi_face_contours_map(maps, SIDE, landmarks, irises);
    want = read_tensor(w, "contours_map", &n);
    CHECK(map_difference(maps, want) < 1e-5, "contours: %g",
          map_difference(maps, want));
    g_free(want);
    g_free(maps);
    g_free(landmarks);
    g_free(irises);
    g_free(points);
    s2v_weights_close(&w);
}

int main(void)
{
    const char *data = getenv("S2V_TEST_DATA");
    char *folder = data ? g_build_filename(data, "goldens", "man", NULL) : NULL;

    if (!folder || !g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        printf("skipped: no goldens/man in S2V_TEST_DATA\n");
        g_free(folder);
        return SKIPPED;
    }
    test_tracks(folder);
    test_maps(folder);
    g_free(folder);
    return check_done();
}
