/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A queue of samples between a stream of sound that comes in any pieces and
 * front-ends that take windows of it.
 */
#ifndef S2VI_AUDIO_SAMPLE_QUEUE_H
#define S2VI_AUDIO_SAMPLE_QUEUE_H

#include "base/state.h"

/** All zeros before s2vi_sample_queue_create(). */
typedef struct s2vi_sample_queue {
    float *samples; /* (capacity), those in use at [first, last) */
    size_t first, last, capacity;
} s2vi_sample_queue;

/**
 * Make a queue with room for `capacity` samples, at least 1.
 *
 * @return S2V_OK; S2V_ERR_NOMEM
 */
int s2vi_sample_queue_create(s2vi_sample_queue *queue, size_t capacity);

/** Free the memory. A queue of zeros is fine. */
void s2vi_sample_queue_close(s2vi_sample_queue *queue);

/**
 * Make room for `n` more samples, so that s2vi_sample_queue_append() of as many
 * cannot fail.
 *
 * @return S2V_OK; S2V_ERR_NOMEM: the queue is as it was
 */
int s2vi_sample_queue_reserve(s2vi_sample_queue *queue, size_t n);

/**
 * Append samples. Those that are not finite count as 0, those beyond +-1e30
 * are clipped, so that the square of a transform is finite.
 *
 * @return as s2vi_sample_queue_reserve()
 */
int s2vi_sample_queue_append(s2vi_sample_queue *queue, const float *samples,
                             size_t n);

/** The samples that wait, oldest first, until the next change; their count. */
static inline const float *s2vi_sample_queue_data(
    const s2vi_sample_queue *queue)
{
    return queue->samples + queue->first;
}

static inline size_t s2vi_sample_queue_count(const s2vi_sample_queue *queue)
{
    return queue->last - queue->first;
}

/** Drop the oldest `n`, or all if there are fewer. */
void s2vi_sample_queue_drop(s2vi_sample_queue *queue, size_t n);

/** Save the samples that wait, or restore them. */
void s2vi_sample_queue_pass_state(s2vi_sample_queue *queue, s2vi_state *state,
                                  const char *name);

/** Drop all, and keep the memory. */
void s2vi_sample_queue_clear(s2vi_sample_queue *queue);

#endif
