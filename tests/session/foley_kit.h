/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of sound for pictures share: films made from a formula, and
 * their sound. */
#ifndef S2V_TESTS_SESSION_FOLEY_KIT_H
#define S2V_TESTS_SESSION_FOLEY_KIT_H

#include "harness.h"
#include "tiny_foley.h"

enum { WIDTH = 40, HEIGHT = 24, FOLEY_RATE = 22050 };

/** A film: `count` pictures, picture i at pts[i], or at i if that is NULL. */
typedef struct film {
    int count;
    int num, den; /* the time base */
    const int64_t *pts;
    int64_t offset;   /* added to each pts */
    int64_t duration; /* of each picture: 0: not known */
} film;

/** n pictures at num / den a second. */
film film_at(int num, int den, int n);

/** Something that jumps about, in a picture of the given time. */
void draw(uint8_t *rgb, double seconds);

/** Picture i, drawn into `rgb` (WIDTH x HEIGHT). */
s2v_picture picture_of(const film *f, int i, uint8_t *rgb);

/** The sound of a stream; its samples are to be freed. */
typedef struct sound {
    float *sample;
    size_t count;
    int status; /* what ended it */
} sound;

/** Write a model and open it, or exit. */
s2v_model *open_foley(const tiny_foley *spec, const char *device, int threads,
                      int latency);

/** Receive until there is no more for now; checks pts. */
int hear_all(s2v_session *session, sound *to);

/** Send a film in pieces of `piece` pictures (0: random ones), receiving after
 * each, then drain and receive the rest. */
sound play_film(s2v_session *session, const film *f, int piece);

/** play_film() in a session of its own. */
sound play_film_new(s2v_model *model, const film *f, int piece);

bool sounds_same(const sound *a, const sound *b);
double loudness(const sound *a);

#endif
