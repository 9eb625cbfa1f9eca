/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures and flow through BN-Inception, and a clip's feature set. */
#include "feature_set.h"

#include "audio/foley_mel.h"
#include "base/error.h"
#include "video/flow.h"
#include "graph/build.h"
#include "media/media.h"
#include "media/media_stream.h"
#include "models/visual_encoder.h"
#include "models/varietysound.h"
#include "run/exec.h"
#include "weights/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = S2VI_BN_SIDE,
    PIXELS = SIDE * SIDE,
    BATCH = 4,
    BANDS = S2VI_FOLEY_MEL_BANDS,
    BOUND = 20, /* of motion, pixels of a picture of 340x256 */
};

static const double mean_bgr[3] = {104, 117, 128};
static const double mean_flow = 128;

/* One of the two networks. */
typedef struct network {
    int planes;
    s2vi_store *store;
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_exec *exec;
    s2vi_node *in, *out;
    float *input; /* (BATCH,224,224,planes) */
} network;

struct features {
    s2vi_backend *backend;
    network rgb, flow;
    s2vi_flow *motion;
    float *grey[2], *moved; /* (224,224), (224,224,2) */
    float *made;            /* (BATCH,1024) */
};

/* ------------------------------------------------------------- opening -- */

static int load(network *n, s2vi_backend *backend, const char *path,
                s2v_error *err)
{
    s2vi_bn_inception *file = NULL;
    int ret = s2vi_bn_inception_open(&file, path, n->planes, err);
    if (!ret)
        ret = s2vi_store_create(&n->store, backend, err);
    if (!ret)
        ret = s2vi_bn_inception_load(file, n->store, err);
    s2vi_bn_inception_close(&file);
    return ret;
}

static int open_network(network *n, s2vi_backend *backend, const char *path,
                        s2v_error *err)
{
    int ret = load(n, backend, path, err);
    n->graph = s2vi_graph_create();
    n->input =
        calloc((size_t)BATCH * PIXELS * (size_t)n->planes, sizeof(*n->input));
    if (!ret && (!n->graph || !n->input))
        ret = s2vi_error_nomem(err, "a network");
    if (ret < 0)
        return ret;
    n->in = s2vi_input(n->graph, "x", S2VI_SHAPE(BATCH, SIDE, SIDE, n->planes));
    ret = s2vi_bn_inception_build(n->graph, n->planes, n->in, &n->out, err);
    const s2vi_plan_params params = {
        .outputs = &n->out, .n_outputs = 1, .frozen = true};
    if (!ret)
        ret = s2vi_plan_create(&n->plan, n->graph, n->store, &params, err);
    return ret < 0 ? ret : s2vi_exec_create(&n->exec, n->plan, err);
}

static void close_network(network *n)
{
    s2vi_exec_close(&n->exec);
    s2vi_plan_close(&n->plan);
    s2vi_graph_close(&n->graph);
    s2vi_store_close(&n->store);
    free(n->input);
}

static int allocate(features *f, s2v_error *err)
{
    f->grey[0] = malloc(PIXELS * sizeof(float));
    f->grey[1] = malloc(PIXELS * sizeof(float));
    f->moved = malloc(2 * PIXELS * sizeof(float));
    f->made = malloc((size_t)BATCH * S2VI_BN_FEATURES * sizeof(float));
    return f->grey[0] && f->grey[1] && f->moved && f->made
               ? s2vi_flow_create(&f->motion, SIDE, SIDE, err)
               : s2vi_error_nomem(err, "pictures");
}

int features_open(features **out, const features_params *p, s2v_error *err)
{
    features *f = *out = calloc(1, sizeof(*f));
    if (!f)
        return s2vi_error_nomem(err, "networks");
    f->rgb.planes = S2VI_BN_RGB;
    f->flow.planes = S2VI_BN_FLOW;
    int ret = s2vi_backend_open(&f->backend, p->device ? p->device : "auto",
                                S2VI_F32, p->threads, err);
    if (!ret)
        ret = open_network(&f->rgb, f->backend, p->rgb, err);
    if (!ret)
        ret =
            open_network(&f->flow, f->backend, p->flow ? p->flow : p->rgb, err);
    if (!ret)
        ret = allocate(f, err);
    if (ret < 0)
        features_close(out);
    return ret;
}

void features_close(features **out)
{
    features *f = *out;
    if (!f)
        return;
    close_network(&f->rgb);
    close_network(&f->flow);
    s2vi_backend_close(&f->backend);
    s2vi_flow_close(&f->motion);
    free(f->grey[0]);
    free(f->grey[1]);
    free(f->moved);
    free(f->made);
    free(f);
    *out = NULL;
}

/* ------------------------------------------------------------- running -- */

/* R, G, B -> B, G, R less the mean. */
static void put_picture(const uint8_t *rgb, float *out)
{
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < 3; c++)
            out[3 * i + c] = (float)(rgb[3 * i + 2 - c] - mean_bgr[c]);
}

/* Motion within +-20 becomes 0 .. 255, as a picture has it, less the mean. */
static float plane_of(double pixels)
{
    const double within = fmax(-BOUND, fmin(BOUND, pixels));
    return (float)(rint((within + BOUND) * 255 / (2 * BOUND)) - mean_flow);
}

static void put_flow(features *f, const uint8_t *from, const uint8_t *to,
                     float *out)
{
    const double unit[2] = {340.0 / SIDE, 256.0 / SIDE};
    s2vi_flow_grey(from, PIXELS, f->grey[0]);
    s2vi_flow_grey(to, PIXELS, f->grey[1]);
    s2vi_flow_run(f->motion, f->grey[0], f->grey[1], f->moved);
    for (int i = 0; i < 2 * PIXELS; i++)
        out[i] = plane_of(f->moved[i] * unit[i % 2]);
}

/* The first `count` of a batch into every second half of `out`'s rows. */
static int run_network(features *f, network *n, int64_t count, float *out,
                       s2v_error *err)
{
    const s2vi_clock clock = {0};
    s2vi_exec_write(n->exec, n->in, n->input);
    int ret = s2vi_exec_run(n->exec, &clock, err);
    if (!ret)
        ret = s2vi_exec_read(n->exec, n->out, f->made);
    for (int64_t i = 0; i < count && !ret; i++)
        memcpy(out + i * FEATURES_WIDTH, f->made + i * S2VI_BN_FEATURES,
               S2VI_BN_FEATURES * sizeof(*out));
    return ret;
}

int features_run(features *f, const uint8_t *rgb, int64_t count, float *out,
                 s2v_error *err)
{
    const int64_t bytes = 3 * PIXELS;
    int ret = S2V_OK;
    for (int64_t k = 0; k < count && !ret; k += BATCH) {
        const int64_t n = count - k < BATCH ? count - k : BATCH;
        for (int64_t i = 0; i < n; i++) {
            const uint8_t *from = rgb + (k + i) * bytes, *to = from + bytes;
            put_picture(to, f->rgb.input + i * bytes);
            put_flow(f, from, to, f->flow.input + i * 2 * PIXELS);
        }
        float *rows = out + k * FEATURES_WIDTH;
        ret = run_network(f, &f->rgb, n, rows, err);
        if (!ret)
            ret = run_network(f, &f->flow, n, rows + S2VI_BN_FEATURES, err);
    }
    return ret;
}

/* --------------------------------------------------------------- clips -- */

/* The whole of a clip's picture, as it is shown. */
static int find_whole(const char *path, s2vi_clip_params *params,
                      s2v_error *err)
{
    s2vi_media_stream m = {0};
    int ret = s2vi_media_stream_open(&m, path, AVMEDIA_TYPE_VIDEO, err);
    if (!ret) {
        const AVCodecParameters *c = m.stream->codecpar;
        const int32_t *x = s2vi_media_stream_matrix(&m);
        const bool turned =
            x && llabs((long long)x[1]) > llabs((long long)x[0]);
        params->crop_w = turned ? c->height : c->width;
        params->crop_h = turned ? c->width : c->height;
    }
    s2vi_media_stream_close(&m);
    return ret;
}

static int load_clip(const features_source *from, s2vi_clip **clip,
                     s2v_error *err)
{
    s2vi_clip_params params = {.size = SIDE,
                               .fps_num = S2VI_VISUAL_ENCODER_RATE_NUM,
                               .fps_den = S2VI_VISUAL_ENCODER_RATE_DEN,
                               .sound = s2vi_sound_foley,
                               .track = from->track,
                               .min_frames = 2};
    int ret = find_whole(from->clip, &params, err);
    if (!ret)
        ret = s2vi_clip_load(clip, from->clip, &params, err);
    if (!ret && from->ingest)
        ret = s2vi_ingest_check(from->ingest, from->clip, &(*clip)->facts, err);
    if (ret < 0)
        s2vi_clip_close(clip);
    return ret;
}

/* (columns,80) -> (80,columns) */
static void turn(const float *mel, int64_t columns, float *out)
{
    for (int64_t j = 0; j < columns; j++)
        for (int b = 0; b < BANDS; b++)
            out[b * columns + j] = mel[j * BANDS + b];
}

static int write_set(const char *path, int64_t count, const float *seen,
                     const float *heard, s2v_error *err)
{
    const int64_t of[2] = {count, FEATURES_WIDTH};
    const int64_t mel[2] = {BANDS, S2VI_VS_RATIO * count};
    s2vi_writer *w = NULL;
    int ret = s2vi_writer_create(&w, path, err);
    if (ret < 0)
        return ret;
    s2vi_writer_set_metadata(w, "features",
                             "(T,2048) at 11025/512 a second: BN-Inception of "
                             "picture k + 1, then of the flow to it",
                             NULL);
    s2vi_writer_set_metadata(w, "mel", "(80,4 T)", NULL);
    s2vi_writer_add(w, "features", S2VI_STORED_F32, 2, of, seen, NULL);
    s2vi_writer_add(w, "mel", S2VI_STORED_F32, 2, mel, heard, NULL);
    return s2vi_writer_commit(&w, err);
}

int features_write(features *f, const features_source *from, const char *to,
                   s2v_error *err)
{
    s2vi_clip *clip = NULL;
    int ret = load_clip(from, &clip, err);
    if (ret < 0)
        return ret;
    const int64_t count = clip->frames - 1, columns = S2VI_VS_RATIO * count;
    const size_t values = (size_t)(columns * BANDS);
    float *seen = malloc((size_t)(count * FEATURES_WIDTH) * sizeof(*seen));
    float *heard = malloc(2 * values * sizeof(*heard));
    if (!seen || !heard)
        ret = s2vi_error_nomem(err, from->clip);
    if (!ret)
        ret = features_run(f, clip->rgb, count, seen, err);
    if (!ret)
        ret = s2vi_foley_mel(clip->sound, (size_t)clip->samples, heard,
                             (size_t)columns, err);
    if (!ret) {
        turn(heard, columns, heard + values);
        ret = write_set(to, count, seen, heard + values, err);
    }
    s2vi_clip_close(&clip);
    free(seen);
    free(heard);
    return ret;
}
