/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element s2vgen: its structure, and what its files offer one another. */
#ifndef GST_S2V_GEN_H
#define GST_S2V_GEN_H

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "model.h"

#define GST_TYPE_S2V_GEN (gst_s2v_gen_get_type())
G_DECLARE_FINAL_TYPE(GstS2VGen, gst_s2v_gen, GST, S2V_GEN, GstElement)
GST_ELEMENT_REGISTER_DECLARE(s2vgen);

/*
 * Who may touch what: `lock` is the object lock; `stream` the sink pad's
 * stream lock, or a state change while the pads are not active.
 */
struct _GstS2VGen {
    GstElement parent;
    GstPad *sinkpad, *srcpad;
    GMutex open_lock; /* one model is opened at a time; before `lock` */

    /* settings: lock */
    char *path; /* what `model` was set to; the one in use, once there is one */
    gint64 seed;
    char *device, *dtype, *level;
    gint threads;
    gboolean qos;

    /* lock */
    gboolean opened;      /* NULL is left: setting `model` opens it */
    gboolean streaming;   /* READY is left: models wait for a frame boundary */
    GstS2VModel *current; /* read without the lock by the streaming thread,
                             which alone replaces it while streaming */
    GstS2VModel *next;    /* to be used from the next frame on */
    gboolean renew;       /* `seed` or `level` was set: from the next frame
                             on */
    gdouble proportion;   /* what downstream's last QoS event said */
    GstClockTime earliest;

    /* stream */
    s2v_session *session;
    gint64 session_seed;
    GstSegment segment;
    gboolean started;  /* `base` is known */
    GstClockTime base; /* time of the session's first sample */
    guint64 heard;     /* samples the session had */
    guint64 made;      /* frames it made */
    GArray *recent;    /* floats: the sound from the next frame's start on */
    GArray *zeros;     /* floats: as much silence as is sent at once */
    guint64 frame;     /* number of the next frame since READY was left */
    gboolean discont;  /* the next buffer does not follow the one before */
    gboolean silent;   /* no sound came since READY was left */
    gboolean tagged;   /* the tags are those of the session */

    /* stream: the way out */
    GstVideoInfo vinfo; /* of the caps that were set; size 0: none yet */
    GstBufferPool *pool;
    gboolean refused; /* downstream took no frames, and the bus was told */
    guint64 processed, dropped;
    gint dropped_in_row;
};

/* ----------------------------------------------------------- stream.c -- */

/** Forget sound, state and time: what comes next is a new stream. */
void gst_s2v_gen_restart(GstS2VGen *self);

/** Take sound, which this consumes, and push what frames it makes. */
GstFlowReturn gst_s2v_gen_take_sound(GstS2VGen *self, GstBuffer *buffer);

/** Take silence of that place and length. */
GstFlowReturn gst_s2v_gen_take_gap(GstS2VGen *self, GstClockTime time,
                                   GstClockTime duration);

/** The sound has ended: push the rest of the frames, then restart. */
GstFlowReturn gst_s2v_gen_drain(GstS2VGen *self);

/** Whether time goes on in this segment as in the one before. */
gboolean gst_s2v_gen_continues(GstS2VGen *self, const GstSegment *segment);

/* ----------------------------------------------------------- output.c -- */

/** What frames of this model are. */
void gst_s2v_gen_video_info(const GstS2VModel *model, GstVideoInfo *info);

/**
 * Ask downstream whether it takes a model's frames, where they differ from
 * those of the one in use.
 *
 * @return S2V_OK, or S2V_ERR_MODEL and a sentence
 */
int gst_s2v_gen_check_peer(GstS2VGen *self, const GstS2VModel *model,
                           s2v_error *err);

/** Set caps, tags and the pool, if they are not those of the model. */
GstFlowReturn gst_s2v_gen_negotiate(GstS2VGen *self);

/** Hand a frame on, unless it is late. */
GstFlowReturn gst_s2v_gen_push(GstS2VGen *self, const s2v_video_frame *picture,
                               GstClockTime time, GstClockTime end);

/** Forget what downstream said about lateness. */
void gst_s2v_gen_reset_qos(GstS2VGen *self);

/** Give the pool up. */
void gst_s2v_gen_release_pool(GstS2VGen *self);

#endif
