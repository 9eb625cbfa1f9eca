/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN's losses, what its goldens do not have: the perceptual loss by a
 * network, which terms are there, where no gradient flows.
 */
#include "../check.h"
#include "../must.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "man_loss.h"
#include "network_file.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>

enum { N = 32, FRAMES = 2, PIXELS = FRAMES * N * N * 3 };

static s2vi_man_config small(void)
{
    s2vi_man_config c;
    s2vi_man_defaults(&c);
    c.size = N;
    c.geometry_size = N;
    c.critic_channels = 4;
    return c;
}

static s2vi_node *picture(s2vi_graph *graph, const char *name)
{
    return s2vi_input(graph, name, S2VI_SHAPE(FRAMES, N, N, 3));
}

static s2vi_node *geometry(s2vi_graph *graph, const char *name)
{
    return s2vi_input(graph, name, S2VI_SHAPE(FRAMES, N, N, 17));
}

/* ----------------------------------------------------------- perceptual -- */

static void fill(s2vi_exec *exec, const s2vi_node *node, uint32_t stream)
{
    static float x[PIXELS];
    const s2vi_philox key = {7, stream, 0};
    golden_normal(&key, PIXELS, x);
    for (int i = 0; i < PIXELS; i++)
        x[i] = fmaxf(-1, fminf(1, 0.5F * x[i]));
    s2vi_exec_write(exec, node, x);
}

static double l1_of(s2vi_exec *exec, const s2vi_node *a, const s2vi_node *b)
{
    const int64_t n = s2vi_shape_count(&a->shape);
    float *x = malloc((size_t)n * sizeof(*x)),
          *y = malloc((size_t)n * sizeof(*y));
    double sum = 0;
    s2vi_exec_read(exec, a, x);
    s2vi_exec_read(exec, b, y);
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)x[i] - y[i]);
    free(x);
    free(y);
    return sum / (double)n;
}

/* The mean differences of all layers, by weights that are written down. */
static void test_perceptual(const char *folder, const char *network,
                            const double *weight, int layers)
{
    const s2vi_man_config config = small();
    char *path = g_build_filename(folder, "network.safetensors", NULL);
    s2vi_perceptual *phi;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_man_generator_loss loss;
    s2v_error err;
    network_file_write(path, network, NULL, false);
    must(s2vi_perceptual_open(&phi, path, &err), &err);
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_perceptual_load(phi, store, &err), &err);
    s2vi_graph *graph = s2vi_graph_create();
    const s2vi_man_loss_inputs in = {.config = &config,
                                     .real = picture(graph, "real"),
                                     .fake = picture(graph, "fake"),
                                     .no_critics = true,
                                     .phi = phi};
    must(s2vi_man_loss_generator(graph, &in, &loss, &err), &err);
    s2vi_node *out[2 * S2VI_PERCEPTUAL_MAX_LAYERS + 1] = {
        loss.term[S2VI_MAN_TERM_PERCEPTUAL]};
    CHECK(s2vi_perceptual_layers(phi) == layers, "%s: %d layers", network,
          s2vi_perceptual_layers(phi));
    s2vi_node **real = out + 1, **fake = real + layers;
    s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS];
    s2vi_perceptual_record(phi, graph, in.real, layers - 1, features);
    memcpy(real, features, (size_t)layers * sizeof(*real));
    s2vi_perceptual_record(phi, graph, in.fake, layers - 1, features);
    memcpy(fake, features, (size_t)layers * sizeof(*fake));
    const s2vi_plan_params params = {.outputs = out,
                                     .n_outputs = 1 + 2 * layers};
    must(s2vi_plan_create(&plan, graph, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    fill(exec, in.real, 0);
    fill(exec, in.fake, 1);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    double wanted = 0;
    float found;
    for (int i = 0; i < layers; i++)
        wanted += weight[i] * l1_of(exec, real[i], fake[i]);
    s2vi_exec_read(exec, out[0], &found);
    CHECK(wanted > 0 && fabs(found / wanted - 1) < 1e-5,
          "%s: %.7g, expected %.7g", network, found, wanted);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_perceptual_close(&phi);
    g_unlink(path);
    g_free(path);
}

/* ---------------------------------------------------------------- terms -- */

/* Bits of the terms that are there. */
static int terms_of(const s2vi_man_generator_loss *loss)
{
    int terms = 0;
    for (int i = 0; i < S2VI_MAN_TERMS; i++)
        terms |= (loss->term[i] != NULL) << i;
    return terms;
}

static void test_terms(s2vi_man_geometry kind, bool frames, bool no_critics,
                       int wanted)
{
    s2vi_man_config config = small();
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_man_generator_loss loss;
    s2v_error err;
    config.geometry = kind;
    const int G = s2vi_man_geometry_channels(&config);
    const s2vi_shape shape = S2VI_SHAPE(FRAMES, N, N, G);
    config.warp = 0;
    const s2vi_man_loss_inputs in = {
        .config = &config,
        .portrait = frames ? picture(graph, "portrait") : NULL,
        .real = frames ? picture(graph, "real") : NULL,
        .fake = frames ? picture(graph, "fake") : NULL,
        .no_critics = no_critics,
        .predicted = s2vi_input(graph, "predicted", shape),
        .truth = s2vi_input(graph, "truth", shape),
    };
    must(s2vi_man_loss_generator(graph, &in, &loss, &err), &err);
    CHECK(terms_of(&loss) == wanted && loss.loss, "terms %x, expected %x",
          (unsigned)terms_of(&loss), (unsigned)wanted);
    s2vi_graph_close(&graph);
}

/* Sound alone. */
static void test_mouth(int wanted)
{
    const s2vi_man_config config = small();
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_man_generator_loss loss;
    s2v_error err;
    const s2vi_man_loss_inputs in = {
        .config = &config,
        .told = s2vi_input(graph, "told", S2VI_SHAPE(3, 4)),
        .mouth = s2vi_input(graph, "mouth", S2VI_SHAPE(3, 4)),
    };
    must(s2vi_man_loss_generator(graph, &in, &loss, &err), &err);
    CHECK(terms_of(&loss) == wanted && loss.loss, "terms %x, expected %x",
          (unsigned)terms_of(&loss), (unsigned)wanted);
    s2vi_graph_close(&graph);
}

static void test_all_terms(void)
{
    const int gan = 1 << S2VI_MAN_TERM_GAN | 1 << S2VI_MAN_TERM_CAM |
                    1 << S2VI_MAN_TERM_FEATURES;
    const int pixels = 1 << S2VI_MAN_TERM_PERCEPTUAL |
                       1 << S2VI_MAN_TERM_LOWER | 1 << S2VI_MAN_TERM_UPPER;
    const int flow = 1 << S2VI_MAN_TERM_FLOW, maps = 1 << S2VI_MAN_TERM_MAPS;
    const int mouth = 1 << S2VI_MAN_TERM_MOUTH;
    test_terms(S2VI_MAN_FLOW, false, true, flow);
    test_terms(S2VI_MAN_CONTOURS, true, true, pixels | maps);
    test_terms(S2VI_MAN_FLOW_CONTOURS, true, false, gan | pixels | flow | maps);
    test_mouth(mouth);
}

/* --------------------------------------------------------------- detach -- */

/* The gradient of what a loss does not depend on. */
static bool is_zero(const s2vi_node *gradient)
{
    return gradient->op == S2VI_OP_FILL && gradient->attr.offset == 0;
}

static void test_detached(void)
{
    const s2vi_man_config config = small();
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_man_critic_loss d;
    s2vi_man_generator_loss g;
    s2v_error err;
    s2vi_node *x[] = {picture(graph, "real"), picture(graph, "fake")};
    s2vi_node *of_d[2], *of_g[2];
    const s2vi_man_loss_inputs in = {.config = &config,
                                     .portrait = picture(graph, "portrait"),
                                     .real = x[0],
                                     .fake = x[1],
                                     .predicted = geometry(graph, "predicted"),
                                     .truth = geometry(graph, "truth")};
    must(s2vi_man_loss_critics(graph, &in, &d, &err), &err);
    must(s2vi_man_loss_generator(graph, &in, &g, &err), &err);
    must(s2vi_gradients(d.loss, NULL, x, 2, of_d), &err);
    must(s2vi_gradients(g.loss, NULL, x + 1, 1, of_g), &err);
    must(s2vi_graph_status(graph, &err), &err);
    CHECK(is_zero(of_d[0]) && is_zero(of_d[1]),
          "the discriminators' loss has a gradient in the frames");
    CHECK(!is_zero(of_g[0]), "the generator's loss has none");
    s2vi_graph_close(&graph);
}

int main(void)
{
    static const double vgg[] = {1. / 32, 1. / 16, 1. / 8, 1. / 4, 1};
    static const double squeezenet[] = {1. / 128, 1. / 64, 1. / 32, 1. / 16,
                                        1. / 8,   1. / 4,  1};
    char *folder = g_dir_make_tmp("s2v-man-loss-XXXXXX", NULL);
    if (!folder)
        return EXIT_FAILURE;
    test_perceptual(folder, "vgg16", vgg, 5);
    test_perceptual(folder, "squeezenet1.1", squeezenet, 7);
    test_all_terms();
    test_detached();
    g_rmdir(folder);
    g_free(folder);
    return check_done();
}
