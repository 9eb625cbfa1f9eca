/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The training loop of a generator and its critics; see trainer.h. */
#include "trainer.h"

#include "base/error.h"
#include "group.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------- processes -- */

int s2vi_trainer_ranks(const s2vi_trainer *t)
{
    return t->params.ranks ? t->params.ranks->count : 1;
}

int s2vi_trainer_rank(const s2vi_trainer *t)
{
    return t->params.ranks ? t->params.ranks->rank : 0;
}

int s2vi_trainer_all(const s2vi_trainer *t, int part)
{
    return part * s2vi_trainer_ranks(t);
}

int s2vi_trainer_part(const s2vi_trainer_params *p, int batch)
{
    return p->ranks ? batch / p->ranks->count : batch;
}

uint64_t s2vi_trainer_place(const s2vi_trainer *t, int64_t step)
{
    return ((uint64_t)step * (uint64_t)s2vi_trainer_ranks(t) +
            (uint64_t)s2vi_trainer_rank(t)) *
           (uint64_t)t->frames;
}

/* ------------------------------------------------------------ starting -- */

static int counted(const s2vi_trainer *t)
{
    int n = t->g.count;
    for (int i = 0; i < t->n_critics; i++)
        n += t->critic[i].count;
    return n;
}

void s2vi_trainer_add_generator(s2vi_trainer *t)
{
    t->g = (s2vi_trained){.count = t->list.count,
                          .rate = t->params.rate,
                          .average = t->params.average > 0};
}

void s2vi_trainer_add_critic(s2vi_trainer *t)
{
    assert(t->n_critics < S2VI_TRAINER_CRITICS);
    t->critic[t->n_critics] = (s2vi_trained){
        .count = t->list.count - counted(t), .rate = t->params.critic_rate};
    t->n_critics++;
}

/* Now that the list has grown for the last time. */
static int set_stretches(s2vi_trainer *t, s2v_error *err)
{
    const s2vi_param *at = t->list.param;
    t->began = malloc(((size_t)t->list.count + 1) * sizeof(*t->began));
    if (!t->began)
        return s2vi_error_nomem(err, "the training");
    for (int i = 0; i < t->list.count; i++)
        t->began[i] = S2VI_NOT_BEGUN;
    int64_t *began = t->began;
    for (int i = -1; i < t->n_critics; i++) {
        s2vi_trained *stretch = i < 0 ? &t->g : &t->critic[i];
        stretch->param = at;
        stretch->began = began;
        at += stretch->count;
        began += stretch->count;
    }
    return S2V_OK;
}

static int open_step(s2vi_trainer *t, s2vi_train_step *step,
                     int (*record)(s2vi_trainer *, s2v_error *),
                     s2vi_store *store, s2v_error *err)
{
    const bool critics = step == &t->critics || step == &t->lazy_critics;
    int ret = s2vi_train_step_begin(step, err);
    step->before = critics && t->critics_rest ? S2VI_NOT_BEGUN : t->stage_step;
    if (step != &t->viewer)
        step->ranks = t->params.ranks;
    if (!ret)
        ret = record(t, err);
    return ret < 0 || !(step->n_terms + step->n_effects || step->output)
               ? ret
               : s2vi_train_step_plan(step, store, err);
}

/* Critics that rest are recorded once, for the optimiser's variables, which a
 * checkpoint has. */
static int record_steps(s2vi_trainer *t, bool first, s2v_error *err)
{
    const s2vi_trainer_hooks *h = t->hooks;
    const bool critics = t->n_critics && (first || !t->critics_rest);
    int ret = open_step(t, &t->generator, h->record_generator, t->store, err);
    if (!ret && h->record_lazy_generator)
        ret = open_step(t, &t->lazy_generator, h->record_lazy_generator,
                        t->store, err);
    if (!ret && critics)
        ret = open_step(t, &t->critics, h->record_critics, t->store, err);
    if (!ret && critics && h->record_lazy_critics)
        ret = open_step(t, &t->lazy_critics, h->record_lazy_critics, t->store,
                        err);
    if (t->critics_rest) {
        s2vi_train_step_close(&t->critics);
        s2vi_train_step_close(&t->lazy_critics);
    }
    return ret;
}

static void close_steps(s2vi_trainer *t)
{
    s2vi_train_step_close(&t->generator);
    s2vi_train_step_close(&t->lazy_generator);
    s2vi_train_step_close(&t->critics);
    s2vi_train_step_close(&t->lazy_critics);
    s2vi_train_step_close(&t->viewer);
}

int s2vi_trainer_enter_stage(s2vi_trainer *t, int stage, int64_t step,
                             s2v_error *err)
{
    t->stage = stage;
    t->stage_step = step;
    close_steps(t);
    const int ret = t->hooks->enter_stage(t, err);
    return ret < 0 ? ret : record_steps(t, false, err);
}

int s2vi_trainer_open(s2vi_trainer *t, s2v_error *err)
{
    char device[64];
    const s2vi_trainer_params *p = &t->params;
    t->best = NAN;
    s2vi_group_device(p->ranks, p->device, device, sizeof(device));
    int ret = set_stretches(t, err);
    if (!ret)
        ret = s2vi_backend_open(&t->backend, device, p->dtype, p->threads, err);
    if (!ret)
        ret = s2vi_store_create(&t->store, t->backend, err);
    if (!ret)
        ret = s2vi_train_step_init_params(&t->list, p->seed, t->store, err);
    if (!ret && t->hooks->enter_stage)
        ret = t->hooks->enter_stage(t, err);
    return ret < 0 ? ret : record_steps(t, true, err);
}

void s2vi_trainer_close(s2vi_trainer *t)
{
    close_steps(t);
    s2vi_store_close(&t->averages);
    s2vi_store_close(&t->store);
    s2vi_backend_close(&t->backend);
    s2vi_param_list_close(&t->list);
    free(t->began);
    json_decref(t->positions);
}

s2vi_train_summary s2vi_trainer_summary(const s2vi_trainer *t)
{
    s2vi_train_summary m = {t->backend, t->no_group.message,
                            s2vi_trained_numbers(&t->g), 0, 0};
    for (int i = 0; i < t->n_critics; i++)
        m.critics += s2vi_trained_numbers(&t->critic[i]);
    m.flops = s2vi_plan_flops(t->generator.plan);
    if (t->critics.plan)
        m.flops += s2vi_plan_flops(t->critics.plan);
    return m;
}

/* ----------------------------------------------------------- iterating -- */

static bool is_among(const char *word, const char *const *name, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(word, name[i]))
            return true;
    return false;
}

int s2vi_trainer_recorded_terms(const s2vi_trainer *t, const char **name,
                                int room)
{
    const s2vi_train_step *step[] = {&t->generator, &t->lazy_generator,
                                     &t->critics, &t->lazy_critics};
    int n = 0;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < step[k]->n_terms && n < room; i++)
            if (!is_among(step[k]->term[i].name, name, n))
                name[n++] = step[k]->term[i].name;
    return n;
}

int s2vi_trainer_terms(const s2vi_trainer *t, const char **name, int room)
{
    return t->hooks->terms ? t->hooks->terms(t, name, room)
                           : s2vi_trainer_recorded_terms(t, name, room);
}

s2vi_clock s2vi_trainer_clock(const s2vi_trainer *t)
{
    return (s2vi_clock){
        .seed = t->params.seed,
        .frame = s2vi_trainer_place(t, t->step),
    };
}

static int run(s2vi_trainer *t, s2vi_train_step *step, s2v_error *err)
{
    const s2vi_clock clock = s2vi_trainer_clock(t);
    int ret = S2V_OK;
    if (t->fresh)
        s2vi_exec_reset(step->exec);
    else if (step != &t->generator)
        ret = s2vi_train_step_follow(step, &t->generator, err);
    if (!ret)
        ret = t->hooks->feed(t, step, err);
    return ret < 0
               ? ret
               : s2vi_train_step_run(step, t->step + 1,
                                     s2vi_ema_decay(t->params.average, t->step),
                                     &clock, err);
}

static int read_terms(const s2vi_trainer *t, const s2vi_train_step *step,
                      s2vi_trainer_loss *loss, int room, int *n, s2v_error *err)
{
    return s2vi_train_step_read(
        step, t->step + 1, loss, room, n,
        t->n_critics ? "a smaller --rate or --critic-rate" : "a smaller --rate",
        err);
}

/* The batch, in the stage that is due; a stage begins with states at zero. */
static int prepare(s2vi_trainer *t, s2v_error *err)
{
    const int due = t->hooks->stage_at ? t->hooks->stage_at(t) : 0;
    int ret = S2V_OK;
    if (due > t->stage)
        ret = s2vi_trainer_enter_stage(t, due, t->step, err);
    t->fresh = false;
    if (!ret)
        ret = t->hooks->prepare(t, err);
    if (t->stage && t->step == t->stage_step)
        t->fresh = true;
    return ret;
}

/* Which of two recordings this iteration runs. */
static s2vi_train_step *due(const s2vi_trainer *t, s2vi_train_step *plain,
                            s2vi_train_step *lazy)
{
    return lazy->exec && t->hooks->is_lazy_due(t, lazy) ? lazy : plain;
}

/* Values of the buffers that a step sets, each once, into `data` or back; their
 * number. */
static size_t copy_buffers(const s2vi_trainer *t, const s2vi_train_step *step,
                           float *data, bool back)
{
    size_t n = 0;
    for (int i = 0; i < step->n_effects; i++) {
        const s2vi_node *to = step->effect[i]->input[0];
        if (step->effect[i]->op != S2VI_OP_ASSIGN ||
            to->var_kind != S2VI_VAR_PARAM)
            continue;
        if (data && back)
            s2vi_store_write(t->store, to->name, data + n, NULL);
        else if (data)
            s2vi_store_read(t->store, to->name, data + n, NULL);
        n += (size_t)s2vi_shape_count(&to->shape);
    }
    return n;
}

/* What is averaged over batches (running statistics) each process has of its
 * part of the batch: the mean of that is of the whole. */
static int share_buffers(s2vi_trainer *t, const s2vi_train_step *step,
                         s2v_error *err)
{
    const size_t n = s2vi_trainer_ranks(t) > 1 && step->exec
                         ? copy_buffers(t, step, NULL, false)
                         : 0;
    float *data = n ? malloc(n * sizeof(*data)) : NULL;
    if (!n)
        return S2V_OK;
    if (!data)
        return s2vi_error_nomem(err, "buffers");
    copy_buffers(t, step, data, false);
    s2vi_ranks_mean(t->params.ranks, data, n);
    copy_buffers(t, step, data, true);
    free(data);
    return S2V_OK;
}

/* A critic's term that is not finite is what spoils the generator's. */
int s2vi_trainer_iterate(s2vi_trainer *t, s2vi_trainer_loss *loss, int *n,
                         s2v_error *err)
{
    const int room = *n;
    s2v_error spoilt;
    *n = 0;
    int ret = prepare(t, err), bad = S2V_OK;
    s2vi_train_step *generator = due(t, &t->generator, &t->lazy_generator);
    s2vi_train_step *critics = due(t, &t->critics, &t->lazy_critics);
    const bool judged = critics->exec != NULL;
    if (!ret && judged)
        ret = run(t, critics, err);
    if (!ret)
        ret = run(t, generator, err);
    if (!ret)
        ret = share_buffers(t, critics, err);
    if (!ret)
        ret = share_buffers(t, generator, err);
    if (ret < 0)
        return ret;
    ret = read_terms(t, generator, loss, room, n, err);
    if (judged)
        bad = read_terms(t, critics, loss, room, n, &spoilt);
    if (bad < 0 && err)
        *err = spoilt;
    t->spoilt = bad < 0 || ret < 0;
    t->step++;
    return bad < 0 ? bad : ret;
}

/* ------------------------------------------------------------- viewing -- */

static int open_viewer(s2vi_trainer *t, s2v_error *err)
{
    int ret = S2V_OK;
    if (t->g.average && !t->averages)
        ret = s2vi_store_create(&t->averages, t->backend, err);
    if (!ret)
        ret = open_step(t, &t->viewer, t->hooks->record_viewer,
                        t->averages ? t->averages : t->store, err);
    if (ret < 0)
        s2vi_train_step_close(&t->viewer);
    return ret;
}

int s2vi_trainer_view_begin(s2vi_trainer *t, s2v_error *err)
{
    int ret = t->viewer.exec ? S2V_OK : open_viewer(t, err);
    if (!ret && t->averages)
        ret = s2vi_train_step_copy_averages(&t->g, t->store, t->averages, err);
    if (!ret)
        s2vi_exec_reset(t->viewer.exec);
    return ret;
}

int s2vi_trainer_view(s2vi_trainer *t, uint64_t frame, float *out,
                      s2v_error *err)
{
    const s2vi_clock clock = {.seed = t->params.seed, .frame = frame};
    int ret = s2vi_train_step_run(&t->viewer, 0, 0, &clock, err);
    return ret < 0 ? ret
                   : s2vi_exec_read(t->viewer.exec, t->viewer.output, out);
}
