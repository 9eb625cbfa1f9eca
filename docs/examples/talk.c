/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk MODEL WIDTH HEIGHT [OPTION=VALUE]...: animates a portrait. On standard
 * input are the raw picture (8-bit R, G, B), then raw audio (mono, 16 kHz,
 * 32-bit floats); on standard output raw frames (8-bit R, G, B).
 *
 *     cc talk.c $(pkg-config --cflags --libs libs2v) -o talk
 *     cat face.rgb speech.f32 | ./talk talker.bin 512 512 motion=0.3 >out.rgb
 */
#include <s2v/s2v.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options come before the image: `crop` is where its face is. */
static int set_option(s2v_session *session, const char *word, s2v_error *err)
{
    char name[32] = "";
    const size_t n = strcspn(word, "=");
    snprintf(name, sizeof(name), "%.*s", (int)n, word);
    return s2v_session_set_option(session, name, word + n + !!word[n], err);
}

static int set_image(s2v_session *session, int width, int height,
                     s2v_error *err)
{
    const size_t size = (size_t)width * (size_t)height * 3;
    unsigned char *data = calloc(size, 1);
    const s2v_picture picture = {.size = sizeof(picture),
                                 .data = data,
                                 .stride = (ptrdiff_t)width * 3,
                                 .width = width,
                                 .height = height};
    int ret = S2V_ERR_NOMEM;
    if (data && fread(data, 1, size, stdin) == size)
        ret = s2v_session_set_image(session, &picture, err);
    else
        snprintf(err->message, sizeof(err->message), "no whole picture");
    free(data);
    return ret;
}

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
    s2v_error err = {.message = "out of memory"};
    int width, height;
    if (argc < 4 || (width = atoi(argv[2])) < 1 ||
        (height = atoi(argv[3])) < 1) {
        fprintf(stderr, "usage: talk MODEL WIDTH HEIGHT [OPTION=VALUE]...\n");
        return 2;
    }
    int ret = s2v_model_open(&model, argv[1], NULL, &err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, &err);
    for (int i = 4; i < argc && !ret; i++)
        ret = set_option(session, argv[i], &err);
    if (!ret)
        ret = set_image(session, width, height, &err);
    if (!ret)
        ret = run(session, &err);
    if (ret < 0)
        fprintf(stderr, "talk: %s\n", err.message);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret < 0;
}
