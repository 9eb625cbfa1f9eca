/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: sound in, frames out, or the other way, in any interleaving. */
#include "session/session.h"

#include "video/pixel.h"

#include <glib.h>
#include <math.h>
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

/* The level that the caller wants: a leveller and an equaliser, or a gain. */
static int set_level(s2v_session *s, const char *level, s2v_error *err)
{
    char *end;
    s->gain = 1.0f;
    const bool automatic = !level || !strcmp(level, "auto");
    s->equalised = automatic && s->model->has_spectrum;
    if (s->equalised)
        s2vi_equaliser_start(&s->equaliser, &s->model->spectrum);
    if (automatic)
        return isnan(s->model->level)
                   ? S2V_OK
                   : s2vi_level_create(&s->level, s->model->level, err);
    if (!strcmp(level, "off"))
        return S2V_OK;
    const double gain = g_ascii_strtod(level, &end);
    if (end == level || *end || !(gain >= -60 && gain <= 60))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "level: expected auto, off or a gain from -60 to 60 "
                          "dB, found '%.40s'",
                          level);
    s->gain = (float)pow(10.0, gain / 20.0);
    return S2V_OK;
}

static int create_lm(s2v_session *s, const char *level, s2v_error *err)
{
    const size_t side = (size_t)s->model->config.size;
    s->rgb = malloc(side * side * 3);
    if (!s->rgb)
        return s2vi_error_nomem(err, "a frame");
    int ret = set_level(s, level, err);
    if (!ret)
        ret = s2vi_lms_create(&s->lms, err);
    if (!ret)
        ret = s2vi_exec_create(&s->exec, s->model->plan, err);
    if (!ret && !s2vi_exec_view(s->exec, s->model->lm.video)) {
        s->video = malloc(side * side * 3 * sizeof(*s->video));
        if (!s->video)
            return s2vi_error_nomem(err, "a frame");
    }
    if (!ret && getenv("S2V_PROFILE"))
        ret = s2vi_profile_create(&s->profile, s->exec, err);
    return ret;
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
    s->seed = params.seed;
    s->logger = params.log ? (s2vi_logger){params.log, params.log_opaque}
                           : model->logger;
    ret = model->foley ? s2vi_foley_stream_create(&s->foley, model->foley, err)
                       : create_lm(s, params.level, err);
    s2vi_backend_rest(model->backend);
    if (ret < 0)
        s2v_session_close(out);
    return ret;
}

/* ---------------------------------------------- between sound and video -- */

static const char *what(s2v_medium medium)
{
    return medium == S2V_MEDIUM_AUDIO ? "sound" : "video";
}

/* That the session's model goes from `from` to the other medium. */
static int check_way(const s2v_session *session, s2v_medium from,
                     const char *function, s2v_error *err)
{
    const s2v_medium own = session->foley ? S2V_MEDIUM_VIDEO : S2V_MEDIUM_AUDIO;
    if (own == from)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s: the model makes %s of %s, expected one that makes "
                      "%s of %s",
                      function, what(from), what(own), what(own), what(from));
}

static int check_state(const s2v_session *session, s2v_error *err)
{
    return session->failed ? s2vi_error(err, session->failed,
                                        "the session failed before: flush it")
                           : S2V_OK;
}

/* --------------------------------------------------------------- sound -- */

static int send_block(s2v_session *s, const float *block, size_t n)
{
    return n ? s2vi_lms_send(s->lms, block, n) : S2V_OK;
}

/* Room for n samples and what the leveller holds, so that all that is sent in
 * blocks is taken, or none; S2V_ERR_EOF once drained. */
static int make_room(s2v_session *s, size_t n)
{
    const int ret = s2vi_lms_send(s->lms, NULL, 0);
    if (ret < 0)
        return ret;
    return n > SIZE_MAX - S2VI_LEVEL_STEP
               ? S2V_ERR_NOMEM
               : s2vi_lms_reserve(s->lms, n + S2VI_LEVEL_STEP);
}

static int send_levelled(s2v_session *s, const float *samples, size_t n)
{
    float block[S2VI_LEVEL_STEP];
    int ret = make_room(s, n);
    if (!ret)
        ret = s2vi_level_prepare(s->level);
    while (!ret && n) {
        const size_t m = s2vi_level_send(s->level, &samples, &n, block);
        ret = send_block(s, block, m);
    }
    return ret;
}

static int send_amplified(s2v_session *s, const float *samples, size_t n)
{
    float block[S2VI_LEVEL_STEP];
    int ret = make_room(s, n);
    while (!ret && n) {
        const size_t m = n < S2VI_LEVEL_STEP ? n : S2VI_LEVEL_STEP;
        for (size_t i = 0; i < m; i++)
            block[i] = samples[i] * s->gain;
        ret = send_block(s, block, m);
        samples += m;
        n -= m;
    }
    return ret;
}

static void drain_sound(s2v_session *s)
{
    float block[S2VI_LEVEL_STEP];
    const size_t n = s->level ? s2vi_level_drain(s->level, block) : 0;
    send_block(s, block, n); /* room for it is there */
    s2vi_lms_drain(s->lms);
}

int s2v_session_send_audio(s2v_session *session, const float *samples,
                           size_t count, s2v_error *err)
{
    int ret =
        check_way(session, S2V_MEDIUM_AUDIO, "s2v_session_send_audio", err);
    if (ret < 0)
        return ret;
    if (session->level)
        ret = send_levelled(session, samples, count);
    else if (session->gain != 1.0f)
        ret = send_amplified(session, samples, count);
    else
        ret = s2vi_lms_send(session->lms, samples, count);
    if (ret == S2V_ERR_EOF)
        return s2vi_error(err, ret,
                          "sound was sent after the drain: flush "
                          "the session to start anew");
    return ret < 0 ? s2vi_error_nomem(err, "sound that waits") : S2V_OK;
}

int s2v_session_drain(s2v_session *session, s2v_error *err)
{
    (void)err;
    if (session->foley)
        s2vi_foley_stream_drain(session->foley);
    else
        drain_sound(session);
    return S2V_OK;
}

/* ---------------------------------------------------------------- frames -- */

enum {
    CHECKED = 200,     /* frames that are looked at together: 10 s */
    MOST_FOREIGN = 80, /* of these, those that may be foreign */
    FOREIGN_BANDS = 8, /* of 64, outside the range: a foreign frame */
};

/* Bring features into the range that the model knows, and say once that most
 * of a sound lies outside. */
static void keep_in_range(s2v_session *s, float *features)
{
    const int outside = s2vi_feature_range_apply(&s->model->range, features);
    s->foreign += outside >= FOREIGN_BANDS;
    if (++s->checked < CHECKED)
        return;
    if (s->foreign > MOST_FOREIGN && !s->warned) {
        s2vi_log(&s->logger, S2V_LOG_WARNING,
                 "the sound is unlike what this model was trained on (%d of "
                 "the last %d frames): the picture may not follow it",
                 s->foreign, CHECKED);
        s->warned = true;
    }
    s->checked = s->foreign = 0;
}

static int make_frame(s2v_session *s, const float *features, s2v_error *err)
{
    const s2vi_lm_graph *lm = &s->model->lm;
    const s2vi_clock clock = {.seed = s->seed, .frame = (uint64_t)s->pts};
    size_t side = (size_t)s->model->config.size;
    int ret = s2vi_exec_write(s->exec, lm->features, features);
    if (!ret)
        ret = s2vi_exec_run(s->exec, &clock, err);
    if (ret < 0)
        return ret;
    const float *video = s->video;
    if (!video)
        video = s2vi_exec_view(s->exec, lm->video);
    else if ((ret = s2vi_exec_read(s->exec, lm->video, s->video)) < 0)
        return s2vi_error(err, ret, "the frame cannot be read");
    uint8_t *rgb = s->rgb;
    for (size_t i = 0; i < side * side * 3; i++)
        rgb[i] = s2vi_pixel_byte(video[i]);
    return S2V_OK;
}

int s2v_session_receive_video(s2v_session *session, s2v_video_frame *frame,
                              s2v_error *err)
{
    float features[S2VI_LMS_BANDS];
    int ret =
        check_way(session, S2V_MEDIUM_AUDIO, "s2v_session_receive_video", err);
    if (!ret)
        ret = check_state(session, err);
    if (ret < 0)
        return ret;
    ret = s2vi_lms_receive(session->lms, features);
    if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
        return s2vi_error(err, ret, "%s", s2v_status_string(ret));
    if (!ret && session->equalised)
        s2vi_equaliser_apply(&session->equaliser, features);
    if (!ret && session->model->has_range)
        keep_in_range(session, features);
    if (!ret)
        ret = make_frame(session, features, err);
    if (ret < 0) {
        session->failed = ret;
        return ret;
    }
    int side = session->model->config.size;
    *frame = (s2v_video_frame){
        .data = session->rgb,
        .stride = (ptrdiff_t)side * 3,
        .width = side,
        .height = side,
        .pts = session->pts++,
    };
    return S2V_OK;
}

/* -------------------------------------------------------------- video -- */

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
    s2v_picture picture;
    int ret =
        check_way(session, S2V_MEDIUM_VIDEO, "s2v_session_send_video", err);
    if (!ret)
        ret = read_picture(&picture, given, err);
    return ret < 0 ? ret
                   : s2vi_foley_stream_send(session->foley, &picture, err);
}

int s2v_session_set_reference(s2v_session *session, const float *samples,
                              size_t count, s2v_error *err)
{
    int ret =
        check_way(session, S2V_MEDIUM_VIDEO, "s2v_session_set_reference", err);
    return ret < 0
               ? ret
               : s2vi_foley_stream_refer(session->foley, samples, count, err);
}

int s2v_session_receive_audio(s2v_session *session, s2v_audio_frame *frame,
                              s2v_error *err)
{
    int ret =
        check_way(session, S2V_MEDIUM_VIDEO, "s2v_session_receive_audio", err);
    if (!ret)
        ret = check_state(session, err);
    if (ret < 0)
        return ret;
    ret = s2vi_foley_stream_receive(session->foley, frame, err);
    if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
        return s2vi_error(err, ret, "%s", s2v_status_string(ret));
    if (ret < 0)
        session->failed = ret;
    return ret;
}

/* ---------------------------------------------------------------- both -- */

void s2v_session_flush(s2v_session *session)
{
    session->pts = 0;
    session->failed = S2V_OK;
    if (session->foley) {
        s2vi_foley_stream_flush(session->foley);
        return;
    }
    if (session->level)
        s2vi_level_flush(session->level);
    if (session->equalised)
        s2vi_equaliser_start(&session->equaliser, &session->model->spectrum);
    session->checked = session->foreign = 0;
    s2vi_lms_flush(session->lms);
    s2vi_exec_reset(session->exec);
}

void s2v_session_close(s2v_session **out)
{
    s2v_session *s = out ? *out : NULL;
    if (!s)
        return;
    if (s->foley)
        s2vi_foley_stream_report(s->foley, &s->logger);
    if (s->profile)
        s2vi_profile_report(s->profile, "profile", &s->logger);
    s2vi_profile_close(&s->profile);
    s2vi_foley_stream_close(&s->foley);
    s2vi_exec_close(&s->exec);
    s2vi_lms_close(&s->lms);
    s2vi_level_close(&s->level);
    s2vi_backend_rest(s->model->backend);
    s2v_model_close(&s->model);
    free(s->rgb);
    free(s->video);
    free(s);
    *out = NULL;
}
