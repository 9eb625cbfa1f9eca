/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of talking heads share. */
#include "man_kit.h"

#include <stdlib.h>

static uint8_t image[MAN_WIDTH * MAN_HEIGHT * 3];
static void draw(void)
{
    for (int y = 0; y < MAN_HEIGHT; y++)
        for (int x = 0; x < MAN_WIDTH; x++) {
            uint8_t *p = image + 3 * (y * MAN_WIDTH + x);
            p[0] = (uint8_t)(2 * x + 10);
            p[1] = (uint8_t)(2 * y + 40);
            p[2] = (uint8_t)(((x / 8) ^ (y / 8)) & 1 ? 200 : 30);
        }
}

s2v_picture man_picture(void)
{
    draw();
    return (s2v_picture){.size = sizeof(s2v_picture),
                         .data = image,
                         .stride = 3 * MAN_WIDTH,
                         .width = MAN_WIDTH,
                         .height = MAN_HEIGHT};
}

s2v_model *open_man(const tiny_man *spec, const char *device)
{
    const s2v_model_params params = {
        .size = sizeof(params), .device = device, .threads = 1};
    s2v_model *model = NULL;
    s2v_error err = {0};
    const char *path = scratch("man.bin");
    if (tiny_man_write(path, spec, &err) < 0 ||
        s2v_model_open(&model, path, &params, &err) < 0) {
        fprintf(stderr, "cannot open a model: %s\n", err.message);
        exit(1);
    }
    return model;
}

void man_set(s2v_session *session, const char *name, const char *value)
{
    s2v_error err = {0};
    CHECK(!s2v_session_set_option(session, name, value, &err), "%s=%s: %s",
          name, value, err.message);
}

s2v_session *open_talker(s2v_model *model, uint64_t seed)
{
    const s2v_picture p = man_picture();
    s2v_error err = {0};
    s2v_session *session = open_session(model, seed);
    man_set(session, "crop", "10:5:64:64");
    CHECK(!s2v_session_set_image(session, &p, &err), "%s", err.message);
    return session;
}
