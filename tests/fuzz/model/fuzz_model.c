/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz the opening of a model whose tensors are intact, but whose metadata is
 * not: the first byte says of which kind the tensors are, the second one which
 * allocation fails (0: none), and texts that end with NUL take the places of
 * s2v.model, s2v.config, s2v.window, s2v.level, s2v.features and s2v.spectrum,
 * an empty one none. What opens runs.
 */
#include "container.h"
#include "fuzz.h"
#include "tiny_foley.h"
#include "tiny_model.h"

#include <stdlib.h>

enum { TEXTS = 6 };

static fuzz_container container[2];

static void make_containers(void)
{
    s2v_error err = {0};
    tiny_model lm = tiny_model_defaults();
    tiny_foley foley = tiny_foley_defaults();
    const char *path = fuzz_scratch("model.bin");
    lm.config.size = 8;
    lm.config.channels_min = 2;
    lm.config.channels_max = 4;
    REQUIRE(!tiny_model_write(path, &lm, &err));
    fuzz_container_read(&container[0], path);
    REQUIRE(!tiny_foley_write(path, &foley, &err));
    fuzz_container_read(&container[1], path);
}

static void run(s2v_model *model)
{
    static const float sound[2000];
    static const uint8_t pixel[3];
    const s2v_picture picture = {.size = sizeof(picture),
                                 .data = pixel,
                                 .width = 1,
                                 .height = 1,
                                 .duration = 1,
                                 .time_num = 1,
                                 .time_den = 1000};
    s2v_model_info info = {.size = sizeof(info)};
    s2v_session *session = NULL;
    s2v_video_frame frame = {.size = sizeof(frame)};
    s2v_error err = {0};
    s2v_model_get_info(model, &info);
    REQUIRE(!s2v_session_create(&session, model, NULL, &err));
    if (info.inputs & S2V_MEDIUM_AUDIO) {
        REQUIRE(!s2v_session_send_audio(session, sound, 2000, &err));
        REQUIRE(!s2v_session_receive_video(session, &frame, &err));
    } else {
        REQUIRE(!s2v_session_send_video(session, &picture, &err));
    }
    s2v_session_close(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const key[TEXTS] = {"s2v.model",    "s2v.config",
                                           "s2v.window",   "s2v.level",
                                           "s2v.features", "s2v.spectrum"};
    const s2v_model_params params = {
        .size = sizeof(params), .device = "ref", .threads = 1};
    fuzz_input in = {data, size};
    char *value[TEXTS];
    s2v_model *model = NULL;
    s2v_error err = {0};
    if (!container[0].file)
        make_containers();
    const fuzz_container *c = &container[fuzz_byte(&in) & 1];
    const unsigned fails = fuzz_byte(&in);
    for (int i = 0; i < TEXTS; i++) {
        value[i] = fuzz_text(&in);
        if (value[i] && !*value[i]) {
            free(value[i]);
            value[i] = NULL;
        }
    }
    const char *path = fuzz_container_change(c, key, value, TEXTS);
    fuzz_fail_allocation(fails);
    const int ret = s2v_model_open(&model, path, &params, &err);
    fuzz_allocation_failed();
    fuzz_require_sentence(ret, &err);
    REQUIRE((ret == S2V_OK) == (model != NULL));
    if (!ret)
        run(model);
    s2v_model_close(&model);
    for (int i = 0; i < TEXTS; i++)
        free(value[i]);
    return 0;
}
