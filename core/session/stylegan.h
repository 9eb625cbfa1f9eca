/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the families stylegan2 and stylegan3 share: an open model, and streams
 * that walk through its pictures (walk.h). */
#ifndef S2VI_SESSION_STYLEGAN_H
#define S2VI_SESSION_STYLEGAN_H

#include "models/stylegan2.h"
#include "session/family.h"

enum { S2VI_STYLEGAN_PLANES = 2 * S2VI_STYLEGAN2_BLOCKS };

/** An open model; all zeros before. */
typedef struct s2vi_stylegan {
    s2vi_stylegan_mapping shape;
    int codes, size;
    float *w_avg, *w_std; /* (w) */
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

/**
 * Load all parameters of the list, and plan the mapping network. Shape, codes
 * and size are set; `graph` and `ws` are created.
 */
int s2vi_stylegan_load(s2vi_stylegan *model, s2vi_param_list *list,
                       const s2v_weights *weights,
                       const s2vi_open_params *params, s2v_error *err);

/** Plan the synthesis, of which `video` and `transform` are set. */
int s2vi_stylegan_plan(s2vi_stylegan *model, const s2vi_open_params *params,
                       s2v_error *err);

/** The noise of `plane` and `plane_name`, which are set, from the file. */
int s2vi_stylegan_read_planes(s2vi_stylegan *model, const s2v_weights *weights,
                              s2v_error *err);

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
void s2vi_stylegan_report(const void *stream, const s2vi_logger *logger);

extern const s2vi_option s2vi_stylegan2_options[], s2vi_stylegan3_options[];

#endif
