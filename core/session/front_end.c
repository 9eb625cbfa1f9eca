/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound front-end of a stream: levels, then the extractor. */
#include "session/front_end.h"

#include "base/error.h"

#include <glib.h>
#include <math.h>
#include <string.h>

int s2vi_front_end_create(s2vi_front_end *f, const s2vi_extractor *extractor,
                          const void *trained, double target,
                          const s2vi_logger *logger, s2v_error *err)
{
    f->extractor = extractor;
    f->target = target;
    f->gain = 1.0f;
    return extractor->create(&f->features, trained, logger, err);
}

void s2vi_front_end_close(s2vi_front_end *f)
{
    if (f->extractor)
        f->extractor->close(f->features);
    s2vi_level_close(&f->level);
}

/* --------------------------------------------------------------- level -- */

int s2vi_trained_level_read(double *level, const s2v_weights *w, s2v_error *err)
{
    const char *text = s2v_weights_get_metadata(w, "s2v.level");
    char *end;
    *level = NAN;
    if (!text)
        return S2V_OK;
    *level = g_ascii_strtod(text, &end);
    if (end == text || *end || !(*level >= -70 && *level <= 10))
        return s2vi_error(err, S2V_ERR_MODEL,
                          "%s: 's2v.level' is '%.40s', expected LUFS from -70 "
                          "to 10",
                          s2v_weights_get_path(w, NULL), text);
    return S2V_OK;
}

/* A gain in dB, or "off", as a factor. */
static int parse_gain(const char *level, float *gain, s2v_error *err)
{
    char *end;
    *gain = 1.0f;
    if (!strcmp(level, "off"))
        return S2V_OK;
    const double db = g_ascii_strtod(level, &end);
    if (end == level || *end || !(db >= -60 && db <= 60))
        return s2vi_error(err, S2V_ERR_INVALID,
                          "level: expected auto, off or a gain from -60 to 60 "
                          "dB, found '%.40s'",
                          level);
    *gain = (float)pow(10.0, db / 20.0);
    return S2V_OK;
}

/* What the leveller holds goes on: room for it is there. */
static void finish_level(s2vi_front_end *f)
{
    float block[S2VI_LEVEL_STEP];
    const size_t n = f->level ? s2vi_level_drain(f->level, block) : 0;
    if (n)
        f->extractor->send(f->features, block, n);
}

int s2vi_front_end_set_level(s2vi_front_end *f, const char *level,
                             s2v_error *err)
{
    const bool automatic = !strcmp(level, "auto");
    s2vi_level *leveller = NULL;
    float gain = 1.0f;
    int ret = automatic ? S2V_OK : parse_gain(level, &gain, err);
    if (!ret && automatic && !isnan(f->target))
        ret = s2vi_level_create(&leveller, f->target, err);
    if (ret < 0)
        return ret;
    finish_level(f);
    s2vi_level_close(&f->level);
    f->level = leveller;
    f->gain = gain;
    if (f->extractor->set_automatic)
        f->extractor->set_automatic(f->features, automatic);
    return S2V_OK;
}

/* ------------------------------------------------------------- samples -- */

static int send_block(s2vi_front_end *f, const float *block, size_t n)
{
    return n ? f->extractor->send(f->features, block, n) : S2V_OK;
}

/* Room for n samples and what the leveller holds, so that all that is sent in
 * blocks is taken, or none; S2V_ERR_EOF once drained. */
static int make_room(s2vi_front_end *f, size_t n)
{
    return n > SIZE_MAX - S2VI_LEVEL_STEP
               ? S2V_ERR_NOMEM
               : f->extractor->reserve(f->features, n + S2VI_LEVEL_STEP);
}

static int send_levelled(s2vi_front_end *f, const float *samples, size_t n)
{
    float block[S2VI_LEVEL_STEP];
    int ret = make_room(f, n);
    while (!ret && n) {
        const size_t m = s2vi_level_send(f->level, &samples, &n, block);
        ret = send_block(f, block, m);
    }
    return ret;
}

static int send_amplified(s2vi_front_end *f, const float *samples, size_t n)
{
    float block[S2VI_LEVEL_STEP];
    int ret = make_room(f, n);
    while (!ret && n) {
        const size_t m = n < S2VI_LEVEL_STEP ? n : S2VI_LEVEL_STEP;
        for (size_t i = 0; i < m; i++)
            block[i] = samples[i] * f->gain;
        ret = send_block(f, block, m);
        samples += m;
        n -= m;
    }
    return ret;
}

int s2vi_front_end_send(s2vi_front_end *f, const float *samples, size_t count,
                        s2v_error *err)
{
    int ret;
    if (f->level)
        ret = send_levelled(f, samples, count);
    else if (f->gain != 1.0f)
        ret = send_amplified(f, samples, count);
    else
        ret = f->extractor->send(f->features, samples, count);
    if (ret == S2V_ERR_EOF)
        return s2vi_error(
            err, ret,
            "audio was sent after the drain: flush the session to start anew");
    return ret < 0 ? s2vi_error_nomem(err, "queued audio") : S2V_OK;
}

void s2vi_front_end_drain(s2vi_front_end *f)
{
    finish_level(f);
    f->extractor->drain(f->features);
}

int s2vi_front_end_receive(s2vi_front_end *f, float *features)
{
    return f->extractor->receive(f->features, features);
}

void s2vi_front_end_flush(s2vi_front_end *f)
{
    if (f->level)
        s2vi_level_flush(f->level);
    f->extractor->flush(f->features);
}

void s2vi_front_end_pass_state(s2vi_front_end *f, s2vi_state *state)
{
    if (f->level)
        s2vi_level_pass_state(f->level, state);
    if (f->extractor->pass_state)
        f->extractor->pass_state(f->features, state);
    else
        s2vi_state_fail(state, S2V_ERR_INVALID,
                        "sessions of this family cannot be saved");
}
