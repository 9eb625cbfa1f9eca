/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weight files of the family semantic that nobody trained, for tests. */
#ifndef S2V_TESTS_TINY_SEMANTIC_H
#define S2V_TESTS_TINY_SEMANTIC_H

#include "models/semantic.h"

typedef struct tiny_semantic {
    bool three;        /* of a StyleGAN3, else of a StyleGAN2 */
    bool no_embedding; /* then it has no gallery either */
    bool psp;          /* a pSp encoder of sound, of 32 x 32 pixels */
    bool previous;     /* feedback, with a blend of 0.4 */
    bool no_deviation; /* no mapping.w_std */
    bool bad_start;    /* a start of one code less */
    /* (2,TINY_WIDTH): where the sound of fire and of rain lies; then there is a
       start rain-2, too. NULL: it is not known */
    const float *heard;
    bool seen;   /* places of the starts' pictures: unit vectors, each the
                    axis of its number */
    int columns; /* of windows of sound; 0: 64 */
    int codes;   /* that E_RNN says to have more than the generator */
} tiny_semantic;

/** Names of its gallery, and its words. */
enum { TINY_STARTS = 4, TINY_WIDTH = 16 };
extern const char *const tiny_starts[TINY_STARTS];

/** What the file holds. */
s2vi_semantic_config tiny_semantic_config(const tiny_semantic *spec);

/** Write one of 32x32 pixels. */
int tiny_semantic_write(const char *path, const tiny_semantic *spec,
                        s2v_error *err);

#endif
