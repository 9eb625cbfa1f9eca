/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HiFi-GAN: the discriminators MPD and MSD and the losses, eq. (1)-(6), as
 * graphs; see hifigan_discriminator.c.
 */
#ifndef S2VI_NETWORKS_HIFIGAN_DISCRIMINATOR_H
#define S2VI_NETWORKS_HIFIGAN_DISCRIMINATOR_H

#include "nn/param.h"

#define S2VI_HIFIGAN_LAMBDA_FEATURES 2.0 /* lambda_fm */
#define S2VI_HIFIGAN_LAMBDA_MEL      45.0

enum { S2VI_HIFIGAN_MAX_UPDATES = 8 };

typedef struct s2vi_hifigan_disc_config {
    int divide; /* the paper's channels by this: 1; up to 8, a power of 2 */
} s2vi_hifigan_disc_config;

/**
 * Append the parameters of both, under the names of the authors' files:
 * "mpd.discriminators.0.convs.0.weight_g", ... Those that end in "weight_u"
 * are buffers: the spectral norms' vectors.
 *
 * @return S2V_OK; S2V_ERR_INVALID and a sentence; S2V_ERR_NOMEM. On failure
 *         the list is as it was.
 */
int s2vi_hifigan_disc_params(const s2vi_hifigan_disc_config *config,
                             s2vi_param_list *list, s2v_error *err);

/** What the losses are about: audio (n,L,1) in [-1, 1], L at least 64. */
typedef struct s2vi_hifigan_loss_inputs {
    s2vi_hifigan_disc_config config;
    s2vi_node *real, *fake;
} s2vi_hifigan_loss_inputs;

/** The discriminators' loss, to be minimised in their parameters. */
typedef struct s2vi_hifigan_critic {
    s2vi_node *loss; /* eq. (1), of all eight: real + fake */
    s2vi_node *real; /* the sum of E[(D(x) - 1)^2] */
    s2vi_node *fake; /* of E[D(G(s))^2] */
    /* ASSIGNs of the spectral norms' vectors: effects of a training step */
    s2vi_node *update[S2VI_HIFIGAN_MAX_UPDATES];
    int n_updates;
} s2vi_hifigan_critic;

/** The generator's, but for the mel-spectrogram loss. */
typedef struct s2vi_hifigan_generator_loss {
    s2vi_node *loss;        /* adversarial + lambda_fm features */
    s2vi_node *adversarial; /* eq. (2), of all eight */
    s2vi_node *features;    /* L_FM, eq. (4) */
} s2vi_hifigan_generator_loss;

/**
 * Record the discriminators' loss. No gradient flows to the audio.
 *
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_hifigan_loss_discriminators(s2vi_graph *graph,
                                     const s2vi_hifigan_loss_inputs *inputs,
                                     s2vi_hifigan_critic *out, s2v_error *err);

/** Record the generator's. Its gradient flows to inputs->fake alone. */
int s2vi_hifigan_loss_generator(s2vi_graph *graph,
                                const s2vi_hifigan_loss_inputs *inputs,
                                s2vi_hifigan_generator_loss *out,
                                s2v_error *err);

/**
 * Record L_mel, eq. (3): the mean difference of log mel spectrograms, to be
 * taken S2VI_HIFIGAN_LAMBDA_MEL times.
 *
 * @param basis   (2 (size/2 + 1),size,1), from s2vi_hifigan_fourier()
 * @param filters (bands,size/2 + 1): the mel bands' weights of magnitudes
 * @param hop     samples from column to column
 * @return shape (1); its gradient flows to `fake`
 */
s2vi_node *s2vi_hifigan_loss_mel(s2vi_node *real, s2vi_node *fake,
                                 s2vi_node *basis, s2vi_node *filters, int hop);

/**
 * Record a loss that a generator can learn from without discriminators, beside
 * L_mel: of all frequencies from 0 Hz on, the mean difference of the bins'
 * magnitudes and of their logarithms: both losses of Yamamoto,
 * Song, Kim, "Parallel WaveGAN" (2020), eq. (4)-(5), the former without
 * its division by a norm, which silence does not have.
 *
 * @return shape (1); its gradient flows to `fake`
 */
s2vi_node *s2vi_hifigan_loss_bins(s2vi_node *real, s2vi_node *fake,
                                  s2vi_node *basis, int hop);

/** A Fourier transform of `size` samples under a periodic Hann window, as a
 * convolution's weights: size/2 + 1 real, then as many imaginary parts. */
void s2vi_hifigan_fourier(int size, float *basis);

#endif
