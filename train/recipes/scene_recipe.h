/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What recipes of captioned clips have in common. */
#ifndef S2VI_TRAIN_SCENE_RECIPE_H
#define S2VI_TRAIN_SCENE_RECIPE_H

#include "data/scene_clips.h"
#include "recipe.h"

#define S2VI_SCENE_ABOUT                                                       \
    "Captions stand beside each clip: CLIP.json of s2v-landscapes, or "        \
    "CLIP.txt, UTF-8, a caption a line; clips with the same first line are "   \
    "of one scene."

#define S2VI_ROW_SCENE_SPLIT                                                   \
    {                                                                          \
        "split", 0, OPTION_NUMBER, S2VI_SHARED(split), "PART", 0, 1,           \
            .above = true, .of = S2VI_ROWS_CLIPS,                              \
            .help =                                                            \
                "fraction of each scene's clips to train on; the held-out "    \
                "set is the others, or, of a scene of few clips, the end "     \
                "of each"                                                      \
    }

/** Load the clips of the options with pictures of `side`, split and prepare
 * them, and say how much there is. `ingest` and `data` are to be closed in any
 * case. */
int s2vi_scene_load(const s2vi_train_options *o, int side, s2vi_ingest *ingest,
                    s2vi_scene_clips *data, s2v_error *err);

#endif
