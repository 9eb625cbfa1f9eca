/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GLib's locks, made visible to the thread sanitizer.
 *
 * GLib's mutexes are futexes of its own, in a library that is not instrumented:
 * the sanitizer would not see that they order anything, and call all that they
 * guard a race. These take the place of GLib's in the program and in GStreamer:
 * each calls GLib's and tells the sanitizer of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define REAL(name)                                                             \
    static __typeof__(name) *real;                                             \
    if (!real)                                                                 \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define LOCK(name, type)                                                       \
    void name(type *lock)                                                      \
    {                                                                          \
        REAL(name);                                                            \
        real(lock);                                                            \
        __tsan_acquire(lock);                                                  \
    }
#define UNLOCK(name, type)                                                     \
    void name(type *lock)                                                      \
    {                                                                          \
        REAL(name);                                                            \
        __tsan_release(lock);                                                  \
        real(lock);                                                            \
    }
#define TRYLOCK(name, type)                                                    \
    gboolean name(type *lock)                                                  \
    {                                                                          \
        REAL(name);                                                            \
        gboolean got = real(lock);                                             \
        if (got)                                                               \
            __tsan_acquire(lock);                                              \
        return got;                                                            \
    }

LOCK(g_mutex_lock, GMutex)
UNLOCK(g_mutex_unlock, GMutex)
TRYLOCK(g_mutex_trylock, GMutex)
LOCK(g_rec_mutex_lock, GRecMutex)
UNLOCK(g_rec_mutex_unlock, GRecMutex)
TRYLOCK(g_rec_mutex_trylock, GRecMutex)

void g_cond_wait(GCond *cond, GMutex *lock)
{
    REAL(g_cond_wait);
    __tsan_release(lock);
    real(cond, lock);
    __tsan_acquire(lock);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end)
{
    REAL(g_cond_wait_until);
    __tsan_release(lock);
    gboolean woken = real(cond, lock, end);
    __tsan_acquire(lock);
    return woken;
}
