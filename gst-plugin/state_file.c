/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions' states in files. */
#include "state_file.h"

#include <glib/gstdio.h>

char *gst_s2v_state_file(const char *property)
{
    return property && *property
               ? g_filename_from_utf8(property, -1, NULL, NULL, NULL)
               : NULL;
}

static void warn(GstElement *element, const char *file, const char *why,
                 gboolean *warned)
{
    if (!*warned)
        GST_ELEMENT_WARNING(
            element, RESOURCE, WRITE,
            ("The state cannot be saved to '%s': %s.", file, why), (NULL));
    *warned = TRUE;
}

void gst_s2v_state_save(GstElement *element, s2v_session *session,
                        const char *file, const char *note, gboolean *warned)
{
    const void *data;
    size_t size;
    s2v_error err = {0};
    GError *error = NULL;
    if (s2v_session_save(session, note, &data, &size, &err) < 0)
        warn(element, file, err.message, warned);
    else if (!g_file_set_contents(file, data, (gssize)size, &error))
        warn(element, file, error->message, warned);
    g_clear_error(&error);
}

static void refuse(GstElement *element, const char *file, const char *why)
{
    GST_ELEMENT_ERROR(
        element, LIBRARY, SETTINGS,
        ("%s: %s; without this file, the stream starts anew.", file, why),
        (NULL));
}

void gst_s2v_state_refuse(GstElement *element, const char *file)
{
    refuse(element, file, "the state of a session that was not this element's");
}

gboolean gst_s2v_state_restore(GstElement *element, s2v_session *session,
                               const char *file, const char **note)
{
    char *data = NULL;
    gsize size = 0;
    GError *error = NULL;
    s2v_error err = {0};
    *note = NULL;
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!g_file_get_contents(file, &data, &size, &error)) {
        GST_ELEMENT_ERROR(element, RESOURCE, READ, ("%s", error->message),
                          (NULL));
        g_clear_error(&error);
        return FALSE;
    }
    const int ret = s2v_session_restore(session, data, size, note, &err);
    g_free(data);
    if (ret < 0)
        refuse(element, file, err.message);
    return ret >= 0;
}

void gst_s2v_state_drop(const char *file)
{
    if (file)
        g_unlink(file);
}
