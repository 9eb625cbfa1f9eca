/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LPIPS 0.1 (with "lin" heads):
 *   R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a
 *   Perceptual Metric", CVPR 2018, eq. (1).
 *
 * Shapes: T pictures, layers l of (T,h,w,C).
 *
 *   d(a, b) = sum over l of the mean over (h,w) of
 *             sum over C of w_l (phi_l(a) / |phi_l(a)| - phi_l(b) /
 * |phi_l(b)|)^2
 *
 * where |.| is the length over C. The authors add 1e-10 to it; here 1e-20 is
 * added to its square, which differs by less than 1e-10 of a length of 1 and
 * has a derivative at 0. Pictures are not resized.
 */
#include "networks/lpips.h"

#include "base/error.h"
#include "graph/build.h"
#include "models/param_file.h"
#include "nn/param.h"
#include "weights/weights.h"

#include <stdlib.h>

#define EPS 1e-20

struct s2vi_lpips {
    const s2vi_perceptual *phi;
    s2v_weights *file;
    s2vi_param_list heads;
};

/* Sets `head` to what the scope makes of each layer's head. */
static void declare(const s2vi_scope *scope, const s2vi_perceptual *phi,
                    s2vi_node *head[S2VI_PERCEPTUAL_MAX_LAYERS])
{
    for (int i = 0; i < s2vi_perceptual_layers(phi); i++)
        head[i] = s2vi_declare(
            scope, S2VI_SHAPE(1, s2vi_perceptual_layer_channels(phi, i), 1, 1),
            S2VI_INIT_ZERO, "lin%d.model.1.weight", i);
}

static int list_heads(s2vi_lpips *l, s2v_error *err)
{
    s2vi_node *head[S2VI_PERCEPTUAL_MAX_LAYERS];
    declare(&(s2vi_scope){.list = &l->heads}, l->phi, head);
    return s2vi_param_list_end(&l->heads, 0, err);
}

int s2vi_lpips_open(s2vi_lpips **lpips, const s2vi_perceptual *phi,
                    const char *path, s2v_error *err)
{
    s2vi_lpips *l = *lpips = calloc(1, sizeof(*l));
    if (!l)
        return s2vi_error_nomem(err, "LPIPS's heads");
    l->phi = phi;
    int ret = s2v_weights_open(&l->file, path, err);
    if (!ret)
        ret = list_heads(l, err);
    if (!ret)
        ret = s2vi_param_list_check(&l->heads, l->file, NULL, err);
    if (!ret)
        ret = s2vi_weights_verify_sha256(l->file, err);
    if (ret < 0)
        s2vi_lpips_close(lpips);
    return ret;
}

void s2vi_lpips_close(s2vi_lpips **lpips)
{
    if (!lpips || !*lpips)
        return;
    s2vi_param_list_close(&(*lpips)->heads);
    s2v_weights_close(&(*lpips)->file);
    free(*lpips);
    *lpips = NULL;
}

int s2vi_lpips_load(const s2vi_lpips *l, s2vi_store *store, s2v_error *err)
{
    int ret = S2V_OK;
    for (int i = 0; i < l->heads.count && !ret; i++)
        ret = s2vi_param_load(&l->heads.param[i], l->file,
                              l->heads.param[i].name, store, err);
    return ret;
}

/* ---------------------------------------------------------- recording -- */

/* Every place's features, of length 1. */
static s2vi_node *unit(s2vi_node *x)
{
    s2vi_node *square = s2vi_sum(s2vi_square(x), 1u << 3);
    return s2vi_mul(x, s2vi_rsqrt(s2vi_affine(square, 1, EPS)));
}

s2vi_node *s2vi_lpips_record(const s2vi_lpips *l, s2vi_graph *graph,
                             s2vi_node *a, s2vi_node *b)
{
    s2vi_node *of_a[S2VI_PERCEPTUAL_MAX_LAYERS], *sum = NULL;
    s2vi_node *of_b[S2VI_PERCEPTUAL_MAX_LAYERS];
    s2vi_node *head[S2VI_PERCEPTUAL_MAX_LAYERS];
    const int n = l->heads.count;
    s2vi_perceptual_record(l->phi, graph, a, n - 1, of_a);
    s2vi_perceptual_record(l->phi, graph, b, n - 1, of_b);
    declare(&(s2vi_scope){.graph = graph}, l->phi, head);
    for (int i = 0; i < n && of_a[i] && of_b[i]; i++) {
        s2vi_node *d = s2vi_square(s2vi_sub(unit(of_a[i]), unit(of_b[i])));
        d = s2vi_mean(s2vi_sum(s2vi_mul(d, head[i]), 1u << 3),
                      1u << 1 | 1u << 2);
        sum = sum ? s2vi_add(sum, d) : d;
    }
    return sum ? s2vi_reshape(sum, S2VI_SHAPE(a->shape.dim[0])) : NULL;
}
