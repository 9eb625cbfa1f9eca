/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of MAN against goldens made elsewhere from the specification, of which
 * some were also run through published code: outputs and gradients. They are in
 * the folder goldens/man in S2V_TEST_DATA, whose README gives the bounds: 1e-4
 * of a tensor's largest magnitude for outputs, 1e-3 for gradients. Those that
 * are 0 but for rounding, of a bias that a norm follows, are held against a
 * thousandth of the largest gradient.
 *
 * usage: test_published DEVICE f32|f64
 */
#include "../check.h"
#include "../device.h"
#include "../must.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/man_predictor.h"
#include "networks/man_critic.h"
#include "published.h"
#include "run/exec.h"

#include <math.h>

enum { SKIPPED = 77 };

#define OUTPUT   1e-4
#define GRADIENT 1e-3

/* ----------------------------------------------------------- recording -- */

static const s2vi_tensor *find(const published *p, const char *name)
{
    const s2vi_tensor *t = s2vi_weights_find(p->file, name);
    if (!t) {
        printf("FAIL the golden has no %s\n", name);
        exit(EXIT_FAILURE);
    }
    return t;
}

/* How a tensor lies in memory: that of a weight, for (N,C,H,W). */
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

static s2vi_node *add_input(published *p, const char *full, bool leaf)
{
    published_tensor *in = &p->input[p->n_inputs++];
    snprintf(in->name, sizeof(in->name), "%s", full);
    in->node = s2vi_input(p->graph, full, layout_of(find(p, full)).shape);
    in->leaf = leaf;
    return in->node;
}

s2vi_node *published_input(published *p, const char *name, bool leaf)
{
    char full[PUBLISHED_NAME];
    snprintf(full, sizeof(full), "%s%s", p->values, name);
    return add_input(p, full, leaf);
}

void published_output(published *p, const char *name, s2vi_node *node)
{
    published_tensor *out = &p->output[p->n_outputs++];
    snprintf(out->name, sizeof(out->name), "%s", name);
    out->node = node;
}

void published_weigh(published *p, const char *name, s2vi_node *node)
{
    char seed[PUBLISHED_NAME], full[PUBLISHED_NAME];
    snprintf(seed, sizeof(seed), "%sseed.%s", p->gradients, name);
    snprintf(full, sizeof(full), "%s%s", p->gradients, name);
    s2vi_node *term = s2vi_sum_all(s2vi_mul(node, add_input(p, seed, false)));
    p->loss = p->loss ? s2vi_add(p->loss, term) : term;
    published_output(p, s2vi_weights_find(p->file, full) ? full : name, node);
}

/* --------------------------------------------------------------- parts -- */

static void rename_cam(const char *name, char out[PUBLISHED_NAME])
{
    static const char *const names[][2] = {
        {"gap_fc.weight", "w_g"},
        {"gmp_fc.weight", "w_m"},
        {"conv1x1.weight", "w"},
        {"conv1x1.bias", "b"},
    };
    const char *cam = strstr(name, "cam.");
    const int before = cam ? (int)(cam + strlen("cam.") - name) : 0;
    snprintf(out, PUBLISHED_NAME, "%s", name);
    for (int i = 0; cam && i < 4; i++)
        if (!strcmp(name + before, names[i][0]))
            snprintf(out, PUBLISHED_NAME, "%.*s%s", before, name, names[i][1]);
}

/* "cam.gap_fc.weight": "w_g" */
static void rename_lone_cam(const char *name, char out[PUBLISHED_NAME])
{
    rename_cam(name, out);
    memmove(out, out + strlen("cam."), strlen(out) - strlen("cam.") + 1);
}

static void cam_of(published *p, double slope)
{
    const s2vi_scope list = {.list = &p->params}, graph = {.graph = p->graph};
    s2vi_node *x = published_input(p, "x", true), *logits;
    const int64_t C = x->shape.dim[3];
    char attention[PUBLISHED_NAME];
    p->rename = rename_lone_cam;
    s2vi_man_cam_declare(&list, C, "cam");
    const s2vi_man_cam cam = s2vi_man_cam_declare(&graph, C, "cam");
    s2vi_node *y = s2vi_man_cam_record(x, &cam, slope, &logits);
    published_weigh(p, "y", y);
    published_weigh(p, "logits", logits);
    snprintf(attention, sizeof(attention), "%sattention", p->gradients);
    published_output(p, attention, s2vi_sum(y, 1u << 3));
}

static void cam_of_generator(published *p)
{
    cam_of(p, 0.0);
}

static void cam_of_critic(published *p)
{
    cam_of(p, 0.2);
}

static void hourglass(published *p)
{
    enum { WIDTH = 16, DEPTH = 2 };
    s2v_error err;
    s2vi_node *maps;
    must(s2vi_man_hourglass_params(WIDTH, DEPTH, &p->params, &err), &err);
    must(s2vi_man_hourglass_build(p->graph, WIDTH, DEPTH,
                                  published_input(p, "x", true), &maps, &err),
         &err);
    published_weigh(p, "y", maps);
}

/* "critic.0.cam.gap_fc.weight": "0.cam.w_g" */
static void rename_critic(const char *name, char out[PUBLISHED_NAME])
{
    rename_cam(name + strlen("critic."), out);
}

static void sums_of_map(published *p, int scale, int i, s2vi_node *map)
{
    const uint32_t pixels = 1u << 1 | 1u << 2;
    char name[PUBLISHED_NAME];
    snprintf(name, sizeof(name), "%d.map%d.sum", scale, i);
    published_output(p, name, s2vi_sum(map, pixels));
    snprintf(name, sizeof(name), "%d.map%d.abs", scale, i);
    published_output(p, name, s2vi_sum(s2vi_abs(map), pixels));
}

/* Of frame and portrait, six channels; `halved` shows in scale 1. */
static void critics(published *p)
{
    s2vi_man_config c;
    s2vi_man_critic out[S2VI_MAN_CRITICS_MAX];
    s2v_error err;
    char name[PUBLISHED_NAME];
    s2vi_man_defaults(&c);
    c.critic_channels = 8;
    p->rename = rename_critic;
    s2vi_node *x = published_input(p, "x", true);
    must(s2vi_man_critic_params(&c, &p->params, &err), &err);
    must(s2vi_man_critic_build(p->graph, &c, s2vi_slice(x, 3, 0, 3),
                               s2vi_slice(x, 3, 3, 3), out, &err),
         &err);
    for (int i = 0; i < c.critics; i++) {
        for (int k = 0; k < S2VI_MAN_CRITIC_MAPS; k++)
            sums_of_map(p, i, k, out[i].map[k]);
        snprintf(name, sizeof(name), "%d.map3", i);
        published_output(p, name, out[i].map[3]);
        snprintf(name, sizeof(name), "%d.logits", i);
        published_weigh(p, name, out[i].logits);
        snprintf(name, sizeof(name), "%d.out", i);
        published_weigh(p, name, out[i].decisions);
    }
}

static const struct part {
    const char *file, *values, *gradients;
    published_record *record;
} parts[] = {
    {"cam", "", "relu.", cam_of_generator},
    {"cam", "", "lrelu.", cam_of_critic},
    {"eca", "16.", "16.", published_eca},
    {"eca", "64.", "64.", published_eca},
    {"eca", "128.", "128.", published_eca},
    {"eca", "512.", "512.", published_eca},
    {"partial", "", "", published_partial},
    {"man_block", "", "", published_block},
    {"hourglass", "", "", hourglass},
    {"unet", "", "", published_unet},
    {"critic", "", "", critics},
};

/* ------------------------------------------------------------- running -- */

/* A part on a device, with its gradients: of the parameters, then of the
 * inputs. */
typedef struct bench {
    published p;
    const char *label;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_node **gradient;
    s2vi_plan *plan;
    s2vi_exec *exec;
} bench;

/* A tensor's numbers, in memory's order if `layout` has one; to be freed. */
static float *read_values(const published *p, const char *name,
                          const s2vi_param *layout)
{
    s2v_error err;
    const s2vi_tensor *t = find(p, name);
    float *x = malloc(2 * (size_t)t->count * sizeof(*x));
    must(s2vi_weights_read_f32(p->file, t, x, &err), &err);
    if (layout) {
        s2vi_param_from_file(layout, x, x + t->count);
        memcpy(x, x + t->count, (size_t)t->count * sizeof(*x));
    }
    return x;
}

static void name_of(const published *p, const s2vi_param *param,
                    char out[PUBLISHED_NAME])
{
    if (p->rename)
        p->rename(param->name, out);
    else
        snprintf(out, PUBLISHED_NAME, "%s", param->name);
}

static void load(const bench *b)
{
    s2v_error err;
    for (int i = 0; i < b->p.params.count; i++) {
        const s2vi_param *q = &b->p.params.param[i];
        char name[PUBLISHED_NAME], full[2 * PUBLISHED_NAME];
        name_of(&b->p, q, name);
        snprintf(full, sizeof(full), "%s%s", b->p.values, name);
        const s2vi_tensor *t = find(&b->p, full);
        CHECK((int64_t)t->count == s2vi_shape_count(&q->shape),
              "%s has %lld numbers", full, (long long)t->count);
        float *x = read_values(&b->p, full, q);
        must(s2vi_store_add(b->store, q->name, &q->shape, &err), &err);
        must(s2vi_store_write(b->store, q->name, x, &err), &err);
        free(x);
    }
}

static void record_gradients(bench *b)
{
    published *p = &b->p;
    const int n = p->params.count + p->n_inputs;
    s2vi_node **x = calloc((size_t)n, sizeof(*x));
    s2v_error err;
    b->gradient = calloc((size_t)n, sizeof(*x));
    for (int i = 0; i < n; i++)
        x[i] = i < p->params.count ? s2vi_param_var(p->graph, &p->params,
                                                    p->params.param[i].name)
                                   : p->input[i - p->params.count].node;
    s2vi_gradients(p->loss, NULL, x, n, b->gradient);
    must(s2vi_graph_status(p->graph, &err), &err);
    free(x);
}

static void run(bench *b)
{
    const published *p = &b->p;
    s2v_error err;
    const int n = p->params.count + p->n_inputs;
    s2vi_node **out = calloc((size_t)(p->n_outputs + n), sizeof(*out));
    for (int i = 0; i < p->n_outputs; i++)
        out[i] = p->output[i].node;
    memcpy(out + p->n_outputs, b->gradient, (size_t)n * sizeof(*out));
    const s2vi_plan_params params = {.outputs = out,
                                     .n_outputs = p->n_outputs + n};
    must(s2vi_plan_create(&b->plan, p->graph, b->store, &params, &err), &err);
    must(s2vi_exec_create(&b->exec, b->plan, &err), &err);
    for (int i = 0; i < p->n_inputs; i++) {
        const published_tensor *in = &p->input[i];
        const s2vi_param layout = layout_of(find(p, in->name));
        float *x = read_values(p, in->name, &layout);
        s2vi_exec_write(b->exec, in->node, x);
        free(x);
    }
    must(s2vi_exec_run(b->exec, &(s2vi_clock){0}, &err), &err);
    free(out);
}

/* ----------------------------------------------------------- comparing -- */

/* A node's numbers in the file's order, to be freed. */
static float *value_of(const bench *b, const s2vi_node *node,
                       const s2vi_param *layout)
{
    const size_t n = (size_t)s2vi_shape_count(&node->shape);
    float *x = malloc(2 * n * sizeof(*x));
    s2vi_exec_read(b->exec, node, x + n);
    s2vi_param_to_file(layout, x + n, x);
    return x;
}

static double largest(const float *x, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

/* The largest difference, of the largest magnitude, at least `least`. */
static double difference(const float *made, const float *want, int64_t n,
                         double least)
{
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)made[i] - want[i]);
        worst = d > worst || !(d == d) ? d : worst;
    }
    return worst / fmax(largest(want, n), least);
}

static void report(const bench *b, const char *name, double error, double bound)
{
    CHECK(error <= bound, "%s%s, %s: %.2e off", b->p.gradients, b->label, name,
          error);
}

static double compare_outputs(const bench *b)
{
    double worst = 0;
    for (int i = 0; i < b->p.n_outputs; i++) {
        const published_tensor *out = &b->p.output[i];
        const s2vi_tensor *t = find(&b->p, out->name);
        const s2vi_param layout = layout_of(t);
        CHECK((int64_t)t->count == s2vi_shape_count(&out->node->shape),
              "%s has %lld numbers", out->name, (long long)t->count);
        float *want = read_values(&b->p, out->name, NULL);
        float *made = value_of(b, out->node, &layout);
        const double error = difference(made, want, (int64_t)t->count, 0);
        report(b, out->name, error, OUTPUT);
        worst = fmax(worst, error);
        free(want);
        free(made);
    }
    return worst;
}

/* A gradient, or its norm; -1: the golden has neither. */
static double compare_gradient(const bench *b, const char *name,
                               const float *made, int64_t n, double least)
{
    char full[2 * PUBLISHED_NAME];
    double square = 0, error = -1;
    snprintf(full, sizeof(full), "%sgrad.%s", b->p.gradients, name);
    if (s2vi_weights_find(b->p.file, full)) {
        float *want = read_values(&b->p, full, NULL);
        error = difference(made, want, n, least);
        free(want);
    }
    snprintf(full, sizeof(full), "%sgradnorm.%s", b->p.gradients, name);
    if (s2vi_weights_find(b->p.file, full)) {
        float *want = read_values(&b->p, full, NULL);
        for (int64_t i = 0; i < n; i++)
            square += (double)made[i] * made[i];
        error = fabs(sqrt(square) / want[0] - 1);
        free(want);
    }
    return error;
}

/* Gradient i's name and layout; false: it is of no leaf. */
static bool describe(const published *p, int i, char name[PUBLISHED_NAME],
                     s2vi_param *layout)
{
    const int params = p->params.count;
    if (i < params) {
        name_of(p, &p->params.param[i], name);
        *layout = p->params.param[i];
        return true;
    }
    const published_tensor *in = &p->input[i - params];
    snprintf(name, PUBLISHED_NAME, "%s",
             in->name + (in->leaf ? strlen(p->values) : 0));
    *layout = layout_of(find(p, in->name));
    return in->leaf;
}

/* Returns how many the golden has. */
static int compare_gradients(const bench *b, double *worst)
{
    const published *p = &b->p;
    const int n = p->params.count + p->n_inputs;
    char name[PUBLISHED_NAME];
    s2vi_param layout;
    double most = 0;
    int found = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++) {
            const int64_t count = s2vi_shape_count(&b->gradient[i]->shape);
            if (!describe(p, i, name, &layout))
                continue;
            float *made = value_of(b, b->gradient[i], &layout);
            const double error =
                pass ? compare_gradient(b, name, made, count, 1e-3 * most) : -1;
            most = pass ? most : fmax(most, largest(made, count));
            free(made);
            if (error == -1)
                continue;
            found++;
            report(b, name, error, GRADIENT);
            *worst = fmax(*worst, error);
        }
    return found;
}

/* ---------------------------------------------------------------- main -- */

static void test(const struct part *part, const char *path, const char *device,
                 s2vi_dtype dtype)
{
    s2v_error err;
    double worst = 0;
    bench b = {.label = part->file,
               .p = {.values = part->values,
                     .gradients = part->gradients,
                     .graph = s2vi_graph_create()}};
    must(s2v_weights_open(&b.p.file, path, &err), &err);
    must(s2vi_backend_open(&b.backend, device, dtype, 2, &err), &err);
    must(s2vi_store_create(&b.store, b.backend, &err), &err);
    part->record(&b.p);
    must(s2vi_graph_status(b.p.graph, &err), &err);
    load(&b);
    record_gradients(&b);
    run(&b);
    const double output = compare_outputs(&b);
    const int count = compare_gradients(&b, &worst);
    CHECK(count > 0, "%s: no gradients", part->file);
    printf("%s%s: %d outputs, %.1e off; %d gradients, %.1e off\n",
           part->gradients, part->file, b.p.n_outputs, output, count, worst);
    free(b.gradient);
    s2vi_exec_close(&b.exec);
    s2vi_plan_close(&b.plan);
    s2vi_param_list_close(&b.p.params);
    s2vi_graph_close(&b.p.graph);
    s2vi_store_close(&b.store);
    s2vi_backend_close(&b.backend);
    s2v_weights_close(&b.p.file);
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
    char path[1024];
    if (argc < 3)
        return printf("usage: %s DEVICE f32|f64\n", argv[0]), 2;
    device_is_needed(argv[1]);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        snprintf(path, sizeof(path), "%s/goldens/man/%s.safetensors",
                 data ? data : "", parts[i].file);
        if (data && is_there(path)) {
            test(&parts[i], path, argv[1],
                 strcmp(argv[2], "f64") ? S2VI_F32 : S2VI_F64);
            continue;
        }
        printf("skipped: no goldens/man/%s.safetensors in S2V_TEST_DATA\n",
               parts[i].file);
    }
    return check_count ? check_done() : SKIPPED;
}
