/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element v2sfoley: its structure, and the functions shared by its files.
 */
#ifndef GST_V2S_FOLEY_H
#define GST_V2S_FOLEY_H

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "gsts2vbase.h"

#define GST_TYPE_V2S_FOLEY (gst_v2s_foley_get_type())
G_DECLARE_FINAL_TYPE(GstV2SFoley, gst_v2s_foley, GST, V2S_FOLEY, GstS2VBase)
GST_ELEMENT_REGISTER_DECLARE(v2sfoley);

/* `lock` and `stream`: see gsts2vbase.h. */
struct _GstV2SFoley {
    GstS2VBase base;

    /* settings: lock */
    char *ref;
    gint latency;
    gdouble gain; /* dB */
    gdouble sensitivity;
    char *regions, *onsets;
    gboolean changed; /* sensitivity or regions, since they were set */

    GstClockTime picture; /* lock: how long one stays, by the caps; 0: not
                             known */

    /* stream */
    GstVideoInfo info; /* of the pictures */
    GstClockTime next; /* of a picture without a time */
};

/* -------------------------------------------------------- reference.c -- */

/**
 * Decode a sound, of any format, to mono: the mean of its channels.
 *
 * @param ref   a file's name or a URI
 * @param most  samples to decode at most
 * @param err   receives a sentence on failure
 * @return new floats, or NULL
 */
GArray *gst_v2s_foley_read_reference(const char *ref, gint rate, guint most,
                                     s2v_error *err);

#endif
