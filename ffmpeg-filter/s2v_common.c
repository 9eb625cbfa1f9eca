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

#include "libavutil/common.h"
#include "libavutil/cpu.h"
#include "libavutil/error.h"
#include "libavutil/log.h"

#include "s2v_common.h"

static void log_line(void *opaque, s2v_log_level level, const char *message)
{
    static const int levels[] = {
        [S2V_LOG_ERROR]   = AV_LOG_ERROR,
        [S2V_LOG_WARNING] = AV_LOG_WARNING,
        [S2V_LOG_INFO]    = AV_LOG_VERBOSE,
        [S2V_LOG_DEBUG]   = AV_LOG_DEBUG,
    };

    av_log(opaque, levels[av_clip(level, S2V_LOG_ERROR, S2V_LOG_DEBUG)],
           "%s\n", message);
}

/** Report a failure of the library and translate its code. */
int ff_s2v_report(AVFilterContext *ctx, int code, const s2v_error *err)
{
    av_log(ctx, AV_LOG_ERROR, "%s\n",
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

int ff_s2v_open(AVFilterContext *ctx, const char *path, s2v_model_params *params,
                s2v_medium input, const char *filter,
                s2v_model **model, s2v_model_info *info)
{
    s2v_error err = { 0 };
    int ret;

    params->size       = sizeof(*params);
    params->threads    = nb_threads(ctx, params->threads);
    params->log        = log_line;
    params->log_opaque = ctx;
    ret = s2v_model_open(model, path, params, &err);
    if (ret < 0)
        return ff_s2v_report(ctx, ret, &err);

    info->size = sizeof(*info);
    s2v_model_get_info(*model, info);
    if (info->input == input)
        return 0;

    av_log(ctx, AV_LOG_ERROR, "%s: a '%s' model, which is for the filter %s.\n",
           path, info->name, filter);
    return AVERROR(EINVAL);
}
