/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running kernels by strips of lines: one, or some that were joined. */
#include "backend/cpu/strips.h"

#include <omp.h>
#include <string.h>

#define SMALL 2048 /* numbers: too few to wake another thread for */

/* Kernels that go down the image together. */
typedef struct joined_kernel {
    s2vi_kernel base;
    int n;
    const s2vi_strip_kernel *part[S2VI_JOIN_MAX];
} joined_kernel;

/* A kernel and its arrays. */
typedef struct part {
    const s2vi_strip_kernel *kernel;
    s2vi_strip strip;
} part;

static size_t whole(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int64_t strips_of(const s2vi_strip_kernel *k)
{
    return (k->height + S2VI_STRIP - 1) / S2VI_STRIP;
}

/* One thread's band of each image. */
static void run_bands(const part *all, int n, char *work, int thread,
                      int threads)
{
    const s2vi_strip_kernel *k = all[0].kernel;
    const int64_t strips = strips_of(k);
    part mine[S2VI_JOIN_MAX];
    for (int64_t image = 0; image < k->images; image++) {
        for (int p = 0; p < n; p++) {
            mine[p] = all[p];
            mine[p].strip.work = work;
            mine[p].strip.thread = thread;
            mine[p].strip.image = image;
            mine[p].strip.from = strips * thread / threads;
            mine[p].strip.to = strips * (thread + 1) / threads;
            if (mine[p].kernel->begin)
                mine[p].kernel->begin(&mine[p].kernel->base, &mine[p].strip);
        }
        memset(work, 0, sizeof(s2vi_strip_tag));
#pragma omp barrier
        for (int64_t i = mine[0].strip.from; i < mine[0].strip.to; i++)
            for (int p = 0; p < n; p++)
                mine[p].kernel->strip(&mine[p].kernel->base, &mine[p].strip, i);
    }
}

static void run_parts(part *all, int n, char *work, size_t work_size)
{
    const s2vi_strip_kernel *k = all[0].kernel;
    const int64_t numbers = s2vi_shape_count(&k->base.node->shape);
    for (int p = 0; p < n; p++)
        if (all[p].kernel->prepare)
            all[p].kernel->prepare(&all[p].kernel->base, &all[p].strip);
#pragma omp parallel num_threads(k->threads) if (numbers > SMALL)
    {
        const int thread = omp_get_thread_num();
        run_bands(all, n, work + (size_t)thread * work_size, thread,
                  omp_get_num_threads());
    }
}

static int run_one(const s2vi_kernel *kernel, void *out, void *const *in,
                   void *scratch, const s2vi_clock *clock)
{
    const s2vi_strip_kernel *k = (const s2vi_strip_kernel *)kernel;
    part only = {.kernel = k, .strip = {.out = out, .in = in, .own = scratch}};
    (void)clock;
    run_parts(&only, 1, (char *)scratch + whole(k->own_size),
              whole(k->work_size));
    return S2V_OK;
}

void s2vi_cpu_strips_finish(s2vi_strip_kernel *k)
{
    if (k->work_size < sizeof(s2vi_strip_tag))
        k->work_size = sizeof(s2vi_strip_tag);
    k->base.scratch_size =
        whole(k->own_size) + (size_t)k->threads * whole(k->work_size);
    k->base.run = run_one;
}

/* --------------------------------------------------------------- join -- */

static size_t most_work(const joined_kernel *k)
{
    size_t most = 0;
    for (int i = 0; i < k->n; i++)
        if (k->part[i]->work_size > most)
            most = k->part[i]->work_size;
    return whole(most);
}

static int run_joined(const s2vi_kernel *kernel, void *out, void *const *in,
                      void *scratch, const s2vi_clock *clock)
{
    const joined_kernel *k = (const joined_kernel *)kernel;
    part all[S2VI_JOIN_MAX] = {0};
    char *own = scratch;
    (void)out;
    (void)clock;
    for (int i = 0; i < k->n; i++) {
        all[i] = (part){.kernel = k->part[i],
                        .strip = {.out = in[0], .in = in + 1, .own = own}};
        in += 1 + k->part[i]->base.node->n_inputs;
        own += whole(k->part[i]->own_size);
    }
    run_parts(all, k->n, own, most_work(k));
    return S2V_OK;
}

static bool fits(const s2vi_strip_kernel *a, const s2vi_strip_kernel *b)
{
    return b->base.run == run_one && b->images == 1 && b->height == a->height &&
           b->width == a->width;
}

int s2vi_cpu_join(s2vi_backend *backend, s2vi_kernel *const *kernels, int n,
                  s2vi_kernel **joined, s2v_error *err)
{
    *joined = NULL;
    if (n > S2VI_JOIN_MAX)
        return S2V_OK;
    for (int i = 0; i < n; i++)
        if (kernels[i]->run != run_one ||
            !fits((const s2vi_strip_kernel *)kernels[0],
                  (const s2vi_strip_kernel *)kernels[i]))
            return S2V_OK;
    joined_kernel *k =
        s2vi_kernel_create(sizeof(*k), kernels[n - 1]->node, err);
    if (!k)
        return S2V_ERR_NOMEM;
    k->n = n;
    for (int i = 0; i < n; i++) {
        k->part[i] = (const s2vi_strip_kernel *)kernels[i];
        k->base.scratch_size += whole(k->part[i]->own_size);
    }
    k->base.scratch_size += (size_t)backend->threads * most_work(k);
    k->base.run = run_joined;
    k->base.close = s2vi_kernel_free;
    *joined = &k->base;
    return S2V_OK;
}
