/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element s2vgen: its structure, and the functions shared by its files. */
#ifndef GST_S2V_GEN_H
#define GST_S2V_GEN_H

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "gsts2vbase.h"

#define GST_TYPE_S2V_GEN (gst_s2v_gen_get_type())
G_DECLARE_FINAL_TYPE(GstS2VGen, gst_s2v_gen, GST, S2V_GEN, GstS2VBase)
GST_ELEMENT_REGISTER_DECLARE(s2vgen);
GST_DEBUG_CATEGORY_EXTERN(gst_s2v_gen_debug);

/* `lock` and `stream`: see gsts2vbase.h. */
struct _GstS2VGen {
    GstS2VBase base;

    /* settings: lock */
    gint64 seed;
    char *level;
    char *image;         /* file; NULL: none */
    GHashTable *options; /* of the model, that were set: names and values */
    gboolean qos;

    /* lock */
    gboolean renew;     /* `seed` or `level` was set: from the next frame on */
    gboolean changed;   /* `options` was */
    gdouble proportion; /* of downstream's last QoS event */
    GstClockTime earliest;

    /* stream */
    gint64 session_seed;
    GHashTable *used; /* options that the session has taken */
    guint64 heard;    /* samples sent to the session */
    guint64 made;     /* frames received from it */
    GArray *recent;   /* floats: the sound from the next frame's start on */
    GArray *zeros;    /* floats: as much silence as is sent at once */
    guint64 frame;    /* number of the next frame since READY was left */
    gboolean tagged;  /* the tags are those of the session */

    /* stream: the way out */
    GstVideoInfo vinfo; /* of the caps that were set; size 0: none yet */
    GstBufferPool *pool;
    guint64 processed, dropped;
    gint dropped_in_row;
};

/* ---------------------------------------------- stream.c: of the class -- */

void gst_s2v_gen_restart(GstS2VBase *base);
GstFlowReturn gst_s2v_gen_drain(GstS2VBase *base);
gboolean gst_s2v_gen_continues(GstS2VBase *base, const GstSegment *segment);
gboolean gst_s2v_gen_resume(GstS2VBase *base, guint64 made, guint64 heard);

/** Take sound, which this consumes, and push what frames it makes. */
GstFlowReturn gst_s2v_gen_take_sound(GstS2VBase *base, GstBuffer *buffer);

/** Take silence of that place and length. */
GstFlowReturn gst_s2v_gen_take_gap(GstS2VGen *self, GstClockTime time,
                                   GstClockTime duration);

/* ---------------------------------------------------------- options.c -- */

/*
 * Options of models: a property for each that the library lists, of the
 * families that make video from audio, but for those of the element itself.
 */

/** Install them, from property `first` on. */
void gst_s2v_options_install(GObjectClass *object_class, guint first);

/** The option's value, as text; the caller frees it. */
char *gst_s2v_option_text(const GValue *value);

/** Whether that is the option's default in all families that have it: then it
 * counts as not set, and a model of a family that lacks it may follow. */
gboolean gst_s2v_option_is_default(const char *name, const char *text);

/** Its default, of models of one family if that has it. */
const char *gst_s2v_option_default(const char *name, const char *family);

/** Fill in what is set to that text; NULL: the default, of that family if it
 * has the option. */
void gst_s2v_option_get(const char *name, const char *family, const char *text,
                        GValue *value);

/** Whether it applies to a session that runs. */
gboolean gst_s2v_option_is_live(const char *name);

/* ----------------------------------------------------------- output.c -- */

/** The video format of this model. */
void gst_s2v_gen_video_info(const GstS2VModel *model, GstVideoInfo *info);

/**
 * Query whether downstream accepts a model's frames, if they differ from those
 * of the current one.
 *
 * @return S2V_OK, or S2V_ERR_MODEL and a sentence
 */
int gst_s2v_gen_check_peer(GstS2VGen *self, const GstS2VModel *model,
                           s2v_error *err);

/** Set caps, tags and the pool, if they are not those of the model. */
GstFlowReturn gst_s2v_gen_negotiate(GstS2VGen *self);

/** Push a frame, unless it is late. */
GstFlowReturn gst_s2v_gen_push(GstS2VGen *self, const s2v_video_frame *picture,
                               GstClockTime time, GstClockTime end);

/** Reset the QoS state. */
void gst_s2v_gen_reset_qos(GstS2VGen *self);

/** Release the pool. */
void gst_s2v_gen_release_pool(GstS2VGen *self);

#endif
