/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a stream, saved or restored: one function of each part lists its
 * variables, and both directions pass through it.
 *
 *     static void pass_state(thing *t, s2vi_state *state)
 *     {
 *         s2vi_state_int64(state, "thing.frame", &t->frame, 0, INT64_MAX);
 *         s2vi_state_floats(state, "thing.z", t->z, t->n, 10);
 *     }
 *
 * What is restored is not trusted: each number is within its bounds, or the
 * call fails. The first failure is kept, and the calls after it do nothing; the
 * stream is to be flushed then. What session/session.h makes of it is a blob.
 */
#ifndef S2VI_BASE_STATE_H
#define S2VI_BASE_STATE_H

#include "s2v/s2v.h"

typedef enum s2vi_state_type {
    S2VI_STATE_FLOAT,
    S2VI_STATE_DOUBLE,
    S2VI_STATE_INTEGER, /* int64_t */
} s2vi_state_type;

typedef struct s2vi_state s2vi_state;

struct s2vi_state {
    bool restoring;
    /** Save `n` elements, or restore as many. */
    int (*pass)(s2vi_state *state, const char *name, s2vi_state_type type,
                void *data, size_t n, s2v_error *err);
    /** Restoring: how many there are; S2V_ERR_FORMAT where there are none. */
    int (*count)(s2vi_state *state, const char *name, s2vi_state_type type,
                 size_t *n, s2v_error *err);
    s2v_error first; /* failure; its code is 0 before */
};

/** Numbers between -most and most. */
void s2vi_state_floats(s2vi_state *state, const char *name, float *data,
                       size_t n, double most);
void s2vi_state_doubles(s2vi_state *state, const char *name, double *data,
                        size_t n, double most);
void s2vi_state_integers(s2vi_state *state, const char *name, int64_t *data,
                         size_t n, int64_t low, int64_t high);

/** One number between two. */
void s2vi_state_number(s2vi_state *state, const char *name, double *value,
                       double low, double high);
void s2vi_state_int64(s2vi_state *state, const char *name, int64_t *value,
                      int64_t low, int64_t high);
void s2vi_state_uint64(s2vi_state *state, const char *name, uint64_t *value);
void s2vi_state_int(s2vi_state *state, const char *name, int *value, int low,
                    int high);
void s2vi_state_size(s2vi_state *state, const char *name, size_t *value,
                     size_t high);
void s2vi_state_bool(s2vi_state *state, const char *name, bool *value);

/** Elements of an array whose length is part of the state: `*n` when saving; at
 * most `most` when restoring. 0 after a failure. */
size_t s2vi_state_count(s2vi_state *state, const char *name,
                        s2vi_state_type type, size_t n, size_t most);

/** Keep a failure, unless there was one before. Returns its code. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int s2vi_state_fail(s2vi_state *state, int code, const char *format, ...);

/** Whether all is well so far. */
static inline bool s2vi_state_ok(const s2vi_state *state)
{
    return state->first.code == 0;
}

#endif
