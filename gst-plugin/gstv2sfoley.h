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

/* The film's own sound, and what waits for it: mix.c. */
typedef struct GstV2SFoleyMix GstV2SFoleyMix;

/* `lock` and `stream`: see gsts2vbase.h. */
struct _GstV2SFoley {
    GstS2VBase base;

    /* settings: lock */
    char *ref;
    gint latency;
    gdouble gain; /* dB */
    gdouble sensitivity;
    char *regions, *onsets, *synthesis;
    gdouble mix;      /* dB, of the film's own sound */
    gboolean changed; /* sensitivity or regions, since they were set */

    GstClockTime picture; /* lock: how long one stays, by the caps; 0: not
                             known */

    /* stream */
    GstVideoInfo info; /* of the pictures */
    GstClockTime next; /* of a picture without a time */
    guint64 made;      /* samples since the start */
    GstClockTime sent; /* time of the last picture that was sent */

    GstV2SFoleyMix *own; /* NULL until the pad "mix" is requested, below PAUSED
                            alone, then to the end */
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

/* -------------------------------------------------------------- mix.c -- */

/** Make the pad "mix". */
GstPad *gst_v2s_foley_mix_request(GstV2SFoley *self, GstPadTemplate *templ);
void gst_v2s_foley_mix_free(GstV2SFoleyMix *mix);

/** Nobody waits for the film's sound from here on, or, with FALSE, does again.
 * What has come of it is dropped. */
void gst_v2s_foley_mix_stop(GstV2SFoley *self, gboolean stopped);

/** The pads are about to be active: the film's sound has no caps yet. */
void gst_v2s_foley_mix_start(GstV2SFoley *self);

/** In the streaming thread: begin anew. */
void gst_v2s_foley_mix_restart(GstV2SFoley *self);

/** In the streaming thread: the output starts at that time or later, sound
 * before it is not needed. */
void gst_v2s_foley_mix_begin(GstV2SFoley *self, GstClockTime time);

/** In the streaming thread: the pictures have ended, and no more of the film's
 * sound is taken, or, with FALSE, is again. */
void gst_v2s_foley_mix_end(GstV2SFoley *self, gboolean over);

/** In the streaming thread: wait for the caps of the film's own sound, which
 * become the output's. FALSE: nobody waits. */
gboolean gst_v2s_foley_mix_negotiate(GstV2SFoley *self);

/** In the streaming thread: push generated sound with the film's own, once that
 * has come; the rest of it, of `count` samples in all.
 *
 * @param gain,own factors of the generated and of the film's own sound */
GstFlowReturn gst_v2s_foley_mix_push(GstV2SFoley *self,
                                     const s2v_audio_frame *sound, gfloat gain,
                                     gfloat own);
GstFlowReturn gst_v2s_foley_mix_drain(GstV2SFoley *self, guint64 count,
                                      gfloat gain, gfloat own);

#endif
