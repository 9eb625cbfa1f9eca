/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * speech_reference GOLDEN: features of speech against the reference
 * implementation's (tests/reference/man_sound.py), of a sound in which some
 * columns follow the pitch of those before.
 */
#include "audio/speech.h"
#include "weights/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "../worst.h"

enum { SAMPLES = 14720, FRAMES = SAMPLES / S2VI_SPEECH_STEP, COMPARED = 3 };
enum { COLUMNS = 136, FIRST = -10, N = S2VI_SPEECH_NUMBERS };

static s2v_weights *file;

static float *read_tensor(const char *name, size_t count)
{
    const s2vi_tensor *t = s2vi_weights_find(file, name);
    float *out = calloc(count, sizeof(*out));
    CHECK(t && t->count == count && out &&
              s2vi_weights_read_f32(file, t, out, NULL) == S2V_OK,
          "%s: cannot be read", name);
    return out;
}

/* Magnitudes are those of single precision. */
static void compare(const float *features, const float *expected, int t)
{
    double worst = 0;
    for (int i = 0; i < S2VI_SPEECH_PITCH; i++)
        worst = worse(worst, fabs((double)features[i] - (double)expected[i]));
    CHECK(worst <= 3e-4, "frame %d: largest error %.2g", t, worst);
    for (int i = S2VI_SPEECH_PITCH; i < N; i++)
        CHECK(!(features[i] > expected[i] || features[i] < expected[i]),
              "frame %d, %s of column %d: %g, expected %g", t,
              i < S2VI_SPEECH_ENERGY ? "pitch" : "energy",
              (i - S2VI_SPEECH_PITCH) % S2VI_SPEECH_COLUMNS,
              (double)features[i], (double)expected[i]);
}

/* The level of each frame's middle columns against that of the whole sound. */
static void compare_pitch(const float *features, const float *level, int t)
{
    for (int k = 0; k < S2VI_SPEECH_COLUMNS; k++) {
        const int column = 5 * t - 10 + 2 * k - FIRST;
        const double pitch = (double)features[S2VI_SPEECH_PITCH + k];
        CHECK(column >= COLUMNS || fabs(pitch - (double)level[column]) < 0.5,
              "pitch of column %d in frame %d: %g, expected %g", column + FIRST,
              t, pitch, (double)level[column]);
    }
}

static int count_followed(void)
{
    float *own = read_tensor("out.own_f0", COLUMNS);
    float *f0 = read_tensor("out.f0", COLUMNS);
    int followed = 0;
    for (int i = 0; i < COLUMNS; i++)
        followed += f0[i] > 0 && !(own[i] > 0);
    free(own);
    free(f0);
    return followed;
}

/* A frame by itself. */
static void compare_alone(s2vi_speech *speech, const float *sound, int t,
                          const float *features)
{
    static float alone[N];
    const int from = t * S2VI_SPEECH_STEP - S2VI_SPEECH_LEAD;
    if (from < 0 || t * S2VI_SPEECH_STEP + S2VI_SPEECH_SPAN > SAMPLES)
        return;
    s2vi_speech_frame(speech, sound + from, alone);
    CHECK(!memcmp(alone, features, sizeof(alone)), "frame %d alone differs", t);
}

static void test_frames(s2vi_speech *speech)
{
    static float features[N];
    float *sound = read_tensor("in.sound", SAMPLES);
    float *frame = read_tensor("in.frame", COMPARED);
    float *expected = read_tensor("out.features", (size_t)COMPARED * N);
    float *level = read_tensor("out.pitch_level", COLUMNS);
    int compared = 0, t = 0;
    CHECK(s2vi_speech_send(speech, sound, SAMPLES) == S2V_OK, "send");
    s2vi_speech_drain(speech);
    for (; s2vi_speech_receive(speech, features) == S2V_OK; t++) {
        compare_pitch(features, level, t);
        compare_alone(speech, sound, t, features);
        if (compared < COMPARED && (int)frame[compared] == t)
            compare(features, expected + (ptrdiff_t)N * compared++, t);
    }
    CHECK(t == FRAMES && compared == COMPARED, "%d frames, %d compared", t,
          compared);
    CHECK(count_followed() > 0, "no column follows another");
    free(sound);
    free(frame);
    free(expected);
    free(level);
}

int main(int argc, char **argv)
{
    s2vi_speech *speech = NULL;
    CHECK(argc == 2 && s2v_weights_open(&file, argv[1], NULL) == S2V_OK &&
              s2vi_speech_create(&speech, NULL) == S2V_OK,
          "cannot be opened");
    if (speech)
        test_frames(speech);
    s2vi_speech_close(&speech);
    s2v_weights_close(&file);
    return check_done();
}
