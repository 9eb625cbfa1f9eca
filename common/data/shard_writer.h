/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write a folder of shards (shards.h), or add to one. A shard is written whole
 * or not at all, and then the index: whatever stops the program, what the index
 * lists can be read, and the next run goes on behind it.
 *
 *     s2vi_shard_writer_open(&w, folder, &kind, options, bytes, err);
 *     if (!s2vi_shard_writer_has(w, path)) ...
 *     s2vi_shard_writer_add(w, &item, err);
 *     s2vi_shard_writer_flush(w, err);
 *     s2vi_shard_writer_close(&w);
 */
#ifndef S2VI_DATA_SHARD_WRITER_H
#define S2VI_DATA_SHARD_WRITER_H

#include "data/shards.h"

enum { S2VI_SHARD_ARRAYS = 10 };

/** An array of a clip, in memory. */
typedef struct s2vi_shard_array_of {
    const char *name;
    s2vi_stored type;
    int rank;
    int64_t shape[S2VI_STORED_MAX_RANK];
    const void *data;
} s2vi_shard_array_of;

/** A clip to be written. */
typedef struct s2vi_shard_item {
    json_t *facts; /* owned */
    s2vi_shard_array_of array[S2VI_SHARD_ARRAYS];
    int n;
} s2vi_shard_item;

/** Add an array; the data have to live until the item is written. Nothing
 * where there are none: `data` NULL. */
void s2vi_shard_put(s2vi_shard_item *item, const char *name, s2vi_stored type,
                    const void *data, int rank, const int64_t *shape);

typedef struct s2vi_shard_writer s2vi_shard_writer;

/**
 * @param options what decides on a clip's arrays: a folder of others is refused
 * @param bytes   of a shard: the clip that reaches it is the last
 * @return S2V_OK; S2V_ERR_INVALID: the folder has shards of another kind or of
 *         other options; S2V_ERR_FORMAT; S2V_ERR_IO; S2V_ERR_NOMEM
 */
int s2vi_shard_writer_open(s2vi_shard_writer **writer, const char *folder,
                           const s2vi_shards_kind *kind, const json_t *options,
                           int64_t bytes, s2v_error *err);

/** Whether a clip of that name is in the folder. */
bool s2vi_shard_writer_has(const s2vi_shard_writer *writer, const char *path);

/** Add a clip that it does not have. */
int s2vi_shard_writer_add(s2vi_shard_writer *writer, const char *path,
                          const s2vi_shard_item *item, s2v_error *err);

/** Clips and bytes that are in the folder, those of earlier runs included. */
void s2vi_shard_writer_count(const s2vi_shard_writer *writer, int64_t *clips,
                             int64_t *shards, int64_t *bytes);

/** Write what waits for more clips. */
int s2vi_shard_writer_flush(s2vi_shard_writer *writer, s2v_error *err);

/** What was not written is lost. */
void s2vi_shard_writer_close(s2vi_shard_writer **writer);

#endif
