/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clip's sound through a session: one frame at a time. */
#include "generate.h"

#include "base/error.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

void s2vi_eval_sound_read(const s2vi_eval_sound *sound, int64_t from, int64_t n,
                          float *out)
{
    int64_t at = (from - sound->delay) % sound->count;
    if (at < 0)
        at += sound->count;
    for (int64_t i = 0; i < n; i++) {
        out[i] = sound->samples[at];
        if (++at == sound->count)
            at = 0;
    }
}

/* Receive what there is, `*left` frames at most. */
static int receive(s2v_session *session, int64_t *left, s2vi_eval_frame_fn fn,
                   void *opaque, s2v_error *err)
{
    s2v_video_frame frame = {.size = sizeof(frame)};
    int ret = S2V_OK;
    while (*left && !ret) {
        ret = s2v_session_receive_video(session, &frame, err);
        if (ret)
            break;
        ret = fn(opaque, &frame, err);
        --*left;
    }
    return ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF ? S2V_OK : ret;
}

int s2vi_eval_generate(s2v_session *session, const s2vi_eval_sound *sound,
                       int64_t frames, int64_t hop, s2vi_eval_frame_fn fn,
                       void *opaque, s2v_error *err)
{
    float *piece = malloc((size_t)hop * sizeof(*piece));
    if (!piece)
        return s2vi_error_nomem(err, "sound");
    int64_t at = 0, left = frames;
    int ret = S2V_OK;
    s2v_session_flush(session);
    while (!ret && left && at < sound->length) {
        int64_t n = sound->length - at < hop ? sound->length - at : hop;
        s2vi_eval_sound_read(sound, at, n, piece);
        at += n;
        ret = s2v_session_send_audio(session, piece, (size_t)n, err);
        if (!ret)
            ret = receive(session, &left, fn, opaque, err);
    }
    if (!ret && left)
        ret = s2v_session_drain(session, err);
    if (!ret && left)
        ret = receive(session, &left, fn, opaque, err);
    if (!ret && left)
        ret = s2vi_error(err, S2V_ERR_INTERNAL,
                         "the model generated %lld frames of %lld: expected "
                         "one for each %lld samples",
                         (long long)(frames - left), (long long)frames,
                         (long long)hop);
    free(piece);
    return ret;
}

int s2vi_eval_set_options(s2v_session *session, char *const *set,
                          s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; set[i] && !ret; i++) {
        const char *value = strchr(set[i], '=');
        char *name = g_strndup(set[i], (gsize)(value - set[i]));
        ret = s2v_session_set_option(session, name, value + 1, err);
        g_free(name);
    }
    return ret;
}
