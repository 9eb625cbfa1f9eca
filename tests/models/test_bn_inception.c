/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BN-Inception against PyTorch's golden, from weight files of the names that
 * public checkpoints have: of pictures, of flow, of flow by the weights for
 * pictures; and files that do not fit. Largest difference of a number as a part
 * of the golden's rms; bounds as in test_networks.c.
 *
 * usage: test_bn_inception DEVICE f32|f64 GOLDEN
 */
#include "bn_file.h"
#include "golden.h"
#include "graph/build.h"
#include "networks/bn_inception.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_SEED = 78, WIDE = S2VI_BN_FEATURES };

static int passed, failed;

static void check(bool ok, const char *what, const char *found)
{
    printf("%s: %s: %s\n", ok ? "ok" : "FAIL", what, found);
    *(ok ? &passed : &failed) += 1;
}

/* A file's path, for as long as it is needed. */
static char path[] = "/tmp/test_bn_inception_XXXXXX";

static s2vi_bn_inception *open_net(const bn_file *how, int planes)
{
    s2v_error err;
    s2vi_bn_inception *net;
    bn_file_write(path, how);
    golden_must(s2vi_bn_inception_open(&net, path, planes, &err), &err, path);
    return net;
}

/* Features of n inputs, (n,1024). */
static void run(s2vi_bn_inception *net, s2vi_backend *backend, s2vi_shape shape,
                float *features)
{
    s2v_error err;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *out;
    const s2vi_clock clock = {0};
    const int planes = (int)shape.dim[3];
    const int64_t n = s2vi_shape_count(&shape);
    const s2vi_philox key = {INPUT_SEED, (uint32_t)planes, 0};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", shape);
    float *x = malloc((size_t)n * sizeof(*x));
    golden_normal(&key, n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(60 * (double)x[i]);
    golden_must(s2vi_store_create(&store, backend, &err), &err, "store");
    golden_must(s2vi_bn_inception_load(net, store, &err), &err, "load");
    golden_must(s2vi_bn_inception_build(g, planes, in, &out, &err), &err,
                "build");
    const s2vi_plan_params params = {
        .outputs = &out, .n_outputs = 1, .frozen = true};
    golden_must(s2vi_plan_create(&plan, g, store, &params, &err), &err, "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    s2vi_exec_write(exec, in, x);
    golden_must(s2vi_exec_run(exec, &clock, &err), &err, "run");
    s2vi_exec_read(exec, out, features);
    free(x);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2vi_store_close(&store);
}

static void compare(s2v_weights *golden_file, const char *name,
                    const float *made, double bound)
{
    const golden g = {.file = golden_file};
    int64_t n = 0;
    char text[40];
    float *want = golden_read(&g, name, &n);
    const double error = want ? golden_error(made, want, n) : 1;
    snprintf(text, sizeof(text), "error %.2e", error);
    check(error <= bound, name, text);
    free(want);
}

static void check_outputs(s2v_weights *file, s2vi_backend *backend,
                          double bound)
{
    const bn_file rgb = {.planes = 3};
    const bn_file flow = {
        .planes = 2, .prefix = "module.base_model.", .rows = true};
    float made[2 * WIDE];
    s2vi_bn_inception *net = open_net(&rgb, 3);
    run(net, backend, S2VI_SHAPE(2, 64, 96, 3), made);
    compare(file, "rgb", made, bound);
    s2vi_bn_inception_close(&net);
    net = open_net(&flow, 2);
    run(net, backend, S2VI_SHAPE(1, 64, 64, 2), made);
    compare(file, "flow", made, bound);
    s2vi_bn_inception_close(&net);
    net = open_net(&rgb, 2);
    run(net, backend, S2VI_SHAPE(1, 64, 64, 2), made);
    compare(file, "mean", made, bound);
    s2vi_bn_inception_close(&net);
}

static void refused(const bn_file *how, int planes, const char *part)
{
    s2v_error err = {0};
    s2vi_bn_inception *net;
    bn_file_write(path, how);
    int ret = s2vi_bn_inception_open(&net, path, planes, &err);
    check(ret == S2V_ERR_MODEL && !net && strstr(err.message, part), "refused",
          err.message);
    s2vi_bn_inception_close(&net);
}

static void check_refusals(void)
{
    refused(&(bn_file){.planes = 3,
                       .left_out = "inception_4e_double_3x3_2_bn.running_var"},
            3, "inception_4e_double_3x3_2_bn.running_var");
    refused(&(bn_file){.planes = 3, .cut = "inception_5b_pool_proj.weight"}, 3,
            "inception_5b_pool_proj.weight");
    refused(&(bn_file){.planes = 2}, 3, "conv1_7x7_s2.weight");
    refused(&(bn_file){.planes = 10}, 2, "conv1_7x7_s2.weight");
}

/* Sides that pooling by 2 does not divide. */
static void check_sides(void)
{
    s2v_error err = {0};
    s2vi_node *out;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, 64, 72, 3));
    int ret = s2vi_bn_inception_build(g, 3, in, &out, &err);
    check(ret < 0 && !out && strstr(err.message, "multiples of 32"), "refused",
          err.message);
    s2vi_graph_close(&g);
}

int main(int argc, char **argv)
{
    s2v_error err;
    s2v_weights *file;
    s2vi_backend *backend;
    if (argc != 4)
        return printf("usage: %s DEVICE f32|f64 GOLDEN\n", argv[0]), 2;
    const bool exact = !strcmp(argv[2], "f64");
    const int fd = mkstemp(path);
    if (fd >= 0)
        close(fd);
    golden_must(s2v_weights_open(&file, argv[3], &err), &err, argv[3]);
    golden_must(s2vi_backend_open(&backend, argv[1],
                                  exact ? S2VI_F64 : S2VI_F32, 2, &err),
                &err, argv[1]);
    /* measured: none, and 1.6e-5 with AVX2 */
    check_outputs(file, backend, exact ? 1e-7 : 3 * 1.6e-5);
    check_refusals();
    check_sides();
    unlink(path);
    s2vi_backend_close(&backend);
    s2v_weights_close(&file);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
