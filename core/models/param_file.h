/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model's parameters in weight files: checked against its table, loaded. */
#ifndef S2VI_MODELS_PARAM_FILE_H
#define S2VI_MODELS_PARAM_FILE_H

#include "nn/param.h"
#include "run/store.h"
#include "weights/weights.h"

/**
 * Check that a file holds the list's tensors in their shapes, and no others
 * but those that match a pattern in `ignore` (s2vi_weights_check()).
 */
int s2vi_param_list_check(const s2vi_param_list *list,
                          const s2v_weights *weights, const char *const *ignore,
                          s2v_error *err);

/**
 * Read tensor `name`, of the parameter's shape, into the store's variable of
 * the same name (added where it is missing), in the engine's layout.
 */
int s2vi_param_load(const s2vi_param *param, const s2v_weights *weights,
                    const char *name, s2vi_store *store, s2v_error *err);

/** Write values, in the file's layout, into the store's variable `name`, which
 * is added where it is missing. */
int s2vi_param_put(const s2vi_param *param, const float *values,
                   const char *name, s2vi_store *store, s2v_error *err);

/** s2vi_param_load() of each of a list, under its own name. */
int s2vi_param_list_load(const s2vi_param_list *list,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err);

/**
 * The same where the file has one prefix before the names and the list another,
 * either of which may be "": the store's variables are named as the list's.
 */
int s2vi_param_list_load_part(const s2vi_param_list *list,
                              const s2v_weights *weights, const char *in_file,
                              const char *in_list, s2vi_store *store,
                              s2v_error *err);

#endif
