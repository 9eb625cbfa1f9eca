/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generator of "Multi Modal Adaptive Normalization for Audio to Video
 * Generation" (MAN): a portrait speaks. man.c has the network, man_predictor.h
 * the network that predicts the face's geometry.
 *
 *     s2vi_man_defaults(&config);
 *     s2vi_man_generator_build(graph, &config, &in, &out, err);
 *
 * Letters for shapes: n frames; N side of the picture; P side of the geometry;
 * G channels of the geometry; h channels that modulate; H numbers of a sound's
 * code; C channels.
 */
#ifndef S2VI_MODELS_MAN_H
#define S2VI_MODELS_MAN_H

#include "audio/speech.h"
#include "nn/param.h"

#define S2VI_MAN_NAME "man"

enum {
    S2VI_MAN_BLOCKS = 8,
    S2VI_MAN_POINTS = 15,    /* maps of points or of contours */
    S2VI_MAN_PREVIOUS = 5,   /* frames that the predictor sees */
    S2VI_MAN_CONTROLS = 4,   /* eye closure; turn since the portrait: yaw / 20,
                                pitch / 20, roll / 20 degrees */
    S2VI_MAN_LEVELS_MAX = 6, /* of the predictor's U-Net */
    S2VI_MAN_RATE = 25,      /* frames a second */
};

/** What the predictor draws, and the geometry modality is made of. */
typedef enum s2vi_man_geometry {
    S2VI_MAN_FLOW,
    S2VI_MAN_KEYPOINTS,
    S2VI_MAN_CONTOURS,
    S2VI_MAN_FLOW_CONTOURS,
} s2vi_man_geometry;

/** Where the flow of a frame starts. */
typedef enum s2vi_man_flow {
    S2VI_MAN_FLOW_PORTRAIT, /* where each pixel lies in the portrait */
    S2VI_MAN_FLOW_PREVIOUS, /* from the frame before to this one */
} s2vi_man_flow;

/** The network of the image and geometry modalities (table 2). */
typedef enum s2vi_man_video {
    S2VI_MAN_VIDEO_CONV,
    S2VI_MAN_VIDEO_ECA,
    S2VI_MAN_VIDEO_PARTIAL,
} s2vi_man_video;

/** The network of the sound's modalities. */
typedef enum s2vi_man_sound {
    S2VI_MAN_SOUND_CONV1D,
    S2VI_MAN_SOUND_LSTM,
} s2vi_man_sound;

typedef enum s2vi_man_predictor_kind {
    S2VI_MAN_UNET,
    S2VI_MAN_HOURGLASS,
} s2vi_man_predictor_kind;

/** The adversarial loss of training. */
typedef enum s2vi_man_gan {
    S2VI_MAN_HINGE,
    S2VI_MAN_LOG,
    S2VI_MAN_LSGAN,
} s2vi_man_gan;

/** The modalities, in the order of rho. */
typedef enum s2vi_man_modality {
    S2VI_MAN_IMAGE,
    S2VI_MAN_GEOMETRY,
    S2VI_MAN_AMF,
    S2VI_MAN_PITCH,
    S2VI_MAN_ENERGY,
    S2VI_MAN_MODALITIES,
} s2vi_man_modality;

/** A model's shape: all of "s2v.config". */
typedef struct s2vi_man_config {
    int size;          /* N: 16 to 256, a power of 2 */
    int geometry_size; /* P: 8 to N, which the predictor can halve */
    s2vi_man_geometry geometry;
    s2vi_man_flow flow;
    int channels[S2VI_MAN_BLOCKS]; /* of the blocks */
    int n_channels;                /* S2VI_MAN_BLOCKS */
    int hidden;                    /* h */
    int sound_hidden;              /* H */
    s2vi_man_video video;
    s2vi_man_sound sound;
    int share; /* 1: one encoder a modality for all MANs; 0: each has its own */
    int modalities; /* bit i: s2vi_man_modality i is there */
    int warp;  /* 1: the image modality sees the portrait moved by the flow */
    int blend; /* 1: that shows through where a mask says so */
    /* Predictor. */
    s2vi_man_predictor_kind predictor;
    int predictor_channels[S2VI_MAN_LEVELS_MAX]; /* U-Net: of its levels */
    int predictor_levels;
    int hourglass_width, hourglass_depth;
    int predictor_lstm;     /* numbers of the sound's code */
    int predictor_portrait; /* 1: it sees the portrait, too */
    int controls;           /* 1: it is given eyes and head */
    int z;                  /* random numbers a frame; 0: none */
    /* Of training: the critics and their loss. */
    int critics;         /* scales */
    int critic_channels; /* of their first layer */
    int critic_portrait; /* 1: they see the portrait, too */
    s2vi_man_gan gan;
} s2vi_man_config;

/** The configuration `medium`: N = 128, all that ships. */
void s2vi_man_defaults(s2vi_man_config *config);

/** Set the widths of a named size: small, medium, large, paper; false: there is
 * none of that name. */
bool s2vi_man_set_preset(s2vi_man_config *config, const char *name);

/** S2V_OK, or S2V_ERR_MODEL with what is wrong. */
int s2vi_man_config_check(const s2vi_man_config *config, s2v_error *err);

/** Parse the JSON of "s2v.config"; what is missing keeps its default. */
int s2vi_man_config_parse(s2vi_man_config *config, const char *json,
                          s2v_error *err);

/** The JSON; the caller frees it. NULL: out of memory. */
char *s2vi_man_config_text(const s2vi_man_config *config);

/** G: flow 2, maps 15. */
int s2vi_man_geometry_channels(const s2vi_man_config *config);
bool s2vi_man_has_flow(const s2vi_man_config *config);
bool s2vi_man_has_modality(const s2vi_man_config *config,
                           s2vi_man_modality modality);

/* ----------------------------------------------------------- generator -- */

/** Append the parameters of encoders and generator. */
int s2vi_man_generator_params(const s2vi_man_config *config,
                              s2vi_param_list *list, s2v_error *err);

/** What a frame is made of; what a modality that is off would need may be NULL.
 */
typedef struct s2vi_man_inputs {
    s2vi_node *portrait; /* (n,N,N,3) in [-1, 1] */
    s2vi_node *geometry; /* (n,P,P,G): u, v in pixels of P over 8, then maps */
    s2vi_node *amf;      /* (n,13,256), speech.h */
    s2vi_node *mfcc;     /* (n,169) */
    s2vi_node *pitch;    /* (n x 13) levels */
    s2vi_node *energy;   /* (n x 13) levels */
} s2vi_man_inputs;

/** What is recorded; stages are for tests and attention pictures. */
typedef struct s2vi_man_outputs {
    s2vi_node *frames; /* (n,N,N,3) in [-1, 1] */
    s2vi_node *logits; /* (n,2): of CAM, average and maximum */
    s2vi_node *encoded[S2VI_MAN_MODALITIES]; /* (n,H) of AMF, pitch, energy,
                                                where shared */
    s2vi_node *warped;                       /* (n,N,N,3), or NULL */
    s2vi_node *mask; /* (n,N,N,1), of `blend`: 1 where it shows; or NULL */
    s2vi_node *fc;   /* (n,4,4,C1) */
    s2vi_node *block[S2VI_MAN_BLOCKS];
    s2vi_node *cam; /* its sum over the channels is the attention picture */
} s2vi_man_outputs;

/**
 * Record the generator.
 *
 * @return S2V_OK; S2V_ERR_MODEL: the config; S2V_ERR_NOMEM
 */
int s2vi_man_generator_build(s2vi_graph *graph, const s2vi_man_config *config,
                             const s2vi_man_inputs *in, s2vi_man_outputs *out,
                             s2v_error *err);

/**
 * Declare and record a class activation map (CAM: the paper's [23]), of x
 * (n,S,S,C): y = act(1x1([x w_g, x w_m]) + b), with leaky ReLU of `slope`.
 *
 * @param logits set to (n,2): w_g . mean, w_m . maximum over the pixels
 */
typedef struct s2vi_man_cam {
    s2vi_node *gap, *gmp; /* w_g, w_m: (1,C) */
    s2vi_node *weight, *bias;
} s2vi_man_cam;
s2vi_man_cam s2vi_man_cam_declare(const s2vi_scope *scope, int64_t C,
                                  const char *name);
s2vi_node *s2vi_man_cam_record(s2vi_node *x, const s2vi_man_cam *cam,
                               double slope, s2vi_node **logits);

/** x (n,S,S,C) at another side: up the nearest pixel, down the mean of the area
 * that a pixel covers. */
s2vi_node *s2vi_man_resize(s2vi_node *x, int64_t side);

#endif
