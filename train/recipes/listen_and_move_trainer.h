/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One training: the recorded iteration, its parameters and moments, and where
 * it stands. Ask it for iterations, checkpoints and weight files.
 */
#ifndef S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_H
#define S2VI_TRAIN_LISTEN_AND_MOVE_TRAINER_H

#include "data/dataset.h"
#include "hearing.h"
#include "recipes/listen_and_move_step.h"
#include "weights/weights.h"

typedef struct s2vi_lm_trainer s2vi_lm_trainer;

/** What to train and how. */
typedef struct s2vi_lm_trainer_params {
    s2vi_lm_config config;
    const s2vi_dataset *data;    /* outlives the trainer */
    const s2vi_hearing *hearing; /* likewise; NULL: their features as they are,
                                    and the weight file says nothing of them */
    int sequence;                /* T */
    double rate;                 /* Adam's, of G and R */
    double critic_rate;          /* of D_I and D_V; used where adversarial */
    double alpha;                /* of eq. (6): the reconstruction loss's weight
                                    beside theirs */
    bool adversarial;            /* against D_I and D_V; else reconstruction */
    double average;              /* exported weights: the moving average of so
                                    much per iteration; 0: the last ones */
    double sound_noise;          /* standard deviation, on features; 0: none */
    uint64_t seed;
    const char *device;
    s2vi_dtype dtype; /* S2VI_BF16: mixed precision */
    int threads;
    const char *perceptual; /* a weight file, or NULL: multi-scale L1... */
    bool squares;           /* ...or L2 */
    bool score_is_lpips;    /* s2vi_lm_trainer_set_best()'s, else SSIM: a resume
                               knows the best of its own kind only */
    const char *version, *license, *title, *note; /* for the weight file */
    s2vi_stored store;                            /* its numbers; 0: F32 */
} s2vi_lm_trainer_params;

int s2vi_lm_trainer_create(s2vi_lm_trainer **trainer,
                           const s2vi_lm_trainer_params *params,
                           s2v_error *err);
void s2vi_lm_trainer_close(s2vi_lm_trainer **trainer);

/** What it works with and on; the backend is the trainer's. */
s2vi_train_summary s2vi_lm_trainer_summary(const s2vi_lm_trainer *trainer);

/** Iterations done so far. */
int64_t s2vi_lm_trainer_step(const s2vi_lm_trainer *trainer);

/** The best held-out score so far, which a checkpoint keeps; NaN: none yet. */
double s2vi_lm_trainer_best(const s2vi_lm_trainer *trainer);
void s2vi_lm_trainer_set_best(s2vi_lm_trainer *trainer, double score);

/**
 * One iteration: the next sequence; where adversarial, the critics' gradients
 * and step of Adam; the generator's.
 *
 * @param loss  receives at most `*n` terms
 * @param n     room, then count
 * @return S2V_OK; S2V_ERR_DEVICE with iteration and term if a number is not
 *         finite: then this training is spoilt, and only files go on
 */
int s2vi_lm_trainer_iterate(s2vi_lm_trainer *trainer, s2vi_trainer_loss *loss,
                            int *n, s2v_error *err);

/** Names of the terms that an iteration has: at most `room`; their count. */
int s2vi_lm_trainer_terms(const s2vi_lm_trainer *trainer, const char **name,
                          int room);

/**
 * Receives held-out frames in order, and what was made of their sound.
 *
 * @param real (n,N,N,3), a clip's own
 * @param made (n,N,N,3) in [-1, 1]
 * @return S2V_OK, or what the measuring is to end with
 */
typedef int (*s2vi_lm_trainer_sink)(void *opaque, const uint8_t *real,
                                    const float *made, int n, s2v_error *err);

/**
 * Make the frames of what is held out, from the sound alone, with the weights
 * that s2vi_lm_trainer_export() would write; each clip's part anew, in whole
 * sequences. Training goes on afterwards as if this had not been.
 */
int s2vi_lm_trainer_hold_out(s2vi_lm_trainer *trainer,
                             s2vi_lm_trainer_sink sink, void *opaque,
                             s2v_error *err);

/** The last iteration's frames: real bytes and made floats, (T,N,N,3). */
void s2vi_lm_trainer_frames(const s2vi_lm_trainer *trainer,
                            const uint8_t **real, const float **made);

/**
 * Write everything that a resume needs, so that it ends bit-identical.
 * What was at `path` before stays until the new file is whole.
 */
int s2vi_lm_trainer_save(s2vi_lm_trainer *trainer, const char *path,
                         s2v_error *err);

/** Go on from a checkpoint; S2V_ERR_MODEL names what differs. */
int s2vi_lm_trainer_resume(s2vi_lm_trainer *trainer, const char *path,
                           s2v_error *err);

/**
 * Begin with G and R of a weight file instead of random numbers.
 *
 * @return S2V_ERR_MODEL if it holds another model than is to be trained
 */
int s2vi_lm_trainer_start_from(s2vi_lm_trainer *trainer, const char *path,
                               s2v_error *err);

/** Write the weight file. */
int s2vi_lm_trainer_export(s2vi_lm_trainer *trainer, const char *path,
                           s2v_error *err);

#endif
