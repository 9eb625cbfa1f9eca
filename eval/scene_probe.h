/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A probe: a small network that learns, on real frames, which scene a frame
 * shows and how intense it is. Frames that a model made are then looked at.
 */
#ifndef S2VI_EVAL_SCENE_PROBE_H
#define S2VI_EVAL_SCENE_PROBE_H

#include "data/scene_clips.h"

typedef struct s2vi_scene_probe s2vi_scene_probe;

typedef struct s2vi_scene_probe_params {
    const s2vi_scene_clips *data; /**< what is trained on is: at least 16x16 */
    int steps;                    /**< of 32 frames each */
    uint64_t seed;
    const char *device; /**< NULL: auto */
    int threads;        /**< 0: all */
    bool quiet;
} s2vi_scene_probe_params;

/** What it sees in a frame. */
typedef struct s2vi_scene_seen {
    const float *part; /**< (scenes): of sum 1; until the next frame */
    int scene;         /**< the largest of them */
    double intensity;  /**< 0 to 1 */
} s2vi_scene_seen;

/** Train one. It is to be closed; NULL on failure. */
int s2vi_scene_probe_open(s2vi_scene_probe **probe,
                          const s2vi_scene_probe_params *params,
                          s2v_error *err);
void s2vi_scene_probe_close(s2vi_scene_probe **probe);

/** @param picture (side,side,3) of [-1,1], the data's side */
int s2vi_scene_probe_look(s2vi_scene_probe *probe, const float *picture,
                          s2vi_scene_seen *seen, s2v_error *err);

#endif
