/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pictures of a film, from their arrival to what the visual encoder sees at
 * the time of each feature: sample 1024 k for feature k (session/foley.h).
 */
#ifndef S2VI_SESSION_FOLEY_PICTURES_H
#define S2VI_SESSION_FOLEY_PICTURES_H

#include "base/state.h"
#include "models/visual_encoder.h"
#include "session/foley_edit.h"
#include "video/motion.h"

/** A picture that waits to be seen. */
typedef struct s2vi_foley_waiting {
    int64_t at; /* the sample at which it appears, rounded up */
    float *pixels;
} s2vi_foley_waiting;

/** Read alone outside of foley_pictures.c, but for `sensitivity`. */
typedef struct s2vi_foley_pictures {
    const s2vi_visual_encoder_config *config;

    /* a ring */
    s2vi_foley_waiting *ring;
    int room, first, count;
    uint32_t *sums; /* for pictures of `sums_width` */
    int sums_width;
    bool began;
    int num, den;                   /* the time base of what follows */
    int64_t start, last, step, end; /* times: the first picture's, the last
                                       one's, what lies before it, its end */
    bool drained;
    int64_t total; /* samples in all, once drained */

    /* what is seen */
    s2vi_motion *motion; /* NULL: the network sees pictures */
    float *seen;         /* (2,N,N,3), the picture before, and this one; or this
                            one's planes */
    bool still;          /* both are the same, and so is the feature */
    int64_t feature;     /* number of the next */

    /* as an editor has it */
    float sensitivity; /* factor of motion */
    float *moved;      /* `seen`, with that motion */
    s2vi_foley_regions regions;
    int width, height; /* of the last picture; 0: there was none */
} s2vi_foley_pictures;

/** @param config outlives the pictures; to be closed also after a failure */
int s2vi_foley_pictures_create(s2vi_foley_pictures *p,
                               const s2vi_visual_encoder_config *config,
                               s2v_error *err);
void s2vi_foley_pictures_close(s2vi_foley_pictures *p);

/** Another film follows. */
void s2vi_foley_pictures_flush(s2vi_foley_pictures *p);

/** Take a picture, at the time that the onsets (NULL: none) move it to. */
int s2vi_foley_pictures_send(s2vi_foley_pictures *p, const s2v_picture *picture,
                             const s2vi_foley_onsets *onsets, s2v_error *err);

/** No more pictures come: `total` is known. */
void s2vi_foley_pictures_drain(s2vi_foley_pictures *p);

/** The regions of the pictures that are sent from now on. */
int s2vi_foley_pictures_set_regions(s2vi_foley_pictures *p, const char *text,
                                    s2v_error *err);

/** Look at the picture of the next feature. False: it has not come.
 *
 * @param same set where what is seen is what was seen before */
bool s2vi_foley_pictures_look(s2vi_foley_pictures *p, bool *same);

/** The encoder's input for what was looked at, its motion larger or smaller. */
const float *s2vi_foley_pictures_seen(s2vi_foley_pictures *p);

void s2vi_foley_pictures_pass_state(s2vi_foley_pictures *p, s2vi_state *state);

#endif
