/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-v2sfoley
 * @title: v2sfoley
 * @short_description: generates audio for video with a neural network
 *
 * v2sfoley takes RGB video of any size and frame rate and generates mono audio
 * that is synchronous with it, in the timbre of a reference recording.
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
    PROP_LATENCY,
    PROP_GAIN,
    PROP_SENSITIVITY,
    PROP_REGIONS,
    PROP_ONSETS,
    PROP_SYNTHESIS,
    PROP_MIX,
};

enum { REFERENCE_MOST = 60 }; /* seconds that count */

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("RGB")));

static GstStaticPadTemplate mix_template = GST_STATIC_PAD_TEMPLATE(
    "mix", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(
        F32) ", layout=interleaved, channels=[1, max], rate=[1, max]"));

/* Without a mix, mono in the model's rate. */
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(
        F32) ", layout=interleaved, channels=[1, max], rate=[1, max]"));

G_DEFINE_TYPE(GstV2SFoley, gst_v2s_foley, GST_TYPE_S2V_BASE)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(
    v2sfoley, "v2sfoley", GST_RANK_NONE, GST_TYPE_V2S_FOLEY,
    GST_DEBUG_CATEGORY_INIT(gst_v2s_foley_debug, "v2sfoley", 0,
                            "video to audio"))

/* -------------------------------------------------------------- output -- */

static GstClockTime time_of(const GstV2SFoley *self, guint64 sample)
{
    return self->base.start +
           gst_util_uint64_scale(sample, GST_SECOND,
                                 (guint64)self->base.current->info.sample_rate);
}

/* The factors of both sounds. */
static void get_gains(GstV2SFoley *self, gfloat *gain, gfloat *own)
{
    GST_OBJECT_LOCK(self);
    *gain = (gfloat)pow(10.0, self->gain / 20.0);
    *own = (gfloat)pow(10.0, self->mix / 20.0);
    GST_OBJECT_UNLOCK(self);
}

static GstFlowReturn push(GstV2SFoley *self, const s2v_audio_frame *sound)
{
    GstMapInfo map;
    gfloat scale, own;
    get_gains(self, &scale, &own);
    self->made = (guint64)sound->pts + sound->count;
    if (self->own)
        return gst_v2s_foley_mix_push(self, sound, scale, own);
    GstBuffer *out =
        gst_buffer_new_allocate(NULL, sound->count * sizeof(gfloat), NULL);
    if (!out || !gst_buffer_map(out, &map, GST_MAP_WRITE)) {
        gst_clear_buffer(&out);
        GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT,
                          ("Out of memory for audio."), (NULL));
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
    if (self->base.discont)
        GST_BUFFER_FLAG_SET(out, GST_BUFFER_FLAG_DISCONT);
    self->base.discont = FALSE;
    return gst_pad_push(self->base.srcpad, out);
}

/* Push what sound there is. */
static GstFlowReturn push_all(GstV2SFoley *self)
{
    s2v_audio_frame sound = {.size = sizeof(sound)};
    s2v_error err = {0};
    int ret;
    while (
        !(ret = s2v_session_receive_audio(self->base.session, &sound, &err))) {
        GstFlowReturn flow = push(self, &sound);
        if (flow != GST_FLOW_OK)
            return flow;
    }
    if (ret == S2V_ERR_AGAIN || ret == S2V_ERR_EOF)
        return GST_FLOW_OK;
    gst_s2v_post_error(GST_ELEMENT(self), &err);
    return GST_FLOW_ERROR;
}

static GstFlowReturn drain(GstS2VBase *base)
{
    if (!base->started)
        return GST_FLOW_OK;
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    gfloat gain, own;
    s2v_session_drain(base->session, NULL);
    const GstFlowReturn flow = push_all(self);
    get_gains(self, &gain, &own);
    return flow == GST_FLOW_OK && self->own
               ? gst_v2s_foley_mix_drain(self, self->made, gain, own)
               : flow;
}

static void restart(GstS2VBase *base)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    self->made = 0;
    if (self->own)
        gst_v2s_foley_mix_restart(self);
}

/* Of a mix, the film's; otherwise the model's. */
static GstCaps *pad_caps(GstS2VBase *base, GstPad *pad)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    if (self->own && pad == base->srcpad) {
        GstCaps *caps = gst_pad_get_current_caps(pad);
        return caps ? caps : gst_pad_get_pad_template_caps(pad);
    }
    GstCaps *caps =
        GST_S2V_BASE_CLASS(gst_v2s_foley_parent_class)->caps(base, pad);
    if (pad == base->srcpad)
        gst_caps_set_simple(caps, "channels", G_TYPE_INT, 1, NULL);
    return caps;
}

/* ------------------------------------------------------------- options -- */

static int set_live(GstV2SFoley *self, gdouble sensitivity, const char *regions,
                    s2v_error *err)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(number, sizeof(number), sensitivity);
    int ret =
        s2v_session_set_option(self->base.session, "sensitivity", number, err);
    if (!ret)
        ret = s2v_session_set_option(self->base.session, "regions",
                                     regions ? regions : "all", err);
    return ret;
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
        g_strlcpy(err->message, "A frame is smaller than its caps specify.",
                  sizeof(err->message));
        return err->code;
    }
    const s2v_picture picture = {
        .size = sizeof(picture),
        .data = GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
        .stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
        .width = GST_VIDEO_FRAME_WIDTH(&frame),
        .height = GST_VIDEO_FRAME_HEIGHT(&frame),
        .pts = (gint64)(time - self->base.start),
        .duration = duration_of(self, buffer),
        .time_num = 1,
        .time_den = GST_SECOND,
    };
    int ret = s2v_session_send_video(self->base.session, &picture, err);
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
        return self->base.started ? self->next : self->base.segment.start;
    if (GST_BUFFER_DURATION_IS_VALID(buffer))
        stop = time + GST_BUFFER_DURATION(buffer);
    if (!gst_segment_clip(&self->base.segment, GST_FORMAT_TIME, time, stop,
                          &start, &end))
        return GST_CLOCK_TIME_NONE;
    return start;
}

/* What may change while playing; what cannot be used changes nothing. */
static void take_changes(GstV2SFoley *self)
{
    s2v_error err = {0};
    GST_OBJECT_LOCK(self);
    const gboolean changed = self->changed;
    const gdouble sensitivity = self->sensitivity;
    char *regions = g_strdup(self->regions);
    self->changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    if (changed && set_live(self, sensitivity, regions, &err) < 0)
        GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS, ("%s", err.message),
                            (NULL));
    g_free(regions);
}

/* The film's own sound is not in a state. */
static gboolean load_state(GstV2SFoley *self)
{
    if (!self->own || !gst_s2v_base_has_state(&self->base))
        return gst_s2v_base_load_state(&self->base);
    GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS,
                      ("state: expected no pad \"mix\", which has no state."),
                      (NULL));
    return FALSE;
}

static gboolean resume(GstS2VBase *base, guint64 made, guint64 sent)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    self->made = made;
    self->sent = sent;
    return TRUE;
}

static GstFlowReturn chain(GstS2VBase *base, GstBuffer *buffer)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    s2v_error err = {0};
    take_changes(self);
    if (!load_state(self)) {
        gst_buffer_unref(buffer);
        return GST_FLOW_ERROR;
    }
    GstClockTime time = clip(self, buffer);
    if (!GST_CLOCK_TIME_IS_VALID(time) ||
        (base->resuming && time <= self->sent)) { /* the session has it */
        gst_buffer_unref(buffer);
        return GST_FLOW_OK;
    }
    base->resuming = FALSE;
    if (!base->started)
        base->start = time;
    if (!base->started && self->own)
        gst_v2s_foley_mix_begin(self, time);
    base->started = TRUE;
    base->empty = FALSE;
    self->next = time + self->picture;
    self->sent = MAX(time, base->start);
    int ret = send_picture(self, buffer, self->sent, &err);
    gst_buffer_unref(buffer);
    if (ret < 0) {
        gst_s2v_post_error(GST_ELEMENT(self), &err);
        return GST_FLOW_ERROR;
    }
    const GstFlowReturn flow = push_all(self);
    if (flow == GST_FLOW_OK)
        gst_s2v_base_save_state(base, self->made, self->sent);
    return flow;
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
        gst_s2v_base_latency_changed(&self->base);
    if (self->own || gst_pad_has_current_caps(self->base.srcpad))
        return TRUE;
    caps = GST_S2V_BASE_GET_CLASS(self)->caps(&self->base, self->base.srcpad);
    ok = gst_pad_push_event(self->base.srcpad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    return ok;
}

static gboolean continues(GstS2VBase *base, const GstSegment *segment)
{
    return gst_segment_is_equal(segment, &base->segment);
}

/* The picture before it stays; before the first, no sound is needed. */
static gboolean take_gap(GstV2SFoley *self, GstEvent *event)
{
    GstClockTime time, duration;
    gst_event_parse_gap(event, &time, &duration);
    gst_event_unref(event);
    if (GST_CLOCK_TIME_IS_VALID(duration))
        time += duration;
    if (self->own && !self->base.started)
        gst_v2s_foley_mix_begin(self, time);
    return TRUE;
}

static gboolean sink_event(GstS2VBase *base, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS)
        return take_caps(GST_V2S_FOLEY(base), event);
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START && self->own)
        gst_v2s_foley_mix_stop(self, TRUE);
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP && self->own)
        gst_v2s_foley_mix_stop(self, FALSE);
    /* Caps come before segments. */
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT && self->own)
        gst_v2s_foley_mix_negotiate(self);
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP)
        return take_gap(self, event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START && self->own)
        gst_v2s_foley_mix_end(self, FALSE);
    const gboolean end = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    const gboolean ok =
        GST_S2V_BASE_CLASS(gst_v2s_foley_parent_class)->sink_event(base, event);
    if (end && self->own)
        gst_v2s_foley_mix_end(self, TRUE);
    return ok;
}

static gboolean src_event(GstS2VBase *base, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) { /* of sound, not pictures */
        gst_event_unref(event);
        return TRUE;
    }
    return GST_S2V_BASE_CLASS(gst_v2s_foley_parent_class)
        ->src_event(base, event);
}

/* A picture is known to stay when the next one comes. */
static GstClockTime latency(GstS2VBase *base)
{
    return base->current->latency + GST_V2S_FOLEY(base)->picture;
}

/* -------------------------------------------------------------- states -- */

static void add_settings(GstS2VBase *base, GstS2VSettings *settings)
{
    settings->latency = GST_V2S_FOLEY(base)->latency;
}

static int set_reference(GstV2SFoley *self, const char *ref, s2v_error *err)
{
    const gint rate = self->base.current->info.sample_rate;
    if (!ref || !*ref)
        return S2V_OK;
    GArray *sound = gst_v2s_foley_read_reference(
        ref, rate, (guint)(REFERENCE_MOST * rate), err);
    if (!sound)
        return err->code;
    int ret = s2v_session_set_reference(self->base.session,
                                        (gfloat *)sound->data, sound->len, err);
    if (ret < 0) {
        const gsize used = strlen(err->message);
        g_snprintf(err->message + used, sizeof(err->message) - used, " ('%s')",
                   ref);
    }
    g_array_unref(sound);
    return ret;
}

/* A session, and its reference. */
static int open_session(GstS2VBase *base, s2v_error *err)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    GST_OBJECT_LOCK(self);
    char *ref = g_strdup(self->ref);
    char *regions = g_strdup(self->regions), *onsets = g_strdup(self->onsets);
    char *synthesis = g_strdup(self->synthesis);
    const gdouble sensitivity = self->sensitivity;
    self->changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    int ret =
        s2v_session_create(&base->session, base->current->model, NULL, err);
    if (!ret)
        ret = set_live(self, sensitivity, regions, err);
    if (!ret && onsets)
        ret = s2v_session_set_option(base->session, "onsets", onsets, err);
    if (!ret && synthesis)
        ret =
            s2v_session_set_option(base->session, "synthesis", synthesis, err);
    if (!ret)
        ret = set_reference(self, ref, err);
    g_free(ref);
    g_free(regions);
    g_free(onsets);
    g_free(synthesis);
    return ret;
}

static void start(GstS2VBase *base)
{
    GstV2SFoley *self = GST_V2S_FOLEY(base);
    GST_OBJECT_LOCK(self);
    self->picture = 0;
    GST_OBJECT_UNLOCK(self);
}

static GstStateChangeReturn change_state(GstElement *element,
                                         GstStateChange transition)
{
    GstV2SFoley *self = GST_V2S_FOLEY(element);
    if (self->own && transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        gst_v2s_foley_mix_start(self);
    if (self->own && transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        gst_v2s_foley_mix_stop(self, TRUE);
    return GST_ELEMENT_CLASS(gst_v2s_foley_parent_class)
        ->change_state(element, transition);
}

/* One, before the element starts. */
static GstPad *request_pad(GstElement *element, GstPadTemplate *templ,
                           const gchar *name, const GstCaps *caps)
{
    GstV2SFoley *self = GST_V2S_FOLEY(element);
    (void)name;
    (void)caps;
    if (self->own || GST_STATE(element) > GST_STATE_READY)
        return NULL;
    return gst_v2s_foley_mix_request(self, templ);
}

/* -------------------------------------------------------------- object -- */

static void set_property(GObject *object, guint id, const GValue *value,
                         GParamSpec *spec)
{
    GstV2SFoley *self = GST_V2S_FOLEY(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_MODEL: gst_s2v_set_string(&self->base.path, value); break;
    case PROP_REF: gst_s2v_set_string(&self->ref, value); break;
    case PROP_LATENCY: self->latency = g_value_get_int(value); break;
    case PROP_GAIN: self->gain = g_value_get_double(value); break;
    case PROP_SENSITIVITY:
        self->sensitivity = g_value_get_double(value);
        self->changed = TRUE;
        break;
    case PROP_REGIONS:
        gst_s2v_set_string(&self->regions, value);
        self->changed = TRUE;
        break;
    case PROP_ONSETS: gst_s2v_set_string(&self->onsets, value); break;
    case PROP_SYNTHESIS: gst_s2v_set_string(&self->synthesis, value); break;
    case PROP_MIX: self->mix = g_value_get_double(value); break;
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
    case PROP_MODEL: g_value_set_string(value, self->base.path); break;
    case PROP_REF: g_value_set_string(value, self->ref); break;
    case PROP_LATENCY: g_value_set_int(value, self->latency); break;
    case PROP_GAIN: g_value_set_double(value, self->gain); break;
    case PROP_SENSITIVITY: g_value_set_double(value, self->sensitivity); break;
    case PROP_REGIONS: g_value_set_string(value, self->regions); break;
    case PROP_ONSETS: g_value_set_string(value, self->onsets); break;
    case PROP_SYNTHESIS: g_value_set_string(value, self->synthesis); break;
    case PROP_MIX: g_value_set_double(value, self->mix); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    GstV2SFoley *self = GST_V2S_FOLEY(object);
    g_free(self->ref);
    g_free(self->regions);
    g_free(self->onsets);
    g_free(self->synthesis);
    gst_v2s_foley_mix_free(self->own);
    G_OBJECT_CLASS(gst_v2s_foley_parent_class)->finalize(object);
}

static void gst_v2s_foley_init(GstV2SFoley *self)
{
    self->base.path = g_strdup("foley.bin");
    self->sensitivity = 1.0;
}

/* `model` is another one than the base's: it has a default, and is opened with
 * the state change to READY alone. */
static void install_properties(GObjectClass *object_class)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        object_class, PROP_MODEL,
        g_param_spec_string(
            "model", "Model",
            "Location of the model's weight file. A name without a slash is "
            "searched for in the current directory, the directories in "
            "S2V_MODEL_PATH and the installed models",
            "foley.bin", flags));
    g_object_class_install_property(
        object_class, PROP_REF,
        g_param_spec_string("ref", "Reference",
                            "File name or URI of the reference audio that sets "
                            "the timbre; the first minute is used (null = the "
                            "mean timbre of the training data)",
                            NULL, flags));
    g_object_class_install_property(
        object_class, PROP_LATENCY,
        g_param_spec_int(
            "latency", "Latency",
            "Maximum time that audio waits for later video, in milliseconds (0 "
            "= one window of the model, best quality)",
            0, G_MAXINT, 0, flags));
    g_object_class_install_property(
        object_class, PROP_GAIN,
        g_param_spec_double("gain", "Gain", "Gain applied to the audio, in dB",
                            -100.0, 100.0, 0.0,
                            flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_SENSITIVITY,
        g_param_spec_double("sensitivity", "Sensitivity",
                            "Factor of the motion that the model sees: below 1 "
                            "small motions are heard less, above 1 more",
                            0.0, 100.0, 1.0,
                            flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_REGIONS,
        g_param_spec_string(
            "regions", "Regions",
            "Regions of the picture that sound, x:y:width:height in pixels or "
            "in fractions of it, with + between several (null = all)",
            NULL, flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_ONSETS,
        g_param_spec_string(
            "onsets", "Onsets",
            "File that the times of the onsets are written to; one that has "
            "any is read, and its onsets sound instead (null = none)",
            NULL, flags));
    g_object_class_install_property(
        object_class, PROP_SYNTHESIS,
        g_param_spec_string(
            "synthesis", "Synthesis",
            "What makes the sound: 'vocoder', the model's, or 'strokes', those "
            "of the reference itself at the onsets (null = vocoder)",
            NULL, flags));
    g_object_class_install_property(
        object_class, PROP_MIX,
        g_param_spec_double("mix", "Mix",
                            "Gain of the film's own sound, which comes through "
                            "the request pad of this name and is added, in dB",
                            -100.0, 100.0, 0.0,
                            flags | GST_PARAM_MUTABLE_PLAYING));
}

static void gst_v2s_foley_class_init(GstV2SFoleyClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstS2VBaseClass *base_class = GST_S2V_BASE_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    base_class->name = "v2sfoley";
    base_class->debug = gst_v2s_foley_debug;
    base_class->input = S2V_MEDIUM_VIDEO;
    base_class->suffix = "/v2s";
    base_class->settings = add_settings;
    base_class->open = open_session;
    base_class->start = start;
    base_class->drain = drain;
    base_class->resume = resume;
    base_class->restart = restart;
    base_class->caps = pad_caps;
    base_class->chain = chain;
    base_class->continues = continues;
    base_class->latency = latency;
    base_class->sink_event = sink_event;
    base_class->src_event = src_event;
    element_class->change_state = change_state;
    element_class->request_new_pad = request_pad;
    install_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &mix_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Video to audio", "Filter/Converter/Video/Audio",
        "Generates audio for silent video with a neural network, in the timbre "
        "of a reference",
        "The s2v developers");
}
