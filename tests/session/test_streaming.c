/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream: the same frames however the sound is cut, exactly as many as the
 * sound is long, on time, anew after a flush, and of what was heard. */
#include "../device.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 20 * STEP + 123 };

static void test_pieces(s2v_model *model, const float *sound)
{
    static const size_t piece[] = {1, 7, 160, 799, 4096, 0};
    take whole = play_new(model, 5, sound, SAMPLES, SAMPLES);
    CHECK(whole.count == 21, "%d frames, expected 21", whole.count);
    CHECK(whole.status == S2V_ERR_EOF, "ended with %d", whole.status);
    for (size_t i = 0; i < sizeof(piece) / sizeof(*piece); i++) {
        take t = play_new(model, 5, sound, SAMPLES, piece[i]);
        CHECK(same(&t, &whole), "pieces of %zu give other frames (0: random)",
              piece[i]);
    }
}

/* At most `least` .. `most` receives after each random piece. */
static take play_lazily(s2v_model *model, const float *sound, uint32_t seed,
                        uint32_t most)
{
    s2v_session *session = open_session(model, 5);
    uint32_t state = seed;
    take t = {0};
    for (size_t at = 0, size; at < SAMPLES; at += size) {
        s2v_video_frame frame = {.size = sizeof(frame)};
        size = next_random(&state, 2500);
        size = size < SAMPLES - at ? size : SAMPLES - at;
        CHECK(!s2v_session_send_audio(session, sound + at, size, NULL),
              "sound is refused");
        for (uint32_t k = next_random(&state, most + 1); k > 0; k--)
            if (!s2v_session_receive_video(session, &frame, NULL))
                t.hash[t.count++] = hash_frame(&frame);
    }
    s2v_session_drain(session, NULL);
    t.status = receive_all(session, &t);
    s2v_session_close(&session);
    return t;
}

static void test_interleavings(s2v_model *model, const float *sound)
{
    take whole = play_new(model, 5, sound, SAMPLES, SAMPLES);
    for (uint32_t most = 0; most < 5; most++) {
        take t = play_lazily(model, sound, 17 + most, most);
        CHECK(same(&t, &whole), "up to %u receives a send: other frames", most);
    }
}

static void test_counts(s2v_model *model, const float *sound)
{
    static const size_t n[] = {0,    1,    2,    799,  800,  801,  1519,
                               1520, 1521, 1599, 1600, 1601, 2320, 16000};
    s2v_session *session = open_session(model, 0);
    for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++) {
        take t = play(session, sound, n[i], 640);
        int expected = (int)((n[i] + STEP - 1) / STEP);
        CHECK(t.count == expected && t.status == S2V_ERR_EOF,
              "%zu samples give %d frames and status %d, expected %d and %d",
              n[i], t.count, t.status, expected, S2V_ERR_EOF);
        s2v_session_flush(session);
    }
    s2v_session_close(&session);
}

/* Frame t is there once the sound it hears is, and no sample later. */
static void test_latency(s2v_model *model, const float *sound)
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    CHECK(info.latency_samples == SPAN, "latency of %lld samples",
          (long long)info.latency_samples);
    s2v_session *session = open_session(model, 0);
    s2v_video_frame frame = {.size = sizeof(frame)};
    for (size_t i = 0; i < 4 * STEP + SPAN; i++) {
        s2v_session_send_audio(session, sound + i, 1, NULL);
        int ret = s2v_session_receive_video(session, &frame, NULL);
        size_t sent = i + 1;
        bool due = sent >= SPAN && (sent - SPAN) % STEP == 0;
        CHECK(ret == (due ? S2V_OK : S2V_ERR_AGAIN), "status %d after %zu", ret,
              sent);
    }
    s2v_session_close(&session);
}

static void test_ends(s2v_model *model, const float *sound)
{
    s2v_session *session = open_session(model, 0);
    s2v_error err = {0};
    s2v_video_frame frame = {.size = sizeof(frame)};
    take t = {0};
    CHECK(!s2v_session_send_audio(session, NULL, 0, &err),
          "nothing is refused");
    CHECK(!s2v_session_send_audio(session, sound, 1000, &err),
          "sound is refused");
    CHECK(receive_all(session, &t) == S2V_ERR_AGAIN, "a frame too early");
    CHECK(!s2v_session_drain(session, &err), "drain: %s", err.message);
    CHECK(!s2v_session_drain(session, &err), "drain twice: %s", err.message);
    int ret = s2v_session_send_audio(session, sound, 10, &err);
    CHECK(ret == S2V_ERR_EOF && err.code == ret &&
              strstr(err.message, "after the drain") &&
              strstr(err.message, "flush"),
          "sound after the drain: %d, \"%s\"", ret, err.message);
    CHECK(receive_all(session, &t) == S2V_ERR_EOF && t.count == 2,
          "%d frames, expected 2", t.count);
    for (int i = 0; i < 3; i++) {
        ret = s2v_session_receive_video(session, &frame, &err);
        CHECK(ret == S2V_ERR_EOF && err.code == ret, "after the end: %d", ret);
        s2v_session_drain(session, &err);
    }
    s2v_session_close(&session);
    CHECK(!session, "close leaves the pointer");
    s2v_session_close(&session);
    s2v_session_close(NULL);
}

/* A flush at any point makes a session as good as new. */
static void test_flush(s2v_model *model, const float *sound)
{
    take expected = play_new(model, 5, sound, 9000, 9000);
    s2v_session *session = open_session(model, 5);
    for (int stage = 0; stage < 4; stage++) {
        take ignored = {0};
        if (stage > 0)
            s2v_session_send_audio(session, sound + 3000, 5000, NULL);
        if (stage > 1)
            receive_all(session, &ignored);
        if (stage > 2)
            s2v_session_drain(session, NULL);
        s2v_session_flush(session);
        take t = play(session, sound, 9000, 333);
        CHECK(same(&t, &expected), "flushed at stage %d: other frames", stage);
        s2v_session_flush(session);
    }
    s2v_session_close(&session);
}

/* What is not finite is silence; what is too loud is sound all the same. */
static void test_wild_samples(s2v_model *model, const float *sound)
{
    float *wild = malloc(2 * SAMPLES * sizeof(*wild));
    float *tame = wild + SAMPLES;
    if (!wild)
        abort();
    for (int i = 0; i < SAMPLES; i++) {
        bool hole = i % 100 < 3;
        wild[i] = !hole          ? sound[i]
                  : i % 100 == 0 ? NAN
                  : i % 100 == 1 ? INFINITY
                                 : -INFINITY;
        tame[i] = hole ? 0.0f : sound[i];
    }
    take a = play_new(model, 5, wild, SAMPLES, 160);
    take b = play_new(model, 5, tame, SAMPLES, 160);
    CHECK(same(&a, &b), "NaN and infinity are not as silence");
    for (int i = 0; i < SAMPLES; i++)
        wild[i] = i % 2 ? 3e38f : -3e38f;
    a = play_new(model, 5, wild, SAMPLES, 160);
    CHECK(a.count == 21 && a.status == S2V_ERR_EOF, "%d frames of the loudest",
          a.count);
    free(wild);
}

/* ------------------------------------------------------------ content -- */

typedef struct moments {
    double sum, squares, n;
} moments;

static void add(moments *m, double x)
{
    m->sum += x;
    m->squares += x * x;
    m->n++;
}

static double deviation(const moments *m)
{
    double mean = m->sum / m->n;
    return sqrt(fmax(0, m->squares / m->n - mean * mean));
}

/* The session's next `count` frames, one after the other. */
static uint8_t *keep_frames(s2v_session *session, size_t count, size_t size)
{
    uint8_t *all = calloc(count, size);
    s2v_video_frame frame = {.size = sizeof(frame)};
    for (size_t i = 0; all && i < count; i++)
        if (CHECK(!s2v_session_receive_video(session, &frame, NULL),
                  "frame %zu is missing", i))
            memcpy(all + i * size, frame.data, size);
    if (!all)
        abort();
    return all;
}

/* Grey levels: spread within a frame, from frame to frame, and with sound. */
static void test_content(s2v_model *model, const float *sound)
{
    enum { COUNT = 20 };
    const float *heard[2] = {sound, sound + SAMPLES / 2};
    uint8_t *frames[2];
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(model, &info);
    size_t size = (size_t)info.width * (size_t)info.height * 3;
    for (int i = 0; i < 2; i++) {
        s2v_session *session = open_session(model, 5);
        s2v_session_send_audio(session, heard[i], SAMPLES / 2, NULL);
        s2v_session_drain(session, NULL);
        frames[i] = keep_frames(session, COUNT / 2, size);
        s2v_session_close(&session);
    }
    moments within = {0}, between = {0}, apart = {0};
    for (size_t i = 0; i < COUNT / 2 * size; i++) {
        add(&within, frames[0][i]);
        add(&apart, frames[0][i] - frames[1][i]);
        if (i >= size)
            add(&between, frames[0][i] - frames[0][i - size]);
    }
    printf("content: grey levels' deviation %.1f within a frame, %.1f from "
           "frame to frame, %.1f between two sounds\n",
           deviation(&within), deviation(&between), deviation(&apart));
    CHECK(deviation(&within) > 10, "the picture is flat");
    CHECK(deviation(&between) > 3, "the picture stands still");
    CHECK(deviation(&apart) > 3, "the picture does not hear");
    free(frames[0]);
    free(frames[1]);
}

static void test_model(const tiny_model *spec, const char *device)
{
    s2v_model *model = open_model(spec, device, 1);
    float *sound = make_sound(SAMPLES, 3);
    test_pieces(model, sound);
    test_interleavings(model, sound);
    test_counts(model, sound);
    test_latency(model, sound);
    test_ends(model, sound);
    test_flush(model, sound);
    test_wild_samples(model, sound);
    test_content(model, sound);
    free(sound);
    s2v_model_close(&model);
}

int main(void)
{
    device_is_automatic(S2VI_F32);
    tiny_model spec = small_model();
    test_model(&spec, "auto");
    test_model(&spec, "ref");
    spec.level = "-20";
    test_model(&spec, "auto");
    spec.level = NULL;
    spec.config.connection = S2VI_LM_SKIP;
    spec.config.prediction = S2VI_LM_CONVGRU;
    spec.config.motion = S2VI_LM_GRU;
    test_model(&spec, "auto");
    spec = tiny_model_defaults();
    test_model(&spec, "auto");
    return report("streaming");
}
