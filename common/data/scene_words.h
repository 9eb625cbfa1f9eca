/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a clip, in a file beside it: see scene_clips.h. */
#ifndef S2VI_DATA_SCENE_WORDS_H
#define S2VI_DATA_SCENE_WORDS_H

#include "data/scene_clips.h"

/**
 * Read scene, captions and intensity of a clip whose path and frames are set;
 * new scenes and texts are added to the data's.
 *
 * @param start seconds that were left out before the clip's first frame
 * @return S2V_OK; S2V_ERR_FORMAT: there are none, or they cannot be read;
 *         S2V_ERR_NOMEM
 */
int s2vi_scene_words_read(s2vi_scene_clips *data, s2vi_scene_clip *clip,
                          double start, s2v_error *err);

/**
 * The same of a shard's clip: scene and captions, as s2vi_scene_clips_pack()
 * noted them.
 *
 * @param facts {"scene": "rain", "captions": [[from, to, "text"]]}, in frames
 */
int s2vi_scene_words_restore(s2vi_scene_clips *data, s2vi_scene_clip *clip,
                             const json_t *facts, s2v_error *err);

#endif
