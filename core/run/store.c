/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store: variables by name in a backend's memory. */
#include "run/store.h"

#include "run/copy.h"

#include <stdlib.h>
#include <string.h>

struct s2vi_store {
    s2vi_backend *backend;
    struct variable {
        char *name;
        s2vi_shape shape;
        void *memory;
    } * var;
    int count, capacity;
};

int s2vi_store_create(s2vi_store **store, s2vi_backend *backend, s2v_error *err)
{
    *store = calloc(1, sizeof(**store));
    if (!*store)
        return s2vi_error_nomem(err, "a store of variables");
    (*store)->backend = backend;
    return S2V_OK;
}

void s2vi_store_close(s2vi_store **store)
{
    if (!store || !*store)
        return;
    s2vi_backend *be = (*store)->backend;
    for (int i = 0; i < (*store)->count; i++) {
        free((*store)->var[i].name);
        be->table->free(be, (*store)->var[i].memory);
    }
    free((*store)->var);
    free(*store);
    *store = NULL;
}

s2vi_backend *s2vi_store_backend(const s2vi_store *store)
{
    return store->backend;
}

static struct variable *find(const s2vi_store *store, const char *name)
{
    for (int i = 0; i < store->count; i++)
        if (!strcmp(store->var[i].name, name))
            return &store->var[i];
    return NULL;
}

static int make_room(s2vi_store *store, s2v_error *err)
{
    if (store->count < store->capacity)
        return S2V_OK;
    int capacity = store->capacity ? 2 * store->capacity : 64;
    struct variable *p =
        realloc(store->var, (size_t)capacity * sizeof(*store->var));
    if (!p)
        return s2vi_error_nomem(err, "a store of variables");
    store->var = p;
    store->capacity = capacity;
    return S2V_OK;
}

int s2vi_store_add(s2vi_store *store, const char *name, const s2vi_shape *shape,
                   s2v_error *err)
{
    const struct variable *old = find(store, name);
    if (old)
        return s2vi_shape_equal(&old->shape, shape)
                   ? S2V_OK
                   : s2vi_error(err, S2V_ERR_INTERNAL,
                                "variable '%s' has two shapes", name);
    int ret = make_room(store, err);
    if (ret < 0)
        return ret;
    s2vi_backend *be = store->backend;
    size_t bytes = (size_t)s2vi_shape_count(shape) * s2vi_dtype_size(be->dtype);
    struct variable v = {.name = strdup(name), .shape = *shape};
    v.memory = v.name ? be->table->alloc(be, bytes) : NULL;
    if (!v.memory) {
        free(v.name);
        return s2vi_error(err, S2V_ERR_NOMEM, "out of memory for '%s'", name);
    }
    store->var[store->count++] = v;
    return S2V_OK;
}

void *s2vi_store_memory(s2vi_store *store, const char *name)
{
    const struct variable *v = find(store, name);
    return v ? v->memory : NULL;
}

void s2vi_store_drop(s2vi_store *store, const char *name)
{
    struct variable *v = find(store, name);
    if (!v)
        return;
    store->backend->table->free(store->backend, v->memory);
    free(v->name);
    *v = store->var[--store->count];
}

/* ------------------------------------------------------- in and out -- */

/* What a copy's failure is called. */
static int copied(int ret, const char *name, s2v_error *err)
{
    if (ret == S2V_ERR_DEVICE)
        return s2vi_error(err, ret, "copying '%s' to or from the device failed",
                          name);
    return ret < 0 ? s2vi_error_nomem(err, name) : S2V_OK;
}

static int write_as(s2vi_store *store, const char *name, const void *data,
                    s2vi_dtype type, s2v_error *err)
{
    const struct variable *v = find(store, name);
    if (!v)
        return s2vi_error(err, S2V_ERR_INTERNAL, "no variable '%s'", name);
    return copied(s2vi_copy_in(store->backend, v->memory, data, type,
                               s2vi_shape_count(&v->shape)),
                  name, err);
}

int s2vi_store_write(s2vi_store *store, const char *name, const float *data,
                     s2v_error *err)
{
    return write_as(store, name, data, S2VI_F32, err);
}

int s2vi_store_write_f64(s2vi_store *store, const char *name,
                         const double *data, s2v_error *err)
{
    return write_as(store, name, data, S2VI_F64, err);
}

int s2vi_store_read(s2vi_store *store, const char *name, float *data,
                    s2v_error *err)
{
    const struct variable *v = find(store, name);
    if (!v)
        return s2vi_error(err, S2V_ERR_INTERNAL, "no variable '%s'", name);
    return copied(s2vi_copy_out(store->backend, data, S2VI_F32, v->memory,
                                s2vi_shape_count(&v->shape)),
                  name, err);
}
