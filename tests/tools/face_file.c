/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face_file.h"

#include "base/error.h"
#include "weights/weights.h"

#include <glib.h>

s2v_weights *face_file_open(const char *data, const char *name)
{
    s2v_weights *file = NULL;
    char *path = g_strdup_printf("%s/%s.safetensors", data, name);
    s2v_weights_open(&file, path, NULL);
    g_free(path);
    return file;
}

/* A network's tensors, under its prefix. */
static int add(s2vi_writer *writer, const char *prefix, const char *data,
               const char *name, s2v_error *err)
{
    s2v_weights *file = face_file_open(data, name);
    int ret = file
                  ? S2V_OK
                  : s2vi_error(err, S2V_ERR_IO, "%s/%s is missing", data, name);
    for (size_t i = 0; !ret && i < s2v_weights_count(file); i++) {
        const s2vi_tensor *t = s2vi_weights_at(file, i);
        char *full = g_strconcat(prefix, t->name, NULL);
        ret = s2vi_writer_add_raw(writer, full, t->type, t->rank, t->shape,
                                  s2vi_weights_data(file, t), err);
        g_free(full);
    }
    s2v_weights_close(&file);
    return ret;
}

int face_file_write(const char *path, const char *data, const char *model,
                    s2v_error *err)
{
    s2vi_writer *writer;
    int ret = s2vi_writer_create(&writer, path, err);
    if (ret < 0)
        return ret;
    s2vi_writer_set_metadata(writer, "s2v.model", model, err);
    ret = add(writer, "blazeface.", data, "weights/blazeface_short_f16", err);
    if (!ret)
        ret = add(writer, "facemesh.", data, "weights/facemesh_f16", err);
    if (ret < 0) {
        s2vi_writer_abort(&writer);
        return ret;
    }
    return s2vi_writer_commit(&writer, err);
}
