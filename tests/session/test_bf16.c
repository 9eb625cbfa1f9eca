/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Models in bf16: near f32 over hundreds of recurrent frames, the same for any
 * chunking and any number of threads, and refused in one sentence where there
 * is no such thing.
 *
 *   test_session_bf16 [MODEL [FRAMES]]   prints how near MODEL is
 */
#include "../device.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int frames = 500;

#define LEAST_PSNR 40.0

static int open_as(s2v_model **model, const char *path, const char *device,
                   const char *dtype, int threads, s2v_error *err)
{
    const s2v_model_params params = {.size = sizeof(params),
                                     .device = device,
                                     .dtype = dtype,
                                     .threads = threads};
    return s2v_model_open(model, path, &params, err);
}

static s2v_model *open_or_exit(const char *path, const char *dtype, int threads)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    const int ret = open_as(&model, path, "auto", dtype, threads, &err);
    if (ret == S2V_ERR_DEVICE && !strcmp(dtype, "bf16"))
        skip_all(err.message);
    CHECK(!ret, "%s in %s: %s", path, dtype, err.message);
    if (ret < 0)
        exit(report("bf16"));
    return model;
}

/* ------------------------------------------------------------- nearness -- */

typedef struct nearness {
    int frames;
    double worst, square; /* dB of the worst frame; sum over all */
    int64_t numbers;
} nearness;

static double psnr(double square, double n)
{
    return square > 0 ? 10 * log10(255.0 * 255.0 * n / square) : INFINITY;
}

static void add_frame(nearness *to, const s2v_video_frame *a,
                      const s2v_video_frame *b)
{
    double square = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < 3 * a->width; x++) {
            const int d =
                a->data[y * a->stride + x] - b->data[y * b->stride + x];
            square += (double)d * d;
        }
    const int64_t n = (int64_t)3 * a->width * a->height;
    const double db = psnr(square, (double)n);
    to->worst = to->frames++ ? fmin(to->worst, db) : db;
    to->square += square;
    to->numbers += n;
}

/* Two models side by side, a frame's sound at a time. */
static nearness compare(s2v_model *const model[2], const float *sound)
{
    s2v_session *session[2];
    nearness all = {0};
    for (int i = 0; i < 2; i++)
        session[i] = open_session(model[i], 3);
    for (int k = 0; all.frames < frames; k++) {
        s2v_video_frame frame[2] = {{.size = sizeof(*frame)},
                                    {.size = sizeof(*frame)}};
        int ret[2];
        for (int i = 0; i < 2; i++) {
            s2v_session_send_audio(session[i], sound + (size_t)k * STEP, STEP,
                                   NULL);
            ret[i] = s2v_session_receive_video(session[i], &frame[i], NULL);
        }
        CHECK(ret[0] == ret[1], "status %d and %d", ret[0], ret[1]);
        if (!ret[0] && !ret[1])
            add_frame(&all, &frame[0], &frame[1]);
    }
    for (int i = 0; i < 2; i++)
        s2v_session_close(&session[i]);
    return all;
}

static void test_nearness(const char *path, bool checked)
{
    s2v_model *model[2] = {open_or_exit(path, "f32", 0),
                           open_or_exit(path, "bf16", 0)};
    float *sound = make_sound((size_t)(frames + 2) * STEP, 5);
    const nearness n = compare(model, sound);
    const double mean = psnr(n.square, (double)n.numbers);
    printf("%s: %d frames, bf16 to f32: PSNR %.1f dB, worst frame %.1f dB\n",
           path, n.frames, mean, n.worst);
    CHECK(!checked || mean >= LEAST_PSNR, "PSNR %.2f dB, expected %.0f", mean,
          LEAST_PSNR);
    CHECK(!checked || n.square > 0, "bf16 is f32 bit by bit: it did not run");
    free(sound);
    for (int i = 0; i < 2; i++)
        s2v_model_close(&model[i]);
}

/* ------------------------------------------------------------- sameness -- */

static void test_sameness(const char *path)
{
    s2v_model *one = open_or_exit(path, "bf16", 1);
    s2v_model *two = open_or_exit(path, "bf16", 2);
    const size_t n = 12 * STEP + 300;
    float *sound = make_sound(n, 6);
    const take whole = play_new(one, 4, sound, n, n);
    const take pieces = play_new(one, 4, sound, n, 0);
    const take threads = play_new(two, 4, sound, n, n);
    CHECK(whole.count == 13, "%d frames", whole.count);
    CHECK(same(&whole, &pieces), "chunking changes frames");
    CHECK(same(&whole, &threads), "threads change frames");
    free(sound);
    s2v_model_close(&one);
    s2v_model_close(&two);
}

/* ------------------------------------------------------------- refusals -- */

static void test_refusal(const char *path, const char *device,
                         const char *dtype, int status, const char *sentence)
{
    s2v_model *model = NULL;
    s2v_error err = {0};
    const int ret = open_as(&model, path, device, dtype, 0, &err);
    CHECK(ret == status && !model, "%s on %s: status %d", dtype, device, ret);
    CHECK(strstr(err.message, sentence), "\"%s\"", err.message);
    s2v_model_close(&model);
}

static void test_info(const char *path, const char *dtype, const char *expected)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model *model = NULL;
    s2v_error err = {0};
    const int ret = open_as(&model, path, "auto", dtype, 0, &err);
    CHECK(!ret, "%s", err.message);
    if (ret < 0)
        return;
    s2v_model_get_info(model, &info);
    CHECK(!strcmp(info.dtype, expected), "dtype %s", info.dtype);
    s2v_model_close(&model);
}

/* bf16 where the processor has it, on no other device. */
static void test_automatic(const char *path)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model *model = NULL;
    s2v_error err = {0};
    const bool has = !open_as(&model, path, "cpu", "bf16", 1, &err);
    s2v_model_close(&model);
    static const char *const device[] = {"cpu", "ref"};
    for (int i = 0; i < 2; i++) {
        const int ret = open_as(&model, path, device[i], "auto", 1, &err);
        CHECK(!ret, "%s: %s", device[i], err.message);
        if (ret < 0)
            continue;
        s2v_model_get_info(model, &info);
        CHECK(!strcmp(info.dtype, has && i == 0 ? "bf16" : "f32"), "%s: %s",
              device[i], info.dtype);
        s2v_model_close(&model);
    }
}

int main(int argc, char **argv)
{
    tiny_model spec = small_model();
    s2v_error err = {0};
    char path[1400];
    if (argc > 1) {
        if (argc > 2)
            frames = atoi(argv[2]);
        test_nearness(argv[1], false);
        return 0;
    }
    device_is_automatic(S2VI_BF16);
    spec.config.size = 32;
    spec.config.channels_min = 16;
    spec.config.channels_max = 32;
    snprintf(path, sizeof(path), "%s", scratch("model.bin"));
    if (tiny_model_write(path, &spec, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    test_refusal(path, "auto", "f16", S2V_ERR_INVALID,
                 "dtype \"f16\", expected \"f32\", \"bf16\" or \"auto\"");
    test_refusal(path, "ref", "bf16", S2V_ERR_DEVICE, "device 'ref'");
    test_info(path, NULL, "f32");
    test_nearness(path, true);
    test_info(path, "bf16", "bf16");
    test_automatic(path);
    test_sameness(path);
    return report("bf16");
}
