/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training data: clips in order, split in time, served as consecutive
 * sequences of T frames.
 */
#ifndef S2VI_TRAIN_DATASET_H
#define S2VI_TRAIN_DATASET_H

#include "data/shard_writer.h"

/** One clip with its sound features. */
typedef struct s2vi_dataset_clip {
    s2vi_clip *clip;
    float *features; /* frames x 64; NULL before s2vi_dataset_features() */
    float *gain;     /* frames x 64, dB: how they are equalised; NULL: not */
    int64_t train;   /* frames [0, train) are trained on, the rest held out */
} s2vi_dataset_clip;

typedef struct s2vi_dataset {
    s2vi_dataset_clip *clip;
    int count;
    int size;
    int64_t frames, train; /* of all clips */
    int stretch;           /* sequences before a jump; 0: to the clip's end */
    int streams;   /* that go through it beside one another, each in every so
                      many epochs; 0: 1 */
    char hash[65]; /* SHA-256 of the clips' hashes */
    s2vi_shards *shards; /* that clips are of; NULL: of none */
    int threads; /* that hear clips; 0: as many as there are processors */
} s2vi_dataset;

/**
 * Take ownership of a clip; set the split afterwards, and compute its features
 * with s2vi_dataset_features().
 *
 * @param clip set to NULL on success
 */
int s2vi_dataset_add(s2vi_dataset *data, s2vi_clip **clip, s2v_error *err);

/** Add the clips of a folder of shards, of this side and as s2vi_dataset_pack()
 * made them. */
int s2vi_dataset_add_shards(s2vi_dataset *data, const char *folder,
                            const s2vi_clip_params *params, s2v_error *err);

/** What a shard holds of a clip: its pictures and sound. */
int s2vi_dataset_pack(const s2vi_clip *clip, s2vi_shard_item *item,
                      s2v_error *err);

/**
 * Compute the features of all clips from their current audio.
 * s2vi_hearing_prepare() does it; s2v-eval needs none.
 *
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_dataset_features(s2vi_dataset *data, s2v_error *err);

/**
 * Split in time: the first `part` of all frames, in order, is trained on.
 *
 * @return S2V_ERR_INVALID unless a sequence of T frames fits
 */
int s2vi_dataset_split(s2vi_dataset *data, double part, int T, s2v_error *err);

void s2vi_dataset_close(s2vi_dataset *data);

/** The position of the training in the data, saved for a resume. */
typedef struct s2vi_cursor {
    int64_t
        epoch; /* times that all clips, or stretches that were gone through */
    int64_t clip;
    int64_t frame; /* of the next sequence; -1: the clip is not begun */
} s2vi_cursor;

/** Where stream `rank` begins. */
s2vi_cursor s2vi_dataset_begin(const s2vi_dataset *data, int rank);

/** A sequence of T frames, and whether the recurrent state is reset. */
typedef struct s2vi_sequence {
    const s2vi_dataset_clip *from;
    int64_t frame;
    bool fresh; /* states start at zero */
} s2vi_sequence;

/**
 * The next sequence. Each time through, a clip starts at a frame drawn from
 * (seed, epoch, clip), such that as many sequences fit and all frames get
 * their turn. Or, where `stretch` is set, so many sequences in a row from a
 * frame anywhere, drawn from (seed, epoch).
 */
s2vi_sequence s2vi_dataset_next(const s2vi_dataset *data, s2vi_cursor *cursor,
                                int T, uint64_t seed);

#endif
