/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several sessions, threads, seeds and devices.
 *
 * Clean under -fsanitize=thread as well: there the model runs on one OpenMP
 * thread, since the sanitizer cannot see libgomp's barriers.
 */
#include "../device.h"
#include "harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 15 * STEP + 77, THREADS = 2 };

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

static void test_interleaved(s2v_model *model, float *const sound[2])
{
    take alone[2], both[2] = {{0}, {0}};
    s2v_session *session[2];
    uint32_t state = 4;
    size_t at[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        alone[i] = play_new(model, 8 + (uint64_t)i, sound[i], SAMPLES, 1000);
        session[i] = open_session(model, 8 + (uint64_t)i);
    }
    while (at[0] < SAMPLES || at[1] < SAMPLES) {
        uint32_t i = next_random(&state, 2);
        size_t n = next_random(&state, 1500);
        n = n < SAMPLES - at[i] ? n : SAMPLES - at[i];
        s2v_session_send_audio(session[i], sound[i] + at[i], n, NULL);
        receive_all(session[i], &both[i]);
        at[i] += n;
    }
    for (int i = 0; i < 2; i++) {
        s2v_session_drain(session[i], NULL);
        both[i].status = receive_all(session[i], &both[i]);
        CHECK(same(&both[i], &alone[i]), "session %d differs from alone", i);
        s2v_session_close(&session[i]);
    }
}

/* ------------------------------------------------------------ threads -- */

typedef struct job {
    s2v_model *model;
    const char *path; /* to open, instead of a model */
    const float *sound;
    uint64_t seed;
    take take;
} job;

static void *work(void *opaque)
{
    job *j = opaque;
    j->take = play_new(j->model, j->seed, j->sound, SAMPLES, 500);
    return NULL;
}

static void test_threads(s2v_model *model, float *const sound[2],
                         const char *how)
{
    pthread_t thread[THREADS];
    job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){.model = model, .sound = sound[i], .seed = 3};
        if (pthread_create(&thread[i], NULL, work, &jobs[i]))
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        take alone = play_new(model, 3, sound[i], SAMPLES, 500);
        CHECK(same(&alone, &jobs[i].take), "%s, thread %d: not as alone", how,
              i);
    }
}

static void *open_and_play(void *opaque)
{
    job *j = opaque;
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (CHECK(!s2v_model_open(&model, j->path, NULL, &err),
              "a model does not open on a thread: %s", err.message))
        j->take = play_new(model, j->seed, j->sound, 3000, 500);
    s2v_model_close(&model);
    return NULL;
}

/* Models opened, used and closed on two threads at once. */
static void test_open_at_once(float *const sound[2])
{
    pthread_t thread[THREADS];
    const char *path = scratch("model.bin"); /* one thread's at a time */
    job jobs[THREADS] = {{.path = path, .sound = sound[0]},
                         {.path = path, .sound = sound[0]}};
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, open_and_play, &jobs[i]))
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(same(&jobs[0].take, &jobs[1].take) && jobs[0].take.count == 4,
          "models opened at once give different frames");
}

/* --------------------------------------------------------------- seeds -- */

static void test_seeds(s2v_model *model, float *const sound[2])
{
    s2v_session *session = NULL;
    take a = play_new(model, 1, sound[0], SAMPLES, 500);
    take b = play_new(model, 1, sound[0], SAMPLES, 500);
    take c = play_new(model, (uint64_t)1 << 40, sound[0], SAMPLES, 500);
    take zero = play_new(model, 0, sound[0], SAMPLES, 500);
    CHECK(same(&a, &b), "one seed, two videos");
    CHECK(c.count == a.count && !same(&a, &c), "two seeds, one video");
    for (int i = 0; i < a.count; i++)
        CHECK(a.hash[i] != c.hash[i], "frame %d is the same for two seeds", i);
    s2v_session_create(&session, model, NULL, NULL);
    take none = play(session, sound[0], SAMPLES, 500);
    s2v_session_close(&session);
    CHECK(same(&none, &zero), "no params are not seed 0");
}

static void test_model_closed_first(const tiny_model *spec,
                                    float *const sound[2])
{
    s2v_model *model = open_model(spec, "auto", 1);
    take expected = play_new(model, 2, sound[1], SAMPLES, 500);
    s2v_session *one = open_session(model, 2), *two = open_session(model, 2);
    s2v_model_close(&model);
    CHECK(!model, "close leaves the pointer");
    s2v_model_close(&model);
    s2v_model_close(NULL);
    take t = play(one, sound[1], SAMPLES, 500);
    CHECK(same(&t, &expected), "other frames once the model is closed");
    s2v_session_close(&one);
    t = play(two, sound[1], SAMPLES, 500);
    CHECK(same(&t, &expected), "other frames once a session is closed");
    s2v_session_close(&two);
}

/* ------------------------------------------------------ thread counts -- */

/* The greatest difference of a grey level between two models' frames. */
static int compare_models(s2v_model *a, s2v_model *b, const float *sound,
                          size_t *bytes, size_t *unequal)
{
    s2v_session *s[2] = {open_session(a, 1), open_session(b, 1)};
    s2v_video_frame f[2] = {{.size = sizeof(*f)}, {.size = sizeof(*f)}};
    int most = 0;
    *bytes = *unequal = 0;
    for (int i = 0; i < 2; i++) {
        s2v_session_send_audio(s[i], sound, SAMPLES, NULL);
        s2v_session_drain(s[i], NULL);
    }
    while (!s2v_session_receive_video(s[0], &f[0], NULL) &&
           CHECK(!s2v_session_receive_video(s[1], &f[1], NULL), "no frame")) {
        size_t n = (size_t)f[0].height * (size_t)f[0].stride;
        for (size_t i = 0; i < n; i++) {
            int d = abs(f[0].data[i] - f[1].data[i]);
            *unequal += d > 0;
            most = d > most ? d : most;
        }
        *bytes += n;
    }
    s2v_session_close(&s[0]);
    s2v_session_close(&s[1]);
    return most;
}

static void compare_setups(const tiny_model *spec, const char *device1,
                           int threads1, const char *device2, int threads2,
                           const float *sound)
{
    s2v_model *one = open_model(spec, device1, threads1);
    s2v_model *two = open_model(spec, device2, threads2);
    size_t bytes, unequal;
    int most = compare_models(one, two, sound, &bytes, &unequal);
    printf("%s x %d against %s x %d, %dx%d: %zu of %zu bytes differ, by at "
           "most %d\n",
           device1, threads1, device2, threads2, spec->config.size,
           spec->config.size, unequal, bytes, most);
    CHECK(most <= 1 && bytes > 0, "%s x %d and %s x %d differ by %d", device1,
          threads1, device2, threads2, most);
    s2v_model_close(&one);
    s2v_model_close(&two);
}

/* GNU OpenMP's threads wait for the thread that started them, and slow down
 * every other's (cpu.c): none may stay with one that does not run. Other
 * runtimes have the same threads for all. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
static int count_threads(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    int n = 0;
    while (status && !n && fgets(line, sizeof(line), status))
        sscanf(line, "Threads: %d", &n);
    if (status)
        fclose(status);
    return n;
}

/* A thread that was told to end does so a moment later. */
static int count_threads_left(int expected)
{
    for (int i = 0; i < 5000 && count_threads() != expected; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return count_threads();
}

static void test_no_thread_stays(const tiny_model *spec, const float *sound)
{
    const int before = count_threads_left(1);
    s2v_model *model = open_model(spec, "cpu", 2);
    int n = count_threads_left(before);
    CHECK(n == before, "%d threads before a model is open, %d after", before,
          n);
    s2v_session *session = open_session(model, 1);
    n = count_threads_left(before);
    CHECK(n == before, "%d threads before there is a session, %d after", before,
          n);
    play(session, sound, SAMPLES, 0);
    n = count_threads();
    CHECK(n == before + 1, "%d threads at rest, %d where two play", before, n);
    s2v_session_close(&session);
    n = count_threads_left(before);
    CHECK(n == before, "%d threads before a session, %d after", before, n);
    s2v_model_close(&model);
}
#else
static void test_no_thread_stays(const tiny_model *spec, const float *sound)
{
    (void)spec, (void)sound;
}
#endif

/* ------------------------------------------------------------- devices -- */

static void test_devices(void)
{
    static const struct {
        const char *name;
        int status; /* 1: whether the build has it or not */
        const char *says;
    } devices[] = {
        {NULL, S2V_OK, ""},
        {"auto", S2V_OK, ""},
        {"ref", S2V_OK, ""},
        {"cpu", S2V_HAVE_CPU ? S2V_OK : S2V_ERR_DEVICE, "\"cpu\""},
        {"cuda:999", S2V_ERR_DEVICE, "\"cuda:999\""},
        {"gpu", S2V_ERR_INVALID, "\"gpu\""},
        {"CPU", S2V_ERR_INVALID, "\"CPU\""},
        {"cpu ", S2V_ERR_INVALID, "\"cpu \""},
        {"", S2V_ERR_INVALID, "unknown device \"\""},
        {"cuda:", S2V_ERR_INVALID, "\"cuda:\""},
        {"cuda:x", S2V_ERR_INVALID, "\"cuda:x\""},
        {"cuda:-1", S2V_ERR_INVALID, "\"cuda:-1\""},
    };
    for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
        s2v_model_params params = {.size = sizeof(params),
                                   .device = devices[i].name};
        const char *name = params.device ? params.device : "NULL";
        s2v_model *model = NULL;
        s2v_error err = {0};
        int ret = s2v_model_open(&model, scratch("model.bin"), &params, &err);
        CHECK(ret == devices[i].status && !model == (ret < 0),
              "device %s: status %d", name, ret);
        CHECK(ret == S2V_OK ||
                  (err.code == ret && strstr(err.message, devices[i].says)),
              "device %s: \"%s\"", name, err.message);
        if (model) {
            s2v_model_info info = {.size = sizeof(info)};
            s2v_model_get_info(model, &info);
            CHECK(!params.device || !strcmp(name, "auto") ||
                      !strcmp(info.device, name),
                  "device %s became %s", name, info.device);
        }
        s2v_model_close(&model);
    }
}

/* cuda and cuda:0 either work or are refused as a device, nothing else. */
static void test_cuda(void)
{
    static const char *const names[] = {"cuda", "cuda:0"};
    for (int i = 0; i < 2; i++) {
        s2v_model_params params = {.size = sizeof(params), .device = names[i]};
        s2v_model *model = NULL;
        s2v_error err = {0};
        int ret = s2v_model_open(&model, scratch("model.bin"), &params, &err);
        CHECK(!ret || (ret == S2V_ERR_DEVICE && err.code == ret &&
                       strstr(err.message, names[i])),
              "%s: status %d, \"%s\"", names[i], ret, err.message);
        s2v_model_close(&model);
    }
}

int main(void)
{
    device_is_automatic(S2VI_F32);
    tiny_model spec = small_model();
    float *const sound[2] = {make_sound(SAMPLES, 1), make_sound(SAMPLES, 2)};
    for (int ref = 0; ref < 2; ref++) {
        s2v_model *model = open_model(&spec, ref ? "ref" : "auto", 1);
        test_interleaved(model, sound);
        test_threads(model, sound, ref ? "ref" : "auto");
        test_seeds(model, sound);
        s2v_model_close(&model);
    }
    test_model_closed_first(&spec, sound);
    if (!TSAN) {
        s2v_model *model = open_model(&spec, "auto", 2);
        test_threads(model, sound, "auto x 2");
        s2v_model_close(&model);
        test_open_at_once(sound);
        compare_setups(&spec, "auto", 1, "auto", 2, sound[0]);
        compare_setups(&spec, "auto", 1, "ref", 1, sound[0]);
        spec = tiny_model_defaults();
        compare_setups(&spec, "auto", 1, "auto", 2, sound[0]);
        if (S2V_HAVE_CPU)
            test_no_thread_stays(&spec, sound[0]);
    }
    test_devices();
    test_cuda();
    free(sound[0]);
    free(sound[1]);
    return report("sharing");
}
