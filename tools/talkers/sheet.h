/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sheets to look at, as PNG. Each returns 0, or -1 after a message. */
#ifndef S2V_TOOLS_TALKERS_SHEET_H
#define S2V_TOOLS_TALKERS_SHEET_H

#include "talkers.h"

enum { SHEET_SIDE = 8 }; /* pictures across and down */

/* 64 identities from `first` on, each in the middle of what it does. */
int talkers_sheet(const char *path, uint64_t seed, int first, int size,
                  bool held_out);

/* One identity, with each viseme. */
int talkers_sheet_visemes(const char *path, uint64_t seed, int number,
                          int size);

#endif
