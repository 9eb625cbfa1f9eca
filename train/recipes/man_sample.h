/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAN: what is drawn of the clips for an iteration, augmented.
 *
 * A sample is a frame of a run: 1 to S2VI_MAN_RUN frames in a row of one clip,
 * with one portrait, crop, colour and sound, one of them each iteration. All of
 * it follows from seed, place in the batch and iteration alone.
 */
#ifndef S2VI_RECIPES_MAN_SAMPLE_H
#define S2VI_RECIPES_MAN_SAMPLE_H

#include "models/man.h"
#include "recipes/man_mouth.h"

enum { S2VI_MAN_RUN = 6 };

/** Numbers of one sample, as the networks' inputs have them (man.h). */
typedef struct s2vi_man_sample {
    float *portrait; /* (N,N,3) in [-1, 1] */
    float *real;     /* (N,N,3) */
    float *previous; /* (P,P,15), spoilt a little */
    float *geometry; /* (P,P,G) */
    float *speech;   /* (S2VI_SPEECH_NUMBERS) */
    float *controls; /* (4) */
} s2vi_man_sample;

/** Draws samples; one thread. */
typedef struct s2vi_man_sampler s2vi_man_sampler;

typedef struct s2vi_man_sampler_params {
    const s2vi_man_config *config;
    const s2vi_talking_heads *data; /* levelled; both outlive the sampler */
    uint64_t seed;
    int batch;
} s2vi_man_sampler_params;

/** @return S2V_OK; S2V_ERR_INVALID: no clip is long enough; S2V_ERR_NOMEM */
int s2vi_man_sampler_create(s2vi_man_sampler **sampler,
                            const s2vi_man_sampler_params *params,
                            s2v_error *err);
void s2vi_man_sampler_close(s2vi_man_sampler **sampler);

/**
 * The sample of iteration `step` at `place` in the batch.
 *
 * @param out  its members point to room for them
 * @param first set to whether it begins a run: no frame was made before it
 */
void s2vi_man_sampler_draw(s2vi_man_sampler *sampler, int64_t step, int place,
                           s2vi_man_sample *out, bool *first);

/**
 * Sound number `number` of those that are drawn without pictures.
 *
 * @param speech (S2VI_SPEECH_NUMBERS), of one frame
 * @param mouth  (S2VI_MAN_MOUTH): the mouth in that frame
 */
void s2vi_man_sampler_hear(s2vi_man_sampler *sampler, uint64_t number,
                           float *speech, float *mouth);

/** Frame `t` of a clip as it is, after the portrait, frame 0; the frames before
 * are all the portrait. */
void s2vi_man_sampler_plain(s2vi_man_sampler *sampler,
                            const s2vi_talking_head *clip, int64_t t,
                            s2vi_man_sample *out);

#endif
