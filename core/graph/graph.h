/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program form: a graph of nodes, recorded once for fixed shapes, then
 * planned for a backend (run/plan.h) and run many times.
 *
 * A node is a value: an op, its inputs, its attributes and the shape of its
 * result. Nodes are recorded in an order in which they could run and live as
 * long as their graph. Builders return NULL on a mistake (shapes that do not
 * fit) or without memory; a NULL operand gives NULL, so that a model can be
 * written without checks and s2vi_graph_status() asked once at its end.
 */
#ifndef S2VI_GRAPH_GRAPH_H
#define S2VI_GRAPH_GRAPH_H

#include "base/error.h"
#include "graph/shape.h"

#define S2VI_MAX_INPUTS 64

typedef enum s2vi_op {
#define S2VI_OP(id, name, arity, kind, shape, grad, flops, tol) S2VI_OP_##id,
#include "graph/ops.def"
    S2VI_OP_COUNT
} s2vi_op;

/** What a node computes, in the words of ops.def. */
typedef enum s2vi_op_kind {
    S2VI_KIND_LEAF,
    S2VI_KIND_MAP,
    S2VI_KIND_VIEW,
    S2VI_KIND_REDUCE,
    S2VI_KIND_DENSE,
    S2VI_KIND_EFFECT,
} s2vi_op_kind;

/** Activation that the fusion pass folds into CONV and CONV_DATA. */
typedef enum s2vi_activation {
    S2VI_ACT_NONE,
    S2VI_ACT_LRELU, /* slope in attr.slope */
    S2VI_ACT_TANH,
    S2VI_ACT_SIGMOID,
} s2vi_activation;

/** Sliding window over 1, 2 or 3 spatial dimensions, outermost first. */
typedef struct s2vi_window {
    int rank;
    int kernel[3]; /* pools only: a convolution's is its weight's shape */
    int stride[3];
    int pad_lo[3], pad_hi[3]; /* zeros before and after each dimension */
} s2vi_window;

/** FIR: factors and zeros of each dimension of an image, height first. */
typedef struct s2vi_fir {
    int up[2], down[2];
    int lo[2], hi[2]; /* zeros before and after, once upsampled; < 0: cut */
    double gain;      /* of every result */
    bool correlate;   /* out_o = sum f_k x_(o+k): taps as they are */
} s2vi_fir;

/** A chain's instruction: register `dst` = op(operands); see chain.h. */
typedef struct s2vi_chain s2vi_chain;

/** Everything about a node but its inputs and shape; unused members are 0. */
typedef struct s2vi_attr {
    double scale, offset;      /* AFFINE: scale x + offset; FILL: offset */
    double slope;              /* LRELU, STEP: slope below zero */
    double eps;                /* MOMENTS, ADAM */
    double rate, beta1, beta2; /* ADAM */
    double decay;              /* ADAM: of weights; AdamW's lambda */
    uint32_t axes;             /* SUM, MOMENTS: bit i = dimension i */
    int axis;                  /* CONCAT */
    int64_t lo[S2VI_MAX_RANK]; /* PAD: zeros before; negative: cut */
    int64_t hi[S2VI_MAX_RANK]; /* PAD: zeros after; negative: cut */
    int perm[S2VI_MAX_RANK];   /* PERMUTE: result dim i = input perm[i] */
    s2vi_window window;        /* convolutions, pools, UPSAMPLE (stride) */
    int groups;                /* CONV, CONV_DATA, CONV_WEIGHT: parts of the
                                  channels that are convolved each by itself; 0
                                  and 1: there is one */
    s2vi_fir fir;              /* FIR */
    bool trans_a, trans_b;     /* MATMUL: last two dimensions swapped */
    bool reverse;              /* LSTM, LSTM_DA: from the last column on */
    bool uniform;              /* RANDOM: (0,1) instead of N(0,1) */
    uint32_t stream;           /* RANDOM: philox.h */
    s2vi_activation act;       /* set by fusion */
    bool accumulate;           /* set by fusion: last input is added */
    bool plane;                /* likewise, after that: a plane (one channel),
                                  times one number a channel */
    const s2vi_chain *chain;   /* CHAIN */
} s2vi_attr;

/** How a variable's memory is held; see run/store.h. */
typedef enum s2vi_var_kind {
    S2VI_VAR_PARAM, /* learned; shared by all that run the store */
    S2VI_VAR_SLOT,  /* optimiser's; shared like a parameter */
    S2VI_VAR_STATE, /* recurrent; each exec has its own, initially zero */
} s2vi_var_kind;

typedef struct s2vi_graph s2vi_graph;
typedef struct s2vi_node s2vi_node;

struct s2vi_node {
    s2vi_graph *graph;
    s2vi_op op;
    int id; /* place in the recording; -1: none yet */
    s2vi_shape shape;
    int n_inputs;
    s2vi_node **input;
    s2vi_attr attr;
    const char *name;       /* INPUT, VAR; NULL elsewhere */
    s2vi_var_kind var_kind; /* VAR */
};

/** What ops.def says of an op. */
typedef struct s2vi_op_info {
    const char *name;
    int arity;
    s2vi_op_kind kind;
    bool (*shape)(s2vi_node *node); /* false: a sentence is on the graph */
    double (*flops)(const s2vi_node *node);
    double tolerance;
} s2vi_op_info;

const s2vi_op_info *s2vi_op_get(s2vi_op op);

/** Whether a convolution or its adjoint has several groups of channels: its
 * weight is (Cout, kernel, Cin / groups). */
bool s2vi_is_grouped(const s2vi_node *node);

/** A CONV that sees one point alone: a product for each. Not a grouped one. */
bool s2vi_is_pointwise(const s2vi_node *node);

/** A new, empty graph, or NULL. */
s2vi_graph *s2vi_graph_create(void);
void s2vi_graph_close(s2vi_graph **graph);

/** S2V_OK, or the first mistake made in recording, its sentence in `err`. */
int s2vi_graph_status(const s2vi_graph *graph, s2v_error *err);

int s2vi_graph_count(const s2vi_graph *graph);
s2vi_node *s2vi_graph_node(const s2vi_graph *graph, int id);

/** The INPUT or VAR of that name, or NULL. */
s2vi_node *s2vi_graph_find(const s2vi_graph *graph, const char *name);

/**
 * The PARAM VAR of that name, made where the graph has none yet. Unlike
 * s2vi_var()'s it takes its place in the recording where it is first used, and
 * is not in it before: gradients are summed up at a node's place, and what
 * their sum is made of lives until then.
 */
s2vi_node *s2vi_graph_param(s2vi_graph *graph, const char *name,
                            s2vi_shape shape);

/** Zeroed memory that lives as long as the graph, or NULL (and a mistake). */
void *s2vi_graph_alloc(s2vi_graph *graph, size_t size);

/** Note a mistake (the first one counts); always returns NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void *
s2vi_graph_mistake(s2vi_graph *graph, const char *format, ...);

/**
 * Record a node. `shape` NULL: the op's rule gives it.
 *
 * @return the node, or NULL after noting the mistake on the graph
 */
s2vi_node *s2vi_node_create(s2vi_graph *graph, s2vi_op op,
                            s2vi_node *const *inputs, int n_inputs,
                            const s2vi_attr *attr, const s2vi_shape *shape);

#endif
