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
