/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A walk through the pictures of a StyleGAN, moved by music: style codes for
 * each frame, out of its features (audio/music.h), the options and what was
 * before.
 *
 * Keyframes are seeds, which the walk visits in turn; sound moves it from its
 * way. All of it is a function of the sound so far, the seed and the options.
 * Frame by frame, with w_i the code of layer i:
 *
 *   z   between two keyframes on the sphere, plus the way that `motion` went;
 *       of a class, which the tones' classes may be mixed with
 *   w   of z; with interp=spline directly between the keyframes' w
 *   w_i = c + (psi + psi_react level) (w - c) below `cutoff`
 *   w_i = (1 - chroma) w_i + chroma sum_k tone_k w(chroma_seeds_k)
 *   w_i = (1 - e) w_i + e w(kick), e: the onsets of low sound squared; snare:
 *         of high sound
 *   w_i = w(mix_i)
 *   w_i += pulse p u sigma, p: the onsets, u: +-1 for each number, sigma: w's
 *         standard deviation
 */
#ifndef S2VI_SESSION_WALK_H
#define S2VI_SESSION_WALK_H

#include "audio/music.h"
#include "base/error.h"

#include <stdbool.h>

enum {
    S2VI_WALK_SEEDS = 256,          /* keyframes at most */
    S2VI_WALK_CODES = 18,           /* style codes at most */
    S2VI_WALK_FPS = S2VI_MUSIC_FPS, /* if nothing else is asked for */
};

/** What it walks through, and in what steps: what it does in a second is the
 * same at any rate. */
typedef struct s2vi_walk_space {
    s2vi_frame_rate rate;
    int z, w, codes, classes;
    const float *w_avg, *w_std; /* (w): outlive the walk */
    char *const *class_name;    /* (classes), likewise; or NULL */
    /** w (w) of z (z) and of classes (classes), weights of sum 1. */
    int (*map)(void *opaque, const float *z, const float *classes, float *w,
               s2v_error *err);
    void *opaque;
} s2vi_walk_space;

/** A list of seeds. */
typedef struct s2vi_walk_seeds {
    uint32_t seed[S2VI_WALK_SEEDS];
    int n;
} s2vi_walk_seeds;

/** Layers: bit i is that of style code i. */
typedef uint32_t s2vi_walk_layers;

/** A seed that may be none. */
typedef struct s2vi_walk_seed {
    bool set;
    uint32_t seed;
} s2vi_walk_seed;

typedef enum s2vi_walk_source {
    S2VI_WALK_PERC,
    S2VI_WALK_LOW,
    S2VI_WALK_HIGH,
    S2VI_WALK_FULL, /* loudness */
    S2VI_WALK_HARM,
} s2vi_walk_source;

/** Options; those that are texts by the functions below. */
typedef struct s2vi_walk_options {
    uint64_t seed;
    bool spline, loop;
    double speed; /* keyframes a minute; with `beats` not used */
    double beats; /* of a keyframe; 0: by `speed` */
    double bpm;   /* beats a minute; 0: as the sound has them; < 0: off */
    double psi, psi_react;
    int cutoff;                       /* < 0: all codes */
    int class;                        /* of a network that has some */
    int tone_class[S2VI_MUSIC_TONES]; /* a tone's, if they count: */
    bool tone_classes;
    double class_react, class_smooth; /* how much, and how slowly: s */
    s2vi_walk_seed center;            /* else the average */
    double release;                   /* ms */
    double pulse, motion, motion_random, chroma;
    s2vi_walk_source pulse_source, motion_source;
    s2vi_walk_layers pulse_layers, chroma_layers;
    s2vi_walk_seed kick, snare, mix[S2VI_WALK_CODES];
    double contrast, flash;
} s2vi_walk_options;

typedef struct s2vi_walk s2vi_walk;

/** Start a walk; options as of zeros, one keyframe, seed 0. */
int s2vi_walk_create(s2vi_walk **walk, const s2vi_walk_space *space,
                     s2v_error *err);
void s2vi_walk_close(s2vi_walk **walk);

/** To be changed between frames. */
s2vi_walk_options *s2vi_walk_get_options(s2vi_walk *walk);

/** "0-11", "3,7,12-15": S2V_ERR_INVALID where it is none. */
int s2vi_walk_set_seeds(s2vi_walk *walk, const char *text, s2v_error *err);
int s2vi_walk_set_chroma_seeds(s2vi_walk *walk, const char *text,
                               s2v_error *err);

/** A class by its name or number; "0" also where there are none. */
int s2vi_walk_set_class(s2vi_walk *walk, const char *text, s2v_error *err);

/** Twelve names or numbers of classes, with commas, or "none". */
int s2vi_walk_set_classes(s2vi_walk *walk, const char *text, s2v_error *err);

/** "12", keyframes a minute; "1bar", "2bar", "4beat": one in as many. */
int s2vi_walk_set_speed(s2vi_walk *walk, const char *text, s2v_error *err);

/** "auto", "off" or a number. */
int s2vi_walk_set_bpm(s2vi_walk *walk, const char *text, s2v_error *err);

/** "coarse", "mid", "fine", several with +, "all", or "0-3,8-". */
int s2vi_walk_parse_layers(const char *name, const char *text, int codes,
                           s2vi_walk_layers *layers, s2v_error *err);

/** A seed, "none" or "average". */
int s2vi_walk_parse_seed(const char *name, const char *text,
                         s2vi_walk_seed *seed, s2v_error *err);

/** "0-3:SEED,8-:SEED", or "none"; | serves for the colon. */
int s2vi_walk_set_mix(s2vi_walk *walk, const char *text, s2v_error *err);

/** The next frame's codes (codes,w). */
int s2vi_walk_next(s2vi_walk *walk, const float music[S2VI_MUSIC_COUNT],
                   float *ws, s2v_error *err);

/** A seed's codes, as keyframes are drawn towards the center: (codes,w). */
int s2vi_walk_start(s2vi_walk *walk, uint32_t seed, float *ws, s2v_error *err);

/** The next frame's codes where it has codes (codes,w) of elsewhere, which do
 * not follow keyframes: changed by psi_react and all that is below it above. */
int s2vi_walk_react(s2vi_walk *walk, const float music[S2VI_MUSIC_COUNT],
                    float *ws, s2v_error *err);

/** The last frame's loudness, with its release: [0,1]. */
double s2vi_walk_level(const s2vi_walk *walk);

/** The last frame's pixels, of [-1,1]: contrast and flash. */
void s2vi_walk_grade(const s2vi_walk *walk, float *pixels, size_t n);

/** Save where it is, or restore it: with the same options. */
void s2vi_walk_pass_state(s2vi_walk *walk, s2vi_state *state);

/** To the beginning, with the same options. */
void s2vi_walk_reset(s2vi_walk *walk);

#endif
