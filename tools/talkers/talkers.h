/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-talkers: what its parts share. A clip follows from the seed and the
 * identity's number alone: who it is (identity.c), what is said (sentence.c,
 * speech.c), how mouth, eyes and head move (viseme.c, motion.c), where the
 * points of the face are then (face.c) and what is seen (picture.c).
 *
 * The head's coordinates: the distance of the eye centres is 1, the origin is
 * midway between them, x to the right in the picture, y down, z towards the
 * camera. Times are seconds, angles degrees.
 */
#ifndef S2V_TOOLS_TALKERS_H
#define S2V_TOOLS_TALKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brush.h"
#include "random.h"

enum {
    TALKERS_FPS = 25,
    TALKERS_RATE = 16000, /* samples a second */
    TALKERS_LANDMARKS = 68,
    TALKERS_FLOW = 64, /* side of the flow's maps */
};

/* Streams of random numbers; one seed gives each its own sequence. */
enum talkers_stream {
    TALKERS_STREAM_IDENTITY,
    TALKERS_STREAM_SHAPE,
    TALKERS_STREAM_HAIR,
    TALKERS_STREAM_SKIN,
    TALKERS_STREAM_BACKDROP,
    TALKERS_STREAM_BODY,
    TALKERS_STREAM_TEXT,
    TALKERS_STREAM_VOICE,
    TALKERS_STREAM_BLINK,
    TALKERS_STREAM_GAZE,
    TALKERS_STREAM_HEAD,
    TALKERS_STREAM_NOD,
    TALKERS_STREAM_NOISE,
};

/* The next number of a sequence. */
struct talkers_dice {
    uint64_t seed, counter;
    int stream;
};
double talkers_roll(struct talkers_dice *d, double lo, double hi);
int talkers_pick(struct talkers_dice *d, int n);
bool talkers_chance(struct talkers_dice *d, double p);
double talkers_normal(struct talkers_dice *d); /* mean 0, deviation 1 */

static inline double clamp(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* 0 below a, 1 above b, smooth between. */
static inline double smooth_step(double a, double b, double x)
{
    const double t = clamp((x - a) / (b - a), 0, 1);

    return t * t * (3 - 2 * t);
}

/* ------------------------------------------------------------ identity -- */

enum talkers_hair {
    TALKERS_HAIR_SHAVED,
    TALKERS_HAIR_CROP,
    TALKERS_HAIR_PARTED,
    TALKERS_HAIR_SWEPT,
    TALKERS_HAIR_RECEDING,
    TALKERS_HAIR_CURLY,
    TALKERS_HAIR_AFRO,
    TALKERS_HAIR_BOB,
    TALKERS_HAIR_LONG,
    TALKERS_HAIR_WAVY,
    TALKERS_HAIR_FRINGE,
    TALKERS_HAIR_BUN,
    TALKERS_HAIRS,
};

enum talkers_beard {
    TALKERS_BEARD_NONE,
    TALKERS_BEARD_STUBBLE,
    TALKERS_BEARD_MOUSTACHE,
    TALKERS_BEARD_GOATEE,
    TALKERS_BEARD_FULL,
};

enum talkers_clothes {
    TALKERS_CLOTHES_ROUND,
    TALKERS_CLOTHES_V,
    TALKERS_CLOTHES_SHIRT,
    TALKERS_CLOTHES_ROLL, /* a roll neck */
    TALKERS_CLOTHES_JACKET,
    TALKERS_CLOTHES_KINDS,
};

enum talkers_backdrop {
    TALKERS_BACKDROP_GRADIENT,
    TALKERS_BACKDROP_LIGHTS, /* blurred, far away */
    TALKERS_BACKDROP_WINDOW,
    TALKERS_BACKDROP_SHELF,
    TALKERS_BACKDROP_GARDEN,
    TALKERS_BACKDROPS,
};

/* Factors of lengths: 1 is the average. */
struct talkers_shape {
    double width, jaw, length, chin, forehead;
    double eye_size, eye_tilt, eye_open;
    double brow_height, brow_arch;
    double nose_width, nose_length, nose_depth;
    double mouth_width, mouth_height, upper_lip, lower_lip;
    double cheek, ear;
};

struct talkers_identity {
    uint64_t seed; /* of the identity: its own */
    int number;
    double masculine; /* 0 to 1 */
    double age;       /* 0 young to 1 old */
    struct talkers_shape shape;
    struct colour skin, blush, lips, brow, hair_colour, iris;
    double ita; /* of the skin, degrees: above 55 very light, below -30 dark */
    double lipstick, lashes, freckles, gloss;
    double brow_thick;
    enum talkers_hair hair;
    double hair_length, hair_volume, hair_wave, part; /* part: -1 to 1 */
    enum talkers_beard beard;
    int glasses; /* 0 none, 1 round, 2 square, 3 without rim */
    struct colour glasses_colour;
    bool earrings;
    int moles;
    enum talkers_clothes clothes;
    struct colour cloth, cloth2;
    enum talkers_backdrop backdrop;
    struct colour wall;
    double light_x, light_y; /* where the light comes from: -1 to 1 */
    double contrast;         /* of key light to fill, 0 to 1 */
    double warmth;           /* -1 cold to 1 warm */
    double gamma, noise;     /* of the camera; noise in 1/255 */
    double opening;          /* how far the mouth opens: 0.7 to 1.2 */
};

/* Who has that number. */
void talkers_identity_draw(struct talkers_identity *id, uint64_t seed,
                           int number);

/* ---------------------------------------------------------- expression -- */

/* What moves in a face. */
struct talkers_expression {
    double open;    /* 0 to 1: inner height 0.55 of the rest width */
    double width;   /* -1 to 1: a quarter narrower to a quarter wider */
    double round;   /* 0 to 1 */
    double teeth;   /* 0 to 1: how much of them shows */
    double press;   /* 0 to 1: lips pressed: p b m */
    double tuck;    /* 0 to 1: lower lip under the upper teeth: f v */
    double tongue;  /* 0 to 1: its tip raised */
    double jaw;     /* as open, later: it has mass */
    double closure; /* of the lids, 0 to 1 */
    double brow;    /* raise, 0 to 1 */
    double gaze_x, gaze_y;
};

/* Where the head is. */
struct talkers_pose {
    double yaw, pitch, roll; /* right in the picture, down, clockwise */
    double x, y;             /* shift */
};

struct talkers_state {
    struct talkers_expression face;
    struct talkers_pose head;
};

#endif
