/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features of a talking head for a stream. Time is in blocks of 10 ms, of which
 * a frame has four; it is looked at between its second and its third. */
#include "session/speech_extractor.h"

#include "audio/sample_queue.h"
#include "base/error.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum {
    BLOCK = S2VI_SPEECH_RATE / 100, /* samples */
    PER_FRAME = S2VI_SPEECH_STEP / BLOCK,
    AHEAD = 12,    /* blocks after a frame's middle that it knows */
    EASE = 12,     /* blocks in which features change */
    PATIENCE = 20, /* blocks of silence before they do */
    PHRASE = 20,   /* blocks of silence that end a phrase */
    AFTER = 30,    /* blocks after its end that count as such */
    CAPACITY = 64,
};

static const double QUIET = 1e-5; /* mean square: -50 dBFS */

_Static_assert(S2VI_SPEECH_SPAN / BLOCK >= PER_FRAME / 2 + AHEAD,
               "what a frame knows");

typedef struct extractor {
    const s2vi_speech_setting *setting;
    s2vi_speech *speech;
    float silence[S2VI_SPEECH_NUMBERS]; /* features of it */
    double sum;               /* squares of the block that is not whole yet */
    int count;                /* samples of it */
    s2vi_sample_queue blocks; /* mean squares, from the next frame's middle
                                 on */
    int64_t since;            /* blocks since the last loud one; -1: none was */
    int64_t missing;          /* blocks to pass before the next middle */
} extractor;

/* ------------------------------------------------------------- lifetime -- */

/* The features of digital silence. */
static int hear_silence(extractor *x)
{
    static const float zeros[S2VI_SPEECH_STEP];
    int ret = s2vi_speech_send(x->speech, zeros, S2VI_SPEECH_STEP);
    s2vi_speech_drain(x->speech);
    if (!ret)
        ret = s2vi_speech_receive(x->speech, x->silence);
    s2vi_speech_flush(x->speech);
    return ret;
}

static void flush(void *self)
{
    extractor *x = self;
    s2vi_speech_flush(x->speech);
    s2vi_sample_queue_clear(&x->blocks);
    x->sum = 0;
    x->count = 0;
    x->since = -1;
    x->missing = PER_FRAME / 2;
    s2vi_man_controls_restart(x->setting->controls);
}

static int create(void **self, const void *setting, const s2vi_logger *logger,
                  s2v_error *err)
{
    extractor *x = *self = calloc(1, sizeof(*x));
    (void)logger;
    if (!x)
        return s2vi_error_nomem(err, "features of speech");
    x->setting = setting;
    const int ret = s2vi_speech_create(&x->speech, err);
    if (ret < 0)
        return ret;
    if (s2vi_sample_queue_create(&x->blocks, CAPACITY) < 0 || hear_silence(x))
        return s2vi_error_nomem(err, "features of speech");
    flush(x);
    return S2V_OK;
}

static void close_extractor(void *self)
{
    extractor *x = self;
    if (!x)
        return;
    s2vi_speech_close(&x->speech);
    s2vi_sample_queue_close(&x->blocks);
    free(x);
}

/* ---------------------------------------------------------------- sound -- */

static int reserve(void *self, size_t n)
{
    extractor *x = self;
    const int ret = s2vi_speech_reserve(x->speech, n);
    return ret < 0 ? ret : s2vi_sample_queue_reserve(&x->blocks, n / BLOCK + 2);
}

/* Room is there. */
static void end_block(extractor *x)
{
    const float mean = (float)fmin(x->sum / BLOCK, 1e30);
    s2vi_sample_queue_append(&x->blocks, &mean, 1);
    x->sum = 0;
    x->count = 0;
}

static int send(void *self, const float *samples, size_t n)
{
    extractor *x = self;
    int ret = reserve(x, n);
    if (!ret)
        ret = s2vi_speech_send(x->speech, samples, n);
    if (ret < 0)
        return ret;
    for (size_t i = 0; i < n; i++) {
        const double s = isfinite(samples[i]) ? (double)samples[i] : 0;
        x->sum += s * s;
        if (++x->count == BLOCK)
            end_block(x);
    }
    return S2V_OK;
}

/* The last block is less than a whole one; after it, all is silent. */
static void drain(void *self)
{
    extractor *x = self;
    s2vi_speech_drain(x->speech);
    if (x->count && !s2vi_sample_queue_reserve(&x->blocks, 1))
        end_block(x);
}

/* -------------------------------------------------------------- silence -- */

static bool is_loud(const extractor *x, size_t i)
{
    return i < s2vi_sample_queue_count(&x->blocks) &&
           (double)s2vi_sample_queue_data(&x->blocks)[i] >= QUIET;
}

/* Go on to the next frame's middle. */
static void advance(extractor *x)
{
    for (; x->missing; x->missing--) {
        if (is_loud(x, 0))
            x->since = 0;
        else if (x->since >= 0)
            x->since++;
        s2vi_sample_queue_drop(&x->blocks, 1);
    }
    x->missing = PER_FRAME;
}

static double part(int64_t blocks)
{
    return blocks <= 0 ? 0 : blocks >= EASE ? 1 : (double)blocks / EASE;
}

/* How far the features are those of silence, 0 to 1. */
static double rest(const extractor *x)
{
    const double before = x->since < 0 ? 1 : part(x->since - PATIENCE);
    for (int i = 0; i < AHEAD; i++)
        if (is_loud(x, (size_t)i))
            return fmin(before, part(i));
    return before;
}

static void ease(const extractor *x, double w, float *features)
{
    for (int i = 0; i < S2VI_SPEECH_PITCH; i++)
        features[i] += (float)w * (x->silence[i] - features[i]);
    for (int i = S2VI_SPEECH_PITCH; i < S2VI_SPEECH_ENERGY; i++)
        features[i] = w < 0.5 ? features[i] : x->silence[i];
    for (int i = S2VI_SPEECH_ENERGY; i < S2VI_SPEECH_NUMBERS; i++)
        features[i] =
            rintf(features[i] + (float)w * (x->silence[i] - features[i]));
}

/* --------------------------------------------------------------- frames -- */

static int receive(void *self, float *features)
{
    extractor *x = self;
    const int ret = s2vi_speech_receive(x->speech, features);
    if (ret < 0)
        return ret;
    advance(x);
    const double w = rest(x);
    const bool heard = x->since >= 0;
    const s2vi_man_heard now = {
        .talking = heard && x->since < PHRASE,
        .ended = heard && x->since >= PHRASE && x->since < PHRASE + AFTER,
    };
    if (w > 0)
        ease(x, w, features);
    s2vi_man_controls_next(x->setting->controls, &now,
                           features + S2VI_SPEECH_CONTROLS);
    return S2V_OK;
}

/* The controls are the family's. */
static void pass_state(void *self, s2vi_state *state)
{
    extractor *x = self;
    s2vi_speech_pass_state(x->speech, state);
    s2vi_state_number(state, "blocks.sum", &x->sum, 0, FLT_MAX);
    s2vi_state_int(state, "blocks.count", &x->count, 0, BLOCK - 1);
    s2vi_sample_queue_pass_state(&x->blocks, state, "blocks.waiting");
    s2vi_state_int64(state, "blocks.since", &x->since, -1, INT64_MAX / 2);
    s2vi_state_int64(state, "blocks.missing", &x->missing, 0, PER_FRAME);
}

const s2vi_extractor s2vi_speech_extractor = {
    .count = S2VI_SPEECH_FEATURES,
    .create = create,
    .close = close_extractor,
    .reserve = reserve,
    .send = send,
    .drain = drain,
    .receive = receive,
    .flush = flush,
    .pass_state = pass_state,
};
