/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of sound for pictures: nothing allocated once warm, no growth in an
 * hour, and no failing allocation that does harm. */
#define _DEFAULT_SOURCE
#include "allocations.h"
#include "foley_kit.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FPS = 15, WARM = 8 * FPS };

/* Send n pictures and receive what is there: the samples. */
static int64_t run(s2v_session *session, int from, int n)
{
    static uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(FPS, 1, 1 << 30);
    s2v_audio_frame frame = {.size = sizeof(frame)};
    int64_t made = 0;
    for (int i = from; i < from + n; i++) {
        const s2v_picture p = picture_of(&f, i, rgb);
        if (s2v_session_send_video(session, &p, NULL) < 0)
            return -1;
        while (!s2v_session_receive_audio(session, &frame, NULL))
            made += (int64_t)frame.count;
    }
    return made;
}

static void test_pictures(const char *device, int threads, int latency)
{
    const tiny_foley spec = tiny_foley_defaults();
    s2v_model *model = open_foley(&spec, device, threads, latency);
    s2v_session *session = open_session(model, 0);
    s2v_audio_frame frame = {.size = sizeof(frame)};
    run(session, 0, WARM);
    allocations_start();
    int64_t made = run(session, WARM, WARM);
    s2v_session_drain(session, NULL);
    while (!s2v_session_receive_audio(session, &frame, NULL))
        made += (int64_t)frame.count;
    s2v_session_flush(session);
    made += run(session, 0, WARM);
    allocations_stop();
    CHECK(made > 15 * FOLEY_RATE, "%lld samples", (long long)made);
    for (int i = 0; i < OWNERS; i++) {
        const owned now = allocations_of((owner)i);
        const bool vendor = i == OWNER_ONEDNN || i == OWNER_OPENMP;
        CHECK(vendor || !now.calls, "%s on %s x %d: %lu allocations",
              owner_name[i], device, threads, now.calls);
        CHECK(vendor || now.bytes <= 0, "%s on %s x %d keeps %ld bytes",
              owner_name[i], device, threads, now.bytes);
    }
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* Each allocation of a model, a session, a reference and a film fails once: a
 * sentence, and nothing is lost. */
static int play_once(const char *path, const float *reference, s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params), .device = "ref"};
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    uint8_t rgb[3 * WIDTH * HEIGHT];
    const film f = film_at(FPS, 1, 12);
    s2v_audio_frame frame = {.size = sizeof(frame)};
    int ret = s2v_model_open(&model, path, &params, err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, err);
    if (!ret)
        ret = s2v_session_set_reference(session, reference, 4000, err);
    for (int i = 0; i < f.count && !ret; i++) { /* more than have room */
        const s2v_picture p = picture_of(&f, i, rgb);
        ret = s2v_session_send_video(session, &p, err);
    }
    if (!ret)
        ret = s2v_session_drain(session, err);
    while (!ret)
        ret = s2v_session_receive_audio(session, &frame, err);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret;
}

static void test_failing(void)
{
    tiny_foley spec = tiny_foley_defaults();
    s2v_error err = {0};
    unsigned long k = 1, failed = 0;
    spec.window = "16";
    float *reference = make_sound(4000, 5);
    CHECK(!tiny_foley_write(scratch("fail.bin"), &spec, &err), "%s",
          err.message);
    char *path = realpath(scratch("fail.bin"), NULL);
    for (bool more = true; more; k += 1 + k / 20) {
        allocations_start();
        allocations_fail(k, 1u << OWNER_S2V);
        int ret = play_once(path, reference, &err);
        more = allocations_have_failed();
        allocations_fail(0, 0);
        allocations_stop();
        failed += more;
        CHECK(!more || (ret == S2V_ERR_NOMEM && err.code == ret),
              "allocation %lu fails: status %d, \"%s\"", k, ret, err.message);
        CHECK(more || ret == S2V_ERR_EOF, "without: %d", ret);
        CHECK(allocations_of(OWNER_S2V).bytes == 0,
              "allocation %lu fails: %ld bytes stay", k,
              allocations_of(OWNER_S2V).bytes);
    }
    CHECK(failed > 50, "only %lu allocations failed", failed);
    free(path);
    free(reference);
}

/* Bytes of no file that are in memory; 0: not known. */
static long resident(void)
{
    long all = 0, of_files = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld %ld", &all, &of_files) != 2)
        all = of_files = 0;
    if (f)
        fclose(f);
    return (all - of_files) * sysconf(_SC_PAGESIZE);
}

static void test_hour(void)
{
    enum { MINUTE = 60 * FPS };
    const tiny_foley spec = tiny_foley_defaults();
    s2v_model *model = open_foley(&spec, "auto", 1, 0);
    s2v_session *session = open_session(model, 0);
    int64_t made = run(session, 0, MINUTE);
    const long before = resident();
    made += run(session, MINUTE, 59 * MINUTE);
    const long after = resident();
    CHECK(made > INT64_C(3595) * FOLEY_RATE, "%lld samples in an hour",
          (long long)made);
    printf("an hour of pictures: %ld kB after a minute, %+ld after the hour\n",
           before / 1024, (after - before) / 1024);
    CHECK(after - before <= 16 * 1024, "memory grows by %ld bytes",
          after - before);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

int main(int argc, char **argv)
{
    if (!allocations_can_count())
        skip_all("allocations can be counted with glibc only, and without "
                 "sanitizers");
    if (argc > 1 && !strcmp(argv[1], "hour")) {
        test_hour();
        return report("memory of foley over an hour");
    }
    test_pictures("ref", 1, 0);
    test_pictures("auto", 1, 0);
    test_pictures("auto", 2, 700);
    test_failing();
    return report("memory of foley");
}
