/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints and weight files: a training, written and read whole. */
#include "trainer.h"

#include "base/error.h"
#include "files.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --------------------------------------------------------------- texts -- */

/* The texts of a file's metadata; NULL: out of memory. */
typedef struct texts {
    char *config, *training, *identity, *progress;
} texts;

/* Takes `root`; `good`: all of it is there. */
static char *dump(json_t *root, bool good)
{
    char *text = root && good ? json_dumps(root, JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static bool set_integer(json_t *root, const char *key, int64_t value)
{
    return !json_object_set_new(root, key, json_integer(value));
}

/* JSON's integers here have a sign: a seed beyond is a string. */
static bool set_seed(json_t *root, uint64_t seed)
{
    char text[24];
    if (seed <= INT64_MAX)
        return set_integer(root, "seed", (int64_t)seed);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
    return json_object_set_new(root, "seed", json_string(text)) >= 0;
}

static bool set_string(json_t *root, const char *key, const char *value)
{
    return !value || !json_object_set_new(root, key, json_string(value));
}

static char *training_text(const s2vi_trainer *t)
{
    const s2vi_trainer_params *p = &t->params;
    json_t *root = t->hooks->training(t);
    return dump(
        root, set_string(root, "tool", p->version) && set_seed(root, p->seed) &&
                  set_integer(root, "iterations", t->step) &&
                  !json_object_set_new(root, "rate", json_real(p->rate)) &&
                  set_string(root, "title", p->title) &&
                  set_string(root, "note", p->note));
}

/* The rates may change: lowering them towards the end is how a training is
 * finished. */
static char *identity_text(const s2vi_trainer *t)
{
    json_t *root = t->hooks->identity(t);
    return dump(root, set_seed(root, t->params.seed) &&
                          !json_object_set_new(root, "averaged",
                                               json_boolean(t->g.average)));
}

char *s2vi_trainer_identity(const s2vi_trainer *t)
{
    return identity_text(t);
}

static const char *score_key(const s2vi_trainer *t)
{
    return t->params.score ? t->params.score : "best";
}

/* When each parameter began to learn, in the order of the list. */
static json_t *beginnings(const s2vi_trainer *t)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int i = 0; i < t->list.count && good; i++)
        good = !json_array_append_new(list, json_integer(t->began[i]));
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

static char *progress_text(const s2vi_trainer *t)
{
    json_t *root = t->hooks->position ? t->hooks->position(t) : json_object();
    bool good = set_integer(root, "step", t->step);
    if (good && !isnan(t->best))
        good = !json_object_set_new(root, score_key(t), json_real(t->best)) &&
               set_integer(root, "best_step", t->best_step);
    if (good && t->stage)
        good = set_integer(root, "stage", t->stage) &&
               set_integer(root, "stage_step", t->stage_step) &&
               !json_object_set_new(root, "began", beginnings(t));
    if (good && t->positions)
        good = !json_object_set(root, "others", t->positions);
    if (good && t->seconds > 0)
        good = !json_object_set_new(root, "seconds", json_real(t->seconds));
    return dump(root, good);
}

static texts make_texts(const s2vi_trainer *t, bool checkpoint)
{
    return (texts){t->hooks->config(t, !checkpoint), training_text(t),
                   checkpoint ? identity_text(t) : NULL,
                   checkpoint ? progress_text(t) : NULL};
}

static void free_texts(texts *s)
{
    free(s->config);
    free(s->training);
    free(s->identity);
    free(s->progress);
}

/* ------------------------------------------------------------- writing -- */

static int begin(const s2vi_trainer *t, s2vi_writer **w, const char *path,
                 bool checkpoint, s2v_error *err)
{
    texts s = make_texts(t, checkpoint);
    const s2vi_file_header header = {.model = t->hooks->model,
                                     .checkpoint = checkpoint,
                                     .version = t->params.version,
                                     .license = t->params.license,
                                     .config = s.config,
                                     .training = s.training};
    int ret = s2vi_file_begin(w, path, &header, err);
    if (!ret && t->hooks->metadata)
        ret = t->hooks->metadata(t, *w, err);
    if (!ret && checkpoint)
        ret = s2vi_file_set_text(*w, "s2v.identity", s.identity, err);
    if (!ret && checkpoint)
        ret = s2vi_file_set_text(*w, "s2v.progress", s.progress, err);
    if (!ret && checkpoint && t->params.options)
        ret = s2vi_file_set_text(*w, "s2v.options", t->params.options, err);
    free_texts(&s);
    return ret;
}

int s2vi_trainer_export(s2vi_trainer *t, const char *path, s2v_error *err)
{
    const s2vi_stored stored =
        t->params.store ? t->params.store : S2VI_STORED_F32;
    s2vi_writer *w = NULL;
    int ret = begin(t, &w, path, false, err);
    for (int i = 0; i < t->g.count && !ret; i++) {
        const s2vi_param *p = &t->g.param[i];
        char name[96];
        snprintf(name, sizeof(name), "%s%s",
                 t->g.average && !p->buffer ? "ema." : "", p->name);
        ret = s2vi_file_add(w, t->store, name, p->name, p, stored, err);
    }
    if (!ret && t->hooks->export_more)
        ret = t->hooks->export_more(t, w, err);
    return s2vi_file_finish(w, ret, err);
}

static bool averaged(const s2vi_trainer *t, int param)
{
    return t->g.average && param < t->g.count;
}

/* A state of all processes, one after the other; process 0 has them. */
static int gather_state(s2vi_trainer *t, const s2vi_node *state, float *all,
                        s2v_error *err)
{
    static const s2vi_ranks one = {.count = 1};
    const size_t n = (size_t)s2vi_shape_count(&state->shape);
    float *mine = malloc(n * sizeof(*mine));
    int ret = mine ? s2vi_exec_read(t->generator.exec, state, mine)
                   : s2vi_error_nomem(err, state->name);
    if (mine)
        s2vi_ranks_gather(t->params.ranks ? t->params.ranks : &one, mine, n,
                          all);
    free(mine);
    return ret;
}

/* The generator's recurrent states; the critics' are made of them. */
static int add_states(s2vi_trainer *t, s2vi_writer *w, int ret, s2v_error *err)
{
    const s2vi_train_step *g = &t->generator;
    const int64_t ranks = s2vi_trainer_ranks(t);
    for (int i = 0; i < s2vi_plan_state_count(g->plan); i++) {
        const s2vi_node *state = s2vi_plan_state(g->plan, i);
        s2vi_shape shape = state->shape;
        shape.dim[0] *= ranks;
        float *all = malloc((size_t)s2vi_shape_count(&shape) * sizeof(*all));
        const int last = all ? gather_state(t, state, all, err)
                             : s2vi_error_nomem(err, state->name);
        ret = ret ? ret : last;
        if (!ret && w)
            ret = s2vi_writer_add(w, state->name, S2VI_STORED_F32, shape.rank,
                                  shape.dim, all, err);
        free(all);
    }
    return ret;
}

/* Where the data of the other processes stand, in order. */
static int gather_positions(s2vi_trainer *t, s2v_error *err)
{
    json_t *mine = t->hooks->position ? t->hooks->position(t) : NULL;
    char *text = mine ? json_dumps(mine, JSON_SORT_KEYS) : NULL;
    json_decref(mine);
    json_decref(t->positions);
    t->positions = NULL;
    if (!t->hooks->position || s2vi_trainer_ranks(t) == 1) {
        free(text);
        return S2V_OK;
    }
    char **all = s2vi_ranks_gather_texts(t->params.ranks, text ? text : "");
    t->positions = all ? json_array() : NULL;
    for (int i = 1; all && all[i]; i++)
        json_array_append_new(t->positions, json_loads(all[i], 0, NULL));
    g_strfreev(all);
    free(text);
    return text ? S2V_OK : s2vi_error_nomem(err, "a checkpoint");
}

static int add_all(s2vi_trainer *t, s2vi_writer *w, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < t->list.count && !ret; i++)
        ret = s2vi_file_add_trained(w, t->store, &t->list.param[i],
                                    averaged(t, i), err);
    return ret;
}

/* What fails here must not keep this process from what all do together. */
int s2vi_trainer_save(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2vi_writer *w = NULL;
    const bool writes = s2vi_trainer_rank(t) == 0;
    int ret = gather_positions(t, err);
    if (!ret && writes)
        ret = begin(t, &w, path, true, err);
    if (!ret && writes)
        ret = add_all(t, w, err);
    ret = add_states(t, w, ret, err);
    return w ? s2vi_file_finish(w, ret, err) : ret;
}

/* ------------------------------------------------------------- reading -- */

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

/* This process's part of those of all; zeros where there is none. */
static int read_state(const s2vi_trainer *t, const s2v_weights *w,
                      const s2vi_node *state, s2v_error *err)
{
    const size_t n = (size_t)s2vi_shape_count(&state->shape);
    const size_t first = (size_t)s2vi_trainer_rank(t) * n;
    const s2vi_tensor *tensor = s2vi_weights_find(w, state->name);
    if (!tensor || tensor->count % n)
        tensor = find_tensor(w, state->name, (int64_t)n, err);
    if (!tensor)
        return S2V_ERR_MODEL;
    float *all = calloc(tensor->count > first + n ? tensor->count : first + n,
                        sizeof(*all));
    int ret = all ? s2vi_weights_read_f32(w, tensor, all, err)
                  : s2vi_error_nomem(err, state->name);
    if (!ret)
        ret = s2vi_exec_write(t->generator.exec, state, all + first);
    free(all);
    return ret;
}

static int read_states(s2vi_trainer *t, const s2v_weights *w, s2v_error *err)
{
    int ret = S2V_OK;
    const s2vi_train_step *g = &t->generator;
    for (int i = 0; i < s2vi_plan_state_count(g->plan) && !ret; i++)
        ret = read_state(t, w, s2vi_plan_state(g->plan, i), err);
    return ret;
}

/* Whether anything in this checkpoint moved a parameter's second moment. */
static bool has_learned(const s2v_weights *w, const s2vi_param *p)
{
    char name[96];
    snprintf(name, sizeof(name), "v.%s", p->name);
    const s2vi_tensor *v = s2vi_weights_find(w, name);
    float *data = v ? calloc(v->count + 1, sizeof(*data)) : NULL;
    bool any = false;
    if (data && !s2vi_weights_read_f32(w, v, data, NULL))
        for (size_t i = 0; i < v->count && !any; i++)
            any = data[i] != 0;
    free(data);
    return any;
}

/* When parameters began to learn. Earlier versions counted all of them from
 * the training's first iteration and did not write it: what has learned there
 * goes on so, the rest begins with its stage. */
static bool read_beginnings(s2vi_trainer *t, const s2v_weights *w,
                            const json_t *list, int64_t step)
{
    if (list && json_array_size(list) != (size_t)t->list.count)
        return false;
    for (int i = 0; i < t->list.count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        t->began[i] = list ? json_integer_value(value)
                      : has_learned(w, &t->list.param[i]) ? 0
                                                          : S2VI_NOT_BEGUN;
        if ((list && !json_is_integer(value)) || t->began[i] < S2VI_NOT_BEGUN ||
            t->began[i] > step)
            return false;
    }
    return true;
}

static int read_progress(s2vi_trainer *t, const s2v_weights *w, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.progress");
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    json_int_t step = -1, best_step = 0, stage = 0, stage_step = 0;
    double best = NAN, seconds = 0;
    bool good =
        !json_unpack(root, "{s:I, s?F, s?I, s?I, s?I, s?F}", "step", &step,
                     score_key(t), &best, "best_step", &best_step, "stage",
                     &stage, "stage_step", &stage_step, "seconds", &seconds) &&
        stage >= 0 && stage <= S2VI_TRAINER_STAGES && stage_step >= 0 &&
        stage_step <= step && step >= 0 && step <= S2VI_FILE_MOST_STEPS;
    /* A process that there was none of begins as a new one does. */
    const size_t rank = (size_t)s2vi_trainer_rank(t);
    json_t *position =
        rank ? json_array_get(json_object_get(root, "others"), rank - 1) : root;
    if (good && t->hooks->set_position && position)
        good = t->hooks->set_position(t, position);
    if (good && stage)
        good = read_beginnings(t, w, json_object_get(root, "began"), step);
    json_decref(root);
    if (!good)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: its metadata has no usable 's2v.progress'",
                          s2v_weights_get_path(w, NULL));
    t->step = step;
    t->best = best;
    t->best_step = isnan(best) ? 0 : best_step;
    t->seconds = seconds;
    return t->hooks->enter_stage && stage
               ? s2vi_trainer_enter_stage(t, (int)stage, stage_step, err)
               : S2V_OK;
}

static int check_checkpoint(const s2vi_trainer *t, const s2v_weights *w,
                            const char *path, s2v_error *err)
{
    texts s = make_texts(t, true);
    int ret = s2vi_file_check_checkpoint(w, path, t->hooks->model, s.config,
                                         s.identity, err);
    free_texts(&s);
    return ret;
}

int s2vi_trainer_resume(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = check_checkpoint(t, w, path, err);
    if (!ret)
        ret = read_progress(t, w, err);
    for (int i = 0; i < t->list.count && !ret; i++)
        ret = s2vi_file_read_trained(w, t->store, &t->list.param[i],
                                     averaged(t, i), err);
    if (!ret)
        ret = read_states(t, w, err);
    s2v_weights_close(&w);
    return ret;
}

int s2vi_trainer_start_from(s2vi_trainer *t, const char *path, s2v_error *err)
{
    s2v_weights *w = NULL;
    char *config = t->hooks->config(t, false);
    int ret = s2vi_file_open(&w, path, err);
    if (!ret)
        ret = s2vi_file_check_weights(w, path, t->hooks->model, config, err);
    for (int i = 0; i < t->g.count && !ret; i++)
        ret = s2vi_param_load(&t->g.param[i], w, t->g.param[i].name, t->store,
                              err);
    s2v_weights_close(&w);
    free(config);
    return ret;
}
