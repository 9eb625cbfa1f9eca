/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The picture: a place and its actors through the camera, at several moments of
 * a frame, and what the sensor and a codec make of them. */
#include "film.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOMENTS = 6 }; /* of a frame, at most */

struct film_picture {
    const struct film_clip *clip;
    int width, height;
    double scale; /* pixels of a length */
    cairo_surface_t *place[FILM_SCENES];
    cairo_surface_t *surface;
    uint16_t *sum;    /* (height, width, 3) */
    uint8_t *blurred; /* (height, width, 4) */
    struct film_codec *codec;
};

static int even(double v)
{
    return 2 * (int)fmax(lrint(v / 2), 1);
}

/* ------------------------------------------------------------- geometry -- */

static void picture_matrix(const struct film_clip *clip, double width,
                           double height, double scale, double time,
                           cairo_matrix_t *m)
{
    const struct film_shot *shot = film_shot_at(clip, time);
    cairo_matrix_t camera, mirror;

    cairo_matrix_init_translate(m, width / 2, height / 2);
    cairo_matrix_scale(m, scale, scale);
    if (shot->mirrored)
        cairo_matrix_scale(m, -1, 1);
    cairo_matrix_translate(m, -128, -128);
    film_camera_at(&shot->camera, time, &camera);
    mirror = *m;
    cairo_matrix_multiply(m, &camera, &mirror);
}

/* The picture without bars: its shorter side has the 256. */
static double scale_of(const struct film_clip *clip, double width,
                       double height)
{
    const double bars = 1 - 2 * clip->sensor.bars;

    return fmin(width, height * bars) / 256;
}

static void actor_matrix(const struct film_actor *a, cairo_matrix_t *m)
{
    cairo_matrix_init_translate(m, a->x, a->y);
    cairo_matrix_scale(m, a->scale, a->scale);
    if (a->mirrored) {
        cairo_matrix_translate(m, 256, 0);
        cairo_matrix_scale(m, -1, 1);
    }
}

struct point film_picture_place(const struct film_clip *clip,
                                const struct film_actor *a, struct point p,
                                double time)
{
    const double aspect = clip->sensor.aspect;
    const double width = aspect, height = 1;
    cairo_matrix_t m, own;

    picture_matrix(clip, width, height, scale_of(clip, width, height), time,
                   &m);
    actor_matrix(a, &own);
    cairo_matrix_transform_point(&own, &p.x, &p.y);
    cairo_matrix_transform_point(&m, &p.x, &p.y);
    return (struct point){p.x / width, p.y / height};
}

/* -------------------------------------------------------------- drawing -- */

static void paint_place(struct film_picture *p, int scene)
{
    cairo_surface_t *s = p->place[scene];

    if (!s) {
        const int side = (int)ceil(2 * FILM_EXTENT * p->scale);
        s = p->place[scene] =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
        cairo_t *cr = cairo_create(s);
        cairo_scale(cr, p->scale, p->scale);
        cairo_translate(cr, FILM_EXTENT - 128, FILM_EXTENT - 128);
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        film_place_draw(cr, &p->clip->scenes[scene].place);
        cairo_destroy(cr);
    }
}

static void draw_moment(struct film_picture *p, cairo_t *cr, double time)
{
    const struct film_shot *shot = film_shot_at(p->clip, time);
    const struct film_scene *s = &p->clip->scenes[shot->scene];
    cairo_matrix_t m;

    paint_place(p, shot->scene);
    picture_matrix(p->clip, p->width, p->height, p->scale, time, &m);
    cairo_set_matrix(cr, &m);
    cairo_save(cr);
    cairo_translate(cr, 128 - FILM_EXTENT, 128 - FILM_EXTENT);
    cairo_scale(cr, 1 / p->scale, 1 / p->scale);
    cairo_set_source_surface(cr, p->place[shot->scene], 0, 0);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BILINEAR);
    cairo_paint(cr);
    cairo_restore(cr);
    film_place_draw_moving(cr, &s->place, time);
    for (int i = 0; i < s->count; i++) {
        actor_matrix(&s->actors[i], &m);
        cairo_save(cr);
        cairo_transform(cr, &m);
        s->actors[i].kind->draw(cr, &s->actors[i], time);
        cairo_restore(cr);
    }
    cairo_identity_matrix(cr);
}

/* Rows [first, last) that see moment k of n, and how many moments a row sees: a
 * row's shutter opens later the lower it is. */
static bool row_sees(const struct film_sensor *s, int row, int height, int k,
                     int n)
{
    const double whole = s->rolling + s->shutter;
    const double open = s->rolling * row / height;
    const double at = (k + 0.5) / n * whole;
    const double nearest =
        (floor((open + s->shutter / 2) / whole * n) + 0.5) / n * whole;

    return (at >= open && at <= open + s->shutter) ||
           fabs(at - nearest) < 0.1 * whole / n;
}

static void add_moment(struct film_picture *p, int k, int n)
{
    const uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    const int stride = cairo_image_surface_get_stride(p->surface);

    for (int y = 0; y < p->height; y++) {
        uint16_t *to = p->sum + (size_t)y * (size_t)p->width * 3;
        const uint8_t *from = pixels + (size_t)y * (size_t)stride;
        if (!row_sees(&p->clip->sensor, y, p->height, k, n))
            continue;
        for (int x = 0; x < p->width; x++, from += 4, to += 3) {
            uint32_t v;
            memcpy(&v, from, 4);
            to[0] = (uint16_t)(to[0] + (v >> 16 & 255));
            to[1] = (uint16_t)(to[1] + (v >> 8 & 255));
            to[2] = (uint16_t)(to[2] + (v & 255));
        }
    }
}

/* The mean of what each row has seen, back in the surface. */
static void average(struct film_picture *p, int n)
{
    uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    const int stride = cairo_image_surface_get_stride(p->surface);

    for (int y = 0; y < p->height; y++) {
        const uint16_t *from = p->sum + (size_t)y * (size_t)p->width * 3;
        uint8_t *to = pixels + (size_t)y * (size_t)stride;
        unsigned seen = 0;
        for (int k = 0; k < n; k++)
            seen += row_sees(&p->clip->sensor, y, p->height, k, n);
        for (int x = 0; x < p->width; x++, to += 4, from += 3) {
            const uint32_t v = (uint32_t)(from[0] / seen) << 16 |
                               (uint32_t)(from[1] / seen) << 8 |
                               (uint32_t)(from[2] / seen);
            memcpy(to, &v, 4);
        }
    }
}

/* ---------------------------------------------------------------- lens -- */

/* The mean of 2r + 1 neighbours along a row or a column, `step` bytes apart. */
static void box_blur(const uint8_t *from, uint8_t *to, int count, size_t step,
                     int r)
{
    for (int c = 0; c < 4; c++) {
        int sum = 0;
        for (int i = -r; i <= r; i++)
            sum += from[(size_t)(i < 0        ? 0
                                 : i >= count ? count - 1
                                              : i) *
                            step +
                        (size_t)c];
        for (int i = 0; i < count; i++) {
            const int out = i - r < 0 ? 0 : i - r;
            const int in = i + r + 1 >= count ? count - 1 : i + r + 1;
            to[(size_t)i * step + (size_t)c] = (uint8_t)(sum / (2 * r + 1));
            sum += from[(size_t)in * step + (size_t)c] -
                   from[(size_t)out * step + (size_t)c];
        }
    }
}

static void defocus(struct film_picture *p, double radius)
{
    uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    const size_t stride = (size_t)cairo_image_surface_get_stride(p->surface);
    const int r = (int)lrint(radius);

    if (r < 1)
        return;
    for (int y = 0; y < p->height; y++)
        box_blur(pixels + (size_t)y * stride, p->blurred + (size_t)y * stride,
                 p->width, 4, r);
    for (int x = 0; x < p->width; x++)
        box_blur(p->blurred + 4 * (size_t)x, pixels + 4 * (size_t)x, p->height,
                 stride, r);
}

/* --------------------------------------------------------------- sensor -- */

/* Light and gamma as a table of the three colours. */
static void fill_curves(const struct film_sensor *s, double time,
                        double curve[3][256])
{
    const double light =
        s->gain * (1 + s->flicker * sin(6.2832 * s->flicker_hertz * time)) *
        (1 + s->drift * sin(0.9 * time + s->phase));
    const double warm[3] = {1 + s->warmth, 1, 1 - s->warmth};

    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            curve[c][v] =
                255 * pow(fmin(v / 255.0 * light * warm[c], 1), s->gamma);
}

static void expose(struct film_picture *p, int frame, double time)
{
    const struct film_sensor *s = &p->clip->sensor;
    uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    const int stride = cairo_image_surface_get_stride(p->surface);
    const double amount = 255 * 3.46 * s->noise; /* of an even distribution */
    double curve[3][256];

    fill_curves(s, time, curve);
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const double dx = 2.0 * x / p->width - 1,
                         dy = 2.0 * y / p->height - 1;
            const double dark = 1 - s->vignette * (dx * dx + dy * dy) / 2;
            const uint64_t noise =
                s->noise > 0 ? render_random(p->clip->seed, FILM_STREAM_NOISE,
                                             ((uint64_t)frame << 32) +
                                                 (uint64_t)(y * p->width + x))
                             : 0;
            uint32_t v, out = 0;
            memcpy(&v, pixels + (size_t)y * (size_t)stride + 4 * (size_t)x, 4);
            for (int c = 0; c < 3; c++) {
                const double n =
                    (double)(noise >> 21 * c & 0x1fffff) / 0x1fffff;
                const double to = curve[c][v >> (16 - 8 * c) & 255] * dark +
                                  amount * (n - 0.5) + 0.5;
                out = out << 8 | (uint32_t)fmin(fmax(to, 0), 255);
            }
            memcpy(pixels + (size_t)y * (size_t)stride + 4 * (size_t)x, &out,
                   4);
        }
}

static void letterbox(struct film_picture *p)
{
    uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    const size_t stride = (size_t)cairo_image_surface_get_stride(p->surface);
    const int bar = (int)lrint(p->clip->sensor.bars * p->height);

    memset(pixels, 0, stride * (size_t)bar);
    memset(pixels + stride * (size_t)(p->height - bar), 0,
           stride * (size_t)bar);
}

const uint8_t *film_picture_draw(struct film_picture *p, int frame, int *stride)
{
    const struct film_clip *clip = p->clip;
    const struct film_sensor *s = &clip->sensor;
    const double lasts = (double)clip->fps_den / clip->fps_num;
    const double time = frame * lasts;
    const double whole = (s->rolling + s->shutter) * lasts;
    const int n = (int)fmin(fmax(ceil(whole / 0.006), 2), MOMENTS);
    cairo_t *cr = cairo_create(p->surface);

    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    memset(p->sum, 0,
           (size_t)p->width * (size_t)p->height * 3 * sizeof(*p->sum));
    for (int k = 0; k < n; k++) {
        /* A cut lies between frames. */
        const double at = time + (k + 0.5) / n * whole;
        const bool cut = film_shot_at(clip, at) != film_shot_at(clip, time);
        draw_moment(p, cr, cut ? time : at);
        cairo_surface_flush(p->surface);
        add_moment(p, k, n);
    }
    const cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    if (status)
        return NULL;
    average(p, n);
    defocus(p, film_camera_blur(&film_shot_at(clip, time)->camera, time) *
                   p->scale);
    expose(p, frame, time);
    letterbox(p);
    cairo_surface_mark_dirty(p->surface);
    *stride = cairo_image_surface_get_stride(p->surface);
    uint8_t *pixels = cairo_image_surface_get_data(p->surface);
    if (p->codec && film_codec_pass(p->codec, pixels, *stride) < 0)
        return NULL;
    return pixels;
}

static struct film_picture *no_memory(struct film_picture *p)
{
    fprintf(stderr, "s2v-impacts: not enough memory\n");
    film_picture_free(&p);
    return NULL;
}

struct film_picture *film_picture_new(const struct film_clip *clip, int side)
{
    struct film_picture *p = calloc(1, sizeof(*p));
    const double aspect = clip->sensor.aspect;

    if (!p)
        return no_memory(NULL);
    p->clip = clip;
    p->width = even(aspect > 1 ? side * aspect : side);
    p->height = even(aspect > 1 ? side : side / aspect);
    p->scale = scale_of(clip, p->width, p->height);
    p->surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, p->width, p->height);
    p->sum = malloc((size_t)p->width * (size_t)p->height * 3 * sizeof(*p->sum));
    p->blurred = malloc((size_t)cairo_image_surface_get_stride(p->surface) *
                            (size_t)p->height +
                        1);
    if (!p->sum || !p->blurred || cairo_surface_status(p->surface))
        return no_memory(p);
    if (clip->sensor.codec) {
        p->codec =
            film_codec_open(clip->sensor.codec, clip->sensor.quality, p->width,
                            p->height, clip->fps_num, clip->fps_den);
        if (!p->codec)
            film_picture_free(&p);
    }
    return p;
}

void film_picture_size(const struct film_picture *p, int *width, int *height)
{
    *width = p->width;
    *height = p->height;
}

void film_picture_free(struct film_picture **picture)
{
    struct film_picture *p = *picture;

    if (!p)
        return;
    film_codec_close(&p->codec);
    for (int i = 0; i < FILM_SCENES; i++)
        cairo_surface_destroy(p->place[i]);
    cairo_surface_destroy(p->surface);
    free(p->sum);
    free(p->blurred);
    free(p);
    *picture = NULL;
}
