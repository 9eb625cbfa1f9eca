/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables of a state, checked. */
#include "base/state.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int s2vi_state_fail(s2vi_state *state, int code, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!s2vi_state_ok(state))
        return state->first.code;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return s2vi_error(&state->first, code, "%s", text);
}

static bool pass(s2vi_state *state, const char *name, s2vi_state_type type,
                 void *data, size_t n)
{
    s2v_error err;
    if (!s2vi_state_ok(state))
        return false;
    const int ret = state->pass(state, name, type, data, n, &err);
    if (ret < 0)
        state->first = err;
    return ret >= 0;
}

/* NaN is outside, too. */
static void check(s2vi_state *state, const char *name, size_t i, double value,
                  double low, double high)
{
    if (!(value >= low && value <= high))
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "the state's '%s' holds %g at index %zu, expected %g "
                        "to %g",
                        name, value, i, low, high);
}

void s2vi_state_floats(s2vi_state *state, const char *name, float *data,
                       size_t n, double most)
{
    if (!pass(state, name, S2VI_STATE_FLOAT, data, n))
        return;
    for (size_t i = 0; i < n && state->restoring && s2vi_state_ok(state); i++)
        check(state, name, i, (double)data[i], -most, most);
}

void s2vi_state_doubles(s2vi_state *state, const char *name, double *data,
                        size_t n, double most)
{
    if (!pass(state, name, S2VI_STATE_DOUBLE, data, n))
        return;
    for (size_t i = 0; i < n && state->restoring && s2vi_state_ok(state); i++)
        check(state, name, i, data[i], -most, most);
}

void s2vi_state_number(s2vi_state *state, const char *name, double *value,
                       double low, double high)
{
    double restored = *value;
    if (!pass(state, name, S2VI_STATE_DOUBLE, &restored, 1))
        return;
    if (state->restoring)
        check(state, name, 0, restored, low, high);
    if (s2vi_state_ok(state))
        *value = restored;
}

void s2vi_state_integers(s2vi_state *state, const char *name, int64_t *data,
                         size_t n, int64_t low, int64_t high)
{
    if (!pass(state, name, S2VI_STATE_INTEGER, data, n))
        return;
    for (size_t i = 0; i < n && state->restoring; i++)
        if (data[i] < low || data[i] > high)
            s2vi_state_fail(state, S2V_ERR_FORMAT,
                            "the state's '%s' holds %" PRId64
                            " at index %zu, expected %" PRId64 " to %" PRId64,
                            name, data[i], i, low, high);
}

void s2vi_state_int64(s2vi_state *state, const char *name, int64_t *value,
                      int64_t low, int64_t high)
{
    int64_t restored = *value;
    s2vi_state_integers(state, name, &restored, 1, low, high);
    if (s2vi_state_ok(state))
        *value = restored;
}

void s2vi_state_uint64(s2vi_state *state, const char *name, uint64_t *value)
{
    int64_t bits = (int64_t)*value;
    s2vi_state_int64(state, name, &bits, INT64_MIN, INT64_MAX);
    *value = (uint64_t)bits;
}

void s2vi_state_int(s2vi_state *state, const char *name, int *value, int low,
                    int high)
{
    int64_t wide = *value;
    s2vi_state_int64(state, name, &wide, low, high);
    *value = (int)wide;
}

void s2vi_state_size(s2vi_state *state, const char *name, size_t *value,
                     size_t high)
{
    int64_t wide = (int64_t)*value;
    s2vi_state_int64(state, name, &wide, 0, (int64_t)high);
    *value = (size_t)wide;
}

void s2vi_state_bool(s2vi_state *state, const char *name, bool *value)
{
    int64_t wide = *value;
    s2vi_state_int64(state, name, &wide, 0, 1);
    *value = wide != 0;
}

size_t s2vi_state_count(s2vi_state *state, const char *name,
                        s2vi_state_type type, size_t n, size_t most)
{
    s2v_error err;
    if (!s2vi_state_ok(state))
        return 0;
    if (!state->restoring)
        return n;
    const int ret = state->count(state, name, type, &n, &err);
    if (ret < 0)
        state->first = err;
    else if (n > most)
        s2vi_state_fail(state, S2V_ERR_FORMAT,
                        "the state's '%s' has %zu elements, expected at most "
                        "%zu",
                        name, n, most);
    return s2vi_state_ok(state) ? n : 0;
}
