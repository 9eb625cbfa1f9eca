/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Goldens of sound-guided semantic video generation: graphs of what they have.
 */
#include "golden_semantic.h"

#include "../must.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "models/style_recurrent.h"
#include "models/stylegan2.h"
#include "semantic_loss.h"

/* For its static functions. */
#include "models/sound_inversion.c"

#include <jansson.h>
#include <string.h>

/* --------------------------------------------------------------- files -- */

/* In the file, else in the one beside. */
static const s2vi_tensor *find(const golden_semantic *g, const char *name)
{
    const s2vi_tensor *t = s2vi_weights_find(g->file, name);
    if (!t && g->beside)
        t = s2vi_weights_find(g->beside, name);
    if (!t) {
        printf("FAIL the golden has no %s\n", name);
        exit(EXIT_FAILURE);
    }
    return t;
}

float *golden_semantic_read(const golden_semantic *g, const char *name,
                            const s2vi_param *layout)
{
    s2v_error err;
    const s2vi_tensor *t = find(g, name);
    float *x = malloc(2 * (size_t)t->count * sizeof(*x));
    must(s2vi_weights_read_f32(s2vi_weights_find(g->file, name) ? g->file
                                                                : g->beside,
                               t, x, &err),
         &err);
    if (layout) {
        s2vi_param_from_file(layout, x, x + t->count);
        memcpy(x, x + t->count, (size_t)t->count * sizeof(*x));
    }
    return x;
}

/* How a tensor lies in memory: (n,C,..) as a convolution's weight does. */
static s2vi_param layout_of(const s2vi_tensor *t, bool raw)
{
    s2vi_param_list list = {0};
    s2vi_shape shape = {.rank = t->rank ? t->rank : 1, .dim = {1}};
    for (int i = 0; i < t->rank; i++)
        shape.dim[i] = t->shape[i];
    s2vi_declare(&(s2vi_scope){.list = &list}, shape, S2VI_INIT_ZERO, "layout");
    s2vi_param layout = list.param[0];
    if (raw) {
        layout.shape = shape;
        layout.file_shape = S2VI_SHAPE(s2vi_shape_count(&shape));
    }
    s2vi_param_list_close(&list);
    return layout;
}

s2vi_node *golden_semantic_input(golden_semantic *g, const char *name, bool raw)
{
    golden_semantic_tensor *in = &g->input[g->n_inputs++];
    snprintf(in->name, sizeof(in->name), "%s", name);
    in->layout = layout_of(find(g, name), raw);
    return in->node = s2vi_input(g->graph, name, in->layout.shape);
}

static golden_semantic_tensor *add_output(golden_semantic *g, const char *name,
                                          s2vi_node *node)
{
    golden_semantic_tensor *out = &g->output[g->n_outputs];
    const s2vi_tensor *t = s2vi_weights_find(g->file, name);
    if (!node || !t)
        return NULL;
    if ((int64_t)t->count != s2vi_shape_count(&node->shape)) {
        printf("FAIL %s has %lld numbers\n", name, (long long)t->count);
        exit(EXIT_FAILURE);
    }
    snprintf(out->name, sizeof(out->name), "%s", name);
    out->node = node;
    g->n_outputs++;
    return out;
}

void golden_semantic_output(golden_semantic *g, const char *name,
                            s2vi_node *node, bool raw)
{
    golden_semantic_tensor *out = add_output(g, name, node);
    if (out)
        out->layout = layout_of(find(g, name), raw);
    else if (s2vi_weights_find(g->file, name)) {
        printf("FAIL %s is not made\n", name);
        exit(EXIT_FAILURE);
    }
}

/* What a gradient is taken by: a parameter after the generator's, or an
 * input. */
static s2vi_node *leaf(const golden_semantic *g, int i, const char **name,
                       s2vi_param *layout)
{
    const int params = g->params.count - g->n_generator;
    if (i < params) {
        const s2vi_param *p = &g->params.param[g->n_generator + i];
        *name = p->name;
        *layout = *p;
        return s2vi_param_var(g->graph, &g->params, p->name);
    }
    const golden_semantic_tensor *in = &g->input[i - params];
    *name = in->name + strlen("in.");
    *layout = in->layout;
    return in->node;
}

void golden_semantic_gradients(golden_semantic *g, const char *prefix,
                               s2vi_node *loss)
{
    const int n = g->params.count - g->n_generator + g->n_inputs;
    s2vi_node **x = calloc((size_t)n, sizeof(*x));
    s2vi_node **d = calloc((size_t)n, sizeof(*d));
    char full[GOLDEN_SEMANTIC_NAME];
    const char *name;
    s2vi_param layout;
    s2v_error err;
    for (int i = 0; i < n; i++)
        x[i] = leaf(g, i, &name, &layout);
    s2vi_gradients(loss, NULL, x, n, d);
    must(s2vi_graph_status(g->graph, &err), &err);
    for (int i = 0; i < n; i++) {
        leaf(g, i, &name, &layout);
        snprintf(full, sizeof(full), "out.%s.%s", prefix, name);
        golden_semantic_tensor *out = add_output(g, full, d[i]);
        if (!out)
            continue;
        out->layout = layout;
        out->gradient = true;
    }
    free(x);
    free(d);
}

/* The gradients of a result's product with "in.y.NAME". */
static s2vi_node *weigh(golden_semantic *g, const char *name, s2vi_node *node,
                        bool raw)
{
    char full[GOLDEN_SEMANTIC_NAME];
    snprintf(full, sizeof(full), "out.%s", name);
    golden_semantic_output(g, full, node, raw);
    snprintf(full, sizeof(full), "in.y.%s", name);
    return s2vi_sum_all(s2vi_mul(node, golden_semantic_input(g, full, raw)));
}

/* -------------------------------------------------------------- configs -- */

static json_t *config_of(const golden_semantic *g)
{
    return json_loads(s2v_weights_get_metadata(g->file, "config"), 0, NULL);
}

static int integer(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

static int integers(const json_t *object, const char *key, int *out)
{
    const json_t *list = json_object_get(object, key);
    const int n = (int)json_array_size(list);
    for (int i = 0; i < n; i++)
        out[i] = (int)json_integer_value(json_array_get(list, (size_t)i));
    return n;
}

static s2vi_inversion_config psp_config(const json_t *j)
{
    s2vi_inversion_config c;
    s2vi_inversion_paper(&c, integer(j, "codes"), integer(j, "code"));
    integers(j, "widths", c.widths);
    integers(j, "units", c.units);
    c.size = integer(j, "size");
    c.reduction = integer(j, "reduction");
    c.coarse = integer(j, "coarse");
    c.middle = integer(j, "middle");
    c.head = strcmp(json_string_value(json_object_get(j, "head")), "code")
                 ? S2VI_INVERSION_HEAD_PSP
                 : S2VI_INVERSION_HEAD_CODE;
    return c;
}

static s2vi_inversion_config small_config(const json_t *j)
{
    s2vi_inversion_config c;
    s2vi_inversion_defaults(&c, 1, integer(j, "w"));
    integers(j, "widths", c.widths);
    c.bands = c.columns = integer(j, "size");
    c.features = integer(j, "width");
    c.groups = integers(j, "groups", c.group);
    c.codes = sum_of(c.group, c.groups);
    return c;
}

static s2vi_recurrent_config recurrent_config(const json_t *j)
{
    s2vi_recurrent_config c = {
        .w = integer(j, "w"),
        .layers = integer(j, "layers"),
        .hidden = integer(j, "hidden"),
        .both = integer(j, "bidirectional"),
        .noise = integer(j, "noise_fc"),
        .blend = json_number_value(json_object_get(j, "blend")),
    };
    c.groups = integers(j, "groups", c.group);
    return c;
}

static s2vi_embedding_config embedding_config(const json_t *j)
{
    s2vi_embedding_config c;
    s2vi_embedding_defaults(&c);
    integers(j, "widths", c.widths);
    c.size = integer(j, "size");
    c.width = integer(j, "width");
    c.words = integer(j, "words");
    c.word = integer(j, "word");
    c.hidden = integer(j, "hidden");
    return c;
}

static s2vi_semantic_d_config d_config(const json_t *j, int side,
                                       s2vi_semantic_dv dv)
{
    return (s2vi_semantic_d_config){
        .size = side, .channels = integer(j, "first"), .dv = dv};
}

/* ------------------------------------------------------------- networks -- */

static void record_psp(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_inversion_config c = psp_config(j);
    const bool training = integer(j, "training");
    s2vi_inversion_graph out;
    s2v_error err;
    must(s2vi_inversion_config_check(&c, &err), &err);
    must(s2vi_inversion_params(&c, "", &g->params, &err), &err);
    s2vi_node *x = golden_semantic_input(g, "in.picture", false);
    must(s2vi_inversion_build(g->graph, &c, "", x, training, &out, &err), &err);
    golden_semantic_output(g, "out.c1", out.c1, false);
    golden_semantic_output(g, "out.c2", out.c2, false);
    golden_semantic_output(g, "out.c3", out.c3, false);
    golden_semantic_output(g, "out.p2", out.p2, false);
    golden_semantic_output(g, "out.p1", out.p1, false);
    for (int i = 0; i < out.n_updates; i++) { /* what is assigned */
        char name[GOLDEN_SEMANTIC_NAME];
        snprintf(name, sizeof(name), "out.%s", out.update[i]->input[0]->name);
        golden_semantic_output(g, name, out.update[i]->input[1], true);
    }
    golden_semantic_gradients(g, "grad", weigh(g, "codes", out.codes, true));
    json_decref(j);
}

static void record_inversion(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_inversion_config c = small_config(j);
    s2vi_inversion_graph out;
    s2v_error err;
    must(s2vi_inversion_config_check(&c, &err), &err);
    must(s2vi_inversion_params(&c, "", &g->params, &err), &err);
    s2vi_node *x = golden_semantic_input(g, "in.sound", false);
    must(s2vi_inversion_build(g->graph, &c, "", x, false, &out, &err), &err);
    golden_semantic_output(g, "out.features", out.features, true);
    golden_semantic_gradients(g, "grad", weigh(g, "codes", out.codes, true));
    json_decref(j);
}

/* T steps from the start w: (n,T,L,w) of each */
static s2vi_node *steps(golden_semantic *g, const s2vi_recurrent_config *c,
                        const char *prefix, s2vi_node *w, s2vi_node *delta,
                        s2vi_recurrent_step *step)
{
    const int64_t n = delta->shape.dim[0], T = delta->shape.dim[1];
    const int64_t L = delta->shape.dim[2], width = delta->shape.dim[3];
    s2vi_node *codes[64];
    s2v_error err;
    *step = (s2vi_recurrent_step){.start = w, .previous = w};
    for (int i = 0; i < c->groups; i++)
        step->h[i] =
            s2vi_fill(g->graph, 0, S2VI_SHAPE(n, s2vi_recurrent_state(c)));
    for (int t = 0; t < T; t++) {
        step->sound =
            s2vi_reshape(s2vi_slice(delta, 1, t, 1), S2VI_SHAPE(n, L, width));
        must(s2vi_recurrent_build(g->graph, c, prefix, step, &codes[t], &err),
             &err);
        step->previous = codes[t];
        codes[t] = s2vi_reshape(codes[t], S2VI_SHAPE(n, 1, L, width));
    }
    return s2vi_concat(codes, (int)T, 1);
}

static void record_recurrent(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_recurrent_config c = recurrent_config(j);
    s2vi_recurrent_step step;
    s2v_error err;
    char name[32];
    must(s2vi_recurrent_config_check(&c, &err), &err);
    must(s2vi_recurrent_params(&c, "", &g->params, &err), &err);
    s2vi_node *w = golden_semantic_input(g, "in.w", true);
    s2vi_node *codes =
        steps(g, &c, "", w, golden_semantic_input(g, "in.delta", true), &step);
    for (int i = 0; i < c.groups; i++) {
        snprintf(name, sizeof(name), "out.state.%d", i);
        golden_semantic_output(g, name, step.h[i], true);
    }
    golden_semantic_gradients(g, "grad", weigh(g, "codes", codes, true));
    json_decref(j);
}

static void record_di(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_semantic_d_config c =
        d_config(j, integer(j, "size"), S2VI_SEMANTIC_DV_MOTION);
    s2vi_node *maps[8] = {0};
    s2v_error err;
    char name[32];
    must(s2vi_semantic_di_params(&c, "", &g->params, &err), &err);
    s2vi_node *x = s2vi_semantic_di_build(
        g->graph, &c, "", golden_semantic_input(g, "in.frames", false), maps,
        &err);
    for (int i = 0; maps[i]; i++) {
        snprintf(name, sizeof(name), "out.layer%d", i);
        golden_semantic_output(g, name, maps[i], false);
    }
    golden_semantic_gradients(g, "grad", weigh(g, "map", x, false));
    json_decref(j);
}

static void record_dv(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_semantic_d_config c = d_config(j, 16, S2VI_SEMANTIC_DV_MOTION);
    s2vi_semantic_dv_graph d;
    s2v_error err;
    char name[32];
    must(s2vi_semantic_dv_params(&c, "", &g->params, &err), &err);
    must(s2vi_semantic_dv_build(g->graph, &c, "",
                                golden_semantic_input(g, "in.video", false),
                                NULL, &d, &err),
         &err);
    for (int i = 0; i < 2 * (d.layers - 1); i++) {
        snprintf(name, sizeof(name), "out.scale%d.layer%d", 1 - i % 2, i / 2);
        golden_semantic_output(g, name, d.layer[i % 2][i / 2], false);
    }
    golden_semantic_gradients(
        g, "grad",
        s2vi_add(weigh(g, "scale1.layer4", d.layer[0][4], false),
                 weigh(g, "scale0.layer4", d.layer[1][4], false)));
    json_decref(j);
}

static void record_dv_frame(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_semantic_d_config c = d_config(j, 16, S2VI_SEMANTIC_DV_FRAME);
    s2vi_semantic_dv_graph d;
    s2v_error err;
    char name[32];
    must(s2vi_semantic_dv_params(&c, "", &g->params, &err), &err);
    s2vi_node *video = golden_semantic_input(g, "in.video", false);
    must(s2vi_semantic_dv_build(g->graph, &c, "", video,
                                golden_semantic_input(g, "in.mask", false), &d,
                                &err),
         &err);
    for (int i = 0; i < d.layers - 1; i++) {
        snprintf(name, sizeof(name), "out.layer%d", i);
        golden_semantic_output(g, name, d.layer[0][i], false);
    }
    golden_semantic_gradients(g, "grad", weigh(g, "map", d.layer[0][4], false));
    json_decref(j);
}

/* ------------------------------------------------------- the embedding -- */

/* Numbers of words, -1 for none, as each known word's share: (n,V) */
static s2vi_node *text_input(golden_semantic *g, int words)
{
    const s2vi_tensor *t = find(g, "in.words");
    const int n = (int)t->shape[0], most = (int)t->shape[1];
    float *from = golden_semantic_read(g, "in.words", NULL);
    golden_semantic_tensor *in = &g->input[g->n_inputs++];
    in->values = calloc((size_t)(n * words), sizeof(float));
    for (int i = 0; i < n; i++) {
        float known = 0;
        for (int k = 0; k < most; k++)
            known += from[i * most + k] >= 0;
        for (int k = 0; k < most; k++)
            if (from[i * most + k] >= 0)
                in->values[i * words + (int)from[i * most + k]] += 1 / known;
    }
    free(from);
    snprintf(in->name, sizeof(in->name), "in.text");
    return in->node = s2vi_input(g->graph, "in.text", S2VI_SHAPE(n, words));
}

static s2vi_node *targets_input(golden_semantic *g)
{
    const int n = (int)find(g, "in.scene")->count;
    float *scene = golden_semantic_read(g, "in.scene", NULL);
    float *third = golden_semantic_read(g, "in.third", NULL);
    golden_semantic_tensor *in = &g->input[g->n_inputs++];
    int group[64];
    in->values = calloc((size_t)(n * n), sizeof(float));
    for (int i = 0; i < n; i++)
        group[i] = 3 * (int)scene[i] + (int)third[i];
    s2vi_soft_targets(group, n, in->values);
    free(scene);
    free(third);
    snprintf(in->name, sizeof(in->name), "in.targets");
    return in->node = s2vi_input(g->graph, "in.targets", S2VI_SHAPE(n, n));
}

/* Rows before they were made of length 1 are what the golden has. */
static void of_length_one(golden_semantic *g, const char *name, s2vi_node *rows)
{
    s2vi_node *longer = rows->input[0];
    golden_semantic_output(g, name, longer, true);
}

static void record_embedding(golden_semantic *g)
{
    json_t *j = config_of(g);
    const s2vi_embedding_config c = embedding_config(j);
    s2vi_embedding_graph e, masked;
    s2v_error err;
    char prefix[40];
    must(s2vi_embedding_params(&c, "", &g->params, &err), &err);
    const s2vi_embedding_inputs in = {
        .picture = golden_semantic_input(g, "in.picture", false),
        .sound = golden_semantic_input(g, "in.sound", false),
        .text = text_input(g, c.words)};
    const s2vi_embedding_inputs again = {
        .sound =
            s2vi_mul(in.sound, golden_semantic_input(g, "in.mask", false))};
    must(s2vi_embedding_build(g->graph, &c, "", &in, &e, &err), &err);
    must(s2vi_embedding_build(g->graph, &c, "", &again, &masked, &err), &err);
    s2vi_node *targets = targets_input(g), *sum = NULL;
    golden_semantic_output(g, "out.targets", targets, true);
    of_length_one(g, "out.picture", e.picture);
    of_length_one(g, "out.sound", e.sound);
    of_length_one(g, "out.masked", masked.sound);
    of_length_one(g, "out.text", e.text);
    const struct {
        const char *name;
        s2vi_node *a, *b;
    } term[] = {{"sound_picture", e.sound, e.picture},
                {"sound_text", e.sound, e.text},
                {"picture_text", e.picture, e.text},
                {"sound_sound", e.sound, masked.sound}};
    for (int i = 0; i < 4; i++) {
        s2vi_node *loss = s2vi_info_nce(term[i].a, term[i].b, targets, e.scale);
        snprintf(prefix, sizeof(prefix), "out.%s", term[i].name);
        golden_semantic_output(g, prefix, loss, true);
        snprintf(prefix, sizeof(prefix), "grad_%s", term[i].name);
        golden_semantic_gradients(g, prefix, loss);
        sum = sum ? s2vi_add(sum, loss) : loss;
    }
    sum = s2vi_scale(sum, 0.25);
    golden_semantic_output(g, "out.loss", sum, true);
    golden_semantic_gradients(g, "grad_loss", sum);
    json_decref(j);
}

/* -------------------------------------------------------------- losses -- */

/* What both goldens of losses have. */
typedef struct scene {
    golden_semantic *g;
    json_t *config;
    int64_t n, T;
    s2vi_node *w, *sound, *real, *text;
    s2vi_inversion_graph inversion;
    s2vi_node *delta, *codes; /* (n,T,L,w) */
    s2vi_node *frames;        /* (n T,N,N,3) */
} scene;

static double number(const scene *s, const char *key)
{
    return json_number_value(json_object_get(s->config, key));
}

static s2vi_stylegan2_config generator_config(const json_t *j)
{
    s2vi_stylegan2_config c;
    s2vi_stylegan2_defaults(&c, integer(j, "size"));
    c.z = integer(j, "z");
    c.w = integer(j, "w");
    c.mapping = integer(j, "mapping");
    c.base = integer(j, "base");
    c.max = integer(j, "max");
    return c;
}

static void begin(scene *s, golden_semantic *g)
{
    s2v_error err;
    *s = (scene){.g = g, .config = config_of(g)};
    const s2vi_stylegan2_config c =
        generator_config(json_object_get(s->config, "generator"));
    must(s2vi_stylegan2_params_list(&c, &g->params, &err), &err);
    g->n_generator = g->params.count;
    s->w = golden_semantic_input(g, "in.w", true);
    s->sound = golden_semantic_input(g, "in.sound", false);
    s->real = golden_semantic_input(g, "in.real", false);
    s->n = s->w->shape.dim[0];
    s->T = s->sound->shape.dim[0] / s->n;
    const s2vi_inversion_config i =
        small_config(json_object_get(s->config, "inversion"));
    must(s2vi_inversion_params(&i, "inversion.", &g->params, &err), &err);
    must(s2vi_inversion_build(g->graph, &i, "inversion.", s->sound, false,
                              &s->inversion, &err),
         &err);
    s->delta =
        s2vi_reshape(s->inversion.codes, S2VI_SHAPE(s->n, s->T, i.codes, i.w));
    golden_semantic_output(g, "out.delta", s->delta, true);
}

static void draw(scene *s)
{
    const s2vi_stylegan2_config c =
        generator_config(json_object_get(s->config, "generator"));
    const s2vi_stylegan2_params params = {.noise = S2VI_STYLEGAN2_NOISE_FILE};
    s2vi_stylegan2_graph made;
    s2v_error err;
    s2vi_node *flat =
        s2vi_reshape(s->codes, S2VI_SHAPE(s->n * s->T, c.codes, c.w));
    must(s2vi_stylegan2_build(s->g->graph, &c, &params, flat, &made, &err),
         &err);
    s->frames = made.video;
    golden_semantic_output(
        s->g, "out.video",
        s2vi_reshape(s->frames, S2VI_SHAPE(s->n, s->T, c.size, c.size, 3)),
        false);
}

static void add_term(scene *s, const char *name, s2vi_node *term)
{
    char full[48];
    snprintf(full, sizeof(full), "out.%s", name);
    golden_semantic_output(s->g, full, term, true);
    snprintf(full, sizeof(full), "grad_%s", name);
    golden_semantic_gradients(s->g, full, term);
}

/* L_enc */
static s2vi_node *encoder_loss(scene *s)
{
    const s2vi_embedding_config c =
        embedding_config(json_object_get(s->config, "embedding"));
    s2vi_embedding_graph e;
    s2v_error err;
    must(s2vi_embedding_params(&c, "embedding.", &s->g->params, &err), &err);
    const s2vi_embedding_inputs in = {
        .picture = s2vi_embedding_picture(s->frames, c.size),
        .sound = s->sound,
        .text = text_input(s->g, c.words)};
    must(s2vi_embedding_build(s->g->graph, &c, "embedding.", &in, &e, &err),
         &err);
    s2vi_node *text = s2vi_reshape(
        s2vi_broadcast(s2vi_reshape(e.text, S2VI_SHAPE(s->n, 1, c.width)),
                       S2VI_SHAPE(s->n, s->T, c.width)),
        S2VI_SHAPE(s->n * s->T, c.width));
    s2vi_node *av = s2vi_semantic_distance(e.picture, e.sound);
    s2vi_node *tv = s2vi_semantic_distance(e.picture, text);
    s2vi_node *identity = s2vi_semantic_identity(s->codes);
    add_term(s, "clip_av", av);
    add_term(s, "clip_tv", tv);
    add_term(s, "identity", identity);
    return s2vi_add(s2vi_scale(s2vi_add(av, tv), number(s, "lambda_clip")),
                    s2vi_scale(identity, number(s, "lambda_b")));
}

static s2vi_node *as_video(const scene *s, s2vi_node *frames)
{
    const int64_t N = frames->shape.dim[1];
    return s2vi_reshape(frames, S2VI_SHAPE(s->n, s->T, N, N, 3));
}

static s2vi_node *judge_image(scene *s, const s2vi_semantic_d_config *c,
                              s2vi_node *frames)
{
    s2v_error err;
    return s2vi_semantic_di_build(s->g->graph, c, "d_i.", frames, NULL, &err);
}

static s2vi_semantic_dv_graph judge_video(scene *s,
                                          const s2vi_semantic_d_config *c,
                                          s2vi_node *frames)
{
    s2vi_semantic_dv_graph d;
    s2v_error err;
    must(s2vi_semantic_dv_build(s->g->graph, c, "d_v.", as_video(s, frames),
                                NULL, &d, &err),
         &err);
    return d;
}

static void adversaries(scene *s, s2vi_node *encoder)
{
    const json_t *d_i = json_object_get(s->config, "d_i");
    const s2vi_semantic_d_config i =
        d_config(d_i, integer(d_i, "size"), S2VI_SEMANTIC_DV_MOTION);
    const s2vi_semantic_d_config v = d_config(json_object_get(s->config, "d_v"),
                                              i.size, S2VI_SEMANTIC_DV_MOTION);
    s2v_error err;
    must(s2vi_semantic_di_params(&i, "d_i.", &s->g->params, &err), &err);
    must(s2vi_semantic_dv_params(&v, "d_v.", &s->g->params, &err), &err);
    const s2vi_semantic_dv_graph made = judge_video(s, &v, s->frames);
    s2vi_node *g_video = s2vi_semantic_dv_generator(&made);
    s2vi_node *g_image =
        s2vi_least_squares_generator(judge_image(s, &i, s->frames));
    add_term(s, "g_video", g_video);
    add_term(s, "g_image", g_image);
    add_term(s, "enc", encoder);
    add_term(s, "g_loss",
             s2vi_add(s2vi_add(g_video, g_image),
                      s2vi_scale(encoder, number(s, "lambda_enc"))));
    s2vi_node *still = s2vi_detach(s->frames);
    s2vi_node *real = s2vi_reshape(s->real, s->frames->shape);
    const s2vi_semantic_dv_graph of_real = judge_video(s, &v, real);
    const s2vi_semantic_dv_graph of_still = judge_video(s, &v, still);
    s2vi_node *d_video = s2vi_semantic_dv_loss(&of_real, &of_still);
    s2vi_node *d_image =
        s2vi_least_squares(judge_image(s, &i, real), judge_image(s, &i, still));
    add_term(s, "d_video", d_video);
    add_term(s, "d_image", d_image);
    add_term(s, "d_loss", s2vi_add(d_video, d_image));
}

static void record_losses(golden_semantic *g)
{
    scene s;
    s2v_error err;
    s2vi_recurrent_step last;
    begin(&s, g);
    const s2vi_recurrent_config c =
        recurrent_config(json_object_get(s.config, "recurrent"));
    must(s2vi_recurrent_params(&c, "recurrent.", &g->params, &err), &err);
    s.codes = steps(g, &c, "recurrent.", s.w, s.delta, &last);
    golden_semantic_output(g, "out.codes", s.codes, true);
    draw(&s);
    adversaries(&s, encoder_loss(&s));
    json_decref(s.config);
}

static void record_paired(golden_semantic *g)
{
    scene s;
    begin(&s, g);
    const s2vi_shape *w = &s.w->shape;
    s.codes = s2vi_add(
        s.delta, s2vi_reshape(s.w, S2VI_SHAPE(s.n, 1, w->dim[1], w->dim[2])));
    draw(&s);
    s2vi_node *encoder = encoder_loss(&s);
    s2vi_node *mse = s2vi_mean_all(
        s2vi_square(s2vi_sub(s.frames, s2vi_reshape(s.real, s.frames->shape))));
    s2vi_node *norm = s2vi_semantic_length(s.inversion.codes);
    add_term(&s, "mse", mse);
    add_term(&s, "norm", norm);
    add_term(
        &s, "loss",
        s2vi_add(s2vi_add(mse, s2vi_scale(norm, number(&s, "lambda_norm"))),
                 encoder));
    json_decref(s.config);
}

golden_semantic_record *golden_semantic_of(const golden_semantic *g)
{
    static const struct {
        const char *kind;
        golden_semantic_record *record;
    } kinds[] = {
        {"psp", record_psp},
        {"inversion", record_inversion},
        {"recurrent", record_recurrent},
        {"d_i", record_di},
        {"d_v", record_dv},
        {"d_v_frame", record_dv_frame},
        {"embedding", record_embedding},
        {"losses", record_losses},
        {"paired", record_paired},
    };
    const char *kind = s2v_weights_get_metadata(g->file, "kind");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kind && !strcmp(kind, kinds[i].kind))
            return kinds[i].record;
    printf("FAIL a golden of kind %s\n", kind ? kind : "none");
    exit(EXIT_FAILURE);
}

/* ----------------------------------------------------- published: E_a -- */

void golden_semantic_irse(golden_semantic *g)
{
    static const struct {
        const char *name;
        int cin, cout, stride;
    } units[] = {{"s1", 32, 32, 1}, {"s2", 32, 32, 2}, {"s2w", 32, 48, 2}};
    enum { REDUCTION = 16, FIRST = 16 };
    s2vi_inversion_graph out = {0};
    const struct run r = {.out = &out};
    const s2vi_scope list = {.list = &g->params}, graph = {.graph = g->graph};
    char name[48];
    for (int i = 0; i < 3; i++) {
        const s2vi_scope l = s2vi_scope_in(&list, "%s", units[i].name);
        const s2vi_scope in = s2vi_scope_in(&graph, "%s", units[i].name);
        declare_unit(&l, units[i].cin, units[i].cout, units[i].stride,
                     REDUCTION);
        const unit u = declare_unit(&in, units[i].cin, units[i].cout,
                                    units[i].stride, REDUCTION);
        snprintf(name, sizeof(name), "io.%s.input", units[i].name);
        s2vi_node *x = golden_semantic_input(g, name, false);
        snprintf(name, sizeof(name), "io.%s.residual_before_se", units[i].name);
        golden_semantic_output(g, name, residual(&r, &u, x), false);
        snprintf(name, sizeof(name), "io.%s.output", units[i].name);
        golden_semantic_output(g, name, run_unit(&r, &u, x), false);
    }
    psp p;
    s2vi_inversion_config c;
    s2vi_inversion_paper(&c, 1, 1);
    c.widths[0] = FIRST;
    declare_input(&list, &c, &p);
    declare_input(&graph, &c, &p);
    golden_semantic_output(
        g, "io.input_layer.output",
        run_input(&r, &p,
                  golden_semantic_input(g, "io.input_layer.input", false)),
        false);
}

void golden_semantic_style_head(golden_semantic *g)
{
    enum { WIDTH = 32, SIDE = 16 };
    const s2vi_scope list = {.list = &g->params}, graph = {.graph = g->graph};
    const s2vi_scope l = s2vi_scope_in(&list, "styles.0");
    const s2vi_scope in = s2vi_scope_in(&graph, "styles.0");
    declare_head(&l, WIDTH, WIDTH, SIDE);
    const head h = declare_head(&in, WIDTH, WIDTH, SIDE);
    declare_conv(&list, WIDTH, WIDTH / 2, 1, true, "latlayer1");
    const s2vi_layer lateral =
        declare_conv(&graph, WIDTH, WIDTH / 2, 1, true, "latlayer1");
    s2vi_node *x = golden_semantic_input(g, "io.head.input", false);
    golden_semantic_output(g, "io.head.convs", shrink(&h, x), true);
    golden_semantic_output(g, "io.head.psp",
                           run_head(&h, S2VI_INVERSION_HEAD_PSP, x), true);
    golden_semantic_output(g, "io.head.code",
                           run_head(&h, S2VI_INVERSION_HEAD_CODE, x), true);
    s2vi_node *c3 = golden_semantic_input(g, "io.fpn.c3", false);
    s2vi_node *c2 = golden_semantic_input(g, "io.fpn.c2", false);
    golden_semantic_output(g, "io.fpn.p2", merge(c3, c2, lateral), false);
}

/* -------------------------------------------------- published: E_RNN -- */

static void e_rnn(golden_semantic *g, bool noise)
{
    s2vi_recurrent_config c;
    s2v_error err;
    char name[32];
    s2vi_recurrent_paper(&c, 1, 48, 3);
    c.hidden = 16;
    c.noise = noise;
    g->skip = "0.";
    must(s2vi_recurrent_params(&c, "", &g->params, &err), &err);
    s2vi_node *x = s2vi_reshape(golden_semantic_input(g, "io.x0", true),
                                S2VI_SHAPE(1, 1, 48));
    s2vi_recurrent_step step = {
        .previous = x,
        .start = x,
        .sound = s2vi_fill(g->graph, 0, S2VI_SHAPE(1, 1, 48)),
        .h = {s2vi_fill(g->graph, 0, S2VI_SHAPE(1, 160))}};
    for (int t = 1; t <= 3; t++) {
        must(
            s2vi_recurrent_build(g->graph, &c, "", &step, &step.previous, &err),
            &err);
        snprintf(name, sizeof(name), "io.%s.x%d", noise ? "noise_fc" : "plain",
                 t);
        golden_semantic_output(g, name, step.previous, true);
        snprintf(name, sizeof(name), "io.%s.h%d", noise ? "noise_fc" : "plain",
                 t);
        golden_semantic_output(g, name, step.h[0], true);
    }
}

void golden_semantic_e_rnn(golden_semantic *g)
{
    e_rnn(g, false);
}

void golden_semantic_e_rnn_noise(golden_semantic *g)
{
    e_rnn(g, true);
}

/* ------------------------------------------ published: discriminators -- */

void golden_semantic_published_di(golden_semantic *g)
{
    const s2vi_semantic_d_config c = {.size = 256, .channels = 4};
    s2vi_node *maps[8] = {0};
    s2v_error err;
    char name[32];
    must(s2vi_semantic_di_params(&c, "", &g->params, &err), &err);
    s2vi_node *x =
        s2vi_upsample(golden_semantic_input(g, "io.picture_small", false),
                      (const int[]){8, 8});
    s2vi_node *last = s2vi_semantic_di_build(g->graph, &c, "", x, maps, &err);
    for (int i = 2; i < 6; i++) {
        snprintf(name, sizeof(name), "io.main%d", 3 * i + 1);
        golden_semantic_output(g, name, maps[i], false);
    }
    golden_semantic_output(g, "io.output", last, false);
}

/* One scale, of the video that the other's file has. */
static void published_dv(golden_semantic *g, int scale)
{
    const s2vi_semantic_d_config c = {.size = 16, .channels = 8};
    s2vi_semantic_dv_graph d;
    s2vi_node *gradient = NULL;
    s2v_error err;
    char name[32];
    g->skip = "netD.";
    must(s2vi_semantic_dv_params(&c, "", &g->params, &err), &err);
    s2vi_node *x = golden_semantic_input(g, "io.video", false);
    must(s2vi_semantic_dv_build(g->graph, &c, "", x, NULL, &d, &err), &err);
    s2vi_node **layer = d.layer[1 - scale];
    for (int i = 0; i < d.layers; i++) {
        snprintf(name, sizeof(name), "io.layer%d", i);
        golden_semantic_output(g, name, layer[i], false);
    }
    /* What the first convolution, before its leaky ReLU, is of. */
    golden_semantic_output(g, "io.video_pooled", layer[0]->input[0]->input[0],
                           false);
    s2vi_gradients(s2vi_least_squares_generator(layer[d.layers - 1]), NULL, &x,
                   1, &gradient);
    golden_semantic_output(g, "io.video_grad", gradient, false);
}

void golden_semantic_published_dv1(golden_semantic *g)
{
    published_dv(g, 1);
}

void golden_semantic_published_dv0(golden_semantic *g)
{
    published_dv(g, 0);
}
