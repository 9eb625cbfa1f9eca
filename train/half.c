/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One half of a training iteration, of any model; see half.h. */
#include "half.h"

#include "base/error.h"
#include "graph/build.h"
#include "graph/gradient.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --------------------------------------------------------- recording -- */

int s2vi_half_begin(s2vi_half *h, s2v_error *err)
{
    *h = (s2vi_half){.graph = s2vi_graph_create()};
    return h->graph ? S2V_OK : s2vi_error_nomem(err, "the training graph");
}

void s2vi_half_term(s2vi_half *h, const char *name, s2vi_node *node)
{
    h->term[h->n_terms++] = (s2vi_half_term_of){name, node};
}

static int reserve(s2vi_half *h, int count, s2v_error *err)
{
    size_t n = (size_t)(h->n_effects + count);
    s2vi_node **more = realloc(h->effect, n * sizeof(*more));
    if (!more)
        return s2vi_error_nomem(err, "the training graph");
    h->effect = more;
    return S2V_OK;
}

int64_t s2vi_trained_numbers(const s2vi_trained *t)
{
    int64_t sum = 0;
    for (int i = 0; i < t->count; i++)
        if (!t->param[i].kept)
            sum += s2vi_shape_count(&t->param[i].shape);
    return sum;
}

int s2vi_half_effect(s2vi_half *h, s2vi_node *effect, s2v_error *err)
{
    int ret = reserve(h, 1, err);
    if (!ret)
        h->effect[h->n_effects++] = effect;
    return ret;
}

static s2vi_node *slot(s2vi_half *h, const char *which, const s2vi_param *q)
{
    char name[80];
    snprintf(name, sizeof(name), "%s.%s", which, q->name);
    return s2vi_var(h->graph, S2VI_VAR_SLOT, name, q->shape);
}

/* Effects come after all values: the average is of the parameter before this
 * iteration's step. */
static s2vi_node *average(s2vi_half *h, const s2vi_param *q, s2vi_node *param)
{
    const s2vi_shape one = {.rank = q->shape.rank, .dim = {1, 1, 1, 1, 1}};
    s2vi_node *mean = slot(h, "ema", q);
    s2vi_node *change =
        s2vi_mul(s2vi_reshape(h->keep, one), s2vi_sub(mean, param));
    return s2vi_assign(mean, s2vi_add(param, change));
}

/* Adam's step, and the average, of what has this gradient. */
static void update(s2vi_half *h, const s2vi_trained *t, const s2vi_param *q,
                   s2vi_node *param, s2vi_node *gradient,
                   const s2vi_adam_factors *a)
{
    h->effect[h->n_effects++] =
        s2vi_adamw(param, slot(h, "m", q), slot(h, "v", q), gradient, h->step,
                   t->rate, a->beta1, a->beta2, a->eps, a->decay);
    if (t->average)
        h->effect[h->n_effects++] = average(h, q, param);
}

static void record_inputs(s2vi_half *h, const s2vi_trained *t)
{
    if (!h->step)
        h->step = s2vi_input(h->graph, "step", S2VI_SHAPE(1));
    if (t->average && !h->keep)
        h->keep = s2vi_input(h->graph, "keep", S2VI_SHAPE(1));
}

int s2vi_half_learn(s2vi_half *h, s2vi_node *loss, const s2vi_trained *t,
                    const s2vi_adam_factors *adam, s2v_error *err)
{
    const size_t room = (size_t)t->count;
    const s2vi_param **which = calloc(room, sizeof(*which));
    s2vi_node **param = calloc(2 * room, sizeof(*param));
    int ret = reserve(h, 2 * t->count, err), n = 0;
    if (!ret && (!param || !which))
        ret = s2vi_error_nomem(err, "the training graph");
    if (ret < 0)
        goto out;
    s2vi_node **gradient = param + t->count;
    record_inputs(h, t);
    for (int i = 0; i < t->count; i++)
        if (!t->param[i].kept) {
            which[n] = &t->param[i];
            param[n++] = s2vi_graph_find(h->graph, t->param[i].name);
        }
    if (s2vi_gradients(loss, NULL, param, n, gradient) >= 0)
        for (int i = 0; i < n; i++)
            update(h, t, which[i], param[i], gradient[i], adam);
    ret = s2vi_graph_status(h->graph, err);
out:
    free(which);
    free(param);
    return ret;
}

int s2vi_half_plan(s2vi_half *h, s2vi_node *output, s2vi_store *store,
                   s2v_error *err)
{
    s2vi_node *outputs[S2VI_HALF_TERMS + 1];
    int n = 0;
    if (output)
        outputs[n++] = output;
    for (int i = 0; i < h->n_terms; i++)
        outputs[n++] = h->term[i].node;
    const s2vi_plan_params params = {.outputs = outputs,
                                     .n_outputs = n,
                                     .effects = h->effect,
                                     .n_effects = h->n_effects};
    int ret = s2vi_graph_status(h->graph, err);
    if (!ret)
        ret = s2vi_plan_create(&h->plan, h->graph, store, &params, err);
    return ret < 0 ? ret : s2vi_exec_create(&h->exec, h->plan, err);
}

void s2vi_half_close(s2vi_half *h)
{
    s2vi_exec_close(&h->exec);
    s2vi_plan_close(&h->plan);
    s2vi_graph_close(&h->graph);
    free(h->effect);
    *h = (s2vi_half){0};
}

/* ------------------------------------------------------------- running -- */

int s2vi_half_write(s2vi_half *h, const s2vi_node *input, const float *data,
                    s2v_error *err)
{
    int ret = s2vi_exec_write(h->exec, input, data);
    return ret < 0 ? s2vi_error(err, ret, "the training graph's input '%s'",
                                input->name)
                   : S2V_OK;
}

int s2vi_half_run(s2vi_half *h, int64_t step, double keep,
                  const s2vi_clock *clock, s2v_error *err)
{
    const float number = (float)step, part = (float)keep;
    int ret = S2V_OK;
    if (h->step)
        ret = s2vi_half_write(h, h->step, &number, err);
    if (!ret && h->keep)
        ret = s2vi_half_write(h, h->keep, &part, err);
    return ret < 0 ? ret : s2vi_exec_run(h->exec, clock, err);
}

double s2vi_half_keep(double most, int64_t step)
{
    double k = (double)step;
    return step ? fmin(most, (1 + k) / (10 + k)) : 0;
}

int s2vi_half_read(const s2vi_half *h, int64_t iteration,
                   s2vi_trainer_loss *loss, int room, int *n,
                   const char *advice, s2v_error *err)
{
    const char *bad = NULL;
    for (int i = 0; i < h->n_terms; i++) {
        float value = 0;
        s2vi_exec_read(h->exec, h->term[i].node, &value);
        if (!isfinite(value) && !bad)
            bad = h->term[i].name;
        if (*n < room)
            loss[(*n)++] = (s2vi_trainer_loss){h->term[i].name, value};
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

int s2vi_half_copy_averages(const s2vi_trained *t, s2vi_store *from,
                            s2vi_store *to, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < t->count && !ret; i++) {
        const s2vi_param *p = &t->param[i];
        char name[80];
        snprintf(name, sizeof(name), "%s%s",
                 t->average && !p->kept ? "ema." : "", p->name);
        ret = copy(p, from, name, to, err);
    }
    return ret;
}

int s2vi_half_init(const s2vi_param_list *list, uint64_t seed,
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
