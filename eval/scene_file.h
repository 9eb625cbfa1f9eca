/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a weight file of the family semantic says of itself, and its own
 * embedding of pictures, sound and texts. */
#ifndef S2VI_EVAL_SCENE_FILE_H
#define S2VI_EVAL_SCENE_FILE_H

#include "data/scene_clips.h"

enum { S2VI_SCENE_GROUPS = 8 }; /* at most */

typedef struct s2vi_scene_file {
    int groups;
    int group[S2VI_SCENE_GROUPS]; /**< style codes of each */
    double level;                 /**< s2v.level; 0: not there */
    int width;                    /**< of the embedding; 0: there is none */
    struct embedder *embedder;
} s2vi_scene_file;

/**
 * Read a file.
 *
 * @param vocabulary receives the words, where there is an embedding
 * @param size       of the frames that are embedded
 * @return S2V_OK, or a status; s2vi_scene_file_close() in any case
 */
int s2vi_scene_file_open(s2vi_scene_file *file, const char *path, int size,
                         const char *device, int threads,
                         s2vi_vocabulary *vocabulary, s2v_error *err);
void s2vi_scene_file_close(s2vi_scene_file *file);

/**
 * How well a frame suits its sound and its text, in the file's embedding.
 *
 * @param picture (size,size,3) of [-1,1]
 * @param window  of sound, as mel_window.h has it
 * @param share   of the words, as vocabulary.h has it
 * @param sound, text set to cosines
 */
int s2vi_scene_file_embed(s2vi_scene_file *file, const float *picture,
                          const float *window, const float *share,
                          double *sound, double *text, s2v_error *err);

#endif
