/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * E_RNN, the recurrent module of "Sound-guided Semantic Video Generation" (the
 * citation is in sound_inversion.c), section 3.2: a frame's style codes out of
 * those before and of sound, in groups of coarse, middle and fine codes.
 *
 * Shapes: n sequences; L codes, w their width; H width of a cell. Memory is
 * channels last.
 *
 * Choices, where the paper gives none those of the published code:
 * - a group's network is of GRUs, then a linear layer whose result is added to
 *   what went in: w = x + FC(GRU(x, h)), x = w^ + E_a(sound);
 * - `both`: it is called bidirectional there, over sequences of one step, which
 *   is two cells a layer on the same input, their results side by side;
 * - `noise`: its published weights have a linear layer of the state before each
 *   step, and no noise;
 * - the frame's codes are `blend` of w and the rest of those before;
 * - feedback START, which is not the paper's: sound is added to the start's
 *   codes instead of those of the frame before. With those, E_a's result adds
 *   up from frame to frame, and a stream that is longer than what was trained
 *   on leaves the generator's codes.
 * The linear layer starts at 0.
 */
#include "models/style_recurrent.h"

#include "weights/fields.h"

#include <stdio.h>

enum { GATES = 3, MOST_WIDTH = 1 << 12, MOST_CODES = 32 };

/* ------------------------------------------------------- configuration -- */

static const char *const feedbacks[] = {"previous", "start", NULL};

#define INT(member, least, most)                                               \
    S2VI_INT(s2vi_recurrent_config, member, least, most)

static const s2vi_field table[] = {
    INT(w, 1, MOST_WIDTH),
    S2VI_INTS(s2vi_recurrent_config, "group", group, S2VI_RECURRENT_GROUPS,
              groups),
    INT(layers, 1, S2VI_RECURRENT_LAYERS),
    INT(hidden, 1, MOST_WIDTH),
    S2VI_BOOL(s2vi_recurrent_config, both),
    S2VI_BOOL(s2vi_recurrent_config, noise),
    S2VI_WORD(s2vi_recurrent_config, feedback, feedbacks),
    S2VI_NUMBER(s2vi_recurrent_config, blend, 0, 1),
};

static const s2vi_fields fields = {"recurrent", table,
                                   sizeof(table) / sizeof(*table), false};

static void set_groups(s2vi_recurrent_config *c, int codes, int first)
{
    c->groups = codes > 2 * first ? 3 : 1;
    c->group[0] = c->groups == 1 ? codes : first;
    c->group[1] = first;
    c->group[2] = codes - 2 * first;
}

void s2vi_recurrent_defaults(s2vi_recurrent_config *config, int codes, int w,
                             int first)
{
    *config = (s2vi_recurrent_config){.w = w,
                                      .layers = 2,
                                      .hidden = 256,
                                      .feedback = S2VI_RECURRENT_FEEDBACK_START,
                                      .blend = 1};
    set_groups(config, codes, first);
}

void s2vi_recurrent_paper(s2vi_recurrent_config *config, int codes, int w,
                          int first)
{
    *config = (s2vi_recurrent_config){
        .w = w, .layers = 5, .hidden = 512, .both = true, .blend = 0.4};
    set_groups(config, codes, first);
}

int s2vi_recurrent_codes(const s2vi_recurrent_config *c)
{
    int sum = 0;
    for (int i = 0; i < c->groups; i++)
        sum += c->group[i];
    return sum;
}

int64_t s2vi_recurrent_state(const s2vi_recurrent_config *c)
{
    return (int64_t)c->layers * (c->both ? 2 : 1) * c->hidden;
}

int s2vi_recurrent_config_check(const s2vi_recurrent_config *c, s2v_error *err)
{
    int ret = s2vi_fields_check(&fields, c, err);
    for (int i = 0; i < c->groups && !ret; i++)
        ret = s2vi_fields_check_range(&fields, "group", c->group[i], 1,
                                      MOST_CODES, err);
    if (!ret && c->groups < 1)
        ret = s2vi_error(err, S2V_ERR_MODEL, "recurrent: no groups of codes");
    return ret;
}

int s2vi_recurrent_config_parse(s2vi_recurrent_config *config, const char *json,
                                s2v_error *err)
{
    *config = (s2vi_recurrent_config){.blend = 1};
    const int ret = s2vi_fields_read(&fields, config, json, err);
    return ret < 0 ? ret : s2vi_recurrent_config_check(config, err);
}

char *s2vi_recurrent_config_text(const s2vi_recurrent_config *config)
{
    return s2vi_fields_text(&fields, config);
}

/* ---------------------------------------------------------- parameters -- */

typedef struct network {
    s2vi_recurrent cell[S2VI_RECURRENT_LAYERS][2];
    s2vi_layer fc, noise;
} network;

static void declare(const s2vi_scope *scope, const s2vi_recurrent_config *c,
                    int group, network *n)
{
    const s2vi_scope rnn = s2vi_scope_in(scope, "rnn");
    const int ways = c->both ? 2 : 1;
    const int64_t wide = c->group[group] * (int64_t)c->w;
    int64_t cin = wide;
    char suffix[24];
    for (int i = 0; i < c->layers; i++, cin = ways * (int64_t)c->hidden)
        for (int k = 0; k < ways; k++) {
            snprintf(suffix, sizeof(suffix), "_l%d%s", i, k ? "_reverse" : "");
            n->cell[i][k] =
                s2vi_declare_recurrent(&rnn, suffix, GATES, cin, c->hidden,
                                       S2VI_INIT_UNIFORM, S2VI_INIT_UNIFORM);
        }
    n->fc = s2vi_declare_layer(scope, S2VI_SHAPE(wide, cin), S2VI_INIT_ZERO,
                               wide, "fc");
    if (c->noise) {
        const int64_t state = s2vi_recurrent_state(c);
        n->noise =
            s2vi_declare_layer(scope, S2VI_SHAPE(state, state),
                               S2VI_INIT_UNIFORM, state, "audio_noise_fc");
    }
}

int s2vi_recurrent_params(const s2vi_recurrent_config *config,
                          const char *prefix, s2vi_param_list *list,
                          s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = s2vi_scope_under(prefix, list, NULL);
    network n;
    for (int i = 0; i < config->groups; i++) {
        const s2vi_scope in = s2vi_scope_in(&scope, "%d", i);
        declare(&in, config, i, &n);
    }
    return s2vi_param_list_end(list, before, err);
}

/* ----------------------------------------------------------- recording -- */

/* x (n,Cin), h (n,H) -> (n,H) */
static s2vi_node *run_cell(const s2vi_recurrent *cell, s2vi_node *x,
                           s2vi_node *h)
{
    const s2vi_layer ih = {cell->weight_ih, cell->bias_ih};
    const s2vi_layer hh = {cell->weight_hh, cell->bias_hh};
    return s2vi_gru(s2vi_nn_linear(x, ih), s2vi_nn_linear(h, hh), h);
}

s2vi_node *s2vi_recurrent_group(s2vi_graph *graph,
                                const s2vi_recurrent_config *config,
                                const char *prefix, int group, s2vi_node *x,
                                s2vi_node **h)
{
    const s2vi_scope scope = s2vi_scope_under(prefix, NULL, graph);
    const s2vi_scope in = s2vi_scope_in(&scope, "%d", group);
    const int ways = config->both ? 2 : 1;
    s2vi_node *part[2 * S2VI_RECURRENT_LAYERS], *y = x, *state = *h;
    network net;
    declare(&in, config, group, &net);
    if (config->noise)
        state = s2vi_nn_linear(state, net.noise);
    for (int i = 0; i < config->layers; i++) {
        s2vi_node **now = part + ways * i;
        for (int k = 0; k < ways; k++)
            now[k] = run_cell(
                &net.cell[i][k], y,
                s2vi_slice(state, 1, (ways * i + k) * (int64_t)config->hidden,
                           config->hidden));
        y = ways > 1 ? s2vi_concat(now, ways, 1) : now[0];
    }
    *h = s2vi_concat(part, ways * config->layers, 1);
    return s2vi_add(x, s2vi_nn_linear(y, net.fc));
}

static s2vi_node *blend(s2vi_node *codes, s2vi_node *previous, double part)
{
    return part < 1 ? s2vi_add(s2vi_scale(codes, part),
                               s2vi_scale(previous, 1 - part))
                    : codes;
}

int s2vi_recurrent_build(s2vi_graph *graph, const s2vi_recurrent_config *config,
                         const char *prefix, s2vi_recurrent_step *step,
                         s2vi_node **codes, s2v_error *err)
{
    const bool start = config->feedback == S2VI_RECURRENT_FEEDBACK_START;
    s2vi_node *const previous = step->previous; /* *codes may be that */
    s2vi_node *x = s2vi_add(start ? step->start : previous, step->sound);
    s2vi_node *part[S2VI_RECURRENT_GROUPS];
    *codes = NULL;
    if (!x)
        return s2vi_graph_status(graph, err);
    const int64_t n = x->shape.dim[0];
    for (int i = 0, from = 0; i < config->groups; from += config->group[i++]) {
        const int count = config->group[i];
        s2vi_node *flat =
            s2vi_reshape(s2vi_slice(x, 1, from, count),
                         S2VI_SHAPE(n, count * (int64_t)config->w));
        part[i] = s2vi_reshape(
            s2vi_recurrent_group(graph, config, prefix, i, flat, &step->h[i]),
            S2VI_SHAPE(n, count, config->w));
    }
    *codes =
        blend(s2vi_concat(part, config->groups, 1), previous, config->blend);
    return s2vi_graph_status(graph, err);
}
