/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* E_a: style codes of StyleGAN out of sound; see sound_inversion.c. */
#ifndef S2VI_MODELS_SOUND_INVERSION_H
#define S2VI_MODELS_SOUND_INVERSION_H

#include "models/joint_embedding.h"
#include "nn/sequence.h"

enum {
    S2VI_INVERSION_GROUPS = 8, /* at most, as the others */
    S2VI_INVERSION_CODES = 32,
    S2VI_INVERSION_UNITS = 48,
    S2VI_INVERSION_STAGES = S2VI_RESIDUAL_BLOCKS,
};

typedef enum s2vi_inversion_kind {
    S2VI_INVERSION_SMALL,
    S2VI_INVERSION_PSP,
} s2vi_inversion_kind;

/** What a code's head ends with. */
typedef enum s2vi_inversion_head {
    S2VI_INVERSION_HEAD_PSP,  /* weight / sqrt(inputs), no activation */
    S2VI_INVERSION_HEAD_CODE, /* a plain linear layer, leaky ReLU of 0.01 */
} s2vi_inversion_head;

typedef struct s2vi_inversion_config {
    s2vi_inversion_kind kind;
    s2vi_inversion_head head;          /* of PSP */
    int codes;                         /* L */
    int w;                             /* width of a code */
    int widths[S2VI_INVERSION_STAGES]; /* channels of each depth, or block */
    int stages;                        /* S2VI_INVERSION_STAGES */
    /* PSP: side of the mel picture, a power of 2; IR-SE units of each depth; of
     * their squeeze; codes from which on heads see the middle of the pyramid,
     * its finest. */
    int size;
    int units[S2VI_INVERSION_STAGES];
    int reduction, coarse, middle;
    /* SMALL: bands and columns of the window; features; codes of each head. */
    int bands, columns, features;
    int group[S2VI_INVERSION_GROUPS];
    int groups;
} s2vi_inversion_config;

/** The small one, for a generator of L codes: heads of 4, 4 and L - 8. */
void s2vi_inversion_defaults(s2vi_inversion_config *config, int codes, int w);

/** The paper's: a pSp encoder of 256 x 256 pixels. */
void s2vi_inversion_paper(s2vi_inversion_config *config, int codes, int w);

int s2vi_inversion_config_check(const s2vi_inversion_config *config,
                                s2v_error *err);
int s2vi_inversion_config_parse(s2vi_inversion_config *config, const char *json,
                                s2v_error *err);
/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_inversion_config_text(const s2vi_inversion_config *config);

/** Append the parameters, under `prefix`: "inversion.". */
int s2vi_inversion_params(const s2vi_inversion_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err);

typedef struct s2vi_inversion_graph {
    s2vi_node *codes;        /* delta w: (n,L,w) */
    s2vi_node *features;     /* of SMALL: (n,features) */
    s2vi_node *c1, *c2, *c3; /* of PSP, for tests */
    s2vi_node *p1, *p2;
    /* ASSIGNs of running averages, to be a training step's effects: */
    s2vi_node *update[6 * S2VI_INVERSION_UNITS + 2];
    int n_updates;
} s2vi_inversion_graph;

/**
 * Record E_a.
 *
 * @param x        SMALL: (n,bands,columns,1); PSP: (n,size,size,3)
 * @param training batch norms go by this batch instead of running averages
 */
int s2vi_inversion_build(s2vi_graph *graph, const s2vi_inversion_config *config,
                         const char *prefix, s2vi_node *x, bool training,
                         s2vi_inversion_graph *out, s2v_error *err);

#endif
