/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions' states in files, for the elements' property `state`. */
#ifndef GST_S2V_STATE_FILE_H
#define GST_S2V_STATE_FILE_H

#include <gst/gst.h>
#include <s2v/s2v.h>

/** The file that a property names, to be freed; NULL: none. */
char *gst_s2v_state_file(const char *property);

/** Save a state. One that cannot be saved is no reason to stop: a warning,
 * once.
 *
 * @param note the element's own part */
void gst_s2v_state_save(GstElement *element, s2v_session *session,
                        const char *file, const char *note, gboolean *warned);

/** Restore a state, if the file exists.
 *
 * @param note set to the element's own part, the session's; NULL: no file
 * @return FALSE after an error was posted */
gboolean gst_s2v_state_restore(GstElement *element, s2v_session *session,
                               const char *file, const char **note);

/** Post that the note is another element's. */
void gst_s2v_state_refuse(GstElement *element, const char *file);

/** Remove the file; NULL: none. */
void gst_s2v_state_drop(const char *file);

#endif
