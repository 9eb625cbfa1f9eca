/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#ifndef AVFILTER_S2V_COMMON_H
#define AVFILTER_S2V_COMMON_H

/**
 * @file
 * Common code of the libs2v filters
 */

#include <s2v/s2v.h>

#include "avfilter.h"

/** The log context of the library; its only pointer to the filter. */
typedef struct S2VLog {
    AVFilterContext *ctx; ///< NULL while no filter has the model
} S2VLog;

/** An open model. */
typedef struct S2VModel {
    s2v_model *handle;
    s2v_model_info info;
    char *id;             ///< the file's name and the beginning of its weights' SHA-256
    S2VLog *log;          ///< what it logs to
} S2VModel;

/**
 * Log the library's sentence on a failure.
 *
 * @param level AV_LOG_ERROR, or AV_LOG_WARNING where the filter goes on
 * @return the code, translated
 */
int ff_s2v_report(AVFilterContext *ctx, int level, int code, const s2v_error *err);

/**
 * Open a model that the filter can use.
 *
 * @param level  of the sentence that is logged if it fails
 * @param params device, own threads option and latency are set; the rest is
 *               filled in
 * @param inputs S2V_MEDIUM_* flags of what the filter can give a session
 * @param output of what it makes
 * @param model  to be closed in any case
 */
int ff_s2v_open(AVFilterContext *ctx, int level, const char *path, s2v_model_params *params,
                unsigned inputs, unsigned output, S2VModel *model);

/** Close a model, after its sessions. One that is all zero is fine. */
void ff_s2v_close(S2VModel *model);

/**
 * Save a session's state. One that cannot be saved is no reason to stop.
 *
 * @param note   the filter's own part
 * @param warned set to 1 once it was said
 */
void ff_s2v_save(AVFilterContext *ctx, s2v_session *session, const char *path, const char *note,
                 int *warned);

/**
 * Restore a session from a file, if there is one.
 *
 * @param path NULL or empty: none
 * @param note set to the filter's own part, the session's
 * @return 1; 0 if there is no file; an error, after a sentence
 */
int ff_s2v_restore(AVFilterContext *ctx, s2v_session *session, const char *path, const char **note);

/** Set the metadata of a model's first frame: lavfi.s2v.model. */
int ff_s2v_tag(const S2VModel *model, AVFrame *frame);

/*
 * ffmpeg frees a filter graph and builds a new one when the size, format, rate or
 * layout of an input changes, without signalling EOF to the old one: data pending
 * in it would be lost. A filter that is freed before its end therefore keeps its
 * state for the filter that replaces it: one of the same name and options, created
 * by the same thread, soon. State that is not taken is closed later, at the latest
 * at exit.
 */

/**
 * Keep a filter's state: what is in its context from offset to size.
 *
 * @param log   the filter's log, in the state
 * @param close frees the state, in a context of which nothing else is valid
 * @return 1 if it is kept, 0 if it is still the filter's own
 */
int ff_s2v_keep(AVFilterContext *ctx, size_t offset, size_t size, S2VLog *log,
                void (*close)(void *context));

/**
 * Take over the state of the previous filter.
 *
 * @return 1 if there was one, 0 if not: the context is as it was
 */
int ff_s2v_take(AVFilterContext *ctx, size_t offset, size_t size);

#endif /* AVFILTER_S2V_COMMON_H */
