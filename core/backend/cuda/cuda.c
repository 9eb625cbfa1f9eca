/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cuda backend's table: devices, memory, and which file compiles what. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/dnn.h"
#include "backend/cuda/embedded.h"
#include "backend/module.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_CAPABILITY = 80, /* 8.0, Ampere: what kernels.cu is compiled for */
    LARGEST = INT32_MAX,   /* elements of an array */
};

static void cuda_enter(s2vi_backend *backend)
{
    s2vi_cuda_lock((s2vi_cuda *)backend);
}

static void cuda_leave(s2vi_backend *backend)
{
    s2vi_cuda_unlock((s2vi_cuda *)backend);
}

static int cuda_wait(s2vi_backend *backend)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    return s2vi_cuda_check(cuda, cudaStreamSynchronize(cuda->stream));
}

/* -------------------------------------------------------------- memory -- */

static void *cuda_alloc(s2vi_backend *backend, size_t size)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    void *memory = NULL;
    s2vi_cuda_lock_exclusive(cuda);
    if (s2vi_cuda_check(cuda, cudaMalloc(&memory, size ? size : 1)) < 0) {
        cudaGetLastError(); /* it is not the next call's */
        memory = NULL;
    } else if (s2vi_cuda_check(
                   cuda, cudaMemsetAsync(memory, 0, size, cuda->stream)) < 0) {
        cudaFree(memory);
        memory = NULL;
    }
    s2vi_cuda_unlock_exclusive(cuda);
    return memory;
}

static void cuda_free(s2vi_backend *backend, void *memory)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    if (!memory)
        return;
    s2vi_cuda_lock_exclusive(cuda);
    cudaStreamSynchronize(cuda->stream); /* it may be in use still */
    cudaFree(memory);
    s2vi_cuda_unlock_exclusive(cuda);
}

/* Whole when it returns: CUDA may read the host's memory later, where it is
 * pinned or the GPU can read all of it. */
static int copy(s2vi_backend *backend, void *to, const void *from, size_t size,
                enum cudaMemcpyKind kind)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_lock(cuda);
    int ret = s2vi_cuda_check(
        cuda, cudaMemcpyAsync(to, from, size, kind, cuda->stream));
    if (!ret)
        ret = cuda_wait(backend);
    s2vi_cuda_unlock(cuda);
    return ret;
}

static int clear(s2vi_backend *backend, void *memory, size_t size)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_lock(cuda);
    int ret =
        s2vi_cuda_check(cuda, cudaMemsetAsync(memory, 0, size, cuda->stream));
    s2vi_cuda_unlock(cuda);
    return ret;
}

static int cuda_upload(s2vi_backend *backend, void *to, const void *from,
                       size_t size)
{
    return from ? copy(backend, to, from, size, cudaMemcpyHostToDevice)
                : clear(backend, to, size);
}

static int cuda_download(s2vi_backend *backend, void *to, const void *from,
                         size_t size)
{
    return copy(backend, to, from, size, cudaMemcpyDeviceToHost);
}

/* ---------------------------------------------------------- compiling -- */

static const s2vi_cuda_group *group_of(const s2vi_node *node)
{
    switch (node->op) {
    case S2VI_OP_CONV:
    case S2VI_OP_CONV_DATA:
    case S2VI_OP_CONV_WEIGHT:
    case S2VI_OP_UPCONV: return &s2vi_cuda_conv;
    case S2VI_OP_MATMUL: return &s2vi_cuda_matmul;
    case S2VI_OP_GRU:
    case S2VI_OP_GRU_DA:
    case S2VI_OP_GRU_DB:
    case S2VI_OP_GRU_DH:
    case S2VI_OP_GRU_CELL: return &s2vi_cuda_gru;
    case S2VI_OP_LSTM:
    case S2VI_OP_LSTM_DA: return &s2vi_cuda_lstm;
    case S2VI_OP_BLEND: return &s2vi_cuda_blend;
    case S2VI_OP_AVGPOOL:
    case S2VI_OP_MAXPOOL:
    case S2VI_OP_MAXPOOL_PUT:
    case S2VI_OP_MAXPOOL_GET: return &s2vi_cuda_pool;
    case S2VI_OP_FILL:
    case S2VI_OP_POSITION:
    case S2VI_OP_RANDOM:
    case S2VI_OP_ASSIGN:
    case S2VI_OP_ADAM: return &s2vi_cuda_effect;
    case S2VI_OP_MOMENTS: return &s2vi_cuda_moments;
    case S2VI_OP_CONCAT: return &s2vi_cuda_concat;
    case S2VI_OP_SUM:
    case S2VI_OP_CHAIN: return &s2vi_cuda_chain;
    default: return s2vi_is_map(node) ? &s2vi_cuda_chain : &s2vi_cuda_data;
    }
}

static int compile(s2vi_cuda *cuda, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err)
{
    const s2vi_cuda_group *group = group_of(node);
    s2vi_kernel *k = s2vi_kernel_create(group->size, node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->close = s2vi_kernel_free;
    int ret = group->compile(k, cuda, constant, err);
    if (ret < 0)
        k->close(k);
    else
        *kernel = k;
    return ret;
}

/* Kernels count with 32 bits. */
static bool is_countable(const s2vi_node *node)
{
    /* A GRU's gates; an image enlarged by 2 x 2. */
    const int more = node->op == S2VI_OP_GRU_CELL ? 3
                     : node->op == S2VI_OP_UPCONV ? 4
                                                  : 1;
    bool ok = s2vi_shape_count(&node->shape) <= LARGEST / more;
    for (int i = 0; i < node->n_inputs; i++)
        ok = ok && s2vi_shape_count(&node->input[i]->shape) <= LARGEST / more;
    return ok;
}

static int cuda_compile(s2vi_backend *backend, const s2vi_node *node,
                        uint32_t constant, s2vi_kernel **kernel, s2v_error *err)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    const char *name = s2vi_op_get(node->op)->name;
    *kernel = NULL;
    if (!is_countable(node))
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "cuda: a %s of an array with more than %d elements",
                          name, LARGEST);
    s2vi_cuda_lock_exclusive(cuda);
    int ret = compile(cuda, node, constant, kernel, err);
    s2vi_cuda_unlock_exclusive(cuda);
    return ret;
}

/* -------------------------------------------------------- opening -- */

static const s2vi_backend_table table;

static void cuda_close(s2vi_backend *backend)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_lock_exclusive(cuda);
    if (cuda->stream)
        cudaStreamSynchronize(cuda->stream);
#if S2V_HAVE_NCCL
    s2vi_cuda_sums_close(cuda->sums);
#endif
    s2vi_cuda_chains_close(cuda->chains);
    s2vi_dnn_close(&cuda->dnn);
    if (cuda->lt)
        cublasLtDestroy(cuda->lt);
    if (cuda->library)
        cudaLibraryUnload(cuda->library);
    if (cuda->clock)
        cudaFree(cuda->clock);
    if (cuda->stream)
        cudaStreamDestroy(cuda->stream);
    s2vi_cuda_unlock_exclusive(cuda);
    pthread_mutex_destroy(&cuda->lock);
    free(cuda);
}

/* Why there is no device at all. */
static int explain(cudaError_t status, s2v_error *err)
{
    int driver = 0;
    cudaDriverGetVersion(&driver);
    if (status == cudaErrorInsufficientDriver && !driver)
        return s2vi_error(err, S2V_ERR_DEVICE, "no NVIDIA driver is installed");
    if (status == cudaErrorInsufficientDriver)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "the NVIDIA driver is for CUDA %d.%d, expected %d.%d "
                          "or later",
                          driver / 1000, driver % 1000 / 10,
                          CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    if (status == cudaErrorNoDevice)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "the NVIDIA driver finds no GPU");
    return s2vi_error(err, S2V_ERR_DEVICE, "CUDA could not start: %s",
                      cudaGetErrorString(status));
}

/* That GPU number `device` is there and can run the kernels. */
static int examine(int device, int *capability, int *processors, s2v_error *err)
{
    int count = 0, major = 0, minor = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status)
        return explain(status, err);
    if (device >= count)
        return s2vi_error(
            err, S2V_ERR_DEVICE, "there %s %d GPU%s, expected more than %d",
            count == 1 ? "is" : "are", count, count == 1 ? "" : "s", device);
    status = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor,
                                    device);
    if (!status)
        status = cudaDeviceGetAttribute(
            &minor, cudaDevAttrComputeCapabilityMinor, device);
    if (!status)
        status = cudaDeviceGetAttribute(processors,
                                        cudaDevAttrMultiProcessorCount, device);
    if (status)
        return explain(status, err);
    *capability = 10 * major + minor;
    if (*capability < LEAST_CAPABILITY)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "GPU %d has compute capability %d.%d, expected %d.%d "
                          "or later",
                          device, major, minor, LEAST_CAPABILITY / 10,
                          LEAST_CAPABILITY % 10);
    return S2V_OK;
}

static bool is_set(const char *name, const char *value)
{
    const char *now = getenv(name);
    return now && !strcmp(now, value);
}

static int start(s2vi_cuda *cuda, s2v_error *err)
{
    int ret = s2vi_cuda_check(cuda, cudaSetDevice(cuda->device));
    if (!ret)
        ret = s2vi_cuda_check(cuda, cudaStreamCreateWithFlags(
                                        &cuda->stream, cudaStreamNonBlocking));
    if (!ret)
        ret = s2vi_cuda_check(
            cuda, cudaMalloc((void **)&cuda->clock, 2 * sizeof(*cuda->clock)));
    if (!ret)
        ret = s2vi_cuda_check(
            cuda, cudaLibraryLoadData(&cuda->library, s2vi_cuda_kernels, NULL,
                                      NULL, 0, NULL, NULL, 0));
    if (!ret)
        ret = s2vi_cuda_check_lt(cuda, cublasLtCreate(&cuda->lt));
    if (!ret) {
        ret =
            s2vi_cuda_find(cuda, &cuda->set_clock, "s2vi_k_set_clock", 1, err);
        if (!ret)
            ret = s2vi_dnn_open(&cuda->dnn, cuda->stream, err);
        if (ret < 0)
            return ret;
    }
    cudaGetLastError(); /* a failure is not the next call's */
    return ret < 0 ? s2vi_error(err, ret, "GPU %d could not be started: %s",
                                cuda->device, cuda->base.last_error)
                   : S2V_OK;
}

static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static int cuda_open(s2vi_backend **out, int device, s2vi_dtype dtype,
                     s2v_error *err)
{
    int capability = 0, processors = 1;
    *out = NULL;
    int ret = examine(device, &capability, &processors, err);
    if (ret < 0)
        return ret;
    if (dtype == S2VI_F64)
        return s2vi_error(err, S2V_ERR_DEVICE,
                          "it computes in f32 and bf16 only");
    s2vi_cuda *cuda = calloc(1, sizeof(*cuda));
    if (!cuda)
        return s2vi_error_nomem(err, "the cuda backend");
    cuda->base =
        (s2vi_backend){.table = &table, .dtype = S2VI_F32, .threads = 1};
    cuda->device = device;
    cuda->capability = capability;
    cuda->processors = processors;
    cuda->bf16 = dtype == S2VI_BF16;
    cuda->tf32 = is_set("S2V_CUDA_TF32", "1");
    cuda->graphs = !is_set("S2V_CUDA_GRAPHS", "0");
    init_lock(&cuda->lock);
    s2vi_cuda_lock_exclusive(cuda);
    ret = start(cuda, err);
    s2vi_cuda_unlock_exclusive(cuda);
    if (ret < 0)
        cuda_close(&cuda->base);
    else
        *out = &cuda->base;
    return ret;
}

static const s2vi_backend_table table = {
    .name = "cuda",
    .fuses = true,
    .close = cuda_close,
    .alloc = cuda_alloc,
    .free = cuda_free,
    .upload = cuda_upload,
    .download = cuda_download,
    .compile = cuda_compile,
    .enter = cuda_enter,
    .leave = cuda_leave,
    .begin = s2vi_cuda_begin,
    .end = s2vi_cuda_end,
    .forget = s2vi_cuda_forget,
    .wait = cuda_wait,
#if S2V_HAVE_NCCL
    .group_find = s2vi_cuda_group_find,
    .group_name = s2vi_cuda_group_name,
    .group_open = s2vi_cuda_group_open,
    .sum = s2vi_cuda_sum,
    .sums_end = s2vi_cuda_sums_end,
#endif
};

extern const s2vi_module s2vi_backend_module;
__attribute__((visibility("default")))
const s2vi_module s2vi_backend_module = {S2VI_MODULE_BUILD, .open = cuda_open};
