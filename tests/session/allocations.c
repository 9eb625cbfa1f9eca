/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* malloc and its kin, with a table of the blocks that are out. */
#define _GNU_SOURCE
#include "allocations.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *const owner_name[OWNERS] = {"s2v",    "libc",   "jansson",
                                        "oneDNN", "OpenMP", "loader"};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

/* ----------------------------------------------------------- owners -- */

enum { MOST_SPANS = 256 };

static struct span {
    uintptr_t from, to;
    owner who;
} spans[MOST_SPANS];
static int n_spans;

static owner owner_of_file(const char *name)
{
    static const struct {
        const char *part;
        owner who;
    } known[] = {
        {"libjansson", OWNER_JSON}, {"libglib", OWNER_JSON},
        {"libdnnl", OWNER_ONEDNN},  {"libstdc++", OWNER_ONEDNN},
        {"libgomp", OWNER_OPENMP},  {"libomp", OWNER_OPENMP},
        {"ld-linux", OWNER_LOADER}, {"/ld", OWNER_LOADER},
    };
    if (!*name)
        return OWNER_S2V;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strstr(name, known[i].part))
            return known[i].who;
    return OWNER_LIBC;
}

static int add_spans(struct dl_phdr_info *info, size_t size, void *opaque)
{
    (void)size, (void)opaque;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) ||
            n_spans == MOST_SPANS)
            continue;
        uintptr_t from = info->dlpi_addr + p->p_vaddr;
        spans[n_spans++] = (struct span){from, from + p->p_memsz,
                                         owner_of_file(info->dlpi_name)};
    }
    return 0;
}

/* Code that oneDNN makes as it runs lies in no file. */
static owner owner_of(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < n_spans; i++)
        if (at >= spans[i].from && at < spans[i].to)
            return spans[i].who;
    return OWNER_ONEDNN;
}

/* ------------------------------------------------------------- blocks -- */

enum { SLOTS = 1 << 17 };

static struct slot {
    void *block;
    size_t size;
    owner who;
} slots[SLOTS];

static atomic_flag busy = ATOMIC_FLAG_INIT;
static atomic_bool counting, has_failed;
static atomic_uint fail_owners;
static atomic_ulong fail_at;
static owned counts[OWNERS];
static int n_used;

static void enter(void)
{
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        ;
}

static void leave(void)
{
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static size_t home_of(const void *block)
{
    return (size_t)(((uintptr_t)block >> 4) * 0x9E3779B97F4A7C15u >> 47);
}

static void note(void *block, size_t size, owner who)
{
    enter();
    counts[who].calls++;
    if (block && n_used < SLOTS / 2) {
        n_used++;
        size_t i = home_of(block);
        while (slots[i].block)
            i = (i + 1) % SLOTS;
        slots[i] = (struct slot){block, size, who};
        counts[who].blocks++;
        counts[who].bytes += (long)size;
    }
    leave();
}

/* Close the gap at i, so that every block is found from its home on. */
static void close_gap(size_t i)
{
    for (size_t j = (i + 1) % SLOTS; slots[j].block; j = (j + 1) % SLOTS) {
        size_t home = home_of(slots[j].block);
        if ((j - home) % SLOTS < (j - i) % SLOTS)
            continue;
        slots[i] = slots[j];
        i = j;
    }
    slots[i].block = NULL;
}

static void forget(void *block)
{
    enter();
    size_t i = home_of(block);
    while (slots[i].block && slots[i].block != block)
        i = (i + 1) % SLOTS;
    if (slots[i].block) {
        n_used--;
        counts[slots[i].who].blocks--;
        counts[slots[i].who].bytes -= (long)slots[i].size;
        close_gap(i);
    }
    leave();
}

static bool fails(owner who)
{
    if (!(fail_owners & 1u << who) || !fail_at ||
        atomic_fetch_sub(&fail_at, 1) != 1)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

/* -------------------------------------------------------- definitions -- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

#define CALLER owner_of(__builtin_return_address(0))

void *malloc(size_t size)
{
    if (!counting)
        return __libc_malloc(size);
    owner who = CALLER;
    void *block = fails(who) ? NULL : __libc_malloc(size);
    note(block, size, who);
    return block;
}

void *calloc(size_t n, size_t size)
{
    if (!counting)
        return __libc_calloc(n, size);
    owner who = CALLER;
    void *block = fails(who) ? NULL : __libc_calloc(n, size);
    note(block, n * size, who);
    return block;
}

void *realloc(void *old, size_t size)
{
    if (!counting)
        return __libc_realloc(old, size);
    owner who = CALLER;
    if (fails(who)) {
        note(NULL, size, who);
        return NULL;
    }
    if (old)
        forget(old);
    void *block = __libc_realloc(old, size);
    note(block, size, who);
    return block;
}

static void *aligned(size_t alignment, size_t size, owner who)
{
    if (!counting)
        return __libc_memalign(alignment, size);
    void *block = fails(who) ? NULL : __libc_memalign(alignment, size);
    note(block, size, who);
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    return aligned(alignment, size, CALLER);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return aligned(alignment, size, CALLER);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = aligned(alignment, size, CALLER);
    return *block ? 0 : ENOMEM;
}

void free(void *block)
{
    if (counting && block)
        forget(block);
    __libc_free(block);
}

/* ------------------------------------------------------------ control -- */

bool allocations_can_count(void)
{
    return true;
}

void allocations_start(void)
{
    counting = false;
    n_spans = 0;
    dl_iterate_phdr(add_spans, NULL);
    memset(slots, 0, sizeof(slots));
    memset(counts, 0, sizeof(counts));
    n_used = 0;
    counting = true;
}

void allocations_stop(void)
{
    counting = false;
    fail_at = 0;
}

#else

static owned counts[OWNERS];
static bool has_failed;
static unsigned fail_owners;
static unsigned long fail_at;

bool allocations_can_count(void)
{
    return false;
}

void allocations_start(void)
{
}

void allocations_stop(void)
{
}

#endif

owned allocations_of(owner who)
{
    return counts[who];
}

void allocations_fail(unsigned long k, unsigned owners)
{
    fail_at = k;
    fail_owners = owners;
    has_failed = false;
}

bool allocations_have_failed(void)
{
    return has_failed;
}
