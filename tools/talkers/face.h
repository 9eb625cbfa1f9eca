/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The points that carry a face, the triangles between them, and where both are
 * in a picture. Textures are painted over the canonical points: mouth and eyes
 * open, seen from the front; the mesh carries them from there to a frame.
 */
#ifndef S2V_TOOLS_TALKERS_FACE_H
#define S2V_TOOLS_TALKERS_FACE_H

#include "mesh.h"
#include "talkers.h"

enum {
    FACE_RING = 30, /* points of the ring around head and hair */
    FACE_OUTLINE = 15,
};

/* How one point moves. */
struct face_control {
    struct point rest;        /* mouth shut */
    double z;                 /* depth */
    double nx, ny, nz;        /* the skin's normal */
    double jaw, brow, corner; /* share in these movements */
    double upper;             /* share in the upper lip's */
    double follow;            /* share in the head's movement */
};

/* From the head's coordinates to a frame of side 1. */
struct face_view {
    double xx, xy, x0; /* X = xx x - xy y + x0; Y = xy x + xx y + y0 */
    double y0;
};

struct talkers_face {
    const struct talkers_identity *id;
    struct face_control control[MESH_POINTS];
    struct point canonical[MESH_POINTS];
    int count; /* of control points; the first 68 are the landmarks */
    int inner; /* those before lie within the head */
    struct mesh mesh;
    struct face_view view;
    bool covered[TALKERS_LANDMARKS];    /* by hair */
    struct point outline[FACE_OUTLINE]; /* left half, crown to chin, painted */
};

/* What a frame shows of a face. */
struct face_frame {
    struct point at[MESH_POINTS];   /* control points, in the frame of side 1 */
    struct point back[MESH_POINTS]; /* the same, of hair behind the head */
    double light[MESH_POINTS];      /* gain of the shading; 1 at rest */
    struct point iris[2];           /* talker's right, left */
    double radius;                  /* of an iris */
    bool visible[TALKERS_LANDMARKS + 2];
};

/* The inner points: landmarks and skin. */
void talkers_face_shape(struct talkers_face *face,
                        const struct talkers_identity *id);

/* Adds the ring around what is drawn, given its radius at each of FACE_RING
 * angles, and joins all by triangles. 0, or -1 without memory. */
int talkers_face_mesh(struct talkers_face *face,
                      const double radius[FACE_RING]);

/* The middle of the rays that the ring's radii are measured on. */
struct point talkers_face_ray(int i, double radius);

/* Sets the view so that the state's eyes are level, 1/4.9 of the side apart,
 * and 0.2 of their distance above the middle. */
void talkers_face_frame_view(struct talkers_face *face,
                             const struct talkers_state *state);

/* Where all is. */
void talkers_face_at(const struct talkers_face *face,
                     const struct talkers_state *state,
                     struct face_frame *frame);

/* Where a point that is no control point is: of the body, the teeth. `follow`
 * is its share in the head's movement. */
struct point talkers_face_place(const struct talkers_face *face,
                                const struct talkers_pose *pose, double x,
                                double y, double z, double follow);

/* The rest width of the mouth. */
double talkers_face_mouth_width(const struct talkers_face *face);

/* The skin's height over the plane z = 0; its half width at y. */
double talkers_surface_height(const struct talkers_face *face, double x,
                              double y);
double talkers_surface_half_width(const struct talkers_face *face, double y);

#endif
