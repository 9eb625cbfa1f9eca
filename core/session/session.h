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
    void *network; /* the family's */
};

void s2vi_model_ref(s2v_model *model);

struct s2v_session {
    s2v_model *model;
    const s2vi_family *family; /* the model's */
    void *stream;              /* the family's */
    s2vi_logger logger;
    int failed; /* a status: the state is not what it should be */
    bool begun; /* input was sent since creation or flush */
    unsigned
        given; /* S2V_MEDIUM_*: of image, text and reference, what was set */
};

#endif
