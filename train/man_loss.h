/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN: the losses, eq. (3)-(5), as graphs; see man_loss.c.
 */
#ifndef S2VI_TRAIN_MAN_LOSS_H
#define S2VI_TRAIN_MAN_LOSS_H

#include "networks/man_critic.h"
#include "networks/perceptual.h"

/** The terms of the generator's loss. */
typedef enum s2vi_man_term {
    S2VI_MAN_TERM_GAN,
    S2VI_MAN_TERM_CAM,        /* the same of the discriminators' CAM logits */
    S2VI_MAN_TERM_FEATURES,   /* matching of the discriminators' maps */
    S2VI_MAN_TERM_PERCEPTUAL, /* or multi-scale L1 */
    S2VI_MAN_TERM_LOWER,      /* eq. (5): L1 of the lower half */
    S2VI_MAN_TERM_UPPER,
    S2VI_MAN_TERM_FLOW,
    S2VI_MAN_TERM_MAPS,  /* of points or contours */
    S2VI_MAN_TERM_KL,    /* of the posterior of z to N(0, 1) */
    S2VI_MAN_TERM_MOUTH, /* mean square of its shape, from sound alone */
    S2VI_MAN_TERMS,
} s2vi_man_term;

/** "gan", "cam", ...; and what each counts in the sum. */
extern const char *const s2vi_man_term_names[S2VI_MAN_TERMS];
extern const double s2vi_man_term_weights[S2VI_MAN_TERMS];

/** What the losses are of. What is NULL leaves its terms out. */
typedef struct s2vi_man_loss_inputs {
    const s2vi_man_config *config;
    /* Of the pictures, (n,N,N,3) in [-1, 1] each: */
    s2vi_node *portrait, *real, *fake;
    bool no_critics; /* leaves out what needs the discriminators */
    /* NULL: multi-scale L1; N a multiple of 8 then. */
    const s2vi_perceptual *phi;
    /* Of the predictor, (n,P,P,G): */
    s2vi_node *predicted, *truth;
    s2vi_node *seen; /* (n,15): 0 where what a map is of is out of sight; NULL:
                        all are seen */
    /* Errors of flow and maps count 1 + so much times the truth of the lids'
     * and lips' contours, where there are contours. */
    double details;
    /* Of the posterior, (n,z): */
    s2vi_node *mean, *log_variance;
    /* Of mouths, (m,4), those that are told from sound and the true ones: */
    s2vi_node *told, *mouth;
} s2vi_man_loss_inputs;

/** The discriminators' loss, to be minimised in their parameters. */
typedef struct s2vi_man_critic_loss {
    s2vi_node *loss; /* gan + cam */
    s2vi_node *gan;  /* mean over the scales, of real and generated frames */
    s2vi_node *cam;
} s2vi_man_critic_loss;

/** Generator's, predictor's and posterior's. */
typedef struct s2vi_man_generator_loss {
    s2vi_node *loss;                 /* the weighted sum */
    s2vi_node *term[S2VI_MAN_TERMS]; /* unweighted; NULL: left out */
} s2vi_man_generator_loss;

/**
 * Record the discriminators' loss. No gradient flows to the frames.
 *
 * @return S2V_OK; S2V_ERR_MODEL: the config; or the graph's mistake
 */
int s2vi_man_loss_critics(s2vi_graph *graph, const s2vi_man_loss_inputs *inputs,
                          s2vi_man_critic_loss *out, s2v_error *err);

/** Record the generator's. Its gradient flows to fake, predicted, mean and
 * log_variance. */
int s2vi_man_loss_generator(s2vi_graph *graph,
                            const s2vi_man_loss_inputs *inputs,
                            s2vi_man_generator_loss *out, s2v_error *err);

#endif
