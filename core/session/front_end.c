/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound front-end of a stream. */
#include "session/front_end.h"

#include "base/error.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum {
    CHECKED = 200,     /* frames that are looked at together: 10 s */
    MOST_FOREIGN = 80, /* of these, those that may be foreign */
    FOREIGN_BANDS = 8, /* of 64, outside the range: a foreign frame */
};

int s2vi_trained_sound_read(s2vi_trained_sound *s, const s2v_weights *w,
                            s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *level = s2v_weights_get_metadata(w, "s2v.level");
    const char *spectrum = s2v_weights_get_metadata(w, "s2v.spectrum");
    const char *range = s2v_weights_get_metadata(w, "s2v.features");
    s2v_error why;
    s->level = NAN;
    if (level) {
        char *end;
        s->level = g_ascii_strtod(level, &end);
        if (end == level || *end || !(s->level >= -70 && s->level <= 10))
            return s2vi_error(err, S2V_ERR_MODEL,
                              "%s: 's2v.level' is '%.40s', expected LUFS from "
                              "-70 to 10",
                              path, level);
    }
    s->has_spectrum = spectrum != NULL;
    s->has_range = range != NULL;
    int ret =
        spectrum ? s2vi_spectrum_parse(&s->spectrum, spectrum, &why) : S2V_OK;
    if (!ret && range)
        ret = s2vi_feature_range_parse(&s->range, range, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : S2V_OK;
}

int s2vi_front_end_create(s2vi_front_end *f, const s2vi_trained_sound *trained,
                          const s2vi_logger *logger, s2v_error *err)
{
    f->trained = trained;
    f->logger = logger;
    f->gain = 1.0f;
    return s2vi_lms_create(&f->lms, err);
}

void s2vi_front_end_close(s2vi_front_end *f)
{
    s2vi_lms_close(&f->lms);
    s2vi_level_close(&f->level);
}

/* --------------------------------------------------------------- level -- */

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
        s2vi_lms_send(f->lms, block, n);
}

int s2vi_front_end_set_level(s2vi_front_end *f, const char *level,
                             s2v_error *err)
{
    const bool automatic = !strcmp(level, "auto");
    s2vi_level *leveller = NULL;
    float gain = 1.0f;
    int ret = automatic ? S2V_OK : parse_gain(level, &gain, err);
    if (!ret && automatic && !isnan(f->trained->level))
        ret = s2vi_level_create(&leveller, f->trained->level, err);
    if (ret < 0)
        return ret;
    finish_level(f);
    s2vi_level_close(&f->level);
    f->level = leveller;
    f->gain = gain;
    f->equalised = automatic && f->trained->has_spectrum;
    if (f->equalised)
        s2vi_equaliser_start(&f->equaliser, &f->trained->spectrum);
    return S2V_OK;
}

/* ------------------------------------------------------------- samples -- */

static int send_block(s2vi_front_end *f, const float *block, size_t n)
{
    return n ? s2vi_lms_send(f->lms, block, n) : S2V_OK;
}

/* Room for n samples and what the leveller holds, so that all that is sent in
 * blocks is taken, or none; S2V_ERR_EOF once drained. */
static int make_room(s2vi_front_end *f, size_t n)
{
    const int ret = s2vi_lms_send(f->lms, NULL, 0);
    if (ret < 0)
        return ret;
    return n > SIZE_MAX - S2VI_LEVEL_STEP
               ? S2V_ERR_NOMEM
               : s2vi_lms_reserve(f->lms, n + S2VI_LEVEL_STEP);
}

static int send_levelled(s2vi_front_end *f, const float *samples, size_t n)
{
    float block[S2VI_LEVEL_STEP];
    int ret = make_room(f, n);
    if (!ret)
        ret = s2vi_level_prepare(f->level);
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
        ret = s2vi_lms_send(f->lms, samples, count);
    if (ret == S2V_ERR_EOF)
        return s2vi_error(err, ret,
                          "sound was sent after the drain: flush "
                          "the session to start anew");
    return ret < 0 ? s2vi_error_nomem(err, "sound that waits") : S2V_OK;
}

void s2vi_front_end_drain(s2vi_front_end *f)
{
    finish_level(f);
    s2vi_lms_drain(f->lms);
}

/* ------------------------------------------------------------ features -- */

/* Bring features into the range that the model knows, and say once that most
 * of a sound lies outside. */
static void keep_in_range(s2vi_front_end *f, float *features)
{
    const int outside = s2vi_feature_range_apply(&f->trained->range, features);
    f->foreign += outside >= FOREIGN_BANDS;
    if (++f->checked < CHECKED)
        return;
    if (f->foreign > MOST_FOREIGN && !f->warned) {
        s2vi_log(f->logger, S2V_LOG_WARNING,
                 "the sound is unlike what this model was trained on (%d of "
                 "the last %d frames): the picture may not follow it",
                 f->foreign, CHECKED);
        f->warned = true;
    }
    f->checked = f->foreign = 0;
}

int s2vi_front_end_receive(s2vi_front_end *f, float features[S2VI_LMS_BANDS])
{
    const int ret = s2vi_lms_receive(f->lms, features);
    if (!ret && f->equalised)
        s2vi_equaliser_apply(&f->equaliser, features);
    if (!ret && f->trained->has_range)
        keep_in_range(f, features);
    return ret;
}

void s2vi_front_end_flush(s2vi_front_end *f)
{
    if (f->level)
        s2vi_level_flush(f->level);
    if (f->equalised)
        s2vi_equaliser_start(&f->equaliser, &f->trained->spectrum);
    f->checked = f->foreign = 0;
    s2vi_lms_flush(f->lms);
}
