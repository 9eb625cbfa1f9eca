/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: each call goes to the model's family. */
#include "session/session.h"

#include "base/error.h"
#include "base/sized.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- options -- */

static int set_option(s2v_session *s, const s2vi_option *o, const char *text,
                      s2v_error *err)
{
    s2vi_value value;
    const int ret = s2vi_option_parse(&o->about, text, &value, err);
    return ret < 0 ? ret : o->set(s->stream, &value, err);
}

/* All options, from their members of the params or their defaults. */
static int set_options(s2v_session *s, const s2v_session_params *params,
                       s2v_error *err)
{
    char seed[24];
    int ret = S2V_OK;
    snprintf(seed, sizeof(seed), "%" PRIu64, params->seed);
    for (const s2vi_option *o = s->family->options; o->about.name && !ret;
         o++) {
        const char *value = o->about.default_value;
        if (!strcmp(o->about.name, "seed"))
            value = seed;
        if (!strcmp(o->about.name, "level") && params->level)
            value = params->level;
        if (o->about.when != S2V_OPTION_OPEN)
            ret = set_option(s, o, value, err);
    }
    return ret;
}

int s2v_session_set_option(s2v_session *session, const char *name,
                           const char *value, s2v_error *err)
{
    const s2vi_option *o = s2vi_option_find(session->family, name, err);
    if (!o)
        return S2V_ERR_INVALID;
    if (o->about.when == S2V_OPTION_OPEN)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "%s: it is set when the model is opened, in "
                          "s2v_model_params",
                          name);
    if (o->about.when == S2V_OPTION_START && session->begun)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "%s: it was set after the first input: flush the "
                          "session to start anew with it",
                          name);
    return set_option(session, o, value, err);
}

/* ------------------------------------------------------------- creation -- */

int s2v_session_create(s2v_session **out, s2v_model *model,
                       const s2v_session_params *given, s2v_error *err)
{
    s2v_session_params params = {0};
    *out = NULL;
    int ret = s2vi_sized_read(&params, sizeof(params), given,
                              "s2v_session_params", err);
    if (ret < 0)
        return ret;
    s2v_session *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "a session");
    s2vi_model_ref(model);
    s->model = model;
    s->family = model->family;
    s->logger = params.log ? (s2vi_logger){params.log, params.log_opaque}
                           : model->logger;
    ret = s->family->create(&s->stream, model->network, &s->logger, err);
    if (!ret)
        ret = set_options(s, &params, err);
    s2vi_backend_release_threads(model->backend);
    if (ret < 0)
        s2v_session_close(out);
    return ret;
}

int s2v_session_get_info(const s2v_session *session, s2v_session_info *info)
{
    s2v_model_info model = {.size = sizeof(model)};
    s2v_session_info all = {0};
    if (s2vi_sized_check(info, "s2v_session_info", NULL) < 0)
        return S2V_ERR_INVALID;
    s2v_model_get_info(session->model, &model);
    all.width = model.width;
    all.height = model.height;
    if (session->family->video_size)
        session->family->video_size(session->stream, &all.width, &all.height);
    s2vi_sized_fill(info, &all, sizeof(all));
    return S2V_OK;
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

/* That what has to be set before the stream begins was set. */
static int check_required(const s2v_session *s, const char *function,
                          s2v_error *err)
{
    static const unsigned set =
        S2V_MEDIUM_IMAGE | S2V_MEDIUM_TEXT | S2V_MEDIUM_REFERENCE;
    const unsigned missing = s->family->required & set & ~s->given;
    char text[S2VI_MEDIA_TEXT];
    return missing ? s2vi_error(err, S2V_ERR_INVALID,
                                "%s: a '%s' model requires %s, which was not "
                                "set",
                                function, s->family->name,
                                s2vi_media_text(text, missing))
                   : S2V_OK;
}

/* What a send function has returned. */
static int sent(s2v_session *s, size_t count, int ret)
{
    s->begun = s->begun || (!ret && count);
    return ret;
}

int s2v_session_send_audio(s2v_session *session, const float *samples,
                           size_t count, s2v_error *err)
{
    static const char name[] = "s2v_session_send_audio";
    const s2vi_family *f = session->family;
    int ret = check_input(session, f->send_audio, S2V_MEDIUM_AUDIO, name, err);
    if (!ret)
        ret = check_required(session, name, err);
    return ret < 0 ? ret
                   : sent(session, count,
                          f->send_audio(session->stream, samples, count, err));
}

static int read_picture(s2v_picture *picture, const s2v_picture *given,
                        s2v_error *err)
{
    *picture = (s2v_picture){0};
    return s2vi_sized_read(picture, sizeof(*picture), given, "s2v_picture",
                           err);
}

int s2vi_picture_check(const s2v_picture *p, s2v_error *err)
{
    enum { MOST = 32768 };
    if (p->data && p->width >= 1 && p->height >= 1 && p->width <= MOST &&
        p->height <= MOST)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "a picture of %dx%d%s, expected 1x1 to %dx%d", p->width,
                      p->height, p->data ? "" : " without data", MOST, MOST);
}

int s2v_session_send_video(s2v_session *session, const s2v_picture *given,
                           s2v_error *err)
{
    static const char name[] = "s2v_session_send_video";
    const s2vi_family *f = session->family;
    s2v_picture picture;
    int ret = check_input(session, f->send_video, S2V_MEDIUM_VIDEO, name, err);
    if (!ret)
        ret = check_required(session, name, err);
    if (!ret)
        ret = read_picture(&picture, given, err);
    return ret < 0 ? ret
                   : sent(session, 1,
                          f->send_video(session->stream, &picture, err));
}

/* ---- beside it ---- */

/* That the family takes what is set, and the stream has not begun. */
static int check_set(const s2v_session *s, bool has, unsigned medium,
                     const char *function, s2v_error *err)
{
    const int ret = check_input(s, has, medium, function, err);
    return ret < 0 || !s->begun
               ? ret
               : s2vi_error(err, S2V_ERR_INVALID,
                            "%s: it came after the first input: flush the "
                            "session to start anew with it",
                            function);
}

/* What a set function has returned; `any`: it did not take something away. */
static int was_set(s2v_session *s, unsigned medium, bool any, int ret)
{
    if (!ret)
        s->given = any ? s->given | medium : s->given & ~medium;
    return ret;
}

int s2v_session_set_image(s2v_session *session, const s2v_picture *given,
                          s2v_error *err)
{
    const s2vi_family *f = session->family;
    s2v_picture picture;
    int ret = check_set(session, f->set_image, S2V_MEDIUM_IMAGE,
                        "s2v_session_set_image", err);
    if (!ret)
        ret = read_picture(&picture, given, err);
    if (!ret)
        ret = s2vi_picture_check(&picture, err);
    return ret < 0 ? ret
                   : was_set(session, S2V_MEDIUM_IMAGE, true,
                             f->set_image(session->stream, &picture, err));
}

int s2v_session_set_text(s2v_session *session, const char *text, s2v_error *err)
{
    const s2vi_family *f = session->family;
    int ret = check_set(session, f->set_text, S2V_MEDIUM_TEXT,
                        "s2v_session_set_text", err);
    if (!ret && text && !g_utf8_validate(text, -1, NULL))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "s2v_session_set_text: the text is not UTF-8");
    return ret < 0
               ? ret
               : was_set(session, S2V_MEDIUM_TEXT, text && *text,
                         f->set_text(session->stream, text ? text : "", err));
}

int s2v_session_set_reference(s2v_session *session, const float *samples,
                              size_t count, s2v_error *err)
{
    const s2vi_family *f = session->family;
    const int ret = check_input(session, f->set_reference, S2V_MEDIUM_REFERENCE,
                                "s2v_session_set_reference", err);
    return ret < 0 ? ret
                   : was_set(session, S2V_MEDIUM_REFERENCE, true,
                             f->set_reference(session->stream, samples, count,
                                              err));
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
                                  "the session has failed before: flush it")
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
    s2v_video_frame full;
    int ret = check_output(session, f->receive_video, S2V_MEDIUM_VIDEO,
                           "s2v_session_receive_video", err);
    if (!ret)
        ret = s2vi_sized_check(frame, "s2v_video_frame", err);
    if (ret < 0)
        return ret;
    ret = f->receive_video(session->stream, &full, err);
    if (!ret)
        s2vi_sized_fill(frame, &full, sizeof(full));
    return received(session, ret, err);
}

int s2v_session_receive_audio(s2v_session *session, s2v_audio_frame *frame,
                              s2v_error *err)
{
    const s2vi_family *f = session->family;
    s2v_audio_frame full;
    int ret = check_output(session, f->receive_audio, S2V_MEDIUM_AUDIO,
                           "s2v_session_receive_audio", err);
    if (!ret)
        ret = s2vi_sized_check(frame, "s2v_audio_frame", err);
    if (ret < 0)
        return ret;
    ret = f->receive_audio(session->stream, &full, err);
    if (!ret)
        s2vi_sized_fill(frame, &full, sizeof(full));
    return received(session, ret, err);
}

/* ------------------------------------------------------------ lifetime -- */

void s2v_session_flush(s2v_session *session)
{
    session->failed = S2V_OK;
    session->begun = false;
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
    s2vi_backend_release_threads(s->model->backend);
    s2v_model_close(&s->model);
    free(s);
    *out = NULL;
}
