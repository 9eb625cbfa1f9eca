/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The property `state`: a stream that was interrupted goes on where it was
 * saved. The times of the sound say what the session had already.
 */
#include "gsts2vgen.h"

#include <glib/gstdio.h>
#include <stdio.h>

#define GST_CAT_DEFAULT gst_s2v_gen_debug

/* The property's file, to be freed; NULL: none. */
static char *state_file(GstS2VGen *self)
{
    GST_OBJECT_LOCK(self);
    char *file = self->state && *self->state
                     ? g_filename_from_utf8(self->state, -1, NULL, NULL, NULL)
                     : NULL;
    GST_OBJECT_UNLOCK(self);
    return file;
}

static gboolean is_due(GstS2VGen *self)
{
    const s2v_model_info *info = &self->base.current->info;
    GST_OBJECT_LOCK(self);
    gboolean any = self->state && *self->state;
    guint64 interval =
        gst_util_uint64_scale((guint64)self->state_interval,
                              (guint64)info->fps_num, (guint64)info->fps_den);
    GST_OBJECT_UNLOCK(self);
    return any && self->made % MAX(interval, 1) == 0;
}

/* A state that cannot be saved is no reason to stop: it is said once. */
static void warn(GstS2VGen *self, const char *file, const char *why)
{
    if (!self->state_warned)
        GST_ELEMENT_WARNING(
            self, RESOURCE, WRITE,
            ("The state cannot be saved to '%s': %s.", file, why), (NULL));
    self->state_warned = TRUE;
}

void gst_s2v_gen_save_state(GstS2VGen *self)
{
    const void *data;
    size_t size;
    s2v_error err = {0};
    GError *error = NULL;
    char *file = is_due(self) ? state_file(self) : NULL;
    if (!file)
        return;
    char *note = g_strdup_printf("s2vgen %" G_GUINT64_FORMAT
                                 " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                 self->base.start, self->made, self->heard);
    if (s2v_session_save(self->base.session, note, &data, &size, &err) < 0)
        warn(self, file, err.message);
    else if (!g_file_set_contents(file, data, (gssize)size, &error))
        warn(self, file, error->message);
    g_clear_error(&error);
    g_free(note);
    g_free(file);
}

/* What the session is to hear from the next frame's start on, should another
 * one take its place: silence, for what it has heard is not in the state. */
static void fill_recent(GstS2VGen *self)
{
    guint64 start = gst_s2v_model_samples(self->base.current, self->made);
    const float zero = 0;
    g_array_set_size(self->recent, 0);
    for (; start < self->heard; start++)
        g_array_append_val(self->recent, zero);
}

static gboolean read_note(GstS2VGen *self, const char *note)
{
    guint64 start, made, heard;
    int end = 0;
    if (sscanf(note,
               "s2vgen %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
               " %" G_GUINT64_FORMAT "%n",
               &start, &made, &heard, &end) < 3 ||
        !end || note[end] || heard > G_MAXINT64 / 2 || made > G_MAXINT64 / 2 ||
        gst_s2v_model_samples(self->base.current, made) > heard)
        return FALSE;
    self->base.start = start;
    self->made = made;
    self->heard = heard;
    return TRUE;
}

static gboolean restore(GstS2VGen *self, const char *file, const char *data,
                        gsize size)
{
    const char *note = NULL;
    s2v_error err = {0};
    const int ret =
        s2v_session_restore(self->base.session, data, size, &note, &err);
    if (ret < 0 || !read_note(self, note)) {
        GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS,
                          ("%s: %s; without this file, the stream starts anew.",
                           file,
                           ret < 0 ? err.message
                                   : "the state of a session that was not "
                                     "this element's"),
                          (NULL));
        return FALSE;
    }
    fill_recent(self);
    self->base.started = self->resuming = TRUE;
    GST_INFO_OBJECT(
        self, "the stream goes on at frame %" G_GUINT64_FORMAT ", from %s",
        self->made, file);
    return TRUE;
}

gboolean gst_s2v_gen_load_state(GstS2VGen *self)
{
    char *file = self->state_loaded ? NULL : state_file(self), *data = NULL;
    gsize size = 0;
    GError *error = NULL;
    gboolean ok = TRUE;
    self->state_loaded = TRUE;
    if (!file || !g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_free(file);
        return TRUE;
    }
    if (g_file_get_contents(file, &data, &size, &error))
        ok = restore(self, file, data, size);
    else
        GST_ELEMENT_ERROR(self, RESOURCE, READ, ("%s", error->message), (NULL));
    ok = ok && !error;
    g_clear_error(&error);
    g_free(data);
    g_free(file);
    return ok;
}

void gst_s2v_gen_drop_state(GstS2VGen *self)
{
    char *file = state_file(self);
    if (file)
        g_unlink(file);
    g_free(file);
}
