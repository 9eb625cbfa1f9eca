/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a grid on the host, block after block. Threads of a block run one
 * after another; where they meet at barriers, each has a stack of its own, and
 * every other phase runs them backwards, so that one that counts on an order
 * without a barrier is found out.
 */
#define _XOPEN_SOURCE 700
#include "emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

enum { THREADS = 1024, STACK = 64 << 10 };

static struct {
    emulated_kernel *kernel;
    const void *params;
    jmp_buf home; /* of whoever runs the threads */
    jmp_buf fiber[THREADS];
    ucontext_t start[THREADS];
    bool started[THREADS], done[THREADS];
    unsigned barriers[THREADS], current;
} grid;

void emulated_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("emulated CUDA: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

/* -------------------------------------------------- threads that wait -- */

static void leave_fiber(void)
{
    if (!_setjmp(grid.fiber[grid.current]))
        _longjmp(grid.home, 1);
}

static void wait_in_fiber(void)
{
    grid.barriers[grid.current]++;
    leave_fiber();
}

/* A thread of one block after another, for ever. */
static void be_thread(void)
{
    for (;;) {
        grid.kernel->run(grid.params);
        grid.done[grid.current] = true;
        leave_fiber();
    }
}

static void enter_fiber(unsigned t)
{
    grid.current = t;
    grid.kernel->place->thread.x = t;
    if (_setjmp(grid.home))
        return;
    if (grid.started[t])
        _longjmp(grid.fiber[t], 1);
    grid.started[t] = true;
    getcontext(&grid.start[t]);
    grid.start[t].uc_stack.ss_sp = malloc(STACK);
    grid.start[t].uc_stack.ss_size = STACK;
    makecontext(&grid.start[t], be_thread, 0);
    setcontext(&grid.start[t]);
}

static void run_waiting(unsigned threads)
{
    bool left = true;
    for (unsigned t = 0; t < threads; t++) {
        grid.done[t] = false;
        grid.barriers[t] = 0;
    }
    for (unsigned phase = 0; left; phase++) {
        left = false;
        for (unsigned i = 0; i < threads; i++) {
            const unsigned t = phase % 2 ? threads - 1 - i : i;
            if (!grid.done[t])
                enter_fiber(t);
            left = left || !grid.done[t];
        }
    }
    for (unsigned t = 1; t < threads; t++)
        if (grid.barriers[t] != grid.barriers[0])
            emulated_fail("%s: threads 0 and %u of a block meet at %u and %u "
                          "barriers",
                          grid.kernel->name, t, grid.barriers[0],
                          grid.barriers[t]);
}

/* --------------------------------------------------- threads that do not -- */

/* A barrier: all of the block begins again, with stacks. What has been done
 * before a block's first barrier may be done twice. */
static void find_barrier(void)
{
    grid.kernel->has_barrier = true;
    _longjmp(grid.home, 1);
}

static void run_plain(unsigned threads)
{
    if (_setjmp(grid.home))
        return;
    for (unsigned t = 0; t < threads; t++) {
        grid.kernel->place->thread.x = t;
        grid.kernel->run(grid.params);
    }
}

void emulated_grid(emulated_kernel *kernel, dim3 blocks, dim3 threads,
                   const void *params)
{
    emulated *place = kernel->place;
    grid.kernel = kernel;
    grid.params = params;
    place->blocks = (emulated_index){blocks.x, blocks.y};
    place->threads = (emulated_index){threads.x, threads.y};
    place->thread.y = 0;
    if (threads.x > THREADS || threads.y != 1 || threads.z != 1)
        emulated_fail("%s: blocks of %ux%u threads", kernel->name, threads.x,
                      threads.y);
    for (unsigned y = 0; y < blocks.y; y++)
        for (unsigned x = 0; x < blocks.x; x++) {
            place->block = (emulated_index){x, y};
            place->sync = kernel->has_barrier ? wait_in_fiber : find_barrier;
            if (!kernel->has_barrier)
                run_plain(threads.x);
            place->sync = wait_in_fiber;
            if (kernel->has_barrier)
                run_waiting(threads.x);
        }
}
