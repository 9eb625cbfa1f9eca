/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGAN2 and 3 against goldens: every intermediate result and gradient that
 * a file has. Those given are of tests/reference/stylegan.py; without any,
 * those in the folder goldens/stylegan of S2V_TEST_DATA, which the published
 * code made, and which are not in this repository: skipped where that is not
 * set.
 *
 * A golden holds the weights under their published names, inputs "in.NAME" and
 * results "out.NAME", (n,C,H,W); of a result of several pictures perhaps the
 * first alone, or some lines and columns (metadata layer_outputs). Bounds: 1e-4
 * of the largest magnitude, 1e-3 for gradients.
 *
 * usage: test_stylegan DEVICE f32|f64 [GOLDEN [WEIGHTS]]
 *   WEIGHTS   where the golden has none: a file of scripts/import-stylegan
 */
#include "../check.h"
#include "../device.h"
#include "../must.h"
#include "base/numpy_random.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/stylegan3.h"
#include "networks/stylegan2_discriminator.h"
#include "run/exec.h"
#include "weights/weights.h"

#include <jansson.h>
#include <math.h>

enum { SKIPPED = 77, MOST = 256, NAME = 160 };

#define OUTPUT   1e-4
#define GRADIENT 1e-3

typedef struct result {
    char name[NAME + 4]; /* with "out." */
    s2vi_node *node;
    s2vi_param layout;
    double bound;
} result;

typedef struct bench {
    const char *label;
    s2v_weights *file, *weights;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_param_list params;
    s2vi_node *input[MOST];
    int n_inputs;
    result out[MOST];
    int n_outputs;
    double psi;
    int cutoff;
    bool given; /* the noise */
} bench;

/* --------------------------------------------------------------- files -- */

static const s2vi_tensor *find(const bench *b, const char *name)
{
    return s2vi_weights_find(b->file, name);
}

static float *read_values(const s2v_weights *w, const s2vi_tensor *t)
{
    s2v_error err;
    float *x = malloc((size_t)t->count * sizeof(*x));
    must(s2vi_weights_read_f32(w, t, x, &err), &err);
    return x;
}

/* A tensor's layout: the engine has channels last. */
static s2vi_param layout_of(const s2vi_tensor *t)
{
    s2vi_param_list list = {0};
    s2vi_shape shape = {.rank = t->rank};
    for (int i = 0; i < t->rank; i++)
        shape.dim[i] = t->shape[i];
    s2vi_declare(&(s2vi_scope){.list = &list}, shape, S2VI_INIT_ZERO, "layout");
    const s2vi_param layout = list.param[0];
    s2vi_param_list_close(&list);
    return layout;
}

/* How a node lies in a file. */
static s2vi_param layout_of_node(const s2vi_node *node)
{
    const s2vi_shape *s = &node->shape;
    s2vi_tensor t = {.rank = s->rank};
    for (int i = 0; i < s->rank; i++)
        t.shape[i] = s->dim[i];
    if (s->rank == 4) {
        t.shape[1] = s->dim[3];
        t.shape[2] = s->dim[1];
        t.shape[3] = s->dim[2];
    }
    return layout_of(&t);
}

/* The golden's configuration, without `others`: to be freed. */
static char *config_of(const bench *b, const char *const *others)
{
    json_t *c =
        json_loads(s2v_weights_get_metadata(b->file, "config"), 0, NULL);
    CHECK(c != NULL, "no config in %s", b->label);
    for (int i = 0; others[i]; i++)
        json_object_del(c, others[i]);
    char *text = json_dumps(c, 0);
    json_decref(c);
    return text;
}

/* "null": `none` */
static double number_of(const bench *b, const char *key, double none)
{
    const char *text = s2v_weights_get_metadata(b->file, key);
    return text && strcmp(text, "null") != 0 ? atof(text) : none;
}

/* ----------------------------------------------------------- recording -- */

/* An INPUT of the golden's tensor "in.NAME", or NULL. */
static s2vi_node *input(bench *b, const char *name)
{
    char full[NAME + 4];
    snprintf(full, sizeof(full), "in.%s", name);
    const s2vi_tensor *t = find(b, full);
    if (!t)
        return NULL;
    const s2vi_param layout = layout_of(t);
    return b->input[b->n_inputs++] = s2vi_input(b->graph, full, layout.shape);
}

/* Compare `node` with "out.NAME", if the golden has that. */
static void output(bench *b, const char *name, s2vi_node *node, double bound)
{
    result *r = &b->out[b->n_outputs];
    snprintf(r->name, sizeof(r->name), "out.%s", name);
    if (!node || !find(b, r->name))
        return;
    const s2vi_shape *s = &node->shape;
    if (s->rank == 3) /* style codes, which are no weight */
        node = s2vi_reshape(node, S2VI_SHAPE(s->dim[0] * s->dim[1], s->dim[2]));
    r->node = node;
    r->layout = layout_of_node(node);
    r->bound = bound;
    b->n_outputs++;
}

/* Gradients of `loss` by all parameters: "out.PREFIX.NAME". */
static void parameter_gradients(bench *b, const char *prefix, s2vi_node *loss)
{
    const int n = b->params.count;
    s2vi_node **x = calloc((size_t)n, sizeof(*x));
    s2vi_node **g = calloc((size_t)n, sizeof(*x));
    for (int i = 0; i < n; i++)
        x[i] = s2vi_param_var(b->graph, &b->params, b->params.param[i].name);
    s2vi_gradients(loss, NULL, x, n, g);
    for (int i = 0; i < n; i++) {
        char name[NAME];
        const int before = b->n_outputs;
        snprintf(name, sizeof(name), "%s.%s", prefix, b->params.param[i].name);
        output(b, name, g[i], GRADIENT);
        if (b->n_outputs > before)
            b->out[before].layout = b->params.param[i];
    }
    free(x);
    free(g);
}

static s2vi_node *gradient(s2vi_node *y, s2vi_node *x)
{
    s2vi_node *g = NULL;
    s2vi_gradients(y, NULL, &x, 1, &g);
    return g;
}

/* Inputs z and c, w, truncated: (n,L,w) */
static s2vi_node *map(bench *b, const s2vi_stylegan_mapping *m, int codes)
{
    const s2vi_tensor *z = find(b, "in.z");
    s2vi_stylegan_mapping_graph g;
    s2v_error err;
    must(s2vi_stylegan_mapping_build(b->graph, m, (int)z->shape[0], &g, &err),
         &err);
    b->input[b->n_inputs++] = g.z;
    if (g.c)
        b->input[b->n_inputs++] = g.c;
    output(b, "w", g.w, OUTPUT);
    s2vi_node *ws = s2vi_stylegan_truncate(g.w, codes, b->psi, b->cutoff);
    output(b, "ws", ws, OUTPUT);
    return ws;
}

/* Path length (Karras et al. 2020, sec. 3.2), with the golden's y and an
 * average of 0.5. */
static void path_length(bench *b, s2vi_node *video, s2vi_node *y, s2vi_node *ws)
{
    const double codes = (double)ws->shape.dim[1];
    const int64_t n = ws->shape.dim[0];
    s2vi_node *g = gradient(s2vi_sum_all(s2vi_mul(video, y)), ws);
    s2vi_node *power = s2vi_sum(s2vi_square(g), 1u << 1 | 1u << 2);
    s2vi_node *length =
        s2vi_reshape(s2vi_sqrt(s2vi_scale(power, 1 / codes)), S2VI_SHAPE(n));
    s2vi_node *off = s2vi_affine(length, 1, -0.5);
    s2vi_node *penalty = s2vi_mean_all(s2vi_square(off));
    output(b, "pl_length", length, OUTPUT);
    output(b, "pl_penalty", penalty, OUTPUT);
    parameter_gradients(b, "grad_pl", penalty);
}

static void gradients_of_video(bench *b, s2vi_node *video, s2vi_node *ws)
{
    s2vi_node *y = input(b, "y");
    if (!y)
        return;
    s2vi_node *loss = s2vi_sum_all(s2vi_mul(video, y));
    output(b, "grad.ws", gradient(loss, ws), GRADIENT);
    parameter_gradients(b, "grad", loss);
    if (find(b, "out.pl_length"))
        path_length(b, video, y, ws);
}

static void record_stylegan2(bench *b)
{
    char *text = config_of(b, (const char *const[]){NULL}), name[NAME];
    s2vi_stylegan2_config c;
    s2vi_stylegan2_graph g;
    s2v_error err;
    must(s2vi_stylegan2_config_parse(&c, text, &err), &err);
    must(s2vi_stylegan2_params_list(&c, &b->params, &err), &err);
    const s2vi_stylegan_mapping m = s2vi_stylegan2_mapping(&c);
    s2vi_node *ws = map(b, &m, c.codes);
    const s2vi_stylegan2_params params = {
        .noise =
            b->given ? S2VI_STYLEGAN2_NOISE_GIVEN : S2VI_STYLEGAN2_NOISE_FILE};
    must(s2vi_stylegan2_build(b->graph, &c, &params, ws, &g, &err), &err);
    for (int i = 0; i < s2vi_stylegan2_blocks(&c); i++) {
        for (int k = 0; k < 2; k++)
            if (g.noise[i][k])
                b->input[b->n_inputs++] = g.noise[i][k];
        snprintf(name, sizeof(name), "b%d.x", s2vi_stylegan2_side(i));
        output(b, name, g.x[i], OUTPUT);
        snprintf(name, sizeof(name), "b%d.img", s2vi_stylegan2_side(i));
        output(b, name, g.rgb[i], OUTPUT);
    }
    output(b, "img", g.video, OUTPUT);
    if (find(b, "out.img_psi1")) { /* of the same z */
        s2vi_stylegan2_graph one;
        must(s2vi_stylegan2_build(
                 b->graph, &c, &params,
                 s2vi_stylegan_truncate(b->out[0].node, c.codes, 1, -1), &one,
                 &err),
             &err);
        output(b, "img_psi1", one.video, OUTPUT);
    }
    gradients_of_video(b, g.video, ws);
    free(text);
}

static void record_stylegan3(bench *b)
{
    char *text =
        config_of(b, (const char *const[]){"kernel", "radial", "layers", NULL});
    s2vi_stylegan3_config c;
    s2vi_stylegan3_graph g;
    s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
    s2v_error err;
    must(s2vi_stylegan3_config_parse(&c, text, &err), &err);
    must(s2vi_stylegan3_params_list(&c, &b->params, &err), &err);
    const s2vi_stylegan_mapping m = s2vi_stylegan3_mapping(&c);
    s2vi_node *ws = map(b, &m, c.codes);
    must(s2vi_stylegan3_build(b->graph, &c, false, ws, &g, &err), &err);
    s2vi_stylegan3_design(&c, design);
    output(b, "input", g.input, OUTPUT);
    for (int i = 0; i < S2VI_STYLEGAN3_LAYERS; i++)
        output(b, design[i].name, g.layer[i], OUTPUT);
    output(b, "img", g.video, OUTPUT);
    gradients_of_video(b, g.video, ws);
    free(text);
}

/* R1: the sum of squares of the gradient by each picture; as it is trained,
 * half of its mean. */
static void penalty(bench *b, s2vi_node *logits, s2vi_node *img)
{
    s2vi_node *g = gradient(s2vi_sum_all(logits), img);
    s2vi_node *r1 = s2vi_reshape(s2vi_sum(s2vi_square(g), ~1u),
                                 S2VI_SHAPE(img->shape.dim[0]));
    output(b, "grad_img", g, GRADIENT);
    output(b, "r1", r1, GRADIENT);
    parameter_gradients(b, "grad_r1", s2vi_scale(s2vi_mean_all(r1), 0.5));
}

static int member(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

static void record_discriminator(bench *b)
{
    json_t *config =
        json_loads(s2v_weights_get_metadata(b->file, "config"), 0, NULL);
    const int group = member(config, "group");
    char name[NAME];
    s2vi_stylegan2_config c;
    s2vi_stylegan2_discriminator d;
    s2v_error err;
    s2vi_stylegan2_defaults(&c, 32);
    c.size = member(config, "size");
    c.classes = member(config, "classes");
    c.base = member(config, "base");
    c.max = member(config, "max");
    json_decref(config);
    must(s2vi_stylegan2_discriminator_params(&c, "mapping", &b->params, &err),
         &err);
    s2vi_node *img = input(b, "img");
    must(s2vi_stylegan2_discriminator_build(b->graph, &c, "mapping", img,
                                            input(b, "c"), group, &d, &err),
         &err);
    for (int i = 1; i < s2vi_stylegan2_blocks(&c); i++) {
        snprintf(name, sizeof(name), "b%d.x", s2vi_stylegan2_side(i));
        output(b, name, d.x[i], OUTPUT);
    }
    output(b, "b4.mbstd",
           s2vi_reshape(d.deviation, S2VI_SHAPE(d.deviation->shape.dim[0])),
           OUTPUT);
    output(b, "logits", d.logits, OUTPUT);
    if (find(b, "out.grad_img"))
        penalty(b, d.logits, img);
}

/* Each case, its gradient by x, and that gradient's by y, which is the op. */
static void record_fir(bench *b)
{
    json_t *cases =
               json_loads(s2v_weights_get_metadata(b->file, "cases"), 0, NULL),
           *one;
    size_t i;
    json_array_foreach(cases, i, one)
    {
        char name[NAME];
        int value[4];
        static const char *const keys[] = {"up", "down", "lo", "hi"};
        for (int k = 0; k < 4; k++)
            value[k] = (int)json_integer_value(json_object_get(one, keys[k]));
        const s2vi_fir f = {
            .up = {value[0], value[0]},
            .down = {value[1], value[1]},
            .lo = {value[2], value[2]},
            .hi = {value[3], value[3]},
            .gain = json_number_value(json_object_get(one, "gain_total"))};
        snprintf(name, sizeof(name), "%d.x", (int)i);
        s2vi_node *x = input(b, name);
        snprintf(name, sizeof(name), "%d.f", (int)i);
        s2vi_node *y = s2vi_fir_filter(x, input(b, name), &f);
        snprintf(name, sizeof(name), "%d.grad_y", (int)i);
        s2vi_node *loss = s2vi_sum_all(s2vi_mul(y, input(b, name)));
        snprintf(name, sizeof(name), "%d.y", (int)i);
        output(b, name, y, OUTPUT);
        snprintf(name, sizeof(name), "%d.grad_x", (int)i);
        output(b, name, gradient(loss, x), OUTPUT);
    }
    json_decref(cases);
}

/* ------------------------------------------------------------- running -- */

static void load(const bench *b)
{
    s2v_error err;
    for (int i = 0; i < b->params.count; i++) {
        const s2vi_param *p = &b->params.param[i];
        const s2vi_tensor *t = s2vi_weights_find(b->weights, p->name);
        CHECK(t && (int64_t)t->count == s2vi_shape_count(&p->shape), "%s: %s",
              b->label, p->name);
        if (!t)
            exit(EXIT_FAILURE);
        float *x = read_values(b->weights, t);
        float *mine = malloc((size_t)t->count * sizeof(*mine));
        s2vi_param_from_file(p, x, mine);
        must(s2vi_store_add(b->store, p->name, &p->shape, &err), &err);
        must(s2vi_store_write(b->store, p->name, mine, &err), &err);
        free(x);
        free(mine);
    }
}

static void write_inputs(const bench *b, s2vi_exec *exec)
{
    for (int i = 0; i < b->n_inputs; i++) {
        const s2vi_node *node = b->input[i];
        const bool full = !strncmp(node->name, "in.", 3);
        char name[NAME];
        snprintf(name, sizeof(name), "%s%s", full ? "" : "in.", node->name);
        const s2vi_tensor *t = find(b, name);
        CHECK(t && (int64_t)t->count == s2vi_shape_count(&node->shape), "%s",
              name);
        const s2vi_param layout = layout_of(t);
        float *x = read_values(b->file, t);
        float *mine = malloc((size_t)t->count * sizeof(*mine));
        s2vi_param_from_file(&layout, x, mine);
        s2vi_exec_write(exec, node, mine);
        free(x);
        free(mine);
    }
}

/* ----------------------------------------------------------- comparing -- */

/* The first line, and how far it is to the next, of a golden's samples. */
static void sampling(const bench *b, int from[2], int step[2])
{
    const char *text = s2v_weights_get_metadata(b->file, "layer_outputs");
    const char *rows = text ? strstr(text, "rows ") : NULL;
    const char *columns = text ? strstr(text, "columns ") : NULL;
    from[0] = from[1] = 0;
    step[0] = step[1] = 1;
    if (rows && columns) {
        sscanf(rows, "rows %d::%d", &from[0], &step[0]);
        sscanf(columns, "columns %d::%d", &from[1], &step[1]);
    }
}

/* Place of the golden's number i in what was made. */
static int64_t place(const s2vi_tensor *t, const s2vi_shape *made, int64_t i,
                     const int from[2], const int step[2])
{
    if (t->rank < 4 || (int64_t)t->count == s2vi_shape_count(made) ||
        (t->shape[2] == made->dim[2] && t->shape[3] == made->dim[3]))
        return i;
    const int64_t column = i % t->shape[3], row = i / t->shape[3] % t->shape[2];
    const int64_t plane = i / t->shape[3] / t->shape[2];
    return (plane * made->dim[2] + from[0] + step[0] * row) * made->dim[3] +
           from[1] + step[1] * column;
}

static double largest(const bench *b, const s2vi_tensor *t)
{
    float *x = read_values(b->file, t);
    double most = 0;
    for (size_t i = 0; i < t->count; i++)
        most = fmax(most, fabs((double)x[i]));
    free(x);
    return most;
}

/* What an error is a part of. Gradients that are 0 but for rounding, of biases
 * in a gradient's gradient, are held against a thousandth of the largest of
 * their kind: "out.grad_r1.". */
static double magnitude(const bench *b, const result *r)
{
    const size_t kind = 5 + strcspn(r->name + 4, ".");
    double most = largest(b, find(b, r->name));
    for (size_t i = 0; r->bound > OUTPUT && i < s2v_weights_count(b->file);
         i++) {
        const s2vi_tensor *t = s2vi_weights_at(b->file, i);
        if (!strncmp(t->name, r->name, kind))
            most = fmax(most, largest(b, t) / 1000);
    }
    return most > 0 ? most : 1;
}

static double compare(const bench *b, const result *r, s2vi_exec *exec)
{
    const s2vi_tensor *t = find(b, r->name);
    const size_t n = (size_t)s2vi_shape_count(&r->node->shape);
    float *x = malloc(2 * n * sizeof(*x)), *want = read_values(b->file, t);
    int from[2], step[2];
    double worst = 0;
    s2vi_exec_read(exec, r->node, x + n);
    s2vi_param_to_file(&r->layout, x + n, x);
    sampling(b, from, step);
    for (int64_t i = 0; i < (int64_t)t->count; i++) {
        const int64_t at = place(t, &r->layout.file_shape, i, from, step);
        const double off =
            at < (int64_t)n ? fabs((double)x[at] - want[i]) : INFINITY;
        worst = off > worst || off != off ? off : worst;
    }
    free(x);
    free(want);
    worst /= magnitude(b, r);
    CHECK(worst <= r->bound, "%s, %s: %.2e off", b->label, r->name, worst);
    return worst / r->bound;
}

static void run(bench *b)
{
    s2vi_node *out[MOST];
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err;
    const result *worst = b->out;
    double most = 0;
    must(s2vi_graph_status(b->graph, &err), &err);
    for (int i = 0; i < b->n_outputs; i++)
        out[i] = b->out[i].node;
    const s2vi_plan_params params = {.outputs = out, .n_outputs = b->n_outputs};
    must(s2vi_plan_create(&plan, b->graph, b->store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    write_inputs(b, exec);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    for (int i = 0; i < b->n_outputs; i++) {
        const double off = compare(b, &b->out[i], exec);
        worst = off > most ? &b->out[i] : worst;
        most = fmax(most, off);
    }
    /* Each result of the file is one that was compared. */
    int results = 0;
    for (size_t i = 0; i < s2v_weights_count(b->file); i++)
        results += !strncmp(s2vi_weights_at(b->file, i)->name, "out.", 4);
    CHECK(results == b->n_outputs, "%s has %d results, %d were compared",
          b->label, results, b->n_outputs);
    printf("%-24s %3d results, worst %.1e of %g (%s)\n", b->label, b->n_outputs,
           most * worst->bound, worst->bound, worst->name);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
}

static void test_golden(const char *path, const char *weights,
                        const char *device, s2vi_dtype dtype)
{
    static const struct kind {
        const char *name;
        void (*record)(bench *b);
    } kinds[] = {{"stylegan2", record_stylegan2},
                 {"rosinality", record_stylegan2},
                 {"stylegan3", record_stylegan3},
                 {"stylegan2_discriminator", record_discriminator},
                 {"fir", record_fir}};
    const char *slash = strrchr(path, '/');
    bench *b = calloc(1, sizeof(*b));
    s2v_error err;
    b->label = slash ? slash + 1 : path;
    must(s2v_weights_open(&b->file, path, &err), &err);
    b->weights = b->file;
    if (weights)
        must(s2v_weights_open(&b->weights, weights, &err), &err);
    must(s2vi_backend_open(&b->backend, device, dtype, 0, &err), &err);
    must(s2vi_store_create(&b->store, b->backend, &err), &err);
    b->graph = s2vi_graph_create();
    b->psi = number_of(b, "psi", 1);
    b->cutoff = (int)number_of(b, "cutoff", -1);
    const char *noise = s2v_weights_get_metadata(b->file, "noise");
    b->given = noise && !strcmp(noise, "\"given\"");
    const char *kind = s2v_weights_get_metadata(b->file, "kind");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (!strcmp(kind, kinds[i].name))
            kinds[i].record(b);
    load(b);
    run(b);
    s2vi_graph_close(&b->graph);
    s2vi_param_list_close(&b->params);
    s2vi_store_close(&b->store);
    s2vi_backend_close(&b->backend);
    if (weights)
        s2v_weights_close(&b->weights);
    s2v_weights_close(&b->file);
    free(b);
}

/* ------------------------------------------------- formulas and seeds -- */

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(fabs(b), 1e-3);
}

static void check_int(const json_t *layer, const char *key, int found)
{
    const int want = (int)json_integer_value(json_object_get(layer, key));
    CHECK(found == want, "%s is %d, expected %d", key, found, want);
}

static void check_filter(const s2vi_stylegan3_layer *l, const json_t *layer,
                         bool up)
{
    float made[S2VI_STYLEGAN3_TAPS * S2VI_STYLEGAN3_TAPS];
    const json_t *want =
        json_object_get(layer, up ? "up_filter" : "down_filter");
    const int n = up ? l->up_taps : l->down_taps;
    if (!want || json_is_null(want) || !n)
        return;
    s2vi_stylegan3_filter(l, up, made);
    for (int i = 0; i < (up || !l->radial ? n : n * n); i++) {
        const json_t *row = json_array_get(want, (size_t)(i / n));
        const json_t *at = json_is_array(row)
                               ? json_array_get(row, (size_t)(i % n))
                               : json_array_get(want, (size_t)i);
        const double x = json_number_value(at);
        CHECK(fabs(made[i] - x) < 1e-7, "%s: tap %d is %g, expected %g",
              l->name, i, made[i], x);
    }
}

static void check_layer(const s2vi_stylegan3_layer *l, const json_t *layer)
{
    const json_t *pad = json_object_get(layer, "pad");
    const char *name = json_string_value(json_object_get(layer, "name"));
    CHECK(!strcmp(l->name, name), "%s, expected %s", l->name, name);
    check_int(layer, "kernel", l->kernel);
    check_int(layer, "in_channels", l->in.channels);
    check_int(layer, "out_channels", l->out.channels);
    check_int(layer, "in_size", l->in.size);
    check_int(layer, "out_size", l->out.size);
    check_int(layer, "in_rate", l->in.rate);
    check_int(layer, "out_rate", l->out.rate);
    check_int(layer, "up", l->up);
    check_int(layer, "down", l->down);
    CHECK(l->lo == json_integer_value(json_array_get(pad, 0)) &&
              l->hi == json_integer_value(json_array_get(pad, 1)),
          "%s: pads are %d and %d", l->name, l->lo, l->hi);
    CHECK(near(l->out.cutoff,
               json_number_value(json_object_get(layer, "cutoff"))),
          "%s: cutoff %g", l->name, l->out.cutoff);
    CHECK(near(l->out.half_width,
               json_number_value(json_object_get(layer, "half_width"))),
          "%s: half-width %g", l->name, l->out.half_width);
    check_filter(l, layer, true);
    check_filter(l, layer, false);
}

static void test_design(const char *path)
{
    json_t *root = json_load_file(path, 0, NULL), *one;
    const char *key;
    s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
    CHECK(root != NULL, "%s", path);
    json_object_foreach(json_object_get(root, "configs"), key, one)
    {
        const json_t *layers = json_object_get(one, "layers");
        const char *variant =
            json_string_value(json_object_get(one, "variant"));
        s2vi_stylegan3_config c;
        s2vi_stylegan3_defaults(
            &c, (int)json_integer_value(json_object_get(one, "size")));
        c.base = (int)json_integer_value(json_object_get(one, "base"));
        c.max = (int)json_integer_value(json_object_get(one, "max"));
        c.variant = *variant == 'R' ? S2VI_STYLEGAN3_R : S2VI_STYLEGAN3_T;
        s2vi_stylegan3_design(&c, design);
        for (int i = 0; i < S2VI_STYLEGAN3_LAYERS; i++)
            check_layer(&design[i], json_array_get(layers, (size_t)i));
    }
    json_decref(root);
}

/* The specification's own numbers: these need no file. */
static void test_formula(void)
{
    static const double half[] = {.000792, .010018, .038950,
                                  .092413, .156526, .201302};
    s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
    s2vi_stylegan3_config c;
    float taps[12];
    s2vi_stylegan3_defaults(&c, 256);
    s2vi_stylegan3_design(&c, design);
    s2vi_stylegan3_filter(&design[0], true, taps);
    for (int i = 0; i < 12; i++)
        CHECK(fabs(taps[i] - half[i < 6 ? i : 11 - i]) < 1e-6, "tap %d is %g",
              i, taps[i]);
    CHECK(!strcmp(design[13].name, "L13_256_128"), "%s", design[13].name);
    CHECK(design[4].lo == 9 && design[5].lo == -6 && design[13].lo == -11 &&
              design[13].hi == -12,
          "pads %d, %d, %d", design[4].lo, design[5].lo, design[13].lo);
}

/* Of StyleGAN3 if `three`: the sentence, or none; then the JSON reads back. */
static void check_config(bool three, const char *json, const char *sentence)
{
    s2vi_stylegan2_config two;
    s2vi_stylegan3_config other;
    s2v_error err = {0};
    const int ret = three ? s2vi_stylegan3_config_parse(&other, json, &err)
                          : s2vi_stylegan2_config_parse(&two, json, &err);
    CHECK(ret == (sentence ? S2V_ERR_MODEL : S2V_OK) &&
              (!sentence || !strcmp(err.message, sentence)),
          "%s: %d, %s", json, ret, err.message);
    if (ret < 0)
        return;
    char *text = three ? s2vi_stylegan3_config_text(&other)
                       : s2vi_stylegan2_config_text(&two);
    CHECK(text && !strcmp(text, json), "%s, written %s", json, text);
    free(text);
}

static void test_configs(void)
{
    check_config(false,
                 "{\"size\":256,\"z\":512,\"w\":512,\"codes\":14,"
                 "\"mapping\":8,\"classes\":0,\"base\":16384,\"max\":512,"
                 "\"kernel\":[1,3,3,1],\"slope\":0.2,\"clamp\":null}",
                 NULL);
    check_config(true,
                 "{\"size\":256,\"z\":512,\"w\":512,\"codes\":16,"
                 "\"mapping\":2,\"classes\":3,\"base\":32768,\"max\":512,"
                 "\"variant\":\"R\",\"clamp\":256.0}",
                 NULL);
    check_config(false, "{\"size\": 48}",
                 "stylegan2: size is 48, expected a power of 2");
    check_config(false, "{\"size\": 2048}",
                 "stylegan2: size is 2048, expected 32 to 1024");
    check_config(false, "{\"size\": 64, \"codes\": 9}",
                 "stylegan2: codes is 9, expected 10 for pictures of 64 "
                 "pixels");
    check_config(false, "{\"size\": 64, \"base\": 32}",
                 "stylegan2: base is 32, which leaves no channels at 64 "
                 "pixels");
    check_config(false, "{\"kernel\": [1, 1]}",
                 "stylegan2: kernel is not four numbers, not all of them 0");
    check_config(true, "{\"variant\": \"S\"}",
                 "stylegan3: variant is 'S', expected T, R");
    check_config(true, "{\"codes\": 14}",
                 "stylegan3: codes is 14, expected 16");
    check_config(true, "{\"size\": 100}",
                 "stylegan3: size is 100, expected a power of 2");
}

static void test_seeds(void)
{
    static const struct {
        uint32_t seed;
        double number[4];
    } seeds[] = {
        {0,
         {1.764052345967664, 0.4001572083672233, 0.9787379841057392,
          2.240893199201458}},
        {1,
         {1.6243453636632417, -0.6117564136500754, -0.5281717522634557,
          -1.0729686221561705}},
        {12345,
         {-0.20470765948471295, 0.47894333805754824, -0.5194387150567381,
          -0.55573030434749}},
        {2147483647,
         {1.628680950870893, -1.1083224214197442, 1.3931666912751481,
          0.6885372651891304}},
    };
    for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
        double x[4], odd[3];
        s2vi_numpy_randn(seeds[i].seed, 4, x);
        s2vi_numpy_randn(seeds[i].seed, 3, odd);
        for (int k = 0; k < 4; k++)
            CHECK(fabs(x[k] - seeds[i].number[k]) < 1e-15 * 4 &&
                      (k > 2 || odd[k] == x[k]),
                  "seed %u: number %d is %.16g", seeds[i].seed, k, x[k]);
    }
}

/* --------------------------------------------------------------- main -- */

static void test_published(const char *data, const char *device,
                           s2vi_dtype dtype)
{
    static const char *const files[] = {"fir",
                                        "stylegan2_64",
                                        "stylegan2_32_classes",
                                        "stylegan2_32_grad",
                                        "discriminator_32",
                                        "discriminator_16_classes",
                                        "stylegan3_t_64",
                                        "stylegan3_t_128",
                                        "stylegan3_r_64"};
    char path[1024];
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        snprintf(path, sizeof(path), "%s/goldens/stylegan/%s.safetensors", data,
                 files[i]);
        test_golden(path, NULL, device, dtype);
    }
    snprintf(path, sizeof(path), "%s/goldens/stylegan/stylegan3_design.json",
             data);
    test_design(path);
}

int main(int argc, char **argv)
{
    const char *data = getenv("S2V_TEST_DATA");
    if (argc < 3) {
        printf("usage: test_stylegan DEVICE f32|f64 [GOLDEN [WEIGHTS]]\n");
        return EXIT_FAILURE;
    }
    const s2vi_dtype dtype = strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64;
    device_is_needed(argv[1]);
    test_formula();
    test_configs();
    test_seeds();
    if (argc > 3) {
        test_golden(argv[3], argc > 4 ? argv[4] : NULL, argv[1], dtype);
    } else if (data && *data) {
        test_published(data, argv[1], dtype);
    } else {
        printf("SKIP: S2V_TEST_DATA is not set\n");
        return check_failures ? EXIT_FAILURE : SKIPPED;
    }
    return check_done();
}
