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

#ifndef AVFILTER_S2V_COMPAT_H
#define AVFILTER_S2V_COMPAT_H

/**
 * @file
 * What differs between FFmpeg 5.1, 7.1, 8.1 and 9.0 for the s2v filters
 */

#include "libavformat/avformat.h"
#include "libavutil/version.h"

#include "avfilter.h"
#include "filters.h"
#include "formats.h"
#include "version.h"
#include "video.h"

/* 7.1 moved the pads from internal.h to filters.h and the frame rate from
 * AVFilterLink to FilterLink. */
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 4, 100)
#define s2v_link_frame_rate(link) (ff_filter_link(link)->frame_rate)
#else
#include "internal.h"
#define s2v_link_frame_rate(link) ((link)->frame_rate)
#endif

/* 8.0 put the public part of a filter's definition into a member `p`. */
#if LIBAVFILTER_VERSION_MAJOR >= 11
typedef FFFilter S2VFilter;
#define S2V_PUBLIC(field) .p.field
#else
typedef AVFilter S2VFilter;
#define S2V_PUBLIC(field) .field
#endif

/* 6.0 renamed AVFrame.pkt_duration. */
#if LIBAVUTIL_VERSION_MAJOR >= 58
#define s2v_frame_duration(frame) ((frame)->duration)
#else
#define s2v_frame_duration(frame) ((frame)->pkt_duration)
#endif

/* From 7.0 on, decoders find a stream's side data, such as its rotation, by
 * themselves; before, its packets bring it where asked. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
#define s2v_pass_side_data(format) ((void)(format))
#else
#define s2v_pass_side_data(format) av_format_inject_global_side_data(format)
#endif

/* Where ffmpeg 9.0 is stopped, it ends the inputs and takes from a graph what one
 * activation made of that, no more. 7.1 and 8.1 take all, 5.1 nothing. */
#define S2V_END_AT_ONCE (LIBAVFILTER_VERSION_MAJOR >= 12)

#endif /* AVFILTER_S2V_COMPAT_H */
