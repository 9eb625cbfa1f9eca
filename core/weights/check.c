/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Are these the tensors a model expects, are they finite, are they intact? */
#include "weights/private.h"

#include "base/error.h"
#include "base/progress.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ expected and found -- */

/* Items as text, as many as fit, and how many there were. */
typedef struct listing {
    char text[256];
    size_t used, shown, total;
} listing;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
list(listing *l, const char *format, ...)
{
    static const size_t tail = sizeof(" and 18446744073709551615 more");
    char item[256];
    l->total++;
    if (l->shown + 1 < l->total) /* one was left out: the rest are too */
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(item, sizeof(item), format, args);
    va_end(args);
    size_t room = sizeof(l->text) - l->used;
    if (strlen(item) + 2 + tail > room)
        return;
    l->used += (size_t)snprintf(l->text + l->used, room, "%s%s",
                                l->shown ? ", " : "", item);
    l->shown++;
}

static void end_list(listing *l)
{
    if (l->shown < l->total)
        snprintf(l->text + l->used, sizeof(l->text) - l->used, "%s%zu more",
                 l->shown ? " and " : "", l->total - l->shown);
}

typedef struct shape_text {
    char text[56];
} shape_text;

static shape_text format_shape(int rank, const int64_t *shape)
{
    shape_text s;
    char text[S2VI_STORED_MAX_RANK * 22 + 3] = "[";
    size_t used = 1;
    for (int i = 0; i < rank && i < S2VI_STORED_MAX_RANK; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRId64,
                                 i ? ", " : "", shape[i]);
    snprintf(text + used, sizeof(text) - used, "]");
    if (strlen(text) >= sizeof(s.text))
        memcpy(text + sizeof(s.text) - 5, "...]", 5);
    memcpy(s.text, text, sizeof(s.text));
    return s;
}

/* '*' stands for any run of characters, none included. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool is_ignored(const char *const *patterns, const char *name)
{
    for (; patterns && *patterns; patterns++)
        if (matches(*patterns, name))
            return true;
    return false;
}

/* Note in `wrong` how the tensor differs from what is expected, if it does. */
static void compare(const s2vi_tensor *t, const s2vi_expect *e, listing *wrong)
{
    if (!s2vi_stored_is_float(t->type))
        list(wrong, "\"%s\" is of type %s, expected floats",
             s2vi_quote(t->name).text, s2vi_stored_name(t->type));
    else if (t->rank != e->rank ||
             memcmp(t->shape, e->shape, (size_t)e->rank * sizeof(t->shape[0])))
        list(wrong, "\"%s\" is %s, expected %s", s2vi_quote(t->name).text,
             format_shape(t->rank, t->shape).text,
             format_shape(e->rank, e->shape).text);
}

int s2vi_weights_check(const s2v_weights *weights, const s2vi_expect *expected,
                       size_t n, const char *const *ignore, s2v_error *err)
{
    listing missing = {.used = 0}, extra = missing, wrong = missing;
    bool *known = calloc(weights->count + 1, sizeof(*known));
    if (!known)
        return s2vi_error_nomem(err, "checking a weight file");
    for (size_t i = 0; i < n; i++) {
        const s2vi_tensor *t = s2vi_weights_find(weights, expected[i].name);
        if (t) {
            known[t - weights->tensors] = true;
            compare(t, &expected[i], &wrong);
        } else {
            list(&missing, "\"%s\"", s2vi_quote(expected[i].name).text);
        }
    }
    for (size_t i = 0; i < weights->count; i++) {
        const char *name = weights->tensors[i].name;
        if (!known[i] && !is_ignored(ignore, name))
            list(&extra, "\"%s\"", s2vi_quote(name).text);
    }
    free(known);
    if (!missing.total && !extra.total && !wrong.total)
        return S2V_OK;
    end_list(&missing);
    end_list(&extra);
    end_list(&wrong);
    const char *after_missing = extra.total || wrong.total ? "; " : "";
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: these are not the model's tensors: %s%s%s%s%s%s%s%s",
                      weights->label, missing.total ? "missing " : "",
                      missing.text, missing.total ? after_missing : "",
                      extra.total ? "unexpected " : "", extra.text,
                      extra.total && wrong.total ? "; " : "",
                      wrong.total ? "wrong " : "", wrong.text);
}

/* ------------------------------------------------------ whole numbers -- */

static int check_tensor(const s2v_weights *w, const s2vi_tensor *t,
                        s2v_error *err)
{
    const void *bytes = s2vi_weights_data(w, t);
    size_t bad = s2vi_stored_find_bad(t->type, bytes, t->count);
    if (bad == t->count)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_FORMAT,
                      "%s: tensor \"%s\" holds %g at index %zu of %zu, "
                      "expected finite floats",
                      w->label, s2vi_quote(t->name).text,
                      s2vi_stored_value(t->type, bytes, bad), bad, t->count);
}

int s2vi_weights_read_f32(const s2v_weights *weights, const s2vi_tensor *tensor,
                          float *dst, s2v_error *err)
{
    int ret = check_tensor(weights, tensor, err);
    if (ret < 0)
        return ret;
    s2vi_stored_decode(tensor->type, s2vi_weights_data(weights, tensor),
                       tensor->count, dst);
    return S2V_OK;
}

static int check_finite(const s2v_weights *w, const s2vi_progress *progress,
                        s2v_error *err)
{
    int ret = S2V_OK;
    for (size_t i = 0; i < w->count && !ret; i++) {
        ret = check_tensor(w, &w->tensors[i], err);
        if (!ret)
            ret = s2vi_progress_report(progress,
                                       (double)(i + 1) / (double)w->count, err);
    }
    return ret;
}

int s2vi_weights_check_finite(const s2v_weights *weights, s2v_error *err)
{
    return check_finite(weights, NULL, err);
}

/* ----------------------------------------------------------- checksum -- */

/* GLib takes signed lengths. */
static void add_bytes(GChecksum *sum, const uint8_t *data, size_t size)
{
    const size_t piece = (size_t)1 << 20;
    for (size_t at = 0; at < size; at += piece)
        g_checksum_update(sum, data + at,
                          (gssize)(size - at < piece ? size - at : piece));
}

void s2vi_weights_identify(const s2v_weights *weights, char identity[65])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    const bool whole = !s2v_weights_get_metadata(weights, "s2v.sha256");
    add_bytes(sum, weights->data, whole ? weights->size : weights->payload);
    snprintf(identity, 65, "%s", g_checksum_get_string(sum));
    g_checksum_free(sum);
}

static int verify_sha256(const s2v_weights *weights,
                         const s2vi_progress *progress, s2v_error *err)
{
    const char *expected = s2v_weights_get_metadata(weights, "s2v.sha256");
    if (!expected)
        return S2V_OK;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    /* in pieces, as GLib takes signed lengths */
    const size_t piece = (size_t)1 << 20;
    int ret = S2V_OK;
    for (size_t at = weights->payload; at < weights->size && !ret;
         at += piece) {
        size_t left = weights->size - at;
        g_checksum_update(sum, weights->data + at,
                          (gssize)(left < piece ? left : piece));
        ret = s2vi_progress_report(progress, (double)at / (double)weights->size,
                                   err);
    }
    const char *found = g_checksum_get_string(sum);
    if (!ret && strcmp(found, expected))
        ret = s2vi_error(err, S2V_ERR_FORMAT,
                         "%s: the file is damaged: expected tensor bytes of "
                         "SHA-256 %s, found %s",
                         weights->label, s2vi_quote(expected).text, found);
    g_checksum_free(sum);
    return ret;
}

int s2vi_weights_verify_sha256(const s2v_weights *weights, s2v_error *err)
{
    return verify_sha256(weights, NULL, err);
}

static int verify(const s2v_weights *weights, const s2vi_progress *progress,
                  s2v_error *err)
{
    const int ret = verify_sha256(weights, progress, err);
    return ret < 0 ? ret : check_finite(weights, progress, err);
}

int s2v_weights_verify(const s2v_weights *weights, s2v_error *err)
{
    return verify(weights, NULL, err);
}

/* --------------------------------------------- on a thread of its own -- */

struct s2vi_verification {
    const s2v_weights *weights;
    GThread *thread;
    GMutex mutex;
    GCond ended;
    bool done, cancelled; /* under the mutex */
    int ret;
    s2v_error err;
};

static int ask_cancelled(void *opaque, double done)
{
    s2vi_verification *v = opaque;
    (void)done;
    g_mutex_lock(&v->mutex);
    const bool cancelled = v->cancelled;
    g_mutex_unlock(&v->mutex);
    return cancelled;
}

static void *run_verification(void *opaque)
{
    s2vi_verification *v = opaque;
    const s2vi_progress progress = {ask_cancelled, v, 0, 1};
    v->ret = verify(v->weights, &progress, &v->err);
    g_mutex_lock(&v->mutex);
    v->done = true;
    g_cond_signal(&v->ended);
    g_mutex_unlock(&v->mutex);
    return NULL;
}

int s2vi_verification_begin(s2vi_verification **out, const s2v_weights *weights,
                            s2v_error *err)
{
    s2vi_verification *v = *out = calloc(1, sizeof(*v));
    if (!v)
        return s2vi_error_nomem(err, "checking a weight file");
    v->weights = weights;
    g_mutex_init(&v->mutex);
    g_cond_init(&v->ended);
    v->thread = g_thread_try_new("s2v-verify", run_verification, v, NULL);
    if (!v->thread)
        run_verification(v);
    return S2V_OK;
}

/* Half a second at most; whether it has ended. */
static bool wait_for(s2vi_verification *v)
{
    const gint64 until = g_get_monotonic_time() + G_USEC_PER_SEC / 2;
    g_mutex_lock(&v->mutex);
    while (!v->done && g_cond_wait_until(&v->ended, &v->mutex, until))
        ;
    const bool done = v->done;
    g_mutex_unlock(&v->mutex);
    return done;
}

int s2vi_verification_end(s2vi_verification **out, bool cancel,
                          const s2vi_progress *progress, s2v_error *err)
{
    s2vi_verification *v = *out;
    int ret = S2V_OK;
    *out = NULL;
    if (!v)
        return S2V_OK;
    while (!cancel && !ret && !wait_for(v))
        ret = s2vi_progress_report(progress, 0, err);
    g_mutex_lock(&v->mutex);
    v->cancelled = cancel || ret < 0;
    g_mutex_unlock(&v->mutex);
    if (v->thread)
        g_thread_join(v->thread);
    if (!ret && v->ret < 0) {
        ret = v->ret;
        if (err)
            *err = v->err;
    }
    g_cond_clear(&v->ended);
    g_mutex_clear(&v->mutex);
    free(v);
    return ret;
}
