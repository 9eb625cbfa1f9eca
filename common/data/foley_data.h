/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training data of VarietySound and its vocoder: clips of frames (or of
 * their features), mel spectrogram and audio on one clock, served as random
 * windows.
 *
 * A clip is made of units: of 4 columns of mel and one picture, or, without
 * visual encoder, of one column. Column j goes with samples [256 j, 256 j +
 * 256).
 */
#ifndef S2VI_TRAIN_FOLEY_DATA_H
#define S2VI_TRAIN_FOLEY_DATA_H

#include "audio/foley_mel.h"
#include "data/shard_writer.h"
#include "media/ingest.h"
#include "media/media.h"

/** One clip; what it does not have is NULL. */
typedef struct s2vi_foley_clip {
    char *path;
    int64_t units, train; /* units [0, train) are trained on */
    float *mel;           /* (units x columns a unit, 80) */
    float *sound;         /* as many columns x 256, 22,050 Hz */
    uint8_t *rgb;         /* (units,N,N,3) */
    float *features;      /* (units,W) */
    bool mapped;          /* all of them are a shard's */
} s2vi_foley_clip;

typedef struct s2vi_foley_data {
    s2vi_foley_clip *clip;
    int count;
    int columns;  /* of mel in a unit: 4 or 1; to be set before clips are added
                   */
    int size;     /* N; 0: no pictures */
    int features; /* W; 0: none */
    int64_t units, train;
    char hash[65];       /* SHA-256 of all that was added; of shards, of what is
                            noted there: not that of the clips */
    s2vi_shards *shards; /* that clips are of; NULL: of none */
} s2vi_foley_data;

/** How clips are read; `clip` has size, crop, start, ... */
typedef struct s2vi_foley_source {
    s2vi_clip_params clip;
    s2vi_ingest *ingest; /* NULL: whatever decodes is taken */
    bool sound_only;     /* mel and sound of any file; a unit is a column */
    int64_t least;       /* units that a clip must have */
} s2vi_foley_source;

/**
 * Add what `path` names: a media file; a feature set, "NAME.safetensors" with
 * `features` (T,W) and `mel` (80,4 T or more); or all of a folder in order of
 * name: its feature sets if it has any, otherwise its media files; or a folder
 * of shards.
 *
 * @return S2V_OK; S2V_ERR_FORMAT, _IO, _INVALID and a sentence that names the
 *         file; S2V_ERR_CANCELLED; S2V_ERR_NOMEM
 */
int s2vi_foley_data_add(s2vi_foley_data *data, const char *path,
                        const s2vi_foley_source *source, s2v_error *err);

/**
 * Split in time: the first `part` of all units, in order, is trained on.
 *
 * @return S2V_ERR_INVALID unless a window of `units` fits
 */
int s2vi_foley_data_split(s2vi_foley_data *data, double part, int64_t units,
                          s2v_error *err);

/** What a shard holds of clip i. */
int s2vi_foley_data_pack(const s2vi_foley_data *data, int i,
                         s2vi_shard_item *item, s2v_error *err);

void s2vi_foley_data_close(s2vi_foley_data *data);

/** A window of a clip. */
typedef struct s2vi_foley_window {
    const s2vi_foley_clip *clip;
    int64_t unit; /* the first */
} s2vi_foley_window;

/** Stream of random numbers beside the models' own. */
enum { S2VI_STREAM_FOLEY_WINDOW = 0x250 };

/** A window of `units`, drawn for frame `clock` among all that are trained on:
 * each is as likely. */
s2vi_foley_window s2vi_foley_data_draw(const s2vi_foley_data *data,
                                       uint64_t seed, uint64_t clock,
                                       int64_t units);

/** Window `index` of those that lie one after the other in what is held out;
 * false: there is none. */
bool s2vi_foley_data_held_out(const s2vi_foley_data *data, int64_t index,
                              int64_t units, s2vi_foley_window *window);

#endif
