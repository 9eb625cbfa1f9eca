/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Composes clips: which scenes, filmed in which shots, with what. Each part
 * draws from a sequence of its own. */
#include "film.h"

#include <math.h>
#include <stdlib.h>

/* -------------------------------------------------------------- scenes -- */

static int compose_actor(struct film_actor *a, const struct film_clip *clip,
                         int scene, int number, const struct film_kind *kind)
{
    const struct film_scene *s = &clip->scenes[scene];
    struct impacts_dice d = {.seed = clip->seed,
                             .stream = FILM_STREAM_ACTOR + 10 * scene + number};

    *a = (struct film_actor){.kind = kind,
                             .seed = render_random(clip->seed, d.stream, 0),
                             .from = s->from,
                             .to = s->to,
                             .scale = 1};
    d.counter = 1;
    a->skin = film_pick_skin(&d);
    a->cloth = film_pick_colour(&d);
    a->cloth2 = film_shade(film_pick_colour(&d), 0.75);
    a->thing = film_shade(film_pick_colour(&d), 0.9);
    d.counter = 100;
    kind->compose(a, &d);
    return a->failed ? -1 : 0;
}

/* Scales about the point of the ground below the middle. */
static void put(struct film_actor *a, double x, double ground, double scale,
                bool mirrored)
{
    a->scale = scale;
    a->x = x - 128 * scale;
    a->y = ground - FILM_GROUND * scale;
    a->mirrored = mirrored;
}

/* Others in a scene, that make no sound: behind, and before the camera. */
static int add_extra(struct film_clip *clip, int scene, struct impacts_dice *d,
                     const char *name, size_t length, double x, double ground,
                     double scale)
{
    struct film_scene *s = &clip->scenes[scene];
    struct film_actor *a = &s->actors[s->count];

    if (compose_actor(a, clip, scene, s->count,
                      &film_kinds[film_kind_find(name, length)]) < 0) {
        s->count++;
        return -1;
    }
    put(a, x, ground, scale, impacts_pick(d, 2));
    s->count++;
    return 0;
}

static int compose_scene(struct film_clip *clip, int scene,
                         const struct film_kind *kind, bool plain,
                         struct impacts_dice *d)
{
    struct film_scene *s = &clip->scenes[scene];
    const bool wide =
        kind->place == FILM_ON_FLOOR || kind->place == FILM_AT_WATER;
    const double small = impacts_pick(d, 5) ? impacts_roll(d, 0.75, 1.1)
                                            : impacts_roll(d, 0.35, 0.7);
    const double x = 128 + impacts_roll(d, -30, 30);
    const int extra = impacts_pick(d, 6);
    int ret = 0;

    film_place_compose(&s->place, kind->place, clip->seed,
                       FILM_STREAM_PLACE + scene);
    if (!plain && wide && extra < 2)
        ret = extra ? add_extra(clip, scene, d, "people", 6, 128,
                                s->place.horizon + 12, 0.45)
                    : add_extra(clip, scene, d, "car", 3, 128,
                                s->place.horizon + 10, 0.5);
    if (!ret && !plain && extra == 2)
        ret = add_extra(clip, scene, d, "shadow", 6, 128, FILM_GROUND, 1);
    struct film_actor *a = &s->actors[s->count];
    if (!ret)
        ret = compose_actor(a, clip, scene, s->count++, kind);
    if (!plain)
        put(a, x, FILM_GROUND, kind->place == FILM_BY_WALL ? 1 : small,
            impacts_pick(d, 2));
    if (!ret && !plain && extra == 3)
        ret = add_extra(clip, scene, d, "leaves", 6, 128, FILM_GROUND, 1);
    return ret;
}

static const struct film_kind *pick_kind(unsigned kinds, struct impacts_dice *d)
{
    int of[32], n = 0, sounding = 0;

    for (int pass = 0; pass < 2; pass++) { /* those that sound come first */
        for (int k = 0; k < film_kind_count; k++)
            if (kinds >> k & 1 && film_kinds[k].silent == pass)
                of[n++] = k;
        if (!pass)
            sounding = n;
    }
    const bool silent = impacts_roll(d, 0, 1) < 0.12;
    if (sounding == n || (sounding && !silent))
        return &film_kinds[of[impacts_pick(d, sounding)]];
    return &film_kinds[of[sounding + impacts_pick(d, n - sounding)]];
}

/* --------------------------------------------------------------- shots -- */

static void add_shot(struct film_clip *clip, int scene, double from, double to,
                     bool plain, struct impacts_dice *d)
{
    struct film_shot *shot = &clip->shots[clip->shot_count++];

    *shot = (struct film_shot){.scene = scene, .from = from};
    film_camera_compose(&shot->camera, d, from, to);
    shot->mirrored = impacts_pick(d, 2);
    if (plain) {
        shot->mirrored = false;
        shot->camera = (struct film_camera){
            .zoom = 1, .zoom_to = 1, .focus_time = {-1, -1}, .focus_lasts = 1};
    }
}

/* Angles on one scene. */
static void shoot(struct film_clip *clip, int scene, bool plain,
                  struct impacts_dice *d)
{
    const struct film_scene *s = &clip->scenes[scene];
    const int n = plain || impacts_pick(d, 3) ? 1 : 2 + impacts_pick(d, 2);
    const double span = (s->to - s->from) / n;

    for (int i = 0; i < n && clip->shot_count < FILM_SHOTS; i++) {
        const double from =
            s->from + (i ? span * (i + impacts_roll(d, -0.3, 0.3)) : 0);
        add_shot(clip, scene, from, from + span, plain, d);
    }
}

const struct film_shot *film_shot_at(const struct film_clip *clip, double time)
{
    int i = clip->shot_count - 1;

    while (i > 0 && clip->shots[i].from > time)
        i--;
    return &clip->shots[i];
}

/* --------------------------------------------------------------- clips -- */

static const int rates[][2] = {{12, 1},       {15, 1}, {20, 1}, {24000, 1001},
                               {24, 1},       {25, 1}, {25, 1}, {30000, 1001},
                               {30000, 1001}, {30, 1}, {50, 1}, {60000, 1001}};

void film_sensor_compose(struct film_sensor *s, struct impacts_dice *d)
{
    static const double aspects[] = {16 / 9.0, 16 / 9.0, 16 / 9.0, 4 / 3.0,
                                     1,        9 / 16.0, 9 / 16.0, 9 / 19.5,
                                     3 / 4.0,  21 / 9.0};
    const bool dim = impacts_pick(d, 5) == 0;

    *s = (struct film_sensor){.gain = 1, .gamma = 1};
    s->aspect = aspects[impacts_pick(d, 10)];
    if (impacts_pick(d, 6) == 0)
        s->bars = impacts_roll(d, 0.06, 0.16);
    s->shutter = impacts_roll(d, 0.1, 0.95);
    s->rolling = impacts_pick(d, 3) ? impacts_roll(d, 0.2, 0.8) : 0;
    s->gain = dim ? impacts_roll(d, 0.25, 0.6) : impacts_roll(d, 0.75, 1.2);
    s->warmth = impacts_roll(d, -0.12, 0.12);
    s->gamma = impacts_roll(d, 0.8, 1.25);
    s->vignette = impacts_pick(d, 2) ? impacts_roll(d, 0, 0.4) : 0;
    if (impacts_pick(d, 5) == 0) {
        s->flicker = impacts_roll(d, 0.01, 0.08);
        s->flicker_hertz = impacts_roll(d, 1, 12);
    }
    s->drift = impacts_pick(d, 4) ? 0 : impacts_roll(d, 0.05, 0.2);
    s->noise = impacts_roll(d, 0, dim ? 0.06 : 0.025);
    s->phase = impacts_roll(d, 0, 6.28);
    s->codec =
        impacts_pick(d, 5) ? 1 + impacts_pick(d, film_codec_count - 1) : 0;
    s->quality = impacts_roll(d, 0, 1);
}

static void compose_film(struct film_clip *clip, const struct film_params *p,
                         struct impacts_dice *d)
{
    const int rate = impacts_pick(d, sizeof(rates) / sizeof(rates[0]));

    clip->fps_num = p->fps_num ? p->fps_num : rates[rate][0];
    clip->fps_den = p->fps_num ? p->fps_den : rates[rate][1];
    film_sensor_compose(&clip->sensor, d);
    clip->room = pow(10, impacts_roll(d, -1, log10(1.5)));
    clip->distance = impacts_roll(d, 0.5, 3);
    clip->background.kind = impacts_pick(d, film_background_count);
    clip->background.decibel = impacts_roll(d, 0, 30);
    if (p->plain)
        clip->sensor = (struct film_sensor){
            .aspect = 1, .gain = 1, .gamma = 1, .shutter = 0.4};
}

int film_compose(struct film_clip *clip, const struct film_params *p)
{
    struct impacts_dice d = {.seed = p->seed, .stream = FILM_STREAM_CLIP};
    struct impacts_dice s = {.seed = p->seed, .stream = FILM_STREAM_SENSOR};
    int ret = 0;

    *clip = (struct film_clip){.seed = p->seed, .seconds = p->seconds};
    compose_film(clip, p, &s);
    const int most = p->plain || p->seconds < 4 || impacts_pick(&d, 3)
                         ? 1
                         : 2 + impacts_pick(&d, 2);
    double from = 0;
    for (int i = 0; i < most && !ret; i++) {
        struct film_scene *scene = &clip->scenes[clip->scene_count++];
        scene->from = from;
        scene->to = i + 1 == most ? p->seconds
                                  : from + (p->seconds - from) / (most - i) *
                                               impacts_roll(&d, 0.8, 1.2);
        from = scene->to;
        ret = compose_scene(clip, i, pick_kind(p->kinds, &d), p->plain, &d);
        shoot(clip, i, p->plain, &d);
    }
    return ret;
}

void film_free(struct film_clip *clip)
{
    for (int i = 0; i < clip->scene_count; i++)
        for (int k = 0; k < clip->scenes[i].count; k++)
            free(clip->scenes[i].actors[k].events);
    *clip = (struct film_clip){0};
}
