/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s2v-impacts --world film: clips as people film them. A clip is a list of
 * shots; a shot shows a scene through a camera; a scene is a place with actors
 * in it, each of a kind: what it looks like, how it moves, which events it
 * makes. Picture, sound and truth follow from these alone.
 *
 * Lengths are those of a box of 256 x 256 around the action, y downwards;
 * actors stand or lie at y = FILM_GROUND. Times are seconds from the clip's
 * beginning.
 */
#ifndef S2V_TOOLS_IMPACTS_FILM_H
#define S2V_TOOLS_IMPACTS_FILM_H

#include "impacts.h"

enum {
    FILM_GROUND = 205,
    FILM_PARAMS = 12,
    FILM_SCENES = 3, /* at most, in a clip */
    FILM_SHOTS = 12,
    FILM_ACTORS = 4,   /* in a scene */
    FILM_EXTENT = 420, /* how far a place reaches from the box's middle */
};

/* Streams of random numbers, after those of enum impacts_stream. */
enum film_stream {
    FILM_STREAM_CLIP = 100,
    FILM_STREAM_SENSOR,
    FILM_STREAM_NOISE,
    FILM_STREAM_ROOM,
    FILM_STREAM_BACKGROUND,
    FILM_STREAM_VOICE,
    FILM_STREAM_SOUND,
    FILM_STREAM_PLACE,       /* + the scene's number */
    FILM_STREAM_ACTOR = 200, /* + 10 * scene + actor */
};

/* --------------------------------------------------------------- events -- */

/* What an event sounds like; a row of the table in voices.c each. */
enum film_voice {
    FILM_VOICE_WOOD, /* the first ones are those of enum impacts_material */
    FILM_VOICE_METAL,
    FILM_VOICE_GLASS,
    FILM_VOICE_DRUM,
    FILM_VOICE_PLASTIC,
    FILM_VOICE_STONE,
    FILM_VOICE_STEP,
    FILM_VOICE_STOMP,
    FILM_VOICE_SLAP,
    FILM_VOICE_CLAP,
    FILM_VOICE_KNOCK,
    FILM_VOICE_BALL,
    FILM_VOICE_CHOP,
    FILM_VOICE_KEY,
    FILM_VOICE_DOOR,
    FILM_VOICE_SPLASH,
    FILM_VOICE_SCRAPE,
    FILM_VOICE_PUNCH,
    FILM_VOICES,
};

struct film_event {
    double time;
    bool hit; /* false: a movement that stops short, without a sound */
    int limb; /* which of the actor's limbs moves */
    enum film_voice voice;
    double strength; /* 0 to 1 */
    double size;     /* 0 small, high to 1 large, low */
    double lasts;    /* of scraping; else 0 */
    double gap;      /* of a miss: the part of the way that is left */
    struct point at; /* of contact, in the actor's box */
};

/* --------------------------------------------------------------- actors -- */

struct film_actor;

/* Where a kind can be: what is behind it and under it. */
enum film_place_kind {
    FILM_AT_TABLE,
    FILM_ON_FLOOR, /* indoors or outdoors */
    FILM_BY_WALL,  /* a wall on the ground */
    FILM_AT_WALL,  /* the wall fills the picture */
    FILM_AT_WATER,
};

struct film_kind {
    const char *name;
    const char *what; /* for the sheet */
    enum film_place_kind place;
    bool silent;
    /* Draws its numbers; adds its events between actor->from and ->to. */
    void (*compose)(struct film_actor *actor, struct impacts_dice *dice);
    void (*draw)(cairo_t *cr, const struct film_actor *actor, double time);
};

/* The table; its order is that of --kinds and of the sheet. */
extern const struct film_kind film_kinds[];
extern const int film_kind_count;

/* The kind of that name; -1 for none. */
int film_kind_find(const char *name, size_t length);

struct film_box {
    double x, y, w, h;
};

struct film_actor {
    const struct film_kind *kind;
    uint64_t seed;
    double from, to; /* when it acts; a still before and after */
    struct colour skin, cloth, cloth2, thing;
    double p[FILM_PARAMS];        /* the kind's own numbers */
    struct impacts_object object; /* that is struck, of some kinds */
    struct film_box box;          /* where it moves, in its own 256 x 256 */
    struct film_event *events;    /* in order of time */
    int count, room;
    bool failed; /* no memory for an event */
    /* How its box lies in the scene's. */
    double x, y, scale;
    bool mirrored;
};

/* Adds an event; `hit` and `lasts` 0 can be changed in what it returns. NULL
 * without memory, which is kept in the actor. */
struct film_event *film_add(struct film_actor *actor, double time, int limb,
                            enum film_voice voice, double strength, double size,
                            struct point at);

/* The event of a limb before a time, and the one after; NULL for none. */
struct film_around {
    const struct film_event *before, *after;
};
struct film_around film_around(const struct film_actor *actor, int limb,
                               double time);

/* How a limb moves between events: seconds of its fall and of its rebound,
 * where there is time, and how high it rests, of 1. */
struct film_swing {
    double fall, rise, rest;
};

/* Where the limb is: 0 at contact, 1 raised. It falls faster and faster, rests
 * on what it struck and rebounds; a miss slows down and stops at its gap. */
double film_lift(const struct film_actor *actor, int limb, double time,
                 const struct film_swing *swing);

/* The point that the limb is over. */
struct point film_target(const struct film_actor *actor, int limb, double time,
                         const struct film_swing *swing);

/* Of the last event that sounded: what rings on in the picture, 1 then less. */
double film_shaken(const struct film_actor *actor, double time, double decay);

double film_smooth(double s);

/* --------------------------------------------------------------- figures -- */

struct colour film_shade(struct colour c, double light);
struct colour film_pick_skin(struct impacts_dice *d);
struct colour film_pick_colour(struct impacts_dice *d);

/* An arm: a sleeve from the shoulder, the forearm, up to the wrist. The sleeve
 * goes on for `beyond` times its length, out of any picture, where no body is
 * shown. */
void film_arm(cairo_t *cr, struct point shoulder, struct point wrist,
              const struct film_actor *a, double bend, double beyond);
/* A fist around what it holds; a flat hand, its fingers towards `angle`, the
 * thumb on the side of `up` (1 or -1). */
void film_fist(cairo_t *cr, struct point at, double size, struct colour skin);
void film_palm(cairo_t *cr, struct point wrist, double angle, double size,
               double up, struct colour skin);
/* A leg from the hip to the ankle, with a shoe whose tip points to `side`. */
void film_leg(cairo_t *cr, struct point hip, struct point ankle, double width,
              double tilt, double side, struct colour trousers,
              struct colour shoe);
/* A person from the side, `height` tall: hip, feet given. */
void film_person(cairo_t *cr, struct point hip, struct point left,
                 struct point right, double height, double side, double swing,
                 const struct film_actor *a);

void film_ellipse(cairo_t *cr, double x, double y, double rx, double ry);
void film_shadow(cairo_t *cr, double x, double y, double rx, double alpha);

/* ---------------------------------------------------------------- places -- */

struct film_place {
    enum film_place_kind kind;
    uint64_t seed;
    int stream;
    int wall, ground, moving;
    struct colour wall_colour, ground_colour;
    double horizon, grain, wall_grain, from;
};

void film_place_compose(struct film_place *place, enum film_place_kind kind,
                        uint64_t seed, int stream);
/* What stands still, once; and what moves, for each frame. */
void film_place_draw(cairo_t *cr, const struct film_place *place);
void film_place_draw_moving(cairo_t *cr, const struct film_place *place,
                            double time);

/* ---------------------------------------------------------------- camera -- */

/* The camera of a shot. */
struct film_camera {
    double zoom, x, y, roll;
    double pan, pan_hertz, tilt; /* sways: lengths */
    double shake, phase[6];
    double zoom_to, zoom_from_time, zoom_to_time; /* a zoom; 1: none */
    double blur;                                  /* out of focus: length */
    double focus_time[2], focus_lasts; /* refocuses; negative: none */
};

void film_camera_compose(struct film_camera *c, struct impacts_dice *d,
                         double from, double to);
/* From the scene's box to the picture's, both of 256. */
void film_camera_at(const struct film_camera *c, double time,
                    cairo_matrix_t *matrix);
/* The radius of the circle of confusion. */
double film_camera_blur(const struct film_camera *c, double time);

/* ---------------------------------------------------------------- sensor -- */

/* What becomes of the light: the same for the whole clip. */
struct film_sensor {
    double aspect;  /* width over height */
    double bars;    /* letterbox: the part of the height that each has */
    double shutter; /* the part of a frame that it is open */
    double rolling; /* the part of a frame from the first row to the last */
    double gain, warmth, gamma, vignette;
    double flicker, flicker_hertz, drift; /* of the light; of the exposure */
    double noise;                         /* of 1 */
    double phase;
    int codec;      /* of film_codecs; 0: none */
    double quality; /* 0 bad to 1 good */
};

void film_sensor_compose(struct film_sensor *s, struct impacts_dice *d);

/* ----------------------------------------------------------------- clips -- */

struct film_scene {
    double from, to;
    struct film_place place;
    struct film_actor actors[FILM_ACTORS]; /* far ones first */
    int count;
};

struct film_shot {
    int scene;
    double from;
    bool mirrored;
    struct film_camera camera;
};

struct film_background {
    int kind;       /* of film_backgrounds; 0: none */
    double decibel; /* below the events */
};

struct film_clip {
    uint64_t seed;
    double seconds;
    int fps_num, fps_den;
    struct film_scene scenes[FILM_SCENES];
    int scene_count;
    struct film_shot shots[FILM_SHOTS]; /* in order of time */
    int shot_count;
    struct film_sensor sensor;
    double room;     /* reverberation time, s */
    double distance; /* of the microphone, m */
    struct film_background background;
};

struct film_params {
    uint64_t seed;
    double seconds;
    unsigned kinds; /* bit k: film_kinds[k] may appear; sounding or silent */
    int fps_num, fps_den; /* 0: drawn */
    bool plain; /* for sheets: one shot, a still camera, no other actors */
};

/* 0, or -1 without memory. */
int film_compose(struct film_clip *clip, const struct film_params *params);
void film_free(struct film_clip *clip);

const struct film_shot *film_shot_at(const struct film_clip *clip, double time);

/* --------------------------------------------------------------- picture -- */

struct film_picture;

/* A picture whose shorter side is `side`, both even. NULL after a message. */
struct film_picture *film_picture_new(const struct film_clip *clip, int side);
void film_picture_free(struct film_picture **picture);
void film_picture_size(const struct film_picture *picture, int *width,
                       int *height);

/* As impacts_picture_draw(), of frame number `frame`. */
const uint8_t *film_picture_draw(struct film_picture *picture, int frame,
                                 int *stride);

/* From an actor's box to fractions of the picture. */
struct point film_picture_place(const struct film_clip *clip,
                                const struct film_actor *actor, struct point p,
                                double time);

/* ----------------------------------------------------------------- codec -- */

/* Pictures through a real encoder and decoder. */
struct film_codec;

/* The names of the codecs; 0 is none. */
extern const char *const film_codec_names[];
extern const int film_codec_count;

/* NULL, after a message, where FFmpeg lacks it. */
struct film_codec *film_codec_open(int codec, double quality, int width,
                                   int height, int fps_num, int fps_den);
void film_codec_close(struct film_codec **codec);
/* Changes the pixels (0xXXRRGGBB) to what the decoder makes of them. */
int film_codec_pass(struct film_codec *codec, uint8_t *pixels, int stride);

/* ----------------------------------------------------------------- sound -- */

extern const char *const film_background_names[];
extern const int film_background_count;

/* As impacts_sound(); params->background is not used. */
int16_t *film_sound(const struct film_clip *clip,
                    const struct impacts_sound_params *params, size_t *samples);

const char *film_voice_name(enum film_voice voice);

/* An event in `out`, without the room. `as` is a material that all events sound
 * as, or IMPACTS_OWN. */
void film_voice_add(const struct film_event *e, int as, uint64_t seed, int id,
                    double *out, size_t n);

/* The room by image sources: `seconds` to -60 dB, heard `distance` metres away.
 * The sound itself stays where it is. 0, or -1 without memory. */
int film_room_add(double *samples, size_t n, double seconds, double distance,
                  uint64_t seed);

/* A background of `kind` with that root mean square. */
void film_background_add(double *out, size_t n, int kind, double level,
                         uint64_t seed);

/* ----------------------------------------------------- truth and sheets -- */

/* Each 0, or -1 after a message. */
int film_truth_write(const char *path, const struct film_clip *clip,
                     const struct impacts_truth_params *params, int width,
                     int height);
int film_sheet_write(const char *path, uint64_t seed, unsigned kinds);

#endif
