/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Square pictures for training: of files of pictures, frames of clips, or
 * folders of either. */
#ifndef S2VI_DATA_PICTURES_H
#define S2VI_DATA_PICTURES_H

#include "data/shard_writer.h"
#include "media/ingest.h"

/** Zeroed but for `side` before the first is added. */
typedef struct s2vi_pictures {
    int side;      /**< of each, pixels */
    int64_t count; /**< of all */
    uint8_t *rgb;  /**< count x side x side x 3; NULL: they are of shards */
    int files;
    char hash[65]; /**< of the files' pictures, in order; hex */
    char last[65]; /**< of the last file's */

    /* After s2vi_pictures_add_classes(). */
    int classes;
    char **class_name; /**< (classes) */
    int *class_of;     /**< (files): each file's */

    /* After s2vi_pictures_split(). */
    int64_t *order; /**< (count): first those to train on, then the others */
    int64_t train;  /**< of so many is the training set */

    int64_t room;         /**< that rgb has room for */
    int64_t *end;         /**< (files): each file's last picture and one */
    int class;            /**< of what is being added */
    s2vi_shards *shards;  /**< NULL: of none */
    const uint8_t **from; /**< (files): of shards, each file's pictures */
} s2vi_pictures;

/** How files are read. */
typedef struct s2vi_picture_source {
    s2vi_clip_params clip; /**< its size and `mute` are set by the callee */
    s2vi_ingest *ingest;
} s2vi_picture_source;

/**
 * Add a file, those of a folder in order of name, or a folder of shards.
 *
 * @return S2V_OK; S2V_ERR_INVALID: a folder without any, or shards and files;
 *         as s2vi_ingest_clip()
 */
int s2vi_pictures_add(s2vi_pictures *p, const char *path,
                      const s2vi_picture_source *source, s2v_error *err);

/** Picture `index`, side x side x 3. */
const uint8_t *s2vi_pictures_at(const s2vi_pictures *p, int64_t index);

/** What a shard holds of a file's pictures. */
int s2vi_pictures_pack(const s2vi_pictures *p, s2vi_shard_item *item,
                       s2v_error *err);

/**
 * Add a folder of folders, each of which is a class of its name. All pictures
 * are added so, or none.
 *
 * @return as s2vi_pictures_add(); S2V_ERR_INVALID: not a folder of folders
 */
int s2vi_pictures_add_classes(s2vi_pictures *p, const char *path,
                              const s2vi_picture_source *source,
                              s2v_error *err);

/** The class of picture i; 0 without classes. */
int s2vi_pictures_class_at(const s2vi_pictures *p, int64_t i);

/**
 * Hold out a part: of a clip its end, of files of one picture each some evenly
 * spread, since names are often sorted by what they show.
 *
 * @param part to train on, [0, 1]; above 0, at least one picture is
 * @return S2V_OK or S2V_ERR_NOMEM
 */
int s2vi_pictures_split(s2vi_pictures *p, double part, s2v_error *err);

void s2vi_pictures_close(s2vi_pictures *p);

#endif
