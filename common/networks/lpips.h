/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LPIPS, the learned distance between pictures; see lpips.c.
 *
 *     s2vi_lpips_open(&lpips, phi, "lpips_v0.1_vgg.safetensors", err);
 *     s2vi_lpips_load(lpips, store, err);
 *     distance = s2vi_lpips_record(lpips, graph, a, b);
 */
#ifndef S2VI_NETWORKS_LPIPS_H
#define S2VI_NETWORKS_LPIPS_H

#include "networks/perceptual.h"

/** The heads of LPIPS over an open network; immutable. */
typedef struct s2vi_lpips s2vi_lpips;

/**
 * Open a safetensors file of LPIPS 0.1's heads, under the names of its authors'
 * files: "lin0.model.1.weight" (1,C,1,1) and so on, one for each layer of the
 * network that gives features.
 *
 * @param lpips set to the heads, to be closed; NULL on failure
 * @param phi   the network they were trained over; must outlive `lpips`
 * @return S2V_OK; S2V_ERR_MODEL and a sentence naming the tensors that are
 *         missing or of another shape; what s2v_weights_open() returns
 */
int s2vi_lpips_open(s2vi_lpips **lpips, const s2vi_perceptual *phi,
                    const char *path, s2v_error *err);

/** Close and set the pointer to NULL. NULL is fine. */
void s2vi_lpips_close(s2vi_lpips **lpips);

/** Put the heads into a store, as PARAMs; the network's own weights with
 * s2vi_perceptual_load(). */
int s2vi_lpips_load(const s2vi_lpips *lpips, s2vi_store *store, s2v_error *err);

/**
 * Record the distance of each picture of `a` from that of `b`.
 *
 * @param a, b (T,H,W,3), RGB in [-1,1]
 * @return shape (T); NULL after a mistake
 */
s2vi_node *s2vi_lpips_record(const s2vi_lpips *lpips, s2vi_graph *graph,
                             s2vi_node *a, s2vi_node *b);

#endif
