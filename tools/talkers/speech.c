/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "speech.h"

#include <flite/flite.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sentence.h"

cst_voice *register_cmu_us_awb(const char *folder);
cst_voice *register_cmu_us_kal16(const char *folder);
cst_voice *register_cmu_us_rms(const char *folder);
cst_voice *register_cmu_us_slt(const char *folder);

enum voice_name { SLT, RMS, AWB, KAL16, VOICES };

static cst_voice *open_voice(enum voice_name which)
{
    static cst_voice *open[VOICES];

    if (open[which])
        return open[which];
    flite_init();
    switch (which) {
    case RMS: return open[which] = register_cmu_us_rms(NULL);
    case AWB: return open[which] = register_cmu_us_awb(NULL);
    case KAL16: return open[which] = register_cmu_us_kal16(NULL);
    default: return open[which] = register_cmu_us_slt(NULL);
    }
}

/* --------------------------------------------------------------- voice -- */

/* From a range cut into 16 parts; two of them are held out. */
static double draw_setting(struct talkers_dice *d, double lo, double hi,
                           bool held_out)
{
    int part;

    do
        part = talkers_pick(d, 16);
    while ((part % 8 == 3) != held_out);
    return lo + (hi - lo) * (part + talkers_roll(d, 0, 1)) / 16;
}

static enum voice_name draw_voice(struct talkers_speech *s,
                                  const struct talkers_identity *id,
                                  struct talkers_dice *d, bool held_out)
{
    static const char *const names[] = {"cmu_us_slt", "cmu_us_rms",
                                        "cmu_us_awb", "cmu_us_kal16"};
    const bool woman = id->masculine < 0.5;
    const enum voice_name v =
        woman ? SLT : (enum voice_name)(RMS + talkers_pick(d, 3));

    s->voice = names[v];
    s->stretch = draw_setting(d, 0.8, 1.3, held_out);
    s->rate = draw_setting(d, woman ? 0.9 : 0.85, woman ? 1.2 : 1.1, held_out);
    s->tilt = draw_setting(d, -6, 6, held_out);
    return v;
}

/* --------------------------------------------------------------- sound -- */

/* Cut off at `cut` of the half rate, and windowed. */
static double sinc_tap(double x, double cut)
{
    const double pi = 3.14159265358979323846, half = 12;

    if (fabs(x) >= half)
        return 0;
    const double window = 0.5 + 0.5 * cos(pi * x / half);
    return fabs(x) < 1e-9 ? cut : sin(pi * cut * x) / (pi * x) * window;
}

/* Appends a wave, played `rate` times as fast. 0, or -1. */
static int append_wave(struct talkers_speech *s, const cst_wave *w)
{
    const size_t n = (size_t)floor(w->num_samples / s->rate);
    int16_t *sound = realloc(s->sound, (s->samples + n + 1) * sizeof(*sound));

    if (!sound)
        return -1;
    s->sound = sound;
    const double cut = fmin(1, 1 / s->rate) * 0.97;
    for (size_t i = 0; i < n; i++) {
        const double at = (double)i * s->rate;
        const int first = (int)ceil(at - 12), last = (int)floor(at + 12);
        double sum = 0;
        for (int k = first; k <= last; k++)
            if (k >= 0 && k < w->num_samples)
                sum += w->samples[k] * sinc_tap(k - at, cut);
        sound[s->samples + i] = (int16_t)lrint(clamp(sum, -32768, 32767));
    }
    s->samples += n;
    return 0;
}

static int append_silence(struct talkers_speech *s, size_t n)
{
    int16_t *sound = realloc(s->sound, (s->samples + n + 1) * sizeof(*sound));

    if (!sound)
        return -1;
    s->sound = sound;
    memset(sound + s->samples, 0, n * sizeof(*sound));
    s->samples += n;
    return 0;
}

/* Tilts the spectrum about 1 kHz, and sets the level. */
static void finish_sound(struct talkers_speech *s, double level)
{
    const double low = pow(10, -s->tilt / 40), high = pow(10, s->tilt / 40);
    double smooth = 0, power = 0;
    size_t loud = 1;

    for (size_t i = 0; i < s->samples; i++)
        if (s->sound[i]) {
            power += (double)s->sound[i] * s->sound[i];
            loud++;
        }
    const double gain = 32768 * level / sqrt(power / (double)loud + 1);
    for (size_t i = 0; i < s->samples; i++) {
        const double x = s->sound[i];
        smooth += 0.325 * (x - smooth); /* 1 kHz at 16 kHz */
        const double y = gain * (low * smooth + high * (x - smooth));
        s->sound[i] = (int16_t)lrint(clamp(y, -32768, 32767));
    }
}

/* ------------------------------------------------------------ segments -- */

/* Neighbouring pauses become one. */
static int append_segment(struct talkers_speech *s, const char *name,
                          double end, bool stressed)
{
    struct talkers_segment *last = s->count ? &s->segments[s->count - 1] : NULL;
    const double start = last ? last->end : 0;

    if (last && !strcmp(name, "pau") && !strcmp(last->name, "pau")) {
        last->end = fmax(end, last->end);
        return 0;
    }
    if (end <= start)
        return 0;
    last = realloc(s->segments, ((size_t)s->count + 1) * sizeof(*last));
    if (!last)
        return -1;
    s->segments = last;
    last += s->count++;
    *last = (struct talkers_segment){
        .start = start, .end = end, .stressed = stressed};
    strncpy(last->name, name, sizeof(last->name) - 1);
    return 0;
}

/* kal16's waveform ends within the last pause. */
static int append_phonemes(struct talkers_speech *s, cst_utterance *u,
                           double from)
{
    const double end = (double)s->samples / TALKERS_RATE;

    for (cst_item *i = relation_head(utt_relation(u, "Segment")); i;
         i = item_next(i)) {
        const char *name = item_feat_string(i, "name");
        const double at = from + (double)item_feat_float(i, "end") / s->rate;
        const bool stressed =
            viseme_is_vowel(name) &&
            !strcmp(ffeature_string(i, "R:SylStructure.parent.stress"), "1");
        if (append_segment(s, name, fmin(at, end), stressed) < 0)
            return -1;
    }
    return append_segment(s, "pau", end, false);
}

static int append_pause(struct talkers_speech *s, double seconds)
{
    if (append_silence(s, (size_t)lrint(seconds * TALKERS_RATE)) < 0)
        return -1;
    return append_segment(s, "pau", (double)s->samples / TALKERS_RATE, false);
}

/* ------------------------------------------------------------- speaking -- */

static int append_text(struct talkers_speech *s, const char *sentence)
{
    const size_t length = s->text ? strlen(s->text) : 0;
    char *text = realloc(s->text, length + strlen(sentence) + 2);

    if (!text)
        return -1;
    s->text = text;
    if (length)
        text[length] = ' ';
    strcpy(text + length + (length > 0), sentence);
    return 0;
}

/* 1: said; 0: it does not fit into `room` seconds; -1: no memory. */
static int say(struct talkers_speech *s, cst_voice *voice, const char *sentence,
               double room)
{
    const double from = (double)s->samples / TALKERS_RATE;
    int ret = 0;

    srand(1); /* flite's vocoder draws noise */
    feat_set_float(voice->features, "duration_stretch", (float)s->stretch);
    cst_utterance *u = flite_synth_text(sentence, voice);
    if (!u)
        return -1;
    const cst_wave *w = utt_wave(u);
    if (w->num_samples / s->rate / TALKERS_RATE <= room) {
        ret = 1;
        if (append_wave(s, w) < 0 || append_phonemes(s, u, from) < 0 ||
            append_text(s, sentence) < 0)
            ret = -1;
    }
    delete_utterance(u);
    return ret;
}

/* Whether it is worth trying: about 14 letters are said in a second. */
static bool may_fit(const struct talkers_speech *s, const char *sentence,
                    double room)
{
    const double letters = (double)strlen(sentence);

    return letters / 14 * s->stretch / s->rate < 1.15 * room;
}

/* Sentences until none fits any more. 0, or -1. */
static int talk(struct talkers_speech *s, cst_voice *voice,
                struct talkers_dice *d, double seconds, bool held_out)
{
    char sentence[256];
    int misses = 0;

    while (misses < 12) {
        const double room = seconds - 0.1 - (double)s->samples / TALKERS_RATE;
        talkers_sentence(sentence, sizeof(sentence), d, held_out, misses > 8);
        const int said =
            may_fit(s, sentence, room) ? say(s, voice, sentence, room) : 0;
        if (said < 0)
            return -1;
        misses = said ? 0 : misses + 1;
        const double left = seconds - (double)s->samples / TALKERS_RATE;
        const double pause = 0.2 * pow(10, talkers_roll(d, 0, 1));
        if (said && pause < left && append_pause(s, pause) < 0)
            return -1;
    }
    return 0;
}

int talkers_speech_make(struct talkers_speech *s,
                        const struct talkers_identity *id, double seconds,
                        bool held_out)
{
    const int shift = held_out ? 1 << 20 : 0;
    struct talkers_dice d = {id->seed, (uint64_t)shift, TALKERS_STREAM_VOICE};
    struct talkers_dice words = {id->seed, (uint64_t)shift,
                                 TALKERS_STREAM_TEXT};

    *s = (struct talkers_speech){0};
    cst_voice *voice = open_voice(draw_voice(s, id, &d, held_out));
    if (!voice || append_text(s, "") < 0 ||
        append_pause(s, fmin(talkers_roll(&d, 0.3, 0.6), seconds)) < 0 ||
        talk(s, voice, &words, seconds, held_out) < 0 ||
        append_pause(s, seconds - (double)s->samples / TALKERS_RATE) < 0) {
        talkers_speech_free(s);
        return -1;
    }
    finish_sound(s, 0.1 * pow(10, talkers_roll(&d, -4, 3) / 20));
    return 0;
}

void talkers_speech_free(struct talkers_speech *s)
{
    free(s->sound);
    free(s->segments);
    free(s->text);
    *s = (struct talkers_speech){0};
}
