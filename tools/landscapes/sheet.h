/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sheets to look at, as PNG. Each returns 0, or -1 after a message. */
#ifndef S2V_TOOLS_LANDSCAPES_SHEET_H
#define S2V_TOOLS_LANDSCAPES_SHEET_H

#include "landscapes.h"

struct land_sheet {
    uint64_t seed;
    unsigned scenes; /* a bit for each */
    enum land_time time;
    double intensity; /* below 0: drawn */
    double seconds;   /* of what spectrograms show */
    int size, first;
};

/* A row of pictures for each scene, calm ones left and intense ones right. */
int land_sheet_stills(const char *path, const struct land_sheet *s);

/* A spectrogram of a clip of each scene, and its intensity. */
int land_sheet_spectrograms(const char *path, const struct land_sheet *s);

/* Writes pixels of 0xXXRRGGBB as PNG. */
int land_write_png(const char *path, uint8_t *pixels, int width, int height);

#endif
