/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training data of MAN: clips of one face each, cropped to a square, with
 * what is known of the face in each frame, and sound.
 *
 *     s2vi_talking_heads_add(&data, "talkers", &source, err);
 *     s2vi_talking_heads_split(&data, 0.9, err);
 *     s2vi_talking_heads_level(&data, err);
 *     s2vi_talking_heads_close(&data);
 *
 * Places are (x, y) in sides of the square. Of a clip that s2v-talkers rendered
 * all is read from the file beside it (tools/talkers/truth.h); in another clip
 * faces are found.
 */
#ifndef S2VI_DATA_TALKING_HEADS_H
#define S2VI_DATA_TALKING_HEADS_H

#include "data/shard_writer.h"
#include "media/ingest.h"

enum {
    S2VI_TALKING_RATE = 25, /* frames a second */
    S2VI_TALKING_HOP = 640, /* samples a frame */
    S2VI_TALKING_CONTROLS = 4,
};

/** One clip of T frames. */
typedef struct s2vi_talking_head {
    char *path;
    int64_t frames, train; /* frames [0, train) are trained on */
    uint8_t *rgb;          /* (T,S,S,3) */
    float *sound;
    int64_t samples;
    float *landmarks; /* (T,68,2), iBUG's */
    float *irises;    /* (T,2,2), the right and the left; or NULL */
    float *controls;  /* (T,4): eye closure, yaw / 20 degrees, pitch / 20,
                         roll / 20 */
    int points, triangles;
    float *mesh; /* (T,points,2), of what moves with the face */
    int32_t (*triangle)[3];
    uint8_t *shut; /* (T): the mouth is */
    char hash[65]; /* SHA-256 of pictures and sound */
    bool mapped;   /* all arrays are a shard's */
} s2vi_talking_head;

typedef struct s2vi_talking_heads {
    s2vi_talking_head *clip;
    int count;
    int side; /* S; to be set before clips are added */
    int64_t frames, train;
    double level;        /* LUFS: of the sound, once that was levelled */
    char hash[65];       /* of all */
    s2vi_shards *shards; /* that clips are of; NULL: of none */
} s2vi_talking_heads;

/** Side of the clips' square for a network of that size: a little more than
 * what is seen, for views that are moved. */
int s2vi_talking_heads_side(int size);

/** How clips are read: of `clip`, start, duration, track, progress and crop
 * count. */
typedef struct s2vi_talking_source {
    s2vi_clip_params clip;
    s2vi_ingest *ingest;
} s2vi_talking_source;

/**
 * Add what `path` names: a media file, all of a folder in order of name, or a
 * folder of shards.
 *
 * @return S2V_OK; S2V_ERR_FORMAT, _IO, _INVALID and a sentence that names the
 *         file; S2V_ERR_CANCELLED; S2V_ERR_NOMEM
 */
int s2vi_talking_heads_add(s2vi_talking_heads *data, const char *path,
                           const s2vi_talking_source *source, s2v_error *err);

/** What a shard holds of a clip. */
int s2vi_talking_heads_pack(const s2vi_talking_heads *data, int i,
                            s2vi_shard_item *item, s2v_error *err);

/** Split in time: the first `part` of all frames, in order, is trained on. */
int s2vi_talking_heads_split(s2vi_talking_heads *data, double part,
                             s2v_error *err);

/** Measure the loudness of what is trained on, all clips together, and level
 * each clip's sound to it, as a session will (audio/level.h). */
int s2vi_talking_heads_level(s2vi_talking_heads *data, s2v_error *err);

void s2vi_talking_heads_close(s2vi_talking_heads *data);

#endif
