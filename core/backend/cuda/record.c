/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs as CUDA graphs: an exec's first run is as it comes, for libraries load
 * what they need then; the second is captured; all others are the captured
 * one, launched as a whole. What changes from run to run, the clock, is in the
 * device's memory.
 *
 * Where a capture fails, the run is repeated without, and after a few such all
 * are run so.
 */
#include "backend/cuda/cuda.h"

#include <stdlib.h>

struct s2vi_recording {
    bool has_run, captures;
    int refused;           /* times */
    cudaGraphExec_t graph; /* NULL: none yet */
};

/* The program around us may have spoilt one. */
enum { PATIENCE = 3 };

static void refuse(s2vi_cuda *cuda, s2vi_recording *r)
{
    cudaGetLastError(); /* it is not the next call's */
    r->captures = false;
    r->refused++;
    r->graph = NULL;
    s2vi_cuda_unlock_exclusive(cuda);
}

static int begin_capture(s2vi_cuda *cuda, s2vi_recording *r)
{
    s2vi_cuda_lock_exclusive(cuda);
    r->captures = true;
    if (cudaStreamBeginCapture(cuda->stream, cudaStreamCaptureModeThreadLocal))
        refuse(cuda, r);
    return S2V_OK;
}

int s2vi_cuda_begin(s2vi_backend *backend, s2vi_recording **recording,
                    const s2vi_clock *clock)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_recording *r = *recording;
    if (!r && !(r = *recording = calloc(1, sizeof(*r))))
        return S2V_ERR_NOMEM;
    *backend->last_error = '\0';
    int ret = s2vi_cuda_set_clock(cuda, clock);
    if (ret < 0)
        return ret;
    if (r->graph) {
        ret = s2vi_cuda_check(cuda, cudaGraphLaunch(r->graph, cuda->stream));
        return ret < 0 ? ret : S2VI_REPLAYED;
    }
    cuda->clock_is_set = true;
    return r->has_run && cuda->graphs && r->refused < PATIENCE
               ? begin_capture(cuda, r)
               : S2V_OK;
}

/* Make of what was captured something to launch, and launch it. */
static int finish_capture(s2vi_cuda *cuda, s2vi_recording *r)
{
    cudaGraph_t graph = NULL;
    /* begin() has cleared it: a kernel has failed since, not all is there. */
    int ret = *cuda->base.last_error ? S2V_ERR_DEVICE : S2V_OK;
    if (cudaStreamEndCapture(cuda->stream, &graph))
        ret = S2V_ERR_DEVICE;
    if (!ret)
        ret = s2vi_cuda_check(cuda, cudaGraphInstantiate(&r->graph, graph, 0));
    if (graph)
        cudaGraphDestroy(graph);
    if (ret < 0) {
        refuse(cuda, r);
        return S2VI_REPEAT;
    }
    r->captures = false;
    s2vi_cuda_unlock_exclusive(cuda);
    return s2vi_cuda_check(cuda, cudaGraphLaunch(r->graph, cuda->stream));
}

int s2vi_cuda_end(s2vi_backend *backend, s2vi_recording **recording)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_recording *r = *recording;
    cuda->clock_is_set = false;
    r->has_run = true;
    return r->captures ? finish_capture(cuda, r) : S2V_OK;
}

void s2vi_cuda_forget(s2vi_backend *backend, s2vi_recording *recording)
{
    s2vi_cuda *cuda = (s2vi_cuda *)backend;
    s2vi_cuda_lock_exclusive(cuda);
    if (recording->graph) {
        cudaStreamSynchronize(cuda->stream);
        cudaGraphExecDestroy(recording->graph);
    }
    s2vi_cuda_unlock_exclusive(cuda);
    free(recording);
}
