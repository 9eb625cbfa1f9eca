/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CUDA runtime: devices, memory, streams, graphs, kernels. */
#define _GNU_SOURCE
#include "emulated.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int current_device;
static __thread cudaError_t last_error;
static int graphs_made;
int emulated_launches; /* of graphs; tests look it up */
int emulated_own_convolutions;

bool emulated_is_set(const char *name)
{
    const char *value = getenv(name);
    return value && !strcmp(value, "1");
}

bool emulated_is_idle(void)
{
    return emulated_is_set("S2V_EMULATED_IDLE");
}

/* Streams that are captured. */
static int captures;

void emulated_spoils_captures(const char *what)
{
    pthread_mutex_lock(&lock);
    if (captures)
        emulated_fail("%s while a stream is captured", what);
    pthread_mutex_unlock(&lock);
}

static cudaError_t said(cudaError_t status)
{
    if (status)
        last_error = status;
    return status;
}

/* ------------------------------------------------------------ devices -- */

enum { GPUS = 2, PROCESSORS = 2, DRIVER = 13000 };

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = emulated_is_set("S2V_EMULATED_NO_DRIVER")    ? 0
               : emulated_is_set("S2V_EMULATED_OLD_DRIVER") ? 12040
                                                            : DRIVER;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    int driver;
    *count = 0;
    cudaDriverGetVersion(&driver);
    if (driver < DRIVER)
        return said(cudaErrorInsufficientDriver);
    if (emulated_is_set("S2V_EMULATED_NO_GPU"))
        return said(cudaErrorNoDevice);
    *count = GPUS;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attr,
                                   int device)
{
    if (device < 0 || device >= GPUS)
        return said(cudaErrorInvalidDevice);
    switch (attr) {
    case cudaDevAttrComputeCapabilityMajor:
        *value = emulated_is_set("S2V_EMULATED_OLD_GPU") ? 7 : 9;
        return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
        *value = emulated_is_set("S2V_EMULATED_OLD_GPU") ? 5 : 0;
        return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
        *value = PROCESSORS;
        return cudaSuccess;
    default: return said(cudaErrorInvalidValue);
    }
}

cudaError_t cudaGetDevice(int *device)
{
    *device = current_device;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t status = last_error;
    last_error = cudaSuccess;
    return status;
}

const char *cudaGetErrorString(cudaError_t error)
{
    static __thread char text[40];
    snprintf(text, sizeof(text), "emulated error %d", (int)error);
    return text;
}

/* ------------------------------------------------------------- memory -- */

/* Device memory is out of the host's reach but while work is done on it. */
static struct {
    char *base;
    size_t used; /* pages in use lie below */
    struct area {
        size_t at, size;
        bool is_free;
    } area[1 << 16];
    int areas, open;
} heap;

enum { PAGE = 4096 };
static const size_t HEAP = (size_t)16 << 30;

static void heap_open(void)
{
    if (!heap.open++ && heap.used)
        mprotect(heap.base, heap.used, PROT_READ | PROT_WRITE);
}

static void heap_close(void)
{
    if (!--heap.open && heap.used)
        mprotect(heap.base, heap.used, PROT_NONE);
}

static struct area *heap_find(size_t size)
{
    for (int i = 0; i < heap.areas; i++)
        if (heap.area[i].is_free && heap.area[i].size == size)
            return &heap.area[i];
    if (heap.areas == 1 << 16 || heap.used + size > HEAP)
        return NULL;
    struct area *area = &heap.area[heap.areas++];
    *area = (struct area){.at = heap.used, .size = size};
    heap.used += size;
    mprotect(heap.base + area->at, size, PROT_NONE);
    return area;
}

/* Contents are what was there before: 0xAB at first, never zero. */
cudaError_t cudaMalloc(void **memory, size_t size)
{
    emulated_spoils_captures("cudaMalloc()");
    pthread_mutex_lock(&lock);
    if (!heap.base)
        heap.base = mmap(NULL, HEAP, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct area *area = heap.base == MAP_FAILED
                            ? NULL
                            : heap_find((size + PAGE - 1) / PAGE * PAGE);
    *memory = NULL;
    if (area) {
        area->is_free = false;
        *memory = heap.base + area->at;
        heap_open();
        if (!emulated_is_idle())
            memset(*memory, 0xAB, area->size);
        heap_close();
    }
    pthread_mutex_unlock(&lock);
    return said(area ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaFree(void *memory)
{
    cudaError_t status = memory ? cudaErrorInvalidValue : cudaSuccess;
    emulated_spoils_captures("cudaFree()");
    pthread_mutex_lock(&lock);
    for (int i = 0; i < heap.areas && memory; i++)
        if (heap.base + heap.area[i].at == memory && !heap.area[i].is_free) {
            heap.area[i].is_free = true;
            madvise(memory, heap.area[i].size, MADV_DONTNEED);
            status = cudaSuccess;
        }
    pthread_mutex_unlock(&lock);
    if (status)
        emulated_fail("cudaFree() of what is not allocated");
    return status;
}

static bool is_device(const void *p, size_t size)
{
    const char *at = p;
    pthread_mutex_lock(&lock);
    const bool is =
        heap.base && at >= heap.base && at + size <= heap.base + heap.used;
    pthread_mutex_unlock(&lock);
    return is;
}

/* ---------------------------------------------------- streams, graphs -- */

struct item {
    struct item *next;
    emulated_work work;
    size_t size;
    _Alignas(16) char data[];
};

struct CUgraph_st {
    struct item *first, **end;
};

struct CUgraphExec_st {
    struct item *first;
};

struct CUstream_st {
    cudaGraph_t captured;       /* NULL: not capturing */
    struct item *later, **last; /* what is done when it is waited for */
    int known;                  /* `submissions` when it last waited for some */
};

struct CUevent_st {
    cudaStream_t stream;
};

static int submissions; /* to all streams */

cudaError_t emulated_submit(cudaStream_t stream, emulated_work work,
                            const void *data, size_t size)
{
    submissions++;
    if (stream->captured) {
        struct item *item = calloc(1, sizeof(*item) + size);
        item->work = work;
        item->size = size;
        memcpy(item->data, data, size);
        *stream->captured->end = item;
        stream->captured->end = &item->next;
        return cudaSuccess;
    }
    if (emulated_is_idle())
        return cudaSuccess;
    pthread_mutex_lock(&lock);
    heap_open();
    work(data);
    heap_close();
    pthread_mutex_unlock(&lock);
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    emulated_spoils_captures("cudaStreamCreateWithFlags()");
    if (flags != cudaStreamNonBlocking)
        return said(cudaErrorInvalidValue);
    *stream = calloc(1, sizeof(**stream));
    return *stream ? cudaSuccess : cudaErrorMemoryAllocation;
}

/* Do what was put off. */
static void catch_up(cudaStream_t stream)
{
    struct item *item = stream->later;
    stream->later = NULL;
    while (item) {
        struct item *next = item->next;
        emulated_submit(stream, item->work, item->data, item->size);
        free(item);
        item = next;
    }
}

cudaError_t emulated_submit_later(cudaStream_t stream, emulated_work work,
                                  const void *data, size_t size)
{
    struct item *item = calloc(1, sizeof(*item) + size);
    if (stream->captured || stream->known != submissions)
        emulated_fail("a stream does not wait for what is computed");
    item->work = work;
    item->size = size;
    memcpy(item->data, data, size);
    if (!stream->later)
        stream->last = &stream->later;
    *stream->last = item;
    stream->last = &item->next;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    emulated_spoils_captures("cudaStreamDestroy()");
    if (stream->later)
        emulated_fail("a stream ends before its work");
    free(stream);
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    if (flags != cudaEventDisableTiming)
        return said(cudaErrorInvalidValue);
    *event = calloc(1, sizeof(**event));
    return *event ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    free(event);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    event->stream = stream;
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                unsigned flags)
{
    if (flags || !event->stream)
        return said(cudaErrorInvalidValue);
    catch_up(event->stream);
    stream->known = submissions;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    catch_up(stream);
    return stream->captured ? said(cudaErrorStreamCaptureUnsupported)
                            : cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream,
                                   enum cudaStreamCaptureMode mode)
{
    (void)mode;
    if (stream->captured || emulated_is_set("S2V_EMULATED_NO_CAPTURE"))
        return said(cudaErrorStreamCaptureUnsupported);
    cudaGraph_t graph = calloc(1, sizeof(*graph));
    graph->end = &graph->first;
    stream->captured = graph;
    pthread_mutex_lock(&lock);
    captures++;
    pthread_mutex_unlock(&lock);
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    const struct timespec while_others = {.tv_nsec = 20 * 1000 * 1000};
    if (emulated_is_set("S2V_EMULATED_SLOW_CAPTURE"))
        nanosleep(&while_others, NULL);
    *graph = stream->captured;
    stream->captured = NULL;
    pthread_mutex_lock(&lock);
    captures -= *graph != NULL;
    pthread_mutex_unlock(&lock);
    return *graph ? cudaSuccess : said(cudaErrorIllegalState);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph,
                                 unsigned long long flags)
{
    (void)flags;
    *exec = calloc(1, sizeof(**exec));
    (*exec)->first = graph->first;
    graph->first = NULL;
    graph->end = &graph->first;
    graphs_made++;
    return cudaSuccess;
}

static void free_items(struct item *item)
{
    while (item) {
        struct item *next = item->next;
        free(item);
        item = next;
    }
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    free_items(graph->first);
    free(graph);
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    emulated_spoils_captures("cudaGraphExecDestroy()");
    free_items(exec->first);
    free(exec);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    if (stream->captured)
        emulated_fail("a graph is launched into a capture");
    pthread_mutex_lock(&lock);
    emulated_launches++;
    pthread_mutex_unlock(&lock);
    for (struct item *i = exec->first; i; i = i->next)
        emulated_submit(stream, i->work, i->data, i->size);
    return cudaSuccess;
}

__attribute__((destructor)) static void report(void)
{
    if (emulated_is_set("S2V_EMULATED_REPORT"))
        printf("emulated CUDA: %d graphs made, launched %d times\n",
               graphs_made, emulated_launches);
}

/* ------------------------------------------------------------- copies -- */

struct copy {
    void *to;
    const void *from;
    size_t size;
    int value;
};

static void do_copy(const void *data)
{
    const struct copy *c = data;
    memmove(c->to, c->from, c->size);
}

static void do_set(const void *data)
{
    const struct copy *c = data;
    memset(c->to, c->value, c->size);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size,
                            enum cudaMemcpyKind kind, cudaStream_t stream)
{
    const struct copy c = {.to = to, .from = from, .size = size};
    const bool from_host = kind == cudaMemcpyHostToDevice;
    const bool to_host = kind == cudaMemcpyDeviceToHost;
    if (is_device(to, size) == to_host || is_device(from, size) == from_host)
        emulated_fail("a copy of kind %d between the wrong memories",
                      (int)kind);
    /* A captured one would read the host's memory when it is replayed. */
    if (stream->captured && (from_host || to_host))
        emulated_fail("a copy to or from the host's memory is captured");
    if (to_host && emulated_is_idle())
        memset(to, 0, size);
    return emulated_submit(stream, do_copy, &c, sizeof(c));
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t size,
                            cudaStream_t stream)
{
    const struct copy c = {.to = to, .size = size, .value = value};
    if (size && !is_device(to, size))
        emulated_fail("cudaMemsetAsync() of the host's memory");
    return emulated_submit(stream, do_set, &c, sizeof(c));
}

/* ------------------------------------------------------------- kernels -- */

/* device/kernels.cu, or a chain that nvrtc.c has compiled. */
struct CUlib_st {
    bool is_chain;
    void *object;
    emulated_kernel chain;
};

cudaError_t cudaLibraryLoadData(cudaLibrary_t *library, const void *code,
                                enum cudaJitOption *options, void **values,
                                unsigned n, enum cudaLibraryOption *more,
                                void **more_values, unsigned n_more)
{
    (void)options, (void)values, (void)n;
    (void)more, (void)more_values, (void)n_more;
    struct CUlib_st *lib = calloc(1, sizeof(*lib));
    emulated_spoils_captures("cudaLibraryLoadData()");
    *library = lib;
    if (strncmp(code, "emulated:", 9))
        return cudaSuccess;
    lib->is_chain = true;
    if (emulated_is_idle()) {
        lib->chain.name = "s2vi_k_chain";
        return cudaSuccess;
    }
    lib->object = dlopen((const char *)code + 9, RTLD_NOW | RTLD_LOCAL);
    if (!lib->object)
        emulated_fail("%s", dlerror());
    remove((const char *)code + 9);
    lib->chain = *(emulated_kernel *)dlsym(lib->object, "emulated_chain");
    return cudaSuccess;
}

cudaError_t cudaLibraryUnload(cudaLibrary_t library)
{
    emulated_spoils_captures("cudaLibraryUnload()");
    if (library->object)
        dlclose(library->object);
    free(library);
    return cudaSuccess;
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t *kernel, cudaLibrary_t library,
                                 const char *name)
{
    emulated_kernel *k =
        library->is_chain ? &library->chain : emulated_builtin(name);
    *kernel = (cudaKernel_t)(k && !strcmp(k->name, name) ? k : NULL);
    return *kernel ? cudaSuccess : said(cudaErrorSymbolNotFound);
}

struct launch {
    emulated_kernel *kernel;
    dim3 blocks, threads;
    _Alignas(16) char params[4096];
};

static void do_launch(const void *data)
{
    const struct launch *l = data;
    emulated_grid(l->kernel, l->blocks, l->threads, l->params);
}

cudaError_t cudaLaunchKernel(const void *function, dim3 blocks, dim3 threads,
                             void **arguments, size_t shared,
                             cudaStream_t stream)
{
    struct launch l = {.kernel = (emulated_kernel *)function,
                       .blocks = blocks,
                       .threads = threads};
    if (!blocks.x || !blocks.y || blocks.y > 65535 || !threads.x || shared ||
        l.kernel->size > sizeof(l.params))
        return said(cudaErrorInvalidConfiguration);
    if (!strncmp(l.kernel->name, "s2vi_k_conv", 11)) {
        pthread_mutex_lock(&lock);
        emulated_own_convolutions++;
        pthread_mutex_unlock(&lock);
    }
    memcpy(l.params, arguments[0], l.kernel->size);
    return emulated_submit(stream, do_launch, &l, sizeof(l));
}
