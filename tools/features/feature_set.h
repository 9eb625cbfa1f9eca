/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A clip's features as VarietySound's authors took them (RegNet's, see
 * networks/bn_inception.c): BN-Inception of pictures and of optical flow.
 *
 * At 11025/512 = 21.53 pictures a second, feature k is made of picture k + 1,
 * and of the flow from picture k to it. The whole picture is stretched to
 * 224x224. A flow is in pixels of a picture of 340x256.
 *
 * What differs: the authors' flow is TV-L1's, of pictures of 340x256, and goes
 * through JPEG; here it is flow.h's, of the 224x224.
 */
#ifndef S2V_TOOLS_FEATURE_SET_H
#define S2V_TOOLS_FEATURE_SET_H

#include "media/ingest.h"
#include "networks/bn_inception.h"

enum { FEATURES_WIDTH = 2 * S2VI_BN_FEATURES };

/** Networks of pictures and of flow, planned. */
typedef struct features features;

typedef struct features_params {
    const char *rgb, *flow; /* weight files; flow NULL: rgb's, averaged */
    const char *device;     /* NULL: auto */
    int threads;            /* 0: all */
} features_params;

/** @param out to be closed; NULL on failure */
int features_open(features **out, const features_params *params,
                  s2v_error *err);
void features_close(features **f);

/**
 * Features of pictures.
 *
 * @param rgb   (count + 1,224,224,3)
 * @param out   receives (count,2048): pictures' 1024, flows' 1024
 */
int features_run(features *f, const uint8_t *rgb, int64_t count, float *out,
                 s2v_error *err);

/** Where a set comes from. */
typedef struct features_source {
    const char *clip;          /* a media file */
    int track;                 /* of its sound: 1 is the first; 0: ffmpeg's */
    const s2vi_ingest *ingest; /* says and refuses what is bad; may be NULL */
} features_source;

/**
 * Write a clip's feature set: `features` (T,2048) and its own sound's `mel`
 * (80,4 T), as s2v-train varietysound takes them.
 */
int features_write(features *f, const features_source *from, const char *path,
                   s2v_error *err);

#endif
