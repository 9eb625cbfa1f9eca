/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Composes scenes: what stands on the table, who strikes it and when, and how
 * it is filmed. Each part draws its numbers from a sequence of its own, so that
 * one can be changed without the others. */
#include "impacts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

double impacts_roll(struct impacts_dice *d, double lo, double hi)
{
    return lo + (hi - lo) * render_uniform(d->seed, d->stream, d->counter++);
}

int impacts_pick(struct impacts_dice *d, int n)
{
    return (int)impacts_roll(d, 0, n);
}

static struct colour roll_colour(struct impacts_dice *d, double lo, double hi)
{
    struct colour c;

    c.r = impacts_roll(d, lo, hi);
    c.g = impacts_roll(d, lo, hi);
    c.b = impacts_roll(d, lo, hi);
    return c;
}

/* ------------------------------------------------------------- objects -- */

/* Height over width, in the order of enum impacts_shape. */
static const double tall[] = {0.42, 0.46, 1.05, 0.62, 1.15, 1.25,
                              0.85, 0.40, 1.00, 1.15, 0.72, 0.30};

struct point impacts_surface(const struct impacts_object *o, double along,
                             struct point *normal)
{
    const double top = o->base - o->height, half = o->width / 2;

    if (o->shape != IMPACTS_BELL && o->shape != IMPACTS_BOULDER) {
        *normal = (struct point){0, -1};
        return (struct point){o->x + 0.8 * along * half, top};
    }
    /* Their upper part is an ellipse. */
    const double wide = o->shape == IMPACTS_BELL ? 0.62 * half : 0.95 * half;
    const double high = o->height * (o->shape == IMPACTS_BELL ? 0.45 : 0.6);
    const double angle = 0.75 * along;
    const double nx = sin(angle) / wide, ny = -cos(angle) / high;
    const double length = hypot(nx, ny);

    *normal = (struct point){nx / length, ny / length};
    return (struct point){o->x + wide * sin(angle),
                          top + high * (1 - cos(angle))};
}

/* The allowed materials in some order, again from the start where they are
 * fewer than the objects. */
static void deal_materials(struct impacts_scene *s, struct impacts_dice *d,
                           unsigned allowed)
{
    int deck[IMPACTS_MATERIALS], n = 0;

    for (int m = 0; m < IMPACTS_MATERIALS; m++)
        if (allowed & 1u << m)
            deck[n++] = m;
    for (int i = n - 1; i > 0; i--) {
        const int j = impacts_pick(d, i + 1), card = deck[i];
        deck[i] = deck[j];
        deck[j] = card;
    }
    for (int i = 0; i < s->object_count; i++)
        s->objects[i].material = (enum impacts_material)deck[i % n];
}

static int nearer(const void *a, const void *b)
{
    const struct impacts_object *p = a, *q = b;

    return (p->base > q->base) - (p->base < q->base);
}

static void place_objects(struct impacts_scene *s, unsigned allowed)
{
    struct impacts_dice d = {.seed = s->seed, .stream = IMPACTS_STREAM_SCENE};

    s->object_count = 2 + impacts_pick(&d, IMPACTS_OBJECTS - 1);
    deal_materials(s, &d, allowed);
    const double slot = 200.0 / s->object_count;
    for (int i = 0; i < s->object_count; i++) {
        struct impacts_object *o = &s->objects[i];
        const double room = fmin(slot * 0.86, 74);
        o->shape =
            (enum impacts_shape)(2 * (int)o->material + impacts_pick(&d, 2));
        o->width = room * impacts_roll(&d, 0.62, 1.0);
        o->height =
            fmin(o->width * tall[o->shape], 84) * impacts_roll(&d, 0.85, 1.1);
        o->x = 28 + slot * (i + 0.5) +
               impacts_roll(&d, -0.5, 0.5) * (slot - o->width);
        o->base = impacts_roll(&d, 198, 222);
        o->tint = impacts_roll(&d, 0, 1);
    }
    qsort(s->objects, (size_t)s->object_count, sizeof(s->objects[0]), nearer);
}

/* ------------------------------------------------------------- mallets -- */

static void make_mallets(struct impacts_scene *s)
{
    struct impacts_dice d = {
        .seed = s->seed, .stream = IMPACTS_STREAM_SCENE, .counter = 1000};
    static const struct colour skins[] = {
        {0.96, 0.78, 0.64}, {0.78, 0.56, 0.40}, {0.45, 0.30, 0.21}};
    const struct colour skin = skins[impacts_pick(&d, 3)];
    const struct colour sleeve = roll_colour(&d, 0.1, 0.75);
    const bool drumstick = impacts_roll(&d, 0, 1) < 0.35;
    const double hardness =
        drumstick ? impacts_roll(&d, 0.7, 1) : impacts_roll(&d, 0, 0.8);
    const struct colour head = drumstick ? (struct colour){0.86, 0.70, 0.46}
                                         : roll_colour(&d, 0.1, 0.9);

    s->mallet_count = impacts_roll(&d, 0, 1) < 0.3 ? 2 : 1;
    const int side = impacts_roll(&d, 0, 1) < 0.5 ? -1 : 1;
    const double radius =
        drumstick ? impacts_roll(&d, 4, 5) : impacts_roll(&d, 7, 11);
    const double shaft = impacts_roll(&d, 62, 84);
    for (int i = 0; i < s->mallet_count; i++)
        s->mallets[i] = (struct impacts_mallet){
            .side = i ? -side : side,
            .radius = radius,
            .shaft = shaft,
            .hardness = hardness,
            .head = head,
            .stick = {0.72, 0.52, 0.30},
            .sleeve = sleeve,
            .skin = skin,
        };
}

/* With two, each takes the objects on its side. */
static int mallet_for(const struct impacts_scene *s, double x)
{
    if (s->mallet_count < 2)
        return 0;
    return (x > 128) == (s->mallets[0].side > 0) ? 0 : 1;
}

/* -------------------------------------------------------------- events -- */

/* A place in the air between two neighbours, wide enough for the head. */
static bool beside(const struct impacts_scene *s, int object, double radius,
                   struct point *at)
{
    const struct impacts_object *o = &s->objects[object];
    double left = o->x + o->width / 2, right = 256;

    for (int i = 0; i < s->object_count; i++) {
        const struct impacts_object *n = &s->objects[i];
        if (n->x > o->x)
            right = fmin(right, n->x - n->width / 2);
    }
    if (right - left < 2 * radius + 16)
        return false;
    *at = (struct point){fmin((left + right) / 2, left + radius + 12),
                         o->base - fmin(0.55 * o->height, 30)};
    return true;
}

static void aim(struct impacts_scene *s, struct impacts_event *e,
                struct impacts_dice *d)
{
    const struct impacts_object *o = &s->objects[e->object];
    const double beside_chance = impacts_roll(d, 0, 1);
    const double gap = impacts_roll(d, 9, 20);

    e->mallet = mallet_for(s, o->x);
    e->point = impacts_surface(o, e->along, &e->normal);
    if (e->hit)
        return;
    e->gap = gap;
    if (beside_chance < 0.4 &&
        beside(s, e->object, s->mallets[e->mallet].radius, &e->point))
        e->normal = (struct point){0, -1};
}

static void roll_event(struct impacts_scene *s, struct impacts_event *e,
                       struct impacts_dice *d, double miss)
{
    *e = (struct impacts_event){0};
    e->object = impacts_pick(d, s->object_count);
    e->along = impacts_roll(d, -1, 1);
    e->strength = impacts_roll(d, 0.3, 1);
    e->raise = (0.55 + 0.75 * e->strength) * impacts_roll(d, 0.9, 1.1);
    e->hit = impacts_roll(d, 0, 1) >= miss;
    aim(s, e, d);
}

/* Seconds from one swing to the next: longer the farther it is. */
static double pause_between(const struct impacts_event *a,
                            const struct impacts_event *b, double pace,
                            struct impacts_dice *d)
{
    const double way =
        a->mallet == b->mallet ? fabs(a->point.x - b->point.x) : 0;
    const double quick = impacts_roll(d, 0, 1);
    const double rest = impacts_roll(d, 0.0, 0.7) * pace;

    if (a->object == b->object && quick < 0.4)
        return 0.22 + 0.1 * quick;
    return 0.3 + 0.0016 * way + rest;
}

static int make_events(struct impacts_scene *s)
{
    struct impacts_dice d = {.seed = s->seed, .stream = IMPACTS_STREAM_EVENTS};
    const double pace = impacts_roll(&d, 0.4, 1.4);
    const double miss = impacts_roll(&d, 0.1, 0.3);
    const size_t most = (size_t)(s->seconds / 0.2) + 2;
    struct impacts_event e, last = {0};

    s->events = calloc(most, sizeof(*s->events));
    if (!s->events)
        return -1;
    double time = impacts_roll(&d, 0.35, 0.8);
    for (roll_event(s, &e, &d, miss); time < s->seconds - 0.15;) {
        e.time = time;
        s->events[s->event_count++] = last = e;
        roll_event(s, &e, &d, miss);
        time += pause_between(&last, &e, pace, &d);
    }
    return 0;
}

/* ---------------------------------------------------------------- look -- */

static void make_look(struct impacts_look *l, uint64_t seed)
{
    struct impacts_dice d = {.seed = seed, .stream = IMPACTS_STREAM_LOOK};

    l->wall = (enum impacts_wall)impacts_pick(&d, IMPACTS_WALLS);
    l->table = (enum impacts_table)impacts_pick(&d, IMPACTS_TABLES);
    l->wall_colour = roll_colour(&d, 0.25, 0.8);
    l->table_colour = roll_colour(&d, 0.25, 0.7);
    l->horizon = impacts_roll(&d, 150, 178);
    l->light = impacts_roll(&d, 0.75, 1.05);
    l->warmth = impacts_roll(&d, -1, 1);
    l->from = impacts_roll(&d, -1, 1);
    l->flicker = impacts_pick(&d, 3) ? 0 : impacts_roll(&d, 0.01, 0.05);
    l->zoom = impacts_roll(&d, 0.98, 1.1);
    l->roll = impacts_roll(&d, -0.03, 0.03);
    l->drift = impacts_pick(&d, 3) ? impacts_roll(&d, 0, 5) : 0;
    l->shake = impacts_pick(&d, 3) ? 0 : impacts_roll(&d, 0.2, 0.9);
    l->shadow = impacts_pick(&d, 3) ? 0 : impacts_roll(&d, 0.15, 0.4);
    l->shutter = impacts_roll(&d, 0.2, 0.5);
    for (int i = 0; i < 4; i++)
        l->phase[i] = impacts_roll(&d, 0, 2 * pi);
}

int impacts_scene_compose(struct impacts_scene *scene, uint64_t seed,
                          double seconds, unsigned materials)
{
    *scene = (struct impacts_scene){.seed = seed, .seconds = seconds};
    place_objects(scene, materials);
    make_mallets(scene);
    make_look(&scene->look, seed);
    return make_events(scene);
}

void impacts_scene_free(struct impacts_scene *scene)
{
    free(scene->events);
    *scene = (struct impacts_scene){0};
}
