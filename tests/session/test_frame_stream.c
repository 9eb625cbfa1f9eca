/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame stream on a network and an extractor of its own: two inputs of
 * features, a condition and a state make frames that are wider than high,
 *
 *     state_t = state_{t-1} + condition
 *     video_t = state_t + (first_t[0] + second_t[1]) / 50
 */
#include "harness.h"

#include "graph/build.h"
#include "session/frame_stream.h"
#include "video/pixel.h"

#include <math.h>
#include <stdlib.h>

enum { H = 2, W = 5, NUMBERS = H * W * 3, FRAMES = 4, SAMPLES = 10 };

static s2vi_backend *backend;
static s2vi_store *store;
static s2vi_graph *graph;
static s2vi_plan *plan;
static s2vi_node *features[2], *condition, *video;

static int record(s2v_error *err)
{
    graph = s2vi_graph_create();
    features[0] = s2vi_input(graph, "first", S2VI_SHAPE(1, 1));
    features[1] = s2vi_input(graph, "second", S2VI_SHAPE(1, 2));
    condition = s2vi_input(graph, "condition", S2VI_SHAPE(1, H, W, 3));
    s2vi_node *state =
        s2vi_var(graph, S2VI_VAR_STATE, "state", S2VI_SHAPE(1, H, W, 3));
    s2vi_node *both =
        s2vi_reshape(s2vi_add(features[0], s2vi_slice(features[1], 1, 1, 1)),
                     S2VI_SHAPE(1, 1, 1, 1));
    s2vi_node *sum = s2vi_add(state, condition);
    video = s2vi_add(sum, s2vi_scale(both, 0.02));
    s2vi_node *carry = s2vi_assign(state, sum);
    const s2vi_plan_params params = {.outputs = &video,
                                     .n_outputs = 1,
                                     .effects = &carry,
                                     .n_effects = 1,
                                     .frozen = true};
    int ret = s2vi_backend_open(&backend, "ref", S2VI_F32, 1, err);
    if (!ret)
        ret = s2vi_store_create(&store, backend, err);
    return ret ? ret : s2vi_plan_create(&plan, graph, store, &params, err);
}

/* Of frame t, SAMPLES samples: t, 7 and twice the first sample. */
typedef struct extractor {
    float first[FRAMES];
    int sent, received;
    bool drained;
} extractor;

static int create(void **self, const void *trained, const s2vi_logger *logger,
                  s2v_error *err)
{
    (void)trained;
    (void)logger;
    (void)err;
    *self = calloc(1, sizeof(extractor));
    return *self ? S2V_OK : S2V_ERR_NOMEM;
}

static int reserve(void *self, size_t n)
{
    (void)n;
    return ((extractor *)self)->drained ? S2V_ERR_EOF : S2V_OK;
}

static int send(void *self, const float *samples, size_t n)
{
    extractor *x = self;
    for (size_t i = 0; i < n; i++, x->sent++)
        if (x->sent % SAMPLES == 0 && x->sent / SAMPLES < FRAMES)
            x->first[x->sent / SAMPLES] = samples[i];
    return S2V_OK;
}

static void drain(void *self)
{
    ((extractor *)self)->drained = true;
}

static int receive(void *self, float *out)
{
    extractor *x = self;
    if ((x->received + 1) * SAMPLES > x->sent)
        return x->drained ? S2V_ERR_EOF : S2V_ERR_AGAIN;
    out[0] = (float)x->received;
    out[1] = 7;
    out[2] = 2 * x->first[x->received++];
    return S2V_OK;
}

static void flush(void *self)
{
    *(extractor *)self = (extractor){0};
}

static const s2vi_extractor extract = {.count = 3,
                                       .create = create,
                                       .close = free,
                                       .reserve = reserve,
                                       .send = send,
                                       .drain = drain,
                                       .receive = receive,
                                       .flush = flush};

/* Frame t, t + 1 times the condition having been added. */
static void expect(void *stream, int64_t t, const float *value,
                   const char *when)
{
    s2v_video_frame f = {0};
    s2v_error err = {0};
    const float sound = ((float)t + 2 * 0.25f * (float)(t + 1)) / 50;
    const int ret = s2vi_frame_stream_receive(stream, &f, &err);
    if (!CHECK(!ret, "%s: %s", when, err.message))
        return;
    CHECK(f.width == W && f.height == H && f.stride == 3 * W && f.pts == t,
          "%s: %dx%d, stride %d, pts %lld", when, f.width, f.height,
          (int)f.stride, (long long)f.pts);
    for (int i = 0; i < NUMBERS; i++) {
        const uint8_t wanted = s2vi_pixel_byte(value[i] + sound);
        CHECK(abs(f.data[i] - wanted) <= 1, "%s, frame %d, %d: %d, not %d",
              when, (int)t, i, f.data[i], wanted);
    }
}

/* A frame's samples are all a quarter of its number, from 1. */
static void send_sound(void *stream)
{
    float samples[FRAMES * SAMPLES];
    s2v_error err = {0};
    for (int i = 0; i < FRAMES * SAMPLES; i++)
        samples[i] = 0.25f * (float)(1 + i / SAMPLES);
    CHECK(!s2vi_frame_stream_send(stream, samples, FRAMES * SAMPLES, &err),
          "%s", err.message);
    CHECK(!s2vi_frame_stream_drain(stream, &err), "%s", err.message);
}

static void test_stream(void *stream)
{
    float first[NUMBERS], second[NUMBERS], sum[NUMBERS] = {0};
    for (int i = 0; i < NUMBERS; i++) {
        first[i] = 0.01f * (float)i;
        second[i] = -0.02f * (float)i;
    }
    s2vi_frame_stream_condition(stream, condition, first);
    send_sound(stream);
    for (int t = 0; t < FRAMES; t++) {
        if (t == 2)
            s2vi_frame_stream_condition(stream, condition, second);
        for (int i = 0; i < NUMBERS; i++)
            sum[i] += t < 2 ? first[i] : second[i];
        expect(stream, t, sum, "a stream");
    }
    CHECK(s2vi_frame_stream_receive(stream, &(s2v_video_frame){0}, NULL) ==
              S2V_ERR_EOF,
          "no end after %d frames", FRAMES);
    s2vi_frame_stream_flush(stream);
    send_sound(stream);
    expect(stream, 0, second, "after a flush: the condition stays");
}

int main(void)
{
    s2v_error err = {0};
    const s2vi_logger silent = {0};
    void *stream = NULL;
    int ret = record(&err);
    const s2vi_frame_network network = {.plan = plan,
                                        .features = {features[0], features[1]},
                                        .n_features = 2,
                                        .video = video,
                                        .extractor = &extract,
                                        .level = NAN};
    if (!ret)
        ret = s2vi_frame_stream_create(&stream, &network, &silent, &err);
    if (CHECK(!ret, "%s", err.message))
        test_stream(stream);
    s2vi_frame_stream_close(stream);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    return report("frame stream");
}
