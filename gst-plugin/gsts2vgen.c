/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-s2vgen
 * @title: s2vgen
 * @short_description: generates video from audio with a neural network
 *
 * s2vgen takes mono audio at the model's sample rate and generates video frames
 * at the model's size and frame rate. They show the scene that the model was
 * trained on, animated by the audio, or the portrait that it is given.
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
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! queue !
 *     s2vgen model=talker.bin image=face.png ! videoconvert ! autovideosink
 * ]| A portrait says what the microphone hears.
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! queue !
 *     s2vgen model=ffhq.bin motion=0.8 chroma=0.3 ! videoconvert !
 * autovideosink
 * ]| A StyleGAN, moved by what the microphone hears.
 *
 * Since: 0.1
 */
#include "gsts2vgen.h"

GST_DEBUG_CATEGORY(gst_s2v_gen_debug);
#define GST_CAT_DEFAULT gst_s2v_gen_debug

enum { PROP_0, PROP_SEED, PROP_LEVEL, PROP_QOS, PROP_IMAGE, PROP_OPTIONS };

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(
        F32) ", layout=interleaved, channels=1, rate=[1, max]"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("RGB") ", pixel-aspect-ratio=1/1"));

G_DEFINE_TYPE(GstS2VGen, gst_s2v_gen, GST_TYPE_S2V_BASE)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(
    s2vgen, "s2vgen", GST_RANK_NONE, GST_TYPE_S2V_GEN,
    GST_DEBUG_CATEGORY_INIT(gst_s2v_gen_debug, "s2vgen", 0, "sound to video"))

/* -------------------------------------------------------------- models -- */

static void add_settings(GstS2VBase *base, GstS2VSettings *settings)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    settings->level = g_strdup(self->level);
    settings->image = g_strdup(self->image);
    settings->options = gst_s2v_options_copy(self->options);
}

/* Under the lock: set an option, or with NULL unset it; the old value. */
static char *exchange(GstS2VGen *self, const char *name, const char *value)
{
    char *old = g_strdup(g_hash_table_lookup(self->options, name));
    if (value)
        g_hash_table_insert(self->options, g_strdup(name), g_strdup(value));
    else
        g_hash_table_remove(self->options, name);
    return old;
}

/* An option is set, or unset by its default. Those that are read when a model
 * is opened open the one in use anew, and what it cannot use changes nothing;
 * of the others, the next frame tells that. A controller sets them for each
 * frame, mostly as before. */
static void set_option(GstS2VGen *self, const char *name, const GValue *value)
{
    s2v_error err;
    char *text = gst_s2v_option_text(value);
    if (text && gst_s2v_option_is_default(name, text))
        g_clear_pointer(&text, g_free);
    GST_OBJECT_LOCK(self);
    char *old = exchange(self, name, text);
    gboolean same = !g_strcmp0(old, text);
    self->changed = self->changed || !same;
    GST_OBJECT_UNLOCK(self);
    if (!same && !gst_s2v_option_is_live(name) &&
        gst_s2v_base_reopen(&self->base, &err) < 0) {
        GST_OBJECT_LOCK(self);
        g_free(exchange(self, name, old));
        GST_OBJECT_UNLOCK(self);
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
    }
    g_free(text);
    g_free(old);
}

/* The same of the image. */
static void set_image(GstS2VGen *self, const char *file)
{
    s2v_error err;
    GST_OBJECT_LOCK(self);
    char *old = self->image;
    self->image = file && *file ? g_strdup(file) : NULL;
    GST_OBJECT_UNLOCK(self);
    if (gst_s2v_base_reopen(&self->base, &err) < 0) {
        GST_OBJECT_LOCK(self);
        char *refused = self->image;
        self->image = old;
        old = refused;
        GST_OBJECT_UNLOCK(self);
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
    }
    g_free(old);
}

/*
 * `level` is set. Once a model is open, a wrong one changes nothing: were it
 * kept, no session could be made with it, nor another model opened. Before, the
 * state change to READY says it.
 */
static void set_level(GstS2VGen *self, const char *level)
{
    s2v_error err;
    g_mutex_lock(&self->base.open_lock);
    GST_OBJECT_LOCK(self);
    GstS2VModel *model = gst_s2v_model_ref(self->base.current);
    GST_OBJECT_UNLOCK(self);
    gboolean ok = !model || !gst_s2v_model_check_level(model, level, &err);
    if (ok) {
        GST_OBJECT_LOCK(self);
        g_free(self->level);
        self->level = g_strdup(level);
        self->renew = TRUE;
        GST_OBJECT_UNLOCK(self);
    }
    g_mutex_unlock(&self->base.open_lock);
    gst_s2v_model_unref(model);
    if (!ok)
        gst_s2v_post_warning(GST_ELEMENT(self), &err);
}

/* --------------------------------------------------------------- states -- */

static void start(GstS2VBase *base)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    GST_OBJECT_LOCK(self);
    self->renew = self->changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    gst_video_info_init(&self->vinfo);
    self->frame = self->processed = self->dropped = 0;
    gst_s2v_gen_reset_qos(self);
}

static void stop(GstS2VBase *base)
{
    s2v_session_close(&base->session);
    gst_s2v_gen_release_pool(GST_S2V_GEN(base));
}

/* --------------------------------------------------------------- events -- */

static gboolean take_gap(GstS2VGen *self, GstEvent *event)
{
    GstClockTime time, duration;
    gst_event_parse_gap(event, &time, &duration);
    gst_event_unref(event);
    GstFlowReturn flow = gst_s2v_gen_take_gap(self, time, duration);
    return flow == GST_FLOW_OK;
}

static gboolean sink_event(GstS2VBase *base, GstEvent *event)
{
    GstS2VGen *self = GST_S2V_GEN(base);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS:
        gst_event_unref(event);
        return gst_s2v_gen_negotiate(self) == GST_FLOW_OK;
    case GST_EVENT_GAP: return take_gap(self, event);
    case GST_EVENT_FLUSH_STOP: gst_s2v_gen_reset_qos(self); break;
    default: break;
    }
    return GST_S2V_BASE_CLASS(gst_s2v_gen_parent_class)
        ->sink_event(base, event);
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

static gboolean src_event(GstS2VBase *base, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
        note_qos(GST_S2V_GEN(base), event);
    return GST_S2V_BASE_CLASS(gst_s2v_gen_parent_class)->src_event(base, event);
}

/* --------------------------------------------------------------- object -- */

/* Frames are the model's, once there is one. */
static GstCaps *pad_caps(GstS2VBase *base, GstPad *pad)
{
    GstVideoInfo info;
    GST_OBJECT_LOCK(base);
    gboolean known = pad == base->srcpad && base->current;
    if (known)
        gst_s2v_gen_video_info(base->current, &info);
    GST_OBJECT_UNLOCK(base);
    return known
               ? gst_video_info_to_caps(&info)
               : GST_S2V_BASE_CLASS(gst_s2v_gen_parent_class)->caps(base, pad);
}

static void set_property(GObject *object, guint id, const GValue *value,
                         GParamSpec *spec)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    if (id == PROP_LEVEL) {
        set_level(self, g_value_get_string(value));
        return;
    }
    if (id == PROP_IMAGE) {
        set_image(self, g_value_get_string(value));
        return;
    }
    if (id >= PROP_OPTIONS) {
        set_option(self, g_param_spec_get_nick(spec), value);
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SEED:
        self->seed = g_value_get_int64(value);
        self->renew = TRUE;
        break;
    case PROP_QOS: self->qos = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

/* Under the lock. */
static void get_option(GstS2VGen *self, const char *name, GValue *value)
{
    const GstS2VModel *model = self->base.current;
    gst_s2v_option_get(name, model ? model->info.name : NULL,
                       g_hash_table_lookup(self->options, name), value);
}

static void get_property(GObject *object, guint id, GValue *value,
                         GParamSpec *spec)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SEED: g_value_set_int64(value, self->seed); break;
    case PROP_LEVEL: g_value_set_string(value, self->level); break;
    case PROP_QOS: g_value_set_boolean(value, self->qos); break;
    case PROP_IMAGE: g_value_set_string(value, self->image); break;
    default:
        if (id >= PROP_OPTIONS) {
            get_option(self, g_param_spec_get_nick(spec), value);
            break;
        }
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void finalize(GObject *object)
{
    GstS2VGen *self = GST_S2V_GEN(object);
    g_array_unref(self->recent);
    g_array_unref(self->zeros);
    g_free(self->level);
    g_free(self->image);
    g_hash_table_unref(self->options);
    g_hash_table_unref(self->used);
    G_OBJECT_CLASS(gst_s2v_gen_parent_class)->finalize(object);
}

static void gst_s2v_gen_init(GstS2VGen *self)
{
    self->level = g_strdup("auto");
    self->qos = TRUE;
    self->options = gst_s2v_options_new();
    self->used = gst_s2v_options_new();
    self->recent = g_array_new(FALSE, FALSE, sizeof(float));
    self->zeros = g_array_new(FALSE, TRUE, sizeof(float));
}

static void install_properties(GObjectClass *object_class)
{
    const GParamFlags both = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        object_class, PROP_SEED,
        g_param_spec_int64(
            "seed", "Seed",
            "Seed of the model's random noise (-1 = random). The same audio, "
            "model and seed give the same frames. When set while playing, the "
            "model restarts at the next frame",
            -1, G_MAXUINT32, 0, both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_LEVEL,
        g_param_spec_string(
            "level", "Level",
            "Loudness of the audio: auto (normalize to the loudness the model "
            "was trained at), off, or a gain in dB. When set while playing, "
            "the model restarts at the next frame; an invalid value is ignored "
            "and a warning is posted",
            "auto", both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_QOS,
        g_param_spec_boolean("qos", "QoS",
                             "Drop late frames. They are still generated, so "
                             "later frames stay the same",
                             TRUE, both | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        object_class, PROP_IMAGE,
        g_param_spec_string(
            "image", "Image",
            "File name or URI of the image that a model animates: a portrait. "
            "When set while playing, the model restarts at a later frame",
            NULL, both | GST_PARAM_MUTABLE_PLAYING));
    gst_s2v_options_install(object_class, PROP_OPTIONS);
}

static void gst_s2v_gen_class_init(GstS2VGenClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstS2VBaseClass *base_class = GST_S2V_BASE_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    base_class->name = "s2vgen";
    base_class->debug = gst_s2v_gen_debug;
    base_class->input = S2V_MEDIUM_AUDIO;
    base_class->suffix = "/s2v";
    base_class->settings = add_settings;
    base_class->start = start;
    base_class->stop = stop;
    base_class->restart = gst_s2v_gen_restart;
    base_class->drain = gst_s2v_gen_drain;
    base_class->resume = gst_s2v_gen_resume;
    base_class->chain = gst_s2v_gen_take_sound;
    base_class->continues = gst_s2v_gen_continues;
    base_class->caps = pad_caps;
    base_class->sink_event = sink_event;
    base_class->src_event = src_event;
    install_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Audio to video", "Visualization",
        "Generates video from audio with a neural network trained on a clip",
        "The s2v developers");
}
