/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reconstruction losses. */
#include "loss.h"

#include "graph/build.h"

s2vi_node *s2vi_loss_multiscale_l1(s2vi_node *real, s2vi_node *made)
{
    /* Pooling is linear: pool the difference, once. */
    s2vi_node *difference = s2vi_sub(made, real);
    s2vi_node *loss = s2vi_mean_all(s2vi_abs(difference));
    for (int scale = 1; scale < 4; scale++) {
        difference = s2vi_avgpool(difference, (const int[]){2, 2});
        loss = s2vi_add(loss, s2vi_mean_all(s2vi_abs(difference)));
    }
    return loss;
}
