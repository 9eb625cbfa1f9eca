/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backends that are modules: shared objects that are loaded when their device
 * is asked for, so that the library itself needs none of what they link.
 *
 * The module of backend NAME is the file libs2v-NAME.so, in the folder that
 * the environment variable S2V_MODULE_PATH names, or else where it was
 * installed. It stays loaded until the process ends.
 */
#ifndef S2VI_BACKEND_MODULE_H
#define S2VI_BACKEND_MODULE_H

#include "backend/backend.h"

/** What a module exports, under the name s2vi_backend_module. */
typedef struct s2vi_module {
    /* Of the sources that it was built from: s2vi_module_matches(). */
    const char *version;
    size_t node_size, table_size;
    int ops;
    /** Open device number `device`; S2V_ERR_DEVICE and why, if there is no
     * such device that it can use. */
    int (*open)(s2vi_backend **backend, int device, s2vi_dtype dtype,
                s2v_error *err);
} s2vi_module;

/** The members that say what a module was built from. */
#define S2VI_MODULE_BUILD                                                      \
    .version = S2V_VERSION, .node_size = sizeof(s2vi_node),                    \
    .table_size = sizeof(s2vi_backend_table), .ops = S2VI_OP_COUNT

/** Whether module `name` is there and its devices' driver, too; else `why` says
 * what is missing. Does not load the module, and with it hundreds of megabytes
 * of libraries. A module that S2V_MODULE_PATH leads to needs no driver. */
bool s2vi_module_has_driver(const char *name, s2v_error *why);

/** Open `device` (as the user wrote it), number `number` of module `name`. */
int s2vi_module_open(s2vi_backend **backend, const char *name,
                     const char *device, int number, s2vi_dtype dtype,
                     s2v_error *err);

#endif
