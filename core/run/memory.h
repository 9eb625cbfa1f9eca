/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory plan: which buffers share storage, and at which offsets. */
#ifndef S2VI_RUN_MEMORY_H
#define S2VI_RUN_MEMORY_H

#include "run/fuse.h"

/** Where a value's bytes are. */
typedef enum s2vi_region {
    S2VI_ARENA,    /* an exec's, reused within a run */
    S2VI_KEPT,     /* an exec's, kept between runs: inputs and states */
    S2VI_SHARED,   /* the store's */
    S2VI_CONSTANT, /* the plan's */
} s2vi_region;

/**
 * One value's storage, by place in the schedule. A value is `root`'s storage
 * at byte `offset` (a view, or placed inside a concatenation); a root is
 * itself, at offset 0.
 */
typedef struct s2vi_place {
    s2vi_region region;
    int root;
    size_t offset; /* within the root's storage */
    size_t bytes;
    int first, last; /* root: steps between which its storage is in use */
    size_t address;  /* root: in its region */
    bool is_view;    /* no kernel: the bytes are its input's */
    bool is_output;  /* read after the run: its bytes stay */
    bool elided;     /* ASSIGN: its value is made in place */
    int join_first, join_last; /* what runs together with it (join.h) */
} s2vi_place;

typedef struct s2vi_layout {
    s2vi_place *place; /* one for each node of the schedule */
    int count;
    int *index; /* by node id: place in the schedule, -1: none */
    size_t arena_size, kept_size;
} s2vi_layout;

/**
 * Describe a schedule's values: regions, sizes and views; no node is joined
 * with others yet (join.h).
 *
 * @param element   bytes of an element
 * @param is_output by place in the schedule
 * @param frozen    PARAMs are constants
 */
int s2vi_layout_create(const s2vi_schedule *schedule, size_t element,
                       const bool *is_output, bool frozen, s2vi_layout *out,
                       s2v_error *err);

/** Let values share storage, by what runs when and together, and give all
 * their addresses. */
int s2vi_layout_pack(const s2vi_schedule *schedule, s2vi_layout *layout,
                     s2v_error *err);
void s2vi_layout_close(s2vi_layout *layout);

/** The root's place of node `i` of the schedule, and the offset in it. */
const s2vi_place *s2vi_layout_root(const s2vi_layout *layout, int i,
                                   size_t *offset);

#endif
