/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Differentiable augmentation; see diffaugment.h. */
#include "diffaugment.h"

#include "base/error.h"
#include "graph/build.h"
#include "nn/nn.h"

#include <math.h>
#include <stdio.h>

enum { RGB = 3 };

/* Columns of u. */
enum { BRIGHTNESS, SATURATION, CONTRAST, SHIFT_X, SHIFT_Y, CUT_X, CUT_Y };

static s2vi_node *column(s2vi_node *x, int i)
{
    return s2vi_nn_over_pixels(s2vi_slice(x, 1, i, 1));
}

/* Away from, or towards, a mean: m + a (x - m). */
static s2vi_node *stretch(s2vi_node *x, s2vi_node *mean, s2vi_node *a)
{
    return s2vi_add(mean, s2vi_mul(s2vi_sub(x, mean), a));
}

/* Brightness + u - 0.5, saturation x 2u, contrast x (u + 0.5). */
static s2vi_node *colours(s2vi_node *x, s2vi_node *u)
{
    const uint32_t channels = 1u << 3, all = channels | 1u << 1 | 1u << 2;
    x = s2vi_add(x, column(u, BRIGHTNESS));
    x = stretch(x, s2vi_mean(x, channels), column(u, SATURATION));
    return stretch(x, s2vi_mean(x, all), column(u, CONTRAST));
}

s2vi_node *s2vi_diffaugment_record(s2vi_node *x, const char *name,
                                   s2vi_diffaugment *out)
{
    char text[64];
    if (!x)
        return NULL;
    const int64_t n = x->shape.dim[0], N = x->shape.dim[1], pixels = n * N * N;
    if (pixels > S2VI_DIFFAUGMENT_PIXELS)
        return s2vi_graph_mistake(
            x->graph, "a batch has at most %d pixels to be augmented, not %lld",
            S2VI_DIFFAUGMENT_PIXELS, (long long)pixels);
    snprintf(text, sizeof(text), "%s.colour", name);
    out->colour = s2vi_input(x->graph, text, S2VI_SHAPE(n, RGB));
    snprintf(text, sizeof(text), "%s.from", name);
    out->from = s2vi_input(x->graph, text, S2VI_SHAPE(pixels));
    snprintf(text, sizeof(text), "%s.seen", name);
    out->seen = s2vi_input(x->graph, text, S2VI_SHAPE(n, N, N, 1));
    x = s2vi_reshape(colours(x, out->colour), S2VI_SHAPE(pixels, RGB));
    x = s2vi_gather(x, out->from);
    return s2vi_mul(s2vi_reshape(x, S2VI_SHAPE(n, N, N, RGB)), out->seen);
}

/* ------------------------------------------------------------- feeding -- */

/* Where the picture moves to, and where the square is cut out. */
typedef struct place {
    int N, x, y, cut, left, top;
} place;

/* A whole number in [-most, most]. */
static int whole(float u, int most)
{
    return (int)floorf(u * (float)(2 * most + 1)) - most;
}

/* By up to an eighth of the side; a square of half the side, whose middle is
 * anywhere, is cut out. */
static place place_of(const float *u, int N)
{
    return (place){.N = N,
                   .x = whole(u[SHIFT_X], N / 8),
                   .y = whole(u[SHIFT_Y], N / 8),
                   .cut = N / 2,
                   .left = (int)floorf(u[CUT_X] * (float)(N + 1)) - N / 4,
                   .top = (int)floorf(u[CUT_Y] * (float)(N + 1)) - N / 4};
}

static void fill_from(const place *p, int64_t first, float *from)
{
    for (int y = 0; y < p->N; y++)
        for (int x = 0; x < p->N; x++) {
            const int a = y - p->y, b = x - p->x;
            const bool inside = a >= 0 && a < p->N && b >= 0 && b < p->N;
            from[y * p->N + x] =
                (float)(first + (inside ? a * p->N + b : y * p->N + x));
        }
}

static void fill_seen(const place *p, float *seen)
{
    for (int y = 0; y < p->N; y++)
        for (int x = 0; x < p->N; x++) {
            const int a = y - p->y, b = x - p->x;
            const bool inside = a >= 0 && a < p->N && b >= 0 && b < p->N;
            const bool cut = x >= p->left && x < p->left + p->cut &&
                             y >= p->top && y < p->top + p->cut;
            seen[y * p->N + x] = inside && !cut;
        }
}

int s2vi_diffaugment_feed(const s2vi_diffaugment *d, s2vi_train_step *step,
                          const float *u, float *room, s2v_error *err)
{
    const int n = (int)d->seen->shape.dim[0], N = (int)d->seen->shape.dim[1];
    const int64_t pixels = (int64_t)N * N;
    for (int i = 0; i < n; i++) {
        const float *v = u + (ptrdiff_t)i * S2VI_DIFFAUGMENT_UNIFORMS;
        room[RGB * i] = v[BRIGHTNESS] - 0.5F;
        room[RGB * i + 1] = 2 * v[SATURATION];
        room[RGB * i + 2] = v[CONTRAST] + 0.5F;
    }
    int ret = s2vi_train_step_write(step, d->colour, room, err);
    for (int i = 0; i < n; i++) {
        const place p =
            place_of(u + (ptrdiff_t)i * S2VI_DIFFAUGMENT_UNIFORMS, N);
        fill_from(&p, i * pixels, room + i * pixels);
    }
    if (!ret)
        ret = s2vi_train_step_write(step, d->from, room, err);
    for (int i = 0; i < n; i++) {
        const place p =
            place_of(u + (ptrdiff_t)i * S2VI_DIFFAUGMENT_UNIFORMS, N);
        fill_seen(&p, room + i * pixels);
    }
    return ret < 0 ? ret : s2vi_train_step_write(step, d->seen, room, err);
}
