/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains as source text: one function, value(), that makes an element. What
 * differs in numbers alone, as shapes do, is not in the text but in its
 * parameters, so that many chains of a graph share one kernel.
 */
#include "backend/cuda/source.h"
#include "backend/cuda/embedded.h"
#include "backend/cuda/strided_iter.h"
#include "base/float_bits.h"
#include "graph/chain.h"

#include <nvrtc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(S2VI_DEV_INPUTS == S2VI_CHAIN_MAX_INPUTS, "params.h");
_Static_assert(S2VI_DEV_RANK == S2VI_MAX_RANK, "params.h");

/* ------------------------------------------------------------ writing -- */

typedef struct writer {
    char *text;
    size_t size, used;
} writer;

__attribute__((format(printf, 2, 3))) static void add(writer *w,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(w->text + w->used, w->size - w->used, format, args);
    va_end(args);
    w->used += n > 0 ? (size_t)n : 0;
    if (w->used >= w->size) /* told by the length, at the end */
        w->used = w->size - 1;
}

/* A number as its bits: the same in every locale, infinities too. */
static void add_number(writer *w, double number)
{
    const uint32_t bits = s2vi_bits_of((float)number);
    if (bits)
        add(w, "__uint_as_float(0x%08xu)", bits);
    else
        add(w, "0");
}

/* Ops that are one function in the text. */
static const struct {
    const char *name, *formula;
} maps[S2VI_OP_COUNT] = {
#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, domain,       \
                 formula)                                                      \
    [S2VI_OP_##id] = {#name, #formula},
#include "graph/ops.def"
};

/* A function for each op of the chain, once. */
static bool add_maps(writer *w, const s2vi_chain *chain)
{
    bool seen[S2VI_OP_COUNT] = {false};
    for (int i = 0; i < chain->n_steps; i++) {
        const s2vi_op op = chain->step[i].op;
        if (!maps[op].formula)
            return false;
        if (!seen[op])
            add(w,
                "S2VI_DEVICE float map_%s(float a, float b, float scale, "
                "float offset, float slope)\n{\n    return %s;\n}\n",
                maps[op].name, maps[op].formula);
        seen[op] = true;
    }
    return true;
}

static void add_step(writer *w, const s2vi_chain_step *step)
{
    const double constants[] = {step->scale, step->offset, step->slope};
    add(w, "map_%s(v%d, v%d", maps[step->op].name, step->operand[0],
        step->operand[1]);
    for (int i = 0; i < 3; i++) {
        add(w, ", ");
        add_number(w, constants[i]);
    }
    add(w, ")");
}

/* Where array k has element `name` of the axes: "i" or "offset_of(...)". */
static void add_offset(writer *w, const char *iter, const char *name,
                       const s2vi_cuda_axis *axes, int rank, int k)
{
    bool moves = false;
    for (int d = 0; d < rank; d++)
        moves = moves || axes[d].stride[k];
    if (!moves)
        add(w, "0");
    else if (rank == 1 && axes[0].stride[k] == 1)
        add(w, "%s", name);
    else
        add(w, "offset_of(&p->%s, %d, %d, %s)", iter, rank, k, name);
}

static void add_operand(writer *w, const s2vi_cuda_space *s, int k)
{
    add(w, "    const float v%d = p->in[%d][", k, k);
    add_offset(w, "kept", "i", s->kept, s->kept_rank, k);
    if (s->summed_rank) {
        add(w, " + ");
        add_offset(w, "summed", "j", s->summed, s->summed_rank, k);
    }
    add(w, "];\n");
}

static bool write_source(const s2vi_chain *chain, const s2vi_cuda_space *s,
                         char *text, size_t size)
{
    writer w = {.text = text, .size = size};
    add(&w, "#include \"device.h\"\n");
    if (!add_maps(&w, chain))
        return false;
    add(&w, "S2VI_DEVICE float value(const s2vi_dev_chain *p, s2vi_index i, "
            "s2vi_index j)\n{\n");
    for (int k = 0; k < chain->n_inputs; k++)
        add_operand(&w, s, k);
    for (int i = 0; i < chain->n_steps; i++) {
        add(&w, "    const float v%d = ", chain->n_inputs + i);
        add_step(&w, &chain->step[i]);
        add(&w, ";\n");
    }
    add(&w, "    (void)i, (void)j;\n    return v%d;\n}\n#include \"%s\"\n",
        chain->n_inputs + chain->n_steps - 1,
        s->summed_rank ? "chain_sum.inc" : "chain_map.inc");
    return w.used < size - 1;
}

bool s2vi_cuda_write_chain(const s2vi_node *node, s2vi_cuda_program *program)
{
    s2vi_chain own;
    const s2vi_chain *chain = node->attr.chain;
    const s2vi_shape *in[S2VI_DEV_INPUTS];
    if (node->op != S2VI_OP_CHAIN) {
        if (!s2vi_chain_of_node(node, &own))
            return false;
        chain = &own;
    }
    for (int i = 0; i < node->n_inputs; i++)
        in[i] = &node->input[i]->shape;
    const s2vi_cuda_space s =
        s2vi_cuda_space_of(&chain->space, chain->sum_axes, in, chain->n_inputs);
    memset(&program->params, 0, sizeof(program->params));
    program->params.count = s2vi_cuda_strided_iter(
        s.kept, s.kept_rank, s.arrays, &program->params.kept);
    program->terms = s2vi_cuda_strided_iter(s.summed, s.summed_rank, s.arrays,
                                            &program->params.summed);
    program->columns = s.columns;
    return write_source(chain, &s, program->source, sizeof(program->source));
}

/* ---------------------------------------------------------- compiling -- */

/* "sm_90", or "compute_90" where NVRTC knows no newer one. */
static bool name_target(int capability, char *option, size_t size)
{
    int count = 0, known[64], best = 0;
    if (nvrtcGetNumSupportedArchs(&count) || count > 64 ||
        nvrtcGetSupportedArchs(known))
        return false;
    for (int i = 0; i < count; i++)
        if (known[i] <= capability && known[i] > best)
            best = known[i];
    snprintf(option, size, "--gpu-architecture=%s_%d",
             best == capability ? "sm" : "compute", best);
    return best == capability;
}

static int take_image(nvrtcProgram program, bool native, void **image)
{
    size_t size = 0;
    nvrtcResult r = native ? nvrtcGetCUBINSize(program, &size)
                           : nvrtcGetPTXSize(program, &size);
    if (r || !size || !(*image = malloc(size)))
        return S2V_ERR_NOMEM;
    r = native ? nvrtcGetCUBIN(program, *image) : nvrtcGetPTX(program, *image);
    return r ? S2V_ERR_DEVICE : S2V_OK;
}

/* What NVRTC said of a source that it refused. */
static int explain(nvrtcProgram program, nvrtcResult result, s2v_error *err)
{
    size_t size = 0;
    char *log = NULL;
    if (!nvrtcGetProgramLogSize(program, &size) && size &&
        (log = calloc(1, size + 1)))
        nvrtcGetProgramLog(program, log);
    int ret = s2vi_error(err, S2V_ERR_DEVICE,
                         "cuda: a chain's kernel could not be compiled: %s%s"
                         "%.600s",
                         nvrtcGetErrorString(result), log ? ": " : "",
                         log ? log : "");
    free(log);
    return ret;
}

int s2vi_cuda_compile_source(const char *source, int capability, void **image,
                             s2v_error *err)
{
    static const char *const names[] = {"params.h", "device.h", "chain_map.inc",
                                        "chain_sum.inc"};
    const char *const headers[] = {
        (const char *)s2vi_cuda_params_h, (const char *)s2vi_cuda_device_h,
        (const char *)s2vi_cuda_chain_map, (const char *)s2vi_cuda_chain_sum};
    char target[64];
    const bool native = name_target(capability, target, sizeof(target));
    /* Each step is rounded by itself, as on other backends. */
    const char *const options[] = {target, "--fmad=false"};
    nvrtcProgram program = NULL;
    *image = NULL;
    nvrtcResult r =
        nvrtcCreateProgram(&program, source, "chain.cu", 4, headers, names);
    if (!r)
        r = nvrtcCompileProgram(program, 2, options);
    int ret = r ? explain(program, r, err) : take_image(program, native, image);
    if (!r && ret < 0)
        ret = s2vi_error(err, ret, "cuda: a chain's kernel is lost");
    if (ret < 0) {
        free(*image);
        *image = NULL;
    }
    if (program)
        nvrtcDestroyProgram(&program);
    return ret;
}
