/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two sets of names that CLIP's files have: OpenAI's and Hugging Face's. */
#ifndef S2VI_MODELS_CLIP_FILE_H
#define S2VI_MODELS_CLIP_FILE_H

#include "models/clip.h"

/** The sizes of a file's halves, as far as they are needed; heads are 64 wide.
 * @return S2V_OK; S2V_ERR_MODEL: no CLIP, or one of its halves is missing */
int s2vi_clip_file_sizes(s2vi_clip_config *config, s2vi_clip_part part,
                         const s2v_weights *weights, s2v_error *err);

#endif
