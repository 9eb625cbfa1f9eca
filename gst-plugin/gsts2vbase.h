/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The base class of the elements: a sink and a source pad, a model and a
 * session, and what follows from them: the properties model, device, dtype,
 * threads, state and state-interval, state changes, model changes while
 * playing, events, and the queries for caps, latency and times. Abstract;
 * elements add the processing of their input.
 */
#ifndef GST_S2V_BASE_H
#define GST_S2V_BASE_H

#include <gst/gst.h>

#include "model.h"

#define GST_TYPE_S2V_BASE (gst_s2v_base_get_type())
#define GST_S2V_BASE(obj)                                                      \
    (G_TYPE_CHECK_INSTANCE_CAST((obj), GST_TYPE_S2V_BASE, GstS2VBase))
#define GST_S2V_BASE_CLASS(klass)                                              \
    (G_TYPE_CHECK_CLASS_CAST((klass), GST_TYPE_S2V_BASE, GstS2VBaseClass))
#define GST_S2V_BASE_GET_CLASS(obj)                                            \
    (G_TYPE_INSTANCE_GET_CLASS((obj), GST_TYPE_S2V_BASE, GstS2VBaseClass))

typedef struct GstS2VBase GstS2VBase;
typedef struct GstS2VBaseClass GstS2VBaseClass;

/*
 * Locking: `lock` is the object lock; `stream` the sink pad's stream lock, or a
 * state change while the pads are not active.
 */
struct GstS2VBase {
    GstElement parent;
    GstPad *sinkpad, *srcpad;
    GMutex open_lock; /* one model is opened at a time; before `lock` */

    /* settings: lock */
    char *path; /* what `model` was set to; the one in use, once there is one */
    char *device, *dtype;
    gint threads;
    char *state;         /* file; NULL: none */
    gint state_interval; /* seconds */

    /* lock */
    gboolean opened;      /* NULL is left: setting `model` opens it */
    gboolean streaming;   /* READY is left: models wait for a frame boundary */
    GstS2VModel *current; /* read without the lock by the streaming thread,
                             which alone replaces it while streaming */
    GstS2VModel *next; /* set while streaming, for the element to switch to */

    /* stream */
    s2v_session *session;
    GstSegment segment; /* in time */
    gboolean started;   /* input received since the last restart */
    GstClockTime start; /* the time at which the session's output starts */
    gboolean discont;   /* the next buffer does not follow the previous one */
    gboolean empty;     /* no input received since READY was left */
    gboolean refused;  /* downstream rejected output, and an error was posted */
    gboolean resuming; /* a state was restored, and input of it still comes */
    gboolean state_loaded; /* or was not there, since READY was left */
    gboolean state_warned; /* it cannot be saved */
    guint64 state_saves;   /* as many as were due since the last restart */
};

/*
 * The pads are made of the class's templates "sink" and "src". Needed are those
 * that are not said to be optional.
 */
struct GstS2VBaseClass {
    GstElementClass parent_class;

    const char *name;        /* of the element */
    GstDebugCategory *debug; /* of the element's and the library's log lines */
    s2v_medium input;        /* other models are rejected */
    const char *suffix;      /* appended to the input's stream ID */

    /** Optional, under the object lock: what models are opened with beyond the
     * properties of the base. Strings are copies, which the base frees. */
    void (*settings)(GstS2VBase *self, GstS2VSettings *settings);

    /** Optional: NULL to READY, when the model is open. On an error, the state
     * change fails. */
    int (*open)(GstS2VBase *self, s2v_error *err);

    /** Optional: READY to PAUSED, before the pads are active; PAUSED to READY,
     * when they are not any more. The base restarts after the one and before
     * the other. */
    void (*start)(GstS2VBase *self);
    void (*stop)(GstS2VBase *self);

    /** Optional: what gst_s2v_base_restart() has to forget of the element's. */
    void (*restart)(GstS2VBase *self);

    /** The input has ended: push the rest of the output. */
    GstFlowReturn (*drain)(GstS2VBase *self);

    /** A state was restored, of a stream that had `made` frames or samples of
     * output, of input that `taken` says: what the element saved. FALSE: the
     * two do not fit each other. */
    gboolean (*resume)(GstS2VBase *self, guint64 made, guint64 taken);

    /** Take a buffer, which this consumes, and push what comes of it. The pad
     * has caps. */
    GstFlowReturn (*chain)(GstS2VBase *self, GstBuffer *buffer);

    /** Whether time goes on in this segment as in the one before, from which
     * input came; if not, the base drains. */
    gboolean (*continues)(GstS2VBase *self, const GstSegment *segment);

    /** Optional, under the object lock: the element's own latency. Without it,
     * the current model's. */
    GstClockTime (*latency)(GstS2VBase *self);

    /** Optional: a pad's caps. Without it, those of its template, in the
     * current model's rate where they are of sound. Elements chain up. */
    GstCaps *(*caps)(GstS2VBase *self, GstPad *pad);

    /** Optional: events. Elements chain up. */
    gboolean (*sink_event)(GstS2VBase *self, GstEvent *event);
    gboolean (*src_event)(GstS2VBase *self, GstEvent *event);
};

GType gst_s2v_base_get_type(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstS2VBase, gst_object_unref)

/** Reset input, state and time: a new stream follows. */
void gst_s2v_base_restart(GstS2VBase *self);

/** Push the rest of the output, then restart. */
GstFlowReturn gst_s2v_base_drain(GstS2VBase *self);

/** Open the model once more, with other settings, and go on with it from the
 * next frame: S2V_OK, or an error and a sentence; the model in use goes on. */
int gst_s2v_base_reopen(GstS2VBase *self, s2v_error *err);

/** In the streaming thread: go on with a model, which this consumes, in place
 * of the current one. */
void gst_s2v_base_use_model(GstS2VBase *self, GstS2VModel *model);

/** A model that was to come next, or NULL, cannot be used: drop it. The
 * property names the one that goes on, unless another one was set since. */
void gst_s2v_base_refuse_model(GstS2VBase *self, GstS2VModel *model);

/** Notify applications that the latency has changed. */
void gst_s2v_base_latency_changed(GstS2VBase *self);

/** Replace a property's string by a copy. */
void gst_s2v_set_string(char **place, const GValue *value);

/* ------------------------------------------------------------ state.c -- */

/** Whether the property `state` names a file. */
gboolean gst_s2v_base_has_state(GstS2VBase *self);

/** After output: save the state where it is due. One that cannot be saved is no
 * reason to stop: a warning, once.
 *
 * @param made  frames or samples of output since the last restart
 * @param taken what the element counts of its input */
void gst_s2v_base_save_state(GstS2VBase *self, guint64 made, guint64 taken);

/** With the first session: go on with the stream that was saved, if any. FALSE:
 * it cannot be, and an error was posted. */
gboolean gst_s2v_base_load_state(GstS2VBase *self);

/** The stream has ended: the next one starts anew. */
void gst_s2v_base_drop_state(GstS2VBase *self);

#endif
