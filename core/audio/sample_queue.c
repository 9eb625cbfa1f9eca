/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue of samples. */
#include "audio/sample_queue.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const float LOUDEST = 1e30f;

int s2vi_sample_queue_create(s2vi_sample_queue *q, size_t capacity)
{
    q->samples = malloc(capacity * sizeof(*q->samples));
    q->first = q->last = 0;
    q->capacity = capacity;
    return q->samples ? S2V_OK : S2V_ERR_NOMEM;
}

void s2vi_sample_queue_close(s2vi_sample_queue *q)
{
    free(q->samples);
    *q = (s2vi_sample_queue){0};
}

/* Room is from `last` on. */
int s2vi_sample_queue_reserve(s2vi_sample_queue *q, size_t n)
{
    const size_t kept = q->last - q->first;
    if (n <= q->capacity - q->last)
        return S2V_OK;
    /* Move only as many as were dropped since, or moves would add up. */
    if (kept > q->first || n > q->capacity - kept) {
        if (n > SIZE_MAX / sizeof(*q->samples) / 4 - q->capacity)
            return S2V_ERR_NOMEM;
        const size_t capacity = 2 * q->capacity + n;
        float *grown = realloc(q->samples, capacity * sizeof(*grown));
        if (!grown)
            return S2V_ERR_NOMEM;
        q->samples = grown;
        q->capacity = capacity;
    }
    memmove(q->samples, q->samples + q->first, kept * sizeof(*q->samples));
    q->first = 0;
    q->last = kept;
    return S2V_OK;
}

int s2vi_sample_queue_append(s2vi_sample_queue *q, const float *samples,
                             size_t n)
{
    const int ret = s2vi_sample_queue_reserve(q, n);
    if (ret < 0)
        return ret;
    for (size_t i = 0; i < n; i++) {
        float x = isfinite(samples[i]) ? samples[i] : 0.0f;
        x = x < LOUDEST ? x : LOUDEST;
        q->samples[q->last + i] = x > -LOUDEST ? x : -LOUDEST;
    }
    q->last += n;
    return S2V_OK;
}

void s2vi_sample_queue_drop(s2vi_sample_queue *q, size_t n)
{
    const size_t count = q->last - q->first;
    q->first += n < count ? n : count;
}

void s2vi_sample_queue_clear(s2vi_sample_queue *q)
{
    q->first = q->last = 0;
}

void s2vi_sample_queue_pass_state(s2vi_sample_queue *q, s2vi_state *state,
                                  const char *name)
{
    const size_t n = s2vi_state_count(state, name, S2VI_STATE_FLOAT,
                                      q->last - q->first, SIZE_MAX);
    if (state->restoring) {
        s2vi_sample_queue_clear(q);
        if (s2vi_state_ok(state) && s2vi_sample_queue_reserve(q, n) < 0)
            s2vi_state_fail(state, S2V_ERR_NOMEM, "out of memory for '%s'",
                            name);
    }
    s2vi_state_floats(state, name, q->samples + q->first, n, (double)LOUDEST);
    if (state->restoring && s2vi_state_ok(state))
        q->last = q->first + n;
}
