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
 * What the filters through libs2v share
 */

#include <s2v/s2v.h>

#include "avfilter.h"

/** Report a failure of the library and translate its code. */
int ff_s2v_report(AVFilterContext *ctx, int code, const s2v_error *err);

/**
 * Open a model that turns medium `input` into the other one.
 *
 * @param params device, own threads option and latency are set; the rest is
 *               filled in
 * @param filter the filter that is meant for other models
 */
int ff_s2v_open(AVFilterContext *ctx, const char *path, s2v_model_params *params,
                s2v_medium input, const char *filter,
                s2v_model **model, s2v_model_info *info);

#endif /* AVFILTER_S2V_COMMON_H */
