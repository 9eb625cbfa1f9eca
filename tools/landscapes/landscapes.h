/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-landscapes: what its parts share. A clip follows from the seed, the scene
 * and the clip's number alone: how intense the scene is and what happens when
 * (clip.c), the time of day and the colours (palette.c). Each scene, one file,
 * makes the picture and the sound of that.
 *
 * Places are fractions of the picture's side, x to the right, y down. Times are
 * seconds; what happens up to LAND_LEAD seconds before a clip still shows and
 * sounds in it.
 */
#ifndef S2V_TOOLS_LANDSCAPES_H
#define S2V_TOOLS_LANDSCAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brush.h"
#include "random.h"

enum {
    LAND_FPS = 20,
    LAND_STEPS = 200,   /* of the curves, a second */
    LAND_SYNTH = 48000, /* samples a second while sound is made */
    LAND_LEAD = 8,      /* seconds before a clip */
    LAND_LEVELS = 5,    /* intensities 0, 0.25 ... 1 of calibration */
    LAND_SYNONYMS = 4,
};

enum land_scene {
    LAND_RAIN,
    LAND_THUNDER,
    LAND_WIND,
    LAND_FIRE,
    LAND_VOLCANO,
    LAND_WATERFALL,
    LAND_BROOK,
    LAND_UNDERWATER,
    LAND_WAVES,
    LAND_SCENES,
};

enum land_time {
    LAND_DAWN,
    LAND_DAY,
    LAND_DUSK,
    LAND_NIGHT,
    LAND_TIMES,
    LAND_ANY_TIME = LAND_TIMES, /* drawn */
};

/* Streams of random numbers; one seed gives each its own sequence. */
enum land_stream {
    LAND_STREAM_CLIP,
    LAND_STREAM_CURVE,
    LAND_STREAM_EVENTS,
    LAND_STREAM_CAPTION,
    LAND_STREAM_PALETTE,
    LAND_STREAM_TEXTURE,
    LAND_STREAM_LAYOUT,
    LAND_STREAM_PARTICLES,
    LAND_STREAM_SOUND,
    LAND_STREAM_GRAINS,
    LAND_STREAM_STILL,
};

/* The next number of a sequence. */
struct land_dice {
    uint64_t seed, counter;
    int stream;
};
double land_roll(struct land_dice *d, double lo, double hi);
int land_pick(struct land_dice *d, int n);
bool land_chance(struct land_dice *d, double p);
double land_normal(struct land_dice *d); /* mean 0, deviation 1 */

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

/* ---------------------------------------------------------------- clip -- */

/* Something that is seen and heard, from `time` on. */
struct land_event {
    double time;
    double size; /* 0 to 1 */
    double x, y; /* where, as its scene takes them: 0 to 1 */
    uint64_t seed;
};

/* Numbers at LAND_STEPS a second, from -LAND_LEAD on. */
struct land_clip {
    uint64_t seed; /* of the clip: its own */
    enum land_scene scene;
    enum land_time time;
    int number;
    double seconds;
    int steps;
    float *intensity; /* 0 to 1 */
    float *drive;     /* what moves: of the wind its gusts, of waves their
                         height, else the intensity */
    float *travel;    /* the integral of drive, 0 at the clip's begin */
    struct land_event *events; /* in the order of their times */
    int event_count, event_room;
};

struct land_clip_params {
    uint64_t seed;
    enum land_scene scene;
    enum land_time time;
    int number;
    double seconds;
    double intensity; /* the same throughout; below 0: a curve */
};

/* 0, or -1 without memory. */
int land_clip_make(struct land_clip *clip, const struct land_clip_params *p);
void land_clip_free(struct land_clip *clip);

/* A curve at a time, and the mean of one over the clip. */
double land_at(const struct land_clip *clip, const float *curve, double time);
double land_mean(const struct land_clip *clip, const float *curve);

/* Adds an event; 0, or -1 without memory. Events are sorted afterwards. */
int land_clip_add(struct land_clip *clip, struct land_event event);

/* "gentle rain at dusk", to `to` of `size` bytes, for an intensity. */
void land_caption(char *to, size_t size, const struct land_clip *clip,
                  double intensity);
const char *land_time_name(enum land_time time);

/* --------------------------------------------------------------- scene -- */

struct land_view;

/* What there is to know of a scene. */
struct land_kind {
    const char *name;
    const char *phrases[LAND_SYNONYMS]; /* "rain", "rainfall" ... */
    const char *levels[3][3];           /* words for thirds of intensity */
    double rate, rate_more; /* events a second: rate + rate_more * intensity */
    /* Loudness of the bare sound in LUFS at intensities 0, 0.25 ... 1. */
    float loudness[LAND_LEVELS];

    /* Overwrites drive, which is the intensity, or adds events; may be NULL.
     * 0, or -1 without memory. */
    int (*move)(struct land_clip *clip);
    /* Adds the bare sound from the clip's begin on. */
    void (*sound)(const struct land_clip *clip, float *out, size_t n);
    /* Draws what stands still, and lays out the rest in view->look, of
     * look_size bytes, 0 before. */
    size_t look_size;
    void (*compose)(struct land_view *view);
    void (*draw)(struct land_view *view, double time);
};

const struct land_kind *land_kind(enum land_scene scene);

extern const struct land_kind land_rain, land_thunder, land_wind, land_fire,
    land_volcano, land_waterfall, land_brook, land_underwater, land_waves;

/* The index of a scene, or -1. */
int land_scene_find(const char *name, size_t length);

#endif
