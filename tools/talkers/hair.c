/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hair: a band between the line where it begins and its outline, filled and
 * combed with strands in several tones. */
#include "paint.h"

#include <math.h>

enum comb {
    ALONG,  /* strands lie along the band, from a parting down */
    ACROSS, /* from the hairline back */
    CURLS,
    FRINGE, /* along at the sides, across over the forehead */
    SHAVED, /* points */
};

enum { BAND = 7 };

/* The left half, from the lowest point to the middle. */
struct style {
    struct point line[BAND], outline[BAND];
    enum comb comb;
    bool behind; /* some of it hangs behind the neck */
};

#define SHORT_LINE                                                             \
    {                                                                          \
        {-1.12, 0.02}, {-1.10, -0.34}, {-1.03, -0.64}, {-0.87, -0.93},         \
            {-0.60, -1.08}, {-0.30, -1.13},                                    \
        {                                                                      \
            0, -1.15                                                           \
        }                                                                      \
    }
#define LONG_LINE                                                              \
    {                                                                          \
        {-1.00, 2.55}, {-0.99, 1.60}, {-1.06, 0.65}, {-1.05, -0.25},           \
            {-0.88, -0.88}, {-0.45, -1.12},                                    \
        {                                                                      \
            0, -1.18                                                           \
        }                                                                      \
    }
#define LONG_OUTLINE                                                           \
    {                                                                          \
        {-1.50, 2.75}, {-1.60, 1.75}, {-1.47, 0.65}, {-1.39, -0.40},           \
            {-1.20, -1.20}, {-0.68, -1.80},                                    \
        {                                                                      \
            0, -2.00                                                           \
        }                                                                      \
    }

static const struct style styles[TALKERS_HAIRS] = {
    [TALKERS_HAIR_SHAVED] = {SHORT_LINE,
                             {{-1.165, 0.00},
                              {-1.20, -0.42},
                              {-1.21, -0.80},
                              {-1.09, -1.26},
                              {-0.80, -1.62},
                              {-0.42, -1.82},
                              {0, -1.88}},
                             SHAVED,
                             false},
    [TALKERS_HAIR_CROP] = {SHORT_LINE,
                           {{-1.18, 0.02},
                            {-1.25, -0.42},
                            {-1.27, -0.84},
                            {-1.17, -1.30},
                            {-0.88, -1.70},
                            {-0.46, -1.93},
                            {0, -2.00}},
                           ACROSS,
                           false},
    [TALKERS_HAIR_PARTED] = {SHORT_LINE,
                             {{-1.18, 0.08},
                              {-1.28, -0.36},
                              {-1.31, -0.82},
                              {-1.20, -1.32},
                              {-0.90, -1.76},
                              {-0.46, -2.00},
                              {0, -2.06}},
                             ALONG,
                             false},
    [TALKERS_HAIR_SWEPT] = {SHORT_LINE,
                            {{-1.18, 0.04},
                             {-1.25, -0.42},
                             {-1.27, -0.86},
                             {-1.18, -1.38},
                             {-0.88, -1.85},
                             {-0.46, -2.10},
                             {0, -2.14}},
                            ACROSS,
                            false},
    [TALKERS_HAIR_RECEDING] = {{{-1.13, 0.02},
                                {-1.13, -0.36},
                                {-1.13, -0.72},
                                {-1.06, -1.08},
                                {-0.74, -1.46},
                                {-0.36, -1.50},
                                {0, -1.38}},
                               {{-1.18, 0.04},
                                {-1.26, -0.40},
                                {-1.27, -0.82},
                                {-1.14, -1.30},
                                {-0.84, -1.67},
                                {-0.44, -1.86},
                                {0, -1.92}},
                               ACROSS,
                               false},
    [TALKERS_HAIR_CURLY] = {SHORT_LINE,
                            {{-1.26, 0.22},
                             {-1.40, -0.34},
                             {-1.44, -0.86},
                             {-1.30, -1.42},
                             {-0.98, -1.86},
                             {-0.50, -2.08},
                             {0, -2.14}},
                            CURLS,
                            false},
    [TALKERS_HAIR_AFRO] = {SHORT_LINE,
                           {{-1.45, 0.60},
                            {-1.78, -0.05},
                            {-1.84, -0.75},
                            {-1.62, -1.45},
                            {-1.18, -1.96},
                            {-0.60, -2.20},
                            {0, -2.26}},
                           CURLS,
                           true},
    [TALKERS_HAIR_BOB] = {{{-0.97, 1.22},
                           {-1.02, 0.70},
                           {-1.07, 0.15},
                           {-1.04, -0.38},
                           {-0.88, -0.88},
                           {-0.45, -1.12},
                           {0, -1.18}},
                          {{-1.24, 1.36},
                           {-1.52, 0.98},
                           {-1.48, 0.20},
                           {-1.39, -0.52},
                           {-1.20, -1.22},
                           {-0.68, -1.80},
                           {0, -2.00}},
                          ALONG,
                          true},
    [TALKERS_HAIR_LONG] = {LONG_LINE, LONG_OUTLINE, ALONG, true},
    [TALKERS_HAIR_WAVY] = {LONG_LINE,
                           {{-1.62, 2.60},
                            {-1.80, 1.70},
                            {-1.64, 0.65},
                            {-1.50, -0.40},
                            {-1.28, -1.24},
                            {-0.74, -1.84},
                            {0, -2.04}},
                           ALONG,
                           true},
    [TALKERS_HAIR_FRINGE] = {{{-0.98, 1.55},
                              {-1.02, 0.80},
                              {-1.04, 0.20},
                              {-0.99, -0.26},
                              {-0.76, -0.50},
                              {-0.38, -0.55},
                              {0, -0.56}},
                             {{-1.30, 1.72},
                              {-1.52, 1.10},
                              {-1.48, 0.30},
                              {-1.40, -0.50},
                              {-1.20, -1.24},
                              {-0.68, -1.82},
                              {0, -2.02}},
                             FRINGE,
                             true},
    [TALKERS_HAIR_BUN] = {{{-1.14, -0.26},
                           {-1.11, -0.46},
                           {-1.03, -0.68},
                           {-0.87, -0.94},
                           {-0.60, -1.08},
                           {-0.30, -1.13},
                           {0, -1.15}},
                          {{-1.18, -0.20},
                           {-1.23, -0.46},
                           {-1.25, -0.82},
                           {-1.14, -1.28},
                           {-0.86, -1.67},
                           {-0.45, -1.90},
                           {0, -1.96}},
                          ACROSS,
                          false},
};

/* The band of one head, smooth: s from 0, lowest left, over 1, the middle, to
 * 2, lowest right; v from 0, the hairline, to 1, the outline. */
struct band {
    const struct talkers_identity *id;
    struct point line[2 * BAND - 1], outline[2 * BAND - 1];
    const struct style *style;
};

static struct point sized(const struct talkers_face *f, struct point p)
{
    const struct talkers_shape *s = &f->id->shape;
    const double low = mix(0.62, 1.08, f->id->hair_length);

    p.x *= s->width * mix(1, s->jaw, 0.5 * smooth_step(0.6, 1.6, p.y));
    if (p.y < -0.5)
        p.y = -0.5 + (p.y + 0.5) * mix(1, s->forehead, 0.7);
    if (p.y > 1)
        p.y = 1 + (p.y - 1) * low;
    return p;
}

static void set_band(struct band *b, const struct talkers_face *f)
{
    const double volume = f->id->hair_volume;

    b->id = f->id;
    b->style = &styles[f->id->hair];
    for (int i = 0; i < 2 * BAND - 1; i++) {
        const int k = i < BAND ? i : 2 * BAND - 2 - i;
        const double side = i < BAND ? 1 : -1;
        struct point l = b->style->line[k], o = b->style->outline[k];
        o.x = l.x + (o.x - l.x) * volume;
        o.y = l.y + (o.y - l.y) * volume;
        l = sized(f, l), o = sized(f, o);
        b->line[i] = (struct point){side * l.x, l.y};
        b->outline[i] = (struct point){side * o.x, o.y};
    }
}

static struct point spline(const struct point *p, double t)
{
    const int last = 2 * BAND - 2;
    const int i = t <= 0 ? 0 : t >= last ? last - 1 : (int)t;
    const struct point a = p[i ? i - 1 : 0], c = p[i], e = p[i + 1];
    const struct point g = p[i + 2 <= last ? i + 2 : last];
    const double w = t - i, w2 = w * w, w3 = w2 * w;
    const double k[4] = {(-w3 + 2 * w2 - w) / 2, (3 * w3 - 5 * w2 + 2) / 2,
                         (-3 * w3 + 4 * w2 + w) / 2, (w3 - w2) / 2};

    return (struct point){k[0] * a.x + k[1] * c.x + k[2] * e.x + k[3] * g.x,
                          k[0] * a.y + k[1] * c.y + k[2] * e.y + k[3] * g.y};
}

static struct point band_at(const struct band *b, double s, double v)
{
    const double t = clamp(s, 0, 2) * (BAND - 1);
    const struct point l = spline(b->line, t), o = spline(b->outline, t);
    const double wave =
        b->id->hair == TALKERS_HAIR_WAVY
            ? 0.07 * sin(22 * s + 5 * v) *
                  smooth_step(1, 0.45, fabs(s - 1) < .55 ? 1 : .4)
            : 0;

    return (struct point){mix(l.x, o.x, v + wave), mix(l.y, o.y, v + wave)};
}

/* ------------------------------------------------------------- strands -- */

static void draw_lock(cairo_t *cr, struct point a, struct point m,
                      struct point b, double width, struct colour c,
                      double alpha)
{
    const struct point q = {2 * m.x - (a.x + b.x) / 2,
                            2 * m.y - (a.y + b.y) / 2};
    const double dx = b.x - a.x, dy = b.y - a.y, n = hypot(dx, dy) + 1e-6;
    const double ox = -dy / n * width, oy = dx / n * width;

    cairo_move_to(cr, a.x, a.y);
    cairo_curve_to(cr, mix(a.x, q.x, 0.67) + ox, mix(a.y, q.y, 0.67) + oy,
                   mix(b.x, q.x, 0.67) + ox, mix(b.y, q.y, 0.67) + oy, b.x,
                   b.y);
    cairo_curve_to(cr, mix(b.x, q.x, 0.67) - ox, mix(b.y, q.y, 0.67) - oy,
                   mix(a.x, q.x, 0.67) - ox, mix(a.y, q.y, 0.67) - oy, a.x,
                   a.y);
    cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha);
    cairo_fill(cr);
}

/* Light on the band: from the lamp's side, with a sheen around the head. */
static double band_light(const struct band *b, struct point p, double v)
{
    const struct talkers_identity *id = b->id;
    const double round = clamp(p.x / 1.4, -1, 1);
    const double high = clamp((-p.y - 0.2) / 1.6, 0, 1);
    const double key =
        0.66 + 0.30 * id->contrast * id->light_x * round + 0.22 * high;
    const double sheen =
        exp(-pow((v - 0.42) / 0.17, 2)) * smooth_step(.3, .9, high);

    return key * (1 + 0.55 * sheen) * (1 - 0.25 * fmax(v - 0.75, 0) / 0.25);
}

static struct colour hair_tone(const struct band *b, double light)
{
    const struct colour glow = {0.17, 0.15, 0.14};
    const double extra = fmax(light - 0.75, 0);
    struct colour c = tinted(b->id->hair_colour, light);

    return (struct colour){clamp(c.r + glow.r * extra, 0, 1),
                           clamp(c.g + glow.g * extra, 0, 1),
                           clamp(c.b + glow.b * extra, 0, 1)};
}

static void comb_along(cairo_t *cr, const struct band *b,
                       struct talkers_dice *d, int strands)
{
    const double part = 1 + 0.33 * b->id->part;

    for (int i = 0; i < strands; i++) {
        const double v = talkers_roll(d, -0.03, 1.02);
        double s = talkers_roll(d, -0.05, 2.05);
        const double down = s < part ? -1 : 1;
        const double length = talkers_roll(d, 0.10, 0.34);
        const double drift = talkers_roll(d, -0.05, 0.05);
        const double end = s + down * length;
        const struct point a = band_at(b, s, v);
        const struct point m = band_at(b, (s + end) / 2, v + drift);
        const struct point e = band_at(b, end, v + drift);
        const double rooted = smooth_step(0, 0.10, fabs(s - part));
        const double light = band_light(b, m, v) * talkers_roll(d, 0.62, 1.35) *
                             mix(0.75, 1, rooted);
        draw_lock(cr, a, m, e, talkers_roll(d, 0.006, 0.020),
                  hair_tone(b, light), talkers_roll(d, 0.4, 0.8));
    }
}

static void comb_across(cairo_t *cr, const struct band *b,
                        struct talkers_dice *d, int strands)
{
    const double lean = 0.10 * b->id->part;
    const bool short_hair = b->id->hair == TALKERS_HAIR_CROP ||
                            b->id->hair == TALKERS_HAIR_RECEDING;

    for (int i = 0; i < strands; i++) {
        const double s = talkers_roll(d, 0, 2);
        const double v = talkers_roll(d, short_hair ? -0.05 : -0.03, 0.9);
        const double length = short_hair ? talkers_roll(d, 0.12, 0.3)
                                         : talkers_roll(d, 0.25, 0.6);
        const double turn = lean + talkers_roll(d, -0.03, 0.03);
        const double end = fmin(v + length, 1.04);
        const struct point a = band_at(b, s, v);
        const struct point m = band_at(b, s + turn * 0.4, (v + end) / 2);
        const struct point e = band_at(b, s + turn, end);
        const double light =
            band_light(b, m, (v + end) / 2) * talkers_roll(d, 0.6, 1.35);
        draw_lock(cr, a, m, e, talkers_roll(d, 0.006, 0.016),
                  hair_tone(b, light), talkers_roll(d, 0.4, 0.85));
    }
}

/* Over the forehead it falls from the crown; its ends lie on the hairline. */
static void comb_fringe(cairo_t *cr, const struct band *b,
                        struct talkers_dice *d, int strands)
{
    for (int i = 0; i < strands; i++) {
        const double s = 1 + talkers_roll(d, -0.46, 0.46);
        const double low = talkers_roll(d, -0.05, 0.75);
        const double high = fmin(low + talkers_roll(d, 0.2, 0.5), 1.01);
        const double to = 1 + (s - 1) * mix(1, 0.75, high);
        const struct point a = band_at(b, to, high);
        const struct point m = band_at(b, (s + to) / 2, (low + high) / 2);
        const struct point e = band_at(b, s, low);
        const double light =
            band_light(b, m, (low + high) / 2) * talkers_roll(d, 0.6, 1.35);
        draw_lock(cr, a, m, e, talkers_roll(d, 0.006, 0.018),
                  hair_tone(b, light), talkers_roll(d, 0.4, 0.85));
    }
}

static void curl(cairo_t *cr, const struct band *b, struct talkers_dice *d)
{
    const double afro = b->id->hair == TALKERS_HAIR_AFRO ? 0.6 : 1;
    const double s = talkers_roll(d, -0.02, 2.02), v = talkers_roll(d, -.02, 1);
    const struct point p = band_at(b, s, v);
    const double r = afro * talkers_roll(d, 0.035, 0.085);
    const double from = talkers_roll(d, 0, 6.28);
    const double light = band_light(b, p, v) * talkers_roll(d, 0.5, 1.4);
    const struct colour c = hair_tone(b, light);

    cairo_new_path(cr);
    cairo_arc(cr, p.x, p.y, r, from, from + talkers_roll(d, 2.2, 4.6));
    cairo_set_source_rgba(cr, c.r, c.g, c.b, talkers_roll(d, 0.5, 0.9));
    cairo_set_line_width(cr, talkers_roll(d, 0.012, 0.030));
    cairo_stroke(cr);
}

static void stubble(cairo_t *cr, const struct band *b, struct talkers_dice *d)
{
    const struct point p =
        band_at(b, talkers_roll(d, 0, 2), talkers_roll(d, -0.02, 1));
    const struct colour c = hair_tone(b, talkers_roll(d, 0.6, 1.2));

    draw_glow(cr, p.x, p.y, 0.013, 0.013, c, talkers_roll(d, 0.3, 0.8));
}

/* ---------------------------------------------------------------- fill -- */

static void path_band(cairo_t *cr, const struct band *b, double v0, double v1)
{
    enum { STEPS = 48 };

    for (int i = 0; i <= STEPS; i++) {
        const struct point p = band_at(b, 2.0 * i / STEPS, v0);
        if (i)
            cairo_line_to(cr, p.x, p.y);
        else
            cairo_move_to(cr, p.x, p.y);
    }
    for (int i = STEPS; i >= 0; i--) {
        const struct point p = band_at(b, 2.0 * i / STEPS, v1);
        cairo_line_to(cr, p.x, p.y);
    }
    cairo_close_path(cr);
}

static void fill_band(cairo_t *cr, const struct band *b)
{
    const bool shaved = b->style->comb == SHAVED;
    const struct colour dark = hair_tone(b, 0.50);

    for (int i = 0; i < 4; i++) { /* the hairline is thin at first */
        path_band(cr, b, 0.02 + 0.05 * i, shaved ? 1.0 : 0.97);
        cairo_set_source_rgba(cr, dark.r, dark.g, dark.b,
                              shaved ? 0.20 : 0.28 + 0.2 * i);
        cairo_fill(cr);
    }
}

/* Hair throws a shadow onto the forehead. */
static void shade_forehead(cairo_t *cr, const struct talkers_face *f,
                           const struct band *b)
{
    const struct colour dark = tinted(f->id->blush, 0.45);

    cairo_save(cr);
    path_face(cr, f);
    cairo_clip(cr);
    for (int i = 1; i <= 16; i++) {
        path_band(cr, b, -0.016 * i, 0.2);
        cairo_set_source_rgba(cr, dark.r, dark.g, dark.b, 0.032);
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

void paint_hair(struct canvas *c, const struct talkers_face *f)
{
    struct talkers_dice d = {f->id->seed, 1u << 24, TALKERS_STREAM_HAIR};
    struct band b;

    set_band(&b, f);
    cairo_save(c->cr);
    if (b.style->comb != SHAVED) {
        shade_forehead(c->cr, f, &b);
    } else {
        path_face(c->cr, f);
        cairo_clip(c->cr);
    }
    fill_band(c->cr, &b);
    switch (b.style->comb) {
    case ALONG: comb_along(c->cr, &b, &d, 2600); break;
    case ACROSS: comb_across(c->cr, &b, &d, 2600); break;
    case FRINGE:
        comb_along(c->cr, &b, &d, 2000);
        comb_fringe(c->cr, &b, &d, 1800);
        break;
    case CURLS:
        for (int i = 0; i < 2600; i++)
            curl(c->cr, &b, &d);
        break;
    default:
        for (int i = 0; i < 5000; i++)
            stubble(c->cr, &b, &d);
    }
    cairo_restore(c->cr);
}

/* -------------------------------------------------------------- behind -- */

static void paint_bun(cairo_t *cr, const struct band *b, struct talkers_dice *d)
{
    const double y = -2.02, r = 0.36 * b->id->hair_volume;

    for (int i = 0; i < 500; i++) {
        const double a = talkers_roll(d, 0, 6.28), v = talkers_roll(d, 0.1, 1);
        const struct point p = {r * v * cos(a), y + r * v * sin(a)};
        const struct point q = {r * v * cos(a + 0.7), y + r * v * sin(a + 0.7)};
        const double light =
            0.75 - 0.35 * sin(a) * v + 0.25 * b->id->light_x * cos(a) * v;
        draw_strand(cr, p, q, -0.15, 0.03,
                    hair_tone(b, light * talkers_roll(d, 0.7, 1.2)), 0.7);
    }
}

void paint_hair_behind(struct canvas *c, const struct talkers_face *f)
{
    struct talkers_dice d = {f->id->seed, 1u << 26, TALKERS_STREAM_HAIR};
    struct band b;

    set_band(&b, f);
    if (f->id->hair == TALKERS_HAIR_BUN)
        paint_bun(c->cr, &b, &d);
    if (!b.style->behind)
        return;
    path_through(c->cr, b.outline, 2 * BAND - 1, true);
    cairo_close_path(c->cr);
    set_colour(c->cr, hair_tone(&b, 0.36));
    cairo_fill(c->cr);
    const double low = b.outline[0].y, wide = -b.outline[0].x;
    for (int i = 0; i < 700 && b.style->comb != CURLS; i++) {
        const double x = talkers_roll(&d, -1, 1), y = talkers_roll(&d, 0, low);
        const struct point a = {x * wide, y};
        const double end = fmin(y + talkers_roll(&d, 0.2, 0.55), low + 0.04);
        const struct point e = {x * wide * 0.97, end};
        draw_strand(c->cr, a, e, 0.05 * x, 0.02,
                    hair_tone(&b, talkers_roll(&d, 0.28, 0.55)), 0.6);
    }
}
