/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of what happens in a film, a row each. One more kind is one more
 * row, and its two functions. */
#include "film.h"

#include <string.h>

#define KIND(name)                                                             \
    void film_compose_##name(struct film_actor *, struct impacts_dice *);      \
    void film_draw_##name(cairo_t *, const struct film_actor *, double);
#define OF(name) film_compose_##name, film_draw_##name

KIND(hand)
KIND(stick)
KIND(hammer)
KIND(drumming)
KIND(punch)
KIND(stomp)
KIND(steps)
KIND(ball)
KIND(clap)
KIND(chop)
KIND(type)
KIND(knock)
KIND(door)
KIND(splash)
KIND(scrape)
KIND(people)
KIND(leaves)
KIND(shadow)
KIND(car)
KIND(gesture)

const struct film_kind film_kinds[] = {
    {"hand", "a hand slaps an object", FILM_AT_TABLE, false, OF(hand)},
    {"stick", "a stick strikes an object", FILM_AT_TABLE, false, OF(stick)},
    {"hammer", "a hammer strikes a nail", FILM_AT_TABLE, false, OF(hammer)},
    {"drumming", "two sticks on a drum", FILM_AT_TABLE, false, OF(drumming)},
    {"punch", "fists hit a bag", FILM_AT_WALL, false, OF(punch)},
    {"stomp", "a foot stamps", FILM_ON_FLOOR, false, OF(stomp)},
    {"steps", "a person walks", FILM_ON_FLOOR, false, OF(steps)},
    {"ball", "a ball bounces", FILM_ON_FLOOR, false, OF(ball)},
    {"clap", "hands clap", FILM_AT_WALL, false, OF(clap)},
    {"chop", "a knife chops", FILM_AT_TABLE, false, OF(chop)},
    {"type", "hands type", FILM_AT_TABLE, false, OF(type)},
    {"knock", "a fist knocks", FILM_AT_WALL, false, OF(knock)},
    {"door", "a door falls shut", FILM_BY_WALL, false, OF(door)},
    {"splash", "stones fall into water", FILM_AT_WATER, false, OF(splash)},
    {"scrape", "a brush scrapes", FILM_AT_TABLE, false, OF(scrape)},
    {"people", "people pass, far away", FILM_ON_FLOOR, true, OF(people)},
    {"leaves", "leaves in the wind", FILM_ON_FLOOR, true, OF(leaves)},
    {"shadow", "a shadow passes", FILM_AT_WALL, true, OF(shadow)},
    {"car", "a car passes, far away", FILM_ON_FLOOR, true, OF(car)},
    {"gesture", "hands that strike nothing", FILM_AT_TABLE, true, OF(gesture)},
};

const int film_kind_count = sizeof(film_kinds) / sizeof(film_kinds[0]);

int film_kind_find(const char *name, size_t length)
{
    for (int i = 0; i < film_kind_count; i++)
        if (strlen(film_kinds[i].name) == length &&
            !memcmp(film_kinds[i].name, name, length))
            return i;
    return -1;
}
