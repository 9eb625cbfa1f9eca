/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is named on the command line, file by file: files, folders, lists of
 * them, and tar files as WebDataset has them. */
#ifndef S2V_TOOLS_SHARDS_INPUTS_H
#define S2V_TOOLS_SHARDS_INPUTS_H

#include "s2v/s2v.h"

/** A file. */
typedef struct input {
    char *name;   /* in shards and messages: "a.mkv", "clips.tar/0007.mp4" */
    char *path;   /* where it lies */
    char *folder; /* NULL, or that of a tar file's member: goes with it */
} input;

/** Free an input, and delete the files that were made for it. */
void input_free(input *in);

/** How files are found; what is handed to each function is `self`. */
typedef struct inputs {
    const char *const *endings; /* of media in folders and tar files */
    bool sets; /* folders and tar files of feature sets are, too */
    bool (*wanted)(void *self, const char *name);
    /* Takes the file over. */
    int (*each)(void *self, input *in, s2v_error *err);
    void *self;
} inputs;

/**
 * Hand over each file that `path` means and that is wanted, in order.
 *
 * @return S2V_OK; what `each` returned; S2V_ERR_INVALID: a folder without any;
 *         S2V_ERR_FORMAT, S2V_ERR_IO: a tar file that cannot be read
 */
int inputs_each(const inputs *in, const char *path, s2v_error *err);

/** The same of each line of a file. */
int inputs_each_line(const inputs *in, const char *list, s2v_error *err);

/** inputs_tar.c: of a tar file, compressed or not. */
int inputs_each_member(const inputs *in, const char *path, s2v_error *err);

#endif
