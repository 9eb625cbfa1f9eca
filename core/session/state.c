/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session's state as a blob: a safetensors container, little-endian, with the
 * variables of the family's pass_state() as tensors. Its metadata:
 *
 *   s2v.model            "FAMILY state", so that it is not taken for a model
 *   s2v.state            version of the format, 1
 *   s2v.version          the library's
 *   s2v.weights          SHA-256 of the model's header and weights
 *   s2v.device, s2v.dtype, s2v.latency, s2v.size    how the model was opened
 *   s2v.fps              its frame rate, where that is an option
 *   s2v.option.NAME      value of each option
 *   s2v.image, s2v.text, s2v.reference              SHA-256 of what was set
 *   s2v.sent, s2v.received   samples or pictures since the beginning
 *   s2v.note             the caller's
 */
#include "session/session.h"

#include "base/error.h"
#include "base/state.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "the state";

typedef struct blob {
    s2vi_state state; /* first: the family's functions have its address */
    s2vi_writer *writer;
    s2v_weights *reader;
    size_t found; /* of the reader's tensors */
} blob;

static s2vi_stored stored_type(s2vi_state_type type)
{
    return type == S2VI_STATE_FLOAT    ? S2VI_STORED_F32
           : type == S2VI_STATE_DOUBLE ? S2VI_STORED_F64
                                       : S2VI_STORED_I64;
}

/* ------------------------------------------------------------ variables -- */

static int save(s2vi_state *state, const char *variable, s2vi_state_type type,
                void *data, size_t n, s2v_error *err)
{
    const int64_t shape = (int64_t)n;
    return s2vi_writer_add_raw(((blob *)state)->writer, variable,
                               stored_type(type), 1, &shape, data, err);
}

static int find(const blob *b, const char *variable, s2vi_state_type type,
                const s2vi_tensor **tensor, s2v_error *err)
{
    const s2vi_tensor *t = *tensor = s2vi_weights_find(b->reader, variable);
    if (!t)
        return s2vi_error(err, S2V_ERR_FORMAT, "%s has no '%.60s'", name,
                          variable);
    return t->type == stored_type(type) && t->rank == 1
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "%s's '%.60s' is %s of rank %d, expected %s of "
                            "rank 1",
                            name, variable, s2vi_stored_name(t->type), t->rank,
                            s2vi_stored_name(stored_type(type)));
}

static int count(s2vi_state *state, const char *variable, s2vi_state_type type,
                 size_t *n, s2v_error *err)
{
    const s2vi_tensor *t;
    const int ret = find((blob *)state, variable, type, &t, err);
    *n = ret < 0 ? 0 : t->count;
    return ret;
}

static int restore(s2vi_state *state, const char *variable,
                   s2vi_state_type type, void *data, size_t n, s2v_error *err)
{
    blob *b = (blob *)state;
    const s2vi_tensor *t;
    const int ret = find(b, variable, type, &t, err);
    if (ret < 0)
        return ret;
    if (t->count != n)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "%s's '%.60s' has %zu elements, expected %zu", name,
                          variable, t->count, n);
    s2vi_stored_copy(t->type, s2vi_weights_data(b->reader, t), n, data);
    b->found++;
    return S2V_OK;
}

/* ------------------------------------------------ what it belongs to -- */

/* A key of the metadata and what it is in a session. */
typedef struct binding {
    const char *key;  /* NULL: none */
    const char *what; /* for the error */
    const char *value;
} binding;

enum { BINDINGS = 11, NUMBERS = 4, KEY = 128, NUMBER = 24 };

/* "12/1"; "" of a family whose models have one rate. */
static void write_rate(const s2v_session *s, char text[NUMBER])
{
    s2v_model_info info = {.size = sizeof(info)};
    s2v_model_get_info(s->model, &info);
    text[0] = '\0';
    if (s2vi_option_find(s->family, "fps", NULL))
        snprintf(text, NUMBER, "%d/%d", info.fps_num, info.fps_den);
}

static int list_bindings(const s2v_session *s, char text[NUMBERS][NUMBER],
                         binding list[BINDINGS])
{
    const s2v_model *m = s->model;
    snprintf(text[0], NUMBER, "%d", S2VI_STATE_VERSION);
    snprintf(text[1], NUMBER, "%d", m->latency_ms);
    snprintf(text[2], NUMBER, "%d", m->video_size);
    write_rate(s, text[3]);
    const binding all[BINDINGS] = {
        {"s2v.state", "format", text[0]},
        {"s2v.version", "version of s2v", s2v_version()},
        {"s2v.weights", "model", m->identity},
        {"s2v.device", "device", m->backend->table->name},
        {"s2v.dtype", "dtype", m->dtype == S2VI_BF16 ? "bf16" : "f32"},
        {"s2v.latency", "latency", text[1]},
        {"s2v.size", "size", text[2]},
        {"s2v.fps", "fps", text[3]},
        {"s2v.image", "image", s->digest[S2VI_DIGEST_IMAGE]},
        {"s2v.text", "text", s->digest[S2VI_DIGEST_TEXT]},
        {"s2v.reference", "reference", s->digest[S2VI_DIGEST_REFERENCE]},
    };
    memcpy(list, all, sizeof(all));
    return BINDINGS;
}

/* The key of an option's value. */
static const char *option_key(char key[KEY], const s2vi_option *o)
{
    snprintf(key, KEY, "s2v.option.%s", o->about.name);
    return key;
}

static void write_number(s2vi_writer *w, const char *key, int64_t value)
{
    char text[NUMBER];
    snprintf(text, sizeof(text), "%" PRId64, value);
    s2vi_writer_set_metadata(w, key, text, NULL); /* the commit tells */
}

static void write_metadata(const s2v_session *s, const char *note,
                           s2vi_writer *w)
{
    char text[NUMBERS][NUMBER], key[KEY];
    binding list[BINDINGS];
    const int n = list_bindings(s, text, list);
    snprintf(key, sizeof(key), "%s state", s->family->name);
    s2vi_writer_set_metadata(w, "s2v.model", key, NULL);
    for (int i = 0; i < n; i++)
        if (*list[i].value)
            s2vi_writer_set_metadata(w, list[i].key, list[i].value, NULL);
    for (int i = 0; s->family->options[i].about.name; i++)
        if (s->value[i].text)
            s2vi_writer_set_metadata(w, option_key(key, &s->family->options[i]),
                                     s->value[i].text, NULL);
    write_number(w, "s2v.sent", s->sent);
    write_number(w, "s2v.received", s->received);
    if (note)
        s2vi_writer_set_metadata(w, "s2v.note", note, NULL);
}

/* ---- checked ---- */

static int check_value(const s2v_weights *w, const char *key, const char *what,
                       const char *expected, s2v_error *err)
{
    const char *found = s2v_weights_get_metadata(w, key);
    if (!strcmp(found ? found : "", expected ? expected : ""))
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "%s is of another session: its %s is %.80s, expected "
                      "%.80s",
                      name, what, found && *found ? found : "not set",
                      expected && *expected ? expected : "none");
}

/* That it is a state, of this family and session. */
static int check_metadata(const s2v_session *s, const s2v_weights *w,
                          s2v_error *err)
{
    char text[NUMBERS][NUMBER], key[KEY];
    binding list[BINDINGS];
    const int n = list_bindings(s, text, list);
    if (!s2v_weights_get_metadata(w, "s2v.state"))
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "this is not the state of a session: its metadata "
                          "has no 's2v.state'");
    snprintf(key, sizeof(key), "%s state", s->family->name);
    int ret = check_value(w, "s2v.model", "kind", key, err);
    for (int i = 0; i < n && !ret; i++)
        ret = check_value(w, list[i].key, list[i].what, list[i].value, err);
    for (int i = 0; s->family->options[i].about.name && !ret; i++)
        ret = check_value(w, option_key(key, &s->family->options[i]),
                          s->family->options[i].about.name, s->value[i].text,
                          err);
    return ret;
}

static int read_number(const s2v_weights *w, const char *key, int64_t *value,
                       s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, key);
    char *end = NULL;
    *value = text ? g_ascii_strtoll(text, &end, 10) : -1;
    return text && *text && !*end && *value >= 0
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "%s's '%s' is '%.40s', expected a count", name, key,
                            text ? text : "");
}

/* --------------------------------------------------------------- public -- */

static int check_family(const s2v_session *s, s2v_error *err)
{
    return s->family->pass_state
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "sessions of '%s' models cannot be saved",
                            s->family->name);
}

int s2vi_session_save(s2v_session *s, const char *note, void **data,
                      size_t *size, s2v_error *err)
{
    blob b = {.state = {.pass = save}};
    *data = NULL;
    int ret = check_family(s, err);
    if (!ret)
        ret = s2vi_writer_create_memory(&b.writer, name, err);
    if (ret < 0)
        return ret;
    write_metadata(s, note, b.writer);
    s->family->pass_state(s->stream, &b.state);
    if (s2vi_state_ok(&b.state))
        return s2vi_writer_commit_memory(&b.writer, data, size, err);
    s2vi_writer_abort(&b.writer);
    return s2vi_error(err, b.state.first.code, "%s", b.state.first.message);
}

static int restore_all(s2v_session *s, blob *b, s2v_error *err)
{
    int ret = check_metadata(s, b->reader, err);
    if (!ret)
        ret = s2vi_weights_verify_sha256(b->reader, err);
    if (!ret)
        ret = read_number(b->reader, "s2v.sent", &s->sent, err);
    if (!ret)
        ret = read_number(b->reader, "s2v.received", &s->received, err);
    if (ret < 0)
        return ret;
    s->family->pass_state(s->stream, &b->state);
    if (!s2vi_state_ok(&b->state))
        return s2vi_error(err, b->state.first.code, "%s",
                          b->state.first.message);
    const size_t all = s2v_weights_count(b->reader);
    return all == b->found ? S2V_OK
                           : s2vi_error(err, S2V_ERR_FORMAT,
                                        "%s has %zu variables, expected %zu",
                                        name, all, b->found);
}

int s2vi_session_restore(s2v_session *s, const void *data, size_t size,
                         char **note, s2v_error *err)
{
    blob b = {.state = {.restoring = true, .pass = restore, .count = count}};
    *note = NULL;
    int ret = check_family(s, err);
    if (!ret)
        ret = s2vi_weights_open_memory(&b.reader, data, size, name, err);
    if (ret < 0)
        return ret;
    ret = restore_all(s, &b, err);
    const char *text = s2v_weights_get_metadata(b.reader, "s2v.note");
    if (!ret && !(*note = strdup(text ? text : "")))
        ret = s2vi_error_nomem(err, "a note");
    s2v_weights_close(&b.reader);
    return ret;
}
