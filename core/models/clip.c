/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP: A. Radford, J. W. Kim, C. Hallacy, A. Ramesh, G. Goh, S. Agarwal,
 * G. Sastry, A. Askell, P. Mishkin, J. Clark, G. Krueger and I. Sutskever,
 * "Learning Transferable Visual Models From Natural Language Supervision",
 * ICML 2021, arXiv 2103.00020; the towers that are vision transformers.
 *
 * Shapes: n pictures or texts; T columns, which are a class token and patches,
 * or tokens; W width of a tower; E of the space. Memory is channels last.
 *
 * Choices, all of them the published code's: names and shapes; layer norms
 * before attention and MLP, and before the first block of pictures; the
 * Gaussian error unit as x sigmoid(1.702 x), or exact, in models that say so; a
 * text's embedding is that of its end token, so that columns after it are left
 * out.
 */
#include "models/clip.h"

#include "nn/sequence.h"

#define EPS 1e-5 /* of layer norms */

enum { RGB = 3 };

/* --------------------------------------------------------- parameters -- */

typedef struct block {
    s2vi_layer ln_1, in_proj, out_proj, ln_2, c_fc, c_proj;
} block;

typedef struct tower {
    block block[S2VI_CLIP_LAYERS];
    s2vi_node *position; /* (T,W) */
    s2vi_node *proj;     /* (W,E) */
} tower;

typedef struct picture_tower {
    tower tower;
    s2vi_node *conv1;       /* (W,patch,patch,3) */
    s2vi_node *class_token; /* (W) */
    s2vi_layer ln_pre, ln_post;
} picture_tower;

typedef struct text_tower {
    tower tower;
    s2vi_node *token; /* (vocabulary,W) */
    s2vi_layer ln_final;
} text_tower;

static block declare_block(const s2vi_scope *scope, const s2vi_clip_tower *t,
                           int i)
{
    const s2vi_scope in = s2vi_scope_in(scope, "transformer.resblocks.%d", i);
    const int W = t->width;
    block b;
    b.in_proj.weight = s2vi_declare(&in, S2VI_SHAPE(3 * W, W), S2VI_INIT_FAN_IN,
                                    "attn.in_proj_weight");
    b.in_proj.bias = s2vi_declare(&in, S2VI_SHAPE(3 * W), S2VI_INIT_ZERO,
                                  "attn.in_proj_bias");
    b.out_proj = s2vi_declare_layer(&in, S2VI_SHAPE(W, W), S2VI_INIT_FAN_IN, W,
                                    "attn.out_proj");
    b.ln_1 = s2vi_declare_norm(&in, W, "ln_1");
    b.c_fc = s2vi_declare_layer(&in, S2VI_SHAPE(t->mlp, W), S2VI_INIT_FAN_IN,
                                t->mlp, "mlp.c_fc");
    b.c_proj = s2vi_declare_layer(&in, S2VI_SHAPE(W, t->mlp), S2VI_INIT_FAN_IN,
                                  W, "mlp.c_proj");
    b.ln_2 = s2vi_declare_norm(&in, W, "ln_2");
    return b;
}

static void declare_picture(const s2vi_scope *scope, const s2vi_clip_config *c,
                            picture_tower *p)
{
    const s2vi_scope in = s2vi_scope_in(scope, "visual");
    const int W = c->picture.width, side = c->size / c->patch;
    p->class_token =
        s2vi_declare(&in, S2VI_SHAPE(W), S2VI_INIT_NORMAL, "class_embedding");
    p->tower.position = s2vi_declare(&in, S2VI_SHAPE(1 + side * side, W),
                                     S2VI_INIT_NORMAL, "positional_embedding");
    p->tower.proj = s2vi_declare(&in, S2VI_SHAPE(W, c->embedding),
                                 S2VI_INIT_NORMAL, "proj");
    p->conv1 = s2vi_declare(&in, S2VI_SHAPE(W, RGB, c->patch, c->patch),
                            S2VI_INIT_FAN_IN, "conv1.weight");
    p->ln_pre = s2vi_declare_norm(&in, W, "ln_pre");
    for (int i = 0; i < c->picture.layers; i++)
        p->tower.block[i] = declare_block(&in, &c->picture, i);
    p->ln_post = s2vi_declare_norm(&in, W, "ln_post");
}

static void declare_text(const s2vi_scope *scope, const s2vi_clip_config *c,
                         text_tower *t)
{
    const int W = c->text.width;
    t->tower.position = s2vi_declare(scope, S2VI_SHAPE(c->context, W),
                                     S2VI_INIT_NORMAL, "positional_embedding");
    t->tower.proj = s2vi_declare(scope, S2VI_SHAPE(W, c->embedding),
                                 S2VI_INIT_NORMAL, "text_projection");
    for (int i = 0; i < c->text.layers; i++)
        t->tower.block[i] = declare_block(scope, &c->text, i);
    t->token = s2vi_declare(scope, S2VI_SHAPE(c->vocabulary, W),
                            S2VI_INIT_NORMAL, "token_embedding.weight");
    t->ln_final = s2vi_declare_norm(scope, W, "ln_final");
}

int s2vi_clip_params(const s2vi_clip_config *config, s2vi_clip_part part,
                     s2vi_param_list *list, s2v_error *err)
{
    const int before = list->count;
    const s2vi_scope scope = {.list = list};
    picture_tower picture;
    text_tower text;
    const int ret = s2vi_clip_config_check(config, err);
    if (ret < 0)
        return ret;
    if (part & S2VI_CLIP_PICTURE)
        declare_picture(&scope, config, &picture);
    if (part & S2VI_CLIP_TEXT)
        declare_text(&scope, config, &text);
    return s2vi_param_list_end(list, before, err);
}

/* --------------------------------------------------------- transformer -- */

/* One that all columns share, as (1,T,W). */
static s2vi_node *shared(s2vi_node *x)
{
    return x ? s2vi_reshape(x, S2VI_SHAPE(1, x->shape.dim[0], x->shape.dim[1]))
             : NULL;
}

static s2vi_node *gelu(s2vi_node *x, bool exact)
{
    return exact ? s2vi_nn_gelu(x)
                 : s2vi_mul(x, s2vi_sigmoid(s2vi_scale(x, 1.702)));
}

/* x + attention(LN x): (n,T,W) */
static s2vi_node *attend(s2vi_node *x, const block *b, int heads, bool causal)
{
    if (!x)
        return NULL;
    const int64_t W = x->shape.dim[2];
    s2vi_node *qkv = /* (n,T,3W) */
        s2vi_nn_columns(s2vi_nn_layer_norm(x, b->ln_1, EPS), b->in_proj);
    s2vi_node *q = s2vi_slice(qkv, 2, 0, W), *k = s2vi_slice(qkv, 2, W, W);
    s2vi_node *v = s2vi_slice(qkv, 2, 2 * W, W);
    s2vi_node *y = causal ? s2vi_nn_attention_causal(q, k, v, heads)
                          : s2vi_nn_attention(q, k, v, heads);
    return s2vi_add(x, s2vi_nn_columns(y, b->out_proj));
}

/* x + MLP(LN x) */
static s2vi_node *mlp(s2vi_node *x, const block *b, bool exact)
{
    s2vi_node *y =
        s2vi_nn_columns(s2vi_nn_layer_norm(x, b->ln_2, EPS), b->c_fc);
    return s2vi_add(x, s2vi_nn_columns(gelu(y, exact), b->c_proj));
}

static s2vi_node *transform(s2vi_node *x, const tower *t,
                            const s2vi_clip_tower *c, bool causal, bool exact,
                            s2vi_clip_graph *out)
{
    for (int i = 0; i < c->layers; i++) {
        x = attend(x, &t->block[i], c->heads, causal);
        out->block[i] = x = mlp(x, &t->block[i], exact);
    }
    return x;
}

/* One column of each, (n,1,W), into the space. */
static void project(s2vi_node *x, s2vi_layer norm, s2vi_node *proj,
                    s2vi_clip_graph *out)
{
    x = s2vi_nn_layer_norm(x, norm, EPS);
    if (!x)
        return;
    x = s2vi_reshape(x, S2VI_SHAPE(x->shape.dim[0], x->shape.dim[2]));
    out->embedding = x = s2vi_matmul(x, proj, false, false); /* (n,E) */
    out->normalised =
        s2vi_mul(x, s2vi_rsqrt(s2vi_sum(s2vi_square(x), 1u << 1)));
}

/* ------------------------------------------------------------ pictures -- */

static void see(const picture_tower *p, const s2vi_clip_config *c,
                s2vi_node *pictures, s2vi_clip_graph *out)
{
    const int64_t n = pictures->shape.dim[0], W = c->picture.width;
    const int64_t patches =
        (int64_t)(c->size / c->patch) * (c->size / c->patch);
    const s2vi_window window = {.rank = 2, .stride = {c->patch, c->patch}};
    s2vi_node *x = s2vi_conv(pictures, p->conv1, NULL, &window);
    out->patches = x = s2vi_reshape(x, S2VI_SHAPE(n, patches, W));
    s2vi_node *token = s2vi_reshape(p->class_token, S2VI_SHAPE(1, 1, W));
    s2vi_node *const both[] = {s2vi_broadcast(token, S2VI_SHAPE(n, 1, W)), x};
    x = s2vi_add(s2vi_concat(both, 2, 1), shared(p->tower.position));
    out->first = x = s2vi_nn_layer_norm(x, p->ln_pre, EPS); /* (n,T,W) */
    x = transform(x, &p->tower, &c->picture, false, c->exact_gelu, out);
    project(s2vi_slice(x, 1, 0, 1), p->ln_post, p->tower.proj, out);
}

int s2vi_clip_build_picture(s2vi_graph *graph, const s2vi_clip_config *config,
                            s2vi_node *pictures, s2vi_clip_graph *out,
                            s2v_error *err)
{
    const s2vi_shape *s = pictures ? &pictures->shape : NULL;
    picture_tower p;
    *out = (s2vi_clip_graph){0};
    const int ret = s2vi_clip_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_picture(&(s2vi_scope){.graph = graph}, config, &p);
    if (s && (s->rank != 4 || s->dim[1] != config->size ||
              s->dim[2] != config->size || s->dim[3] != RGB))
        s2vi_graph_mistake(graph, S2VI_CLIP_NAME ": expected images of %dx%d",
                           config->size, config->size);
    else if (s && s2vi_graph_status(graph, NULL) >= 0)
        see(&p, config, pictures, out);
    return s2vi_graph_status(graph, err);
}

/* --------------------------------------------------------------- texts -- */

static void read_text(const text_tower *t, const s2vi_clip_config *c,
                      s2vi_node *ids, s2vi_node *ends, s2vi_clip_graph *out)
{
    const int64_t n = ids->shape.dim[0], T = ids->shape.dim[1];
    const int64_t W = c->text.width;
    s2vi_node *x = s2vi_gather(t->token, s2vi_reshape(ids, S2VI_SHAPE(n * T)));
    x = s2vi_reshape(x, S2VI_SHAPE(n, T, W));
    s2vi_node *position = s2vi_slice(t->tower.position, 0, 0, T);
    out->first = x = s2vi_add(x, shared(position));
    x = transform(x, &t->tower, &c->text, true, c->exact_gelu, out);
    x = s2vi_gather(s2vi_reshape(x, S2VI_SHAPE(n * T, W)), ends);
    project(s2vi_reshape(x, S2VI_SHAPE(n, 1, W)), t->ln_final, t->tower.proj,
            out);
}

int s2vi_clip_build_text(s2vi_graph *graph, const s2vi_clip_config *config,
                         s2vi_node *ids, s2vi_node *ends, s2vi_clip_graph *out,
                         s2v_error *err)
{
    const s2vi_shape *s = ids ? &ids->shape : NULL;
    text_tower t;
    *out = (s2vi_clip_graph){0};
    const int ret = s2vi_clip_config_check(config, err);
    if (ret < 0)
        return ret;
    declare_text(&(s2vi_scope){.graph = graph}, config, &t);
    if (s && (s->rank != 2 || s->dim[1] > config->context))
        s2vi_graph_mistake(graph,
                           S2VI_CLIP_NAME ": expected texts of %d tokens at "
                                          "most",
                           config->context);
    else if (s && ends && s2vi_graph_status(graph, NULL) >= 0)
        read_text(&t, config, ids, ends, out);
    return s2vi_graph_status(graph, err);
}
