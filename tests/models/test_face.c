/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BlazeFace and FaceMesh with MediaPipe's weights, against the outputs of the
 * originals, none of which are in the repository: the folder in S2V_TEST_DATA
 * holds weights/ and goldens/man/. Largest differences as parts of the
 * original's largest number: 1e-5; faces to 0.01 pixels; landmarks from one's
 * own crop to 0.1 pixels.
 *
 * usage: test_face DEVICE
 */
#include "../device.h"
#include "../check.h"
#include "golden.h"
#include "graph/build.h"
#include "models/face.h"
#include "models/param_file.h"

#include <math.h>
#include <stdlib.h>

enum { SKIPPED = 77, PICTURES = 3, OUTPUTS = 2 };

static const char *device;

static s2v_weights *open_file(const char *name)
{
    s2v_weights *file;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.safetensors", getenv("S2V_TEST_DATA"),
             name);
    return s2v_weights_open(&file, path, NULL) < 0 ? NULL : file;
}

static float *read_tensor(const s2v_weights *file, const char *name, size_t n)
{
    s2v_error err;
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = malloc(n * sizeof(*out));
    golden_must(t && t->count == n ? 0 : -1,
                &(s2v_error){.message = "not of that size"}, name);
    golden_must(s2vi_weights_read_f32(file, t, out, &err), &err, name);
    return out;
}

/* ------------------------------------------------------------- running -- */

/* Both networks have this form. */
typedef struct network {
    const char *weights;
    int side;
    int (*params)(const char *, s2vi_param_list *, s2v_error *);
    int (*build)(s2vi_graph *, const char *, s2vi_node *, s2vi_node **,
                 s2vi_node **, s2v_error *);
} network;

static const network blazeface = {"weights/blazeface_short_f16",
                                  S2VI_BLAZEFACE_SIDE, s2vi_blazeface_params,
                                  s2vi_blazeface_build},
                     facemesh = {"weights/facemesh_f16", S2VI_FACEMESH_SIDE,
                                 s2vi_facemesh_params, s2vi_facemesh_build};

static void load(const network *net, s2vi_store *store)
{
    s2v_error err;
    s2vi_param_list list = {0};
    s2v_weights *file = open_file(net->weights);
    golden_must(file ? 0 : -1, &(s2v_error){.message = "missing"},
                net->weights);
    golden_must(net->params("", &list, &err), &err, "parameters");
    golden_must(s2vi_param_list_check(&list, file, NULL, &err), &err,
                net->weights);
    for (int i = 0; i < list.count; i++)
        golden_must(s2vi_param_load(&list.param[i], file, list.param[i].name,
                                    store, &err),
                    &err, list.param[i].name);
    s2vi_param_list_close(&list);
    s2v_weights_close(&file);
}

/* Both outputs of PICTURES images. */
static void run(const network *net, const float *images, float *out[OUTPUTS])
{
    s2v_error err;
    s2vi_backend *backend;
    s2vi_store *store;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *y[OUTPUTS];
    s2vi_graph *g = s2vi_graph_create();
    golden_must(s2vi_backend_open(&backend, device, S2VI_F32, 2, &err), &err,
                device);
    golden_must(s2vi_store_create(&store, backend, &err), &err, "store");
    load(net, store);
    s2vi_node *x =
        s2vi_input(g, "images", S2VI_SHAPE(PICTURES, net->side, net->side, 3));
    golden_must(net->build(g, "", x, &y[0], &y[1], &err), &err, "graph");
    const s2vi_plan_params params = {
        .outputs = y, .n_outputs = OUTPUTS, .frozen = true};
    golden_must(s2vi_plan_create(&plan, g, store, &params, &err), &err, "plan");
    golden_must(s2vi_exec_create(&exec, plan, &err), &err, "exec");
    s2vi_exec_write(exec, x, images);
    golden_must(s2vi_exec_run(exec, &(s2vi_clock){0}, &err), &err, "run");
    for (int i = 0; i < OUTPUTS; i++) {
        out[i] = malloc((size_t)s2vi_shape_count(&y[i]->shape) * sizeof(float));
        s2vi_exec_read(exec, y[i], out[i]);
    }
    s2vi_exec_close(&exec);
    s2vi_plan_close(&plan);
    s2vi_graph_close(&g);
    s2vi_store_close(&store);
    s2vi_backend_close(&backend);
}

/* ------------------------------------------------------------- goldens -- */

static void compare(const char *what, const float *got, const float *right,
                    size_t n)
{
    double most = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)got[i] - right[i]);
        most = d > most || isnan(d) ? d : most;
        scale = fmax(scale, fabs((double)right[i]));
    }
    printf("%s %s: error %.2g\n", device, what, most / scale);
    CHECK(most <= 1e-5 * scale, "%s: error %.3g", what, most / scale);
}

/* The face that is decoded from the golden's own numbers, and from ours. */
static void test_faces(const char *what, const float *score, const float *box,
                       const float *right)
{
    for (int i = 0; i < PICTURES; i++, right += 17) {
        s2vi_face f[S2VI_FACE_MOST];
        double most = 0;
        const int n = s2vi_face_decode(
            score + (size_t)i * S2VI_FACE_ANCHORS,
            box + (size_t)i * S2VI_FACE_ANCHORS * S2VI_FACE_NUMBERS, f);
        CHECK(n == 1, "%s, picture %d: %d faces", what, i, n);
        if (n < 1)
            continue;
        const double place[] = {f[0].x, f[0].y, f[0].width, f[0].height};
        for (int k = 0; k < 16; k++) {
            const double got = k < 4 ? place[k] : f[0].point[k / 2 - 2][k % 2];
            most = fmax(most, fabs(got - (double)right[1 + k]));
        }
        most *= S2VI_BLAZEFACE_SIDE;
        printf("%s, picture %d: within %.2g pixels\n", what, i, most);
        CHECK(most <= 0.01, "%s, picture %d: %g pixels off", what, i, most);
        CHECK(fabs(f[0].score - (double)right[0]) <= 1e-3, "score %g, not %g",
              f[0].score, (double)right[0]);
    }
}

static s2vi_image picture_of(const uint8_t *all, int i)
{
    enum { SIDE = S2VI_BLAZEFACE_SIDE };
    return (s2vi_image){all + (size_t)i * SIDE * SIDE * 3, SIDE * 3, SIDE,
                        SIDE};
}

static void test_blazeface(const s2v_weights *golden, const uint8_t *bytes,
                           s2vi_face *face)
{
    enum { SIDE = S2VI_BLAZEFACE_SIDE, N = SIDE * SIDE * 3 };
    const size_t scores = (size_t)PICTURES * S2VI_FACE_ANCHORS;
    const size_t numbers = scores * S2VI_FACE_NUMBERS;
    float *score = read_tensor(golden, "score", scores);
    float *box = read_tensor(golden, "box", numbers);
    float *right = read_tensor(golden, "face", (size_t)PICTURES * 17), *out[2];
    float *images = malloc((size_t)PICTURES * N * sizeof(*images));
    for (int i = 0; i < PICTURES; i++) {
        const s2vi_image p = picture_of(bytes, i);
        s2vi_face_letterbox(&p, SIDE, images + i * N);
    }
    run(&blazeface, images, out);
    compare("score", out[0], score, scores);
    compare("box", out[1], box, numbers);
    test_faces("original's boxes", score, box, right);
    test_faces("boxes", out[0], out[1], right);
    for (int i = 0; i < PICTURES; i++) {
        s2vi_face all[S2VI_FACE_MOST] = {0};
        s2vi_face_decode(
            out[0] + (size_t)i * S2VI_FACE_ANCHORS,
            out[1] + (size_t)i * S2VI_FACE_ANCHORS * S2VI_FACE_NUMBERS, all);
        face[i] = all[0];
        s2vi_face_to_picture(&face[i], SIDE, SIDE);
    }
    free(score), free(box), free(right), free(images);
    free(out[0]), free(out[1]);
}

static void test_square(const s2vi_region *s, const float *right)
{
    const double most =
        fmax(fmax(fabs(s->x - (double)right[0]), fabs(s->y - (double)right[1])),
             fabs(s->side - (double)right[2]));
    CHECK(most <= 0.1, "square: %g pixels off", most);
    CHECK(fabs(s->angle - (double)right[3]) <= 0.01, "angle %g, not %g",
          s->angle, (double)right[3]);
}

static void test_points(const char *what, const float *mesh,
                        const s2vi_region *square, const float *right,
                        double bound)
{
    double place[S2VI_FACEMESH_POINTS][2], mark[S2VI_FACE_LANDMARKS][2];
    double most = 0;
    s2vi_face_mesh_to_picture(mesh, square, place);
    s2vi_face_landmarks((const double(*)[2])place, mark);
    for (int i = 0; i < S2VI_FACE_LANDMARKS; i++)
        for (int d = 0; d < 2; d++)
            most = fmax(most, fabs(mark[i][d] - (double)right[2 * i + d]));
    printf("%s: within %.2g pixels\n", what, most);
    CHECK(most <= bound, "%s: %g pixels off", what, most);
}

static void test_facemesh(const s2v_weights *golden, const uint8_t *bytes,
                          const s2vi_face *face)
{
    enum { SIDE = S2VI_FACEMESH_SIDE, N = SIDE * SIDE * 3, MESH = 468 * 3 };
    float *crop = read_tensor(golden, "crop", (size_t)PICTURES * N);
    float *mesh = read_tensor(golden, "mesh", (size_t)PICTURES * MESH);
    float *flag = read_tensor(golden, "flag", PICTURES), *out[2];
    float *square = read_tensor(golden, "square", (size_t)PICTURES * 4);
    float *points = read_tensor(golden, "points68", (size_t)PICTURES * 136);
    float *own = malloc((size_t)PICTURES * N * sizeof(*own));
    s2vi_region s[PICTURES];
    for (int i = 0; i < PICTURES * N; i++)
        crop[i] /= 255;
    run(&facemesh, crop, out);
    compare("mesh", out[0], mesh, (size_t)PICTURES * MESH);
    compare("flag", out[1], flag, PICTURES);
    free(out[0]), free(out[1]);
    for (int i = 0; i < PICTURES; i++) {
        const s2vi_image p = picture_of(bytes, i);
        s[i] = s2vi_face_mesh_region(&face[i]);
        test_square(&s[i], square + (size_t)i * 4);
        s2vi_region_read(&p, &s[i], S2VI_OUTSIDE_BLACK, 1, SIDE, own + i * N);
        double most = 0;
        for (int k = 0; k < N; k++)
            most += fabs((double)own[i * N + k] - crop[i * N + k]) / N;
        printf("crop %d: mean difference %.2g of 255\n", i, 255 * most);
    }
    run(&facemesh, own, out);
    for (int i = 0; i < PICTURES; i++) {
        double most = 0;
        for (int k = 0; k < MESH; k++)
            most = fmax(
                most, fabs((double)out[0][i * MESH + k] - mesh[i * MESH + k]));
        printf("mesh of own crop %d: within %.2g pixels of it\n", i, most);
        CHECK(most <= 0.2, "crop %d: %g pixels off", i, most);
        test_points("original's landmarks", mesh + (size_t)i * MESH, &s[i],
                    points + (size_t)i * 136, 0.1);
        test_points("landmarks", out[0] + (size_t)i * MESH, &s[i],
                    points + (size_t)i * 136, 0.1);
    }
    free(out[0]), free(out[1]);
    free(crop), free(mesh), free(flag), free(square), free(points), free(own);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        printf("usage: test_face DEVICE\n");
        return EXIT_FAILURE;
    }
    device = argv[1];
    device_is_needed(device);
    s2v_weights *first = NULL, *second = NULL;
    if (getenv("S2V_TEST_DATA")) {
        first = open_file("goldens/man/blazeface");
        second = open_file("goldens/man/facemesh");
    }
    if (!first || !second) {
        printf("skipped: S2V_TEST_DATA does not name a folder that holds "
               "goldens/man/ and weights/\n");
        return SKIPPED;
    }
    s2vi_face face[PICTURES];
    const s2vi_tensor *t = s2vi_weights_find(first, "pictures");
    const uint8_t *bytes = s2vi_weights_data(first, t);
    test_blazeface(first, bytes, face);
    test_facemesh(second, bytes, face);
    s2v_weights_close(&first);
    s2v_weights_close(&second);
    return check_done();
}
