/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pictures of a film: their times, in samples; those that wait, downscaled,
 * until the next ones' times are known; and what the network sees at the time
 * of each feature, the picture before and this one, or the motion between them.
 */
#include "session/foley_pictures.h"

#include "base/error.h"
#include "models/foley.h"
#include "session/family.h"
#include "video/area_downscale.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOP = S2VI_VISUAL_ENCODER_HOP,
    RATE = S2VI_FOLEY_RATE,
    MOST_NUM = 65535, /* of a time base */
    FIRST_ROOM = 8,   /* pictures */
};

/* ----------------------------------------------------------- lifetime -- */

static size_t pixels(const s2vi_foley_pictures *p)
{
    const size_t N = (size_t)p->config->size;
    return N * N * 3;
}

/* Numbers that the network sees for a feature. */
static size_t seen_size(const s2vi_foley_pictures *p)
{
    const s2vi_shape in = s2vi_visual_encoder_input(p->config, 1, 1);
    return (size_t)s2vi_shape_count(&in);
}

static float *floats(size_t n)
{
    return calloc(n ? n : 1, sizeof(float));
}

/* Room for `room` pictures; those that wait come first in it. */
static int make_room(s2vi_foley_pictures *p, int room, s2v_error *err)
{
    s2vi_foley_waiting *ring = calloc((size_t)room, sizeof(*ring));
    if (!ring)
        return s2vi_error_nomem(err, "queued frames");
    for (int i = 0; i < p->room; i++)
        ring[i] = p->ring[(p->first + i) % p->room];
    free(p->ring);
    p->ring = ring;
    p->first = 0;
    for (; p->room < room; p->room++) {
        ring[p->room].pixels = floats(pixels(p));
        if (!ring[p->room].pixels)
            return s2vi_error_nomem(err, "queued frames");
    }
    return S2V_OK;
}

static int create_motion(s2vi_foley_pictures *p, s2v_error *err)
{
    const int kinds = s2vi_front_end_motion(p->config->front_end);
    return kinds ? s2vi_motion_create(&p->motion, kinds, p->config->size, err)
                 : S2V_OK;
}

int s2vi_foley_pictures_create(s2vi_foley_pictures *p,
                               const s2vi_visual_encoder_config *config,
                               s2v_error *err)
{
    *p = (s2vi_foley_pictures){.config = config, .sensitivity = 1.0f};
    p->seen = floats(seen_size(p));
    p->moved = floats(seen_size(p));
    if (!p->seen || !p->moved)
        return s2vi_error_nomem(err, "frames");
    const int ret = make_room(p, FIRST_ROOM, err);
    return ret < 0 ? ret : create_motion(p, err);
}

void s2vi_foley_pictures_close(s2vi_foley_pictures *p)
{
    for (int i = 0; i < p->room; i++)
        free(p->ring[i].pixels);
    free(p->ring);
    free(p->sums);
    s2vi_motion_close(&p->motion);
    free(p->seen);
    free(p->moved);
}

void s2vi_foley_pictures_flush(s2vi_foley_pictures *p)
{
    p->first = p->count = 0;
    p->width = p->height = 0;
    p->began = p->drained = p->still = false;
    p->feature = 0;
    if (p->motion)
        s2vi_motion_flush(p->motion);
}

/* ------------------------------------------------------------ arrival -- */

static int check_picture(const s2vi_foley_pictures *p,
                         const s2v_picture *picture, s2v_error *err)
{
    if (p->drained)
        return s2vi_error(err, S2V_ERR_EOF,
                          "a frame was sent after the drain: flush the session "
                          "to start anew");
    const int ret = s2vi_picture_check(picture, err);
    if (ret < 0)
        return ret;
    if (picture->time_num < 1 || picture->time_num > MOST_NUM ||
        picture->time_den < 1)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a time base of %d/%d, expected 1 to %d over 1 or "
                          "more",
                          picture->time_num, picture->time_den, MOST_NUM);
    if (p->began &&
        (picture->time_num != p->num || picture->time_den != p->den))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a time base of %d/%d after one of %d/%d: expected "
                          "the same throughout a stream",
                          picture->time_num, picture->time_den, p->num, p->den);
    return S2V_OK;
}

/*
 * Samples in so many units of the time base, rounded up, exactly: whole
 * seconds times num first. Of what would not fit, the most that does.
 */
static int64_t to_samples(const s2vi_foley_pictures *p, int64_t time)
{
    const int64_t each = (int64_t)p->num * RATE; /* below 2^31 */
    const int64_t whole = time / p->den, rest = time % p->den;
    if (whole > (INT64_MAX >> 2) / each)
        return INT64_MAX >> 2;
    return whole * each + (rest * each + p->den - 1) / p->den;
}

/* a - b, where a >= b, or the most there is. */
static int64_t between(int64_t a, int64_t b)
{
    return b < 0 && a > INT64_MAX + b ? INT64_MAX : a - b;
}

/* Times never go back: what would is taken as simultaneous. */
static void take_time(s2vi_foley_pictures *p, const s2v_picture *picture)
{
    if (!p->began) {
        p->began = true;
        p->num = picture->time_num;
        p->den = picture->time_den;
        p->start = p->last = p->end = picture->pts;
        p->step = 0;
    }
    const int64_t pts = picture->pts > p->last ? picture->pts : p->last;
    if (pts > p->last)
        p->step = between(pts, p->last);
    p->last = pts;
    const int64_t duration =
        picture->duration > 0 ? picture->duration : p->step;
    p->end = pts < INT64_MAX - duration ? pts + duration : INT64_MAX;
}

int s2vi_foley_pictures_send(s2vi_foley_pictures *p, const s2v_picture *picture,
                             const s2vi_foley_onsets *onsets, s2v_error *err)
{
    s2vi_foley_view view;
    int ret = check_picture(p, picture, err);
    if (!ret)
        ret = s2vi_foley_regions_view(&p->regions, picture->width,
                                      picture->height, &view, err);
    if (!ret && p->count == p->room)
        ret = make_room(p, 2 * p->room, err);
    if (!ret && p->sums_width < picture->width) {
        uint32_t *sums =
            realloc(p->sums, (size_t)picture->width * 3 * sizeof(*sums));
        if (!sums)
            return s2vi_error_nomem(err, "a picture's row");
        p->sums = sums;
        p->sums_width = picture->width;
    }
    if (ret < 0)
        return ret;
    p->width = picture->width;
    p->height = picture->height;
    s2vi_foley_waiting *w = &p->ring[(p->first + p->count++) % p->room];
    take_time(p, picture);
    w->at = to_samples(p, between(p->last, p->start));
    if (onsets)
        w->at = s2vi_foley_onsets_warp(onsets, w->at);
    const int side = p->config->size;
    s2vi_area_downscale(
        picture->data + view.y * picture->stride + (ptrdiff_t)view.x * 3,
        picture->stride, view.w, view.h, p->sums, side, w->pixels);
    s2vi_foley_regions_mask(&p->regions, picture->width, picture->height, &view,
                            side, w->pixels);
    return S2V_OK;
}

void s2vi_foley_pictures_drain(s2vi_foley_pictures *p)
{
    if (p->drained)
        return;
    p->drained = true;
    p->total = p->began ? to_samples(p, between(p->end, p->start)) : 0;
}

int s2vi_foley_pictures_set_regions(s2vi_foley_pictures *p, const char *text,
                                    s2v_error *err)
{
    s2vi_foley_regions regions;
    s2vi_foley_view view;
    int ret = s2vi_foley_regions_parse(&regions, text, err);
    if (!ret && p->width && !p->drained)
        ret =
            s2vi_foley_regions_view(&regions, p->width, p->height, &view, err);
    if (!ret)
        p->regions = regions;
    return ret;
}

/* ------------------------------------------------------ what is seen -- */

/* The picture on display at the next feature's time, or NULL: not known. */
static const float *look(s2vi_foley_pictures *p)
{
    const int64_t now = p->feature * HOP;
    while (p->count > 1) {
        if (p->ring[(p->first + 1) % p->room].at > now)
            return p->ring[p->first].pixels;
        p->first = (p->first + 1) % p->room;
        p->count--;
    }
    return p->count && p->drained ? p->ring[p->first].pixels : NULL;
}

/* The planes of motion into the picture. */
static void see_motion(s2vi_foley_pictures *p, const float *now, bool *same)
{
    const size_t size = seen_size(p) * sizeof(*now);
    s2vi_motion_push(p->motion, now, p->moved);
    *same = p->feature && !memcmp(p->seen, p->moved, size);
    memcpy(p->seen, p->moved, size);
}

/* What is seen now, after what was seen before; at the beginning, nothing has
 * moved. */
static void see(s2vi_foley_pictures *p, const float *now, bool *same)
{
    if (p->motion) {
        see_motion(p, now, same);
        return;
    }
    const size_t n = pixels(p), size = n * sizeof(*now);
    const float *before = p->feature ? p->seen + n : now;
    *same = p->feature && p->still && !memcmp(before, now, size);
    if (*same)
        return;
    memmove(p->seen, before, size);
    memcpy(p->seen + n, now, size);
    p->still = !memcmp(p->seen, p->seen + n, size);
}

bool s2vi_foley_pictures_look(s2vi_foley_pictures *p, bool *same)
{
    const float *now = look(p);
    if (!now)
        return false;
    see(p, now, same);
    p->feature++;
    return true;
}

const float *s2vi_foley_pictures_seen(s2vi_foley_pictures *p)
{
    const size_t n = pixels(p);
    if (p->sensitivity == 1.0f)
        return p->seen;
    if (p->motion) {
        for (size_t i = 0; i < seen_size(p); i++)
            p->moved[i] = p->sensitivity * p->seen[i];
        return p->moved;
    }
    const float *before = p->seen, *now = p->seen + n;
    for (size_t i = 0; i < n; i++)
        p->moved[i] = now[i] - p->sensitivity * (now[i] - before[i]);
    memcpy(p->moved + n, now, n * sizeof(*now));
    return p->moved;
}

/* -------------------------------------------------------------- state -- */

/* The pictures that wait, in turn. */
static void pass_ring(s2vi_foley_pictures *p, s2vi_state *state)
{
    const size_t each = pixels(p);
    const size_t n = s2vi_state_count(state, "pictures.at", S2VI_STATE_INTEGER,
                                      (size_t)p->count, 1 << 20);
    const size_t numbers = s2vi_state_count(state, "pictures", S2VI_STATE_FLOAT,
                                            n * each, SIZE_MAX / 8);
    if (numbers != n * each)
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "the state's 'pictures' has %zu elements, expected %zu",
                        numbers, n * each);
    int64_t *at = s2vi_state_ok(state) ? calloc(n + 1, sizeof(*at)) : NULL;
    float *all = at ? floats(n * each) : NULL;
    if (state->restoring) {
        s2v_error err;
        p->first = p->count = 0;
        if (all && (int)n > p->room && make_room(p, (int)n, &err) < 0)
            s2vi_state_fail(state, S2V_ERR_NOMEM, "%s", err.message);
    } else {
        for (size_t i = 0; i < n && all; i++) {
            const s2vi_foley_waiting *w =
                &p->ring[((size_t)p->first + i) % (size_t)p->room];
            at[i] = w->at;
            memcpy(all + i * each, w->pixels, each * sizeof(*all));
        }
    }
    if (s2vi_state_ok(state) && !all)
        s2vi_state_fail(state, S2V_ERR_NOMEM, "out of memory for pictures");
    s2vi_state_integers(state, "pictures.at", at, n, INT64_MIN / 4,
                        INT64_MAX / 4);
    s2vi_state_floats(state, "pictures", all, n * each, 1e3);
    for (size_t i = 0; i < n && state->restoring && s2vi_state_ok(state); i++) {
        p->ring[i].at = at[i];
        memcpy(p->ring[i].pixels, all + i * each, each * sizeof(*all));
        p->count = (int)i + 1;
    }
    free(at);
    free(all);
}

static void pass_clock(s2vi_foley_pictures *p, s2vi_state *state)
{
    s2vi_state_int(state, "film.width", &p->width, 0, 32768);
    s2vi_state_int(state, "film.height", &p->height, 0, 32768);
    s2vi_state_bool(state, "film.began", &p->began);
    s2vi_state_int(state, "film.num", &p->num, p->began, MOST_NUM);
    s2vi_state_int(state, "film.den", &p->den, p->began, INT32_MAX);
    s2vi_state_int64(state, "film.start", &p->start, INT64_MIN, INT64_MAX);
    s2vi_state_int64(state, "film.last", &p->last, p->start, INT64_MAX);
    s2vi_state_int64(state, "film.step", &p->step, 0, INT64_MAX);
    s2vi_state_int64(state, "film.end", &p->end, p->start, INT64_MAX);
    s2vi_state_bool(state, "film.drained", &p->drained);
    s2vi_state_int64(state, "film.total", &p->total, 0, INT64_MAX >> 1);
    s2vi_state_bool(state, "film.still", &p->still);
    s2vi_state_int64(state, "film.feature", &p->feature, 0, (int64_t)1 << 40);
}

void s2vi_foley_pictures_pass_state(s2vi_foley_pictures *p, s2vi_state *state)
{
    pass_ring(p, state);
    pass_clock(p, state);
    s2vi_state_floats(state, "seen", p->seen, seen_size(p), 1e6);
    if (p->motion)
        s2vi_motion_pass_state(p->motion, state);
}
