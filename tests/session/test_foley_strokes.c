/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound of the reference's own strokes: cut, chosen and placed as expected, the
 * same for any pieces, and in a session. */
#include "../device.h"
#include "foley_kit.h"

#include "audio/onset_picker.h"
#include "session/foley_strokes.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS = S2VI_FOLEY_MEL_BANDS,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    RATE = S2VI_FOLEY_RATE,
    COUNT = 3 * RATE,
    COLUMNS = 1 + COUNT / COLUMN,
    FRAMES = 50,
};

/* Two strokes that ring: a loud one of 440 Hz at 0.5 s, and one of 880 Hz, 12
 * dB fainter, at 1.5 s. */
static const double at[] = {0.5, 1.5}, pitch[] = {440, 880},
                    loud[] = {0.8, 0.2};

static float *make_reference(void)
{
    float *x = calloc(COUNT, sizeof(*x));
    for (int i = 0; i < 2; i++)
        for (int k = (int)(at[i] * RATE), from = k; k < COUNT; k++) {
            const double t = (double)(k - from) / RATE;
            x[k] +=
                (float)(loud[i] * exp(-8 * t) * sin(2 * G_PI * pitch[i] * t));
        }
    return x;
}

static float *mel_of(const float *x, size_t count, size_t *columns)
{
    *columns = s2vi_foley_mel_columns(count);
    float *mel = calloc(*columns * BANDS, sizeof(*mel));
    CHECK(!s2vi_foley_mel(x, count, mel, *columns, NULL), "mel");
    return mel;
}

static s2vi_foley_strokes *learn(const float *x, size_t count)
{
    s2vi_foley_strokes *s = NULL;
    size_t columns;
    float *mel = mel_of(x, count, &columns);
    CHECK(!s2vi_foley_strokes_create(&s, NULL) &&
              !s2vi_foley_strokes_learn(s, x, count, mel, columns, NULL),
          "a reference");
    free(mel);
    return s;
}

/* The sound of a film's mel, in pieces of columns and of samples. */
static float *played(s2vi_foley_strokes *s, const float *mel, int columns,
                     int piece, int samples, s2vi_foley_onsets *onsets)
{
    float *out = calloc((size_t)columns * COLUMN, sizeof(*out));
    int64_t made = 0;
    s2vi_foley_strokes_flush(s);
    for (int k = 0, n; k < columns; k += n) {
        n = k + piece < columns ? piece : columns - k;
        CHECK(!s2vi_foley_strokes_columns(s, mel + k * BANDS, n,
                                          mel + (k + n) * BANDS,
                                          columns - k - n, onsets, NULL),
              "column %d", k);
        /* A vocoder is some columns behind. */
        const int64_t end = COLUMN * (int64_t)(k + n - 2);
        while (made + samples <= end) {
            s2vi_foley_strokes_render(s, out + made, made, samples);
            made += samples;
        }
    }
    s2vi_foley_strokes_render(s, out + made, made, columns * COLUMN - made);
    return out;
}

static double difference(const float *a, const float *b, double from, double to)
{
    double most = 0;
    for (int i = (int)(from * RATE); i < (int)(to * RATE); i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

/* A film that sounds like the reference gets its strokes where they were. */
static void test_itself(void)
{
    float *x = make_reference();
    size_t columns;
    float *mel = mel_of(x, COUNT, &columns);
    s2vi_foley_strokes *s = learn(x, COUNT);
    CHECK(s2vi_foley_strokes_count(s) == 2, "%d strokes",
          s2vi_foley_strokes_count(s));
    float *y = played(s, mel, (int)columns, 64, 256, NULL);
    CHECK(difference(x, y, 0, at[0] - 0.03) == 0, "before the first: %g",
          difference(x, y, 0, at[0] - 0.03));
    CHECK(difference(x, y, at[0], at[1] - 0.22) < 1e-6, "the first: %g",
          difference(x, y, at[0], at[1] - 0.22));
    CHECK(difference(x, y, at[1], 2.7) < 1e-3, "the second: %g",
          difference(x, y, at[1], 2.7));
    static const int pieces[][2] = {{4, 256}, {12, 1}, {1, 1000}, {260, 77}};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        float *z =
            played(s, mel, (int)columns, pieces[i][0], pieces[i][1], NULL);
        CHECK(!memcmp(y, z, columns * COLUMN * sizeof(*z)),
              "pieces of %d columns and %d samples", pieces[i][0],
              pieces[i][1]);
        free(z);
    }
    memset(mel, 0, columns * BANDS * sizeof(*mel));
    float *silence = played(s, mel, (int)columns, 64, 256, NULL);
    for (size_t i = 0; i < columns * COLUMN; i++)
        CHECK(silence[i] == 0, "silence sounds: sample %zu", i);
    s2vi_foley_strokes_close(&s);
    free(silence);
    free(x);
    free(y);
    free(mel);
}

/* Without a rise all of it is one; one that begins at once is one, too. */
static void test_references(void)
{
    float *x = make_reference();
    s2vi_foley_strokes *s = learn(x + RATE / 2, RATE / 2);
    CHECK(s2vi_foley_strokes_count(s) == 1, "a single stroke: %d",
          s2vi_foley_strokes_count(s));
    s2vi_foley_strokes_close(&s);
    for (int i = 0; i < COUNT; i++)
        x[i] = 1e-3f * sinf(0.01f * (float)i) * (float)i / (float)COUNT;
    x[7] = NAN;
    s = learn(x, COUNT);
    CHECK(s2vi_foley_strokes_count(s) == 1, "a swell: %d",
          s2vi_foley_strokes_count(s));
    s2vi_foley_strokes_close(&s);
    free(x);
}

/* Onsets of a file are to the sample, whatever the film's mel says. */
static void test_read(const char *path)
{
    static const double times[] = {0.2, 0.7004, 2.1};
    s2vi_foley_onsets *o = NULL;
    s2v_error err = {0};
    float *x = make_reference(), *mel = calloc(COLUMNS * BANDS, sizeof(*mel));
    for (int k = 0; k < COLUMNS * BANDS; k++)
        mel[k] = 0.5f;
    g_file_set_contents(path, "0.2\n0.7004 0.8 label\n2.1\n", -1, NULL);
    CHECK(!s2vi_foley_onsets_open(&o, path, &err), "%s", err.message);
    s2vi_foley_strokes *s = learn(x, COUNT);
    float *y = played(s, mel, COLUMNS, 30, 100, o);
    for (int i = 0; i < 3; i++) {
        const double before = fabs((double)y[(int)(times[i] * RATE) - 250]);
        float most = 0;
        for (int k = 0; k < 200; k++)
            most = fmaxf(most, fabsf(y[(int)(times[i] * RATE) + k]));
        CHECK(most > 3 * before + 1e-3, "%g s: %g after %g", times[i],
              (double)most, before);
    }
    s2vi_foley_onsets_flush(o);
    float *z = played(s, mel, COLUMNS, 1, 333, o);
    CHECK(!memcmp(y, z, COLUMNS * COLUMN * sizeof(*z)), "in other pieces");
    s2vi_foley_strokes_close(&s);
    s2vi_foley_onsets_close(&o);
    free(x);
    free(y);
    free(z);
    free(mel);
}

static void set_to(s2v_session *session, const char *name, const char *value)
{
    s2v_error err = {0};
    CHECK(!s2v_session_set_option(session, name, value, &err), "%s=%s: %s",
          name, value, err.message);
}

static sound play_strokes(s2v_model *model, const char *path, const float *x,
                          int piece)
{
    const film f = film_at(25, 1, FRAMES);
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    set_to(session, "onsets", path);
    set_to(session, "synthesis", "strokes");
    CHECK(!s2v_session_set_reference(session, x, COUNT, &err), "%s",
          err.message);
    sound got = play_film(session, &f, piece);
    CHECK(got.status == S2V_ERR_EOF, "status %d", got.status);
    s2v_session_close(&session);
    return got;
}

static void test_session(s2v_model *model, const char *path)
{
    float *x = make_reference();
    g_file_set_contents(path, "0.2\n0.7004\n1.1\n", -1, NULL);
    sound whole = play_strokes(model, path, x, 1);
    CHECK(loudness(&whole) > 1e-3, "it is silent");
    for (int i = 2; i < 40; i += 9) {
        sound got = play_strokes(model, path, x, i);
        CHECK(sounds_same(&whole, &got), "in pieces of %d frames", i);
        free(got.sample);
    }
    free(whole.sample);
    free(x);
}

static void test_refused(s2v_model *model)
{
    const film f = film_at(25, 1, 1);
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const s2v_picture p = picture_of(&f, 0, rgb);
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    CHECK(s2v_session_set_option(session, "synthesis", "piano", &err) < 0 &&
              strstr(err.message, "'vocoder' or 'strokes', found 'piano'"),
          "%s", err.message);
    set_to(session, "synthesis", "strokes");
    CHECK(s2v_session_send_video(session, &p, &err) == S2V_ERR_INVALID &&
              strstr(err.message, "expected a reference"),
          "%s", err.message);
    set_to(session, "synthesis", "vocoder");
    CHECK(!s2v_session_send_video(session, &p, &err), "%s", err.message);
    s2v_session_close(&session);
}

int main(void)
{
    const tiny_foley spec = tiny_foley_defaults();
    char *folder = g_dir_make_tmp("s2v-test-XXXXXX", NULL);
    char *path = g_build_filename(folder, "onsets.txt", NULL);
    s2v_model *model = open_foley(&spec, "ref", 1, 0);
    test_itself();
    test_references();
    test_read(path);
    test_session(model, path);
    test_refused(model);
    s2v_model_close(&model);
    g_remove(path);
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
    return report("strokes");
}
