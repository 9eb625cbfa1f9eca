/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model's parameters in weight files: checked against its table, loaded. */
#include "models/param_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int s2vi_param_list_check(const s2vi_param_list *list,
                          const s2v_weights *weights, const char *const *ignore,
                          s2v_error *err)
{
    s2vi_expect *expect = calloc((size_t)list->count, sizeof(*expect));
    if (!expect)
        return s2vi_error_nomem(err, "a model's parameters");
    for (int i = 0; i < list->count; i++) {
        const s2vi_shape *shape = &list->param[i].file_shape;
        expect[i].name = list->param[i].name;
        expect[i].rank = shape->rank;
        memcpy(expect[i].shape, shape->dim,
               (size_t)shape->rank * sizeof(shape->dim[0]));
    }
    int ret =
        s2vi_weights_check(weights, expect, (size_t)list->count, ignore, err);
    free(expect);
    return ret;
}

static const s2vi_tensor *find(const s2vi_param *param,
                               const s2v_weights *weights, const char *name,
                               s2v_error *err)
{
    const s2vi_tensor *tensor = s2vi_weights_find(weights, name);
    if (tensor &&
        (int64_t)tensor->count == s2vi_shape_count(&param->file_shape))
        return tensor;
    s2vi_error(err, S2V_ERR_MODEL, "%s: tensor '%s' is %s",
               s2v_weights_get_path(weights, NULL), name,
               tensor ? "of another size" : "missing");
    return NULL;
}

int s2vi_param_put(const s2vi_param *param, const float *values,
                   const char *name, s2vi_store *store, s2v_error *err)
{
    float *own = malloc((size_t)s2vi_shape_count(&param->shape) * sizeof(*own));
    if (!own)
        return s2vi_error_nomem(err, name);
    s2vi_param_from_file(param, values, own);
    int ret = s2vi_store_add(store, name, &param->shape, err);
    if (!ret)
        ret = s2vi_store_write(store, name, own, err);
    free(own);
    return ret;
}

/* Tensor `name` into the variable `variable`. */
static int load(const s2vi_param *param, const s2v_weights *weights,
                const char *name, const char *variable, s2vi_store *store,
                s2v_error *err)
{
    const s2vi_tensor *tensor = find(param, weights, name, err);
    if (!tensor)
        return S2V_ERR_MODEL;
    float *file = malloc(tensor->count * sizeof(*file));
    if (!file)
        return s2vi_error_nomem(err, name);
    int ret = s2vi_weights_read_f32(weights, tensor, file, err);
    if (!ret)
        ret = s2vi_param_put(param, file, variable, store, err);
    free(file);
    return ret;
}

int s2vi_param_load(const s2vi_param *param, const s2v_weights *weights,
                    const char *name, s2vi_store *store, s2v_error *err)
{
    return load(param, weights, name, name, store, err);
}

int s2vi_param_list_load_part(const s2vi_param_list *list,
                              const s2v_weights *weights, const char *in_file,
                              const char *in_list, s2vi_store *store,
                              s2v_error *err)
{
    char name[2 * S2VI_PARAM_NAME];
    int ret = S2V_OK;
    for (int i = 0; i < list->count && ret >= 0; i++) {
        const s2vi_param *p = &list->param[i];
        snprintf(name, sizeof(name), "%s%s", in_file,
                 p->name + strlen(in_list));
        ret = load(p, weights, name, p->name, store, err);
    }
    return ret;
}

int s2vi_param_list_load(const s2vi_param_list *list,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < list->count && ret >= 0; i++)
        ret = s2vi_param_load(&list->param[i], weights, list->param[i].name,
                              store, err);
    return ret;
}
