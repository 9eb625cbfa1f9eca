/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame stream on a network of its own: features, a condition and a state
 * make frames that are wider than high,
 *
 *     state_t = state_{t-1} + condition,  video_t = state_t + features_t[0] /
 * 50
 */
#include "harness.h"

#include "graph/build.h"
#include "session/frame_stream.h"
#include "video/pixel.h"

#include <math.h>
#include <stdlib.h>

enum { H = 2, W = 5, NUMBERS = H * W * 3, FRAMES = 4 };

static s2vi_backend *backend;
static s2vi_store *store;
static s2vi_graph *graph;
static s2vi_plan *plan;
static s2vi_node *features, *condition, *video;
static const s2vi_trained_sound unknown = {.level = NAN};

static int record(s2v_error *err)
{
    graph = s2vi_graph_create();
    features = s2vi_input(graph, "features", S2VI_SHAPE(1, S2VI_LMS_BANDS));
    condition = s2vi_input(graph, "condition", S2VI_SHAPE(1, H, W, 3));
    s2vi_node *state =
        s2vi_var(graph, S2VI_VAR_STATE, "state", S2VI_SHAPE(1, H, W, 3));
    s2vi_node *first =
        s2vi_reshape(s2vi_slice(features, 1, 0, 1), S2VI_SHAPE(1, 1, 1, 1));
    s2vi_node *sum = s2vi_add(state, condition);
    video = s2vi_add(sum, s2vi_scale(first, 0.02));
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

/* Frame t of silence, t + 1 times the condition having been added. */
static void expect(void *stream, int64_t t, const float *value,
                   const char *when)
{
    s2v_video_frame f = {0};
    s2v_error err = {0};
    const float silence = logf(0.01f) / 50;
    const int ret = s2vi_frame_stream_receive(stream, &f, &err);
    if (!CHECK(!ret, "%s: %s", when, err.message))
        return;
    CHECK(f.width == W && f.height == H && f.stride == 3 * W && f.pts == t,
          "%s: %dx%d, stride %d, pts %lld", when, f.width, f.height,
          (int)f.stride, (long long)f.pts);
    for (int i = 0; i < NUMBERS; i++) {
        const uint8_t wanted = s2vi_pixel_byte(value[i] + silence);
        CHECK(abs(f.data[i] - wanted) <= 1, "%s, frame %d, %d: %d, not %d",
              when, (int)t, i, f.data[i], wanted);
    }
}

static void send_silence(void *stream)
{
    static const float zeros[FRAMES * STEP];
    s2v_error err = {0};
    CHECK(!s2vi_frame_stream_send(stream, zeros, FRAMES * STEP, &err), "%s",
          err.message);
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
    send_silence(stream);
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
    send_silence(stream);
    expect(stream, 0, second, "after a flush: the condition stays");
}

int main(void)
{
    s2v_error err = {0};
    const s2vi_logger silent = {0};
    void *stream = NULL;
    int ret = record(&err);
    const s2vi_frame_network network = {
        .plan = plan, .features = features, .video = video, .sound = &unknown};
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
