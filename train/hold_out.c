/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well a training does on the part that is held out of it. */
#include "hold_out.h"

#include "base/error.h"
#include "measure/metrics.h"
#include "video/pixel.h"

#include <stdlib.h>

typedef struct measuring {
    int size;
    float *real, *made; /* a frame each, in [0, 1] */
    double *scratch;
    uint8_t *moves;      /* nothing: all pixels count alike */
    s2vi_vision *vision; /* or NULL */
    s2vi_score score;
} measuring;

static int look(measuring *m, s2v_error *err)
{
    double distance;
    if (!m->vision)
        return S2V_OK;
    int ret = s2vi_vision_compare(m->vision, m->real, m->made, &distance, NULL,
                                  NULL, err);
    if (!ret)
        s2vi_batched_add(&m->score.lpips, distance);
    return ret;
}

static int add_frames(void *opaque, const uint8_t *real, const float *made,
                      int n, s2v_error *err)
{
    measuring *m = opaque;
    const int64_t pixels = (int64_t)m->size * m->size;
    int ret = S2V_OK;
    for (int i = 0; i < n && !ret;
         i++, real += 3 * pixels, made += 3 * pixels) {
        s2vi_frame_to_float(real, (ptrdiff_t)m->size * 3, m->size, m->size,
                            m->real);
        for (int64_t k = 0; k < 3 * pixels; k++)
            m->made[k] = (float)s2vi_pixel_byte(made[k]) / 255;
        s2vi_score_add(
            &m->score,
            s2vi_ssim(m->real, m->made, m->size, m->size, m->scratch),
            s2vi_square_errors(m->real, m->made, pixels, m->moves));
        ret = look(m, err);
    }
    return ret;
}

int s2vi_hold_out(s2vi_lm_trainer *trainer, int size, s2vi_vision *vision,
                  s2vi_held_out *out, s2v_error *err)
{
    const size_t values = (size_t)size * (size_t)size * 3;
    measuring m = {
        .size = size,
        .vision = vision,
        .real = malloc(values * sizeof(float)),
        .made = malloc(values * sizeof(float)),
        .scratch = malloc(s2vi_ssim_scratch(size, size) * sizeof(double)),
    };
    m.moves = calloc(values / 3, 1);
    int ret = m.real && m.made && m.scratch && m.moves
                  ? s2vi_lm_trainer_hold_out(trainer, add_frames, &m, err)
                  : s2vi_error_nomem(err, "what is held out");
    *out = (s2vi_held_out){
        .frames = m.score.ssim.frames,
        .ssim = s2vi_batched_mean(&m.score.ssim),
        .lpips = s2vi_batched_mean(&m.score.lpips),
        .psnr =
            s2vi_psnr(s2vi_score_mse(&m.score, (int64_t)size * size, 0).all),
    };
    free(m.real);
    free(m.made);
    free(m.scratch);
    free(m.moves);
    return ret;
}
