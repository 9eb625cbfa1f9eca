/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Momentary loudness. Each sum is in libebur128's order. */
#include "audio/k_meter.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { WINDOW = S2VI_K_METER_WINDOW, ORDER = S2VI_K_METER_ORDER };

static const double PI = 3.14159265358979323846;

/* BS.1770's head filter (a shelf) times its RLB filter (a high pass), for any
 * sample rate: libebur128's design. */
static void design(s2vi_k_meter *m)
{
    const double shelf = 1681.974450955533, gain = 3.999843853973347;
    const double shelf_q = 0.7071752369554196;
    const double pass = 38.13547087602444, pass_q = 0.5003270373238773;
    const double V = pow(10.0, gain / 20.0), B = pow(V, 0.4996667741545416);
    double K = tan(PI * shelf / (double)S2VI_K_METER_RATE);
    const double a0 = 1.0 + K / shelf_q + K * K;
    const double pb[] = {(V + B * K / shelf_q + K * K) / a0,
                         2.0 * (K * K - V) / a0,
                         (V - B * K / shelf_q + K * K) / a0};
    const double pa[] = {1.0, 2.0 * (K * K - 1.0) / a0,
                         (1.0 - K / shelf_q + K * K) / a0};
    K = tan(PI * pass / (double)S2VI_K_METER_RATE);
    const double rb[] = {1.0, -2.0, 1.0};
    const double ra[] = {1.0, 2.0 * (K * K - 1.0) / (1.0 + K / pass_q + K * K),
                         (1.0 - K / pass_q + K * K) /
                             (1.0 + K / pass_q + K * K)};
    m->b[0] = pb[0] * rb[0];
    m->b[1] = pb[0] * rb[1] + pb[1] * rb[0];
    m->b[2] = pb[0] * rb[2] + pb[1] * rb[1] + pb[2] * rb[0];
    m->b[3] = pb[1] * rb[2] + pb[2] * rb[1];
    m->b[4] = pb[2] * rb[2];
    m->a[0] = pa[0] * ra[0];
    m->a[1] = pa[0] * ra[1] + pa[1] * ra[0];
    m->a[2] = pa[0] * ra[2] + pa[1] * ra[1] + pa[2] * ra[0];
    m->a[3] = pa[1] * ra[2] + pa[2] * ra[1];
    m->a[4] = pa[2] * ra[2];
}

void s2vi_k_meter_start(s2vi_k_meter *m)
{
    *m = (s2vi_k_meter){.next = 0};
    design(m);
}

void s2vi_k_meter_add(s2vi_k_meter *m, const float *samples, size_t n)
{
    const double *a = m->a, *b = m->b;
    double *v = m->v;
    for (size_t i = 0; i < n; i++) {
        v[0] = (double)samples[i] - a[1] * v[1] - a[2] * v[2] - a[3] * v[3] -
               a[4] * v[4];
        m->weighted[m->next + i] =
            b[0] * v[0] + b[1] * v[1] + b[2] * v[2] + b[3] * v[3] + b[4] * v[4];
        memmove(v + 1, v, ORDER * sizeof(*v));
    }
    /* In silence, denormal numbers would be slow. */
    for (int i = 0; i <= ORDER; i++)
        v[i] = fabs(v[i]) < DBL_MIN ? 0.0 : v[i];
    m->next = (m->next + n) % WINDOW;
}

static double square_sum(double sum, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

double s2vi_k_meter_loudness(const s2vi_k_meter *m, size_t n)
{
    const size_t late = m->next < n ? m->next : n;
    double sum = square_sum(0.0, m->weighted + m->next - late, late);
    sum = square_sum(sum, m->weighted + WINDOW - (n - late), n - late);
    return sum > 0.0 ? 10 * (log(sum / (double)n) / log(10.0)) - 0.691
                     : -HUGE_VAL;
}

void s2vi_k_meter_pass_state(s2vi_k_meter *m, s2vi_state *state)
{
    s2vi_state_doubles(state, "meter.filter", m->v, ORDER + 1, FLT_MAX);
    s2vi_state_doubles(state, "meter.weighted", m->weighted, WINDOW, FLT_MAX);
    s2vi_state_size(state, "meter.next", &m->next, WINDOW - 1);
}
