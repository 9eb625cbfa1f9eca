/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The batches of the training of a semantic model (semantic_trainer.c): which
 * frames, sounds and texts of which clips, and their way into the graphs.
 */
#include "recipes/semantic_trainer_internal.h"

#include "audio/mel_window.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

static const double RISE = 0.1; /* of the second stage */

size_t s2vi_semantic_picture_size(const s2vi_semantic_trainer *t)
{
    const size_t N = (size_t)s2vi_semantic_size(&t->params.config.generator);
    return 3 * N * N;
}

/* What frame k of the batch is to be read as; 0 of nothing where its intensity
 * is not known. */
static void fill_intensity(s2vi_semantic_trainer *t, int k,
                           const s2vi_scene_clip *clip, int64_t frame)
{
    const size_t width = (size_t)t->params.config.embedding.width;
    const float *reading =
        t->gallery.reading + (size_t)clip->scene * (width + 1);
    float *out = t->reading + (size_t)k * width;
    t->level[k] = clip->intensity ? clip->intensity[frame] - reading[width] : 0;
    for (size_t i = 0; i < width; i++)
        out[i] = clip->intensity ? reading[i] : 0;
}

/* Frame k of the batch. */
void s2vi_semantic_fill_frame(s2vi_semantic_trainer *t, int k,
                              const s2vi_scene_clip *clip, int64_t frame,
                              uint32_t pick)
{
    const s2vi_scene_clips *data = t->params.data;
    const size_t n = s2vi_semantic_picture_size(t),
                 words = (size_t)data->vocabulary.count;
    const uint8_t *rgb = clip->rgb + (size_t)frame * n;
    const int text = s2vi_scene_text(clip, frame, pick);
    for (size_t i = 0; i < n; i++)
        t->real[(size_t)k * n + i] = (float)rgb[i] / 127.5F - 1;
    s2vi_mel_window_of(clip->columns, frame,
                       t->sound + (ptrdiff_t)k * S2VI_MEL_WINDOW_NUMBERS);
    if (t->params.embedding)
        fill_intensity(t, k, clip, frame);
    if (t->text)
        memcpy(t->text + (size_t)k * words, data->share + (size_t)text * words,
               words * sizeof(float));
}

/* Numbers of a start: of z, or of codes. */
size_t s2vi_semantic_start_size(const s2vi_semantic_trainer *t)
{
    const s2vi_semantic_generator *c = &t->params.config.generator;
    const s2vi_stylegan_mapping m = s2vi_semantic_mapping(c);
    return t->params.embedding ? (size_t)s2vi_semantic_codes(c) * (size_t)m.w
                               : (size_t)m.z;
}

/* Start k of the batch: one of those of the clip's scene. */
void s2vi_semantic_fill_start(s2vi_semantic_trainer *t, int k,
                              const s2vi_scene_clip *clip, uint64_t pick)
{
    const size_t n = s2vi_semantic_start_size(t);
    const uint64_t i =
        (uint64_t)clip->scene * S2VI_SEMANTIC_EACH + pick % S2VI_SEMANTIC_EACH;
    if (t->params.embedding)
        memcpy(t->start + (size_t)k * n, t->gallery.codes + i * n,
               n * sizeof(float));
}

/* A stretch of T frames that are trained on, anywhere. */
static const s2vi_scene_clip *draw_stretch(const s2vi_semantic_trainer *t,
                                           int64_t number, int64_t *frame,
                                           uint32_t *pick)
{
    const s2vi_scene_clips *data = t->params.data;
    const int T = t->params.sequence;
    const s2vi_philox key = {t->trainer.params.seed, S2VI_SEMANTIC_STREAM_FRAME,
                             (uint64_t)number};
    for (uint32_t i = 0;; i++) { /* one fits: start() has asked */
        uint32_t word[4];
        s2vi_philox_block(&key, i, word);
        const uint64_t at = (uint64_t)word[0] << 32 | word[1];
        const s2vi_scene_clip *c = s2vi_scene_frame(
            data, false, (int64_t)(at % (uint64_t)data->train), frame);
        *pick = word[2];
        if (c->train < T)
            continue;
        if (*frame > c->train - T)
            *frame = (int64_t)(word[3] % (uint64_t)(c->train - T + 1));
        return c;
    }
}

/* Video i of the batch, by its number: T frames of one clip; or T frames of
 * any. */
static void fill_video(s2vi_semantic_trainer *t, int i, int64_t number,
                       bool apart)
{
    const int T = t->params.sequence;
    const s2vi_scene_clip *c = NULL;
    const s2vi_philox key = {t->trainer.params.seed, S2VI_SEMANTIC_STREAM_START,
                             (uint64_t)number};
    int64_t frame = 0;
    uint32_t pick = 0, word[4];
    for (int k = 0; k < T; k++) {
        if (apart || !k) {
            c = draw_stretch(t, apart ? number * T + k : number, &frame, &pick);
            s2vi_philox_block(&key, (uint32_t)k, word);
            s2vi_semantic_fill_start(t, apart ? i * T + k : i, c, word[0]);
        }
        s2vi_semantic_fill_frame(t, i * T + k, c, apart ? frame : frame + k,
                                 pick);
    }
}

/* Stretches drawn with replacement: they follow from the iteration's number. */
int s2vi_semantic_prepare(s2vi_trainer *trainer, s2v_error *err)
{
    s2vi_semantic_trainer *t = trainer->self;
    const int n = t->params.batch;
    const s2vi_philox z = {trainer->params.seed, S2VI_SEMANTIC_STREAM_Z,
                           (uint64_t)trainer->step};
    const int64_t first = trainer->step * s2vi_trainer_all(trainer, n) +
                          (int64_t)s2vi_trainer_rank(trainer) * n;
    const bool apart = trainer->stage == S2VI_SEMANTIC_STAGE_INVERSION;
    const size_t zs = s2vi_semantic_start_size(t) *
                      (size_t)(apart ? n * t->params.sequence : n);
    (void)err;
    for (int i = 0; i < n; i++)
        fill_video(t, i, first + i, apart);
    if (!t->params.embedding)
        s2vi_philox_normal(&z,
                           (uint32_t)((size_t)s2vi_trainer_rank(trainer) * zs),
                           zs, t->start);
    trainer->fresh = true;
    return S2V_OK;
}

static int write_if(s2vi_train_step *step, const s2vi_node *input,
                    const float *data, s2v_error *err)
{
    return input ? s2vi_train_step_write(step, input, data, err) : S2V_OK;
}

int s2vi_semantic_write_inputs(const s2vi_semantic_trainer *t,
                               s2vi_train_step *step,
                               const s2vi_semantic_inputs *in, s2v_error *err)
{
    int ret = write_if(step, in->z, t->start, err);
    if (!ret)
        ret = write_if(step, in->start, t->start, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->sound, t->sound, err);
    if (!ret)
        ret = s2vi_train_step_write(step, in->real, t->real, err);
    if (!ret)
        ret = write_if(step, in->reading, t->reading, err);
    if (!ret)
        ret = write_if(step, in->level, t->level, err);
    return ret ? ret : write_if(step, in->text, t->text, err);
}

/* What the adversaries count by now. */
static float adversary(const s2vi_semantic_trainer *t)
{
    const double alone = t->params.alone;
    const double gone = (t->trainer.share - alone) / (RISE * (1 - alone));
    return (float)(t->params.weights.adversary * fmin(1, fmax(0, gone)));
}

int s2vi_semantic_feed(s2vi_trainer *trainer, s2vi_train_step *step,
                       s2v_error *err)
{
    const s2vi_semantic_trainer *t = trainer->self;
    const bool critics = step == &trainer->critics;
    const s2vi_semantic_inputs *in = critics ? &t->critics : &t->generator;
    const float weight = adversary(t);
    const int ret = s2vi_semantic_write_inputs(t, step, in, err);
    return ret ? ret : write_if(step, in->adversary, &weight, err);
}
