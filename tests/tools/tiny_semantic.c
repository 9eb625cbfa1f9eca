/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of the family semantic that nobody trained, for tests. */
#include "tiny_semantic.h"

#include "base/philox.h"
#include "tiny_stylegan.h"
#include "weights/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tiny_starts[TINY_STARTS] = {"deep", "fire", "rain", "waves"};

static const char words[] =
    "[\"blue\",\"deep\",\"fire\",\"gentle\",\"rain\",\"waves\"]";

s2vi_semantic_config tiny_semantic_config(const tiny_semantic *spec)
{
    s2vi_semantic_config c = {.has_embedding = !spec->no_embedding};
    c.generator.alias_free = spec->three;
    tiny_stylegan2(&c.generator.two, 0);
    tiny_stylegan3(&c.generator.three);
    const int L = s2vi_semantic_codes(&c.generator);
    const int w = s2vi_semantic_mapping(&c.generator).w;
    s2vi_inversion_defaults(&c.inversion, L, w);
    if (spec->psp) {
        s2vi_inversion_paper(&c.inversion, L, w);
        c.inversion.size = 32;
        c.inversion.reduction = 2;
        for (int i = 0; i < S2VI_INVERSION_STAGES; i++)
            c.inversion.units[i] = 1;
    }
    s2vi_recurrent_defaults(&c.recurrent, L, w, spec->three ? 3 : 4);
    c.inversion.features = c.recurrent.hidden = 12;
    if (spec->columns)
        c.inversion.columns = spec->columns;
    c.recurrent.group[0] += spec->codes;
    c.recurrent.feedback = spec->previous ? S2VI_RECURRENT_FEEDBACK_PREVIOUS
                                          : S2VI_RECURRENT_FEEDBACK_START;
    c.recurrent.blend = spec->previous ? 0.4 : 1;
    s2vi_embedding_defaults(&c.embedding);
    c.embedding.size = 16;
    c.embedding.width = TINY_WIDTH;
    c.embedding.hidden = c.embedding.word = 16;
    c.embedding.words = 6;
    for (int i = 0; i < S2VI_RESIDUAL_BLOCKS; i++)
        c.inversion.widths[i] = c.embedding.widths[i] = 8;
    return c;
}

static void add_params(s2vi_writer *writer, const s2vi_param_list *list,
                       s2v_error *err)
{
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        const size_t n = (size_t)s2vi_shape_count(&p->shape);
        const s2vi_philox key = {.seed = 5, .stream = (uint32_t)i};
        float *x = malloc(2 * n * sizeof(*x));
        s2vi_param_init(list, i, 3, x, err);
        /* Last layers start at 0: sound would do nothing. */
        if (strstr(p->name, "inversion.head") ||
            (strstr(p->name, "inversion.styles") &&
             strstr(p->name, "linear")) ||
            (strstr(p->name, "recurrent.") && strstr(p->name, ".fc."))) {
            s2vi_philox_normal(&key, 0, n, x);
            for (size_t k = 0; k < n; k++)
                x[k] *= 0.2f;
        }
        s2vi_param_to_file(p, x, x + n);
        s2vi_writer_add(writer, p->name, S2VI_STORED_F32, p->file_shape.rank,
                        p->file_shape.dim, x + n, err);
        free(x);
    }
}

static void add_seen(s2vi_writer *writer, s2v_error *err)
{
    const int64_t width = TINY_WIDTH;
    char name[40];
    for (int i = 0; i < TINY_STARTS; i++) {
        float place[TINY_WIDTH] = {0};
        place[i] = 1;
        snprintf(name, sizeof(name), S2VI_SEMANTIC_SEEN "%s", tiny_starts[i]);
        s2vi_writer_add(writer, name, S2VI_STORED_F32, 1, &width, place, err);
    }
}

static void add_gallery(s2vi_writer *writer, const s2vi_semantic_config *c,
                        bool bad, s2v_error *err)
{
    int64_t shape[] = {c->inversion.codes - bad, c->inversion.w};
    float x[512];
    char name[40];
    for (int i = 0; i < TINY_STARTS; i++) {
        const s2vi_philox key = {.seed = 9, .stream = (uint32_t)i};
        s2vi_philox_normal(&key, 0, (size_t)(shape[0] * shape[1]), x);
        snprintf(name, sizeof(name), S2VI_SEMANTIC_GALLERY "%s",
                 tiny_starts[i]);
        s2vi_writer_add(writer, name, S2VI_STORED_F32, 2, shape, x, err);
    }
}

/* Where scenes' sound lies, and a second start of one. */
static void add_heard(s2vi_writer *writer, const s2vi_semantic_config *c,
                      const float *heard, s2v_error *err)
{
    static const char *const names[] = {"fire", "rain"};
    const int64_t shape[] = {c->inversion.codes, c->inversion.w};
    const int64_t width = TINY_WIDTH;
    const s2vi_philox key = {.seed = 9, .stream = TINY_STARTS};
    float x[512];
    char name[40];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), S2VI_SEMANTIC_HEARD "%s", names[i]);
        s2vi_writer_add(writer, name, S2VI_STORED_F32, 1, &width,
                        heard + (ptrdiff_t)i * width, err);
    }
    s2vi_philox_normal(&key, 0, (size_t)(shape[0] * shape[1]), x);
    s2vi_writer_add(writer, S2VI_SEMANTIC_GALLERY "rain-2", S2VI_STORED_F32, 2,
                    shape, x, err);
}

static void add_others(s2vi_writer *writer, const s2vi_semantic_config *c,
                       s2v_error *err)
{
    s2vi_param_list list = {0};
    s2vi_inversion_params(&c->inversion, S2VI_SEMANTIC_INVERSION, &list, err);
    s2vi_recurrent_params(&c->recurrent, S2VI_SEMANTIC_RECURRENT, &list, err);
    if (c->has_embedding)
        s2vi_embedding_params(&c->embedding, S2VI_SEMANTIC_EMBEDDING, &list,
                              err);
    add_params(writer, &list, err);
    s2vi_param_list_close(&list);
}

int tiny_semantic_write(const char *path, const tiny_semantic *spec,
                        s2v_error *err)
{
    const s2vi_semantic_config c = tiny_semantic_config(spec);
    s2vi_writer *writer = NULL;
    const int ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    free(tiny_stylegan_add(writer, spec->three ? STYLEGAN3 : STYLEGAN2,
                           S2VI_SEMANTIC_GENERATOR, !spec->no_deviation, err));
    add_others(writer, &c, err);
    if (c.has_embedding)
        add_gallery(writer, &c, spec->bad_start, err);
    if (spec->seen)
        add_seen(writer, err);
    if (spec->heard)
        add_heard(writer, &c, spec->heard, err);
    char *text = s2vi_semantic_config_text(&c);
    s2vi_writer_set_metadata(writer, "s2v.model", S2VI_SEMANTIC_NAME, err);
    s2vi_writer_set_metadata(writer, "s2v.config", text, err);
    s2vi_writer_set_metadata(writer, "s2v.level", "-17", err);
    if (c.has_embedding)
        s2vi_writer_set_metadata(writer, "s2v.vocabulary", words, err);
    free(text);
    return s2vi_writer_commit(&writer, err);
}
