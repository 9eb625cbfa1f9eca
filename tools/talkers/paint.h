/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is painted once for an identity: the textures that the mesh carries. All
 * in the head's coordinates, mouth and eyes open. */
#ifndef S2V_TOOLS_TALKERS_PAINT_H
#define S2V_TOOLS_TALKERS_PAINT_H

#include "face.h"

/* A square of the head's plane, transparent at first. */
struct canvas {
    cairo_surface_t *surface;
    cairo_t *cr;
    int side;
    double x0, y0, scale; /* pixels a unit */
};

/* As much as a frame of `side` pixels shows, and a margin. 0, or -1. */
int canvas_open(struct canvas *c, int side);
void canvas_close(struct canvas *c);

struct colour tinted(struct colour c, double gain);
struct colour blended(struct colour a, struct colour b, double w);

/* Colour of an identity's light on what faces it: 1 is neutral. */
struct colour light_colour(const struct talkers_identity *id);

/* Adds a smooth curve through n points to the path, with `move` from the
 * first one. */
void path_through(cairo_t *cr, const struct point *p, int n, bool move);

/* A stroke that tapers at both ends, bent by `bend` of its length. */
void draw_strand(cairo_t *cr, struct point a, struct point b, double bend,
                 double width, struct colour c, double alpha);

/* The face's outline as a path. */
void path_face(cairo_t *cr, const struct talkers_face *face);

/* How thick the beard is at a place: 0 to 1. */
double beard_at(const struct talkers_face *face, double x, double y);

void paint_skin(struct canvas *c, const struct talkers_face *face);
void paint_features(struct canvas *c, const struct talkers_face *face);
void paint_brows(struct canvas *c, const struct talkers_face *face);
void paint_beard(struct canvas *c, const struct talkers_face *face);
void paint_hair(struct canvas *c, const struct talkers_face *face);
void paint_hair_behind(struct canvas *c, const struct talkers_face *face);
void paint_glasses(struct canvas *c, const struct talkers_face *face);
void paint_body(struct canvas *c, const struct talkers_face *face);

/* The whole frame behind all, of `side` pixels. */
void paint_backdrop(cairo_t *cr, const struct talkers_identity *id, int side);

#endif
