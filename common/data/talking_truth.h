/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truth of a rendered talking head: see tools/talkers/truth.h. */
#ifndef S2VI_DATA_TALKING_TRUTH_H
#define S2VI_DATA_TALKING_TRUTH_H

#include "data/talking_heads.h"

/** Whether CLIP.json and CLIP.safetensors are there for CLIP.mkv. */
bool s2vi_talking_truth_exists(const char *path);

/**
 * Read what is known of the face from the file beside a clip, CLIP.safetensors
 * for CLIP.mkv: `landmarks`, `irises`, `q`, `mesh` and `triangles` of at least
 * the clip's frames.
 *
 * @return S2V_OK; S2V_ERR_FORMAT; others
 */
int s2vi_talking_truth_read(s2vi_talking_head *clip, s2v_error *err);

#endif
