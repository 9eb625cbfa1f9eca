/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The networks and losses of sound-guided semantic video generation against
 * goldens: every result and gradient that a file has. Those given are of
 * tests/reference/make_semantic_goldens.py; without any, those in the folder
 * goldens/clip of S2V_TEST_DATA, which the published code made, and which are
 * not in this repository: skipped where that is not set. Bounds: 1e-4 of the
 * largest magnitude, 1e-3 for gradients.
 *
 * usage: test_semantic_networks DEVICE f32|f64 [GOLDEN]
 */
#include "../check.h"
#include "../device.h"
#include "../must.h"
#include "golden_semantic.h"

#include <math.h>

enum { SKIPPED = 77 };

#define OUTPUT   1e-4
#define GRADIENT 1e-3

/* ------------------------------------------------------------- running -- */

static void load_params(golden_semantic *g, s2vi_store *store)
{
    s2v_error err;
    char name[GOLDEN_SEMANTIC_NAME];
    for (int i = 0; i < g->params.count; i++) {
        s2vi_param p = g->params.param[i];
        snprintf(name, sizeof(name), "%s%s",
                 i < g->n_generator ? "generator." : "",
                 p.name + (g->skip ? strlen(g->skip) : 0));
        float *x = golden_semantic_read(g, name, &p);
        must(s2vi_store_add(store, p.name, &p.shape, &err), &err);
        must(s2vi_store_write(store, p.name, x, &err), &err);
        free(x);
    }
}

static void write_inputs(golden_semantic *g, s2vi_exec *exec)
{
    for (int i = 0; i < g->n_inputs; i++) {
        const golden_semantic_tensor *in = &g->input[i];
        float *x = in->values ? in->values
                              : golden_semantic_read(g, in->name, &in->layout);
        s2vi_exec_write(exec, in->node, x);
        free(x);
    }
}

/* ----------------------------------------------------------- comparing -- */

static double largest(const float *x, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

/* The largest difference, of the largest magnitude. */
static double difference(const float *made, const float *want, int64_t n)
{
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)made[i] - want[i]);
        worst = d > worst || !(d == d) ? d : worst;
    }
    return worst / fmax(largest(want, n), 1e-30);
}

static double compare(const golden_semantic *g, s2vi_exec *exec,
                      const golden_semantic_tensor *out)
{
    const int64_t n = s2vi_shape_count(&out->node->shape);
    float *want = golden_semantic_read(g, out->name, NULL);
    float *made = malloc(2 * (size_t)n * sizeof(*made));
    s2vi_exec_read(exec, out->node, made + n);
    s2vi_param_to_file(&out->layout, made + n, made);
    const double error = difference(made, want, n);
    CHECK(error <= (out->gradient ? GRADIENT : OUTPUT), "%s, %s: %.2e off",
          g->label, out->name, error);
    free(want);
    free(made);
    return error;
}

static void run(golden_semantic *g, s2vi_store *store)
{
    s2v_error err;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2vi_node **out = calloc((size_t)g->n_outputs, sizeof(*out));
    double worst[2] = {0};
    int count[2] = {0};
    for (int i = 0; i < g->n_outputs; i++)
        out[i] = g->output[i].node;
    const s2vi_plan_params params = {.outputs = out, .n_outputs = g->n_outputs};
    must(s2vi_plan_create(&plan, g->graph, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    write_inputs(g, exec);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    for (int i = 0; i < g->n_outputs; i++) {
        const bool gradient = g->output[i].gradient;
        worst[gradient] =
            fmax(worst[gradient], compare(g, exec, &g->output[i]));
        count[gradient]++;
    }
    printf("%s: %d outputs, %.1e off; %d gradients, %.1e off\n", g->label,
           count[0], worst[0], count[1], worst[1]);
    free(out);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
}

static void test(const char *label, const char *path, const char *beside,
                 const char *device, s2vi_dtype dtype,
                 golden_semantic_record *record)
{
    s2v_error err;
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    golden_semantic *g = calloc(1, sizeof(*g));
    g->label = label;
    g->graph = s2vi_graph_create();
    must(s2v_weights_open(&g->file, path, &err), &err);
    if (beside)
        must(s2v_weights_open(&g->beside, beside, &err), &err);
    must(s2vi_backend_open(&backend, device, dtype, 2, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    (record ? record : golden_semantic_of(g))(g);
    must(s2vi_graph_status(g->graph, &err), &err);
    load_params(g, store);
    run(g, store);
    s2vi_param_list_close(&g->params);
    s2vi_graph_close(&g->graph);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2v_weights_close(&g->beside);
    s2v_weights_close(&g->file);
    free(g);
}

/* ---------------------------------------------------------------- main -- */

static const struct published {
    const char *file, *beside;
    golden_semantic_record *record;
} published[] = {
    {"irse", NULL, golden_semantic_irse},
    {"style-head", NULL, golden_semantic_style_head},
    {"e-rnn", NULL, golden_semantic_e_rnn},
    {"e-rnn", NULL, golden_semantic_e_rnn_noise},
    {"di", NULL, golden_semantic_published_di},
    {"dv-scale1", "dv-scale0", golden_semantic_published_dv1},
    {"dv-scale0", "dv-scale1", golden_semantic_published_dv0},
};

static void path_of(char *path, size_t size, const char *data, const char *file)
{
    snprintf(path, size, "%s/goldens/clip/%s.safetensors", data ? data : "",
             file);
}

static bool is_there(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file;
}

int main(int argc, char **argv)
{
    const char *data = getenv("S2V_TEST_DATA");
    char path[1024], beside[1024];
    if (argc < 3)
        return printf("usage: %s DEVICE f32|f64 [GOLDEN]\n", argv[0]), 2;
    device_is_needed(argv[1]);
    const s2vi_dtype dtype = strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64;
    if (argc > 3) {
        test(argv[3], argv[3], NULL, argv[1], dtype, NULL);
        return check_done();
    }
    for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
        const struct published *p = &published[i];
        path_of(path, sizeof(path), data, p->file);
        path_of(beside, sizeof(beside), data, p->beside ? p->beside : p->file);
        if (data && is_there(path) && is_there(beside))
            test(p->file, path, p->beside ? beside : NULL, argv[1], dtype,
                 p->record);
        else
            printf("skipped: no goldens/clip/%s.safetensors in "
                   "S2V_TEST_DATA\n",
                   p->file);
    }
    return check_count ? check_done() : SKIPPED;
}
