/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CUDA that computes on the host, so that the cuda backend can be tested
 * where there is no GPU: the functions of the runtime, cuBLASLt and NVRTC that
 * the backend calls, with the meaning that their documents give them and
 * nothing else, and cuDNN's, whose plans are the true one's (cudnn.c). The
 * backend's own code, its kernels and the text of its chains run as they are.
 * What this cannot show is that the true libraries do the same, and races
 * between threads of a block but those that turn up when every other phase runs
 * backwards.
 *
 * S2V_EMULATED_NO_DRIVER, _OLD_DRIVER, _NO_GPU, _OLD_GPU, _OLD_CUDNN=1: as if
 * it were so. S2V_EMULATED_NO_CAPTURE=1: capturing a stream fails;
 * _SLOW_CAPTURE=1: it takes 20 ms.
 * S2V_EMULATED_REPORT=1: at the end, how many graphs were made and replayed is
 * printed; see cudnn.c, too. S2V_EMULATED_IDLE=1: nothing is computed, and what
 * comes back from the device is zero: to plan what is too large to compute
 * here.
 */
#ifndef S2V_TESTS_EMULATED_H
#define S2V_TESTS_EMULATED_H

#include "kernel.h"

#include <cuda_runtime_api.h>

/** Some work on memory of the device; `data` is the copy that was queued. */
typedef void (*emulated_work)(const void *data);

/** Do it: now, or, where the stream is captured, when the graph is launched.
 * Device memory may be touched within such work alone. */
cudaError_t emulated_submit(cudaStream_t stream, emulated_work work,
                            const void *data, size_t size);

/** Do it when an event of this stream is waited for, or the stream: not before,
 * so that a missing wait shows. Abort if the stream has not waited for what was
 * submitted to others. */
cudaError_t emulated_submit_later(cudaStream_t stream, emulated_work work,
                                  const void *data, size_t size);

/** Run a kernel's whole grid. */
void emulated_grid(emulated_kernel *kernel, dim3 blocks, dim3 threads,
                   const void *params);

/** A kernel of device/kernels.cu by name, or NULL. */
emulated_kernel *emulated_builtin(const char *name);

/** Abort if any stream is captured: `what` may make that capture fail on a
 * GPU, in whichever thread it is called. */
void emulated_spoils_captures(const char *what);

/** Print and abort: the backend broke a rule that CUDA may not check. */
_Noreturn void emulated_fail(const char *format, ...);

/** Graphs that were launched; tests look it up in the module. */
extern int emulated_launches;

/** Launches of the backend's own kernels of convolutions. */
extern int emulated_own_convolutions;

/** Whether an environment variable is "1". */
bool emulated_is_set(const char *name);

/** Whether nothing is computed. */
bool emulated_is_idle(void);

#endif
