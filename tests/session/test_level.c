/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The level of sound and the range of its features, as a weight file says them
 * and as a session keeps to them. */
#include "../device.h"
#include "harness.h"

#include "audio/feature_range.h"
#include "audio/level.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, SECONDS = 4, SAMPLES = SECONDS * RATE + 43, FPS = 20 };

/* What the models of this test say that they were trained at, LUFS. */
#define LEVEL       "-36"
#define LEVEL_VALUE (-36.0)

/* What the log said. */
typedef struct lines {
    int unlike, untold, all;
    char last[400];
} lines;

static void take_line(void *opaque, s2v_log_level level, const char *message)
{
    lines *l = opaque;
    l->all += level <= S2V_LOG_INFO;
    l->unlike +=
        strstr(message, "outside the range of this model's training") != NULL &&
        level == S2V_LOG_WARNING;
    l->untold += strstr(message, "has no training loudness") != NULL &&
                 level == S2V_LOG_INFO;
    snprintf(l->last, sizeof(l->last), "%s", message);
}

static s2v_model *open_with(const char *level, const char *features, lines *log)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .threads = 1,
                                     .log = log ? take_line : NULL,
                                     .log_opaque = log};
    tiny_model spec = small_model();
    s2v_model *model = NULL;
    s2v_error err = {0};
    spec.level = level;
    spec.features = features;
    if (tiny_model_write(scratch("level.bin"), &spec, &err) < 0 ||
        s2v_model_open(&model, scratch("level.bin"), &params, &err) < 0) {
        fprintf(stderr, "no model: %s\n", err.message);
        exit(1);
    }
    return model;
}

static s2v_session *start(s2v_model *model, const char *level)
{
    const s2v_session_params params = {
        .size = sizeof(params), .seed = 5, .level = level};
    s2v_session *session = NULL;
    s2v_error err = {0};
    if (s2v_session_create(&session, model, &params, &err) < 0) {
        fprintf(stderr, "level %s: %s\n", level, err.message);
        exit(1);
    }
    return session;
}

static take play_at(s2v_model *model, const char *level, const float *sound,
                    size_t n, size_t piece)
{
    s2v_session *session = start(model, level);
    take t = play(session, sound, n, piece);
    s2v_session_close(&session);
    return t;
}

static float *times(const float *sound, size_t n, float factor)
{
    float *louder = malloc(n * sizeof(*louder));
    if (!louder)
        abort();
    for (size_t i = 0; i < n; i++)
        louder[i] = sound[i] * factor;
    return louder;
}

/* ---------------------------------------------------------------- bytes -- */

/* "off", no level in the file, and a gain of 0 dB are all the same. */
static void test_off(const float *sound)
{
    s2v_model *none = open_with(NULL, NULL, NULL);
    s2v_model *has = open_with(LEVEL, NULL, NULL);
    take plain = play_new(none, 5, sound, SAMPLES, 1000);
    static const char *const same_level[] = {"off", "0", "-0.0", "+0"};
    for (size_t i = 0; i < sizeof(same_level) / sizeof(*same_level); i++) {
        take a = play_at(has, same_level[i], sound, SAMPLES, 333);
        take b = play_at(none, same_level[i], sound, SAMPLES, 4000);
        CHECK(same(&a, &plain) && same(&b, &plain),
              "level %s gives other frames", same_level[i]);
    }
    take a = play_at(none, "auto", sound, SAMPLES, 500);
    CHECK(same(&a, &plain), "auto without a level in the file: other frames");
    take b = play_at(has, "auto", sound, SAMPLES, 500);
    CHECK(!same(&b, &plain), "auto levels nothing");
    take c = play_new(has, 5, sound, SAMPLES, 500);
    CHECK(same(&b, &c), "auto is not the default");
    s2v_model_close(&none);
    s2v_model_close(&has);
}

/* A gain is that of the sound sent, at any chunking. */
static void test_gain(const float *sound)
{
    static const char *const gains[] = {"6", "-60", "60", "-12.5", "1e1"};
    static const size_t pieces[] = {1, 79, 80, 16000, 0};
    s2v_model *none = open_with(NULL, NULL, NULL);
    s2v_model *has = open_with(LEVEL, NULL, NULL);
    for (size_t i = 0; i < sizeof(gains) / sizeof(*gains); i++) {
        float factor = (float)pow(10.0, atof(gains[i]) / 20.0);
        float *louder = times(sound, SAMPLES, factor);
        take expected = play_new(none, 5, louder, SAMPLES, SAMPLES);
        for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
            take a = play_at(has, gains[i], sound, SAMPLES, pieces[p]);
            CHECK(same(&a, &expected), "%s dB in pieces of %zu", gains[i],
                  pieces[p]);
        }
        take b = play_at(none, gains[i], sound, SAMPLES, 1000);
        CHECK(same(&b, &expected), "%s dB without a level in the file",
              gains[i]);
        free(louder);
    }
    s2v_model_close(&none);
    s2v_model_close(&has);
}

/* What the leveller makes of a clip is what the model hears: with a part of a
 * step at the end as well. */
static void test_clip(const float *sound)
{
    static const size_t lengths[] = {1, 79, 80, 81, 799, 801, 6399, SAMPLES};
    s2v_model *none = open_with(NULL, NULL, NULL);
    s2v_model *has = open_with(LEVEL, NULL, NULL);
    float *levelled = malloc(SAMPLES * sizeof(*levelled));
    if (!levelled)
        abort();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        const size_t n = lengths[i];
        CHECK(!s2vi_level_clip(sound, n, LEVEL_VALUE, levelled), "clip");
        take expected = play_new(none, 5, levelled, n, n);
        take t = play_at(has, "auto", sound, n, 160);
        CHECK(t.count == (int)((n + STEP - 1) / STEP), "%zu samples: %d frames",
              n, t.count);
        CHECK(same(&t, &expected), "%zu samples: other frames", n);
    }
    free(levelled);
    s2v_model_close(&none);
    s2v_model_close(&has);
}

/* ------------------------------------------------------------- loudness -- */

/* All bytes of the frames; the caller frees. */
static uint8_t *film(s2v_model *model, const char *level, const float *sound,
                     size_t n, size_t *size)
{
    s2v_session *session = start(model, level);
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    const size_t frame = (size_t)info.width * (size_t)info.height * 3;
    const size_t count = (n + STEP - 1) / STEP;
    uint8_t *all = calloc(count, frame);
    s2v_video_frame f = {.size = sizeof(f)};
    s2v_session_send_audio(session, sound, n, NULL);
    s2v_session_drain(session, NULL);
    for (size_t i = 0; all && i < count; i++)
        if (CHECK(!s2v_session_receive_video(session, &f, NULL),
                  "frame %zu is missing", i))
            memcpy(all + i * frame, f.data, frame);
    if (!all)
        abort();
    s2v_session_close(&session);
    *size = count * frame;
    return all;
}

/* The mean difference of two films' grey levels, from second `from` on. */
static double apart(const uint8_t *a, const uint8_t *b, size_t size, int from)
{
    const size_t begin = size * (size_t)from / SECONDS;
    double sum = 0.0;
    for (size_t i = begin; i < size; i++)
        sum += abs(a[i] - b[i]);
    return sum / (double)(size - begin);
}

/* Of the same sound at -40, -20 and 0 dB. */
static void test_loudness(const float *sound)
{
    static const char *const levels[] = {"auto", "off"};
    static const float factor[] = {0.01f, 0.1f, 1.0f};
    s2v_model *model = open_with(LEVEL, NULL, NULL);
    for (int l = 0; l < 2; l++) {
        uint8_t *frames[3];
        size_t size = 0;
        for (int i = 0; i < 3; i++) {
            float *quieter = times(sound, SAMPLES, factor[i]);
            frames[i] = film(model, levels[l], quieter, SAMPLES, &size);
            free(quieter);
        }
        double quiet = apart(frames[0], frames[2], size, 1);
        double middle = apart(frames[1], frames[2], size, 1);
        printf("level %s: grey levels between sound of 0 dB and of -20 dB "
               "%.3f, -40 dB %.3f\n",
               levels[l], middle, quiet);
        if (l == 0)
            CHECK(quiet < 0.1 && middle < 0.1, "levelled frames differ");
        else
            CHECK(quiet > 2.0 && middle > 2.0,
                  "frames do not depend on the level: nothing is tested");
        for (int i = 0; i < 3; i++)
            free(frames[i]);
    }
    s2v_model_close(&model);
}

/* ------------------------------------------------------------- refusals -- */

static void test_bad_levels(void)
{
    static const char *const bad[] = {"x",     "",    "61",   "-60.1", "nan",
                                      "inf",   "6dB", "Auto", "off ",  "6 6",
                                      "auto ", "--6", "1e99"};
    static const char *const good[] = {"auto", "off", "60", "-60", "0.5"};
    s2v_model *model = open_with(LEVEL, NULL, NULL);
    s2v_error err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const s2v_session_params params = {.size = sizeof(params),
                                           .level = bad[i]};
        s2v_session *session = (s2v_session *)1;
        char expected[200];
        snprintf(expected, sizeof(expected),
                 "level: expected auto, off or a gain from -60 to 60 dB, found "
                 "'%s'",
                 bad[i]);
        err = (s2v_error){0};
        int ret = s2v_session_create(&session, model, &params, &err);
        CHECK(ret == S2V_ERR_INVALID && err.code == ret && !session,
              "level '%s': status %d", bad[i], ret);
        CHECK(!strcmp(err.message, expected), "level '%s': \"%s\"", bad[i],
              err.message);
        CHECK(s2v_session_create(&session, model, &params, NULL) == ret,
              "level '%s': another status without an err", bad[i]);
        if (!ret)
            s2v_session_close(&session);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        s2v_session *session = start(model, good[i]);
        s2v_session_close(&session);
    }
    s2v_model_close(&model);
}

/* A caller that was built before there was a level. */
static void test_old_caller(const float *sound)
{
    s2v_model *model = open_with(LEVEL, NULL, NULL);
    const s2v_session_params params = {.size =
                                           offsetof(s2v_session_params, level),
                                       .seed = 5,
                                       .level = "not seen"};
    s2v_session *session = NULL;
    s2v_error err = {0};
    int ret = s2v_session_create(&session, model, &params, &err);
    CHECK(!ret, "%s", err.message);
    if (!ret) {
        take expected = play_at(model, "auto", sound, SAMPLES, 1000);
        take t = play(session, sound, SAMPLES, 1000);
        CHECK(same(&t, &expected), "other frames");
    }
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* More than there is memory for is refused, before any of it is read. */
static void test_too_much(const float *sound)
{
    static const char *const levels[] = {"auto", "off", "6"};
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX - 79, SIZE_MAX / 4,
                                    SIZE_MAX / 8};
    s2v_model *model = open_with(LEVEL, NULL, NULL);
    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
            s2v_session *session = start(model, levels[l]);
            s2v_error err = {0};
            int ret = s2v_session_send_audio(session, sound, counts[i], &err);
            CHECK(ret == S2V_ERR_NOMEM && err.code == ret,
                  "level %s, %zu samples: status %d", levels[l], counts[i],
                  ret);
            s2v_session_close(&session);
        }
    s2v_model_close(&model);
}

/* ------------------------------------------------------------- the range -- */

/* The text of the range of a clip's features, levelled. */
static char *range_text(const float *sound, int64_t n)
{
    const int64_t frames = (n + STEP - 1) / STEP;
    float *rows = malloc((size_t)frames * S2VI_LMS_BANDS * sizeof(*rows));
    float *heard = malloc((size_t)n * sizeof(*heard));
    s2vi_feature_range range = {.low = {0}};
    if (!rows || !heard ||
        s2vi_level_clip(sound, (size_t)n, LEVEL_VALUE, heard) ||
        s2vi_lms_features(heard, (size_t)n, rows, frames, NULL) ||
        s2vi_feature_range_measure(&range, rows, frames, 0.0))
        abort();
    free(rows);
    free(heard);
    char *text = s2vi_feature_range_text(&range);
    if (!text)
        abort();
    return text;
}

/* Features are equalised with level=auto alone, the same at any chunking and
 * after a flush. */
static void test_spectrum(const float *sound)
{
    tiny_model spec = small_model();
    s2v_model *models[2] = {NULL}; /* without a spectrum, with one */
    spec.level = LEVEL;
    for (int i = 0; i < 2; i++) {
        spec.spectrum = i ? tiny_model_spectrum(60.0f) : NULL;
        models[i] = open_model(&spec, "auto", 1);
    }
    take plain = play_at(models[0], "auto", sound, SAMPLES, 1000);
    take equalised = play_at(models[1], "auto", sound, SAMPLES, 1000);
    CHECK(!same(&plain, &equalised), "auto equalises nothing");
    for (size_t piece = 1; piece < 100000; piece = piece * 17 + 3) {
        take t = play_at(models[1], "auto", sound, SAMPLES, piece);
        CHECK(same(&t, &equalised), "pieces of %zu: other frames", piece);
    }
    s2v_session *session = start(models[1], "auto");
    take first = play(session, sound, SAMPLES, 500);
    s2v_session_flush(session);
    take second = play(session, sound, SAMPLES, 500);
    CHECK(same(&first, &equalised) && same(&second, &equalised),
          "other frames after a flush");
    s2v_session_close(&session);
    static const char *const others[] = {"off", "6"};
    for (int i = 0; i < 2; i++) {
        take a = play_at(models[0], others[i], sound, SAMPLES, 1000);
        take b = play_at(models[1], others[i], sound, SAMPLES, 1000);
        CHECK(same(&a, &b), "level %s equalises", others[i]);
    }
    s2v_model_close(&models[0]);
    s2v_model_close(&models[1]);
}

/* Inside, nothing changes; where all is above, louder sound makes no
 * difference. */
static void test_range(const float *sound)
{
    s2v_model *none = open_with(NULL, NULL, NULL);
    s2v_model *unbound =
        open_with(NULL, tiny_model_features(-100.0f, 100.0f), NULL);
    s2v_model *bound = open_with(NULL, tiny_model_features(-4.2f, -4.2f), NULL);
    take plain = play_new(none, 5, sound, SAMPLES, 1000);
    take t = play_new(unbound, 5, sound, SAMPLES, 7);
    CHECK(same(&t, &plain), "a wide range changes frames");
    double difference[2];
    for (int i = 0; i < 2; i++) {
        size_t size;
        uint8_t *a = film(i ? bound : none, "40", sound, SAMPLES, &size);
        uint8_t *b = film(i ? bound : none, "60", sound, SAMPLES, &size);
        difference[i] = apart(a, b, size, 0);
        free(a);
        free(b);
    }
    printf("grey levels between gains of 40 and 60 dB: %.3f, in a narrow "
           "range %.3f\n",
           difference[0], difference[1]);
    CHECK(difference[1] < 0.05 * difference[0], "the range bounds nothing");
    s2v_model_close(&none);
    s2v_model_close(&unbound);
    s2v_model_close(&bound);
}

/* -------------------------------------------------------------- the log -- */

static void test_untold(void)
{
    lines log = {0};
    s2v_model *model = open_with(NULL, NULL, &log);
    CHECK(log.untold == 1, "%d lines about a file without a level", log.untold);
    for (int i = 0; i < 2; i++) {
        s2v_session *session = start(model, "auto");
        s2v_session_close(&session);
    }
    CHECK(log.untold == 1, "%d lines after two sessions", log.untold);
    s2v_model_close(&model);
    log = (lines){0};
    model = open_with(LEVEL, NULL, &log);
    CHECK(!log.untold && log.all > 0,
          "%d of %d lines about a file that has one", log.untold, log.all);
    s2v_model_close(&model);
}

/* Frames of `n` samples, some at a time: there may be more than a take holds.
 */
static int run(s2v_session *session, const float *sound, size_t n)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    int made = 0;
    for (size_t at = 0; at < n; at += STEP) {
        s2v_session_send_audio(session, sound + at,
                               n - at < STEP ? n - at : STEP, NULL);
        while (!s2v_session_receive_video(session, &frame, NULL))
            made++;
    }
    return made;
}

/* Steady noise, which no chord is like. */
static float *make_noise(size_t n)
{
    float *noise = malloc(n * sizeof(*noise));
    uint32_t state = 4;
    if (!noise)
        abort();
    for (size_t i = 0; i < n; i++)
        noise[i] = (float)next_random(&state, 65536) / 65536.0f - 0.5f;
    return noise;
}

/* The tones of make_sound(), without its noise. */
static float *make_chords(size_t n)
{
    float *chords = malloc(n * sizeof(*chords));
    uint32_t state = 8;
    double a = 0, b = 0;
    if (!chords)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (i % 4000 == 0) {
            a = 200 + next_random(&state, 1000);
            b = 1000 + next_random(&state, 2000);
        }
        double t = 6.283185307179586 * (double)i / RATE;
        chords[i] = (float)(0.3 * (sin(t * a) + 0.5 * sin(t * b)));
    }
    return chords;
}

static void test_unlike(void)
{
    enum { N = 30 * RATE };
    float *chords = make_chords(N), *noise = make_noise(N);
    char *text = range_text(chords, N);
    lines log = {0};
    s2v_model *model = open_with(LEVEL, text, &log);
    for (int db = -30; db <= 0; db += 15) {
        float *own = times(chords, N, (float)pow(10.0, db / 20.0));
        s2v_session *session = start(model, "auto");
        CHECK(run(session, own, N) > 590, "frames are missing");
        CHECK(!log.unlike, "its own sound, %d dB: \"%s\"", db, log.last);
        s2v_session_close(&session);
        free(own);
    }
    s2v_session *session = start(model, "auto");
    run(session, noise, 9 * RATE);
    CHECK(!log.unlike, "a warning before ten seconds");
    run(session, noise, N);
    CHECK(log.unlike == 1, "foreign sound: %d warnings", log.unlike);
    CHECK(!strcmp(log.last, "the audio is outside the range of this model's "
                            "training (200 of the last 200 frames): the "
                            "picture may not follow it"),
          "\"%s\"", log.last);
    s2v_session_flush(session);
    run(session, noise, N);
    CHECK(log.unlike == 1, "%d warnings after a flush", log.unlike);
    s2v_session_close(&session);
    /* Frames from before a flush do not count. */
    session = start(model, "auto");
    for (int i = 0; i < 3; i++) {
        run(session, noise, 9 * RATE);
        s2v_session_flush(session);
    }
    CHECK(log.unlike == 1, "a flush keeps count");
    s2v_session_close(&session);
    s2v_model_close(&model);
    model = open_with(LEVEL, NULL, &log);
    session = start(model, "auto");
    run(session, noise, N);
    CHECK(log.unlike == 1, "a warning without a range");
    s2v_session_close(&session);
    s2v_model_close(&model);
    free(text);
    free(chords);
    free(noise);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    device_is_automatic(S2VI_F32);
    float *sound = make_sound(SAMPLES, 3);
    test_off(sound);
    test_gain(sound);
    test_clip(sound);
    test_loudness(sound);
    test_bad_levels();
    test_old_caller(sound);
    test_too_much(sound);
    test_spectrum(sound);
    test_range(sound);
    test_untold();
    test_unlike();
    free(sound);
    return report("level");
}
