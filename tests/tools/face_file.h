/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* face.bin for tests, from the networks in the folder of S2V_TEST_DATA. */
#ifndef S2V_TESTS_TOOLS_FACE_FILE_H
#define S2V_TESTS_TOOLS_FACE_FILE_H

#include "s2v/s2v.h"

/**
 * @param data  the folder, which holds weights/
 * @param model its "s2v.model"
 */
int face_file_write(const char *path, const char *data, const char *model,
                    s2v_error *err);

/** A file of that folder, NAME.safetensors; NULL: there is none. */
s2v_weights *face_file_open(const char *data, const char *name);

#endif
