/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preview pictures: PNG files, and the sheet of real over generated frames.
 *
 * The PNG encoder is libavcodec's, which the trainer links for decoding: no
 * further library. (An FFmpeg built without zlib has none; writing then fails
 * with a sentence that says so.)
 */
#ifndef S2VI_TRAIN_PICTURE_H
#define S2VI_TRAIN_PICTURE_H

#include "s2v/s2v.h"

/** An RGB picture, 8 bits a channel, rows packed, top row first. */
typedef struct s2vi_picture {
    int width, height;
    uint8_t *rgb; /**< height x width x 3 */
} s2vi_picture;

enum { S2VI_PREVIEW_ROWS = 64 }; /**< of a sheet, at most */

/** Frames of one kind, whichever member is set; none of them are owned. */
typedef struct s2vi_preview_row {
    const uint8_t *bytes; /**< frames x size x size x 3, 0 to 255 */
    const float *floats;  /**< the same in [-1, 1]; used where bytes is NULL */
} s2vi_preview_row;

/**
 * Write a picture as PNG. The file appears whole or, on failure, not at all:
 * what was there before stays.
 *
 * @param rgb    top row first
 * @param stride bytes from one row to the next, may be negative
 * @return S2V_OK; S2V_ERR_INVALID; S2V_ERR_IO: the file cannot be written;
 *         S2V_ERR_DEVICE: no PNG encoder; S2V_ERR_NOMEM
 */
int s2vi_picture_write_png(const char *path, const uint8_t *rgb, int width,
                           int height, ptrdiff_t stride, s2v_error *err);

/**
 * Lay out rows of frames as one picture: columns evenly spread from the first
 * frame to the last, with thin lines between.
 *
 * @param sheet   receives the picture, for s2vi_picture_free()
 * @param rows    real frames, generated ones, ...: all of `frames` frames
 * @param size    side of a frame, pixels
 * @param columns at most so many; fewer where there are fewer frames
 */
int s2vi_preview_sheet(s2vi_picture *sheet, const s2vi_preview_row *rows,
                       int n_rows, int64_t frames, int size, int columns,
                       s2v_error *err);

/** The index of the frame in column `column` of `columns`. */
int64_t s2vi_preview_frame(int64_t frames, int columns, int column);

/** Free the pixels and clear the picture. */
void s2vi_picture_free(s2vi_picture *picture);

#endif
