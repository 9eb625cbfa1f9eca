/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NCCL for the emulated CUDA: the functions that the backend calls, between
 * processes of one machine, by memory that they share. Arrays are summed in the
 * order of the processes, when the stream is waited for (emulated.h).
 *
 * Like the true one it is a library that the backend loads, libnccl.so.2: what
 * it needs of the emulated CUDA is looked up in the module S2V_MODULE_PATH.
 * S2V_EMULATED_REPORT=1: at the end, how many arrays were summed is printed.
 */
#define _GNU_SOURCE
#include "../emulated.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <nccl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RANKS = 4, CHUNK = 1 << 16, VERSION = 22809 };

/* What all processes of a group see; zeros at first. */
struct shared {
    atomic_int arrived, turn; /* a barrier: here, and times it has opened */
    int device[RANKS];        /* from 1 */
    float data[RANKS][CHUNK];
};

struct ncclComm {
    struct shared *shared;
    int rank, count;
    char name[64];
};

static int open_groups, summed;

static void *of_module(const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/libs2v-cuda.so",
             getenv("S2V_MODULE_PATH"));
    void *module = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    void *function = module ? dlsym(module, name) : NULL;
    if (!function)
        fprintf(stderr, "emulated NCCL: %s has no %s\n", path, name);
    return function ? function : (abort(), NULL);
}

static void meet(const struct ncclComm *c)
{
    struct shared *s = c->shared;
    const int turn = atomic_load(&s->turn);
    if (atomic_fetch_add(&s->arrived, 1) + 1 == c->count) {
        atomic_store(&s->arrived, 0);
        atomic_fetch_add(&s->turn, 1);
    }
    while (atomic_load(&s->turn) == turn)
        sched_yield();
}

/* ------------------------------------------------------------- groups -- */

ncclResult_t ncclGetVersion(int *version)
{
    *version = VERSION;
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    return result == ncclInvalidUsage ? "invalid usage" : "emulated error";
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    static int made;
    memset(id, 0, sizeof(*id));
    snprintf(id->internal, sizeof(id->internal), "/s2v-nccl-%ld-%d",
             (long)getpid(), made++);
    return ncclSuccess;
}

/* The true one refuses two processes on one GPU, too. */
static ncclResult_t compare_devices(struct ncclComm *c)
{
    cudaError_t (*get_device)(int *) = of_module("cudaGetDevice");
    int device = 0;
    ncclResult_t result = ncclSuccess;
    get_device(&device);
    c->shared->device[c->rank] = device + 1;
    meet(c);
    for (int i = 0; i < c->count; i++)
        if (i != c->rank && c->shared->device[i] == device + 1)
            result = ncclInvalidUsage;
    meet(c);
    return result;
}

ncclResult_t ncclCommInitRank(ncclComm_t *comm, int count, ncclUniqueId id,
                              int rank)
{
    *comm = NULL;
    if (count > RANKS)
        return ncclInvalidArgument;
    struct ncclComm *c = calloc(1, sizeof(*c));
    const int file = shm_open(id.internal, O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof(*c->shared)))
        return ncclSystemError;
    c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
                     MAP_SHARED, file, 0);
    close(file);
    c->rank = rank;
    c->count = count;
    const ncclResult_t result = compare_devices(c);
    shm_unlink(id.internal);
    if (result)
        return result;
    *comm = c;
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t c)
{
    if (getenv("S2V_EMULATED_REPORT"))
        fprintf(stderr, "emulated NCCL: process %d of %d: %d arrays summed\n",
                c->rank, c->count, summed);
    munmap(c->shared, sizeof(*c->shared));
    free(c);
    return ncclSuccess;
}

/* --------------------------------------------------------------- sums -- */

struct sum {
    const struct ncclComm *comm;
    float *data;
    size_t n;
};

static void do_chunk(const struct ncclComm *c, float *data, size_t n)
{
    memcpy(c->shared->data[c->rank], data, n * sizeof(*data));
    meet(c);
    memcpy(data, c->shared->data[0], n * sizeof(*data));
    for (int k = 1; k < c->count; k++)
        for (size_t i = 0; i < n; i++)
            data[i] += c->shared->data[k][i];
    meet(c);
}

static void do_sum(const void *work)
{
    const struct sum *s = work;
    for (size_t i = 0; i < s->n; i += CHUNK)
        do_chunk(s->comm, s->data + i, s->n - i < CHUNK ? s->n - i : CHUNK);
}

ncclResult_t ncclGroupStart(void)
{
    open_groups++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void)
{
    open_groups--;
    return open_groups < 0 ? ncclInvalidUsage : ncclSuccess;
}

ncclResult_t ncclAllReduce(const void *from, void *to, size_t n,
                           ncclDataType_t type, ncclRedOp_t op, ncclComm_t c,
                           cudaStream_t stream)
{
    __typeof__(emulated_submit_later) *submit =
        of_module("emulated_submit_later");
    const struct sum s = {c, to, n};
    if (from != to || type != ncclFloat || op != ncclSum || !open_groups)
        return ncclInvalidArgument;
    summed++;
    return submit(stream, do_sum, &s, sizeof(s)) ? ncclUnhandledCudaError
                                                 : ncclSuccess;
}
