/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A weight file of CLIP that nobody trained, and its list of merges, for
 * tests. */
#ifndef S2V_TESTS_TINY_CLIP_H
#define S2V_TESTS_TINY_CLIP_H

#include "models/clip.h"

enum { TINY_CLIP_EMBEDDING = 12 };

/** Pictures of 8x8, texts of 40 tokens. */
extern const s2vi_clip_config tiny_clip;
extern const char tiny_clip_merges[];

int tiny_clip_write(const char *path, s2vi_clip_part part, s2v_error *err);

#endif
