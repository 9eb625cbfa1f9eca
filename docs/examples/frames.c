/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames MODEL: converts raw audio on standard input (mono, 16 kHz, 32-bit
 * floats) to raw frames on standard output (8-bit R, G, B).
 *
 *     cc frames.c $(pkg-config --cflags --libs libs2v) -o frames
 */
#include <s2v/s2v.h>
#include <stdio.h>

/* Write every frame that is ready. S2V_ERR_AGAIN: send more audio. */
static int write_frames(s2v_session *session, s2v_error *err)
{
    s2v_video_frame f = {.size = sizeof(f)};
    int ret;
    while (!(ret = s2v_session_receive_video(session, &f, err)))
        for (int y = 0; y < f.height; y++)
            fwrite(f.data + y * f.stride, 3, (size_t)f.width, stdout);
    return ret;
}

static int run(s2v_session *session, s2v_error *err)
{
    float samples[1024];
    int ret = S2V_ERR_AGAIN;
    while (ret == S2V_ERR_AGAIN) {
        size_t n = fread(samples, sizeof(*samples), 1024, stdin);
        ret = n ? s2v_session_send_audio(session, samples, n, err)
                : s2v_session_drain(session, err);
        if (!ret)
            ret = write_frames(session, err);
    }
    return ret == S2V_ERR_EOF ? S2V_OK : ret; /* all frames are out */
}

int main(int argc, char **argv)
{
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    s2v_model_info info = {.size = sizeof(info)};
    s2v_error err;
    const char *path = argc > 1 ? argv[1] : "quintet.bin";
    int ret = s2v_model_open(&model, path, NULL, &err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, &err);
    if (!ret) {
        s2v_model_get_info(model, &info);
        fprintf(stderr, "%dx%d, %d/%d frames/s\n", info.width, info.height,
                info.fps_num, info.fps_den);
        ret = run(session, &err);
    }
    if (ret < 0)
        fprintf(stderr, "frames: %s\n", err.message);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret < 0;
}
