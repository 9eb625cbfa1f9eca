/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's files: sizes from the tensors, and loading by either set of names. */
#include "models/clip_file.h"

#include "models/param_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 96, HEAD = 64 };

/* ---------------------------------------------------------- both names -- */

/* What a half is recognised and measured by; %d is a block. */
typedef struct half {
    const char *first;    /* (W,3,patch,patch) or (vocabulary,W) */
    const char *position; /* (T,W) */
    const char *norm, *mlp;
    const char *proj; /* (W,E), or (E,W) */
} half;

typedef struct scheme {
    half picture, text;
    bool transposed; /* projections */
} scheme;

static const scheme schemes[] = {
    {{"visual.conv1.weight", "visual.positional_embedding",
      "visual.transformer.resblocks.%d.ln_1.weight",
      "visual.transformer.resblocks.%d.mlp.c_fc.weight", "visual.proj"},
     {"token_embedding.weight", "positional_embedding",
      "transformer.resblocks.%d.ln_1.weight",
      "transformer.resblocks.%d.mlp.c_fc.weight", "text_projection"},
     false},
    {{"vision_model.embeddings.patch_embedding.weight",
      "vision_model.embeddings.position_embedding.weight",
      "vision_model.encoder.layers.%d.layer_norm1.weight",
      "vision_model.encoder.layers.%d.mlp.fc1.weight",
      "visual_projection.weight"},
     {"text_model.embeddings.token_embedding.weight",
      "text_model.embeddings.position_embedding.weight",
      "text_model.encoder.layers.%d.layer_norm1.weight",
      "text_model.encoder.layers.%d.mlp.fc1.weight", "text_projection.weight"},
     true},
};

/* OpenAI's name and Hugging Face's; where the first ends with a dot, of all
 * that begin so. */
typedef struct pair {
    const char *ours, *theirs;
} pair;

static const pair outside[] = {
    {"visual.conv1.", "vision_model.embeddings.patch_embedding."},
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding",
     "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_pre.", "vision_model.pre_layrnorm."},
    {"visual.ln_post.", "vision_model.post_layernorm."},
    {"visual.proj", "visual_projection.weight"},
    {"token_embedding.", "text_model.embeddings.token_embedding."},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
    {"text_projection", "text_projection.weight"},
};

static const pair inside[] = {
    {"attn.in_proj_", "self_attn.%c_proj."},
    {"attn.out_proj.", "self_attn.out_proj."},
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
};

/* Where a parameter is in the file: one tensor, or three, one after the other;
 * or rows and columns exchanged. */
typedef struct source {
    char name[3][NAME];
    int n;
    bool transposed;
} source;

static const pair *find_pair(const pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strncmp(name, pairs[i].ours, strlen(pairs[i].ours)))
            return &pairs[i];
    return NULL;
}

/* "transformer.resblocks.3.ln_1.bias" -> "encoder.layers.3.layer_norm1.bias" */
static void name_in_block(const char *tower, const char *name, source *s)
{
    static const char letters[] = "qkv";
    int block = 0, end = 0;
    sscanf(name, "transformer.resblocks.%d.%n", &block, &end);
    const pair *p =
        find_pair(inside, sizeof(inside) / sizeof(*inside), name + end);
    const char *rest = name + end + strlen(p->ours);
    const char *mark = strstr(p->theirs, "%c");
    s->n = mark ? 3 : 1;
    for (int i = 0; i < s->n; i++)
        snprintf(s->name[i], NAME, "%s.encoder.layers.%d.%.*s%.*s%s%s", tower,
                 block, mark ? (int)(mark - p->theirs) : (int)strlen(p->theirs),
                 p->theirs, mark ? 1 : 0, letters + i, mark ? mark + 2 : "",
                 rest);
}

static source source_of(const char *name, bool theirs)
{
    static const char tower[] = "visual.";
    source s = {.n = 1};
    const bool picture = !strncmp(name, tower, strlen(tower));
    const char *rest = picture ? name + strlen(tower) : name;
    if (!theirs) {
        snprintf(s.name[0], NAME, "%s", name);
    } else if (!strncmp(rest, "transformer.", strlen("transformer."))) {
        name_in_block(picture ? "vision_model" : "text_model", rest, &s);
    } else {
        const pair *p =
            find_pair(outside, sizeof(outside) / sizeof(*outside), name);
        snprintf(s.name[0], NAME, "%s%s", p->theirs, name + strlen(p->ours));
        s.transposed = strstr(p->ours, "proj") != NULL;
    }
    return s;
}

/* --------------------------------------------------------------- sizes -- */

static const scheme *scheme_of(const s2v_weights *weights)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
        if (s2vi_weights_find(weights, schemes[i].picture.first) ||
            s2vi_weights_find(weights, schemes[i].text.first))
            return &schemes[i];
    return NULL;
}

static const s2vi_tensor *measure(const s2v_weights *weights, const char *name,
                                  int rank, s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(weights, name);
    if (t && t->rank == rank && t->count > 0)
        return t;
    s2vi_error(err, S2V_ERR_MODEL, "%s: tensor '%s' is %s",
               s2v_weights_get_path(weights, NULL), name,
               t ? "of another rank" : "missing");
    return NULL;
}

static int limited(int64_t n)
{
    return n < 1 << 20 ? (int)n
                       : 1 << 20; /* refused by the check that follows */
}

static int count_blocks(const s2v_weights *weights, const char *format)
{
    char name[NAME];
    int n = -1;
    do
        snprintf(name, sizeof(name), format, ++n);
    while (n <= S2VI_CLIP_LAYERS && s2vi_weights_find(weights, name));
    return n;
}

/* Whatever both halves have, and the sizes of the first tensor. */
static const s2vi_tensor *measure_half(const half *h, const scheme *s, int rank,
                                       const s2v_weights *weights,
                                       s2vi_clip_tower *tower, int *embedding,
                                       s2v_error *err)
{
    char name[NAME];
    snprintf(name, sizeof(name), h->mlp, 0);
    const s2vi_tensor *first = measure(weights, h->first, rank, err);
    const s2vi_tensor *mlp = first ? measure(weights, name, 2, err) : NULL;
    const s2vi_tensor *proj = mlp ? measure(weights, h->proj, 2, err) : NULL;
    if (!proj)
        return NULL;
    tower->width = limited(mlp->shape[1]);
    tower->mlp = limited(mlp->shape[0]);
    tower->layers = count_blocks(weights, h->norm);
    tower->heads = tower->width > HEAD ? tower->width / HEAD : 1;
    *embedding = limited(proj->shape[s->transposed ? 0 : 1]);
    return first;
}

static int measure_picture(s2vi_clip_config *c, const scheme *s,
                           const s2v_weights *weights, s2v_error *err)
{
    const s2vi_tensor *first = measure_half(&s->picture, s, 4, weights,
                                            &c->picture, &c->embedding, err);
    const s2vi_tensor *position =
        first ? measure(weights, s->picture.position, 2, err) : NULL;
    if (!position)
        return S2V_ERR_MODEL;
    const int side = (int)lround(sqrt(limited(position->shape[0]) - 1));
    c->patch = limited(first->shape[2]);
    c->size = limited((int64_t)c->patch * side);
    return S2V_OK;
}

static int measure_text(s2vi_clip_config *c, const scheme *s,
                        const s2v_weights *weights, s2v_error *err)
{
    const s2vi_tensor *first =
        measure_half(&s->text, s, 2, weights, &c->text, &c->embedding, err);
    const s2vi_tensor *position =
        first ? measure(weights, s->text.position, 2, err) : NULL;
    if (!position)
        return S2V_ERR_MODEL;
    c->vocabulary = limited(first->shape[0]);
    c->context = limited(position->shape[0]);
    return S2V_OK;
}

static int lacks(const s2v_weights *weights, bool picture, s2v_error *err)
{
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: holds CLIP's %s tower alone, expected its %s tower, "
                      "too",
                      s2v_weights_get_path(weights, NULL),
                      picture ? "text" : "picture",
                      picture ? "picture" : "text");
}

int s2vi_clip_file_sizes(s2vi_clip_config *config, s2vi_clip_part part,
                         const s2v_weights *weights, s2v_error *err)
{
    const scheme *s = scheme_of(weights);
    int ret = S2V_OK;
    if (!s)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: holds no CLIP, expected the tensors of OpenAI's "
                          "or of Hugging Face's vision transformers",
                          s2v_weights_get_path(weights, NULL));
    if (part & S2VI_CLIP_PICTURE) {
        if (!s2vi_weights_find(weights, s->picture.first))
            return lacks(weights, true, err);
        ret = measure_picture(config, s, weights, err);
    }
    if (ret >= 0 && part & S2VI_CLIP_TEXT) {
        if (!s2vi_weights_find(weights, s->text.first))
            return lacks(weights, false, err);
        ret = measure_text(config, s, weights, err);
    }
    return ret;
}

/* -------------------------------------------------------------- loading -- */

/* Tensors that are no weights, and those of the half that is not needed. */
static const char *const ignored[] = {"logit_scale",    "input_resolution",
                                      "context_length", "vocab_size",
                                      "*position_ids",  NULL};
static const char *const picture_alone[] = {
    "logit_scale",       "input_resolution",     "context_length",
    "vocab_size",        "*position_ids",        "transformer.*",
    "token_embedding.*", "positional_embedding", "ln_final.*",
    "text_model.*",      "text_projection*",     NULL};
static const char *const text_alone[] = {
    "logit_scale",    "input_resolution",   "context_length",
    "vocab_size",     "*position_ids",      "visual.*",
    "vision_model.*", "visual_projection*", NULL};

static const char *const *ignored_of(s2vi_clip_part part)
{
    return part == S2VI_CLIP_BOTH      ? ignored
           : part == S2VI_CLIP_PICTURE ? picture_alone
                                       : text_alone;
}

/* The shapes of a parameter's tensors in the file. */
static void expect(const s2vi_param *param, const source *s, s2vi_expect *e)
{
    const s2vi_shape *shape = &param->file_shape;
    for (int k = 0; k < s->n; k++) {
        e[k] = (s2vi_expect){.name = s->name[k], .rank = shape->rank};
        for (int i = 0; i < shape->rank; i++)
            e[k].shape[i] = shape->dim[s->transposed ? 1 - i : i];
        e[k].shape[0] /= s->n;
    }
}

static int check(const s2vi_param_list *list, const source *sources,
                 s2vi_clip_part part, const s2v_weights *weights,
                 s2v_error *err)
{
    size_t n = 0;
    s2vi_expect *e = calloc(3 * (size_t)list->count, sizeof(*e));
    if (!e)
        return s2vi_error_nomem(err, "CLIP's parameters");
    for (int i = 0; i < list->count; i++) {
        expect(&list->param[i], &sources[i], e + n);
        n += (size_t)sources[i].n;
    }
    const int ret = s2vi_weights_check(weights, e, n, ignored_of(part), err);
    free(e);
    return ret;
}

static void transpose(const float *from, int64_t rows, int64_t columns,
                      float *to)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < columns; k++)
            to[i * columns + k] = from[k * rows + i];
}

static int load_one(const s2vi_param *param, const source *s,
                    const s2v_weights *weights, s2vi_store *store,
                    s2v_error *err)
{
    const size_t n = (size_t)s2vi_shape_count(&param->file_shape);
    int ret = S2V_OK;
    float *x = malloc(2 * n * sizeof(*x));
    if (!x)
        return s2vi_error_nomem(err, param->name);
    for (int k = 0; k < s->n && ret >= 0; k++)
        ret = s2vi_weights_read_f32(weights,
                                    s2vi_weights_find(weights, s->name[k]),
                                    x + (size_t)k * (n / (size_t)s->n), err);
    if (ret >= 0 && s->transposed)
        transpose(x, param->file_shape.dim[0], param->file_shape.dim[1], x + n);
    if (ret >= 0)
        ret = s2vi_param_put(param, s->transposed ? x + n : x, param->name,
                             store, err);
    free(x);
    return ret;
}

int s2vi_clip_tower_load(const s2vi_clip_config *config, s2vi_clip_part part,
                         const s2v_weights *weights, s2vi_store *store,
                         s2v_error *err)
{
    const scheme *scheme = scheme_of(weights);
    s2vi_param_list list = {0};
    source *sources = NULL;
    int ret = s2vi_clip_params(config, part, &list, err);
    if (ret < 0)
        goto fail;
    sources = calloc((size_t)list.count, sizeof(*sources));
    if (!sources) {
        ret = s2vi_error_nomem(err, "CLIP's parameters");
        goto fail;
    }
    for (int i = 0; i < list.count; i++)
        sources[i] = source_of(list.param[i].name, scheme == &schemes[1]);
    ret = check(&list, sources, part, weights, err);
    for (int i = 0; i < list.count && ret >= 0; i++)
        ret = load_one(&list.param[i], &sources[i], weights, store, err);
fail:
    free(sources);
    s2vi_param_list_close(&list);
    return ret;
}

int s2vi_clip_scale(const s2v_weights *weights, double *scale, s2v_error *err)
{
    const s2vi_tensor *t = s2vi_weights_find(weights, "logit_scale");
    float log_scale;
    int ret;
    if (!t || t->count != 1)
        return s2vi_error(err, S2V_ERR_MODEL, "%s: tensor 'logit_scale' is %s",
                          s2v_weights_get_path(weights, NULL),
                          t ? "of another size" : "missing");
    ret = s2vi_weights_read_f32(weights, t, &log_scale, err);
    if (ret >= 0)
        *scale = exp((double)log_scale);
    return ret;
}
