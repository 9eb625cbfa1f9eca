/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ctrl-C, a polite kill, a closing terminal: stop and save, then at once. */
#define _XOPEN_SOURCE 700 /* sigaltstack() */

#include "terminal/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/*
 * Handlers run on a stack of their own: oneDNN's matrix products take the
 * stack pointer for their own purposes, and what a handler leaves there would
 * be written into the heap. It is the main thread's, which takes the signals
 * that are sent to a process.
 */
enum { STACK = 1 << 16 }; /* with room for all registers, AMX's too */
static char stack[STACK];
static stack_t stack_before;

/* Signals belong to the process, and so does this state. */
static struct sigaction before[SIGNALS];
static volatile sig_atomic_t requested;
static const char *volatile text;
static volatile size_t text_length;

/* Async-signal-safe calls only. */
static void on_signal(int number)
{
    int saved_errno = errno;
    if (requested) {
        /* Ends the process when this returns, with the status that tells
         * the shell why. */
        signal(number, SIG_DFL);
        raise(number);
    } else {
        requested = number;
        if (text && write(STDERR_FILENO, text, text_length) < 0)
            text_length = 0; /* stderr is gone: nothing to do about it */
    }
    errno = saved_errno;
}

int s2vi_interrupt_install(const char *message, s2v_error *err)
{
    text = message;
    text_length = message ? strlen(message) : 0;
    requested = 0;
    if (sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = STACK},
                    &stack_before) < 0)
        goto fail;
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_handler = on_signal};
        action.sa_flags = SA_RESTART | SA_ONSTACK; /* file writes go on */
        sigemptyset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &before[i]) < 0)
            goto fail;
        if (before[i].sa_handler != SIG_IGN &&
            sigaction(signals[i], &action, NULL) < 0)
            goto fail;
    }
    return S2V_OK;
fail:
    return s2vi_error(err, S2V_ERR_INTERNAL,
                      "cannot install signal handlers: %s", strerror(errno));
}

bool s2vi_interrupt_requested(void)
{
    return requested;
}

int s2vi_interrupt_status(void)
{
    return requested ? 128 + requested : 0;
}

bool s2vi_interrupt_ignored(void)
{
    return before[0].sa_handler == SIG_IGN; /* SIGINT's */
}

void s2vi_interrupt_restore(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    sigaltstack(&stack_before, NULL);
    text = NULL;
}
