/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sheet of all kinds: a row each, frames around an event, from before it on;
 * and in the last columns clips as they are filmed. */
#include "film.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

enum { CELL = 144, PLAIN = 6, FILMED = 3, LABEL = 150, GAP = 4 };

static int put(cairo_t *cr, struct film_clip *clip, double time, double x,
               double y)
{
    struct film_picture *p = film_picture_new(clip, CELL);
    const int frame = (int)(time * clip->fps_num / clip->fps_den + 0.5);
    int stride, width, height;

    if (!p)
        return -1;
    /* A codec has to have seen something before. */
    const uint8_t *pixels = NULL;
    for (int k = clip->sensor.codec && frame > 3 ? 3 : 0; k >= 0; k--)
        pixels = film_picture_draw(p, frame - k, &stride);
    film_picture_size(p, &width, &height);
    const double fit = (double)CELL / (width > height ? width : height);
    cairo_surface_t *s = pixels ? cairo_image_surface_create_for_data(
                                      (uint8_t *)pixels, CAIRO_FORMAT_RGB24,
                                      width, height, stride)
                                : NULL;
    if (s) {
        cairo_save(cr);
        cairo_translate(cr, x, y);
        cairo_scale(cr, fit, fit);
        cairo_set_source_surface(cr, s, 0, 0);
        cairo_paint(cr);
        cairo_restore(cr);
        cairo_surface_destroy(s);
    }
    film_picture_free(&p);
    return pixels ? 0 : -1;
}

/* The time of an event in the middle of the clip, or the middle. */
static double middle_event(const struct film_clip *clip)
{
    const struct film_scene *s = &clip->scenes[0];

    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < s->actors[k].count; i++)
            if (s->actors[k].events[i].time > 1.2 &&
                (s->actors[k].events[i].hit || s->actors[k].kind->silent))
                return s->actors[k].events[i].time;
    return clip->seconds / 2;
}

static int put_row(cairo_t *cr, int kind, uint64_t seed, double y)
{
    static const double around[PLAIN] = {-0.3, -0.12, -0.05, 0.01, 0.08, 0.2};
    struct film_params params = {.seed = seed + 10 * (uint64_t)kind,
                                 .seconds = 5,
                                 .kinds = 1u << kind,
                                 .fps_num = 100,
                                 .fps_den = 1,
                                 .plain = true};
    struct film_clip clip;
    int ret = film_compose(&clip, &params);

    for (int i = 0; i < PLAIN && !ret; i++)
        ret = put(cr, &clip,
                  middle_event(&clip) +
                      (film_kinds[kind].silent ? 4 : 1) * around[i],
                  LABEL + (CELL + GAP) * i, y);
    film_free(&clip);
    params.plain = false;
    params.fps_num = 25;
    for (int i = 0; i < FILMED && !ret; i++) {
        params.seed++;
        ret = film_compose(&clip, &params);
        if (!ret)
            ret = put(cr, &clip, middle_event(&clip),
                      LABEL + (CELL + GAP) * (PLAIN + i), y);
        film_free(&clip);
    }
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_set_font_size(cr, 17);
    cairo_move_to(cr, 6, y + 30);
    cairo_show_text(cr, film_kinds[kind].name);
    cairo_set_font_size(cr, 11);
    cairo_move_to(cr, 6, y + 50);
    cairo_show_text(cr, film_kinds[kind].what);
    return ret;
}

static int save(cairo_surface_t *s, const char *path)
{
    struct render_file file;
    int ret = render_file_open(&file, path);

    if (ret < 0)
        return ret;
    if (cairo_surface_write_to_png(s, file.path)) {
        render_file_drop(&file);
        return -EIO;
    }
    return render_file_commit(&file);
}

int film_sheet_write(const char *path, uint64_t seed, unsigned kinds)
{
    int rows = 0, row = 0, ret = 0;

    for (int k = 0; k < film_kind_count; k++)
        rows += kinds >> k & 1;
    cairo_surface_t *s = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, LABEL + (CELL + GAP) * (PLAIN + FILMED),
        (CELL + GAP) * rows);
    cairo_t *cr = cairo_create(s);
    for (int k = 0; k < film_kind_count && !ret; k++)
        if (kinds >> k & 1)
            ret = put_row(cr, k, seed, (CELL + GAP) * row++);
    if (ret < 0 || cairo_status(cr)) {
        fprintf(stderr, "s2v-impacts: %s: a frame cannot be drawn\n", path);
        ret = -1;
    }
    cairo_destroy(cr);
    if (!ret && (ret = save(s, path)) < 0)
        fprintf(stderr, "s2v-impacts: %s: cannot write the sheet: %s\n", path,
                strerror(-ret));
    cairo_surface_destroy(s);
    return ret < 0 ? -1 : 0;
}
