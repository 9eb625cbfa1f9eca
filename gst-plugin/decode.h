/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of any format, decoded by a pipeline of their own: references and
 * images. */
#ifndef GST_S2V_DECODE_H
#define GST_S2V_DECODE_H

#include "model.h"

/** What is decoded, and what happens to it. */
typedef struct GstS2VDecoding {
    const char *file;            /* name or URI */
    const char *what;            /* of it, for errors: "reference" */
    const char *medium;          /* "audio" or "video" */
    const char *const *elements; /* that convert it; NULL after the last */
    const char *const *optional; /* likewise, where they are installed */
    const char *caps;            /* into this */
    /** In the pipeline's thread; FALSE: that was enough. */
    gboolean (*take)(gpointer data, GstBuffer *buffer, GstCaps *caps);
    gpointer data;
} GstS2VDecoding;

/** Decode to the end, or until it is enough. S2V_OK, or an error and a
 * sentence. */
int gst_s2v_decode(const GstS2VDecoding *decoding, s2v_error *err);

#endif
