/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store: variables by name in a backend's memory, shared by all plans on it. */
#ifndef S2VI_RUN_STORE_H
#define S2VI_RUN_STORE_H

#include "backend/backend.h"

typedef struct s2vi_store s2vi_store;

/** Variables by name in a backend's memory; outlives what is planned on it. */
int s2vi_store_create(s2vi_store **store, s2vi_backend *backend,
                      s2v_error *err);
void s2vi_store_close(s2vi_store **store);

/** Add a zeroed variable, or find the one of that name and same shape. */
int s2vi_store_add(s2vi_store *store, const char *name, const s2vi_shape *shape,
                   s2v_error *err);

/** Copy all elements in or out, converting to or from the backend's dtype. */
int s2vi_store_write(s2vi_store *store, const char *name, const float *data,
                     s2v_error *err);
int s2vi_store_read(s2vi_store *store, const char *name, float *data,
                    s2v_error *err);
int s2vi_store_write_f64(s2vi_store *store, const char *name,
                         const double *data, s2v_error *err);

/** The backend's own memory of a variable, or NULL. */
void *s2vi_store_memory(s2vi_store *store, const char *name);

/** Free a variable's memory, which nothing is to read any more. */
void s2vi_store_drop(s2vi_store *store, const char *name);

/** The backend that it was created on. */
s2vi_backend *s2vi_store_backend(const s2vi_store *store);

#endif
