/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matrix products by cuBLASLt, which thinks in columns: a row-major matrix is
 * its own transpose there, so (m,n) = a b is asked for as the product of b and
 * a, in this order.
 */
#include "backend/cuda/cuda.h"

typedef struct matmul_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    cublasLtMatmulDesc_t product;
    cublasLtMatrixLayout_t a, b, out;
    /* For arrays that begin anywhere, and that all begin at a multiple of
     * PLACE bytes. */
    cublasLtMatmulAlgo_t algorithm[2];
    size_t workspace[2];
} matmul_kernel;

enum { PLACE = 16 };

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const matmul_kernel *k = (const matmul_kernel *)kernel;
    const float one = 1, zero = 0;
    const bool placed = s2vi_cuda_placed(in[0], in[1], out, PLACE);
    return s2vi_cuda_check_lt(
        k->cuda,
        cublasLtMatmul(k->cuda->lt, k->product, &one, in[1], k->b, in[0], k->a,
                       &zero, out, k->out, out, k->out, &k->algorithm[placed],
                       scratch, k->workspace[placed], k->cuda->stream));
}

static void matmul_close(s2vi_kernel *kernel)
{
    matmul_kernel *k = (matmul_kernel *)kernel;
    if (k->a)
        cublasLtMatrixLayoutDestroy(k->a);
    if (k->b)
        cublasLtMatrixLayoutDestroy(k->b);
    if (k->out)
        cublasLtMatrixLayoutDestroy(k->out);
    if (k->product)
        cublasLtMatmulDescDestroy(k->product);
    s2vi_kernel_free(kernel);
}

/* A dense row-major (.., rows, columns). */
static cublasStatus_t describe(cublasLtMatrixLayout_t *layout,
                               const s2vi_shape *shape)
{
    const int64_t rows = shape->dim[shape->rank - 2];
    const int64_t columns = s2vi_shape_channels(shape), apart = rows * columns;
    const int32_t matrices = shape->rank == 3 ? (int32_t)shape->dim[0] : 1;
    cublasStatus_t s = cublasLtMatrixLayoutCreate(
        layout, CUDA_R_32F, (uint64_t)columns, (uint64_t)rows, columns);
    if (!s)
        s = cublasLtMatrixLayoutSetAttribute(*layout,
                                             CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT,
                                             &matrices, sizeof(matrices));
    if (!s)
        s = cublasLtMatrixLayoutSetAttribute(
            *layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &apart,
            sizeof(apart));
    return s;
}

static cublasStatus_t describe_all(matmul_kernel *k, const s2vi_node *node)
{
    const cublasOperation_t op[] = {
        node->attr.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N,
        node->attr.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N};
    cublasStatus_t s = cublasLtMatmulDescCreate(
        &k->product,
        k->cuda->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
        CUDA_R_32F);
    if (!s) /* the first operand there is b */
        s = cublasLtMatmulDescSetAttribute(
            k->product, CUBLASLT_MATMUL_DESC_TRANSA, &op[1], sizeof(op[1]));
    if (!s)
        s = cublasLtMatmulDescSetAttribute(
            k->product, CUBLASLT_MATMUL_DESC_TRANSB, &op[0], sizeof(op[0]));
    if (!s)
        s = describe(&k->a, &node->input[0]->shape);
    if (!s)
        s = describe(&k->b, &node->input[1]->shape);
    return s ? s : describe(&k->out, &node->shape);
}

/* That arrays begin at multiples of so many bytes. */
static cublasStatus_t set_place(cublasLtMatmulPreference_t preference,
                                uint32_t bytes)
{
    static const cublasLtMatmulPreferenceAttributes_t which[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    cublasStatus_t s = CUBLAS_STATUS_SUCCESS;
    for (int i = 0; i < 4 && !s; i++)
        s = cublasLtMatmulPreferenceSetAttribute(preference, which[i], &bytes,
                                                 sizeof(bytes));
    return s;
}

static cublasStatus_t choose(matmul_kernel *k, bool placed)
{
    const size_t most = (size_t)32 << 20; /* what NVIDIA advises for Hopper */
    cublasLtMatmulPreference_t preference = NULL;
    cublasLtMatmulHeuristicResult_t found;
    int n = 0;
    cublasStatus_t s = cublasLtMatmulPreferenceCreate(&preference);
    if (!s)
        s = cublasLtMatmulPreferenceSetAttribute(
            preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most,
            sizeof(most));
    if (!s)
        s = set_place(preference, placed ? PLACE : sizeof(float));
    if (!s)
        s = cublasLtMatmulAlgoGetHeuristic(k->cuda->lt, k->product, k->b, k->a,
                                           k->out, k->out, preference, 1,
                                           &found, &n);
    if (preference)
        cublasLtMatmulPreferenceDestroy(preference);
    if (s || !n || found.state)
        return s ? s : n ? found.state : CUBLAS_STATUS_NOT_SUPPORTED;
    k->algorithm[placed] = found.algo;
    k->workspace[placed] = found.workspaceSize;
    if (k->base.scratch_size < found.workspaceSize)
        k->base.scratch_size = found.workspaceSize;
    return CUBLAS_STATUS_SUCCESS;
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    matmul_kernel *k = (matmul_kernel *)kernel;
    const s2vi_node *node = kernel->node;
    (void)constant;
    k->cuda = cuda;
    k->base.run = run;
    k->base.close = matmul_close;
    cublasStatus_t s = describe_all(k, node);
    for (int placed = 0; placed < 2 && !s; placed++)
        s = choose(k, placed);
    char a[80], b[80];
    return s ? s2vi_error(err, S2V_ERR_DEVICE,
                          "cuda: a product of %s and %s: %s",
                          s2vi_shape_text(&node->input[0]->shape, a, sizeof(a)),
                          s2vi_shape_text(&node->input[1]->shape, b, sizeof(b)),
                          cublasLtGetStatusString(s))
             : S2V_OK;
}

const s2vi_cuda_group s2vi_cuda_matmul = {sizeof(matmul_kernel), compile};
