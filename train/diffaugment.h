/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DiffAugment: S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu and S. Han, "Differentiable
 * Augmentation for Data-Efficient GAN Training", NeurIPS 2020; its policy
 * "color,translation,cutout". What a discriminator sees is changed, real and
 * generated alike, so that it cannot learn few pictures by heart.
 */
#ifndef S2VI_TRAIN_DIFFAUGMENT_H
#define S2VI_TRAIN_DIFFAUGMENT_H

#include "train_step.h"

/** Inputs of one augmentation of n pictures of N pixels. */
typedef struct s2vi_diffaugment {
    s2vi_node *colour; /* INPUT (n,3): brightness, saturation, contrast */
    s2vi_node *from;   /* INPUT (nNN): the pixel that comes here */
    s2vi_node *seen;   /* INPUT (n,N,N,1): 0: it is from outside, or cut out */
} s2vi_diffaugment;

enum { S2VI_DIFFAUGMENT_UNIFORMS = 7 }; /* random numbers of a picture */

/** The most pixels of a batch: they are numbered in floats. */
#define S2VI_DIFFAUGMENT_PIXELS (1 << 24)

/**
 * @param x    (n,N,N,3)
 * @param name of the inputs: "real" gives "real.colour", ...
 */
s2vi_node *s2vi_diffaugment_record(s2vi_node *x, const char *name,
                                   s2vi_diffaugment *out);

/**
 * Write the inputs.
 *
 * @param u     (n,7), uniform in (0,1)
 * @param room  scratch of n N N numbers
 */
int s2vi_diffaugment_feed(const s2vi_diffaugment *d, s2vi_train_step *step,
                          const float *u, float *room, s2v_error *err);

#endif
