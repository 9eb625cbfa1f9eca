/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for pictures: how a film is cut into windows, and the networks. */
#include "session/foley.h"

#include "audio/foley_mel.h"
#include "graph/build.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOP = S2VI_VISUAL_ENCODER_HOP,
    COLUMN = S2VI_FOLEY_MEL_HOP,
    BANDS = S2VI_FOLEY_MEL_BANDS,
    RATIO = S2VI_VS_RATIO,
    LEAST_WINDOW = 16, /* features */
    MOST_WINDOW = 4096,
    LEAST_LIVE = 3,     /* hop, fade, ahead: one feature each */
    MOST_VOCODER = 128, /* columns at a time */
};

/* ------------------------------------------------------------ windows -- */

static int64_t divide_up(int64_t a, int64_t b) /* b > 0 */
{
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

static int64_t divide_down(int64_t a, int64_t b)
{
    return -divide_up(-a, b);
}

/* Taps to either side that the residual blocks of a stage reach. */
static int block_reach(const s2vi_hifigan_config *c)
{
    int most = 0;
    for (int k = 0; k < c->n_kernels; k++) {
        int reach = 0;
        for (int d = 0; d < c->n_dilations; d++)
            reach += c->kernel[k] / 2 *
                     (c->dilation[k][d] + (c->resblock == 1 ? 1 : 0));
        most = reach > most ? reach : most;
    }
    return most;
}

/*
 * The way back from samples [0, n): what is needed of each stage's input is
 * [-before, n' + after). A transposed convolution of stride u, kernel k and
 * padding p makes output o of inputs (o + p - k + 1) / u to (o + p) / u.
 */
int s2vi_foley_context(const s2vi_hifigan_config *c)
{
    int64_t before = 3, after = 3; /* the last convolution: 7 taps */
    for (int i = c->n_ups - 1; i >= 0; i--) {
        const int u = c->rate[i], k = c->up_kernel[i], p = (k - u) / 2;
        before += block_reach(c);
        after += block_reach(c);
        before = -divide_up(-before + p - k + 1, u);
        after = divide_down(after - 1 + p, u) + 1;
    }
    return (int)((before > after ? before : after) + 3); /* the first one */
}

int64_t s2vi_foley_latency(const s2vi_foley_windows *w)
{
    return (int64_t)(w->hop + w->fade + w->ahead - 1) * HOP +
           (int64_t)w->context * COLUMN;
}

/* The most columns, up to MOST_VOCODER, that windows can be cut into. */
static int vocoder_columns(int hop)
{
    int n = RATIO * hop < MOST_VOCODER ? RATIO * hop : MOST_VOCODER;
    while (RATIO * hop % n)
        n--;
    return n;
}

/* Milliseconds of the least latency, rounded up. */
static int least_latency(int context)
{
    const s2vi_foley_windows w = {
        .hop = 1, .fade = 1, .ahead = LEAST_LIVE - 2, .context = context};
    return (int)divide_up(s2vi_foley_latency(&w) * 1000, S2VI_FOLEY_RATE);
}

int s2vi_foley_cut(s2vi_foley_windows *w, int length, int context, int latency,
                   s2v_error *err)
{
    *w = (s2vi_foley_windows){.length = length, .context = context};
    w->fade = length / 5;
    w->hop = length - w->fade;
    w->vocoder = vocoder_columns(w->hop);
    const int64_t samples = (int64_t)latency * S2VI_FOLEY_RATE / 1000;
    if (!latency || samples >= s2vi_foley_latency(w))
        return S2V_OK;
    const int64_t fresh = (samples - (int64_t)context * COLUMN) / HOP + 1;
    if (samples < (int64_t)context * COLUMN || fresh < LEAST_LIVE)
        return s2vi_error(err, S2V_ERR_INVALID,
                          "a latency of %d ms, expected 0 (best quality) or at "
                          "least %d ms with this model",
                          latency, least_latency(context));
    w->past = length - (int)fresh;
    w->fade = (int)(fresh / 4 > 1 ? fresh / 4 : 1);
    w->hop = (int)(fresh / 2);
    w->ahead = (int)fresh - w->hop - w->fade;
    w->vocoder = vocoder_columns(w->hop);
    return S2V_OK;
}

/* Features of a window, as the file has it. */
static int read_length(const s2v_weights *weights, int *length, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(weights, "s2v.window");
    char *end;
    *length = S2VI_FOLEY_WINDOW;
    if (!text)
        return S2V_OK;
    const long n = strtol(text, &end, 10);
    if (!*text || *end || n < LEAST_WINDOW || n > MOST_WINDOW)
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: s2v.window is '%.40s', expected %d to %d",
                          s2v_weights_get_path(weights, NULL), text,
                          LEAST_WINDOW, MOST_WINDOW);
    *length = (int)n;
    return S2V_OK;
}

/* ----------------------------------------------------------- networks -- */

static int begin(s2vi_foley_part *part, const char *name, s2vi_shape shape,
                 s2v_error *err)
{
    part->graph = s2vi_graph_create();
    if (!part->graph)
        return s2vi_error_nomem(err, "a model's graph");
    part->in = s2vi_input(part->graph, name, shape);
    return S2V_OK;
}

static int finish(s2vi_foley_part *part, s2vi_store *store, s2v_error *err)
{
    const s2vi_plan_params params = {
        .outputs = &part->out, .n_outputs = 1, .frozen = true};
    return s2vi_plan_create(&part->plan, part->graph, store, &params, err);
}

static int plan_sight(s2vi_foley_model *m, s2vi_store *store, s2v_error *err)
{
    const s2vi_shape in = s2vi_visual_encoder_input(&m->config.sight, 1, 1);
    s2vi_foley_part *part = &m->visual_encoder;
    int ret = begin(part, "pictures", in, err);
    if (!ret)
        ret = s2vi_visual_encoder_build(part->graph, &m->config.sight, part->in,
                                        &part->out, err);
    return ret ? ret : finish(part, store, err);
}

static int plan_timbre(s2vi_foley_model *m, s2vi_store *store, s2v_error *err)
{
    const int T = RATIO * m->windows.length;
    s2vi_foley_part *part = &m->timbre;
    s2vi_vs_graph net = {0};
    int ret = begin(part, "reference", S2VI_SHAPE(1, T, BANDS), err);
    if (!ret)
        ret = s2vi_vs_record_timbre(part->graph, &m->config.generator, NULL,
                                    part->in, &net, err);
    part->out = net.timbre;
    return ret ? ret : finish(part, store, err);
}

/* Without a background: the sound is clear. */
static int plan_mel(s2vi_foley_model *m, s2vi_store *store, s2v_error *err)
{
    const s2vi_vs_config *c = &m->config.generator;
    const int length = m->windows.length;
    s2vi_foley_part *part = &m->mel;
    s2vi_vs_graph net = {0};
    int ret = begin(part, "features", S2VI_SHAPE(1, length, c->features), err);
    if (ret < 0)
        return ret;
    net.timbre = m->mel_timbre =
        s2vi_input(part->graph, "timbre", S2VI_SHAPE(1, 2 * c->acoustic_lstm));
    s2vi_node *none =
        s2vi_fill(part->graph, 0, S2VI_SHAPE(1, RATIO * length, BANDS));
    ret = s2vi_vs_record_background(part->graph, c, none, &net, err);
    if (!ret)
        ret = s2vi_vs_record_mel(part->graph, c, NULL, part->in, &net, err);
    part->out = net.mel;
    return ret ? ret : finish(part, store, err);
}

static int plan_vocoder(s2vi_foley_model *m, s2vi_store *store, s2v_error *err)
{
    const int T = m->windows.vocoder + 2 * m->windows.context;
    s2vi_foley_part *part = &m->vocoder;
    int ret = begin(part, "mel", S2VI_SHAPE(1, T, BANDS), err);
    if (!ret)
        ret = s2vi_hifigan_build(part->graph, &m->config.vocoder, part->in,
                                 &part->out, err);
    return ret ? ret : finish(part, store, err);
}

/* ------------------------------------------------------------ opening -- */

/* That the file has all that is needed from pictures to sound. */
static int check_whole(const s2vi_foley_config *config,
                       const s2v_weights *weights, s2v_error *err)
{
    if (config->has_sight && config->has_vocoder)
        return S2V_OK;
    return s2vi_error(err, S2V_ERR_MODEL,
                      "%s: it has no %s, which a video-to-audio model requires",
                      s2v_weights_get_path(weights, NULL),
                      config->has_sight ? "vocoder" : "visual encoder");
}

static int read_mean(s2vi_foley_model *m, s2vi_store *store, s2v_error *err)
{
    m->mean =
        calloc(2 * (size_t)m->config.generator.acoustic_lstm, sizeof(*m->mean));
    if (!m->mean)
        return s2vi_error_nomem(err, "a timbre");
    return s2vi_store_read(store, S2VI_FOLEY_TIMBRE, m->mean, err);
}

static int load(s2vi_foley_model *m, const s2v_weights *weights,
                s2vi_store *store, int latency, s2v_error *err)
{
    int length;
    int ret = s2vi_foley_read(&m->config, weights, err);
    if (!ret)
        ret = check_whole(&m->config, weights, err);
    if (!ret)
        ret = read_length(weights, &length, err);
    if (!ret)
        ret = s2vi_foley_cut(&m->windows, length,
                             s2vi_foley_context(&m->config.vocoder), latency,
                             err);
    if (!ret)
        ret = s2vi_foley_load(&m->config, weights, store, err);
    if (!ret)
        ret = read_mean(m, store, err);
    return ret;
}

int s2vi_foley_open(s2vi_foley_model **out, const s2v_weights *weights,
                    s2vi_store *store, int latency,
                    const s2vi_progress *progress, s2v_error *err)
{
    static int (*const plan[])(s2vi_foley_model *, s2vi_store *,
                               s2v_error *) = {plan_sight, plan_timbre,
                                               plan_mel, plan_vocoder};
    s2vi_foley_model *m = *out = calloc(1, sizeof(*m));
    if (!m)
        return s2vi_error_nomem(err, "a model");
    int ret = load(m, weights, store, latency, err);
    for (int i = 0; i < 4 && !ret; i++) {
        ret = s2vi_progress_report(progress, 0.2 * (i + 1), err);
        if (!ret)
            ret = plan[i](m, store, err);
    }
    if (ret < 0)
        s2vi_foley_close(out);
    return ret;
}

static void close_part(s2vi_foley_part *part)
{
    s2vi_plan_close(&part->plan);
    s2vi_graph_close(&part->graph);
}

void s2vi_foley_close(s2vi_foley_model **out)
{
    s2vi_foley_model *m = out ? *out : NULL;
    if (!m)
        return;
    close_part(&m->visual_encoder);
    close_part(&m->timbre);
    close_part(&m->mel);
    close_part(&m->vocoder);
    free(m->mean);
    free(m);
    *out = NULL;
}
