/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that has its name only when it is complete: it is written beside it
 * under a temporary name with the same ending, and renamed at the end. */
#ifndef S2V_TOOLS_RENDER_FILE_H
#define S2V_TOOLS_RENDER_FILE_H

struct render_file {
    char *name; /* the final one, links followed */
    char *path; /* where to write: the temporary one; equal to the final one
                   where that is no regular file, such as a pipe */
};

/*
 * Makes the temporary file, empty. One at a time: a signal that ends the
 * program (SIGINT, SIGTERM, SIGHUP) removes it first. From the first call on
 * SIGXFSZ is ignored, so that a file that may not grow is an error.
 *
 * Each returns 0 or -errno. A failed commit drops the file.
 */
int render_file_open(struct render_file *file, const char *name);
int render_file_commit(struct render_file *file);

/* Removes the temporary file, if there is one. */
void render_file_drop(struct render_file *file);

#endif
