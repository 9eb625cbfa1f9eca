/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What models and sessions of any family are made of. */
#ifndef S2VI_SESSION_SESSION_H
#define S2VI_SESSION_SESSION_H

#include "session/family.h"

#include <stdatomic.h>

struct s2v_model {
    atomic_int references; /* of the opener, and of each session */
    char *path;            /* of the file, as it was found */
    s2vi_logger logger;
    s2vi_backend *backend;
    s2vi_dtype dtype;  /* F32 or BF16 */
    s2vi_store *store; /* the parameters */
    const s2vi_family *family;
    void *network;              /* the family's */
    char identity[65];          /* of the file: s2vi_weights_identify() */
    int latency_ms, video_size; /* as s2v_model_params has them */
};

void s2vi_model_ref(s2v_model *model);

/** A copy of a text. */
typedef struct s2vi_kept_text {
    char *text; /* NULL: none */
    size_t room;
} s2vi_kept_text;

/** Inputs of which a session keeps the SHA-256, in hexadecimal. */
enum {
    S2VI_DIGEST_IMAGE,
    S2VI_DIGEST_TEXT,
    S2VI_DIGEST_REFERENCE,
    S2VI_DIGESTS
};

struct s2v_session {
    s2v_model *model;
    const s2vi_family *family; /* the model's */
    void *stream;              /* the family's */
    s2vi_logger logger;
    int failed; /* a status: the state is not what it should be */
    bool begun; /* input was sent since creation or flush */
    unsigned
        given; /* S2V_MEDIUM_*: of image, text and reference, what was set */
    s2vi_kept_text *value;         /* of each of the family's options */
    char digest[S2VI_DIGESTS][65]; /* "": not set */
    int64_t sent, received; /* samples or pictures, since the beginning */
    void *state;            /* the last one saved; NULL: none */
    char *note;             /* of the last one restored; NULL: none */
};

/* ---- its state as a blob: state.c ---- */

enum { S2VI_STATE_VERSION = 1 };

/**
 * Save.
 *
 * @param data set to the blob, which the caller frees; NULL on failure
 */
int s2vi_session_save(s2v_session *session, const char *note, void **data,
                      size_t *size, s2v_error *err);

/**
 * Restore into a session that has just been flushed; to be flushed again on
 * failure.
 *
 * @param note set to a string which the caller frees; NULL on failure
 */
int s2vi_session_restore(s2v_session *session, const void *data, size_t size,
                         char **note, s2v_error *err);

#endif
