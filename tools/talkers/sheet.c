/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "file.h"
#include "picture.h"
#include "viseme.h"

struct sheet {
    struct render_file file; /* begun before all is drawn */
    cairo_surface_t *surface;
    int size, columns;
};

static int report(const char *path, const char *what)
{
    fprintf(stderr, "s2v-talkers: %s: cannot write the sheet: %s\n", path,
            what);
    return -1;
}

static const char no_memory[] = "not enough memory";

static void put(struct sheet *s, int cell, const uint8_t *pixels)
{
    cairo_surface_flush(s->surface);
    const int stride = cairo_image_surface_get_stride(s->surface);
    uint8_t *to = cairo_image_surface_get_data(s->surface);
    const int top = cell / s->columns * s->size, row = 4 * s->size;

    to += (size_t)top * (size_t)stride + (size_t)(cell % s->columns * row);
    for (int y = 0; y < s->size; y++)
        memcpy(to + (size_t)y * (size_t)stride,
               pixels + (size_t)y * (size_t)row, (size_t)row);
    cairo_surface_mark_dirty(s->surface);
}

static int write_sheet(struct sheet *s, const char *path)
{
    const cairo_status_t status =
        cairo_surface_write_to_png(s->surface, s->file.path);

    if (status)
        return report(path, cairo_status_to_string(status));
    const int done = render_file_commit(&s->file);
    return done < 0 ? report(path, strerror(-done)) : 0;
}

/* One frame of an identity's clip. */
static int put_identity(struct sheet *s, int cell, uint64_t seed, int number,
                        bool held_out)
{
    struct talkers_identity id;
    struct talkers_clip clip;
    struct talkers_face *face = malloc(sizeof(*face));
    const uint8_t *pixels = NULL;

    talkers_identity_draw(&id, seed, number);
    if (face && !talkers_clip_make(&clip, &id, 3, held_out)) {
        struct talkers_picture *p = talkers_picture_new(&id, s->size, face);
        const int frame = 20 + 7 * cell % 40;
        if (p) {
            talkers_face_frame_view(face, &clip.states[0]);
            pixels = talkers_picture_draw(p, &clip.states[frame], 0);
        }
        if (pixels)
            put(s, cell, pixels);
        talkers_picture_free(&p);
        talkers_clip_free(&clip);
    }
    free(face);
    return pixels ? 0 : -1;
}

static int open_sheet(struct sheet *s, const char *path, int size, int columns,
                      int rows)
{
    *s = (struct sheet){.size = size, .columns = columns};
    const int ret = render_file_open(&s->file, path);

    if (ret < 0)
        return report(path, strerror(-ret));
    s->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns * size,
                                            rows * size);
    return cairo_surface_status(s->surface) ? report(path, no_memory) : 0;
}

static void close_sheet(struct sheet *s)
{
    render_file_drop(&s->file);
    cairo_surface_destroy(s->surface);
}

int talkers_sheet(const char *path, uint64_t seed, int first, int size,
                  bool held_out)
{
    struct sheet s;
    int ret = open_sheet(&s, path, size, SHEET_SIDE, SHEET_SIDE);

    for (int i = 0; i < SHEET_SIDE * SHEET_SIDE && !ret; i++)
        if (put_identity(&s, i, seed, first + i, held_out) < 0)
            ret = report(path, no_memory);
    if (!ret)
        ret = write_sheet(&s, path);
    close_sheet(&s);
    return ret;
}

static struct talkers_state state_of(const struct viseme *v)
{
    const double open = v->target[VISEME_OPEN];
    struct talkers_state s = {.face = {.open = open,
                                       .jaw = open,
                                       .width = v->target[VISEME_WIDTH],
                                       .round = v->target[VISEME_ROUND],
                                       .teeth = v->target[VISEME_TEETH]}};

    s.face.press = v->kind == VISEME_CLOSED;
    s.face.tuck = v->kind == VISEME_BITTEN;
    s.face.tongue = v->kind == VISEME_TIP;
    return s;
}

static void put_name(struct sheet *s, int cell, const char *name)
{
    cairo_t *cr = cairo_create(s->surface);

    cairo_set_font_size(cr, s->size / 10.0);
    cairo_move_to(cr, (cell % s->columns + 0.04) * s->size,
                  (cell / s->columns + 0.95) * s->size);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_show_text(cr, name);
    cairo_destroy(cr);
}

int talkers_sheet_visemes(const char *path, uint64_t seed, int number, int size)
{
    const struct viseme *table;
    const int n = viseme_table(&table), rows = (n + 8) / 9;
    struct talkers_identity id;
    struct talkers_face *face = malloc(sizeof(*face));
    struct talkers_picture *p = NULL;
    struct sheet s;
    int ret = open_sheet(&s, path, size, 9, rows);

    talkers_identity_draw(&id, seed, number);
    if (!ret && face)
        p = talkers_picture_new(&id, size, face);
    for (int i = 0; p && i < n; i++) {
        const struct talkers_state state = state_of(&table[i]);
        const uint8_t *pixels = talkers_picture_draw(p, &state, 0);
        if (pixels) {
            put(&s, i, pixels);
            put_name(&s, i, table[i].name);
        }
    }
    if (!ret)
        ret = p ? write_sheet(&s, path) : report(path, no_memory);
    talkers_picture_free(&p);
    close_sheet(&s);
    free(face);
    return ret;
}
