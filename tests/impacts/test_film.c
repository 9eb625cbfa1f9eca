/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world film of s2v-impacts: its kinds, what they sound like, how they are
 * filmed; the same seed, the same clip. */
#include "film.h"
#include "measure/onsets.h"

#include "check.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 4, FIRST = 40, SIDE = 48 };

static void compose(struct film_clip *clip, uint64_t seed, unsigned kinds,
                    double seconds, bool plain)
{
    const struct film_params params = {
        .seed = seed, .seconds = seconds, .kinds = kinds, .plain = plain};
    CHECK(!film_compose(clip, &params), "seed %d", (int)seed);
}

static const struct film_actor *main_actor(const struct film_clip *clip)
{
    const struct film_scene *s = &clip->scenes[0];
    return &s->actors[s->count - 1];
}

/* --------------------------------------------------------------- kinds -- */

/* Events are in order and inside; limbs are down at contact, up at a miss. */
static void check_events(const struct film_actor *a)
{
    static const struct film_swing w = {0.13, 0.16, 0.4};
    const char *name = a->kind->name;
    double last = a->from;
    int hits = 0;
    for (int i = 0; i < a->count; i++) {
        const struct film_event *e = &a->events[i];
        CHECK(e->time >= last - 0.02 && e->time < a->to, "%s: %g s after %g",
              name, e->time, last);
        CHECK(e->strength > 0 && e->strength <= 1, "%s: strength %g", name,
              e->strength);
        last = e->time;
        hits += e->hit;
        const double lift = film_lift(a, e->limb, e->time, &w);
        CHECK(e->hit ? fabs(lift) < 1e-9 : fabs(lift - e->gap) < 1e-9,
              "%s: lift %g at its time", name, lift);
    }
    CHECK(a->kind->silent ? !hits : hits > 0, "%s: %d hits", name, hits);
}

static void test_kinds(void)
{
    for (int k = 0; k < film_kind_count; k++) {
        const char *name = film_kinds[k].name;
        CHECK(film_kind_find(name, strlen(name)) == k, "%s", name);
        for (uint64_t s = 0; s < SEEDS; s++) {
            struct film_clip clip;
            compose(&clip, FIRST + s, 1u << k, 6, true);
            CHECK(main_actor(&clip)->kind == &film_kinds[k], "%s", name);
            check_events(main_actor(&clip));
            film_free(&clip);
        }
    }
    CHECK(film_kind_find("hands", 5) < 0, "no such kind");
}

/* The intervals of a ball shrink, by the same factor. */
static void test_ball(void)
{
    struct film_clip clip;
    compose(&clip, FIRST, 1u << film_kind_find("ball", 4), 8, true);
    const struct film_actor *a = main_actor(&clip);
    CHECK(a->count > 6, "%d bounces", a->count);
    for (int i = 2; i < a->count; i++) {
        const struct film_event *e = &a->events[i];
        if (e->gap > 0 || e[-1].gap > 0)
            continue;
        const double factor =
            (e->time - e[-1].time) / (e[-1].time - e[-2].time);
        CHECK(fabs(factor - a->p[1]) < 1e-6, "bounce %d: %g, not %g", i, factor,
              a->p[1]);
    }
    film_free(&clip);
}

/* --------------------------------------------------------------- sound -- */

static double energy(const int16_t *x, double from, double to)
{
    double sum = 0;
    for (int i = (int)(from * IMPACTS_RATE); i < (int)(to * IMPACTS_RATE); i++)
        sum += (double)x[i] * x[i];
    return sum;
}

/* Nothing sounds before the first event, and the detector finds the events. */
static void test_sound(void)
{
    const struct impacts_sound_params own = {.material = IMPACTS_OWN};
    s2vi_onset_score score = {0};
    for (int k = 0; k < film_kind_count; k++) {
        struct film_clip clip;
        size_t n;
        compose(&clip, FIRST + (uint64_t)k, 1u << k, 6, true);
        clip.background.kind = 0;
        clip.room = 0.25;
        clip.distance = 0.5;
        int16_t *x = film_sound(&clip, &own, &n);
        const struct film_actor *a = main_actor(&clip);
        CHECK(x && n == 6 * IMPACTS_RATE, "%zu samples", n);
        if (a->kind->silent) {
            CHECK(energy(x, 0, 6) == 0, "%s sounds", a->kind->name);
        } else {
            double first = 6, *times = calloc((size_t)a->count, sizeof(*times));
            s2vi_onsets truth = {.times = times}, found;
            float *half = calloc(n / 2, sizeof(*half));
            for (int i = 0; i < a->count; i++)
                if (a->events[i].hit) {
                    times[truth.count++] = a->events[i].time;
                    first = fmin(first, a->events[i].time);
                }
            for (size_t i = 0; i < n / 2; i++)
                half[i] = (float)(x[2 * i] + x[2 * i + 1]) / 65536.0f;
            CHECK(energy(x, 0, first - 0.001) == 0 &&
                      energy(x, first, first + 0.05) > 0,
                  "%s: the first event at %g s", a->kind->name, first);
            s2vi_onsets_of_sound(&found, half, n / 2, NULL);
            s2vi_onset_match(&score, &truth, &found, 0.05);
            s2vi_onsets_free(&found);
            free(half);
            free(times);
        }
        free(x);
        film_free(&clip);
    }
    printf("onsets of all kinds: F1 %.3f, off by %.1f ms\n",
           s2vi_onset_f1(&score), 1e3 * score.off / (double)score.matched);
    CHECK(s2vi_onset_f1(&score) > 0.9, "F1 %.3f", s2vi_onset_f1(&score));
}

/* An impulse in rooms: what is left of it falls by 60 dB in their time. */
static void test_room(void)
{
    static const double times[] = {0.2, 0.5, 1.2};
    for (int i = 0; i < 3; i++) {
        const size_t n = 2 * IMPACTS_RATE, at = 1000;
        double *x = calloc(n, sizeof(*x)), left = 0, from = 0, to = 0;
        x[at] = 1;
        CHECK(!film_room_add(x, n, times[i], 1, 5), "room");
        for (size_t k = 0; k < at; k++)
            CHECK(x[k] == 0, "before the impulse");
        CHECK(x[at] == 1, "the impulse is %g", x[at]);
        x[at] = 0; /* Schroeder: the energy that is still to come */
        double *rest = calloc(n + 1, sizeof(*rest));
        for (size_t k = n; k-- > 0;)
            rest[k] = left += x[k] * x[k];
        for (size_t k = at; k < n && rest[k] > rest[at] * 1e-3; k++) {
            if (!(from > 0) && rest[k] < rest[at] * 0.3)
                from = (double)k;
            if (rest[k] > rest[at] * 3e-3)
                to = (double)k;
        }
        const double db = 10 * log10(rest[(size_t)from] / rest[(size_t)to]);
        const double t60 = (to - from) / IMPACTS_RATE / db * 60;
        printf("room of %g s: %.2f s\n", times[i], t60);
        CHECK(t60 > 0.6 * times[i] && t60 < 1.5 * times[i], "%g s for %g", t60,
              times[i]);
        free(rest);
        free(x);
    }
}

static void test_background(void)
{
    const size_t n = IMPACTS_RATE;
    for (int k = 1; k < film_background_count; k++) {
        double *x = calloc(n, sizeof(*x)), sum = 0;
        film_background_add(x, n, k, 0.1, 3);
        for (size_t i = 0; i < n; i++)
            sum += x[i] * x[i];
        CHECK(fabs(sqrt(sum / (double)n) - 0.1) < 1e-6, "%s: level %g",
              film_background_names[k], sqrt(sum / (double)n));
        free(x);
    }
}

/* ------------------------------------------------------------- picture -- */

static uint8_t *keep(const uint8_t *pixels, int stride, int height)
{
    uint8_t *copy = malloc((size_t)stride * (size_t)height);
    memcpy(copy, pixels, (size_t)stride * (size_t)height);
    return copy;
}

/* The same frames twice; sizes are even and of the aspect; bars are black. */
static void test_pictures(void)
{
    bool cut = false, tall = false;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct film_clip clip;
        compose(&clip, seed, ~0u, 6, false);
        clip.sensor.codec = 0;
        struct film_picture *p = film_picture_new(&clip, SIDE);
        struct film_picture *q = film_picture_new(&clip, SIDE);
        int width, height, stride;
        film_picture_size(p, &width, &height);
        CHECK(width % 2 == 0 && height % 2 == 0 &&
                  (width == SIDE || height == SIDE) &&
                  fabs((double)width / height / clip.sensor.aspect - 1) < 0.06,
              "%dx%d", width, height);
        tall = tall || height > width;
        cut = cut || clip.shot_count > 1;
        film_picture_draw(q, 20, &stride); /* what came before is no matter */
        uint8_t *a = keep(film_picture_draw(p, 7, &stride), stride, height);
        uint8_t *b = keep(film_picture_draw(q, 7, &stride), stride, height);
        CHECK(!memcmp(a, b, (size_t)stride * (size_t)height), "seed %d",
              (int)seed);
        const int bar = (int)lrint(clip.sensor.bars * height);
        for (int i = 0; i < bar * stride; i++)
            CHECK(!a[i], "seed %d: a bar that is not black", (int)seed);
        free(a);
        free(b);
        film_picture_free(&p);
        film_picture_free(&q);
        film_free(&clip);
    }
    CHECK(cut && tall, "no clip has a cut, or none stands upright");
}

/* What a decoder returns is the frame that went in, not the one before. */
static void test_codecs(void)
{
    enum { W = 64, H = 96, FRAMES = 12 };
    for (int codec = 1; codec < film_codec_count; codec++) {
        struct film_codec *c = film_codec_open(codec, 0.3, W, H, 25, 1);
        CHECK(c, "%s", film_codec_names[codec]);
        for (int k = 0; c && k < FRAMES; k++) {
            uint32_t *pixels = calloc(W * H, 4);
            double here = 0, before = 0, after = 0;
            for (int y = 20; y < 60; y++)
                for (int x = 4 * k; x < 4 * k + 16; x++)
                    pixels[y * W + x] = 0xe0e0e0;
            CHECK(!film_codec_pass(c, (uint8_t *)pixels, 4 * W), "%s: frame %d",
                  film_codec_names[codec], k);
            for (int y = 24; y < 56; y++) /* the columns that come and go */
                for (int i = 0; i < 4; i++) {
                    here += pixels[y * W + 4 * k + i] & 255;
                    after += pixels[y * W + 4 * k + 12 + i] & 255;
                    before += k ? pixels[y * W + 4 * k - 4 + i] & 255 : 0;
                }
            CHECK(here > 3 * before && after > 3 * before,
                  "%s: frame %d: %g, %g, and %g before",
                  film_codec_names[codec], k, here, after, before);
            free(pixels);
        }
        film_codec_close(&c);
    }
}

int main(void)
{
    test_kinds();
    test_ball();
    test_sound();
    test_room();
    test_background();
    test_pictures();
    test_codecs();
    return check_done();
}
