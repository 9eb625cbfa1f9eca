/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A weight file that s2v-train semantic wrote, by the library's reader: what it
 * has, and that its generator and embedding are those that it was trained with.
 * semantic.sh runs it.
 *
 * usage: test-train-semantic-file FILE GENERATOR EMBEDDING
 */
#include "../check.h"
#include "../must.h"
#include "graph/build.h"
#include "models/vocabulary.h"
#include "recipes/intensity_reading.h"
#include "recipes/semantic_gallery.h"
#include "run/exec.h"
#include "semantic_loss.h"

#include <math.h>

static s2v_weights *open_file(const char *path)
{
    s2v_weights *w = NULL;
    s2v_error err;
    must(s2v_weights_open(&w, path, &err), &err);
    return w;
}

static float *read_values(const s2v_weights *w, const s2vi_tensor *t)
{
    s2v_error err;
    float *x = malloc(t->count * sizeof(*x));
    must(s2vi_weights_read_f32(w, t, x, &err), &err);
    return x;
}

/* All tensors of `part` are in the file, under a prefix. */
static void compare(const s2v_weights *file, const s2v_weights *part,
                    const char *prefix)
{
    char name[256];
    for (size_t i = 0; i < s2v_weights_count(part); i++) {
        const s2vi_tensor *from = s2vi_weights_at(part, i);
        snprintf(name, sizeof(name), "%s%s", prefix, from->name);
        const s2vi_tensor *to = s2vi_weights_find(file, name);
        CHECK(to && to->count == from->count, "no %s", name);
        if (!to || to->count != from->count)
            continue;
        float *a = read_values(part, from), *b = read_values(file, to);
        CHECK(!memcmp(a, b, from->count * sizeof(*a)), "%s differs", name);
        free(a);
        free(b);
    }
}

/* A start for each scene, none of them the others' or nothing. */
static void test_gallery(const s2v_weights *w)
{
    const s2vi_tensor *rain = s2vi_weights_find(w, "gallery.rain");
    const s2vi_tensor *fire = s2vi_weights_find(w, "gallery.fire");
    CHECK(rain && fire && rain->rank == 2 && rain->shape[0] == 8 &&
              rain->shape[1] == 10 && fire->count == rain->count,
          "the gallery");
    if (!rain || !fire)
        return;
    const s2vi_tensor *last = s2vi_weights_find(w, "gallery.rain-16");
    const s2vi_tensor *heard = s2vi_weights_find(w, "heard.rain");
    const s2vi_tensor *seen = s2vi_weights_find(w, "seen.rain-16");
    CHECK(seen && seen->rank == 1 && seen->shape[0] == 128,
          "where its picture lies");
    CHECK(last && last->count == rain->count &&
              !s2vi_weights_find(w, "gallery.rain-17"),
          "16 starts of a scene");
    CHECK(heard && heard->rank == 1 && heard->shape[0] == 128,
          "where rain sounds");
    float *a = read_values(w, rain), sum = 0;
    for (size_t i = 0; i < rain->count; i++)
        sum += a[i] * a[i];
    CHECK(sum > 0, "a start of zeros");
    free(a);
}

/* Cosine of a start's picture and a text. */
static double likeness(const s2vi_semantic_config *c, s2vi_store *store,
                       const float *codes, const float *share)
{
    const int L = c->inversion.codes, w = c->inversion.w;
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *ws = s2vi_input(g, "ws", S2VI_SHAPE(1, L, w)), *video;
    s2vi_node *text = s2vi_input(g, "text", S2VI_SHAPE(1, c->embedding.words));
    s2vi_embedding_graph e;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err;
    float distance;
    must(s2vi_semantic_generate(g, &c->generator, ws, &video, &err), &err);
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(video, c->embedding.size),
        .text = text};
    must(s2vi_embedding_build(g, &c->embedding, S2VI_SEMANTIC_EMBEDDING, &in,
                              &e, &err),
         &err);
    s2vi_node *out = s2vi_semantic_distance(e.picture, e.text);
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_write(exec, ws, codes);
    s2vi_exec_write(exec, text, share);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, out, &distance);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    return 1 - (double)distance;
}

/* By how much a start's picture is more like its text than like the other. */
static double advantage(const s2vi_semantic_config *c, s2vi_store *store,
                        const float *codes, int text)
{
    static float share[2][256];
    share[0][0] = share[1][1] = 1;
    return likeness(c, store, codes, share[text]) -
           likeness(c, store, codes, share[1 - text]);
}

/* Each of two scenes has the start that suits its text, and not the other's;
 * those that follow are others. At psi 0 there is one start, the average. */
static void test_choice(const s2vi_semantic_config *c, s2vi_store *store)
{
    enum { L = 8, W = 10, ONE = L * W };
    static float average[W];
    s2vi_caption caption[2] = {{0, 1, 0}, {0, 1, 1}};
    s2vi_scene_clip clip[2] = {
        {.scene = 0, .caption = caption, .captions = 1},
        {.scene = 1, .caption = caption + 1, .captions = 1}};
    float *flat = calloc((size_t)(2 * c->embedding.words), sizeof(*flat));
    const s2vi_scene_clips data = {.clip = clip,
                                   .count = 2,
                                   .scenes = 2,
                                   .texts = 2,
                                   .side = 32,
                                   .share = flat};
    s2vi_gallery_params params = {c, &data, store, 0.9, 1, 128, 3};
    s2vi_gallery g;
    s2v_error err;
    flat[0] = 1;
    flat[c->embedding.words + 1] = 1;
    must(s2vi_gallery_make(&params, &g, &err), &err);
    for (int i = 0; i < 2; i++) {
        const float *own = g.codes + (ptrdiff_t)3 * i * ONE;
        CHECK(advantage(c, store, own, i) >=
                      advantage(c, store, own + ONE, i) &&
                  advantage(c, store, own, i) >=
                      advantage(c, store,
                                g.codes + (ptrdiff_t)3 * (1 - i) * ONE, i),
              "text %d suits another start", i);
        CHECK(memcmp(own, own + ONE, ONE * sizeof(*own)) &&
                  memcmp(own + ONE, own + 2 * ONE, ONE * sizeof(*own)),
              "scene %d: a start twice", i);
    }
    s2vi_gallery_close(&g);
    params.psi = 0;
    must(s2vi_gallery_make(&params, &g, &err), &err);
    must(s2vi_store_read(store, "mapping.w_avg", average, &err), &err);
    for (int i = 0; i < 6 * L; i++)
        CHECK(!memcmp(g.codes + (ptrdiff_t)i * W, average, sizeof(average)),
              "code %d is not the average", i);
    s2vi_gallery_close(&g);
    free(flat);
}

/* The corners of a cube have variances of 1 and no covariance: the reading of a
 * linear function is that, each factor by 1.1, of a mean that stays. */
static void test_reading(void)
{
    static const double factor[3] = {0.3, 0, -0.2};
    float place[8][3], level[8], out[4];
    s2v_error err;
    for (int i = 0; i < 8; i++) {
        double sum = 0.4;
        for (int j = 0; j < 3; j++) {
            const double x = i >> j & 1 ? 1 : -1;
            place[i][j] = (float)(0.5 + x);
            sum += x * factor[j];
        }
        level[i] = (float)sum;
    }
    must(s2vi_intensity_reading(place[0], level, 8, 3, out, &err), &err);
    for (int j = 0; j < 3; j++)
        CHECK(fabs((double)out[j] - factor[j] / 1.1) < 1e-6, "factor %d: %g", j,
              (double)out[j]);
    CHECK(fabs((double)out[3] - (0.4 - 0.5 * 0.1 / 1.1)) < 1e-6, "constant: %g",
          (double)out[3]);
}

static void test_names(void)
{
    static const char *const names[][2] = {
        {"Heavy  rain, at dusk!", "heavy-rain-at-dusk"},
        {"fire", "fire"},
        {" ?! ", ""}};
    char out[S2VI_GALLERY_NAME];
    for (int i = 0; i < 3; i++) {
        s2vi_gallery_name(names[i][0], out);
        CHECK(!strcmp(out, names[i][1]), "%s", out);
    }
}

/* Two layers' codes, (1,2) and (3,6), are (1,2) from their mean: the mean of 1,
 * 4, 1 and 4. */
static void test_spread(s2vi_backend *backend)
{
    static const float codes[] = {1, 2, 3, 6};
    s2vi_graph *g = s2vi_graph_create();
    s2vi_node *x = s2vi_input(g, "codes", S2VI_SHAPE(1, 1, 2, 2));
    s2vi_node *out = s2vi_semantic_spread(x);
    s2vi_store *store = NULL;
    s2vi_plan *plan = NULL;
    s2vi_exec *exec = NULL;
    s2v_error err;
    float spread = 0;
    const s2vi_plan_params params = {.outputs = &out, .n_outputs = 1};
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_plan_create(&plan, g, store, &params, &err), &err);
    must(s2vi_exec_create(&exec, plan, &err), &err);
    s2vi_exec_write(exec, x, codes);
    must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err);
    s2vi_exec_read(exec, out, &spread);
    CHECK(spread == 2.5f, "%g", (double)spread);
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_store_close(&store);
    s2vi_graph_close(&g);
}

/* As a session has them: the generator's tensors under its own names. */
static void load(const s2vi_semantic_config *c, const s2v_weights *w)
{
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2v_error err;
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_semantic_load(c, w, store, &err), &err);
    test_choice(c, store);
    test_spread(backend);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

static void test_config(const s2vi_semantic_config *c)
{
    s2vi_semantic_config read = {0}, bad = *c;
    s2v_error err = {0};
    char *text = s2vi_semantic_config_text(c);
    must(s2vi_semantic_config_parse(&read, text, &err), &err);
    CHECK(!memcmp(&read.inversion, &c->inversion, sizeof(read.inversion)) &&
              !memcmp(&read.recurrent, &c->recurrent, sizeof(read.recurrent)) &&
              read.has_embedding == c->has_embedding,
          "%s", text);
    bad.recurrent.group[0]++;
    CHECK(s2vi_semantic_config_check(&bad, &err) == S2V_ERR_MODEL &&
              strstr(err.message,
                     "recurrent groups have 9 codes of 10 numbers, "
                     "the generator takes 8 of 10"),
          "%s", err.message);
    bad = *c;
    s2vi_inversion_defaults(&bad.inversion, 8, 12);
    CHECK(s2vi_semantic_config_check(&bad, &err) == S2V_ERR_MODEL &&
              strstr(err.message, "inversion makes 8 codes of 12 numbers"),
          "%s", err.message);
    static const char *const texts[] = {
        "{}", "[]", "x", "{\"generator\":{},\"inversion\":{},\"recurrent\":{}}",
        "{\"generator\":1,\"inversion\":2,\"recurrent\":3}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        CHECK(s2vi_semantic_config_parse(&read, texts[i], &err) ==
                  S2V_ERR_MODEL,
              "%s is read", texts[i]);
    free(text);
}

int main(int argc, char **argv)
{
    s2vi_semantic_config c;
    s2vi_vocabulary words = {0};
    s2v_error err;
    if (argc < 4)
        return printf("usage: %s FILE GENERATOR EMBEDDING\n", argv[0]), 2;
    s2v_weights *w = open_file(argv[1]), *generator = open_file(argv[2]),
                *embedding = open_file(argv[3]);
    must(s2vi_semantic_read(&c, w, &err), &err);
    CHECK(c.has_embedding && !c.generator.alias_free &&
              s2vi_semantic_size(&c.generator) == 32 &&
              s2vi_semantic_codes(&c.generator) == 8,
          "other parts");
    compare(w, generator, S2VI_SEMANTIC_GENERATOR);
    compare(w, embedding, S2VI_SEMANTIC_EMBEDDING);
    const char *text = s2v_weights_get_metadata(w, "s2v.vocabulary");
    must(s2vi_vocabulary_parse(&words, text ? text : "", &err), &err);
    CHECK(words.count == c.embedding.words, "%d words", words.count);
    s2vi_vocabulary_close(&words);
    test_gallery(w);
    test_names();
    test_reading();
    load(&c, w);
    test_config(&c);
    CHECK(s2vi_semantic_read(&c, generator, &err) == S2V_ERR_MODEL &&
              strstr(err.message, "expected a 'semantic' model, found "
                                  "'stylegan2'"),
          "%s", err.message);
    s2v_weights_close(&embedding);
    s2v_weights_close(&generator);
    s2v_weights_close(&w);
    return check_done();
}
