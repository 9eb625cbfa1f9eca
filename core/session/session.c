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

/* The one text of a value, however it was written: `text` or `number`. */
static const char *value_text(const s2v_option *o, const s2vi_value *value,
                              char number[G_ASCII_DTOSTR_BUF_SIZE])
{
    if (o->kind == S2V_OPTION_TEXT)
        return value->text;
    if (o->kind == S2V_OPTION_NUMBER || value->number < 0)
        return g_ascii_dtostr(number, G_ASCII_DTOSTR_BUF_SIZE, value->number);
    snprintf(number, G_ASCII_DTOSTR_BUF_SIZE, "%" PRIu64, value->integer);
    return number;
}

/* Room for a text: numbers always have it, as they change while running. */
static int make_room(s2vi_kept_text *kept, size_t size, s2v_error *err)
{
    const size_t room =
        size < G_ASCII_DTOSTR_BUF_SIZE ? (size_t)G_ASCII_DTOSTR_BUF_SIZE : size;
    if (room <= kept->room)
        return S2V_OK;
    char *grown = realloc(kept->text, room);
    if (!grown)
        return s2vi_error_nomem(err, "an option");
    if (!kept->room)
        *grown = '\0';
    kept->text = grown;
    kept->room = room;
    return S2V_OK;
}

static int set_option(s2v_session *s, const s2vi_option *o, const char *given,
                      s2v_error *err)
{
    s2vi_kept_text *kept = &s->value[o - s->family->options];
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    s2vi_value value;
    int ret = s2vi_option_parse(&o->about, given, &value, err);
    if (ret < 0)
        return ret;
    const char *text = value_text(&o->about, &value, number);
    ret = make_room(kept, strlen(text) + 1, err);
    if (!ret)
        ret = o->set(s->stream, &value, err);
    if (!ret)
        memcpy(kept->text, text, strlen(text) + 1);
    return ret;
}

static size_t count_options(const s2vi_family *family)
{
    size_t n = 0;
    while (family->options[n].about.name)
        n++;
    return n;
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
    s->value = calloc(count_options(s->family) + 1, sizeof(*s->value));
    ret = s->value
              ? s->family->create(&s->stream, model->network, &s->logger, err)
              : s2vi_error_nomem(err, "a session");
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
    all.sent = session->sent;
    all.received = session->received;
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
    s->sent += ret ? 0 : (int64_t)count;
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

/* ---- digests of it, by which a saved state knows it again ---- */

static void add_bytes(GChecksum *sum, const void *data, size_t size)
{
    const size_t most = 1 << 20;
    const guchar *at = data;
    for (; size;
         at += size < most ? size : most, size -= size < most ? size : most)
        g_checksum_update(sum, at, (gssize)(size < most ? size : most));
}

static void finish_digest(GChecksum *sum, char digest[65])
{
    snprintf(digest, 65, "%s", g_checksum_get_string(sum));
    g_checksum_free(sum);
}

static void digest_picture(const s2v_picture *p, char digest[65])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    add_bytes(sum, &p->width, sizeof(p->width));
    for (int y = 0; y < p->height; y++)
        add_bytes(sum, p->data + y * p->stride, 3 * (size_t)p->width);
    finish_digest(sum, digest);
}

static void digest_text(const char *text, char digest[65])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    add_bytes(sum, text, strlen(text));
    finish_digest(sum, digest);
    if (!*text)
        *digest = '\0';
}

/* As much of it as is used: a minute. */
static void digest_reference(const s2v_session *s, const float *samples,
                             size_t count, char digest[65])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(s->model, &info);
    const size_t most = 60 * (size_t)info.sample_rate;
    add_bytes(sum, samples, (count < most ? count : most) * sizeof(*samples));
    finish_digest(sum, digest);
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
    if (!ret)
        ret = f->set_image(session->stream, &picture, err);
    if (!ret)
        digest_picture(&picture, session->digest[S2VI_DIGEST_IMAGE]);
    return was_set(session, S2V_MEDIUM_IMAGE, true, ret);
}

int s2v_session_set_text(s2v_session *session, const char *text, s2v_error *err)
{
    const s2vi_family *f = session->family;
    int ret = check_set(session, f->set_text, S2V_MEDIUM_TEXT,
                        "s2v_session_set_text", err);
    if (!ret && text && !g_utf8_validate(text, -1, NULL))
        ret = s2vi_error(err, S2V_ERR_INVALID,
                         "s2v_session_set_text: the text is not UTF-8");
    text = text ? text : "";
    if (!ret)
        ret = f->set_text(session->stream, text, err);
    if (!ret)
        digest_text(text, session->digest[S2VI_DIGEST_TEXT]);
    return was_set(session, S2V_MEDIUM_TEXT, *text, ret);
}

int s2v_session_set_reference(s2v_session *session, const float *samples,
                              size_t count, s2v_error *err)
{
    const s2vi_family *f = session->family;
    int ret = check_input(session, f->set_reference, S2V_MEDIUM_REFERENCE,
                          "s2v_session_set_reference", err);
    if (!ret)
        ret = f->set_reference(session->stream, samples, count, err);
    if (!ret)
        digest_reference(session, samples, count,
                         session->digest[S2VI_DIGEST_REFERENCE]);
    return was_set(session, S2V_MEDIUM_REFERENCE, true, ret);
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

/* What a family's receive function has returned: `count` frames or samples. */
static int received(s2v_session *s, int ret, size_t count, s2v_error *err)
{
    s->received += ret ? 0 : (int64_t)count;
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
    return received(session, ret, 1, err);
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
    return received(session, ret, ret ? 0 : full.count, err);
}

/* --------------------------------------------------------------- state -- */

int s2v_session_save(s2v_session *s, const char *note, const void **data,
                     size_t *size, s2v_error *err)
{
    *data = NULL;
    *size = 0;
    if (s->failed)
        return s2vi_error(err, s->failed,
                          "s2v_session_save: the session has failed before: "
                          "flush it");
    if (note && !g_utf8_validate(note, -1, NULL))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "s2v_session_save: the note is not UTF-8");
    free(s->state);
    const int ret = s2vi_session_save(s, note, &s->state, size, err);
    *data = s->state;
    return ret;
}

int s2v_session_restore(s2v_session *s, const void *data, size_t size,
                        const char **note, s2v_error *err)
{
    s2v_session_flush(s);
    free(s->note);
    const int ret = s2vi_session_restore(s, data, size, &s->note, err);
    if (ret < 0)
        s2v_session_flush(s);
    s->begun = s->sent > 0;
    if (note)
        *note = s->note;
    return ret;
}

/* ------------------------------------------------------------ lifetime -- */

void s2v_session_flush(s2v_session *session)
{
    session->failed = S2V_OK;
    session->begun = false;
    session->sent = session->received = 0;
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
    for (size_t i = 0; s->value && i < count_options(s->family); i++)
        free(s->value[i].text);
    free(s->value);
    free(s->state);
    free(s->note);
    s2vi_backend_release_threads(s->model->backend);
    s2v_model_close(&s->model);
    free(s);
    *out = NULL;
}
