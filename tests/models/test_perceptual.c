/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Perceptual networks, and LPIPS over them, against the PyTorch reference's
 * goldens on a device, and files that are none, refused in a sentence. Largest
 * differences as parts of the golden's rms: features 1e-4, gradients 1e-3.
 *
 * usage: test_perceptual DEVICE GOLDEN...
 *        test_perceptual DEVICE    (real weights, in S2V_TEST_DATA)
 */
#include "../device.h"
#include "base/philox.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "network_file.h"
#include "networks/lpips.h"
#include "networks/perceptual.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 2, SKIPPED = 77 };

static int passed, failed;
static const char *subject; /* what is being checked */
static char *folder;        /* to write in */

static void check(bool ok, const char *what, const char *found)
{
    printf("%s: %s, %s: %s\n", ok ? "ok" : "FAIL", subject, what, found);
    *(ok ? &passed : &failed) += 1;
}

static void check_below(double value, double bound, const char *what)
{
    char text[64];
    snprintf(text, sizeof(text), "error %.2e", value);
    check(value <= bound, what, text);
}

/* ---------------------------------------------------------------- files -- */

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

/* Write the network's file; see network_file.h. */
static const char *write_network(const char *network, const char *input,
                                 bool caffe)
{
    const char *path = path_of("network.safetensors");
    network_file_write(path, network, input, caffe);
    return path;
}

static const char *write_heads(const char *network, int missing)
{
    const char *path = path_of("heads.safetensors");
    heads_file_write(path, network, missing);
    return path;
}

/* ------------------------------------------------------------- running -- */

/* A network on a device, and what is run on it. */
typedef struct bench {
    s2vi_perceptual *phi;
    s2vi_lpips *heads;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_node *real, *made, *distance, *lpips, *grad;
    s2vi_node *features[S2VI_PERCEPTUAL_MAX_LAYERS];
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

static void bench_plan(bench *b)
{
    s2v_error err;
    s2vi_node *outputs[S2VI_PERCEPTUAL_MAX_LAYERS + 3] = {b->distance, b->lpips,
                                                          b->grad};
    int n = s2vi_perceptual_layers(b->phi);
    memcpy(outputs + 3, b->features, (size_t)n * sizeof(*outputs));
    const s2vi_plan_params params = {.outputs = outputs, .n_outputs = n + 3};
    golden_must(s2vi_graph_status(b->graph, &err), &err, "graph");
    golden_must(s2vi_plan_create(&b->plan, b->graph, b->store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&b->exec, b->plan, &err), &err, "exec");
}

static bench bench_open(const char *path, const char *heads, const char *device,
                        int64_t height, int64_t width)
{
    bench b = {0};
    s2v_error err;
    const s2vi_shape shape = S2VI_SHAPE(FRAMES, height, width, 3);
    golden_must(s2vi_perceptual_open(&b.phi, path, &err), &err, "open");
    golden_must(s2vi_backend_open(&b.backend, device, S2VI_F32, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&b.store, b.backend, &err), &err, "store");
    golden_must(s2vi_perceptual_load(b.phi, b.store, &err), &err, "load");
    golden_must(s2vi_lpips_open(&b.heads, b.phi, heads, &err), &err, heads);
    golden_must(s2vi_lpips_load(b.heads, b.store, &err), &err, heads);
    b.graph = s2vi_graph_create();
    b.real = s2vi_input(b.graph, "real", shape);
    b.made = s2vi_input(b.graph, "made", shape);
    s2vi_perceptual_record(b.phi, b.graph, b.made,
                           s2vi_perceptual_layers(b.phi) - 1, b.features);
    b.distance = s2vi_perceptual_distance(b.phi, b.graph, b.real, b.made,
                                          s2vi_perceptual_default_layer(b.phi));
    b.lpips = s2vi_lpips_record(b.heads, b.graph, b.real, b.made);
    golden_must(s2vi_graph_status(b.graph, &err), &err, "graph");
    golden_must(s2vi_gradients(b.distance, NULL, &b.made, 1, &b.grad), &err,
                "gradient");
    bench_plan(&b);
    return b;
}

static void bench_close(bench *b)
{
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    s2vi_graph_close(&b->graph);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
    s2vi_lpips_close(&b->heads);
    s2vi_perceptual_close(&b->phi);
}

/* The reference's videos; stream 0: real, 1: made. */
static float *video(uint64_t seed, uint32_t stream, int64_t frame)
{
    float *v = malloc(FRAMES * (size_t)frame * sizeof(*v));
    for (int t = 0; t < FRAMES; t++) {
        s2vi_philox key = {seed, stream, (uint64_t)t};
        s2vi_philox_normal(&key, 0, (size_t)frame, v + t * frame);
    }
    for (int64_t i = 0; i < FRAMES * frame; i++)
        v[i] = fminf(fmaxf(v[i] * 0.5f, -1), 1);
    return v;
}

static void run(bench *b, const float *real, const float *made)
{
    s2v_error err;
    const s2vi_clock clock = {0};
    s2vi_exec_write(b->exec, b->real, real);
    s2vi_exec_write(b->exec, b->made, made);
    golden_must(s2vi_exec_run(b->exec, &clock, &err), &err, "run");
}

/* A node's value, to be freed, and its root mean square. */
static float *value_of(const bench *b, const s2vi_node *node, double *rms)
{
    int64_t n = s2vi_shape_count(&node->shape);
    float *x = malloc((size_t)n * sizeof(*x));
    double sum = 0;
    s2vi_exec_read(b->exec, node, x);
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    *rms = sqrt(sum / (double)n);
    return x;
}

/* ------------------------------------------------------------- goldens -- */

static float *wanted(const s2v_weights *file, const char *name, int64_t *n)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = t ? malloc(t->count * sizeof(*out)) : NULL;
    golden_must(t ? 0 : -1, &(s2v_error){.message = "not there"}, name);
    golden_must(s2vi_weights_read_f32(file, t, out, &err), &err, name);
    *n = (int64_t)t->count;
    return out;
}

static const golden_errors measured[] = {
    {.name = "perceptual_vgg16", .f32 = 1.1e-5, .gradient_f32 = 1.5e-5},
    {.name = "perceptual_vgg19", .f32 = 1.4e-5, .gradient_f32 = 1.7e-5},
    {.name = "perceptual_squeezenet", .f32 = 4.4e-6, .gradient_f32 = 4.9e-6},
    {.name = "perceptual_squeezenet_odd",
     .f32 = 6.3e-6,
     .gradient_f32 = 5.2e-6},
};

enum { MEASURED = sizeof(measured) / sizeof(measured[0]) };

static double output_bound, gradient_bound; /* of the golden at hand */

/* The golden's evenly spread elements of a node; and its size, the rms (norm:
 * the L2 norm), under another name, unless that is NULL. */
static void compare(const bench *b, const s2v_weights *file,
                    const s2vi_node *node, const char *name,
                    const char *size_name, bool norm, double bound)
{
    int64_t n, one, all = s2vi_shape_count(&node->shape);
    double rms;
    float *x = value_of(b, node, &rms);
    float *want = wanted(file, name, &n);
    for (int64_t k = 0; k < n; k++)
        x[k] = x[k * all / n];
    check_below(golden_error(x, want, n), bound, name);
    free(x);
    free(want);
    if (!size_name)
        return;
    float *size = wanted(file, size_name, &one);
    float found = (float)(norm ? rms * sqrt((double)all) : rms);
    check_below(golden_error(&found, size, 1), bound, size_name);
    free(size);
}

static void compare_all(const bench *b, const s2v_weights *file)
{
    for (int i = 0; i < s2vi_perceptual_layers(b->phi); i++) {
        const char *name = s2vi_perceptual_layer_name(b->phi, i);
        char rms_name[32];
        snprintf(rms_name, sizeof(rms_name), "%s.rms", name);
        compare(b, file, b->features[i], name, rms_name, false, output_bound);
    }
    compare(b, file, b->distance, "distance", NULL, false, output_bound);
    compare(b, file, b->lpips, "lpips", NULL, false, output_bound);
    compare(b, file, b->grad, "grad", "grad.norm", true, gradient_bound);
}

/* At equal videos the distance is its least and the gradient zero. */
static void check_equal(bench *b, const float *made)
{
    double distance, rms, lpips;
    run(b, made, made);
    free(value_of(b, b->lpips, &lpips));
    check_below(lpips, 0, "LPIPS of equal videos");
    free(value_of(b, b->distance, &distance));
    free(value_of(b, b->grad, &rms));
    /* a few last digits of a float */
    check_below(fabs(distance - 1e-4), 2e-11, "distance of equal videos");
    check_below(rms, 0, "gradient at equal videos");
}

static void check_golden(const char *path, const char *device)
{
    s2v_error err;
    s2v_weights *file;
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    const char *network = s2v_weights_get_metadata(file, "network");
    int64_t height = atoi(s2v_weights_get_metadata(file, "height"));
    int64_t width = atoi(s2v_weights_get_metadata(file, "width"));
    uint64_t seed = (uint64_t)atoi(s2v_weights_get_metadata(file, "seed"));
    const char *input = s2v_weights_get_metadata(file, "input");
    subject = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char *heads = g_strdup(write_heads(network, 0));
    bench b = bench_open(write_network(network, input, input != NULL), heads,
                         device, height, width);
    g_free(heads);
    float *real = video(seed, 0, height * width * 3);
    float *made = video(seed, 1, height * width * 3);
    check(!strncmp(s2vi_perceptual_name(b.phi), network, strlen(network)),
          "name", s2vi_perceptual_name(b.phi));
    run(&b, real, made);
    compare_all(&b, file);
    check_equal(&b, made);
    free(real);
    free(made);
    bench_close(&b);
    s2v_weights_close(&file);
}

/* ---------------------------------------------------------- other files -- */

static void check_refused(const char *path, const char *const *parts)
{
    s2vi_perceptual *phi = (s2vi_perceptual *)&phi;
    s2v_error err = {0};
    int ret = s2vi_perceptual_open(&phi, path, &err);
    bool ok = ret == S2V_ERR_MODEL && !phi;
    for (; *parts; parts++)
        ok = ok && strstr(err.message, *parts);
    check(ok, "refused", err.message);
}

#define REFUSED(path, ...)                                                     \
    check_refused(path, (const char *const[]){__VA_ARGS__, NULL})

/* SqueezeNet without its last tensor but one, the first of another shape,
 * another one of another type. */
static const char *write_damaged(void)
{
    s2vi_writer *w;
    s2v_error err;
    network_convs l = network_convs_of("squeezenet1.1");
    const char *path = path_of("network.safetensors");
    const int64_t shape[] = {64, 1, 3, 3}, one[] = {64};
    const uint8_t bytes[64] = {0};
    const float zeros[64 * 9] = {0};
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    for (int i = 2; i < 2 * l.count; i++)
        if (i != 2 * l.count - 2)
            network_add_tensor(w, &l, i, false);
    s2vi_writer_add(w, "features.0.weight", S2VI_STORED_F32, 4, shape, zeros,
                    NULL);
    s2vi_writer_add_raw(w, "features.0.bias", S2VI_STORED_U8, 1, one, bytes,
                        NULL);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
    return path;
}

/* One tensor of that name; NULL: none at all. */
static const char *write_stranger(const char *name)
{
    s2vi_writer *w;
    s2v_error err;
    const char *path = path_of("network.safetensors");
    golden_must(s2vi_writer_create(&w, path, &err), &err, path);
    if (name)
        s2vi_writer_add(w, name, S2VI_STORED_F32, 1, (const int64_t[]){2},
                        (const float[]){1, 2}, NULL);
    golden_must(s2vi_writer_commit(&w, &err), &err, path);
    return path;
}

static void check_files(void)
{
    static const char *const inputs[] = {
        "BGR",
        "bgr in 0..255 minus (1,2,3)",
        "BGR in 0..x minus (1,2,3)",
        "RGB in 0..0 minus (1,2,3)",
        "RGB in 0..1 minus (1,2)",
        "RGB in 0..1 minus (1,2,inf)",
        "RGB in 0..1 minus (1,2,3) over (1,0,1)",
        "RGB in 0..1 minus (1,2,3) over (1,1,1) and more",
    };
    subject = "damaged";
    REFUSED(write_damaged(), "missing \"features.12.expand3x3.weight\"",
            "\"features.0.weight\" is [64, 1, 3, 3], expected [64, 3, 3, 3]",
            "\"features.0.bias\" is of type U8", "squeezenet1.1 is the nearest",
            "47 of its 50 tensors fit");
    subject = "stranger";
    REFUSED(write_stranger("lin0.weight"), "VGG16, VGG19 or SqueezeNet 1.1",
            "found 1 tensor, first \"lin0.weight\"");
    REFUSED(write_stranger(NULL), "found 0 tensors");
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        subject = inputs[i];
        REFUSED(write_network("squeezenet1.1", inputs[i], true), inputs[i],
                "expected for instance \"BGR in 0..255 minus (104,117,123)\"");
    }
}

static void check_heads(void)
{
    s2vi_perceptual *phi;
    s2vi_lpips *heads = (s2vi_lpips *)&phi;
    s2v_error err = {0};
    subject = "heads";
    golden_must(s2vi_perceptual_open(
                    &phi, write_network("squeezenet1.1", NULL, false), &err),
                &err, "open");
    int ret =
        s2vi_lpips_open(&heads, phi, write_heads("squeezenet1.1", 1), &err);
    check(ret == S2V_ERR_MODEL && !heads &&
              strstr(err.message, "lin6.model.1.weight"),
          "one missing", err.message);
    ret = s2vi_lpips_open(&heads, phi, write_heads("vgg16", 0), &err);
    check(ret == S2V_ERR_MODEL && !heads &&
              strstr(err.message,
                     "\"lin3.model.1.weight\" is [1, 512, 1, 1], expected "
                     "[1, 384, 1, 1]"),
          "of another network", err.message);
    s2vi_lpips_close(&heads);
    s2vi_perceptual_close(&phi);
}

/* torchvision's normalisation in words is what a file without words has. */
static void check_input_words(const char *device)
{
    static const char *const words[] = {
        NULL, "RGB in 0..1 minus (0.485,0.456,0.406) over (.229,.224,.225); x"};
    float *frames = video(3, 0, 32 * 32 * 3), *x[2];
    int64_t n = 0;
    double rms;
    subject = "input words";
    for (int i = 0; i < 2; i++) {
        char *heads = g_strdup(write_heads("squeezenet1.1", 0));
        const char *path = write_network("squeezenet1.1", words[i], false);
        bench b = bench_open(path, heads, device, 32, 32);
        g_free(heads);
        run(&b, frames, frames);
        x[i] = value_of(&b, b.features[6], &rms);
        n = s2vi_shape_count(&b.features[6]->shape);
        bench_close(&b);
    }
    check_below(golden_error(x[0], x[1], n), 0, "same features");
    free(x[0]);
    free(x[1]);
    free(frames);
}

static void check_mistakes(void)
{
    s2v_error err = {0};
    s2vi_perceptual *phi;
    subject = "mistakes";
    s2vi_perceptual_close(NULL);
    golden_must(s2vi_perceptual_open(
                    &phi, write_network("squeezenet1.1", NULL, false), &err),
                &err, "open");
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *v = s2vi_input(g, "v", S2VI_SHAPE(1, 32, 32, 3));
    check(!s2vi_perceptual_layer_name(phi, 7) &&
              !s2vi_perceptual_layer_name(phi, -1),
          "no such layer", "no name");
    bool none = !s2vi_perceptual_features(phi, g, v, 7);
    none = none && s2vi_graph_status(g, &err) < 0;
    check(none, "no such layer", err.message);
    s2vi_graph_close(&g);
    g = s2vi_graph_create();
    v = s2vi_input(g, "v", S2VI_SHAPE(1, 32, 32, 4));
    none = !s2vi_perceptual_distance(phi, g, v, v, 0);
    none = none && s2vi_graph_status(g, &err) < 0;
    check(none, "four channels", err.message);
    s2vi_graph_close(&g);
    s2vi_perceptual_close(&phi);
    s2vi_perceptual_close(&phi);
    check(!phi, "closed twice", "fine");
}

/* --------------------------------------------------------- real weights -- */

/* The reference's numbers for the same file and videos. */
static const float real_rms[] = {56.293f, 112.435f, 83.055f, 88.334f,
                                 42.381f, 31.028f,  8.000f};
static const float real_distance = 0.44172f;
static const float real_lpips[FRAMES] = {0.14933691f, 0.14560072f};

static void compare_real(const bench *b)
{
    double rms;
    for (int i = 0; i < s2vi_perceptual_layers(b->phi); i++) {
        free(value_of(b, b->features[i], &rms));
        check_below(fabs(rms / real_rms[i] - 1), 2e-4,
                    s2vi_perceptual_layer_name(b->phi, i));
    }
    free(value_of(b, b->distance, &rms));
    check_below(fabs(rms / real_distance - 1), 2e-4, "distance");
    float *lpips = value_of(b, b->lpips, &rms);
    check_below(golden_error(lpips, real_lpips, FRAMES), 1e-4, "LPIPS");
    free(lpips);
    free(value_of(b, b->grad, &rms));
    check(isfinite(rms) && rms > 0, "gradient", "finite");
}

static int check_real(const char *device)
{
    const char *data = getenv("S2V_TEST_DATA");
    if (!data || !g_file_test(data, G_FILE_TEST_IS_DIR)) {
        printf("skipped: S2V_TEST_DATA does not name the folder of real "
               "weights\n");
        return SKIPPED;
    }
    char *path =
        g_build_filename(data, "weights", "squeezenet1.1.safetensors", NULL);
    char *heads = g_build_filename(data, "weights",
                                   "lpips_v0.1_squeeze.safetensors", NULL);
    bench b = bench_open(path, heads, device, 64, 64);
    g_free(heads);
    float *real = video(1, 0, 64 * 64 * 3), *made = video(1, 1, 64 * 64 * 3);
    subject = s2vi_perceptual_name(b.phi);
    run(&b, real, made);
    compare_real(&b);
    bench_close(&b);
    free(real);
    free(made);
    g_free(path);
    return failed != 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        device_is_needed(argv[1]);
    if (argc == 2)
        return check_real(argv[1]);
    folder = g_dir_make_tmp("s2v-perceptual-XXXXXX", NULL);
    if (argc < 2 || !folder) {
        printf("FAIL: no device named, or no folder to write in\n");
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        output_bound = golden_bound(argv[i], argv[1], S2VI_F32, false, measured,
                                    MEASURED, 1e-4);
        gradient_bound = golden_bound(argv[i], argv[1], S2VI_F32, true,
                                      measured, MEASURED, 1e-3);
        check_golden(argv[i], argv[1]);
    }
    check_input_words(argv[1]);
    check_files();
    check_heads();
    check_mistakes();
    unlink(path_of("heads.safetensors"));
    unlink(path_of("network.safetensors"));
    rmdir(folder);
    g_free(folder);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
