/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table that a backend is: `ref` (clear C, the oracle), `cpu`, `cuda`.
 *
 * A backend compiles single nodes to kernels. What to run, in which order and
 * at which addresses is decided by run/plan.c, the same for all. An op that
 * a backend lacks is an error when a plan is made, never a silent detour.
 */
#ifndef S2VI_BACKEND_BACKEND_H
#define S2VI_BACKEND_BACKEND_H

#include "base/error.h"
#include "graph/chain.h"
#include "graph/graph.h"

/** The number that arrays are made of, and how it is computed with. */
typedef enum s2vi_dtype {
    S2VI_F32,
    S2VI_F64,     /* `ref` only: gradient checks */
    S2VI_BF16,    /* to open a backend with, whose arrays are then F32: products
                     by weights are of numbers rounded to bf16 where that is
                     faster, their sums F32. A device without is an error */
    S2VI_FASTEST, /* to open one with: BF16 on a processor that has it, where it
                     was measured to be faster; else F32 */
} s2vi_dtype;

static inline size_t s2vi_dtype_size(s2vi_dtype dtype)
{
    return dtype == S2VI_F64 ? sizeof(double) : sizeof(float);
}

/** What changes from run to run beside the arrays. */
typedef struct s2vi_clock {
    uint64_t seed;  /* of all RANDOM nodes */
    uint64_t frame; /* of their first row */
} s2vi_clock;

typedef struct s2vi_kernel s2vi_kernel;

/** A node made ready to run: by one thread at a time, see instance(). */
struct s2vi_kernel {
    /**
     * @param out     the result (ASSIGN, ADAM: unused)
     * @param in      the inputs, in the node's order; dense, row-major
     * @param scratch `scratch_size` bytes, 64-byte aligned, contents undefined
     * @return S2V_OK or S2V_ERR_DEVICE
     */
    int (*run)(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock);
    void (*close)(s2vi_kernel *kernel);
    /* For a kernel that changes as it runs: another one like it, cheap, for
     * another thread; closed first. NULL: one kernel serves all threads. */
    int (*instance)(const s2vi_kernel *kernel, s2vi_kernel **other);
    size_t scratch_size;
    /* Input i that never changes may be given in a form of the kernel's own:
     * packed_size[i] bytes, filled once by pack(). 0: as it is. */
    size_t packed_size[3];
    int (*pack)(const s2vi_kernel *kernel, int i, const void *from, void *to);
    const s2vi_node *node;
};

/**
 * For compile(): a kernel of `node`, zeroed otherwise.
 *
 * @param size of the backend's own struct, which begins with an s2vi_kernel
 * @return its address, for the backend's close(); NULL without memory
 */
void *s2vi_kernel_create(size_t size, const s2vi_node *node, s2v_error *err);

/** The close() of a kernel that owns nothing but itself. */
void s2vi_kernel_free(s2vi_kernel *kernel);

#define S2VI_JOIN_MAX 8 /* kernels that join() makes one of */

typedef struct s2vi_backend s2vi_backend;
typedef struct s2vi_recording s2vi_recording;

/** What the processes of a group know it by. */
typedef struct s2vi_group_id {
    char bytes[128];
} s2vi_group_id;

typedef struct s2vi_backend_table {
    const char *name;         /* "ref", "cpu", "cuda" */
    bool fuses;               /* wants CHAIN nodes and folded activations */
    bool on_host;             /* its memory is the host's */
    bool compiles_on_threads; /* compile() may run on several at a time */

    /** NULL for a module, which opens itself.
     * @param threads 0: as many as the process may use */
    int (*open)(s2vi_backend **backend, s2vi_dtype dtype, int threads,
                s2v_error *err);
    void (*close)(s2vi_backend *backend);

    /** Memory of the device, 64-byte aligned, zeroed; NULL without. */
    void *(*alloc)(s2vi_backend *backend, size_t size);
    void (*free)(s2vi_backend *backend, void *memory);
    /** Copy in (from NULL: zeros) or out, after all that was run before:
     * S2V_ERR_DEVICE where that or the copy has failed. */
    int (*upload)(s2vi_backend *backend, void *to, const void *from,
                  size_t size);
    int (*download)(s2vi_backend *backend, void *to, const void *from,
                    size_t size);

    /**
     * Make a node ready. `constant` bit i: input i never changes, so that
     * packed_size[i] may be set.
     */
    int (*compile)(s2vi_backend *backend, const s2vi_node *node,
                   uint32_t constant, s2vi_kernel **kernel, s2v_error *err);

    /**
     * Make one kernel of some that are run one after another, strip by strip
     * (run/join.h); they outlive it. Its run() has no result of its own; its
     * inputs are, of each in turn, the result and then the inputs. NULL where
     * a backend has no such thing; *joined NULL where these are no such
     * kernels.
     */
    int (*join)(s2vi_backend *backend, s2vi_kernel *const *kernels, int n,
                s2vi_kernel **joined, s2v_error *err);

    /** Around each run, on the thread that runs (number of threads). */
    void (*enter)(s2vi_backend *backend);
    void (*leave)(s2vi_backend *backend);
    /** Optional, see s2vi_backend_release_threads(). */
    void (*release_threads)(s2vi_backend *backend);

    /**
     * Optional, all or none; for a device that works while the host goes on.
     *
     * begin(): a run of an exec's kernels starts, all of which follow in the
     * same order as before. Returns S2VI_REPLAYED where `*recording` has done
     * the whole run, S2V_OK where the kernels are to be run, then end(), which
     * may ask for all of it once more: S2VI_REPEAT. `*recording`, NULL at
     * first, is the backend's, until forget(). wait(): until all is done, for
     * measuring.
     */
    int (*begin)(s2vi_backend *backend, s2vi_recording **recording,
                 const s2vi_clock *clock);
    int (*end)(s2vi_backend *backend, s2vi_recording **recording);
    void (*forget)(s2vi_backend *backend, s2vi_recording *recording);
    int (*wait)(s2vi_backend *backend);

    /**
     * Optional, all or none: sums over processes, each with a device of its
     * own, by the device's own library.
     *
     * group_find(): whether that library is there, else S2V_ERR_DEVICE and why.
     * group_name(): an id, made by one process for all of them. group_open():
     * each joins, as number `rank` of `count`, and waits for the others.
     * sum(): replace arrays of n[i] numbers by their sums, after all that was
     * run before; what is run next does not wait for them. sums_end(): it does
     * from here on.
     */
    int (*group_find)(s2vi_backend *backend, s2v_error *err);
    int (*group_name)(s2vi_backend *backend, s2vi_group_id *id, s2v_error *err);
    int (*group_open)(s2vi_backend *backend, const s2vi_group_id *id, int rank,
                      int count, s2v_error *err);
    int (*sum)(s2vi_backend *backend, float *const *data, const size_t *n,
               int arrays);
    int (*sums_end)(s2vi_backend *backend);
} s2vi_backend_table;

enum { S2VI_REPLAYED = 1, S2VI_REPEAT = 2 };

/** Every backend begins with this. */
struct s2vi_backend {
    const s2vi_backend_table *table;
    s2vi_dtype dtype;
    bool bf16; /* opened with BF16, or FASTEST took it */
    int threads;
    char selected[256]; /* what "auto" took, and why; else empty */
    char warning[160];  /* what will be slow for want of something; or empty */
    char last_error[128]; /* the device's words for its last failure */
    char group[64]; /* what sums over the processes of its group; empty: none */
};

extern const s2vi_backend_table s2vi_backend_ref;
extern const s2vi_backend_table s2vi_backend_cpu; /* if S2V_HAVE_CPU */

/**
 * Open a device by name: "auto", "cpu", "ref", "cuda", "cuda:N".
 *
 * Strict: a device that is not there is S2V_ERR_DEVICE. "auto" takes the best
 * of what is there, and says in `selected` why; "auto:N" likewise, of modules
 * device N. Backends of other names than
 * "cpu" and "ref" are modules (module.h).
 */
int s2vi_backend_open(s2vi_backend **backend, const char *device,
                      s2vi_dtype dtype, int threads, s2v_error *err);
void s2vi_backend_close(s2vi_backend **backend);

/**
 * The calling thread has done what it had to do for now (a model is open, a
 * session made or closed), and another may be the one that runs: ends the
 * threads that wait for the calling one's next work. NULL: does nothing.
 */
void s2vi_backend_release_threads(s2vi_backend *backend);

#endif
