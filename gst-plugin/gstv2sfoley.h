/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element v2sfoley: its structure, and what its files offer one another. */
#ifndef GST_V2S_FOLEY_H
#define GST_V2S_FOLEY_H

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "model.h"

#define GST_TYPE_V2S_FOLEY (gst_v2s_foley_get_type())
G_DECLARE_FINAL_TYPE(GstV2SFoley, gst_v2s_foley, GST, V2S_FOLEY, GstElement)
GST_ELEMENT_REGISTER_DECLARE(v2sfoley);

/*
 * Who may touch what: `lock` is the object lock; `stream` the sink pad's
 * stream lock, or a state change while the pads are not active.
 */
struct _GstV2SFoley {
    GstElement parent;
    GstPad *sinkpad, *srcpad;

    /* settings: lock */
    char *path, *ref;
    gint64 seed;
    char *device, *dtype;
    gint threads, latency;
    gdouble gain; /* dB */

    /* lock; from READY on */
    GstS2VModel *model;
    GstClockTime picture; /* how long one stays, by the caps; 0: not known */

    /* stream; from READY on */
    s2v_session *session;

    /* stream */
    GstVideoInfo info; /* of the pictures; its format unknown: none yet */
    GstSegment segment;
    gboolean started;  /* the first picture came */
    GstClockTime base; /* its time */
    GstClockTime next; /* of a picture without one */
    gboolean discont;  /* the next buffer does not follow the one before */
    gboolean unseen;   /* no picture came since READY was left */
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
