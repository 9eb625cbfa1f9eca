/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * StyleGAN2's training (core/models/stylegan2.c has the citation), as in the
 * published code of stylegan2-ada-pytorch:
 *
 * - the non-saturating logistic loss, Adam(0, 0.99);
 * - R1 (Mescheder et al. 2018), gamma / 2 |dD/dx|^2 of real pictures x, every
 *   `r1_every` iterations, and path length regularisation (appendix B), with
 *   half of the batch, every `path_every`, each times that number;
 * - style mixing, noise drawn anew for each picture, w_avg;
 * - of classes, generated pictures are of those of training pictures drawn at
 *   random; two mixed styles are of one class.
 *
 * With `projected`, a projected critic (networks/projected_critic.c) takes the
 * discriminator's place, with its hinge loss and without R1.
 *
 * Deviations:
 * - A regulariser is added to the loss of its iteration; there it has a step of
 *   Adam of its own.
 * - Path lengths' running mean is a constant to the gradient.
 * - DiffAugment takes the place of ADA's augmentations.
 */
#include "recipes/stylegan2_trainer.h"

#include "base/error.h"
#include "base/philox.h"
#include "diffaugment.h"
#include "graph/build.h"
#include "graph/gradient.h"
#include "recipes/stylegan2_critic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of those that draw numbers, each step has its own: plus a `which`. */
enum {
    STREAM_PATH = 0x500, /* of the picture that path lengths are along */
    STREAM_REAL = 0x501, /* pictures and their sides */
    STREAM_SAMPLE = 0x502,
    STREAM_SAMPLE_CLASS = 0x503,
    STREAM_CLASS = 0x508,
    STREAM_Z = 0x510,
    STREAM_MIX = 0x518,
    STREAM_AUGMENT_REAL = 0x520,
    STREAM_AUGMENT_MADE = 0x528,
};

enum {
    VIEWED = 4, /* pictures of a run of the viewer */
};

/* The recordings. */
typedef enum which {
    CRITIC,
    LAZY_CRITIC,
    GENERATOR,
    LAZY_GENERATOR,
    WHICH,
} which;

/* Running values that are not exported as they are. */
static const char *const variance_name = "training.w_variance";
static const char *const length_name = "training.path_length";
static const double AVERAGE_OF_W = 0.998, AVERAGE_OF_LENGTH = 0.99;

/* One recording's inputs; NULL where it has none. */
typedef struct inputs {
    s2vi_node *z;      /* (n,z), or (2n,z) where styles are mixed */
    s2vi_node *c;      /* (n,classes) or (2n,classes): of a class 1 */
    s2vi_node *mix;    /* (n,L,1): 1: the code of the second half */
    s2vi_node *real;   /* (n,N,N,3) */
    s2vi_node *real_c; /* (n,classes) */
    s2vi_diffaugment of_real, of_made;
    s2vi_node *w; /* of z: not an input */
} inputs;

struct s2vi_stylegan2_trainer {
    s2vi_trainer trainer;
    s2vi_stylegan2_trainer_params params;
    s2vi_stylegan2_critic critic;
    inputs in[WHICH], viewer;
    float *real; /* a batch */
    float *z, *mix, *uniform, *room;
    int *real_class;   /* (batch) */
    float *c, *real_c; /* (2 batch,classes) (batch,classes) */
    float *made;       /* VIEWED pictures */
};

/* ------------------------------------------------------------ recording -- */

static int64_t width(const s2vi_stylegan2_trainer *t)
{
    return t->params.config.w;
}

/* (n,w) from row `from` on, as (n,L,w). */
static s2vi_node *codes_of(const s2vi_stylegan2_trainer *t, s2vi_node *w,
                           int from, int n)
{
    const int L = t->params.config.codes;
    s2vi_node *x =
        s2vi_reshape(s2vi_slice(w, 0, from, n), S2VI_SHAPE(n, 1, width(t)));
    return s2vi_broadcast(x, S2VI_SHAPE(n, L, width(t)));
}

/* Style codes of n pictures: (n,L,w) */
static int record_codes(const s2vi_stylegan2_trainer *t, s2vi_graph *g, int n,
                        bool mixed, inputs *in, s2vi_node **ws, s2v_error *err)
{
    const s2vi_stylegan_mapping m = s2vi_stylegan2_mapping(&t->params.config);
    s2vi_stylegan_mapping_graph mapping;
    const int ret =
        s2vi_stylegan_mapping_build(g, &m, mixed ? 2 * n : n, &mapping, err);
    if (ret < 0)
        return ret;
    in->z = mapping.z;
    in->c = mapping.c;
    in->w = mapping.w;
    *ws = codes_of(t, in->w, 0, n);
    if (mixed) {
        in->mix =
            s2vi_input(g, "mix", S2VI_SHAPE(n, t->params.config.codes, 1));
        s2vi_node *change = s2vi_sub(codes_of(t, in->w, n, n), *ws);
        *ws = s2vi_add(*ws, s2vi_mul(in->mix, change));
    }
    return s2vi_graph_status(g, err);
}

static int record_pictures(const s2vi_stylegan2_trainer *t, s2vi_node *ws,
                           s2vi_stylegan2_noise noise, s2vi_node **out,
                           s2v_error *err)
{
    const s2vi_stylegan2_params params = {.noise = noise};
    s2vi_stylegan2_graph made;
    const int ret = s2vi_stylegan2_build(ws->graph, &t->params.config, &params,
                                         ws, &made, err);
    *out = made.video;
    return ret;
}

/* c: the pictures' classes, or NULL. */
static int record_logits(const s2vi_stylegan2_trainer *t, s2vi_node *x,
                         s2vi_node *c, const char *name,
                         s2vi_diffaugment *augment, s2vi_stylegan2_opinion *out,
                         s2v_error *err)
{
    if (t->params.augment)
        x = s2vi_diffaugment_record(x, name, augment);
    return s2vi_stylegan2_critic_build(&t->critic, x, c, out, err);
}

/* Classes of generated pictures: (n,classes), or NULL. */
static s2vi_node *classes_of(const s2vi_stylegan2_trainer *t, const inputs *in)
{
    return in->c ? s2vi_slice(in->c, 0, 0, t->params.batch) : NULL;
}

static const s2vi_adam_factors adam = {0, 0.99, 1e-8, 0};

/* ---------------------------------------------------- the discriminator -- */

/* gamma / 2 mean |dD/dx|^2, times the iterations from one to the next. */
static s2vi_node *record_r1(const s2vi_stylegan2_trainer *t, s2vi_node *real,
                            s2vi_node *logits)
{
    s2vi_node *gradient = NULL;
    if (s2vi_gradients(logits, NULL, &real, 1, &gradient) < 0)
        return NULL;
    const double scale =
        t->params.r1 / 2 * t->params.r1_every / t->params.batch;
    return s2vi_scale(s2vi_sum_all(s2vi_square(gradient)), scale);
}

/* The step of the discriminator, with R1 or without. */
static int record_critic(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                         which k, s2v_error *err)
{
    const int n = t->params.batch, N = t->params.config.size;
    inputs *in = &t->in[k];
    s2vi_node *ws, *made;
    s2vi_stylegan2_opinion of_made, of_real;
    *in = (inputs){0};
    int ret = record_codes(t, step->graph, n, t->params.mix > 0, in, &ws, err);
    if (!ret)
        ret = record_pictures(t, ws, S2VI_STYLEGAN2_NOISE_DRAWN, &made, err);
    if (!ret)
        ret = record_logits(t, s2vi_detach(made), classes_of(t, in), "made",
                            &in->of_made, &of_made, err);
    in->real = s2vi_input(step->graph, "real", S2VI_SHAPE(n, N, N, 3));
    if (t->params.config.classes)
        in->real_c = s2vi_input(step->graph, "real_c",
                                S2VI_SHAPE(n, t->params.config.classes));
    if (!ret)
        ret = record_logits(t, in->real, in->real_c, "real", &in->of_real,
                            &of_real, err);
    if (ret < 0)
        return ret;
    s2vi_node *loss = s2vi_stylegan2_critic_loss(&of_made, &of_real);
    s2vi_train_step_add_term(step, "d.loss", loss);
    s2vi_train_step_add_term(step, "d.real",
                             s2vi_stylegan2_mean_logit(&of_real));
    s2vi_train_step_add_term(step, "d.made",
                             s2vi_stylegan2_mean_logit(&of_made));
    for (int i = 0; i < of_real.projected.n_effects && !ret; i++)
        ret =
            s2vi_train_step_add_effect(step, of_real.projected.effect[i], err);
    if (ret < 0)
        return ret;
    if (k == LAZY_CRITIC) {
        s2vi_node *r1 = record_r1(t, in->real, of_real.logits);
        s2vi_train_step_add_term(step, "d.r1", r1);
        loss = s2vi_add(loss, r1);
    }
    return s2vi_train_step_learn(step, loss, &t->trainer.critic[0], &adam, err);
}

static int record_critics(s2vi_trainer *trainer, s2v_error *err)
{
    return record_critic(trainer->self, &trainer->critics, CRITIC, err);
}

static int record_lazy_critics(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    return t->params.r1 > 0
               ? record_critic(t, &trainer->lazy_critics, LAZY_CRITIC, err)
               : S2V_OK;
}

/* -------------------------------------------------------- the generator -- */

/* A running mean: decay of it, and the rest of `value`, of its shape. */
static int run_mean(s2vi_train_step *step, const char *name, s2vi_node *value,
                    double decay, s2vi_node **next, s2v_error *err)
{
    if (!value)
        return s2vi_graph_status(step->graph, err);
    s2vi_node *mean = s2vi_graph_param(step->graph, name, value->shape);
    value = s2vi_detach(value);
    s2vi_node *to = s2vi_add(value, s2vi_scale(s2vi_sub(mean, value), decay));
    if (next)
        *next = to;
    return s2vi_train_step_add_effect(step, s2vi_assign(mean, to), err);
}

/* w's mean, which truncation draws towards, and its variance. */
static int track_codes(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                       s2vi_node *w, s2v_error *err)
{
    const s2vi_shape shape = S2VI_SHAPE(width(t));
    s2vi_node *average = s2vi_graph_param(step->graph, "mapping.w_avg", shape);
    s2vi_node *off = s2vi_square(
        s2vi_sub(w, s2vi_reshape(average, S2VI_SHAPE(1, width(t)))));
    int ret = run_mean(step, variance_name,
                       s2vi_reshape(s2vi_mean(off, 1u << 0), shape),
                       AVERAGE_OF_W, NULL, err);
    if (!ret)
        ret = run_mean(step, "mapping.w_avg",
                       s2vi_reshape(s2vi_mean(w, 1u << 0), shape), AVERAGE_OF_W,
                       NULL, err);
    return ret;
}

/* How long a step of w is in the picture, along a random picture: (n) */
static s2vi_node *path_lengths(const s2vi_stylegan2_trainer *t, s2vi_node *ws,
                               s2vi_node *made)
{
    const double eps = 1e-8;
    s2vi_node *gradient = NULL;
    s2vi_node *along =
        s2vi_scale(s2vi_normal(ws->graph, STREAM_PATH, made->shape),
                   1.0 / t->params.config.size);
    if (s2vi_gradients(made, along, &ws, 1, &gradient) < 0)
        return NULL;
    s2vi_node *power = s2vi_sum(s2vi_square(gradient), 1u << 2);
    power = s2vi_mean(power, 1u << 1);
    return s2vi_sqrt(s2vi_affine(power, 1, eps));
}

/* The loss of lengths that differ from their mean so far. */
static int record_path(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                       s2vi_node *ws, s2vi_node **loss, s2v_error *err)
{
    const int n = t->params.batch > 1 ? t->params.batch / 2 : 1;
    s2vi_node *part = s2vi_slice(ws, 0, 0, n), *made, *mean = NULL;
    int ret = record_pictures(t, part, S2VI_STYLEGAN2_NOISE_DRAWN, &made, err);
    if (ret < 0)
        return ret;
    s2vi_node *length = path_lengths(t, part, made);
    ret = run_mean(step, length_name, s2vi_mean_all(length), AVERAGE_OF_LENGTH,
                   &mean, err);
    if (ret < 0)
        return ret;
    s2vi_node *off = s2vi_sub(length, s2vi_reshape(mean, S2VI_SHAPE(1, 1, 1)));
    s2vi_node *path = s2vi_scale(s2vi_mean_all(s2vi_square(off)),
                                 t->params.path * t->params.path_every);
    s2vi_train_step_add_term(step, "path", path);
    s2vi_train_step_add_term(step, "path.length", s2vi_mean_all(length));
    *loss = s2vi_add(*loss, path);
    return S2V_OK;
}

/* The step of the generator, with path lengths or without. */
static int record_maker(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                        which k, s2v_error *err)
{
    inputs *in = &t->in[k];
    s2vi_node *ws, *made, *loss = NULL;
    s2vi_stylegan2_opinion of_made;
    *in = (inputs){0};
    int ret = record_codes(t, step->graph, t->params.batch, t->params.mix > 0,
                           in, &ws, err);
    if (!ret)
        ret = record_pictures(t, ws, S2VI_STYLEGAN2_NOISE_DRAWN, &made, err);
    if (!ret)
        ret = record_logits(t, made, classes_of(t, in), "made", &in->of_made,
                            &of_made, err);
    if (ret < 0)
        return ret;
    loss = s2vi_stylegan2_generator_loss(&of_made);
    s2vi_train_step_add_term(step, "loss", loss);
    if (k == LAZY_GENERATOR)
        ret = record_path(t, step, ws, &loss, err);
    if (!ret)
        ret = track_codes(t, step, in->w, err);
    return ret < 0
               ? ret
               : s2vi_train_step_learn(step, loss, &t->trainer.g, &adam, err);
}

static int record_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    const int ret =
        t->critic.phi ? s2vi_perceptual_load(t->critic.phi, trainer->store, err)
                      : S2V_OK;
    return ret < 0 ? ret : record_maker(t, &trainer->generator, GENERATOR, err);
}

static int record_lazy_generator(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    return t->params.path > 0
               ? record_maker(t, &trainer->lazy_generator, LAZY_GENERATOR, err)
               : S2V_OK;
}

static bool is_lazy_due(const s2vi_trainer *trainer,
                        const s2vi_train_step *lazy)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    const int every = lazy == &trainer->lazy_critics ? t->params.r1_every
                                                     : t->params.path_every;
    return trainer->step % every == 0;
}

static int record_viewer(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    s2vi_node *ws;
    t->viewer = (inputs){0};
    int ret = record_codes(t, trainer->viewer.graph, VIEWED, false, &t->viewer,
                           &ws, err);
    if (!ret)
        ret = record_pictures(t, ws, S2VI_STYLEGAN2_NOISE_FILE,
                              &trainer->viewer.output, err);
    return ret;
}

/* --------------------------------------------------------------- batches -- */

static size_t picture_size(const s2vi_stylegan2_trainer *t)
{
    const size_t N = (size_t)t->params.config.size;
    return N * N * 3;
}

static void fill_real(const s2vi_stylegan2_trainer *t, int64_t picture,
                      bool mirrored, float *out)
{
    const int N = t->params.config.size;
    const uint8_t *from = s2vi_pictures_at(t->params.data, picture);
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++, out += 3) {
            const uint8_t *p =
                from + 3 * ((ptrdiff_t)y * N + (mirrored ? N - 1 - x : x));
            for (int k = 0; k < 3; k++)
                out[k] = (float)p[k] / 127.5F - 1;
        }
}

/* A training picture by 64 random bits. */
static int64_t pick(const s2vi_stylegan2_trainer *t, const uint32_t word[2])
{
    const s2vi_pictures *data = t->params.data;
    const uint64_t at = (uint64_t)word[0] << 32 | word[1];
    return data->order[at % (uint64_t)data->train];
}

/* This process's first of a batch. */
static int first_picture(const s2vi_stylegan2_trainer *t)
{
    return s2vi_trainer_rank(&t->trainer) * t->params.batch;
}

/* Pictures drawn with replacement: they follow from the iteration's number. */
static int prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    const s2vi_philox key = {trainer->params.seed, STREAM_REAL,
                             (uint64_t)trainer->step};
    (void)err;
    for (int i = 0; i < t->params.batch; i++) {
        uint32_t word[4];
        s2vi_philox_block(&key, (uint32_t)(first_picture(t) + i), word);
        const int64_t at = pick(t, word);
        t->real_class[i] = s2vi_pictures_class_at(t->params.data, at);
        fill_real(t, at, t->params.mirror && word[2] & 1,
                  t->real + (size_t)i * picture_size(t));
    }
    return S2V_OK;
}

static s2vi_philox key_of(const s2vi_trainer *trainer, uint32_t stream, which k)
{
    return (s2vi_philox){trainer->params.seed, stream + (uint32_t)k,
                         (uint64_t)trainer->step};
}

/* Row i of (n,classes): 1 at its class. */
static void put_class(const s2vi_stylegan2_trainer *t, float *c, int i,
                      int class)
{
    const int classes = t->params.config.classes;
    for (int k = 0; k < classes; k++)
        c[i * classes + k] = k == class;
}

/* The class of a training picture, at random. */
static int draw_class(const s2vi_stylegan2_trainer *t, const s2vi_philox *key,
                      uint32_t block)
{
    uint32_t word[4];
    s2vi_philox_block(key, block, word);
    return s2vi_pictures_class_at(t->params.data, pick(t, word));
}

static int feed_classes(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                        which k, s2v_error *err)
{
    const inputs *in = &t->in[k];
    const int n = t->params.batch;
    const s2vi_philox key = key_of(&t->trainer, STREAM_CLASS, k);
    for (int i = 0; i < n; i++) {
        const int class = draw_class(t, &key, (uint32_t)(first_picture(t) + i));
        put_class(t, t->c, i, class);
        put_class(t, t->c, n + i, class);
        put_class(t, t->real_c, i, t->real_class[i]);
    }
    const int ret = s2vi_train_step_write(step, in->c, t->c, err);
    return ret < 0 || !in->real_c
               ? ret
               : s2vi_train_step_write(step, in->real_c, t->real_c, err);
}

static int feed_codes(s2vi_stylegan2_trainer *t, s2vi_train_step *step, which k,
                      s2v_error *err)
{
    const inputs *in = &t->in[k];
    const int n = t->params.batch, L = t->params.config.codes;
    const s2vi_philox z = key_of(&t->trainer, STREAM_Z, k);
    const s2vi_philox mix = key_of(&t->trainer, STREAM_MIX, k);
    const size_t zs = (size_t)s2vi_shape_count(&in->z->shape);
    s2vi_philox_normal(
        &z, (uint32_t)((size_t)s2vi_trainer_rank(&t->trainer) * zs), zs, t->z);
    const int ret = s2vi_train_step_write(step, in->z, t->z, err);
    if (ret < 0 || !in->mix)
        return ret;
    for (int i = 0; i < n; i++) {
        float u[2];
        s2vi_philox_uniform(&mix, 2 * (uint32_t)(first_picture(t) + i), 2, u);
        const bool mixed = (double)u[0] < t->params.mix;
        const int from = 1 + (int)(u[1] * (float)(L - 1));
        for (int c = 0; c < L; c++)
            t->mix[i * L + c] = mixed && c >= from;
    }
    return s2vi_train_step_write(step, in->mix, t->mix, err);
}

static int feed_augment(s2vi_stylegan2_trainer *t, s2vi_train_step *step,
                        const s2vi_diffaugment *d, uint32_t stream, which k,
                        s2v_error *err)
{
    const s2vi_philox key = key_of(&t->trainer, stream, k);
    if (!d->seen)
        return S2V_OK;
    s2vi_philox_uniform(
        &key, (uint32_t)first_picture(t) * S2VI_DIFFAUGMENT_UNIFORMS,
        (size_t)t->params.batch * S2VI_DIFFAUGMENT_UNIFORMS, t->uniform);
    return s2vi_diffaugment_feed(d, step, t->uniform, t->room, err);
}

static which which_of(const s2vi_trainer *trainer, const s2vi_train_step *step)
{
    return step == &trainer->critics        ? CRITIC
           : step == &trainer->lazy_critics ? LAZY_CRITIC
           : step == &trainer->generator    ? GENERATOR
                                            : LAZY_GENERATOR;
}

static int feed(s2vi_trainer *trainer, s2vi_train_step *step, s2v_error *err)
{
    s2vi_stylegan2_trainer *t = trainer->self;
    const which k = which_of(trainer, step);
    const inputs *in = &t->in[k];
    int ret = feed_codes(t, step, k, err);
    if (!ret && in->c)
        ret = feed_classes(t, step, k, err);
    if (!ret)
        ret = feed_augment(t, step, &in->of_made, STREAM_AUGMENT_MADE, k, err);
    if (!ret)
        ret = feed_augment(t, step, &in->of_real, STREAM_AUGMENT_REAL, k, err);
    return ret < 0 || !in->real
               ? ret
               : s2vi_train_step_write(step, in->real, t->real, err);
}

/* --------------------------------------------------------------- texts -- */

static char *config_text(const s2vi_trainer *trainer, bool exported)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    (void)exported;
    return s2vi_stylegan2_config_text(&t->params.config);
}

static json_t *identity(const s2vi_trainer *trainer)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    const s2vi_stylegan2_trainer_params *p = &t->params;
    return json_pack(
        "{s:s, s:I, s:i, s:f, s:i, s:f, s:i, s:f, s:b, s:b, s:s*}", "pictures",
        p->data->hash, "trained_pictures", (json_int_t)p->data->train, "batch",
        s2vi_trainer_all(trainer, p->batch), "r1", p->r1, "r1_every",
        p->r1_every, "path", p->path, "path_every", p->path_every, "mix",
        p->mix, "mirror", p->mirror, "diffaugment", p->augment, "projected",
        t->critic.phi ? s2vi_perceptual_name(t->critic.phi) : NULL);
}

static json_t *training(const s2vi_trainer *trainer)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    json_t *root = identity(trainer);
    if (!root ||
        json_object_set_new(root, "critic_rate",
                            json_real(t->params.trainer.critic_rate)) ||
        json_object_set_new(root, "average",
                            json_real(t->params.trainer.average))) {
        json_decref(root);
        return NULL;
    }
    return root;
}

/* The classes' names. */
static int metadata(const s2vi_trainer *trainer, s2vi_writer *w, s2v_error *err)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    const s2vi_pictures *data = t->params.data;
    if (!data->classes)
        return S2V_OK;
    json_t *names = json_array();
    for (int i = 0; i < data->classes; i++)
        json_array_append_new(names, json_string(data->class_name[i]));
    char *text = names ? json_dumps(names, JSON_COMPACT) : NULL;
    const int ret =
        text ? s2vi_writer_set_metadata(w, S2VI_STYLEGAN_CLASSES, text, err)
             : s2vi_error_nomem(err, "the classes' names");
    json_decref(names);
    free(text);
    return ret;
}

/* The deviation of w, which the walk's pulse is measured by. */
static int export_more(const s2vi_trainer *trainer, s2vi_writer *w,
                       s2v_error *err)
{
    const s2vi_stylegan2_trainer *t = trainer->self;
    const int64_t n = width(t);
    float *deviation = malloc((size_t)n * sizeof(*deviation));
    int ret = deviation ? s2vi_store_read(trainer->store, variance_name,
                                          deviation, err)
                        : s2vi_error_nomem(err, "w_std");
    for (int64_t i = 0; i < n && !ret; i++)
        deviation[i] = sqrtf(fmaxf(deviation[i], 0));
    if (!ret)
        ret = s2vi_writer_add(w, "mapping.w_std", S2VI_STORED_F32, 1, &n,
                              deviation, err);
    free(deviation);
    return ret;
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_STYLEGAN2_NAME,
    .record_generator = record_generator,
    .record_critics = record_critics,
    .record_lazy_generator = record_lazy_generator,
    .record_lazy_critics = record_lazy_critics,
    .is_lazy_due = is_lazy_due,
    .record_viewer = record_viewer,
    .prepare = prepare,
    .feed = feed,
    .config = config_text,
    .identity = identity,
    .training = training,
    .metadata = metadata,
    .export_more = export_more,
};

static int allocate(s2vi_stylegan2_trainer *t, s2v_error *err)
{
    const size_t n = (size_t)t->params.batch, number = sizeof(float);
    const size_t z = (size_t)t->params.config.z;
    const size_t most = n > VIEWED ? n : VIEWED;
    t->real = calloc(n * picture_size(t), number);
    t->z = calloc(2 * most * z, number);
    t->mix = calloc(n * (size_t)t->params.config.codes, number);
    const size_t classes = (size_t)t->params.config.classes;
    t->c = calloc(2 * most * classes + 1, number);
    t->real_c = calloc(n * classes + 1, number);
    t->real_class = calloc(n, sizeof(*t->real_class));
    t->uniform = calloc(n * S2VI_DIFFAUGMENT_UNIFORMS, number);
    t->room = calloc(n * picture_size(t), number);
    t->made = calloc(VIEWED * picture_size(t), number);
    return t->real && t->z && t->mix && t->uniform && t->room && t->made &&
                   t->c && t->real_c && t->real_class
               ? S2V_OK
               : s2vi_error_nomem(err, "a batch");
}

static int declare(s2vi_stylegan2_trainer *t, s2v_error *err)
{
    const s2vi_stylegan2_config *c = &t->params.config;
    s2vi_trainer *trainer = &t->trainer;
    const s2vi_scope scope = {.list = &trainer->list};
    int ret = s2vi_stylegan2_params_list(c, &trainer->list, err);
    s2vi_trainer_add_generator(trainer);
    const int before = trainer->list.count;
    if (!ret)
        ret = s2vi_stylegan2_critic_params(&t->critic, &trainer->list, err);
    s2vi_declare_buffer(&scope, S2VI_SHAPE(width(t)), S2VI_INIT_ZERO, "%s",
                        variance_name);
    s2vi_declare_buffer(&scope, S2VI_SHAPE(1), S2VI_INIT_ZERO, "%s",
                        length_name);
    if (!ret)
        ret = s2vi_param_list_end(&trainer->list, before, err);
    s2vi_trainer_add_critic(trainer);
    return ret;
}

static int start(s2vi_stylegan2_trainer *t, s2v_error *err)
{
    int ret = s2vi_stylegan2_config_check(&t->params.config, err);
    if (!ret)
        ret = s2vi_stylegan2_critic_open(&t->critic, &t->params.config,
                                         t->params.batch, t->params.projected,
                                         err);
    if (!ret)
        ret = allocate(t, err);
    if (!ret)
        ret = declare(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_stylegan2_trainer_create(s2vi_stylegan2_trainer **out,
                                  const s2vi_stylegan2_trainer_params *params,
                                  s2v_error *err)
{
    s2vi_stylegan2_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->params.batch = s2vi_trainer_part(&params->trainer, params->batch);
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = t->params.batch};
    const int ret = start(t, err);
    if (ret < 0)
        s2vi_stylegan2_trainer_close(out);
    return ret;
}

void s2vi_stylegan2_trainer_close(s2vi_stylegan2_trainer **out)
{
    s2vi_stylegan2_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2vi_stylegan2_critic_close(&t->critic);
    free(t->real);
    free(t->z);
    free(t->mix);
    free(t->c);
    free(t->real_c);
    free(t->real_class);
    free(t->uniform);
    free(t->room);
    free(t->made);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_stylegan2_trainer_base(s2vi_stylegan2_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- samples -- */

/* VIEWED pictures from number `first` on. */
static int make(s2vi_stylegan2_trainer *t, int64_t first, s2v_error *err)
{
    const size_t z = (size_t)t->params.config.z;
    for (int i = 0; i < VIEWED; i++) {
        const s2vi_philox key = {t->trainer.params.seed, STREAM_SAMPLE,
                                 (uint64_t)(first + i)};
        s2vi_philox of_class = key;
        of_class.stream = STREAM_SAMPLE_CLASS;
        s2vi_philox_normal(&key, 0, z, t->z + (size_t)i * z);
        put_class(t, t->c, i, draw_class(t, &of_class, 0));
    }
    int ret = s2vi_train_step_write(&t->trainer.viewer, t->viewer.z, t->z, err);
    if (!ret && t->viewer.c)
        ret = s2vi_train_step_write(&t->trainer.viewer, t->viewer.c, t->c, err);
    if (!ret)
        ret = s2vi_trainer_view(&t->trainer, 0, t->made, err);
    for (size_t i = 0; i < VIEWED * picture_size(t) && !ret; i++)
        t->made[i] = fmaxf(-1, fminf(1, t->made[i]));
    return ret;
}

int s2vi_stylegan2_trainer_sample(s2vi_stylegan2_trainer *t, int64_t count,
                                  int (*each)(void *self, int64_t i,
                                              const float *picture,
                                              s2v_error *err),
                                  void *self, s2v_error *err)
{
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    for (int64_t i = 0; i < count && !ret; i++) {
        if (i % VIEWED == 0)
            ret = make(t, i, err);
        if (!ret)
            ret = each(self, i,
                       t->made + (size_t)(i % VIEWED) * picture_size(t), err);
    }
    return ret;
}
