/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Built without libarchive. */
#include "inputs.h"

#include "base/error.h"

int inputs_each_member(const inputs *in, const char *path, s2v_error *err)
{
    (void)in;
    return s2vi_error(err, S2V_ERR_INVALID,
                      "'%s': expected files or folders: this s2v-shards was "
                      "built without libarchive, which reads tar files",
                      path);
}
