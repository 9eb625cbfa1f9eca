/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts and pictures in CLIP's space, by a small file of random weights: the
 * same as the towers by themselves, and what is refused. */
#include "session/clip_encoder.h"

#include "graph/build.h"
#include "run/exec.h"
#include "text/clip_tokens.h"
#include "video/clip_picture.h"

#include "tiny_clip.h"

#include "../must.h"
#include "../scratch.h"

#include <math.h>

enum { E = TINY_CLIP_EMBEDDING, CONTEXT = 40, SIDE = 8 };

static s2vi_backend *backend;

/* ---------------------------------------------------------------- files -- */

static char *write_list(const char *name, const char *text)
{
    char *path = in_folder(name);
    CHECK(g_file_set_contents(path, text, -1, NULL), "%s", path);
    return path;
}

static s2v_weights *make_file(s2vi_clip_part part)
{
    s2v_error err;
    s2v_weights *file;
    char *path = in_folder("clip.bin");
    must(tiny_clip_write(path, part, &err), &err);
    must(s2v_weights_open(&file, path, &err), &err);
    g_free(path);
    return file;
}

/* ------------------------------------------------ the towers themselves -- */

static void run_tower(const s2v_weights *file, const float *input, int64_t T,
                      float end, float out[E])
{
    s2v_error err;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_clip_graph g;
    s2vi_graph *graph = s2vi_graph_create();
    s2vi_node *ends = NULL, *in = NULL;
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_clip_tower_load(&tiny_clip, S2VI_CLIP_BOTH, file, store, &err),
         &err);
    if (T) {
        in = s2vi_input(graph, "ids", S2VI_SHAPE(1, T));
        ends = s2vi_input(graph, "ends", S2VI_SHAPE(1));
        must(s2vi_clip_build_text(graph, &tiny_clip, in, ends, &g, &err), &err);
    } else {
        in = s2vi_input(graph, "x", S2VI_SHAPE(1, SIDE, SIDE, 3));
        must(s2vi_clip_build_picture(graph, &tiny_clip, in, &g, &err), &err);
    }
    const s2vi_plan_params params = {.outputs = &g.normalised, .n_outputs = 1};
    must(s2vi_plan_create(&plan, graph, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_write(exec, in, input);
    if (ends)
        s2vi_exec_write(exec, ends, &end);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, g.normalised, out);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&graph);
    s2vi_store_close(&store);
}

static void same(const char *what, const float *a, const float *b)
{
    double worst = 0, length = 0;
    for (int i = 0; i < E; i++) {
        const double d = fabs((double)(a[i] - b[i]));
        worst = d > worst || isnan(d) ? d : worst;
        length += (double)a[i] * (double)a[i];
    }
    CHECK(worst <= 1e-6, "%s: %g off", what, worst);
    CHECK(fabs(length - 1) <= 1e-5, "%s: length %g", what, sqrt(length));
}

/* -------------------------------------------------------------- tests -- */

/* Short, as long as 32 columns, longer, and longer than the context. */
static void test_texts(s2vi_clip_encoder *e, const s2v_weights *file,
                       const char *list)
{
    static const int lengths[] = {1, 3, 30, 31, 37, 38, 39, 100};
    s2vi_clip_tokenizer *t;
    must(s2vi_clip_tokenizer_open(&t, list, tiny_clip.vocabulary, NULL), NULL);
    for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++) {
        char text[512] = "";
        float ids[CONTEXT] = {0}, out[E], right[E];
        s2vi_clip_text words;
        s2v_error err = {0};
        int tokens = 0;
        for (int i = 0; i < lengths[k]; i++)
            strcat(text, i % 3 ? "rain " : "b ");
        const int ret = s2vi_clip_encode_text(e, text, out, &tokens, &err);
        CHECK(ret == S2V_OK && tokens == lengths[k] + 2, "%d tokens: %s",
              tokens, err.message);
        must(s2vi_clip_tokenize(t, text, strlen(text), &words, NULL), NULL);
        const int n = words.n < CONTEXT ? words.n : CONTEXT;
        for (int i = 0; i < n; i++)
            ids[i] = (float)words.id[i];
        ids[n - 1] = (float)(tiny_clip.vocabulary - 1);
        run_tower(file, ids, CONTEXT, (float)(n - 1), right);
        same(text, out, right);
    }
    s2vi_clip_tokenizer_close(&t);
}

static void test_picture(s2vi_clip_encoder *e, const s2v_weights *file)
{
    uint8_t rgb[9 * 11 * 3];
    float input[SIDE * SIDE * 3], out[E], right[E];
    const s2vi_image p = {rgb, 9 * 3, 9, 11};
    for (int i = 0; i < (int)sizeof(rgb); i++)
        rgb[i] = (uint8_t)(i * 37 % 256);
    must(s2vi_clip_picture(&p, SIDE, input, NULL), NULL);
    run_tower(file, input, 0, 0, right);
    for (int i = 0; i < 2; i++) {
        CHECK(s2vi_clip_encode_picture(e, &p, out, NULL) == S2V_OK, "picture");
        same("picture", out, right);
    }
}

static void refused(int ret, int code, const s2v_error *err, const char *part)
{
    CHECK(ret == code && strstr(err->message, part), "%d: %s", ret,
          err->message);
}

static void test_refused(s2vi_clip_encoder *e, const s2v_weights *file,
                         const char *list)
{
    float out[E];
    int tokens;
    s2v_error err = {0};
    s2vi_clip_encoder *other;
    refused(s2vi_clip_encode_text(e, " ", out, &tokens, &err), S2V_ERR_INVALID,
            &err, "the text is empty");
    refused(s2vi_clip_encode_text(e, "a\xff", out, &tokens, &err),
            S2V_ERR_INVALID, &err, "is not UTF-8");
    char *cut = write_list("cut", "#\nr a\n");
    refused(s2vi_clip_encoder_open(&other, file, S2VI_CLIP_TEXT, cut, backend,
                                   &err),
            S2V_ERR_FORMAT, &err, "has 1 merges, expected 5");
    CHECK(!other, "an encoder");
    g_free(cut);
    must(s2vi_clip_encoder_open(&other, file, S2VI_CLIP_PICTURE, list, backend,
                                &err),
         &err);
    refused(s2vi_clip_encode_text(other, "rain", out, &tokens, &err),
            S2V_ERR_INVALID, &err, "opened without texts");
    s2vi_clip_encoder_close(&other);
    must(s2vi_clip_encoder_open(&other, file, S2VI_CLIP_TEXT, list, backend,
                                &err),
         &err);
    refused(s2vi_clip_encode_picture(other, &(s2vi_image){0}, out, &err),
            S2V_ERR_INVALID, &err, "without its picture tower");
    s2vi_clip_encoder_close(&other);
    s2v_weights *half = make_file(S2VI_CLIP_TEXT);
    refused(s2vi_clip_encoder_open(&other, half, S2VI_CLIP_BOTH, list, backend,
                                   &err),
            S2V_ERR_MODEL, &err, "text tower alone");
    s2v_weights_close(&half);
}

int main(int argc, char **argv)
{
    s2v_error err;
    s2vi_clip_encoder *e;
    make_folder();
    must(s2vi_backend_open(&backend, argc > 1 ? argv[1] : "ref", S2VI_F32, 1,
                           &err),
         &err);
    s2v_weights *file = make_file(S2VI_CLIP_BOTH);
    char *list = write_list("merges", tiny_clip_merges);
    must(s2vi_clip_encoder_open(&e, file, S2VI_CLIP_BOTH, list, backend, &err),
         &err);
    CHECK(s2vi_clip_encoder_config(e)->embedding == E, "the configuration");
    test_texts(e, file, list);
    test_picture(e, file);
    test_refused(e, file, list);
    s2vi_clip_encoder_close(&e);
    s2vi_clip_encoder_close(&e);
    s2v_weights_close(&file);
    s2vi_backend_close(&backend);
    g_free(list);
    remove_folder();
    return check_done();
}
