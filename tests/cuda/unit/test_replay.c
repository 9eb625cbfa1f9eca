/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs that are recorded and replayed give what runs that are not give: noise
 * of the clock that each has, states that go on. On the emulated CUDA, which
 * can refuse to record.
 *
 * usage: test_replay LAUNCHES [THREADS]
 *   LAUNCHES   of graphs, of the RUNS that each of THREADS has ROUNDS times
 */
#include "../../must.h"
#include "../../worst.h"
#include "graph/build.h"
#include "run/exec.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 6, COUNT = 2 * 24, ROUNDS = 4, MOST = 4 };

/* Noise added to half of what was there before, for each run. */
static void run(const char *device, float got[RUNS][COUNT])
{
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2v_error err;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *state = s2vi_var(g, S2VI_VAR_STATE, "state", S2VI_SHAPE(2, 24));
    s2vi_node *next =
        s2vi_add(s2vi_scale(state, 0.5), s2vi_normal(g, 3, S2VI_SHAPE(2, 24)));
    s2vi_node *carry = s2vi_assign(state, next);
    const s2vi_plan_params params = {
        .outputs = &next, .n_outputs = 1, .effects = &carry, .n_effects = 1};
    must(s2vi_backend_open(&backend, device, S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    for (int i = 0; i < RUNS; i++) {
        const s2vi_clock clock = {.seed = 7 + (uint64_t)i / 3,
                                  .frame = (uint64_t)(10 * i)};
        must(s2vi_exec_run(exec, &clock, &err), &err);
        must(s2vi_exec_read(exec, next, got[i]), &err);
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_graph_close(&g);
}

/* Graphs that the module has launched. */
static int launches(void)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/libs2v-cuda.so",
             getenv("S2V_MODULE_PATH"));
    void *module = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    const int *count = module ? dlsym(module, "emulated_launches") : NULL;
    return count ? *count : -1;
}

typedef float results[RUNS][COUNT];

static results right;

/* Backends opened, recorded and closed, beside other threads that do the same:
 * what one does must not spoil what another records. */
static void *repeat(void *worst)
{
    results *got = malloc(sizeof(*got));
    for (int round = 0; got && round < ROUNDS; round++) {
        run("cuda", *got);
        for (int i = 0; i < RUNS; i++)
            for (int j = 0; j < COUNT; j++)
                *(double *)worst = worse(
                    *(double *)worst, fabs((double)(*got)[i][j] - right[i][j]));
    }
    free(got);
    return NULL;
}

int main(int argc, char **argv)
{
    const int wanted = argc > 1 ? atoi(argv[1]) : -1;
    const int threads = argc > 2 ? atoi(argv[2]) : 1;
    pthread_t thread[MOST];
    double worst[MOST] = {0}, all = 0;
    run("ref", right);
    for (int i = 0; i < threads && i < MOST; i++)
        pthread_create(&thread[i], NULL, repeat, &worst[i]);
    for (int i = 0; i < threads && i < MOST; i++) {
        pthread_join(thread[i], NULL);
        all = worse(all, worst[i]);
    }
    printf("replay: worst difference %.2g of 1e-6, %d launches of %d\n", all,
           launches(), wanted);
    return !(all <= 1e-6) || launches() != wanted;
}
