/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-v2sfoley
 * @title: v2sfoley
 * @short_description: makes sound that follows video, with a generative model
 *
 * v2sfoley watches a video and makes the sound of what happens in it, in the
 * timbre of a reference.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=silent.mp4 ! decodebin ! videoconvert !
 *     v2sfoley ref=break.wav ! audioconvert ! wavenc !
 *     filesink location=foley.wav
 * ]| Makes the sound of a video.
 *
 * Since: 0.1
 */
#include "gstv2sfoley.h"

#include <math.h>
#include <string.h>

GST_DEBUG_CATEGORY_STATIC(gst_v2s_foley_debug);
#define GST_CAT_DEFAULT gst_v2s_foley_debug

enum {
    PROP_0,
    PROP_MODEL,
    PROP_REF,
    PROP_SEED,
    PROP_DEVICE,
    PROP_DTYPE,
    PROP_THREADS,
    PROP_LATENCY,
    PROP_GAIN,
};

enum { REFERENCE_MOST = 60 }; /* seconds that count */

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("RGB")));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(
        F32) ", layout=interleaved, channels=1, rate=[1, max]"));

G_DEFINE_TYPE(GstV2SFoley, gst_v2s_foley, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(
    v2sfoley, "v2sfoley", GST_RANK_NONE, GST_TYPE_V2S_FOLEY,
    GST_DEBUG_CATEGORY_INIT(gst_v2s_foley_debug, "v2sfoley", 0,
                            "video to sound by a generative model"))

/* -------------------------------------------------------------- output -- */

static GstCaps *sound_caps(GstV2SFoley *self)
{
    GstCaps *caps = gst_static_pad_template_get_caps(&src_template);
    caps = gst_caps_make_writable(caps);
    GST_OBJECT_LOCK(self);
    if (self->model)
        gst_caps_set_simple(caps, "rate", G_TYPE_INT,
                            self->model->info.sample_rate, NULL);
    GST_OBJECT_UNLOCK(self);
    return caps;
}

static GstClockTime time_of(const GstV2SFoley *self, guint64 sample)
{
    return self->base +
           gst_util_uint64_scale(sample, GST_SECOND,
                                 (guint64)self->model->info.sample_rate);
}

static GstFlowReturn push(GstV2SFoley *self, const s2v_audio_frame *sound)
{
    GstMapInfo map;
    GST_OBJECT_LOCK(self);
    const gfloat scale = (gfloat)pow(10.0, self->gain / 20.0);
    GST_OBJECT_UNLOCK(self);
    GstBuffer *out =
        gst_buffer_new_allocate(NULL, sound->count * sizeof(gfloat), NULL);
    if (!out || !gst_buffer_map(out, &map, GST_MAP_WRITE)) {
        gst_clear_buffer(&out);
        GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT,
                          ("There is no memory for sound."), (NULL));
        return GST_FLOW_ERROR;
    }
    for (gsize i = 0; i < sound->count; i++)
        ((gfloat *)map.data)[i] = sound->samples[i] * scale;
    gst_buffer_unmap(out, &map);
    const guint64 first = (guint64)sound->pts, end = first + sound->count;
    GST_BUFFER_PTS(out) = time_of(self, first);
    GST_BUFFER_DURATION(out) = time_of(self, end) - time_of(self, first);
    GST_BUFFER_OFFSET(out) = first;
    GST_BUFFER_OFFSET_END(out) = end;
    if (self->discont)
        GST_BUFFER_FLAG_SET(out, GST_BUFFER_FLAG_DISCONT);
    self->discont = FALSE;
    return gst_pad_push(self->srcpad, out);
}

/* Push what sound there is. */
static GstFlowReturn push_all(GstV2SFoley *self)
{
    s2v_audio_frame sound;
    s2v_error err = {0};
    int ret;
    while (!(ret = s2v_session_receive_audio(self->session, &sound, &err))) {
        GstFlowReturn flow = push(self, &sound);
        if (flow != GST_FLOW_OK)
            return flow;
    }
    if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
        return GST_FLOW_OK;
    gst_s2v_post_error(GST_ELEMENT(self), &err);
    return GST_FLOW_ERROR;
}

/* What comes next is a new stream. */
static void restart(GstV2SFoley *self)
{
    if (self->session)
        s2v_session_flush(self->session);
    self->started = FALSE;
    self->discont = TRUE;
}

/* The pictures have ended: push the rest of the sound, then start anew. */
static GstFlowReturn drain(GstV2SFoley *self)
{
    GstFlowReturn flow = GST_FLOW_OK;
    if (self->started) {
        s2v_session_drain(self->session, NULL);
        flow = push_all(self);
    }
    restart(self);
    return flow;
}

/* --------------------------------------------------------------- input -- */

/*
 * Times are rounded to nanoseconds: two roundings must not make a sample more
 * of a film than there is.
 */
static gint64 duration_of(const GstV2SFoley *self, GstBuffer *buffer)
{
    GstClockTime d = GST_BUFFER_DURATION(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(d))
        d = self->picture;
    return d > 2 ? (gint64)d - 2 : 0;
}

static int send_picture(GstV2SFoley *self, GstBuffer *buffer, GstClockTime time,
                        s2v_error *err)
{
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_READ)) {
        err->code = S2V_ERR_INVALID;
        g_strlcpy(err->message, "A picture is smaller than its caps say.",
                  sizeof(err->message));
        return err->code;
    }
    const s2v_picture picture = {
        .size = sizeof(picture),
        .data = GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
        .stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
        .width = GST_VIDEO_FRAME_WIDTH(&frame),
        .height = GST_VIDEO_FRAME_HEIGHT(&frame),
        .pts = (gint64)(time - self->base),
        .duration = duration_of(self, buffer),
        .time_num = 1,
        .time_den = GST_SECOND,
    };
    int ret = s2v_session_send_video(self->session, &picture, err);
    gst_video_frame_unmap(&frame);
    return ret;
}

/* A picture's time within its segment; what lies outside has none. */
static GstClockTime clip(GstV2SFoley *self, GstBuffer *buffer)
{
    guint64 start, end;
    GstClockTime time = GST_BUFFER_PTS(buffer);
    GstClockTime stop = GST_CLOCK_TIME_NONE;
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return self->started ? self->next : self->segment.start;
    if (GST_BUFFER_DURATION_IS_VALID(buffer))
        stop = time + GST_BUFFER_DURATION(buffer);
    if (!gst_segment_clip(&self->segment, GST_FORMAT_TIME, time, stop, &start,
                          &end))
        return GST_CLOCK_TIME_NONE;
    return start;
}

static GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    GstV2SFoley *self = GST_V2S_FOLEY(parent);
    s2v_error err = {0};
    (void)pad;
    if (GST_VIDEO_INFO_FORMAT(&self->info) == GST_VIDEO_FORMAT_UNKNOWN) {
        gst_buffer_unref(buffer);
        GST_ELEMENT_ERROR(self, CORE, NEGOTIATION,
                          ("Video came without a format."), (NULL));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    GstClockTime time = clip(self, buffer);
    if (!GST_CLOCK_TIME_IS_VALID(time)) {
        gst_buffer_unref(buffer);
        return GST_FLOW_OK;
    }
    if (!self->started)
        self->base = time;
    self->started = TRUE;
    self->next = time + self->picture;
    self->unseen = FALSE;
    int ret = send_picture(self, buffer, MAX(time, self->base), &err);
    gst_buffer_unref(buffer);
    if (ret < 0) {
        gst_s2v_post_error(GST_ELEMENT(self), &err);
        return GST_FLOW_ERROR;
    }
    return push_all(self);
}

/* -------------------------------------------------------------- events -- */

static gboolean take_caps(GstV2SFoley *self, GstEvent *event)
{
    GstVideoInfo info;
    GstCaps *caps;
    gst_event_parse_caps(event, &caps);
    gboolean ok = gst_video_info_from_caps(&info, caps);
    gst_event_unref(event);
    if (!ok)
        return FALSE;
    self->info = info;
    GST_OBJECT_LOCK(self);
    const GstClockTime before = self->picture;
    self->picture =
        info.fps_n > 0
            ? gst_util_uint64_scale_ceil((guint64)info.fps_d, GST_SECOND,
                                         (guint64)info.fps_n)
            : 0;
    const gboolean differs = self->picture != before;
    GST_OBJECT_UNLOCK(self);
    if (differs)
        gst_element_post_message(GST_ELEMENT(self),
                                 gst_message_new_latency(GST_OBJECT(self)));
    if (gst_pad_has_current_caps(self->srcpad))
        return TRUE;
    caps = sound_caps(self);
    ok = gst_pad_push_event(self->srcpad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    return ok;
}

/* Only time makes sense to both. */
static gboolean take_segment(GstV2SFoley *self, GstEvent *event)
{
    GstSegment segment;
    gst_event_copy_segment(event, &segment);
    if (segment.format != GST_FORMAT_TIME) {
        GstEvent *timed;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        timed = gst_event_new_segment(&segment);
        gst_event_set_seqnum(timed, gst_event_get_seqnum(event));
        gst_event_unref(event);
        event = timed;
    }
    if (!gst_segment_is_equal(&segment, &self->segment))
        drain(self);
    if (segment.rate < 0.0)
        GST_ELEMENT_WARNING(self, STREAM, NOT_IMPLEMENTED,
                            ("Video that runs backwards is taken forwards."),
                            (NULL));
    self->segment = segment;
    return gst_pad_push_event(self->srcpad, event);
}

/* Another stream than the picture's: a sound's. */
static gboolean name_stream(GstV2SFoley *self, GstEvent *event)
{
    const gchar *picture_id;
    GstStreamFlags flags;
    guint group;
    drain(self);
    gst_event_parse_stream_start(event, &picture_id);
    gst_event_parse_stream_flags(event, &flags);
    char *id = g_strconcat(picture_id, "/v2s", NULL);
    GstEvent *named = gst_event_new_stream_start(id);
    gst_event_set_stream_flags(named, flags);
    gst_event_set_seqnum(named, gst_event_get_seqnum(event));
    if (gst_event_parse_group_id(event, &group))
        gst_event_set_group_id(named, group);
    g_free(id);
    gst_event_unref(event);
    return gst_pad_push_event(self->srcpad, named);
}

static gboolean take_eos(GstV2SFoley *self, GstEvent *event)
{
    drain(self);
    if (self->unseen)
        GST_ELEMENT_WARNING(self, STREAM, FAILED,
                            ("There was no video, so there is no sound."),
                            (NULL));
    return gst_pad_push_event(self->srcpad, event);
}

/* The picture's own tags, as its codec, do not go on. */
static gboolean take_tags(GstV2SFoley *self, GstEvent *event)
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
    GstV2SFoley *self = GST_V2S_FOLEY(parent);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: return take_caps(self, event);
    case GST_EVENT_SEGMENT: return take_segment(self, event);
    case GST_EVENT_STREAM_START: return name_stream(self, event);
    case GST_EVENT_TAG: return take_tags(self, event);
    case GST_EVENT_EOS: return take_eos(self, event);
    case GST_EVENT_GAP: /* the picture before stays */
        gst_event_unref(event);
        return TRUE;
    case GST_EVENT_SEGMENT_DONE: drain(self); break;
    case GST_EVENT_FLUSH_STOP:
        restart(self);
        gst_segment_init(&self->segment, GST_FORMAT_UNDEFINED);
        break;
    default: break;
    }
    return gst_pad_event_default(pad, parent, event);
}

static gboolean src_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) { /* of sound, not pictures */
        gst_event_unref(event);
        return TRUE;
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK) {
        gdouble rate;
        GstFormat format;
        gst_event_parse_seek(event, &rate, &format, NULL, NULL, NULL, NULL,
                             NULL);
        if (rate < 0.0 || format != GST_FORMAT_TIME) {
            GST_INFO_OBJECT(parent, "seeks go forwards, in time: refused");
            gst_event_unref(event);
            return FALSE;
        }
    }
    return gst_pad_event_default(pad, parent, event);
}

/* ------------------------------------------------------------- queries -- */

/* Upstream's latency; a picture's duration, as one is known to stay when the
 * next one comes; and the model's. */
static gboolean answer_latency(GstV2SFoley *self, GstQuery *query)
{
    GstClockTime min, max, own = 0;
    gboolean live;
    if (!gst_pad_peer_query(self->sinkpad, query))
        return FALSE;
    gst_query_parse_latency(query, &live, &min, &max);
    GST_OBJECT_LOCK(self);
    if (self->model)
        own = self->model->latency + self->picture;
    GST_OBJECT_UNLOCK(self);
    min += own;
    if (GST_CLOCK_TIME_IS_VALID(max))
        max += own;
    gst_query_set_latency(query, live, min, max);
    return TRUE;
}

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

static gboolean sink_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS)
        return answer_caps(query,
                           gst_static_pad_template_get_caps(&sink_template));
    return gst_pad_query_default(pad, parent, query);
}

/* Upstream counts in pictures and bytes: only its times hold here. */
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
    GstV2SFoley *self = GST_V2S_FOLEY(parent);
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: return answer_caps(query, sound_caps(self));
    case GST_QUERY_LATENCY: return answer_latency(self, query);
    case GST_QUERY_CONVERT: return FALSE;
    case GST_QUERY_POSITION:
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
        return in_time(query) && gst_pad_query_default(pad, parent, query);
    default: return gst_pad_query_default(pad, parent, query);
    }
}

/* -------------------------------------------------------------- states -- */

static int set_reference(GstV2SFoley *self, const char *ref, s2v_error *err)
{
    const gint rate = self->model->info.sample_rate;
    if (!ref || !*ref)
        return S2V_OK;
    GArray *sound = gst_v2s_foley_read_reference(
        ref, rate, (guint)(REFERENCE_MOST * rate), err);
    if (!sound)
        return err->code;
    int ret = s2v_session_set_reference(self->session, (gfloat *)sound->data,
                                        sound->len, err);
    if (ret < 0) {
        const gsize used = strlen(err->message);
        g_snprintf(err->message + used, sizeof(err->message) - used, " ('%s')",
                   ref);
    }
    g_array_unref(sound);
    return ret;
}

static void close_all(GstV2SFoley *self)
{
    s2v_session_close(&self->session);
    GST_OBJECT_LOCK(self);
    GstS2VModel *model = g_steal_pointer(&self->model);
    GST_OBJECT_UNLOCK(self);
    gst_s2v_model_unref(model);
}

/* NULL to READY: the model, a session, the reference. */
static gboolean open_all(GstV2SFoley *self)
{
    s2v_session_params params = {.size = sizeof(params)};
    s2v_error err = {0};
    GST_OBJECT_LOCK(self);
    char *path = g_strdup(self->path), *device = g_strdup(self->device);
    char *ref = g_strdup(self->ref), *dtype = g_strdup(self->dtype);
    const GstS2VSettings settings = {.path = path,
                                     .device = device,
                                     .dtype = dtype,
                                     .threads = self->threads,
                                     .latency = self->latency,
                                     .input = S2V_MEDIUM_VIDEO};
    params.seed = self->seed < 0 ? g_random_int() : (guint64)self->seed;
    GST_OBJECT_UNLOCK(self);
    GstS2VModel *model = gst_s2v_model_open(GST_ELEMENT(self), &settings, &err);
    GST_OBJECT_LOCK(self);
    self->model = model;
    GST_OBJECT_UNLOCK(self);
    int ret =
        model ? s2v_session_create(&self->session, model->model, &params, &err)
              : err.code;
    if (!ret)
        ret = set_reference(self, ref, &err);
    if (ret < 0) {
        err.code = ret;
        gst_s2v_post_error(GST_ELEMENT(self), &err);
        close_all(self);
    }
    g_free(path);
    g_free(device);
    g_free(dtype);
    g_free(ref);
    return ret >= 0;
}

/* READY to PAUSED, before the pads are active. */
static void start(GstV2SFoley *self)
{
    gst_segment_init(&self->segment, GST_FORMAT_UNDEFINED);
    gst_video_info_init(&self->info);
    GST_OBJECT_LOCK(self);
    self->picture = 0;
    GST_OBJECT_UNLOCK(self);
    self->unseen = TRUE;
    restart(self);
}

static GstStateChangeReturn change_state(GstElement *element,
                                         GstStateChange transition)
{
    GstV2SFoley *self = GST_V2S_FOLEY(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open_all(self))
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        start(self);
    GstStateChangeReturn ret = GST_ELEMENT_CLASS(gst_v2s_foley_parent_class)
                                   ->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        restart(self);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        close_all(self);
    return ret;
}

/* -------------------------------------------------------------- object -- */

static void set_text(char **text, const GValue *value)
{
    g_free(*text);
    *text = g_value_dup_string(value);
}

static void set_property(GObject *object, guint id, const GValue *value,
                         GParamSpec *spec)
{
    GstV2SFoley *self = GST_V2S_FOLEY(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_MODEL: set_text(&self->path, value); break;
    case PROP_REF: set_text(&self->ref, value); break;
    case PROP_SEED: self->seed = g_value_get_int64(value); break;
    case PROP_DEVICE: set_text(&self->device, value); break;
    case PROP_DTYPE: set_text(&self->dtype, value); break;
    case PROP_THREADS: self->threads = g_value_get_int(value); break;
    case PROP_LATENCY: self->latency = g_value_get_int(value); break;
    case PROP_GAIN: self->gain = g_value_get_double(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value,
                         GParamSpec *spec)
{
    GstV2SFoley *self = GST_V2S_FOLEY(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_MODEL: g_value_set_string(value, self->path); break;
    case PROP_REF: g_value_set_string(value, self->ref); break;
    case PROP_SEED: g_value_set_int64(value, self->seed); break;
    case PROP_DEVICE: g_value_set_string(value, self->device); break;
    case PROP_DTYPE: g_value_set_string(value, self->dtype); break;
    case PROP_THREADS: g_value_set_int(value, self->threads); break;
    case PROP_LATENCY: g_value_set_int(value, self->latency); break;
    case PROP_GAIN: g_value_set_double(value, self->gain); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    GstV2SFoley *self = GST_V2S_FOLEY(object);
    g_free(self->path);
    g_free(self->ref);
    g_free(self->device);
    g_free(self->dtype);
    G_OBJECT_CLASS(gst_v2s_foley_parent_class)->finalize(object);
}

static void gst_v2s_foley_init(GstV2SFoley *self)
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

    self->path = g_strdup("foley.bin");
    self->device = g_strdup("auto");
    self->dtype = g_strdup("f32");
    gst_video_info_init(&self->info);
    gst_segment_init(&self->segment, GST_FORMAT_UNDEFINED);
}

static void install_texts(GObjectClass *object_class, GParamFlags flags)
{
    g_object_class_install_property(
        object_class, PROP_MODEL,
        g_param_spec_string(
            "model", "Model",
            "Weight file of the model. A name without a slash is looked for in "
            "the current folder, then in the folders that S2V_MODEL_PATH "
            "lists, then among the installed models",
            "foley.bin", flags));
    g_object_class_install_property(
        object_class, PROP_REF,
        g_param_spec_string(
            "ref", "Reference",
            "File or URI of a sound whose timbre is taken; its first minute "
            "counts. None: the mean timbre that the model was trained on",
            NULL, flags));
    g_object_class_install_property(
        object_class, PROP_DEVICE,
        g_param_spec_string(
            "device", "Device",
            "Where the model runs: auto, cpu, ref (plain C: slow, for tests), "
            "cuda or cuda:N. A device that is missing is an error",
            "auto", flags));
    g_object_class_install_property(
        object_class, PROP_DTYPE,
        g_param_spec_string(
            "dtype", "Data type",
            "What numbers are rounded to before they are multiplied: f32, or "
            "bf16, faster, on processors that have it",
            "f32", flags));
}

static void install_numbers(GObjectClass *object_class, GParamFlags flags)
{
    g_object_class_install_property(
        object_class, PROP_SEED,
        g_param_spec_int64("seed", "Seed",
                           "Seed of the noise that the model draws; -1 takes a "
                           "new one each time",
                           -1, G_MAXUINT32, 0, flags));
    g_object_class_install_property(
        object_class, PROP_THREADS,
        g_param_spec_int("threads", "Threads",
                         "CPU threads that the model uses, 0 for one for each "
                         "processor",
                         0, 1024, 0, flags));
    g_object_class_install_property(
        object_class, PROP_LATENCY,
        g_param_spec_int("latency", "Latency",
                         "Milliseconds that sound may wait for later pictures. "
                         "0: a window of the model, for the best sound",
                         0, G_MAXINT, 0, flags));
    g_object_class_install_property(
        object_class, PROP_GAIN,
        g_param_spec_double("gain", "Gain",
                            "How much louder the sound is made, in dB", -100.0,
                            100.0, 0.0, flags | GST_PARAM_MUTABLE_PLAYING));
}

static void gst_v2s_foley_class_init(GstV2SFoleyClass *klass)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    element_class->change_state = change_state;
    install_texts(object_class, flags);
    install_numbers(object_class, flags);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Video to sound", "Generic/Audio",
        "Makes sound that follows video, with a generative model, in the "
        "timbre of a reference",
        "The s2v developers");
}
