/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* s2v-impacts: what its parts share: the scene, what happens in it, the picture
 * and the sound of that. Picture, sound and truth follow from the scene alone.
 *
 * Lengths are those of a picture of 256 x 256, y downwards; times are seconds.
 */
#ifndef S2V_TOOLS_IMPACTS_H
#define S2V_TOOLS_IMPACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brush.h"
#include "random.h"

enum {
    IMPACTS_RATE = 44100, /* samples a second: twice VarietySound's */
    IMPACTS_OBJECTS = 4,  /* at most */
    IMPACTS_MALLETS = 2,  /* at most */
};

enum impacts_material {
    IMPACTS_WOOD,
    IMPACTS_METAL,
    IMPACTS_GLASS,
    IMPACTS_DRUM,
    IMPACTS_PLASTIC,
    IMPACTS_STONE,
    IMPACTS_MATERIALS,
};

/* Each material has two shapes, in this order. */
enum impacts_shape {
    IMPACTS_BLOCK,
    IMPACTS_LOG,
    IMPACTS_BELL,
    IMPACTS_POT,
    IMPACTS_TUMBLER, /* upside down */
    IMPACTS_JAR,
    IMPACTS_TOM,
    IMPACTS_SNARE,
    IMPACTS_BUCKET, /* upside down */
    IMPACTS_CANISTER,
    IMPACTS_BOULDER,
    IMPACTS_SLAB,
};

/* Streams of random numbers; one seed gives each its own sequence. */
enum impacts_stream {
    IMPACTS_STREAM_SCENE,
    IMPACTS_STREAM_EVENTS,
    IMPACTS_STREAM_LOOK,
    IMPACTS_STREAM_TEXTURE,
    IMPACTS_STREAM_TIMBRE,
    IMPACTS_STREAM_NOISE,
    IMPACTS_STREAM_ROOM,
    IMPACTS_STREAM_BACKGROUND,
    IMPACTS_STREAM_SOUND, /* which material, where it is to be drawn */
};

struct impacts_object {
    enum impacts_material material; /* as seen */
    enum impacts_shape shape;
    double x, base; /* middle of the foot */
    double width, height;
    double tint; /* 0 to 1: which of the material's colours */
};

/* A swing: with contact, or without. */
struct impacts_event {
    double time; /* of the contact, or of the lowest point */
    bool hit;
    int mallet;
    int object;          /* that is aimed at */
    double strength;     /* 0.3 to 1 */
    double along;        /* place on the object: -1 left end, 1 right end */
    struct point point;  /* of contact; of a miss: the one it falls short of */
    struct point normal; /* of the surface there, away from it */
    double gap;          /* left between head and point; 0 for a hit */
    double raise;        /* the angle it falls from, radians */
};

struct impacts_mallet {
    int side; /* the hand is to the head's right (1) or left (-1) */
    double radius, shaft;
    double hardness; /* 0 felt to 1 wood */
    struct colour head, stick, sleeve, skin;
};

enum impacts_wall {
    IMPACTS_WALL_PLAIN,
    IMPACTS_WALL_STRIPES,
    IMPACTS_WALL_TILES,
    IMPACTS_WALL_SHELF,
    IMPACTS_WALL_WINDOW,
    IMPACTS_WALLS,
};

enum impacts_table {
    IMPACTS_TABLE_PLANKS,
    IMPACTS_TABLE_CLOTH,
    IMPACTS_TABLE_STEEL,
    IMPACTS_TABLES,
};

/* What is around, and how it is filmed. */
struct impacts_look {
    enum impacts_wall wall;
    enum impacts_table table;
    struct colour wall_colour, table_colour;
    double horizon;       /* y of the table's far edge */
    double light, warmth; /* 0.75 to 1.1; -1 cold to 1 warm */
    double from;          /* where the light comes from: -1 left, 1 right */
    double flicker;       /* 0 to 0.05 */
    double zoom, roll;    /* of the camera at rest */
    double drift, shake;  /* of the camera: slow, fast; lengths */
    double shadow;        /* strength of one that wanders over the wall */
    double shutter;       /* the part of a frame it is open */
    double phase[4];      /* of the slow movements, radians */
};

struct impacts_scene {
    uint64_t seed;
    double seconds;
    struct impacts_object objects[IMPACTS_OBJECTS]; /* far ones first */
    int object_count;
    struct impacts_mallet mallets[IMPACTS_MALLETS];
    int mallet_count;
    struct impacts_event *events; /* in order of time */
    int event_count;
    struct impacts_look look;
};

/* ------------------------------------------------------------ material -- */

const char *impacts_material_name(enum impacts_material material);

/* The material of that name; -1 for none. */
int impacts_material_find(const char *name, size_t length);

/* --------------------------------------------------------------- scene -- */

/* Composes a scene. materials has bit m set where material m may appear, at
 * least one. 0, or -1 without memory. */
int impacts_scene_compose(struct impacts_scene *scene, uint64_t seed,
                          double seconds, unsigned materials);
void impacts_scene_free(struct impacts_scene *scene);

/* The point of an object's upper surface at `along`, and the normal there. */
struct point impacts_surface(const struct impacts_object *o, double along,
                             struct point *normal);

/* The next number of a sequence, from lo to hi. */
struct impacts_dice {
    uint64_t seed, counter;
    int stream;
};
double impacts_roll(struct impacts_dice *d, double lo, double hi);
int impacts_pick(struct impacts_dice *d, int n);

/* -------------------------------------------------------------- motion -- */

struct impacts_pose {
    struct point hand, head; /* the middles of both */
};

struct impacts_pose impacts_pose_at(const struct impacts_scene *scene,
                                    int mallet, double time);

/* What a struck object does. */
struct impacts_reaction {
    double lean; /* radians, to the right */
    double sink; /* downwards, of its height */
    double ring; /* of a skin or an edge: -1 to 1 */
};

struct impacts_reaction impacts_react(const struct impacts_scene *scene,
                                      int object, double time);

/* From scene to picture, both in units of 256. */
void impacts_camera(const struct impacts_scene *scene, double time,
                    cairo_matrix_t *matrix);

/* ------------------------------------------------------------- picture -- */

/* A picture drawn again for each frame. */
struct impacts_picture;

struct impacts_picture *impacts_picture_new(const struct impacts_scene *scene,
                                            int size);
void impacts_picture_free(struct impacts_picture **picture);

/* Draws the frame on display from `time` on for `lasts`; the pixels (native
 * 0xXXRRGGBB) stay the picture's and change with the next call. NULL if cairo
 * fails. */
const uint8_t *impacts_picture_draw(struct impacts_picture *picture,
                                    double time, double lasts, int *stride);

/* One object on its foot, and its texture; light comes from `from`. */
void impacts_object_draw(cairo_t *cr, const struct impacts_object *o,
                         const struct impacts_reaction *r, double from,
                         struct impacts_dice dice);

/* --------------------------------------------------------------- sound -- */

/* In the place of a material that objects sound as. */
enum {
    IMPACTS_OWN = -1, /* each as its own */
    IMPACTS_ANY = -2, /* all as one, drawn by the seed */
};

struct impacts_sound_params {
    int material; /* as which all objects sound, or IMPACTS_OWN */
    double
        background; /* level of the room's noise, dB of full scale; 0: none */
};

/* Renders the scene to mono; the caller frees the samples. NULL without
 * memory. */
int16_t *impacts_sound(const struct impacts_scene *scene,
                       const struct impacts_sound_params *params,
                       size_t *samples);

/* What it is made of, for other scenes: a blow on an object, by its number
 * among those of the seed, of size 0 (small) to 1; a burst of noise about a
 * frequency, that begins at `start` samples; and the samples of a mix. */
struct impacts_blow {
    double time, strength, hardness, along;
    uint64_t id; /* of its noise */
};

void impacts_add_blow(double *out, size_t n, uint64_t seed, int object,
                      enum impacts_material material, double size,
                      const struct impacts_blow *blow);
void impacts_add_burst(double *out, size_t n, double start, uint64_t seed,
                       uint64_t id, double hertz, double decay, double level);
void impacts_quantise(const double *mix, int16_t *out, size_t n);

/* --------------------------------------------------------------- truth -- */

struct impacts_truth_params {
    const char *clip; /* the file's name, without folders */
    int size, fps_num, fps_den;
    struct impacts_sound_params sound;
};

/* Writes the scene's truth as JSON. 0, or -1 after a message. */
int impacts_truth_write(const char *path, const struct impacts_scene *scene,
                        const struct impacts_truth_params *params);

/* The same of a truth at hand, which it takes over. */
struct json_t;
int impacts_truth_write_json(struct json_t *root, const char *path);

#endif
