/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Metrics of generated frames against real ones: SSIM, squared errors and PSNR
 * over all and over moving pixels, correlation over time.
 *
 * A frame is square or not, RGB interleaved, top row first; where it is float,
 * its values are in [0, 1] (data range 1). All sums are double or exact.
 */
#ifndef S2VI_TRAIN_METRICS_H
#define S2VI_TRAIN_METRICS_H

#include "s2v/s2v.h"

enum {
    S2VI_SSIM_WINDOW = 11, /* pixels, each way */
    S2VI_SCORE_BATCH = 32, /* frames */
};

/** A pixel moves if a channel's standard deviation over time is above this. */
#define S2VI_MOVING_DEVIATION 0.05

/* -------------------------------------------------------------- frames -- */

/** Bytes as values in [0, 1], rows packed. */
void s2vi_frame_to_float(const uint8_t *rgb, ptrdiff_t stride, int width,
                         int height, float *out);

/** Doubles that s2vi_ssim() needs as `scratch`; 0 for too small a frame. */
size_t s2vi_ssim_scratch(int width, int height);

/**
 * Structural similarity (Wang, Bovik, Sheikh, Simoncelli, "Image quality
 * assessment: from error visibility to structural similarity", 2004): 11 x 11
 * Gaussian window of sigma 1.5, only where it lies within the frame, K1 =
 * 0.01, K2 = 0.03, population covariances; the mean over R, G and B.
 *
 * @param a, b    (height, width, 3), at least 11 x 11
 * @param scratch s2vi_ssim_scratch() doubles
 */
double s2vi_ssim(const float *a, const float *b, int width, int height,
                 double *scratch);

/** Sums of squared differences over all values, and over moving pixels'. */
typedef struct s2vi_squares {
    double all, moving;
} s2vi_squares;

/** @param moves (pixels) not 0 where a pixel moves; all three channels count */
s2vi_squares s2vi_square_errors(const float *a, const float *b, int64_t pixels,
                                const uint8_t *moves);

/** 10 log10(1 / mse), the peak being 1; infinite for 0, NaN for NaN. */
double s2vi_psnr(double mse);

/**
 * Mean luma (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B) of a rectangle.
 *
 * @param width of the frame, pixels
 */
double s2vi_brightness(const float *rgb, int width, int x, int y, int w, int h);

/* ----------------------------------------------------------- over time -- */

/** Exact sums of every value over frames: their mean and their movement. */
typedef struct s2vi_moments {
    int64_t pixels, frames;
    uint64_t *sum, *square; /* 3 x pixels */
} s2vi_moments;

/** Start with no frames; s2vi_moments_free() also after a failure. */
int s2vi_moments_init(s2vi_moments *m, int64_t pixels, s2v_error *err);
void s2vi_moments_add(s2vi_moments *m, const uint8_t *rgb);
void s2vi_moments_free(s2vi_moments *m);

/** The mean frame, (3 x pixels) in [0, 1]; at least one frame was added. */
void s2vi_moments_mean(const s2vi_moments *m, float *mean);

/**
 * Which pixels move: those of which any channel's (population) standard
 * deviation exceeds `deviation`, in units of [0, 1].
 *
 * @param moves (pixels) 1 or 0
 * @return how many do
 */
int64_t s2vi_moments_moving(const s2vi_moments *m, double deviation,
                            uint8_t *moves);

/** A number for each frame: its mean, and the spread of batches of 32
 * consecutive frames. All zero is the empty one. */
typedef struct s2vi_batched {
    int64_t frames;
    double sum;
    /* The batch that fills, and the full ones' means (Welford's recurrence). */
    double batch_sum, batch_mean, batch_square;
    int64_t batches;
} s2vi_batched;

void s2vi_batched_add(s2vi_batched *b, double value);

/** Mean over frames; NaN for none. */
double s2vi_batched_mean(const s2vi_batched *b);

/** Sample standard deviation of the means of full batches; NaN for fewer than
 * two. */
double s2vi_batched_deviation(const s2vi_batched *b);

/** The score of a run of frames; all zero is the empty one. */
typedef struct s2vi_score {
    s2vi_batched ssim, lpips; /**< lpips: empty without a network */
    s2vi_batched cpbd;        /**< of the made frames (sharpness.h) */
    s2vi_squares squares;     /**< sums over frames */
} s2vi_score;

void s2vi_score_add(s2vi_score *s, double ssim, s2vi_squares squares);

/**
 * Mean squared errors, pooled over all frames and values.
 *
 * @param pixels, moving of a frame; NaN results where there are none
 */
s2vi_squares s2vi_score_mse(const s2vi_score *s, int64_t pixels,
                            int64_t moving);

/** Centred second moments of pairs (x, y); all zero is the empty one. */
typedef struct s2vi_correlation {
    int64_t n;
    double mean_x, mean_y;
    double xx, yy, xy;
} s2vi_correlation;

/** Add a pair, by Welford's recurrence: no cancellation. */
void s2vi_correlation_add(s2vi_correlation *c, double x, double y);

/** Pearson's r; NaN where x or y never changes. */
double s2vi_correlation_r(const s2vi_correlation *c);

/** Add a group's moments about its own means: r within groups, pooled. */
void s2vi_correlation_pool(s2vi_correlation *pool,
                           const s2vi_correlation *group);

#endif
