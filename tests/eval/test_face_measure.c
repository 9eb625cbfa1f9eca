/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures of a talking face, on series whose right values are known. */
#include "../check.h"
#include "measure/face_measure.h"

#include <math.h>
#include <string.h>

enum { FRAMES = 200 };

static const double PI = 3.14159265358979323846;

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* A face whose eyes are `eye` high and 10 wide, 40 apart; the gap between its
 * lips is `gap` high, the lips and it 14. */
static void draw(s2vi_face_marks m, double x, double y, double eye, double gap)
{
    static const double lid[6][2] = {{-5, 0}, {-2, -0.5}, {2, -0.5},
                                     {5, 0},  {2, 0.5},   {-2, 0.5}};
    memset(m, 0, sizeof(s2vi_face_marks));
    for (int i = 0; i < S2VI_FACE_MARKS; i++) {
        m[i][0] = x + 60 * cos(i);
        m[i][1] = y + 60 * sin(i);
    }
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 6; i++) {
            m[36 + 6 * side + i][0] = x + (side ? 20 : -20) + lid[i][0];
            m[36 + 6 * side + i][1] = y + lid[i][1] * eye;
        }
    for (int i = 0; i < 20; i++) {
        m[48 + i][0] = x + 10 * cos(2 * PI * i / 20);
        m[48 + i][1] = y + 40 + 5 * sin(2 * PI * i / 20);
    }
    for (int i = 0; i < 3; i++) {
        m[50 + i][0] = m[58 - i][0] = x + 4 * (i - 1);
        m[50 + i][1] = y + 33;
        m[58 - i][1] = y + 47;
        m[61 + i][0] = m[67 - i][0] = x + 4 * (i - 1);
        m[61 + i][1] = y + 40 - gap / 2;
        m[67 - i][1] = y + 40 + gap / 2;
    }
}

static void test_marks(void)
{
    s2vi_face_marks a, b, c;
    draw(a, 100, 100, 3, 8);
    CHECK(near(s2vi_eye_ratio(a), 0.3), "ratio %g", s2vi_eye_ratio(a));
    CHECK(near(s2vi_mouth_opening(a), 0.2), "opening %g",
          s2vi_mouth_opening(a));
    CHECK(near(s2vi_mouth_height(a), 0.35), "height %g", s2vi_mouth_height(a));
    /* Moved as a whole: the same mouth. */
    draw(b, 107, 90, 1, 8);
    CHECK(near(s2vi_mouth_distance(a, b), 0), "distance %g",
          s2vi_mouth_distance(a, b));
    /* Six of 20 landmarks move by 2, three up and three down. */
    draw(b, 100, 100, 3, 12);
    CHECK(near(s2vi_mouth_distance(a, b), 0.6), "distance %g",
          s2vi_mouth_distance(a, b));
    /* Steady movement has no second difference; 1 down and 2 right, then back:
     * (2, 4) for all of them. */
    draw(b, 102, 101, 3, 8);
    draw(c, 104, 102, 3, 8);
    CHECK(near(s2vi_square_jerk(a, b, c), 0), "jerk %g",
          s2vi_square_jerk(a, b, c));
    CHECK(near(s2vi_square_jerk(a, b, a), 20), "jerk %g",
          s2vi_square_jerk(a, b, a));
}

/* Open eyes at 0.3 that drift, shut for `length` frames from `at` on. */
static void shut(double *ratio, int at, int length)
{
    for (int t = at; t < at + length; t++)
        ratio[t] = 0.15;
}

static void test_blinks(void)
{
    double ratio[FRAMES];
    for (int t = 0; t < FRAMES; t++)
        ratio[t] = 0.3 + 0.0002 * t;
    CHECK(s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK) == 0, "open eyes blink");
    shut(ratio, 20, 5);
    shut(ratio, 90, 2);
    shut(ratio, 150, 12);
    CHECK(s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK) == 3, "three blinks: %d",
          s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK));
    shut(ratio, 60, 1);   /* too short */
    shut(ratio, 110, 13); /* asleep */
    ratio[130] = 0.24;    /* eyes narrowed: above 0.75 of the median */
    ratio[131] = 0.25;
    CHECK(s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK) == 3, "still three: %d",
          s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK));
    CHECK(s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK_RENDERED) == 4,
          "narrowed eyes: %d",
          s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK_RENDERED));
    ratio[22] = NAN; /* the face was lost: two runs of two */
    CHECK(s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK) == 4, "with a gap: %d",
          s2vi_count_blinks(ratio, FRAMES, S2VI_BLINK));
    CHECK(s2vi_count_blinks(ratio, 0, S2VI_BLINK) == 0, "of nothing");
}

/* Open eyes at 0.3; a blink, its half, and eyes pressed shut. */
static void test_eye_closures(void)
{
    double ratio[FRAMES], closure[FRAMES];
    for (int t = 0; t < FRAMES; t++)
        ratio[t] = t % 20 ? 0.3 : 0.33;
    ratio[7] = 0.3 * (1 - 0.36);
    ratio[8] = 0.3 * (1 - 0.18);
    ratio[9] = 0.1;
    CHECK(s2vi_eye_closures(ratio, FRAMES, closure), "memory");
    for (int t = 0; t < FRAMES; t++) {
        const double right = t == 7 || t == 9 ? 1 : t == 8 ? 0.5 : 0;
        CHECK(near(closure[t], right), "frame %d: closure %g", t, closure[t]);
    }
    CHECK(s2vi_eye_closures(ratio, 0, closure), "of nothing");
}

/* Speech-like, and never the same. */
static double voice(int t)
{
    return sin(0.7 * t) + sin(0.31 * t + 1) + 0.5 * sin(1.9 * t);
}

static void test_lags(void)
{
    s2vi_lagged same = {0}, late = {0}, early = {0}, still = {0}, gap = {0};
    double truth[FRAMES], made[FRAMES];
    int lag;
    for (int clip = 0; clip < 2; clip++) {
        for (int t = 0; t < FRAMES; t++)
            truth[t] = voice(t + 500 * clip);
        s2vi_lagged_add(&same, truth, truth, FRAMES);
        for (int t = 0; t < FRAMES; t++)
            made[t] = 10 * clip + 3 * voice(t - 2 + 500 * clip);
        s2vi_lagged_add(&late, made, truth, FRAMES);
        s2vi_lagged_add(&early, truth, made, FRAMES);
        made[30] = NAN;
        s2vi_lagged_add(&gap, made, truth, FRAMES);
        for (int t = 0; t < FRAMES; t++)
            made[t] = clip;
        s2vi_lagged_add(&still, made, truth, FRAMES);
    }
    CHECK(near(s2vi_lagged_best(&same, &lag), 1) && lag == 0, "same: lag %d",
          lag);
    CHECK(near(s2vi_lagged_best(&late, &lag), 1) && lag == 2, "late: lag %d",
          lag);
    CHECK(near(s2vi_lagged_best(&early, &lag), 1) && lag == -2, "early: lag %d",
          lag);
    CHECK(near(s2vi_lagged_best(&gap, &lag), 1) && lag == 2, "gap: lag %d",
          lag);
    CHECK(isnan(s2vi_lagged_best(&still, &lag)) && lag == 0, "still: lag %d",
          lag);
}

static void test_closures(void)
{
    double opening[100], still[100] = {0};
    for (int t = 0; t < 100; t++)
        opening[t] = t % 10 ? 0.4 : 0.0; /* closed in each tenth frame */
    const double level = s2vi_closed_level(opening, 100);
    CHECK(near(level, 0.1), "level %g", level);
    CHECK(near(s2vi_least_opening(opening, 100), 0) &&
              isnan(s2vi_least_opening(opening, 0)),
          "least %g", s2vi_least_opening(opening, 100));
    CHECK(s2vi_shows_closure(opening, 100, level, 0.39, 0.43), "frame 10");
    CHECK(s2vi_shows_closure(opening, 100, level, 0.46, 0.50), "11: beside");
    CHECK(!s2vi_shows_closure(opening, 100, level, 0.57, 0.63), "14, 15");
    CHECK(!s2vi_shows_closure(opening, 100, level, 4.6, 4.7), "after the end");
    /* A long one: 2 to 9, and 10 beside its end. */
    CHECK(s2vi_shows_closure(opening, 100, level, 0.09, 0.40), "a long one");
    /* A short one between two frames' times is at the frame it lies in. */
    CHECK(s2vi_shows_closure(opening, 100, level, 0.801, 0.815), "frame 20");
    /* What never opens shows nothing. */
    CHECK(!s2vi_shows_closure(still, 100, level, 0.39, 0.43), "a shut mouth");
    CHECK(isnan(s2vi_closed_level(opening, 0)), "a level of nothing");
    /* Ten of 100 frames are closed; of 1, 2, 3 ... those up to 10. */
    double other[100];
    for (int t = 0; t < 100; t++)
        other[t] = 100 - t;
    CHECK(near(s2vi_matching_level(other, opening, 100, level), 10),
          "matching level %g", s2vi_matching_level(other, opening, 100, level));
}

/* Speech in frames 10 to 19 and 24 to 29, hiss elsewhere. */
static void test_silence(double loudness, double hiss)
{
    static float sound[40 * 640];
    uint8_t speaks[40];
    s2vi_voice voice[40];
    int count[3] = {0};
    for (int i = 0; i < 40 * 640; i++) {
        const int t = i / 640;
        const bool loud = (t >= 10 && t < 20) || (t >= 24 && t < 30);
        sound[i] = (float)((i % 2 ? 1 : -1) * (loud ? loudness : hiss));
    }
    s2vi_mark_speech(sound, 40 * 640, 640, 40, speaks);
    s2vi_mark_silence(speaks, 40, voice);
    for (int t = 0; t < 40; t++)
        count[voice[t]]++;
    CHECK(count[S2VI_VOICE_SPEECH] == 16, "speech: %d",
          count[S2VI_VOICE_SPEECH]);
    /* Ten frames before, three less at the end; ten after likewise; four
     * between are a short pause. */
    CHECK(count[S2VI_VOICE_SILENCE] == 14 && voice[0] == S2VI_VOICE_SILENCE &&
              voice[6] == S2VI_VOICE_SILENCE && voice[7] == 0 &&
              voice[32] == 0 && voice[33] == S2VI_VOICE_SILENCE,
          "silence: %d", count[S2VI_VOICE_SILENCE]);
}

int main(void)
{
    test_marks();
    test_blinks();
    test_eye_closures();
    test_lags();
    test_closures();
    test_silence(0.01, 0.001); /* -40 and -60 dB */
    test_silence(0.5, 0.01);   /* -6 and -40 dB */
    return check_done();
}
