/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained, for tests. */
#include "tiny_stylegan.h"

#include "models/stylegan3.h"
#include "weights/weights.h"

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
static int write_params(const char *path, const s2vi_param_list *list,
                        const char *model, const char *config, int w,
                        const s2vi_stylegan3_layer *design, bool deviation,
                        s2v_error *err)
{
    s2vi_writer *writer = NULL;
    float x[1 << 14], file[1 << 14];
    int ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    s2vi_writer_set_metadata(writer, "s2v.model", model, err);
    s2vi_writer_set_metadata(writer, "s2v.config", config, err);
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        s2vi_param_init(list, i, 1, x, err);
        tune(p, design, x);
        s2vi_param_to_file(p, x, file);
        s2vi_writer_add(writer, p->name, S2VI_STORED_F32, p->file_shape.rank,
                        p->file_shape.dim, file, err);
    }
    for (int i = 0; i < w; i++)
        x[i] = 1;
    if (deviation)
        s2vi_writer_add(writer, "mapping.w_std", S2VI_STORED_F32, 1,
                        &(int64_t){w}, x, err);
    return s2vi_writer_commit(&writer, err);
}

int tiny_stylegan_write(const char *path, stylegan_kind kind, bool deviation,
                        s2v_error *err)
{
    s2vi_param_list list = {0};
    int ret;
    if (kind == STYLEGAN3) {
        s2vi_stylegan3_config c;
        s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
        s2vi_stylegan3_defaults(&c, 32);
        c.z = c.w = 8;
        c.base = 64;
        c.max = 6;
        s2vi_stylegan3_design(&c, design);
        s2vi_stylegan3_params_list(&c, &list, err);
        char *text = s2vi_stylegan3_config_text(&c);
        ret = write_params(path, &list, "stylegan3", text, c.w, design,
                           deviation, err);
        free(text);
    } else {
        s2vi_stylegan2_config c;
        s2vi_stylegan2_defaults(&c, 32);
        c.z = 8;
        c.w = 10;
        c.base = 96;
        c.max = 8;
        c.mapping = 2;
        c.classes = kind == STYLEGAN2_CLASSES ? 3 : 0;
        s2vi_stylegan2_params_list(&c, &list, err);
        char *text = s2vi_stylegan2_config_text(&c);
        ret = write_params(path, &list, "stylegan2", text, c.w, NULL, deviation,
                           err);
        free(text);
    }
    s2vi_param_list_close(&list);
    return ret;
}
