/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the elements share.
 *
 * The parent class is GstElement: GstBaseTransform makes one buffer of one,
 * GstAggregator is for several inputs on one clock, and GstAudioVisualizer
 * makes as many frames as there are buffers, and drops the tail.
 */
#include "gsts2vbase.h"

#define GST_CAT_DEFAULT (GST_S2V_BASE_GET_CLASS(self)->debug)

#define SAME_LATENCY (4 * GST_MSECOND)

enum {
    PROP_0,
    PROP_MODEL,
    PROP_DEVICE,
    PROP_DTYPE,
    PROP_THREADS,
    PROP_STATE,
    PROP_STATE_INTERVAL
};

G_DEFINE_ABSTRACT_TYPE(GstS2VBase, gst_s2v_base, GST_TYPE_ELEMENT)

/* -------------------------------------------------------------- models -- */

/* Open a model with the settings of the moment. */
static GstS2VModel *open_model(GstS2VBase *self, const char *path,
                               s2v_error *err)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    GST_OBJECT_LOCK(self);
    GstS2VSettings settings = {.path = g_strdup(path),
                               .device = g_strdup(self->device),
                               .dtype = g_strdup(self->dtype),
                               .threads = self->threads,
                               .input = klass->input};
    if (klass->settings)
        klass->settings(self, &settings);
    GST_OBJECT_UNLOCK(self);
    GstS2VModel *model = gst_s2v_model_open(GST_ELEMENT(self), &settings, err);
    gst_s2v_settings_clear(&settings);
    return model;
}

/* READY to NULL. */
static void close_all(GstS2VBase *self)
{
    s2v_session_close(&self->session);
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    self->opened = FALSE;
    GstS2VModel *model = g_steal_pointer(&self->current);
    GST_OBJECT_UNLOCK(self);
    g_mutex_unlock(&self->open_lock);
    gst_s2v_model_unref(model);
}

/* NULL to READY. */
static gboolean open_all(GstS2VBase *self)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    s2v_error err = {0};
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
    int ret = model ? S2V_OK : err.code;
    if (!ret && klass->open)
        ret = klass->open(self, &err);
    if (ret < 0) {
        err.code = ret;
        gst_s2v_post_error(GST_ELEMENT(self), &err);
        close_all(self);
    }
    return ret >= 0;
}

/* Under the object lock: why a model cannot follow the one in use, if so. */
static gboolean fits(GstS2VBase *self, const GstS2VModel *model, s2v_error *err)
{
    int rate = self->current->info.sample_rate;
    if (!self->streaming || model->info.sample_rate == rate)
        return TRUE;
    err->code = S2V_ERR_MODEL;
    g_snprintf(err->message, sizeof(err->message),
               "%s: needs audio at %d Hz, expected %d Hz, which cannot change "
               "while the stream is running",
               model->path, model->info.sample_rate, rate);
    return FALSE;
}

/* Under the object lock. Returns the model that is not needed any more. */
static GstS2VModel *put_model(GstS2VBase *self, GstS2VModel *model)
{
    GstS2VModel **place = self->streaming ? &self->next : &self->current;
    GstS2VModel *old = *place;
    *place = model;
    g_free(self->path);
    self->path = g_strdup(model->path);
    return old;
}

/* Under open_lock: open a model and put it in use, or from the next frame. */
static int replace_model(GstS2VBase *self, const char *path, s2v_error *err)
{
    GstS2VModel *model = open_model(self, path, err);
    GST_OBJECT_LOCK(self);
    gboolean ok = model && fits(self, model, err);
    GstS2VModel *unused = ok ? put_model(self, model) : model;
    GST_OBJECT_UNLOCK(self);
    gst_s2v_model_unref(unused);
    return ok ? S2V_OK : err->code;
}

/*
 * `model` is set. It is opened here, in the thread that sets it, while frames
 * go on; the streaming thread takes it up at the next frame.
 */
static void set_model(GstS2VBase *self, const char *path)
{
    s2v_error err;
    int ret = S2V_OK;
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    gboolean opened = self->opened;
    if (!opened) {
        g_free(self->path);
        self->path = g_strdup(path);
    }
    GST_OBJECT_UNLOCK(self);
    if (opened)
        ret = replace_model(self, path, &err);
    g_mutex_unlock(&self->open_lock);
    if (ret < 0)
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
}

int gst_s2v_base_reopen(GstS2VBase *self, s2v_error *err)
{
    int ret = S2V_OK;
    g_mutex_lock(&self->open_lock);
    GST_OBJECT_LOCK(self);
    char *path = self->opened ? g_strdup(self->path) : NULL;
    GST_OBJECT_UNLOCK(self);
    if (path)
        ret = replace_model(self, path, err);
    g_mutex_unlock(&self->open_lock);
    g_free(path);
    return ret;
}

/* A latency that is nearly the same stays: a new one disturbs the sinks. */
void gst_s2v_base_use_model(GstS2VBase *self, GstS2VModel *model)
{
    GstS2VModel *old = self->current;
    GstClockTimeDiff more = GST_CLOCK_DIFF(old->latency, model->latency);
    gboolean differs = ABS(more) > SAME_LATENCY;
    if (!differs)
        model->latency = old->latency;
    GST_OBJECT_LOCK(self);
    self->current = model;
    GST_OBJECT_UNLOCK(self);
    if (differs)
        gst_s2v_base_latency_changed(self);
    gst_s2v_model_unref(old);
}

void gst_s2v_base_refuse_model(GstS2VBase *self, GstS2VModel *model)
{
    GST_OBJECT_LOCK(self);
    if (model && !self->next) {
        g_free(self->path);
        self->path = g_strdup(self->current->path);
    }
    GST_OBJECT_UNLOCK(self);
    gst_s2v_model_unref(model);
}

/* -------------------------------------------------------------- states -- */

void gst_s2v_base_restart(GstS2VBase *self)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    if (self->session)
        s2v_session_flush(self->session);
    self->started = self->resuming = FALSE;
    self->state_saves = 0;
    self->discont = TRUE;
    if (klass->restart)
        klass->restart(self);
}

GstFlowReturn gst_s2v_base_drain(GstS2VBase *self)
{
    GstFlowReturn flow = GST_S2V_BASE_GET_CLASS(self)->drain(self);
    gst_s2v_base_restart(self);
    return flow;
}

/* READY to PAUSED, before the pads are active. */
static void start(GstS2VBase *self)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    GST_OBJECT_LOCK(self);
    self->streaming = TRUE;
    GST_OBJECT_UNLOCK(self);
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
    self->empty = TRUE;
    self->refused = self->state_loaded = self->state_warned = FALSE;
    if (klass->start)
        klass->start(self);
    gst_s2v_base_restart(self);
}

/* PAUSED to READY, when the pads are not active any more. */
static void stop(GstS2VBase *self)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    gst_s2v_base_restart(self);
    if (klass->stop)
        klass->stop(self);
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
    GstS2VBase *self = GST_S2V_BASE(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open_all(self))
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        start(self);
    GstStateChangeReturn ret = GST_ELEMENT_CLASS(gst_s2v_base_parent_class)
                                   ->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
        (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
         ret == GST_STATE_CHANGE_FAILURE))
        stop(self);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        close_all(self);
    return ret;
}

/* -------------------------------------------------------------- events -- */

static gboolean takes_sound(GstS2VBase *self)
{
    return GST_S2V_BASE_GET_CLASS(self)->input == S2V_MEDIUM_AUDIO;
}

/* Another stream than the one that comes in. */
static GstEvent *name_stream(GstS2VBase *self, GstEvent *event)
{
    const gchar *input_id;
    GstStreamFlags flags;
    guint group;
    gst_event_parse_stream_start(event, &input_id);
    gst_event_parse_stream_flags(event, &flags);
    char *id =
        g_strconcat(input_id, GST_S2V_BASE_GET_CLASS(self)->suffix, NULL);
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

static gboolean take_segment(GstS2VBase *self, GstEvent *event)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    GstSegment segment;
    event = time_segment(event);
    gst_event_copy_segment(event, &segment);
    if (self->started && !klass->continues(self, &segment))
        gst_s2v_base_drain(self);
    if (segment.rate < 0.0)
        GST_ELEMENT_WARNING(self, STREAM, NOT_IMPLEMENTED,
                            ("%s in reverse is played forwards.",
                             takes_sound(self) ? "Audio" : "Video"),
                            (NULL));
    self->segment = segment;
    return gst_pad_push_event(self->srcpad, event);
}

static gboolean take_eos(GstS2VBase *self, GstEvent *event)
{
    /* Once the end is pushed, the pipeline may be stopped at any time. */
    if (gst_s2v_base_drain(self) == GST_FLOW_OK)
        gst_s2v_base_drop_state(self);
    if (self->empty && !self->refused)
        GST_ELEMENT_WARNING(self, STREAM, FAILED,
                            ("No %s was received, so there is no %s.",
                             takes_sound(self) ? "audio" : "video",
                             takes_sound(self) ? "video" : "audio"),
                            (NULL));
    return gst_pad_push_event(self->srcpad, event);
}

/* What is said of the input itself, as its codec, is not true of the output. */
static gboolean take_tags(GstS2VBase *self, GstEvent *event)
{
    GstTagList *tags;
    gst_event_parse_tag(event, &tags);
    if (gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_GLOBAL)
        return gst_pad_push_event(self->srcpad, event);
    gst_event_unref(event);
    return TRUE;
}

static gboolean sink_event(GstS2VBase *self, GstEvent *event)
{
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        gst_s2v_base_drain(self);
        return gst_pad_push_event(self->srcpad, name_stream(self, event));
    case GST_EVENT_SEGMENT: return take_segment(self, event);
    case GST_EVENT_EOS: return take_eos(self, event);
    case GST_EVENT_TAG: return take_tags(self, event);
    case GST_EVENT_SEGMENT_DONE: gst_s2v_base_drain(self); break;
    case GST_EVENT_FLUSH_STOP:
        gst_s2v_base_restart(self);
        gst_segment_init(&self->segment, GST_FORMAT_TIME);
        break;
    default: break;
    }
    return gst_pad_event_default(self->sinkpad, GST_OBJECT(self), event);
}

static gboolean src_event(GstS2VBase *self, GstEvent *event)
{
    gdouble rate;
    GstFormat format;
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) {
        gst_event_parse_seek(event, &rate, &format, NULL, NULL, NULL, NULL,
                             NULL);
        if (rate < 0.0 || format != GST_FORMAT_TIME) {
            GST_INFO_OBJECT(
                self, "only forward seeks in time are supported: rejected");
            gst_event_unref(event);
            return FALSE;
        }
    }
    return gst_pad_event_default(self->srcpad, GST_OBJECT(self), event);
}

/* ------------------------------------------------------------- queries -- */

static GstCaps *pad_caps(GstS2VBase *self, GstPad *pad)
{
    GstCaps *caps = gst_pad_get_pad_template_caps(pad);
    const GstStructure *s = gst_caps_get_structure(caps, 0);
    if (!gst_structure_has_name(s, "audio/x-raw"))
        return caps;
    caps = gst_caps_make_writable(caps);
    GST_OBJECT_LOCK(self);
    if (self->current)
        gst_caps_set_simple(caps, "rate", G_TYPE_INT,
                            self->current->info.sample_rate, NULL);
    GST_OBJECT_UNLOCK(self);
    return caps;
}

static gboolean answer_caps(GstS2VBase *self, GstPad *pad, GstQuery *query)
{
    GstCaps *filter, *caps = GST_S2V_BASE_GET_CLASS(self)->caps(self, pad);
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

static GstClockTime model_latency(GstS2VBase *self)
{
    return self->current->latency;
}

/* Upstream's latency, and the element's own on top of it. */
static gboolean answer_latency(GstS2VBase *self, GstQuery *query)
{
    GstClockTime min, max, own = 0;
    gboolean live;
    if (!gst_pad_peer_query(self->sinkpad, query))
        return FALSE;
    gst_query_parse_latency(query, &live, &min, &max);
    GST_OBJECT_LOCK(self);
    if (self->current)
        own = GST_S2V_BASE_GET_CLASS(self)->latency(self);
    GST_OBJECT_UNLOCK(self);
    min += own;
    if (GST_CLOCK_TIME_IS_VALID(max))
        max += own;
    GST_DEBUG_OBJECT(self,
                     "latency %" GST_TIME_FORMAT ", %" GST_TIME_FORMAT
                     " of it from this element",
                     GST_TIME_ARGS(min), GST_TIME_ARGS(own));
    gst_query_set_latency(query, live, min, max);
    return TRUE;
}

void gst_s2v_base_latency_changed(GstS2VBase *self)
{
    gst_element_post_message(GST_ELEMENT(self),
                             gst_message_new_latency(GST_OBJECT(self)));
}

/* Upstream counts in samples, pictures or bytes: only its times hold here. */
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

/* ---------------------------------------------------------------- pads -- */

static GstFlowReturn sink_pad_chain(GstPad *pad, GstObject *parent,
                                    GstBuffer *buffer)
{
    GstS2VBase *self = GST_S2V_BASE(parent);
    if (!gst_pad_has_current_caps(pad)) {
        gst_buffer_unref(buffer);
        GST_ELEMENT_ERROR(self, CORE, NEGOTIATION,
                          ("%s received without caps.",
                           takes_sound(self) ? "Audio" : "Video"),
                          (NULL));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    return GST_S2V_BASE_GET_CLASS(self)->chain(self, buffer);
}

static gboolean sink_pad_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    (void)pad;
    return GST_S2V_BASE_GET_CLASS(parent)->sink_event(GST_S2V_BASE(parent),
                                                      event);
}

static gboolean src_pad_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    (void)pad;
    return GST_S2V_BASE_GET_CLASS(parent)->src_event(GST_S2V_BASE(parent),
                                                     event);
}

static gboolean sink_pad_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS)
        return answer_caps(GST_S2V_BASE(parent), pad, query);
    return gst_pad_query_default(pad, parent, query);
}

static gboolean src_pad_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    GstS2VBase *self = GST_S2V_BASE(parent);
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: return answer_caps(self, pad, query);
    case GST_QUERY_LATENCY: return answer_latency(self, query);
    case GST_QUERY_CONVERT: return FALSE;
    case GST_QUERY_POSITION:
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
        return in_time(query) && gst_pad_query_default(pad, parent, query);
    default: return gst_pad_query_default(pad, parent, query);
    }
}

/* -------------------------------------------------------------- object -- */

void gst_s2v_set_string(char **place, const GValue *value)
{
    g_free(*place);
    *place = g_value_dup_string(value);
}

static void set_property(GObject *object, guint id, const GValue *value,
                         GParamSpec *spec)
{
    GstS2VBase *self = GST_S2V_BASE(object);
    if (id == PROP_MODEL) {
        set_model(self, g_value_get_string(value));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_DEVICE: gst_s2v_set_string(&self->device, value); break;
    case PROP_DTYPE: gst_s2v_set_string(&self->dtype, value); break;
    case PROP_THREADS: self->threads = g_value_get_int(value); break;
    case PROP_STATE: gst_s2v_set_string(&self->state, value); break;
    case PROP_STATE_INTERVAL:
        self->state_interval = g_value_get_int(value);
        break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value,
                         GParamSpec *spec)
{
    GstS2VBase *self = GST_S2V_BASE(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_MODEL: g_value_set_string(value, self->path); break;
    case PROP_DEVICE: g_value_set_string(value, self->device); break;
    case PROP_DTYPE: g_value_set_string(value, self->dtype); break;
    case PROP_THREADS: g_value_set_int(value, self->threads); break;
    case PROP_STATE: g_value_set_string(value, self->state); break;
    case PROP_STATE_INTERVAL:
        g_value_set_int(value, self->state_interval);
        break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    GstS2VBase *self = GST_S2V_BASE(object);
    g_free(self->path);
    g_free(self->device);
    g_free(self->dtype);
    g_free(self->state);
    g_mutex_clear(&self->open_lock);
    G_OBJECT_CLASS(gst_s2v_base_parent_class)->finalize(object);
}

static GstPad *add_pad(GstS2VBase *self, const char *name)
{
    GstElementClass *klass = GST_ELEMENT_GET_CLASS(self);
    GstPad *pad = gst_pad_new_from_template(
        gst_element_class_get_pad_template(klass, name), name);
    gst_element_add_pad(GST_ELEMENT(self), pad);
    return pad;
}

/* Not in the init, which does not see the element's class and its templates. */
static void constructed(GObject *object)
{
    GstS2VBase *self = GST_S2V_BASE(object);
    G_OBJECT_CLASS(gst_s2v_base_parent_class)->constructed(object);
    self->sinkpad = add_pad(self, "sink");
    gst_pad_set_chain_function(self->sinkpad, sink_pad_chain);
    gst_pad_set_event_function(self->sinkpad, sink_pad_event);
    gst_pad_set_query_function(self->sinkpad, sink_pad_query);
    self->srcpad = add_pad(self, "src");
    gst_pad_set_event_function(self->srcpad, src_pad_event);
    gst_pad_set_query_function(self->srcpad, src_pad_query);
}

static void gst_s2v_base_init(GstS2VBase *self)
{
    g_mutex_init(&self->open_lock);
    self->device = g_strdup("auto");
    self->dtype = g_strdup("f32");
    self->state_interval = 60;
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
}

static void install_properties(GObjectClass *object_class)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        object_class, PROP_MODEL,
        g_param_spec_string(
            "model", "Model",
            "Location of the model's weight file. A name without a slash is "
            "searched for in the current directory, the directories in "
            "S2V_MODEL_PATH and the installed models. A model set while "
            "playing is used from the next frame on; if it cannot be opened or "
            "used, the current model stays and a warning is posted",
            NULL, flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_DEVICE,
        g_param_spec_string(
            "device", "Device",
            "Device to run the model on: auto, cpu, ref (plain C, for tests), "
            "cuda or cuda:N. Applies to models opened afterwards",
            "auto", flags));
    g_object_class_install_property(
        object_class, PROP_DTYPE,
        g_param_spec_string(
            "dtype", "Data type",
            "Precision of the operands of convolutions and matrix products: "
            "f32, bf16 (faster, where the processor supports it), or auto: "
            "bf16 "
            "where the processor has it. Applies to models opened afterwards",
            "f32", flags));
    g_object_class_install_property(
        object_class, PROP_THREADS,
        g_param_spec_int("threads", "Threads",
                         "Number of CPU threads used by the model (0 = one per "
                         "processor). Applies to models opened afterwards",
                         0, 1024, 0, flags));
    g_object_class_install_property(
        object_class, PROP_STATE,
        g_param_spec_string(
            "state", "State",
            "File for the state of the stream: read at the start if it exists, "
            "saved while it plays, removed at its end (null = none)",
            NULL, flags));
    g_object_class_install_property(
        object_class, PROP_STATE_INTERVAL,
        g_param_spec_int(
            "state-interval", "State interval",
            "Seconds of output from one save of the state to the next", 1,
            86400, 60, flags));
}

static void gst_s2v_base_class_init(GstS2VBaseClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    object_class->constructed = constructed;
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    klass->parent_class.change_state = change_state;
    klass->latency = model_latency;
    klass->caps = pad_caps;
    klass->sink_event = sink_event;
    klass->src_event = src_event;
    install_properties(object_class);
}
