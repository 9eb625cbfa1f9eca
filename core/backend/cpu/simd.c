/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loops that gain from wide registers, in plain C: compiled once for each
 * instruction set as s2vi_simd_SET (see simd.h).
 */
#include "backend/cpu/simd.h"

#include <math.h>
#include <string.h>

#ifndef S2V_SIMD_SET
#define S2V_SIMD_SET base
#endif
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define STR_(a)     #a
#define STR(a)      STR_(a)

#define SIMD _Pragma("omp simd")

/* --------------------------------------------------- transcendentals -- */

/* e^x: 2^k e^r with |r| <= ln 2 / 2, Cephes' expf polynomial in r;
 * within 2 ulp. Clamped so that the result stays finite and normal; NaN of
 * NaN, which is left out of what goes before: no integer k is one. (Written as
 * it is for LLVM 14: a clamp that keeps NaN and then one that does not become
 * the first alone there.) */
static inline float exp_of(float value)
{
    float x = value > -87.0f ? value : -87.0f;
    x = x < 88.0f ? x : 88.0f;
    float k = rintf(x * 1.44269504f);
    float r = x - k * 0.693359375f;
    r += k * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    union {
        int32_t i;
        float f;
    } power = {.i = ((int32_t)k + 127) << 23};
    return value == value ? p * power.f : value;
}

static inline float sigmoid_of(float x)
{
    return 1.0f / (1.0f + exp_of(-x));
}

static inline float tanh_of(float x)
{
    return 1.0f - 2.0f / (1.0f + exp_of(2.0f * x));
}

/* sin x = +-sin r with x = k pi + r, |r| <= pi / 2 (pi in three parts, each
 * but the last short enough that its product with k is exact); an odd
 * polynomial in r. Within 2 ulp of 1 for |x| below 10^4. */
static inline float sin_of(float x)
{
    const float k = rintf(x * 0.318309886f);
    const float odd = k - 2.0f * floorf(0.5f * k);
    float r = x - k * 3.140625f;
    r -= k * 9.67502594e-4f;
    r -= k * 1.50995799e-7f;
    const float z = r * r;
    float p = 2.60831598e-6f;
    p = p * z - 1.98106907e-4f;
    p = p * z + 8.33307859e-3f;
    p = p * z - 1.66666597e-1f;
    return (1.0f - 2.0f * odd) * (r + r * z * p);
}

/* ln x for normal x > 0: m 2^e with m in [sqrt(1/2), sqrt(2)), Cephes' logf
 * polynomial. */
static inline float log_of(float x)
{
    union {
        float f;
        int32_t i;
    } u = {.f = x};
    int32_t e = (u.i - 0x3f3504f3) >> 23;
    u.i -= e * (1 << 23);
    float m = u.f - 1.0f, k = (float)e, z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    float y = p * m * z - 2.12194440e-4f * k - 0.5f * z;
    float ln = m + y + 0.693359375f * k;
    return x > 0 ? ln : x == 0 ? -INFINITY : NAN;
}

/* -------------------------------------------------------------- maps -- */

/* What the formulas of ops.def call, beside the functions above. */
#define abs_of  fabsf
#define sqrt_of sqrtf

#define S2VI_MAP(id, name, arity, grad, tol, builder, constants, domain,       \
                 formula)                                                      \
    static void map_##name(float *dst, const float *pa, const float *pb,       \
                           int n, const s2vi_chain_step *step)                 \
    {                                                                          \
        const float scale = (float)step->scale, offset = (float)step->offset;  \
        const float slope = (float)step->slope;                                \
        (void)scale, (void)offset, (void)slope;                                \
        SIMD for (int i = 0; i < n; i++)                                       \
        {                                                                      \
            const float a = pa[i], b = pb[i];                                  \
            (void)b;                                                           \
            dst[i] = (float)(formula);                                         \
        }                                                                      \
    }
#include "graph/ops.def"

/* ------------------------------------------------- rows and columns -- */

static void repeat_row(float *dst, const float *v, int rows, int c)
{
    for (int r = 0; r < rows; r++)
        memcpy(dst + (size_t)r * c, v, (size_t)c * sizeof(*v));
}

static void spread(float *dst, const float *s, int rows, int c)
{
    for (int r = 0; r < rows; r++) {
        const float x = s[r];
        SIMD for (int j = 0; j < c; j++) dst[(size_t)r * c + j] = x;
    }
}

static void add_columns(double *sum, const float *x, int rows, int c)
{
    for (int j0 = 0; j0 < c; j0 += 64) {
        int n = c - j0 < 64 ? c - j0 : 64;
        float part[64] = {0};
        for (int r = 0; r < rows; r++) {
            const float *row = x + (size_t)r * c + j0;
            SIMD for (int j = 0; j < n; j++) part[j] += row[j];
        }
        for (int j = 0; j < n; j++)
            sum[j0 + j] += part[j];
    }
}

static double total(const float *x, int n)
{
    float part[64] = {0};
    int i = 0;
    for (; i + 64 <= n; i += 64)
        SIMD for (int j = 0; j < 64; j++) part[j] += x[i + j];
    double sum = 0;
    for (int j = 0; j < 64; j++)
        sum += part[j];
    for (; i < n; i++)
        sum += x[i];
    return sum;
}

/* --------------------------------------------------------------- gru -- */

static void gru(float *out, const float *a, const float *b, const float *h,
                int rows, int c)
{
    for (int i = 0; i < rows; i++, a += 3 * c, b += 3 * c, h += c, out += c)
        SIMD for (int j = 0; j < c; j++)
        {
            float r = sigmoid_of(a[j] + b[j]);
            float z = sigmoid_of(a[c + j] + b[c + j]);
            float n = tanh_of(a[2 * c + j] + r * b[2 * c + j]);
            out[j] = n + z * (h[j] - n);
        }
}

static void gru_da(float *out, const float *a, const float *b, const float *h,
                   const float *dy, int rows, int c)
{
    for (int i = 0; i < rows; i++) {
        SIMD for (int j = 0; j < c; j++)
        {
            float r = sigmoid_of(a[j] + b[j]), bn = b[2 * c + j];
            float z = sigmoid_of(a[c + j] + b[c + j]);
            float n = tanh_of(a[2 * c + j] + r * bn);
            float dn = dy[j] * (1 - z) * (1 - n * n);
            out[j] = dn * bn * r * (1 - r);
            out[c + j] = dy[j] * (h[j] - n) * z * (1 - z);
            out[2 * c + j] = dn;
        }
        a += 3 * c, b += 3 * c, h += c, dy += c, out += 3 * c;
    }
}

static void gru_db(float *out, const float *a, const float *b, const float *da,
                   int rows, int c)
{
    for (int i = 0; i < rows; i++) {
        SIMD for (int j = 0; j < c; j++)
        {
            float r = sigmoid_of(a[j] + b[j]);
            out[j] = da[j];
            out[c + j] = da[c + j];
            out[2 * c + j] = da[2 * c + j] * r;
        }
        a += 3 * c, b += 3 * c, da += 3 * c, out += 3 * c;
    }
}

static void gru_dh(float *out, const float *a, const float *b, const float *dy,
                   int rows, int c)
{
    for (int i = 0; i < rows; i++, a += 3 * c, b += 3 * c, dy += c, out += c)
        SIMD for (int j = 0; j < c; j++) out[j] =
            dy[j] * sigmoid_of(a[c + j] + b[c + j]);
}

/* -------------------------------------------------------------- lstm -- */

static void lstm(float *y, const float *a, const float *b, const float *before,
                 int c)
{
    SIMD for (int j = 0; j < c; j++)
    {
        float i = sigmoid_of(a[j] + b[j]);
        float f = sigmoid_of(a[c + j] + b[c + j]);
        float g = tanh_of(a[2 * c + j] + b[2 * c + j]);
        float o = sigmoid_of(a[3 * c + j] + b[3 * c + j]);
        float cell = f * before[j] + i * g;
        y[j] = o * tanh_of(cell);
        y[c + j] = cell;
    }
}

static void lstm_da(float *da, const float *a, const float *b, const float *y,
                    const float *before, const float *dh, float *dc, int c)
{
    SIMD for (int j = 0; j < c; j++)
    {
        float i = sigmoid_of(a[j] + b[j]);
        float f = sigmoid_of(a[c + j] + b[c + j]);
        float g = tanh_of(a[2 * c + j] + b[2 * c + j]);
        float o = sigmoid_of(a[3 * c + j] + b[3 * c + j]);
        float t = tanh_of(y[c + j]);
        float d = dc[j] + dh[j] * o * (1 - t * t);
        da[j] = d * g * i * (1 - i);
        da[c + j] = d * before[j] * f * (1 - f);
        da[2 * c + j] = d * i * (1 - g * g);
        da[3 * c + j] = dh[j] * t * o * (1 - o);
        dc[j] = d * f;
    }
}

#include "backend/cpu/simd_vector.inc"
#include "backend/cpu/simd_cell.inc"
#include "backend/cpu/simd_moments.inc"
#include "backend/cpu/simd_blend.inc"
#include "backend/cpu/simd_winograd.inc"
#include "backend/cpu/simd_conv_weight.inc"
#include "backend/cpu/simd_pointwise.inc"
#include "backend/cpu/simd_depthwise.inc"
#include "backend/cpu/simd_fir.inc"
#include "backend/cpu/simd_cell_tiles.inc"

/* ---------------------------------------------------- small products -- */

static void dot_rows(float *y, const float *x, const float *w, int n, int k)
{
    for (int i = 0; i < n; i++, w += k) {
        float sum = 0;
        _Pragma("omp simd reduction(+ : sum)") for (int j = 0; j < k; j++)
            sum += x[j] * w[j];
        y[i] = sum;
    }
}

static void axpy_rows(float *y, const float *x, const float *w, int n, int k)
{
    memset(y, 0, (size_t)n * sizeof(*y));
    for (int j = 0; j < k; j++, w += n) {
        const float s = x[j];
        SIMD for (int i = 0; i < n; i++) y[i] += s * w[i];
    }
}

static void adam(float *p, float *m, float *v, const float *g, int64_t n,
                 const s2vi_simd_adam *k)
{
    const s2vi_simd_adam c = *k;
    SIMD for (int64_t i = 0; i < n; i++)
    {
        m[i] = c.beta1 * m[i] + c.new1 * g[i];
        v[i] = c.beta2 * v[i] + c.new2 * g[i] * g[i];
        p[i] -=
            c.shrink * p[i] + c.rate * m[i] / (sqrtf(v[i]) * c.root + c.eps);
    }
}

/* ------------------------------------------------------------- table -- */

const s2vi_simd JOIN(s2vi_simd_, S2V_SIMD_SET) = {
    .name = STR(S2V_SIMD_SET),
    .map =
        {
#define S2VI_MAP(id, name, ...) [S2VI_OP_##id] = map_##name,
#include "graph/ops.def"
        },
    .repeat_row = repeat_row,
    .spread = spread,
    .add_columns = add_columns,
    .total = total,
    .moments = moments,
    .gru = gru,
    .gru_da = gru_da,
    .gru_db = gru_db,
    .gru_dh = gru_dh,
    .lstm = lstm,
    .lstm_da = lstm_da,
    .cell_row = cell_row,
    .blend = blend,
    .pointwise = pointwise,
    .depthwise = depthwise,
    .weigh = weigh,
    .cell_lanes = CELL_LANES,
    .cell_pixels = CELL_PIXELS,
    .winograd_in = winograd_in,
    .winograd_product = winograd_product,
    .winograd_out = winograd_out,
    .winograd_weights = winograd_weights,
    .outer = outer,
    .winograd_results = winograd_results,
    .winograd_taps = winograd_taps,
    .winograd_sums = WINOGRAD_SUMS,
    .cell_points = cell_points,
    .cell_products = cell_products,
    .cell_gates = cell_gate_tiles,
    .dot_rows = dot_rows,
    .axpy_rows = axpy_rows,
    .adam = adam,
};
