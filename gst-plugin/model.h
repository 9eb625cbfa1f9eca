/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models and errors, between the library's words and GStreamer's: what the
 * elements share. */
#ifndef GST_S2V_MODEL_H
#define GST_S2V_MODEL_H

#include <gst/gst.h>
#include <s2v/s2v.h>

GST_DEBUG_CATEGORY_EXTERN(gst_s2v_gen_debug);

/** A model that is ready to run, and what is known of it. */
typedef struct GstS2VModel {
    s2v_model *model;
    s2v_model_info info;
    char *path; /* as the user named it */
    GstClockTime
        latency; /* how long after its own time a frame or a sample
                    comes out: look-ahead, and making it, as measured */
} GstS2VModel;

/** What a model is opened with. */
typedef struct GstS2VSettings {
    const char *path, *device, *dtype;
    gint threads;
    gint latency;     /* s2v_model_params.latency_ms */
    s2v_medium input; /* models of the other way are refused */
} GstS2VSettings;

/**
 * Open a model and measure how long it takes to make a frame or some sound.
 *
 * @param owner whose log lines its are; outlives the model
 * @param err   receives the library's sentence on failure
 * @return a new model, or NULL
 */
GstS2VModel *gst_s2v_model_open(GstElement *owner,
                                const GstS2VSettings *settings, s2v_error *err);

/** NULL is fine. */
void gst_s2v_model_free(GstS2VModel *model);

/** Samples that correspond to so many frames. */
guint64 gst_s2v_model_samples(const GstS2VModel *model, guint64 frames);

/** Post the library's sentence on the bus, as an error or a warning. */
void gst_s2v_post_error(GstElement *element, const s2v_error *err);
void gst_s2v_post_warning(GstElement *element, const s2v_error *err);

#endif
