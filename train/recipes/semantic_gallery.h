/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Style codes to start a scene with; see semantic_gallery.c. */
#ifndef S2VI_TRAIN_SEMANTIC_GALLERY_H
#define S2VI_TRAIN_SEMANTIC_GALLERY_H

#include "data/scene_clips.h"
#include "models/semantic.h"

enum { S2VI_GALLERY_NAME = 41 };

/** A scene's name as that of an option's value: "heavy-rain"; "" if nothing of
 * it can be. */
void s2vi_gallery_name(const char *scene, char out[S2VI_GALLERY_NAME]);

typedef struct s2vi_gallery_params {
    const s2vi_semantic_config *config; /* with an embedding */
    const s2vi_scene_clips *data;       /* prepared with its vocabulary */
    s2vi_store *store; /* has the generator's parameters and "embedding." */
    double psi;
    uint64_t seed;
} s2vi_gallery_params;

/**
 * Of random starts, for each scene, the one whose picture is nearest to what is
 * said of the scene.
 *
 * @param codes (scenes,L,w)
 */
int s2vi_gallery_make(const s2vi_gallery_params *params, float *codes,
                      s2v_error *err);

#endif
