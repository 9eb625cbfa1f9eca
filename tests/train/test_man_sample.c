/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What MAN's training draws of clips: where runs begin, how often within a
 * blink. The clips are grey and silent; yaw tells the frame. */
#include "audio/speech.h"
#include "check.h"
#include "recipes/man_sample.h"

#include <math.h>

enum {
    CLIPS = 2,
    FRAMES = 200,
    TRAIN = 180,
    SIDE = 32,
    SEED = 3,
    STEPS = 600,
    BLINK_FIRST = 50,
    BLINK_COUNT = 10, /* one frame in twenty */
};

static s2vi_man_config config;

static void make_clip(s2vi_talking_head *c, int which)
{
    *c = (s2vi_talking_head){
        .frames = FRAMES, .train = TRAIN, .samples = FRAMES * S2VI_TALKING_HOP};
    c->rgb = calloc((size_t)FRAMES * SIDE * SIDE, 3);
    c->sound = calloc((size_t)c->samples, sizeof(float));
    c->landmarks = calloc((size_t)FRAMES * 136, sizeof(float));
    c->controls = calloc((size_t)FRAMES * S2VI_TALKING_CONTROLS, sizeof(float));
    c->shut = calloc(FRAMES, 1);
    for (int t = 0; t < FRAMES; t++) {
        float *q = c->controls + (ptrdiff_t)t * S2VI_TALKING_CONTROLS;
        q[0] = t >= BLINK_FIRST && t < BLINK_FIRST + BLINK_COUNT ? 1 : 0;
        q[2] = (float)(which * 1000 + t);
    }
}

static void free_clip(s2vi_talking_head *c)
{
    free(c->rgb);
    free(c->sound);
    free(c->landmarks);
    free(c->controls);
    free(c->shut);
}

static s2vi_man_sample make_room(void)
{
    const size_t N = (size_t)config.size * (size_t)config.size;
    const size_t P =
        (size_t)config.geometry_size * (size_t)config.geometry_size;
    return (s2vi_man_sample){
        .portrait = malloc(3 * N * sizeof(float)),
        .real = malloc(3 * N * sizeof(float)),
        .previous = malloc(15 * P * sizeof(float)),
        .geometry = malloc((size_t)s2vi_man_geometry_channels(&config) * P *
                           sizeof(float)),
        .speech = malloc(S2VI_SPEECH_NUMBERS * sizeof(float)),
        .controls = malloc(S2VI_TALKING_CONTROLS * sizeof(float))};
}

static void free_room(s2vi_man_sample *s)
{
    free(s->portrait);
    free(s->real);
    free(s->previous);
    free(s->geometry);
    free(s->speech);
    free(s->controls);
}

/* Runs that begin, and those of them within a blink. */
static void draw(s2vi_man_sampler *sampler, int *runs, int *blinks)
{
    s2vi_man_sample out = make_room();
    s2v_error err = {0};
    int last = -1, outside = 0, jumps = 0;
    *runs = *blinks = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        bool first;
        const int ret =
            s2vi_man_sampler_draw(sampler, step, 0, &out, &first, &err);
        CHECK(!ret, "%s", err.message);
        const int frame = (int)lrintf(out.controls[2]);
        outside += frame % 1000 >= TRAIN;
        jumps += !first && frame != last + 1;
        last = frame;
        *runs += first;
        *blinks += first && out.controls[0] > 0;
    }
    CHECK(!outside, "%d frames of the held-out part", outside);
    CHECK(!jumps, "%d frames do not follow the one before", jumps);
    free_room(&out);
}

/* Of runs of speech a quarter begins in one, and of the others one in 18. No
 * frame's mouth is shut here: all runs are of speech. */
static void test_blinks(s2vi_man_sampler *sampler)
{
    int runs, blinks;
    draw(sampler, &runs, &blinks);
    const double part = (double)blinks / runs;
    const double wanted = 0.25 + 0.75 * BLINK_COUNT / TRAIN;
    const double deviation = sqrt(wanted * (1 - wanted) / runs);
    CHECK(runs > STEPS / 6 && runs < STEPS, "%d runs", runs);
    CHECK(fabs(part - wanted) < 3 * deviation, "%d of %d, wanted %g +- %g",
          blinks, runs, wanted, deviation);
}

/* Clips without a blink train, too. */
static void test_no_blinks(s2vi_man_sampler *sampler)
{
    int runs, blinks;
    draw(sampler, &runs, &blinks);
    CHECK(!blinks, "%d", blinks);
}

static void open_eyes(s2vi_talking_head *c)
{
    for (int t = 0; t < FRAMES; t++)
        c->controls[(ptrdiff_t)t * S2VI_TALKING_CONTROLS] = 0;
}

static void with_sampler(const s2vi_talking_heads *data,
                         void (*test)(s2vi_man_sampler *))
{
    const s2vi_man_sampler_params params = {&config, data, SEED, 1};
    s2vi_man_sampler *sampler = NULL;
    s2v_error err = {0};
    const int ret = s2vi_man_sampler_create(&sampler, &params, &err);
    CHECK(!ret, "%s", err.message);
    if (!ret)
        test(sampler);
    s2vi_man_sampler_close(&sampler);
}

int main(void)
{
    s2vi_talking_head clip[CLIPS];
    const s2vi_talking_heads data = {
        .clip = clip, .count = CLIPS, .side = SIDE};
    s2vi_man_defaults(&config);
    s2vi_man_set_preset(&config, "small");
    config.geometry = S2VI_MAN_CONTOURS;
    for (int i = 0; i < CLIPS; i++)
        make_clip(&clip[i], i);
    with_sampler(&data, test_blinks);
    for (int i = 0; i < CLIPS; i++)
        open_eyes(&clip[i]);
    with_sampler(&data, test_no_blinks);
    for (int i = 0; i < CLIPS; i++)
        free_clip(&clip[i]);
    return check_done();
}
