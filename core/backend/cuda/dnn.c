/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * By cuDNN's graph interface: a graph of one operation; the heuristics' list of
 * engines, best first; an execution plan of the first that suits.
 */
#include "backend/cuda/dnn.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_VERSION = 90800,
    LIMIT = 512 << 20, /* bytes that a plan may work in */
    ASKED = 64,        /* engine configurations */
    PARTS = 12,        /* descriptors that a plan is made of */
    NOTES = 16,
    X = 'x', /* names of the arrays */
    W = 'w',
    Y = 'y',
};

struct s2vi_dnn_plan {
    s2vi_dnn_task task;
    bool found; /* then what follows is set */
    cudnnBackendDescriptor_t plan;
    int64_t workspace;
    /* All that it was made of lives as long as it. */
    cudnnBackendDescriptor_t part[PARTS];
    int parts;
};

struct s2vi_dnn {
    cudnnHandle_t handle;
    s2vi_dnn_plan **plan;
    int plans, room;
};

/* The names that each operation has for its arrays and settings. */
typedef struct dialect {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
    int64_t names[3]; /* of a, b and out */
} dialect;

static const dialect *dialect_of(const s2vi_dnn_task *task)
{
    static const dialect
        forward = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                   CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                   {X, W, Y}},
        data = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                {Y, W, X}},
        weight = {
            CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
            {X, Y, W}};
    switch (task->op) {
    case S2VI_OP_CONV_DATA: return &data;
    case S2VI_OP_CONV_WEIGHT: return &weight;
    default: return &forward;
    }
}

/* -------------------------------------------------------- descriptors -- */

/* Descriptors being made for a plan; after a failure nothing more is done. */
typedef struct draft {
    s2vi_dnn_plan *plan; /* they are its parts */
    cudnnHandle_t handle;
    cudnnStatus_t status;
} draft;

static cudnnBackendDescriptor_t make(draft *d,
                                     cudnnBackendDescriptorType_t type)
{
    cudnnBackendDescriptor_t made = NULL;
    if (!d->status)
        d->status = cudnnBackendCreateDescriptor(type, &made);
    if (!d->status)
        d->plan->part[d->plan->parts++] = made;
    return made;
}

static void set(draft *d, cudnnBackendDescriptor_t to,
                cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t count,
                const void *values)
{
    if (!d->status)
        d->status = cudnnBackendSetAttribute(to, name, type, count, values);
}

static void set_part(draft *d, cudnnBackendDescriptor_t to,
                     cudnnBackendAttributeName_t name,
                     cudnnBackendDescriptor_t part)
{
    set(d, to, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part);
}

static void finish(draft *d, cudnnBackendDescriptor_t part)
{
    if (!d->status)
        d->status = cudnnBackendFinalize(part);
}

/* One or two dimensions are two of cuDNN's, three are three. */
static int dimensions(const s2vi_dnn_task *t)
{
    return t->x[0] == 1 && t->kernel[0] == 1 && t->y[0] == 1 ? 2 : 3;
}

/* (outer, channels, spatial), in memory with channels last. */
static cudnnBackendDescriptor_t make_array(draft *d, int64_t name,
                                           int32_t outer, int32_t channels,
                                           const int32_t *spatial)
{
    const s2vi_dnn_task *t = &d->plan->task;
    const int n = dimensions(t);
    const int64_t alignment = S2VI_DNN_ALIGNMENT;
    const cudnnDataType_t type =
        t->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    int64_t dim[5] = {outer, channels}, stride[5] = {0, 1}, step = channels;
    for (int i = n - 1; i >= 0; i--) {
        dim[2 + i] = spatial[3 - n + i];
        stride[2 + i] = step;
        step *= dim[2 + i];
    }
    stride[0] = step;
    cudnnBackendDescriptor_t array = make(d, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    set(d, array, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &name);
    set(d, array, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    set(d, array, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 2 + n, dim);
    set(d, array, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 2 + n, stride);
    set(d, array, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1,
        &alignment);
    finish(d, array);
    return array;
}

/* As much as before, where that makes no other result: more engines take it. */
static int padding_after(const s2vi_dnn_task *t, int i)
{
    const int span = t->x[i] + 2 * t->pad[i] - t->kernel[i];
    const int reach = (t->y[i] - 1) * t->stride[i] + t->kernel[i] - t->pad[i];
    if (span >= 0 && span / t->stride[i] + 1 == t->y[i])
        return t->pad[i];
    return reach > t->x[i] ? reach - t->x[i] : 0;
}

static cudnnBackendDescriptor_t make_window(draft *d)
{
    const s2vi_dnn_task *t = &d->plan->task;
    const int n = dimensions(t);
    const int64_t rank = n, one[3] = {1, 1, 1};
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    int64_t stride[3], before[3], after[3];
    for (int i = 0; i < n; i++) {
        const int from = 3 - n + i;
        stride[i] = t->stride[from];
        before[i] = t->pad[from];
        after[i] = padding_after(t, from);
    }
    cudnnBackendDescriptor_t window =
        make(d, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    set(d, window, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1,
        &rank);
    set(d, window, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1,
        &sums);
    set(d, window, CUDNN_ATTR_CONVOLUTION_CONV_MODE,
        CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    set(d, window, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, n,
        before);
    set(d, window, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, n,
        after);
    set(d, window, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, n, one);
    set(d, window, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, n,
        stride);
    finish(d, window);
    return window;
}

static cudnnBackendDescriptor_t make_graph(draft *d)
{
    const s2vi_dnn_task *t = &d->plan->task;
    const dialect *its = dialect_of(t);
    const float alpha = 1, beta = (float)t->keep;
    cudnnBackendDescriptor_t window = make_window(d);
    cudnnBackendDescriptor_t x = make_array(d, X, t->images, t->cin, t->x);
    /* cuDNN sees groups by the channels that the weight lacks. */
    cudnnBackendDescriptor_t w =
        make_array(d, W, t->cout, t->cin / t->groups, t->kernel);
    cudnnBackendDescriptor_t y = make_array(d, Y, t->images, t->cout, t->y);
    cudnnBackendDescriptor_t op = make(d, its->type);
    set_part(d, op, its->conv, window);
    set_part(d, op, its->x, x);
    set_part(d, op, its->w, w);
    set_part(d, op, its->y, y);
    set(d, op, its->alpha, CUDNN_TYPE_FLOAT, 1, &alpha);
    set(d, op, its->beta, CUDNN_TYPE_FLOAT, 1, &beta);
    finish(d, op);
    cudnnBackendDescriptor_t graph =
        make(d, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    set(d, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1,
        &d->handle);
    set_part(d, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, op);
    finish(d, graph);
    return graph;
}

/* ------------------------------------------------------------ choosing -- */

static bool is_welcome(const s2vi_dnn_task *t, cudnnBackendNumericalNote_t note)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE: return t->bf16 || t->tf32;
    case CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4: return true;
    default: return false;
    }
}

/* Compiling takes up to seconds for a plan. */
static bool is_ready(cudnnBackendBehaviorNote_t note)
{
    return note != CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
}

static cudnnStatus_t read_notes(cudnnBackendDescriptor_t config,
                                cudnnBackendNumericalNote_t *number,
                                int64_t *numbers,
                                cudnnBackendBehaviorNote_t *behaviour,
                                int64_t *behaviours)
{
    cudnnBackendDescriptor_t engine = NULL;
    int64_t count = 0;
    cudnnStatus_t s =
        cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine);
    if (!s)
        s = cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE,
                                     CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
                                     &engine);
    if (!s)
        s = cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                     CUDNN_TYPE_NUMERICAL_NOTE, NOTES, numbers,
                                     number);
    if (!s)
        s = cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                                     CUDNN_TYPE_BEHAVIOR_NOTE, NOTES,
                                     behaviours, behaviour);
    if (engine)
        cudnnBackendDestroyDescriptor(engine);
    return s;
}

static bool suits(const s2vi_dnn_task *t, cudnnBackendDescriptor_t config)
{
    cudnnBackendNumericalNote_t number[NOTES];
    cudnnBackendBehaviorNote_t behaviour[NOTES];
    int64_t numbers = 0, behaviours = 0;
    bool ok = !read_notes(config, number, &numbers, behaviour, &behaviours) &&
              numbers <= NOTES && behaviours <= NOTES;
    for (int64_t i = 0; ok && i < numbers; i++)
        ok = is_welcome(t, number[i]);
    for (int64_t i = 0; ok && i < behaviours; i++)
        ok = is_ready(behaviour[i]);
    return ok;
}

/* Whether a plan can be made of it. */
static bool accept(draft *d, cudnnBackendDescriptor_t config)
{
    s2vi_dnn_plan *p = d->plan;
    int64_t count = 0;
    if (!suits(&p->task, config) ||
        cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
                                     &p->plan))
        return false;
    set(d, p->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
        &d->handle);
    set_part(d, p->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
    finish(d, p->plan);
    if (!d->status)
        d->status = cudnnBackendGetAttribute(
            p->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
            1, &count, &p->workspace);
    p->found = !d->status && p->workspace <= LIMIT;
    if (!p->found)
        cudnnBackendDestroyDescriptor(p->plan);
    d->status = CUDNN_STATUS_SUCCESS; /* the next one may do */
    return p->found;
}

/* Of the configurations that one kind of heuristics offers. */
static void choose(draft *d, cudnnBackendDescriptor_t graph,
                   cudnnBackendHeurMode_t mode)
{
    cudnnBackendDescriptor_t config[ASKED];
    int64_t made = 0, count = 0;
    cudnnBackendDescriptor_t heuristics =
        make(d, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    set_part(d, heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
    set(d, heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1,
        &mode);
    finish(d, heuristics);
    while (!d->status && made < ASKED &&
           !cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
                                         &config[made]))
        made++;
    if (!d->status)
        d->status = cudnnBackendGetAttribute(
            heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
            CUDNN_TYPE_BACKEND_DESCRIPTOR, made, &count, config);
    int64_t best = 0;
    count = d->status ? 0 : count < made ? count : made;
    while (best < count && !accept(d, config[best]))
        best++;
    for (int64_t i = 0; i < made; i++)
        if (i == best && best < count)
            d->plan->part[d->plan->parts++] = config[i];
        else
            cudnnBackendDestroyDescriptor(config[i]);
    d->status = CUDNN_STATUS_SUCCESS; /* the other kind may do */
}

static void close_plan(s2vi_dnn_plan *plan)
{
    if (plan->found)
        cudnnBackendDestroyDescriptor(plan->plan);
    while (plan->parts)
        cudnnBackendDestroyDescriptor(plan->part[--plan->parts]);
    free(plan);
}

static s2vi_dnn_plan *make_plan(s2vi_dnn *dnn, const s2vi_dnn_task *task)
{
    s2vi_dnn_plan *plan = calloc(1, sizeof(*plan));
    draft d = {.plan = plan, .handle = dnn->handle};
    if (!plan)
        return NULL;
    plan->task = *task;
    cudnnBackendDescriptor_t graph = make_graph(&d);
    if (!d.status)
        choose(&d, graph, CUDNN_HEUR_MODE_A);
    if (!d.status && !plan->found)
        choose(&d, graph, CUDNN_HEUR_MODE_FALLBACK);
    return plan;
}

const s2vi_dnn_plan *s2vi_dnn_find(s2vi_dnn *dnn, const s2vi_dnn_task *task)
{
    for (int i = 0; i < dnn->plans; i++)
        if (!memcmp(&dnn->plan[i]->task, task, sizeof(*task)))
            return dnn->plan[i]->found ? dnn->plan[i] : NULL;
    if (dnn->plans == dnn->room) {
        const int room = dnn->room ? 2 * dnn->room : 64;
        s2vi_dnn_plan **plan =
            realloc(dnn->plan, (size_t)room * sizeof(s2vi_dnn_plan *));
        if (!plan)
            return NULL;
        dnn->plan = plan;
        dnn->room = room;
    }
    s2vi_dnn_plan *made = make_plan(dnn, task);
    if (!made)
        return NULL;
    dnn->plan[dnn->plans++] = made;
    return made->found ? made : NULL;
}

size_t s2vi_dnn_workspace(const s2vi_dnn_plan *plan)
{
    return (size_t)plan->workspace;
}

/* ------------------------------------------------------------- running -- */

cudnnStatus_t s2vi_dnn_run(const s2vi_dnn *dnn, const s2vi_dnn_plan *plan,
                           const void *a, const void *b, void *out,
                           void *workspace)
{
    const void *array[3] = {a, b, out};
    cudnnBackendDescriptor_t pack = NULL;
    cudnnStatus_t s = cudnnBackendCreateDescriptor(
        CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
    if (!s)
        s = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS,
                                     CUDNN_TYPE_INT64, 3,
                                     dialect_of(&plan->task)->names);
    if (!s)
        s = cudnnBackendSetAttribute(pack,
                                     CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                     CUDNN_TYPE_VOID_PTR, 3, array);
    if (!s)
        s = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                                     CUDNN_TYPE_VOID_PTR, 1, &workspace);
    if (!s)
        s = cudnnBackendFinalize(pack);
    if (!s)
        s = cudnnBackendExecute(dnn->handle, plan->plan, pack);
    if (pack)
        cudnnBackendDestroyDescriptor(pack);
    return s;
}

/* ------------------------------------------------------------- opening -- */

int s2vi_dnn_open(s2vi_dnn **out, cudaStream_t stream, s2v_error *err)
{
    s2vi_dnn *dnn = calloc(1, sizeof(*dnn));
    *out = dnn;
    if (!dnn)
        return s2vi_error_nomem(err, "cuDNN");
    if (cudnnGetVersion() < LEAST_VERSION) {
        s2vi_dnn_close(out);
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "cuDNN has version %zu, expected %d (9.8) or later",
                          cudnnGetVersion(), LEAST_VERSION);
    }
    cudnnStatus_t s = cudnnCreate(&dnn->handle);
    if (s)
        dnn->handle = NULL;
    else
        s = cudnnSetStream(dnn->handle, stream);
    if (!s)
        return S2V_OK;
    s2vi_dnn_close(out);
    return s2vi_error(err, S2V_ERR_DEVICE, "cuDNN could not be started: %s",
                      cudnnGetErrorString(s));
}

void s2vi_dnn_close(s2vi_dnn **dnn)
{
    if (!*dnn)
        return;
    for (int i = 0; i < (*dnn)->plans; i++)
        close_plan((*dnn)->plan[i]);
    free((*dnn)->plan);
    if ((*dnn)->handle)
        cudnnDestroy((*dnn)->handle);
    free(*dnn);
    *dnn = NULL;
}
