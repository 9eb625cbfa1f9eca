/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the training of a semantic model share. */
#ifndef S2VI_TRAIN_SEMANTIC_TRAINER_INTERNAL_H
#define S2VI_TRAIN_SEMANTIC_TRAINER_INTERNAL_H

#include "networks/lpips.h"
#include "recipes/semantic_gallery.h"
#include "recipes/semantic_trainer.h"
#include "semantic_loss.h"

/** Streams of random numbers. */
enum {
    S2VI_SEMANTIC_STREAM_FRAME = 0x610,
    S2VI_SEMANTIC_STREAM_Z = 0x611,
    S2VI_SEMANTIC_STREAM_SAMPLE = 0x612,
    S2VI_SEMANTIC_STREAM_START = 0x614,
    S2VI_SEMANTIC_STREAM_DROPOUT = 0x620, /* of real and made videos: a number
                                             each */
};

enum { S2VI_SEMANTIC_STAGE_INVERSION, S2VI_SEMANTIC_STAGE_VIDEO };

/* Prefixes of the discriminators' parameters. */
#define S2VI_SEMANTIC_DI "d_i."
#define S2VI_SEMANTIC_DV "d_v."

/* One recording's inputs; NULL where it has none. */
typedef struct s2vi_semantic_inputs {
    s2vi_node *z;               /* (n,z): the start; or */
    s2vi_node *start;           /* (n,L,w) */
    s2vi_node *sound;           /* (n T,bands,columns,1) */
    s2vi_node *text;            /* (n T,words) */
    s2vi_node *real;            /* (n T,N,N,3) */
    s2vi_node *reading, *level; /* (n T,width), (n T,1): of the intensity */
    s2vi_node *adversary;       /* (1): what eq. 7 and 8 count */
} s2vi_semantic_inputs;

struct s2vi_semantic_trainer {
    s2vi_trainer trainer;
    s2vi_semantic_trainer_params params;
    s2vi_param_list frozen, embedding; /* what does not learn */
    s2vi_perceptual *phi;
    s2vi_lpips *lpips;
    s2vi_semantic_inputs critics, generator, viewer;
    s2vi_node *similar, *similar_real;  /* of the viewer */
    float *start, *sound, *text, *real; /* a batch; start: z or codes */
    float *reading, *level;
    float *made;          /* T frames */
    s2vi_gallery gallery; /* with an embedding, once chosen */
};

/* -------------------------------------------------- semantic_trainer.c -- */

/** Load what does not learn into a store. */
int s2vi_semantic_load_frozen(s2vi_semantic_trainer *t, s2vi_store *store,
                              s2v_error *err);

/** Choose starts for the scenes, with an embedding, once: nothing of it learns.
 */
int s2vi_semantic_make_gallery(s2vi_semantic_trainer *t, s2v_error *err);

/* ---------------------------------------------------- semantic_graph.c -- */

/* As s2vi_trainer_hooks has them. */
int s2vi_semantic_terms(const s2vi_trainer *trainer, const char **name,
                        int room);
int s2vi_semantic_record_generator(s2vi_trainer *trainer, s2v_error *err);
int s2vi_semantic_record_critics(s2vi_trainer *trainer, s2v_error *err);
int s2vi_semantic_record_viewer(s2vi_trainer *trainer, s2v_error *err);

/* ---------------------------------------------------- semantic_batch.c -- */

int s2vi_semantic_prepare(s2vi_trainer *trainer, s2v_error *err);
int s2vi_semantic_feed(s2vi_trainer *trainer, s2vi_train_step *step,
                       s2v_error *err);

/** Numbers of a frame, and of a start: z, or codes. */
size_t s2vi_semantic_picture_size(const s2vi_semantic_trainer *t);
size_t s2vi_semantic_start_size(const s2vi_semantic_trainer *t);

/** Place k of the batch: a frame; video i: a start. */
void s2vi_semantic_fill_frame(s2vi_semantic_trainer *t, int k,
                              const s2vi_scene_clip *clip, int64_t frame,
                              uint32_t pick);
void s2vi_semantic_fill_start(s2vi_semantic_trainer *t, int k,
                              const s2vi_scene_clip *clip, uint64_t pick);

/** Write the batch to what was recorded with these inputs. */
int s2vi_semantic_write_inputs(const s2vi_semantic_trainer *t,
                               s2vi_train_step *step,
                               const s2vi_semantic_inputs *in, s2v_error *err);

/* --------------------------------------------------- semantic_export.c -- */

char *s2vi_semantic_config_of(const s2vi_trainer *trainer, bool exported);
json_t *s2vi_semantic_identity_of(const s2vi_trainer *trainer);
json_t *s2vi_semantic_training(const s2vi_trainer *trainer);
int s2vi_semantic_metadata(const s2vi_trainer *trainer, s2vi_writer *w,
                           s2v_error *err);
int s2vi_semantic_export(const s2vi_trainer *trainer, s2vi_writer *w,
                         s2v_error *err);

#endif
