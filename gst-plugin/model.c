/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models and errors, between the library's words and GStreamer's. */
#include "gsts2vgen.h"

#define GST_CAT_DEFAULT gst_s2v_gen_debug

static void log_line(void *opaque, s2v_log_level level, const char *message)
{
    static const GstDebugLevel levels[] = {
        [S2V_LOG_ERROR] = GST_LEVEL_ERROR,
        [S2V_LOG_WARNING] = GST_LEVEL_WARNING,
        [S2V_LOG_INFO] = GST_LEVEL_INFO,
        [S2V_LOG_DEBUG] = GST_LEVEL_DEBUG,
    };
    GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT,
                      levels[CLAMP(level, S2V_LOG_ERROR, S2V_LOG_DEBUG)],
                      GST_OBJECT(opaque), "%s", message);
}

/* ------------------------------------------------------------- errors -- */

/* The bus carries one of GStreamer's error domains and codes. */
static GError *translate(const s2v_error *err)
{
    const char *text =
        err->message[0] ? err->message : s2v_status_string(err->code);
    switch (err->code) {
    case S2V_ERR_IO:
        return g_error_new_literal(GST_RESOURCE_ERROR,
                                   GST_RESOURCE_ERROR_OPEN_READ, text);
    case S2V_ERR_FORMAT:
    case S2V_ERR_MODEL:
        return g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
                                   text);
    case S2V_ERR_INVALID:
        return g_error_new_literal(GST_LIBRARY_ERROR,
                                   GST_LIBRARY_ERROR_SETTINGS, text);
    case S2V_ERR_DEVICE:
        return g_error_new_literal(GST_RESOURCE_ERROR,
                                   GST_RESOURCE_ERROR_NOT_FOUND, text);
    default:
        return g_error_new_literal(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED,
                                   text);
    }
}

static void post(GstS2VGen *self, const s2v_error *err, GstMessageType type)
{
    GError *error = translate(err);
    gst_element_message_full(GST_ELEMENT(self), type, error->domain,
                             error->code, g_strdup(error->message), NULL,
                             __FILE__, GST_FUNCTION, __LINE__);
    g_error_free(error);
}

void gst_s2v_gen_post_error(GstS2VGen *self, const s2v_error *err)
{
    post(self, err, GST_MESSAGE_ERROR);
}

void gst_s2v_gen_post_warning(GstS2VGen *self, const s2v_error *err)
{
    post(self, err, GST_MESSAGE_WARNING);
}

/* ------------------------------------------------------------- models -- */

/* Enough silence for so many frames. */
static int send_silence(const GstS2VModel *model, s2v_session *session,
                        guint frames, s2v_error *err)
{
    guint64 count = (guint64)model->info.latency_samples +
                    gst_s2v_model_samples(model, frames);
    float *zeros = g_new0(float, count);
    int ret = s2v_session_send_audio(session, zeros, count, err);
    g_free(zeros);
    return ret;
}

/*
 * The latency that is answered has to hold on this machine: frames of silence
 * are timed. The first one warms up; the median of the others counts.
 */
static int measure(GstS2VModel *model, s2v_error *err)
{
    enum { TIMED = 3 };
    gint64 took[1 + TIMED];
    s2v_session *session = NULL;
    s2v_video_frame picture;
    int ret = s2v_session_create(&session, model->model, NULL, err);
    if (!ret)
        ret = send_silence(model, session, G_N_ELEMENTS(took), err);
    for (guint i = 0; i < G_N_ELEMENTS(took) && !ret; i++) {
        gint64 start = g_get_monotonic_time();
        ret = s2v_session_receive_video(session, &picture, err);
        took[i] = g_get_monotonic_time() - start;
    }
    s2v_session_close(&session);
    if (ret < 0)
        return ret;
    gint64 low = MIN(took[1], took[2]), high = MAX(took[1], took[2]);
    model->latency = (GstClockTime)CLAMP(took[3], low, high) * GST_USECOND +
                     gst_util_uint64_scale_ceil(
                         (guint64)model->info.latency_samples, GST_SECOND,
                         (guint64)model->info.sample_rate);
    model->latency = (model->latency / GST_MSECOND + 1) * GST_MSECOND;
    return ret;
}

GstS2VModel *gst_s2v_model_open(GstS2VGen *self, const char *path,
                                const char *device, gint threads,
                                s2v_error *err)
{
    const s2v_model_params params = {
        .size = sizeof(params),
        .device = device,
        .threads = threads,
        .log = log_line,
        .log_opaque = self,
    };
    *err = (s2v_error){0};
    if (!path || !*path) {
        err->code = S2V_ERR_INVALID;
        g_strlcpy(err->message,
                  "No model was given: name its weight file with model=FILE.",
                  sizeof(err->message));
        return NULL;
    }
    GstS2VModel *model = g_new0(GstS2VModel, 1);
    model->path = g_strdup(path);
    model->info.size = sizeof(model->info);
    int ret = s2v_model_open(&model->model, path, &params, err);
    if (!ret) {
        s2v_model_get_info(model->model, &model->info);
        ret = measure(model, err);
    }
    if (ret < 0) {
        err->code = ret;
        g_clear_pointer(&model, gst_s2v_model_free);
    }
    return model;
}

void gst_s2v_model_free(GstS2VModel *model)
{
    if (!model)
        return;
    s2v_model_close(&model->model);
    g_free(model->path);
    g_free(model);
}

guint64 gst_s2v_model_samples(const GstS2VModel *model, guint64 frames)
{
    const s2v_model_info *info = &model->info;
    return gst_util_uint64_scale(
        frames, (guint64)info->sample_rate * (guint64)info->fps_den,
        (guint64)info->fps_num);
}
