/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shards: clips that were decoded once, by s2v-shards, as the data sets of
 * training have them. They are mapped, not read: memory stays flat however many
 * there are, and a training begins at once.
 *
 * A folder of shards has index.json,
 *
 *     {"format": "s2v shards", "version": 1, "kind": "scenes",
 *      "size": 64, "rate": 16000, "options": {...},
 *      "shards": [{"file": "00000.safetensors", "bytes": 1234, "clips": 12}]}
 *
 * and those files: safetensors, with arrays K.NAME of the file's clip K, and
 * the clips' names and what else is known of them in the metadata "s2v.shard".
 *
 *     s2vi_shards *shards = NULL;
 *     s2vi_shards_read(&shards, "folder", &kind, add, self, err);
 *     ...                      arrays of clips that `add` was handed
 *     s2vi_shards_trim(shards);
 *     s2vi_shards_close(&shards);
 */
#ifndef S2VI_DATA_SHARDS_H
#define S2VI_DATA_SHARDS_H

#include "measure/loudness.h"
#include "media/media.h"
#include "weights/weights.h"

#include <jansson.h>

enum { S2VI_SHARDS_VERSION = 1 };

#define S2VI_SHARDS_FORMAT "s2v shards"
#define S2VI_SHARDS_INDEX  "index.json"

/** What shards hold, as it was when they were written or has to be. */
typedef struct s2vi_shards_kind {
    const char *name;   /* of the data set: "scenes" */
    const char *models; /* that are trained on it, for messages */
    int size;           /* side of the pictures; 0: any, or none */
    int rate;           /* of the sound, Hz; 0: none */
} s2vi_shards_kind;

/** The kinds; of each, `size` is to be set. */
extern const s2vi_shards_kind s2vi_shards_clips, s2vi_shards_foley,
    s2vi_shards_sounds, s2vi_shards_faces, s2vi_shards_pictures,
    s2vi_shards_scenes;

/** Folders of shards that are open, and memory that is mapped, too. */
typedef struct s2vi_shards s2vi_shards;

/** A clip of one. */
typedef struct s2vi_shard_clip {
    const char *path;     /* as it was named when it was decoded */
    const json_t *facts;  /* what the data set noted; gone after `add` */
    const s2v_weights *w; /* the file... */
    int index;            /* ...and its place there */
} s2vi_shard_clip;

/** Whether that is a folder of shards. */
bool s2vi_shards_at(const char *path);

/**
 * Open a folder and hand over its clips in order.
 *
 * @param shards *shards is made if NULL, else gains the folder
 * @param want   what it has to hold
 * @param params of the clips: what was cut is cut already, so a rectangle, a
 *               start, a duration and a track are refused
 * @param add    keeps pointers to arrays as long as *shards
 * @return S2V_OK; what `add` returned; S2V_ERR_INVALID: another kind, size or
 *         rate; S2V_ERR_FORMAT: another version, damaged or half written;
 *         S2V_ERR_IO; S2V_ERR_CANCELLED; S2V_ERR_NOMEM
 */
int s2vi_shards_read(s2vi_shards **shards, const char *folder,
                     const s2vi_shards_kind *want,
                     const s2vi_clip_params *params,
                     int (*add)(void *self, const s2vi_shard_clip *clip,
                                s2v_error *err),
                     void *self, s2v_error *err);
void s2vi_shards_close(s2vi_shards **shards);

/** Elements of a clip's array; 0: it has none of that name. */
int64_t s2vi_shard_count(const s2vi_shard_clip *clip, const char *name);

/**
 * A clip's array in the mapped file, which nobody may write to.
 *
 * @return NULL and a sentence unless it is of that type and size
 */
void *s2vi_shard_array(const s2vi_shard_clip *clip, const char *name,
                       s2vi_stored type, int64_t count, s2v_error *err);

/** A whole number of the facts, at least 0; -1 and a sentence: there is none.
 */
int64_t s2vi_shard_number(const s2vi_shard_clip *clip, const char *key,
                          s2v_error *err);

/** Copy the SHA-256 of the facts, "hash". */
int s2vi_shard_hash(const s2vi_shard_clip *clip, char hash[65], s2v_error *err);

/**
 * Memory for what is computed of the clips, which lies in a file without a
 * name: in the folder of the shards, or, where nobody may write there, in that
 * for temporary files. It lives as long as the shards.
 *
 * @return NULL and a sentence: the disk is full
 */
void *s2vi_shards_memory(s2vi_shards *shards, size_t bytes, s2v_error *err);

/**
 * Whether the memory asked for from now on holds what an earlier run computed
 * of these shards for the same `what`: asked for in the same order and sizes,
 * it is only read then. Otherwise it is to be computed, and
 * s2vi_shards_prepare_end() keeps it for the next run: in the folder of the
 * shards, as prepared-KEY; where nobody may write there, it is not kept.
 *
 * @param what all that decides on it, in words
 */
bool s2vi_shards_prepare_begin(s2vi_shards *shards, const char *what);
void s2vi_shards_prepare_end(s2vi_shards *shards);

/* What data sets do with clips that are of shards or not: `shards` is NULL
 * where none is. */

/** Memory for what is computed of a clip: of s2vi_shards_memory() if the clip
 * is of a shard, else for free(). */
void *s2vi_shards_alloc(s2vi_shards *shards, bool mapped, size_t bytes,
                        s2v_error *err);

/** s2vi_loudness_measure() of clips' sound. */
int s2vi_shards_loudness(s2vi_shards *shards, const s2vi_sound_span *span,
                         int n, double *lufs, s2v_error *err);

/** s2vi_loudness_level() of a clip's sound. */
int s2vi_shards_level(s2vi_shards *shards, bool mapped, float **sound,
                      int64_t count, double lufs, s2v_error *err);

/** Give back the main memory of what was touched, if that is more than a
 * little: pointers stay good. For each clip of a loop over all, and each
 * iteration. NULL is fine. */
void s2vi_shards_trim(s2vi_shards *shards); /* any thread's */

#endif
