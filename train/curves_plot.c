/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plot of loss curves: a panel for each group of columns, one above the
 * other over the same iterations. In each column of pixels, a band from the
 * least to the largest value, and their mean as a line.
 */
#include "curves_internal.h"
#include "picture/picture.h"

#include "base/error.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 960,
    PANEL = 200, /* height, with its margins */
    LEFT = 76,
    RIGHT = 16,
    TOP = 26,
    BOTTOM = 24,
    TICKS = 4,
    COLOURS = 5,
};

/* Okabe and Ito's, told apart by all eyes. */
static const double colour[COLOURS][3] = {
    {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45},
    {0.80, 0.47, 0.65}, {0.35, 0.35, 0.35},
};

/* A panel: columns [first, end), and where its values go. */
typedef struct panel {
    const s2vi_curves *c;
    int first, end;
    double top;       /* of its plot, pixels */
    double low, high; /* values; decimal logarithms where `log` */
    bool log;
    double start, stop; /* iterations */
} panel;

/* --------------------------------------------------------------- layout -- */

static size_t group_length(const char *name)
{
    const char *point = strchr(name, '.');
    return point ? (size_t)(point - name) : strlen(name);
}

static int group_end(const s2vi_curves *c, int first)
{
    const size_t n = group_length(c->names[first]);
    int end = first + 1;
    while (end < c->n && group_length(c->names[end]) == n &&
           !strncmp(c->names[first], c->names[end], n))
        end++;
    return end;
}

static double value_at(const panel *p, int64_t row, int column)
{
    return p->c->row[row * (1 + p->c->n) + 1 + column];
}

/* The group that begins at or after `first` and has a value; n: none. */
static int next_group(const s2vi_curves *c, int first)
{
    for (; first < c->n; first++) {
        const int end = group_end(c, first);
        for (int64_t r = 0; r < c->rows; r++)
            for (int i = first; i < end; i++)
                if (!isnan(c->row[r * (1 + c->n) + 1 + i]))
                    return first;
        first = end - 1;
    }
    return first;
}

/* The range of all values, a little wider; logarithmic where all are above 0
 * and the largest is ten times the least. */
static void measure(panel *p)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t r = 0; r < p->c->rows; r++)
        for (int i = p->first; i < p->end; i++) {
            low = fmin(low, value_at(p, r, i)); /* which pass over NaN */
            high = fmax(high, value_at(p, r, i));
        }
    if (!(low <= high))
        low = high = 0;
    p->log = low > 0 && high > 10 * low;
    if (p->log) {
        low = log10(low);
        high = log10(high);
    }
    double spare = high > low ? 0.05 * (high - low) : 0.5;
    p->low = low - spare;
    p->high = high + spare;
}

static double x_of(const panel *p, double iteration)
{
    double part = (iteration - p->start) / fmax(1, p->stop - p->start);
    return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double y_of(const panel *p, double value)
{
    double at = p->log ? log10(value) : value;
    double part = (at - p->low) / (p->high - p->low);
    return p->top + (1 - part) * (PANEL - TOP - BOTTOM);
}

/* -------------------------------------------------------------- drawing -- */

static void write_text(cairo_t *cr, double x, double y, double align,
                       const char *text)
{
    cairo_text_extents_t size;
    cairo_text_extents(cr, text, &size);
    cairo_move_to(cr, floor(x - align * size.x_advance), floor(y));
    cairo_show_text(cr, text);
}

static void draw_grid(cairo_t *cr, const panel *p)
{
    char text[32];
    for (int i = 0; i <= TICKS; i++) {
        double at = p->low + (p->high - p->low) * i / TICKS;
        double value = p->log ? pow(10, at) : at;
        double y = floor(y_of(p, value)) + 0.5;
        cairo_set_source_rgb(cr, 0.88, 0.88, 0.88);
        cairo_move_to(cr, LEFT, y);
        cairo_line_to(cr, WIDTH - RIGHT, y);
        cairo_stroke(cr);
        cairo_set_source_rgb(cr, 0.3, 0.3, 0.3);
        g_snprintf(text, sizeof(text), "%.3g", value);
        write_text(cr, LEFT - 6, y + 4, 1, text);
    }
    for (int i = 0; i <= TICKS; i++) {
        double at = round(p->start + (p->stop - p->start) * i / TICKS);
        g_snprintf(text, sizeof(text), "%.0f", at);
        write_text(cr, x_of(p, at), p->top + PANEL - TOP - BOTTOM + 15,
                   (double)i / TICKS, text);
    }
}

/* One column of pixels' values of a series. */
typedef struct bin {
    double low, high, sum;
    int n;
} bin;

static bin *bins_of(const panel *p, int column)
{
    bin *b = g_new(bin, WIDTH);
    for (int i = 0; i < WIDTH; i++)
        b[i] = (bin){.low = INFINITY, .high = -INFINITY};
    for (int64_t r = 0; r < p->c->rows; r++) {
        double value = value_at(p, r, column);
        bin *at = &b[(int)x_of(p, p->c->row[r * (1 + p->c->n)])];
        if (isnan(value))
            continue;
        at->low = fmin(at->low, value);
        at->high = fmax(at->high, value);
        at->sum += value;
        at->n++;
    }
    return b;
}

static void draw_series(cairo_t *cr, const panel *p, int column)
{
    const double *rgb = colour[(column - p->first) % COLOURS];
    bin *b = bins_of(p, column);
    int points = 0;
    cairo_set_source_rgba(cr, rgb[0], rgb[1], rgb[2], 0.25);
    for (int x = 0; x < WIDTH; x++)
        if (b[x].n > 1) {
            cairo_move_to(cr, x + 0.5, y_of(p, b[x].low));
            cairo_line_to(cr, x + 0.5, y_of(p, b[x].high));
        }
    cairo_stroke(cr);
    cairo_set_source_rgb(cr, rgb[0], rgb[1], rgb[2]);
    for (int x = 0; x < WIDTH; x++)
        if (b[x].n) {
            cairo_line_to(cr, x + 0.5, y_of(p, b[x].sum / b[x].n));
            points++;
        }
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
    for (int x = 0; x < WIDTH && points <= 60; x++)
        if (b[x].n) {
            cairo_arc(cr, x + 0.5, y_of(p, b[x].sum / b[x].n), 2.5, 0,
                      2 * G_PI);
            cairo_fill(cr);
        }
    cairo_set_line_width(cr, 1);
    g_free(b);
}

static void draw_panel(cairo_t *cr, const panel *p)
{
    double x = LEFT;
    draw_grid(cr, p);
    for (int i = p->first; i < p->end; i++)
        draw_series(cr, p, i);
    for (int i = p->first; i < p->end; i++) {
        const double *rgb = colour[(i - p->first) % COLOURS];
        cairo_text_extents_t size;
        cairo_set_source_rgb(cr, rgb[0], rgb[1], rgb[2]);
        write_text(cr, x, p->top - 8, 0, p->c->names[i]);
        cairo_text_extents(cr, p->c->names[i], &size);
        x += size.x_advance + 18;
    }
}

/* Cairo's pixels are 0xXXRRGGBB words. */
static int write_surface(const s2vi_curves *c, cairo_surface_t *surface,
                         int height, s2v_error *err)
{
    const unsigned char *from = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    uint8_t *rgb = malloc((size_t)WIDTH * (size_t)height * 3), *to = rgb;
    if (!rgb)
        return s2vi_error_nomem(err, c->png);
    for (int y = 0; y < height; y++, from += stride)
        for (int x = 0; x < WIDTH; x++) {
            uint32_t pixel;
            memcpy(&pixel, from + 4 * x, sizeof(pixel));
            *to++ = (uint8_t)(pixel >> 16);
            *to++ = (uint8_t)(pixel >> 8);
            *to++ = (uint8_t)pixel;
        }
    int ret =
        s2vi_picture_write_png(c->png, rgb, WIDTH, height, 3 * WIDTH, err);
    free(rgb);
    return ret;
}

int s2vi_curves_plot(const s2vi_curves *c, s2v_error *err)
{
    int panels = 0;
    for (int i = next_group(c, 0); i < c->n; i = next_group(c, group_end(c, i)))
        panels++;
    if (!panels)
        return S2V_OK;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, panels * PANEL);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_set_line_width(cr, 1);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, 12);
    panel p = {
        .c = c, .start = c->row[0], .stop = c->row[(c->rows - 1) * (1 + c->n)]};
    for (; p.first < c->n; p.top += PANEL, p.first = next_group(c, p.end)) {
        p.end = group_end(c, p.first);
        measure(&p);
        draw_panel(cr, &p);
    }
    cairo_surface_flush(surface);
    int ret = cairo_status(cr)
                  ? s2vi_error(err, S2V_ERR_NOMEM, "%s: cannot be drawn: %s",
                               c->png, cairo_status_to_string(cairo_status(cr)))
                  : write_surface(c, surface, panels * PANEL, err);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return ret;
}
