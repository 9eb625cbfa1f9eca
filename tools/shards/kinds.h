/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a shard holds for each model: clips, loaded as its training loads them.
 */
#ifndef S2V_TOOLS_SHARDS_KINDS_H
#define S2V_TOOLS_SHARDS_KINDS_H

#include "data/shard_writer.h"

/** A clip in memory, or why it is not. */
typedef struct loaded loaded;

/** A row for each model. */
typedef struct shard_model {
    const char *name; /* of the model */
    const s2vi_shards_kind *kind;
    int size;              /* default of --size; 0: there are no pictures */
    int (*side)(int size); /* of the pictures; NULL: the size */
    const char *const *endings; /* of files' names in folders and tar files */
    int (*load)(loaded *clip, const char *path, const s2vi_clip_params *params,
                s2v_error *err);
} shard_model;

/** All, up to one without a name. */
extern const shard_model shard_models[];

/** The row of that name, or NULL. */
const shard_model *shard_model_find(const char *name);

/**
 * Load a clip. May run on several threads at once.
 *
 * @param out to be closed; NULL: out of memory
 * @return S2V_OK; else `err` says why it cannot be read
 */
int loaded_open(loaded **out, const shard_model *model, const char *path,
                const s2vi_clip_params *params, s2v_error *err);
void loaded_close(loaded **clip);

/** What is to be written of it. */
const s2vi_shard_item *loaded_item(const loaded *clip);

#endif
