/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a late stage begins to learn: its first step is the rate, as all others
 * where the gradient is constant, and those of what has learned before stay
 * so; also after a resume, and from a checkpoint of an earlier version. */
#include "must.h"
#include "scratch.h"
#include "trainer.h"

#include "graph/build.h"

#include <math.h>

enum { FIRST = 6, SECOND = 8, ALL = 10, N = 4 }; /* iterations: until stages */

static const double RATE = 1e-3;
static const s2vi_adam_factors adam = {0.3, 0.999, 1e-8, 0};

/* ---------------------------------------------------------- the training -- */

static s2vi_node *param(s2vi_train_step *step, const s2vi_param *p)
{
    return s2vi_graph_param(step->graph, p->name, p->shape);
}

/* a is in the graph in all stages, b from stage 1 on, d in stage 2. */
static int record_generator(s2vi_trainer *t, s2v_error *err)
{
    s2vi_train_step *step = &t->generator;
    s2vi_node *loss = param(step, &t->g.param[0]);
    for (int i = 1; i <= t->stage; i++)
        loss = s2vi_add(loss, param(step, &t->g.param[i]));
    loss = s2vi_mean_all(loss);
    s2vi_train_step_add_term(step, "loss", loss);
    return s2vi_train_step_learn(step, loss, &t->g, &adam, err);
}

static int record_critics(s2vi_trainer *t, s2v_error *err)
{
    s2vi_train_step *step = &t->critics;
    s2vi_node *loss = s2vi_mean_all(param(step, &t->critic[0].param[0]));
    s2vi_train_step_add_term(step, "d.loss", loss);
    return s2vi_train_step_learn(step, loss, &t->critic[0], &adam, err);
}

static int stage_at(const s2vi_trainer *t)
{
    return (t->step >= FIRST) + (t->step >= SECOND);
}

static int enter_stage(s2vi_trainer *t, s2v_error *err)
{
    (void)err;
    t->critics_rest = !t->stage;
    return S2V_OK;
}

static int prepare(s2vi_trainer *t, s2v_error *err)
{
    (void)t, (void)err;
    return S2V_OK;
}

static int feed(s2vi_trainer *t, s2vi_train_step *step, s2v_error *err)
{
    (void)t, (void)step, (void)err;
    return S2V_OK;
}

static char *config(const s2vi_trainer *t, bool exported)
{
    (void)t, (void)exported;
    return strdup("{}");
}

static json_t *nothing(const s2vi_trainer *t)
{
    (void)t;
    return json_object();
}

static const s2vi_trainer_hooks hooks = {.model = "late",
                                         .record_generator = record_generator,
                                         .record_critics = record_critics,
                                         .prepare = prepare,
                                         .feed = feed,
                                         .config = config,
                                         .identity = nothing,
                                         .training = nothing,
                                         .stage_at = stage_at,
                                         .enter_stage = enter_stage};

static void start(s2vi_trainer *t)
{
    const s2vi_scope scope = {.list = &t->list};
    s2v_error err = {0};
    *t = (s2vi_trainer){.hooks = &hooks,
                        .params = {.rate = RATE,
                                   .critic_rate = RATE,
                                   .device = "ref",
                                   .threads = 1,
                                   .version = "test"},
                        .frames = 1};
    s2vi_declare(&scope, S2VI_SHAPE(N), S2VI_INIT_ZERO, "a");
    s2vi_declare(&scope, S2VI_SHAPE(N), S2VI_INIT_ZERO, "b");
    s2vi_declare(&scope, S2VI_SHAPE(N), S2VI_INIT_ZERO, "d");
    s2vi_trainer_add_generator(t);
    s2vi_declare(&scope, S2VI_SHAPE(N), S2VI_INIT_ZERO, "c");
    s2vi_trainer_add_critic(t);
    must(s2vi_trainer_open(t, &err), &err);
}

static void iterate(s2vi_trainer *t, int until)
{
    s2vi_trainer_loss loss[4];
    s2v_error err = {0};
    while (t->step < until) {
        int n = 4;
        must(s2vi_trainer_iterate(t, loss, &n, &err), &err);
    }
}

static double value(s2vi_trainer *t, const char *name)
{
    float w[N];
    s2v_error err = {0};
    must(s2vi_store_read(t->store, name, w, &err), &err);
    return (double)w[0];
}

/* ----------------------------------------------------------------- tests -- */

/* So many steps of the rate, downwards. */
static void check(s2vi_trainer *t, const char *name, int steps)
{
    const double w = value(t, name);
    CHECK(fabs(w + steps * RATE) < 0.01 * RATE,
          "iteration %lld: %s is %g, not %g", (long long)t->step, name, w,
          -steps * RATE);
}

static void test_steps(void)
{
    s2vi_trainer t;
    start(&t);
    for (int i = 1; i <= ALL; i++) {
        iterate(&t, i);
        check(&t, "a", i);
        check(&t, "b", i > FIRST ? i - FIRST : 0);
        check(&t, "c", i > FIRST ? i - FIRST : 0);
        check(&t, "d", i > SECOND ? i - SECOND : 0);
    }
    s2vi_trainer_close(&t);
}

/* As earlier versions wrote it: it does not say when parameters began. */
static void make_old(const char *path)
{
    char *data, *at;
    size_t n;
    CHECK(g_file_get_contents(path, &data, &n, NULL), "%s", path);
    at = g_strstr_len(data + 8, (gssize)n - 8, "began");
    CHECK(at, "%s does not say when parameters began", path);
    if (at)
        memcpy(at, "other", 5);
    CHECK(g_file_set_contents(path, data, (gssize)n, NULL), "%s", path);
    g_free(data);
}

/* Saved after `at` iterations. What an old version has begun late goes on as it
 * did there. */
static void test_resume(int at, bool old)
{
    char *path = in_folder("late.ckpt");
    s2vi_trainer t;
    s2v_error err = {0};
    start(&t);
    iterate(&t, at);
    must(s2vi_trainer_save(&t, path, &err), &err);
    s2vi_trainer_close(&t);
    if (old)
        make_old(path);
    start(&t);
    must(s2vi_trainer_resume(&t, path, &err), &err);
    iterate(&t, ALL);
    check(&t, "a", ALL);
    check(&t, "d", ALL - SECOND);
    if (!old) {
        check(&t, "b", ALL - FIRST);
        check(&t, "c", ALL - FIRST);
    }
    s2vi_trainer_close(&t);
    g_free(path);
}

int main(void)
{
    make_folder();
    test_steps();
    for (int at = FIRST - 1; at <= SECOND + 1; at++)
        test_resume(at, false);
    test_resume(SECOND - 1, true);
    remove_folder();
    return check_done();
}
