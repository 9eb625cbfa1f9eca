/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Networks against the PyTorch reference's goldens: every output,
 * and the gradient of a loss in every parameter; then every output again by a
 * plan of frozen weights. Largest difference of an
 * element as a part of the golden's rms.
 *
 * usage: test_networks DEVICE f32|f64 GOLDEN...
 *
 * A golden whose metadata has "weights" is of a real file of that name in
 * S2V_TEST_DATA; without it, it is skipped.
 *
 * Bounds: three times what is measured, in the table below; on other devices
 * 1e-4 for outputs, 1e-3 for gradients, what the project asks of the engine. In
 * f64 the files' own rounding is what differs: half a last digit is 6e-8 of the
 * largest element, which may be some ten times the rms.
 */
#include "../device.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/hifigan.h"
#include "golden_networks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOSS_SEED = 9, MAX_SAMPLES = 24, SKIPPED = 77 };

static const golden_errors measured[] = {
    {"hifigan_v1", 6.9e-7, 1e-7, 7.5e-6, 7.5e-8},
    {"hifigan_v2", 3.4e-6, 1e-7, 3.8e-5, 6.9e-8},
    {"hifigan_v3", 4.7e-7, 1e-7, 5.5e-6, 7.8e-8},
    {"hifigan_real_v3", 2.2e-5, 1e-7, 0, 0}, /* has no gradients */
    {"hifigan_losses", 6.0e-7, 1e-7, 4.2e-6, 2.0e-7},
    {"foley_training", 1.6e-6, 1e-7, 9.4e-6, 5.2e-8},
    {"foley_inference", 2.2e-6, 1e-7, 1.2e-5, 6.7e-8},
    {"foley_losses", 2.3e-7, 1e-7, 2.9e-6, 6.9e-8},
    {"man_conv_conv1d", 5.9e-06, 1.1e-07, 1.0e-05, 7.7e-08},
    {"man_conv_lstm", 8.4e-06, 1.1e-07, 9.3e-06, 8.1e-08},
    {"man_critics", 3.0e-06, 1.1e-07, 3.3e-06, 4.8e-08},
    {"man_critics_paper", 3.2e-06, 1.1e-07, 3.9e-06, 4.5e-08},
    {"man_eca_conv1d", 5.8e-06, 1.1e-07, 1.4e-05, 7.9e-08},
    {"man_eca_lstm", 8.3e-06, 1.1e-07, 2.5e-05, 8.1e-08},
    {"man_flow_amf", 9.6e-06, 1.1e-07, 2.7e-05, 9.5e-08},
    {"man_hourglass", 4.5e-06, 1.1e-07, 2.1e-05, 5.5e-08},
    {"man_hourglass_bn", 9.4e-07, 1.1e-07, 2.5e-06, 7.0e-08},
    {"man_image", 5.8e-06, 1.1e-07, 1.4e-05, 7.1e-08},
    {"man_image_pitch", 1.0e-05, 1.1e-07, 3.7e-05, 7.0e-08},
    {"man_losses_hinge", 7.8e-06, 1.1e-07, 7.4e-05, 9.2e-08},
    {"man_losses_log", 6.6e-06, 1.1e-07, 5.7e-05, 8.3e-08},
    {"man_losses_lsgan", 1.6e-05, 1.1e-07, 8.0e-05, 7.6e-08},
    {"man_partial_conv1d", 7.4e-06, 1.1e-07, 9.7e-06, 8.1e-08},
    {"man_partial_flow", 5.9e-06, 1.1e-07, 8.4e-06, 7.2e-08},
    {"man_partial_lstm", 6.6e-06, 1.1e-07, 1.2e-05, 8.9e-08},
    {"man_partial_maps", 3.6e-06, 1.1e-07, 9.4e-05, 7.7e-08},
    {"man_posterior", 9.9e-07, 1.1e-07, 5.4e-06, 4.4e-08},
    {"man_uneven", 5.2e-06, 1.1e-07, 3.0e-04, 7.5e-08},
    {"man_unet", 3.2e-06, 1.1e-07, 4.8e-06, 5.5e-08},
    {"man_unet_paper", 2.5e-06, 1.1e-07, 1.9e-05, 6.1e-08},
    {"man_unshared", 6.1e-06, 1.1e-07, 3.3e-05, 8.5e-08},
    {"man_warp", 1.6e-05, 1.1e-07, 1.9e-05, 8.8e-08},
};

enum { MEASURED = sizeof(measured) / sizeof(measured[0]) };

static int passed, failed;
static double output_bound, gradient_bound;

static void check(bool ok, const char *label, const char *what, double error)
{
    printf("%s: %s, %s: error %.2e\n", ok ? "ok" : "FAIL", label, what, error);
    *(ok ? &passed : &failed) += 1;
}

/* A golden file, its network on a device, and the network's gradients. */
typedef struct bench {
    s2v_weights *file;
    const char *label;
    s2vi_backend *backend;
    s2vi_store *store;
    golden_network net;
    s2vi_node *loss_weight[GOLDEN_MAX_NODES]; /* of each output */
    s2vi_node **gradient; /* of the parameters, then of the inputs */
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

/* ----------------------------------------------------------- recording -- */

/* The mean of every output's product with fixed random numbers. */
static s2vi_node *weighted_loss(bench *b)
{
    golden_network *net = &b->net;
    s2vi_node *loss = NULL;
    const int n = net->n_weighted ? net->n_weighted : net->n_outputs;
    for (int i = 0; i < n; i++) {
        char name[32];
        s2vi_node *y = net->output[i].node;
        snprintf(name, sizeof(name), "loss_weight.%d", i);
        b->loss_weight[i] = s2vi_input(net->graph, name, y->shape);
        s2vi_node *term = s2vi_mean_all(s2vi_mul(y, b->loss_weight[i]));
        loss = loss ? s2vi_add(loss, term) : term;
    }
    return loss;
}

static bool has_gradients(const bench *b)
{
    return s2v_weights_get_metadata(b->file, "weights") == NULL;
}

static void record_gradients(bench *b)
{
    golden_network *net = &b->net;
    s2v_error err;
    int n = 0;
    s2vi_node **x =
        calloc((size_t)(net->params.count + net->n_inputs), sizeof(*x));
    for (int i = 0; i < net->params.count; i++) {
        const s2vi_param *p = &net->params.param[i];
        s2vi_node *node = s2vi_graph_find(net->graph, p->name);
        /* Statistics that training does not read. */
        x[n++] = node ? node
                      : s2vi_var(net->graph, S2VI_VAR_PARAM, p->name, p->shape);
    }
    for (int i = 0; i < net->n_inputs; i++)
        x[n++] = net->input[i].node;
    b->gradient = calloc((size_t)n, sizeof(*x));
    s2vi_node *loss = net->loss ? net->loss : weighted_loss(b);
    golden_must(s2vi_gradients(loss, NULL, x, n, b->gradient), &err,
                "gradients");
    if (net->last_loss) {
        const int first = net->part[net->n_parts - 1].first;
        golden_must(s2vi_gradients(net->last_loss, NULL, x + first,
                                   net->params.count - first,
                                   b->gradient + first),
                    &err, "gradients");
    }
    free(x);
}

/* `frozen`: as a session does, without gradients. */
static void plan(bench *b, bool frozen)
{
    const golden_network *net = &b->net;
    s2v_error err;
    const int grads =
        has_gradients(b) && !frozen ? net->params.count + net->n_inputs : 0;
    s2vi_node **outputs =
        calloc((size_t)(net->n_outputs + grads), sizeof(*outputs));
    int n = 0;
    for (int i = 0; i < net->n_outputs; i++)
        outputs[n++] = net->output[i].node;
    for (int i = 0; i < grads; i++)
        outputs[n++] = b->gradient[i];
    const s2vi_plan_params params = {
        .outputs = outputs, .n_outputs = n, .frozen = frozen};
    golden_must(s2vi_plan_create(&b->plan, net->graph, b->store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&b->exec, b->plan, &err), &err, "exec");
    free(outputs);
}

/* ------------------------------------------------------------- running -- */

/* A vocoder's, whose version is told by its tensors. */
static void load_weights(bench *b, const char *path)
{
    s2v_error err = {0};
    s2vi_hifigan_config found;
    s2v_weights *weights;
    const s2vi_param_list *list = &b->net.params;
    golden_must(s2v_weights_open(&weights, path, &err), &err, path);
    golden_must(s2vi_hifigan_recognise(&found, weights, NULL, &err), &err,
                path);
    golden_must(s2vi_param_list_check(list, weights, NULL, &err), &err, path);
    for (int i = 0; i < list->count; i++)
        golden_must(s2vi_param_load(&list->param[i], weights,
                                    list->param[i].name, b->store, &err),
                    &err, path);
    s2v_weights_close(&weights);
}

/* Each part by itself. */
static void fill_weights(bench *b)
{
    const golden_network *net = &b->net;
    if (!net->n_parts)
        golden_fill(b->store, &net->params, net->seed);
    for (int i = 0; i < net->n_parts; i++) {
        const int first = net->part[i].first;
        const int end =
            i + 1 < net->n_parts ? net->part[i + 1].first : net->params.count;
        const s2vi_param_list part = {.param = net->params.param + first,
                                      .count = end - first};
        golden_fill(b->store, &part, net->part[i].seed);
    }
}

static void write_normal(bench *b, const s2vi_node *node, uint32_t stream)
{
    const s2vi_philox key = {LOSS_SEED, stream, 0};
    const int64_t n = s2vi_shape_count(&node->shape);
    float *x = malloc((size_t)n * sizeof(*x));
    golden_normal(&key, n, x);
    s2vi_exec_write(b->exec, node, x);
    free(x);
}

static void run(bench *b)
{
    s2v_error err;
    const s2vi_clock clock = {.seed = LOSS_SEED};
    const golden g = {.file = b->file};
    for (int i = 0; i < b->net.n_inputs; i++) {
        char name[80];
        int64_t n;
        snprintf(name, sizeof(name), "in.%s", b->net.input[i].name);
        float *x = golden_read(&g, name, &n);
        s2vi_exec_write(b->exec, b->net.input[i].node, x);
        free(x);
    }
    for (int i = 0; i < b->net.n_outputs; i++)
        if (b->loss_weight[i])
            write_normal(b, b->loss_weight[i], (uint32_t)i);
    golden_must(s2vi_exec_run(b->exec, &clock, &err), &err, "run");
}

static bench bench_open(const char *path, const char *device, s2vi_dtype dtype)
{
    s2v_error err;
    bench b = {.label = strrchr(path, '/') ? strrchr(path, '/') + 1 : path};
    golden_must(s2v_weights_open(&b.file, path, &err), &err, path);
    golden_must(s2vi_backend_open(&b.backend, device, dtype, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&b.store, b.backend, &err), &err, "store");
    golden_must(golden_network_open(&b.net, b.file, &err), &err, path);
    golden_must(s2vi_graph_status(b.net.graph, &err), &err, path);
    return b;
}

static void bench_run(bench *b, const char *weights)
{
    if (weights)
        load_weights(b, weights);
    else
        fill_weights(b);
    if (has_gradients(b))
        record_gradients(b);
    plan(b, false);
    run(b);
}

static void replan(bench *b)
{
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    memset(b->loss_weight, 0, sizeof(b->loss_weight));
    plan(b, true);
    run(b);
}

static void bench_close(bench *b)
{
    free(b->gradient);
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    golden_network_close(&b->net);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
    s2v_weights_close(&b->file);
}

/* ----------------------------------------------------------- comparing -- */

/* A node's value, to be freed. */
static float *value_of(const bench *b, const s2vi_node *node)
{
    float *x = malloc(2 * (size_t)s2vi_shape_count(&node->shape) * sizeof(*x));
    s2vi_exec_read(b->exec, node, x);
    return x;
}

static void compare_output(const bench *b, const golden_node *output)
{
    char name[80];
    int64_t n = 0, count = s2vi_shape_count(&output->node->shape);
    const golden g = {.file = b->file};
    snprintf(name, sizeof(name), "out.%s", output->name);
    float *want = golden_read(&g, name, &n);
    float *made = value_of(b, output->node);
    double error = want && n == count ? golden_error(made, want, n) : NAN;
    check(error <= output_bound, b->label, name, error);
    free(want);
    free(made);
}

/* Against the golden's L2 norm and samples: the worse. -1: it has none. */
static double gradient_error(const bench *b, const char *name,
                             const float *made, int64_t n)
{
    char full[96];
    float picked[MAX_SAMPLES];
    int64_t count = 0;
    double square = 0;
    const golden g = {.file = b->file};
    snprintf(full, sizeof(full), "grad.%s", name);
    float *want = golden_read(&g, full, &count);
    if (!want)
        return -1;
    const int64_t m = n > MAX_SAMPLES ? MAX_SAMPLES : n;
    for (int64_t k = 0; k < m; k++)
        picked[k] = made[n > m ? k * n / m : k];
    for (int64_t i = 0; i < n; i++)
        square += (double)made[i] * made[i];
    double error = count == m + 1 ? golden_error(picked, want + 1, m) : NAN;
    double of_norm = fabs(sqrt(square) / want[0] - 1);
    free(want);
    return error > of_norm || !(error == error) ? error : of_norm;
}

static void compare_gradients(const bench *b)
{
    const s2vi_param_list *list = &b->net.params;
    double worst = 0;
    const char *where = "";
    int count = 0;
    for (int i = 0; i < list->count + b->net.n_inputs; i++) {
        const s2vi_param *p = i < list->count ? &list->param[i] : NULL;
        const golden_node *in = p ? NULL : &b->net.input[i - list->count];
        const int64_t n = s2vi_shape_count(&b->gradient[i]->shape);
        float *made = value_of(b, b->gradient[i]);
        if (p)
            s2vi_param_to_file(p, made, made + n);
        double error =
            gradient_error(b, p ? p->name : in->name, p ? made + n : made, n);
        free(made);
        count += error >= 0 || !(error == error);
        if (!(error <= worst)) {
            worst = error == error ? error : HUGE_VAL;
            where = p ? p->name : in->name;
        }
    }
    char what[160];
    snprintf(what, sizeof(what), "%d gradients, worst %s", count, where);
    check(worst <= gradient_bound && count > 0, b->label, what, worst);
}

/* -------------------------------------------------------------- golden -- */

/* The real file's path, in `path`; false and a word if it is not there. */
static bool find_weights(const char *name, char *path, size_t size)
{
    const char *data = getenv("S2V_TEST_DATA");
    snprintf(path, size, "%s/%s", data ? data : "", name);
    FILE *file = data ? fopen(path, "rb") : NULL;
    if (file)
        fclose(file);
    else
        printf("skipped: no %s in S2V_TEST_DATA\n", name);
    return file;
}

static int test(const char *path, const char *device, s2vi_dtype dtype)
{
    char weights[1024];
    bench b = bench_open(path, device, dtype);
    const char *name = s2v_weights_get_metadata(b.file, "weights");
    bool there = !name || find_weights(name, weights, sizeof(weights));
    if (there) {
        bench_run(&b, name ? weights : NULL);
        for (int i = 0; i < b.net.n_outputs; i++)
            compare_output(&b, &b.net.output[i]);
        if (has_gradients(&b))
            compare_gradients(&b);
        replan(&b);
        for (int i = 0; i < b.net.n_outputs; i++)
            compare_output(&b, &b.net.output[i]);
    }
    bench_close(&b);
    return there;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    if (argc < 4)
        return printf("usage: %s DEVICE f32|f64 GOLDEN...\n", argv[0]), 2;
    const s2vi_dtype dtype = strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64;
    const bool exact = dtype == S2VI_F64;
    bool any = false;
    for (int i = 3; i < argc; i++) {
        output_bound = golden_bound(argv[i], argv[1], dtype, false, measured,
                                    MEASURED, exact ? 1e-6 : 1e-4);
        gradient_bound = golden_bound(argv[i], argv[1], dtype, true, measured,
                                      MEASURED, exact ? 1e-6 : 1e-3);
        any |= test(argv[i], argv[1], dtype);
    }
    if (!any)
        return SKIPPED;
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
