/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of StyleGANs that nobody trained. */
#include "stylegan_kit.h"

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

static void write_params(const char *path, const s2vi_param_list *list,
                         const char *model, const char *config, int w,
                         const s2vi_stylegan3_layer *design, bool deviation)
{
    s2vi_writer *writer = NULL;
    s2v_error err = {0};
    float x[1 << 14], file[1 << 14];
    s2vi_writer_create(&writer, path, &err);
    s2vi_writer_set_metadata(writer, "s2v.model", model, &err);
    s2vi_writer_set_metadata(writer, "s2v.config", config, &err);
    for (int i = 0; i < list->count; i++) {
        const s2vi_param *p = &list->param[i];
        s2vi_param_init(list, i, 1, x, &err);
        tune(p, design, x);
        s2vi_param_to_file(p, x, file);
        s2vi_writer_add(writer, p->name, S2VI_STORED_F32, p->file_shape.rank,
                        p->file_shape.dim, file, &err);
    }
    for (int i = 0; i < w; i++)
        x[i] = 1;
    if (deviation)
        s2vi_writer_add(writer, "mapping.w_std", S2VI_STORED_F32, 1,
                        &(int64_t){w}, x, &err);
    if (s2vi_writer_commit(&writer, &err) < 0) {
        printf("cannot write a model: %s\n", err.message);
        exit(1);
    }
}

const char *write_stylegan(stylegan_kind kind, bool deviation)
{
    const char *path = scratch("stylegan.bin");
    s2vi_param_list list = {0};
    s2v_error err = {0};
    if (kind == STYLEGAN3) {
        s2vi_stylegan3_config c;
        s2vi_stylegan3_layer design[S2VI_STYLEGAN3_LAYERS];
        s2vi_stylegan3_defaults(&c, 32);
        c.z = c.w = 8;
        c.base = 64;
        c.max = 6;
        s2vi_stylegan3_design(&c, design);
        s2vi_stylegan3_params_list(&c, &list, &err);
        char *text = s2vi_stylegan3_config_text(&c);
        write_params(path, &list, "stylegan3", text, c.w, design, deviation);
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
        s2vi_stylegan2_params_list(&c, &list, &err);
        char *text = s2vi_stylegan2_config_text(&c);
        write_params(path, &list, "stylegan2", text, c.w, NULL, deviation);
        free(text);
    }
    s2vi_param_list_close(&list);
    return path;
}
