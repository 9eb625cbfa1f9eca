/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The points of a face at rest, what moves them, and where that puts them. */
#include "face.h"

#include <math.h>
#include <string.h>

static const double radians = 0.017453292519943295;

enum part { JAW, BROW, NOSE, EYE, MOUTH, SKIN, SKULL, EAR };

/* A point of the average face, left half of the picture or the middle. */
struct place {
    double x, y;
    enum part part;
    double jaw, brow, corner, upper; /* as in face_control */
};

/* Landmarks in iBUG's order; those of the right half mirror those of the left
 * one, which `mirror` names. */
static const struct place landmarks[TALKERS_LANDMARKS] = {
    [0] = {-1.13, -0.02, JAW, 0, 0, 0, 0},
    [1] = {-1.125, 0.30, JAW, 0, 0, 0, 0},
    [2] = {-1.09, 0.62, JAW, 0.04, 0, 0, 0},
    [3] = {-1.02, 0.93, JAW, 0.12, 0, 0, 0},
    [4] = {-0.89, 1.22, JAW, 0.32, 0, 0, 0},
    [5] = {-0.71, 1.46, JAW, 0.60, 0, 0, 0},
    [6] = {-0.49, 1.66, JAW, 0.85, 0, 0, 0},
    [7] = {-0.25, 1.79, JAW, 0.97, 0, 0, 0},
    [8] = {0.00, 1.83, JAW, 1, 0, 0, 0},
    [17] = {-0.90, -0.27, BROW, 0, 0.7, 0, 0},
    [18] = {-0.77, -0.40, BROW, 0, 0.95, 0, 0},
    [19] = {-0.60, -0.45, BROW, 0, 1, 0, 0},
    [20] = {-0.42, -0.43, BROW, 0, 1, 0, 0},
    [21] = {-0.25, -0.38, BROW, 0, 0.9, 0, 0},
    [27] = {0, -0.03, NOSE, 0, 0.05, 0, 0},
    [28] = {0, 0.20, NOSE, 0, 0, 0, 0},
    [29] = {0, 0.42, NOSE, 0, 0, 0, 0},
    [30] = {0, 0.63, NOSE, 0, 0, 0, 0},
    [31] = {-0.20, 0.77, NOSE, 0, 0, 0, 0},
    [32] = {-0.10, 0.80, NOSE, 0, 0, 0, 0.05},
    [33] = {0, 0.82, NOSE, 0, 0, 0, 0.1},
    [36] = {-0.735, 0.012, EYE, 0, 0, 0, 0},
    [37] = {-0.60, -0.078, EYE, 0, 0, 0, 0},
    [38] = {-0.415, -0.082, EYE, 0, 0, 0, 0},
    [39] = {-0.270, 0.040, EYE, 0, 0, 0, 0},
    [40] = {-0.405, 0.070, EYE, 0, 0, 0, 0},
    [41] = {-0.590, 0.078, EYE, 0, 0, 0, 0},
    [48] = {-0.385, 1.113, MOUTH, 0, 0, 0, 0},
    [49] = {-0.245, 1.058, MOUTH, 0, 0, 0, 0},
    [50] = {-0.085, 1.030, MOUTH, 0, 0, 0, 0},
    [51] = {0, 1.046, MOUTH, 0, 0, 0, 0},
    [57] = {0, 1.282, MOUTH, 0, 0, 0, 0},
    [58] = {-0.11, 1.273, MOUTH, 0, 0, 0, 0},
    [59] = {-0.25, 1.222, MOUTH, 0, 0, 0, 0},
    [60] = {-0.345, 1.115, MOUTH, 0, 0, 0, 0},
    [61] = {-0.165, 1.130, MOUTH, 0, 0, 0, 0},
    [62] = {0, 1.135, MOUTH, 0, 0, 0, 0},
    [66] = {0, 1.135, MOUTH, 0, 0, 0, 0},
    [67] = {-0.165, 1.130, MOUTH, 0, 0, 0, 0},
};

/* The landmark on the other side. */
static const int8_t mirror[TALKERS_LANDMARKS] = {
    16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 27, 28, 29, 30, 35, 34, 33,
    32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52,
    51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
};

/* Skin between them: left half and middle. */
static const struct place extras[] = {
    {-0.80, -0.06, SKIN, 0, 0.10, 0, 0},  {-0.60, -0.19, SKIN, 0, 0.25, 0, 0},
    {-0.40, -0.19, SKIN, 0, 0.25, 0, 0},  {-0.22, -0.06, SKIN, 0, 0.10, 0, 0},
    {-0.62, 0.22, SKIN, 0, 0, 0.04, 0},   {-0.38, 0.22, SKIN, 0, 0, 0.04, 0},
    {-0.84, 0.12, SKIN, 0, 0, 0, 0},      {-1.00, -0.30, SKIN, 0, 0.2, 0, 0},
    {-0.72, -0.72, SKIN, 0, 0.30, 0, 0},  {-0.35, -0.75, SKIN, 0, 0.40, 0, 0},
    {0, -0.75, SKIN, 0, 0.40, 0, 0},      {-0.55, -1.12, SKIN, 0, 0.1, 0, 0},
    {0, -1.15, SKIN, 0, 0.1, 0, 0},       {0, -0.34, SKIN, 0, 0.6, 0, 0},
    {-0.88, 0.46, SKIN, 0, 0, 0.05, 0},   {-0.60, 0.52, SKIN, 0, 0, 0.10, 0},
    {-0.38, 0.46, SKIN, 0, 0, 0.08, 0},   {-0.84, 0.86, SKIN, .14, 0, 0.15, 0},
    {-0.58, 0.90, SKIN, .18, 0, 0.5, 0},  {-0.37, 0.82, SKIN, .05, 0, 0.3, .15},
    {-0.15, 0.30, NOSE, 0, 0, 0, 0},      {-0.14, 0.55, NOSE, 0, 0, 0, 0},
    {-0.29, 0.68, NOSE, 0, 0, 0.05, 0},   {-0.17, 0.93, SKIN, 0, 0, 0.1, 0.6},
    {0, 0.93, SKIN, 0, 0, 0, 0.6},        {0, 1.45, SKIN, 0.95, 0, 0, 0},
    {-0.22, 1.40, SKIN, 0.85, 0, 0.1, 0}, {-0.44, 1.28, SKIN, 0.50, 0, 0.5, 0},
    {-0.56, 1.13, SKIN, 0.28, 0, 0.6, 0}, {-0.61, 1.23, SKIN, .42, 0, .2, 0},
    {-0.26, 1.60, SKIN, 0.97, 0, 0, 0},   {0, 1.64, SKIN, 1, 0, 0, 0},
    {-1.17, -0.38, SKULL, 0, 0, 0, 0},    {-1.18, -0.78, SKULL, 0, 0, 0, 0},
    {-1.06, -1.22, SKULL, 0, 0, 0, 0},    {-0.76, -1.58, SKULL, 0, 0, 0, 0},
    {-0.38, -1.77, SKULL, 0, 0, 0, 0},    {0, -1.82, SKULL, 0, 0, 0, 0},
    {-1.27, 0.24, EAR, 0, 0, 0, 0},
};

/* ------------------------------------------------------------- at rest -- */

/* All of it: wider, longer, another jaw and forehead. */
static struct point reshape(const struct talkers_shape *s, double x, double y)
{
    const double jaw = smooth_step(0.5, 1.6, y);

    x *= s->width * mix(1, s->jaw, jaw);
    if (y > 0)
        y *= s->length;
    if (y > 1.35)
        y += (s->chin - 1) * (y - 1.35) * 1.2;
    if (y < -0.5)
        y = -0.5 + (y + 0.5) * mix(1, s->forehead, 0.7);
    return (struct point){x, y};
}

static struct point shape_eye(const struct talkers_shape *s, struct point p)
{
    const double middle = p.x < 0 ? -0.5 : 0.5;
    const double out = (p.x - middle) * (p.x < 0 ? -1 : 1);

    return (struct point){middle + (p.x - middle) * s->eye_size,
                          p.y * s->eye_size * s->eye_open -
                              s->eye_tilt * out / 0.23};
}

static struct point shape_brow(const struct talkers_shape *s, struct point p)
{
    const double out = (fabs(p.x) - 0.25) / 0.65;

    p.y += -s->brow_height - s->brow_arch * sin(3 * out) -
           0.6 * s->eye_tilt * (out - 0.5);
    return reshape(s, p.x, p.y);
}

static struct point shape_nose(const struct talkers_shape *s, struct point p)
{
    const double y = 0.02 + (p.y - 0.02) * s->nose_length;

    return reshape(s, p.x * mix(1, s->nose_width, smooth_step(0, 0.5, p.y)), y);
}

static struct point shape_mouth(const struct talkers_shape *s, struct point p)
{
    const double lip = p.y < 1.14 ? s->upper_lip : s->lower_lip;
    const struct point middle = reshape(s, 0, 1.14 + s->mouth_height);
    const double line = 1.135;

    return (struct point){p.x * s->mouth_width * s->width,
                          middle.y - (1.14 - line) + (p.y - line) * lip};
}

static struct point shape_place(const struct talkers_shape *s,
                                const struct place *p)
{
    const struct point at = {p->x, p->y};

    switch (p->part) {
    case EYE: return shape_eye(s, at);
    case BROW: return shape_brow(s, at);
    case NOSE: return shape_nose(s, at);
    case MOUTH: return shape_mouth(s, at);
    case EAR: return reshape(s, p->x * mix(1, s->ear, 0.5), p->y);
    default: return reshape(s, p->x, p->y);
    }
}

static void set_control(struct talkers_face *f, int i, const struct place *p,
                        bool flip)
{
    struct face_control *c = &f->control[i];

    *c = (struct face_control){.rest = shape_place(&f->id->shape, p),
                               .jaw = p->jaw,
                               .brow = p->brow,
                               .corner = p->corner,
                               .upper = p->upper,
                               .follow = 1};
    if (flip)
        c->rest.x = -c->rest.x;
}

/* ---------------------------------------------------------- expression -- */

double talkers_face_mouth_width(const struct talkers_face *f)
{
    return f->control[54].rest.x - f->control[48].rest.x;
}

/* Shares of the lips' points in the opening: upper ones up, lower ones down. */
static const double lip_share[20] = {
    0.00, 0.62, 0.95, 1,    0.95, 0.62, 0.00, 0.62, 0.95, 1,
    0.95, 0.62, 0.00, 0.93, 1,    0.93, 0.00, 0.93, 1,    0.93,
};

static bool is_lower_lip(int i)
{
    return (i >= 55 && i <= 59) || i >= 65;
}

/* Inner height h = up + down at the middle. */
static void move_mouth(const struct talkers_face *f, int i,
                       const struct talkers_expression *e, struct point *d,
                       double *deep)
{
    const double h = 0.55 * talkers_face_mouth_width(f) * e->open;
    const double x = f->control[i].rest.x, share = lip_share[i - 48];
    const bool inner = i >= 60, corner = share == 0;
    const double wide = 0.25 * e->width - 0.06 * e->open;
    const double tucked = 0.035 * e->tuck;

    d->x = x * (wide - (inner && corner ? 0.22 * e->round : 0));
    if (corner)
        d->y = 0.30 * h - 0.02 * fmax(e->width, 0);
    else if (is_lower_lip(i))
        d->y = 0.80 * h * share + (1 - share) * 0.30 * h - tucked;
    else
        d->y = -0.20 * h * share + (1 - share) * 0.30 * h - tucked;
    if (!inner && !corner)
        d->y += (is_lower_lip(i) ? 1 : -1) * share *
                (0.025 * e->round - 0.028 * e->press);
    if (!inner && is_lower_lip(i))
        d->y -= 0.045 * e->tuck * share;
    *deep = 0.10 * e->round * (1 - fabs(x) / 0.6) - 0.05 * e->press;
}

/* The upper lid falls onto the lower one, which rises by a tenth. */
static void move_lid(const struct talkers_face *f, int i,
                     const struct talkers_expression *e, struct point *d)
{
    static const int8_t lids[4][2] = {{37, 41}, {38, 40}, {43, 47}, {44, 46}};

    for (int k = 0; k < 4; k++) {
        const double upper = f->control[lids[k][0]].rest.y;
        const double lower = f->control[lids[k][1]].rest.y;
        const double rise = 0.10 * (lower - upper) * e->closure;
        if (i == lids[k][0])
            d->y = e->closure * (lower - upper) - rise * e->closure;
        if (i == lids[k][1])
            d->y = -rise;
    }
}

/* What an expression adds to a point at rest. */
static struct point displace(const struct talkers_face *f, int i,
                             const struct talkers_expression *e, double *deep)
{
    const struct face_control *c = &f->control[i];
    const double w = talkers_face_mouth_width(f), h = 0.55 * w;
    struct point d = {0, 0};

    *deep = 0;
    if (i >= 48 && i < TALKERS_LANDMARKS) {
        move_mouth(f, i, e, &d, deep);
        return d;
    }
    if (i >= 36 && i < 48)
        move_lid(f, i, e, &d);
    const double side = c->rest.x < 0 ? -1 : 1;
    d.y += 0.72 * h * e->jaw * c->jaw - 0.10 * e->brow * c->brow -
           0.2 * h * e->open * c->upper;
    d.x += side * c->corner * 0.5 * w * (0.25 * e->width - 0.06 * e->open);
    *deep = -0.06 * e->jaw * c->jaw + 0.06 * c->corner * e->round;
    return d;
}

/* ----------------------------------------------------------- the shape -- */

static const struct talkers_state painted = {
    .face = {.open = 0.2, .jaw = 0.2},
};

static void set_depth(struct talkers_face *f, int i)
{
    struct face_control *c = &f->control[i];
    const struct point p = f->canonical[i];
    const double e = 0.03;
    const double dx = talkers_surface_height(f, p.x + e, p.y) -
                      talkers_surface_height(f, p.x - e, p.y);
    const double dy = talkers_surface_height(f, p.x, p.y + e) -
                      talkers_surface_height(f, p.x, p.y - e);
    const double n = sqrt(dx * dx + dy * dy + 4 * e * e);

    c->z = talkers_surface_height(f, p.x, p.y);
    c->nx = -dx / n, c->ny = -dy / n, c->nz = 2 * e / n;
}

/* The skull's points, from the crown on, then the jaw's. */
static void set_outline(struct talkers_face *f)
{
    const int n = sizeof(extras) / sizeof(extras[0]);
    int at = 0;

    for (int i = n - 1; i >= 0; i--)
        if (extras[i].part == SKULL)
            f->outline[at++] = shape_place(&f->id->shape, &extras[i]);
    for (int i = 0; i <= 8; i++)
        f->outline[at++] = f->canonical[i];
}

/* Points between the jaw's, on the curve through them: the outline bends
 * smoothly when it turns away. */
static void add_jaw_middles(struct talkers_face *f)
{
    for (int i = 0; i < 16; i++) {
        const struct face_control *b = &f->control[i], *c = b + 1;
        const struct point a = f->control[i ? i - 1 : 0].rest;
        const struct point d = f->control[i < 15 ? i + 2 : 16].rest;
        f->control[f->count++] = (struct face_control){
            .rest = {(9 * (b->rest.x + c->rest.x) - a.x - d.x) / 16,
                     (9 * (b->rest.y + c->rest.y) - a.y - d.y) / 16},
            .jaw = (b->jaw + c->jaw) / 2,
            .follow = 1};
    }
}

void talkers_face_shape(struct talkers_face *f,
                        const struct talkers_identity *id)
{
    const int n = sizeof(extras) / sizeof(extras[0]);

    memset(f, 0, sizeof(*f));
    f->id = id;
    f->view = (struct face_view){1 / 4.9, 0, 0.5, 0.5 - 0.2 / 4.9};
    for (int i = 0; i < TALKERS_LANDMARKS; i++) {
        const bool right = landmarks[i].y == 0 && landmarks[i].x == 0;
        set_control(f, i, &landmarks[right ? mirror[i] : i], right);
    }
    f->count = TALKERS_LANDMARKS;
    for (int i = 0; i < n; i++) {
        set_control(f, f->count++, &extras[i], false);
        if (extras[i].x != 0)
            set_control(f, f->count++, &extras[i], true);
    }
    add_jaw_middles(f);
    f->inner = f->count;
    for (int i = 0; i < f->count; i++) {
        double deep;
        const struct point d = displace(f, i, &painted.face, &deep);
        f->canonical[i].x = f->control[i].rest.x + d.x;
        f->canonical[i].y = f->control[i].rest.y + d.y;
    }
    set_outline(f);
    for (int i = 0; i < f->count; i++)
        set_depth(f, i);
    for (int i = 0; i < 3; i++) /* inner lips meet */
        f->control[65 + i].z = f->control[63 - i].z;
}

/* -------------------------------------------------------------- ground -- */

/* The canonical plane that is painted. */
static const double left = -2.85, right = 2.85, top = -2.65, bottom = 3.05;

struct point talkers_face_ray(int i, double radius)
{
    const double angle = 2 * 3.141592653589793 * i / FACE_RING;

    return (struct point){clamp(radius * sin(angle), left, right),
                          clamp(0.1 + radius * cos(angle), top, bottom)};
}

static bool is_free(const struct talkers_face *f, struct point p, double room)
{
    for (int i = 0; i < f->count; i++)
        if (hypot(f->canonical[i].x - p.x, f->canonical[i].y - p.y) < room)
            return false;
    return true;
}

static void add_ground(struct talkers_face *f, struct point p, double follow,
                       double jaw, double room)
{
    if (f->count == MESH_POINTS || !is_free(f, p, room))
        return;
    struct face_control *c = &f->control[f->count];
    *c = (struct face_control){.nz = 1, .follow = follow, .jaw = jaw};
    double deep;
    const struct point d = displace(f, f->count, &painted.face, &deep);
    c->rest = (struct point){p.x - d.x, p.y - d.y};
    f->canonical[f->count++] = p;
}

/* What is right below a chin gives way to it. */
static double ground_jaw(const struct talkers_face *f, struct point p)
{
    double nearest = 1, share = 0;

    for (int i = 0; i <= 16; i++) {
        const struct point j = f->canonical[i];
        const double d = hypot(j.x - p.x, j.y - p.y);
        if (d < nearest) {
            nearest = d;
            share = f->control[i].jaw;
        }
    }
    return share * smooth_step(0.6, 0.12, nearest);
}

/* What lies outside the head: still, or with the shoulders. */
static double ground_follow(double y)
{
    return 0.2 * smooth_step(1.7, 2.4, y);
}

int talkers_face_mesh(struct talkers_face *f, const double radius[FACE_RING])
{
    for (int i = 0; i < FACE_RING; i++) { /* hair hangs: its ends stay behind */
        const struct point p = talkers_face_ray(i, radius[i] + 0.05);
        add_ground(f, p, mix(1, 0.3, smooth_step(1.6, 2.7, p.y)),
                   ground_jaw(f, p), 0.03);
    }
    for (int i = 0; i < FACE_RING; i++) {
        const struct point p = talkers_face_ray(i, radius[i] + 0.29);
        add_ground(f, p, ground_follow(p.y), 0, 0.03);
    }
    for (int i = 0; i <= 6; i++) {
        const double x = mix(left, right, i / 6.0);
        const double y = mix(top, bottom, i / 6.0);
        add_ground(f, (struct point){x, top}, 0, 0, 0.1);
        add_ground(f, (struct point){x, bottom}, 0.2, 0, 0.1);
        add_ground(f, (struct point){left, y}, ground_follow(y), 0, 0.1);
        add_ground(f, (struct point){right, y}, ground_follow(y), 0, 0.1);
    }
    return mesh_triangulate(&f->mesh, f->canonical, f->count) ? 0 : -1;
}

/* ---------------------------------------------------------- projection -- */

/* Turns about the neck's joint; n: a direction, not a place. */
static void turn(const struct talkers_pose *h, double v[3])
{
    const double cy = cos(h->yaw * radians), sy = sin(h->yaw * radians);
    const double cp = cos(h->pitch * radians), sp = sin(h->pitch * radians);
    const double cr = cos(h->roll * radians), sr = sin(h->roll * radians);
    const double x = v[0] * cy + v[2] * sy, z = v[2] * cy - v[0] * sy;
    const double y = v[1] * cp + z * sp;

    v[2] = z * cp - v[1] * sp;
    v[0] = x * cr - y * sr;
    v[1] = x * sr + y * cr;
}

static struct point project(const struct face_view *v, double x, double y,
                            double z)
{
    const double near = 12 / (12 + 1 - z); /* five head widths away */
    const double px = x * near, py = y * near;

    return (struct point){v->xx * px - v->xy * py + v->x0,
                          v->xy * px + v->xx * py + v->y0};
}

struct point talkers_face_place(const struct talkers_face *f,
                                const struct talkers_pose *h, double x,
                                double y, double z, double follow)
{
    const double joint[3] = {0, 1.25, -0.9};
    double v[3] = {x - joint[0], y - joint[1], z - joint[2]};

    turn(h, v);
    const struct point still = project(&f->view, x, y, z);
    const struct point moved = project(&f->view, v[0] + joint[0] + h->x,
                                       v[1] + joint[1] + h->y, v[2] + joint[2]);
    return (struct point){mix(still.x, moved.x, follow),
                          mix(still.y, moved.y, follow)};
}

void talkers_face_frame_view(struct talkers_face *f,
                             const struct talkers_state *state)
{
    struct face_frame frame;
    struct point eye[2] = {{0, 0}, {0, 0}};

    f->view = (struct face_view){1, 0, 0, 0};
    talkers_face_at(f, state, &frame);
    for (int i = 0; i < 12; i++) {
        eye[i / 6].x += frame.at[36 + i].x / 6;
        eye[i / 6].y += frame.at[36 + i].y / 6;
    }
    const double dx = eye[1].x - eye[0].x, dy = eye[1].y - eye[0].y;
    const double d2 = dx * dx + dy * dy;
    const struct point middle = {(eye[0].x + eye[1].x) / 2,
                                 (eye[0].y + eye[1].y) / 2};
    struct face_view v = {.xx = dx / d2 / 4.9, .xy = -dy / d2 / 4.9};
    v.x0 = 0.5 - (v.xx * middle.x - v.xy * middle.y);
    v.y0 = 0.5 - 0.2 / 4.9 - (v.xy * middle.x + v.xx * middle.y);
    f->view = v;
}

/* ----------------------------------------------------------- the frame -- */

static double shine(const struct talkers_identity *id, const double n[3])
{
    const double l[3] = {id->light_x * 0.9, id->light_y, 0.8};
    const double length = sqrt(l[0] * l[0] + l[1] * l[1] + l[2] * l[2]);

    return 0.6 + 0.4 * id->contrast *
                     (n[0] * l[0] + n[1] * l[1] + n[2] * l[2]) / length;
}

static double relight(const struct talkers_face *f, int i,
                      const struct talkers_pose *h)
{
    const struct face_control *c = &f->control[i];
    double n[3] = {c->nx, c->ny, c->nz};
    const double before = shine(f->id, n);

    turn(h, n);
    return clamp(shine(f->id, n) / before, 0.8, 1.2);
}

/* In the middle of the lids' opening at rest, on the eyeball. */
static void place_irises(const struct talkers_face *f,
                         const struct talkers_state *s,
                         struct face_frame *frame)
{
    for (int k = 0; k < 2; k++) {
        const int first = 36 + 6 * k;
        double x = 0, y = 0, z = 0;
        for (int i = first; i < first + 6; i++) {
            x += f->control[i].rest.x / 6;
            y += f->control[i].rest.y / 6;
            z += f->control[i].z / 6;
        }
        x += 0.19 * sin(s->face.gaze_x * radians);
        y += 0.19 * sin(s->face.gaze_y * radians) - 0.014;
        frame->iris[k] = talkers_face_place(f, &s->head, x, y, z, 1);
    }
    frame->radius = 0.101 * mix(1, f->id->shape.eye_size, 0.4) *
                    hypot(f->view.xx, f->view.xy);
}

/* What turns away is out of sight: the jaw's line on the far side. */
static bool is_visible(const struct talkers_face *f,
                       const struct talkers_state *s, int i)
{
    if (f->covered[i])
        return false;
    if (i > 16 || i == 8)
        return true;
    const double towards = i < 8 ? -s->head.yaw : s->head.yaw;
    return towards < 6 + 1.5 * (i < 8 ? i : 16 - i);
}

void talkers_face_at(const struct talkers_face *f,
                     const struct talkers_state *s, struct face_frame *frame)
{
    for (int i = 0; i < f->count; i++) {
        const struct face_control *c = &f->control[i];
        double deep = 0;
        struct point d = {0, 0};
        if (i < f->inner || c->jaw > 0)
            d = displace(f, i, &s->face, &deep);
        const double x = c->rest.x + d.x, y = c->rest.y + d.y;
        frame->at[i] =
            talkers_face_place(f, &s->head, x, y, c->z + deep, c->follow);
        frame->back[i] = talkers_face_place(f, &s->head, x, y,
                                            fmin(c->z, 0) - 0.6, c->follow);
        frame->light[i] = i < f->inner ? relight(f, i, &s->head) : 1;
    }
    place_irises(f, s, frame);
    for (int i = 0; i < TALKERS_LANDMARKS; i++)
        frame->visible[i] = is_visible(f, s, i);
    for (int k = 0; k < 2; k++)
        frame->visible[68 + k] = s->face.closure < 0.6;
}
