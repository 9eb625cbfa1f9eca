/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sound MODEL WIDTH HEIGHT FPS: raw pictures on standard input (8-bit R, G, B),
 * FPS of them a second, such as 25 or 30000/1001, become raw sound on standard
 * output (mono, 32-bit floats, at the model's rate).
 *
 *     cc sound.c $(pkg-config --cflags --libs libs2v) -o sound
 */
#include <s2v/s2v.h>
#include <stdio.h>
#include <stdlib.h>

/* Write all sound that is ready. S2V_ERR_AGAIN: send more pictures. */
static int write_sound(s2v_session *session, s2v_error *err)
{
    s2v_audio_frame f = {.size = sizeof(f)};
    int ret;
    while (!(ret = s2v_session_receive_audio(session, &f, err)))
        fwrite(f.samples, sizeof(*f.samples), f.count, stdout);
    return ret;
}

/* `picture` has its size and time base; each stays for one unit. */
static int run(s2v_session *session, s2v_picture *picture, s2v_error *err)
{
    const size_t size = (size_t)picture->width * (size_t)picture->height * 3;
    unsigned char *data = malloc(size);
    int ret = data ? S2V_ERR_AGAIN : S2V_ERR_NOMEM;
    picture->data = data;
    picture->stride = (ptrdiff_t)picture->width * 3;
    picture->duration = 1;
    while (ret == S2V_ERR_AGAIN) {
        ret = fread(data, size, 1, stdin)
                  ? s2v_session_send_video(session, picture, err)
                  : s2v_session_drain(session, err);
        picture->pts++;
        if (!ret)
            ret = write_sound(session, err);
    }
    free(data);
    return ret == S2V_ERR_EOF ? S2V_OK : ret; /* all sound is out */
}

int main(int argc, char **argv)
{
    s2v_model *model = NULL;
    s2v_session *session = NULL;
    s2v_picture picture = {.size = sizeof(picture), .time_num = 1};
    s2v_error err = {.message = "out of memory"};
    if (argc < 5 || (picture.width = atoi(argv[2])) < 1 ||
        (picture.height = atoi(argv[3])) < 1 ||
        sscanf(argv[4], "%d/%d", &picture.time_den, &picture.time_num) < 1) {
        fprintf(stderr, "usage: sound MODEL WIDTH HEIGHT FPS\n");
        return 2;
    }
    int ret = s2v_model_open(&model, argv[1], NULL, &err);
    if (!ret)
        ret = s2v_session_create(&session, model, NULL, &err);
    if (!ret)
        ret = run(session, &picture, &err);
    if (ret < 0)
        fprintf(stderr, "sound: %s\n", err.message);
    s2v_session_close(&session);
    s2v_model_close(&model);
    return ret < 0;
}
