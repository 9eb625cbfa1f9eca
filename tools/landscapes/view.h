/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A clip's picture: surfaces, colours of the hour, and what scenes draw with.
 * Everything is drawn at twice the size and averaged; any time may be drawn, in
 * any order.
 */
#ifndef S2V_TOOLS_LANDSCAPES_VIEW_H
#define S2V_TOOLS_LANDSCAPES_VIEW_H

#include "landscapes.h"
#include "noise.h"

struct land_palette {
    struct colour top, middle, horizon; /* of the sky */
    struct colour glow;                 /* of sun or moon */
    struct colour light;                /* on what it falls on */
    struct colour cloud, shade;         /* clouds in and out of the light */
    struct point sun;                   /* of the sky's height, from the top */
    double disc;                        /* radius; 0: hidden */
    double stars;                       /* 0 to 1 */
};

/* Colours for the hour; `overcast` of the way, 0 to 1, to a covered sky. */
void land_palette_draw(struct land_palette *p, enum land_time time,
                       uint64_t seed, double overcast);

/* Straight alpha. */
struct rgba {
    float r, g, b, a;
};

struct land_view {
    const struct land_clip *clip;
    const struct land_kind *kind;
    struct noise noise;
    struct land_palette palette;
    struct land_dice layout; /* for compose() */
    double horizon;
    double end; /* of the frame that is drawn: draw()'s time is its middle */
    void *look; /* the scene's own */
    int size, side; /* of the picture; of what is drawn: twice that */
    cairo_surface_t *backdrop, *canvas, *scratch[2], *out;
    cairo_t *cr, *back; /* of the canvas, of the backdrop, in fractions */
};

/* NULL without memory. */
struct land_view *land_view_new(const struct land_clip *clip, int size);
void land_view_free(struct land_view **view);

/* The frame that shows a time and ends at another: rows of 0xXXRRGGBB, `size`
 * pixels and no gap; NULL if cairo fails. */
const uint8_t *land_view_draw(struct land_view *view, double time, double end);

/* The intensity, and the time since an event began, or below 0: a frame shows
 * all that begins in it. */
double land_intensity(const struct land_view *view, double time);
double land_age(const struct land_view *view, const struct land_event *e,
                double time);

/* ------------------------------------------------------------- painting -- */

/* Paints what stands still, moved by fractions of the side. */
void land_backdrop(struct land_view *view, double dx, double dy);

/* Colour of a point, for land_shade(). */
typedef struct rgba (*land_shader)(const struct land_view *view,
                                   const void *user, float x, float y);

/* Paints what a shader gives for each point from row y0 to y1 (fractions):
 * at the picture's resolution if `soft`, else at that of the canvas. */
void land_shade(struct land_view *view, cairo_t *cr, bool soft, double y0,
                double y1, land_shader shader, const void *user);

struct colour blend(struct colour a, struct colour b, double w);
struct colour scaled(struct colour c, double gain);
struct colour times(struct colour a, struct colour b);
static inline struct rgba opaque(struct colour c, double alpha)
{
    return (struct rgba){(float)c.r, (float)c.g, (float)c.b, (float)alpha};
}
void set_rgba(cairo_t *cr, struct colour c, double alpha);

/* A filled circle; a line of round ends, a quadratic curve that tapers. */
void fill_dot(cairo_t *cr, double x, double y, double radius);
void draw_blade(cairo_t *cr, struct point root, struct point bend,
                struct point tip, double width);

/* A veil of mist between two rows, densest in the middle. */
struct land_mist {
    struct colour colour;
    double top, bottom, alpha, drift, scale;
};
void land_mist(struct land_view *view, const struct land_mist *mist);

/* ------------------------------------------------------------------ sky -- */

struct land_sky {
    double cover; /* 0 clear to 1 closed */
    double scale; /* of the clouds */
    double drift; /* how far they have come */
    double boil;  /* how far they have changed */
    double warp;  /* how ragged they are */
    double flash; /* light within them, and where */
    struct point at;
};

/* From the top down to view->horizon, and a little below it. */
void land_sky(struct land_view *view, const struct land_sky *sky);

/* ----------------------------------------------------------------- land -- */

/* A row of hills or mountains, on the backdrop. */
struct land_ridge {
    double base;  /* mean height of its outline, as a row */
    double rise;  /* how far it goes up from there */
    double scale; /* peaks across */
    double rough; /* 0 rolling hills to 1 crags */
    struct colour colour;
    double haze;  /* 0 near to 1 lost in the horizon's colour */
    double snow;  /* 0 none to 1 */
    double trees; /* height of the trees on it; 0 none */
};
void land_ridge(struct land_view *view, const struct land_ridge *ridge);

/* Some ridges, from far to near, as the layout has it. `near` is the colour of
 * the nearest. */
void land_ridges(struct land_view *view, int count, struct colour near,
                 double haze);

/* The ground from the horizon down, on the backdrop: two colours that a texture
 * mixes, finer towards the horizon and hazy there. */
struct land_ground {
    struct colour a, b;
    double haze;
    double relief; /* 0 even to 1 rough */
};
void land_ground(struct land_view *view, const struct land_ground *ground);

/* Water that mirrors what is above its shore, per point of the canvas. */
struct land_water {
    double shore;  /* where it begins */
    double bottom; /* where it ends */
    struct colour tint;
    double mirror; /* 0 to 1 */
    double ripple; /* how far the mirror image is torn */
    double flow, boil;
    double puddles; /* 0: all is water, else how much of the ground is wet */
};
void land_water(struct land_view *view, const struct land_water *water);

/* --------------------------------------------------------------- plants -- */

void land_conifer(cairo_t *cr, struct land_dice *d, double x, double base,
                  double height, struct colour c);
/* A tree with leaves; `bend` moves its top. */
void land_tree(cairo_t *cr, struct land_dice d, struct point base,
               double height, double bend, struct colour trunk,
               struct colour leaf);
/* One that has none. */
void land_bare_tree(cairo_t *cr, struct land_dice d, struct point base,
                    double height, double bend, struct colour c);

/* A stone with its light side towards (lx, -1). */
void land_stone(cairo_t *cr, struct land_dice *d, double x, double y, double rx,
                double ry, struct colour c, double lx);

#endif
