/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds where CUDA and cuDNN are new enough, and for the machine that is built
 * for: meson asks. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <nvrtc.h>

#if CUDART_VERSION < 13000 || CUDNN_VERSION < 90800
#error too old
#endif

int main(void)
{
    int version;
    return cudaRuntimeGetVersion(&version) || !cudnnGetVersion() ||
           !cublasLtGetVersion() || nvrtcVersion(&version, &version);
}
