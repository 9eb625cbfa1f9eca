/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints and weight files: a training, written and read whole. */
#include "recipes/listen_and_move_trainer_internal.h"

#include "base/error.h"
#include "files.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- texts -- */

static const char *loss_name(const s2vi_lm_trainer *t)
{
    return t->phi              ? "perceptual"
           : t->params.squares ? "multi-scale L2"
                               : "multi-scale L1";
}

/* What a resume may not change. The rates may be: lowering it towards the end
 * is how a training is finished. */
static char *identity_text(const s2vi_lm_trainer *t)
{
    const s2vi_lm_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:i, s:I, s:s, s:s*, s:i, s:b, s:b}", "clips", p->data->hash,
        "sequence", p->sequence, "seed", (json_int_t)p->seed, "loss",
        loss_name(t), "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL,
        "trained_frames", (int)p->data->train, "adversarial", p->adversarial,
        "averaged", t->g.average);
    if (root && p->hearing && p->hearing->levelled)
        json_object_set_new(root, "levelled", json_true());
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

/* One for each kind of score: they do not compare. */
static const char *best_key(const s2vi_lm_trainer *t)
{
    return t->params.score_is_lpips ? "best LPIPS" : "best";
}

static char *progress_text(const s2vi_lm_trainer *t)
{
    json_t *root = json_pack(
        "{s:I, s:I, s:I, s:I}", "step", (json_int_t)t->step, "epoch",
        (json_int_t)t->cursor.epoch, "clip", (json_int_t)t->cursor.clip,
        "frame", (json_int_t)t->cursor.frame);
    if (root && !isnan(t->best))
        json_object_set_new(root, best_key(t), json_real(t->best));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static char *training_text(const s2vi_lm_trainer *t)
{
    const s2vi_lm_trainer_params *p = &t->params;
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:i, s:f, s:s, s:i, s:s, s:s*, s:b, s:s*, s:s*}",
        "tool", p->version, "seed", (json_int_t)p->seed, "iterations",
        (json_int_t)t->step, "sequence", p->sequence, "rate", p->rate, "clips",
        p->data->hash, "trained_frames", (int)p->data->train, "loss",
        loss_name(t), "network", t->phi ? s2vi_perceptual_name(t->phi) : NULL,
        "adversarial", p->adversarial, "title", p->title, "note", p->note);
    if (root && p->adversarial) {
        json_object_set_new(root, "critic_rate", json_real(p->critic_rate));
        json_object_set_new(root, "alpha", json_real(p->alpha));
    }
    if (root && t->g.average)
        json_object_set_new(root, "average", json_real(p->average));
    if (root && p->data->stretch)
        json_object_set_new(root, "stretch", json_integer(p->data->stretch));
    if (root && p->sound_noise > 0)
        json_object_set_new(root, "sound_noise", json_real(p->sound_noise));
    if (root && p->hearing && p->hearing->level_jitter > 0)
        json_object_set_new(root, "level_jitter",
                            json_real(p->hearing->level_jitter));
    if (root && p->hearing && p->hearing->spectrum_jitter > 0)
        json_object_set_new(root, "spectrum_jitter",
                            json_real(p->hearing->spectrum_jitter));
    char *text = root ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

/* "-18.2", in LUFS; NULL: out of memory. */
static char *level_text(double level)
{
    char text[32];
    g_ascii_formatd(text, sizeof(text), "%.1f", level);
    return strdup(text);
}

/* The header of a file; the texts are to be freed. */
static s2vi_file_header header_of(const s2vi_lm_trainer *t, bool checkpoint)
{
    const s2vi_lm_trainer_params *p = &t->params;
    const s2vi_hearing *h = p->hearing;
    return (s2vi_file_header){
        .model = S2VI_LM_NAME,
        .checkpoint = checkpoint,
        .version = p->version,
        .license = p->license,
        .config = s2vi_lm_config_text(&p->config),
        .training = training_text(t),
        .identity = identity_text(t),
        .progress = progress_text(t),
        .level = h && h->levelled ? level_text(h->level) : NULL,
        .spectrum = h && h->levelled ? s2vi_spectrum_text(&h->spectrum) : NULL,
        .features = h ? s2vi_feature_range_text(&h->range) : NULL,
    };
}

static void free_header(s2vi_file_header *h)
{
    free((char *)h->config);
    free((char *)h->training);
    free((char *)h->identity);
    free((char *)h->progress);
    free((char *)h->level);
    free((char *)h->spectrum);
    free((char *)h->features);
}

static int begin(const s2vi_lm_trainer *t, s2vi_writer **w, const char *path,
                 bool checkpoint, s2v_error *err)
{
    s2vi_file_header header = header_of(t, checkpoint);
    int ret = s2vi_file_begin(w, path, &header, err);
    free_header(&header);
    return ret;
}

/* ------------------------------------------------------------ writing -- */

static bool averaged(const s2vi_lm_trainer *t, int param)
{
    return t->g.average && param < t->g.count;
}

static int add_states(s2vi_lm_trainer *t, s2vi_writer *w, s2v_error *err)
{
    int ret = S2V_OK;
    const s2vi_lm_step *g = &t->generator;
    for (int i = 0; i < s2vi_plan_state_count(g->step.plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(g->step.plan, i);
        float *data =
            malloc((size_t)s2vi_shape_count(&state->shape) * sizeof(*data));
        ret = data ? s2vi_exec_read(g->step.exec, state, data)
                   : s2vi_error_nomem(err, state->name);
        if (!ret)
            ret =
                s2vi_writer_add(w, state->name, S2VI_STORED_F32,
                                state->shape.rank, state->shape.dim, data, err);
        free(data);
    }
    return ret;
}

int s2vi_lm_trainer_export(s2vi_lm_trainer *t, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(t, &w, path, false, err);
    for (int i = 0; i < t->g.count && !ret; i++) {
        const s2vi_param *p = &t->g.param[i];
        char name[96];
        snprintf(name, sizeof(name), "%s%s", t->g.average ? "ema." : "",
                 p->name);
        ret =
            s2vi_file_add(w, t->store, name, p->name, p, t->params.store, err);
    }
    return s2vi_file_finish(w, ret, err);
}

int s2vi_lm_trainer_save(s2vi_lm_trainer *t, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    int ret = begin(t, &w, path, true, err);
    for (int i = 0; i < t->list.count && !ret; i++)
        ret = s2vi_file_add_trained(w, t->store, &t->list.param[i],
                                    averaged(t, i), err);
    if (!ret)
        ret = add_states(t, w, err);
    return s2vi_file_finish(w, ret, err);
}

/* ------------------------------------------------------------ reading -- */

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

static int read_states(s2vi_lm_trainer *t, const s2v_weights *w, s2v_error *err)
{
    int ret = S2V_OK;
    const s2vi_lm_step *g = &t->generator;
    for (int i = 0; i < s2vi_plan_state_count(g->step.plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(g->step.plan, i);
        int64_t n = s2vi_shape_count(&state->shape);
        const s2vi_tensor *tensor = find_tensor(w, state->name, n, err);
        float *data = tensor ? malloc((size_t)n * sizeof(*data)) : NULL;
        ret =
            data ? s2vi_weights_read_f32(w, tensor, data, err) : S2V_ERR_MODEL;
        if (!ret)
            ret = s2vi_exec_write(g->step.exec, state, data);
        free(data);
    }
    return ret;
}

static int read_progress(s2vi_lm_trainer *t, const s2v_weights *w,
                         s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.progress");
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    json_int_t step, epoch, clip, frame;
    double best = NAN;
    int bad =
        json_unpack(root, "{s:I, s:I, s:I, s:I, s?F}", "step", &step, "epoch",
                    &epoch, "clip", &clip, "frame", &frame, best_key(t), &best);
    json_decref(root);
    if (bad || step < 0 || step > S2VI_FILE_MOST_STEPS || epoch < 0 ||
        epoch > S2VI_FILE_MOST_STEPS || clip < 0 ||
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

static int check_checkpoint(const s2vi_lm_trainer *t, const s2v_weights *w,
                            const char *path, s2v_error *err)
{
    s2vi_file_header h = header_of(t, true);
    int ret =
        s2vi_file_check_checkpoint(w, path, h.model, h.config, h.identity, err);
    free_header(&h);
    return ret;
}

int s2vi_lm_trainer_resume(s2vi_lm_trainer *t, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = check_checkpoint(t, w, path, err);
    for (int i = 0; i < t->list.count && !ret; i++)
        ret = s2vi_file_read_trained(w, t->store, &t->list.param[i],
                                     averaged(t, i), err);
    if (!ret)
        ret = read_states(t, w, err);
    if (!ret)
        ret = read_progress(t, w, err);
    s2v_weights_close(&w);
    return ret;
}

int s2vi_lm_trainer_start_from(s2vi_lm_trainer *t, const char *path,
                               s2v_error *err)
{
    s2v_weights *w = NULL;
    char *config = s2vi_lm_config_text(&t->params.config);
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = s2vi_file_check_weights(w, path, S2VI_LM_NAME, config, err);
    for (int i = 0; i < t->g.count && !ret; i++)
        ret = s2vi_param_load(&t->g.param[i], w, t->g.param[i].name, t->store,
                              err);
    s2v_weights_close(&w);
    free(config);
    return ret;
}
