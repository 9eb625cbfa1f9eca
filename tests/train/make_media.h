/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small lossless media files whose every picture says its own number. */
#ifndef S2VI_TESTS_TRAIN_MAKE_MEDIA_H
#define S2VI_TESTS_TRAIN_MAKE_MEDIA_H

#include <stdbool.h>

#include <libavformat/avformat.h>

/** What to write; a part whose count is 0 is left out. */
typedef struct media_spec {
    int pictures;         /**< at most 512 */
    int width, height;    /**< default 32 x 32 */
    int dark_width;       /**< of the darker corner, default half */
    AVRational time_base; /**< of the pictures' time stamps */
    const int64_t *pts;   /**< NULL: first, first + 1, ... */
    int64_t first;
    int64_t samples; /**< 16-bit sound, in each channel */
    int rate, channels;
    int64_t sound_first;     /**< time stamp of the first sample, samples */
    int64_t impulse;         /**< the one sample that is not 0 */
    int64_t gap_at, gap;     /**< from sample gap_at on, so much later */
    bool standard;           /**< the sound has the default disposition */
    int second;              /**< channels of a second sound, 0: none ... */
    int64_t second_impulse;  /**< ... of which this sample is not 0 */
    bool second_standard;    /**< as `standard` */
    bool second_bytes;       /**< of 8 bits: half the bit rate */
    const int32_t *matrix;   /**< display matrix, 9 numbers, or NULL */
    enum AVCodecID codec;    /**< default FFV1 */
    enum AVPixelFormat form; /**< default BGR0 */
} media_spec;

/** Write; the container is that of the name's ending. Aborts on failure. */
void make_media(const char *path, const media_spec *spec);

/** The number of the picture whose pixel is `rgb`. */
int picture_number(const uint8_t *rgb);

#endif
