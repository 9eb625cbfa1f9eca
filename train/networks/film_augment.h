/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a camera and a codec change about a film, but not when things sound: the
 * augmentation of VarietySound's pictures.
 *
 * A window of pictures is mirrored or not, cropped, shaken as a hand shakes a
 * camera, exposed and developed otherwise (gain, gamma, a slow drift), noisy,
 * held as at a lower frame rate, and has blocks that a codec skips. Each of
 * these is drawn by itself, and some are left out in most windows.
 */
#ifndef S2VI_NETWORKS_FILM_AUGMENT_H
#define S2VI_NETWORKS_FILM_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

/** Streams of random numbers of frame `clock`, beside varietysound_data.h's:
 * what is drawn once, and the noise of picture i. */
enum { S2VI_STREAM_FILM = 0x260, S2VI_STREAM_FILM_NOISE = 0x1000 };

/** What a window gets; each is drawn from (0, 1) by s2vi_film_draw(). */
typedef struct s2vi_film_change {
    bool mirror;
    double left, top, side; /**< the crop, in parts of the picture */
    double shake;           /**< offset of a step, in parts of the picture */
    double gain, gamma;
    double drift, period; /**< of the gain: amplitude, pictures */
    double noise;         /**< rms, of white */
    double hold;          /**< frame rate relative to that of the pictures, at
                               most 1 */
    double skip;          /**< mean difference, of white, up to which a block is
                               not renewed; 0: no codec */
    int key;              /**< pictures from one whole one to the next */
    uint64_t seed, clock;
} s2vi_film_change;

/** No change at all. */
s2vi_film_change s2vi_film_unchanged(void);

/** Draw one for the window of frame `clock`. */
s2vi_film_change s2vi_film_draw(uint64_t seed, uint64_t clock);

/**
 * Change pictures [0, n) of a window.
 *
 * @param rgb  (n,size,size,3)
 * @param size a power of 2, at least 8
 * @param out  (n,size,size,3) in [-1, 1]
 */
void s2vi_film_apply(const s2vi_film_change *change, const uint8_t *rgb,
                     int64_t n, int size, float *out);

#endif
