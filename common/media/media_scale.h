/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoded picture becomes a square RGB one: turned upright, cropped, scaled.
 */
#ifndef S2VI_TRAIN_MEDIA_SCALE_H
#define S2VI_TRAIN_MEDIA_SCALE_H

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "s2v/s2v.h"

typedef struct s2vi_rect {
    int x, y, w, h;
} s2vi_rect;

typedef struct s2vi_scaler {
    const char *path; /* for messages */
    int size;         /* side of the result */
    s2vi_rect crop;   /* in the upright picture; w = 0: centred... */
    bool whole;       /* ...or all of it, as video/area_downscale.h does it */
    const int32_t *matrix; /* the stream's display matrix, or NULL */
    struct SwsContext *sws;
    struct SwsContext *unpack; /* for formats that cannot be cropped */
    AVFrame *part;             /* the cropped picture */
    uint8_t *turned;           /* a result before it is turned */
} s2vi_scaler;

/** Get ready; path, size, crop and matrix are set, all else is zero. */
int s2vi_scaler_init(s2vi_scaler *s, s2v_error *err);

/** Scale `in`, of any format and size, to size x size x 3 bytes at `out`. */
int s2vi_scaler_run(s2vi_scaler *s, const AVFrame *in, uint8_t *out,
                    s2v_error *err);

void s2vi_scaler_free(s2vi_scaler *s);

#endif
