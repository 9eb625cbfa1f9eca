/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips before they are drawn: intensity, events, captions; and pictures that
 * depend on the time alone. */
#include "landscapes.h"

#include <math.h>

#include "check.h"
#include "still.h"
#include "truth.h"
#include "view.h"

static struct land_clip_params params_of(int scene, int number, double seconds)
{
    return (struct land_clip_params){.seed = 5,
                                     .scene = (enum land_scene)scene,
                                     .time = LAND_ANY_TIME,
                                     .number = number,
                                     .seconds = seconds,
                                     .intensity = -1};
}

static void make(struct land_clip *c, const struct land_clip_params *p)
{
    if (land_clip_make(c, p) < 0)
        abort();
}

/* Each third of the intensities is as likely, each time of day too. */
static void test_intensity(void)
{
    enum { CLIPS = 200 };
    int thirds[3] = {0}, times[LAND_TIMES] = {0}, samples = 0;
    double jump = 0;

    for (int n = 1; n <= CLIPS; n++) {
        const struct land_clip_params p = params_of(n % LAND_SCENES, n, 20);
        struct land_clip c;
        make(&c, &p);
        times[c.time]++;
        for (int i = 0; i < c.steps; i++) {
            const double x = (double)c.intensity[i];
            CHECK(x >= 0 && x <= 1, "intensity %g", x);
            thirds[x < 1 / 3.0 ? 0 : x < 2 / 3.0 ? 1 : 2]++;
            samples++;
            if (i)
                jump = fmax(jump, fabs(x - (double)c.intensity[i - 1]));
        }
        land_clip_free(&c);
    }
    for (int i = 0; i < 3; i++)
        CHECK(fabs((double)thirds[i] / samples - 1 / 3.0) < 0.04,
              "third %d: %d of %d", i, thirds[i], samples);
    for (int i = 0; i < LAND_TIMES; i++)
        CHECK(times[i] > CLIPS / 6 && times[i] < CLIPS / 3, "%s: %d",
              land_time_name((enum land_time)i), times[i]);
    CHECK(jump < 0.03, "the intensity jumps by %g", jump);
}

/* As many as the rate says, at constant intensity. */
static void test_events(void)
{
    for (int scene = 0; scene < LAND_SCENES; scene++) {
        const struct land_kind *kind = land_kind((enum land_scene)scene);
        for (int level = 0; level <= 2; level++) {
            struct land_clip_params p = params_of(scene, 1, 592);
            p.intensity = level / 2.0;
            struct land_clip c;
            make(&c, &p);
            const double rate = kind->rate + kind->rate_more * p.intensity;
            const double expected = scene == LAND_WAVES
                                        ? 600 * (1 + p.intensity) / 7.5
                                        : 600 * rate;
            CHECK(fabs(c.event_count - expected) < 4 * sqrt(expected),
                  "%s at %g: %d events, expected %.0f", kind->name, p.intensity,
                  c.event_count, expected);
            for (int i = 1; i < c.event_count; i++)
                CHECK(c.events[i].time >= c.events[i - 1].time, "order");
            land_clip_free(&c);
        }
    }
}

/* Gusts follow the intensity; the surf stands highest when a wave breaks. */
static void test_drive(void)
{
    struct land_clip_params p = params_of(LAND_WIND, 1, 300);
    struct land_clip c;
    double means[2];

    for (int i = 0; i < 2; i++) {
        p.intensity = i ? 0.8 : 0.2;
        make(&c, &p);
        means[i] = land_mean(&c, c.drive);
        land_clip_free(&c);
    }
    CHECK(fabs(means[0] - 0.2) < 0.1 && fabs(means[1] - 0.8) < 0.12,
          "gusts of mean %g and %g", means[0], means[1]);
    p = params_of(LAND_WAVES, 1, 60);
    make(&c, &p);
    for (int i = 0; i < c.event_count; i++) {
        const struct land_event *e = &c.events[i];
        if (e->time > 0 && e->time < 60)
            CHECK(land_at(&c, c.drive, e->time) > 0.97 * e->size,
                  "surf of %g at a wave of %g", land_at(&c, c.drive, e->time),
                  e->size);
    }
    land_clip_free(&c);
}

static bool starts_with_one_of(const char *text, const char *const *words)
{
    for (int i = 0; i < 3; i++)
        if (!strncmp(text, words[i], strlen(words[i])))
            return true;
    return false;
}

static void test_captions(void)
{
    char text[128];

    for (int scene = 0; scene < LAND_SCENES; scene++)
        for (int third = 0; third < 3; third++) {
            const struct land_kind *kind = land_kind((enum land_scene)scene);
            const struct land_clip_params p = params_of(scene, 3, 1);
            struct land_clip c;
            make(&c, &p);
            land_caption(text, sizeof(text), &c, third / 3.0 + 0.01);
            CHECK(starts_with_one_of(text, kind->levels[third]), "%s", text);
            CHECK(strstr(text, c.time == LAND_DAWN   ? "dawn"
                               : c.time == LAND_DAY  ? "day"
                               : c.time == LAND_DUSK ? "dusk"
                                                     : "night") ||
                      strstr(text, "sun"),
                  "%s", text);
            land_clip_free(&c);
        }
    CHECK(land_scene_find("fire", 4) == LAND_FIRE, "fire");
    CHECK(land_scene_find("fir", 3) < 0 && land_scene_find("fires", 5) < 0,
          "no scene");
}

/* A frame is the same whatever was drawn before, and moves. */
static void test_pictures(void)
{
    enum { SIZE = 32, BYTES = 4 * SIZE * SIZE };
    uint8_t first[BYTES];

    for (int scene = 0; scene < LAND_SCENES; scene++) {
        const char *name = land_kind((enum land_scene)scene)->name;
        const struct land_clip_params p = params_of(scene, 2, 4);
        struct land_clip c;
        make(&c, &p);
        struct land_view *v = land_view_new(&c, SIZE);
        memcpy(first, land_view_draw(v, 1.025, 1.05), BYTES);
        const uint8_t *later = land_view_draw(v, 3.025, 3.05);
        CHECK(memcmp(first, later, BYTES), "%s stands still", name);
        CHECK(!memcmp(first, land_view_draw(v, 1.025, 1.05), BYTES),
              "%s depends on what was drawn before", name);
        land_view_free(&v);
        land_clip_free(&c);
    }
}

/* Mean difference of two pictures, of 255. */
static double difference(const uint8_t *a, const uint8_t *b, int bytes)
{
    long sum = 0;

    for (int i = 0; i < bytes; i++)
        sum += abs(a[i] - b[i]);
    return (double)sum / bytes * 4 / 3;
}

/* Stills of one scene are pictures of different places. */
static void test_stills(void)
{
    enum { SIZE = 32, COUNT = 12 };

    for (int scene = 0; scene < LAND_SCENES; scene++) {
        struct land_still s[COUNT];
        double least = 255;
        for (int i = 0; i < COUNT; i++) {
            const struct land_clip_params p = params_of(scene, i + 1, 1);
            if (land_still_make(&s[i], &p, SIZE) < 0)
                abort();
            CHECK(s[i].at >= 0 && s[i].at < LAND_STILL_SECONDS + 1, "at %g",
                  s[i].at);
            for (int k = 0; k < i; k++)
                least = fmin(least, difference(s[i].pixels, s[k].pixels,
                                               4 * SIZE * SIZE));
        }
        CHECK(least > 4, "%s: two stills differ by %.2f",
              land_kind((enum land_scene)scene)->name, least);
        for (int i = 0; i < COUNT; i++)
            free(s[i].pixels);
    }
}

int main(void)
{
    test_intensity();
    test_events();
    test_drive();
    test_captions();
    test_pictures();
    test_stills();
    return check_done();
}
