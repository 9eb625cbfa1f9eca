/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gradients that are summed over processes, without any: a second process that
 * has the same part of the batch doubles every sum, when it ends. Then two
 * learn what one does, to the bit, and the first sums have begun before the
 * last gradient is there. For where there is no MPI, train-mpi.
 */
#include "check.h"
#include "graph/build.h"
#include "must.h"
#include "train_step.h"

enum { WIDTH = 1200, ROWS = 4, LAYERS = 3, STEPS = 4, MOST = 16 };

/* ------------------------------------------------------- two processes -- */

static struct {
    float *data;
    size_t n;
} sums[MOST];
static int begun, ended, tested;

int s2vi_ranks_open(s2vi_ranks *r, s2v_error *err)
{
    (void)err;
    *r = (s2vi_ranks){.count = 2};
    return S2V_OK;
}

void s2vi_ranks_mean(const s2vi_ranks *r, float *data, size_t n)
{
    (void)r;
    (void)data;
    (void)n; /* of two that are the same */
}

void s2vi_ranks_sum_begin(const s2vi_ranks *r, s2vi_ranks_sum *sum, float *data,
                          size_t n)
{
    (void)r;
    if (begun < MOST) {
        sums[begun].data = data;
        sums[begun].n = n;
    }
    sum->request[0] = &sums[begun++];
    sum->waiting = true;
}

bool s2vi_ranks_sum_test(s2vi_ranks_sum *sum)
{
    tested++;
    return !sum->waiting;
}

void s2vi_ranks_sum_end(s2vi_ranks_sum *sum)
{
    if (!sum->waiting)
        return;
    for (size_t i = 0; i < sums[ended].n; i++)
        sums[ended].data[i] *= 2;
    sum->waiting = false;
    ended++;
}

/* ------------------------------------------------------------- a training --
 */

static s2vi_node *x, *y;

/* x through matrices, then the squared distance from y. */
static s2vi_node *record(s2vi_train_step *step, const s2vi_param_list *list)
{
    x = s2vi_input(step->graph, "x", S2VI_SHAPE(ROWS, WIDTH));
    y = s2vi_input(step->graph, "y", S2VI_SHAPE(ROWS, WIDTH));
    s2vi_node *h = x;
    for (int i = 0; i < LAYERS; i++)
        h = s2vi_tanh(
            s2vi_matmul(h,
                        s2vi_graph_param(step->graph, list->param[i].name,
                                         list->param[i].shape),
                        false, true));
    return s2vi_mean_all(s2vi_square(s2vi_sub(h, y)));
}

static void learn(const s2vi_ranks *ranks, const s2vi_param_list *list,
                  float *out)
{
    static const s2vi_adam_factors adam = {0.9, 0.999, 1e-8, 0};
    const s2vi_trained trained = {
        .param = list->param, .count = list->count, .rate = 0.01};
    const s2vi_clock clock = {0};
    s2vi_train_step step;
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2v_error err;
    static float data[ROWS * WIDTH];
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_train_step_init_params(list, 1, store, &err), &err);
    must(s2vi_train_step_begin(&step, &err), &err);
    step.ranks = ranks;
    s2vi_node *loss = record(&step, list);
    s2vi_train_step_add_term(&step, "loss", loss);
    must(s2vi_train_step_learn(&step, loss, &trained, &adam, &err), &err);
    must(s2vi_train_step_plan(&step, store, &err), &err);
    for (int k = 0; k < STEPS; k++) {
        for (int i = 0; i < ROWS * WIDTH; i++)
            data[i] = (float)((i * 37 + k) % 11) / 11 - 0.5F;
        must(s2vi_train_step_write(&step, x, data, &err), &err);
        must(s2vi_train_step_write(&step, y, data, &err), &err);
        begun = ended = 0;
        must(s2vi_train_step_run(&step, k + 1, 0, &clock, &err), &err);
    }
    for (int i = 0; i < LAYERS; i++)
        must(s2vi_store_read(store, list->param[i].name,
                             out + (size_t)i * WIDTH * WIDTH, &err),
             &err);
    s2vi_train_step_close(&step);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

int main(void)
{
    static float one[LAYERS * WIDTH * WIDTH], two[LAYERS * WIDTH * WIDTH];
    s2vi_param_list list = {0};
    const s2vi_scope scope = {.list = &list};
    s2vi_ranks ranks;
    s2v_error err;
    for (int i = 0; i < LAYERS; i++)
        s2vi_declare(&scope, S2VI_SHAPE(WIDTH, WIDTH), S2VI_INIT_HE, "w%d", i);
    must(s2vi_param_list_end(&list, 0, &err), &err);
    must(s2vi_ranks_open(&ranks, &err), &err);
    learn(NULL, &list, one);
    CHECK(!begun, "one process has begun %d sums", begun);
    learn(&ranks, &list, two);
    /* A matrix is a bucket: 5.8 MB. */
    CHECK(begun == LAYERS && ended == LAYERS, "%d sums begun, %d ended", begun,
          ended);
    CHECK(tested > 0, "no sum was under way during the backward pass");
    CHECK(!memcmp(one, two, sizeof(one)), "two processes learn something else");
    s2vi_param_list_close(&list);
    return check_done();
}
