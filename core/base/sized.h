/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs that begin with their size: the caller may have been built with an
 * older or a newer header, whose struct is shorter or longer.
 */
#ifndef S2VI_BASE_SIZED_H
#define S2VI_BASE_SIZED_H

#include "s2v/s2v.h"

/**
 * Read a struct of the caller's: as much of it as both know.
 *
 * @param to   (all bytes) holds the defaults
 * @param from the caller's; NULL: all defaults
 * @param name of the type, for the error
 * @return S2V_OK; S2V_ERR_INVALID: its size is not set
 */
int s2vi_sized_read(void *to, size_t all, const void *from, const char *name,
                    s2v_error *err);

/**
 * Check the size of a struct that is to be filled: set, and none that only
 * memory without a value has.
 *
 * @return S2V_OK; S2V_ERR_INVALID
 */
int s2vi_sized_check(const void *to, const char *name, s2v_error *err);

/**
 * Fill a struct of the caller's, checked before: what it does not have is left
 * out, what `from` does not have becomes zero.
 *
 * @param from (all bytes); its size is not used
 */
void s2vi_sized_fill(void *to, const void *from, size_t all);

#endif
