/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sheet.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/stft.h"
#include "file.h"
#include "sound.h"
#include "still.h"

enum { COLUMNS = 10 };

static int report(const char *path, const char *what)
{
    fprintf(stderr, "s2v-landscapes: %s: cannot write the picture: %s\n", path,
            what);
    return -1;
}

static const char no_memory[] = "not enough memory";

static int write_surface(const char *path, cairo_surface_t *surface)
{
    struct render_file file;
    int ret = cairo_surface_status(surface) ? -1 : 0;

    if (ret < 0)
        return report(path, no_memory);
    ret = render_file_open(&file, path);
    if (ret < 0)
        return report(path, strerror(-ret));
    const cairo_status_t status =
        cairo_surface_write_to_png(surface, file.path);
    if (status) {
        render_file_drop(&file);
        return report(path, cairo_status_to_string(status));
    }
    ret = render_file_commit(&file);
    return ret < 0 ? report(path, strerror(-ret)) : 0;
}

int land_write_png(const char *path, uint8_t *pixels, int width, int height)
{
    cairo_surface_t *s = cairo_image_surface_create_for_data(
        pixels, CAIRO_FORMAT_RGB24, width, height, 4 * width);
    const int ret = write_surface(path, s);

    cairo_surface_destroy(s);
    return ret;
}

static int count_scenes(unsigned scenes)
{
    int n = 0;

    for (int i = 0; i < LAND_SCENES; i++)
        n += scenes >> i & 1;
    return n;
}

static void put_text(cairo_t *cr, double x, double y, double size,
                     const char *text)
{
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_move_to(cr, x, y);
    cairo_show_text(cr, text);
}

/* --------------------------------------------------------------- stills -- */

static int put_still(cairo_t *cr, const struct land_sheet *s, int scene,
                     int column, int row)
{
    const struct land_clip_params p = {
        .seed = s->seed,
        .scene = (enum land_scene)scene,
        .time = s->time,
        .number = s->first + column,
        .intensity =
            s->intensity < 0 ? (column + 0.5) / COLUMNS : s->intensity};
    struct land_still still;

    if (land_still_make(&still, &p, s->size) < 0)
        return -1;
    cairo_surface_t *one = cairo_image_surface_create_for_data(
        still.pixels, CAIRO_FORMAT_RGB24, s->size, s->size, 4 * s->size);
    cairo_set_source_surface(cr, one, column * s->size, row * s->size);
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0, 0, 0); /* lets go of `one` */
    cairo_surface_destroy(one);
    free(still.pixels);
    return 0;
}

int land_sheet_stills(const char *path, const struct land_sheet *s)
{
    const int rows = count_scenes(s->scenes);
    cairo_surface_t *all = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, COLUMNS * s->size, rows * s->size);
    cairo_t *cr = cairo_create(all);
    int ret = cairo_status(cr) ? report(path, no_memory) : 0, row = 0;

    for (int scene = 0; scene < LAND_SCENES && !ret; scene++) {
        if (!(s->scenes >> scene & 1))
            continue;
        for (int k = 0; k < COLUMNS && !ret; k++)
            if (put_still(cr, s, scene, k, row) < 0)
                ret = report(path, no_memory);
        row++;
    }
    cairo_destroy(cr);
    if (!ret)
        ret = write_surface(path, all);
    cairo_surface_destroy(all);
    return ret;
}

/* --------------------------------------------------------- spectrograms -- */

enum {
    FFT = 1024,
    RATE = LAND_SYNTH / 3,
    PANEL_W = 480,
    PANEL_H = 200, /* with the curve below */
    CURVE_H = 34,
    TEXT_H = 20,
    ACROSS = 3,
    DYNAMIC = 84, /* dB from black to white */
};

/* Black, violet, red, yellow, white. */
static uint32_t heat(double x)
{
    static const double stops[5][3] = {{0, 0, 16},
                                       {84, 16, 108},
                                       {212, 62, 72},
                                       {252, 176, 60},
                                       {255, 255, 220}};
    const double at = clamp(x, 0, 1) * 4;
    const int i = at < 3 ? (int)at : 3;
    uint32_t out = 0;

    for (int c = 0; c < 3; c++)
        out = out << 8 |
              (uint32_t)lrint(mix(stops[i][c], stops[i + 1][c], at - i));
    return out;
}

/* One column: rows are even on a logarithmic scale from 50 to 8000 Hz. */
static void put_column(uint32_t *to, int stride, int height,
                       const double *magnitude)
{
    for (int y = 0; y < height; y++) {
        const double hz = 50 * pow(160, 1 - (y + 0.5) / height);
        const double at = hz * FFT / RATE;
        const int bin = (int)at < FFT / 2 ? (int)at : FFT / 2 - 1;
        const double m = mix(magnitude[bin], magnitude[bin + 1], at - bin);
        const double db = 20 * log10(m / (FFT / 4.0) + 1e-9);
        to[(ptrdiff_t)y * stride] = heat(1 + db / DYNAMIC);
    }
}

static void draw_axis(cairo_t *cr, double x, double y, int height)
{
    static const struct {
        double hz;
        const char *name;
    } ticks[] = {{100, "100 Hz"}, {1000, "1 kHz"}, {4000, "4 kHz"}};

    for (int i = 0; i < 3; i++) {
        const double at = y + height * (1 - log(ticks[i].hz / 50) / log(160));
        cairo_rectangle(cr, x, at, 5, 1);
        cairo_fill(cr);
        put_text(cr, x + 8, at + 4, 10, ticks[i].name);
    }
}

static void draw_curve(cairo_t *cr, const struct land_clip *c, double x,
                       double y)
{
    cairo_new_path(cr);
    for (int i = 0; i < PANEL_W - 8; i++) {
        const double t = c->seconds * i / (PANEL_W - 8);
        cairo_line_to(cr, x + i,
                      y - (CURVE_H - 8) * land_at(c, c->intensity, t));
    }
    cairo_set_source_rgb(cr, 0.5, 0.8, 1);
    cairo_set_line_width(cr, 1.5);
    cairo_stroke(cr);
}

/* The spectrogram of 16 kHz sound, into a panel of the surface. */
static int put_panel(cairo_surface_t *all, cairo_t *cr,
                     const struct land_clip *c, int x, int y)
{
    const int height = PANEL_H - CURVE_H - TEXT_H, width = PANEL_W - 8;
    s2vi_stft *stft = s2vi_stft_create(FFT, FFT);
    size_t n;
    int16_t *sound = land_sound(c, LAND_SYNTH / RATE, &n);
    float *samples = malloc((n + FFT) * sizeof(*samples));
    const int ret = stft && sound && samples ? 0 : -1;

    if (!ret) {
        cairo_surface_flush(all);
        const int stride = cairo_image_surface_get_stride(all) / 4;
        uint32_t *to = (uint32_t *)(void *)cairo_image_surface_get_data(all) +
                       (ptrdiff_t)(y + TEXT_H) * stride + x;
        for (size_t i = 0; i < n; i++)
            samples[i] = (float)sound[i] / 32768;
        for (int i = 0; i < width; i++) {
            const size_t at = n * (size_t)i / (size_t)width;
            const size_t left = n - at < FFT ? n - at : FFT;
            put_column(to + i, stride, height,
                       s2vi_stft_column(stft, samples + at, left));
        }
        cairo_surface_mark_dirty(all);
        draw_axis(cr, x, y + TEXT_H, height);
        draw_curve(cr, c, x, y + PANEL_H - 4);
    }
    s2vi_stft_close(&stft);
    free(sound);
    free(samples);
    return ret;
}

static int put_scene(cairo_surface_t *all, cairo_t *cr,
                     const struct land_sheet *s, int scene, int cell)
{
    const struct land_clip_params p = {.seed = s->seed,
                                       .scene = (enum land_scene)scene,
                                       .time = s->time,
                                       .number = s->first,
                                       .seconds = s->seconds,
                                       .intensity = s->intensity};
    const int x = cell % ACROSS * PANEL_W + 4, y = cell / ACROSS * PANEL_H;
    struct land_clip c;
    char text[160], caption[128];

    if (land_clip_make(&c, &p) < 0)
        return -1;
    land_caption(caption, sizeof(caption), &c, land_mean(&c, c.intensity));
    snprintf(text, sizeof(text), "%s: %s", land_kind(p.scene)->name, caption);
    put_text(cr, x + 2, y + TEXT_H - 6, 13, text);
    const int ret = put_panel(all, cr, &c, x, y);
    land_clip_free(&c);
    return ret;
}

int land_sheet_spectrograms(const char *path, const struct land_sheet *s)
{
    const int rows = (count_scenes(s->scenes) + ACROSS - 1) / ACROSS;
    cairo_surface_t *all = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, ACROSS * PANEL_W, rows * PANEL_H);
    cairo_t *cr = cairo_create(all);
    int ret = cairo_status(cr) ? report(path, no_memory) : 0, cell = 0;

    cairo_set_source_rgb(cr, 0.1, 0.1, 0.13);
    cairo_paint(cr);
    for (int scene = 0; scene < LAND_SCENES && !ret; scene++)
        if (s->scenes >> scene & 1 && put_scene(all, cr, s, scene, cell++) < 0)
            ret = report(path, no_memory);
    cairo_destroy(cr);
    if (!ret)
        ret = write_surface(path, all);
    cairo_surface_destroy(all);
    return ret;
}
