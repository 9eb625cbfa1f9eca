/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the families stylegan2, stylegan3 and semantic share: an open generator,
 * and streams whose frames are its pictures of style codes (walk.h). */
#ifndef S2VI_SESSION_STYLEGAN_H
#define S2VI_SESSION_STYLEGAN_H

#include "models/stylegan2.h"
#include "models/stylegan3.h"
#include "run/exec.h"
#include "session/family.h"
#include "session/front_end.h"
#include "session/walk.h"

enum { S2VI_STYLEGAN_PLANES = 2 * S2VI_STYLEGAN2_BLOCKS };

/** An open model; all zeros before. */
typedef struct s2vi_stylegan {
    s2vi_frame_rate rate; /* of its streams */
    s2vi_stylegan_mapping shape;
    int codes, size;
    float *w_avg, *w_std; /* (w) */
    char **class_name;    /* (shape.classes), or NULL */
    s2vi_graph *mapping_graph;
    s2vi_stylegan_mapping_graph mapping;
    s2vi_plan *mapping_plan;
    s2vi_graph *graph;    /* the synthesis, of one picture: */
    s2vi_node *ws;        /* INPUT (1,codes,w) */
    s2vi_node *video;     /* (1,N,N,3) */
    s2vi_node *transform; /* INPUT (3,3): the camera; or NULL */
    s2vi_plan *plan;
    /* Noise: INPUTs (1,r,r,1), their tensors' names, and those one after
     * another. */
    s2vi_node *plane[S2VI_STYLEGAN_PLANES];
    char plane_name[S2VI_STYLEGAN_PLANES][S2VI_PARAM_NAME];
    int n_planes;
    float *planes;
    size_t plane_numbers, largest_plane;
} s2vi_stylegan;

/** Load all parameters of the list, and prepare; set the frame rate. Shape,
 * codes and size are set. S2V_ERR_INVALID: no such rate. */
int s2vi_stylegan_load(s2vi_stylegan *model, s2vi_param_list *list,
                       const s2v_weights *weights,
                       const s2vi_open_params *params, s2v_error *err);

/**
 * Plan the mapping network, whose parameters are in the store, and create
 * `graph` and `ws`. Rate, shape, codes and size are set.
 *
 * @param prefix of the generator's tensors: "", or "generator."
 */
int s2vi_stylegan_prepare(s2vi_stylegan *model, const s2v_weights *weights,
                          const char *prefix, const s2vi_open_params *params,
                          s2v_error *err);

/** Record the synthesis: of `size` pixels, a block's side below the whole, with
 * noise of the file; or of StyleGAN3. S2V_ERR_INVALID: no such size. */
int s2vi_stylegan_record2(s2vi_stylegan *model,
                          const s2vi_stylegan2_config *config, int size,
                          const s2v_weights *weights, const char *prefix,
                          s2v_error *err);
int s2vi_stylegan_record3(s2vi_stylegan *model,
                          const s2vi_stylegan3_config *config, s2v_error *err);

/** Plan the synthesis, which was recorded. */
int s2vi_stylegan_plan(s2vi_stylegan *model, const s2vi_open_params *params,
                       s2v_error *err);

/** Free what is in a model. */
void s2vi_stylegan_clear(s2vi_stylegan *model);

/* ------------------------------------------------------------- streams -- */

/** Where the codes of frames come from, if not from a walk's keyframes; what
 * the walk does beside them remains. */
typedef struct s2vi_stylegan_source {
    const s2vi_extractor *extractor; /* its last features are music's */
    const void *trained;             /* for it */
    double level; /* LUFS of the training's sound; NaN: unknown */
    /** The next frame's codes: ws (codes,w). */
    int (*codes)(void *stream, const float *features, float *ws,
                 s2v_error *err);
} s2vi_stylegan_source;

typedef enum s2vi_stylegan_noise {
    S2VI_STYLEGAN_NOISE_CONST,
    S2VI_STYLEGAN_NOISE_NONE,
    S2VI_STYLEGAN_NOISE_REACT,
} s2vi_stylegan_noise;

/** Where the camera is, and how it moves (StyleGAN3). */
typedef struct s2vi_stylegan_camera {
    bool still; /* codes do not move it */
    double zoom, rotate, pan_x, pan_y;
    double zoom_react, rotate_react, pan_x_react, pan_y_react;
    double angle; /* so far, degrees */
} s2vi_stylegan_camera;

/** A stream, of which another family's may be the beginning. */
typedef struct s2vi_stylegan_stream {
    const s2vi_stylegan *model;
    const s2vi_stylegan_source *source; /* NULL: keyframes */
    void *frames;                       /* a frame stream */
    s2vi_walk *walk;
    s2vi_exec *mapping;
    float *ws; /* (codes,w) */
    s2vi_stylegan_camera camera;
    s2vi_stylegan_noise noise;
    float *other; /* planes to turn to, one after another as the file's */
    float *mixed; /* the largest plane, as it is written */
    bool noise_written;
    uint64_t noise_seed; /* of `other` */
    double turned;       /* from the one to the other, radians */
} s2vi_stylegan_stream;

/** Start a stream, all zeros before; to be ended on failure, too. Model and
 * source outlive it. */
int s2vi_stylegan_begin(s2vi_stylegan_stream *stream,
                        const s2vi_stylegan *model,
                        const s2vi_stylegan_source *source,
                        const s2vi_logger *logger, s2v_error *err);
void s2vi_stylegan_end(s2vi_stylegan_stream *stream);

/** The picture of codes (codes,w), noise as in the file, of an exec of the
 * model's plan: to be read from its `video`. */
int s2vi_stylegan_picture(const s2vi_stylegan *model, s2vi_exec *exec,
                          const float *ws, s2v_error *err);

/* Of a family's row. */
void s2vi_stylegan_close(void *model);
void s2vi_stylegan_info(const void *model, s2v_model_info *info);
s2vi_planned s2vi_stylegan_planned(const void *model, int index);
int s2vi_stylegan_create(void **stream, const void *model,
                         const s2vi_logger *logger, s2v_error *err);
void s2vi_stylegan_close_stream(void *stream);
int s2vi_stylegan_send(void *stream, const float *samples, size_t count,
                       s2v_error *err);
int s2vi_stylegan_drain(void *stream, s2v_error *err);
int s2vi_stylegan_receive(void *stream, s2v_video_frame *frame, s2v_error *err);
void s2vi_stylegan_flush(void *stream);
void s2vi_stylegan_pass_state(void *stream, s2vi_state *state);
void s2vi_stylegan_report(const void *stream, const s2vi_logger *logger);

extern const s2vi_option s2vi_stylegan2_options[], s2vi_stylegan3_options[],
    s2vi_semantic_options[];

#endif
