/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of a talking head in the whole image. Places are in parts of the
 * crop's side, from its upper left corner. */
#include "session/man_paste.h"

#include "video/pixel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRID = 512, /* side of a mask, which is read between its points */
    LANES = 4,  /* numbers of a pixel: R, G, B and none */
    OVAL = 36,  /* points of FaceMesh's oval */
};

#define PI     3.14159265358979323846
#define WIDER  1.12 /* the oval */
#define BORDER 0.08 /* of the distance of the eyes */
#define NECK   0.35 /* of it: by how much the chin's mask is lower */
#define EDGE   0.03 /* of the crop: nothing is seen of its edge */
#define CORNER 0.2  /* of the crop: radius of a given one's corners */
#define GIVEN  0.08 /* of the crop: a given one's border */

/* Places in the crop from pixels of the box, or back. */
typedef struct affine {
    double origin[2], right[2], down[2];
} affine;

struct s2vi_man_paste {
    s2vi_region crop;
    affine to_crop, to_box;
    int side;
    int width, height;   /* of the image */
    uint8_t *rgb;        /* it, with the frame in it */
    int x, y, w, h;      /* the part of it in which the crop lies: */
    uint8_t *box;        /* (h,w,3): as it was */
    uint8_t *alpha;      /* (h,w): the mask */
    uint8_t *weight;     /* (h,w): of the detail; NULL: none */
    float *small, *made; /* (side,side,4): the portrait, a frame */
};

/* ---------------------------------------------------------------- masks -- */

/* 0 to 1 over a width. */
static double raised(double distance, double width)
{
    const double t = distance / width;
    return t <= 0 ? 0 : t >= 1 ? 1 : 0.5 - 0.5 * cos(PI * t);
}

static double to_segment(const double p[2], const double a[2],
                         const double b[2])
{
    const double x = b[0] - a[0], y = b[1] - a[1], n = x * x + y * y;
    const double along =
        n > 0 ? ((p[0] - a[0]) * x + (p[1] - a[1]) * y) / n : 0;
    const double t = fmax(0, fmin(along, 1));
    return hypot(p[0] - a[0] - t * x, p[1] - a[1] - t * y);
}

/* How far inside of a polygon; negative: outside. */
static double depth(const double (*polygon)[2], int n, const double p[2])
{
    double nearest = INFINITY;
    bool inside = false;
    for (int i = 0, j = n - 1; i < n; j = i++) {
        const double *a = polygon[i], *b = polygon[j];
        nearest = fmin(nearest, to_segment(p, a, b));
        if ((a[1] > p[1]) != (b[1] > p[1]) &&
            p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0])
            inside = !inside;
    }
    return inside ? nearest : -nearest;
}

/* Points moved away from their middle. */
static void widen(double (*polygon)[2], int n, double factor)
{
    double middle[2] = {0};
    for (int i = 0; i < n; i++)
        for (int d = 0; d < 2; d++)
            middle[d] += polygon[i][d] / n;
    for (int i = 0; i < n; i++)
        for (int d = 0; d < 2; d++)
            polygon[i][d] = middle[d] + factor * (polygon[i][d] - middle[d]);
}

/* The distance of the eyes. */
static double unit_of(const s2vi_man_portrait *p)
{
    double right[2], left[2];
    s2vi_face_eyes((const double(*)[2])p->landmark, right, left);
    return hypot(left[0] - right[0], left[1] - right[1]);
}

static void oval_of(const s2vi_man_portrait *p, double (*oval)[2])
{
    static const short number[OVAL] = {
        10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
        397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
        172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
    const double top = p->mesh[10][1], chin = p->mesh[152][1];
    const double unit = unit_of(p);
    for (int i = 0; i < OVAL; i++)
        memcpy(oval[i], p->mesh[number[i]], sizeof(oval[i]));
    widen(oval, OVAL, WIDER);
    for (int i = 0; i < OVAL; i++) {
        const double low = (oval[i][1] - top) / (chin - top);
        oval[i][1] += NECK * unit * raised(low - 0.5, 0.5);
    }
}

static double given_mask(const double p[2])
{
    const double x = fabs(p[0] - 0.5) - (0.5 - CORNER);
    const double y = fabs(p[1] - 0.5) - (0.5 - CORNER);
    const double out = hypot(fmax(x, 0), fmax(y, 0)) + fmin(fmax(x, y), 0);
    return raised(CORNER - out, GIVEN);
}

static double edge_mask(const double p[2])
{
    const double x = fmin(p[0], 1 - p[0]), y = fmin(p[1], 1 - p[1]);
    return raised(fmin(x, y), EDGE);
}

static void fill_mask(const s2vi_man_portrait *p, float *mask)
{
    double oval[OVAL][2];
    const double border = p->has_landmarks ? BORDER * unit_of(p) : 0;
    if (p->has_landmarks)
        oval_of(p, oval);
    for (int i = 0; i < GRID * GRID; i++) {
        const double at[2] = {(i % GRID + 0.5) / GRID, (i / GRID + 0.5) / GRID};
        const double face =
            p->has_landmarks
                ? raised(depth((const double(*)[2])oval, OVAL, at), border)
                : given_mask(at);
        mask[i] = (float)(face * edge_mask(at));
    }
}

/* Where the portrait's detail stays: beyond mouth and lids. */
static void fill_detail(const s2vi_man_portrait *p, float *mask)
{
    enum { RIGHT = 36, LEFT = 42, EYE = 6, MOUTH = 48, LIPS = 12 };
    double right[EYE][2], left[EYE][2], mouth[LIPS][2];
    const double border = 0.15 * unit_of(p);
    memcpy(right, p->landmark[RIGHT], sizeof(right));
    memcpy(left, p->landmark[LEFT], sizeof(left));
    memcpy(mouth, p->landmark[MOUTH], sizeof(mouth));
    widen(right, EYE, 1.4);
    widen(left, EYE, 1.4);
    widen(mouth, LIPS, 1.2);
    for (int i = 0; i < GRID * GRID; i++) {
        const double at[2] = {(i % GRID + 0.5) / GRID, (i / GRID + 0.5) / GRID};
        const double inside =
            fmax(depth((const double(*)[2])mouth, LIPS, at),
                 fmax(depth((const double(*)[2])right, EYE, at),
                      depth((const double(*)[2])left, EYE, at)));
        mask[i] = (float)raised(-inside, border);
    }
}

/* -------------------------------------------------------------- reading -- */

static int at_most(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

/* A square of numbers, `lanes` a pixel, between its pixels. */
static void read_linear(const float *square, int side, int lanes,
                        const double at[2], float *out)
{
    const double x = at[0] * side - 0.5, y = at[1] * side - 0.5;
    const double left = floor(x), top = floor(y);
    const float fx = (float)(x - left), fy = (float)(y - top);
    const int x0 = at_most((int)left, side), x1 = at_most((int)left + 1, side);
    const int y0 = at_most((int)top, side), y1 = at_most((int)top + 1, side);
    const float *a = square + (size_t)(y0 * side + x0) * (size_t)lanes;
    const float *b = square + (size_t)(y0 * side + x1) * (size_t)lanes;
    const float *c = square + (size_t)(y1 * side + x0) * (size_t)lanes;
    const float *d = square + (size_t)(y1 * side + x1) * (size_t)lanes;
    for (int i = 0; i < lanes; i++)
        out[i] = (1 - fy) * ((1 - fx) * a[i] + fx * b[i]) +
                 fy * ((1 - fx) * c[i] + fx * d[i]);
}

/* Catmull and Rom's. */
static void cubic_weights(float t, float w[4])
{
    w[0] = t * (-0.5f + t * (1.0f - 0.5f * t));
    w[1] = 1.0f + t * t * (-2.5f + 1.5f * t);
    w[2] = t * (0.5f + t * (2.0f - 1.5f * t));
    w[3] = t * t * (-0.5f + 0.5f * t);
}

/* (side,side,4) between its pixels. */
static void read_cubic(const float *square, int side, const double at[2],
                       float out[LANES])
{
    const double x = at[0] * side - 0.5, y = at[1] * side - 0.5;
    const double left = floor(x), top = floor(y);
    float wx[4], wy[4], sum[LANES] = {0};
    size_t column[4];
    cubic_weights((float)(x - left), wx);
    cubic_weights((float)(y - top), wy);
    for (int j = 0; j < 4; j++)
        column[j] = (size_t)at_most((int)left - 1 + j, side) * LANES;
    for (int i = 0; i < 4; i++) {
        const float *row = square + (size_t)at_most((int)top - 1 + i, side) *
                                        (size_t)side * LANES;
        float across[LANES] = {0};
        for (int j = 0; j < 4; j++)
            for (int k = 0; k < LANES; k++)
                across[k] += wx[j] * row[column[j] + (size_t)k];
        for (int k = 0; k < LANES; k++)
            sum[k] += wy[i] * across[k];
    }
    memcpy(out, sum, sizeof(sum));
}

static void pad_lanes(const float *rgb, int side, float *out)
{
    for (int i = 0; i < side * side; i++)
        for (int c = 0; c < 3; c++)
            out[LANES * i + c] = rgb[3 * i + c];
}

/* ------------------------------------------------------------- creation -- */

/* The part of the image in which the turned square lies. */
static void find_box(s2vi_man_paste *p)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++) {
        const double at[2] = {i % 2, i / 2 % 2};
        double place[2];
        s2vi_region_to_picture(&p->crop, at, place);
        for (int d = 0; d < 2; d++) {
            low[d] = fmin(low[d], place[d]);
            high[d] = fmax(high[d], place[d]);
        }
    }
    p->x = (int)fmax(floor(low[0]), 0);
    p->y = (int)fmax(floor(low[1]), 0);
    p->w = (int)fmin(ceil(high[0]), p->width) - p->x;
    p->h = (int)fmin(ceil(high[1]), p->height) - p->y;
}

static void apply(const affine *a, const double from[2], double to[2])
{
    for (int d = 0; d < 2; d++)
        to[d] = a->origin[d] + from[0] * a->right[d] + from[1] * a->down[d];
}

static affine affine_of(const double at[3][2])
{
    affine a;
    for (int d = 0; d < 2; d++) {
        a.origin[d] = at[0][d];
        a.right[d] = at[1][d] - at[0][d];
        a.down[d] = at[2][d] - at[0][d];
    }
    return a;
}

/* By where three places are. */
static void find_ways(s2vi_man_paste *p)
{
    double there[3][2], back[3][2];
    for (int i = 0; i < 3; i++) {
        const double at[2] = {i == 1, i == 2};
        const double place[2] = {p->x + at[0], p->y + at[1]};
        s2vi_region_from_picture(&p->crop, place, there[i]);
        s2vi_region_to_picture(&p->crop, at, back[i]);
        back[i][0] -= p->x;
        back[i][1] -= p->y;
    }
    p->to_crop = affine_of((const double(*)[2])there);
    p->to_box = affine_of((const double(*)[2])back);
}

/* Where a pixel of the box lies in the crop. */
static void locate(const s2vi_man_paste *p, int x, int y, double at[2])
{
    const double middle[2] = {x + 0.5, y + 0.5};
    apply(&p->to_crop, middle, at);
}

static void spread(const s2vi_man_paste *p, const float *mask, uint8_t *out)
{
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++) {
            double at[2];
            float value = 0;
            locate(p, x, y, at);
            if (at[0] > 0 && at[0] < 1 && at[1] > 0 && at[1] < 1)
                read_linear(mask, GRID, 1, at, &value);
            *out++ = (uint8_t)(255 * value + 0.5f);
        }
}

static void copy_image(s2vi_man_paste *p, const s2vi_image *image)
{
    const size_t row = (size_t)p->width * 3, part = (size_t)p->w * 3;
    for (int y = 0; y < p->height; y++)
        memcpy(p->rgb + (size_t)y * row, image->rgb + y * image->stride, row);
    for (int y = 0; y < p->h; y++)
        memcpy(p->box + (size_t)y * part,
               p->rgb + (size_t)(p->y + y) * row + (size_t)p->x * 3, part);
}

static bool allocate(s2vi_man_paste *p, bool detail)
{
    const size_t pixels = (size_t)p->w * (size_t)p->h;
    const size_t square = (size_t)p->side * (size_t)p->side * LANES;
    p->rgb = malloc((size_t)p->width * (size_t)p->height * 3);
    p->box = malloc(pixels * 3);
    p->alpha = malloc(pixels);
    p->weight = detail ? malloc(pixels) : NULL;
    p->small = calloc(square, sizeof(*p->small));
    p->made = calloc(square, sizeof(*p->made));
    return p->rgb && p->box && p->alpha && (p->weight || !detail) && p->small &&
           p->made;
}

int s2vi_man_paste_create(s2vi_man_paste **out, const s2vi_image *image,
                          const s2vi_man_portrait *portrait, const float *small,
                          int side, bool detail, s2v_error *err)
{
    *out = NULL;
    if (detail && !portrait->has_landmarks)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "detail=1 needs a face that is found in the image, "
                          "and its landmarks; leave it out with crop=");
    s2vi_man_paste *p = *out = calloc(1, sizeof(*p));
    float *mask = malloc(sizeof(*mask) * GRID * GRID);
    if (p) {
        p->crop = portrait->crop;
        p->side = side;
        p->width = image->width;
        p->height = image->height;
        find_box(p);
        find_ways(p);
    }
    if (!p || !mask || !allocate(p, detail)) {
        free(mask);
        s2vi_man_paste_close(out);
        return s2vi_error_nomem(err, "the image");
    }
    copy_image(p, image);
    pad_lanes(small, side, p->small);
    fill_mask(portrait, mask);
    spread(p, mask, p->alpha);
    if (detail) {
        fill_detail(portrait, mask);
        spread(p, mask, p->weight);
    }
    free(mask);
    return S2V_OK;
}

void s2vi_man_paste_close(s2vi_man_paste **out)
{
    s2vi_man_paste *p = out ? *out : NULL;
    if (!p)
        return;
    free(p->rgb);
    free(p->box);
    free(p->alpha);
    free(p->weight);
    free(p->small);
    free(p->made);
    free(p);
    *out = NULL;
}

void s2vi_man_paste_size(const s2vi_man_paste *p, int *width, int *height)
{
    *width = p->width;
    *height = p->height;
}

/* --------------------------------------------------------------- frames -- */

/* The image itself there, in [-1, 1], between its pixels. */
static void read_image(const s2vi_man_paste *p, const double at[2],
                       float rgb[3])
{
    double place[2];
    apply(&p->to_box, at, place);
    const double x = place[0] - 0.5, y = place[1] - 0.5;
    const double left = floor(x), top = floor(y);
    for (int c = 0; c < 3; c++)
        rgb[c] = -1;
    for (int i = 0; i < 4; i++) {
        const int dx = i % 2, dy = i / 2;
        const size_t at_y = (size_t)at_most((int)top + dy, p->h);
        const size_t at_x = (size_t)at_most((int)left + dx, p->w);
        const uint8_t *pixel = p->box + 3 * (at_y * (size_t)p->w + at_x);
        const double part = (dx ? x - left : 1 - (x - left)) *
                            (dy ? y - top : 1 - (y - top)) / 127.5;
        for (int c = 0; c < 3; c++)
            rgb[c] += (float)part * pixel[c];
    }
}

/* What the portrait has there that the model's resolution loses. */
static void add_detail(const s2vi_man_paste *p, const double at[2],
                       const float *flow, int flow_side, float weight,
                       float *value)
{
    float moved[2] = {0}, image[3], small[LANES];
    if (flow)
        read_linear(flow, flow_side, 2, at, moved);
    /* Untrained weights may give anything. */
    const double from[2] = {at[0] + fmax(-1, fmin((double)moved[0], 1)),
                            at[1] + fmax(-1, fmin((double)moved[1], 1))};
    read_image(p, from, image);
    read_cubic(p->small, p->side, from, small);
    for (int c = 0; c < 3; c++)
        value[c] += weight * (image[c] - small[c]);
}

static void blend(const float *value, float alpha, const uint8_t *before,
                  uint8_t *out)
{
    for (int c = 0; c < 3; c++) {
        const float old = s2vi_pixel_value(before[c]);
        out[c] = s2vi_pixel_byte(old + alpha * (value[c] - old));
    }
}

static void make_row(s2vi_man_paste *p, int y, const float *flow, int flow_side)
{
    const size_t first = (size_t)y * (size_t)p->w;
    uint8_t *out =
        p->rgb + ((size_t)(p->y + y) * (size_t)p->width + (size_t)p->x) * 3;
    for (int x = 0; x < p->w; x++) {
        const size_t i = first + (size_t)x;
        double at[2];
        float value[LANES];
        if (!p->alpha[i])
            continue;
        locate(p, x, y, at);
        read_cubic(p->made, p->side, at, value);
        if (p->weight && p->weight[i])
            add_detail(p, at, flow, flow_side, p->weight[i] / 255.0f, value);
        blend(value, p->alpha[i] / 255.0f, p->box + 3 * i, out + 3 * x);
    }
}

void s2vi_man_paste_make(s2vi_man_paste *p, const float *video,
                         const float *flow, int flow_side,
                         s2v_video_frame *frame)
{
    pad_lanes(video, p->side, p->made);
    for (int y = 0; y < p->h; y++)
        make_row(p, y, flow, flow_side);
    frame->data = p->rgb;
    frame->stride = (ptrdiff_t)p->width * 3;
    frame->width = p->width;
    frame->height = p->height;
}
