/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shape of a mouth in four numbers, which MAN's training has its network of
 * the sound tell from the sound alone: the opening of the inner lips and of the
 * outer ones, the width of either; over the distance between the eyes' outer
 * corners, less the clip's mean, over the deviation in all clips.
 *
 *     s2vi_man_mouths_measure(&mouths, &data, err);
 *     mouths.clip[i] + 4 * t, mouths.clip[j] ...
 *     s2vi_man_mouths_free(&mouths);
 */
#ifndef S2VI_RECIPES_MAN_MOUTH_H
#define S2VI_RECIPES_MAN_MOUTH_H

#include "data/talking_heads.h"

enum { S2VI_MAN_MOUTH = 4 };

typedef struct s2vi_man_mouths {
    float **clip; /* of each clip, (T,4) */
    bool mapped;  /* they lie in the memory of shards */
    int count;
} s2vi_man_mouths;

/** Measure those of all frames that are trained on; what is held out is 0. */
int s2vi_man_mouths_measure(s2vi_man_mouths *mouths,
                            const s2vi_talking_heads *data, s2v_error *err);
void s2vi_man_mouths_free(s2vi_man_mouths *mouths);

#endif
