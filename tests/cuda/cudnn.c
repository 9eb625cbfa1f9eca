/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cuDNN: plans are the true library's, for a GPU that is described to it;
 * convolutions are done here, as its documents define them.
 *
 * Descriptors go to the true library as they come, which says what it offers
 * for this GPU, with which notes and how much workspace, and what it refuses.
 * What it is told is kept beside, for when a plan is to be run. A rule of the
 * backend's is checked here: f32 is not to be done in TF32.
 *
 * S2V_EMULATED_GPU: the GPU, a name of gpus[]; h100. S2V_EMULATED_NO_ENGINES=1:
 * nothing is offered. S2V_EMULATED_REPORT=1: the engines of all plans are
 * printed, and with each handle that is closed how many graphs there were so
 * far, how many of them have no plan, and how often the backend's own kernels
 * were launched instead.
 */
#include "emulated.h"

#include <cudnn.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As the runtime of such GPUs describes them. */
static const struct gpu {
    const char *name, *title;
    int version, processors, clock, memory_clock; /* kHz */
    int l2, shared;                               /* bytes */
    int threads, blocks;                          /* of a multiprocessor */
    long long memory;                             /* bytes */
} gpus[] = {
    {"a100", "NVIDIA A100-SXM4-80GB", 800, 108, 1410000, 1593000, 40 << 20,
     166912, 2048, 32, 80LL << 30},
    {"h100", "NVIDIA H100 80GB HBM3", 900, 132, 1980000, 2619000, 50 << 20,
     232448, 2048, 32, 80LL << 30},
    {"rtx3090", "NVIDIA GeForce RTX 3090", 860, 82, 1695000, 9751000, 6 << 20,
     101376, 1536, 16, 24LL << 30},
    {"rtx4090", "NVIDIA GeForce RTX 4090", 890, 128, 2520000, 10501000,
     72 << 20, 101376, 1536, 24, 24LL << 30},
    {"rtx5090", "NVIDIA GeForce RTX 5090", 1200, 170, 2407000, 14001000,
     96 << 20, 101376, 1536, 24, 32LL << 30},
};

static const struct gpu *chosen_gpu(void)
{
    const char *name = getenv("S2V_EMULATED_GPU");
    if (!name)
        name = "h100";
    for (size_t i = 0; i < sizeof(gpus) / sizeof(*gpus); i++)
        if (!strcmp(gpus[i].name, name))
            return &gpus[i];
    emulated_fail("S2V_EMULATED_GPU: there is no GPU \"%s\"", name);
}

/* ----------------------------------------------------- the true library -- */

static struct {
    void *library;
    cudnnBackendDescriptor_t properties; /* of the GPU */
    __typeof__(cudnnBackendCreateDescriptor) *create;
    __typeof__(cudnnBackendDestroyDescriptor) *destroy;
    __typeof__(cudnnBackendSetAttribute) *set;
    __typeof__(cudnnBackendGetAttribute) *get;
    __typeof__(cudnnBackendFinalize) *finalize;
} truth;

static int graphs, unplanned; /* graphs, those without a plan */

static void *function(const char *name)
{
    void *f = dlsym(truth.library, name);
    if (!f)
        emulated_fail("cuDNN: there is no function %s", name);
    return f;
}

static void describe_gpu(void)
{
    const struct gpu *g = chosen_gpu();
    char text[1024];
    const int n = snprintf(
        text, sizeof(text),
        "{\"deviceName\":\"%s\",\"deviceVer\":%d,\"multiProcessorCount\":%d,"
        "\"smClockRateKHz\":%d,\"memClockRateKHz\":%d,\"l2CacheSize\":%d,"
        "\"maxSharedMemoryPerBlockOptin\":%d,\"maxThreadsPerSM\":%d,"
        "\"maxCtasPerSM\":%d,\"totalGlobalMem\":%lld,\"cudaDeviceId\":0,"
        "\"driverVer\":13000,\"isTccDriver\":0,\"maxRegistersPerSM\":65536,"
        "\"maxSharedMemoryPerBlock\":49152,\"maxThreadsPerBlock\":1024,"
        "\"pciDeviceId\":0,\"regsPerBlock\":65536,"
        "\"reservedSharedMemoryPerBlock\":1024,\"supportCoopLaunch\":1,"
        "\"warpSize\":32,\"maxBlockSize\":[1024,1024,64],"
        "\"maxGridSize\":[2147483647,65535,65535]}",
        g->title, g->version, g->processors, g->clock, g->memory_clock, g->l2,
        g->shared, g->threads, g->blocks, g->memory);
    if (truth.create(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &truth.properties) ||
        truth.set(truth.properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                  CUDNN_TYPE_CHAR, n + 1, text) ||
        truth.finalize(truth.properties))
        emulated_fail("cuDNN does not take the description of a GPU, %s", text);
}

static void load(void)
{
    if (truth.library)
        return;
    /* cuDNN unloads it again, and what it allocated is lost, which
     * LeakSanitizer finds. */
    dlopen(EMULATED_NVRTC, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    truth.library = dlopen(EMULATED_CUDNN, RTLD_NOW | RTLD_LOCAL);
    if (!truth.library)
        emulated_fail("%s", dlerror());
    truth.create = function("cudnnBackendCreateDescriptor");
    truth.destroy = function("cudnnBackendDestroyDescriptor");
    truth.set = function("cudnnBackendSetAttribute");
    truth.get = function("cudnnBackendGetAttribute");
    truth.finalize = function("cudnnBackendFinalize");
    describe_gpu();
}

/* -------------------------------------------------------------- handles -- */

struct cudnnContext {
    cudaStream_t stream;
};

size_t cudnnGetVersion(void)
{
    return emulated_is_set("S2V_EMULATED_OLD_CUDNN") ? 90100 : CUDNN_VERSION;
}

const char *cudnnGetErrorString(cudnnStatus_t status)
{
    return status ? "emulated cuDNN error" : "success";
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
    emulated_spoils_captures("cudnnCreate()");
    load();
    *handle = calloc(1, sizeof(**handle));
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
    emulated_spoils_captures("cudnnDestroy()");
    if (emulated_is_set("S2V_EMULATED_REPORT")) {
        printf("cuDNN for %s: of %d graphs %d have no plan, "
               "%d convolutions without it\n",
               chosen_gpu()->name, graphs, unplanned,
               emulated_own_convolutions);
        fflush(stdout);
    }
    free(handle);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

/* ---------------------------------------------------------- descriptors -- */

enum { ATTRIBUTES = 10, VALUES = 5 };

/* What a descriptor was told, but for handles. */
typedef struct attribute {
    cudnnBackendAttributeName_t name;
    int64_t count;
    union {
        int64_t n[VALUES];
        void *pointer[VALUES];
        struct part *part;
        float f;
        int kind;
    } is;
} attribute;

typedef struct part {
    cudnnBackendDescriptorType_t type;
    cudnnBackendDescriptor_t real;
    struct part *heuristics; /* ENGINECFG: whose result it is */
    int64_t workspace;       /* EXECUTION_PLAN */
    attribute told[ATTRIBUTES];
    int n;
} part;

static size_t size_of(cudnnBackendAttributeType_t type)
{
    switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE: return 8;
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR: return sizeof(void *);
    default: return 4; /* enumerations, FLOAT */
    }
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t *out)
{
    part *p = calloc(1, sizeof(*p));
    p->type = type;
    *out = p;
    return truth.create(type, &p->real);
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d)
{
    part *p = d;
    truth.destroy(p->real);
    free(p);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t d,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type,
                                       int64_t count, const void *values)
{
    part *p = d;
    if (type == CUDNN_TYPE_HANDLE) /* the GPU's description is instead */
        return CUDNN_STATUS_SUCCESS;
    if (p->n == ATTRIBUTES || count > VALUES)
        emulated_fail("cuDNN: attribute %d has too many values", (int)name);
    attribute *a = &p->told[p->n++];
    a->name = name;
    a->count = count;
    memcpy(&a->is, values, (size_t)count * size_of(type));
    if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR)
        return truth.set(p->real, name, type, count, values);
    return truth.set(p->real, name, type, 1, &a->is.part->real);
}

static const attribute *told(const part *p, cudnnBackendAttributeName_t name)
{
    for (int i = 0; i < p->n; i++)
        if (p->told[i].name == name)
            return &p->told[i];
    emulated_fail("cuDNN: descriptor %d was not told attribute %d",
                  (int)p->type, (int)name);
}

static part *part_of(const part *p, cudnnBackendAttributeName_t name)
{
    return told(p, name)->is.part;
}

/* ------------------------------------------------------- convolutions -- */

typedef struct array {
    int64_t name;
    int n;
    int64_t dim[VALUES], stride[VALUES];
} array;

/* Arrays are of floats, or of bf16, their upper halves. */
struct convolution {
    int way; /* 0 forward, 1 data, 2 filter */
    cudnnDataType_t type;
    array x, y, w;
    int64_t pad[3], stride[3];
    const void *a, *b;
    void *out;
    float alpha, beta;
    void *workspace;
    size_t size;
};

static array array_of(const part *op, cudnnBackendAttributeName_t name)
{
    const part *p = part_of(op, name);
    const attribute *dim = told(p, CUDNN_ATTR_TENSOR_DIMENSIONS);
    array a = {.name = told(p, CUDNN_ATTR_TENSOR_UNIQUE_ID)->is.n[0],
               .n = (int)dim->count};
    memcpy(a.dim, dim->is.n, sizeof(a.dim));
    memcpy(a.stride, told(p, CUDNN_ATTR_TENSOR_STRIDES)->is.n,
           sizeof(a.stride));
    return a;
}

/* What a plan is for; memory aside. The names of FORWARD's, BWD_DATA's and
 * BWD_FILTER's attributes. */
static struct convolution convolution_of(const part *plan)
{
    static const cudnnBackendAttributeName_t names[3][6] = {
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
         CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
         CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
         CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
         CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
         CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA}};
    const part *config = part_of(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
    const part *graph =
        part_of(config->heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
    const part *op = part_of(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
    const int way =
        op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR ? 0
        : op->type ==
                CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR
            ? 1
            : 2;
    const part *window = part_of(op, names[way][0]);
    struct convolution k = {
        .way = way,
        .type = (cudnnDataType_t)told(part_of(op, names[way][1]),
                                      CUDNN_ATTR_TENSOR_DATA_TYPE)
                    ->is.kind,
        .x = array_of(op, names[way][1]),
        .w = array_of(op, names[way][2]),
        .y = array_of(op, names[way][3]),
        .alpha = told(op, names[way][4])->is.f,
        .beta = told(op, names[way][5])->is.f,
        .size = (size_t)plan->workspace,
    };
    memcpy(k.pad, told(window, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS)->is.n,
           sizeof(k.pad));
    memcpy(k.stride, told(window, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES)->is.n,
           sizeof(k.stride));
    return k;
}

static void print_array(const char *name, const array *a)
{
    printf(" %s", name);
    for (int i = 0; i < a->n; i++)
        printf("%c%lld", i ? 'x' : ' ', (long long)a->dim[i]);
}

static void print_convolution(const struct convolution *k, int64_t engine)
{
    static const char *const ways[] = {"y of", "x of", "w of"};
    printf("engine %2d: %s", (int)engine, ways[k->way]);
    print_array("x", &k->x);
    print_array("w", &k->w);
    print_array("y", &k->y);
    printf(", stride %d%s%s\n", (int)k->stride[0],
           k->type == CUDNN_DATA_FLOAT ? "" : ", bf16",
           k->beta ? ", kept" : "");
}

/* Its factors as floats. */
typedef struct factors {
    float *a, *b;
} factors;

/* All of (image, y's place, tap) with the x that they see. */
typedef struct visit {
    const struct convolution *k;
    int64_t image, y[3], tap[3];
    int64_t at_x, at_y, at_w; /* offsets, channels aside */
} visit;

static int64_t spatial_offset(const array *t, const int64_t *at)
{
    int64_t offset = 0;
    for (int i = 0; i < t->n - 2; i++)
        offset += at[i] * t->stride[2 + i];
    return offset;
}

static bool see(visit *v)
{
    const struct convolution *k = v->k;
    int64_t x[3], flat = 0;
    for (int i = 0; i < k->x.n - 2; i++) {
        x[i] = v->y[i] * k->stride[i] + v->tap[i] - k->pad[i];
        if (x[i] < 0 || x[i] >= k->x.dim[2 + i])
            return false;
        flat = flat * k->w.dim[2 + i] + v->tap[i];
    }
    v->at_x = v->image * k->x.stride[0] + spatial_offset(&k->x, x);
    v->at_y = v->image * k->y.stride[0] + spatial_offset(&k->y, v->y);
    v->at_w = flat * k->w.dim[1];
    return true;
}

static int64_t product(const int64_t *dim, int n)
{
    int64_t all = 1;
    for (int i = 0; i < n; i++)
        all *= dim[i];
    return all;
}

static double dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static void add_scaled(double *to, double scale, const float *x, int64_t n)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * x[i];
}

/* Every multiplication of a visit, into the double sums `out`. Where the weight
 * has fewer channels than x, those are in groups. */
static void multiply(const visit *v, const factors *f, double *out)
{
    const struct convolution *k = v->k;
    const int64_t taps = product(k->w.dim + 2, k->x.n - 2);
    const int64_t cin = k->w.dim[1], cout = k->y.dim[1];
    const int64_t results = cout / (k->x.dim[1] / cin);
    for (int64_t co = 0; co < cout; co++) {
        const int64_t w = co * taps * cin + v->at_w, y = v->at_y + co;
        const int64_t x = v->at_x + co / results * cin;
        if (k->way == 0)
            out[y] += dot(f->a + x, f->b + w, cin);
        else if (k->way == 1)
            add_scaled(out + x, f->a[y], f->b + w, cin);
        else
            add_scaled(out + w, f->b[y], f->a + x, cin);
    }
}

static bool next(int64_t *at, const int64_t *dim, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        if (++at[i] < dim[i])
            return true;
        at[i] = 0;
    }
    return false;
}

static float get(const struct convolution *k, const void *from, int64_t i)
{
    if (k->type == CUDNN_DATA_FLOAT)
        return ((const float *)from)[i];
    const uint32_t bits = (uint32_t)((const uint16_t *)from)[i] << 16;
    float x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

static void put(const struct convolution *k, int64_t i, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    if (k->type == CUDNN_DATA_FLOAT)
        ((float *)k->out)[i] = x;
    else if (x != x)
        ((uint16_t *)k->out)[i] = 0x7FC0;
    else
        ((uint16_t *)k->out)[i] =
            (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float *floats(const struct convolution *k, const void *from,
                     int64_t count)
{
    float *to = calloc((size_t)count, sizeof(*to));
    for (int64_t i = 0; i < count; i++)
        to[i] = get(k, from, i);
    return to;
}

static void convolve(const void *data)
{
    const struct convolution *k = data;
    const int n = k->x.n;
    const int64_t x = product(k->x.dim, n), y = product(k->y.dim, n);
    const int64_t w = product(k->w.dim, n);
    const int64_t count = k->way == 0 ? y : k->way == 1 ? x : w;
    const factors f = {floats(k, k->a, k->way == 1 ? y : x),
                       floats(k, k->b, k->way == 2 ? y : w)};
    double *sum = calloc((size_t)count, sizeof(*sum));
    visit v = {.k = k};
    for (v.image = 0; v.image < k->x.dim[0]; v.image++)
        do
            do
                if (see(&v))
                    multiply(&v, &f, sum);
            while (next(v.tap, k->w.dim + 2, k->x.n - 2));
        while (next(v.y, k->y.dim + 2, k->x.n - 2));
    for (int64_t i = 0; i < count; i++) /* beta 0: out is not read */
        put(k, i,
            (float)(k->alpha * sum[i] +
                    (k->beta ? (double)k->beta * get(k, k->out, i) : 0)));
    if (k->size)
        memset(k->workspace, 0xCD, k->size);
    free(f.a);
    free(f.b);
    free(sum);
}

/* The engine of a plan: that it does no more than the backend may want. */
static void check_engine(const part *plan)
{
    const part *config = part_of(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
    const struct convolution k = convolution_of(plan);
    cudnnBackendDescriptor_t engine;
    cudnnBackendNumericalNote_t note[16];
    int64_t count, notes = 0, index = -1;
    truth.create(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine);
    truth.get(config->real, CUDNN_ATTR_ENGINECFG_ENGINE,
              CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &engine);
    truth.get(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1,
              &count, &index);
    truth.get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
              CUDNN_TYPE_NUMERICAL_NOTE, 16, &notes, note);
    truth.destroy(engine);
    for (int64_t i = 0; i < notes; i++)
        if (note[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC ||
            note[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
            (note[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE &&
             k.type == CUDNN_DATA_FLOAT && !emulated_is_set("S2V_CUDA_TF32")))
            emulated_fail("cuDNN: engine %d is not to be used, note %d",
                          (int)index, (int)note[i]);
    if (emulated_is_set("S2V_EMULATED_REPORT"))
        print_convolution(&k, index);
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t d)
{
    part *p = d;
    cudnnStatus_t s = CUDNN_STATUS_SUCCESS;
    if (p->type == CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
        return s;
    if (p->type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
        s = truth.set(p->real, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &truth.properties);
    if (p->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
        s = truth.set(p->real, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &truth.properties);
    if (!s)
        s = truth.finalize(p->real);
    if (!s && p->type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
        graphs++, unplanned++;
    if (!s && p->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
        check_engine(p);
        unplanned--;
    }
    return s;
}

/* Descriptors are given to be filled. */
static cudnnStatus_t get_parts(part *p, cudnnBackendAttributeName_t name,
                               int64_t room, int64_t *count, part **parts)
{
    cudnnBackendDescriptor_t real[64];
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS &&
        emulated_is_set("S2V_EMULATED_NO_ENGINES")) {
        *count = 0;
        return CUDNN_STATUS_SUCCESS;
    }
    if (room > 64)
        emulated_fail("cuDNN: %lld descriptors are wanted", (long long)room);
    for (int64_t i = 0; i < room; i++) {
        real[i] = parts[i]->real;
        parts[i]->heuristics = p;
    }
    return truth.get(p->real, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, room, count,
                     real);
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t d,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type,
                                       int64_t room, int64_t *count,
                                       void *values)
{
    part *p = d;
    if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR)
        return get_parts(p, name, room, count, values);
    const cudnnStatus_t s = truth.get(p->real, name, type, room, count, values);
    if (!s && name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)
        p->workspace = *(int64_t *)values;
    return s;
}

static bool is_placed(const void *p)
{
    return (uintptr_t)p % 16 == 0;
}

static const void *array_named(const part *pack, int64_t name)
{
    const attribute *names = told(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
    for (int64_t i = 0; i < names->count; i++)
        if (names->is.n[i] == name)
            return told(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)
                ->is.pointer[i];
    emulated_fail("cuDNN: array %d was not given", (int)name);
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle,
                                  cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t given)
{
    const part *pack = given;
    struct convolution k = convolution_of(plan);
    const void *x = array_named(pack, k.x.name);
    const void *w = array_named(pack, k.w.name);
    const void *y = array_named(pack, k.y.name);
    k.a = k.way == 1 ? y : x;
    k.b = k.way == 2 ? y : w;
    k.out = (void *)(k.way == 0 ? y : k.way == 1 ? x : w);
    k.workspace = told(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE)->is.pointer[0];
    if (!is_placed(x) || !is_placed(w) || !is_placed(y) ||
        (k.size && !k.workspace))
        return CUDNN_STATUS_BAD_PARAM;
    emulated_submit(handle->stream, convolve, &k, sizeof(k));
    return CUDNN_STATUS_SUCCESS;
}
