/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Features of Listen and Move for a stream. */
#include "session/lms_extractor.h"

#include "audio/lms.h"
#include "base/error.h"

#include <stdlib.h>

enum {
    CHECKED = 200,     /* frames that are looked at together: 10 s */
    MOST_FOREIGN = 80, /* of these, those that may be foreign */
    FOREIGN_BANDS = 8, /* of 64, outside the range: a foreign frame */
};

typedef struct extractor {
    const s2vi_trained_sound *trained;
    const s2vi_logger *logger;
    s2vi_lms *lms;
    bool equalised; /* the features are, by: */
    s2vi_equaliser equaliser;
    int checked, foreign; /* frames compared with the range, of the latest
                             few; those far outside it */
    bool warned;          /* that most are */
} extractor;

int s2vi_trained_sound_read(s2vi_trained_sound *s, const s2v_weights *w,
                            s2v_error *err)
{
    const char *path = s2v_weights_get_path(w, NULL);
    const char *spectrum = s2v_weights_get_metadata(w, "s2v.spectrum");
    const char *range = s2v_weights_get_metadata(w, "s2v.features");
    s2v_error why;
    int ret = s2vi_trained_level_read(&s->level, w, err);
    if (ret < 0)
        return ret;
    s->has_spectrum = spectrum != NULL;
    s->has_range = range != NULL;
    if (spectrum)
        ret = s2vi_spectrum_parse(&s->spectrum, spectrum, &why);
    if (!ret && range)
        ret = s2vi_feature_range_parse(&s->range, range, &why);
    return ret < 0 ? s2vi_error(err, ret, "%s: %.900s", path, why.message)
                   : S2V_OK;
}

static int create(void **self, const void *trained, const s2vi_logger *logger,
                  s2v_error *err)
{
    extractor *x = *self = calloc(1, sizeof(*x));
    if (!x)
        return s2vi_error_nomem(err, "sound features");
    x->trained = trained;
    x->logger = logger;
    return s2vi_lms_create(&x->lms, err);
}

static void close_extractor(void *self)
{
    extractor *x = self;
    if (!x)
        return;
    s2vi_lms_close(&x->lms);
    free(x);
}

static void start_equaliser(extractor *x)
{
    if (x->equalised)
        s2vi_equaliser_start(&x->equaliser, &x->trained->spectrum);
}

static void set_automatic(void *self, bool automatic)
{
    extractor *x = self;
    x->equalised = automatic && x->trained->has_spectrum;
    start_equaliser(x);
}

static int reserve(void *self, size_t n)
{
    const extractor *x = self;
    const int ret = s2vi_lms_send(x->lms, NULL, 0); /* drained? */
    return ret < 0 ? ret : s2vi_lms_reserve(x->lms, n);
}

static int send(void *self, const float *samples, size_t n)
{
    const extractor *x = self;
    return s2vi_lms_send(x->lms, samples, n);
}

static void drain(void *self)
{
    const extractor *x = self;
    s2vi_lms_drain(x->lms);
}

/* Bring features into the range that the model knows, and say once that most
 * of a sound lies outside. */
static void keep_in_range(extractor *x, float *features)
{
    const int outside = s2vi_feature_range_apply(&x->trained->range, features);
    x->foreign += outside >= FOREIGN_BANDS;
    if (++x->checked < CHECKED)
        return;
    if (x->foreign > MOST_FOREIGN && !x->warned) {
        s2vi_log(x->logger, S2V_LOG_WARNING,
                 "the audio is outside the range of this model's training (%d "
                 "of the last %d frames): the picture may not follow it",
                 x->foreign, CHECKED);
        x->warned = true;
    }
    x->checked = x->foreign = 0;
}

static int receive(void *self, float *features)
{
    extractor *x = self;
    const int ret = s2vi_lms_receive(x->lms, features);
    if (!ret && x->equalised)
        s2vi_equaliser_apply(&x->equaliser, features, NULL);
    if (!ret && x->trained->has_range)
        keep_in_range(x, features);
    if (!ret && x->trained->has_range)
        s2vi_feature_range_normalise(&x->trained->range, features, 1);
    return ret;
}

static void flush(void *self)
{
    extractor *x = self;
    start_equaliser(x);
    x->checked = x->foreign = 0;
    s2vi_lms_flush(x->lms);
}

static void pass_state(void *self, s2vi_state *state)
{
    extractor *x = self;
    s2vi_lms_pass_state(x->lms, state);
    if (x->equalised)
        s2vi_equaliser_pass_state(&x->equaliser, state);
    s2vi_state_int(state, "range.checked", &x->checked, 0, CHECKED - 1);
    s2vi_state_int(state, "range.foreign", &x->foreign, 0, CHECKED - 1);
    s2vi_state_bool(state, "range.warned", &x->warned);
}

const s2vi_extractor s2vi_lms_extractor = {
    .count = S2VI_LMS_BANDS,
    .create = create,
    .close = close_extractor,
    .set_automatic = set_automatic,
    .reserve = reserve,
    .send = send,
    .drain = drain,
    .receive = receive,
    .flush = flush,
    .pass_state = pass_state,
};
