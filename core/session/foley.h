/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Video to audio: VarietySound's networks planned in windows, and a stream
 * through them.
 *
 * One clock, that of models/foley.h: picture and feature k stand at sample
 * 1024 k, column j of the mel at sample 256 j. Before the beginning of the
 * video its first picture is repeated, after its end the last one.
 *
 * Windows, in features: the generator makes `length` of them at a time, window
 * i of
 *
 *     [i hop - past, i hop - past + length),  length = past + hop + fade +
 * ahead
 *
 * From [i hop, i hop + fade) on it takes the place of the window before, by a
 * cross-fade of the mels; `past` and `ahead` are not output. The last one
 * is the first that reaches the film's end, and is used as far as it goes.
 * After it comes silence.
 *
 * The vocoder runs on `vocoder` columns of that one mel at a time, with
 * `context`, which is all that a sample depends on, before and after them: its
 * samples are those of one run over the whole mel.
 */
#ifndef S2VI_SESSION_FOLEY_H
#define S2VI_SESSION_FOLEY_H

#include "base/log.h"
#include "base/progress.h"
#include "base/state.h"
#include "models/foley.h"
#include "run/plan.h"

/* ------------------------------------------------------------- models -- */

typedef struct s2vi_foley_windows {
    int length, past, hop, fade, ahead; /* features */
    int vocoder, context;               /* columns */
} s2vi_foley_windows;

/** A network, planned. */
typedef struct s2vi_foley_part {
    s2vi_graph *graph;
    s2vi_plan *plan;
    s2vi_node *in, *out;
} s2vi_foley_part;

/** Immutable once open. */
typedef struct s2vi_foley_model {
    s2vi_foley_config config;
    s2vi_foley_windows windows;
    s2vi_foley_part visual_encoder; /* pictures or planes -> (1,1,F) */
    s2vi_foley_part timbre;         /* (1,4 length,80) -> (1,D) */
    s2vi_foley_part mel;            /* (1,length,F) -> (1,4 length,80) */
    s2vi_node *mel_timbre;          /* (1,D): its other input */
    s2vi_foley_part vocoder;        /* (1,vocoder + 2 context,80) -> samples */
    float *mean;                    /* (D): the timbre without a reference */
} s2vi_foley_model;

/** Features of a window where the file's metadata has no "s2v.window". */
enum { S2VI_FOLEY_WINDOW = 215 };

/**
 * Windows of `length` features for a latency.
 *
 * @param latency  maximum in milliseconds, or 0: the best quality
 * @param windows  vocoder and context are left alone but for a latency
 * @return S2V_OK; S2V_ERR_INVALID and a sentence: the latency is too small
 */
int s2vi_foley_cut(s2vi_foley_windows *windows, int length, int context,
                   int latency, s2v_error *err);

/** Samples past its own time that a sample has to wait for, at most. */
int64_t s2vi_foley_latency(const s2vi_foley_windows *windows);

/** Columns of the mel, before and after, that a sample depends on. */
int s2vi_foley_context(const s2vi_hifigan_config *config);

/**
 * Load a weight file into the store and plan its networks.
 *
 * @param model   set to a new model, which the caller closes; NULL on failure
 * @param latency as s2v_model_params says it
 */
int s2vi_foley_open(s2vi_foley_model **model, const s2v_weights *weights,
                    s2vi_store *store, int latency,
                    const s2vi_progress *progress, s2v_error *err);
void s2vi_foley_close(s2vi_foley_model **model);

/* ------------------------------------------------------------ streams -- */

typedef struct s2vi_foley_stream s2vi_foley_stream;

int s2vi_foley_stream_create(s2vi_foley_stream **stream,
                             const s2vi_foley_model *model, s2v_error *err);
void s2vi_foley_stream_close(s2vi_foley_stream **stream);

/** Log where the networks' time went, if $S2V_PROFILE was set (profile.h). */
void s2vi_foley_stream_report(const s2vi_foley_stream *stream,
                              const s2vi_logger *logger);

/** A factor for the samples received from now on; 1 before. */
void s2vi_foley_stream_set_gain(s2vi_foley_stream *stream, float gain);

/** As the options of the same names have them: a factor of the motion that is
 * seen from now on, 1 before; regions of the pictures that are sent from now
 * on; a file of onsets, before the reference and the first picture, "none" for
 * none (foley_edit.h). */
void s2vi_foley_stream_set_sensitivity(s2vi_foley_stream *stream, float factor);
int s2vi_foley_stream_set_regions(s2vi_foley_stream *stream, const char *text,
                                  s2v_error *err);
int s2vi_foley_stream_set_onsets(s2vi_foley_stream *stream, const char *path,
                                 s2v_error *err);
/** What makes the sound, before the reference: "vocoder", or "strokes", those
 * of the reference itself (foley_strokes.h). */
int s2vi_foley_stream_set_synthesis(s2vi_foley_stream *stream, const char *name,
                                    s2v_error *err);

/** As s2v.h has them. */
int s2vi_foley_stream_set_reference(s2vi_foley_stream *stream,
                                    const float *samples, size_t count,
                                    s2v_error *err);
int s2vi_foley_stream_send(s2vi_foley_stream *stream,
                           const s2v_picture *picture, s2v_error *err);
void s2vi_foley_stream_drain(s2vi_foley_stream *stream);
int s2vi_foley_stream_receive(s2vi_foley_stream *stream, s2v_audio_frame *frame,
                              s2v_error *err);
void s2vi_foley_stream_flush(s2vi_foley_stream *stream);
void s2vi_foley_stream_pass_state(s2vi_foley_stream *stream, s2vi_state *state);

#endif
