/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips of scenes that are seen, heard and described: the training data of the
 * joint embedding and of sound-guided semantic video generation.
 *
 *     s2vi_scene_clips_add(&data, "landscapes", &source, err);
 *     s2vi_scene_clips_split(&data, 0.9, err);
 *     s2vi_scene_clips_prepare(&data, err);
 *     s2vi_scene_clips_close(&data);
 *
 * What is said of CLIP.mkv stands beside it, in CLIP.json, which s2v-landscapes
 * writes: scene, captions, each with its time, and the curve of intensity; or
 * in CLIP.txt, UTF-8: each line that is not empty is a caption of the whole
 * clip, and clips with the same first line are of one scene.
 */
#ifndef S2VI_DATA_SCENE_CLIPS_H
#define S2VI_DATA_SCENE_CLIPS_H

#include "data/shard_writer.h"
#include "media/ingest.h"
#include "models/vocabulary.h"

enum {
    S2VI_SCENE_RATE = 20, /* frames a second */
    S2VI_SCENE_HOP = 800, /* samples a frame */
};

/** A caption, and the frames [from, to) that it is of. */
typedef struct s2vi_caption {
    int64_t from, to;
    int text; /* which of the data's */
} s2vi_caption;

/** One clip of T frames. */
typedef struct s2vi_scene_clip {
    char *path;
    int64_t frames, train; /* frames [0, train) are trained on */
    uint8_t *rgb;          /* (T,S,S,3) */
    float *sound;
    int64_t samples;
    float *columns;   /* once prepared: audio/mel_window.h */
    float *intensity; /* (T), 0 to 1; NULL: not known */
    int scene;        /* which of the data's */
    s2vi_caption *caption;
    int captions;
    char hash[65]; /* SHA-256 of pictures, sound and captions */
    bool mapped;   /* arrays are a shard's */
} s2vi_scene_clip;

/** Zeroed but for `side` before clips are added. */
typedef struct s2vi_scene_clips {
    s2vi_scene_clip *clip;
    int count;
    int side;     /* S */
    char **scene; /* names */
    int scenes;
    char **text; /* captions, each once */
    int texts;
    int64_t frames, train;
    /* Once prepared; what is set before stays as it is: */
    double level; /* LUFS: of the sound, which is levelled; 0: that
                     of what is trained on */
    s2vi_vocabulary
        vocabulary; /* none: of the captions of what is trained on */
    float *share; /* (texts, vocabulary.count): see vocabulary.h; a text that is
                     not trained on may have none of the words: all 0 */
    char hash[65];       /* of all */
    s2vi_shards *shards; /* that clips are of; NULL: of none */
} s2vi_scene_clips;

/** How clips are read: of `clip`, start, duration, track, progress and crop
 * count. */
typedef struct s2vi_scene_source {
    s2vi_clip_params clip;
    s2vi_ingest *ingest;
} s2vi_scene_source;

/**
 * Add what `path` names: a media file, all of a folder in order of name, or a
 * folder of shards.
 *
 * @return S2V_OK; S2V_ERR_FORMAT, _IO, _INVALID and a sentence that names the
 *         file; S2V_ERR_CANCELLED; S2V_ERR_NOMEM
 */
int s2vi_scene_clips_add(s2vi_scene_clips *data, const char *path,
                         const s2vi_scene_source *source, s2v_error *err);

/** What a shard holds of clip i. */
int s2vi_scene_clips_pack(const s2vi_scene_clips *data, int i,
                          s2vi_shard_item *item, s2v_error *err);

/**
 * Hold out a part: of each scene's clips some, evenly spread; of a scene of so
 * few that none would be, the end of each.
 *
 * @param part to train on, (0, 1]
 */
int s2vi_scene_clips_split(s2vi_scene_clips *data, double part, s2v_error *err);

/** Level the sound as a session will and compute columns, vocabulary and
 * shares; of shards, the sound itself stays as it is. S2V_ERR_INVALID: a text
 * that is trained on has no word of a given vocabulary. */
int s2vi_scene_clips_prepare(s2vi_scene_clips *data, s2v_error *err);

/** The third of a frame's intensity, 0 to 2; 0 where it is not known. */
int s2vi_scene_third(const s2vi_scene_clip *clip, int64_t frame);

/** What pairs are of one kind by: scene and third. */
int s2vi_scene_group(const s2vi_scene_clip *clip, int64_t frame);

/** A text of a frame, of several the one that `pick`, any number, falls on. */
int s2vi_scene_text(const s2vi_scene_clip *clip, int64_t frame, uint32_t pick);

/** Frame number `index` of all that is trained on, or of all that is held out.
 */
const s2vi_scene_clip *s2vi_scene_frame(const s2vi_scene_clips *data,
                                        bool held_out, int64_t index,
                                        int64_t *frame);

void s2vi_scene_clips_close(s2vi_scene_clips *data);

#endif
