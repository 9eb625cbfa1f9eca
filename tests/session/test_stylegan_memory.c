/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of walks and scenes: nothing allocated once warm, and no failing
 * allocation that does harm. */
#define _DEFAULT_SOURCE
#include "allocations.h"
#include "stylegan_kit.h"
#include "tiny_semantic.h"

#include "../must.h"

#include <stdlib.h>
#include <string.h>

enum { WARM = 40 * STEP, SAMPLES = 140 * STEP };

enum { OPTIONS = 10 };

/* Of a walk; of a scene; no name after the last. */
typedef const char *const option_list[OPTIONS][2];

static option_list of_walk = {
    {"seeds", "0-4"},  {"speed", "120"}, {"motion", "0.3"},
    {"chroma", "0.5"}, {"kick", "7"},    {"snare", "8"},
    {"mix", "0:9"},    {"center", "3"},  {"contrast", "0.2"}};
static option_list of_scene = {
    {"text", "rain"},  {"morph", "1"}, {"blend", "0.5"}, {"pulse", "1"},
    {"chroma", "0.5"}, {"kick", "7"},  {"center", "3"},  {"contrast", "0.2"}};

static int set_options(s2v_session *session, option_list options,
                       s2v_error *err)
{
    int ret = S2V_OK;
    for (size_t i = 0; options[i][0] && !ret; i++)
        ret =
            s2v_session_set_option(session, options[i][0], options[i][1], err);
    return ret;
}

static const char *write_scene(const tiny_semantic *spec)
{
    const char *path = scratch("semantic.bin");
    s2v_error err = {0};
    must(tiny_semantic_write(path, spec, &err), &err);
    return path;
}

static void test_frames(const char *path, option_list options, bool noise,
                        const float *sound)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = "cpu", .threads = 1};
    s2v_model *model = NULL;
    s2v_error err = {0};
    take t = {0};
    CHECK(!s2v_model_open(&model, path, &params, &err), "%s", err.message);
    s2v_session *session = open_session(model, 0);
    CHECK(!set_options(session, options, &err), "%s", err.message);
    if (noise)
        s2v_session_set_option(session, "noise", "react", NULL);
    for (int at = 0; at < SAMPLES; at += STEP) {
        if (at == WARM)
            allocations_start();
        s2v_session_send_audio(session, sound + at, STEP, NULL);
        receive_all(session, &t);
    }
    allocations_stop();
    CHECK(t.count > 130, "%d frames", t.count);
    for (int i = 0; i < OWNERS; i++) {
        const owned now = allocations_of((owner)i);
        const bool vendor = i == OWNER_ONEDNN || i == OWNER_OPENMP;
        CHECK(vendor || !now.calls, "%s, %s: %lu allocations", path,
              owner_name[i], now.calls);
    }
    s2v_session_close(&session);
    s2v_model_close(&model);
}

static int play_once(const char *path, option_list options, const float *sound,
                     s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params), .device = "ref"};
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    int ret = s2v_model_open(&model, path, &params, err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, err);
    if (!ret)
        ret = set_options(session, options, err);
    if (!ret)
        ret = s2v_session_send_audio(session, sound, 20000, err);
    if (!ret)
        ret = s2v_session_receive_video(session, &frame, err);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret;
}

/* Each allocation fails once: a sentence, and nothing is lost. */
static void test_failing(const char *name, option_list options,
                         const float *sound)
{
    char *path = realpath(name, NULL);
    s2v_error err = {0};
    unsigned long k = 1, failed = 0;
    for (bool more = true; more; k += 1 + k / 20) {
        allocations_start();
        allocations_fail(k, 1u << OWNER_S2V);
        const int ret = play_once(path, options, sound, &err);
        more = allocations_have_failed();
        allocations_fail(0, 0);
        allocations_stop();
        failed += more;
        CHECK(!more || (ret == S2V_ERR_NOMEM && err.code == ret),
              "allocation %lu fails: status %d, \"%s\"", k, ret, err.message);
        CHECK(more || !ret, "without: %d, %s", ret, err.message);
        CHECK(allocations_of(OWNER_S2V).bytes == 0,
              "allocation %lu fails: %ld bytes stay", k,
              allocations_of(OWNER_S2V).bytes);
    }
    CHECK(failed > 50, "only %lu allocations failed", failed);
    free(path);
}

int main(void)
{
    if (!allocations_can_count())
        skip_all("allocations cannot be counted here");
    float *sound = make_sound(SAMPLES, 4);
    for (int k = 0; k < STYLEGAN_KINDS; k++)
        test_frames(write_stylegan((stylegan_kind)k, true), of_walk,
                    k != STYLEGAN3, sound);
    test_frames(write_scene(&(tiny_semantic){0}), of_scene, true, sound);
    test_frames(write_scene(&(tiny_semantic){.three = true}), of_scene, false,
                sound);
    test_failing(write_stylegan(STYLEGAN2, true), of_walk, sound);
    test_failing(write_scene(&(tiny_semantic){0}), of_scene, sound);
    free(sound);
    return report("stylegan memory");
}
