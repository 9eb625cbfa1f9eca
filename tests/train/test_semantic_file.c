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
#include "models/semantic.h"
#include "models/vocabulary.h"

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

/* As a session has them: the generator's tensors under its own names. */
static void load(const s2vi_semantic_config *c, const s2v_weights *w)
{
    s2vi_backend *backend = NULL;
    s2vi_store *store = NULL;
    s2v_error err;
    float average[64];
    must(s2vi_backend_open(&backend, "ref", S2VI_F32, 1, &err), &err);
    must(s2vi_store_create(&store, backend, &err), &err);
    must(s2vi_semantic_load(c, w, store, &err), &err);
    CHECK(!s2vi_store_read(store, "mapping.w_avg", average, &err), "%s",
          err.message);
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
