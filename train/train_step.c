/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training step of one network, of any model; see train_step.h. */
#include "train_step.h"

#include "base/error.h"
#include "graph/build.h"
#include "graph/gradient.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------- recording -- */

int s2vi_train_step_begin(s2vi_train_step *step, s2v_error *err)
{
    *step = (s2vi_train_step){.graph = s2vi_graph_create()};
    return step->graph ? S2V_OK : s2vi_error_nomem(err, "the training graph");
}

void s2vi_train_step_add_term(s2vi_train_step *step, const char *name,
                              s2vi_node *node)
{
    step->term[step->n_terms++] = (s2vi_train_step_term){name, node};
}

static int reserve(s2vi_train_step *step, int count, s2v_error *err)
{
    size_t n = (size_t)(step->n_effects + count);
    s2vi_node **more = realloc(step->effect, n * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "the training graph");
    step->effect = more;
    return S2V_OK;
}

int64_t s2vi_trained_numbers(const s2vi_trained *t)
{
    int64_t sum = 0;
    for (int i = 0; i < t->count; i++)
        if (!t->param[i].buffer)
            sum += s2vi_shape_count(&t->param[i].shape);
    return sum;
}

int s2vi_train_step_add_effect(s2vi_train_step *step, s2vi_node *effect,
                               s2v_error *err)
{
    int ret = reserve(step, 1, err);
    if (!ret)
        step->effect[step->n_effects++] = effect;
    return ret;
}

static s2vi_node *slot(s2vi_train_step *step, const char *which,
                       const s2vi_param *q)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, q->name);
    return s2vi_var(step->graph, S2VI_VAR_SLOT, name, q->shape);
}

/* Effects come after all values: the average is of the parameter before this
 * iteration's step. */
static s2vi_node *average(s2vi_train_step *step, const s2vi_param *q,
                          s2vi_node *param)
{
    const s2vi_shape one = {.rank = q->shape.rank, .dim = {1, 1, 1, 1, 1}};
    s2vi_node *mean = slot(step, "ema", q);
    s2vi_node *change =
        s2vi_mul(s2vi_reshape(step->ema_decay, one), s2vi_sub(mean, param));
    return s2vi_assign(mean, s2vi_add(param, change));
}

/* Adam's number of the iteration, for what began after iteration `before`. */
static s2vi_node *count_since(s2vi_train_step *step, int64_t before)
{
    char name[32] = "iteration";
    for (int i = 0; i < step->n_counts; i++)
        if (step->count[i].before == before)
            return step->count[i].node;
    if (before)
        snprintf(name, sizeof(name), "iteration.%lld", (long long)before);
    s2vi_node *node = s2vi_input(step->graph, name, S2VI_SHAPE(1));
    step->count[step->n_counts++] = (s2vi_train_step_count){before, node};
    return node;
}

/* The iterations that were done when parameter i began to learn: now, if it is
 * in the graph for the first time. */
static int64_t beginning(const s2vi_train_step *step, const s2vi_trained *t,
                         ptrdiff_t i, bool used)
{
    if (!t->began)
        return 0;
    if (t->began[i] == S2VI_NOT_BEGUN && used)
        t->began[i] = step->before;
    return t->began[i] == S2VI_NOT_BEGUN ? step->before : t->began[i];
}

static bool is_shared(const s2vi_train_step *step)
{
    return step->ranks && step->ranks->count > 1;
}

/* This process's part of a gradient, in memory of its own, where the sum over
 * all processes takes its place. One that is 0 everywhere is its own sum. */
static s2vi_node *part_of(s2vi_train_step *step, s2vi_node *gradient)
{
    if (!is_shared(step) || !gradient || gradient->op == S2VI_OP_FILL)
        return gradient;
    s2vi_node *part = s2vi_scale(gradient, 1.0 / step->ranks->count);
    step->gradient[step->n_gradients++] = part;
    return part;
}

static int reserve_gradients(s2vi_train_step *step, int count, s2v_error *err)
{
    const size_t n = (size_t)(step->n_gradients + count);
    s2vi_node **more = realloc(step->gradient, n * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "the training graph");
    step->gradient = more;
    return S2V_OK;
}

static int reserve_counts(s2vi_train_step *step, int count, s2v_error *err)
{
    const size_t n = (size_t)(step->n_counts + count);
    s2vi_train_step_count *more = realloc(step->count, n * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "the training graph");
    step->count = more;
    return S2V_OK;
}

/* Adam's step, and the average, of what has this gradient. */
static void update(s2vi_train_step *step, const s2vi_trained *t,
                   const s2vi_param *q, s2vi_node *param, s2vi_node *gradient,
                   int64_t before, const s2vi_adam_factors *a)
{
    step->effect[step->n_effects++] =
        s2vi_adamw(param, slot(step, "m", q), slot(step, "v", q), gradient,
                   count_since(step, before), t->rate, a->beta1, a->beta2,
                   a->eps, a->decay);
    if (t->average)
        step->effect[step->n_effects++] = average(step, q, param);
}

int s2vi_train_step_learn(s2vi_train_step *step, s2vi_node *loss,
                          const s2vi_trained *t, const s2vi_adam_factors *adam,
                          s2v_error *err)
{
    const size_t room = (size_t)t->count;
    int used = 0;
    const s2vi_param **which = calloc(room, sizeof(*which));
    s2vi_node **param = calloc(2 * room, sizeof(*param));
    int ret = reserve(step, 2 * t->count, err), n = 0;
    if (!ret)
        ret = reserve_gradients(step, t->count, err);
    if (!ret)
        ret = reserve_counts(step, t->count, err);
    if (!ret && (!param || !which))
        ret = s2vi_error_nomem(err, "the training graph");
    if (ret < 0)
        goto out;
    s2vi_node **gradient = param + t->count;
    if (t->average && !step->ema_decay)
        step->ema_decay = s2vi_input(step->graph, "ema_decay", S2VI_SHAPE(1));
    /* Last those that this graph does not use: they have no place in it yet,
     * and no gradient. */
    for (int unused = 0; unused < 2; unused++) {
        for (int i = 0; i < t->count; i++) {
            s2vi_node *p = s2vi_graph_param(step->graph, t->param[i].name,
                                            t->param[i].shape);
            if (t->param[i].buffer || (p && p->id < 0) != unused)
                continue;
            which[n] = &t->param[i];
            param[n++] = p;
        }
        used = unused ? used : n;
    }
    const int good = s2vi_gradients(loss, NULL, param, used, gradient);
    for (int i = used; i < n && good >= 0; i++)
        gradient[i] = s2vi_fill(step->graph, 0, param[i]->shape);
    if (good >= 0)
        for (int i = 0; i < n; i++)
            update(step, t, which[i], param[i], part_of(step, gradient[i]),
                   beginning(step, t, which[i] - t->param, i < used), adam);
    ret = s2vi_graph_status(step->graph, err);
out:
    free(which);
    free(param);
    return ret;
}

int s2vi_train_step_plan(s2vi_train_step *step, s2vi_store *store,
                         s2v_error *err)
{
    const size_t room = S2VI_TRAIN_STEP_TERMS + 1 + (size_t)step->n_gradients;
    s2vi_node **outputs = calloc(room, sizeof(*outputs));
    int n = 0;
    if (!outputs)
        return s2vi_error_nomem(err, "the training graph");
    if (step->output)
        outputs[n++] = step->output;
    for (int i = 0; i < step->n_terms; i++)
        outputs[n++] = step->term[i].node;
    for (int i = 0; i < step->n_gradients; i++)
        outputs[n++] = step->gradient[i];
    const s2vi_plan_params params = {.outputs = outputs,
                                     .n_outputs = n,
                                     .effects = step->effect,
                                     .n_effects = step->n_effects};
    int ret = s2vi_graph_status(step->graph, err);
    if (!ret)
        ret = s2vi_plan_create(&step->plan, step->graph, store, &params, err);
    free(outputs);
    if (!ret)
        ret = s2vi_exec_create(&step->exec, step->plan, err);
    return ret < 0 || !step->n_gradients
               ? ret
               : s2vi_reduction_create(&step->reduction, step->ranks,
                                       s2vi_store_backend(store), step->exec,
                                       step->gradient, step->n_gradients,
                                       step->effect, step->n_effects, err);
}

void s2vi_train_step_close(s2vi_train_step *step)
{
    s2vi_reduction_close(&step->reduction);
    s2vi_exec_close(&step->exec);
    s2vi_plan_close(&step->plan);
    s2vi_graph_close(&step->graph);
    free(step->count);
    free(step->effect);
    free(step->gradient);
    *step = (s2vi_train_step){0};
}

/* ------------------------------------------------------------- running -- */

int s2vi_train_step_write(s2vi_train_step *step, const s2vi_node *input,
                          const float *data, s2v_error *err)
{
    int ret = s2vi_exec_write(step->exec, input, data);
    return ret < 0 ? s2vi_error(err, ret, "the training graph's input '%s'",
                                input->name)
                   : S2V_OK;
}

int s2vi_train_step_run(s2vi_train_step *step, int64_t iteration,
                        double ema_decay, const s2vi_clock *clock,
                        s2v_error *err)
{
    const float decay = (float)ema_decay;
    int ret = S2V_OK;
    for (int i = 0; i < step->n_counts && !ret; i++) {
        const float count = (float)(iteration - step->count[i].before);
        ret = s2vi_train_step_write(step, step->count[i].node, &count, err);
    }
    if (!ret && step->ema_decay)
        ret = s2vi_train_step_write(step, step->ema_decay, &decay, err);
    if (!ret && step->reduction)
        ret = s2vi_reduction_begin(step->reduction, err);
    if (!ret)
        ret = s2vi_exec_run(step->exec, clock, err);
    return ret < 0 || !step->reduction
               ? ret
               : s2vi_reduction_end(step->reduction, err);
}

static const s2vi_node *state_named(const s2vi_train_step *step,
                                    const char *name)
{
    for (int i = 0; i < s2vi_plan_state_count(step->plan); i++)
        if (!strcmp(s2vi_plan_state(step->plan, i)->name, name))
            return s2vi_plan_state(step->plan, i);
    return NULL;
}

int s2vi_train_step_follow(s2vi_train_step *to, const s2vi_train_step *from,
                           s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < s2vi_plan_state_count(to->plan) && !ret; i++) {
        const s2vi_node *state = s2vi_plan_state(to->plan, i);
        const s2vi_node *source = state_named(from, state->name);
        double *value =
            malloc((size_t)s2vi_shape_count(&state->shape) * sizeof(*value));
        if (!value)
            return s2vi_error_nomem(err, state->name);
        ret = source ? s2vi_exec_read_f64(from->exec, source, value)
                     : s2vi_error(err, S2V_ERR_INTERNAL, "no state '%s'",
                                  state->name);
        if (!ret)
            ret = s2vi_exec_write_f64(to->exec, state, value);
        free(value);
    }
    return ret;
}

double s2vi_ema_decay(double most, int64_t iteration)
{
    double k = (double)iteration;
    return iteration ? fmin(most, (1 + k) / (10 + k)) : 0;
}

int s2vi_train_step_read(const s2vi_train_step *step, int64_t iteration,
                         s2vi_trainer_loss *loss, int room, int *n,
                         const char *advice, s2v_error *err)
{
    const char *bad = NULL;
    float value[S2VI_TRAIN_STEP_TERMS] = {0};
    for (int i = 0; i < step->n_terms; i++)
        s2vi_exec_read(step->exec, step->term[i].node, &value[i]);
    if (is_shared(step))
        s2vi_ranks_mean(step->ranks, value, (size_t)step->n_terms);
    for (int i = 0; i < step->n_terms; i++) {
        if (!isfinite(value[i]) && !bad)
            bad = step->term[i].name;
        if (*n < room)
            loss[(*n)++] = (s2vi_trainer_loss){step->term[i].name, value[i]};
    }
    return bad ? s2vi_error(err, S2V_ERR_DEVICE,
                            "iteration %lld: the loss term %s is not finite; "
                            "try %s",
                            (long long)iteration, bad, advice)
               : S2V_OK;
}

/* ----------------------------------------------------------- parameters -- */

/* A variable of one store into one of another. */
static int copy(const s2vi_param *p, s2vi_store *from, const char *name,
                s2vi_store *to, s2v_error *err)
{
    float *w = malloc((size_t)s2vi_shape_count(&p->shape) * sizeof(*w));
    int ret = w ? s2vi_store_read(from, name, w, err)
                : s2vi_error_nomem(err, p->name);
    if (!ret)
        ret = s2vi_store_add(to, p->name, &p->shape, err);
    if (!ret)
        ret = s2vi_store_write(to, p->name, w, err);
    free(w);
    return ret;
}

int s2vi_train_step_copy_averages(const s2vi_trained *t, s2vi_store *from,
                                  s2vi_store *to, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < t->count && !ret; i++) {
        const s2vi_param *p = &t->param[i];
        char name[80];
        snprintf(name, sizeof(name), "%s%s",
                 t->average && !p->buffer ? "ema." : "", p->name);
        ret = copy(p, from, name, to, err);
    }
    return ret;
}

int s2vi_train_step_init_params(const s2vi_param_list *list, uint64_t seed,
                                s2vi_store *store, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < list->count && !ret; i++) {
        const s2vi_param *p = &list->param[i];
        float *w = malloc((size_t)s2vi_shape_count(&p->shape) * sizeof(*w));
        ret = w ? s2vi_param_init(list, i, seed, w, err)
                : s2vi_error_nomem(err, p->name);
        if (!ret)
            ret = s2vi_store_add(store, p->name, &p->shape, err);
        if (!ret)
            ret = s2vi_store_write(store, p->name, w, err);
        free(w);
    }
    return ret;
}
