/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/talking_truth.h"

#include "base/error.h"
#include "video/face.h"
#include "weights/weights.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Side of the pictures that its places are pixels of; 0: not said. */
static double side_of(const char *stem)
{
    char *path = g_strdup_printf("%s.json", stem);
    json_t *root = json_load_file(path, 0, NULL);
    const json_int_t size = json_integer_value(json_object_get(root, "size"));
    json_decref(root);
    g_free(path);
    return (double)size;
}

/* The first rows of a tensor of at least `rows`, times `scale`; *width is set
 * to a row's numbers. */
static int read_rows(const s2v_weights *w, const char *name, int64_t rows,
                     double scale, int64_t *width, float **out, s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(w, name);
    if (!t || t->rank < 2 || t->shape[0] < rows || !t->count)
        return s2vi_error(err, S2V_ERR_FORMAT,
                          "'%s': expected a tensor '%s' of at least %lld "
                          "frames, found %s",
                          s2v_weights_get_path(w, NULL), name, (long long)rows,
                          t ? "fewer" : "none");
    *width = (int64_t)t->count / t->shape[0];
    *out = malloc(t->count * sizeof(**out));
    if (!*out)
        return s2vi_error_nomem(err, name);
    const int ret = s2vi_weights_read_f32(w, t, *out, err);
    for (int64_t i = 0; i < rows * *width && !ret; i++)
        (*out)[i] = (float)(scale * (double)(*out)[i]);
    return ret;
}

static int expect_width(const s2v_weights *w, const char *name, int64_t found,
                        int64_t expected, s2v_error *err)
{
    return found == expected
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_FORMAT,
                            "'%s': expected %lld numbers a frame in '%s', "
                            "found %lld",
                            s2v_weights_get_path(w, NULL), (long long)expected,
                            name, (long long)found);
}

static int read_triangles(s2vi_talking_head *c, const s2v_weights *w,
                          s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(w, "triangles");
    bool good = t && t->type == S2VI_STORED_I32 && t->rank == 2 &&
                t->shape[1] == 3 && t->count;
    if (good) {
        c->triangles = (int)t->shape[0];
        c->triangle = malloc(t->bytes);
        if (!c->triangle)
            return s2vi_error_nomem(err, "triangles");
        memcpy(c->triangle, s2vi_weights_data(w, t), t->bytes);
    }
    for (size_t i = 0; good && i < t->count; i++) {
        const int32_t k = c->triangle[i / 3][i % 3] =
            GINT32_FROM_LE(c->triangle[i / 3][i % 3]);
        good = k >= 0 && k < c->points;
    }
    return good ? S2V_OK
                : s2vi_error(err, S2V_ERR_FORMAT,
                             "'%s': expected triangles of the mesh's points "
                             "(I32, 3 each), found none or others",
                             s2v_weights_get_path(w, NULL));
}

static int read_all(s2vi_talking_head *c, const s2v_weights *w, double side,
                    s2v_error *err)
{
    const double scale = 1 / side;
    int64_t width = 0;
    int ret =
        read_rows(w, "landmarks", c->frames, scale, &width, &c->landmarks, err);
    if (!ret)
        ret = expect_width(w, "landmarks", width, 2 * S2VI_FACE_LANDMARKS, err);
    if (!ret)
        ret = read_rows(w, "irises", c->frames, scale, &width, &c->irises, err);
    if (!ret)
        ret = expect_width(w, "irises", width, 4, err);
    if (!ret)
        ret = read_rows(w, "q", c->frames, 1, &width, &c->controls, err);
    if (!ret)
        ret = expect_width(w, "q", width, S2VI_TALKING_CONTROLS, err);
    if (!ret)
        ret = read_rows(w, "mesh", c->frames, scale, &width, &c->mesh, err);
    c->points = (int)width / 2;
    return ret < 0 ? ret : read_triangles(c, w, err);
}

/* "CLIP" of "CLIP.mkv"; the caller frees. */
static char *stem_of(const char *path)
{
    const char *name = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && dot > (name ? name : path)
               ? g_strndup(path, (gsize)(dot - path))
               : g_strdup(path);
}

static bool exists(const char *stem, const char *ending)
{
    char *path = g_strconcat(stem, ending, NULL);
    const bool there = g_file_test(path, G_FILE_TEST_EXISTS);
    g_free(path);
    return there;
}

bool s2vi_talking_truth_exists(const char *path)
{
    char *stem = stem_of(path);
    const bool there = exists(stem, ".json") && exists(stem, ".safetensors");
    g_free(stem);
    return there;
}

int s2vi_talking_truth_read(s2vi_talking_head *c, s2v_error *err)
{
    char *stem = stem_of(c->path);
    char *path = g_strconcat(stem, ".safetensors", NULL);
    const double side = side_of(stem);
    s2v_weights *w = NULL;
    int ret = side > 0
                  ? s2v_weights_open(&w, path, err)
                  : s2vi_error(err, S2V_ERR_FORMAT,
                               "'%s.json': expected the truth of a rendered "
                               "clip with its 'size', found none",
                               stem);
    if (!ret)
        ret = read_all(c, w, side, err);
    s2v_weights_close(&w);
    g_free(path);
    g_free(stem);
    return ret;
}
