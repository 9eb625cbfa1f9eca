/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The adversarial loss of "Listen and Move", eq. (5)-(6), as nodes of shape
 * (1); see listen_and_move_adversarial.c.
 *
 *     s2vi_adversarial_inputs(graph, &a);
 *     s2vi_adversarial_image(graph, &a, &image, err);
 *     s2vi_adversarial_video(graph, &a, &video, err);
 *     s2vi_gradients(image.loss, NULL, d_i_params, n, gradients); ...
 *
 *     s2vi_adversarial_draw(seed, clock.frame, T, &frame, order);
 *     s2vi_exec_write(exec, a.frame, &frame);
 *     s2vi_exec_write(exec, a.order, order);
 */
#ifndef S2VI_TRAIN_ADVERSARIAL_H
#define S2VI_TRAIN_ADVERSARIAL_H

#include "networks/discriminator.h"

#define S2VI_ADVERSARIAL_LAMBDA 10.0 /* sec. 5.1 */
#define S2VI_ADVERSARIAL_ALPHA  10.0

/*
 * Streams of random numbers, all of frame `clock`: beside the generator's,
 * which are below 0x100. The first three are uniform numbers of index 0.
 */
enum {
    S2VI_STREAM_MIX_IMAGE = 0x100, /* epsilon of P(v_t, v~_t) */
    S2VI_STREAM_MIX_FAKE,          /* of P(v, v~) */
    S2VI_STREAM_MIX_SHUFFLED,      /* of P(v, v^) */
    S2VI_STREAM_FRAME,             /* s2vi_adversarial_draw() */
    S2VI_STREAM_SHUFFLE,
    S2VI_STREAM_SOUND, /* noise on sound features */
};

/** What the losses are about. */
typedef struct s2vi_adversarial {
    s2vi_disc_config image, video;
    s2vi_node *real;  /* v (T,N,N,3) in [-1, 1] */
    s2vi_node *fake;  /* v~, of v's shape */
    s2vi_node *frame; /* INPUT (1): t, the frame that D_I sees of both */
    s2vi_node *order; /* INPUT (T): v^'s frame k is v's frame order[k] */
    double lambda;    /* of the penalties */
} s2vi_adversarial;

/** A discriminator's loss, to be minimised in its parameters. */
typedef struct s2vi_critic {
    s2vi_node *loss;     /* fake + shuffled - real + lambda penalty */
    s2vi_node *real;     /* E[D(v)]: the mean decision */
    s2vi_node *fake;     /* E[D(v~)] */
    s2vi_node *shuffled; /* E[D(v^)]; NULL for images */
    s2vi_node *penalty;  /* P(v, v~) (+ P(v, v^)) */
} s2vi_critic;

/** The generator's adversarial loss, to be minimised in G's and R's. */
typedef struct s2vi_generator_loss {
    s2vi_node *loss;  /* image + video */
    s2vi_node *image; /* -E[D_I(v~_t)] */
    s2vi_node *video; /* -E[D_V(v~)] */
} s2vi_generator_loss;

/** Record the inputs `frame` ("frame") and `order` ("order"). */
void s2vi_adversarial_inputs(s2vi_graph *graph, s2vi_adversarial *a);

/**
 * This iteration's t, and the shuffled order, as the inputs want them.
 *
 * @param clock the run's frame number
 * @param order receives T numbers: each of 0 .. T-1 once
 */
void s2vi_adversarial_draw(uint64_t seed, uint64_t clock, int T, float *frame,
                           float *order);

/**
 * Record L_I, eq. (5), or L_V's adversarial terms, eq. (6). No gradient flows
 * to the videos.
 *
 * @return S2V_OK, or the graph's mistake
 */
int s2vi_adversarial_image(s2vi_graph *graph, const s2vi_adversarial *a,
                           s2vi_critic *out, s2v_error *err);
int s2vi_adversarial_video(s2vi_graph *graph, const s2vi_adversarial *a,
                           s2vi_critic *out, s2v_error *err);

/**
 * Record what the generator gains by deceiving both; a reconstruction loss
 * (loss.h, or networks/perceptual.h) is to be added, see
 * listen_and_move_step.c.
 */
int s2vi_adversarial_generator(s2vi_graph *graph, const s2vi_adversarial *a,
                               s2vi_generator_loss *out, s2v_error *err);

#endif
