/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truth.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "weights/weights.h"

enum { FLOW = 2 * TALKERS_FLOW * TALKERS_FLOW, FACE = 12, PATH = 4096 };

/* ------------------------------------------------------------- numbers -- */

struct numbers {
    float *landmarks, *irises, *q, *face, *mesh, *portrait, *previous;
    uint8_t *visible;
    int32_t *triangles;
};

static int open_numbers(struct numbers *n, size_t frames,
                        const struct talkers_face *f)
{
    const size_t number = sizeof(float);

    n->landmarks = malloc(frames * TALKERS_LANDMARKS * 2 * number);
    n->irises = malloc(frames * 4 * number);
    n->q = malloc(frames * 4 * number);
    n->face = malloc(frames * FACE * number);
    n->mesh = malloc(frames * (size_t)f->count * 2 * number);
    n->portrait = malloc(frames * FLOW * number);
    n->previous = malloc(frames * FLOW * number);
    n->visible = malloc(frames * (TALKERS_LANDMARKS + 2));
    n->triangles = malloc((size_t)f->mesh.count * 3 * sizeof(int32_t));
    return n->landmarks && n->irises && n->q && n->face && n->mesh &&
                   n->portrait && n->previous && n->visible && n->triangles
               ? 0
               : -1;
}

static void free_numbers(struct numbers *n)
{
    free(n->landmarks);
    free(n->irises);
    free(n->q);
    free(n->face);
    free(n->mesh);
    free(n->portrait);
    free(n->previous);
    free(n->visible);
    free(n->triangles);
}

static void put_points(float *to, const struct point *p, int n, int size)
{
    for (int i = 0; i < n; i++) {
        to[2 * i] = (float)(p[i].x * size);
        to[2 * i + 1] = (float)(p[i].y * size);
    }
}

static void put_state(float *q, float *face, const struct talkers_state *s)
{
    const struct talkers_expression *e = &s->face;
    const double all[FACE] = {e->open,    e->width, e->round,  e->teeth,
                              e->press,   e->tuck,  e->tongue, e->jaw,
                              e->closure, e->brow,  e->gaze_x, e->gaze_y};

    q[0] = (float)e->closure;
    q[1] = (float)(s->head.yaw / 20);
    q[2] = (float)(s->head.pitch / 20);
    q[3] = (float)(s->head.roll / 20);
    for (int i = 0; i < FACE; i++)
        face[i] = (float)all[i];
}

static void fill_numbers(struct numbers *n, const struct talkers_clip *c,
                         const struct talkers_face *f, int size)
{
    struct face_frame first, last, now;

    talkers_face_at(f, &c->states[0], &first);
    last = first;
    for (int t = 0; t < c->frames; t++) {
        const size_t at = (size_t)t;
        talkers_face_at(f, &c->states[t], &now);
        put_points(n->landmarks + at * TALKERS_LANDMARKS * 2, now.at,
                   TALKERS_LANDMARKS, size);
        put_points(n->irises + at * 4, now.iris, 2, size);
        put_points(n->mesh + at * (size_t)f->count * 2, now.at, f->count, size);
        put_state(n->q + at * 4, n->face + at * FACE, &c->states[t]);
        for (int i = 0; i < TALKERS_LANDMARKS + 2; i++)
            n->visible[at * (TALKERS_LANDMARKS + 2) + (size_t)i] =
                now.visible[i];
        mesh_flow(n->portrait + at * FLOW, TALKERS_FLOW, &f->mesh, now.at,
                  first.at);
        mesh_flow(n->previous + at * FLOW, TALKERS_FLOW, &f->mesh, last.at,
                  now.at);
        last = now;
    }
    for (int i = 0; i < 3 * f->mesh.count; i++)
        n->triangles[i] = f->mesh.triangle[i / 3][i % 3];
}

static int write_numbers(const char *path, const struct numbers *n, int frames,
                         const struct talkers_face *f, s2v_error *err)
{
    const int64_t t = frames, side = TALKERS_FLOW;
    s2vi_writer *w = NULL;

    if (s2vi_writer_create(&w, path, err) < 0)
        return -1;
    s2vi_writer_add(w, "landmarks", S2VI_STORED_F32, 3,
                    (int64_t[]){t, TALKERS_LANDMARKS, 2}, n->landmarks, err);
    s2vi_writer_add(w, "irises", S2VI_STORED_F32, 3, (int64_t[]){t, 2, 2},
                    n->irises, err);
    s2vi_writer_add_raw(w, "visible", S2VI_STORED_U8, 2,
                        (int64_t[]){t, TALKERS_LANDMARKS + 2}, n->visible, err);
    s2vi_writer_add(w, "q", S2VI_STORED_F32, 2, (int64_t[]){t, 4}, n->q, err);
    s2vi_writer_add(w, "face", S2VI_STORED_F32, 2, (int64_t[]){t, FACE},
                    n->face, err);
    s2vi_writer_add(w, "mesh", S2VI_STORED_F32, 3, (int64_t[]){t, f->count, 2},
                    n->mesh, err);
    s2vi_writer_add_raw(w, "triangles", S2VI_STORED_I32, 2,
                        (int64_t[]){f->mesh.count, 3}, n->triangles, err);
    s2vi_writer_add(w, "flow_portrait", S2VI_STORED_F16, 4,
                    (int64_t[]){t, side, side, 2}, n->portrait, err);
    s2vi_writer_add(w, "flow_previous", S2VI_STORED_F16, 4,
                    (int64_t[]){t, side, side, 2}, n->previous, err);
    return s2vi_writer_commit(&w, err);
}

/* --------------------------------------------------------------- words -- */

static json_t *describe_segments(const struct talkers_speech *s)
{
    json_t *list = json_array();

    for (int i = 0; i < s->count; i++)
        json_array_append_new(list, json_pack("[s, f, f]", s->segments[i].name,
                                              s->segments[i].start,
                                              s->segments[i].end));
    return list;
}

static json_t *describe_blinks(const struct talkers_clip *c)
{
    json_t *list = json_array();

    for (int i = 0; i < c->blink_count; i++) {
        const struct talkers_blink *b = &c->blinks[i];
        json_array_append_new(
            list, json_pack("[f, f]", b->start,
                            b->start + b->close + b->shut + b->open));
    }
    return list;
}

static json_t *describe(const struct talkers_clip *c,
                        const struct talkers_face *f,
                        const struct talkers_truth_params *p)
{
    const struct talkers_speech *s = &c->speech;
    char seed[24];

    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)p->seed);
    json_t *voice =
        json_pack("{s:s, s:f, s:f, s:f}", "name", s->voice, "stretch",
                  s->stretch, "rate", s->rate, "tilt", s->tilt);
    return json_pack(
        "{s:s, s:s, s:i, s:b, s:f, s:i, s:i, s:i, s:i, s:o, s:s, s:f, s:o, "
        "s:o}",
        "clip", p->clip, "seed", seed, "identity", f->id->number, "held_out",
        p->held_out, "motion", p->motion, "size", p->size, "fps", TALKERS_FPS,
        "rate", TALKERS_RATE, "frames", c->frames, "voice", voice, "text",
        s->text, "opening", f->id->opening, "segments", describe_segments(s),
        "blinks", describe_blinks(c));
}

/* 0 or -errno. */
static int write_json(const json_t *root, const char *path)
{
    struct render_file file;
    int ret = render_file_open(&file, path);

    if (ret < 0)
        return ret;
    errno = 0;
    if (json_dump_file(root, file.path,
                       JSON_INDENT(1) | JSON_REAL_PRECISION(9)) < 0) {
        ret = errno ? -errno : -EIO;
        render_file_drop(&file);
        return ret;
    }
    return render_file_commit(&file);
}

static int write_words(const char *path, const struct talkers_clip *c,
                       const struct talkers_face *f,
                       const struct talkers_truth_params *p)
{
    json_t *root = describe(c, f, p);
    const int ret = root ? write_json(root, path) : -ENOMEM;

    json_decref(root);
    if (ret < 0)
        fprintf(stderr, "s2v-talkers: %s: cannot write the truth: %s\n", path,
                strerror(-ret));
    return ret < 0 ? -1 : 0;
}

int talkers_truth_write(const char *stem, const struct talkers_clip *c,
                        const struct talkers_face *f,
                        const struct talkers_truth_params *p)
{
    struct numbers n = {0};
    s2v_error err = {0};
    char path[PATH];

    if (open_numbers(&n, (size_t)c->frames, f) < 0) {
        free_numbers(&n);
        fprintf(stderr, "s2v-talkers: not enough memory\n");
        return -1;
    }
    fill_numbers(&n, c, f, p->size);
    snprintf(path, sizeof(path), "%s.safetensors", stem);
    const int ret = write_numbers(path, &n, c->frames, f, &err);
    free_numbers(&n);
    if (ret < 0) {
        fprintf(stderr, "s2v-talkers: %s\n", err.message);
        return -1;
    }
    snprintf(path, sizeof(path), "%s.json", stem);
    return write_words(path, c, f, p);
}
