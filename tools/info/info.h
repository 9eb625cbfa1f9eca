/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-info: what its parts share. */
#ifndef S2V_TOOLS_INFO_H
#define S2V_TOOLS_INFO_H

#include "s2v/s2v.h"

typedef struct info_options {
    bool tensors, json;
} info_options;

enum { INFO_MAX_DTYPES = 16 };

/* A file's tensors, added up. */
typedef struct info_summary {
    bool sound;    /* every byte is as it should be */
    bool recorded; /* there is a checksum to compare with */
    size_t tensors;
    uint64_t parameters, bytes;
    struct {
        const char *name;
        size_t tensors;
        uint64_t parameters;
    } dtypes[INFO_MAX_DTYPES];
    int dtype_count;
} info_summary;

void info_summarize(info_summary *s, const s2v_weights *w, bool sound);

/** For people. */
void info_print(const s2v_weights *w, const info_summary *s,
                const info_options *options);

/** For programs. */
void info_print_json(const s2v_weights *w, const info_summary *s);

/** Tensor `i`, and its number of elements. */
uint64_t info_tensor(const s2v_weights *w, size_t i, s2v_tensor_info *info);

#endif
