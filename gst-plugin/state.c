/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The property `state`: a stream that was interrupted goes on where it was
 * saved. The times of the sound say what the session had already.
 */
#include "gsts2vgen.h"
#include "state_file.h"

#include <stdio.h>

#define GST_CAT_DEFAULT gst_s2v_gen_debug

/* The property's file, to be freed; NULL: none. */
static char *state_file(GstS2VGen *self)
{
    GST_OBJECT_LOCK(self);
    char *file = gst_s2v_state_file(self->state);
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

void gst_s2v_gen_save_state(GstS2VGen *self)
{
    char *file = is_due(self) ? state_file(self) : NULL;
    if (!file)
        return;
    char *note = g_strdup_printf("s2vgen %" G_GUINT64_FORMAT
                                 " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                 self->base.start, self->made, self->heard);
    gst_s2v_state_save(GST_ELEMENT(self), self->base.session, file, note,
                       &self->state_warned);
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

gboolean gst_s2v_gen_load_state(GstS2VGen *self)
{
    char *file = self->state_loaded ? NULL : state_file(self);
    const char *note = NULL;
    self->state_loaded = TRUE;
    gboolean ok =
        !file || gst_s2v_state_restore(GST_ELEMENT(self), self->base.session,
                                       file, &note);
    if (ok && note && !read_note(self, note)) {
        gst_s2v_state_refuse(GST_ELEMENT(self), file);
        ok = FALSE;
    }
    if (ok && note) {
        fill_recent(self);
        self->base.started = self->resuming = TRUE;
        GST_INFO_OBJECT(
            self, "the stream goes on at frame %" G_GUINT64_FORMAT ", from %s",
            self->made, file);
    }
    g_free(file);
    return ok;
}

void gst_s2v_gen_drop_state(GstS2VGen *self)
{
    char *file = state_file(self);
    gst_s2v_state_drop(file);
    g_free(file);
}
