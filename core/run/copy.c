/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies between the host and a device, converted where the types differ. */
#include "run/copy.h"

#include <stdlib.h>

int s2vi_copy_in(s2vi_backend *be, void *to, const void *from,
                 s2vi_dtype from_type, int64_t count)
{
    if (from_type == be->dtype)
        return be->table->upload(be, to, from,
                                 (size_t)count * s2vi_dtype_size(from_type));
    void *tmp = malloc((size_t)count * s2vi_dtype_size(be->dtype));
    if (!tmp)
        return S2V_ERR_NOMEM;
    for (int64_t i = 0; i < count; i++)
        if (be->dtype == S2VI_F64)
            ((double *)tmp)[i] = ((const float *)from)[i];
        else
            ((float *)tmp)[i] = (float)((const double *)from)[i];
    int ret = be->table->upload(be, to, tmp,
                                (size_t)count * s2vi_dtype_size(be->dtype));
    free(tmp);
    return ret;
}

int s2vi_copy_out(s2vi_backend *be, void *to, s2vi_dtype to_type,
                  const void *from, int64_t count)
{
    size_t bytes = (size_t)count * s2vi_dtype_size(be->dtype);
    if (to_type == be->dtype)
        return be->table->download(be, to, from, bytes);
    void *tmp = malloc(bytes);
    if (!tmp)
        return S2V_ERR_NOMEM;
    int ret = be->table->download(be, tmp, from, bytes);
    for (int64_t i = 0; i < count && !ret; i++)
        if (to_type == S2VI_F64)
            ((double *)to)[i] = ((const float *)tmp)[i];
        else
            ((float *)to)[i] = (float)((const double *)tmp)[i];
    free(tmp);
    return ret;
}
