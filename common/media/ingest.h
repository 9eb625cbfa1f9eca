/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ingest of a set of clips by a program: messages, rejected clips, and
 * those left out with --skip-bad.
 *
 *     s2vi_ingest in = {.program = "s2v-train", .skip_bad = true};
 *     ret = s2vi_ingest_clip(&in, &clip, path, &params, false, &err);
 *     if (!ret && clip) ...
 *     s2vi_ingest_close(&in);
 */
#ifndef S2VI_TRAIN_INGEST_H
#define S2VI_TRAIN_INGEST_H

#include "media/media.h"
#include "terminal/progress.h"

typedef struct s2vi_ingest {
    const char *program; /**< its name, before each line */
    bool quiet;          /**< say nothing but what is left out, at the end */
    bool skip_bad;
    s2vi_progress *bar; /**< that lines go above; may be NULL */
    char **left_out;    /**< sentences, NULL-terminated; NULL: none */
} s2vi_ingest;

/**
 * Print which of several audio tracks is used, and the number of damaged
 * packets; reject a clip that is silent, truncated (more than half a second and
 * more than 1 % of the duration in its header are missing), or of which more
 * than one packet in ten is damaged.
 *
 * @return S2V_OK; S2V_ERR_FORMAT and a sentence with the file's name
 */
int s2vi_ingest_check(const s2vi_ingest *in, const char *path,
                      const s2vi_media_facts *facts, s2v_error *err);

/**
 * Decide what to do with a clip that was loaded and checked with status `ret`.
 *
 * @return `ret`; S2V_OK where it is S2V_ERR_FORMAT, the file's own fault, and
 *         bad ones are left out: *skipped is then true
 */
int s2vi_ingest_settle(s2vi_ingest *in, int ret, bool *skipped, s2v_error *err);

/**
 * s2vi_clip_load(), and the two above.
 *
 * @param clip   NULL on failure, and where it is bad and left out
 * @param silent a clip may be silent
 */
int s2vi_ingest_clip(s2vi_ingest *in, s2vi_clip **clip, const char *path,
                     const s2vi_clip_params *params, bool silent,
                     s2v_error *err);

/** S2V_ERR_INVALID if none of the clips is left. */
int s2vi_ingest_require(const s2vi_ingest *in, int count, s2v_error *err);

/** Print the clips that were left out, and free. */
void s2vi_ingest_close(s2vi_ingest *in);

#endif
