/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-s2vgen
 * @title: s2vgen
 * @short_description: makes video that follows sound, with a generative model
 *
 * s2vgen listens to mono sound and makes a picture for each twentieth of a
 * second of it, in the scene that its model learned.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=song.wav ! decodebin ! audioconvert !
 *     audioresample ! s2vgen model=quintet.bin ! videoconvert ! autovideosink
 * ]| Shows a song.
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! queue !
 *     s2vgen model=quintet.bin ! videoconvert ! autovideosink
 * ]| Shows what the microphone hears.
 *
 * Since: 0.1
 */
/*
 * The base class is GstElement: GstBaseTransform makes one buffer of one,
 * GstAggregator is for several inputs on one clock, and GstAudioVisualizer
 * makes as many frames as there are buffers, and drops the tail.
 */
#include "gsts2vgen.h"

GST_DEBUG_CATEGORY(gst_s2v_gen_debug);
#define GST_CAT_DEFAULT gst_s2v_gen_debug

enum {
    PROP_0,
    PROP_MODEL,
    PROP_SEED,
    PROP_LEVEL,
    PROP_DEVICE,
    PROP_DTYPE,
    PROP_THREADS,
    PROP_QOS
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(
        F32) ", layout=interleaved, channels=1, rate=[1, max]"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("RGB") ", pixel-aspect-ratio=1/1"));

G_DEFINE_TYPE(GstS2VGen, gst_s2v_gen, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(
    s2vgen, "s2vgen", GST_RANK_NONE, GST_TYPE_S2V_GEN,
    GST_DEBUG_CATEGORY_INIT(gst_s2v_gen_debug, "s2vgen", 0,
                            "sound to video by a generative model"))

/* -------------------------------------------------------------- models -- */

/* Open a model with the settings of the moment. */
static GstS2VModel *open_model(GstS2VGen *self, const char *path,
                               s2v_error *err)
{
    GST_OBJECT_LOCK(self);
    char *device = g_strdup(self->device);
    char *dtype = g_strdup(self->dtype);
    char *level = g_strdup(self->level);
    gint threads = self->threads;
    GST_OBJECT_UNLOCK(self);
    const GstS2VSettings settings = {.path = path,
                                     .device = device,
                                     .dtype = dtype,
                                     .level = level,
                                     .threads = threads,
                                     .input = S2V_MEDIUM_AUDIO};
    GstS2VModel *model = gst_s2v_model_open(GST_ELEMENT(self), &settings, err);
    g_free(device);
    g_free(dtype);
    g_free(level);
    return model;
}

/* NULL to READY. */
static gboolean open_first(GstS2VGen *self)
{
    s2v_error err;
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    char *path = g_strdup(self->path);
    GST_OBJECT_UNLOCK(self);
    GstS2VModel *model = open_model(self, path, &err);
    GST_OBJECT_LOCK(self);
    self->current = model;
    self->opened = model != NULL;
    GST_OBJECT_UNLOCK(self);
    g_mutex_unlock(&self->open_lock);
    g_free(path);
    if (!model)
        gst_s2v_post_error(GST_ELEMENT(self), &err);
    return model != NULL;
}

/* READY to NULL. */
static void close_all(GstS2VGen *self)
{
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    self->opened = FALSE;
    GstS2VModel *model = g_steal_pointer(&self->current);
    GST_OBJECT_UNLOCK(self);
    g_mutex_unlock(&self->open_lock);
    gst_s2v_model_unref(model);
}

/* Under the object lock: why a model cannot follow the one in use, if so. */
static gboolean fits(GstS2VGen *self, const GstS2VModel *model, s2v_error *err)
{
    int rate = self->current->info.sample_rate;
    if (!self->streaming || model->info.sample_rate == rate)
        return TRUE;
    err->code = S2V_ERR_MODEL;
    g_snprintf(err->message, sizeof(err->message),
               "%s: listens at %d Hz, expected %d Hz as long as the stream "
               "runs",
               model->path, model->info.sample_rate, rate);
    return FALSE;
}

/* Under the object lock. Returns the model that is not needed any more. */
static GstS2VModel *put_model(GstS2VGen *self, GstS2VModel *model)
{
    GstS2VModel **place = self->streaming ? &self->next : &self->current;
    GstS2VModel *old = *place;
    *place = model;
    g_free(self->path);
    self->path = g_strdup(model->path);
    return old;
}

/*
 * `model` is set. It is opened here, in the thread that sets it, while frames
 * go on; the streaming thread takes it up at the next frame.
 */
static void set_model(GstS2VGen *self, const char *path)
{
    GstS2VModel *unused = NULL;
    s2v_error err;
    gboolean ok = TRUE;
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    gboolean opened = self->opened;
    if (!opened) {
        g_free(self->path);
        self->path = g_strdup(path);
    }
    GST_OBJECT_UNLOCK(self);
    if (opened) {
        GstS2VModel *model = open_model(self, path, &err);
        GST_OBJECT_LOCK(self);
        ok = model && fits(self, model, &err);
        unused = ok ? put_model(self, model) : model;
        GST_OBJECT_UNLOCK(self);
    }
    g_mutex_unlock(&self->open_lock);
    gst_s2v_model_unref(unused);
    if (!ok)
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
}

/*
 * `level` is set. Once a model is open, a wrong one changes nothing: were it
 * kept, no session could be made with it, nor another model opened. Before, the
 * state change to READY says it.
 */
static void set_level(GstS2VGen *self, const char *level)
{
    s2v_error err;
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    GstS2VModel *model = gst_s2v_model_ref(self->current);
    GST_OBJECT_UNLOCK(self);
    gboolean ok = !model || !gst_s2v_model_check_level(model, level, &err);
    if (ok) {
        GST_OBJECT_LOCK(self);
        g_free(self->level);
        self->level = g_strdup(level);
        self->renew = TRUE;
        GST_OBJECT_UNLOCK(self);
    }
    g_mutex_unlock(&self->open_lock);
    gst_s2v_model_unref(model);
    if (!ok)
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
}

/* --------------------------------------------------------------- states -- */

/* READY to PAUSED, before the pads are active. */
static void start(GstS2VGen *self)
{
    GST_OBJECT_LOCK(self);
    self->streaming = TRUE;
    self->renew = FALSE;
    GST_OBJECT_UNLOCK(self);
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
    gst_video_info_init(&self->vinfo);
    self->frame = self->processed = self->dropped = 0;
    self->silent = TRUE;
    self->refused = FALSE;
    gst_s2v_gen_restart(self);
    gst_s2v_gen_reset_qos(self);
}

/* PAUSED to READY, when the pads are not active any more. */
static void stop(GstS2VGen *self)
{
    s2v_session_close(&self->session);
    gst_s2v_gen_restart(self);
    gst_s2v_gen_release_pool(self);
    GST_OBJECT_LOCK(self);
    GstS2VModel *next = g_steal_pointer(&self->next);
    GstS2VModel *old = next ? self->current : NULL;
    if (next)
        self->current = next;
    self->streaming = FALSE;
    GST_OBJECT_UNLOCK(self);
    gst_s2v_model_unref(old);
}

static GstStateChangeReturn change_state(GstElement *element,
                                         GstStateChange transition)
{
    GstS2VGen *self = GST_S2V_GEN(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open_first(self))
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        start(self);
    GstStateChangeReturn ret = GST_ELEMENT_CLASS(gst_s2v_gen_parent_class)
                                   ->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
        (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
         ret == GST_STATE_CHANGE_FAILURE))
        stop(self);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        close_all(self);
    return ret;
}

/* --------------------------------------------------------------- events -- */

/* Another stream than the sound's: a picture's. */
static GstEvent *name_stream(GstEvent *event)
{
    const gchar *sound_id;
    GstStreamFlags flags;
    guint group;
    gst_event_parse_stream_start(event, &sound_id);
    gst_event_parse_stream_flags(event, &flags);
    char *id = g_strconcat(sound_id, "/s2v", NULL);
    GstEvent *named = gst_event_new_stream_start(id);
    gst_event_set_stream_flags(named, flags);
    gst_event_set_seqnum(named, gst_event_get_seqnum(event));
    if (gst_event_parse_group_id(event, &group))
        gst_event_set_group_id(named, group);
    g_free(id);
    gst_event_unref(event);
    return named;
}

/* Only time makes sense to both; other counts begin at zero. */
static GstEvent *time_segment(GstEvent *event)
{
    const GstSegment *segment;
    GstSegment timed;
    gst_event_parse_segment(event, &segment);
    if (segment->format == GST_FORMAT_TIME)
        return event;
    gst_segment_init(&timed, GST_FORMAT_TIME);
    GstEvent *other = gst_event_new_segment(&timed);
    gst_event_set_seqnum(other, gst_event_get_seqnum(event));
    gst_event_unref(event);
    return other;
}

static gboolean take_segment(GstS2VGen *self, GstEvent *event)
{
    GstSegment segment;
    event = time_segment(event);
    gst_event_copy_segment(event, &segment);
    if (!gst_s2v_gen_continues(self, &segment))
        gst_s2v_gen_drain(self);
    if (segment.rate < 0.0)
        GST_ELEMENT_WARNING(self, STREAM, NOT_IMPLEMENTED,
                            ("Sound that runs backwards is taken forwards."),
                            (NULL));
    self->segment = segment;
    return gst_pad_push_event(self->srcpad, event);
}

static gboolean take_gap(GstS2VGen *self, GstEvent *event)
{
    GstClockTime time, duration;
    gst_event_parse_gap(event, &time, &duration);
    gst_event_unref(event);
    GstFlowReturn flow = gst_s2v_gen_take_gap(self, time, duration);
    return flow == GST_FLOW_OK;
}

static gboolean take_eos(GstS2VGen *self, GstEvent *event)
{
    gst_s2v_gen_drain(self);
    if (self->silent && !self->refused)
        GST_ELEMENT_WARNING(self, STREAM, FAILED,
                            ("There was no sound, so there is no video."),
                            (NULL));
    return gst_pad_push_event(self->srcpad, event);
}

/* What is said of the sound itself is not true of the picture. */
static gboolean take_tags(GstS2VGen *self, GstEvent *event)
{
    GstTagList *tags;
    gst_event_parse_tag(event, &tags);
    if (gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_GLOBAL)
        return gst_pad_push_event(self->srcpad, event);
    gst_event_unref(event);
    return TRUE;
}

static gboolean sink_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    GstS2VGen *self = GST_S2V_GEN(parent);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        gst_s2v_gen_drain(self);
        return gst_pad_push_event(self->srcpad, name_stream(event));
    case GST_EVENT_CAPS:
        gst_event_unref(event);
        return gst_s2v_gen_negotiate(self) == GST_FLOW_OK;
    case GST_EVENT_SEGMENT: return take_segment(self, event);
    case GST_EVENT_GAP: return take_gap(self, event);
    case GST_EVENT_EOS: return take_eos(self, event);
    case GST_EVENT_TAG: return take_tags(self, event);
    case GST_EVENT_SEGMENT_DONE: gst_s2v_gen_drain(self); break;
    case GST_EVENT_FLUSH_STOP:
        gst_s2v_gen_restart(self);
        gst_s2v_gen_reset_qos(self);
        gst_segment_init(&self->segment, GST_FORMAT_TIME);
        break;
    default: break;
    }
    return gst_pad_event_default(pad, parent, event);
}

static void note_qos(GstS2VGen *self, GstEvent *event)
{
    gdouble proportion;
    GstClockTimeDiff diff;
    GstClockTime time;
    gst_event_parse_qos(event, NULL, &proportion, &diff, &time);
    GST_OBJECT_LOCK(self);
    self->proportion = proportion;
    if (!GST_CLOCK_TIME_IS_VALID(time) ||
        (diff < 0 && (GstClockTime)-diff > time))
        self->earliest = GST_CLOCK_TIME_NONE;
    else /* if it came late, the next ones will be later still */
        self->earliest = time + (GstClockTime)(diff > 0 ? 2 * diff : diff);
    GST_OBJECT_UNLOCK(self);
}

static gboolean src_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    GstS2VGen *self = GST_S2V_GEN(parent);
    gdouble rate;
    GstFormat format;
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
        note_qos(self, event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) {
        gst_event_parse_seek(event, &rate, &format, NULL, NULL, NULL, NULL,
                             NULL);
        if (rate < 0.0 || format != GST_FORMAT_TIME) {
            GST_INFO_OBJECT(self, "seeks go forwards, in time: refused");
            gst_event_unref(event);
            return FALSE;
        }
    }
    return gst_pad_event_default(pad, parent, event);
}

/* -------------------------------------------------------------- queries -- */

/* Consumes `caps`. */
static gboolean answer_caps(GstQuery *query, GstCaps *caps)
{
    GstCaps *filter;
    gst_query_parse_caps(query, &filter);
    if (filter) {
        GstCaps *all = caps;
        caps = gst_caps_intersect_full(filter, all, GST_CAPS_INTERSECT_FIRST);
        gst_caps_unref(all);
    }
    gst_query_set_caps_result(query, caps);
    gst_caps_unref(caps);
    return TRUE;
}

static GstCaps *sink_caps(GstS2VGen *self)
{
    GstCaps *caps = gst_static_pad_template_get_caps(&sink_template);
    caps = gst_caps_make_writable(caps);
    GST_OBJECT_LOCK(self);
    if (self->current)
        gst_caps_set_simple(caps, "rate", G_TYPE_INT,
                            self->current->info.sample_rate, NULL);
    GST_OBJECT_UNLOCK(self);
    return caps;
}

static GstCaps *src_caps(GstS2VGen *self)
{
    GstVideoInfo info;
    GST_OBJECT_LOCK(self);
    gboolean known = self->current != NULL;
    if (known)
        gst_s2v_gen_video_info(self->current, &info);
    GST_OBJECT_UNLOCK(self);
    return known ? gst_video_info_to_caps(&info)
                 : gst_static_pad_template_get_caps(&src_template);
}

static gboolean sink_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS)
        return answer_caps(query, sink_caps(GST_S2V_GEN(parent)));
    return gst_pad_query_default(pad, parent, query);
}

/* Upstream's latency, and the element's own on top of it. */
static gboolean answer_latency(GstS2VGen *self, GstQuery *query)
{
    GstClockTime min, max, own = 0;
    gboolean live;
    if (!gst_pad_peer_query(self->sinkpad, query))
        return FALSE;
    gst_query_parse_latency(query, &live, &min, &max);
    GST_OBJECT_LOCK(self);
    if (self->current)
        own = self->current->latency;
    GST_OBJECT_UNLOCK(self);
    min += own;
    if (GST_CLOCK_TIME_IS_VALID(max))
        max += own;
    GST_DEBUG_OBJECT(
        self, "latency %" GST_TIME_FORMAT ", %" GST_TIME_FORMAT " of it own",
        GST_TIME_ARGS(min), GST_TIME_ARGS(own));
    gst_query_set_latency(query, live, min, max);
    return TRUE;
}

/* Upstream counts in samples and bytes of sound: only its times hold here. */
static gboolean in_time(GstQuery *query)
{
    GstFormat format;
    if (GST_QUERY_TYPE(query) == GST_QUERY_POSITION)
        gst_query_parse_position(query, &format, NULL);
    else if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION)
        gst_query_parse_duration(query, &format, NULL);
    else
        gst_query_parse_seeking(query, &format, NULL, NULL, NULL);
    return format == GST_FORMAT_TIME;
}

static gboolean src_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    GstS2VGen *self = GST_S2V_GEN(parent);
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: return answer_caps(query, src_caps(self));
    case GST_QUERY_LATENCY: return answer_latency(self, query);
    case GST_QUERY_CONVERT: return FALSE;
    case GST_QUERY_POSITION:
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
        return in_time(query) && gst_pad_query_default(pad, parent, query);
    default: return gst_pad_query_default(pad, parent, query);
    }
}

/* --------------------------------------------------------------- object -- */

static GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    GstS2VGen *self = GST_S2V_GEN(parent);
    if (!gst_pad_has_current_caps(pad)) {
        gst_buffer_unref(buffer);
        GST_ELEMENT_ERROR(self, CORE, NEGOTIATION,
                          ("Sound came without a format."), (NULL));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    return gst_s2v_gen_take_sound(self, buffer);
}

static void set_property(GObject *object, guint id, const GValue *value,
                         GParamSpec *spec)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    if (id == PROP_MODEL) {
        set_model(self, g_value_get_string(value));
        return;
    }
    if (id == PROP_LEVEL) {
        set_level(self, g_value_get_string(value));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SEED:
        self->seed = g_value_get_int64(value);
        self->renew = TRUE;
        break;
    case PROP_DEVICE:
        g_free(self->device);
        self->device = g_value_dup_string(value);
        break;
    case PROP_DTYPE:
        g_free(self->dtype);
        self->dtype = g_value_dup_string(value);
        break;
    case PROP_THREADS: self->threads = g_value_get_int(value); break;
    case PROP_QOS: self->qos = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value,
                         GParamSpec *spec)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_MODEL: g_value_set_string(value, self->path); break;
    case PROP_SEED: g_value_set_int64(value, self->seed); break;
    case PROP_DEVICE: g_value_set_string(value, self->device); break;
    case PROP_DTYPE: g_value_set_string(value, self->dtype); break;
    case PROP_LEVEL: g_value_set_string(value, self->level); break;
    case PROP_THREADS: g_value_set_int(value, self->threads); break;
    case PROP_QOS: g_value_set_boolean(value, self->qos); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    g_array_unref(self->recent);
    g_array_unref(self->zeros);
    g_free(self->path);
    g_free(self->device);
    g_free(self->dtype);
    g_free(self->level);
    g_mutex_clear(&self->open_lock);
    G_OBJECT_CLASS(gst_s2v_gen_parent_class)->finalize(object);
}

static void gst_s2v_gen_init(GstS2VGen *self)
{
    self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
    gst_pad_set_chain_function(self->sinkpad, chain);
    gst_pad_set_event_function(self->sinkpad, sink_event);
    gst_pad_set_query_function(self->sinkpad, sink_query);
    gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

    self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
    gst_pad_set_event_function(self->srcpad, src_event);
    gst_pad_set_query_function(self->srcpad, src_query);
    gst_element_add_pad(GST_ELEMENT(self), self->srcpad);

    g_mutex_init(&self->open_lock);
    self->device = g_strdup("auto");
    self->dtype = g_strdup("f32");
    self->level = g_strdup("auto");
    self->qos = TRUE;
    self->recent = g_array_new(FALSE, FALSE, sizeof(float));
    self->zeros = g_array_new(FALSE, TRUE, sizeof(float));
}

static void install_properties(GObjectClass *object_class)
{
    const GParamFlags both = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        object_class, PROP_MODEL,
        g_param_spec_string(
            "model", "Model",
            "Weight file of the model, needed. A name without a slash is "
            "looked for in the current folder, then in the folders that "
            "S2V_MODEL_PATH lists, then among the installed models. Set while "
            "playing, it is opened by the thread that sets it and used from "
            "the next frame on; one that cannot be used leaves the old one in "
            "place and posts a warning",
            NULL, both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_SEED,
        g_param_spec_int64(
            "seed", "Seed",
            "Seed of the noise that the model draws: the same sound, model and "
            "seed make the same frames. -1 takes a new one each time. Set "
            "while playing, the model starts anew with it at the next frame",
            -1, G_MAXUINT32, 0, both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_LEVEL,
        g_param_spec_string(
            "level", "Level",
            "Loudness of the sound: auto brings it to the loudness that the "
            "model was trained at, off takes it as it is, a number is a gain "
            "in dB. Set while playing, the model starts anew with it at the "
            "next frame; a wrong value leaves the old one in place and posts a "
            "warning",
            "auto", both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_DEVICE,
        g_param_spec_string(
            "device", "Device",
            "Where models run: auto, cpu, ref (plain C: slow, for tests), "
            "cuda or cuda:N. A device that is missing is an error. Counts for "
            "models that are opened after it is set",
            "auto", both));
    g_object_class_install_property(
        object_class, PROP_DTYPE,
        g_param_spec_string(
            "dtype", "Data type",
            "What numbers are rounded to before they are multiplied: f32, or "
            "bf16, faster, on processors that have it. Counts for models that "
            "are opened after it is set",
            "f32", both));
    g_object_class_install_property(
        object_class, PROP_THREADS,
        g_param_spec_int(
            "threads", "Threads",
            "CPU threads that a model uses, 0 for one for each processor. "
            "Counts for models that are opened after it is set",
            0, 1024, 0, both));
    g_object_class_install_property(
        object_class, PROP_QOS,
        g_param_spec_boolean(
            "qos", "Quality of service",
            "Drop frames that would come late. They are made all the same, so "
            "that those after them do not change",
            TRUE, both | GST_PARAM_MUTABLE_PLAYING));
}

static void gst_s2v_gen_class_init(GstS2VGenClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    element_class->change_state = change_state;
    install_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Sound to video", "Visualization",
        "Makes video that follows sound, with a generative model that learned "
        "a scene from a clip",
        "The s2v developers");
}
