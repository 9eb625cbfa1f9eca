/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory: nothing allocated for a frame once warm, and no growth in an hour of
 * sound. */
#define _DEFAULT_SOURCE
#include "allocations.h"
#include "harness.h"
#include "man_kit.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARM = 40, FRAMES = 100, HOUR = 3600 * 20 };

/* ---------------------------------------------------- for each frame -- */

/* Send a frame's sound in pieces and receive what is there: no allocation of
 * the test's own. */
static int run(s2v_session *session, const float *sound, int frames)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err;
    int made = 0;
    for (int t = 0; t < frames; t++) {
        const float *now = sound + (size_t)(t % WARM) * STEP;
        for (int i = 0; i < STEP; i += 160) {
            s2v_session_send_audio(session, now + i, 160, &err);
            while (!s2v_session_receive_video(session, &frame, &err))
                made++;
        }
    }
    return made;
}

/* Both ways to end a stream are as free of it as the frames. */
static int run_and_end(s2v_session *session, const float *sound)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    int made = run(session, sound, FRAMES);
    s2v_session_drain(session, NULL);
    while (!s2v_session_receive_video(session, &frame, NULL))
        made++;
    s2v_session_flush(session);
    return made + run(session, sound, FRAMES);
}

static void test_frames(const tiny_model *spec, const char *device, int threads)
{
    s2v_model *model = open_model(spec, device, threads);
    s2v_session *session = open_session(model, 1);
    float *sound = make_sound(WARM * STEP, 6);
    run(session, sound, WARM);
    allocations_start();
    int made = run(session, sound, FRAMES);
    owned half[OWNERS];
    for (int i = 0; i < OWNERS; i++)
        half[i] = allocations_of((owner)i);
    made += run_and_end(session, sound);
    allocations_stop();
    printf("%dx%d, %s x %d: %d frames; allocations a frame:", spec->config.size,
           spec->config.size, device, threads, made);
    for (int i = 0; i < OWNERS; i++) {
        owned now = allocations_of((owner)i);
        bool vendor = i == OWNER_ONEDNN || i == OWNER_OPENMP;
        printf(" %.2f %s,", (double)now.calls / made, owner_name[i]);
        CHECK(vendor || !now.calls, "%s on %s x %d: %lu allocations",
              owner_name[i], device, threads, now.calls);
        CHECK(now.blocks <= half[i].blocks && now.bytes <= half[i].bytes,
              "%s on %s x %d keeps %ld blocks (%ld bytes), then %ld (%ld)",
              owner_name[i], device, threads, half[i].blocks, half[i].bytes,
              now.blocks, now.bytes);
    }
    owned kept = allocations_of(OWNER_ONEDNN);
    printf(" of which oneDNN keeps %ld bytes\n", kept.bytes);
    free(sound);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* A levelled stream allocates no more than any other, nor after a flush. */
static void test_levelled(const char *device)
{
    tiny_model spec = small_model();
    spec.level = "-20";
    spec.spectrum = tiny_model_spectrum(20.0f);
    spec.features = tiny_model_features(-4.0f, 2.0f);
    s2v_model *model = open_model(&spec, device, 1);
    s2v_session *session = open_session(model, 1);
    float *sound = make_sound(WARM * STEP, 6);
    owned begun[OWNERS] = {{0}};
    run(session, sound, WARM);
    allocations_start();
    for (int pass = 0; pass < 4; pass++) {
        s2v_session_drain(session, NULL);
        s2v_session_flush(session);
        run(session, sound, 1);
        for (int i = 0; i < OWNERS && !pass; i++)
            begun[i] = allocations_of((owner)i);
        run(session, sound, FRAMES);
        for (int i = 0; i < OWNERS; i++) {
            owned now = allocations_of((owner)i);
            bool counts = i == OWNER_S2V || i == OWNER_LIBC || i == OWNER_JSON;
            CHECK(!counts || !now.calls, "%s, flush %d: %lu allocations of %s",
                  device, pass, now.calls, owner_name[i]);
            CHECK(now.blocks <= begun[i].blocks && now.bytes <= begun[i].bytes,
                  "%s, flush %d: %s keeps %ld blocks, then %ld", device, pass,
                  owner_name[i], begun[i].blocks, now.blocks);
        }
    }
    allocations_stop();
    free(sound);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* A talking head, in the whole image; its options while it talks. */
static void test_talker(const char *device)
{
    enum { FRAME_STEP = 640 };
    static const char *const motion[] = {"0.2", "0.9"};
    const tiny_man spec = tiny_man_defaults();
    const s2v_picture image = man_picture();
    s2v_model *model = open_man(&spec, device);
    s2v_session *session = open_session(model, 1);
    float *sound = make_sound(WARM * FRAME_STEP, 6);
    s2v_video_frame frame = {.size = sizeof(frame)};
    int made = 0;
    man_set(session, "full", "1");
    man_set(session, "crop", "10:5:64:64");
    CHECK(!s2v_session_set_image(session, &image, NULL), "no image");
    for (int t = 0; t < WARM + FRAMES; t++) {
        if (t == WARM)
            allocations_start();
        if (t == WARM + FRAMES / 2)
            s2v_session_flush(session);
        if (t % 10 == 5)
            s2v_session_set_option(session, "motion", motion[t / 10 % 2], NULL);
        s2v_session_send_audio(session, sound + t % WARM * FRAME_STEP,
                               FRAME_STEP, NULL);
        while (!s2v_session_receive_video(session, &frame, NULL))
            made++;
    }
    allocations_stop();
    for (int i = 0; i < OWNERS; i++) {
        owned now = allocations_of((owner)i);
        bool vendor = i == OWNER_ONEDNN || i == OWNER_OPENMP;
        CHECK(vendor || !now.calls, "a talking head on %s, %s: %lu allocations",
              device, owner_name[i], now.calls);
        CHECK(i == OWNER_ONEDNN || now.blocks <= 0, "%s keeps %ld blocks",
              owner_name[i], now.blocks);
    }
    CHECK(made > WARM + FRAMES - 12, "%d frames", made);
    printf("a talking head, %s: %d frames, %.2f allocations of oneDNN's a "
           "frame\n",
           device, made, (double)allocations_of(OWNER_ONEDNN).calls / made);
    free(sound);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* That the counting counts: a call from here, one from a library. */
static void test_counting(void)
{
    char *volatile text = NULL;
    allocations_start();
    void *volatile a = malloc(100);
    void *volatile b = aligned_alloc(64, 128);
    text = strdup("a string");
    free(a);
    allocations_stop();
    owned own = allocations_of(OWNER_S2V), libc = allocations_of(OWNER_LIBC);
    CHECK(own.calls == 2 && own.blocks == 1 && own.bytes == 128,
          "%lu calls, %ld blocks, %ld bytes", own.calls, own.blocks, own.bytes);
    CHECK(libc.calls == 1 && libc.bytes == 9, "libc: %lu calls, %ld bytes",
          libc.calls, libc.bytes);
    free(b);
    free(text);
}

/* --------------------------------------------------------- in an hour -- */

/* Bytes of the process that are in memory, and those of no file (whose pages
 * come as code is first run); 0: not known. */
static long resident(long *anonymous)
{
    long all = 0, of_files = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld %ld", &all, &of_files) != 2)
        all = of_files = 0;
    if (f)
        fclose(f);
    *anonymous = (all - of_files) * sysconf(_SC_PAGESIZE);
    return all * sysconf(_SC_PAGESIZE);
}

static long in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 m = mallinfo2();
    return (long)(m.uordblks + m.hblkhd);
#else
    return 0;
#endif
}

static void test_hour(void)
{
    tiny_model spec = small_model();
    spec.config.size = 8;
    spec.config.channels_max = 4;
    spec.level = "-20";
    spec.spectrum = tiny_model_spectrum(20.0f);
    spec.features = tiny_model_features(-4.0f, 2.0f);
    s2v_model *model = open_model(&spec, "auto", 1);
    s2v_session *session = open_session(model, 1);
    float *sound = make_sound(WARM * STEP, 6);
    int made = run(session, sound, HOUR / 60);
    long own_before, own_after;
    long before = resident(&own_before), used_before = in_use();
    made += run(session, sound, HOUR - HOUR / 60);
    long after = resident(&own_after), used_after = in_use();
    CHECK(made == HOUR - 1, "%d frames in an hour", made);
    printf("an hour of sound: %ld kB resident after a minute, %+ld kB after "
           "the hour; without mapped files %ld kB, %+ld; malloc in use %ld "
           "bytes, %+ld\n",
           before / 1024, (after - before) / 1024, own_before / 1024,
           (own_after - own_before) / 1024, used_before,
           used_after - used_before);
    CHECK(own_after - own_before <= 16 * 1024,
          "resident memory grows by %ld bytes", own_after - own_before);
    CHECK(after - before <= 1024 * 1024, "and with files' pages by %ld bytes",
          after - before);
    CHECK(used_after <= used_before, "malloc's use grows by %ld bytes",
          used_after - used_before);
    free(sound);
    s2v_session_close(&session);
    s2v_model_close(&model);
}

/* Bytes of a model's weight file. */
static size_t weight_bytes(const char *path)
{
    s2v_weights *w = NULL;
    s2v_tensor_info t = {.size = sizeof(t)};
    size_t bytes = 0;
    if (s2v_weights_open(&w, path, NULL) < 0)
        abort();
    for (size_t i = 0; !s2v_weights_get_tensor(w, i, &t); i++)
        bytes += t.byte_size;
    s2v_weights_close(&w);
    return bytes;
}

/* Of a model with many weights and small pictures, another session takes a
 * fraction: the weights are there once. */
static void test_shared_weights(const char *device)
{
    tiny_model spec = small_model();
    spec.config.channels_min = 128;
    spec.config.channels_max = 256;
    s2v_model *model = open_model(&spec, device, 1);
    const long weights = (long)weight_bytes(scratch("model.bin"));
    s2v_session *one = open_session(model, 1), *other;
    float *sound = make_sound(WARM * STEP, 6);
    run(one, sound, 3);
    allocations_start();
    other = open_session(model, 2);
    run(other, sound, 3);
    long bytes = 0;
    for (int i = 0; i < OWNERS; i++)
        bytes += allocations_of((owner)i).bytes;
    allocations_stop();
    printf("%s: %ld bytes of weights, %ld of a second session\n", device,
           weights, bytes);
    CHECK(weights > 4000000 && bytes < weights / 4,
          "%s: a second session takes %ld bytes, the weights %ld", device,
          bytes, weights);
    free(sound);
    s2v_session_close(&one);
    s2v_session_close(&other);
    s2v_model_close(&model);
}

int main(int argc, char **argv)
{
    if (!allocations_can_count())
        skip_all("allocations can be counted with glibc only, and without "
                 "sanitizers");
    if (argc > 1 && !strcmp(argv[1], "hour")) {
        test_hour();
        return report("memory over an hour");
    }
    tiny_model spec = small_model();
    test_counting();
    test_frames(&spec, "ref", 1);
    test_frames(&spec, "auto", 1);
    test_frames(&spec, "auto", 2);
    test_shared_weights("ref");
    test_shared_weights("auto");
    test_levelled("ref");
    test_levelled("auto");
    test_talker("ref");
    test_talker("auto");
    spec = tiny_model_defaults();
    test_frames(&spec, "auto", 1);
    test_frames(&spec, "auto", 2);
    spec.config.connection = S2VI_LM_SKIP;
    spec.config.prediction = S2VI_LM_CONVGRU;
    spec.config.acin = false;
    test_frames(&spec, "auto", 2);
    return report("memory");
}
