/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the session tests share: checks, tiny models in a scratch folder, sound
 * made from a formula, and frames reduced to hashes. */
#ifndef S2V_TESTS_SESSION_HARNESS_H
#define S2V_TESTS_SESSION_HARNESS_H

#include "s2v/s2v.h"
#include "tiny_model.h"

#include <stdio.h>

enum {
    STEP = 800,  /* samples from one frame to the next */
    SPAN = 1520, /* samples that a frame hears */
    MOST = 512,  /* frames that a take has room for */
};

/* Counts; a failure is printed with its place and a sentence. */
#define CHECK(holds, ...) check_that(holds, __func__, __LINE__, __VA_ARGS__)
__attribute__((format(printf, 4, 5))) bool check_that(bool holds,
                                                      const char *where,
                                                      int line,
                                                      const char *format, ...);

/** Print the counts; the program's exit status. */
int report(const char *name);

/** Exit with 77 and the reason. */
_Noreturn void skip_all(const char *why);

/** A path in a folder that is removed at exit; valid until the next call. */
const char *scratch(const char *name);

/* ------------------------------------------------------------- models -- */

/** 16x16, 2 to 8 channels: some 10000 frames a second. */
tiny_model small_model(void);

/** Write it, open it on a device, exit if that fails. */
s2v_model *open_model(const tiny_model *spec, const char *device, int threads);

/** A session of that seed, or exit. */
s2v_session *open_session(s2v_model *model, uint64_t seed);

/** Set options of a session, as "start=rain|psi=0.5" with '|' between them;
 * NULL: none. */
void set_all_options(s2v_session *session, const char *options, char between);

/* -------------------------------------------------------------- sound -- */

/** Chords, noise and pauses, the same everywhere; the caller frees. */
float *make_sound(size_t n, uint32_t seed);

/** The next of a sequence of numbers below `below`. */
uint32_t next_random(uint32_t *state, uint32_t below);

/* ------------------------------------------------------------- frames -- */

/** The frames of one stream. */
typedef struct take {
    int count;
    uint64_t hash[MOST];
    int status; /* what ended it */
} take;

uint64_t hash_frame(const s2v_video_frame *frame);

/** Receive until there is no more for now; checks pts, sizes and stride. */
int receive_all(s2v_session *session, take *take);

/** Send `n` samples in pieces of `piece` (0: random ones), receiving after
 * each, then drain and receive the rest. */
take play(s2v_session *session, const float *sound, size_t n, size_t piece);

/** play() in a session of its own. */
take play_new(s2v_model *model, uint64_t seed, const float *sound, size_t n,
              size_t piece);

bool same(const take *a, const take *b);

#endif
