/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernels of all backends begin and end with. */
#include "backend/backend.h"

#include <stdlib.h>

void *s2vi_kernel_create(size_t size, const s2vi_node *node, s2v_error *err)
{
    s2vi_kernel *kernel = calloc(1, size);
    if (!kernel)
        s2vi_error_nomem(err, "a kernel");
    else
        kernel->node = node;
    return kernel;
}

void s2vi_kernel_free(s2vi_kernel *kernel)
{
    free(kernel);
}
