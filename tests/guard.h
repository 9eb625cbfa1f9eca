/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that end where a page begins that may not be touched: a read beyond
 * them ends the process, with any compiler. */
#ifndef S2V_TESTS_GUARD_H
#define S2V_TESTS_GUARD_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct guarded {
    uint8_t *data; /* NULL: not to be had */
    void *map;
    size_t length; /* of the map */
} guarded;

/** A copy of `size` bytes, to be freed by guarded_free(). */
static inline guarded guarded_copy(const void *bytes, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = (size + page - 1) / page * page;
    guarded g = {.length = room + page};
    g.map = mmap(NULL, g.length, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED)
        return (guarded){0};
    if (mprotect((uint8_t *)g.map + room, page, PROT_NONE)) {
        munmap(g.map, g.length);
        return (guarded){0};
    }
    g.data = (uint8_t *)g.map + room - size;
    if (size)
        memcpy(g.data, bytes, size);
    return g;
}

static inline void guarded_free(guarded *g)
{
    if (g->map)
        munmap(g->map, g->length);
    *g = (guarded){0};
}

#endif
