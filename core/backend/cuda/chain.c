/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains of element-wise ops and their sums: one kernel each, which source.c
 * writes; kernels of the same text are one. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/source.h"

#include <stdlib.h>
#include <string.h>

/* Kernels by their text, as long as the backend. */
struct s2vi_cuda_chains {
    s2vi_cuda_chains *next;
    char *source;
    cudaLibrary_t library;
    cudaKernel_t kernel;
};

typedef struct chain_kernel {
    s2vi_kernel base;
    s2vi_cuda *cuda;
    s2vi_cuda_launch launch, parts_launch;
    s2vi_dev_chain p;
    s2vi_dev_parts parts; /* where the sum is made in two halves */
} chain_kernel;

static int run(const s2vi_kernel *kernel, void *out, void *const *in,
               void *scratch, const s2vi_clock *clock)
{
    (void)clock;
    const chain_kernel *k = (const chain_kernel *)kernel;
    s2vi_dev_chain p = k->p;
    for (int i = 0; i < kernel->node->n_inputs; i++)
        p.in[i] = in[i];
    p.out = out;
    p.partial = scratch;
    int ret = s2vi_cuda_start(k->cuda, &k->launch, &p);
    if (ret < 0 || p.reduce.splits < 2)
        return ret;
    s2vi_dev_parts parts = k->parts;
    parts.partial = scratch;
    parts.out = out;
    return s2vi_cuda_start(k->cuda, &k->parts_launch, &parts);
}

/* ---------------------------------------------------------- the cache -- */

static void forget(s2vi_cuda_chains *entry)
{
    if (entry->library)
        cudaLibraryUnload(entry->library);
    free(entry->source);
    free(entry);
}

void s2vi_cuda_chains_close(s2vi_cuda_chains *chains)
{
    while (chains) {
        s2vi_cuda_chains *next = chains->next;
        forget(chains);
        chains = next;
    }
}

static int load(s2vi_cuda *cuda, s2vi_cuda_chains *entry, s2v_error *err)
{
    void *image = NULL;
    int ret =
        s2vi_cuda_compile_source(entry->source, cuda->capability, &image, err);
    if (ret < 0)
        return ret;
    ret =
        s2vi_cuda_check(cuda, cudaLibraryLoadData(&entry->library, image, NULL,
                                                  NULL, 0, NULL, NULL, 0));
    if (!ret)
        ret = s2vi_cuda_check(cuda, cudaLibraryGetKernel(&entry->kernel,
                                                         entry->library,
                                                         "s2vi_k_chain"));
    free(image);
    return ret < 0 ? s2vi_error(err, ret,
                                "cuda: a chain's kernel could not be loaded: "
                                "%s",
                                cuda->base.last_error)
                   : S2V_OK;
}

static int find_kernel(s2vi_cuda *cuda, const char *source,
                       cudaKernel_t *kernel, s2v_error *err)
{
    s2vi_cuda_chains *entry = cuda->chains;
    while (entry && strcmp(entry->source, source))
        entry = entry->next;
    if (!entry) {
        entry = calloc(1, sizeof(*entry));
        if (!entry || !(entry->source = strdup(source))) {
            free(entry);
            return s2vi_error_nomem(err, "a kernel");
        }
        int ret = load(cuda, entry, err);
        if (ret < 0) {
            forget(entry);
            return ret;
        }
        entry->next = cuda->chains;
        cuda->chains = entry;
    }
    *kernel = entry->kernel;
    return S2V_OK;
}

/* ------------------------------------------------------------- entry -- */

static int open_sum(chain_kernel *k, const s2vi_cuda_program *program,
                    s2v_error *err)
{
    s2vi_dev_reduce *r = &k->p.reduce;
    const s2vi_index count = program->params.count;
    *r = s2vi_cuda_reduce(k->cuda, count, program->terms, program->columns);
    k->launch.x = (count + r->lanes - 1) / r->lanes;
    k->launch.y = r->splits;
    if (r->splits < 2)
        return S2V_OK;
    k->base.scratch_size = (size_t)r->splits * count * sizeof(double);
    k->parts.reduce = s2vi_cuda_reduce(k->cuda, count, r->splits, true);
    k->parts.reduce.splits = 1;
    k->parts.reduce.chunk = r->splits;
    int ret = s2vi_cuda_find(k->cuda, &k->parts_launch, "s2vi_k_sum_parts",
                             count, err);
    k->parts_launch.x =
        (count + k->parts.reduce.lanes - 1) / k->parts.reduce.lanes;
    return ret;
}

static int find_kernels(chain_kernel *k, s2vi_cuda_program *program,
                        s2v_error *err)
{
    if (!s2vi_cuda_write_chain(k->base.node, program))
        return s2vi_error(err, S2V_ERR_INTERNAL,
                          "cuda: a chain that cannot be written");
    k->p = program->params;
    k->launch = (s2vi_cuda_launch){.x = (k->p.count + S2VI_DEV_BLOCK - 1) /
                                        S2VI_DEV_BLOCK,
                                   .y = 1,
                                   .block = S2VI_DEV_BLOCK};
    int ret = find_kernel(k->cuda, program->source, &k->launch.kernel, err);
    return ret < 0 || program->terms == 1 ? ret : open_sum(k, program, err);
}

static int compile(s2vi_kernel *kernel, s2vi_cuda *cuda, uint32_t constant,
                   s2v_error *err)
{
    chain_kernel *k = (chain_kernel *)kernel;
    s2vi_cuda_program *program = malloc(sizeof(*program));
    (void)constant;
    if (!program)
        return s2vi_error_nomem(err, "a kernel");
    k->cuda = cuda;
    k->base.run = run;
    int ret = find_kernels(k, program, err);
    free(program);
    return ret;
}

const s2vi_cuda_group s2vi_cuda_chain = {sizeof(chain_kernel), compile};
