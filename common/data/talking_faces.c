/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faces of real clips.
 *
 * From landmarks to controls, where nothing better is at hand:
 * - The eyes' closure is s2vi_eye_closures(): 1 where those of a blink are
 * shut, as a stream's blinks have it.
 * - Roll is that of the line between the eyes. Yaw and pitch are from the tip
 *   of the nose, which stands out by 0.6 distances of the eyes, beside and
 *   below the middle of eyes and mouth; pitch relative to the clip's median.
 */
#include "data/talking_faces.h"

#include "base/error.h"
#include "data/face_tracker.h"
#include "data/mesh.h"
#include "weights/weights.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARKS = S2VI_FACE_MARKS,
    MESH = S2VI_FACE_MESH,
    BORDER = 16, /* points along the crop's edges, which stay */
    POINTS = MESH + BORDER,
    LEAST_SIDE = 256,
};

static const double NOSE = 0.6, UNIT = 20;
static const double DEGREE = 57.29577951308232;

/* What the networks find in a clip. */
typedef struct found {
    s2vi_head_crop crop;
    double (*marks)[MARKS][2]; /* (T), in sides of the crop */
    double (*mesh)[MESH][2];   /* (T) */
    int64_t frames, seen;
} found;

int s2vi_talking_faces_side(int S)
{
    return 2 * S > LEAST_SIDE ? 2 * S : LEAST_SIDE;
}

/* --------------------------------------------------------------- finding -- */

static void place_all(const s2vi_head_crop *crop, double (*point)[2], int n)
{
    for (int i = 0; i < n; i++)
        s2vi_head_crop_place(crop, point[i], point[i]);
}

/* Of frame t; where it is lost, those before it. */
static int find_in_frame(found *f, s2vi_face_tracker *tracker,
                         const s2vi_clip *clip, int64_t t, s2v_error *err)
{
    const size_t bytes = (size_t)clip->size * (size_t)clip->size * 3;
    s2vi_face_marks marks;
    const int ret = s2vi_face_tracker_next(
        tracker, clip->rgb + (size_t)t * bytes, clip->size, marks, err);
    if (ret < 0)
        return ret;
    if (isnan(marks[0][0]) && t > 0) {
        memcpy(f->marks[t], f->marks[t - 1], sizeof(*f->marks));
        memcpy(f->mesh[t], f->mesh[t - 1], sizeof(*f->mesh));
        return S2V_OK;
    }
    f->seen += !isnan(marks[0][0]);
    s2vi_face_tracker_mesh(tracker, f->mesh[t]);
    memcpy(f->marks[t], marks, sizeof(*f->marks));
    place_all(&f->crop, f->marks[t], MARKS);
    place_all(&f->crop, f->mesh[t], MESH);
    return S2V_OK;
}

/* To what the cache holds: what is read again is the same. */
static void round_numbers(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(float)x[i];
}

static void round_found(found *f)
{
    const size_t T = (size_t)f->frames;
    double crop[4] = {f->crop.x, f->crop.y, f->crop.side, f->crop.angle};
    round_numbers(crop, 4);
    f->crop = (s2vi_head_crop){crop[0], crop[1], crop[2], crop[3]};
    round_numbers(&f->marks[0][0][0], T * MARKS * 2);
    round_numbers(&f->mesh[0][0][0], T * MESH * 2);
}

static int find_all(found *f, const s2vi_clip *clip, bool crop, s2v_error *err)
{
    s2vi_face_tracker *tracker = NULL;
    int ret = s2vi_face_tracker_open(&tracker, "face.bin", "cpu", err);
    if (ret < 0)
        return ret;
    ret = s2vi_face_tracker_start(tracker, clip->rgb, clip->size, clip->path,
                                  &f->crop, err);
    if (crop)
        f->crop = s2vi_head_crop_all(clip->size);
    for (int64_t t = 0; t < clip->frames && !ret; t++)
        ret = find_in_frame(f, tracker, clip, t, err);
    s2vi_face_tracker_close(&tracker);
    if (!ret)
        round_found(f);
    return ret;
}

/* ----------------------------------------------------------------- cache -- */

static char *cache_path(const s2vi_clip *clip, bool crop)
{
    char *name =
        g_strdup_printf("%s%s.safetensors", clip->hash, crop ? "-crop" : "");
    char *path =
        g_build_filename(g_get_user_cache_dir(), "s2v", "faces", name, NULL);
    g_free(name);
    return path;
}

/* Numbers of a tensor of this size, as doubles; false: it is not there. */
static bool read_doubles(const s2v_weights *w, const char *name, size_t n,
                         double *out)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    float *values = t && t->count == n ? malloc(n * sizeof(*values)) : NULL;
    const bool good = values && s2vi_weights_read_f32(w, t, values, NULL) >= 0;
    for (size_t i = 0; i < n && good; i++)
        out[i] = (double)values[i];
    free(values);
    return good;
}

static bool read_cache(found *f, const s2vi_clip *clip, bool crop)
{
    char *path = cache_path(clip, crop);
    s2v_weights *w = NULL;
    double region[5];
    const size_t T = (size_t)f->frames;
    bool good =
        g_file_test(path, G_FILE_TEST_EXISTS) &&
        s2v_weights_open(&w, path, NULL) >= 0 &&
        read_doubles(w, "crop", 5, region) &&
        read_doubles(w, "landmarks", T * MARKS * 2, &f->marks[0][0][0]) &&
        read_doubles(w, "mesh", T * MESH * 2, &f->mesh[0][0][0]);
    if (good) {
        f->crop = (s2vi_head_crop){region[0], region[1], region[2], region[3]};
        f->seen = (int64_t)region[4];
    }
    s2v_weights_close(&w);
    g_free(path);
    return good;
}

static int add(s2vi_writer *w, const char *name, int rank, const int64_t *shape,
               const double *values, s2v_error *err)
{
    size_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= (size_t)shape[i];
    float *as = malloc(n * sizeof(*as));
    if (!as)
        return s2vi_error_nomem(err, name);
    for (size_t i = 0; i < n; i++)
        as[i] = (float)values[i];
    const int ret =
        s2vi_writer_add(w, name, S2VI_STORED_F32, rank, shape, as, err);
    free(as);
    return ret;
}

/* A cache that cannot be written is none: the next time it is found again. */
static void write_cache(const found *f, const s2vi_clip *clip, bool crop)
{
    char *path = cache_path(clip, crop), *folder = g_path_get_dirname(path);
    const double region[5] = {f->crop.x, f->crop.y, f->crop.side, f->crop.angle,
                              (double)f->seen};
    s2vi_writer *w = NULL;
    g_mkdir_with_parents(folder, 0777);
    if (s2vi_writer_create(&w, path, NULL) >= 0) {
        add(w, "crop", 1, (int64_t[]){5}, region, NULL);
        add(w, "landmarks", 3, (int64_t[]){f->frames, MARKS, 2},
            &f->marks[0][0][0], NULL);
        add(w, "mesh", 3, (int64_t[]){f->frames, MESH, 2}, &f->mesh[0][0][0],
            NULL);
        s2vi_writer_commit(&w, NULL);
    }
    g_free(folder);
    g_free(path);
}

/* -------------------------------------------------------------- controls -- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value that a part of them is below; they are left in order. */
static double percentile(double *values, int64_t n, double part)
{
    qsort(values, (size_t)n, sizeof(*values), compare);
    return values[(int64_t)(part * (double)(n - 1) + 0.5)];
}

/* Yaw and pitch of a frame in distances of the eyes, and roll in degrees. */
static void pose_of(double (*p)[2], double *beside, double *below, double *roll)
{
    double eye[2][2] = {{0}}, mouth[2];
    for (int e = 0; e < 2; e++)
        for (int i = 0; i < 6; i++)
            for (int k = 0; k < 2; k++)
                eye[e][k] += p[36 + 6 * e + i][k] / 6;
    for (int k = 0; k < 2; k++)
        mouth[k] = (p[48][k] + p[54][k]) / 2;
    const double x = eye[1][0] - eye[0][0], y = eye[1][1] - eye[0][1];
    const double d = hypot(x, y) > 0 ? hypot(x, y) : 1;
    const double u = p[30][0] - ((eye[0][0] + eye[1][0]) / 2 + mouth[0]) / 2;
    const double v = p[30][1] - ((eye[0][1] + eye[1][1]) / 2 + mouth[1]) / 2;
    *beside = (u * x + v * y) / (d * d);
    *below = (v * x - u * y) / (d * d);
    *roll = DEGREE * atan2(y, x);
}

static double angle(double offset)
{
    return DEGREE * asin(fmax(-1, fmin(1, offset / NOSE))) / UNIT;
}

static int set_controls(s2vi_talking_head *c, const found *f, s2v_error *err)
{
    const int64_t T = f->frames;
    double *ratio = malloc(3 * (size_t)T * sizeof(*ratio));
    c->controls =
        malloc((size_t)T * S2VI_TALKING_CONTROLS * sizeof(*c->controls));
    if (!ratio || !c->controls) {
        free(ratio);
        return s2vi_error_nomem(err, "a clip");
    }
    double *below = ratio + T, *level = below + T;
    for (int64_t t = 0; t < T; t++) {
        double beside, roll;
        float *q = c->controls + t * S2VI_TALKING_CONTROLS;
        ratio[t] = s2vi_eye_ratio((const double(*)[2])f->marks[t]);
        pose_of(f->marks[t], &beside, &below[t], &roll);
        level[t] = below[t];
        q[1] = (float)angle(beside);
        q[3] = (float)(roll / UNIT);
    }
    const double middle = percentile(level, T, 0.5);
    double *closure = level;
    const bool good = s2vi_eye_closures(ratio, T, closure);
    for (int64_t t = 0; t < T && good; t++) {
        float *q = c->controls + t * S2VI_TALKING_CONTROLS;
        q[0] = (float)closure[t];
        q[2] = (float)angle(below[t] - middle);
    }
    free(ratio);
    return good ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

/* ------------------------------------------------------------------ mesh -- */

/* Point i of the border, from the upper left corner on. */
static void border(int i, double at[2])
{
    const double along = i % 4 / 4.0;
    const double place[4][2] = {
        {along, 0}, {1, along}, {1 - along, 1}, {0, 1 - along}};
    at[0] = place[i / 4][0];
    at[1] = place[i / 4][1];
}

static int set_mesh(s2vi_talking_head *c, const found *f, s2v_error *err)
{
    const int64_t T = f->frames;
    double first[POINTS][2];
    c->points = POINTS;
    c->landmarks = malloc((size_t)T * MARKS * 2 * sizeof(*c->landmarks));
    c->mesh = malloc((size_t)T * POINTS * 2 * sizeof(*c->mesh));
    c->triangle = malloc(S2VI_MESH_TRIANGLES(POINTS) * sizeof(*c->triangle));
    if (!c->landmarks || !c->mesh || !c->triangle)
        return s2vi_error_nomem(err, "a clip");
    for (int64_t t = 0; t < T; t++)
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < MARKS; i++)
                c->landmarks[(t * MARKS + i) * 2 + k] =
                    (float)f->marks[t][i][k];
            for (int i = 0; i < POINTS; i++) {
                double at[2];
                border(i < MESH ? 0 : i - MESH, at);
                at[k] = i < MESH ? f->mesh[t][i][k] : at[k];
                c->mesh[(t * POINTS + i) * 2 + k] = (float)at[k];
            }
        }
    for (int i = 0; i < POINTS; i++)
        for (int k = 0; k < 2; k++)
            first[i][k] = (double)c->mesh[2 * i + k];
    return s2vi_mesh_triangulate((const double(*)[2])first, POINTS, c->triangle,
                                 &c->triangles, err);
}

static int set_pictures(s2vi_talking_head *c, const s2vi_clip *clip,
                        const found *f, int S, s2v_error *err)
{
    const size_t bytes = (size_t)S * (size_t)S * 3,
                 from = (size_t)clip->size * (size_t)clip->size * 3;
    float *scratch = malloc(bytes * sizeof(*scratch));
    c->rgb = malloc((size_t)f->frames * bytes);
    const bool good = scratch && c->rgb;
    for (size_t t = 0; good && t < (size_t)f->frames; t++)
        s2vi_head_crop_read(&f->crop, clip->rgb + t * from, clip->size, S,
                            scratch, c->rgb + t * bytes);
    free(scratch);
    return good ? S2V_OK : s2vi_error_nomem(err, "a clip");
}

int s2vi_talking_faces_read(s2vi_talking_head *c, const s2vi_clip *clip, int S,
                            bool crop, s2v_error *err)
{
    const size_t T = (size_t)clip->frames;
    found f = {.frames = clip->frames,
               .marks = malloc(T * sizeof(*f.marks)),
               .mesh = malloc(T * sizeof(*f.mesh))};
    int ret = f.marks && f.mesh ? S2V_OK : s2vi_error_nomem(err, "a clip");
    if (!ret && !read_cache(&f, clip, crop)) {
        ret = find_all(&f, clip, crop, err);
        if (!ret)
            write_cache(&f, clip, crop);
    }
    if (!ret && 2 * f.seen < f.frames)
        ret = s2vi_error(err, S2V_ERR_FORMAT,
                         "'%s': expected a face in at least half of the "
                         "frames, found one in %lld of %lld",
                         clip->path, (long long)f.seen, (long long)f.frames);
    if (!ret)
        ret = set_controls(c, &f, err);
    if (!ret)
        ret = set_mesh(c, &f, err);
    if (!ret)
        ret = set_pictures(c, clip, &f, S, err);
    free(f.marks);
    free(f.mesh);
    return ret;
}
