/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VarietySound: what training does to its data, on the host: random resampling
 * R[.], energy masking, shifts S[.] and the windows that D_m sees.
 */
#ifndef S2VI_NETWORKS_VARIETYSOUND_DATA_H
#define S2VI_NETWORKS_VARIETYSOUND_DATA_H

#include "s2v/s2v.h"

/** Streams of random numbers of frame (clock + n) for sequence n, beside the
 * generator's (varietysound.h). */
enum {
    S2VI_VS_STREAM_RESAMPLE = 0x200, /* of SGAU 0, and of the others */
    S2VI_VS_STREAM_SHIFT = 0x240,
    S2VI_VS_STREAM_WINDOW = 0x241, /* and of the other windows */
};

/**
 * Draw R[.] of one SGAU for n sequences of T columns, as its inputs want it.
 *
 * @param layer the SGAU, from 0
 * @param clock the run's frame number: sequence i's is clock + i
 * @param low,high,weight receive n T numbers
 */
void s2vi_vs_draw(uint64_t seed, uint64_t clock, int layer, int64_t n,
                  int64_t T, float *low, float *high, float *weight);

/**
 * Energy masking: columns of more than the median energy become zero.
 *
 * @param mel (T,bands): (20 log10(magnitude) + 80) / 100; may be `out`
 * @return S2V_OK or S2V_ERR_NOMEM
 */
int s2vi_vs_mask_energy(const float *mel, int64_t T, int bands, float *out,
                        s2v_error *err);

/** S[.]: n T rows of n sequences, each turned by T/8 to 7T/8 columns. */
void s2vi_vs_draw_shift(uint64_t seed, uint64_t clock, int64_t n, int64_t T,
                        float *rows);

/** Window k's n `columns` rows: a random piece of each of n sequences. */
void s2vi_vs_draw_window(uint64_t seed, uint64_t clock, int k, int64_t n,
                         int64_t T, int64_t columns, float *rows);

#endif
