/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of families: what s2v_model_*() and s2v_session_*() dispatch to.
 *
 * A family is one kind of model, that of a weight file's metadata "s2v.model".
 * Its row, in its own file, defines the inputs and outputs of a session, and
 * its functions. `network` is an open model's own data, immutable and shared by
 * its sessions; `stream` a session's. Errors are those of s2v.h, which
 * documents each function of a session.
 */
#ifndef S2VI_SESSION_FAMILY_H
#define S2VI_SESSION_FAMILY_H

#include "base/log.h"
#include "base/progress.h"
#include "base/state.h"
#include "run/plan.h"
#include "weights/weights.h"

/** How a model is opened. */
typedef struct s2vi_open_params {
    const char *path;          /* of the file, for log lines and errors */
    s2vi_store *store;         /* for the parameters; outlives the network */
    const s2vi_logger *logger; /* valid during the call */
    int latency_ms;            /* as s2v_model_params has it */
    int size;                  /* video_size of the same, */
    const char *fps;           /* and fps: NULL: its own */
    const s2vi_progress *progress; /* to be reported from time to time */
} s2vi_open_params;

/** An option's value, of its kind and in its range. */
typedef struct s2vi_value {
    uint64_t integer; /* a negative one as its two's complement */
    double number;    /* of an integer as well */
    const char *text; /* as it was given; valid during the call */
} s2vi_value;

/** An option of a family's sessions. */
typedef struct s2vi_option {
    s2v_option about; /* `size` is not used */
    /** Set it, for the first time before the first input; NULL if that happens
     * when the model is opened. On failure it is as before. */
    int (*set)(void *stream, const s2vi_value *value, s2v_error *err);
} s2vi_option;

/** One of a model's plans. */
typedef struct s2vi_planned {
    const s2vi_plan *plan;
    double rate; /* runs in a second of the stream; 0: only now and then, with
                    memory that is given back */
} s2vi_planned;

/** A row. Members marked as optional may be NULL. */
typedef struct s2vi_family {
    const char *name;  /* s2v.model of its files */
    unsigned inputs;   /* S2V_MEDIUM_*: what a session takes, together: */
    unsigned required; /* those that it cannot do without, */
    unsigned outputs;  /* and what it makes */
    const s2vi_option *options; /* a nameless one after the last */

    /* ---- models ---- */

    /** Read the file's metadata, load its tensors, plan the networks. On
     * failure, close() is called with what is in `network`. */
    int (*open)(void **network, const s2v_weights *weights,
                const s2vi_open_params *params, s2v_error *err);
    /** NULL is fine. */
    void (*close)(void *network);
    /** Fill in rates, sizes and latency; the rest is the caller's. */
    void (*info)(const void *network, s2v_model_info *info);
    /** Plan `index`; rate and plan are 0 past the last. */
    s2vi_planned (*plan)(const void *network, int index);

    /* ---- streams ---- */

    /** Each option is set next. On failure, close_stream() is called with what
     * is in `stream`. The logger outlives the stream. */
    int (*create)(void **stream, const void *network, const s2vi_logger *logger,
                  s2v_error *err);
    /** NULL is fine. */
    void (*close_stream)(void *stream);
    /** Optional, each with its flag in `inputs`. Pictures of set_image() have
     * data and a size within bounds; texts are UTF-8. */
    int (*send_audio)(void *stream, const float *samples, size_t count,
                      s2v_error *err);
    int (*send_video)(void *stream, const s2v_picture *picture, s2v_error *err);
    int (*set_image)(void *stream, const s2v_picture *picture, s2v_error *err);
    int (*set_text)(void *stream, const char *text, s2v_error *err);
    int (*set_reference)(void *stream, const float *samples, size_t count,
                         s2v_error *err);
    int (*drain)(void *stream, s2v_error *err);
    /** Optional, each with its flag in `outputs`. S2V_ERR_AGAIN and S2V_ERR_EOF
     * need no sentence. */
    int (*receive_video)(void *stream, s2v_video_frame *frame, s2v_error *err);
    int (*receive_audio)(void *stream, s2v_audio_frame *frame, s2v_error *err);
    /** Optional: the size of frames, where it may be another than the model's;
     * that is what they are set to before. */
    void (*video_size)(const void *stream, int *width, int *height);
    void (*flush)(void *stream);
    /** Optional: save or restore all that the output to come depends on, but
     * for options, image, text and reference, which are set before (state.h).
     * It is restored into a stream that was flushed. */
    void (*pass_state)(void *stream, s2vi_state *state);
    /** Log where the time went, if $S2V_PROFILE was set (profile.h). */
    void (*report)(const void *stream, const s2vi_logger *logger);
} s2vi_family;

/** All rows, s2vi_family_NAME of session/NAME.c for each NAME in the list
 * `families` of core/meson.build; NULL after the last. */
extern const s2vi_family *const s2vi_families[];

/** The row of that name, or NULL. */
const s2vi_family *s2vi_family_find(const char *name);

/** The option of that name, or NULL and a sentence. */
const s2vi_option *s2vi_option_find(const s2vi_family *family, const char *name,
                                    s2v_error *err);

/** A value from text: S2V_ERR_INVALID where it is none, or beyond the range. */
int s2vi_option_parse(const s2v_option *option, const char *text,
                      s2vi_value *value, s2v_error *err);

/** That a picture has data, and a size from 1x1 to 32768x32768. */
int s2vi_picture_check(const s2v_picture *picture, s2v_error *err);

enum { S2VI_FAMILY_NAMES = 256, S2VI_MEDIA_TEXT = 64 };

/** The names, for an error: "'a', 'b' or 'c'". Returns `text`. */
char *s2vi_family_names(char text[S2VI_FAMILY_NAMES]);

/** S2V_MEDIUM_* flags, for an error: "video and a reference sound". Returns
 * `text`. */
char *s2vi_media_text(char text[S2VI_MEDIA_TEXT], unsigned media);

#endif
