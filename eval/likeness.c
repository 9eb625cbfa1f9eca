/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made frames beside the nearest of many real ones. */
#include "likeness.h"

#include "base/error.h"
#include "video/area_downscale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = S2VI_LIKENESS_SIDE,
    VALUES = SIDE * SIDE * 3,
};

static size_t bytes_of(int size)
{
    return (size_t)size * (size_t)size * 3;
}

/* Mean absolute difference of bytes. */
static double change(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)abs(a[i] - b[i]);
    return (double)sum / (double)n;
}

static double clip_change(const s2vi_clip *clip)
{
    const size_t n = bytes_of(clip->size);
    double sum = 0;
    for (int64_t t = 1; t < clip->frames; t++)
        sum += change(clip->rgb + (size_t)t * n,
                      clip->rgb + (size_t)(t - 1) * n, n);
    return sum;
}

/* Frame `index` of all clips, one after the other. */
static const uint8_t *find_frame(const s2vi_dataset *data, int64_t index)
{
    int i = 0;
    while (index >= data->clip[i].clip->frames)
        index -= data->clip[i++].clip->frames;
    return data->clip[i].clip->rgb + (size_t)index * bytes_of(data->size);
}

int s2vi_real_frames_make(s2vi_real_frames *real, const s2vi_dataset *data,
                          s2v_error *err)
{
    const int n = data->frames < S2VI_LIKENESS_REAL ? (int)data->frames
                                                    : S2VI_LIKENESS_REAL;
    uint32_t *sums = malloc((size_t)data->size * 3 * sizeof(*sums));
    int64_t pairs = 0;
    *real = (s2vi_real_frames){.count = n};
    real->frame = malloc((size_t)n * VALUES * sizeof(*real->frame));
    if (!sums || !real->frame) {
        free(sums);
        return s2vi_error_nomem(err, "real frames");
    }
    for (int i = 0; i < n; i++)
        s2vi_area_downscale(find_frame(data, data->frames * i / n),
                            (ptrdiff_t)data->size * 3, data->size, data->size,
                            sums, SIDE, real->frame + (size_t)i * VALUES);
    for (int i = 0; i < data->count; i++) {
        real->motion += clip_change(data->clip[i].clip);
        pairs += data->clip[i].clip->frames - 1;
    }
    real->motion = pairs ? real->motion / (double)pairs : NAN;
    free(sums);
    return S2V_OK;
}

void s2vi_real_frames_free(s2vi_real_frames *real)
{
    free(real->frame);
    *real = (s2vi_real_frames){0};
}

/* Sum of squared differences, given up where it exceeds `most`. */
static float distance(const float *a, const float *b, float most)
{
    float sum = 0;
    for (int y = 0; y < SIDE && sum < most; y++) {
        float row = 0;
        for (int i = y * SIDE * 3; i < (y + 1) * SIDE * 3; i++)
            row += (a[i] - b[i]) * (a[i] - b[i]);
        sum += row;
    }
    return sum;
}

/* PSNR to the nearest real frame, dB: at most 100, which an equal one has. */
static double nearest(const float *small, const s2vi_real_frames *real)
{
    float least = INFINITY;
    for (int i = 0; i < real->count; i++) {
        const float d =
            distance(small, real->frame + (size_t)i * VALUES, least);
        least = d < least ? d : least;
    }
    return fmin(100.0, 10.0 * log10(4.0 * VALUES / (double)least));
}

static int prepare(s2vi_likeness *l, int size, s2v_error *err)
{
    l->last = malloc(bytes_of(size));
    l->small = malloc(VALUES * sizeof(*l->small));
    l->sums = malloc((size_t)size * 3 * sizeof(*l->sums));
    return l->last && l->small && l->sums ? S2V_OK
                                          : s2vi_error_nomem(err, "a frame");
}

int s2vi_likeness_add(s2vi_likeness *l, const s2vi_real_frames *real,
                      const s2v_video_frame *frame, int every, s2v_error *err)
{
    const size_t n = bytes_of(frame->width);
    if (!l->last && prepare(l, frame->width, err) < 0)
        return S2V_ERR_NOMEM;
    if (l->frames)
        l->change += change(l->last, frame->data, n);
    memcpy(l->last, frame->data, n);
    if (l->frames++ % every)
        return S2V_OK;
    s2vi_area_downscale(frame->data, frame->stride, frame->width, frame->height,
                        l->sums, SIDE, l->small);
    const double psnr = nearest(l->small, real);
    l->nearest += psnr;
    l->far += psnr < S2VI_LIKENESS_FAR;
    l->compared++;
    return S2V_OK;
}

double s2vi_likeness_far(const s2vi_likeness *l)
{
    return l->compared ? (double)l->far / (double)l->compared : NAN;
}

double s2vi_likeness_nearest(const s2vi_likeness *l)
{
    return l->compared ? l->nearest / (double)l->compared : NAN;
}

double s2vi_likeness_motion(const s2vi_likeness *l,
                            const s2vi_real_frames *real)
{
    return l->frames > 1 ? l->change / (double)(l->frames - 1) / real->motion
                         : NAN;
}

void s2vi_likeness_free(s2vi_likeness *l)
{
    free(l->sound);
    free(l->last);
    free(l->small);
    free(l->sums);
    *l = (s2vi_likeness){0};
}
