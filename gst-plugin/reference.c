/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References: a sound of any format, decoded by a pipeline of its own. */
#include "gstv2sfoley.h"

#define PATIENCE (30 * GST_SECOND) /* without a sample */

typedef struct Reading {
    GstElement *pipeline, *convert, *sink;
    GArray *samples;
    guint most;
    gint linked; /* atomic: sound was found */
} Reading;

/* Wakes the thread that waits, from the pipeline's own. */
static void post_message(Reading *r, const char *what)
{
    GstStructure *s = gst_structure_new_empty(what);
    gst_element_post_message(
        r->pipeline, gst_message_new_application(GST_OBJECT(r->pipeline), s));
}

/* All channels count the same, without the 3 dB that a usual mix adds to two.
 */
static void take(GstElement *sink, GstBuffer *buffer, GstPad *pad,
                 gpointer data)
{
    Reading *r = data;
    GstAudioInfo info;
    GstMapInfo map;
    (void)sink;
    GstCaps *caps = gst_pad_get_current_caps(pad);
    gboolean known = caps && gst_audio_info_from_caps(&info, caps);
    gst_clear_caps(&caps);
    if (!known || r->samples->len >= r->most ||
        !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return;
    const gfloat *from = (const gfloat *)map.data;
    const gsize frames = map.size / (gsize)info.bpf;
    for (gsize i = 0; i < frames && r->samples->len < r->most; i++) {
        gdouble sum = 0;
        for (gint c = 0; c < info.channels; c++)
            sum += from[i * (gsize)info.channels + (gsize)c];
        const gfloat mean = (gfloat)(sum / info.channels);
        g_array_append_val(r->samples, mean);
    }
    gst_buffer_unmap(buffer, &map);
    if (r->samples->len >= r->most)
        post_message(r, "enough");
}

static void link_pad(GstElement *source, GstPad *pad, gpointer data)
{
    Reading *r = data;
    (void)source;
    GstPad *sink = gst_element_get_static_pad(r->convert, "sink");
    if (!gst_pad_is_linked(sink) && gst_pad_link(pad, sink) == GST_PAD_LINK_OK)
        g_atomic_int_set(&r->linked, 1);
    gst_object_unref(sink);
}

static void all_pads(GstElement *source, gpointer data)
{
    (void)source;
    if (!g_atomic_int_get(&((Reading *)data)->linked))
        post_message(data, "no-sound");
}

static gboolean build(Reading *r, const char *uri, gint rate)
{
    static const char *const names[] = {"uridecodebin", "audioconvert",
                                        "audioresample", "capsfilter",
                                        "fakesink"};
    GstElement *e[G_N_ELEMENTS(names)];
    gboolean all = TRUE;
    r->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        e[i] = gst_element_factory_make(names[i], NULL);
        all = e[i] && gst_bin_add(GST_BIN(r->pipeline), e[i]) && all;
    }
    if (!all || !gst_element_link_many(e[1], e[2], e[3], e[4], NULL))
        return FALSE;
    r->convert = e[1];
    GstCaps *sound = gst_caps_from_string("audio/x-raw(ANY)");
    GstCaps *caps = gst_caps_new_simple(
        "audio/x-raw", "format", G_TYPE_STRING, GST_AUDIO_NE(F32), "layout",
        G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, rate, NULL);
    g_object_set(e[0], "uri", uri, "caps", sound, "expose-all-streams", FALSE,
                 NULL);
    g_object_set(e[3], "caps", caps, NULL);
    g_object_set(e[4], "signal-handoffs", TRUE, "sync", FALSE, NULL);
    gst_caps_unref(caps);
    gst_caps_unref(sound);
    g_signal_connect(e[0], "pad-added", G_CALLBACK(link_pad), r);
    g_signal_connect(e[0], "no-more-pads", G_CALLBACK(all_pads), r);
    g_signal_connect(e[4], "handoff", G_CALLBACK(take), r);
    return TRUE;
}

/* What ended the reading: NULL, or why nothing was read. Frees the message. */
static char *reason(GstMessage *message)
{
    GError *error = NULL;
    char *why = NULL;
    if (!message)
        return g_strdup("timeout");
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, NULL);
        why = g_strdup(error->message);
        g_error_free(error);
    } else if (gst_message_has_name(message, "no-sound")) {
        why = g_strdup("it has no audio");
    }
    gst_message_unref(message);
    return why;
}

/* Run the pipeline to the end; NULL, or why it did not get there. */
static char *run(Reading *r)
{
    GstBus *bus = gst_element_get_bus(r->pipeline);
    gst_element_set_state(r->pipeline, GST_STATE_PLAYING);
    GstMessage *message = gst_bus_timed_pop_filtered(
        bus, PATIENCE,
        GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION);
    gst_element_set_state(r->pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    return reason(message);
}

static void say(s2v_error *err, const char *ref, const char *why)
{
    err->code = S2V_ERR_IO;
    g_snprintf(err->message, sizeof(err->message),
               "The reference '%s' cannot be read: %s", ref, why);
}

GArray *gst_v2s_foley_read_reference(const char *ref, gint rate, guint most,
                                     s2v_error *err)
{
    Reading r = {.most = most};
    GError *error = NULL;
    char *uri = gst_uri_is_valid(ref) ? g_strdup(ref)
                                      : gst_filename_to_uri(ref, &error);
    if (!uri) {
        say(err, ref, error->message);
        g_error_free(error);
        return NULL;
    }
    r.samples = g_array_new(FALSE, FALSE, sizeof(gfloat));
    char *why = build(&r, uri, rate)
                    ? run(&r)
                    : g_strdup("uridecodebin, audioconvert or audioresample "
                               "is not installed");
    if (why) {
        say(err, ref, why);
        g_clear_pointer(&r.samples, g_array_unref);
    }
    gst_object_unref(r.pipeline);
    g_free(why);
    g_free(uri);
    return r.samples;
}
