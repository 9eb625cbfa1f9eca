/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: each call goes to the model's family. */
#include "session/session.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* The caller may have been built with an older or a newer header. */
static int read_params(s2v_session_params *params,
                       const s2v_session_params *given, s2v_error *err)
{
    *params = (s2v_session_params){.size = sizeof(*params)};
    if (given && given->size < sizeof(given->size))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "s2v_session_params.size is not set");
    if (given)
        memcpy(params, given,
               given->size < sizeof(*params) ? given->size : sizeof(*params));
    return S2V_OK;
}

int s2v_session_create(s2v_session **out, s2v_model *model,
                       const s2v_session_params *given, s2v_error *err)
{
    s2v_session_params params;
    *out = NULL;
    int ret = read_params(&params, given, err);
    if (ret < 0)
        return ret;
    s2v_session *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a session");
    s2vi_model_hold(model);
    s->model = model;
    s->family = model->family;
    s->logger = params.log ? (s2vi_logger){params.log, params.log_opaque}
                           : model->logger;
    const s2vi_stream_params stream = {
        .logger = &s->logger, .seed = params.seed, .level = params.level};
    ret = s->family->create(&s->stream, model->network, &stream, err);
    s2vi_backend_rest(model->backend);
    if (ret < 0)
        s2v_session_close(out);
    return ret;
}

/* --------------------------------------------------------------- input -- */

/* That the family has the function for what goes in. */
static int check_input(const s2v_session *s, bool has, unsigned medium,
                       const char *function, s2v_error *err)
{
    char takes[S2VI_MEDIA_TEXT], wanted[S2VI_MEDIA_TEXT];
    if (has)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s: a '%s' model takes %s, expected one that takes %s",
                      function, s->family->name,
                      s2vi_media_text(takes, s->family->inputs),
                      s2vi_media_text(wanted, medium));
}

int s2v_session_send_audio(s2v_session *session, const float *samples,
                           size_t count, s2v_error *err)
{
    const s2vi_family *f = session->family;
    const int ret = check_input(session, f->send_audio, S2V_MEDIUM_AUDIO,
                                "s2v_session_send_audio", err);
    return ret < 0 ? ret : f->send_audio(session->stream, samples, count, err);
}

/* The caller may have been built with an older or a newer header. */
static int read_picture(s2v_picture *picture, const s2v_picture *given,
                        s2v_error *err)
{
    *picture = (s2v_picture){.size = sizeof(*picture)};
    if (given->size < sizeof(given->size))
        return s2vi_error(err, S2V_ERR_INVALID, "s2v_picture.size is not set");
    memcpy(picture, given,
           given->size < sizeof(*picture) ? given->size : sizeof(*picture));
    return S2V_OK;
}

int s2v_session_send_video(s2v_session *session, const s2v_picture *given,
                           s2v_error *err)
{
    const s2vi_family *f = session->family;
    s2v_picture picture;
    int ret = check_input(session, f->send_video, S2V_MEDIUM_VIDEO,
                          "s2v_session_send_video", err);
    if (!ret)
        ret = read_picture(&picture, given, err);
    return ret < 0 ? ret : f->send_video(session->stream, &picture, err);
}

int s2v_session_set_reference(s2v_session *session, const float *samples,
                              size_t count, s2v_error *err)
{
    const s2vi_family *f = session->family;
    const int ret = check_input(session, f->set_reference, S2V_MEDIUM_REFERENCE,
                                "s2v_session_set_reference", err);
    return ret < 0 ? ret
                   : f->set_reference(session->stream, samples, count, err);
}

int s2v_session_drain(s2v_session *session, s2v_error *err)
{
    return session->family->drain(session->stream, err);
}

/* -------------------------------------------------------------- output -- */

/* That the family has the function for what comes out, and the session can go
 * on. */
static int check_output(const s2v_session *s, bool has, unsigned medium,
                        const char *function, s2v_error *err)
{
    char makes[S2VI_MEDIA_TEXT], wanted[S2VI_MEDIA_TEXT];
    if (!has)
        return s2vi_error(
            err, S2V_ERR_INVALID,
            "%s: a '%s' model makes %s, expected one that makes %s", function,
            s->family->name, s2vi_media_text(makes, s->family->outputs),
            s2vi_media_text(wanted, medium));
    return s->failed ? s2vi_error(err, s->failed,
                                  "the session failed before: flush it")
                     : S2V_OK;
}

/* What a family's receive function has returned. */
static int received(s2v_session *s, int ret, s2v_error *err)
{
    if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
        return s2vi_error(err, ret, "%s", s2v_status_string(ret));
    if (ret < 0)
        s->failed = ret;
    return ret;
}

int s2v_session_receive_video(s2v_session *session, s2v_video_frame *frame,
                              s2v_error *err)
{
    const s2vi_family *f = session->family;
    const int ret = check_output(session, f->receive_video, S2V_MEDIUM_VIDEO,
                                 "s2v_session_receive_video", err);
    return ret < 0
               ? ret
               : received(session,
                          f->receive_video(session->stream, frame, err), err);
}

int s2v_session_receive_audio(s2v_session *session, s2v_audio_frame *frame,
                              s2v_error *err)
{
    const s2vi_family *f = session->family;
    const int ret = check_output(session, f->receive_audio, S2V_MEDIUM_AUDIO,
                                 "s2v_session_receive_audio", err);
    return ret < 0
               ? ret
               : received(session,
                          f->receive_audio(session->stream, frame, err), err);
}

/* ------------------------------------------------------------ lifetime -- */

void s2v_session_flush(s2v_session *session)
{
    session->failed = S2V_OK;
    session->family->flush(session->stream);
}

void s2v_session_close(s2v_session **out)
{
    s2v_session *s = out ? *out : NULL;
    if (!s)
        return;
    if (s->stream)
        s->family->report(s->stream, &s->logger);
    s->family->close_stream(s->stream);
    s2vi_backend_rest(s->model->backend);
    s2v_model_close(&s->model);
    free(s);
    *out = NULL;
}
