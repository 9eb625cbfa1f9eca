/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A media file in the making: picture and sound, encoded and muxed by libav*.
 * The name's ending chooses the format: .mkv and .wav are lossless. The file
 * has its name once it is complete, see file.h. */
#ifndef S2V_TOOLS_RENDER_OUTPUT_H
#define S2V_TOOLS_RENDER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

struct render_output;

/* What goes in. */
struct render_format {
    const char *program; /* begins each message; outlives the output */
    int size;            /* width and height, even; 0 writes no picture */
    int height;          /* where it is not the width; 0: it is */
    int fps_num, fps_den;
    int rate, channels; /* of the sound; rate 0 writes none */
};

/* Each prints its error; open returns NULL then, the others -1. A picture is
 * rows of native 0xXXRRGGBB; sound is 16 bits, channels interleaved. */
struct render_output *render_output_open(const char *name,
                                         const struct render_format *f);
int render_output_picture(struct render_output *out, const uint8_t *pixels,
                          int stride);
int render_output_sound(struct render_output *out, const int16_t *samples,
                        size_t frames);

/* Completes the file and gives it its name; frees the output in any case. */
int render_output_finish(struct render_output **out);

/* Drops what was written, unless it was finished. */
void render_output_free(struct render_output **out);

#endif
