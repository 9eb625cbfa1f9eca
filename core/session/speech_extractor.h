/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of a talking head for a stream: those of audio/speech.h, at rest in
 * silence, then the controls of the frame (man_controls.h).
 *
 * Silence is a block of 10 ms below -50 dBFS. Where it has lasted for 200 ms,
 * the features go over to those of digital silence in 120 ms, so that noise
 * does not move the lips; and they go back in the 120 ms before a sound, of
 * which a frame hears 128 ms: a sound's beginning is as it is.
 */
#ifndef S2VI_SESSION_SPEECH_EXTRACTOR_H
#define S2VI_SESSION_SPEECH_EXTRACTOR_H

#include "audio/speech.h"
#include "session/front_end.h"
#include "session/man_controls.h"

enum {
    S2VI_SPEECH_CONTROLS = S2VI_SPEECH_NUMBERS, /* where they begin */
    S2VI_SPEECH_FEATURES = S2VI_SPEECH_NUMBERS + 4,
};

/** What the extractor is created with. */
typedef struct s2vi_speech_setting {
    s2vi_man_controls *controls; /* the stream's; a flush restarts them */
} s2vi_speech_setting;

/** Its `trained` is an s2vi_speech_setting. */
extern const s2vi_extractor s2vi_speech_extractor;

#endif
