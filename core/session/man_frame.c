/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One frame of a talking head, recorded. */
#include "session/man_frame.h"

#include "graph/build.h"
#include "models/man_predictor.h"
#include "session/man_controls.h"
#include "session/speech_extractor.h"

#define KEPT   0.9   /* of z, from frame to frame */
#define NEW    0.436 /* sqrt(1 - KEPT^2) */
#define PIXELS 8.0   /* a flow is in pixels over this */

enum { RGB = 3, PREVIOUS = S2VI_MAN_PREVIOUS };

typedef struct recording {
    s2vi_graph *graph;
    const s2vi_man_config *config;
    s2vi_man_frame *out;
    s2vi_node *first; /* (1,1): 1 at the first frame, then 0 */
} recording;

static void carry(recording *r, s2vi_node *state, s2vi_node *next)
{
    r->out->carry[r->out->n_carry++] = s2vi_assign(state, next);
}

/* A STATE is zero at the first frame, where a run must tell. */
static void record_first(recording *r)
{
    const s2vi_shape one = S2VI_SHAPE(1, 1);
    s2vi_node *begun = s2vi_var(r->graph, S2VI_VAR_STATE, "begun", one);
    r->first = s2vi_affine(begun, -1.0, 1.0);
    carry(r, begun, s2vi_fill(r->graph, 1.0, one));
}

static s2vi_node *record_z(recording *r)
{
    const s2vi_shape shape = S2VI_SHAPE(1, r->config->z);
    if (!r->config->z)
        return NULL;
    r->out->z = s2vi_input(r->graph, "z", S2VI_SHAPE(1, 1));
    s2vi_node *state = s2vi_var(r->graph, S2VI_VAR_STATE, "z.state", shape);
    s2vi_node *noise = s2vi_normal(r->graph, S2VI_MAN_STREAM_Z, shape);
    s2vi_node *z =
        s2vi_add(s2vi_scale(state, KEPT),
                 s2vi_mul(noise, s2vi_affine(r->first, 1.0 - NEW, NEW)));
    carry(r, state, z);
    return s2vi_mul(z, r->out->z);
}

/* The frames before, the oldest first: (1,P,P,15); of the portrait at first. */
static s2vi_node *record_previous(recording *r, s2vi_node **state)
{
    const int P = r->config->geometry_size;
    s2vi_node *small = s2vi_man_resize(r->out->portrait, P);
    s2vi_node *five[PREVIOUS];
    for (int i = 0; i < PREVIOUS; i++)
        five[i] = small;
    *state = s2vi_var(r->graph, S2VI_VAR_STATE, "previous",
                      S2VI_SHAPE(1, P, P, PREVIOUS * RGB));
    return s2vi_add(*state,
                    s2vi_mul(s2vi_concat(five, PREVIOUS, RGB),
                             s2vi_reshape(r->first, S2VI_SHAPE(1, 1, 1, 1))));
}

/* The flow times 1 + more; maps where that moves them. A map at p shows what
 * lies in the portrait at p + flow(p): with e times the flow, it stands where
 * p - (e - 1) flow was. */
static s2vi_node *exaggerate(recording *r, s2vi_node *geometry)
{
    const int P = r->config->geometry_size;
    const int maps = s2vi_man_geometry_channels(r->config) - 2;
    r->out->more = s2vi_input(r->graph, "more", S2VI_SHAPE(1, P, P, 1));
    s2vi_node *flow = s2vi_slice(geometry, 3, 0, 2);
    s2vi_node *added = s2vi_mul(flow, r->out->more);
    r->out->flow = s2vi_add(flow, added);
    if (!maps)
        return r->out->flow;
    s2vi_node *both[] = {
        r->out->flow,
        s2vi_warp(s2vi_slice(geometry, 3, 2, maps), s2vi_scale(added, PIXELS))};
    return s2vi_concat(both, 2, 3);
}

/* What the features hold. */
static s2vi_node *part(const recording *r, int from, int count,
                       s2vi_shape shape)
{
    return s2vi_reshape(s2vi_slice(r->out->features, 1, from, count), shape);
}

static void record_predictor(recording *r, s2vi_man_inputs *in,
                             s2vi_node **previous, s2vi_node **state,
                             s2v_error *err)
{
    const s2vi_man_config *c = r->config;
    *previous = record_previous(r, state);
    const s2vi_man_predictor_inputs seen = {
        .portrait = r->out->portrait,
        .previous = *previous,
        .amf = in->amf,
        .controls = part(r, S2VI_SPEECH_CONTROLS, S2VI_MAN_CONTROLS,
                         S2VI_SHAPE(1, S2VI_MAN_CONTROLS)),
        .z = record_z(r),
    };
    s2vi_man_predictor_build(r->graph, c, &seen, &in->geometry, NULL, err);
    if (s2vi_man_has_flow(c))
        in->geometry = exaggerate(r, in->geometry);
}

static bool sees_geometry(const s2vi_man_config *c)
{
    return s2vi_man_has_modality(c, S2VI_MAN_GEOMETRY) ||
           (c->warp && s2vi_man_has_modality(c, S2VI_MAN_IMAGE));
}

int s2vi_man_frame_build(s2vi_graph *graph, const s2vi_man_config *c,
                         s2vi_man_frame *out, s2v_error *err)
{
    enum { COLUMNS = S2VI_SPEECH_COLUMNS };
    recording r = {.graph = graph, .config = c, .out = out};
    s2vi_node *previous = NULL, *state = NULL;
    s2vi_man_outputs made;
    *out = (s2vi_man_frame){0};
    out->features =
        s2vi_input(graph, "features", S2VI_SHAPE(1, S2VI_SPEECH_FEATURES));
    out->portrait =
        s2vi_input(graph, "portrait", S2VI_SHAPE(1, c->size, c->size, RGB));
    s2vi_man_inputs in = {
        .portrait = out->portrait,
        .amf = part(&r, S2VI_SPEECH_MEL, S2VI_SPEECH_MFCC - S2VI_SPEECH_MEL,
                    S2VI_SHAPE(1, COLUMNS, S2VI_SPEECH_BANDS)),
        .mfcc = part(&r, S2VI_SPEECH_MFCC, S2VI_SPEECH_PITCH - S2VI_SPEECH_MFCC,
                     S2VI_SHAPE(1, S2VI_SPEECH_PITCH - S2VI_SPEECH_MFCC)),
        .pitch = part(&r, S2VI_SPEECH_PITCH, COLUMNS, S2VI_SHAPE(COLUMNS)),
        .energy = part(&r, S2VI_SPEECH_ENERGY, COLUMNS, S2VI_SHAPE(COLUMNS)),
    };
    record_first(&r);
    record_predictor(&r, &in, &previous, &state, err);
    const int ret = s2vi_man_generator_build(graph, c, &in, &made, err);
    if (ret < 0)
        return ret;
    out->video = made.frames;
    s2vi_node *both[] = {
        s2vi_slice(previous, 3, RGB, (PREVIOUS - 1) * RGB),
        s2vi_man_resize(made.frames, c->geometry_size),
    };
    carry(&r, state, s2vi_concat(both, 2, 3));
    if (!sees_geometry(c)) /* then it is not computed, nor what it is made of */
        out->z = out->more = out->flow = NULL;
    return s2vi_graph_status(graph, err);
}
