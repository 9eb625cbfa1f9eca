/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A weight file of CLIP that nobody trained, for tests. */
#include "tiny_clip.h"

#include "weights/weights.h"

#include <stdlib.h>

const char tiny_clip_merges[] = "#\nr a\nra i\nrai n</w>\na b\nab a\n";

const s2vi_clip_config tiny_clip = {
    .picture = {.width = 16, .layers = 1, .heads = 2, .mlp = 32},
    .text = {.width = 8, .layers = 2, .heads = 2, .mlp = 24},
    .size = 8,
    .patch = 4,
    .vocabulary = 512 + 5 + 2,
    .context = 40,
    .embedding = TINY_CLIP_EMBEDDING,
};

int tiny_clip_write(const char *path, s2vi_clip_part part, s2v_error *err)
{
    s2vi_param_list list = {0};
    s2vi_writer *writer = NULL;
    int ret = s2vi_clip_params(&tiny_clip, part, &list, err);
    if (!ret)
        ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    char *config = s2vi_clip_config_text(&tiny_clip);
    s2vi_writer_set_metadata(writer, "s2v.config", config, err);
    for (int i = 0; i < list.count; i++) {
        const s2vi_param *p = &list.param[i];
        const size_t n = (size_t)s2vi_shape_count(&p->shape);
        float *x = malloc(2 * n * sizeof(*x));
        s2vi_param_init(&list, i, 7, x, err);
        s2vi_param_to_file(p, x, x + n);
        s2vi_writer_add(writer, p->name, S2VI_STORED_F32, p->file_shape.rank,
                        p->file_shape.dim, x + n, err);
        free(x);
    }
    s2vi_param_list_close(&list);
    free(config);
    return s2vi_writer_commit(&writer, err);
}
