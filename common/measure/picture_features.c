/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one set of pictures resembles another; see picture_features.h. */
#include "measure/picture_features.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

int s2vi_picture_features_open(s2vi_picture_features *f, s2vi_vision *vision,
                               int side, s2v_error *err)
{
    const int channels = s2vi_vision_channels(vision);
    const size_t numbers = 3 * (size_t)side * (size_t)side;
    *f = (s2vi_picture_features){.vision = vision,
                                 .numbers = numbers,
                                 .manifold = {.channels = channels}};
    int ret = s2vi_feature_stats_init(&f->stats, channels, err);
    for (int i = 0; i < 2 && !ret; i++) {
        f->picture[i] = calloc(numbers, sizeof(float));
        f->feature[i] = calloc((size_t)channels, sizeof(float));
        if (!f->picture[i] || !f->feature[i])
            ret = s2vi_error_nomem(err, "pictures");
    }
    return ret;
}

void s2vi_picture_features_close(s2vi_picture_features *f)
{
    s2vi_feature_stats_free(&f->stats);
    s2vi_manifold_free(&f->manifold);
    for (int i = 0; i < 2; i++) {
        free(f->picture[i]);
        free(f->feature[i]);
    }
    *f = (s2vi_picture_features){0};
}

/* Those that wait. */
static int look(s2vi_picture_features *f, s2v_error *err)
{
    double none;
    if (!f->waiting)
        return S2V_OK;
    int ret = s2vi_vision_compare(f->vision, f->picture[0], f->picture[1],
                                  &none, f->feature[0], f->feature[1], err);
    for (int i = 0; i < f->waiting && !ret; i++) {
        s2vi_feature_stats_add(&f->stats, f->feature[i]);
        ret = s2vi_manifold_add(&f->manifold, f->feature[i], err);
    }
    f->waiting = 0;
    return ret;
}

float *s2vi_picture_features_room(s2vi_picture_features *f)
{
    return f->picture[f->waiting];
}

int s2vi_picture_features_take(s2vi_picture_features *f, s2v_error *err)
{
    return ++f->waiting < 2 ? S2V_OK : look(f, err);
}

int s2vi_picture_features_take_rgb(s2vi_picture_features *f, const uint8_t *rgb,
                                   s2v_error *err)
{
    float *to = s2vi_picture_features_room(f);
    for (size_t k = 0; k < f->numbers; k++)
        to[k] = (float)rgb[k] / 255;
    return s2vi_picture_features_take(f, err);
}

int s2vi_picture_features_end(s2vi_picture_features *f, s2v_error *err)
{
    const int ret = look(f, err);
    return ret < 0 ? ret
                   : s2vi_manifold_measure(&f->manifold,
                                           S2VI_MANIFOLD_NEIGHBOUR, err);
}

int s2vi_picture_features_compare(const s2vi_picture_features *real,
                                  const s2vi_picture_features *made,
                                  s2vi_resemblance *out, s2v_error *err)
{
    *out = (s2vi_resemblance){
        .frechet = NAN,
        .precision = s2vi_manifold_covers(&real->manifold, &made->manifold),
        .recall = s2vi_manifold_covers(&made->manifold, &real->manifold),
    };
    return s2vi_frechet(&real->stats, &made->stats, &out->frechet, err);
}
