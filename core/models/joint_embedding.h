/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small joint embedding of pictures, sound and words; see
 * joint_embedding.c. */
#ifndef S2VI_MODELS_JOINT_EMBEDDING_H
#define S2VI_MODELS_JOINT_EMBEDDING_H

#include "nn/nn.h"

#define S2VI_EMBEDDING_NAME "embedding"

/* ------------------------------- the network of pictures, and of sound -- */

enum { S2VI_RESIDUAL_BLOCKS = 4 };

/** Four residual blocks, each of half the side, the mean over pixels, a linear
 * layer. E_a's small form has one, too (sound_inversion.h). */
typedef struct s2vi_residual_net {
    struct {
        s2vi_layer conv0, conv1, skip;
    } block[S2VI_RESIDUAL_BLOCKS];
    s2vi_layer fc;
} s2vi_residual_net;

/** @param widths channels of each block */
s2vi_residual_net s2vi_residual_net_declare(
    const s2vi_scope *scope, int cin, const int widths[S2VI_RESIDUAL_BLOCKS],
    int features);

/** x (n,H,W,Cin) -> (n,features). */
s2vi_node *s2vi_residual_net_record(const s2vi_residual_net *net, s2vi_node *x);

/* -------------------------------------------------------- the embedding -- */

typedef struct s2vi_embedding_config {
    int size;                         /* side of a picture: 64 */
    int bands, columns;               /* of a window of sound: 64 x 64 */
    int widths[S2VI_RESIDUAL_BLOCKS]; /* of both networks: 32, 64, 128, 128 */
    int blocks;                       /* S2VI_RESIDUAL_BLOCKS */
    int width;                        /* of the embedding: 128 */
    int words;                        /* that are known */
    int word;                         /* width of a word's vector: 64 */
    int hidden;                       /* of the text's first layer: 128 */
} s2vi_embedding_config;

void s2vi_embedding_defaults(s2vi_embedding_config *config);
int s2vi_embedding_config_check(const s2vi_embedding_config *config,
                                s2v_error *err);
int s2vi_embedding_config_parse(s2vi_embedding_config *config, const char *json,
                                s2v_error *err);
/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_embedding_config_text(const s2vi_embedding_config *config);

/** Append the parameters, under `prefix`: "" or "embedding.". */
int s2vi_embedding_params(const s2vi_embedding_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err);

/** Pictures (n,N,N,3) at the side that an embedding sees. */
s2vi_node *s2vi_embedding_picture(s2vi_node *x, int side);

/** What is embedded; NULL: it is not. Each n may be another. */
typedef struct s2vi_embedding_inputs {
    s2vi_node *picture; /* (n,size,size,3): black -1, white 1 */
    s2vi_node *sound;   /* (n,bands,columns,1): audio/mel_window.h */
    s2vi_node *text;    /* (n,words): of each word its share of the text,
                           of sum 1 (models/vocabulary.h) */
} s2vi_embedding_inputs;

/** (n,width) each, of length 1; NULL where nothing was given. */
typedef struct s2vi_embedding_graph {
    s2vi_node *picture, *sound, *text;
    s2vi_node *scale; /* (1): what cosines are multiplied by, at most 100 */
} s2vi_embedding_graph;

/** Record on inputs; again on others, for which the same parameters are used.
 */
int s2vi_embedding_build(s2vi_graph *graph, const s2vi_embedding_config *config,
                         const char *prefix,
                         const s2vi_embedding_inputs *inputs,
                         s2vi_embedding_graph *out, s2v_error *err);

#endif
