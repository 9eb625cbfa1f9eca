/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tracks of the mouth against those of an independent implementation, which
 * S2V_TEST_DATA holds.
 */
#define _POSIX_C_SOURCE 200809L

#include <glib.h>
#include <math.h>

#include "check.h"
#include "viseme.h"
#include "weights/weights.h"

#define SKIPPED 77

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
    g_free(folder);
    return check_done();
}
