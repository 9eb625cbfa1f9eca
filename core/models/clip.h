/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's two towers: pictures and texts in one space; see clip.c. Tokens are
 * made by text/clip_tokens.h, pictures prepared by video/clip_picture.h. */
#ifndef S2VI_MODELS_CLIP_H
#define S2VI_MODELS_CLIP_H

#include "nn/param.h"
#include "run/store.h"
#include "weights/weights.h"

#define S2VI_CLIP_NAME "clip"

enum { S2VI_CLIP_LAYERS = 64 }; /* of a tower, at most */

/** A transformer. */
typedef struct s2vi_clip_tower {
    int width, layers, heads;
    int mlp; /* width between a block's two last layers */
} s2vi_clip_tower;

typedef struct s2vi_clip_config {
    s2vi_clip_tower picture, text;
    int size, patch;         /* sides of the picture and of its patches */
    int vocabulary, context; /* tokens that there are, and in a text at most */
    int embedding;           /* width of the space */
    bool exact_gelu;         /* x Phi(x); false: x sigmoid(1.702 x) */
} s2vi_clip_config;

/** Halves of a file, which work apart. */
typedef enum s2vi_clip_part {
    S2VI_CLIP_PICTURE = 1,
    S2VI_CLIP_TEXT = 2,
    S2VI_CLIP_BOTH = S2VI_CLIP_PICTURE | S2VI_CLIP_TEXT,
} s2vi_clip_part;

/** ViT-B/32. */
void s2vi_clip_defaults(s2vi_clip_config *config);
int s2vi_clip_config_check(const s2vi_clip_config *config, s2v_error *err);
char *s2vi_clip_config_text(const s2vi_clip_config *config);

/* --------------------------------------------------------------- files -- */

/**
 * The configuration of a file with OpenAI's or Hugging Face's names, with or
 * without metadata of s2v: sizes from its tensors, then what "s2v.config" has.
 * Of files without that, heads are 64 wide, and the activation is OpenAI's.
 *
 * @param part what is needed
 * @return S2V_OK; S2V_ERR_MODEL: no CLIP, or one of its halves is missing
 */
int s2vi_clip_config_read(s2vi_clip_config *config, s2vi_clip_part part,
                          const s2v_weights *weights, s2v_error *err);

/** Check a file against the configuration, and load it into the store under
 * OpenAI's names. */
int s2vi_clip_tower_load(const s2vi_clip_config *config, s2vi_clip_part part,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err);

/** exp(logit_scale): by what cosines are multiplied before a softmax. */
int s2vi_clip_scale(const s2v_weights *weights, double *scale, s2v_error *err);

/* ----------------------------------------------------------- recording -- */

/** Append the parameters, named as OpenAI's. */
int s2vi_clip_params(const s2vi_clip_config *config, s2vi_clip_part part,
                     s2vi_param_list *list, s2v_error *err);

/** T columns; of texts only `block` and what follows. */
typedef struct s2vi_clip_graph {
    s2vi_node *patches; /* (n,T - 1,width): the convolution's */
    s2vi_node *first;   /* (n,T,width): what goes into the blocks */
    s2vi_node *block[S2VI_CLIP_LAYERS]; /* (n,T,width) */
    s2vi_node *embedding;               /* (n,embedding) */
    s2vi_node *normalised;              /* the same at length 1 */
} s2vi_clip_graph;

/** @param pictures (n,size,size,3), as s2vi_clip_picture() makes them */
int s2vi_clip_build_picture(s2vi_graph *graph, const s2vi_clip_config *config,
                            s2vi_node *pictures, s2vi_clip_graph *out,
                            s2v_error *err);

/**
 * @param ids  (n,T) tokens; T may be less than `context`, since nothing after
 *             a text's end token counts
 * @param ends (n) rows of the end tokens: of text i in column e, T i + e
 */
int s2vi_clip_build_text(s2vi_graph *graph, const s2vi_clip_config *config,
                         s2vi_node *ids, s2vi_node *ends, s2vi_clip_graph *out,
                         s2v_error *err);

#endif
