/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints and weight files: a training, written and read whole. */
#include "trainer_internal.h"

#include "base/error.h"
#include "models/param_file.h"
#include "weights/weights.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- texts -- */

static const char *loss_name(const s2vi_trainer *t)
{
    return t->phi              ? "perceptual"
           : t->params.squares ? "multi-scale L2"
                               : "multi-scale L1";
}

/* What a resume may not change. The rates may be: lowering it towards the end
 * is how a training is finished. */
static char *identity_text(const s2vi_trainer *t)
{
    const s2vi_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:i, s:I, s:s, s:s*, s:i, s:b, s:b}", "clips", p->data->hash,
        "sequence", p->sequence, "seed", (json_int_t)p->seed, "loss",
        loss_name(t), "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL,
        "trained_frames", (int)p->data->train, "adversarial", p->adversarial,
        "averaged", t->g.average);
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static char *progress_text(const s2vi_trainer *t)
{
    json_t *root = json_pack(
        "{s:I, s:I, s:I, s:I}", "step", (json_int_t)t->step, "epoch",
        (json_int_t)t->cursor.epoch, "clip", (json_int_t)t->cursor.clip,
        "frame", (json_int_t)t->cursor.frame);
    if (root && !isnan(t->best))
        json_object_set_new(root, "best", json_real(t->best));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static char *training_text(const s2vi_trainer *t)
{
    const s2vi_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:i, s:f, s:s, s:i, s:s, s:s*, s:b, s:s*, s:s*}",
        "tool", p->version, "seed", (json_int_t)p->seed, "iterations",
        (json_int_t)t->step, "sequence", p->sequence, "rate", p->rate, "clips",
        p->data->hash, "trained_frames", (int)p->data->train, "loss",
        loss_name(t), "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL,
        "adversarial", p->adversarial, "title", p->title, "note", p->note);
    if (root && p->adversarial)
        json_object_set_new(root, "critic_rate", json_real(p->critic_rate));
    if (root && t->g.average)
        json_object_set_new(root, "average", json_real(p->average));
    if (root && p->data->stretch)
        json_object_set_new(root, "stretch", json_integer(p->data->stretch));
    if (root && p->sound_noise > 0)
        json_object_set_new(root, "sound_noise", json_real(p->sound_noise));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static int set_text(s2vi_writer *w, const char *key, char *text, s2v_error *err)
{
    int ret = text ? s2vi_writer_set_metadata(w, key, text, err)
                   : s2vi_error_nomem(err, key);
    free(text);
    return ret;
}

/* ------------------------------------------------------------ writing -- */

/* A store's variable, as the tensor `name`, in the file's layout. */
static int add_as(s2vi_trainer *t, s2vi_writer *w, const char *variable,
                  const char *name, const s2vi_param *p, s2vi_stored type,
                  s2v_error *err)
{
    size_t n = (size_t)s2vi_shape_count(&p->shape);
    float *data = malloc(2 * n * sizeof(*data));
    if (!data)
        return s2vi_error_nomem(err, p->name);
    int ret = s2vi_store_read(t->store, variable, data, err);
    if (!ret) {
        s2vi_param_to_file(p, data, data + n);
        ret = s2vi_writer_add(w, name, type, p->file_shape.rank,
                              p->file_shape.dim, data + n, err);
    }
    free(data);
    return ret;
}

static int add_variable(s2vi_trainer *t, s2vi_writer *w, const char *prefix,
                        const s2vi_param *p, s2v_error *err)
{
    char name[96];
    snprintf(name, sizeof(name), "%s%s", prefix, p->name);
    return add_as(t, w, name, name, p, S2VI_STORED_F32, err);
}

/* What a trained parameter comes with. */
static const char *const kept[] = {"", "m.", "v.", "ema."};

static int n_kept(const s2vi_trainer *t, int param)
{
    return t->g.average && param < t->g.count ? 4 : 3;
}

static int add_states(s2vi_trainer *t, s2vi_writer *w, s2v_error *err)
{
    int ret = S2V_OK;
    const s2vi_pass *g = &t->generator;
    for (int i = 0; i < s2vi_plan_state_count(g->plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(g->plan, i);
        float *data =
            malloc((size_t)s2vi_shape_count(&state->shape) * sizeof(*data));
        ret = data ? s2vi_exec_read(g->exec, state, data)
                   : s2vi_error_nomem(err, state->name);
        if (!ret)
            ret =
                s2vi_writer_add(w, state->name, S2VI_STORED_F32,
                                state->shape.rank, state->shape.dim, data, err);
        free(data);
    }
    return ret;
}

static int add_header(s2vi_trainer *t, s2vi_writer *w, const char *kind,
                      s2v_error *err)
{
    const s2vi_trainer_params *p = &t->params;
    int ret = s2vi_writer_set_metadata(w, "s2v.model", kind, err);
    if (!ret)
        ret = s2vi_writer_set_metadata(w, "s2v.version", p->version, err);
    if (!ret && p->license)
        ret = s2vi_writer_set_metadata(w, "s2v.license", p->license, err);
    if (!ret)
        ret = set_text(w, "s2v.config", s2vi_lm_config_text(&p->config), err);
    return ret < 0 ? ret : set_text(w, "s2v.training", training_text(t), err);
}

static int finish(s2vi_writer *w, int ret, s2v_error *err)
{
    if (ret >= 0)
        return s2vi_writer_commit(&w, err);
    s2vi_writer_abort(&w);
    return ret;
}

int s2vi_trainer_probe(const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    s2vi_writer_abort(&w);
    return ret;
}

int s2vi_trainer_export(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    if (!ret)
        ret = add_header(t, w, S2VI_LM_NAME, err);
    for (int i = 0; i < t->g.count && !ret; i++) {
        const s2vi_param *p = &t->g.param[i];
        char name[96];
        snprintf(name, sizeof(name), "%s%s", t->g.average ? "ema." : "",
                 p->name);
        ret = add_as(t, w, name, p->name, p, t->params.store, err);
    }
    return finish(w, ret, err);
}

int s2vi_trainer_save(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    if (!ret)
        ret = add_header(t, w, S2VI_LM_NAME " checkpoint", err);
    if (!ret)
        ret = set_text(w, "s2v.identity", identity_text(t), err);
    if (!ret)
        ret = set_text(w, "s2v.progress", progress_text(t), err);
    for (int i = 0; i < t->list.count; i++)
        for (int k = 0; k < n_kept(t, i) && !ret; k++)
            ret = add_variable(t, w, kept[k], &t->list.param[i], err);
    if (!ret)
        ret = add_states(t, w, err);
    return finish(w, ret, err);
}

/* ------------------------------------------------------------ reading -- */

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
                                   "%sthe clips, their order, --crop, "
                                   "--start or --duration are others",
                                   comma);
            continue;
        }
        char *x = other ? json_dumps(other, JSON_ENCODE_ANY) : NULL;
        char *y = json_dumps(value, JSON_ENCODE_ANY);
        g_string_append_printf(text, "%s%s is %s there and %s here", comma, key,
                               x ? x : "missing", y);
        free(x);
        free(y);
    }
    json_decref(a);
    json_decref(b);
}

/* Of a checkpoint of this kind: same model, same clips, same training. */
static int check_same(const s2vi_trainer *t, const s2v_weights *w,
                      const char *path, s2v_error *err)
{
    char *config = s2vi_lm_config_text(&t->params.config);
    char *identity = identity_text(t);
    GString *text = g_string_new(NULL);
    int ret = config && identity ? S2V_OK : s2vi_error_nomem(err, path);
    if (!ret) {
        name_differences(text, s2v_weights_get_metadata(w, "s2v.config"),
                         config);
        name_differences(text, s2v_weights_get_metadata(w, "s2v.identity"),
                         identity);
    }
    if (text->len)
        ret = s2vi_error(err, S2V_ERR_MODEL,
                         "%s: a checkpoint of another training, which cannot "
                         "go on as this one: %s",
                         path, text->str);
    g_string_free(text, TRUE);
    free(config);
    free(identity);
    return ret;
}

static int check_identity(const s2vi_trainer *t, const s2v_weights *w,
                          const char *path, s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    if (kind && !strcmp(kind, S2VI_LM_NAME " checkpoint"))
        return check_same(t, w, path, err);
    if (kind && !strcmp(kind, S2VI_LM_NAME))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a checkpoint (.ckpt), found a weight "
                          "file, which lacks what a resume needs",
                          path);
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: expected a checkpoint of " S2VI_LM_NAME
                      ", found '%s' as its s2v.model",
                      path, kind ? kind : "");
}

static const s2vi_tensor *find_tensor(const s2v_weights *w, const char *name,
                                      int64_t count, s2v_error *err)
{
    const s2vi_tensor *tensor = s2vi_weights_find(w, name);
    if (tensor && (int64_t)tensor->count == count)
        return tensor;
    s2vi_error(err, S2V_ERR_MODEL, "%s: '%s' is missing or has another size",
               s2v_weights_get_path(w, NULL), name);
    return NULL;
}

static int read_variable(s2vi_trainer *t, const s2v_weights *w,
                         const char *prefix, const s2vi_param *p,
                         s2v_error *err)
{
    char name[96];
    snprintf(name, sizeof(name), "%s%s", prefix, p->name);
    return s2vi_param_load(p, w, name, t->store, err);
}

static int read_states(s2vi_trainer *t, const s2v_weights *w, s2v_error *err)
{
    int ret = S2V_OK;
    const s2vi_pass *g = &t->generator;
    for (int i = 0; i < s2vi_plan_state_count(g->plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(g->plan, i);
        int64_t n = s2vi_shape_count(&state->shape);
        const s2vi_tensor *tensor = find_tensor(w, state->name, n, err);
        float *data = tensor ? malloc((size_t)n * sizeof(*data)) : NULL;
        ret =
            data ? s2vi_weights_read_f32(w, tensor, data, err) : S2V_ERR_MODEL;
        if (!ret)
            ret = s2vi_exec_write(g->exec, state, data);
        free(data);
    }
    return ret;
}

static int read_progress(s2vi_trainer *t, const s2v_weights *w, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.progress");
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    json_int_t step, epoch, clip, frame;
    double best = NAN;
    int bad =
        json_unpack(root, "{s:I, s:I, s:I, s:I, s?F}", "step", &step, "epoch",
                    &epoch, "clip", &clip, "frame", &frame, "best", &best);
    json_decref(root);
    if (bad || step < 0 || epoch < 0 || clip < 0 ||
        clip >= t->params.data->count || frame < -1 ||
        frame > t->params.data->frames)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: its metadata has no usable "
                          "'s2v.progress'",
                          s2v_weights_get_path(w, NULL));
    t->step = step;
    t->best = best;
    t->cursor = (s2vi_cursor){epoch, clip, frame};
    return S2V_OK;
}

/* Open a file of the user's: with a slash it is no installed model. */
static int open_file(s2v_weights **w, const char *path, s2v_error *err)
{
    char *file = g_strconcat(strchr(path, '/') ? "" : "./", path, NULL);
    int ret = s2v_weights_open(w, file, err);
    g_free(file);
    return ret < 0 ? ret : s2v_weights_verify(*w, err);
}

int s2vi_trainer_resume(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = open_file(&w, path, err);
    if (!ret)
        ret = check_identity(t, w, path, err);
    for (int i = 0; i < t->list.count; i++)
        for (int k = 0; k < n_kept(t, i) && !ret; k++)
            ret = read_variable(t, w, kept[k], &t->list.param[i], err);
    if (!ret)
        ret = read_states(t, w, err);
    if (!ret)
        ret = read_progress(t, w, err);
    s2v_weights_close(&w);
    return ret;
}

static int check_config(const s2vi_trainer *t, const s2v_weights *w,
                        const char *path, s2v_error *err)
{
    const char *kind = s2v_weights_get_metadata(w, "s2v.model");
    if (!kind || strcmp(kind, S2VI_LM_NAME))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: expected a weight file of " S2VI_LM_NAME
                          ", found '%s' as its s2v.model",
                          path, kind ? kind : "");
    char *config = s2vi_lm_config_text(&t->params.config);
    if (!config)
        return s2vi_error_nomem(err, path);
    GString *text = g_string_new(NULL);
    name_differences(text, s2v_weights_get_metadata(w, "s2v.config"), config);
    int ret = text->len ? s2vi_error(err, S2V_ERR_MODEL,
                                     "%s: another model than is to be trained: "
                                     "%s",
                                     path, text->str)
                        : S2V_OK;
    g_string_free(text, TRUE);
    free(config);
    return ret;
}

int s2vi_trainer_start_from(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = open_file(&w, path, err);
    if (!ret)
        ret = check_config(t, w, path, err);
    for (int i = 0; i < t->g.count && !ret; i++)
        ret = read_variable(t, w, "", &t->g.param[i], err);
    s2v_weights_close(&w);
    return ret;
}
