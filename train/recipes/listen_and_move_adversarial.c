/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The adversarial loss of "Listen and Move", sec. 4: Wasserstein with gradient
 * penalty (Gulrajani et al. 2017).
 *
 * Shapes: T frames, N image side; videos (T,N,N,3).
 *
 * Choices and deviations, where the paper is silent or contradicts itself:
 * - Eq. (5)-(6) are maximised over the Ds with the penalty added, which would
 *   reward a large one. The critics minimise -E[D(v)] + E[D(v~)] (+ E[D(v^)])
 *   + lambda P, as in Gulrajani et al., eq. (3).
 * - D of a sample is the mean of its map of decisions, in the penalty too.
 * - Epsilon is one number a sample, uniform in (0, 1), another for each
 *   penalty: x^ = epsilon v + (1 - epsilon) v~.
 * - P's norm is sqrt(sum + 1e-12), whose gradient is finite at zero.
 * - v^ is a uniformly random permutation of v's frames. It may be v itself,
 *   once in T! times.
 */
#include "recipes/listen_and_move_adversarial.h"

#include "base/philox.h"
#include "graph/build.h"
#include "graph/gradient.h"

#define TINY 1e-12

/* ----------------------------------------------------- random choices -- */

/* A whole number below n; word `index` of the key's sequence. */
static int below(const s2vi_philox *key, uint32_t index, int n)
{
    uint32_t word[4];
    s2vi_philox_block(key, index / 4, word);
    return (int)((uint64_t)word[index % 4] * (uint64_t)n >> 32);
}

/* The order by Fisher and Yates, from the end on. */
void s2vi_adversarial_draw(uint64_t seed, uint64_t clock, int T, float *frame,
                           float *order)
{
    const s2vi_philox pick = {seed, S2VI_STREAM_FRAME, clock};
    const s2vi_philox shuffle = {seed, S2VI_STREAM_SHUFFLE, clock};
    *frame = (float)below(&pick, 0, T);
    for (int i = 0; i < T; i++)
        order[i] = (float)i;
    for (int i = T - 1; i > 0; i--) {
        int j = below(&shuffle, (uint32_t)i, i + 1);
        float kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

void s2vi_adversarial_inputs(s2vi_graph *graph, s2vi_adversarial *a)
{
    a->frame = s2vi_input(graph, "frame", S2VI_SHAPE(1));
    a->order = s2vi_input(graph, "order", S2VI_SHAPE(a->video.frames));
}

/* ---------------------------------------------------------- recording -- */

/* A sequence as one sample of D_V's: (1,T,N,N,3). */
static s2vi_node *sample(s2vi_node *v)
{
    return v ? s2vi_reshape(v, S2VI_SHAPE(1, v->shape.dim[0], v->shape.dim[1],
                                          v->shape.dim[2], v->shape.dim[3]))
             : NULL;
}

/* D(x): (n,1,..), a number for each sample. */
static s2vi_node *score(s2vi_graph *graph, const s2vi_disc_config *config,
                        s2vi_node *x)
{
    s2vi_node *map;
    s2v_error err;
    if (!x)
        return NULL;
    if (s2vi_disc_build(graph, config, x, &map, &err) < 0)
        return s2vi_graph_mistake(graph, "%s", err.message);
    return s2vi_mean(map, (1u << map->shape.rank) - 2);
}

/* Sample i's. */
static s2vi_node *score_of(s2vi_node *scores, int i)
{
    return s2vi_reshape(s2vi_slice(scores, 0, i, 1), S2VI_SHAPE(1));
}

/* epsilon x + (1 - epsilon) y, samples of one shape. */
static s2vi_node *mix(s2vi_graph *graph, uint32_t stream, s2vi_node *x,
                      s2vi_node *y)
{
    if (!x)
        return NULL;
    s2vi_shape one = {.rank = x->shape.rank, .dim = {1, 1, 1, 1, 1}};
    s2vi_node *epsilon = s2vi_uniform(graph, stream, one);
    return s2vi_add(y, s2vi_mul(epsilon, s2vi_sub(x, y)));
}

/* The sum over x's samples of (||dD/dx||_2 - 1)^2. */
static s2vi_node *penalty(s2vi_graph *graph, const s2vi_disc_config *config,
                          s2vi_node *x)
{
    s2vi_node *total = s2vi_sum_all(score(graph, config, x)), *g;
    if (!total || s2vi_gradients(total, NULL, &x, 1, &g) < 0)
        return NULL;
    s2vi_node *square = s2vi_sum(s2vi_square(g), (1u << g->shape.rank) - 2);
    s2vi_node *norm = s2vi_sqrt(s2vi_affine(square, 1, TINY));
    return s2vi_sum_all(s2vi_square(s2vi_affine(norm, 1, -1)));
}

/* The loss of samples[0], real, and n - 1 of which it is to be told. The mixed
 * ones are recorded apart, so that the penalty's gradient is theirs alone. */
static int critic(s2vi_graph *graph, const s2vi_disc_config *config,
                  s2vi_node *const *samples, int n, uint32_t stream,
                  double lambda, s2vi_critic *out, s2v_error *err)
{
    s2vi_node *mixed[2];
    for (int i = 1; i < n; i++)
        mixed[i - 1] =
            mix(graph, stream + (uint32_t)i - 1, samples[0], samples[i]);
    s2vi_node *scores = score(graph, config, s2vi_concat(samples, n, 0));
    *out = (s2vi_critic){
        .real = score_of(scores, 0),
        .fake = score_of(scores, 1),
        .shuffled = n > 2 ? score_of(scores, 2) : NULL,
        .penalty = penalty(graph, config, s2vi_concat(mixed, n - 1, 0)),
    };
    s2vi_node *told = n > 2 ? s2vi_add(out->fake, out->shuffled) : out->fake;
    out->loss =
        s2vi_add(s2vi_sub(told, out->real), s2vi_scale(out->penalty, lambda));
    return s2vi_graph_status(graph, err);
}

int s2vi_adversarial_image(s2vi_graph *graph, const s2vi_adversarial *a,
                           s2vi_critic *out, s2v_error *err)
{
    s2vi_node *const samples[] = {
        s2vi_gather(s2vi_detach(a->real), a->frame),
        s2vi_gather(s2vi_detach(a->fake), a->frame),
    };
    return critic(graph, &a->image, samples, 2, S2VI_STREAM_MIX_IMAGE,
                  a->lambda, out, err);
}

int s2vi_adversarial_video(s2vi_graph *graph, const s2vi_adversarial *a,
                           s2vi_critic *out, s2v_error *err)
{
    s2vi_node *real = s2vi_detach(a->real);
    s2vi_node *const samples[] = {
        sample(real),
        sample(s2vi_detach(a->fake)),
        sample(s2vi_gather(real, a->order)),
    };
    return critic(graph, &a->video, samples, 3, S2VI_STREAM_MIX_FAKE, a->lambda,
                  out, err);
}

int s2vi_adversarial_generator(s2vi_graph *graph, const s2vi_adversarial *a,
                               s2vi_generator_loss *out, s2v_error *err)
{
    s2vi_node *image = score(graph, &a->image, s2vi_gather(a->fake, a->frame));
    s2vi_node *video = score(graph, &a->video, sample(a->fake));
    out->image = s2vi_scale(score_of(image, 0), -1);
    out->video = s2vi_scale(score_of(video, 0), -1);
    out->loss = s2vi_add(out->image, out->video);
    return s2vi_graph_status(graph, err);
}
