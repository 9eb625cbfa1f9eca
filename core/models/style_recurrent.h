/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* E_RNN: a frame's style codes out of those of the one before; see
 * style_recurrent.c. */
#ifndef S2VI_MODELS_STYLE_RECURRENT_H
#define S2VI_MODELS_STYLE_RECURRENT_H

#include "nn/sequence.h"

enum {
    S2VI_RECURRENT_GROUPS = 8,
    S2VI_RECURRENT_LAYERS = 8, /* at most */
};

/** What a step's sound is added to. */
typedef enum s2vi_recurrent_feedback {
    S2VI_RECURRENT_FEEDBACK_PREVIOUS, /* the codes of the frame before: eq. 4 */
    S2VI_RECURRENT_FEEDBACK_START,    /* those of the start */
} s2vi_recurrent_feedback;

typedef struct s2vi_recurrent_config {
    int w;                            /* width of a code */
    int group[S2VI_RECURRENT_GROUPS]; /* codes of each; L together */
    int groups;
    int layers, hidden;
    bool both;  /* two cells a layer, on the same input */
    bool noise; /* a linear layer of the state before each step
                   (audio_noise_fc) */
    s2vi_recurrent_feedback feedback;
    double blend; /* of w^t, the rest of the codes before */
} s2vi_recurrent_config;

/** The small one: 2 x 256. Groups are of `first`, `first` and the other codes:
 * 4 (4 to 8, 16 to 32 and more pixels of StyleGAN2), 3 of StyleGAN3 (the
 * paper). */
void s2vi_recurrent_defaults(s2vi_recurrent_config *config, int codes, int w,
                             int first);

/** The published code's: 5 x 512 both ways. */
void s2vi_recurrent_paper(s2vi_recurrent_config *config, int codes, int w,
                          int first);

int s2vi_recurrent_config_check(const s2vi_recurrent_config *config,
                                s2v_error *err);
int s2vi_recurrent_config_parse(s2vi_recurrent_config *config, const char *json,
                                s2v_error *err);
/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_recurrent_config_text(const s2vi_recurrent_config *config);

/** L; and numbers of a group's state. */
int s2vi_recurrent_codes(const s2vi_recurrent_config *config);
int64_t s2vi_recurrent_state(const s2vi_recurrent_config *config);

/** Append the parameters: PREFIX, "recurrent.", GROUP, ".rnn.weight_ih_l0"...
 */
int s2vi_recurrent_params(const s2vi_recurrent_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err);

/**
 * Record a step of one group (eq. 5).
 *
 * @param x (n,codes w): what goes in, the group's codes one after the other
 * @param h (n,state): layer by layer, forward before reverse; set to the new
 *          one
 * @return (n,codes w)
 */
s2vi_node *s2vi_recurrent_group(s2vi_graph *graph,
                                const s2vi_recurrent_config *config,
                                const char *prefix, int group, s2vi_node *x,
                                s2vi_node **h);

/** What a step goes by. */
typedef struct s2vi_recurrent_step {
    s2vi_node *sound;                    /* (n,L,w): E_a of the sound */
    s2vi_node *start;                    /* (n,L,w): of the start */
    s2vi_node *previous;                 /* (n,L,w): of the frame before */
    s2vi_node *h[S2VI_RECURRENT_GROUPS]; /* (n,state); at first 0 */
} s2vi_recurrent_step;

/**
 * Record a step (eq. 4): sets `h` of the step to the new states.
 *
 * @param codes set to the frame's codes (n,L,w)
 */
int s2vi_recurrent_build(s2vi_graph *graph, const s2vi_recurrent_config *config,
                         const char *prefix, s2vi_recurrent_step *step,
                         s2vi_node **codes, s2v_error *err);

#endif
