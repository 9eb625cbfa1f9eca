/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reconstruction losses. */
#include "loss.h"

#include "graph/build.h"

enum { SCALES = 4 };

/* Pooling is linear: the difference is pooled, once. */
static s2vi_node *multiscale(s2vi_node *real, s2vi_node *made,
                             s2vi_node *(*size)(s2vi_node *))
{
    s2vi_node *difference = s2vi_sub(made, real);
    s2vi_node *loss = s2vi_mean_all(size(difference));
    for (int scale = 1; scale < SCALES; scale++) {
        difference = s2vi_avgpool(difference, (const int[]){2, 2});
        loss = s2vi_add(loss, s2vi_mean_all(size(difference)));
    }
    return loss;
}

s2vi_node *s2vi_loss_multiscale_l1(s2vi_node *real, s2vi_node *made)
{
    return multiscale(real, made, s2vi_abs);
}

s2vi_node *s2vi_loss_multiscale_l2(s2vi_node *real, s2vi_node *made)
{
    return multiscale(real, made, s2vi_square);
}

s2vi_node *s2vi_softplus(s2vi_node *x)
{
    s2vi_node *small = s2vi_exp(s2vi_scale(s2vi_abs(x), -1.0));
    return s2vi_add(s2vi_lrelu(x, 0.0), s2vi_ln(s2vi_affine(small, 1.0, 1.0)));
}
