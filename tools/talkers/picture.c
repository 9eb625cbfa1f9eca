/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "paint.h"

enum {
    OVER = 2,         /* supersampling */
    BODY_SIDE = 6,    /* points of the body's mesh, across and down */
    GRAINS = 1 << 14, /* samples of noise */
};

enum layer { BEHIND, BODY, HEAD, GLASSES, LAYERS };

struct talkers_picture {
    const struct talkers_identity *id;
    const struct talkers_face *face;
    int size;
    cairo_surface_t *backdrop, *large;
    cairo_t *cr;
    struct canvas canvas[LAYERS];
    struct mesh_texture texture[LAYERS];
    struct mesh body;
    struct point body_source[BODY_SIDE * BODY_SIDE];
    uint32_t *pixels;
    uint8_t *half; /* size x size x 3, before the camera */
    int16_t grain[GRAINS];
    uint16_t tone[3][256]; /* in 1/256 */
};

/* ------------------------------------------------------------ textures -- */

static struct mesh_image image_of(cairo_surface_t *s)
{
    cairo_surface_flush(s);
    return (struct mesh_image){
        (uint32_t *)(void *)cairo_image_surface_get_data(s),
        cairo_image_surface_get_width(s), cairo_image_surface_get_height(s),
        cairo_image_surface_get_stride(s) / 4};
}

static int alpha_at(const struct mesh_texture *t, struct point p)
{
    const int x = (int)((p.x - t->x0) * t->scale);
    const int y = (int)((p.y - t->y0) * t->scale);

    if (x < 0 || y < 0 || x >= t->image.width || y >= t->image.height)
        return 0;
    return (int)(t->image.pixels[y * t->image.stride + x] >> 24);
}

/* How far head and hair reach in each direction. */
static void measure_ring(const struct talkers_picture *p,
                         double radius[FACE_RING])
{
    for (int i = 0; i < FACE_RING; i++) {
        radius[i] = 1;
        for (double r = 1; r < 3; r += 0.03) {
            const struct point at = talkers_face_ray(i, r);
            if (alpha_at(&p->texture[HEAD], at) > 100 ||
                alpha_at(&p->texture[BEHIND], at) > 100)
                radius[i] = r;
        }
    }
}

static int open_layers(struct talkers_picture *p)
{
    for (int i = 0; i < LAYERS; i++) {
        struct canvas *c = &p->canvas[i];
        if (canvas_open(c, p->size * OVER) < 0)
            return -1;
        p->texture[i].x0 = c->x0;
        p->texture[i].y0 = c->y0;
        p->texture[i].scale = c->scale;
    }
    return 0;
}

/* Landmarks that hair hides. The hair alone is painted into the layer of the
 * glasses, which is cleared after. */
static void find_covered(struct talkers_picture *p, struct talkers_face *f)
{
    struct canvas *c = &p->canvas[GLASSES];

    paint_hair(c, f);
    p->texture[GLASSES].image = image_of(c->surface);
    for (int i = 0; i < 27; i++)
        f->covered[i] = alpha_at(&p->texture[GLASSES], f->canonical[i]) > 200;
    cairo_set_operator(c->cr, CAIRO_OPERATOR_CLEAR);
    cairo_paint(c->cr);
    cairo_set_operator(c->cr, CAIRO_OPERATOR_OVER);
}

static void paint_layers(struct talkers_picture *p, struct talkers_face *f)
{
    struct canvas *c = p->canvas;

    find_covered(p, f);
    paint_hair_behind(&c[BEHIND], f);
    paint_body(&c[BODY], f);
    paint_skin(&c[HEAD], f);
    paint_features(&c[HEAD], f);
    paint_beard(&c[HEAD], f);
    paint_brows(&c[HEAD], f);
    paint_hair(&c[HEAD], f);
    paint_glasses(&c[GLASSES], f);
    for (int i = 0; i < LAYERS; i++)
        p->texture[i].image = image_of(c[i].surface);
}

static bool mesh_body(struct talkers_picture *p)
{
    for (int i = 0; i < BODY_SIDE * BODY_SIDE; i++)
        p->body_source[i] =
            (struct point){mix(-2.85, 2.85, i % BODY_SIDE / (BODY_SIDE - 1.0)),
                           mix(0.8, 3.05, i / BODY_SIDE / (BODY_SIDE - 1.0))};
    return mesh_triangulate(&p->body, p->body_source, BODY_SIDE * BODY_SIDE);
}

/* -------------------------------------------------------------- camera -- */

static void set_camera(struct talkers_picture *p)
{
    const struct talkers_identity *id = p->id;
    const double balance[3] = {1 + 0.03 * id->warmth, 1, 1 - 0.03 * id->warmth};
    struct talkers_dice d = {id->seed, 0, TALKERS_STREAM_NOISE};

    for (int i = 0; i < GRAINS; i++)
        p->grain[i] = (int16_t)lrint(256 * id->noise *
                                     clamp(talkers_normal(&d), -3.5, 3.5));
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            p->tone[c][v] = (uint16_t)lrint(
                256 * fmin(255, 255 * balance[c] * pow(v / 255.0, id->gamma)));
}

/* Means of 2 x 2, as red, green, blue. */
static void halve(struct talkers_picture *p)
{
    const struct mesh_image im = image_of(p->large);

    for (int y = 0; y < p->size; y++)
        for (int x = 0; x < p->size; x++) {
            const uint32_t *a = im.pixels + 2 * y * im.stride + 2 * x;
            const uint32_t v[4] = {a[0], a[1], a[im.stride], a[im.stride + 1]};
            for (int c = 0; c < 3; c++) {
                uint32_t sum = 2;
                for (int i = 0; i < 4; i++)
                    sum += v[i] >> (16 - 8 * c) & 255;
                p->half[3 * (y * p->size + x) + c] = (uint8_t)(sum >> 2);
            }
        }
}

/* A lens's blur (deviation 0.4 pixels), balance, gamma and noise. */
static void expose(struct talkers_picture *p, uint64_t number)
{
    const int n = p->size, row = 3 * n;
    uint32_t state = (uint32_t)render_random(p->id->seed, TALKERS_STREAM_NOISE,
                                             1u << 20 | number) |
                     1;

    for (int y = 0; y < n; y++) {
        const uint8_t *at = p->half + y * row;
        const int up = y ? -row : 0, down = y < n - 1 ? row : 0;
        for (int x = 0; x < n; x++, at += 3) {
            const int l = x ? -3 : 0, r = x < n - 1 ? 3 : 0;
            uint32_t pixel = 0;
            state ^= state << 13, state ^= state >> 17, state ^= state << 5;
            const uint32_t grain = state * 0x9e3779b1u;
            for (int c = 0; c < 3; c++) {
                const int blur =
                    (at[c] * 212 +
                     11 * (at[c + l] + at[c + r] + at[c + up] + at[c + down]) +
                     128) >>
                    8;
                const int v = p->tone[c][blur] +
                              p->grain[(grain >> 9 * c) % GRAINS] + 128;
                const int out = v < 0 ? 0 : v >> 8 > 255 ? 255 : v >> 8;
                pixel = pixel << 8 | (uint32_t)out;
            }
            p->pixels[y * n + x] = pixel;
        }
    }
}

/* --------------------------------------------------------------- draw -- */

static void draw_layer(struct talkers_picture *p, enum layer layer,
                       const struct point *at, const double *light)
{
    struct point target[MESH_POINTS];
    struct mesh_image to = image_of(p->large);
    const double side = p->size * OVER;

    for (int i = 0; i < p->face->count; i++)
        target[i] = (struct point){at[i].x * side, at[i].y * side};
    mesh_draw(&to, &p->face->mesh, &p->texture[layer], p->face->canonical,
              target, light);
}

/* The neck's top goes with the head, the shoulders a fifth of the way. */
static void draw_body(struct talkers_picture *p, const struct talkers_pose *h)
{
    struct point target[BODY_SIDE * BODY_SIDE];
    struct mesh_image to = image_of(p->large);
    const double side = p->size * OVER;

    for (int i = 0; i < BODY_SIDE * BODY_SIDE; i++) {
        const struct point s = p->body_source[i];
        const double follow = mix(0.9, 0.2, smooth_step(1.2, 2.4, s.y));
        const struct point at = talkers_face_place(
            p->face, h, 1.04 * s.x, 0.9 + 1.1 * (s.y - 0.9), -0.45, follow);
        target[i] = (struct point){at.x * side, at.y * side};
    }
    mesh_draw(&to, &p->body, &p->texture[BODY], p->body_source, target, NULL);
}

const uint8_t *talkers_picture_draw(struct talkers_picture *p,
                                    const struct talkers_state *state,
                                    uint64_t number)
{
    struct face_frame frame;
    const double side = p->size * OVER;

    talkers_face_at(p->face, state, &frame);
    cairo_identity_matrix(p->cr);
    cairo_set_source_surface(p->cr, p->backdrop, 0, 0);
    cairo_paint(p->cr);
    draw_layer(p, BEHIND, frame.back, NULL);
    draw_body(p, &state->head);
    draw_layer(p, HEAD, frame.at, frame.light);
    cairo_surface_mark_dirty(p->large);
    cairo_scale(p->cr, side, side);
    talkers_draw_mouth(p->cr, p->face, state, &frame);
    talkers_draw_eyes(p->cr, p->face, state, &frame);
    draw_layer(p, GLASSES, frame.at, NULL);
    if (cairo_status(p->cr))
        return NULL;
    halve(p);
    expose(p, number);
    return (const uint8_t *)p->pixels;
}

int talkers_picture_size(const struct talkers_picture *p)
{
    return p->size;
}

/* ---------------------------------------------------------- life cycle -- */

static int open_picture(struct talkers_picture *p)
{
    const int side = p->size * OVER;
    const size_t all = (size_t)p->size * (size_t)p->size;

    p->backdrop = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    p->large = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    p->cr = cairo_create(p->large);
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
    p->pixels = malloc(all * sizeof(uint32_t));
    p->half = malloc(3 * all);
    if (!p->pixels || !p->half || cairo_status(p->cr))
        return -1;
    cairo_t *cr = cairo_create(p->backdrop);
    paint_backdrop(cr, p->id, side);
    const cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    return status || open_layers(p) < 0 ? -1 : 0;
}

struct talkers_picture *talkers_picture_new(const struct talkers_identity *id,
                                            int size, struct talkers_face *face)
{
    struct talkers_picture *p = calloc(1, sizeof(*p));
    double radius[FACE_RING];

    if (!p)
        return NULL;
    p->id = id;
    p->face = face;
    p->size = size;
    talkers_face_shape(face, id);
    if (open_picture(p) < 0) {
        talkers_picture_free(&p);
        return NULL;
    }
    paint_layers(p, face);
    measure_ring(p, radius);
    if (talkers_face_mesh(face, radius) < 0 || !mesh_body(p)) {
        talkers_picture_free(&p);
        return NULL;
    }
    set_camera(p);
    for (int i = 0; i < LAYERS; i++)
        mesh_texture_scan(&p->texture[i], i == BODY ? &p->body : &face->mesh,
                          i == BODY ? p->body_source : face->canonical);
    return p;
}

void talkers_picture_free(struct talkers_picture **picture)
{
    struct talkers_picture *p = *picture;

    if (!p)
        return;
    for (int i = 0; i < LAYERS; i++)
        canvas_close(&p->canvas[i]);
    cairo_destroy(p->cr);
    cairo_surface_destroy(p->backdrop);
    cairo_surface_destroy(p->large);
    free(p->pixels);
    free(p->half);
    free(p);
    *picture = NULL;
}
