/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/face_tracker.h"

#include "backend/backend.h"
#include "base/error.h"
#include "session/face_finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct s2vi_face_tracker {
    s2vi_backend *backend;
    s2vi_face_finder *finder;
    s2vi_found_face first, now;
};

/* --------------------------------------------------------------- crops -- */

static s2vi_region region_of(const s2vi_head_crop *crop)
{
    return (s2vi_region){crop->x, crop->y, crop->side, crop->angle};
}

static s2vi_head_crop crop_of(const s2vi_region *region)
{
    return (s2vi_head_crop){region->x, region->y, region->side, region->angle};
}

static s2vi_image picture_of(const uint8_t *rgb, int side)
{
    return (s2vi_image){rgb, (ptrdiff_t)side * 3, side, side};
}

s2vi_head_crop s2vi_head_crop_of(const s2vi_face_marks marks)
{
    double right[2], left[2];
    s2vi_face_eyes(marks, right, left);
    const s2vi_region region = s2vi_face_crop(right, left, S2VI_FACE_CROP);
    return crop_of(&region);
}

s2vi_head_crop s2vi_head_crop_all(int side)
{
    return (s2vi_head_crop){side / 2.0, side / 2.0, side, 0};
}

void s2vi_head_crop_read(const s2vi_head_crop *crop, const uint8_t *rgb,
                         int side, int to, float *scratch, uint8_t *out)
{
    const s2vi_image picture = picture_of(rgb, side);
    const s2vi_region region = region_of(crop);
    s2vi_face_read(&picture, &region, to, scratch);
    for (size_t i = 0; i < (size_t)to * (size_t)to * 3; i++)
        out[i] = (uint8_t)(255 * scratch[i] + 0.5F);
}

void s2vi_head_crop_place(const s2vi_head_crop *crop, const double place[2],
                          double at[2])
{
    const s2vi_region region = region_of(crop);
    const double from[2] = {place[0], place[1]};
    s2vi_region_from_picture(&region, from, at);
}

void s2vi_head_crop_move(const s2vi_head_crop *crop, int to,
                         s2vi_face_marks marks)
{
    for (int i = 0; i < S2VI_FACE_MARKS; i++) {
        s2vi_head_crop_place(crop, marks[i], marks[i]);
        marks[i][0] *= to;
        marks[i][1] *= to;
    }
}

/* --------------------------------------------------------- landmarks -- */

int s2vi_face_tracker_open(s2vi_face_tracker **out, const char *path,
                           const char *device, s2v_error *err)
{
    s2v_weights *weights = NULL;
    s2vi_face_tracker *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a face finder");
    int ret = s2v_weights_open(&weights, path, err);
    if (!ret)
        ret = s2vi_backend_open(&t->backend, device ? device : "auto", S2VI_F32,
                                1, err);
    if (!ret)
        ret = s2vi_face_finder_open(&t->finder, weights, t->backend, err);
    s2v_weights_close(&weights);
    if (ret < 0)
        s2vi_face_tracker_close(out);
    return ret;
}

void s2vi_face_tracker_close(s2vi_face_tracker **tracker)
{
    s2vi_face_tracker *t = *tracker;
    if (!t)
        return;
    s2vi_face_finder_close(&t->finder);
    s2vi_backend_close(&t->backend);
    free(t);
    *tracker = NULL;
}

int s2vi_face_tracker_start(s2vi_face_tracker *t, const uint8_t *rgb, int side,
                            const char *name, s2vi_head_crop *crop,
                            s2v_error *err)
{
    const s2vi_image picture = picture_of(rgb, side);
    s2vi_region region;
    s2v_error why;
    int n;
    int ret = s2vi_face_find(t->finder, &picture, name, &t->first, 1, &n, &why);
    if (ret == S2V_ERR_INVALID)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s': expected a face in the first frame, found "
                          "none; --start skips the beginning",
                          name);
    if (ret < 0)
        return s2vi_error(err, ret, "%s", why.message);
    if (!ret && crop) {
        ret = s2vi_face_choose(&picture, &t->first, n, 1, name, S2VI_FACE_CROP,
                               &region, err);
        *crop = crop_of(&region);
    }
    s2vi_face_tracker_rewind(t);
    return ret;
}

void s2vi_face_tracker_rewind(s2vi_face_tracker *t)
{
    t->now = t->first;
}

int s2vi_face_tracker_next(s2vi_face_tracker *t, const uint8_t *rgb, int side,
                           s2vi_face_marks marks, s2v_error *err)
{
    const s2vi_image picture = picture_of(rgb, side);
    s2vi_found_face next = t->now;
    const int ret = s2vi_face_follow(t->finder, &picture, &next, err);
    if (!ret && next.has_mesh)
        t->now = next;
    for (int i = 0; i < S2VI_FACE_MARKS; i++)
        for (int k = 0; k < 2; k++)
            marks[i][k] = next.has_mesh ? next.landmark[i][k] : NAN;
    return ret;
}

void s2vi_face_tracker_mesh(const s2vi_face_tracker *t, double (*mesh)[2])
{
    memcpy(mesh, t->now.mesh, sizeof(t->now.mesh));
}
