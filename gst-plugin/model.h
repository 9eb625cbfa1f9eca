/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models and errors: the interface of the elements to the library. */
#ifndef GST_S2V_MODEL_H
#define GST_S2V_MODEL_H

#include <gst/gst.h>
#include <s2v/s2v.h>

/** A picture, decoded: RGB, rows without gaps. */
typedef struct GstS2VImage {
    gatomicrefcount refs;
    gint width, height;
    guint8 *rgb;
    gchar *name; /* of its file */
} GstS2VImage;

/** Read an image; NULL, and a sentence. */
GstS2VImage *gst_s2v_image_read(const char *file, s2v_error *err);
/** NULL is fine, in both. */
GstS2VImage *gst_s2v_image_ref(GstS2VImage *image);
void gst_s2v_image_unref(GstS2VImage *image);

/** A model that is ready to run, and its properties. */
typedef struct GstS2VModel {
    gatomicrefcount refs;
    s2v_model *model;
    s2v_model_info info; /* with the size of its sessions' frames */
    char *path;          /* as the user named it */
    GstS2VImage *image;  /* of its sessions; NULL: none */
    GstClockTime
        latency; /* how long after its own time a frame or a sample
                    comes out: look-ahead, and making it, as measured */
} GstS2VModel;

/** What a model is opened with; it owns its strings. */
typedef struct GstS2VSettings {
    char *path, *device, *dtype;
    char *level;         /* s2v_session_params.level; NULL: its default */
    char *image;         /* file; NULL: none */
    GHashTable *options; /* of sessions: names and values; NULL: none */
    gint threads;
    gint latency;     /* s2v_model_params.latency_ms */
    s2v_medium input; /* models with other inputs are rejected */
} GstS2VSettings;

void gst_s2v_settings_clear(GstS2VSettings *settings);

/**
 * Open a model and measure the time for generating a frame or some audio.
 * Progress is posted on the bus.
 *
 * @param owner whose log lines and messages its are; outlives the model
 * @param err   receives the library's sentence on failure
 * @return a new model, or NULL
 */
GstS2VModel *gst_s2v_model_open(GstElement *owner,
                                const GstS2VSettings *settings, s2v_error *err);

/** NULL is fine, in both. The last reference closes the model. */
GstS2VModel *gst_s2v_model_ref(GstS2VModel *model);
void gst_s2v_model_unref(GstS2VModel *model);

/** Whether sessions of the model take that `level`; S2V_OK, or an error and the
 * library's sentence. */
int gst_s2v_model_check_level(const GstS2VModel *model, const char *level,
                              s2v_error *err);

/**
 * Start a session of a model, with its image.
 *
 * @param options names and values, set before the image; NULL: none
 * @return S2V_OK, or an error, also in err->code, and the library's sentence
 */
int gst_s2v_session_new(s2v_session **session, const GstS2VModel *model,
                        const s2v_session_params *params, GHashTable *options,
                        s2v_error *err);

/* Of options.c: */

/** Whether it is set to a session, not at the opening of the model. */
gboolean gst_s2v_option_is_of_session(const char *name);

GHashTable *gst_s2v_options_new(void);
GHashTable *gst_s2v_options_copy(GHashTable *options);

/** s2v_model_params.video_size. */
int gst_s2v_option_size(GHashTable *options);

/** s2v_model_params.fps, of the options. */
const char *gst_s2v_option_fps(GHashTable *options);

/** Samples that correspond to so many frames. */
guint64 gst_s2v_model_samples(const GstS2VModel *model, guint64 frames);

/** Post the library's sentence on the bus, as an error or a warning. */
void gst_s2v_post_error(GstElement *element, const s2v_error *err);
void gst_s2v_post_warning(GstElement *element, const s2v_error *err);

#endif
