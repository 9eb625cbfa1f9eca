/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sums over processes, each with a GPU of its own, by NCCL: on a stream beside
 * that of the kernels, for which events say what has been computed.
 *
 * The library is loaded when processes share a training, as large as it is.
 * The environment variable S2V_CUDA_NCCL=0: as if it were not there.
 */
#include "backend/cuda/cuda.h"

#include <assert.h>
#include <dlfcn.h>
#include <nccl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(ncclUniqueId) == sizeof(s2vi_group_id), "an id is one");

#define LIBRARY "libnccl.so.2"

/* NCCL's functions, by name. */
#define FUNCTIONS(X)                                                           \
    X(GetVersion)                                                              \
    X(GetUniqueId)                                                             \
    X(CommInitRank)                                                            \
    X(CommDestroy)                                                             \
    X(AllReduce)                                                               \
    X(GroupStart)                                                              \
    X(GroupEnd)                                                                \
    X(GetErrorString)

struct s2vi_cuda_sums {
#define MEMBER(name) __typeof__(nccl##name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
    ncclComm_t comm;
    cudaStream_t stream;
    cudaEvent_t computed, summed;
};

/* ------------------------------------------------------------- opening -- */

static int find_functions(s2vi_cuda_sums *s, void *library, s2v_error *err)
{
#define FIND(name)                                                             \
    *(void **)&s->name = dlsym(library, "nccl" #name);                         \
    if (!s->name)                                                              \
        return s2vi_error(err, S2V_ERR_DEVICE, "%s has no nccl" #name, LIBRARY);
    FUNCTIONS(FIND)
#undef FIND
    return S2V_OK;
}

int s2vi_cuda_group_find(s2vi_backend *backend, s2v_error *err)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    const char *wanted = getenv("S2V_CUDA_NCCL");
    if (cuda->sums)
        return S2V_OK;
    if (wanted && !strcmp(wanted, "0"))
        return s2vi_error(err, S2V_ERR_DEVICE, "S2V_CUDA_NCCL is 0");
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return s2vi_error(err, S2V_ERR_DEVICE, "%s", dlerror());
    s2vi_cuda_sums *s = calloc(1, sizeof(*s));
    if (!s)
        return s2vi_error_nomem(err, "NCCL");
    int ret = find_functions(s, library, err);
    if (ret < 0)
        free(s);
    else
        cuda->sums = s;
    return ret;
}

static int explain(const s2vi_cuda_sums *s, ncclResult_t status, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_DEVICE,
                      "NCCL could not start: %s (each process needs a GPU of "
                      "its own; the environment variable NCCL_DEBUG=WARN "
                      "has it say why)",
                      s->GetErrorString(status));
}

int s2vi_cuda_group_name(s2vi_backend *backend, s2vi_group_id *id,
                         s2v_error *err)
{
    const s2vi_cuda_sums *s = ((s2vi_cuda *)backend)->sums;
    ncclUniqueId name;
    const ncclResult_t status = s->GetUniqueId(&name);
    memcpy(id, &name, sizeof(*id));
    return status ? explain(s, status, err) : S2V_OK;
}

static int join(s2vi_cuda *cuda, const s2vi_group_id *id, int rank, int count,
                s2v_error *err)
{
    s2vi_cuda_sums *s = cuda->sums;
    ncclUniqueId name;
    memcpy(&name, id, sizeof(name));
    const ncclResult_t status = s->CommInitRank(&s->comm, count, name, rank);
    if (status)
        return explain(s, status, err);
    cudaError_t bad =
        cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking);
    if (!bad)
        bad = cudaEventCreateWithFlags(&s->computed, cudaEventDisableTiming);
    if (!bad)
        bad = cudaEventCreateWithFlags(&s->summed, cudaEventDisableTiming);
    return bad ? s2vi_error(err, S2V_ERR_DEVICE, "GPU %d: %s", cuda->device,
                            cudaGetErrorString(bad))
               : S2V_OK;
}

int s2vi_cuda_group_open(s2vi_backend *backend, const s2vi_group_id *id,
                         int rank, int count, s2v_error *err)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    int version = 0;
    s2vi_cuda_lock_exclusive(cuda);
    int ret = join(cuda, id, rank, count, err);
    s2vi_cuda_unlock_exclusive(cuda);
    if (ret < 0)
        return ret;
    cuda->sums->GetVersion(&version);
    snprintf(backend->group, sizeof(backend->group), "NCCL %d.%d.%d",
             version / 10000, version / 100 % 100, version % 100);
    return S2V_OK;
}

void s2vi_cuda_sums_close(s2vi_cuda_sums *s)
{
    if (!s)
        return;
    if (s->stream)
        cudaStreamSynchronize(s->stream);
    if (s->comm)
        s->CommDestroy(s->comm);
    if (s->summed)
        cudaEventDestroy(s->summed);
    if (s->computed)
        cudaEventDestroy(s->computed);
    if (s->stream)
        cudaStreamDestroy(s->stream);
    free(s);
}

/* ------------------------------------------------------------- summing -- */

static int check(s2vi_cuda *cuda, ncclResult_t status)
{
    if (!status)
        return S2V_OK;
    snprintf(cuda->base.last_error, sizeof(cuda->base.last_error), "NCCL: %s",
             cuda->sums->GetErrorString(status));
    return S2V_ERR_DEVICE;
}

/* What `to` gets from here on comes after all that `from` has got. */
static int order(s2vi_cuda *cuda, cudaStream_t from, cudaEvent_t event,
                 cudaStream_t to)
{
    int ret = s2vi_cuda_check(cuda, cudaEventRecord(event, from));
    return ret < 0 ? ret
                   : s2vi_cuda_check(cuda, cudaStreamWaitEvent(to, event, 0));
}

int s2vi_cuda_sum(s2vi_backend *backend, float *const *data, const size_t *n,
                  int arrays)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_sums *s = cuda->sums;
    s2vi_cuda_lock(cuda);
    int ret = order(cuda, cuda->stream, s->computed, s->stream);
    if (!ret)
        ret = check(cuda, s->GroupStart());
    for (int i = 0; i < arrays && !ret; i++)
        ret = check(cuda, s->AllReduce(data[i], data[i], n[i], ncclFloat,
                                       ncclSum, s->comm, s->stream));
    if (!ret)
        ret = check(cuda, s->GroupEnd());
    s2vi_cuda_unlock(cuda);
    return ret;
}

int s2vi_cuda_sums_end(s2vi_backend *backend)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_lock(cuda);
    int ret = order(cuda, cuda->sums->stream, cuda->sums->summed, cuda->stream);
    s2vi_cuda_unlock(cuda);
    return ret;
}
