/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Foley: what one weight file holds to make sound for pictures: VarietySound's
 * generator; unless features come from elsewhere, the visual encoder; and,
 * unless it makes spectrograms only, HiFi-GAN as its vocoder.
 *
 *     s2v_weights_open(&w, "foley.bin", err);
 *     s2vi_foley_read(&config, w, err);          the file is such a model
 *     s2vi_foley_load(&config, w, store, err);   its tensors by name
 *
 *     s2vi_visual_encoder_build(graph, &config.sight, pictures, &v, err);
 *     s2vi_vs_record_timbre(graph, &config.generator, NULL, reference, ..);
 *     s2vi_vs_record_background(graph, &config.generator, zeros, ..);
 *     s2vi_vs_record_mel(graph, &config.generator, NULL, v, ..);
 *     s2vi_hifigan_build(graph, &config.vocoder, net.mel, &audio, err);
 *
 * One clock, from the beginning of film and sound, at 22,050 Hz: picture and
 * feature k stand at sample 1024 k, column j of the mel is centred on sample
 * 256 j (audio/foley_mel.h), the vocoder makes samples [256 j, 256 j + 256) of
 * it.
 *
 * The file: metadata s2v.model = "varietysound", s2v.config = JSON:
 * {"generator":{..},"sight":{"size":64,"channels":16},"vocoder":{..}}, the last
 * two missing where there is none. Tensors have the names of the networks' own
 * lists: "temporal.*", "acoustic.*", "background.*", "decoder.*" of the
 * generator, "sight.*", "conv_pre.*", "ups.*", "resblocks.*", "conv_post.*" of
 * the vocoder; and "timbre.mean".
 */
#ifndef S2VI_MODELS_FOLEY_H
#define S2VI_MODELS_FOLEY_H

#include "models/hifigan.h"
#include "models/visual_encoder.h"
#include "models/varietysound.h"

#define S2VI_FOLEY_NAME S2VI_VS_NAME

/**
 * (2 acoustic_lstm): the mean timbre of what was trained on, to take where no
 * reference is given. `buffer`: training counts it as a running average.
 */
#define S2VI_FOLEY_TIMBRE "timbre.mean"

typedef struct s2vi_foley_config {
    s2vi_vs_config generator; /* bands: 80 */
    bool has_sight;
    s2vi_visual_encoder_config sight; /* features: the generator's */
    bool has_vocoder;
    s2vi_hifigan_config vocoder; /* of 80 bands, 256 samples a column */
} s2vi_foley_config;

/** S2V_OK, or S2V_ERR_MODEL and a sentence on what cannot be. */
int s2vi_foley_config_check(const s2vi_foley_config *config, s2v_error *err);

/** Read s2v.config; unknown keys are refused, missing ones of the generator
 * and of the visual encoder default. */
int s2vi_foley_config_parse(s2vi_foley_config *config, const char *json,
                            s2v_error *err);

/** The config as JSON, keys in fixed order; the caller frees. NULL: memory. */
char *s2vi_foley_config_text(const s2vi_foley_config *config);

/**
 * Append all parameters: the generator's, timbre.mean, the visual encoder's,
 * the vocoder's.
 *
 * @return S2V_OK; S2V_ERR_MODEL; S2V_ERR_NOMEM. On failure the list is as it
 *         was.
 */
int s2vi_foley_params(const s2vi_foley_config *config, s2vi_param_list *list,
                      s2v_error *err);

/**
 * What a file holds: its metadata read, its tensors checked, names and shapes.
 *
 * @return S2V_OK; S2V_ERR_MODEL and a sentence that begins with the path
 */
int s2vi_foley_read(s2vi_foley_config *config, const s2v_weights *weights,
                    s2v_error *err);

/** Read all parameters into the store, under their names. */
int s2vi_foley_load(const s2vi_foley_config *config, const s2v_weights *weights,
                    s2vi_store *store, s2v_error *err);

#endif
