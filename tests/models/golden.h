/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The goldens of tests/reference: their weights, sounds and contents. */
#ifndef S2V_TESTS_MODELS_GOLDEN_H
#define S2V_TESTS_MODELS_GOLDEN_H

#include "base/philox.h"
#include "models/listen_and_move.h"
#include "run/exec.h"
#include "weights/weights.h"

enum { GOLDEN_FRAMES = 20 };

/** A golden file, and a store that holds its weights on some backend. */
typedef struct golden {
    s2v_weights *file;
    s2vi_lm_config config;
    s2vi_param_list params;
    s2vi_backend *backend;
    s2vi_store *store;
} golden;

/** Open a golden for a device; exits with a message on failure. */
golden golden_open(const char *path, const char *device, s2vi_dtype dtype);
void golden_close(golden *g);

/** Normal numbers 0 .. n - 1 of a key, as the reference computes them. */
void golden_normal(const s2vi_philox *key, int64_t n, float *out);

/** Features of `frames` frames from frame `first` on: (frames,64). */
void golden_features(int64_t first, int64_t frames, float *out);

/** Add a network's parameters to a store, with the test weights of `seed`. */
void golden_fill(s2vi_store *store, const s2vi_param_list *params,
                 uint64_t seed);

/** A tensor's values, to be freed; its count. NULL if there is none. */
float *golden_read(const golden *g, const char *name, int64_t *count);

/** max|a - b| over n numbers, relative to the rms of b. */
double golden_error(const float *a, const float *b, int64_t n);

/** The largest errors measured of a golden: in float32 the worst of the device
 * `cpu` with AVX-512, AVX2, AVX and SSE4.1 (ONEDNN_MAX_CPU_ISA) and of `ref`,
 * in float64 of `ref`. */
typedef struct golden_errors {
    const char *name; /* of the file, without ending */
    double f32, f64;
    double gradient_f32, gradient_f64;
} golden_errors;

/** What a golden's file may be off: three times what was measured, but not more
 * than `asked`; on a GPU, where nothing was measured, `asked`. */
double golden_bound(const char *path, const char *device, s2vi_dtype dtype,
                    bool gradient, const golden_errors *measured, int n,
                    double asked);

/** Print FAIL and exit unless ret >= 0. */
void golden_must(int ret, const s2v_error *err, const char *what);

#endif
