/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faces in pictures, around the networks that find them. */
#include "video/face.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LEAST_SCORE 0.5
#define OVERLAP     0.3 /* of boxes of one face */
#define MESH_SCALE  1.5 /* of a box's longer side */
#define EYES_DROP   0.2 /* of the eyes' distance: crop's centre below them */

enum { MOST_SIDE = S2VI_FACEMESH_SIDE };

/* ----------------------------------------------------------- letterbox -- */

/* The square's pixels along one dimension, in which the picture's `length`
 * pixels lie in the middle of `whole`. */
typedef struct axis {
    int length, side;
    double step, before; /* a pixel's extent in the picture; black before it */
} axis;

static axis axis_of(int length, int whole, int side)
{
    return (axis){.length = length,
                  .side = side,
                  .step = (double)whole / side,
                  .before = (whole - length) / 2.0};
}

/* What pixel i of the square covers: pixels [first, end) of the picture. */
static void cover(const axis *a, int i, int *first, int *end)
{
    const double from = i * a->step - a->before, to = from + a->step;
    *first = from > 0 ? (int)from : 0;
    *end = to < a->length ? (int)ceil(to) : a->length;
}

/* How much of it is pixel j. */
static double share(const axis *a, int i, int j)
{
    const double from = i * a->step - a->before, to = from + a->step;
    return (fmin(to, j + 1) - fmax(from, j)) / a->step;
}

/* A row of the picture as one of the square, `weight` times, on top of it. */
static void add_row(const axis *a, const uint8_t *row, double weight,
                    double *out)
{
    for (int i = 0; i < a->side; i++) {
        int first, end;
        double rgb[3] = {0};
        cover(a, i, &first, &end);
        for (int j = first; j < end; j++) {
            const bool whole = j > first && j + 1 < end;
            const double part = whole ? 1 / a->step : share(a, i, j);
            for (int c = 0; c < 3; c++)
                rgb[c] += part * row[3 * j + c];
        }
        for (int c = 0; c < 3; c++)
            out[3 * i + c] += weight * rgb[c];
    }
}

void s2vi_face_letterbox(const s2vi_image *p, int side, float *out)
{
    const int whole = p->width > p->height ? p->width : p->height;
    const axis across = axis_of(p->width, whole, side);
    const axis down = axis_of(p->height, whole, side);
    for (int y = 0; y < side; y++) {
        double row[3 * MOST_SIDE] = {0};
        int first, end;
        cover(&down, y, &first, &end);
        for (int i = first; i < end; i++)
            add_row(&across, p->rgb + i * p->stride, share(&down, y, i), row);
        for (int i = 0; i < 3 * side; i++)
            *out++ = (float)(row[i] / 127.5 - 1);
    }
}

/* ------------------------------------------------------------ decoding -- */

/* The anchors: two at each of 16x16 places, then six at each of 8x8. */
static void anchor_of(int i, double at[2])
{
    const int first = 2 * 16 * 16;
    const int n = i < first ? 16 : 8;
    const int pixel = i < first ? i / 2 : (i - first) / 6;
    at[0] = (pixel % n + 0.5) / n;
    at[1] = (double)(pixel / n + 0.5) / n;
}

static s2vi_face face_of(int i, double score, const float *box)
{
    const double side = S2VI_BLAZEFACE_SIDE;
    double at[2];
    anchor_of(i, at);
    s2vi_face f = {.score = score,
                   .x = at[0] + box[0] / side,
                   .y = at[1] + box[1] / side,
                   .width = box[2] / side,
                   .height = box[3] / side};
    for (int k = 0; k < S2VI_FACE_POINTS; k++)
        for (int d = 0; d < 2; d++)
            f.point[k][d] = at[d] + box[4 + 2 * k + d] / side;
    return f;
}

/* Length that two intervals share. */
static double common(double a, double size_a, double b, double size_b)
{
    const double from = fmax(a - size_a / 2, b - size_b / 2);
    return fmax(fmin(a + size_a / 2, b + size_b / 2) - from, 0);
}

static bool overlap(const s2vi_face *a, const s2vi_face *b)
{
    const double both = common(a->x, a->width, b->x, b->width) *
                        common(a->y, a->height, b->y, b->height);
    return both >
           OVERLAP * (a->width * a->height + b->width * b->height - both);
}

/* `weight` times a face's places, on top of the sum's. */
static void add_face(s2vi_face *sum, const s2vi_face *f, double weight)
{
    sum->x += weight * f->x;
    sum->y += weight * f->y;
    sum->width += weight * f->width;
    sum->height += weight * f->height;
    for (int k = 0; k < S2VI_FACE_POINTS; k++)
        for (int d = 0; d < 2; d++)
            sum->point[k][d] += weight * f->point[k][d];
}

/* The first of `n`, which are ordered, and what overlaps it, as one; the others
 * close up. */
static s2vi_face take(s2vi_face *face, int *n)
{
    const s2vi_face best = face[0];
    s2vi_face mean = {.score = best.score};
    double total = 0;
    int left = 0;
    for (int i = 0; i < *n; i++)
        total += i == 0 || overlap(&best, &face[i]) ? face[i].score : 0;
    for (int i = 0; i < *n; i++)
        if (i == 0 || overlap(&best, &face[i]))
            add_face(&mean, &face[i], face[i].score / total);
        else
            face[left++] = face[i];
    *n = left;
    return mean;
}

/* Into its place among n faces, surest first. */
static void insert(s2vi_face *face, int n, s2vi_face f)
{
    for (; n > 0 && face[n - 1].score < f.score; n--)
        face[n] = face[n - 1];
    face[n] = f;
}

int s2vi_face_decode(const float *score, const float *box, s2vi_face *face)
{
    s2vi_face all[S2VI_FACE_ANCHORS];
    int n = 0, found = 0;
    for (int i = 0; i < S2VI_FACE_ANCHORS; i++) {
        const double s = 1 / (1 + exp(-(double)score[i]));
        const s2vi_face f = face_of(i, s, box + i * S2VI_FACE_NUMBERS);
        if (s > LEAST_SCORE && f.width > 0 && f.height > 0)
            insert(all, n++, f);
    }
    while (n > 0 && found < S2VI_FACE_MOST)
        face[found++] = take(all, &n);
    return found;
}

void s2vi_face_to_picture(s2vi_face *f, int width, int height)
{
    const double whole = width > height ? width : height;
    const double x = (whole - width) / 2, y = (whole - height) / 2;
    f->x = f->x * whole - x;
    f->y = f->y * whole - y;
    f->width *= whole;
    f->height *= whole;
    for (int k = 0; k < S2VI_FACE_POINTS; k++) {
        f->point[k][0] = f->point[k][0] * whole - x;
        f->point[k][1] = f->point[k][1] * whole - y;
    }
}

/* ------------------------------------------------------------- squares -- */

static double angle_of(const double from[2], const double to[2])
{
    return atan2(to[1] - from[1], to[0] - from[0]);
}

s2vi_region s2vi_face_mesh_region(const s2vi_face *f)
{
    return (s2vi_region){.x = f->x,
                         .y = f->y,
                         .side = MESH_SCALE * fmax(f->width, f->height),
                         .angle = angle_of(f->point[0], f->point[1])};
}

s2vi_region s2vi_face_next_region(const double (*mesh)[2])
{
    enum { RIGHT = 33, LEFT = 263 }; /* outer corners of the eyes */
    double low[2] = {mesh[0][0], mesh[0][1]}, high[2] = {low[0], low[1]};
    for (int i = 1; i < S2VI_FACEMESH_POINTS; i++)
        for (int d = 0; d < 2; d++) {
            low[d] = fmin(low[d], mesh[i][d]);
            high[d] = fmax(high[d], mesh[i][d]);
        }
    return (s2vi_region){.x = (low[0] + high[0]) / 2,
                         .y = (low[1] + high[1]) / 2,
                         .side = MESH_SCALE *
                                 fmax(high[0] - low[0], high[1] - low[1]),
                         .angle = angle_of(mesh[RIGHT], mesh[LEFT])};
}

static void turn_to_picture(const s2vi_region *s, double cosine, double sine,
                            const double at[2], double place[2])
{
    const double u = (at[0] - 0.5) * s->side, v = (at[1] - 0.5) * s->side;
    place[0] = s->x + u * cosine - v * sine;
    place[1] = s->y + u * sine + v * cosine;
}

void s2vi_region_to_picture(const s2vi_region *s, const double at[2],
                            double place[2])
{
    turn_to_picture(s, cos(s->angle), sin(s->angle), at, place);
}

void s2vi_region_from_picture(const s2vi_region *s, const double place[2],
                              double at[2])
{
    const double x = place[0] - s->x, y = place[1] - s->y;
    const double cosine = cos(s->angle), sine = sin(s->angle);
    at[0] = (x * cosine + y * sine) / s->side + 0.5;
    at[1] = (y * cosine - x * sine) / s->side + 0.5;
}

/* Pixel i of n; -1: black. */
static int pixel_at(double i, int n, s2vi_outside outside)
{
    if (i >= 0 && i < n)
        return (int)i;
    if (outside == S2VI_OUTSIDE_BLACK)
        return -1;
    const double around = fmod(i, 2.0 * n);
    const int at = (int)(around < 0 ? around + 2.0 * n : around);
    return at < n ? at : 2 * n - 1 - at;
}

/* What lies at a place between pixels, `weight` times, on top of rgb. */
static void add_sample(const s2vi_image *p, const double place[2],
                       s2vi_outside outside, double weight, double rgb[3])
{
    const double left = floor(place[0] - 0.5), top = floor(place[1] - 0.5);
    const double right = place[0] - 0.5 - left, low = place[1] - 0.5 - top;
    for (int i = 0; i < 4; i++) {
        const int x = pixel_at(left + i % 2, p->width, outside);
        const int y = pixel_at(top + i / 2, p->height, outside);
        const double part =
            (i % 2 ? right : 1 - right) * (i / 2 ? low : 1 - low);
        if (x < 0 || y < 0)
            continue;
        const uint8_t *pixel = p->rgb + y * p->stride + (ptrdiff_t)3 * x;
        for (int c = 0; c < 3; c++)
            rgb[c] += weight * part * pixel[c];
    }
}

void s2vi_region_read(const s2vi_image *picture, const s2vi_region *square,
                      s2vi_outside outside, int samples, int side, float *out)
{
    const double weight = 1.0 / (255.0 * samples * samples);
    const double step = 1.0 / ((double)side * samples);
    const double cosine = cos(square->angle), sine = sin(square->angle);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++, out += 3) {
            double rgb[3] = {0};
            for (int i = 0; i < samples * samples; i++) {
                const double at[2] = {(x * samples + i % samples + 0.5) * step,
                                      (y * samples + i / samples + 0.5) * step};
                double place[2];
                turn_to_picture(square, cosine, sine, at, place);
                add_sample(picture, place, outside, weight, rgb);
            }
            for (int c = 0; c < 3; c++)
                out[c] = (float)rgb[c];
        }
}

/* ----------------------------------------------------------- landmarks -- */

void s2vi_face_mesh_to_picture(const float *mesh, const s2vi_region *square,
                               double (*place)[2])
{
    for (int i = 0; i < S2VI_FACEMESH_POINTS; i++) {
        const double at[2] = {mesh[3 * i] / (double)S2VI_FACEMESH_SIDE,
                              mesh[3 * i + 1] / (double)S2VI_FACEMESH_SIDE};
        s2vi_region_to_picture(square, at, place[i]);
    }
}

void s2vi_face_landmarks(const double (*mesh)[2], double (*landmark)[2])
{
    /* Jaw, brows, nose, eyes, lips; from the person's right to the left. */
    static const short number[S2VI_FACE_LANDMARKS] = {
        127, 234, 93,  132, 58,  136, 150, 176, 152, 400, 379, 365, 288, 361,
        323, 454, 356, 70,  63,  105, 66,  107, 336, 296, 334, 293, 300, 168,
        197, 5,   4,   75,  97,  2,   326, 305, 33,  160, 158, 133, 153, 144,
        362, 385, 387, 263, 373, 380, 61,  40,  37,  0,   267, 270, 291, 321,
        314, 17,  84,  91,  78,  81,  13,  311, 308, 402, 14,  178};
    for (int i = 0; i < S2VI_FACE_LANDMARKS; i++)
        memcpy(landmark[i], mesh[number[i]], sizeof(landmark[i]));
}

/* --------------------------------------------------------------- crops -- */

s2vi_region s2vi_face_crop(const double right_eye[2], const double left_eye[2],
                           double scale)
{
    const double d =
        hypot(left_eye[0] - right_eye[0], left_eye[1] - right_eye[1]);
    const double angle = angle_of(right_eye, left_eye);
    return (s2vi_region){
        .x = (right_eye[0] + left_eye[0]) / 2 - EYES_DROP * d * sin(angle),
        .y = (right_eye[1] + left_eye[1]) / 2 + EYES_DROP * d * cos(angle),
        .side = scale * d,
        .angle = angle};
}

void s2vi_face_eyes(const double (*landmark)[2], double right_eye[2],
                    double left_eye[2])
{
    enum { RIGHT = 36, LEFT = 42, POINTS = 6 };
    for (int d = 0; d < 2; d++) {
        right_eye[d] = left_eye[d] = 0;
        for (int i = 0; i < POINTS; i++) {
            right_eye[d] += landmark[RIGHT + i][d] / POINTS;
            left_eye[d] += landmark[LEFT + i][d] / POINTS;
        }
    }
}

int s2vi_face_given_crop(const s2vi_image *p, const int crop[4],
                         s2vi_region *square, s2v_error *err)
{
    const int x = crop[0], y = crop[1], width = crop[2], height = crop[3];
    if (x < 0 || y < 0 || width < 1 || height < 1 || width > p->width - x ||
        height > p->height - y)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "crop=%d:%d:%d:%d is not inside the picture, which "
                          "has %dx%d pixels",
                          x, y, width, height, p->width, p->height);
    *square = (s2vi_region){.x = x + width / 2.0,
                            .y = y + height / 2.0,
                            .side = width < height ? width : height};
    return S2V_OK;
}
