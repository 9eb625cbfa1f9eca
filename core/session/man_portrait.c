/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The portrait of a talking head in an image. */
#include "session/man_portrait.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACES "face.bin"

/* --------------------------------------------------------------- options -- */

int s2vi_man_framing_set_crop(s2vi_man_framing *f, const char *text,
                              s2v_error *err)
{
    int crop[4], end = 0;
    if (!*text) {
        f->has_crop = false;
        return S2V_OK;
    }
    if (sscanf(text, "%9d%*1[:|]%9d%*1[:|]%9d%*1[:|]%9d%n", &crop[0], &crop[1],
               &crop[2], &crop[3], &end) != 4 ||
        text[end])
        return s2vi_error(err, S2V_ERR_INVALID,
                          "crop: expected x:y:width:height in pixels of the "
                          "image, found '%.40s'",
                          text);
    memcpy(f->crop, crop, sizeof(f->crop));
    f->has_crop = true;
    return S2V_OK;
}

/* ------------------------------------------------------------- networks -- */

/* face.bin in the folder of the model; the caller frees. */
static char *beside(const char *model)
{
    const char *slash = strrchr(model, '/');
    const int length = slash ? (int)(slash - model) + 1 : 0;
    const size_t size = (size_t)length + sizeof(FACES);
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%.*s" FACES, length, model);
    return path;
}

/* As the option says; or beside the model, else where models are found. */
static int open_weights(s2v_weights **w, const s2vi_man_framing *f,
                        const char *model, s2v_error *err)
{
    s2v_error why = {0};
    if (f->face_model)
        return s2v_weights_open(w, f->face_model, err);
    char *path = beside(model);
    if (!path)
        return s2vi_error_nomem(err, "a path");
    int ret = s2v_weights_open(w, path, &why);
    free(path);
    if (ret == S2V_ERR_IO)
        ret = s2v_weights_open(w, FACES, &why);
    if (ret == S2V_ERR_IO)
        return s2vi_error(
            err, ret,
            FACES " was not found, by which faces are found in images: make it "
                  "with scripts/import-face, name it with face-model=FILE, or "
                  "give crop=x:y:w:h (%.600s)",
            why.message);
    return ret < 0 ? s2vi_error(err, ret, "%s", why.message) : S2V_OK;
}

/* Landmarks want f32. */
static int open_finder(s2vi_face_finder **finder, s2vi_backend **own,
                       const s2v_weights *w, s2vi_backend *backend,
                       s2v_error *err)
{
    int ret = S2V_OK;
    if (backend->dtype != S2VI_F32)
        ret = s2vi_backend_open(own, backend->table->name, S2VI_F32,
                                backend->threads, err);
    return ret ? ret
               : s2vi_face_finder_open(finder, w, *own ? *own : backend, err);
}

static int find_faces(const s2vi_image *image, const s2vi_man_framing *f,
                      const char *model, s2vi_backend *backend,
                      s2vi_found_face *found, int *n, s2v_error *err)
{
    s2v_weights *w = NULL;
    s2vi_face_finder *finder = NULL;
    s2vi_backend *own = NULL;
    int ret = open_weights(&w, f, model, err);
    if (!ret)
        ret = s2v_weights_verify(w, err);
    if (!ret)
        ret = open_finder(&finder, &own, w, backend, err);
    if (!ret)
        ret = s2vi_face_find(finder, image, f->name, found, S2VI_FACE_MOST, n,
                             err);
    s2vi_face_finder_close(&finder);
    s2vi_backend_close(&own);
    s2v_weights_close(&w);
    return ret;
}

/* ----------------------------------------------------------- a portrait -- */

static void keep_landmarks(s2vi_man_portrait *p, const s2vi_found_face *face)
{
    p->has_landmarks = face->has_mesh;
    for (int i = 0; i < S2VI_FACE_LANDMARKS; i++)
        s2vi_region_from_picture(&p->crop, face->landmark[i], p->landmark[i]);
    for (int i = 0; i < S2VI_FACEMESH_POINTS; i++)
        s2vi_region_from_picture(&p->crop, face->mesh[i], p->mesh[i]);
}

static bool is_cut(const s2vi_image *image, const s2vi_found_face *face)
{
    for (int i = 0; i < S2VI_FACE_LANDMARKS && face->has_mesh; i++) {
        const double *at = face->landmark[i];
        if (at[0] < 0 || at[1] < 0 || at[0] > image->width ||
            at[1] > image->height)
            return true;
    }
    return false;
}

static int choose(s2vi_man_portrait *p, const s2vi_image *image,
                  const s2vi_man_framing *f, s2vi_found_face *found, int n,
                  const s2vi_logger *logger, s2v_error *err)
{
    const int ret = s2vi_face_choose(image, found, n, f->face, f->name,
                                     S2VI_FACE_CROP * f->pad, &p->crop, err);
    if (ret < 0)
        return ret;
    if (n > 1)
        s2vi_log(logger, S2V_LOG_INFO,
                 "%d faces found in %s: number %d by size is used "
                 "(option face)",
                 n, f->name, f->face);
    if (is_cut(image, &found[f->face - 1]))
        s2vi_log(logger, S2V_LOG_WARNING,
                 "the face is cut off at the image's edge, whose pixels are "
                 "mirrored");
    keep_landmarks(p, &found[f->face - 1]);
    return S2V_OK;
}

static int find(s2vi_man_portrait *p, const s2vi_image *image,
                const s2vi_man_framing *f, const char *model,
                s2vi_backend *backend, const s2vi_logger *logger,
                s2v_error *err)
{
    int n = 0;
    s2vi_found_face *found = calloc(S2VI_FACE_MOST, sizeof(*found));
    if (!found)
        return s2vi_error_nomem(err, "faces");
    int ret = find_faces(image, f, model, backend, found, &n, err);
    if (!ret)
        ret = choose(p, image, f, found, n, logger, err);
    free(found);
    return ret;
}

int s2vi_man_portrait_find(s2vi_man_portrait *p, const s2vi_image *image,
                           const s2vi_man_framing *f, const char *model,
                           s2vi_backend *backend, int side,
                           const s2vi_logger *logger, s2v_error *err)
{
    p->has_landmarks = false;
    const int ret = f->has_crop
                        ? s2vi_face_given_crop(image, f->crop, &p->crop, err)
                        : find(p, image, f, model, backend, logger, err);
    if (!ret && p->crop.side < side / 2.0)
        s2vi_log(logger, S2V_LOG_WARNING,
                 "the face's crop has %.0fx%.0f pixels of the image, and is "
                 "enlarged to %dx%d: the frames will be soft",
                 p->crop.side, p->crop.side, side, side);
    return ret;
}
