/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP's towers and the encoder of sound into its space: against the published
 * code with random weights, which is not in the repository (the folder in
 * S2V_TEST_DATA holds goldens/clip, whose README gives the bound: 1e-4 of each
 * tensor's largest number); and what needs no golden: files that are not whole,
 * columns that do not count.
 *
 * usage: test_clip DEVICE DTYPE [goldens]
 *        test_clip DEVICE DTYPE wav2clip GOLDEN
 *        test_clip DEVICE DTYPE file FILE     (loads it, as far as it is one)
 */
#include "../device.h"
#include "../scratch.h"
#include "audio/wav2clip.h"
#include "golden.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/clip.h"
#include "models/param_file.h"
#include "models/sound_clip.h"
#include "nn/nn.h"

#include <math.h>

enum { SKIPPED = 77, RGB = 3, PICTURES = 2, TEXTS = 3, CONTEXT = 77 };

#define BOUND 1e-4

static const char *device;
static s2vi_dtype dtype;

/* --------------------------------------------------------------- files -- */

static s2v_weights *open_golden(const char *name)
{
    const char *data = getenv("S2V_TEST_DATA");
    s2v_weights *file;
    char path[4096];
    snprintf(path, sizeof(path), "%s/goldens/clip/%s.safetensors",
             data ? data : "", name);
    return data && s2v_weights_open(&file, path, NULL) >= 0 ? file : NULL;
}

static float *read_tensor(const s2v_weights *file, const char *name, size_t n)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = malloc(n * sizeof(*out));
    golden_must(t && t->count == n ? 0 : -1,
                &(s2v_error){.message = "not of that size"}, name);
    golden_must(s2vi_weights_read_f32(file, t, out, &err), &err, name);
    return out;
}

/* ------------------------------------------------------------- running -- */

enum { MOST = 16 };

/* A graph on the device, its inputs and what is read of it. */
typedef struct bench {
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

static bench bench_open(void)
{
    bench b = {.graph = s2vi_graph_create()};
    s2v_error err;
    golden_must(s2vi_backend_open(&b.backend, device, dtype, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&b.store, b.backend, &err), &err, "store");
    return b;
}

static void bench_plan(bench *b, s2vi_node **outputs, int n)
{
    s2v_error err;
    const s2vi_plan_params params = {
        .outputs = outputs, .n_outputs = n, .frozen = true};
    golden_must(s2vi_plan_create(&b->plan, b->graph, b->store, &params, &err),
                &err, "plan");
    golden_must(s2vi_exec_create(&b->exec, b->plan, &err), &err, "exec");
}

static void bench_run(const bench *b)
{
    s2v_error err;
    golden_must(s2vi_exec_run(b->exec, &(s2vi_clock){0}, &err), &err, "run");
}

static float *bench_read(const bench *b, const s2vi_node *node)
{
    float *out = malloc((size_t)s2vi_shape_count(&node->shape) * sizeof(*out));
    s2vi_exec_read(b->exec, node, out);
    return out;
}

static void bench_close(bench *b)
{
    s2vi_exec_close(&b->exec);
    s2vi_plan_close(&b->plan);
    s2vi_graph_close(&b->graph);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
}

/* The largest difference as a part of the golden's largest number. Images come
 * as (N,C,H,W) there. */
static double error_of(const float *got, const s2vi_shape *s,
                       const float *right)
{
    const size_t n = (size_t)s2vi_shape_count(s);
    const size_t C = (size_t)s2vi_shape_channels(s);
    const size_t pixels =
        s->rank == 4 ? (size_t)(s->dim[1] * s->dim[2]) : n / C;
    double most = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t c = i % C, p = i / C % pixels, image = i / C / pixels;
        const float want =
            right[s->rank == 4 ? (image * C + c) * pixels + p : i];
        const double d = fabs((double)got[i] - (double)want);
        most = d > most || isnan(d) ? d : most;
        scale = fmax(scale, fabs((double)want));
    }
    return most / scale;
}

static double compare(const bench *b, const s2v_weights *golden,
                      const char *name, const s2vi_node *node)
{
    float *right =
        read_tensor(golden, name, (size_t)s2vi_shape_count(&node->shape));
    float *got = bench_read(b, node);
    const double error = error_of(got, &node->shape, right);
    free(right), free(got);
    return error;
}

/* The same as a check. */
static void match(const bench *b, const s2v_weights *golden, const char *name,
                  const s2vi_node *node)
{
    const double error = compare(b, golden, name, node);
    printf("%s %s: error %.2g\n", device, name, error);
    CHECK(error <= BOUND, "%s: error %.3g", name, error);
}

/* -------------------------------------------------------------- towers -- */

/* What a golden's towers give: under its own configuration nothing is above
 * BOUND. */
typedef struct outcome {
    double picture, text;
} outcome;

static void write_picture(const bench *b, const s2v_weights *io,
                          const s2vi_node *x)
{
    enum { PIXELS = 32 * 32, N = PICTURES * PIXELS * 3 };
    float *planes = read_tensor(io, "image", N),
          *pixels = malloc(N * sizeof(*pixels));
    for (int i = 0; i < N; i++)
        pixels[i] =
            planes[(i / (3 * PIXELS) * 3 + i % 3) * PIXELS + i / 3 % PIXELS];
    s2vi_exec_write(b->exec, x, pixels);
    free(planes), free(pixels);
}

static double run_picture(const s2vi_clip_config *c, const s2v_weights *weights,
                          const s2v_weights *io, bool all, float **embedding)
{
    s2v_error err;
    s2vi_clip_graph g;
    bench b = bench_open();
    s2vi_node *x =
        s2vi_input(b.graph, "pictures", S2VI_SHAPE(PICTURES, 32, 32, 3));
    golden_must(
        s2vi_clip_tower_load(c, S2VI_CLIP_PICTURE, weights, b.store, &err),
        &err, "picture tower");
    golden_must(s2vi_clip_build_picture(b.graph, c, x, &g, &err), &err,
                "graph");
    s2vi_node *outputs[] = {g.patches,  g.first,     g.block[0],
                            g.block[1], g.embedding, g.normalised};
    static const char *const names[] = {
        "vision.patch",  "vision.ln_pre",    "vision.block0",
        "vision.block1", "vision.embedding", "vision.normalised"};
    bench_plan(&b, outputs, 6);
    write_picture(&b, io, x);
    bench_run(&b);
    for (int i = 0; all && i < 6; i++)
        match(&b, io, names[i], outputs[i]);
    const double error = compare(&b, io, "vision.embedding", g.embedding);
    *embedding = bench_read(&b, g.normalised);
    bench_close(&b);
    return error;
}

/* The first T columns, which hold all end tokens of texts `first` and on. */
static double run_text(const s2vi_clip_config *c, const s2v_weights *weights,
                       const s2v_weights *io, bool all, float **embedding)
{
    s2v_error err;
    s2vi_clip_graph g;
    bench b = bench_open();
    s2vi_node *ids = s2vi_input(b.graph, "ids", S2VI_SHAPE(TEXTS, CONTEXT));
    s2vi_node *ends = s2vi_input(b.graph, "ends", S2VI_SHAPE(TEXTS));
    golden_must(s2vi_clip_tower_load(c, S2VI_CLIP_TEXT, weights, b.store, &err),
                &err, "text tower");
    golden_must(s2vi_clip_build_text(b.graph, c, ids, ends, &g, &err), &err,
                "graph");
    s2vi_node *outputs[] = {g.block[0], g.block[1], g.embedding, g.normalised};
    static const char *const names[] = {"text.block0", "text.block1",
                                        "text.embedding", "text.normalised"};
    float *tokens = read_tensor(io, "ids", TEXTS * CONTEXT);
    const float rows[TEXTS] = {4, CONTEXT + 30, 2 * CONTEXT + 76};
    bench_plan(&b, outputs, 4);
    s2vi_exec_write(b.exec, ids, tokens);
    s2vi_exec_write(b.exec, ends, rows);
    bench_run(&b);
    for (int i = 0; all && i < 4; i++)
        match(&b, io, names[i], outputs[i]);
    const double error = compare(&b, io, "text.embedding", g.embedding);
    *embedding = bench_read(&b, g.normalised);
    free(tokens);
    bench_close(&b);
    return error;
}

/* One text by itself and cut after its end. */
static void test_cut(const s2vi_clip_config *c, const s2v_weights *weights,
                     const s2v_weights *io)
{
    enum { T = 5, E = 48 };
    s2v_error err;
    s2vi_clip_graph g;
    bench b = bench_open();
    s2vi_node *ids = s2vi_input(b.graph, "ids", S2VI_SHAPE(1, T));
    s2vi_node *ends = s2vi_input(b.graph, "ends", S2VI_SHAPE(1));
    golden_must(s2vi_clip_tower_load(c, S2VI_CLIP_TEXT, weights, b.store, &err),
                &err, "text tower");
    golden_must(s2vi_clip_build_text(b.graph, c, ids, ends, &g, &err), &err,
                "graph");
    float *tokens = read_tensor(io, "ids", TEXTS * CONTEXT);
    float *right = read_tensor(io, "text.embedding", TEXTS * E);
    bench_plan(&b, &g.embedding, 1);
    s2vi_exec_write(b.exec, ids, tokens);
    s2vi_exec_write(b.exec, ends, &(float){T - 1});
    bench_run(&b);
    float *got = bench_read(&b, g.embedding);
    const double error = error_of(got, &g.embedding->shape, right);
    CHECK(error <= BOUND, "cut after its end: error %.3g", error);
    free(tokens), free(right), free(got);
    bench_close(&b);
}

static void test_logits(const s2v_weights *weights, const s2v_weights *io,
                        const float *picture, const float *text)
{
    enum { E = 48 };
    double scale = 0, most = 0;
    float *right = read_tensor(io, "logits_per_image", PICTURES * TEXTS);
    CHECK(s2vi_clip_scale(weights, &scale, NULL) == S2V_OK, "scale");
    CHECK(fabs(0.07 * scale - 1) < 1e-3, "scale %g", scale); /* in f16 */
    for (int i = 0; i < PICTURES * TEXTS; i++) {
        double sum = 0;
        for (int k = 0; k < E; k++)
            sum += (double)picture[i / TEXTS * E + k] *
                   (double)text[i % TEXTS * E + k];
        most = fmax(most, fabs(scale * sum - (double)right[i]));
    }
    CHECK(most <= 14 * BOUND, "logits: error %.3g", most);
    free(right);
}

static void test_file(const char *name, const s2v_weights *io)
{
    s2vi_clip_config c;
    s2v_error err;
    float *picture, *text;
    s2v_weights *weights = open_golden(name);
    golden_must(weights ? 0 : -1, &(s2v_error){.message = "missing"}, name);
    golden_must(s2vi_clip_config_read(&c, S2VI_CLIP_BOTH, weights, &err), &err,
                name);
    CHECK(c.picture.width == 64 && c.picture.layers == 2 &&
              c.picture.heads == 1 && c.picture.mlp == 256 && c.size == 32 &&
              c.patch == 8 && c.text.width == 64 && c.text.layers == 2 &&
              c.vocabulary == 256 && c.context == CONTEXT && c.embedding == 48,
          "%s: its sizes", name);
    c.picture.heads = c.text.heads = 4;
    run_picture(&c, weights, io, true, &picture);
    run_text(&c, weights, io, true, &text);
    test_logits(weights, io, picture, text);
    test_cut(&c, weights, io);
    free(picture), free(text);
    s2v_weights_close(&weights);
}

/* What no tensor tells has to show: heads and the kind of GELU. */
static void test_details(const s2v_weights *io)
{
    s2vi_clip_config c;
    float *unused;
    s2v_weights *weights = open_golden("clip-openai");
    golden_must(s2vi_clip_config_read(&c, S2VI_CLIP_BOTH, weights, NULL), NULL,
                "configuration");
    const double heads = run_picture(&c, weights, io, false, &unused);
    free(unused);
    c.picture.heads = c.text.heads = 4;
    c.exact_gelu = true;
    const double exact = run_picture(&c, weights, io, false, &unused);
    free(unused);
    printf("%s: one head %.2g, exact GELU %.2g off\n", device, heads, exact);
    CHECK(heads > 10 * BOUND, "one head: only %.3g off", heads);
    CHECK(exact > 10 * BOUND, "exact GELU: only %.3g off", exact);
    s2v_weights_close(&weights);
}

/* ------------------------------------------------------ encoder of sound -- */

/* The golden's weights under the names of a public file, and without io.*. */
static s2v_weights *copy_weights(const s2v_weights *golden, const char *prefix)
{
    s2v_error err;
    s2vi_writer *writer;
    s2v_weights *file;
    char *path = in_folder("sound.bin");
    golden_must(s2vi_writer_create(&writer, path, &err), &err, path);
    for (size_t i = 0; i < s2v_weights_count(golden); i++) {
        const s2vi_tensor *t = s2vi_weights_at(golden, i);
        char name[128];
        if (!strncmp(t->name, "io.", 3))
            continue;
        snprintf(name, sizeof(name), "%s%s", prefix, t->name);
        float *x = read_tensor(golden, t->name, t->count);
        s2vi_writer_add(writer, name, S2VI_STORED_F32, t->rank, t->shape, x,
                        &err);
        free(x);
    }
    const int64_t one[] = {1};
    s2vi_writer_add_raw(writer, "feature_extractor.bn1.num_batches_tracked",
                        S2VI_STORED_I64, 1, one, &(int64_t){5}, &err);
    s2vi_writer_add(writer, "audio_encoder.fc.bias", S2VI_STORED_F32, 1, one,
                    &(float){1}, &err);
    golden_must(s2vi_writer_commit(&writer, &err), &err, path);
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    g_free(path);
    return file;
}

static void test_sound(const s2v_weights *golden, const char *prefix)
{
    enum { H = 50, W = 96 };
    s2v_error err;
    s2vi_sound_clip_config c;
    s2vi_sound_clip_graph g;
    bench b = bench_open();
    s2v_weights *file = copy_weights(golden, prefix);
    golden_must(s2vi_sound_clip_config_read(&c, file, &err), &err, "sizes");
    CHECK(c.width[0] == 8 && c.width[1] == 16 && c.width[2] == 32 &&
              c.width[3] == 64 && c.embedding == 32,
          "sizes of the encoder of sound");
    golden_must(s2vi_sound_clip_load(&c, file, b.store, &err), &err, "load");
    s2vi_node *x = s2vi_input(b.graph, "images", S2VI_SHAPE(1, H, W, 1));
    golden_must(s2vi_sound_clip_build(b.graph, &c, x, &g, &err), &err, "graph");
    s2vi_node *outputs[3 + S2VI_SOUND_CLIP_BLOCKS] = {g.stem, g.embedding,
                                                      g.normalised};
    memcpy(outputs + 3, g.block, sizeof(g.block));
    bench_plan(&b, outputs, 3 + S2VI_SOUND_CLIP_BLOCKS);
    float *image = read_tensor(golden, "io.input", H * W);
    s2vi_exec_write(b.exec, x, image);
    bench_run(&b);
    match(&b, golden, "io.stem", g.stem);
    for (int i = 0; i < S2VI_SOUND_CLIP_BLOCKS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "io.layer%d.%d", i / 2 + 1, i % 2);
        match(&b, golden, name, g.block[i]);
    }
    match(&b, golden, "io.embedding", g.embedding);
    match(&b, golden, "io.normalised", g.normalised);
    free(image);
    s2v_weights_close(&file);
    bench_close(&b);
}

/* --------------------------------------------------- without goldens -- */

static const s2vi_clip_config small = {
    .picture = {.width = 16, .layers = 1, .heads = 2, .mlp = 32},
    .text = {.width = 8, .layers = 2, .heads = 2, .mlp = 24},
    .size = 8,
    .patch = 4,
    .vocabulary = 20,
    .context = 6,
    .embedding = 12,
};

/* A file of random weights, but for the parameter `missing`. */
static s2v_weights *make_file(s2vi_clip_part part, const char *missing,
                              const char *config)
{
    s2v_error err;
    s2vi_param_list list = {0};
    s2vi_writer *writer;
    s2v_weights *file;
    char *path = in_folder("clip.bin");
    golden_must(s2vi_clip_params(&small, part, &list, &err), &err, "list");
    golden_must(s2vi_writer_create(&writer, path, &err), &err, path);
    if (config)
        s2vi_writer_set_metadata(writer, "s2v.config", config, &err);
    for (int i = 0; i < list.count; i++) {
        const s2vi_param *p = &list.param[i];
        const size_t n = (size_t)s2vi_shape_count(&p->shape);
        float *x = malloc(2 * n * sizeof(*x));
        s2vi_param_init(&list, i, 7, x, &err);
        s2vi_param_to_file(p, x, x + n);
        if (!missing || strcmp(p->name, missing) != 0)
            s2vi_writer_add(writer, p->name, S2VI_STORED_F32,
                            p->file_shape.rank, p->file_shape.dim, x + n, &err);
        free(x);
    }
    golden_must(s2vi_writer_commit(&writer, &err), &err, path);
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    s2vi_param_list_close(&list);
    g_free(path);
    return file;
}

/* Reading and loading a file that is not whole: one sentence with `part`. */
static void refuse(s2vi_clip_part has, s2vi_clip_part wanted,
                   const char *missing, const char *config,
                   const char *sentence)
{
    s2v_error err = {0};
    s2vi_clip_config c;
    bench b = bench_open();
    s2v_weights *file = make_file(has, missing, config);
    int ret = s2vi_clip_config_read(&c, wanted, file, &err);
    if (ret >= 0)
        ret = s2vi_clip_tower_load(&c, wanted, file, b.store, &err);
    CHECK(ret == S2V_ERR_MODEL && strstr(err.message, sentence),
          "expected \"%s\", found %d: %s", sentence, ret, err.message);
    s2v_weights_close(&file);
    bench_close(&b);
}

static void test_refused(void)
{
    refuse(S2VI_CLIP_PICTURE, S2VI_CLIP_BOTH, NULL, NULL,
           "holds CLIP's picture tower alone, expected its text tower, too");
    refuse(S2VI_CLIP_TEXT, S2VI_CLIP_BOTH, NULL, NULL,
           "holds CLIP's text tower alone, expected its picture tower, too");
    refuse(S2VI_CLIP_BOTH, S2VI_CLIP_BOTH, "visual.proj", NULL,
           "tensor 'visual.proj' is missing");
    refuse(S2VI_CLIP_BOTH, S2VI_CLIP_BOTH, "ln_final.bias", NULL,
           "ln_final.bias");
    refuse(S2VI_CLIP_BOTH, S2VI_CLIP_BOTH, NULL, "{\"text_heads\":3}",
           "text_width is 8, expected a multiple of its 3 heads");
}

/* Tokens after a text's end change nothing, but those before it do; heads come
 * from the file. */
static void test_causal(void)
{
    enum { N = 3, T = 5, E = 12 };
    const float ids[N * T] = {18, 3, 19, 1, 7,  18, 3, 19,
                              2,  2, 18, 4, 19, 1,  7};
    const float rows[N] = {2, T + 2, 2 * T + 2};
    s2v_error err;
    s2vi_clip_config c;
    s2vi_clip_graph g;
    bench b = bench_open();
    s2v_weights *file = make_file(S2VI_CLIP_BOTH, NULL,
                                  "{\"text_heads\":2,\"picture_heads\":2}");
    golden_must(s2vi_clip_config_read(&c, S2VI_CLIP_TEXT, file, &err), &err,
                "configuration");
    CHECK(c.text.heads == 2, "%d heads", c.text.heads);
    golden_must(s2vi_clip_tower_load(&c, S2VI_CLIP_TEXT, file, b.store, &err),
                &err, "load");
    s2vi_node *x = s2vi_input(b.graph, "ids", S2VI_SHAPE(N, T));
    s2vi_node *ends = s2vi_input(b.graph, "ends", S2VI_SHAPE(N));
    golden_must(s2vi_clip_build_text(b.graph, &c, x, ends, &g, &err), &err,
                "graph");
    bench_plan(&b, &g.normalised, 1);
    s2vi_exec_write(b.exec, x, ids);
    s2vi_exec_write(b.exec, ends, rows);
    bench_run(&b);
    float *y = bench_read(&b, g.normalised);
    double same = 0, other = 0, length = 0;
    for (int i = 0; i < E; i++) {
        same = fmax(same, fabs((double)(y[i] - y[E + i])));
        other = fmax(other, fabs((double)(y[i] - y[2 * E + i])));
        length += (double)y[i] * (double)y[i];
    }
    CHECK(same < 1e-6 && other > 1e-3, "after the end %g, before it %g", same,
          other);
    CHECK(fabs(length - 1) < 1e-5, "length %g", sqrt(length));
    free(y);
    s2v_weights_close(&file);
    bench_close(&b);
}

/* x Phi(x) of some x, by the C library's erf(). */
static void test_gelu(void)
{
    enum { N = 9 };
    const float x[N] = {-8, -3, -1, -0.1f, 0, 0.1f, 1, 3, 8};
    bench b = bench_open();
    s2vi_node *in = s2vi_input(b.graph, "x", S2VI_SHAPE(N));
    s2vi_node *y = s2vi_nn_gelu(in);
    bench_plan(&b, &y, 1);
    s2vi_exec_write(b.exec, in, x);
    bench_run(&b);
    float *got = bench_read(&b, y);
    for (int i = 0; i < N; i++) {
        const double right =
            0.5 * (double)x[i] * (1 + erf((double)x[i] / sqrt(2)));
        CHECK(fabs((double)got[i] - right) <= 1e-6, "gelu(%g) is %g, not %g",
              (double)x[i], (double)got[i], right);
    }
    free(got);
    bench_close(&b);
}

/* The gradient of a picture's embedding against differences, where double
 * precision is to be had; through the towers go the losses of training. */
static void test_gradient(void)
{
    enum { SIDE = 8, N = SIDE * SIDE * RGB, E = 12 };
    s2v_error err;
    s2vi_clip_graph g;
    s2vi_clip_config c;
    float x[N], seed[E], *slope;
    double sum[2];
    if (dtype != S2VI_F64)
        return;
    bench b = bench_open();
    s2v_weights *file =
        make_file(S2VI_CLIP_BOTH, NULL, "{\"picture_heads\":2}");
    golden_must(s2vi_clip_config_read(&c, S2VI_CLIP_PICTURE, file, &err), &err,
                "configuration");
    golden_must(
        s2vi_clip_tower_load(&c, S2VI_CLIP_PICTURE, file, b.store, &err), &err,
        "load");
    s2vi_node *in = s2vi_input(b.graph, "x", S2VI_SHAPE(1, SIDE, SIDE, RGB));
    s2vi_node *weight = s2vi_input(b.graph, "seed", S2VI_SHAPE(1, E)),
              *gradient;
    golden_must(s2vi_clip_build_picture(b.graph, &c, in, &g, &err), &err,
                "graph");
    s2vi_node *loss = s2vi_sum_all(s2vi_mul(g.normalised, weight));
    s2vi_gradients(loss, NULL, &in, 1, &gradient);
    s2vi_node *outputs[] = {loss, gradient};
    bench_plan(&b, outputs, 2);
    golden_normal(&(s2vi_philox){.seed = 3}, N, x);
    golden_normal(&(s2vi_philox){.seed = 4}, E, seed);
    s2vi_exec_write(b.exec, weight, seed);
    for (int i = 0; i < 8; i++) {
        const int at = i * 23;
        const float step = 0x1p-7f, before = x[at];
        for (int k = 0; k < 2; k++) {
            x[at] = before + (k ? step : -step);
            s2vi_exec_write(b.exec, in, x);
            bench_run(&b);
            float *value = bench_read(&b, loss);
            sum[k] = (double)*value;
            free(value);
        }
        x[at] = before;
        s2vi_exec_write(b.exec, in, x);
        bench_run(&b);
        slope = bench_read(&b, gradient);
        const double right = (sum[1] - sum[0]) / (2 * (double)step);
        CHECK(fabs((double)slope[at] - right) <= 1e-4, "number %d: %g, not %g",
              at, (double)slope[at], right);
        free(slope);
    }
    s2v_weights_close(&file);
    bench_close(&b);
}

/* ------------------------------------------------- the stem of sound, by hand
 * -- */

enum { H = 12, W = 13, BETWEEN = 5, POOLED = 3 };

/* What the encoder's first layers are made of: one channel, but for the three
 * of the first convolution. */
typedef struct stem {
    float conv[RGB * 9], bias[RGB], conv1[RGB * 49]; /* (RGB,7,7) in the file */
    float gamma, beta, mean, variance;
} stem;

static double at(const double *x, int h, int w, int i, int k)
{
    return i >= 0 && i < h && k >= 0 && k < w ? x[i * w + k] : 0;
}

/* Valid 3x3; 7x7 of stride 2, 3 zeros around; norm; ReLU; the maximum of 3x3 of
 * stride 2, 1 around: 12x13, 10x11, 5x6, 3x3. */
static void stem_by_hand(const stem *s, const float *image, double *out)
{
    double x[H * W], planes[RGB][10 * 11], y[BETWEEN * 6];
    for (int i = 0; i < H * W; i++)
        x[i] = (double)image[i];
    for (int c = 0; c < RGB; c++)
        for (int i = 0; i < 110; i++) {
            planes[c][i] = (double)s->bias[c];
            for (int k = 0; k < 9; k++)
                planes[c][i] += (double)s->conv[c * 9 + k] *
                                at(x, H, W, i / 11 + k / 3, i % 11 + k % 3);
        }
    for (int i = 0; i < BETWEEN * 6; i++) {
        double sum = 0;
        for (int c = 0; c < RGB; c++)
            for (int k = 0; k < 49; k++)
                sum += (double)s->conv1[c * 49 + k] * at(planes[c], 10, 11,
                                                         i / 6 * 2 - 3 + k / 7,
                                                         i % 6 * 2 - 3 + k % 7);
        y[i] =
            fmax(0, (sum - (double)s->mean) / sqrt((double)s->variance + 1e-5) *
                            (double)s->gamma +
                        (double)s->beta);
    }
    for (int i = 0; i < POOLED * POOLED; i++) {
        out[i] = 0;
        for (int k = 0; k < 9; k++)
            out[i] = fmax(out[i], at(y, BETWEEN, 6, i / 3 * 2 - 1 + k / 3,
                                     i % 3 * 2 - 1 + k % 3));
    }
}

static void store(s2vi_store *to, const s2vi_param_list *list, const char *name,
                  const float *values)
{
    s2v_error err;
    const s2vi_param *p = s2vi_param_find(list, name);
    golden_must(p ? s2vi_param_put(p, values, name, to, &err) : -1, &err, name);
}

static void test_stem(void)
{
    s2v_error err;
    const s2vi_sound_clip_config c = {
        .width = {1, 1, 1, 1}, .stages = 4, .embedding = 2};
    s2vi_sound_clip_graph g;
    s2vi_param_list list = {0};
    stem s;
    float image[H * W];
    double right[POOLED * POOLED];
    bench b = bench_open();
    golden_normal(&(s2vi_philox){.seed = 5}, sizeof(s) / sizeof(float),
                  (float *)&s);
    golden_normal(&(s2vi_philox){.seed = 6}, H * W, image);
    s.variance = 1e-4f; /* so that eps shows */
    golden_must(s2vi_sound_clip_params(&c, &list, &err), &err, "list");
    store(b.store, &list, "conv.weight", s.conv);
    store(b.store, &list, "conv.bias", s.bias);
    store(b.store, &list, "feature_extractor.conv1.weight", s.conv1);
    store(b.store, &list, "feature_extractor.bn1.weight", &s.gamma);
    store(b.store, &list, "feature_extractor.bn1.bias", &s.beta);
    store(b.store, &list, "feature_extractor.bn1.running_mean", &s.mean);
    store(b.store, &list, "feature_extractor.bn1.running_var", &s.variance);
    s2vi_node *x = s2vi_input(b.graph, "image", S2VI_SHAPE(1, H, W, 1));
    golden_must(s2vi_sound_clip_build(b.graph, &c, x, &g, &err), &err, "graph");
    bench_plan(&b, &g.stem, 1);
    s2vi_exec_write(b.exec, x, image);
    bench_run(&b);
    float *got = bench_read(&b, g.stem);
    stem_by_hand(&s, image, right);
    CHECK(s2vi_shape_count(&g.stem->shape) == POOLED * POOLED, "its size");
    for (int i = 0; i < POOLED * POOLED; i++)
        CHECK(fabs((double)got[i] - right[i]) <= 1e-5 * fmax(1, right[i]),
              "stem %d: %g, expected %g", i, (double)got[i], right[i]);
    free(got);
    s2vi_param_list_close(&list);
    bench_close(&b);
}

static int test_goldens(void)
{
    s2v_weights *io = open_golden("clip-io");
    s2v_weights *sound = open_golden("sound-encoder");
    if (!io || !sound) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/clip/\n");
        return SKIPPED;
    }
    test_file("clip-openai", io);
    test_file("clip-hf", io);
    test_details(io);
    test_sound(sound, "");
    test_sound(sound, "module.");
    s2v_weights_close(&io), s2v_weights_close(&sound);
    return 0;
}

/* Wav2CLIP: the image of a sound, and its embedding; files with what training
 * alone needs. */
static void test_wav2clip(const char *path)
{
    enum { SAMPLES = 4000, COLUMNS = 1 + SAMPLES / S2VI_WAV2CLIP_HOP };
    enum { N = COLUMNS * S2VI_WAV2CLIP_BINS };
    s2v_error err;
    s2v_weights *golden;
    s2vi_sound_clip_config c;
    s2vi_sound_clip_graph g;
    float image[N];
    bench b = bench_open();
    golden_must(s2v_weights_open(&golden, path, &err), &err, path);
    float *sound = read_tensor(golden, "io.sound", SAMPLES);
    float *right = read_tensor(golden, "io.image", N);
    CHECK(s2vi_wav2clip_columns(SAMPLES) == COLUMNS &&
              s2vi_wav2clip_image(sound, SAMPLES, image, &err) == S2V_OK,
          "the image");
    const double error = error_of(image, &S2VI_SHAPE(N), right);
    printf("%s io.image: error %.2g\n", device, error);
    CHECK(error <= BOUND, "image: error %.3g", error); /* a float transform */
    s2v_weights *file = copy_weights(golden, "");
    golden_must(s2vi_sound_clip_config_read(&c, file, &err), &err, "sizes");
    CHECK(c.width[3] == 5 && c.hidden == 6 && c.embedding == 4, "its sizes");
    golden_must(s2vi_sound_clip_load(&c, file, b.store, &err), &err, "load");
    s2vi_node *x = s2vi_input(b.graph, "images",
                              S2VI_SHAPE(1, S2VI_WAV2CLIP_BINS, COLUMNS, 1));
    golden_must(s2vi_sound_clip_build(b.graph, &c, x, &g, &err), &err, "graph");
    s2vi_node *outputs[] = {g.embedding, g.normalised};
    bench_plan(&b, outputs, 2);
    s2vi_exec_write(b.exec, x, right);
    bench_run(&b);
    match(&b, golden, "io.embedding", g.embedding);
    match(&b, golden, "io.normalised", g.normalised);
    free(sound), free(right);
    s2v_weights_close(&file), s2v_weights_close(&golden);
    bench_close(&b);
}

static int load_file(const char *path)
{
    s2v_error err;
    s2v_weights *file;
    s2vi_clip_config c;
    s2vi_sound_clip_config sound;
    bench b = bench_open();
    golden_must(s2v_weights_open(&file, path, &err), &err, path);
    if (s2vi_weights_find(file, "conv.weight") ||
        s2vi_weights_find(file, "audio_encoder.conv1.weight")) {
        golden_must(s2vi_sound_clip_config_read(&sound, file, &err), &err,
                    path);
        golden_must(s2vi_sound_clip_load(&sound, file, b.store, &err), &err,
                    path);
    } else {
        golden_must(s2vi_clip_config_read(&c, S2VI_CLIP_BOTH, file, &err), &err,
                    path);
        golden_must(
            s2vi_clip_tower_load(&c, S2VI_CLIP_BOTH, file, b.store, &err), &err,
            path);
    }
    s2v_weights_close(&file);
    bench_close(&b);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    device = argv[1];
    dtype = strcmp(argv[2], "f64") == 0 ? S2VI_F64 : S2VI_F32;
    device_is_needed(device);
    if (argc > 4 && !strcmp(argv[3], "file"))
        return load_file(argv[4]);
    make_folder();
    int skipped = 0;
    if (argc > 4) {
        test_wav2clip(argv[4]);
    } else if (argc > 3) {
        skipped = test_goldens();
    } else {
        test_gelu();
        test_refused();
        test_causal();
        test_gradient();
        test_stem();
    }
    remove_folder();
    return skipped ? skipped : check_done();
}
