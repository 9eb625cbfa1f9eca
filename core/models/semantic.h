/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Semantic: what one weight file holds to make a scene out of its sound:
 * StyleGAN's generator, E_a, E_RNN and, unless it was trained without, the
 * joint embedding.
 *
 *     s2v_weights_open(&w, "landscape.bin", err);
 *     s2vi_semantic_read(&config, w, err);         the file is such a model
 *     s2vi_semantic_load(&config, w, store, err);  its tensors by name
 *
 *     s2vi_inversion_build(graph, &config.inversion, "inversion.", window, ..)
 *     s2vi_recurrent_build(graph, &config.recurrent, "recurrent.", &step, ..);
 *     s2vi_semantic_generate(graph, &config.generator, codes, &video, err);
 *
 * The file: metadata s2v.model = "semantic", s2v.config = JSON:
 * {"generator":{"kind":"stylegan2",..},"inversion":{..},"recurrent":{..},
 * "embedding":{..}}, with the keys of each part's own configuration. Tensors
 * are "generator.", "inversion.", "recurrent.", "embedding." and the names of
 * the parts; "gallery.NAME" (L,w) are style codes to start with, NAME-2 and so
 * on others of that scene; "seen.NAME" (width) is where a start's picture lies
 * in the embedding, which else is found at opening; "heard.NAME" (width) is
 * where the scene's sound lies in the embedding, whose words are
 * s2v.vocabulary.
 */
#ifndef S2VI_MODELS_SEMANTIC_H
#define S2VI_MODELS_SEMANTIC_H

#include "models/joint_embedding.h"
#include "models/sound_inversion.h"
#include "models/style_recurrent.h"
#include "models/stylegan2.h"
#include "models/stylegan3.h"
#include "run/store.h"
#include "weights/weights.h"

#define S2VI_SEMANTIC_NAME      "semantic"
#define S2VI_SEMANTIC_GENERATOR "generator."
#define S2VI_SEMANTIC_INVERSION "inversion."
#define S2VI_SEMANTIC_RECURRENT "recurrent."
#define S2VI_SEMANTIC_EMBEDDING "embedding."
#define S2VI_SEMANTIC_GALLERY   "gallery."
#define S2VI_SEMANTIC_SEEN      "seen."
#define S2VI_SEMANTIC_HEARD     "heard."

/* ------------------------------------------------------- the generator -- */

/** One of two kinds. */
typedef struct s2vi_semantic_generator {
    bool alias_free; /* StyleGAN3 */
    s2vi_stylegan2_config two;
    s2vi_stylegan3_config three;
} s2vi_semantic_generator;

/** Read a generator's own file, or its checkpoint's exported one: S2V_ERR_MODEL
 * if it is neither stylegan2 nor stylegan3, or conditional. */
int s2vi_semantic_generator_read(s2vi_semantic_generator *generator,
                                 const s2v_weights *weights, s2v_error *err);

int s2vi_semantic_size(const s2vi_semantic_generator *generator);  /* N */
int s2vi_semantic_codes(const s2vi_semantic_generator *generator); /* L */
s2vi_stylegan_mapping s2vi_semantic_mapping(
    const s2vi_semantic_generator *generator);

/** Append its parameters, under its own names. */
int s2vi_semantic_generator_params(const s2vi_semantic_generator *generator,
                                   s2vi_param_list *list, s2v_error *err);

/** Record it: ws (n,L,w) -> (n,N,N,3), noise as in the file. */
int s2vi_semantic_generate(s2vi_graph *graph,
                           const s2vi_semantic_generator *generator,
                           s2vi_node *ws, s2vi_node **video, s2v_error *err);

/* --------------------------------------------------------------- the file */

typedef struct s2vi_semantic_config {
    s2vi_semantic_generator generator;
    s2vi_inversion_config inversion;
    s2vi_recurrent_config recurrent;
    bool has_embedding;
    s2vi_embedding_config embedding;
} s2vi_semantic_config;

/** S2V_OK, or S2V_ERR_MODEL and a sentence: parts that do not suit each other.
 */
int s2vi_semantic_config_check(const s2vi_semantic_config *config,
                               s2v_error *err);
int s2vi_semantic_config_parse(s2vi_semantic_config *config, const char *json,
                               s2v_error *err);
/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_semantic_config_text(const s2vi_semantic_config *config);

/**
 * What a file holds: its metadata read, its tensors checked, names and shapes.
 *
 * @return S2V_OK; S2V_ERR_MODEL and a sentence that begins with the path
 */
int s2vi_semantic_read(s2vi_semantic_config *config, const s2v_weights *weights,
                       s2v_error *err);

/** Read all tensors into a store: the generator's under its own names, as it is
 * recorded, without "generator."; the others as they are in the file. */
int s2vi_semantic_load(const s2vi_semantic_config *config,
                       const s2v_weights *weights, s2vi_store *store,
                       s2v_error *err);

/* ------------------------------------------------------ published files -- */

/**
 * Read E_a of a file of pixel2style2pixel or of the paper's authors, whose
 * names begin with nothing, "encoder." or "module.encoder.", into a store,
 * under "inversion.". What else the file has does not matter.
 *
 * @return S2V_OK; S2V_ERR_MODEL: a tensor is missing or of another size
 */
int s2vi_semantic_load_inversion(const s2vi_inversion_config *config,
                                 const s2v_weights *weights, s2vi_store *store,
                                 s2v_error *err);

/** The same of E_RNN's network of one group, whose names begin with nothing or
 * "module.", under "recurrent.GROUP.". */
int s2vi_semantic_load_recurrent(const s2vi_recurrent_config *config, int group,
                                 const s2v_weights *weights, s2vi_store *store,
                                 s2v_error *err);

#endif
