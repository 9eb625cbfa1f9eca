/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who it is: the numbers that make one talker another. */
#include "talkers.h"

#include <math.h>

/* CIE Lab (D65) to sRGB. */
static struct colour from_lab(double l, double a, double b)
{
    const double fy = (l + 16) / 116, f[3] = {fy + a / 500, fy, fy - b / 200};
    double xyz[3], c[3];

    for (int i = 0; i < 3; i++)
        xyz[i] = f[i] > 6.0 / 29 ? f[i] * f[i] * f[i]
                                 : (f[i] - 4.0 / 29) * 3 * 36 / 841;
    xyz[0] *= 0.9505;
    xyz[2] *= 1.089;
    c[0] = 3.2406 * xyz[0] - 1.5372 * xyz[1] - 0.4986 * xyz[2];
    c[1] = -0.9689 * xyz[0] + 1.8758 * xyz[1] + 0.0415 * xyz[2];
    c[2] = 0.0557 * xyz[0] - 0.2040 * xyz[1] + 1.0570 * xyz[2];
    for (int i = 0; i < 3; i++) {
        const double v = clamp(c[i], 0, 1);
        c[i] = v > 0.0031308 ? 1.055 * pow(v, 1 / 2.4) - 0.055 : 12.92 * v;
    }
    return (struct colour){c[0], c[1], c[2]};
}

static struct colour blend(struct colour a, struct colour b, double w)
{
    return (struct colour){mix(a.r, b.r, w), mix(a.g, b.g, w),
                           mix(a.b, b.b, w)};
}

/* The individual typology angle says how light a skin is: L = 50 + b tan(). */
static void draw_skin(struct talkers_identity *id, struct talkers_dice *d)
{
    id->ita = mix(-50, 60, pow(talkers_roll(d, 0, 1), 0.75));
    const double dark = clamp((20 - id->ita) / 70, 0, 1);
    const double b = mix(19, 16, dark) + talkers_roll(d, -1.5, 2);
    const double a = mix(10.5, 9.5, dark) + talkers_roll(d, -1.5, 2);
    const double l = 50 + 16 * tan(id->ita * 0.0174533);
    id->skin = from_lab(clamp(l, 34, 78), a, b);
    id->blush = from_lab(clamp(l - 9, 25, 68), a + mix(12, 6, dark), b + 3);
    id->lips = from_lab(clamp(l - mix(18, 7, dark), 22, 56),
                        a + mix(15, 8, dark), mix(11, 9, dark));
    id->freckles = dark < 0.1 && talkers_chance(d, 0.2) ? 1 : 0;
    id->gloss = talkers_roll(d, 0.4, 1.0) + 0.3 * dark;
}

static void draw_hair_colour(struct talkers_identity *id,
                             struct talkers_dice *d)
{
    static const struct colour natural[] = {
        {0.09, 0.07, 0.07}, {0.16, 0.11, 0.08}, {0.27, 0.17, 0.10},
        {0.38, 0.24, 0.13}, {0.50, 0.24, 0.12}, {0.64, 0.47, 0.26},
        {0.80, 0.65, 0.42},
    };
    static const struct colour eyes[] = {
        {0.22, 0.12, 0.06}, {0.36, 0.21, 0.10}, {0.44, 0.36, 0.18},
        {0.34, 0.45, 0.32}, {0.34, 0.50, 0.66}, {0.46, 0.54, 0.60},
    };
    const bool light = id->ita > 22;
    const int tone = talkers_pick(d, light ? 7 : id->ita > 0 ? 3 : 2);
    const double grey =
        smooth_step(0.45, 0.95, id->age) * talkers_roll(d, 0.3, 1.15);
    const struct colour silver = {0.72, 0.70, 0.68};

    id->hair_colour = blend(natural[tone], silver, clamp(grey, 0, 0.92));
    id->brow = blend(blend(natural[tone > 3 ? tone - 1 : tone], silver,
                           clamp(grey * 0.6, 0, 0.6)),
                     (struct colour){0.10, 0.07, 0.06}, 0.25);
    id->iris = eyes[light ? talkers_pick(d, 6) : talkers_pick(d, 2)];
}

static double factor(struct talkers_dice *d, double deviation)
{
    return 1 + deviation * clamp(talkers_normal(d), -2, 2);
}

static void draw_shape(struct talkers_identity *id)
{
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_SHAPE};
    struct talkers_shape *s = &id->shape;
    const double m = id->masculine - 0.5;

    s->width = factor(&d, 0.035);
    s->jaw = factor(&d, 0.05) + 0.07 * m;
    s->length = factor(&d, 0.03) + 0.03 * m;
    s->chin = factor(&d, 0.06) + 0.06 * m;
    s->forehead = factor(&d, 0.06);
    s->eye_size = factor(&d, 0.05) - 0.07 * m;
    s->eye_tilt = 0.022 * clamp(talkers_normal(&d), -2, 2) - 0.02 * m;
    s->eye_open = factor(&d, 0.10) - 0.08 * m - 0.10 * (id->age - 0.4);
    s->brow_height = 0.04 * clamp(talkers_normal(&d), -1.5, 1.5) - 0.07 * m;
    s->brow_arch = 0.03 * clamp(talkers_normal(&d), -1.5, 1.5) - 0.04 * m;
    s->nose_width =
        factor(&d, 0.08) + 0.06 * m + 0.14 * clamp((10 - id->ita) / 60, 0, 1);
    s->nose_length = factor(&d, 0.04) + 0.03 * m + 0.03 * (id->age - 0.5);
    s->nose_depth = factor(&d, 0.15) + 0.1 * m;
    s->mouth_width = factor(&d, 0.06) + 0.04 * m;
    s->mouth_height = 0.03 * clamp(talkers_normal(&d), -2, 2);
    const double full = 0.22 * clamp((20 - id->ita) / 60, 0, 1);
    s->upper_lip = factor(&d, 0.14) - 0.25 * m + full - 0.25 * (id->age - 0.4);
    s->lower_lip = factor(&d, 0.12) - 0.18 * m + full - 0.20 * (id->age - 0.4);
    s->cheek = factor(&d, 0.35);
    s->ear = factor(&d, 0.08) + 0.06 * (id->age - 0.4);
}

/* Which hair and beard go with whom. */
static void draw_hair(struct talkers_identity *id, struct talkers_dice *d)
{
    static const enum talkers_hair his[] = {
        TALKERS_HAIR_CROP,     TALKERS_HAIR_PARTED, TALKERS_HAIR_SWEPT,
        TALKERS_HAIR_CROP,     TALKERS_HAIR_PARTED, TALKERS_HAIR_CURLY,
        TALKERS_HAIR_RECEDING, TALKERS_HAIR_SHAVED, TALKERS_HAIR_WAVY,
        TALKERS_HAIR_CROP,
    };
    static const enum talkers_hair hers[] = {
        TALKERS_HAIR_BOB,  TALKERS_HAIR_LONG,   TALKERS_HAIR_WAVY,
        TALKERS_HAIR_LONG, TALKERS_HAIR_FRINGE, TALKERS_HAIR_BUN,
        TALKERS_HAIR_WAVY, TALKERS_HAIR_CURLY,  TALKERS_HAIR_BOB,
        TALKERS_HAIR_BUN,
    };
    const bool man = id->masculine > 0.5;
    const int pick = talkers_pick(d, 10);

    id->hair = man ? his[pick] : hers[pick];
    if (man && id->age < 0.4 && id->hair == TALKERS_HAIR_RECEDING)
        id->hair = TALKERS_HAIR_SWEPT;
    if (man && id->hair == TALKERS_HAIR_WAVY && id->age > 0.6)
        id->hair = TALKERS_HAIR_RECEDING;
    if (id->ita < -8 && talkers_chance(d, 0.6))
        id->hair = man ? (talkers_chance(d, 0.6) ? TALKERS_HAIR_SHAVED
                                                 : TALKERS_HAIR_CURLY)
                       : (talkers_chance(d, 0.5) ? TALKERS_HAIR_AFRO
                                                 : TALKERS_HAIR_BUN);
    id->hair_length = talkers_roll(d, 0, 1);
    id->hair_volume = talkers_roll(d, 0.85, 1.15);
    id->hair_wave = talkers_roll(d, 0, 1);
    id->part = talkers_roll(d, -0.55, 0.55);
    id->beard = TALKERS_BEARD_NONE;
    if (man && talkers_chance(d, 0.55))
        id->beard = (enum talkers_beard)(1 + talkers_pick(d, 4));
}

static struct colour draw_cloth(struct talkers_dice *d)
{
    static const struct colour cloths[] = {
        {0.16, 0.20, 0.30}, {0.86, 0.85, 0.82}, {0.20, 0.21, 0.22},
        {0.52, 0.14, 0.16}, {0.20, 0.36, 0.32}, {0.34, 0.42, 0.60},
        {0.72, 0.55, 0.28}, {0.60, 0.60, 0.62}, {0.46, 0.30, 0.42},
        {0.72, 0.46, 0.40}, {0.30, 0.48, 0.62}, {0.38, 0.40, 0.26},
    };
    const struct colour c = cloths[talkers_pick(d, 12)];
    const double light = talkers_roll(d, 0.85, 1.1);

    return (struct colour){clamp(c.r * light, 0, 1), clamp(c.g * light, 0, 1),
                           clamp(c.b * light, 0, 1)};
}

static struct colour draw_wall(struct talkers_dice *d)
{
    return from_lab(talkers_roll(d, 34, 82), talkers_roll(d, -14, 12),
                    talkers_roll(d, -20, 18));
}

static void draw_things(struct talkers_identity *id, struct talkers_dice *d)
{
    static const struct colour rims[] = {
        {0.08, 0.07, 0.08}, {0.30, 0.18, 0.10}, {0.55, 0.50, 0.42},
        {0.16, 0.20, 0.34}, {0.45, 0.10, 0.14},
    };
    id->glasses = talkers_chance(d, 0.25) ? 1 + talkers_pick(d, 3) : 0;
    id->glasses_colour = rims[talkers_pick(d, 5)];
    id->earrings = id->masculine < 0.5 && talkers_chance(d, 0.45);
    id->moles = talkers_chance(d, 0.35) ? 1 + talkers_pick(d, 3) : 0;
    id->clothes = (enum talkers_clothes)talkers_pick(d, TALKERS_CLOTHES_KINDS);
    id->cloth = draw_cloth(d);
    id->cloth2 = draw_cloth(d);
    id->backdrop = (enum talkers_backdrop)talkers_pick(d, TALKERS_BACKDROPS);
    id->wall = draw_wall(d);
}

static void draw_light(struct talkers_identity *id, struct talkers_dice *d)
{
    id->light_x = talkers_roll(d, -0.9, 0.9);
    id->light_y = talkers_roll(d, -0.8, -0.25);
    id->contrast = talkers_roll(d, 0.3, 1.0);
    id->warmth = talkers_roll(d, -0.5, 1.0);
    id->gamma = talkers_roll(d, 0.80, 1.02);
    id->noise = talkers_roll(d, 1, 3);
}

void talkers_identity_draw(struct talkers_identity *id, uint64_t seed,
                           int number)
{
    *id = (struct talkers_identity){.number = number};
    id->seed = render_random(seed, TALKERS_STREAM_IDENTITY, (uint64_t)number);
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_IDENTITY};

    id->masculine =
        clamp(talkers_chance(&d, 0.5) ? 0.8 + 0.12 * talkers_normal(&d)
                                      : 0.18 + 0.12 * talkers_normal(&d),
              0, 1);
    id->age = talkers_roll(&d, 0, 1);
    draw_skin(id, &d);
    draw_hair_colour(id, &d);
    draw_hair(id, &d);
    draw_things(id, &d);
    draw_light(id, &d);
    draw_shape(id);
    const bool woman = id->masculine < 0.5;
    id->lipstick =
        woman && talkers_chance(&d, 0.5) ? talkers_roll(&d, 0.3, 0.9) : 0;
    id->lashes =
        woman ? talkers_roll(&d, 0.6, 1.1) : talkers_roll(&d, 0.25, .5);
    id->brow_thick =
        woman ? talkers_roll(&d, 0.55, 0.95) : talkers_roll(&d, 0.9, 1.5);
    id->opening = talkers_roll(&d, 0.7, 1.2);
}
