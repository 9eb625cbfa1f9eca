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
    int starts; /* random ones to choose from */
    int each;   /* that a scene gets; at most `starts` */
} s2vi_gallery_params;

typedef struct s2vi_gallery {
    float *codes;   /* (scenes,each,L,w): of a scene, the most typical first */
    float *seen;    /* (scenes,each,width): where their pictures lie */
    float *heard;   /* (scenes,width): where its sound lies in the embedding; 0
                       where none is trained on */
    float *reading; /* (scenes,width + 1): of its frames' intensity by their
                       place (intensity_reading.h); 0 where it is not known */
} s2vi_gallery;

/** For each scene, those of random starts whose pictures are of it. To be
 * closed on failure, too. */
int s2vi_gallery_make(const s2vi_gallery_params *params, s2vi_gallery *gallery,
                      s2v_error *err);
void s2vi_gallery_close(s2vi_gallery *gallery);

#endif
