/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What MAN's training draws of clips: where runs begin, how often within a
 * blink; how the head is turned since the portrait; mouths and their sounds.
 * The clips are grey; pitch tells the frame, the sound the clip. */
#include "audio/speech.h"
#include "check.h"
#include "recipes/man_sample.h"

#include <math.h>
#include <stdlib.h>

enum {
    CLIPS = 2,
    FRAMES = 200,
    TRAIN = 180,
    SIDE = 32,
    SEED = 3,
    STEPS = 600,
    BLINK_FIRST = 50,
    BLINK_COUNT = 10, /* one frame in twenty */
    CLIP_PITCH = 1000,
    SOUNDS = 60,
};

static s2vi_man_config config;

/* Eyes `size` apart, lips that open by 1/1000 of it each frame. */
static void put_mouth(s2vi_talking_head *c, int t, float size)
{
    static const int opening[][2] = {{62, 66}, {51, 57}};
    static const int width[][2] = {{36, 45}, {60, 64}, {48, 54}};
    float *at = c->landmarks + (ptrdiff_t)t * 136;
    for (int i = 0; i < 3; i++)
        at[2 * width[i][1]] = i ? size / 2 : size;
    for (int i = 0; i < 2; i++)
        at[2 * opening[i][1] + 1] = size * (float)t / 1024;
}

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
        q[2] = (float)(which * CLIP_PITCH + t);
        put_mouth(c, t, which ? 0.25F : 0.5F);
        if (t >= TRAIN) /* to be told from those that are trained on */
            q[0] = 9;
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
    int last = -1, outside = 0, jumps = 0;
    *runs = *blinks = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        bool first;
        s2vi_man_sampler_draw(sampler, step, 0, &out, &first);
        const int frame = (int)lrintf(out.controls[2]); /* since portrait */
        outside += out.controls[0] > 1 || abs(frame) >= TRAIN;
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

/* The opening is a ramp over the frames that are trained on, of mean 0 and
 * deviation 1, in both clips, whatever the size of the face; the widths do not
 * change. */
static void test_mouths(s2vi_man_sampler *sampler)
{
    static float speech[S2VI_SPEECH_NUMBERS];
    const double deviation = sqrt((TRAIN * TRAIN - 1) / 12.0);
    double least = 1e9, most = -1e9;
    int wrong = 0;
    for (uint64_t i = 0; i < SOUNDS; i++) {
        float mouth[S2VI_MAN_MOUTH], again[S2VI_MAN_MOUTH];
        s2vi_man_sampler_hear(sampler, i, speech, mouth);
        s2vi_man_sampler_hear(sampler, i, speech, again);
        const double frame = (double)mouth[0] * deviation + (TRAIN - 1) / 2.0;
        wrong += fabs(frame - round(frame)) > 0.01 || frame < -0.5 ||
                 frame > TRAIN - 0.5;
        wrong += mouth[1] != mouth[0] || again[0] != mouth[0];
        wrong += mouth[2] != 0 || mouth[3] != 0;
        least = fmin(least, frame);
        most = fmax(most, frame);
    }
    CHECK(!wrong, "%d mouths of no frame", wrong);
    CHECK(least < TRAIN / 4 && most > TRAIN * 3 / 4,
          "frames %g to %g are drawn", least, most);
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
        .clip = clip, .count = CLIPS, .side = SIDE, .train = CLIPS * TRAIN};
    s2vi_man_defaults(&config);
    s2vi_man_set_preset(&config, "small");
    config.geometry = S2VI_MAN_CONTOURS;
    for (int i = 0; i < CLIPS; i++)
        make_clip(&clip[i], i);
    with_sampler(&data, test_blinks);
    with_sampler(&data, test_mouths);
    for (int i = 0; i < CLIPS; i++)
        open_eyes(&clip[i]);
    with_sampler(&data, test_no_blinks);
    for (int i = 0; i < CLIPS; i++)
        free_clip(&clip[i]);
    return check_done();
}
