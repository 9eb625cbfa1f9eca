/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips that decode to the very bytes that were written. */
#ifndef S2VI_TESTS_EVAL_WRITE_CLIP_H
#define S2VI_TESTS_EVAL_WRITE_CLIP_H

#include <stdint.h>

/**
 * Write a clip at 20 frames a second with mono sound at 16 kHz, all of it raw,
 * in NUT. Aborts on failure.
 *
 * @param rgb   (frames, size, size, 3)
 * @param sound (samples)
 */
void write_clip(const char *path, const uint8_t *rgb, int frames, int size,
                const int16_t *sound, int samples);

/** Pictures a second, and samples a second of which a picture lasts a whole
 * number. */
typedef struct clip_rate {
    int fps_num, fps_den, sample_rate;
} clip_rate;

/** The same at other rates. */
void write_clip_at(const char *path, const uint8_t *rgb, int frames, int size,
                   clip_rate rate, const int16_t *sound, int samples);

/** Sound that changes all the time, another one for each seed. */
void make_sound(int16_t *sound, int samples, unsigned seed);

#endif
