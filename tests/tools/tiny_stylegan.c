/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained, for tests. */
#include "tiny_stylegan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Initial values, but for what would make no picture. */
static void tune(const s2vi_param *p, const s2vi_stylegan3_layer *design,
                 float *x)
{
    static const float identity[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const int64_t n = s2vi_shape_count(&p->shape);
    if (strstr(p->name, "transform"))
        memcpy(x, identity, sizeof(identity));
    if (strstr(p->name, "input.affine.bias"))
        x[0] = 1;
    if (strstr(p->name, "noise_strength"))
        x[0] = 0.1f;
    for (int64_t i = 0; strstr(p->name, "freqs") && i < n; i++)
        x[i] *= 2;
    for (int i = 0; design && i < S2VI_STYLEGAN3_LAYERS; i++)
        if (strstr(p->name, design[i].name) && strstr(p->name, "_filter"))
            s2vi_stylegan3_filter(&design[i], strstr(p->name, "up_") != NULL,
                                  x);
}

/* A writer keeps its first error, which commit() returns. */
static void add_params(s2vi_writer *writer, const s2vi_param_list *list,
                       const char *prefix, int w,
                       const s2vi_stylegan3_layer *design, bool deviation,
                       s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
    int64_t most = w;
    for (int i = 0; i < list->count; i++) {
        const int64_t n = s2vi_shape_count(&list->param[i].shape);
        most = n > most ? n : most;
    }
    float *x = malloc(2 * (size_t)most * sizeof(*x)), *file = x + most;
    if (!x)
        abort();
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        s2vi_param_init(list, i, 1, x, err);
        tune(p, design, x);
        for (int64_t k = 0; *prefix && strstr(p->name, "input.affine.weight") &&
                            k < s2vi_shape_count(&p->shape);
             k++) /* codes move the camera of a part of another model */
            x[k] = 0.1f * (float)(k % 7 - 3);
        s2vi_param_to_file(p, x, file);
        snprintf(name, sizeof(name), "%s%s", prefix, p->name);
        s2vi_writer_add(writer, name, S2VI_STORED_F32, p->file_shape.rank,
                        p->file_shape.dim, file, err);
    }
    for (int i = 0; i < w; i++)
        x[i] = 1;
    snprintf(name, sizeof(name), "%smapping.w_std", prefix);
    if (deviation)
        s2vi_writer_add(writer, name, S2VI_STORED_F32, 1, &(int64_t){w}, x,
                        err);
    free(x);
}

void tiny_stylegan2(s2vi_stylegan2_config *c, int classes)
{
    s2vi_stylegan2_defaults(c, 32);
    c->z = 8;
    c->w = 10;
    c->base = 96;
    c->max = 8;
    c->mapping = 2;
    c->classes = classes;
}

void tiny_stylegan3(s2vi_stylegan3_config *c)
{
    s2vi_stylegan3_defaults(c, 32);
    c->z = c->w = 8;
    c->base = 64;
    c->max = 6;
}

/* Its tensors; the configuration's text, which the caller frees. */
static char *add_stylegan3(s2vi_writer *writer, const s2vi_stylegan3_config *c,
                           const char *prefix, bool deviation, s2v_error *err)
{
    s2vi_param_list list = {0};
    s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
    s2vi_stylegan3_design(c, design);
    s2vi_stylegan3_params_list(c, &list, err);
    add_params(writer, &list, prefix, c->w, design, deviation, err);
    s2vi_param_list_close(&list);
    return s2vi_stylegan3_config_text(c);
}

static char *add_stylegan2(s2vi_writer *writer, const s2vi_stylegan2_config *c,
                           const char *prefix, bool deviation, s2v_error *err)
{
    s2vi_param_list list = {0};
    s2vi_stylegan2_params_list(c, &list, err);
    add_params(writer, &list, prefix, c->w, NULL, deviation, err);
    s2vi_param_list_close(&list);
    return s2vi_stylegan2_config_text(c);
}

char *tiny_stylegan_add(s2vi_writer *writer, stylegan_kind kind,
                        const char *prefix, bool deviation, s2v_error *err)
{
    s2vi_stylegan2_config two;
    s2vi_stylegan3_config three;
    if (kind == STYLEGAN3) {
        tiny_stylegan3(&three);
        return add_stylegan3(writer, &three, prefix, deviation, err);
    }
    tiny_stylegan2(&two, kind == STYLEGAN2_CLASSES ? 3 : 0);
    return add_stylegan2(writer, &two, prefix, deviation, err);
}

/* What the file is, and its end; frees the text. */
static int finish(s2vi_writer **writer, stylegan_kind kind, char *text,
                  s2v_error *err)
{
    s2vi_writer_set_metadata(*writer, "s2v.model",
                             kind == STYLEGAN3 ? "stylegan3" : "stylegan2",
                             err);
    s2vi_writer_set_metadata(*writer, "s2v.config", text, err);
    if (kind == STYLEGAN2_CLASSES)
        s2vi_writer_set_metadata(*writer, "s2v.classes",
                                 "[\"fire\", \"rain\", \"wind\"]", err);
    free(text);
    return s2vi_writer_commit(writer, err);
}

int tiny_stylegan_write(const char *path, stylegan_kind kind, bool deviation,
                        s2v_error *err)
{
    s2vi_writer *writer = NULL;
    const int ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    char *text = tiny_stylegan_add(writer, kind, "", deviation, err);
    return finish(&writer, kind, text, err);
}

int sized_stylegan_write(const char *path, stylegan_kind kind,
                         const stylegan_size *s, s2v_error *err)
{
    s2vi_stylegan2_config two;
    s2vi_stylegan3_config three;
    s2vi_writer *writer = NULL;
    const int ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    s2vi_stylegan3_defaults(&three, s->size);
    s2vi_stylegan2_defaults(&two, s->size);
    three.z = three.w = two.z = two.w = s->latent;
    three.base = two.base = s->base;
    three.max = two.max = s->max;
    three.mapping = two.mapping = s->mapping;
    char *text = kind == STYLEGAN3
                     ? add_stylegan3(writer, &three, "", true, err)
                     : add_stylegan2(writer, &two, "", true, err);
    return finish(&writer, kind, text, err);
}
