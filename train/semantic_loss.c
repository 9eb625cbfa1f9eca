/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Losses of "Sound-guided Semantic Video Generation" (the citation is in
 * core/models/sound_inversion.c), eq. 2, 3 and 7-9, and of the joint embedding.
 *
 * Where the paper prints what cannot be meant: eq. 7 and 8 have 1 - log D for
 * log(1 - D), and least squares take the place of both; eq. 3 has a sum over t
 * for the average code, which is the mean; its term of sound and text compares,
 * by the words beside it, the picture with the text.
 */
#include "semantic_loss.h"

#include "nn/sequence.h"

/* ------------------------------------------------- the joint embedding -- */

void s2vi_soft_targets(const int *group, int n, float *out)
{
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int j = 0; j < n; j++)
            same += group[j] == group[i];
        for (int j = 0; j < n; j++)
            out[i * n + j] = group[j] == group[i] ? 1 / (float)same : 0;
    }
}

/* Cross entropy of the targets and the rows' softmax, the mean of the rows. */
static s2vi_node *cross_entropy(s2vi_node *logits, s2vi_node *targets)
{
    if (!logits)
        return NULL;
    const int64_t n = logits->shape.dim[0];
    s2vi_node *p = s2vi_reshape(
        s2vi_nn_log_softmax(s2vi_reshape(logits, S2VI_SHAPE(1, n, n))),
        S2VI_SHAPE(n, n));
    return s2vi_scale(s2vi_sum_all(s2vi_mul(targets, p)), -1 / (double)n);
}

s2vi_node *s2vi_info_nce(s2vi_node *a, s2vi_node *b, s2vi_node *targets,
                         s2vi_node *scale)
{
    s2vi_node *k = s2vi_reshape(scale, S2VI_SHAPE(1, 1));
    s2vi_node *rows = s2vi_mul(s2vi_matmul(a, b, false, true), k);
    s2vi_node *columns = s2vi_permute(rows, (const int[]){1, 0});
    return s2vi_scale(
        s2vi_add(cross_entropy(rows, targets), cross_entropy(columns, targets)),
        0.5);
}

/* ----------------------------------------------------------- adversaries -- */

static s2vi_node *off(s2vi_node *map, double wish)
{
    return s2vi_mean_all(s2vi_square(s2vi_affine(map, 1, -wish)));
}

s2vi_node *s2vi_least_squares(s2vi_node *real, s2vi_node *made)
{
    return s2vi_scale(s2vi_add(off(real, 1), off(made, 0)), 0.5);
}

s2vi_node *s2vi_least_squares_generator(s2vi_node *made)
{
    return off(made, 1);
}

static s2vi_node *map_of(const s2vi_semantic_dv_graph *d, int scale)
{
    return d->layer[scale][d->layers - 1];
}

s2vi_node *s2vi_semantic_dv_loss(const s2vi_semantic_dv_graph *real,
                                 const s2vi_semantic_dv_graph *made)
{
    s2vi_node *sum = NULL;
    for (int i = 0; i < made->scales; i++) {
        s2vi_node *one = s2vi_least_squares(map_of(real, i), map_of(made, i));
        sum = sum ? s2vi_add(sum, one) : one;
    }
    return sum;
}

s2vi_node *s2vi_semantic_dv_generator(const s2vi_semantic_dv_graph *made)
{
    s2vi_node *sum = NULL;
    for (int i = 0; i < made->scales; i++) {
        s2vi_node *one = off(map_of(made, i), 1);
        sum = sum ? s2vi_add(sum, one) : one;
    }
    return sum;
}

/* ----------------------------------------------------------- eq. 2 and 3 -- */

s2vi_node *s2vi_semantic_distance(s2vi_node *a, s2vi_node *b)
{
    if (!a)
        return NULL;
    const double n = (double)a->shape.dim[0];
    return s2vi_affine(s2vi_sum_all(s2vi_mul(a, b)), -1 / n, 1);
}

s2vi_node *s2vi_semantic_identity(s2vi_node *codes)
{
    s2vi_node *mean = s2vi_mean(codes, 1u << 1);
    return s2vi_mean_all(s2vi_square(s2vi_sub(codes, mean)));
}

s2vi_node *s2vi_semantic_spread(s2vi_node *codes)
{
    s2vi_node *mean = s2vi_mean(codes, 1u << 2);
    return s2vi_mean_all(s2vi_square(s2vi_sub(codes, mean)));
}

s2vi_node *s2vi_semantic_length(s2vi_node *delta)
{
    const double least = 1e-12; /* so that the gradient at 0 is 0 */
    s2vi_node *power = s2vi_sum(s2vi_square(delta), 1u << 1 | 1u << 2);
    return s2vi_mean_all(s2vi_sqrt(s2vi_affine(power, 1, least)));
}
