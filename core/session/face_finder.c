/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BlazeFace on the whole picture, FaceMesh on each face that it finds. */
#include "session/face_finder.h"

#include "graph/build.h"
#include "models/face.h"
#include "models/param_file.h"
#include "run/exec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLAZEFACE "blazeface."
#define FACEMESH  "facemesh."

enum { MOST_SAMPLES = 64 }; /* a pixel of a crop, in either direction */

/* A network that is ready to run. */
typedef struct network {
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *in, *out[2];
    float *image; /* its input */
} network;

struct s2vi_face_finder {
    s2vi_store *store;
    network detector, landmarker;
    float score[S2VI_FACE_ANCHORS];
    float box[S2VI_FACE_ANCHORS * S2VI_FACE_NUMBERS];
    float mesh[S2VI_FACEMESH_POINTS * 3];
};

/* ------------------------------------------------------------- opening -- */

static int load(s2vi_store *store, const s2v_weights *weights, s2v_error *err)
{
    const char *path = s2v_weights_get_path(weights, NULL);
    const char *model = s2v_weights_get_metadata(weights, "s2v.model");
    s2vi_param_list list = {0};
    if (!model || strcmp(model, S2VI_FACE_MODEL))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: s2v.model is '%s', expected '%s', the file that "
                          "scripts/import-face makes",
                          path, model ? model : "", S2VI_FACE_MODEL);
    int ret = s2vi_blazeface_params(BLAZEFACE, &list, err);
    if (!ret)
        ret = s2vi_facemesh_params(FACEMESH, &list, err);
    if (!ret)
        ret = s2vi_param_list_check(&list, weights, NULL, err);
    if (!ret)
        ret = s2vi_param_list_load(&list, weights, store, err);
    s2vi_param_list_close(&list);
    return ret;
}

static int open_network(network *net, s2vi_store *store, int side,
                        const char *prefix,
                        int (*build)(s2vi_graph *, const char *, s2vi_node *,
                                     s2vi_node **, s2vi_node **, s2v_error *),
                        s2v_error *err)
{
    const s2vi_shape shape = S2VI_SHAPE(1, side, side, 3);
    net->graph = s2vi_graph_create();
    net->image = malloc((size_t)s2vi_shape_count(&shape) * sizeof(*net->image));
    if (!net->graph || !net->image)
        return s2vi_error_nomem(err, "a face finder");
    net->in = s2vi_input(net->graph, "image", shape);
    int ret =
        build(net->graph, prefix, net->in, &net->out[0], &net->out[1], err);
    const s2vi_plan_params params = {
        .outputs = net->out, .n_outputs = 2, .frozen = true};
    if (!ret)
        ret = s2vi_plan_create(&net->plan, net->graph, store, &params, err);
    return ret ? ret : s2vi_exec_create(&net->exec, net->plan, err);
}

static void close_network(network *net)
{
    s2vi_exec_close(&net->exec);
    s2vi_plan_close(&net->plan);
    s2vi_graph_close(&net->graph);
    free(net->image);
}

int s2vi_face_finder_open(s2vi_face_finder **out, const s2v_weights *weights,
                          s2vi_backend *backend, s2v_error *err)
{
    s2vi_face_finder *f = *out = calloc(1, sizeof(*f));
    if (!f)
        return s2vi_error_nomem(err, "a face finder");
    int ret = s2vi_store_create(&f->store, backend, err);
    if (!ret)
        ret = load(f->store, weights, err);
    if (!ret)
        ret = open_network(&f->detector, f->store, S2VI_BLAZEFACE_SIDE,
                           BLAZEFACE, s2vi_blazeface_build, err);
    if (!ret)
        ret = open_network(&f->landmarker, f->store, S2VI_FACEMESH_SIDE,
                           FACEMESH, s2vi_facemesh_build, err);
    if (ret < 0)
        s2vi_face_finder_close(out);
    return ret;
}

void s2vi_face_finder_close(s2vi_face_finder **out)
{
    s2vi_face_finder *f = out ? *out : NULL;
    if (!f)
        return;
    close_network(&f->detector);
    close_network(&f->landmarker);
    s2vi_store_close(&f->store);
    free(f);
    *out = NULL;
}

/* ------------------------------------------------------------- finding -- */

static int run(network *net, float *first, float *second, s2v_error *err)
{
    int ret = s2vi_exec_write(net->exec, net->in, net->image);
    if (!ret)
        ret = s2vi_exec_run(net->exec, &(s2vi_clock){0}, err);
    if (!ret)
        ret = s2vi_exec_read(net->exec, net->out[0], first);
    if (!ret)
        ret = s2vi_exec_read(net->exec, net->out[1], second);
    return ret;
}

/* FaceMesh on a region of the picture. */
static int trace(s2vi_face_finder *f, const s2vi_image *picture,
                 const s2vi_region *region, s2vi_found_face *found,
                 s2v_error *err)
{
    float flag;
    s2vi_region_read(picture, region, S2VI_OUTSIDE_BLACK, 1, S2VI_FACEMESH_SIDE,
                     f->landmarker.image);
    const int ret = run(&f->landmarker, f->mesh, &flag, err);
    if (ret < 0)
        return ret;
    found->has_mesh = flag > 0; /* its sigmoid above 0.5 */
    s2vi_face_mesh_to_picture(f->mesh, region, found->mesh);
    s2vi_face_landmarks((const double(*)[2])found->mesh, found->landmark);
    return S2V_OK;
}

static int compare_sizes(const void *a, const void *b)
{
    const s2vi_face *x = a, *y = b;
    const double left = x->width * x->height, right = y->width * y->height;
    return (left < right) - (left > right);
}

int s2vi_face_find(s2vi_face_finder *f, const s2vi_image *picture,
                   const char *name, s2vi_found_face *found, int most, int *n,
                   s2v_error *err)
{
    s2vi_face face[S2VI_FACE_MOST];
    *n = 0;
    s2vi_face_letterbox(picture, S2VI_BLAZEFACE_SIDE, f->detector.image);
    int ret = run(&f->detector, f->score, f->box, err);
    if (ret < 0)
        return ret;
    const int all = s2vi_face_decode(f->score, f->box, face);
    if (!all)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "no face found in %s; give crop=x:y:w:h", name);
    for (int i = 0; i < all; i++)
        s2vi_face_to_picture(&face[i], picture->width, picture->height);
    qsort(face, (size_t)all, sizeof(*face), compare_sizes);
    for (int i = 0; i < all && i < most && !ret; i++, ++*n) {
        const s2vi_region region = s2vi_face_mesh_region(&face[i]);
        found[i].face = face[i];
        ret = trace(f, picture, &region, &found[i], err);
    }
    return ret;
}

int s2vi_face_follow(s2vi_face_finder *f, const s2vi_image *picture,
                     s2vi_found_face *found, s2v_error *err)
{
    const s2vi_region region =
        s2vi_face_next_region((const double(*)[2])found->mesh);
    return trace(f, picture, &region, found, err);
}

/* --------------------------------------------------------------- crops -- */

int s2vi_face_choose(const s2vi_image *picture, const s2vi_found_face *found,
                     int n, int number, const char *name, double scale,
                     s2vi_region *crop, s2v_error *err)
{
    double right[2], left[2];
    if (number < 1 || number > n)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "face=%d: there %s %d face%s in %s", number,
                          n == 1 ? "is" : "are", n, n == 1 ? "" : "s", name);
    const s2vi_found_face *f = &found[number - 1];
    memcpy(right, f->face.point[0], sizeof(right));
    memcpy(left, f->face.point[1], sizeof(left));
    if (f->has_mesh)
        s2vi_face_eyes(f->landmark, right, left);
    *crop = s2vi_face_crop(right, left, scale);
    if (!(crop->x >= 0 && crop->x < picture->width && crop->y >= 0 &&
          crop->y < picture->height && crop->side > 0))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "the face's crop lies outside of %s, which has %dx%d "
                          "pixels; give crop=x:y:w:h",
                          name, picture->width, picture->height);
    return S2V_OK;
}

void s2vi_face_read(const s2vi_image *picture, const s2vi_region *crop,
                    int side, float *out)
{
    const double samples = ceil(crop->side / side);
    s2vi_region_read(picture, crop, S2VI_OUTSIDE_MIRROR,
                     samples < 1              ? 1
                     : samples > MOST_SAMPLES ? MOST_SAMPLES
                                              : (int)samples,
                     side, out);
}
