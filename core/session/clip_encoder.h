/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts and pictures in CLIP's space, by a user's CLIP file and list of merges:
 *
 *     s2vi_clip_encoder_open(&clip, weights, S2VI_CLIP_BOTH, merges, backend,
 *                            err);
 *     s2vi_clip_encode_text(clip, "heavy rain", words, &tokens, err);
 *     s2vi_clip_encode_picture(clip, &picture, seen, err);
 *     // the cosine of words and seen is how well they agree
 */
#ifndef S2VI_SESSION_CLIP_ENCODER_H
#define S2VI_SESSION_CLIP_ENCODER_H

#include "models/clip.h"
#include "video/face.h"

/** One thread at a time. */
typedef struct s2vi_clip_encoder s2vi_clip_encoder;

/**
 * @param weights read here, not kept; OpenAI's or Hugging Face's names
 * @param part    towers that are needed; the file may have the other one, too
 * @param merges  path of the list of merges; NULL if no text is needed
 * @param backend must outlive the encoder
 * @return S2V_OK; S2V_ERR_MODEL: no CLIP, or a tower is missing; those of
 *         s2vi_clip_tokenizer_open(); others
 */
int s2vi_clip_encoder_open(s2vi_clip_encoder **encoder,
                           const s2v_weights *weights, s2vi_clip_part part,
                           const char *merges, s2vi_backend *backend,
                           s2v_error *err);

/** Close it and set the pointer to NULL. NULL is fine. */
void s2vi_clip_encoder_close(s2vi_clip_encoder **encoder);

const s2vi_clip_config *s2vi_clip_encoder_config(
    const s2vi_clip_encoder *encoder);

/**
 * A text's embedding, at length 1. The tower runs as far as the text goes.
 *
 * @param out    (embedding)
 * @param tokens set to how many the text has: of more than the model's context,
 *               the first are heeded, which a user is to be told
 * @return S2V_OK; S2V_ERR_INVALID: no UTF-8, or no words; others
 */
int s2vi_clip_encode_text(s2vi_clip_encoder *encoder, const char *text,
                          float *out, int *tokens, s2v_error *err);

/** A picture's embedding, at length 1: out (embedding). */
int s2vi_clip_encode_picture(s2vi_clip_encoder *encoder,
                             const s2vi_image *picture, float *out,
                             s2v_error *err);

#endif
