/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the checkpoints and weight files of all trainings have in common. */
#include "files.h"

#include "base/error.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ writing -- */

int s2vi_file_set_text(s2vi_writer *w, const char *key, const char *text,
                       s2v_error *err)
{
    return text ? s2vi_writer_set_metadata(w, key, text, err)
                : s2vi_error_nomem(err, key);
}

static int add_header(s2vi_writer *w, const s2vi_file_header *h, s2v_error *err)
{
    char *kind =
        g_strconcat(h->model, h->checkpoint ? " checkpoint" : "", NULL);
    int ret = s2vi_file_set_text(w, "s2v.model", kind, err);
    if (!ret)
        ret = s2vi_file_set_text(w, "s2v.version", h->version, err);
    if (!ret && h->license)
        ret = s2vi_file_set_text(w, "s2v.license", h->license, err);
    if (!ret)
        ret = s2vi_file_set_text(w, "s2v.config", h->config, err);
    if (!ret)
        ret = s2vi_file_set_text(w, "s2v.training", h->training, err);
    g_free(kind);
    return ret;
}

int s2vi_file_begin(s2vi_writer **w, const char *path,
                    const s2vi_file_header *header, s2v_error *err)
{
    int ret = s2vi_writer_create(w, path, err);
    if (!ret)
        ret = add_header(*w, header, err);
    if (ret < 0)
        s2vi_writer_abort(w);
    return ret;
}

int s2vi_file_add(s2vi_writer *w, s2vi_store *store, const char *variable,
                  const char *name, const s2vi_param *p, s2vi_stored type,
                  s2v_error *err)
{
    size_t n = (size_t)s2vi_shape_count(&p->shape);
    float *data = malloc(2 * n * sizeof(*data));
    if (!data)
        return s2vi_error_nomem(err, p->name);
    int ret = s2vi_store_read(store, variable, data, err);
    if (!ret) {
        s2vi_param_to_file(p, data, data + n);
        ret = s2vi_writer_add(w, name, type, p->file_shape.rank,
                              p->file_shape.dim, data + n, err);
    }
    free(data);
    return ret;
}

/* What a trained parameter comes with. */
static const char *const prefixes[] = {"", "m.", "v.", "ema."};

static int n_prefixes(const s2vi_param *p, bool average)
{
    return p->buffer ? 1 : average ? 4 : 3;
}

int s2vi_file_add_trained(s2vi_writer *w, s2vi_store *store,
                          const s2vi_param *p, bool average, s2v_error *err)
{
    int ret = S2V_OK;
    for (int k = 0; k < n_prefixes(p, average) && !ret; k++) {
        char name[96];
        snprintf(name, sizeof(name), "%s%s", prefixes[k], p->name);
        ret = s2vi_file_add(w, store, name, name, p, S2VI_STORED_F32, err);
    }
    return ret;
}

json_t *s2vi_file_cursor(const s2vi_cursor *c)
{
    return json_pack("{s:I, s:I, s:I}", "epoch", (json_int_t)c->epoch, "clip",
                     (json_int_t)c->clip, "frame", (json_int_t)c->frame);
}

bool s2vi_file_read_cursor(json_t *progress, const s2vi_dataset *data,
                           s2vi_cursor *cursor)
{
    json_int_t epoch, clip, frame;
    if (json_unpack(progress, "{s:I, s:I, s:I}", "epoch", &epoch, "clip", &clip,
                    "frame", &frame) ||
        epoch < 0 || epoch > S2VI_FILE_MOST_STEPS || clip < 0 ||
        clip >= data->count || frame < -1 || frame > data->frames)
        return false;
    *cursor = (s2vi_cursor){epoch, clip, frame};
    return true;
}

int s2vi_file_finish(s2vi_writer *w, int ret, s2v_error *err)
{
    if (ret >= 0)
        return s2vi_writer_commit(&w, err);
    s2vi_writer_abort(&w);
    return ret;
}

int s2vi_file_probe(const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    s2vi_writer_abort(&w);
    return ret;
}

/* ------------------------------------------------------------ reading -- */

int s2vi_file_read_trained(const s2v_weights *w, s2vi_store *store,
                           const s2vi_param *p, bool average, s2v_error *err)
{
    int ret = S2V_OK;
    for (int k = 0; k < n_prefixes(p, average) && !ret; k++) {
        char name[96];
        snprintf(name, sizeof(name), "%s%s", prefixes[k], p->name);
        ret = s2vi_param_load(p, w, name, store, err);
    }
    return ret;
}

/* With a slash it is no installed model. */
int s2vi_file_open(s2v_weights **w, const char *path, s2v_error *err)
{
    char *file = g_strconcat(strchr(path, '/') ? "" : "./", path, NULL);
    int ret = s2v_weights_open(w, file, err);
    g_free(file);
    return ret < 0 ? ret : s2v_weights_verify(*w, err);
}

/* What a key stands for where a file says nothing of it. */
static bool is_off(const json_t *value)
{
    return !value || json_is_false(value);
}

/* Add to `text` "KEY is X there and Y here" for what differs. */
static void name_differences(GString *text, const char *there, const char *here)
{
    const char *key;
    json_t *value;
    json_t *a = json_loads(there ? there : "{}", 0, NULL);
    json_t *b = json_loads(here, 0, NULL);
    json_object_foreach(b, key, value)
    {
        const json_t *other = json_object_get(a, key);
        if (json_equal(other, value) || (is_off(other) && is_off(value)))
            continue;
        const char *comma = text->len ? ", " : "";
        if (!strcmp(key, "clips")) { /* a hash says nothing to a reader */
            g_string_append_printf(text,
                                   "%sthe clips, their order, --crop, --start "
                                   "or --duration differ",
                                   comma);
            continue;
        }
        char *x = other ? json_dumps(other, JSON_ENCODE_ANY) : NULL;
        char *y = json_dumps(value, JSON_ENCODE_ANY);
        g_string_append_printf(text,
                               "%s%s is %s in the file and %s in this run",
                               comma, key, x ? x : "missing", y);
        free(x);
        free(y);
    }
    json_decref(a);
    json_decref(b);
}

/* S2V_ERR_MODEL and `format`, of path and differences, if there are any. */
static int check_same(const s2v_weights *w, const char *path,
                      const char *config, const char *identity,
                      const char *verdict, s2v_error *err)
{
    GString *text = g_string_new(NULL);
    int ret = S2V_OK;
    name_differences(text, s2v_weights_get_metadata(w, "s2v.config"), config);
    if (identity)
        name_differences(text, s2v_weights_get_metadata(w, "s2v.identity"),
                         identity);
    if (text->len)
        ret = s2vi_error(err, S2V_ERR_MODEL, "%s: %s: %s", path, verdict,
                         text->str);
    g_string_free(text, TRUE);
    return ret;
}

int s2vi_file_check_checkpoint(const s2v_weights *w, const char *path,
                               const char *model, const char *config,
                               const char *identity, s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    const size_t n = strlen(model);
    if (!config || !identity)
        return s2vi_error_nomem(err, path);
    if (kind && !strncmp(kind, model, n) && !strcmp(kind + n, " checkpoint"))
        return check_same(w, path, config, identity,
                          "a checkpoint of another training, which cannot be "
                          "resumed with these options",
                          err);
    if (kind && !strcmp(kind, model))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a checkpoint (.ckpt), found a weight "
                          "file, which cannot be resumed",
                          path);
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: expected a checkpoint of %s, found '%s' as its "
                      "s2v.model",
                      path, model, kind ? kind : "");
}

int s2vi_file_check_weights(const s2v_weights *w, const char *path,
                            const char *model, const char *config,
                            s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    if (!config)
        return s2vi_error_nomem(err, path);
    if (!kind || strcmp(kind, model))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a weight file of %s, found '%s' as its "
                          "s2v.model",
                          path, model, kind ? kind : "");
    return check_same(w, path, config, NULL,
                      "not the model that is being trained", err);
}
