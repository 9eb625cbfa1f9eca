/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of a clip: NAME.safetensors holds the numbers, NAME.json those
 * and the words. T frames at LAND_FPS, E events.
 *
 *     intensity  (T) F32     in the middle of the frame
 *     drive      (T) F32     what moves: gusts of wind, height of the surf,
 *                            else the intensity
 *     level      (T) F32     of the frame's sound, dB of full scale, at least
 *                            -100
 *     third      (T) U8      of intensity, 0 to 2: the caption's
 *     events     (E, 2) F32  seconds, size 0 to 1
 *     scene      (1) I32     in the order of --scenes
 */
#ifndef S2V_TOOLS_LANDSCAPES_TRUTH_H
#define S2V_TOOLS_LANDSCAPES_TRUTH_H

#include "landscapes.h"
#include "still.h"

struct land_truth_params {
    const char *clip; /* the film's name, without folders */
    uint64_t seed;
    int size, rate;       /* samples a second */
    const int16_t *sound; /* the clip's */
    size_t samples;
};

/* Writes STEM.safetensors and STEM.json. 0, or -1 after a message. */
int land_truth_write(const char *stem, const struct land_clip *clip,
                     const struct land_truth_params *params);

/* Frames of a clip. */
int land_frames(const struct land_clip *clip);

/* What stills show, in the order of their numbers. */
struct land_record {
    enum land_scene scene;
    enum land_time time;
    int number;
    double intensity;
    char caption[128];
};

/* Likewise STEM.json and, in STEM.safetensors, intensity (N) F32 and scene (N)
 * I32.
 *
 * @param folders whether each scene has one of its name */
int land_truth_stills(const char *stem, uint64_t seed, int size, bool folders,
                      const struct land_record *records, int n);

/* "rain-0001.mkv": name of a film or still, to `to` of `size` bytes. */
void land_file_name(char *to, size_t size, enum land_scene scene, int number,
                    const char *ending);

/* "rain-0001.png" or, with folders, "rain/rain-0001.png". */
void land_still_name(char *to, size_t size, bool folders, enum land_scene scene,
                     int number);

#endif
