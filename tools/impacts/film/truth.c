/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truth of a clip as JSON: what sounds, when and where; what moves and does
 * not sound; how it was filmed. */
#include "film.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* An actor's box in the picture, inside it: x, y, width, height, of 1. */
static json_t *region(const struct film_clip *clip, const struct film_actor *a,
                      double time)
{
    double left = 1, top = 1, right = 0, bottom = 0;

    for (int i = 0; i < 4; i++) {
        const struct point corner = {a->box.x + (i & 1 ? a->box.w : 0),
                                     a->box.y + (i & 2 ? a->box.h : 0)};
        const struct point p = film_picture_place(clip, a, corner, time);
        left = fmin(left, p.x);
        top = fmin(top, p.y);
        right = fmax(right, p.x);
        bottom = fmax(bottom, p.y);
    }
    left = fmax(left, 0);
    top = fmax(top, 0);
    return json_pack("[f, f, f, f]", left, top, fmax(fmin(right, 1) - left, 0),
                     fmax(fmin(bottom, 1) - top, 0));
}

static json_t *event(const struct film_clip *clip, const struct film_actor *a,
                     const struct film_event *e,
                     const struct impacts_truth_params *p)
{
    const struct point at = film_picture_place(clip, a, e->at, e->time);
    json_t *one = json_pack("{s:f, s:s, s:[f, f], s:o}", "time", e->time,
                            "kind", a->kind->name, "position", at.x, at.y,
                            "region", region(clip, a, e->time));

    if (!e->hit)
        return one;
    json_object_set_new(
        one, "sound",
        json_string(film_voice_name(p->sound.material < 0
                                        ? e->voice
                                        : (enum film_voice)p->sound.material)));
    json_object_set_new(one, "strength", json_real(e->strength));
    if (e->voice == FILM_VOICE_SCRAPE)
        json_object_set_new(one, "lasts", json_real(e->lasts));
    return one;
}

static json_t *events(const struct film_clip *clip, bool hits,
                      const struct impacts_truth_params *p)
{
    json_t *list = json_array();

    for (int s = 0; s < clip->scene_count; s++)
        for (int k = 0; k < clip->scenes[s].count; k++) {
            const struct film_actor *a = &clip->scenes[s].actors[k];
            for (int i = 0; i < a->count; i++)
                if (a->events[i].hit == hits)
                    json_array_append_new(list,
                                          event(clip, a, &a->events[i], p));
        }
    return list;
}

static json_t *actors(const struct film_clip *clip, bool silent)
{
    json_t *list = json_array();

    for (int s = 0; s < clip->scene_count; s++)
        for (int k = 0; k < clip->scenes[s].count; k++) {
            const struct film_actor *a = &clip->scenes[s].actors[k];
            if (a->kind->silent == silent)
                json_array_append_new(
                    list, json_pack("{s:s, s:f, s:f, s:o}", "kind",
                                    a->kind->name, "from", a->from, "to", a->to,
                                    "region", region(clip, a, a->from)));
        }
    return list;
}

static json_t *cuts(const struct film_clip *clip)
{
    json_t *list = json_array();

    for (int i = 1; i < clip->shot_count; i++)
        json_array_append_new(list, json_real(clip->shots[i].from));
    return list;
}

static json_t *filmed(const struct film_clip *clip)
{
    const struct film_sensor *s = &clip->sensor;

    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:s, s:f, s:f}", "codec",
                     film_codec_names[s->codec], "shutter", s->shutter,
                     "rolling", s->rolling, "noise", s->noise, "bars", s->bars,
                     "background", film_background_names[clip->background.kind],
                     "background_db",
                     clip->background.kind ? -clip->background.decibel : -90.0,
                     "reverberation", clip->room);
}

int film_truth_write(const char *path, const struct film_clip *clip,
                     const struct impacts_truth_params *p, int width,
                     int height)
{
    char rate[40], seed[24];

    snprintf(rate, sizeof(rate), "%d/%d", clip->fps_num, clip->fps_den);
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)clip->seed);
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:f, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:o, "
        "s:o, s:o}",
        "clip", p->clip, "program", "s2v-impacts", "world", "film", "seed",
        seed, "seconds", clip->seconds, "rate", rate, "width", width, "height",
        height, "sample_rate", IMPACTS_RATE, "impacts", events(clip, true, p),
        "misses", events(clip, false, p), "sounding", actors(clip, false),
        "silent", actors(clip, true), "cuts", cuts(clip), "film", filmed(clip));
    if (!root) {
        fprintf(stderr, "s2v-impacts: not enough memory\n");
        return -1;
    }
    return impacts_truth_write_json(root, path);
}
