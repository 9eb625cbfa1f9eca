/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips made in memory, whose picture follows their sound. */
#include "make_clip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOP = S2VI_CLIP_RATE / 20 };

/* Loudness of a frame, 0 to 1. */
static double loudness(int64_t frame, unsigned number)
{
    return 0.5 + 0.5 * sin(0.7 * (double)frame + number);
}

static void paint(uint8_t *rgb, int size, double level)
{
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++, rgb += 3) {
            bool inside =
                abs(2 * x - size) < size / 2 && abs(2 * y - size) < size / 2;
            rgb[0] = (uint8_t)(inside ? 40 + 200 * level : 30);
            rgb[1] = (uint8_t)(inside ? 200 * level : 60);
            rgb[2] = (uint8_t)(x * 255 / size);
        }
}

s2vi_clip *make_clip(int size, int64_t frames, unsigned number)
{
    const size_t picture = (size_t)size * (size_t)size * 3;
    s2vi_clip *clip = calloc(1, sizeof(*clip));
    clip->size = size;
    clip->frames = frames;
    clip->samples = frames * HOP;
    clip->rgb = malloc((size_t)frames * picture);
    clip->sound = malloc((size_t)clip->samples * sizeof(float));
    clip->path = strdup("made in memory");
    for (int64_t t = 0; t < frames; t++)
        paint(clip->rgb + (size_t)t * picture, size, loudness(t, number));
    for (int64_t i = 0; i < clip->samples; i++)
        clip->sound[i] =
            (float)(loudness(i / HOP, number) * sin(0.2 * (double)i));
    snprintf(clip->hash, sizeof(clip->hash), "%064x", number);
    return clip;
}

void add_clip(s2vi_dataset *data, int size, int64_t frames, unsigned number)
{
    s2vi_clip *clip = make_clip(size, frames, number);
    if (s2vi_dataset_add(data, &clip, NULL) < 0 || clip)
        abort();
}
