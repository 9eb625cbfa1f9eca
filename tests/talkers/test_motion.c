/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What talkers say and how they move: lips close, blinks come as often as they
 * should, the same seed gives the same, held-out speech stays apart. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "clip.h"
#include "sentence.h"

enum { SEEDS = 12 };

static struct talkers_identity identity_of(uint64_t seed, int number)
{
    struct talkers_identity id;

    talkers_identity_draw(&id, seed, number);
    return id;
}

static bool is_name(const char *name, const char *list)
{
    char padded[16];

    snprintf(padded, sizeof(padded), " %s ", name);
    return strstr(list, padded) != NULL;
}

/* A frame within a segment, from 15 ms on: the first from `from` on. */
static int frame_in(const struct talkers_segment *s, int from)
{
    for (int t = from; (t + 0.5) / TALKERS_FPS <= s->end; t++)
        if ((t + 0.5) / TALKERS_FPS >= s->start + 0.015)
            return t;
    return -1;
}

/* The frame whose middle is nearest to the segment's middle. */
static int nearest_frame(const struct talkers_segment *s)
{
    return (int)floor(((s->start + 0.015 + s->end) / 2) * TALKERS_FPS);
}

static void check_closures(const struct talkers_clip *c, int *closures)
{
    for (int i = 0; i < c->speech.count; i++) {
        const struct talkers_segment *s = &c->speech.segments[i];
        const int near = nearest_frame(s);
        const bool lips = is_name(s->name, " p b m ");
        if ((!lips && !is_name(s->name, " f v ")) || near >= c->frames)
            continue;
        const struct talkers_expression *e = &c->states[near].face;
        if (lips)
            CHECK(e->open <= 0.02 && e->press > 0.95, "%s at %g: open %g, %g",
                  s->name, s->start, e->open, e->press);
        else
            CHECK(e->tuck >= 0.8, "%s at %g: %g", s->name, s->start, e->tuck);
        for (int t = frame_in(s, 0); lips && t >= 0 && t < c->frames;
             t = frame_in(s, t + 1))
            CHECK(c->states[t].face.open <= 0.02, "%s at %g: open %g", s->name,
                  s->start, c->states[t].face.open);
        *closures += lips;
    }
}

static void check_clip(const struct talkers_clip *c, int number)
{
    const struct talkers_speech *s = &c->speech;
    double most = 0, sound = 0;

    CHECK(c->frames == 150 && s->samples == 96000, "%d frames, %zu samples",
          c->frames, s->samples);
    CHECK(fabs(s->segments[s->count - 1].end - 6) < 1e-9, "%g",
          s->segments[s->count - 1].end);
    for (int i = 1; i < s->count; i++)
        CHECK(s->segments[i].start == s->segments[i - 1].end, "gap at %d", i);
    CHECK(c->states[0].face.open < 0.05 && c->states[0].face.closure == 0,
          "the portrait of %d: %g, %g", number, c->states[0].face.open,
          c->states[0].face.closure);
    for (int t = 0; t < c->frames; t++)
        most = fmax(most, c->states[t].face.open);
    for (size_t i = 0; i < s->samples; i++)
        sound += fabs((double)s->sound[i]);
    CHECK(most > 0.2 && most < 1.3, "%d opens %g", number, most);
    CHECK(sound / (double)s->samples > 200, "%d is silent", number);
}

/* At rest all of the head is as in the first frame; the mouth and the lids move
 * as they did. */
static void test_calm(void)
{
    const struct talkers_identity id = identity_of(5, 1);
    struct talkers_clip moving, c;

    CHECK(!talkers_clip_make(&moving, &id, 6, false) &&
              !talkers_clip_make(&c, &id, 6, false),
          "memory");
    talkers_clip_calm(&c, 0);
    for (int t = 0; t < c.frames; t++) {
        const struct talkers_state *s = &c.states[t], *was = &moving.states[t];
        struct talkers_expression face = was->face;
        face.gaze_x = moving.states[0].face.gaze_x;
        face.gaze_y = moving.states[0].face.gaze_y;
        face.brow = moving.states[0].face.brow;
        CHECK(!memcmp(&s->head, &moving.states[0].head, sizeof(s->head)),
              "frame %d: the head moves", t);
        CHECK(!memcmp(&s->face, &face, sizeof(face)), "frame %d: another face",
              t);
    }
    talkers_clip_free(&moving);
    talkers_clip_free(&c);
}

static void test_clips(void)
{
    int closures = 0;

    for (int i = 1; i <= SEEDS; i++) {
        const struct talkers_identity id = identity_of(5, i);
        struct talkers_clip c;
        CHECK(!talkers_clip_make(&c, &id, 6, false), "memory");
        check_clip(&c, i);
        check_closures(&c, &closures);
        talkers_clip_free(&c);
    }
    CHECK(closures > 2 * SEEDS, "%d closures", closures);
}

/* ----------------------------------------------------------- dominance -- */

/* Worked out by hand. */
static void test_tracks(void)
{
    const struct talkers_segment alone = {"aa", 1, 1.2, false};
    const struct talkers_segment pair[] = {{"pau", 0, 1, false},
                                           {"aa", 1, 1.2, false}};
    const struct talkers_segment odd = {"qq", 0, 1, false};
    double t[VISEME_TRACKS];

    viseme_tracks(&alone, 1, 0.3, t);
    CHECK(fabs(t[VISEME_OPEN] - 0.8) < 1e-12, "alone %g", t[VISEME_OPEN]);
    viseme_tracks(pair, 2, 1.1, t); /* 0.8 e^0 against 0.25 e^-1.5 */
    CHECK(fabs(t[VISEME_OPEN] - 0.749809) < 1e-5, "%g", t[VISEME_OPEN]);
    viseme_tracks(pair, 2, 0.9, t); /* 0.8 e^-4.4 against 0.25 e^0 */
    CHECK(fabs(t[VISEME_OPEN] - 0.059108) < 1e-5, "%g", t[VISEME_OPEN]);
    viseme_tracks(&odd, 1, 0.5, t);
    CHECK(fabs(t[VISEME_OPEN] - 0.26) < 1e-12, "unknown %g", t[VISEME_OPEN]);
    CHECK(viseme_is_vowel("ow") && !viseme_is_vowel("m"), "vowels");
}

/* ------------------------------------------------------- length of clips -- */

/* Two vowels in turn, ten a second; the caller frees. */
static struct talkers_segment *long_speech(int n)
{
    struct talkers_segment *s = g_new0(struct talkers_segment, n);

    for (int i = 0; i < n; i++)
        s[i] = (struct talkers_segment){"aa", i * 0.1, i * 0.1 + 0.1, true};
    for (int i = 1; i < n; i += 2)
        strcpy(s[i].name, i % 6 == 5 ? "m" : "iy");
    return s;
}

/* How many segments are looked at for the mouth of a clip. */
static long work(double seconds)
{
    const int n = (int)(seconds * 10);
    struct talkers_segment *s = long_speech(n);
    long sum = 0;

    for (int i = 0; i < seconds * TALKERS_STEPS; i++) {
        int end;
        const int from = viseme_near(s, n, (double)i / TALKERS_STEPS, 6, &end);
        sum += end - from;
    }
    g_free(s);
    return sum;
}

/* By Cohen and Massaro's formula, over all segments. */
static double open_by_all(const struct talkers_segment *s, int n, double time)
{
    double sum = 0, weight = 0;

    for (int i = 0; i < n; i++) {
        const struct viseme *v = viseme_find(s[i].name);
        const double away = time - s[i].start - 0.5 * (s[i].end - s[i].start);
        const double theta = s[i].name[0] == 'm' ? 40 : away < 0 ? 22 : 15;
        const double d = v->alpha * exp(-theta * fabs(away));
        sum += d * v->target[VISEME_OPEN];
        weight += d;
    }
    return sum / weight;
}

static double within_by_all(const struct talkers_segment *s, int n, double time)
{
    double most = 0;

    for (int i = 0; i < n; i++)
        most = fmax(most, viseme_within(&s[i], 1, VISEME_CLOSED, time, 0.06,
                                        TALKERS_FPS));
    return most;
}

/* Only what is near counts, in work and in what comes of it. */
static void test_length(void)
{
    const long half_minute = work(30), two_minutes = work(120);
    struct talkers_segment *s = long_speech(600);
    double t[VISEME_TRACKS];

    CHECK(two_minutes < 4.5 * half_minute, "%ld segments, then %ld",
          half_minute, two_minutes);
    for (double time = 0; time < 61; time += 0.0173) {
        viseme_tracks(s, 600, time, t);
        const double all = open_by_all(s, 600, time);
        CHECK(fabs(t[VISEME_OPEN] - all) < 1e-12, "at %g: %g, not %g", time,
              t[VISEME_OPEN], all);
        const double w =
            viseme_within(s, 600, VISEME_CLOSED, time, 0.06, TALKERS_FPS);
        CHECK(w == within_by_all(s, 600, time), "at %g: %g", time, w);
    }
    for (int i = 400; i < 600; i++) /* looked at, these would spoil the sum */
        s[i].start = NAN;
    viseme_tracks(s, 600, 30, t);
    CHECK(fabs(t[VISEME_OPEN] - open_by_all(s, 400, 30)) < 1e-12,
          "what is far is looked at");
    g_free(s);
}

/* Of the renderer as it was before it looked at near segments only. */
static void test_same(void)
{
    const struct talkers_identity id = identity_of(1, 1);
    double open = 0, width = 0, tuck = 0;
    struct talkers_clip c;

    CHECK(!talkers_clip_make(&c, &id, 30, false), "memory");
    for (int t = 0; t < c.frames; t++) {
        open += c.states[t].face.open;
        width += c.states[t].face.width * sin(t);
        tuck += c.states[t].face.tuck * cos(t);
    }
    CHECK(fabs(open - 144.756939032) < 1e-4 &&
              fabs(width + 0.909032369392) < 1e-4 &&
              fabs(tuck - 3.95366980712) < 1e-4,
          "%.12g, %.12g, %.12g", open, width, tuck);
    talkers_clip_free(&c);
}

/* ----------------------------------------------------------- the score -- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 1099511628211u;
    return hash;
}

/* Of what is drawn and said: no number that a compiler may round otherwise. */
static uint64_t hash_score(uint64_t seed)
{
    uint64_t hash = 14695981039346656037u;

    for (int i = 1; i <= 4; i++) {
        const struct talkers_identity id = identity_of(seed, i);
        struct talkers_clip c;
        talkers_clip_make(&c, &id, 4, false);
        hash = hash_text(hash, c.speech.text);
        hash = hash_text(hash, c.speech.voice);
        for (int k = 0; k < c.speech.count; k++)
            hash = hash_text(hash, c.speech.segments[k].name);
        hash = (hash ^ id.hair ^ (uint64_t)id.clothes << 8) * 1099511628211u;
        talkers_clip_free(&c);
    }
    return hash;
}

static void test_score(void)
{
    const uint64_t known = 0x6325d8c264cf3b5c;

    CHECK(hash_score(1) == known, "0x%llx", (unsigned long long)hash_score(1));
    CHECK(hash_score(1) != hash_score(2), "seeds 1 and 2 say the same");
}

/* -------------------------------------------------------------- held out -- */

static bool says(const char *text, const char *word)
{
    char *pattern = g_strdup_printf("(?i)(?<![a-z])%s(?![a-z])", word);
    const bool found = g_regex_match_simple(pattern, text, 0, 0);

    g_free(pattern);
    return found;
}

static void test_held_out(void)
{
    char **words = g_strsplit(talkers_words[WORD_PERSON], " ", -1);
    const int count = (int)g_strv_length(words);

    CHECK(count == talkers_word_count(WORD_PERSON), "%d words", count);
    for (int held_out = 0; held_out < 2; held_out++) {
        struct talkers_dice d = {3, 0, TALKERS_STREAM_TEXT};
        GString *all = g_string_new(NULL);
        for (int i = 0; i < 300; i++) {
            char text[256];
            talkers_sentence(text, sizeof(text), &d, held_out, i % 4 == 3);
            CHECK(strlen(text) > 1 && strlen(text) < 120, "%s", text);
            g_string_append_printf(all, "%s\n", text);
        }
        int used = 0;
        for (int i = 0; i < count; i++) {
            const bool said = says(all->str, words[i]);
            CHECK(!said || talkers_word_is_held_out(words[i]) == held_out,
                  "%s is said, held out: %d", words[i], held_out);
            used += said;
        }
        CHECK(used > 10, "%d words used", used);
        g_string_free(all, TRUE);
    }
    g_strfreev(words);
}

/* ---------------------------------------------------------------- blinks -- */

/* Blinks a second of many who always do the same. */
static double blink_rate(struct talkers_segment *segments, int n,
                         double *shortest)
{
    const struct talkers_speech speech = {.segments = segments, .count = n};
    const double seconds = segments[n - 1].end;
    int blinks = 0;

    for (int i = 0; i < 50; i++) {
        const struct talkers_identity id = identity_of(9, i);
        struct talkers_blink *b;
        const int many = talkers_draw_blinks(&b, &speech, &id, seconds);
        for (int k = 0; k + 1 < many; k++)
            *shortest = fmin(*shortest, b[k + 1].start - b[k].start);
        blinks += many;
        g_free(b);
    }
    return blinks / (50 * seconds);
}

static void test_blinks(void)
{
    struct talkers_segment silent = {"pau", 0, 30, false};
    struct talkers_segment talk[20];
    double shortest = 1;

    for (int i = 0; i < 20; i++) {
        talk[i] = (struct talkers_segment){"aa", i * 1.5, i * 1.5 + 1.5, true};
        if (i % 2) { /* a phrase of 2.5 s, a pause of 0.5 */
            talk[i].start += 1;
            talk[i - 1].end += 1;
            strcpy(talk[i].name, "pau");
        }
    }
    const double at_rest = blink_rate(&silent, 1, &shortest);
    const double talking = blink_rate(talk, 20, &shortest);
    printf("blinks a second: silent %.3f, talking %.3f\n", at_rest, talking);
    CHECK(at_rest > 0.25 && at_rest < 0.31, "%g", at_rest);
    CHECK(talking > 0.39 && talking < 0.47, "%g", talking);
    CHECK(shortest > 0.25, "%g s between blinks", shortest);

    const struct talkers_blink one = {1, 0.1, 0.02, 0.2};
    CHECK(talkers_closure(&one, 1, 0.99) == 0, "before");
    CHECK(talkers_closure(&one, 1, 1.11) == 1, "shut");
    CHECK(talkers_closure(&one, 1, 1.33) == 0, "after");
    CHECK(talkers_closure(&one, 1, 1.05) > 0.4, "closing");
}

/* ------------------------------------------------------------------ head -- */

static void test_head(void)
{
    double sum = 0, fastest = 0, calm = 0, lively = 0;
    int n = 0;

    for (int i = 0; i < 8; i++) {
        const struct talkers_identity id = identity_of(4, i);
        struct talkers_segment one[] = {{"aa", 0, 20, false},
                                        {"pau", 20, 40, false}};
        const struct talkers_speech s = {.segments = one, .count = 2};
        struct talkers_motion m = {.count = 40 * TALKERS_STEPS};
        m.at = g_new0(struct talkers_state, m.count);
        talkers_move_head(&m, &s, &id);
        for (int k = 1; k < m.count; k++, n++) {
            const double yaw = m.at[k].head.yaw;
            sum += k < m.count / 2 ? yaw * yaw : 0;
            fastest = fmax(fastest, fabs(yaw - m.at[k - 1].head.yaw));
            *(k < m.count / 2 ? &lively : &calm) +=
                fabs(yaw - m.at[k - 1].head.yaw);
        }
        g_free(m.at);
    }
    const double deviation = sqrt(2 * sum / n);
    CHECK(deviation > 2 && deviation < 4.2, "yaw deviates by %g", deviation);
    CHECK(fastest * TALKERS_STEPS < 60, "%g degrees/s",
          fastest * TALKERS_STEPS);
    CHECK(calm < 0.55 * lively, "in pauses %g, else %g", calm, lively);
}

int main(void)
{
    test_clips();
    test_calm();
    test_tracks();
    test_length();
    test_same();
    test_score();
    test_held_out();
    test_blinks();
    test_head();
    return check_done();
}
