/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of sound-guided semantic video generation by themselves: vocabularies,
 * configurations, and layers that the goldens do not have. */
#include "../must.h"
#include "../scratch.h"
#include "graph/build.h"
#include "models/semantic.h"
#include "models/vocabulary.h"
#include "run/exec.h"

#include <math.h>

/* ----------------------------------------------------------- vocabulary -- */

static void refuse(const s2vi_vocabulary *v, const char *text, const char *says)
{
    float out[8];
    s2v_error err = {0};
    CHECK(s2vi_vocabulary_share(v, text, out, &err) == S2V_ERR_INVALID &&
              strstr(err.message, says),
          "'%.20s': %s", text, err.message);
}

static void test_vocabulary(void)
{
    s2vi_vocabulary v = {0}, again = {0};
    s2v_error err;
    float share[8];
    must(s2vi_vocabulary_add(&v, "Heavy RAIN, at dusk;", &err), &err);
    must(s2vi_vocabulary_add(&v, "\xC3\x84rger at rain", &err), &err);
    CHECK(v.count == 5, "%d words", v.count);
    char *text = s2vi_vocabulary_text(&v);
    CHECK(
        !strcmp(text, "[\"at\",\"dusk\",\"heavy\",\"rain\",\"\xC3\xA4rger\"]"),
        "%s", text);
    must(s2vi_vocabulary_parse(&again, text, &err), &err);
    CHECK(again.count == 5, "%d words read", again.count);
    must(s2vi_vocabulary_share(&again, "rain! rain in heavy \xC3\x84RGER",
                               share, &err),
         &err);
    CHECK(share[0] == 0 && share[1] == 0 && share[2] == 0.25F &&
              share[3] == 0.5F && share[4] == 0.25F,
          "%g %g %g %g %g", share[0], share[1], share[2], share[3], share[4]);
    refuse(&v, "", "expected words, found none");
    refuse(&v, " .,- ", "expected words, found none");
    refuse(&v, "rain \xFF", "expected UTF-8");
    refuse(&v, "snow",
           "knows (at, dusk, heavy, rain, \xC3\xA4rger), found "
           "none");
    char *long_text = calloc(10001, 1);
    memset(long_text, 'x', 10000);
    refuse(&v, long_text, "found none");
    memcpy(long_text + 9990, " rain ", 6);
    must(s2vi_vocabulary_share(&v, long_text, share, &err), &err);
    CHECK(share[3] == 1, "%g of a long text", share[3]);
    s2vi_vocabulary_close(&again);
    static const char *const bad[] = {
        "[]", "{}", "[1]", "[\"b\",\"a\"]", "[\"a\",\"a\"]", "[\"\"]", "x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(s2vi_vocabulary_parse(&again, bad[i], &err) == S2V_ERR_MODEL,
              "%s is read", bad[i]);
        s2vi_vocabulary_close(&again);
    }
    free(long_text);
    free(text);
    s2vi_vocabulary_close(&v);
}

/* ------------------------------------------------------- configurations -- */

static void test_inversion_config(void)
{
    s2vi_inversion_config c, read;
    s2v_error err;
    s2vi_inversion_defaults(&c, 12, 128);
    char *text = s2vi_inversion_config_text(&c);
    must(s2vi_inversion_config_parse(&read, text, &err), &err);
    CHECK(!memcmp(&c, &read, sizeof(c)), "%s", text);
    free(text);
    s2vi_inversion_paper(&c, 16, 512);
    text = s2vi_inversion_config_text(&c);
    must(s2vi_inversion_config_parse(&read, text, &err), &err);
    CHECK(!memcmp(&c, &read, sizeof(c)), "%s", text);
    free(text);
    s2vi_param_list list = {0};
    must(s2vi_inversion_params(&c, "", &list, &err), &err);
    const s2vi_param *last = s2vi_param_find(&list, "styles.15.convs.10.bias");
    CHECK(last && s2vi_param_find(&list, "body.23.res_layer.5.fc2.weight") &&
              s2vi_param_find(&list, "body.21.shortcut_layer.1.running_var") &&
              !s2vi_param_find(&list, "body.22.shortcut_layer.0.weight") &&
              !s2vi_param_find(&list, "body.24.res_layer.1.weight"),
          "the paper's parameters");
    s2vi_param_list_close(&list);
    c.size = 200;
    CHECK(s2vi_inversion_config_check(&c, &err) == S2V_ERR_MODEL, "size 200");
    s2vi_inversion_defaults(&c, 12, 128);
    c.group[1] = 5;
    CHECK(s2vi_inversion_config_check(&c, &err) == S2V_ERR_MODEL &&
              strstr(err.message, "13 codes, expected 12"),
          "%s", err.message);
}

static void test_recurrent_config(void)
{
    s2vi_recurrent_config c, read;
    s2v_error err;
    s2vi_recurrent_paper(&c, 16, 512, 3);
    CHECK(c.group[0] == 3 && c.group[1] == 3 && c.group[2] == 10, "groups");
    CHECK(s2vi_recurrent_codes(&c) == 16 && s2vi_recurrent_state(&c) == 5120,
          "state");
    char *text = s2vi_recurrent_config_text(&c);
    must(s2vi_recurrent_config_parse(&read, text, &err), &err);
    CHECK(!memcmp(&c, &read, sizeof(c)), "%s", text);
    free(text);
    c.groups = 0;
    CHECK(s2vi_recurrent_config_check(&c, &err) == S2V_ERR_MODEL, "no groups");
}

static void test_embedding_config(void)
{
    s2vi_embedding_config c, read;
    s2v_error err;
    s2vi_embedding_defaults(&c);
    c.words = 41;
    char *text = s2vi_embedding_config_text(&c);
    must(s2vi_embedding_config_parse(&read, text, &err), &err);
    CHECK(!memcmp(&c, &read, sizeof(c)), "%s", text);
    free(text);
    c.blocks = 3;
    CHECK(s2vi_embedding_config_check(&c, &err) == S2V_ERR_MODEL, "3 widths");
}

/* ------------------------------------------------------ published files -- */

/* A file of a network's parameters, each of which has its number throughout,
 * and of something that is to be dropped. */
static s2v_weights *write_public(const s2vi_param_list *list, const char *from,
                                 const char *before, const char *path)
{
    s2vi_writer *w = NULL;
    s2v_weights *file = NULL;
    s2v_error err;
    const float one = 1;
    char name[160];
    must(s2vi_writer_create(&w, path, &err), &err);
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        const int64_t n = s2vi_shape_count(&p->file_shape);
        float *x = malloc((size_t)n * sizeof(*x));
        for (int64_t k = 0; k < n; k++)
            x[k] = (float)(i + 1);
        snprintf(name, sizeof(name), "%s%s", before, p->name + strlen(from));
        must(s2vi_writer_add(w, name, S2VI_STORED_F32, p->file_shape.rank,
                             p->file_shape.dim, x, &err),
             &err);
        free(x);
    }
    snprintf(name, sizeof(name), "%sinput_layer.1.num_batches_tracked", before);
    must(s2vi_writer_add(w, name, S2VI_STORED_F32, 1, (int64_t[]){1}, &one,
                         &err),
         &err);
    must(s2vi_writer_commit(&w, &err), &err);
    must(s2v_weights_open(&file, path, &err), &err);
    return file;
}

/* The list's variables in the store have those numbers. */
static void check_store(const s2vi_param_list *list, s2vi_store *store)
{
    s2v_error err;
    for (int i = 0; i < list->count; i++) {
        const int64_t n = s2vi_shape_count(&list->param[i].shape);
        float *x = malloc((size_t)n * sizeof(*x));
        must(s2vi_store_read(store, list->param[i].name, x, &err), &err);
        CHECK(x[0] == (float)(i + 1) && x[n - 1] == (float)(i + 1), "%s is %g",
              list->param[i].name, (double)x[0]);
        free(x);
    }
}

static void test_public(const char *path)
{
    static const char *const before[] = {"", "encoder.", "module.encoder."};
    s2vi_inversion_config c;
    s2vi_recurrent_config r = {.w = 2,
                               .group = {1, 2},
                               .groups = 2,
                               .layers = 1,
                               .hidden = 3,
                               .both = true,
                               .noise = true,
                               .blend = 1};
    s2vi_param_list list = {0}, group = {0};
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2v_error err;
    s2vi_inversion_paper(&c, 2, 4);
    c.size = 32;
    for (int i = 0; i < 4; i++)
        c.widths[i] = c.units[i] = i / 2 + 1;
    c.reduction = 1;
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_inversion_params(&c, "inversion.", &list, &err), &err);
    for (int i = 0; i < 3; i++) {
        s2v_weights *w = write_public(&list, "inversion.", before[i], path);
        must(s2vi_semantic_load_inversion(&c, w, store, &err), &err);
        check_store(&list, store);
        s2v_weights_close(&w);
    }
    s2vi_param_list_close(&list);
    must(s2vi_recurrent_params(&r, "recurrent.", &list, &err), &err);
    for (int i = 0; i < list.count; i++)
        if (!strncmp(list.param[i].name, "recurrent.1.", 12))
            s2vi_declare(&(s2vi_scope){.list = &group},
                         list.param[i].file_shape, S2VI_INIT_ZERO, "%s",
                         list.param[i].name);
    s2v_weights *w = write_public(&group, "recurrent.1.", "module.", path);
    must(s2vi_semantic_load_recurrent(&r, 1, w, store, &err), &err);
    check_store(&group, store);
    CHECK(s2vi_semantic_load_recurrent(&r, 0, w, store, &err) == S2V_ERR_MODEL,
          "a network of another group");
    s2v_weights_close(&w);
    s2vi_param_list_close(&group);
    s2vi_param_list_close(&list);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

/* --------------------------------------------------------------- layers -- */

/* A graph of one input on `ref`: its result. */
static void compute(s2vi_graph *g, s2vi_node *in, const float *x,
                    s2vi_node *out, float *y)
{
    s2v_error err;
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    must(s2vi_graph_status(g, &err), &err);
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_write(exec, in, x);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, out, y);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
    s2vi_graph_close(&g);
}

/* Half-pixel centres: 3 -> 5 pixels are read at -0.2 (clamped), 0.4, 1, 1.6,
 * 2.2 (clamped). */
static void test_resize(void)
{
    static const float x[3] = {10, 20, 40};
    static const float want[5] = {10, 14, 20, 32, 40};
    float y[5];
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, 3, 1, 1));
    compute(g, in, x, s2vi_nn_resize_bilinear(in, 5, 1, false), y);
    for (int i = 0; i < 5; i++)
        CHECK(fabsf(y[i] - want[i]) < 1e-4F, "pixel %d is %g", i, (double)y[i]);
}

static void test_window_mean(void)
{
    static const float x[4] = {1, 2, 3, 4};
    const s2vi_window window = {
        .rank = 1, .kernel = {3}, .stride = {2}, .pad_lo = {1}, .pad_hi = {1}};
    float y[2];
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, 4, 1));
    compute(g, in, x, s2vi_nn_window_mean(in, &window), y);
    CHECK(fabsf(y[0] - 1.5F) < 1e-6F && fabsf(y[1] - 3) < 1e-6F, "%g %g",
          (double)y[0], (double)y[1]);
}

/* Logits that are far apart: no infinity, no NaN. */
static void test_log_softmax(void)
{
    static const float x[3] = {-500, 0, 500};
    static const float want[3] = {-1000, -500, 0};
    float y[3];
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *in = s2vi_input(g, "x", S2VI_SHAPE(1, 1, 3));
    compute(g, in, x, s2vi_nn_log_softmax(in), y);
    for (int i = 0; i < 3; i++)
        CHECK(fabsf(y[i] - want[i]) < 1e-3F, "%d is %g", i, (double)y[i]);
}

int main(void)
{
    make_folder();
    char *path = g_build_filename(folder, "public.bin", NULL);
    test_public(path);
    g_free(path);
    remove_folder();
    test_vocabulary();
    test_inversion_config();
    test_recurrent_config();
    test_embedding_config();
    test_resize();
    test_window_mean();
    test_log_softmax();
    return check_done();
}
