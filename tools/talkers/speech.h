/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Speech by flite, with the times of its phonemes. */
#ifndef S2V_TOOLS_TALKERS_SPEECH_H
#define S2V_TOOLS_TALKERS_SPEECH_H

#include "talkers.h"
#include "viseme.h"

struct talkers_speech {
    int16_t *sound; /* TALKERS_RATE, mono */
    size_t samples;
    struct talkers_segment *segments; /* gapless, from 0 to the end */
    int count;
    char *text; /* the sentences, separated by blanks */
    const char *voice;
    double stretch; /* of the durations */
    double rate;    /* the sound is resampled by this: pitch and speed */
    double tilt;    /* of the spectrum, dB */
};

/* So many seconds of sentences with pauses between, beginning and ending in
 * silence. `held_out`: sentences and voice settings that others never have.
 * 0, or -1 without memory. */
int talkers_speech_make(struct talkers_speech *speech,
                        const struct talkers_identity *id, double seconds,
                        bool held_out);
void talkers_speech_free(struct talkers_speech *speech);

#endif
