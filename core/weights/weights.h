/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weight files: safetensors containers, read (mapped, never copied) and
 * written (whole or not at all). The public half is in s2v/s2v.h.
 *
 * A model loads like this:
 *
 *     s2v_weights_open(&w, "quintet.bin", err);        structure is sound
 *     s2v_weights_verify(w, err);                      bytes are sound
 *     s2vi_weights_check(w, expected, n, NULL, err);   it is this model's
 *     s2vi_weights_read_f32(w, s2vi_weights_find(w, name), dst, err);
 *
 * A file that is open is immutable and may be read from any thread. Whoever
 * cuts it short meanwhile kills its readers (SIGBUS), so replace weight files
 * by renaming, as the writer here does and cp does not.
 */
#ifndef S2VI_WEIGHTS_WEIGHTS_H
#define S2VI_WEIGHTS_WEIGHTS_H

#include "base/progress.h"
#include "s2v/s2v.h"

enum {
    S2VI_STORED_MAX_RANK = 8,
    S2VI_HEADER_MAX = 100 * 1000 * 1000, /* bytes: safetensors' own limit */
};

/* ---------------------------------------------------- stored elements -- */

/** The element types of safetensors that s2v knows. */
typedef enum s2vi_stored {
    S2VI_STORED_BOOL,
    S2VI_STORED_U8,
    S2VI_STORED_I8,
    S2VI_STORED_U16,
    S2VI_STORED_I16,
    S2VI_STORED_U32,
    S2VI_STORED_I32,
    S2VI_STORED_U64,
    S2VI_STORED_I64,
    S2VI_STORED_F16,
    S2VI_STORED_BF16,
    S2VI_STORED_F32,
    S2VI_STORED_F64,
    S2VI_STORED_COUNT
} s2vi_stored;

/** Safetensors' word for a type: "F32". */
const char *s2vi_stored_name(s2vi_stored type);

/** Find the type of that word; false if there is none. */
bool s2vi_stored_from_name(s2vi_stored *type, const char *name);

/** Bytes of one element. */
size_t s2vi_stored_size(s2vi_stored type);

/** F16, BF16, F32 or F64. */
bool s2vi_stored_is_float(s2vi_stored type);

/** Elements of a shape (1 for rank 0) and their bytes; false on overflow, a
 * negative dimension or a rank outside [0, 8]. */
bool s2vi_stored_extent(s2vi_stored type, int rank, const int64_t *shape,
                        uint64_t *elements, uint64_t *bytes);

/** Little-endian elements to host floats; `bytes` need not be aligned. */
void s2vi_stored_decode(s2vi_stored type, const void *bytes, size_t n,
                        float *dst);

/** Host floats to little-endian F16, BF16 or F32, rounded to nearest even. */
void s2vi_stored_encode(s2vi_stored type, const float *src, size_t n,
                        void *bytes);

/** Elements of host order as little-endian ones, or the other way round. */
void s2vi_stored_copy(s2vi_stored type, const void *src, size_t n, void *dst);

/** Element `i` by itself, for messages. */
double s2vi_stored_value(s2vi_stored type, const void *bytes, size_t i);

/** The first element that no finite float can hold, or n if there is none. */
size_t s2vi_stored_find_bad(s2vi_stored type, const void *bytes, size_t n);

/* ------------------------------------------------------------ reading -- */

/** One tensor of an open file. */
typedef struct s2vi_tensor {
    const char *name; /* lives as the file */
    s2vi_stored type;
    int rank;
    int64_t shape[S2VI_STORED_MAX_RANK];
    size_t count;  /* elements */
    size_t offset; /* bytes from the start of the file */
    size_t bytes;
} s2vi_tensor;

/**
 * Open a container that lies in memory: neither copied nor owned, so `data`
 * must outlive `*weights`. `name` stands for the path in messages.
 */
int s2vi_weights_open_memory(s2v_weights **weights, const void *data,
                             size_t size, const char *name, s2v_error *err);

/**
 * Where a weight file lies. A bare name (no '/') is looked for as given, in
 * each folder of $S2V_MODEL_PATH (colon separated) and in the installed
 * models' folder; the error lists the places. Any other name is returned
 * unchecked.
 *
 * @param found set to a string that the caller frees; NULL on failure
 */
int s2vi_weights_find_path(char **found, const char *name, s2v_error *err);

/** The tensor of that name, or NULL. */
const s2vi_tensor *s2vi_weights_find(const s2v_weights *weights,
                                     const char *name);

/** Tensor `index` in the file's order; index < s2v_weights_count(). */
const s2vi_tensor *s2vi_weights_at(const s2v_weights *weights, size_t index);

/** Its bytes in the mapped file: little-endian, perhaps not aligned. */
const void *s2vi_weights_data(const s2v_weights *weights,
                              const s2vi_tensor *tensor);

/**
 * Convert tensor->count elements to floats, in the file's layout.
 * Fails with S2V_ERR_FORMAT where one is not finite as a float.
 */
int s2vi_weights_read_f32(const s2v_weights *weights, const s2vi_tensor *tensor,
                          float *dst, s2v_error *err);

/** The JSON of "s2v.config", which lives as the file; NULL and a sentence where
 * there is none: S2V_ERR_MODEL. */
const char *s2vi_weights_config(const s2v_weights *weights, s2v_error *err);

/* ----------------------------------------------------------- checking -- */

/** A tensor that a model needs. */
typedef struct s2vi_expect {
    const char *name;
    int rank;
    int64_t shape[S2VI_STORED_MAX_RANK];
} s2vi_expect;

/**
 * Check that a file holds a model's tensors, in their shapes and as floats,
 * and no others. One sentence names all that are missing, unexpected or of
 * another shape or type, as far as it has room ("and 12 more").
 *
 * @param expected what the model needs, each name once
 * @param n        how many
 * @param ignore   NULL-terminated patterns of names that may also be there, '*'
 *                 standing for any run of characters: "optimizer.*",
 *                 "*.num_batches_tracked"; NULL: none
 * @return S2V_OK; S2V_ERR_MODEL; S2V_ERR_NOMEM
 */
int s2vi_weights_check(const s2v_weights *weights, const s2vi_expect *expected,
                       size_t n, const char *const *ignore, s2v_error *err);

/** Check that every float tensor is finite; names tensor, index and value. */
int s2vi_weights_check_finite(const s2v_weights *weights, s2v_error *err);

/** s2v_weights_verify() on a thread of its own, while a network is opened. */
typedef struct s2vi_verification s2vi_verification;

/**
 * Begin it.
 *
 * @param v       set to what s2vi_verification_end() takes; NULL on failure
 * @param weights stay open until then
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_verification_begin(s2vi_verification **v, const s2v_weights *weights,
                            s2v_error *err);

/**
 * Wait for its result.
 *
 * @param cancel   nobody asks any more: it ends soon
 * @param progress is asked every half second whether to go on; NULL: nobody
 * @return as s2v_weights_verify(); S2V_ERR_CANCELLED
 */
int s2vi_verification_end(s2vi_verification **v, bool cancel,
                          const s2vi_progress *progress, s2v_error *err);

/** SHA-256 of the header, and of the tensor bytes where it has no "s2v.sha256"
 * of theirs, in hexadecimal. */
void s2vi_weights_identify(const s2v_weights *weights, char identity[65]);

/** Check the tensor bytes against metadata "s2v.sha256"; absent is fine. */
int s2vi_weights_verify_sha256(const s2v_weights *weights, s2v_error *err);

/* ------------------------------------------------------------ writing -- */

typedef struct s2vi_writer s2vi_writer;

/**
 * Start a weight file. Nothing appears under `path` before the commit, which
 * replaces what was there in one step: a full disk or a crash leaves it whole.
 * A new file is begun beside it at once, so a folder that cannot be written to
 * is told here (a way to ask before hours of training).
 *
 * @param writer set to a new writer, for commit or abort; NULL on failure
 */
int s2vi_writer_create(s2vi_writer **writer, const char *path, s2v_error *err);

/**
 * Start a container in memory, for s2vi_writer_commit_memory().
 *
 * @param name stands for the path in messages
 */
int s2vi_writer_create_memory(s2vi_writer **writer, const char *name,
                              s2v_error *err);

/** Set a metadata string, replacing an earlier one. */
int s2vi_writer_set_metadata(s2vi_writer *writer, const char *key,
                             const char *value, s2v_error *err);

/**
 * Add a tensor, stored as F32, F16 or BF16; `src` is copied. A value that is
 * not finite once stored fails: such a file could not be read again.
 */
int s2vi_writer_add(s2vi_writer *writer, const char *name, s2vi_stored type,
                    int rank, const int64_t *shape, const float *src,
                    s2v_error *err);

/** Add a tensor of any type from host-endian elements of that very type. */
int s2vi_writer_add_raw(s2vi_writer *writer, const char *name, s2vi_stored type,
                        int rank, const int64_t *shape, const void *src,
                        s2v_error *err);

/**
 * Write the file, with its "s2v.sha256", and put it in place. Fails with the
 * first error of any call before, so those need not be checked one by one.
 * The bytes depend on what was added, and in which order, alone. Frees the
 * writer and sets it to NULL in any case.
 */
int s2vi_writer_commit(s2vi_writer **writer, s2v_error *err);

/** The same for a container in memory: `*data` is the caller's to free, NULL on
 * failure. */
int s2vi_writer_commit_memory(s2vi_writer **writer, void **data, size_t *size,
                              s2v_error *err);

/** Forget it all; what was at `path` stays. NULL is fine. */
void s2vi_writer_abort(s2vi_writer **writer);

#endif
