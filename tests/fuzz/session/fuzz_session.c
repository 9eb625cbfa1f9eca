/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz a session that makes frames of sound: the input is a program of chunks,
 * receives, drains, flushes and failing allocations. Frames are those that the
 * same sound gives in one piece, and as many as it lasts.
 */
#include "fuzz.h"
#include "tiny_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 800,   /* samples from one frame to the next */
    ROOM = 16000, /* samples of a stream at most */
    FRAMES = ROOM / STEP,
    SIDE = 8,
    BYTES = SIDE * SIDE * 3,
};

/* What the session has been given, and has made, since the last flush. */
typedef struct stream {
    s2v_session *session;
    float sent[ROOM];
    size_t count;
    uint8_t made[FRAMES][BYTES];
    int frames;
    bool drained;
} stream;

static s2v_model *model;

static void open_model(void)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = "ref", .threads = 1};
    const char *path = fuzz_scratch("session.bin");
    s2v_error err = {0};
    tiny_model spec = tiny_model_defaults();
    spec.config.size = SIDE;
    spec.config.channels_min = 2;
    spec.config.channels_max = 4;
    REQUIRE(!tiny_model_write(path, &spec, &err));
    REQUIRE(!s2v_model_open(&model, path, &params, &err));
}

/* Tones, steps, extremes and what is no number. */
static void make_sound(float *sound, size_t n, uint8_t kind)
{
    static const float odd[] = {NAN,    INFINITY, -INFINITY, 3.4e38f,
                                1e-45f, -0.0f,    1e4f,      -1};
    for (size_t i = 0; i < n; i++)
        sound[i] = kind & 0x80
                       ? odd[(i + kind) % 8]
                       : (float)(kind & 0x1f) / 31 *
                             (float)sin((double)i * (1 + (kind >> 5)) / 7);
}

static void send(stream *s, fuzz_input *in)
{
    const size_t n = fuzz_word(in) % 4096;
    const uint8_t kind = fuzz_byte(in);
    s2v_error err = {0};
    float *sound = s->sent + s->count;
    if (n > ROOM - s->count)
        return;
    make_sound(sound, n, kind);
    const int ret = s2v_session_send_audio(s->session, sound, n, &err);
    const bool failed = fuzz_allocation_failed();
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == (s->drained ? S2V_ERR_EOF : failed ? S2V_ERR_NOMEM : 0));
    if (!ret)
        s->count += n;
}

/* Whether there was a frame. */
static bool receive(stream *s)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    const int ret = s2v_session_receive_video(s->session, &frame, &err);
    const int all = (int)((s->count + STEP - 1) / STEP);
    fuzz_require_sentence(ret, &err);
    fuzz_allocation_failed();
    if (ret) {
        REQUIRE(ret == (s->drained ? S2V_ERR_EOF : S2V_ERR_AGAIN));
        REQUIRE(!s->drained || s->frames == all);
        return false;
    }
    REQUIRE(frame.pts == s->frames && s->frames < all);
    REQUIRE(frame.width == SIDE && frame.height == SIDE);
    for (int y = 0; y < SIDE; y++)
        memcpy(s->made[s->frames] + y * SIDE * 3, frame.data + y * frame.stride,
               SIDE * 3);
    s->frames++;
    return true;
}

static void begin(stream *s)
{
    s->count = 0;
    s->frames = 0;
    s->drained = false;
}

static void drain(stream *s)
{
    s2v_error err = {0};
    REQUIRE(!s2v_session_drain(s->session, &err));
    s->drained = true;
}

/* The session anew; `k`: the allocation that fails. */
static void reopen(stream *s, unsigned k)
{
    const s2v_session_params params = {.size = sizeof(params), .seed = 5};
    s2v_error err = {0};
    s2v_session_close(&s->session);
    fuzz_fail_allocation(k);
    int ret = s2v_session_create(&s->session, model, &params, &err);
    const bool failed = fuzz_allocation_failed();
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == (failed ? S2V_ERR_NOMEM : 0));
    REQUIRE((ret == S2V_OK) == (s->session != NULL));
    if (ret)
        REQUIRE(!s2v_session_create(&s->session, model, &params, &err));
    begin(s);
}

/* One step of the program. */
static void act(stream *s, fuzz_input *in)
{
    const uint8_t what = fuzz_byte(in);
    switch (what & 7) {
    case 0:
    case 1:
    case 2: send(s, in); break;
    case 3: receive(s); break;
    case 4:
        while (receive(s))
            ;
        break;
    case 5: drain(s); break;
    case 6:
        s2v_session_flush(s->session);
        begin(s);
        break;
    default:
        if (what & 8)
            reopen(s, what >> 4);
        else
            fuzz_fail_allocation(what >> 4);
    }
}

/* The same sound in one piece. */
static void compare(const stream *s)
{
    static stream whole;
    reopen(&whole, 0);
    s2v_error err = {0};
    memcpy(whole.sent, s->sent, s->count * sizeof(*s->sent));
    whole.count = s->count;
    REQUIRE(
        !s2v_session_send_audio(whole.session, whole.sent, whole.count, &err));
    drain(&whole);
    while (receive(&whole))
        ;
    REQUIRE(whole.frames >= s->frames);
    REQUIRE(!memcmp(whole.made, s->made, (size_t)s->frames * BYTES));
    s2v_session_close(&whole.session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static stream s;
    fuzz_input in = {data, size};
    if (!model)
        open_model();
    reopen(&s, 0);
    while (in.size)
        act(&s, &in);
    fuzz_fail_allocation(0);
    compare(&s);
    s2v_session_close(&s.session);
    return 0;
}
