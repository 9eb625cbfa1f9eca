/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models and errors, between the library's words and GStreamer's. */
#include "gsts2vbase.h"

static void log_line(void *opaque, s2v_log_level level, const char *message)
{
    static const GstDebugLevel levels[] = {
        [S2V_LOG_ERROR] = GST_LEVEL_ERROR,
        [S2V_LOG_WARNING] = GST_LEVEL_WARNING,
        [S2V_LOG_INFO] = GST_LEVEL_INFO,
        [S2V_LOG_DEBUG] = GST_LEVEL_DEBUG,
    };
    GST_CAT_LEVEL_LOG(GST_S2V_BASE_GET_CLASS(opaque)->debug,
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

static void post(GstElement *element, const s2v_error *err, GstMessageType type)
{
    GError *error = translate(err);
    gst_element_message_full(element, type, error->domain, error->code,
                             g_strdup(error->message), NULL, __FILE__,
                             GST_FUNCTION, __LINE__);
    g_error_free(error);
}

void gst_s2v_post_error(GstElement *element, const s2v_error *err)
{
    post(element, err, GST_MESSAGE_ERROR);
}

void gst_s2v_post_warning(GstElement *element, const s2v_error *err)
{
    post(element, err, GST_MESSAGE_WARNING);
}

/* ------------------------------------------------------------- models -- */

void gst_s2v_settings_clear(GstS2VSettings *settings)
{
    g_free(settings->path);
    g_free(settings->device);
    g_free(settings->dtype);
    g_free(settings->level);
    g_free(settings->image);
    g_clear_pointer(&settings->options, g_hash_table_unref);
    *settings = (GstS2VSettings){0};
}

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

/* Frames of silence are timed. The first one warms up; the median of the others
 * counts. Microseconds. */
static int time_frames(GstS2VModel *model, s2v_session *session, gint64 *time,
                       s2v_error *err)
{
    enum { TIMED = 3 };
    gint64 took[1 + TIMED];
    s2v_video_frame picture = {.size = sizeof(picture)};
    int ret = send_silence(model, session, G_N_ELEMENTS(took), err);
    for (guint i = 0; i < G_N_ELEMENTS(took) && !ret; i++) {
        gint64 start = g_get_monotonic_time();
        ret = s2v_session_receive_video(session, &picture, err);
        took[i] = g_get_monotonic_time() - start;
    }
    if (ret < 0)
        return ret;
    gint64 low = MIN(took[1], took[2]), high = MAX(took[1], took[2]);
    *time = CLAMP(took[3], low, high);
    return ret;
}

/* The first sound is timed, of a picture that stays as long as is waited for:
 * what is made between its coming and the sound's, and warming up. */
static int time_sound(GstS2VModel *model, s2v_session *session, gint64 *time,
                      s2v_error *err)
{
    const guint8 black[3] = {0};
    s2v_audio_frame sound = {.size = sizeof(sound)};
    s2v_picture picture = {.size = sizeof(picture),
                           .data = black,
                           .stride = sizeof(black),
                           .width = 1,
                           .height = 1,
                           .time_num = 1,
                           .time_den = model->info.sample_rate};
    int ret = s2v_session_send_video(session, &picture, err);
    picture.pts = 2 * model->info.latency_samples;
    if (!ret)
        ret = s2v_session_send_video(session, &picture, err);
    gint64 start = g_get_monotonic_time();
    if (!ret)
        ret = s2v_session_receive_audio(session, &sound, err);
    *time = g_get_monotonic_time() - start;
    return ret;
}

/* The model's options in its own order, in which some prepare others; then
 * those that it lacks, of which it says so. */
static int set_options(s2v_session *session, s2v_model *model,
                       GHashTable *options, s2v_error *err)
{
    s2v_option o = {.size = sizeof(o)};
    GHashTable *left = options ? gst_s2v_options_copy(options) : NULL;
    GHashTableIter iter;
    gpointer name, value;
    int ret = S2V_OK;
    if (!options)
        return S2V_OK;
    for (size_t i = 0; !ret && !s2v_model_get_option(model, i, &o); i++) {
        value = g_hash_table_lookup(options, o.name);
        if (value && gst_s2v_option_is_of_session(o.name))
            ret = s2v_session_set_option(session, o.name, value, err);
        g_hash_table_remove(left, o.name);
    }
    g_hash_table_iter_init(&iter, left);
    while (!ret && g_hash_table_iter_next(&iter, &name, &value))
        if (gst_s2v_option_is_of_session(name))
            ret = s2v_session_set_option(session, name, value, err);
    g_hash_table_unref(left);
    return ret;
}

static int set_image(s2v_session *session, const GstS2VImage *image,
                     s2v_error *err)
{
    const s2v_picture picture = {.size = sizeof(picture),
                                 .data = image->rgb,
                                 .stride = (ptrdiff_t)image->width * 3,
                                 .width = image->width,
                                 .height = image->height,
                                 .name = image->name};
    return s2v_session_set_image(session, &picture, err);
}

int gst_s2v_session_new(s2v_session **session, const GstS2VModel *model,
                        const s2v_session_params *params, GHashTable *options,
                        s2v_error *err)
{
    int ret = s2v_session_create(session, model->model, params, err);
    if (!ret)
        ret = set_options(*session, model->model, options, err);
    if (!ret && model->image)
        ret = set_image(*session, model->image, err);
    if (ret < 0) {
        err->code = ret;
        s2v_session_close(session);
    }
    return ret;
}

/* The latency that is answered has to hold on this machine. */
static int measure(GstS2VModel *model, const GstS2VSettings *settings,
                   s2v_error *err)
{
    s2v_model_info *info = &model->info;
    const s2v_session_params params = {.size = sizeof(params),
                                       .level = settings->level};
    s2v_session_info size = {.size = sizeof(size)};
    s2v_session *session = NULL;
    gint64 time = 0;
    int ret =
        gst_s2v_session_new(&session, model, &params, settings->options, err);
    if (!ret && info->outputs & S2V_MEDIUM_VIDEO) {
        s2v_session_get_info(session, &size);
        info->width = size.width;
        info->height = size.height;
        ret = time_frames(model, session, &time, err);
    } else if (!ret) {
        ret = time_sound(model, session, &time, err);
    }
    s2v_session_close(&session);
    if (ret < 0)
        return ret;
    model->latency =
        (GstClockTime)time * GST_USECOND +
        gst_util_uint64_scale_ceil((guint64)info->latency_samples, GST_SECOND,
                                   (guint64)info->sample_rate);
    model->latency = (model->latency / GST_MSECOND + 1) * GST_MSECOND;
    return ret;
}

/* A model that animates an image has to have one. */
static int read_image(GstS2VModel *model, const GstS2VSettings *settings,
                      s2v_error *err)
{
    if (settings->image) {
        model->image = gst_s2v_image_read(settings->image, err);
        return model->image ? S2V_OK : err->code;
    }
    if (!(model->info.required & S2V_MEDIUM_IMAGE))
        return S2V_OK;
    g_snprintf(err->message, sizeof(err->message),
               "%s: a '%s' model animates an image: set it with image=FILE.",
               model->path, model->info.name);
    return S2V_ERR_INVALID;
}

/* That the element can use the model. */
static int check_way(const GstS2VModel *model, s2v_medium input, s2v_error *err)
{
    return input == S2V_MEDIUM_VIDEO
               ? s2v_model_check_media(model->model,
                                       S2V_MEDIUM_VIDEO | S2V_MEDIUM_REFERENCE,
                                       S2V_MEDIUM_AUDIO, err)
               : s2v_model_check_media(model->model, input | S2V_MEDIUM_IMAGE,
                                       S2V_MEDIUM_VIDEO, err);
}

static void post_progress(GstElement *owner, GstProgressType type,
                          const char *path, const char *text)
{
    char *said = g_strdup_printf(text, path);
    gst_element_post_message(
        owner, gst_message_new_progress(GST_OBJECT(owner), type, "open", said));
    g_free(said);
}

static GstS2VModel *open_model(GstElement *owner,
                               const GstS2VSettings *settings, s2v_error *err)
{
    const s2v_model_params params = {
        .size = sizeof(params),
        .device = settings->device,
        .threads = settings->threads,
        .log = log_line,
        .log_opaque = owner,
        .latency_ms = settings->latency,
        .dtype = settings->dtype,
        .video_size = gst_s2v_option_size(settings->options),
        .fps = gst_s2v_option_fps(settings->options),
    };
    GstS2VModel *model = g_new0(GstS2VModel, 1);
    g_atomic_ref_count_init(&model->refs);
    model->path = g_strdup(settings->path);
    model->info.size = sizeof(model->info);
    int ret = s2v_model_open(&model->model, model->path, &params, err);
    if (!ret) {
        s2v_model_get_info(model->model, &model->info);
        ret = check_way(model, settings->input, err);
    }
    if (!ret)
        ret = read_image(model, settings, err);
    if (!ret)
        ret = measure(model, settings, err);
    if (ret < 0) {
        err->code = ret;
        g_clear_pointer(&model, gst_s2v_model_unref);
    }
    return model;
}

GstS2VModel *gst_s2v_model_open(GstElement *owner,
                                const GstS2VSettings *settings, s2v_error *err)
{
    const char *path = settings->path;
    *err = (s2v_error){0};
    if (!path || !*path) {
        err->code = S2V_ERR_INVALID;
        g_strlcpy(err->message,
                  "No model was given: set its weight file with model=FILE.",
                  sizeof(err->message));
        return NULL;
    }
    post_progress(owner, GST_PROGRESS_TYPE_START, path, "Opening %s");
    GstS2VModel *model = open_model(owner, settings, err);
    if (model)
        post_progress(owner, GST_PROGRESS_TYPE_COMPLETE, path, "Opened %s");
    else
        post_progress(owner, GST_PROGRESS_TYPE_ERROR, path, "Cannot open %s");
    return model;
}

GstS2VModel *gst_s2v_model_ref(GstS2VModel *model)
{
    if (model)
        g_atomic_ref_count_inc(&model->refs);
    return model;
}

void gst_s2v_model_unref(GstS2VModel *model)
{
    if (!model || !g_atomic_ref_count_dec(&model->refs))
        return;
    s2v_model_close(&model->model);
    gst_s2v_image_unref(model->image);
    g_free(model->path);
    g_free(model);
}

/* The library alone knows what a level may be, and says it of a session. */
int gst_s2v_model_check_level(const GstS2VModel *model, const char *level,
                              s2v_error *err)
{
    const s2v_session_params params = {.size = sizeof(params), .level = level};
    s2v_session *session = NULL;
    *err = (s2v_error){0};
    int ret = s2v_session_create(&session, model->model, &params, err);
    s2v_session_close(&session);
    if (ret < 0)
        err->code = ret;
    return ret;
}

guint64 gst_s2v_model_samples(const GstS2VModel *model, guint64 frames)
{
    const s2v_model_info *info = &model->info;
    return gst_util_uint64_scale(
        frames, (guint64)info->sample_rate * (guint64)info->fps_den,
        (guint64)info->fps_num);
}
