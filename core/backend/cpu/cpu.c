/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cpu backend's table: memory, threads, and which file compiles what. */
#include "backend/cpu/conv_bf16.h"
#include "backend/cpu/conv_weight.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/depthwise.h"
#include "backend/cpu/pointwise.h"
#include "backend/cpu/winograd.h"
#include "backend/host.h"

#include <oneapi/dnnl/dnnl.h>
#include <omp.h>
#include <stdlib.h>

static int processors(void)
{
    return omp_get_num_procs();
}

static void cpu_close(s2vi_backend *backend)
{
    s2vi_cpu *cpu = (s2vi_cpu *)backend;
    dnnl_stream_destroy(cpu->stream);
    dnnl_engine_destroy(cpu->engine);
    free(cpu);
}

static int cpu_open(s2vi_backend **out, s2vi_dtype dtype, int threads,
                    s2v_error *err)
{
    const s2vi_bf16 *bf16 =
        dtype == S2VI_BF16 || dtype == S2VI_FASTEST ? s2vi_bf16_get() : NULL;
    if (dtype == S2VI_F64)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "device 'cpu' computes in f32 and bf16 only");
    if (dtype == S2VI_BF16 && !bf16)
        return s2vi_error(
            err, S2V_ERR_DEVICE,
            "dtype \"bf16\": this processor lacks AVX512-BF16, or "
            "ONEDNN_MAX_CPU_ISA disables it; expected \"f32\"");
    s2vi_cpu *cpu = calloc(1, sizeof(*cpu));
    if (!cpu)
        return s2vi_error_nomem(err, "the cpu backend");
    cpu->base = (s2vi_backend){
        .table = &s2vi_backend_cpu,
        .dtype = S2VI_F32,
        .bf16 = bf16 != NULL,
        .threads = threads > 0 ? threads : processors(),
    };
    cpu->simd = s2vi_simd_get();
    cpu->bf16 = bf16;
    dnnl_engine_t engine = NULL;
    dnnl_stream_t stream = NULL;
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) !=
            dnnl_success) {
        dnnl_engine_destroy(engine);
        free(cpu);
        return s2vi_error(err, S2V_ERR_DEVICE, "oneDNN cannot be initialised");
    }
    cpu->engine = engine;
    cpu->stream = stream;
    *out = &cpu->base;
    return S2V_OK;
}

static int compile(s2vi_cpu *cpu, const s2vi_node *node, uint32_t constant,
                   s2vi_kernel **kernel, s2v_error *err)
{
    switch (node->op) {
    case S2VI_OP_CONV:
    case S2VI_OP_CONV_DATA:
    case S2VI_OP_CONV_WEIGHT:
        if (s2vi_cpu_pointwise_suits(cpu, node))
            return s2vi_cpu_pointwise(cpu, node, kernel, err);
        if (s2vi_cpu_conv_bf16_suits(cpu, node, constant))
            return s2vi_cpu_conv_bf16(cpu, node, constant, kernel, err);
        if (s2vi_cpu_depthwise_suits(node))
            return s2vi_cpu_depthwise(cpu, node, constant, kernel, err);
        if (s2vi_cpu_conv_weight_suits(cpu, node))
            return s2vi_cpu_conv_weight(cpu, node, kernel, err);
        return s2vi_cpu_winograd_suits(node, constant)
                   ? s2vi_cpu_winograd(cpu, node, constant, kernel, err)
                   : s2vi_cpu_conv(cpu, node, constant, kernel, err);
    case S2VI_OP_UPCONV:
        if (s2vi_cpu_conv_bf16_suits(cpu, node, constant))
            return s2vi_cpu_conv_bf16(cpu, node, constant, kernel, err);
        return s2vi_cpu_winograd(cpu, node, constant, kernel, err);
    case S2VI_OP_MATMUL: return s2vi_cpu_matmul(cpu, node, kernel, err);
    case S2VI_OP_GRU:
    case S2VI_OP_GRU_DA:
    case S2VI_OP_GRU_DB:
    case S2VI_OP_GRU_DH: return s2vi_cpu_gru(cpu, node, kernel, err);
    case S2VI_OP_LSTM:
    case S2VI_OP_LSTM_DA: return s2vi_cpu_lstm(cpu, node, kernel, err);
    case S2VI_OP_BLEND: return s2vi_cpu_blend(cpu, node, constant, kernel, err);
    case S2VI_OP_GRU_CELL:
        return s2vi_cpu_gru_cell(cpu, node, constant, kernel, err);
    case S2VI_OP_UPSAMPLE:
    case S2VI_OP_AVGPOOL:
    case S2VI_OP_MAXPOOL:
    case S2VI_OP_MAXPOOL_PUT:
    case S2VI_OP_MAXPOOL_GET: return s2vi_cpu_pool(cpu, node, kernel, err);
    case S2VI_OP_WARP: return s2vi_cpu_warp(cpu, node, kernel, err);
    case S2VI_OP_FIR: return s2vi_cpu_fir(cpu, node, kernel, err);
    case S2VI_OP_RANDOM: return s2vi_cpu_random(cpu, node, kernel, err);
    case S2VI_OP_ASSIGN:
    case S2VI_OP_ADAM: return s2vi_cpu_effect(cpu, node, kernel, err);
    case S2VI_OP_MOMENTS: return s2vi_cpu_moments(cpu, node, kernel, err);
    case S2VI_OP_SUM:
    case S2VI_OP_CHAIN: return s2vi_cpu_chain(cpu, node, kernel, err);
    default: break;
    }
    return s2vi_is_map(node) ? s2vi_cpu_chain(cpu, node, kernel, err)
                             : s2vi_cpu_data(cpu, node, kernel, err);
}

/* oneDNN reads the number of threads when a primitive is made. */
static int threads_before;
#pragma omp threadprivate(threads_before)

static void cpu_enter(s2vi_backend *backend)
{
    threads_before = omp_get_max_threads();
    omp_set_num_threads(backend->threads);
}

static void cpu_leave(s2vi_backend *backend)
{
    (void)backend;
    omp_set_num_threads(threads_before);
}

/* GNU OpenMP keeps a pool of threads for each thread that had one, and where
 * there are more of all pools than processors they hardly spin any more: each
 * parallel region then costs system calls, together a third of the time of a
 * small model that was opened on another thread. */
static void cpu_release_threads(s2vi_backend *backend)
{
    (void)backend;
    if (!omp_in_parallel())
        omp_pause_resource(omp_pause_soft, omp_get_initial_device());
}

static int cpu_compile(s2vi_backend *backend, const s2vi_node *node,
                       uint32_t constant, s2vi_kernel **kernel, s2v_error *err)
{
    *kernel = NULL;
    cpu_enter(backend);
    int ret = compile((s2vi_cpu *)backend, node, constant, kernel, err);
    cpu_leave(backend);
    return ret;
}

const s2vi_backend_table s2vi_backend_cpu = {
    .name = "cpu",
    .fuses = true,
    .on_host = true,
    .compiles_on_threads = true,
    .open = cpu_open,
    .close = cpu_close,
    .alloc = s2vi_host_alloc,
    .free = s2vi_host_free,
    .upload = s2vi_host_copy,
    .download = s2vi_host_copy,
    .compile = cpu_compile,
    .join = s2vi_cpu_join,
    .enter = cpu_enter,
    .leave = cpu_leave,
    .release_threads = cpu_release_threads,
};
