/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for pictures as an editor wants it: regions of the picture, how little
 * motion sounds, and onsets that are written and read back. */
#include "../device.h"
#include "foley_kit.h"

#include "audio/onset_picker.h"
#include "session/foley_edit.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = S2VI_FOLEY_MEL_BANDS, COLUMNS = 400, FRAMES = 50 };

static void set_to(s2v_session *session, const char *name, const char *value)
{
    s2v_error err = {0};
    CHECK(!s2v_session_set_option(session, name, value, &err), "%s=%s: %s",
          name, value, err.message);
}

static void refuse(s2v_session *session, const char *name, const char *value,
                   const char *part)
{
    s2v_error err = {0};
    const int ret = s2v_session_set_option(session, name, value, &err);
    CHECK(ret < 0 && strstr(err.message, part), "%s=%s: %d %s", name, value,
          ret, err.message);
}

/* ------------------------------------------------------------- regions -- */

/* The film, or a part of its pictures alone; `speck` changes the middle. */
static sound play_part(s2v_session *session, int x, int w, bool speck)
{
    const film f = film_at(25, 1, FRAMES);
    uint8_t rgb[3 * WIDTH * HEIGHT];
    sound got = {0};
    s2v_session_flush(session);
    for (int i = 0; i < f.count; i++) {
        s2v_picture p = picture_of(&f, i, rgb);
        for (int y = 0; speck && y < HEIGHT; y++)
            memset(rgb + 3 * (y * WIDTH + WIDTH / 2 - 4), 40 * i, 24);
        p.data += 3 * (ptrdiff_t)x;
        p.width = w;
        CHECK(!s2v_session_send_video(session, &p, NULL), "frame %d", i);
    }
    s2v_session_drain(session, NULL);
    got.status = hear_all(session, &got);
    return got;
}

static void check_same(sound *a, sound *b, bool same, const char *what)
{
    CHECK(a->count && sounds_same(a, b) == same, "%s: %s", what,
          same ? "another sound" : "the same sound");
    free(b->sample);
    b->sample = NULL;
}

static void test_regions(s2v_model *model)
{
    s2v_session *session = open_session(model, 0);
    sound whole = play_part(session, 0, WIDTH, false);
    sound left = play_part(session, 0, 20, false), got;
    set_to(session, "regions", "0:0:40:24");
    got = play_part(session, 0, WIDTH, false);
    check_same(&whole, &got, true, "all of it");
    set_to(session, "regions", "0|0|20|24");
    got = play_part(session, 0, WIDTH, false);
    check_same(&left, &got, true, "the left half, in pixels");
    set_to(session, "regions", "0:0:0.5:1");
    got = play_part(session, 0, WIDTH, false);
    check_same(&left, &got, true, "the left half, in parts");
    /* What lies between two regions is not looked at. */
    sound other = play_part(session, 0, WIDTH, true);
    set_to(session, "regions", "0:0:0.25:1+0.75:0:0.25:1");
    sound sides = play_part(session, 0, WIDTH, false);
    got = play_part(session, 0, WIDTH, true);
    check_same(&sides, &got, true, "between regions");
    free(other.sample);
    set_to(session, "regions", "all");
    got = play_part(session, 0, WIDTH, true);
    check_same(&whole, &got, false, "a speck in the middle");
    got = play_part(session, 0, WIDTH, false);
    check_same(&whole, &got, true, "no regions");
    refuse(session, "regions", "1:2:3", "found '1:2:3'");
    refuse(session, "regions", "0:0:0:1", "found '0:0:0:1'");
    refuse(session, "regions", "0:0:1.5:20", "found '0:0:1.5:20'");
    refuse(session, "regions", "0.6:0:0.6:1", "found '0.6:0:0.6:1'");
    refuse(session, "regions", "0:0:1:1+x", "found 'x'");
    s2v_session_flush(session);
    set_to(session, "regions", "30:0:20:24");
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(25, 1, 1);
    const s2v_picture p = picture_of(&f, 0, rgb);
    s2v_error err = {0};
    CHECK(s2v_session_send_video(session, &p, &err) == S2V_ERR_INVALID &&
              strstr(err.message, "reaches beyond the picture of 40x24"),
          "%s", err.message);
    /* Once pictures come, at once, and the old ones stay. */
    set_to(session, "regions", "0:0:20:24");
    CHECK(!s2v_session_send_video(session, &p, &err), "%s", err.message);
    refuse(session, "regions", "30:0:20:24",
           "reaches beyond the picture of 40x24");
    CHECK(!s2v_session_send_video(session, &p, &err), "%s", err.message);
    free(whole.sample);
    free(left.sample);
    free(sides.sample);
    s2v_session_close(&session);
}

/* --------------------------------------------------------- sensitivity -- */

static void test_sensitivity(s2v_model *model)
{
    film f = film_at(25, 1, FRAMES), one = film_at(1, 2, 1);
    sound plain = play_film_new(model, &f, 1), still = {0}, got;
    one.duration = 1;
    still = play_film_new(model, &one, 1);
    static const char *const factors[] = {"1", "0", "0.5", "8"};
    for (int i = 0; i < 4; i++) {
        s2v_session *session = open_session(model, 0);
        set_to(session, "sensitivity", factors[i]);
        got = play_film(session, &f, i + 1);
        check_same(&plain, &got, i == 0, factors[i]);
        s2v_session_flush(session);
        got = play_film(session, &one, 1);
        check_same(&still, &got, true, "a film that stands still");
        refuse(session, "sensitivity", "-1", "from 0 to 100");
        s2v_session_close(&session);
    }
    free(plain.sample);
    free(still.sample);
}

/* -------------------------------------------------------------- onsets -- */

/* Strokes that decay, at these columns. */
static const int strokes[] = {40, 120, 200, 300};

static float *make_mel(void)
{
    float *mel = calloc(COLUMNS * BANDS, sizeof(*mel));
    for (int i = 0; i < 4; i++)
        for (int k = strokes[i]; k < COLUMNS; k++)
            for (int b = 0; b < BANDS; b++) {
                float *v = &mel[k * BANDS + b];
                const float now = 0.8f - 0.01f * (float)(k - strokes[i]) -
                                  0.002f * (float)((b + 7 * i) % 40);
                *v = now > *v ? now : *v;
            }
    return mel;
}

/* The mel after a file of onsets, in pieces. */
static float *passed(const char *path)
{
    s2vi_foley_onsets *o = NULL;
    s2v_error err = {0};
    float *mel = make_mel();
    CHECK(!s2vi_foley_onsets_open(&o, path, &err), "%s", err.message);
    for (int k = 0, n; k < COLUMNS; k += n) {
        n = k + 33 < COLUMNS ? 33 : COLUMNS - k;
        s2vi_foley_onsets_pass(o, mel + k * BANDS, n);
    }
    CHECK(!s2vi_foley_onsets_finish(o, &err), "%s", err.message);
    s2vi_foley_onsets_close(&o);
    return mel;
}

static float level(const float *mel, int column)
{
    float most = 0;
    for (int b = 0; b < BANDS; b++)
        most = fmaxf(most, mel[column * BANDS + b]);
    return most;
}

static void test_written(const char *path)
{
    float *plain = make_mel(), *mel = passed(path);
    CHECK(!memcmp(plain, mel, COLUMNS * BANDS * sizeof(*mel)),
          "what is written changes the mel");
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    char **lines = g_strsplit(text ? text : "", "\n", -1);
    CHECK(g_strv_length(lines) == 5 && !*lines[4], "%s", text);
    for (int i = 0; i < 4 && lines[i]; i++) {
        double v[3] = {0};
        CHECK(sscanf(lines[i], "%lf\t%lf\t%lf", &v[0], &v[1], &v[2]) == 3 &&
                  v[0] == v[1] && v[0] == v[2] &&
                  fabs(v[0] - s2vi_onset_time(strokes[i])) < 1e-5,
              "line %d: %s", i, lines[i]);
    }
    free(mel);
    /* Read back as it is, it changes nothing either. */
    mel = passed(path);
    for (int k = 0; k < COLUMNS; k++)
        CHECK(fabsf(level(mel, k) - level(plain, k)) < 1e-6f, "column %d", k);
    g_strfreev(lines);
    g_free(text);
    free(mel);
    free(plain);
}

/* The second one is deleted, one is added at column 250. */
static void test_read(const char *path)
{
    char *text = g_strdup_printf(
        "# corrected\n%.6f\t0\t%.6f\n"
        "%f %f %f\r\n%f\n%f\t%f\tnew\n"
        "%f %f %f\n",
        s2vi_onset_time(40), s2vi_onset_time(40), s2vi_onset_time(200), 9.0,
        s2vi_onset_time(200), s2vi_onset_time(300), s2vi_onset_time(250), 0.0,
        s2vi_onset_time(360), 0.0, s2vi_onset_time(360));
    g_file_set_contents(path, text, -1, NULL);
    float *plain = make_mel(), *mel = passed(path);
    CHECK(level(mel, 45) == level(plain, 45), "an onset that stays");
    CHECK(level(mel, 121) <= level(mel, 119), "a deleted one: %g after %g",
          (double)level(mel, 121), (double)level(mel, 119));
    CHECK(level(mel, 205) > level(mel, 190) + 0.2f, "after it");
    CHECK(level(mel, 252) > level(mel, 246) + 0.2f, "an added one: %g after %g",
          (double)level(mel, 252), (double)level(mel, 246));
    /* One that was found, and does not sound here. */
    CHECK(level(mel, 363) > level(mel, 358) + 0.2f, "360: %g after %g",
          (double)level(mel, 363), (double)level(mel, 358));
    /* Without a label 300 is a new one, too, of the film's sound. */
    CHECK(level(mel, 302) > level(mel, 296) + 0.2f, "without a label");
    g_free(text);
    free(mel);
    free(plain);
}

static void test_warp(const char *path)
{
    s2vi_foley_onsets *o = NULL;
    s2v_error err = {0};
    g_file_set_contents(path, "1.5 1.5 1\n2 2 3\n2.5\t0\tnew\n", -1, NULL);
    CHECK(!s2vi_foley_onsets_open(&o, path, &err), "%s", err.message);
    static const double at[][2] = {{0, 0}, {0.5, 0.75}, {1, 1.5}, {2, 1.75},
                                   {3, 2}, {3.5, 3},    {4, 4},   {9, 9}};
    for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
        const int64_t got =
            s2vi_foley_onsets_warp(o, (int64_t)lrint(at[i][0] * FOLEY_RATE));
        CHECK(llabs(got - lrint(at[i][1] * FOLEY_RATE)) <= 1, "%g s: %g",
              at[i][0], (double)got / FOLEY_RATE);
    }
    s2vi_foley_onsets_close(&o);
    static const char *const bad[][2] = {
        {"soon\n", "line 1: expected a time"},
        {"1\n\n-2\n", "line 3: expected a time"},
        {"1x\n", "found '1x'"},
        {"1 1 2\n2 2 1\n", "past another one"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        g_file_set_contents(path, bad[i][0], -1, NULL);
        const int ret = s2vi_foley_onsets_open(&o, path, &err);
        CHECK(ret == S2V_ERR_FORMAT && !o && strstr(err.message, bad[i][1]),
              "%d %s", ret, err.message);
    }
}

/* A session writes what it found, also after a flush; it stays when the session
 * is flushed after the end, and closed. */
static void test_session(s2v_model *model, const char *path)
{
    const film f = film_at(25, 1, FRAMES);
    s2v_session *session = open_session(model, 0);
    char *first = NULL, *second = NULL;
    remove(path);
    refuse(session, "onsets", "nowhere/x.txt",
           "'nowhere/x.txt' cannot be written");
    char *long_text = g_strnfill((5 << 20), '1');
    g_file_set_contents(path, long_text, -1, NULL);
    g_free(long_text);
    refuse(session, "onsets", path, "at most 4194304 bytes, found 5242880");
    remove(path);
    set_to(session, "onsets", "/dev/full"); /* never read */
    set_to(session, "onsets", path);
    sound plain = play_film_new(model, &f, 1), got;
    got = play_film(session, &f, 3);
    CHECK(got.status == S2V_ERR_EOF, "status %d", got.status);
    check_same(&plain, &got, true, "a file that is written");
    refuse(session, "onsets", "", "set after the first input");
    s2v_session_flush(session);
    g_file_get_contents(path, &first, NULL, NULL);
    CHECK(first && *first, "nothing was written");
    got = play_film(session, &f, 7);
    free(got.sample);
    s2v_session_close(&session);
    g_file_get_contents(path, &second, NULL, NULL);
    CHECK(!g_strcmp0(first, second), "another file: %s, %s", first, second);
    session = open_session(model, 0);
    set_to(session, "onsets", path);
    got = play_film(session, &f, 2);
    CHECK(got.count == plain.count, "%zu samples", got.count);
    free(got.sample);
    s2v_session_close(&session);
    g_free(second);
    second = NULL;
    g_file_get_contents(path, &second, NULL, NULL);
    CHECK(!g_strcmp0(first, second), "it was read, and changed");
    free(plain.sample);
    g_free(first);
    g_free(second);
}

int main(void)
{
    const tiny_foley spec = tiny_foley_defaults();
    char *folder = g_dir_make_tmp("s2v-test-XXXXXX", NULL);
    char *path = g_build_filename(folder, "onsets.txt", NULL);
    s2v_model *model = open_foley(&spec, "ref", 1, 0);
    test_regions(model);
    test_sensitivity(model);
    test_written(path);
    test_read(path);
    test_warp(path);
    test_session(model, path);
    s2v_model_close(&model);
    g_remove(path);
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
    return report("editing");
}
