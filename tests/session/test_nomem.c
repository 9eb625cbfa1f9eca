/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each allocation fails once, from opening a model to its last frame: the call
 * says so, nothing crashes, and nothing is left behind.
 *
 * Only what libs2v asks for, itself or through libc. When memory is short,
 * jansson fails an assertion, GLib and libgomp end the program, and oneDNN
 * crashes; to see it: test_session_nomem jansson|oneDNN|OpenMP [FIRST]
 */
#include "allocations.h"
#include "harness.h"
#include "man_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SAMPLES = 12000, /* more than a session has room for at first */
    OURS = 1 << OWNER_S2V | 1 << OWNER_LIBC,
};

static char crash_text[128];

static void crash(int number)
{
    ssize_t n = write(2, crash_text, strlen(crash_text));
    (void)n;
    signal(number, SIG_DFL);
    raise(number);
}

/* What a model that animates an image needs before the sound. */
static int set_image(s2v_session *session, s2v_error *err)
{
    const s2v_picture picture = man_picture();
    int ret = s2v_session_set_option(session, "crop", "10:5:64:64", err);
    if (!ret)
        ret = s2v_session_set_option(session, "face-model", "face.bin", err);
    if (!ret)
        ret = s2v_session_set_option(session, "full", "1", err);
    return ret ? ret : s2v_session_set_image(session, &picture, err);
}

/* A short life of a model; the first failure's status. */
static int live(const char *path, const char *device, const float *sound,
                s2v_error *err)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = device, .threads = 1};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    s2v_video_frame frame = {.size = sizeof(frame)};
    int ret = s2v_model_open(&model, path, &params, err);
    CHECK(!ret == (model != NULL), "status %d, model %p", ret, (void *)model);
    if (!ret) {
        ret = s2v_session_create(&session, model, NULL, err);
        CHECK(!ret == (session != NULL), "status %d, session %p", ret,
              (void *)session);
    }
    s2v_model_info info = {.size = sizeof(info)};
    if (!ret)
        s2v_model_get_info(model, &info);
    s2v_model_close(&model);
    if (info.required & S2V_MEDIUM_IMAGE)
        ret = set_image(session, err);
    if (!ret)
        ret = s2v_session_send_audio(session, sound, 2000, err);
    if (!ret)
        ret = s2v_session_send_audio(session, sound, SAMPLES, err);
    for (int i = 0; i < 3 && !ret; i++)
        ret = s2v_session_receive_video(session, &frame, err);
    s2v_session_close(&session);
    return ret;
}

static long kept(void)
{
    return allocations_of(OWNER_S2V).blocks +
           allocations_of(OWNER_LIBC).blocks +
           allocations_of(OWNER_JSON).blocks;
}

/* Whether the k-th allocation exists. */
static bool fail_one(unsigned long k, const char *path, const char *device,
                     const float *sound, unsigned owners)
{
    const bool vendors = owners != OURS;
    s2v_error err = {0};
    snprintf(crash_text, sizeof(crash_text),
             "FAIL: %s crashes as allocation %lu fails\n", device, k);
    allocations_start();
    allocations_fail(k, owners);
    int ret = live(path, device, sound, &err);
    bool failed = allocations_have_failed();
    allocations_stop();
    CHECK(!kept() || vendors, "%s, allocation %lu fails: %ld blocks leak",
          device, k, kept());
    CHECK(!ret || (failed && err.code == ret && strlen(err.message) > 10),
          "%s, allocation %lu fails: status %d, \"%s\"", device, k, ret,
          err.message);
    CHECK(!ret || ret == S2V_ERR_NOMEM || vendors ||
              strstr(err.message, "memory"),
          "%s, allocation %lu fails: status %d, \"%s\"", device, k, ret,
          err.message);
    return failed;
}

/* Sound that finds no room is refused whole, and the stream goes on. */
static void test_send_again(const tiny_model *spec, const char *device,
                            const float *sound)
{
    s2v_model *model = open_model(spec, device, 1);
    take expected = play_new(model, 0, sound, SAMPLES, SAMPLES);
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    allocations_start();
    allocations_fail(1, OURS);
    int ret = s2v_session_send_audio(session, sound, SAMPLES, &err);
    allocations_stop();
    CHECK(ret == S2V_ERR_NOMEM && err.code == ret &&
              strstr(err.message, "memory"),
          "status %d, \"%s\"", ret, err.message);
    take t = play(session, sound, SAMPLES, SAMPLES);
    CHECK(same(&t, &expected), "a refused send leaves a trace");
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* A levelled stream, too, has all of its memory after a flush. */
static void test_flush_again(const tiny_model *spec, const float *sound)
{
    s2v_model *model = open_model(spec, "auto", 1);
    take expected = play_new(model, 0, sound, SAMPLES, SAMPLES);
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    s2v_session_send_audio(session, sound + 100, 5000, &err);
    s2v_session_flush(session);
    allocations_start();
    allocations_fail(1, OURS);
    const int ret = s2v_session_send_audio(session, sound, 1000, &err);
    CHECK(!ret && !allocations_have_failed(),
          "after a flush memory is asked for: status %d", ret);
    allocations_stop();
    s2v_session_flush(session);
    take t = play(session, sound, SAMPLES, SAMPLES);
    CHECK(same(&t, &expected), "the flush leaves a trace");
    s2v_session_close(&session);
    s2v_model_close(&model);
}

static void test_file(const char *path, const char *device, const float *sound,
                      unsigned owners, unsigned long first, unsigned long step)
{
    s2v_error err = {0};
    /* What is allocated once for ever is no leak. */
    CHECK(!live(path, device, sound, &err), "%s: %s", device, err.message);
    unsigned long k = first;
    while (fail_one(k, path, device, sound, owners) && k < 100000)
        k += step;
    printf("%s: %lu allocations, one in %lu failed\n", device, k - 1, step);
    CHECK((k > 100 || owners != OURS) && k < 100000, "%s: %lu allocations",
          device, k - 1);
    CHECK(!live(path, device, sound, &err), "%s, afterwards: %s", device,
          err.message);
}

static void test_device(const tiny_model *spec, const char *device,
                        const float *sound, unsigned owners,
                        unsigned long first)
{
    char path[1400];
    s2v_error err = {0};
    snprintf(path, sizeof(path), "%s", scratch("model.bin"));
    if (tiny_model_write(path, spec, &err) < 0)
        abort();
    test_file(path, device, sound, owners, first, 1);
}

/* It has thousands, most of them the graph's: some. */
static void test_talker(const float *sound, unsigned owners,
                        unsigned long first)
{
    char path[1400];
    const tiny_man spec = tiny_man_defaults();
    s2v_error err = {0};
    snprintf(path, sizeof(path), "%s", scratch("man.bin"));
    if (tiny_man_write(path, &spec, &err) < 0)
        abort();
    test_file(path, "ref", sound, owners, first, 61);
}

int main(int argc, char **argv)
{
    unsigned owners = OURS;
    unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    for (int i = 0; i < OWNERS && argc > 1; i++)
        if (!strcmp(argv[1], owner_name[i]))
            owners = 1u << i;
    if (!allocations_can_count())
        skip_all("allocations can be made to fail with glibc only, and "
                 "without sanitizers");
    float *sound = make_sound(SAMPLES, 1);
    signal(SIGABRT, crash);
    signal(SIGSEGV, crash);
    signal(SIGTRAP, crash);
    tiny_model spec = small_model();
    spec.config.size = 8;
    test_device(&spec, "ref", sound, owners, first);
    test_device(&spec, "auto", sound, owners, first);
    test_send_again(&spec, "auto", sound);
    spec.level = "-20";
    spec.spectrum = tiny_model_spectrum(20.0f);
    spec.features = tiny_model_features(-4.0f, 2.0f);
    test_device(&spec, "ref", sound, owners, first);
    test_send_again(&spec, "auto", sound);
    test_flush_again(&spec, sound);
    test_talker(sound, owners, first);
    free(sound);
    return report("failing allocations");
}
