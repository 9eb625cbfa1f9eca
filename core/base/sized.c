/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structs that begin with their size. */
#include "base/sized.h"

#include "base/error.h"

#include <string.h>

enum { MOST = 4096 }; /* bytes of a struct of any version */

static size_t size_of(const void *of)
{
    size_t size;
    memcpy(&size, of, sizeof(size));
    return size;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int s2vi_sized_read(void *to, size_t all, const void *from, const char *name,
                    s2v_error *err)
{
    if (!from)
        return S2V_OK;
    if (size_of(from) < sizeof(size_t))
        return s2vi_error(err, S2V_ERR_INVALID, "%s.size is not set", name);
    memcpy(to, from, least(size_of(from), all));
    return S2V_OK;
}

int s2vi_sized_check(const void *to, const char *name, s2v_error *err)
{
    if (!to)
        return s2vi_error(err, S2V_ERR_INVALID, "%s is NULL", name);
    const size_t size = size_of(to);
    return size >= sizeof(size) && size <= MOST
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "%s.size is not set: it is %zu, expected "
                            "sizeof(%s)",
                            name, size, name);
}

void s2vi_sized_fill(void *to, const void *from, size_t all)
{
    const size_t size = size_of(to);
    char *bytes = to;
    memcpy(bytes + sizeof(size), (const char *)from + sizeof(size),
           least(size, all) - sizeof(size));
    if (size > all)
        memset(bytes + all, 0, size - all);
}
