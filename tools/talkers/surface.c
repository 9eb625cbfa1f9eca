/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The skin as a surface over the picture's plane: an ellipsoid whose width
 * follows the outline, and the bumps of a face on it. */
#include "face.h"

#include <math.h>

/* A bump: gaussian, of deviations rx, ry. `pair`: another one mirrored. */
struct bump {
    double x, y, rx, ry, height;
    bool pair;
};

static const struct bump bumps[] = {
    {0.46, 0.01, 0.27, 0.17, -0.15, true},    /* sockets of the eyes */
    {0.50, 0.01, 0.19, 0.11, 0.09, true},     /* eyeballs */
    {0.45, -0.33, 0.34, 0.11, 0.05, true},    /* brow ridges */
    {0.68, 0.40, 0.30, 0.22, 0.07, true},     /* cheek bones */
    {0.56, 0.92, 0.20, 0.22, -0.03, true},    /* hollows below */
    {0, 0.65, 0.12, 0.11, 0.16, false},       /* tip of the nose */
    {0.185, 0.715, 0.075, 0.075, 0.17, true}, /* its wings */
    {0, 1.13, 0.46, 0.30, 0.09, false},       /* over the teeth */
    {0, 0.92, 0.045, 0.09, -0.022, false},    /* philtrum */
    {0.40, 1.16, 0.06, 0.07, -0.035, true},   /* corners of the mouth */
    {0, 1.46, 0.26, 0.075, -0.055, false},    /* below the lower lip */
    {0, 1.69, 0.25, 0.15, 0.09, false},       /* chin */
    {0, -0.95, 0.55, 0.35, 0.03, false},      /* forehead */
};

static double gauss(double x, double r)
{
    return exp(-x * x / (2 * r * r));
}

double talkers_surface_half_width(const struct talkers_face *f, double y)
{
    const struct point *p = f->outline;
    int i = 0;

    while (i < FACE_OUTLINE - 2 && p[i + 1].y < y)
        i++;
    const int before = i > 0 ? i - 1 : 0;
    const int after = i + 2 < FACE_OUTLINE ? i + 2 : i + 1;
    const double w = clamp((y - p[i].y) / (p[i + 1].y - p[i].y), 0, 1);
    const double run = p[i + 1].y - p[i].y;
    const double m0 =
        (p[i + 1].x - p[before].x) / fmax(p[i + 1].y - p[before].y, 1e-3) * run;
    const double m1 =
        (p[after].x - p[i].x) / fmax(p[after].y - p[i].y, 1e-3) * run;
    const double w2 = w * w, w3 = w2 * w;

    return fabs((2 * w3 - 3 * w2 + 1) * p[i].x + (w3 - 2 * w2 + w) * m0 +
                (3 * w2 - 2 * w3) * p[i + 1].x + (w3 - w2) * m1);
}

/* A ridge from between the eyes that rises to the tip and ends below it. */
static double nose(const struct talkers_shape *s, double x, double y)
{
    const double along = clamp((y + 0.15) / 0.80, 0, 1.4);
    const double rise = 0.05 + 0.25 * pow(fmin(along, 1), 1.3);
    const double low = 0.035 * fmin(x * x / 0.01, 2);
    const double end = 1 - smooth_step(0.70, 0.83, y + low);
    const double wide = (0.085 + 0.065 * fmin(along, 1)) * s->nose_width;

    return s->nose_depth * rise * end * smooth_step(-0.25, 0.0, y) *
           gauss(x, wide);
}

/* Furrows from the nose to the corners of the mouth, and on the forehead. */
static double furrows(const struct talkers_identity *id, double x, double y)
{
    const double age = smooth_step(0.25, 1, id->age);
    const double t = clamp((y - 0.72) / 0.42, 0, 1);
    const double line = mix(0.27, 0.50, t * t * 0.4 + 0.6 * t);
    const double near =
        y > 0.66 && y < 1.24 ? sin(3.14159 * (y - .66) / .58) : 0;
    double z = -(0.010 + 0.030 * age) * near *
               (gauss(fabs(x) - line, 0.035) +
                0.4 * (fabs(x) < line) * gauss(fabs(x) - line, 0.1));
    const double fore = gauss(x, 0.42) * smooth_step(-0.55, -0.65, y) *
                        smooth_step(-1.1, -0.95, y);
    z += 0.007 * age * age * fore * sin(48 * y + 1.5 * cos(3 * x));
    return z - 0.018 * age * gauss(hypot(fabs(x) - 0.46, (y - 0.19) * 2), 0.12);
}

/* How deep the head is along its middle. */
static double middle_depth(const struct talkers_face *f, double y)
{
    const double crown = f->outline[0].y, chin = f->outline[FACE_OUTLINE - 1].y;
    const double v =
        y < 0.1 ? (0.1 - y) / (0.1 - crown) : (y - 0.1) / (chin - 0.1);

    return 1.15 * pow(fmax(1 - pow(fmin(v, 1), y < 0.1 ? 2.6 : 4), 0), 0.5);
}

double talkers_surface_height(const struct talkers_face *f, double x, double y)
{
    const struct talkers_shape *s = &f->id->shape;
    const double u =
        fmin(fabs(x) / fmax(talkers_surface_half_width(f, y), .05), 1);
    double z = middle_depth(f, y) * pow(1 - pow(u, 2.5), 0.6);
    const double fade = smooth_step(1, 0.8, u);

    y = y > 0 ? y / s->length : y;
    for (size_t i = 0; i < sizeof(bumps) / sizeof(bumps[0]); i++) {
        const struct bump *b = &bumps[i];
        const double dx = (b->pair ? fabs(x) : x) - b->x, dy = y - b->y;
        if (fabs(dx) > 3.5 * b->rx || fabs(dy) > 3.5 * b->ry)
            continue;
        const double height = i == 3 ? b->height * s->cheek : b->height;
        z += height * gauss(dx, b->rx) * gauss(dy, b->ry) * fade;
    }
    return z + fade * (nose(s, x, y) + furrows(f->id, x, y));
}
