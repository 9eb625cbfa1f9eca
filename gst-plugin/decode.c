/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of any format, decoded by a pipeline of their own. */
#include "decode.h"

#include <string.h>

#define PATIENCE (30 * GST_SECOND) /* without a sample */

enum { MOST = 8 }; /* elements */

typedef struct Reading {
    const GstS2VDecoding *decoding;
    GstElement *pipeline, *first; /* first: that converts */
    gboolean enough;              /* of the pipeline's thread */
    gint linked;                  /* atomic: its medium was found */
} Reading;

/* Wakes the thread that waits, from the pipeline's own. */
static void post_message(Reading *r, const char *what)
{
    GstStructure *s = gst_structure_new_empty(what);
    gst_element_post_message(
        r->pipeline, gst_message_new_application(GST_OBJECT(r->pipeline), s));
}

static void take(GstElement *sink, GstBuffer *buffer, GstPad *pad,
                 gpointer data)
{
    Reading *r = data;
    GstCaps *caps = gst_pad_get_current_caps(pad);
    (void)sink;
    if (caps && !r->enough &&
        !r->decoding->take(r->decoding->data, buffer, caps)) {
        r->enough = TRUE;
        post_message(r, "enough");
    }
    gst_clear_caps(&caps);
}

static void link_pad(GstElement *source, GstPad *pad, gpointer data)
{
    Reading *r = data;
    (void)source;
    GstPad *sink = gst_element_get_static_pad(r->first, "sink");
    if (!gst_pad_is_linked(sink) && gst_pad_link(pad, sink) == GST_PAD_LINK_OK)
        g_atomic_int_set(&r->linked, 1);
    gst_object_unref(sink);
}

static void all_pads(GstElement *source, gpointer data)
{
    (void)source;
    if (!g_atomic_int_get(&((Reading *)data)->linked))
        post_message(data, "nothing");
}

/* Add an element behind the last one; NULL: it is not installed. */
static GstElement *add(Reading *r, GstElement *last, const char *name)
{
    GstElement *e = gst_element_factory_make(name, NULL);
    if (!e)
        return NULL;
    gst_bin_add(GST_BIN(r->pipeline), e);
    return !last || gst_element_link(last, e) ? e : NULL;
}

/* The converters, those that must be there and those that may; the last. */
static GstElement *add_converters(Reading *r)
{
    const GstS2VDecoding *d = r->decoding;
    GstElement *last = NULL;
    for (const char *const *name = d->elements; *name; name++) {
        last = add(r, last, *name);
        if (!last)
            return NULL;
        r->first = r->first ? r->first : last;
    }
    for (const char *const *name = d->optional; name && *name; name++) {
        GstElement *more = add(r, last, *name);
        last = more ? more : last;
        if (more && g_object_class_find_property(G_OBJECT_GET_CLASS(more),
                                                 "video-direction"))
            gst_util_set_object_arg(G_OBJECT(more), "video-direction", "auto");
    }
    return last;
}

static gboolean build(Reading *r, const char *uri)
{
    const GstS2VDecoding *d = r->decoding;
    r->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    GstElement *source = add(r, NULL, "uridecodebin");
    GstElement *last = add_converters(r);
    GstElement *filter = last ? add(r, last, "capsfilter") : NULL;
    GstElement *sink = filter ? add(r, filter, "fakesink") : NULL;
    if (!source || !sink)
        return FALSE;
    char *any = g_strdup_printf("%s/x-raw(ANY)", d->medium);
    gst_util_set_object_arg(G_OBJECT(source), "caps", any);
    g_object_set(source, "uri", uri, "expose-all-streams", FALSE, NULL);
    gst_util_set_object_arg(G_OBJECT(filter), "caps", d->caps);
    g_object_set(sink, "signal-handoffs", TRUE, "sync", FALSE, NULL);
    g_free(any);
    g_signal_connect(source, "pad-added", G_CALLBACK(link_pad), r);
    g_signal_connect(source, "no-more-pads", G_CALLBACK(all_pads), r);
    g_signal_connect(sink, "handoff", G_CALLBACK(take), r);
    return TRUE;
}

/* What ended the reading: NULL, or why nothing was read. Frees the message. */
static char *reason(const Reading *r, GstMessage *message)
{
    GError *error = NULL;
    char *why = NULL;
    if (!message)
        return g_strdup("timeout");
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, NULL);
        why = g_strdup(error->message);
        g_error_free(error);
    } else if (gst_message_has_name(message, "nothing")) {
        why = g_strdup_printf("it has no %s", r->decoding->medium);
    }
    gst_message_unref(message);
    return why;
}

/* Run the pipeline to the end; NULL, or why it did not get there. */
static char *run(const Reading *r)
{
    GstBus *bus = gst_element_get_bus(r->pipeline);
    gst_element_set_state(r->pipeline, GST_STATE_PLAYING);
    GstMessage *message = gst_bus_timed_pop_filtered(
        bus, PATIENCE,
        GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION);
    gst_element_set_state(r->pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    return reason(r, message);
}

static char *not_installed(const GstS2VDecoding *d)
{
    char *names = g_strjoinv(" or ", (char **)d->elements);
    char *why = g_strdup_printf("uridecodebin, %s is not installed", names);
    g_free(names);
    return why;
}

static int say(s2v_error *err, const GstS2VDecoding *d, const char *why)
{
    err->code = S2V_ERR_IO;
    g_snprintf(err->message, sizeof(err->message),
               "The %s '%s' cannot be read: %s", d->what, d->file, why);
    return err->code;
}

int gst_s2v_decode(const GstS2VDecoding *d, s2v_error *err)
{
    Reading r = {.decoding = d};
    GError *error = NULL;
    int ret = S2V_OK;
    char *uri = gst_uri_is_valid(d->file)
                    ? g_strdup(d->file)
                    : gst_filename_to_uri(d->file, &error);
    if (!uri) {
        ret = say(err, d, error->message);
        g_error_free(error);
        return ret;
    }
    char *why = build(&r, uri) ? run(&r) : not_installed(d);
    if (why)
        ret = say(err, d, why);
    gst_object_unref(r.pipeline);
    g_free(why);
    g_free(uri);
    return ret;
}
