/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session's frames against the graph, recorded and run here: frame t is what
 * a run at {seed, t} gives of the features of frame t, byte for byte, and after
 * a flush it begins at 0 again.
 */
#include "../must.h"
#include "../device.h"
#include "harness.h"

#include "audio/lms.h"
#include "models/param_file.h"
#include "run/exec.h"
#include "video/pixel.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES = 12, SIZE = 16, PIXELS = SIZE * SIZE * 3 };

typedef struct network {
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_lm_graph lm;
} network;

static void load(network *n, const s2vi_lm_config *config, const char *path)
{
    s2v_error err = {0};
    s2v_weights *file = NULL;
    s2vi_param_list list = {0};
    must(s2v_weights_open(&file, path, &err), &err);
    must(s2vi_lm_params(config, &list, &err), &err);
    for (int i = 0; i < list.count; i++)
        must(s2vi_param_load(&list.param[i], file, list.param[i].name, n->store,
                             &err),
             &err);
    s2vi_param_list_close(&list);
    s2v_weights_close(&file);
}

static void open_network(network *n, const s2vi_lm_config *config,
                         const char *device)
{
    s2v_error err = {0};
    const s2vi_lm_options one_frame = {.frames = 1};
    must(s2vi_backend_open(&n->backend, device, S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&n->store, n->backend, &err), &err);
    load(n, config, scratch("model.bin"));
    n->graph = s2vi_graph_create();
    must(s2vi_lm_build(n->graph, config, &one_frame, &n->lm, &err), &err);
    const s2vi_plan_params params = {.outputs = &n->lm.video,
                                     .n_outputs = 1,
                                     .effects = n->lm.carry,
                                     .n_effects = n->lm.n_carry,
                                     .frozen = true};
    must(s2vi_plan_create(&n->plan, n->graph, n->store, &params, &err), &err);
}

static void close_network(network *n)
{
    s2vi_plan_close(&n->plan);
    s2vi_graph_close(&n->graph);
    s2vi_store_close(&n->store);
    s2vi_backend_close(&n->backend);
}

/* Frames of a whole sound, by the graph alone. */
static void run_network(const network *n, uint64_t seed, const float *sound,
                        uint8_t *rgb)
{
    static float features[FRAMES * S2VI_LMS_BANDS], video[PIXELS];
    s2vi_exec *exec = NULL;
    s2v_error err = {0};
    must(s2vi_lms_features(sound, FRAMES * STEP, features, FRAMES, NULL), &err);
    must(s2vi_exec_create(&exec, n->plan, &err), &err);
    for (int t = 0; t < FRAMES; t++) {
        const s2vi_clock clock = {.seed = seed, .frame = (uint64_t)t};
        must(s2vi_exec_write(exec, n->lm.features,
                             features + (ptrdiff_t)t * S2VI_LMS_BANDS),
             &err);
        must(s2vi_exec_run(exec, &clock, &err), &err);
        must(s2vi_exec_read(exec, n->lm.video, video), &err);
        for (int i = 0; i < PIXELS; i++)
            *rgb++ = s2vi_pixel_byte(video[i]);
    }
    s2vi_exec_close(&exec);
}

static void run_session(s2v_session *session, const float *sound, uint8_t *rgb)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    must(s2v_session_send_audio(session, sound, FRAMES * STEP, &err), &err);
    must(s2v_session_drain(session, &err), &err);
    for (int t = 0; t < FRAMES; t++) {
        must(s2v_session_receive_video(session, &frame, &err), &err);
        for (int y = 0; y < SIZE; y++, rgb += SIZE * 3)
            memcpy(rgb, frame.data + y * frame.stride, SIZE * 3);
    }
}

static void compare(const uint8_t *got, const uint8_t *wanted, uint64_t seed,
                    const char *when)
{
    for (int t = 0; t < FRAMES; t++, got += PIXELS, wanted += PIXELS)
        if (!CHECK(!memcmp(got, wanted, PIXELS),
                   "%s, seed %d: frame %d is not the graph's at {seed, %d}",
                   when, (int)seed, t, t))
            return;
}

static void test_frames(const tiny_model *spec, const char *device)
{
    static const uint64_t seeds[] = {0, 5, UINT64_MAX};
    static uint8_t got[FRAMES * PIXELS], wanted[FRAMES * PIXELS];
    s2v_model *model = open_model(spec, device, 1);
    float *sound = make_sound(FRAMES * STEP, 3);
    network n = {0};
    open_network(&n, &spec->config, device);
    for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
        s2v_session *session = open_session(model, seeds[i]);
        run_network(&n, seeds[i], sound, wanted);
        run_session(session, sound, got);
        compare(got, wanted, seeds[i], "a new session");
        s2v_session_flush(session);
        run_session(session, sound, got);
        compare(got, wanted, seeds[i], "after a flush");
        s2v_session_close(&session);
    }
    close_network(&n);
    free(sound);
    s2v_model_close(&model);
}

int main(void)
{
    device_is_automatic(S2VI_F32);
    tiny_model spec = small_model();
    test_frames(&spec, "auto");
    test_frames(&spec, "ref");
    spec.config.connection = S2VI_LM_SKIP;
    spec.config.prediction = S2VI_LM_CONVGRU;
    spec.config.motion = S2VI_LM_GRU;
    test_frames(&spec, "auto");
    return report("frames");
}
