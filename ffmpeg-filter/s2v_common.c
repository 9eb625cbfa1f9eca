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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libavutil/avstring.h"
#include "libavutil/common.h"
#include "libavutil/cpu.h"
#include "libavutil/dict.h"
#include "libavutil/error.h"
#include "libavutil/file.h"
#include "libavutil/frame.h"
#include "libavutil/log.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/thread.h"
#include "libavutil/time.h"

#include "s2v_common.h"

static void log_line(void *opaque, s2v_log_level level, const char *message)
{
    static const int levels[] = {
        [S2V_LOG_ERROR]   = AV_LOG_ERROR,
        [S2V_LOG_WARNING] = AV_LOG_WARNING,
        [S2V_LOG_INFO]    = AV_LOG_VERBOSE,
        [S2V_LOG_DEBUG]   = AV_LOG_DEBUG,
    };

    av_log(((S2VLog *)opaque)->ctx, levels[av_clip(level, S2V_LOG_ERROR, S2V_LOG_DEBUG)],
           "%s\n", message);
}

int ff_s2v_report(AVFilterContext *ctx, int level, int code, const s2v_error *err)
{
    av_log(ctx, level, "%s\n",
           err->message[0] ? err->message : s2v_status_string(code));

    switch (code) {
    case S2V_ERR_NOMEM:     return AVERROR(ENOMEM);
    case S2V_ERR_INVALID:   return AVERROR(EINVAL);
    case S2V_ERR_IO:        return AVERROR(EIO);
    case S2V_ERR_FORMAT:
    case S2V_ERR_MODEL:     return AVERROR_INVALIDDATA;
    case S2V_ERR_DEVICE:    return AVERROR(ENODEV);
    case S2V_ERR_CANCELLED: return AVERROR_EXIT;
    default:                return AVERROR_EXTERNAL;
    }
}

/**
 * The threads that the model may use: the filter's own option, or what was
 * set for the graph. 0, the library's choice, where that is the automatic
 * number, as it counts one more than there are processors.
 */
static int nb_threads(AVFilterContext *ctx, int own)
{
    int graph;

    /* some releases give the value to the generic option of the same name */
    if (own || ctx->nb_threads)
        return own ? own : ctx->nb_threads;
    graph = ctx->graph ? ctx->graph->nb_threads : 0;
    return graph < av_cpu_count() ? FFMAX(graph, 0) : 0;
}

/** What frames say of the model that made them, so that it can be found again. */
static char *model_id(const char *path)
{
    const char *name = av_basename(path), *sum = NULL;
    s2v_weights *weights = NULL;
    char *id;

    if (s2v_weights_open(&weights, path, NULL) >= 0)
        sum = s2v_weights_get_metadata(weights, "s2v.sha256");
    id = sum ? av_asprintf("%s sha256:%.16s", name, sum) : av_strdup(name);
    s2v_weights_close(&weights);

    return id;
}

int ff_s2v_open(AVFilterContext *ctx, int level, const char *path, s2v_model_params *params,
                unsigned inputs, unsigned output, S2VModel *model)
{
    s2v_error err = { 0 };
    int ret;

    model->log = av_mallocz(sizeof(*model->log));
    if (!model->log)
        return AVERROR(ENOMEM);
    model->log->ctx = ctx;

    params->size       = sizeof(*params);
    params->threads    = nb_threads(ctx, params->threads);
    params->log        = log_line;
    params->log_opaque = model->log;
    ret = s2v_model_open(&model->handle, path, params, &err);
    if (ret < 0)
        return ff_s2v_report(ctx, level, ret, &err);

    model->info.size = sizeof(model->info);
    s2v_model_get_info(model->handle, &model->info);
    if ((ret = s2v_model_check_media(model->handle, inputs, output, &err)) < 0) {
        ff_s2v_report(ctx, level, ret, &err);
        return AVERROR(EINVAL);
    }
    model->id = model_id(path);

    return model->id ? 0 : AVERROR(ENOMEM);
}

void ff_s2v_close(S2VModel *model)
{
    s2v_model_close(&model->handle);
    av_freep(&model->id);
    av_freep(&model->log);
}

/* ---------------------------------------------------------------- state */

/** Write a file that is whole or not there. */
static int write_file(const char *path, const void *data, size_t size)
{
    char *temporary = av_asprintf("%s.tmp", path);
    FILE *f = temporary ? fopen(temporary, "wb") : NULL;
    int ret = !temporary ? AVERROR(ENOMEM) : f ? 0 : AVERROR(errno);

    if (f && (fwrite(data, 1, size, f) != size || fflush(f) || fsync(fileno(f))))
        ret = AVERROR(errno);
    if (f && fclose(f) && !ret)
        ret = AVERROR(errno);
    if (!ret && rename(temporary, path))
        ret = AVERROR(errno);
    if (ret < 0 && f)
        unlink(temporary);
    av_free(temporary);

    return ret;
}

void ff_s2v_save(AVFilterContext *ctx, s2v_session *session, const char *path, const char *note,
                 int *warned)
{
    const void *data;
    size_t size;
    s2v_error err = { 0 };
    int ret = s2v_session_save(session, note, &data, &size, &err);

    if (ret >= 0 && (ret = write_file(path, data, size)) < 0)
        snprintf(err.message, sizeof(err.message), "%s", av_err2str(ret));
    if (ret < 0 && !*warned) {
        av_log(ctx, AV_LOG_WARNING, "The state cannot be saved to '%s': %s.\n", path, err.message);
        *warned = 1;
    }
}

int ff_s2v_restore(AVFilterContext *ctx, s2v_session *session, const char *path, const char **note)
{
    uint8_t *data;
    size_t size;
    s2v_error err = { 0 };
    int ret;

    if (!path || !path[0] || access(path, F_OK))
        return 0;
    if ((ret = av_file_map(path, &data, &size, 0, ctx)) < 0)
        return ret;
    ret = s2v_session_restore(session, data, size, note, &err);
    av_file_unmap(data, size);
    if (ret < 0) {
        av_log(ctx, AV_LOG_ERROR, "%s: %s; without this file, the stream starts anew.\n", path, err.message);
        return AVERROR(EINVAL);
    }

    return 1;
}

int ff_s2v_tag(const S2VModel *model, AVFrame *frame)
{
    return av_dict_set(&frame->metadata, "lavfi.s2v.model", model->id, 0);
}

/* ------------------------------------------------- from graph to graph */

#define KEPT_TIME 30000000 ///< microseconds for a new graph to be made in

typedef struct Kept {
    struct Kept *next;
    const void *thread;    ///< that freed the filter
    char *key;             ///< the filter's name, its instance's, and the options
    int64_t time;          ///< when it was freed
    void *context;         ///< a copy of the filter's own
    S2VLog *log;
    void (*close)(void *context);
} Kept;

static AVMutex kept_mutex = AV_MUTEX_INITIALIZER;
static Kept *kept;         ///< the newest first
static int closes_at_exit;

static _Thread_local char this_thread; ///< its address is the thread's mark

static char *kept_key(AVFilterContext *ctx)
{
    char *options, *key;

    if (av_opt_serialize(ctx->priv, 0, 0, &options, '=', ':') < 0)
        return NULL;
    key = av_asprintf("%s %s %s", ctx->filter->name, ctx->name, options);
    av_free(options);

    return key;
}

static void kept_free(Kept **k)
{
    if (*k && (*k)->context)
        (*k)->close((*k)->context);
    if (*k) {
        av_free((*k)->context);
        av_free((*k)->key);
    }
    av_freep(k);
}

/** Take the first out of the list that is this thread's with this key, or, without a key, too old. */
static Kept *kept_find(const char *key, int64_t now)
{
    Kept *found;

    for (Kept **k = &kept; *k; k = &(*k)->next) {
        if (key ? (*k)->thread != &this_thread || strcmp((*k)->key, key)
                : now - (*k)->time <= KEPT_TIME)
            continue;
        found = *k;
        *k    = found->next;
        return found;
    }

    return NULL;
}

/** Close what was not taken in time. */
static void kept_expire(int64_t now)
{
    Kept *old;

    do {
        ff_mutex_lock(&kept_mutex);
        old = kept_find(NULL, now);
        ff_mutex_unlock(&kept_mutex);
        kept_free(&old);
    } while (old);
}

static void kept_exit(void)
{
    kept_expire(INT64_MAX);
}

int ff_s2v_keep(AVFilterContext *ctx, size_t offset, size_t size, S2VLog *log,
                void (*close)(void *context))
{
    Kept *k = av_mallocz(sizeof(*k)), *before;

    if (!k || !(k->key = kept_key(ctx)) || !(k->context = av_memdup(ctx->priv, size))) {
        if (k)
            av_free(k->key);
        av_free(k);
        return 0;
    }
    k->thread = &this_thread;
    k->time   = av_gettime_relative();
    k->log    = log;
    k->close  = close;
    log->ctx  = NULL;
    memset((uint8_t *)ctx->priv + offset, 0, size - offset);

    kept_expire(k->time);
    ff_mutex_lock(&kept_mutex);
    before  = kept_find(k->key, k->time);
    k->next = kept;
    kept    = k;
    if (!closes_at_exit)
        closes_at_exit = !atexit(kept_exit);
    ff_mutex_unlock(&kept_mutex);
    kept_free(&before);

    return 1;
}

int ff_s2v_take(AVFilterContext *ctx, size_t offset, size_t size)
{
    const int64_t now = av_gettime_relative();
    char *key = kept_key(ctx);
    Kept *k;

    kept_expire(now);
    if (!key)
        return 0;
    ff_mutex_lock(&kept_mutex);
    k = kept_find(key, now);
    ff_mutex_unlock(&kept_mutex);
    av_free(key);
    if (!k)
        return 0;

    k->log->ctx = ctx;
    memcpy((uint8_t *)ctx->priv + offset, (uint8_t *)k->context + offset, size - offset);
    av_freep(&k->context);
    kept_free(&k);

    return 1;
}
