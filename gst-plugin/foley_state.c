/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The property `state` of v2sfoley: a film that was interrupted goes on where
 * it was saved. The times of the pictures say which the session has had.
 */
#include "gstv2sfoley.h"
#include "state_file.h"

#include <stdio.h>

static char *state_file(GstV2SFoley *self)
{
    GST_OBJECT_LOCK(self);
    char *file = gst_s2v_state_file(self->state);
    GST_OBJECT_UNLOCK(self);
    return file;
}

/* Whether sound of another interval has been made. */
static gboolean is_due(GstV2SFoley *self)
{
    GST_OBJECT_LOCK(self);
    const guint64 interval = (guint64)self->state_interval *
                             (guint64)self->base.current->info.sample_rate;
    const gboolean any = self->state && *self->state;
    GST_OBJECT_UNLOCK(self);
    if (!any || self->made / interval <= self->saves)
        return FALSE;
    self->saves = self->made / interval;
    return TRUE;
}

void gst_v2s_foley_save_state(GstV2SFoley *self)
{
    char *file = is_due(self) ? state_file(self) : NULL;
    if (!file)
        return;
    char *note = g_strdup_printf("v2sfoley %" G_GUINT64_FORMAT
                                 " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                 self->base.start, self->made, self->sent);
    gst_s2v_state_save(GST_ELEMENT(self), self->base.session, file, note,
                       &self->state_warned);
    g_free(note);
    g_free(file);
}

static gboolean read_note(GstV2SFoley *self, const char *note)
{
    guint64 start, made, sent;
    int end = 0;
    if (sscanf(note,
               "v2sfoley %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
               " %" G_GUINT64_FORMAT "%n",
               &start, &made, &sent, &end) < 3 ||
        !end || note[end] || made > G_MAXINT64 / 2)
        return FALSE;
    self->base.start = start;
    self->made = made;
    self->sent = sent;
    return TRUE;
}

gboolean gst_v2s_foley_load_state(GstV2SFoley *self)
{
    char *file = self->state_loaded ? NULL : state_file(self);
    const char *note = NULL;
    gboolean ok = TRUE;
    self->state_loaded = TRUE;
    if (file && self->own) {
        GST_ELEMENT_ERROR(self, LIBRARY, SETTINGS,
                          ("state: expected no pad \"mix\", which has no "
                           "state."),
                          (NULL));
        ok = FALSE;
    } else if (file) {
        ok = gst_s2v_state_restore(GST_ELEMENT(self), self->base.session, file,
                                   &note);
    }
    if (ok && note && !read_note(self, note)) {
        gst_s2v_state_refuse(GST_ELEMENT(self), file);
        ok = FALSE;
    }
    if (ok && note) {
        self->base.started = self->resuming = TRUE;
        self->saves =
            self->made / ((guint64)self->state_interval *
                          (guint64)self->base.current->info.sample_rate);
    }
    g_free(file);
    return ok;
}

void gst_v2s_foley_drop_state(GstV2SFoley *self)
{
    char *file = state_file(self);
    gst_s2v_state_drop(file);
    g_free(file);
}
