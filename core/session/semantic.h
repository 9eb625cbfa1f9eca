/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open model of the family semantic; a text as one of its starts
 * (semantic_text.c), and which of its scenes a stream hears
 * (semantic_listen.c). */
#ifndef S2VI_SESSION_SEMANTIC_H
#define S2VI_SESSION_SEMANTIC_H

#include "models/semantic.h"
#include "models/vocabulary.h"
#include "session/clip_encoder.h"
#include "session/semantic_starts.h"

typedef struct s2vi_semantic_model {
    s2vi_stylegan generator; /* first: a row's functions take it for that */
    s2vi_semantic_config config;
    s2vi_stylegan_source source; /* of its streams */
    s2vi_extractor extractor;    /* for that */
    s2vi_store *store;
    /* A step, eq. 4, of blend 1: */
    s2vi_graph *graph;
    s2vi_node *sound, *start, *previous; /* INPUTs */
    s2vi_node *codes;                    /* (1,L,w) */
    s2vi_plan *plan;
    /* The gallery and, with an embedding, how texts and its pictures lie: */
    s2vi_starts starts;
    s2vi_vocabulary words;
    s2vi_graph *embedding_graph;
    s2vi_node *picture, *share; /* INPUTs: (1,N,N,3), (1,words) */
    s2vi_embedding_graph embedding;
    s2vi_plan *embedding_plan;
    float *place; /* (starts,width) */
    /* Where the file says so, which scene a window of sound is of: */
    s2vi_graph *listening_graph;
    s2vi_node *window; /* INPUT */
    s2vi_embedding_graph listening;
    s2vi_plan *listening_plan;
} s2vi_semantic_model;

/** Prepare texts by the file's embedding; nothing without one. The generator
 * and the starts are there. */
int s2vi_semantic_open_texts(s2vi_semantic_model *model, const s2v_weights *w,
                             s2v_error *err);

/** A user's CLIP, which takes the embedding's place. */
typedef struct s2vi_semantic_clip s2vi_semantic_clip;

/**
 * @param path   of CLIP's weight file
 * @param merges of its list of merges; "": the one beside it
 */
int s2vi_semantic_clip_open(s2vi_semantic_clip **clip,
                            const s2vi_semantic_model *model, const char *path,
                            const char *merges, s2v_error *err);
void s2vi_semantic_clip_close(s2vi_semantic_clip **clip);

/**
 * The start whose picture suits a text best.
 *
 * @param clip  NULL: by the file's embedding
 * @param entry set to its place in the gallery
 * @return S2V_OK; S2V_ERR_INVALID: no text, no gallery, or nothing that
 *         understands texts
 */
int s2vi_semantic_choose(const s2vi_semantic_model *model,
                         s2vi_semantic_clip *clip, const char *text,
                         const s2vi_logger *logger, int *entry, s2v_error *err);

enum { S2VI_LISTENING_FPS = S2VI_WALK_FPS / 4 }; /* in the long run */

/** Prepare listening; nothing where the file does not say where its scenes'
 * sound lies. The starts are there. */
int s2vi_semantic_open_listening(s2vi_semantic_model *model, s2v_error *err);

/** One stream's. */
typedef struct s2vi_listener s2vi_listener;

/** NULL is put out where the model does not listen. */
int s2vi_listener_create(s2vi_listener **listener,
                         const s2vi_semantic_model *model, s2v_error *err);
void s2vi_listener_close(s2vi_listener **listener);

/** The next window that has sound. */
int s2vi_listener_hear(s2vi_listener *listener, const float *window,
                       s2v_error *err);

/** The scene that is heard; -1: none yet. */
int s2vi_listener_scene(const s2vi_listener *listener);

void s2vi_listener_reset(s2vi_listener *listener);
void s2vi_listener_pass_state(s2vi_listener *listener, s2vi_state *state);

/* Setters of options that the family has alone; see stylegan_options.c. */
int s2vi_semantic_set_seed(void *stream, const s2vi_value *value,
                           s2v_error *err);
int s2vi_semantic_set_level(void *stream, const s2vi_value *value,
                            s2v_error *err);
int s2vi_semantic_set_merges(void *stream, const s2vi_value *value,
                             s2v_error *err);
int s2vi_semantic_set_clip(void *stream, const s2vi_value *value,
                           s2v_error *err);
int s2vi_semantic_set_start(void *stream, const s2vi_value *value,
                            s2v_error *err);
int s2vi_semantic_set_text(void *stream, const s2vi_value *value,
                           s2v_error *err);
int s2vi_semantic_set_morph(void *stream, const s2vi_value *value,
                            s2v_error *err);
int s2vi_semantic_set_layers(void *stream, const s2vi_value *value,
                             s2v_error *err);
int s2vi_semantic_set_blend(void *stream, const s2vi_value *value,
                            s2v_error *err);

#endif
