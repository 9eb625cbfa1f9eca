/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cuBLASLt's products, as its documents define them, from descriptors alone.
 * Like the true one it refuses what it does not do.
 */
#include "emulated.h"

#include <cublasLt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORKSPACE = 1024, ALGORITHM = 42 };

/* The true structures are opaque: ours lie in them. */
struct layout {
    int64_t rows, columns, apart_columns, apart;
    int32_t matrices;
};

struct product_desc {
    cublasOperation_t a, b;
};

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    return status ? "emulated cuBLASLt error" : "success";
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    emulated_spoils_captures("cublasLtCreate()");
    *handle = calloc(1, 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    emulated_spoils_captures("cublasLtDestroy()");
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout,
                                          cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t apart)
{
    struct layout *l = calloc(1, sizeof(*l));
    *l = (struct layout){(int64_t)rows, (int64_t)columns, apart, 0, 1};
    *layout = (cublasLtMatrixLayout_t)l;
    return type == CUDA_R_32F && apart >= (int64_t)rows
               ? CUBLAS_STATUS_SUCCESS
               : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    free(layout);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(
    cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute,
    const void *value, size_t size)
{
    struct layout *l = (struct layout *)layout;
    if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT && size == 4)
        l->matrices = *(const int32_t *)value;
    else if (attribute == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET &&
             size == 8)
        l->apart = *(const int64_t *)value;
    else
        return CUBLAS_STATUS_INVALID_VALUE;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *desc,
                                        cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    const cublasComputeType_t wanted = emulated_is_set("S2V_CUDA_TF32")
                                           ? CUBLAS_COMPUTE_32F_FAST_TF32
                                           : CUBLAS_COMPUTE_32F;
    *desc = calloc(1, sizeof(struct product_desc));
    return compute == wanted && scale == CUDA_R_32F
               ? CUBLAS_STATUS_SUCCESS
               : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc)
{
    free(desc);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(
    cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
    const void *value, size_t size)
{
    struct product_desc *d = (struct product_desc *)desc;
    if (size != sizeof(cublasOperation_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (attribute == CUBLASLT_MATMUL_DESC_TRANSA)
        d->a = *(const cublasOperation_t *)value;
    else if (attribute == CUBLASLT_MATMUL_DESC_TRANSB)
        d->b = *(const cublasOperation_t *)value;
    else
        return CUBLAS_STATUS_INVALID_VALUE;
    return CUBLAS_STATUS_SUCCESS;
}

/* The heuristics ask for this alone: where arrays begin, of which each is to be
 * told. */
struct preference {
    int alignments;
    uint32_t bytes;
};

cublasStatus_t cublasLtMatmulPreferenceCreate(
    cublasLtMatmulPreference_t *preference)
{
    *preference = calloc(1, sizeof(struct preference));
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(
    cublasLtMatmulPreference_t preference)
{
    free(preference);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t preference,
    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
    size_t size)
{
    struct preference *p = (struct preference *)preference;
    if (attribute != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES && size == 4) {
        p->alignments++;
        p->bytes = *(const uint32_t *)value;
    }
    return CUBLAS_STATUS_SUCCESS;
}

static int64_t side(const struct layout *l, cublasOperation_t op, bool rows)
{
    return (op == CUBLAS_OP_N) == rows ? l->rows : l->columns;
}

static bool multiplies(const struct product_desc *d, const struct layout *a,
                       const struct layout *b, const struct layout *c)
{
    return side(a, d->a, false) == side(b, d->b, true) &&
           side(a, d->a, true) == c->rows &&
           side(b, d->b, false) == c->columns && a->matrices == b->matrices &&
           a->matrices == c->matrices;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
    cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
    cublasLtMatmulPreference_t preference, int asked,
    cublasLtMatmulHeuristicResult_t found[], int *n)
{
    (void)handle, (void)d;
    *n = 0;
    const struct preference *p = (const struct preference *)preference;
    if (asked < 1 || p->alignments != 4 ||
        !multiplies((struct product_desc *)desc, (struct layout *)a,
                    (struct layout *)b, (struct layout *)c))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    memset(&found[0], 0, sizeof(found[0]));
    found[0].algo.data[0] = ALGORITHM;
    found[0].algo.data[1] = p->bytes;
    found[0].workspaceSize = WORKSPACE;
    *n = 1;
    return CUBLAS_STATUS_SUCCESS;
}

struct matmul {
    struct product_desc d;
    struct layout a, b, c;
    const float *pa, *pb;
    float *pc, alpha;
    void *workspace;
};

static double element(const struct layout *l, const float *p,
                      cublasOperation_t op, int64_t row, int64_t column)
{
    return op == CUBLAS_OP_N ? p[row + column * l->apart_columns]
                             : p[column + row * l->apart_columns];
}

static void do_matmul(const void *data)
{
    const struct matmul *m = data;
    const int64_t k = side(&m->a, m->d.a, false);
    for (int64_t z = 0; z < m->c.matrices; z++)
        for (int64_t j = 0; j < m->c.columns; j++)
            for (int64_t i = 0; i < m->c.rows; i++) {
                double sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum +=
                        element(&m->a, m->pa + z * m->a.apart, m->d.a, i, l) *
                        element(&m->b, m->pb + z * m->b.apart, m->d.b, l, j);
                m->pc[z * m->c.apart + i + j * m->c.apart_columns] =
                    (float)(m->alpha * sum);
            }
    memset(m->workspace, 0xCD, WORKSPACE);
}

static bool is_placed(const void *p, const cublasLtMatmulAlgo_t *algo)
{
    return (uintptr_t)p % algo->data[1] == 0;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle,
                              cublasLtMatmulDesc_t desc, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t la,
                              const void *b, cublasLtMatrixLayout_t lb,
                              const void *beta, const void *c,
                              cublasLtMatrixLayout_t lc, void *d,
                              cublasLtMatrixLayout_t ld,
                              const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t size, cudaStream_t stream)
{
    (void)handle;
    const struct matmul m = {.d = *(struct product_desc *)desc,
                             .a = *(struct layout *)la,
                             .b = *(struct layout *)lb,
                             .c = *(struct layout *)ld,
                             .pa = a,
                             .pb = b,
                             .pc = d,
                             .alpha = *(const float *)alpha,
                             .workspace = workspace};
    if (*(const float *)beta || c != d || lc != ld ||
        algo->data[0] != ALGORITHM || !is_placed(a, algo) ||
        !is_placed(b, algo) || !is_placed(d, algo) || size < WORKSPACE ||
        !multiplies(&m.d, &m.a, &m.b, &m.c))
        return CUBLAS_STATUS_INVALID_VALUE;
    emulated_submit(stream, do_matmul, &m, sizeof(m));
    return CUBLAS_STATUS_SUCCESS;
}
