/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The property `state`: a stream that was interrupted goes on where it was
 * saved. The file has the session's state, and as its note the element's name
 * and three numbers: where the output starts, how much of it was made, and
 * what input the session had.
 */
#include "gsts2vbase.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define GST_CAT_DEFAULT (GST_S2V_BASE_GET_CLASS(self)->debug)

/* The property's file, to be freed; NULL: none. */
static char *state_file(GstS2VBase *self)
{
    GST_OBJECT_LOCK(self);
    char *file = self->state && *self->state
                     ? g_filename_from_utf8(self->state, -1, NULL, NULL, NULL)
                     : NULL;
    GST_OBJECT_UNLOCK(self);
    return file;
}

gboolean gst_s2v_base_has_state(GstS2VBase *self)
{
    GST_OBJECT_LOCK(self);
    const gboolean any = self->state && *self->state;
    GST_OBJECT_UNLOCK(self);
    return any;
}

/* How much output there is in an interval: frames, or samples. */
static guint64 interval_of(GstS2VBase *self)
{
    const s2v_model_info *info = &self->current->info;
    GST_OBJECT_LOCK(self);
    const guint64 seconds = (guint64)self->state_interval;
    GST_OBJECT_UNLOCK(self);
    if (GST_S2V_BASE_GET_CLASS(self)->input == S2V_MEDIUM_VIDEO)
        return seconds * (guint64)info->sample_rate;
    const guint64 frames = gst_util_uint64_scale(
        seconds, (guint64)info->fps_num, (guint64)info->fps_den);
    return MAX(frames, 1);
}

/* Whether output of another interval has been made. */
static gboolean is_due(GstS2VBase *self, guint64 made)
{
    const guint64 interval = interval_of(self);
    if (!gst_s2v_base_has_state(self) || made / interval <= self->state_saves)
        return FALSE;
    self->state_saves = made / interval;
    return TRUE;
}

/* -------------------------------------------------------------- saving -- */

static void warn(GstS2VBase *self, const char *file, const char *why)
{
    if (!self->state_warned)
        GST_ELEMENT_WARNING(
            self, RESOURCE, WRITE,
            ("The state cannot be saved to '%s': %s.", file, why), (NULL));
    self->state_warned = TRUE;
}

void gst_s2v_base_save_state(GstS2VBase *self, guint64 made, guint64 taken)
{
    const void *data;
    size_t size;
    s2v_error err = {0};
    GError *error = NULL;
    char *file = is_due(self, made) ? state_file(self) : NULL;
    if (!file)
        return;
    char *note = g_strdup_printf(
        "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
        GST_S2V_BASE_GET_CLASS(self)->name, self->start, made, taken);
    if (s2v_session_save(self->session, note, &data, &size, &err) < 0)
        warn(self, file, err.message);
    else if (!g_file_set_contents(file, data, (gssize)size, &error))
        warn(self, file, error->message);
    g_clear_error(&error);
    g_free(note);
    g_free(file);
}

void gst_s2v_base_drop_state(GstS2VBase *self)
{
    char *file = state_file(self);
    if (file)
        g_unlink(file);
    g_free(file);
}

/* ----------------------------------------------------------- restoring -- */

static void refuse(GstS2VBase *self, const char *file, const char *why)
{
    GST_ELEMENT_ERROR(
        self, LIBRARY, SETTINGS,
        ("%s: %s; without this file, the stream starts anew.", file, why),
        (NULL));
}

/* Restore the session, if the file exists.
 *
 * note: receives the element's own part, the session's; NULL: no file */
static gboolean restore(GstS2VBase *self, const char *file, const char **note)
{
    char *data = NULL;
    gsize size = 0;
    GError *error = NULL;
    s2v_error err = {0};
    *note = NULL;
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!g_file_get_contents(file, &data, &size, &error)) {
        GST_ELEMENT_ERROR(self, RESOURCE, READ, ("%s", error->message), (NULL));
        g_clear_error(&error);
        return FALSE;
    }
    const int ret = s2v_session_restore(self->session, data, size, note, &err);
    g_free(data);
    if (ret < 0)
        refuse(self, file, err.message);
    return ret >= 0;
}

/* FALSE: it is not this element's. */
static gboolean read_note(GstS2VBase *self, const char *note)
{
    const GstS2VBaseClass *klass = GST_S2V_BASE_GET_CLASS(self);
    const gsize name = strlen(klass->name);
    guint64 start, made, taken;
    int end = 0;
    if (strncmp(note, klass->name, name) != 0 ||
        sscanf(note + name,
               " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
               "%n",
               &start, &made, &taken, &end) < 3 ||
        !end || note[name + (gsize)end] || made > G_MAXINT64 / 2 ||
        taken > G_MAXINT64 / 2 || !klass->resume(self, made, taken))
        return FALSE;
    self->start = start;
    self->started = self->resuming = TRUE;
    self->state_saves = made / interval_of(self);
    return TRUE;
}

gboolean gst_s2v_base_load_state(GstS2VBase *self)
{
    char *file = self->state_loaded ? NULL : state_file(self);
    const char *note = NULL;
    self->state_loaded = TRUE;
    gboolean ok = !file || restore(self, file, &note);
    if (ok && note && !read_note(self, note)) {
        refuse(self, file,
               "the state of a session that was not this element's");
        ok = FALSE;
    }
    if (ok && note)
        GST_INFO_OBJECT(self, "the stream goes on where %s was saved", file);
    g_free(file);
    return ok;
}
