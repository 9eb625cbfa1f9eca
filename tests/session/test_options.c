/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of the families: their lists, and what setting them does. */
#include "foley_kit.h"
#include "harness.h"

#include "audio/level.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 24 * STEP + 43, PART = 9 * STEP + 57 };

static s2v_model *open_level(const char *level)
{
    tiny_model spec = small_model();
    spec.level = level;
    return open_model(&spec, "ref", 1);
}

static void set(s2v_session *session, const char *name, const char *value)
{
    s2v_error err = {0};
    CHECK(!s2v_session_set_option(session, name, value, &err), "%s %s: %s",
          name, value, err.message);
}

static void refused(s2v_session *session, const char *name, const char *value,
                    const char *message)
{
    s2v_error err = {0};
    CHECK(s2v_session_set_option(session, name, value, &err) ==
                  S2V_ERR_INVALID &&
              err.code == S2V_ERR_INVALID && !strcmp(err.message, message),
          "%s %s: \"%s\", expected \"%s\"", name, value, err.message, message);
}

/* -------------------------------------------------------------- lists -- */

static void test_list(const s2v_model *model, const char *const *names)
{
    s2v_option o = {.size = sizeof(o)};
    size_t n = 0;
    while (names[n])
        n++;
    for (size_t i = 0; i < n; i++)
        CHECK(!s2v_model_get_option(model, i, &o) &&
                  !strcmp(o.name, names[i]) && o.minimum <= o.maximum &&
                  *o.default_value && !strncmp(o.help, "set ", 4),
              "option %zu is %s, expected %s", i, o.name, names[i]);
    CHECK(s2v_model_get_option(model, n, &o) == S2V_ERR_EOF,
          "more than %zu options", n);
}

/* --------------------------------------------------- listen-and-move -- */

/* Send in pieces, and do something after a number of samples. */
static take play_two(s2v_session *session, const float *sound, size_t piece,
                     const char *name, const char *value)
{
    take t = {0};
    for (size_t at = 0; at < SAMPLES;) {
        const size_t end = at < PART ? PART : SAMPLES;
        const size_t n = end - at < piece ? end - at : piece;
        if (at == PART)
            set(session, name, value);
        s2v_session_send_audio(session, sound + at, n, NULL);
        receive_all(session, &t);
        at += n;
    }
    s2v_session_drain(session, NULL);
    t.status = receive_all(session, &t);
    return t;
}

/* The option is the member of the params; it outlives a flush. */
static void test_seed(const float *sound)
{
    s2v_model *model = open_level(NULL);
    s2v_session *session = open_session(model, 3);
    take three = play_new(model, 3, sound, SAMPLES, 1000);
    take five = play_new(model, 5, sound, SAMPLES, 1000);
    take most = play_new(model, UINT64_MAX, sound, SAMPLES, 1000);
    set(session, "seed", "5");
    take t = play(session, sound, SAMPLES, 700);
    CHECK(same(&t, &five) && !same(&t, &three), "seed 5: other frames");
    s2v_session_flush(session);
    t = play(session, sound, SAMPLES, 700);
    CHECK(same(&t, &five), "after a flush: other frames");
    s2v_session_flush(session);
    set(session, "seed", "18446744073709551615");
    t = play(session, sound, SAMPLES, 700);
    CHECK(same(&t, &most), "the largest seed: other frames");
    s2v_session_flush(session);
    set(session, "seed", "3");
    t = play_two(session, sound, 1000, "seed", "5");
    const int changed = (PART - SPAN) / STEP + 1; /* frames before it */
    for (int i = 0; i < changed; i++)
        CHECK(t.hash[i] == three.hash[i], "frame %d: before the new seed", i);
    CHECK(t.hash[changed] != three.hash[changed], "the new seed is not used");
    refused(session, "seed", "-1",
            "seed: expected an integer from 0 to 18446744073709551615, found "
            "'-1'");
    refused(session, "gain", "1",
            "a 'listen-and-move' model has no option 'gain': it is one of "
            "'varietysound' models");
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* A level from some sample on is that of the samples from there on, at any
 * chunking; what the leveller holds is levelled. */
static void test_level(const float *sound)
{
    const float six = (float)pow(10.0, 6.0 / 20.0);
    s2v_model *model = open_level("-36");
    s2v_model *plain = open_level(NULL);
    float *heard = malloc(SAMPLES * sizeof(*heard));
    static const char *const from[] = {"auto", "off"};
    static const size_t pieces[] = {77, 800, 100000};
    if (!heard)
        abort();
    for (int k = 0; k < 2; k++) {
        memcpy(heard, sound, SAMPLES * sizeof(*heard));
        if (!k)
            CHECK(!s2vi_level_clip(sound, PART, -36, heard), "no memory");
        for (int i = PART; i < SAMPLES; i++)
            heard[i] = sound[i] * six;
        take expected = play_new(plain, 0, heard, SAMPLES, SAMPLES);
        for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
            s2v_session *session = open_session(model, 0);
            set(session, "level", from[k]);
            take t = play_two(session, sound, pieces[p], "level", "6");
            CHECK(same(&t, &expected),
                  "from %s to 6 dB, in pieces of %zu: other frames", from[k],
                  pieces[p]);
            s2v_session_close(&session);
        }
    }
    free(heard);
    s2v_model_close(&plain);
    s2v_model_close(&model);
}

/* Set before the sound, it is the member of the params; a bad one is refused,
 * and the one before is kept. */
static void test_level_first(const float *sound)
{
    s2v_model *model = open_level("-36");
    s2v_session *session = open_session(model, 5);
    take automatic = play_new(model, 5, sound, SAMPLES, 500);
    refused(session, "level", "loud",
            "level: expected auto, off or a gain from -60 to 60 dB, found "
            "'loud'");
    take t = play(session, sound, SAMPLES, 500);
    CHECK(same(&t, &automatic), "auto is not kept");
    s2v_session_flush(session);
    set(session, "level", "-6");
    refused(session, "level", "61",
            "level: expected auto, off or a gain from -60 to 60 dB, found "
            "'61'");
    const s2v_session_params params = {
        .size = sizeof(params), .seed = 5, .level = "-6"};
    s2v_session *other = NULL;
    CHECK(!s2v_session_create(&other, model, &params, NULL), "no session");
    take quieter = play(other, sound, SAMPLES, 500);
    t = play(session, sound, SAMPLES, 500);
    CHECK(same(&t, &quieter) && !same(&t, &automatic),
          "-6 dB as an option and as a member differ");
    s2v_session_close(&other);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* ------------------------------------------------------ varietysound -- */

/* Samples are those without a gain times its factor, from where it was set. */
static void test_gain(void)
{
    const tiny_foley spec = tiny_foley_defaults();
    const film f = film_at(25, 1, 60);
    const float factor = (float)pow(10.0, -9.5 / 20.0);
    s2v_model *model = open_foley(&spec, "ref", 1, 0);
    s2v_session *session = open_session(model, 0);
    uint8_t rgb[3 * WIDTH * HEIGHT];
    sound plain = play_film(session, &f, 3), got = {0};
    size_t before = 0;
    s2v_session_flush(session);
    for (int i = 0; i < f.count; i++) {
        const s2v_picture p = picture_of(&f, i, rgb);
        if (i == 40) {
            set(session, "gain", "-9.5");
            before = got.count;
        }
        s2v_session_send_video(session, &p, NULL);
        hear_all(session, &got);
    }
    s2v_session_drain(session, NULL);
    hear_all(session, &got);
    CHECK(got.count == plain.count && before > 0 && before < got.count,
          "%zu samples, %zu of them before", got.count, before);
    for (size_t i = 0; i < got.count; i++) {
        const float wanted = plain.sample[i] * (i < before ? 1.0f : factor);
        if (!CHECK(got.sample[i] == wanted, "sample %zu: %g, not %g", i,
                   (double)got.sample[i], (double)wanted))
            break;
    }
    refused(session, "gain", "101",
            "gain: expected a number from -100 to 100 dB, found '101'");
    refused(session, "latency", "500",
            "latency: it is set when the model is opened, in s2v_model_params");
    refused(session, "latncy", "500",
            "a 'varietysound' model has no option 'latncy': did you mean "
            "'latency'?");
    test_list(model,
              (const char *const[]){"latency", "gain", "sensitivity", "regions",
                                    "onsets", "synthesis", NULL});
    free(plain.sample);
    free(got.sample);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

int main(void)
{
    float *sound = make_sound(SAMPLES, 9);
    s2v_model *model = open_level(NULL);
    test_list(model, (const char *const[]){"seed", "level", NULL});
    s2v_model_close(&model);
    test_seed(sound);
    test_level(sound);
    test_level_first(sound);
    test_gain();
    free(sound);
    return report("options");
}
