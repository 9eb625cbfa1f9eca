/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training of "Sound-guided Semantic Video Generation" (the citation is in
 * core/models/sound_inversion.c): E_a, E_RNN, D_V and D_I on a generator that
 * does not learn.
 *
 * Shapes: n sequences of T frames; N side of a frame; L codes, w their width.
 *
 * Stages:
 *   inversion  E_a alone: eq. 1-3 and the paired terms, of frames drawn from
 *              all clips, each with a start of its own (so that eq. 3's mean
 *              over time has no part in it): those of one video are too alike
 *   video      all: eq. 4-9, and the paired terms; eq. 7 and 8 count a tenth,
 *              or they drive codes to where the generator makes no pictures,
 *              and so does a frame whose layers have codes of their own; the
 *              adversaries count from 0, rising over the first tenth of the
 *              stage, since what they say at first is arbitrary and large
 *
 * Choices and deviations, where the paper is silent or errs:
 * - The start's codes are random ones, drawn towards the average (psi), not the
 *   average itself; with an embedding, those whose pictures are of the clip's
 *   scene (semantic_gallery.c), which is eq. 1's "frame-0 choice" by text: E_a
 *   and E_RNN then learn how a scene moves, not to make one of another.
 * - Paired terms (table 3b, weights of pSp): E_a has to make the clip's own
 *   frame: mean square, LPIPS, and |delta w|. They carry the synchrony, the
 *   embedding's terms the meaning.
 * - With an embedding and clips whose intensity is known, what a linear reading
 *   of the pictures' places says of it (semantic_gallery.c) has to be the
 *   clip's: the cosines alone leave most of the curve out.
 * - Least squares for eq. 7 and 8; see semantic_loss.c.
 * - E_RNN learns by all terms of the generator, E_a by the adversaries', too.
 * - The window of sound of frame t ends 95 ms after its beginning, as a stream
 *   hears it.
 * - Adam(0.5, 0.999); a fifth of the published code's rate for the
 *   discriminators, whose losses jump otherwise.
 *
 * Here are the stages, what does not learn, the beginning and the end; the
 * graphs are in semantic_graph.c, the batches in semantic_batch.c, and what is
 * written in semantic_export.c.
 */
#include "recipes/semantic_trainer_internal.h"

#include "audio/mel_window.h"
#include "base/error.h"
#include "base/philox.h"
#include "models/param_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- stages -- */

static int stage_at(const s2vi_trainer *trainer)
{
    const s2vi_semantic_trainer *t = trainer->self;
    return trainer->share < t->params.alone ? S2VI_SEMANTIC_STAGE_INVERSION
                                            : S2VI_SEMANTIC_STAGE_VIDEO;
}

static int enter_stage(s2vi_trainer *trainer, s2v_error *err)
{
    (void)err;
    trainer->critics_rest = trainer->stage == S2VI_SEMANTIC_STAGE_INVERSION;
    return S2V_OK;
}

const char *s2vi_semantic_trainer_stage(const s2vi_semantic_trainer *t)
{
    return t->trainer.stage == S2VI_SEMANTIC_STAGE_INVERSION ? "inversion"
                                                             : "video";
}

/* ------------------------------------------------- what does not learn -- */

/* t = affine(w) of the camera is what it is for the average w, always. */
static int hold_camera(const s2vi_semantic_trainer *t, s2vi_store *store,
                       s2v_error *err)
{
    enum { ROWS = 4 };
    const int W = s2vi_semantic_mapping(&t->params.config.generator).w;
    float *a = calloc((size_t)(ROWS + 1) * (size_t)W, sizeof(*a));
    float *average = a ? a + ROWS * (ptrdiff_t)W : NULL, b[ROWS];
    int ret =
        a ? s2vi_store_read(store, "synthesis.input.affine.weight", a, err)
          : s2vi_error_nomem(err, "the camera");
    if (!ret)
        ret = s2vi_store_read(store, "synthesis.input.affine.bias", b, err);
    if (!ret)
        ret = s2vi_store_read(store, "mapping.w_avg", average, err);
    for (int k = 0; k < ROWS && !ret; k++) {
        double sum = 0;
        for (int i = 0; i < W; i++)
            sum += (double)a[k * W + i] * (double)average[i];
        b[k] += (float)(sum / sqrt(W));
        memset(a + k * (ptrdiff_t)W, 0, (size_t)W * sizeof(*a));
    }
    if (!ret)
        ret = s2vi_store_write(store, "synthesis.input.affine.weight", a, err);
    if (!ret)
        ret = s2vi_store_write(store, "synthesis.input.affine.bias", b, err);
    free(a);
    return ret;
}

int s2vi_semantic_load_frozen(s2vi_semantic_trainer *t, s2vi_store *store,
                              s2v_error *err)
{
    const s2vi_semantic_trainer_params *p = &t->params;
    int ret = s2vi_param_list_load(&t->frozen, p->generator, store, err);
    if (!ret && p->still && p->config.generator.alias_free)
        ret = hold_camera(t, store, err);
    if (!ret && p->embedding)
        ret = s2vi_param_list_load_part(&t->embedding, p->embedding, "",
                                        S2VI_SEMANTIC_EMBEDDING, store, err);
    if (!ret && t->lpips)
        ret = s2vi_perceptual_load(t->phi, store, err);
    return ret < 0 || !t->lpips ? ret : s2vi_lpips_load(t->lpips, store, err);
}

/* Starts for the scenes, chosen once: nothing of it learns. */
int s2vi_semantic_make_gallery(s2vi_semantic_trainer *t, s2v_error *err)
{
    const s2vi_gallery_params params = {.config = &t->params.config,
                                        .data = t->params.data,
                                        .store = t->trainer.store,
                                        .psi = t->params.psi,
                                        .seed = t->trainer.params.seed,
                                        .starts = t->params.starts,
                                        .each = S2VI_SEMANTIC_EACH};
    return t->gallery.codes || !t->params.embedding
               ? S2V_OK
               : s2vi_gallery_make(&params, &t->gallery, err);
}

/* ------------------------------------------------------------ starting -- */

static const s2vi_trainer_hooks hooks = {
    .model = S2VI_SEMANTIC_NAME,
    .stage_at = stage_at,
    .enter_stage = enter_stage,
    .terms = s2vi_semantic_terms,
    .record_generator = s2vi_semantic_record_generator,
    .record_critics = s2vi_semantic_record_critics,
    .record_viewer = s2vi_semantic_record_viewer,
    .prepare = s2vi_semantic_prepare,
    .feed = s2vi_semantic_feed,
    .config = s2vi_semantic_config_of,
    .identity = s2vi_semantic_identity_of,
    .training = s2vi_semantic_training,
    .metadata = s2vi_semantic_metadata,
    .export_more = s2vi_semantic_export,
};

static int allocate(s2vi_semantic_trainer *t, s2v_error *err)
{
    const size_t T = (size_t)t->params.sequence, number = sizeof(float);
    const size_t n = (size_t)t->params.batch * T;
    const size_t words = (size_t)t->params.data->vocabulary.count;
    t->start = calloc(n * s2vi_semantic_start_size(t),
                      number); /* one a frame, at most */
    t->sound = calloc(n * S2VI_MEL_WINDOW_NUMBERS, number);
    t->real = calloc(n * s2vi_semantic_picture_size(t), number);
    t->made = calloc(T * s2vi_semantic_picture_size(t), number);
    if (t->params.embedding) {
        t->text = calloc(n * words, number);
        t->reading =
            calloc(n * (size_t)t->params.config.embedding.width, number);
        t->level = calloc(n, number);
    }
    return t->start && t->sound && t->real && t->made &&
                   ((t->text && t->reading && t->level) || !t->params.embedding)
               ? S2V_OK
               : s2vi_error_nomem(err, "a batch");
}

static int declare(s2vi_semantic_trainer *t, s2v_error *err)
{
    const s2vi_semantic_trainer_params *p = &t->params;
    s2vi_param_list *list = &t->trainer.list;
    int ret = s2vi_inversion_params(&p->config.inversion,
                                    S2VI_SEMANTIC_INVERSION, list, err);
    if (!ret)
        ret = s2vi_recurrent_params(&p->config.recurrent,
                                    S2VI_SEMANTIC_RECURRENT, list, err);
    s2vi_trainer_add_generator(&t->trainer);
    if (!ret)
        ret = s2vi_semantic_di_params(&p->critics, S2VI_SEMANTIC_DI, list, err);
    if (!ret)
        ret = s2vi_semantic_dv_params(&p->critics, S2VI_SEMANTIC_DV, list, err);
    s2vi_trainer_add_critic(&t->trainer);
    if (!ret)
        ret = s2vi_semantic_generator_params(&p->config.generator, &t->frozen,
                                             err);
    return ret < 0 || !p->embedding
               ? ret
               : s2vi_embedding_params(&p->config.embedding,
                                       S2VI_SEMANTIC_EMBEDDING, &t->embedding,
                                       err);
}

static int open_lpips(s2vi_semantic_trainer *t, s2v_error *err)
{
    if (!t->params.perceptual)
        return S2V_OK;
    const int ret = s2vi_perceptual_open(&t->phi, t->params.perceptual, err);
    return ret < 0 ? ret
                   : s2vi_lpips_open(&t->lpips, t->phi, t->params.heads, err);
}

static int check_data(const s2vi_semantic_trainer *t, s2v_error *err)
{
    int64_t longest = 0;
    for (int i = 0; i < t->params.data->count; i++)
        if (t->params.data->clip[i].train > longest)
            longest = t->params.data->clip[i].train;
    return longest >= t->params.sequence
               ? S2V_OK
               : s2vi_error(err, S2V_ERR_INVALID,
                            "--sequence: expected at most the %lld frames "
                            "that the longest clip has to train on, found %d",
                            (long long)longest, t->params.sequence);
}

static int start(s2vi_semantic_trainer *t, s2v_error *err)
{
    int ret = s2vi_semantic_config_check(&t->params.config, err);
    if (!ret)
        ret = s2vi_semantic_d_config_check(&t->params.critics, err);
    if (!ret)
        ret = check_data(t, err);
    if (!ret)
        ret = allocate(t, err);
    if (!ret)
        ret = open_lpips(t, err);
    if (!ret)
        ret = declare(t, err);
    return ret < 0 ? ret : s2vi_trainer_open(&t->trainer, err);
}

int s2vi_semantic_trainer_create(s2vi_semantic_trainer **out,
                                 const s2vi_semantic_trainer_params *params,
                                 s2v_error *err)
{
    s2vi_semantic_trainer *t = *out = calloc(1, sizeof(*t));
    if (!t)
        return s2vi_error_nomem(err, "a training");
    t->params = *params;
    t->params.batch = s2vi_trainer_part(&params->trainer, params->batch);
    t->trainer = (s2vi_trainer){.hooks = &hooks,
                                .self = t,
                                .params = params->trainer,
                                .frames = t->params.batch * params->sequence};
    const int ret = start(t, err);
    if (ret < 0)
        s2vi_semantic_trainer_close(out);
    return ret;
}

void s2vi_semantic_trainer_close(s2vi_semantic_trainer **out)
{
    s2vi_semantic_trainer *t = *out;
    if (!t)
        return;
    s2vi_trainer_close(&t->trainer);
    s2vi_param_list_close(&t->frozen);
    s2vi_param_list_close(&t->embedding);
    s2vi_lpips_close(&t->lpips);
    s2vi_perceptual_close(&t->phi);
    free(t->start);
    free(t->sound);
    free(t->text);
    free(t->reading);
    free(t->level);
    free(t->real);
    free(t->made);
    s2vi_gallery_close(&t->gallery);
    free(t);
    *out = NULL;
}

s2vi_trainer *s2vi_semantic_trainer_base(s2vi_semantic_trainer *trainer)
{
    return &trainer->trainer;
}

/* -------------------------------------------------------------- viewing -- */

static double square_error(const s2vi_semantic_trainer *t)
{
    const size_t n = (size_t)t->params.sequence * s2vi_semantic_picture_size(t);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double off = (double)t->made[i] - (double)t->real[i];
        sum += off * off;
    }
    return sum / (double)n;
}

static int read_similarity(const s2vi_semantic_trainer *t, s2vi_node *distance,
                           double *out, s2v_error *err)
{
    float x = NAN;
    const int ret = t->params.embedding
                        ? s2vi_exec_read(t->trainer.viewer.exec, distance, &x)
                        : S2V_OK;
    (void)err;
    *out = 1 - (double)x;
    return ret;
}

int s2vi_semantic_trainer_make(s2vi_semantic_trainer *t,
                               const s2vi_scene_clip *clip, int64_t frame,
                               int64_t number, s2vi_semantic_made *made,
                               s2v_error *err)
{
    const int T = t->params.sequence;
    const s2vi_philox z = {t->trainer.params.seed, S2VI_SEMANTIC_STREAM_SAMPLE,
                           (uint64_t)number};
    int ret = s2vi_trainer_view_begin(&t->trainer, err);
    if (ret < 0)
        return ret;
    for (int k = 0; k < T; k++)
        s2vi_semantic_fill_frame(t, k, clip, frame + k, 0);
    s2vi_semantic_fill_start(t, 0, clip, (uint64_t)number);
    if (!t->params.embedding)
        s2vi_philox_normal(&z, 0, s2vi_semantic_start_size(t), t->start);
    ret = s2vi_semantic_write_inputs(t, &t->trainer.viewer, &t->viewer, err);
    if (!ret)
        ret = s2vi_trainer_view(&t->trainer, 0, t->made, err);
    for (size_t i = 0; i < (size_t)T * s2vi_semantic_picture_size(t) && !ret;
         i++)
        t->made[i] = fmaxf(-1, fminf(1, t->made[i]));
    *made = (s2vi_semantic_made){.frames = t->made, .mse = square_error(t)};
    if (!ret)
        ret = read_similarity(t, t->similar, &made->similar, err);
    return ret ? ret : read_similarity(t, t->similar_real, &made->real, err);
}
