/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the checkpoints and weight files of all trainings have in common: their
 * header, their tensors, and whether a file is this training's.
 */
#ifndef S2VI_TRAIN_FILES_H
#define S2VI_TRAIN_FILES_H

#include "data/dataset.h"
#include "models/param_file.h"

#include <jansson.h>

/** Iterations and epochs that a checkpoint may tell of: so many that counting
 * on from them does not overflow. */
#define S2VI_FILE_MOST_STEPS (INT64_C(1) << 53)

/** The metadata of both kinds of file. JSON texts are the caller's. */
typedef struct s2vi_file_header {
    const char *model; /* s2v.model: "listen-and-move" */
    bool checkpoint;   /* " checkpoint" follows it */
    const char *version;
    const char *license;  /* or NULL */
    const char *config;   /* JSON; NULL: memory ran out; so the others */
    const char *training; /* JSON: how it was trained */
} s2vi_file_header;

/** Begin a file, see s2vi_writer_create(). */
int s2vi_file_begin(s2vi_writer **w, const char *path,
                    const s2vi_file_header *header, s2v_error *err);

/** Set more metadata; S2V_ERR_NOMEM if `text` is NULL, which memory ran out
 * for. */
int s2vi_file_set_text(s2vi_writer *w, const char *key, const char *text,
                       s2v_error *err);

/** Add a store's variable as the tensor `name`, in the file's layout. */
int s2vi_file_add(s2vi_writer *w, s2vi_store *store, const char *variable,
                  const char *name, const s2vi_param *p, s2vi_stored type,
                  s2v_error *err);

/**
 * Add, or read back, a trained parameter's variables: NAME, m.NAME, v.NAME and,
 * if averaged, ema.NAME; of a buffer, NAME alone.
 */
int s2vi_file_add_trained(s2vi_writer *w, s2vi_store *store,
                          const s2vi_param *p, bool average, s2v_error *err);
int s2vi_file_read_trained(const s2v_weights *w, s2vi_store *store,
                           const s2vi_param *p, bool average, s2v_error *err);

/** Where a training stands in a data set, as JSON for s2v.progress; and back,
 * false if it is nowhere in these data. */
json_t *s2vi_file_cursor(const s2vi_cursor *cursor);
bool s2vi_file_read_cursor(json_t *progress, const s2vi_dataset *data,
                           s2vi_cursor *cursor);

/** Put the file in place, or, where `ret` is an error, drop it and return
 * that. */
int s2vi_file_finish(s2vi_writer *w, int ret, s2v_error *err);

/** Whether `path` could be written, asked before hours of training. */
int s2vi_file_probe(const char *path, s2v_error *err);

/** Open a file of the user's and verify its bytes; *w is set to be closed in
 * any case. */
int s2vi_file_open(s2v_weights **w, const char *path, s2v_error *err);

/** S2V_ERR_MODEL unless it is a checkpoint of `model` with this config and
 * identity; the sentence names what differs. */
int s2vi_file_check_checkpoint(const s2v_weights *w, const char *path,
                               const char *model, const char *config,
                               const char *identity, s2v_error *err);

/** Likewise of a weight file of `model` with this config. */
int s2vi_file_check_weights(const s2v_weights *w, const char *path,
                            const char *model, const char *config,
                            s2v_error *err);

#endif
