/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The family semantic: which scene is heard, so that a stream that has nothing
 * but sound starts with a picture of it.
 *
 * A window's place in the file's embedding is compared with those of the
 * scenes' sound: a softmax of the cosines says how probable each is. The mean
 * of that over the first second, then over about the last one, chooses; another
 * scene than before has to be clearly more probable, for a stream to change.
 *
 * Once it is known, a scene is looked for in each fourth window only.
 */
#include "audio/mel_window.h"
#include "base/error.h"
#include "graph/build.h"
#include "session/semantic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EAGER = S2VI_WALK_FPS, /* frames that all are listened to, then */
    EVERY = S2VI_WALK_FPS / S2VI_LISTENING_FPS, /* one of these */
};

static const double MARGIN = 0.25; /* of probability */

/* --------------------------------------------------------------- models -- */

int s2vi_semantic_open_listening(s2vi_semantic_model *m, s2v_error *err)
{
    const s2vi_embedding_config *c = &m->config.embedding;
    if (!m->starts.scenes)
        return S2V_OK;
    s2vi_graph *g = m->listening_graph = s2vi_graph_create();
    s2vi_embedding_graph *e = &m->listening;
    if (!g)
        return s2vi_error_nomem(err, "an embedding");
    m->window = s2vi_input(g, "sound", S2VI_SHAPE(1, c->bands, c->columns, 1));
    const s2vi_embedding_inputs in = {.sound = m->window};
    const int ret =
        s2vi_embedding_build(g, c, S2VI_SEMANTIC_EMBEDDING, &in, e, err);
    if (ret < 0)
        return ret;
    s2vi_node *out[] = {e->sound, e->scale};
    const s2vi_plan_params params = {
        .outputs = out, .n_outputs = 2, .frozen = true};
    return s2vi_plan_create(&m->listening_plan, g, m->store, &params, err);
}

/* -------------------------------------------------------------- streams -- */

struct s2vi_listener {
    const s2vi_semantic_model *model;
    s2vi_exec *exec;
    float *share;       /* (scenes): how probable each is */
    float *now, *place; /* the same of a window; (width) */
    int frames;         /* so far; EAGER .. EAGER + EVERY - 1 in turn */
    int scene;
    float window[S2VI_MEL_WINDOW_NUMBERS];
};

int s2vi_listener_create(s2vi_listener **out, const s2vi_semantic_model *m,
                         s2v_error *err)
{
    const size_t scenes = (size_t)m->starts.scenes;
    s2vi_listener *l = *out = scenes ? calloc(1, sizeof(*l)) : NULL;
    if (!scenes)
        return S2V_OK;
    if (!l)
        return s2vi_error_nomem(err, "a listener");
    l->model = m;
    l->scene = -1;
    l->share = calloc(scenes, sizeof(*l->share));
    l->now = calloc(scenes, sizeof(*l->now));
    l->place = calloc((size_t)m->config.embedding.width, sizeof(*l->place));
    return l->share && l->now && l->place
               ? s2vi_exec_create(&l->exec, m->listening_plan, err)
               : s2vi_error_nomem(err, "a listener");
}

void s2vi_listener_close(s2vi_listener **out)
{
    s2vi_listener *l = *out;
    if (!l)
        return;
    s2vi_exec_close(&l->exec);
    free(l->share);
    free(l->now);
    free(l->place);
    free(l);
    *out = NULL;
}

/* How probable each scene is by a window. */
static int judge(s2vi_listener *l, const float *window, s2v_error *err)
{
    const s2vi_semantic_model *m = l->model;
    const s2vi_starts *starts = &m->starts;
    const int width = m->config.embedding.width;
    float scale, sum = 0;
    s2vi_mel_window_repeat(window, l->window);
    int ret = s2vi_exec_write(l->exec, m->window, l->window);
    if (!ret)
        ret = s2vi_exec_run(l->exec, &(s2vi_clock){0}, err);
    if (!ret)
        ret = s2vi_exec_read(l->exec, m->listening.sound, l->place);
    if (!ret)
        ret = s2vi_exec_read(l->exec, m->listening.scale, &scale);
    for (int s = 0; s < starts->scenes && !ret; s++) {
        const float *heard = starts->heard + (ptrdiff_t)s * width;
        float near = 0;
        for (int i = 0; i < width; i++)
            near += l->place[i] * heard[i];
        l->now[s] = expf(scale * (near - 1)); /* a cosine is 1 at most */
        sum += l->now[s];
    }
    for (int s = 0; s < starts->scenes && !ret; s++)
        l->now[s] = sum > 0 ? l->now[s] / sum : 0;
    return ret;
}

/* The part that a window has in the mean. */
static float part_of(const s2vi_listener *l)
{
    const int since = l->frames < EAGER ? 1 : EVERY;
    const float part = 1 - expf(-(float)since / S2VI_WALK_FPS);
    return l->frames < EAGER ? fmaxf(part, 1 / (float)(l->frames + 1)) : part;
}

static void count(s2vi_listener *l)
{
    if (++l->frames == EAGER + EVERY)
        l->frames = EAGER;
}

int s2vi_listener_hear(s2vi_listener *l, const float *window, s2v_error *err)
{
    const float part = part_of(l);
    int best = 0;
    if (l->frames > EAGER) {
        count(l);
        return S2V_OK;
    }
    const int ret = judge(l, window, err);
    if (ret < 0)
        return ret;
    count(l);
    for (int s = 0; s < l->model->starts.scenes; s++) {
        l->share[s] += part * (l->now[s] - l->share[s]);
        if (l->share[s] > l->share[best])
            best = s;
    }
    if (l->scene < 0 ||
        (double)l->share[best] > (double)l->share[l->scene] + MARGIN)
        l->scene = best;
    return S2V_OK;
}

int s2vi_listener_scene(const s2vi_listener *l)
{
    return l ? l->scene : -1;
}

void s2vi_listener_reset(s2vi_listener *l)
{
    if (!l)
        return;
    memset(l->share, 0, (size_t)l->model->starts.scenes * sizeof(*l->share));
    l->frames = 0;
    l->scene = -1;
}

void s2vi_listener_pass_state(s2vi_listener *l, s2vi_state *state)
{
    if (!l)
        return;
    s2vi_state_floats(state, "scene.share", l->share,
                      (size_t)l->model->starts.scenes, 1);
    s2vi_state_int(state, "scene.heard", &l->frames, 0, EAGER + EVERY - 1);
    s2vi_state_int(state, "scene.scene", &l->scene, -1,
                   l->model->starts.scenes - 1);
}
