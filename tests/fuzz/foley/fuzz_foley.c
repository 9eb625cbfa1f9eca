/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz a session that makes sound for pictures: the input is a program of
 * pictures of any size and time, references, receives, drains, flushes and
 * failing allocations. Samples are those that the same pictures give when they
 * are sent before any is asked for, and as many as the film lasts.
 */
#include "fuzz.h"
#include "tiny_foley.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 22050,
    PICTURES = 48,   /* of a stream at most */
    ROOM = 3 * RATE, /* samples that are compared at most */
    MOST_SIDE = 64,
    REFERENCE = 2048,
};

/* A picture is a colour; its pixels are made as it is sent. */
typedef struct sent {
    s2v_picture picture;
    uint8_t colour;
} sent;

/* What the session has been given, and has made, since the last flush. */
typedef struct stream {
    s2v_session *session;
    sent picture[PICTURES];
    int count;
    uint8_t reference; /* 0: none; it outlives a flush */
    bool changed;      /* it did, after the first picture */
    float made[ROOM];
    int64_t samples;
    bool drained;
} stream;

static s2v_model *models[2]; /* the best sound; the least latency */

static void open_models(void)
{
    const char *path = fuzz_scratch("foley.bin");
    tiny_foley spec = tiny_foley_defaults();
    s2v_error err = {0};
    s2vi_vs_config *g = &spec.config.generator;
    spec.window = "16";
    spec.config.sight.size = 16;
    spec.config.sight.channels = 2;
    spec.config.sight.features = g->features = 4;
    g->temporal_layers = g->acoustic_layers = g->decoder_layers = 1;
    g->temporal_channels = g->decoder_channels = 4;
    g->acoustic_channels = S2VI_VS_GROUP;
    g->temporal_lstm = g->acoustic_lstm = g->background_lstm = 2;
    g->temporal_out = g->background_out = g->decoder_filter = 4;
    g->decoder_up_channels = 4;
    spec.config.vocoder.channels = 8;
    spec.config.vocoder.n_kernels = spec.config.vocoder.n_dilations = 1;
    REQUIRE(!tiny_foley_write(path, &spec, &err));
    for (int i = 0; i < 2; i++) {
        const s2v_model_params params = {.size = sizeof(params),
                                         .device = "ref",
                                         .threads = 1,
                                         .latency_ms = i ? 400 : 0};
        REQUIRE(!s2v_model_open(&models[i], path, &params, &err));
    }
}

/* ----------------------------------------------------------- pictures -- */

static int send_one(s2v_session *session, const sent *one, s2v_error *err)
{
    static uint8_t pixels[MOST_SIDE * MOST_SIDE * 3];
    s2v_picture p = one->picture;
    const size_t n = (size_t)p.width * (size_t)p.height * 3;
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)(one->colour * (i % 97) / 7);
    p.data = pixels;
    if (p.stride < 0)
        p.data += (p.height - 1) * -p.stride;
    return s2v_session_send_video(session, &p, err);
}

static void send(stream *s, fuzz_input *in)
{
    const uint8_t sides = fuzz_byte(in), flags = fuzz_byte(in);
    const int width = 1 + (sides & 15) * 4, height = 1 + (sides >> 4) * 4;
    const int64_t last = s->count ? s->picture[s->count - 1].picture.pts
                                  : (flags & 1) * INT64_C(123456789012345);
    sent one = {
        .picture = {.size = sizeof(s2v_picture),
                    .width = width,
                    .height = height,
                    .stride = (flags & 2 ? -3 : 3) * width,
                    .pts = last + (int8_t)fuzz_byte(in),
                    .duration = flags >> 4,
                    .time_num = 1,
                    .time_den = 50},
        .colour = fuzz_byte(in),
    };
    s2v_error err = {0};
    if (s->count == PICTURES)
        return;
    const int ret = send_one(s->session, &one, &err);
    const bool failed = fuzz_allocation_failed();
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == (s->drained ? S2V_ERR_EOF : failed ? S2V_ERR_NOMEM : 0));
    if (!ret)
        s->picture[s->count++] = one;
}

/* What a session refuses, and goes on. */
static void send_bad(stream *s, fuzz_input *in)
{
    const uint8_t what = fuzz_byte(in);
    const uint8_t pixel[3] = {0};
    s2v_picture p = {.size = sizeof(p),
                     .data = pixel,
                     .stride = 3,
                     .width = 1,
                     .height = 1,
                     .time_num = 1,
                     .time_den = 50};
    s2v_error err = {0};
    switch (what % 6) {
    case 0: p.width = (int)fuzz_word(in) - 65535; break;
    case 1: p.data = NULL; break;
    case 2: p.height = 32769; break;
    case 3: p.time_num = 65536; break;
    case 4: p.time_den = 0; break;
    default: p.size = what & 7;
    }
    const int ret = s2v_session_send_video(s->session, &p, &err);
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == S2V_ERR_INVALID || (s->drained && ret == S2V_ERR_EOF));
}

/* The film's length in samples, as s2v.h defines it. */
static int64_t expected(const stream *s)
{
    int64_t start = 0, last = 0, step = 0, end = 0;
    for (int i = 0; i < s->count; i++) {
        const s2v_picture *p = &s->picture[i].picture;
        if (!i)
            start = last = p->pts;
        if (p->pts > last) {
            step = p->pts - last;
            last = p->pts;
        }
        end = last + (p->duration ? p->duration : step);
    }
    return ((end - start) * RATE + 49) / 50;
}

/* -------------------------------------------------------------- sound -- */

/* Whether there was any. */
static bool receive(stream *s)
{
    s2v_audio_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    const int ret = s2v_session_receive_audio(s->session, &frame, &err);
    fuzz_require_sentence(ret, &err);
    fuzz_allocation_failed();
    if (ret) {
        REQUIRE(ret == (s->drained ? S2V_ERR_EOF : S2V_ERR_AGAIN));
        REQUIRE(!s->drained || s->samples == expected(s));
        return false;
    }
    REQUIRE(frame.count > 0 && frame.pts == s->samples);
    for (size_t i = 0; i < frame.count; i++) {
        REQUIRE(isfinite(frame.samples[i]));
        if (s->samples < ROOM)
            s->made[s->samples] = frame.samples[i];
        s->samples++;
    }
    REQUIRE(s->samples <= expected(s));
    return true;
}

/* `kind`: 0 is silent; few samples are too few. */
static int refer(s2v_session *session, uint8_t kind, s2v_error *err)
{
    float sound[REFERENCE];
    for (int i = 0; i < REFERENCE; i++)
        sound[i] =
            (float)(kind & 7) / 7 * (float)sin(i * (1 + (kind & 7)) / 9.0);
    return s2v_session_set_reference(session, sound,
                                     kind & 8 ? REFERENCE : kind, err);
}

static void set_reference(stream *s, uint8_t kind)
{
    s2v_error err = {0};
    const int ret = refer(s->session, kind, &err);
    const bool failed = fuzz_allocation_failed();
    const bool usable = kind & 7 && kind & 8;
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == (!usable ? S2V_ERR_INVALID : failed ? S2V_ERR_NOMEM : 0));
    if (!ret) {
        s->changed = s->changed || (s->count && kind != s->reference);
        s->reference = kind;
    }
}

/* ------------------------------------------------------------ program -- */

static void begin(stream *s)
{
    s->count = 0;
    s->changed = false;
    s->samples = 0;
    s->drained = false;
}

static void drain(stream *s)
{
    s2v_error err = {0};
    REQUIRE(!s2v_session_drain(s->session, &err));
    s->drained = true;
}

/* The session anew; `k`: the allocation that fails. */
static void reopen(stream *s, s2v_model *model, unsigned k)
{
    s2v_error err = {0};
    s2v_session_close(&s->session);
    fuzz_fail_allocation(k);
    int ret = s2v_session_create(&s->session, model, NULL, &err);
    const bool failed = fuzz_allocation_failed();
    fuzz_require_sentence(ret, &err);
    REQUIRE(ret == (failed ? S2V_ERR_NOMEM : 0));
    if (ret)
        REQUIRE(!s2v_session_create(&s->session, model, NULL, &err));
    s->reference = 0;
    begin(s);
}

/* One step of the program. */
static void act(stream *s, s2v_model *model, fuzz_input *in)
{
    const uint8_t what = fuzz_byte(in);
    switch (what & 7) {
    case 0:
    case 1: send(s, in); break;
    case 2: set_reference(s, what >> 4); break;
    case 3: receive(s); break;
    case 4:
        while (receive(s))
            ;
        break;
    case 5: drain(s); break;
    case 6:
        if (what & 8) {
            send_bad(s, in);
        } else {
            s2v_session_flush(s->session);
            begin(s);
        }
        break;
    default:
        if (what & 8)
            reopen(s, model, what >> 4);
        else
            fuzz_fail_allocation(what >> 4);
    }
}

/* The same pictures, and then the sound. */
static void compare(const stream *s, s2v_model *model)
{
    static stream whole;
    s2v_error err = {0};
    reopen(&whole, model, 0);
    if (s->reference)
        REQUIRE(!refer(whole.session, s->reference, &err));
    for (int i = 0; i < s->count; i++) {
        whole.picture[i] = s->picture[i];
        REQUIRE(!send_one(whole.session, &s->picture[i], &err));
    }
    whole.count = s->count;
    drain(&whole);
    while (receive(&whole))
        ;
    const int64_t n = s->samples < ROOM ? s->samples : ROOM;
    REQUIRE(whole.samples >= s->samples);
    REQUIRE(s->changed ||
            !memcmp(whole.made, s->made, (size_t)n * sizeof(*s->made)));
    s2v_session_close(&whole.session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static stream s;
    fuzz_input in = {data, size};
    if (!models[0])
        open_models();
    s2v_model *model = models[fuzz_byte(&in) & 1];
    reopen(&s, model, 0);
    while (in.size)
        act(&s, model, &in);
    fuzz_fail_allocation(0);
    compare(&s, model);
    s2v_session_close(&s.session);
    return 0;
}
