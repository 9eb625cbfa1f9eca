/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels: bytes outside of a network, numbers in [-1, 1] in it. */
#ifndef S2VI_VIDEO_PIXEL_H
#define S2VI_VIDEO_PIXEL_H

#include <stdint.h>

/** 0 .. 255 as [-1, 1]. */
static inline float s2vi_pixel_value(uint8_t byte)
{
    return (float)byte / 127.5f - 1.0f;
}

/**
 * [-1, 1] as 0 .. 255, rounded to nearest and clamped. NaN, which untrained
 * weights may give, becomes 0.
 */
static inline uint8_t s2vi_pixel_byte(float value)
{
    float x = value * 127.5f + 128.0f;
    x = x > 0.0f ? x : 0.0f;
    x = x > 255.0f ? 255.0f : x;
    return (uint8_t)x;
}

#endif
