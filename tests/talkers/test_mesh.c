/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mesh: it covers all once, and its flow is exact. The picture is where the
 * landmarks are. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "clip.h"
#include "picture.h"

enum { SIZE = 64, SIDE = TALKERS_FLOW };

static double area_of(const struct mesh *m, const struct point *p, int i)
{
    const struct point a = p[m->triangle[i][0]], b = p[m->triangle[i][1]],
                       c = p[m->triangle[i][2]];

    return ((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2;
}

static void test_triangulation(void)
{
    struct talkers_dice d = {1, 0, 0};
    struct point p[104] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
    struct mesh m;
    double area = 0;

    for (int i = 4; i < 104; i++)
        p[i] = (struct point){talkers_roll(&d, 0, 1), talkers_roll(&d, 0, 1)};
    mesh_triangulate(&m, p, 104);
    for (int i = 0; i < m.count; i++)
        area += fabs(area_of(&m, p, i));
    CHECK(m.count == 2 * 104 - 2 - 4, "%d triangles", m.count);
    CHECK(fabs(area - 1) < 1e-9, "area %g", area);
    for (int i = 0; i < 104; i++) { /* of itself nothing moves */
        const struct point q = mesh_carry(&m, p, p, p[i]);
        CHECK(hypot(q.x - p[i].x, q.y - p[i].y) < 1e-9, "point %d", i);
    }
}

/* An affine movement is carried as such, to the last pixel. */
static void test_affine_flow(void)
{
    const struct point at[] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {.4, .3}};
    struct point then[5];
    struct mesh m;
    float flow[2 * 16 * 16];
    double worst = 0;

    for (int i = 0; i < 5; i++)
        then[i] = (struct point){0.9 * at[i].x - 0.1 * at[i].y + 0.05,
                                 0.2 * at[i].x + 1.1 * at[i].y - 0.02};
    mesh_triangulate(&m, at, 5);
    mesh_flow(flow, 16, &m, at, then);
    for (int i = 0; i < 256; i++) {
        const double x = (i % 16 + 0.5) / 16, y = (i / 16 + 0.5) / 16;
        const double u = (0.9 * x - 0.1 * y + 0.05 - x) * 16;
        const double v = (0.2 * x + 1.1 * y - 0.02 - y) * 16;
        worst = fmax(worst, fabs(u - (double)flow[2 * i]));
        worst = fmax(worst, fabs(v - (double)flow[2 * i + 1]));
    }
    CHECK(worst < 1e-5, "%g pixels", worst);
}

/* ------------------------------------------------------------- of a face -- */

struct talker {
    struct talkers_identity id;
    struct talkers_face *face;
    struct talkers_clip clip;
    struct talkers_picture *picture;
};

static void open_talker(struct talker *t, int number)
{
    talkers_identity_draw(&t->id, 7, number);
    t->face = g_new(struct talkers_face, 1);
    CHECK(!talkers_clip_make(&t->clip, &t->id, 3, false), "memory");
    t->picture = talkers_picture_new(&t->id, SIZE, t->face);
    CHECK(t->picture, "memory");
    talkers_face_frame_view(t->face, &t->clip.states[0]);
}

static void close_talker(struct talker *t)
{
    talkers_picture_free(&t->picture);
    talkers_clip_free(&t->clip);
    g_free(t->face);
}

/* Warping each landmark by the flow lands on the portrait's landmark: exactly
 * by the mesh, but where it folds, as at a jaw that turns away; by the map
 * within what its pixels resolve. */
static void check_flow(const struct talker *t)
{
    struct face_frame first, now;
    static float flow[2 * SIDE * SIDE];
    double sum = 0, off = 0;
    int n = 0, folded = 0;

    talkers_face_at(t->face, &t->clip.states[0], &first);
    for (int k = 5; k < t->clip.frames; k += 10) {
        talkers_face_at(t->face, &t->clip.states[k], &now);
        mesh_flow(flow, SIDE, &t->face->mesh, now.at, first.at);
        for (int i = 0; i < 60; i++, n++) { /* the inner lips lie folded */
            const struct point p = now.at[i], q = first.at[i];
            if (t->clip.states[k].face.closure > 0.2 && i >= 36 && i < 48)
                continue;
            const struct point c =
                mesh_carry(&t->face->mesh, now.at, first.at, p);
            folded += hypot(c.x - q.x, c.y - q.y) * SIDE > 1e-3;
            const int at = (int)(p.y * SIDE) * SIDE + (int)(p.x * SIDE);
            const double x = p.x * SIDE + (double)flow[2 * at];
            const double y = p.y * SIDE + (double)flow[2 * at + 1];
            sum += hypot(x - q.x * SIDE, y - q.y * SIDE);
            off = fmax(off, hypot(x - q.x * SIDE, y - q.y * SIDE));
        }
    }
    CHECK(folded * 200 < n, "%d: by the mesh %d of %d are off", t->id.number,
          folded, n);
    CHECK(sum / n < 0.12 && off < 2, "%d: by the map %g, at most %g pixels",
          t->id.number, sum / n, off);
    mesh_flow(flow, SIDE, &t->face->mesh, first.at, first.at);
    for (int i = 0; i < 2 * SIDE * SIDE; i++)
        CHECK(fabsf(flow[i]) < 1e-4f, "at rest %g", (double)flow[i]);
}

/* Eyes level, 1/4.9 apart, where they belong; the inner height is the truth. */
static void check_frame(const struct talker *t)
{
    struct face_frame f;
    double x[2] = {0, 0}, y[2] = {0, 0};

    talkers_face_at(t->face, &t->clip.states[0], &f);
    for (int i = 0; i < 12; i++) {
        x[i / 6] += f.at[36 + i].x / 6;
        y[i / 6] += f.at[36 + i].y / 6;
    }
    CHECK(fabs(x[1] - x[0] - 1 / 4.9) < 1e-9 && fabs(y[1] - y[0]) < 1e-9,
          "eyes %g, %g apart", x[1] - x[0], y[1] - y[0]);
    CHECK(fabs((x[0] + x[1]) / 2 - 0.5) < 1e-9 &&
              fabs(y[0] - 0.5 + 0.2 / 4.9) < 1e-9,
          "at %g, %g", (x[0] + x[1]) / 2, y[0]);
    for (double open = 0; open < 1; open += 0.25) {
        const struct talkers_state s = {.face = {.open = open, .jaw = open}};
        struct talkers_state shut = {.face = {.closure = 1}};
        talkers_face_at(t->face, &s, &f);
        const double scale = hypot(t->face->view.xx, t->face->view.xy);
        const double inner =
            hypot(f.at[66].x - f.at[62].x, f.at[66].y - f.at[62].y) / scale;
        const double want = 0.55 * open * talkers_face_mouth_width(t->face);
        CHECK(fabs(inner - want) < 0.03 * want + 1e-6, "open %g: %g, not %g",
              open, inner, want);
        talkers_face_at(t->face, &shut, &f);
        CHECK(hypot(f.at[37].x - f.at[41].x, f.at[37].y - f.at[41].y) <
                  0.02 * scale,
              "lids are open");
        CHECK(!f.visible[68] && !f.visible[69], "irises are seen");
    }
}

/* Lips that part and lids that fall change the picture there. */
static void check_picture(struct talker *t)
{
    const struct talkers_state rest = {.head = {0}};
    const struct talkers_state open = {.face = {.open = 0.8, .jaw = 0.8}};
    struct face_frame f;
    uint32_t before[SIZE * SIZE];
    double change[2] = {0, 0};

    memcpy(before, talkers_picture_draw(t->picture, &rest, 1), sizeof(before));
    const uint32_t *again =
        (const uint32_t *)(const void *)talkers_picture_draw(t->picture, &rest,
                                                             1);
    CHECK(!memcmp(before, again, sizeof(before)), "drawn again it differs");
    const uint32_t *after =
        (const uint32_t *)(const void *)talkers_picture_draw(t->picture, &open,
                                                             1);
    talkers_face_at(t->face, &open, &f);
    for (int i = 0; i < SIZE * SIZE; i++) {
        const double red = fabs((double)(before[i] >> 16 & 255) -
                                (double)(after[i] >> 16 & 255));
        const double y = (i / SIZE + 0.5) / SIZE;
        change[y > f.at[33].y] += red;
    }
    CHECK(change[1] > 20 * (change[0] + 1), "below the nose %g, above %g",
          change[1], change[0]);
}

int main(void)
{
    test_triangulation();
    test_affine_flow();
    for (int i = 1; i <= 5; i++) {
        struct talker t;
        open_talker(&t, i);
        check_flow(&t);
        check_frame(&t);
        check_picture(&t);
        close_talker(&t);
    }
    return check_done();
}
