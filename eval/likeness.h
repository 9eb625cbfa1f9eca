/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether frames generated from out-of-domain audio resemble the clip, and how
 * much they move: there are no corresponding real frames, so each is compared
 * with the nearest of many real ones.
 */
#ifndef S2VI_EVAL_LIKENESS_H
#define S2VI_EVAL_LIKENESS_H

#include "data/dataset.h"
#include "s2v/s2v.h"

enum {
    S2VI_LIKENESS_REAL = 600, /* real frames at most, spread over all clips */
    S2VI_LIKENESS_SIDE = 64,  /* frames are compared at this size, by area */
    S2VI_LIKENESS_RATE = 5,   /* made frames a second that are compared */
};

/** PSNR to the nearest real frame below which a frame counts as far, dB. */
#define S2VI_LIKENESS_FAR 24.0

/** The real frames. */
typedef struct s2vi_real_frames {
    float *frame; /* (count, side, side, 3) in [-1, 1] */
    int count;
    double motion; /* mean change of a byte from frame to frame, 0 to 255 */
} s2vi_real_frames;

/**
 * @param data of one clip at least; not needed afterwards
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_real_frames_make(s2vi_real_frames *real, const s2vi_dataset *data,
                          s2v_error *err);
void s2vi_real_frames_free(s2vi_real_frames *real);

/** Results of the frames of one sound. All zero to begin with. */
typedef struct s2vi_likeness {
    char *sound;      /* its name, or NULL */
    int64_t frames;   /* made */
    int64_t compared; /* of these */
    int64_t far;      /* compared ones below S2VI_LIKENESS_FAR */
    double nearest;   /* sum of the PSNR to the nearest real frame, dB */
    double change;    /* sum of mean changes from frame to frame */
    uint8_t *last;    /* the last frame */
    float *small;     /* scratch */
    uint32_t *sums;
} s2vi_likeness;

/**
 * Add the next frame.
 *
 * @param every compare each so many-th
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_likeness_add(s2vi_likeness *l, const s2vi_real_frames *real,
                      const s2v_video_frame *frame, int every, s2v_error *err);

/** Part of the compared frames that are far, 0 to 1; NaN for none. */
double s2vi_likeness_far(const s2vi_likeness *l);

/** Mean PSNR to the nearest real frame, dB; NaN for none. */
double s2vi_likeness_nearest(const s2vi_likeness *l);

/** Motion over the real frames' own; NaN if either is not known. */
double s2vi_likeness_motion(const s2vi_likeness *l,
                            const s2vi_real_frames *real);

void s2vi_likeness_free(s2vi_likeness *l);

#endif
