/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ctrl-C, a polite kill, a terminal that closes: the first asks the program to
 * stop and save, the second ends it at once.
 */
#ifndef S2VI_TRAIN_INTERRUPT_H
#define S2VI_TRAIN_INTERRUPT_H

#include <stdbool.h>

#include "s2v/s2v.h"

/**
 * Watch SIGINT, SIGTERM and SIGHUP. A signal that is ignored when this is
 * called, as a shell does for its background jobs, stays ignored.
 *
 * @param message printed to stderr at the first signal, newlines included;
 *                NULL: nothing. Must live until s2vi_interrupt_restore()
 */
int s2vi_interrupt_install(const char *message, s2v_error *err);

/** Whether a signal has come. May be called from any thread. */
bool s2vi_interrupt_requested(void);

/** 128 and the signal's number, as shells report it; 0: none has come. */
int s2vi_interrupt_status(void);

/** Whether SIGINT was ignored at s2vi_interrupt_install(): Ctrl-C does nothing,
 * SIGTERM does. */
bool s2vi_interrupt_ignored(void);

/** Put back what was there before s2vi_interrupt_install(). */
void s2vi_interrupt_restore(void);

#endif
